/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * meets.c: bugs of messages, rendezvous and stops that meet one another.
 */
#include <xcpu/port.h>

#include "bugs.h"

/* ---- a handler waits for room in a ring, and its target stands for others ---- */

#define ROUNDS	6

static void
setup_rings(void)
{
	unsigned n = sim_ncpu() * sim_ncpu();
	struct xcpu_msg_ring *rings = sim_alloc(n * sizeof(*rings));

	bug_setup();
	bug_expect("a pool", xcpu_msg_pool(sim_domain(), rings, n), 0);
}

static void
nothing(void *arg, void *frame)
{
	(void)arg;
	(void)frame;
}

/* More than there is room for; the first is refused that may not be waited for. */
static void
fill_ring(void *arg, void *frame)
{
	int error = 0;

	(void)arg;
	(void)frame;
	for (unsigned i = 0; i < 2 * XCPU_MSG_SLOTS && error == 0; i++)
		error = xcpu_msg_send(2, nothing, NULL, NULL);
	if (error != 0)
		bug_expect("a message from a handler", error, -XCPU_EAGAIN);
}

/* CPU 2 is deaf for a while, and then it stands. */
static void
rendezvous_and_full_ring(unsigned cpu)
{
	struct xcpu_cpuset others = bug_set(6);
	unsigned long state;

	bug_meet();
	for (unsigned i = 1; i <= ROUNDS; i++) {
		state = sim_mask();
		bug.at[cpu] = i;
		if (cpu == 2)
			sim_work_ns(1 + sim_random(4000));
		else
			bug_expect("a message", xcpu_msg_send(sim_random(2),
			    fill_ring, NULL, NULL), 0);
		if (cpu == 0)
			bug_expect("a rendezvous", xcpu_sync_simple(&others,
			    bug_count, NULL, NULL), 0);
		sim_unmask(state);
	}
	for (unsigned other = 0; other < 3; other++)
		bug_await(&bug.at[other], ROUNDS);
	bug_await(&bug.ran[cpu], cpu == 0 ? 0 : ROUNDS);
}

BUG_TEST(msg_stands) = {
	.scenario = {
		.name = "msg-stands",
		.what = "a handler has more for a full ring, whose target stands",
		.min_cpus = 3, .max_cpus = 3, .unsuited = SIM_ALL_FAULTS,
		.setup = setup_rings, .main = rendezvous_and_full_ring,
	},
	.ids = "INV-C7 INV-Q9 INV-R-L1",
};
