/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c: who is in user code is left alone, and by whom not.
 *
 * One CPU stays in user code; the other changes pages of the kernel, more often
 * than a space remembers ranges, and kicks nobody: not even a CPU that stands
 * still would be waited for.  Freed tables, and pages of the user's own space, are
 * another thing.  Coming in is one flush, however much there was to see.
 */
#include "bugs.h"

#define CHANGES	(3 * XCPU_SPACE_RANGES)

static void
setup(void)
{
	bug_setup_memory();
	sim_user_init();
}

static void
stay_out(void)
{
	uint64_t caught = bug_totals(1).catch_up_user;
	uint64_t full = bug_totals(1).flush_full;

	bug_load(0);
	bug_touch(~0u);
	sim_user_begin();
	bug.at[1] = 1;
	bug_await(&bug.at[0], 1);
	sim_user_end();
	bug_touch(~0u);
	caught = bug_totals(1).catch_up_user - caught;
	full = bug_totals(1).flush_full - full;
	/* More than once only if an interrupt came in between. */
	if (caught == 0 || full > caught)
		sim_fail(SIM_ORDER, "%u ways in had to flush, fully %u times",
		    (unsigned)caught, (unsigned)full);
}

/* CPU 0 changes something while CPU 1 is outside. */
static void
change_around(unsigned cpu, void (*change)(void))
{
	if (cpu != 0) {
		stay_out();
		return;
	}
	bug_await(&bug.at[1], 1);
	change();
	bug.at[0] = 1;
}

static void
expect_kicks(const char *what, int kicks, int passed)
{
	bug_expect(what, (int)bug_totals(0).kick_flush, kicks);
	bug_expect("CPUs not asked", (int)bug_totals(0).avoid_user, passed);
}

static void
change_pages(void)
{
	struct xcpu_async *late = sim_alloc(sizeof(*late));

	for (unsigned page = 0; page < CHANGES; page++)
		bug_shoot(~0u, page);
	bug_expect("a late one", xcpu_async_add_all(late, sim_space_xcpu(
	    sim_space_kernel()), NULL), 0);
	bug_expect("its wait", xcpu_async_wait(late), 0);
	expect_kicks("kicks for pages of the kernel", 0, CHANGES + 1);
	bug_shoot(0, 0);
	expect_kicks("kicks with one of the user's", 1, CHANGES + 1);
}

static void
user_alone(unsigned cpu)
{
	change_around(cpu, change_pages);
}

BUG_TEST(user_alone) = {
	.scenario = {
		BUG_NAMED("user-alone", 2, "the kernel's pages change around "
		    "a CPU in user code", user_alone),
		.setup = setup,
	},
	.ids = "F-X7 INV-S4",
};

static void
free_tables(void)
{
	bug_shoot_table(~0u, 0);
	expect_kicks("kicks for freed tables", 1, 0);
}

static void
user_tables(unsigned cpu)
{
	change_around(cpu, free_tables);
}

BUG_TEST(user_tables) = {
	.scenario = {
		BUG_NAMED("user-tables", 2, "the kernel's tables are freed "
		    "around a CPU in user code", user_tables),
		.setup = setup,
	},
	.ids = "F-X7 INV-S5",
};
