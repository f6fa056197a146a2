/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * meets.c: bugs of messages, rendezvous and stops that meet one another.
 */
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
		BUG_NAMED("msg-stands", 3, "a handler has more for a full "
		    "ring, whose target stands", rendezvous_and_full_ring),
		.setup = setup_rings,
	},
	.ids = "INV-C7 INV-Q9 INV-R-L1",
};

/* ---- 25: a ring goes round. ---- */

#define MESSAGES (4 * XCPU_MSG_SLOTS)

static unsigned number[MESSAGES];

static void
in_order(void *arg, void *frame)
{
	unsigned *n = arg;

	(void)frame;
	if (n != &number[bug.ran[0]])
		sim_fail(SIM_ORDER, "message %u has an argument that is not "
		    "its own", bug.ran[0]);
	bug.ran[0]++;
	sim_step();
}

/* Always full: the slots are hardly empty when they are filled again. */
static void
once_round(unsigned cpu)
{
	struct xcpu_msg msgs[MESSAGES];
	unsigned n = 0, refused = 0;
	int sent;

	for (unsigned i = 0; i < MESSAGES; i++)
		msgs[i] = (struct xcpu_msg){ in_order, &number[i] };
	bug_meet();
	while (cpu == 1 && n < MESSAGES) {	/* ends: the target is at it */
		sent = xcpu_msg_batch(0, &msgs[n], MESSAGES - n, NULL);
		if (sent > 0) {
			n += (unsigned)sent;
			continue;
		}
		bug_expect("a batch", sent, -XCPU_EAGAIN);
		/* The target may be off its core for long. */
		if (++refused > 300)
			sim_work_ns(10000);
	}
	bug_await(&bug.ran[0], MESSAGES);
}

BUG_TEST(25) = {
	.scenario = {
		BUG_FIELDS(25, 2, "slots of a ring are filled and emptied",
		    once_round),
		.setup = setup_rings,
	},
	.ids = "BUG-25 INV-Q3 INV-Q4", .seeds = 3,
	.each = BUG_EACH(PREEMPT), .places = 1000,
};

/* ---- 40, 42: rendezvous and host locks. ---- */

static void
rendezvous_with_lock(unsigned cpu)
{
	struct xcpu_cpuset others = bug_set(6);

	bug_meet();
	for (unsigned i = 0; i < 10; i++) {
		sim_lock(&bug.lock);
		if (cpu == 0)
			bug_expect("a rendezvous with a lock held",
			    xcpu_sync_simple(&others, bug_count, NULL, NULL),
			    -XCPU_EDEADLK);
		bug_steps(sim_random(8));
		sim_unlock(&bug.lock);
		if (cpu == 0)
			bug_expect("a rendezvous", xcpu_sync_simple(&others,
			    bug_count, NULL, NULL), 0);
	}
	if (cpu != 0)
		bug_await(&bug.ran[cpu], 10);
}

BUG_TEST(40) = {
	.scenario = {
		BUG_PROGRAM(40, 3, "a rendezvous, and spinners for a lock",
		    rendezvous_with_lock),
	},
	.ids = "BUG-40 INV-R-L1",
};

/* They all stand: who would hold the lock? */
static void
lock_alone(void *arg)
{
	(void)arg;
	sim_lock(&bug.lock);
	sim_step();
	sim_unlock(&bug.lock);
}

static void
stopped_machine_and_lock(unsigned cpu)
{
	bug_meet();
	for (unsigned i = 0; cpu == 0 && i < 10; i++)
		bug_expect("stop-machine", xcpu_sync_machine(lock_alone, NULL,
		    NULL), 0);
	if (cpu == 0)
		bug.at[0] = 1;
	while (bug.at[0] == 0) {	/* ends: with CPU 0 */
		sim_lock(&bug.lock);
		bug_expect("a shootdown with a lock held",
		    xcpu_shootdown_all(sim_space_xcpu(sim_space_kernel()),
		    NULL), 0);
		sim_unlock(&bug.lock);
	}
}

BUG_TEST(42) = {
	.scenario = {
		BUG_MEMORY(42, 3, "who stands for stop-machine holds no lock",
		    stopped_machine_and_lock),
	},
	.ids = "BUG-42 INV-R7",
};

/* ---- 61: who comes online while the machine stands. ---- */

static void
alone(void *arg)
{
	(void)arg;
	bug.at[1] = 1;
	bug_steps(sim_random(30));
	bug.at[1] = 0;
}

/* CPU 1 leaves and returns once for each time that the machine is stopped. */
static void
stopped_machine_grows(unsigned cpu)
{
	unsigned turn = 0;

	bug_meet();
	for (unsigned i = 1; cpu == 0 && i <= 4; i++) {
		bug.at[2] = i;
		while (xcpu_cpu_ready(sim_domain(), 1))	/* ends: CPU 1 leaves */
			sim_work_ns(20);
		bug_expect("stop-machine", xcpu_sync_machine(alone, NULL, NULL),
		    0);
	}
	if (cpu == 0)
		bug.at[0] = 1;
	while (bug.at[0] == 0) {	/* ends: with CPU 0 */
		if (bug.at[1] != 0)
			sim_fail(SIM_ORDER, "cpu %u runs while the machine "
			    "stands", cpu);
		sim_work_ns(20);
		if (cpu != 1 || turn == bug.at[2])
			continue;
		turn = bug.at[2];
		sim_replug(1 + sim_random(1000));
	}
}

BUG_TEST(61) = {
	.scenario = {
		BUG_PROGRAM(61, 3, "a CPU comes online, and the machine stands",
		    stopped_machine_grows),
	},
	.ids = "BUG-61 INV-R4", .seeds = 2,
	.each = BUG_EACH(PREEMPT), .places = 1500,
};

/* ---- 68: two groups of CPUs, one of which is left out in turn. ---- */

#define FAR 8

static void
stand_and_go(const struct xcpu_cpuset *set, bool far)
{
	struct xcpu_sync sync = { .fin1 = bug_count };

	bug_expect("start", xcpu_sync_start(&sync, set, NULL), 0);
	bug.at[1] = far;
	bug_steps(sim_random(40));
	bug.at[1] = 0;
	bug_expect("finish", xcpu_sync_finish(&sync), 0);
}

static void
groups_in_turn(unsigned cpu)
{
	struct xcpu_cpuset both = bug_set(1u << 1 | 1u << FAR);
	struct xcpu_cpuset near = bug_set(1u << 1);

	bug_meet();
	for (unsigned i = 0; cpu == 0 && i < 4; i++) {
		stand_and_go(&both, true);
		stand_and_go(&near, false);
	}
	if (cpu == 0)
		bug.at[0] = 1;
	while (cpu == FAR && bug.at[0] == 0) {	/* ends: with CPU 0 */
		if (bug.at[1] != 0)
			sim_fail(SIM_ORDER, "cpu %u went on with the end of an "
			    "earlier rendezvous", cpu);
		sim_step();
	}
	bug_await(&bug.at[0], 1);
}

BUG_TEST(68) = {
	.scenario = {
		BUG_PROGRAM(68, FAR + 1, "rendezvous of one group and of two",
		    groups_in_turn),
	},
	.ids = "BUG-68 INV-R3",
};

/* ---- 115, 119: stops and NMIs. ---- */

#define NMI_AFTER_NS 100000

static void
stop_masked(uint64_t masked_ns, unsigned nmis)
{
	struct xcpu_stop_opt opt = { .nmi_after_ns = NMI_AFTER_NS };
	uint64_t before = bug_totals(0).nmi_sent;

	bug_expect("a stop", xcpu_stop_others(&opt), 0);
	bug_expect("NMIs sent", (int)(bug_totals(0).nmi_sent - before),
	    (int)nmis);
	sim_work_ns(masked_ns);
	bug_expect("restarted", xcpu_restart(NULL), 1);
}

/* Its NMI comes only when it has not answered its kick for long. */
static void
stop_of_masked(unsigned cpu)
{
	static const uint64_t masked_ns[2] = { 20000, 40 * NMI_AFTER_NS };
	unsigned long state;

	bug_meet();
	for (unsigned i = 0; i < 2; i++) {
		if (cpu == 1) {
			state = sim_mask();
			bug.at[0] = i + 1;
			sim_work_ns(masked_ns[i]);
			sim_unmask(state);
			bug_await(&bug.at[1], i + 1);
			continue;
		}
		bug_await(&bug.at[0], i + 1);
		stop_masked(0, i);
		bug.at[1] = i + 1;
	}
}

BUG_TEST(115) = {
	.scenario = {
		BUG_PROGRAM(115, 2, "an NMI only for who does not hear his kick",
		    stop_of_masked),
	},
	.ids = "BUG-115 INV-R9",
};

/* Hears nothing but NMIs, of which the first gets lost. */
static void
stay_masked(void)
{
	unsigned long state = sim_mask();

	bug.at[0] = 1;
	bug_await(&bug.at[1], 1);
	sim_unmask(state);
}

static void
ask_by_nmi(unsigned cpu)
{
	struct xcpu_cpuset other = bug_set(2);

	bug_meet();
	if (cpu == 1) {
		stay_masked();
		return;
	}
	bug_await(&bug.at[0], 1);
	bug_expect("a call by NMI", xcpu_nmi_call(&other, bug_count, NULL,
	    UINT64_C(10000000000), NULL), 0);
	bug_expect("its runs", (int)bug.ran[1], 1);
	bug.at[1] = 1;
}

BUG_TEST(nmi_lost) = {
	.scenario = {
		BUG_NAMED("nmi-lost", 2, "the NMI of a call gets lost, and is "
		    "sent again", ask_by_nmi),
		.setup = bug_setup, .nmis_lost = 1,
	},
	.ids = "INV-E1 INV-R9", .seeds = 10,
};

static void
stop_by_nmi(unsigned cpu)
{
	bug_meet();
	if (cpu == 1) {
		stay_masked();
		return;
	}
	bug_await(&bug.at[0], 1);
	stop_masked(0, 2);
	bug.at[1] = 1;
}

BUG_TEST(stop_nmi_lost) = {
	.scenario = {
		BUG_NAMED("stop-nmi-lost", 2, "the NMI of a stop gets lost, and "
		    "is sent again", stop_by_nmi),
		.setup = bug_setup, .nmis_lost = 1,
	},
	.ids = "INV-E1 INV-R9", .seeds = 10,
};

/*
 * What a stopped CPU would say in a stall report takes a lock of the host's,
 * which it may hold: it stands for seconds, and the machine fails it for one.
 */
static void
stop_for_long(unsigned cpu)
{
	bug_meet();
	if (cpu == 1) {
		sim_lock(&bug.lock);
		bug.at[0] = 1;
		sim_work_ns(40 * NMI_AFTER_NS);
		sim_unlock(&bug.lock);
		bug_await(&bug.at[1], 1);
		return;
	}
	bug_await(&bug.at[0], 1);
	stop_masked(UINT64_C(3000000000), 1);
	bug.at[1] = 1;
}

BUG_TEST(119) = {
	.scenario = {
		BUG_PROGRAM(119, 2, "a stopped CPU holds a lock, and says "
		    "nothing", stop_for_long),
	},
	.ids = "BUG-116 BUG-119 INV-R9", .seeds = 10,
};
