/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spaces.c: bugs of switching, of lazy CPUs, and of NMIs in the midst of either.
 */
#include <xcpu/port.h>

#include "bugs.h"

#define TURNS 10

/* CPU 0 switches between the two spaces; CPU 1 frees tables of both. */
static void
switch_and_free(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		for (unsigned i = 0; bug.at[0] == 0; i++) {	/* ends: below */
			bug_load(i % 3 == 2 ? ~0u : i % 3);
			if (i % 3 != 2)
				bug_touch(i % 3);
		}
		return;
	}
	for (unsigned i = 0; i < TURNS; i++)
		bug_shoot_table(i % 2, i * 8 % SIM_PAGES);
	bug.at[0] = 1;
}

BUG_TEST(87) = {
	.scenario = {
		BUG_MEMORY(87, 2, "in the set before the root is loaded, and "
		    "until it is not", switch_and_free),
	},
	.ids = "BUG-87 INV-S4", .seeds = 3,
	.each = BUG_EACH(PREEMPT), .places = 600, .walks = true,
};

BUG_TEST(88) = {
	.scenario = {
		BUG_MEMORY(88, 2, "a switch is masked", switch_and_free),
	},
	.ids = "BUG-88 INV-S4", .seeds = 10,
};

/* ---- 86, 99, 100, 105: an NMI at every step. ---- */

/* Long enough for the shootdown to be over, if the NMI made it so. */
static void
linger_and_touch(unsigned cpu)
{
	if (cpu != 0)
		return;
	sim_work_ns(5000);
	bug_touch(0);
	bug_touch(1);
	bug_touch(~0u);
}

static void
few_switches(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		for (unsigned i = 0; i < 4; i++) {
			bug_load(i % 2);
			bug_touch(i % 2);
			/* Until the other's shootdown is over, if there is one. */
			sim_work_ns(1000);
			bug_touch(i % 2);
		}
		bug.at[0] = 1;
		return;
	}
	for (unsigned i = 0; bug.at[0] == 0; i++) {	/* ends: see above */
		bug_shoot_table(i % 2, 0);
		sim_work_ns(sim_random(1500));
	}
}

BUG_TEST(86) = {
	.scenario = {
		BUG_MEMORY(86, 2, "an NMI at any step of a switch",
		    few_switches),
		.nmi = linger_and_touch,
	},
	.ids = "BUG-86 INV-S4", .seeds = 4, .each = BUG_EACH(NMI),
	.places = 3000,
};

/* What the walker would do: fill, and then be slow. */
static void
touch_and_linger(unsigned cpu)
{
	if (cpu != 0)
		return;
	bug_touch(0);
	bug_touch(1);
	sim_work_ns(5000);
}

BUG_TEST(99) = {
	.scenario = {
		BUG_MEMORY(99, 2, "the generation before the root",
		    few_switches),
		.nmi = touch_and_linger,
	},
	.ids = "BUG-99 INV-S3 INV-S4", .seeds = 4, .each = BUG_EACH(NMI),
	.places = 3000,
};

static void
few_shootdowns(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		bug_load(0);
		bug_touch(0);
		while (bug.at[0] < sim_ncpu() - 1)	/* ends: see below */
			sim_work_ns(200);
		return;
	}
	for (unsigned i = 0; i < 3; i++)
		bug_shoot(0, i * 4 + cpu * 16);
	bug.at[0]++;
}

BUG_TEST(105) = {
	.scenario = {
		BUG_MEMORY(105, 3, "an NMI uses what is being flushed",
		    few_shootdowns),
		.nmi = linger_and_touch,
	},
	.ids = "BUG-105 INV-S2", .seeds = 4, .each = BUG_EACH(NMI),
	.places = 3000,
};

/* One each: nobody comes later, and sets right what was forgotten. */
static void
one_shootdown_each(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		bug_load(0);
		bug.at[1] = 1;
		while (bug.at[0] < sim_ncpu() - 1)	/* ends: see below */
			sim_work_ns(200);
		return;
	}
	bug_await(&bug.at[1], 1);
	bug_shoot(0, cpu * 4);
	bug.at[0]++;
}

BUG_TEST(100) = {
	.scenario = {
		BUG_MEMORY(100, 6, "an NMI at any step of a flush",
		    one_shootdown_each),
	},
	.ids = "BUG-100 INV-S6", .seeds = 90, .each = BUG_EACH(NMI),
	.places = 2000,
};

/* ---- 89, 90, 104, 111: lazy CPUs. ---- */

static void
tables_of_the_lazy(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		for (unsigned i = 0; i < TURNS; i++) {
			bug_load(0);
			bug_touch(0);
			bug_expect("lazy", xcpu_space_lazy_enter(), 0);
			bug.at[1]++;
			bug_await(&bug.at[2], i + 1);
			bug_expect("no longer", xcpu_space_lazy_leave(), 0);
		}
		return;
	}
	for (unsigned i = 0; i < TURNS; i++) {
		bug_await(&bug.at[1], i + 1);
		bug_shoot_table(0, i * 8 % SIM_PAGES);
		sim_work_ns(2000);
		bug.at[2]++;
	}
}

BUG_TEST(89) = {
	.scenario = {
		BUG_MEMORY(89, 2, "tables of a lazy CPU are freed",
		    tables_of_the_lazy),
	},
	.ids = "BUG-89 INV-S5", .faults = SIM_FAULT_BIT(SIM_FAULT_WALK),
};

static void
masked_leave(unsigned cpu)
{
	unsigned long state;

	bug_meet();
	if (cpu == 0) {
		for (unsigned i = 0; i < TURNS; i++) {
			bug_load(0);
			bug_touch(0);
			bug_expect("lazy", xcpu_space_lazy_enter(), 0);
			bug.at[1]++;
			bug_await(&bug.at[2], i + 1);
			state = sim_mask();
			bug_expect("no longer", xcpu_space_lazy_leave(), 0);
			bug_touch(0);
			sim_unmask(state);
		}
		return;
	}
	for (unsigned i = 0; i < TURNS; i++) {
		bug_await(&bug.at[1], i + 1);
		bug_shoot(0, i * 4 % SIM_PAGES);
		bug.at[2]++;
	}
}

BUG_TEST(90) = {
	.scenario = {
		BUG_MEMORY(90, 2, "lazy no longer, and masked", masked_leave),
	},
	.ids = "BUG-90 INV-S4", .seeds = 5,
};

static void
posts_to_the_lazy(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		bug_register(0);
	bug_registered(0);
	while (cpu == 0 && bug.at[0] == 0) {	/* ends: with the posts */
		bug_expect("lazy", xcpu_space_lazy_enter(), 0);
		bug_steps(sim_random(10));
		bug_expect("no longer", xcpu_space_lazy_leave(), 0);
	}
	for (unsigned i = 0; cpu == 1 && i < 20; i++)
		bug_post_and_await(0, 0);
	bug.at[0] = 1;
}

BUG_TEST(104) = {
	.scenario = {
		BUG_PROGRAM(104, 2, "posts to a CPU that gets lazy",
		    posts_to_the_lazy),
	},
	.ids = "BUG-104 INV-E4 INV-S4",
};

static void
destroy_what_is_loaded(unsigned cpu)
{
	struct xcpu_space *space = sim_space_xcpu(bug.space[0]);

	bug_meet();
	if (cpu == 0) {
		bug_load(0);
		bug_expect("lazy", xcpu_space_lazy_enter(), 0);
		bug.at[1] = 1;
		bug_await(&bug.at[2], 1);
		bug_load(~0u);
		bug.at[1] = 2;
		return;
	}
	bug_await(&bug.at[1], 1);
	bug_expect("destroy", xcpu_space_destroy(space), -XCPU_EBUSY);
	bug.at[2] = 1;
	bug_await(&bug.at[1], 2);
	bug_expect("destroy", xcpu_space_destroy(space), 0);
}

BUG_TEST(111) = {
	.scenario = {
		BUG_MEMORY(111, 2, "a space that a lazy CPU has loaded",
		    destroy_what_is_loaded),
	},
	.ids = "BUG-111 INV-S5", .seeds = 3,
};
