/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c: who is in user code is left alone, and by whom not.
 *
 * One CPU stays in user code; the other changes pages of the kernel, more often
 * than a space remembers ranges, and kicks nobody: not even a CPU that stands
 * still would be waited for.  Freed tables, and pages of the user's own space, are
 * another thing.  Coming in is one flush, however much there was to see.
 */
#include <xcpu/port.h>

#include "bugs.h"

#define CHANGES	(3 * XCPU_SPACE_RANGES)

/* CPU 1 is outside; it may come in. */
static unsigned outside, wanted;

static void
setup(void)
{
	bug_setup_memory();
	sim_user_init();
	outside = wanted = 0;
}

static void
stay_out(void)
{
	uint64_t caught = bug_totals(1).catch_up_user;
	uint64_t full = bug_totals(1).flush_full;

	bug_load(0);
	bug_touch(~0u);
	sim_user_begin();
	outside = 1;
	bug_await(&wanted, 1);
	sim_user_end();
	bug_touch(~0u);
	caught = bug_totals(1).catch_up_user - caught;
	full = bug_totals(1).flush_full - full;
	/* More than once only if an interrupt came in between. */
	if (caught == 0 || full > caught)
		sim_fail(SIM_ORDER, "%u ways in had to flush, fully %u times",
		    (unsigned)caught, (unsigned)full);
}

static unsigned
kicks(void)
{
	return (unsigned)bug_totals(0).kick_flush;
}

static void
change_around(void)
{
	struct xcpu_async *late = sim_alloc(sizeof(*late));
	unsigned before = kicks();

	bug_await(&outside, 1);
	for (unsigned page = 0; page < CHANGES; page++)
		bug_shoot(~0u, page);
	bug_expect("a late one", xcpu_async_add_all(late, sim_space_xcpu(
	    sim_space_kernel()), NULL), 0);
	bug_expect("its wait", xcpu_async_wait(late), 0);
	bug_expect("kicks for pages of the kernel", (int)(kicks() - before), 0);
	bug_expect("CPUs not asked", (int)bug_totals(0).avoid_user,
	    CHANGES + 1);
	bug_shoot(0, 0);
	bug_expect("kicks with one of the user's", (int)(kicks() - before), 1);
	wanted = 1;
}

static void
user_alone(unsigned cpu)
{
	if (cpu == 0)
		change_around();
	else
		stay_out();
}

SIM_SCENARIO(user_alone) = {
	.name = "user_alone",
	.what = "shootdowns of the kernel's pages around a CPU in user code",
	.min_cpus = 2, .max_cpus = 2,
	/* What else kicks, waits or keeps a CPU from its part. */
	.unsuited = SIM_ALL_FAULTS,
	.setup = setup, .main = user_alone,
};

static void
free_around(void)
{
	unsigned before = kicks();

	bug_await(&outside, 1);
	bug_shoot_table(~0u, 0);
	bug_expect("kicks for freed tables", (int)(kicks() - before), 1);
	bug_expect("CPUs not asked", (int)bug_totals(0).avoid_user, 0);
	wanted = 1;
}

static void
walk_outside(void)
{
	bug_touch(~0u);
	sim_user_begin();
	outside = 1;
	bug_await(&wanted, 1);
	sim_user_end();
	bug_touch(~0u);
}

static void
user_tables(unsigned cpu)
{
	if (cpu == 0)
		free_around();
	else
		walk_outside();
}

SIM_SCENARIO(user_tables) = {
	.name = "user_tables",
	.what = "tables of the kernel's, freed around a CPU in user code",
	.min_cpus = 2, .max_cpus = 2,
	.unsuited = SIM_ALL_FAULTS,
	.setup = setup, .main = user_tables,
};
