/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flush.c: bugs of shootdowns: too late, too little, too few, in the wrong
 * order.  The machine judges each access and each walk.
 */
#include <xcpu/port.h>

#include "bugs.h"

#define TURNS 12

/* CPU 0 uses a space, and the kernel's pages, until the initiators are done. */
static void
use_until(unsigned space, unsigned n)
{
	if (space != ~0u)
		bug_load(space);
	while (bug.at[0] < n) {		/* ends: with the initiators */
		bug_touch(space);
		sim_step();
	}
}

static void
shoot_often(unsigned space, unsigned cpu)
{
	bug_load(0);
	for (unsigned i = 0; i < TURNS; i++)
		bug_shoot(space, (i * 4 + cpu * 16) % SIM_PAGES);
	bug.at[0]++;
}

/* ---- one initiator ---- */

static void
one_initiator(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		use_until(0, 1);
	else
		shoot_often(0, cpu);
}

BUG_TEST(62) = {
	.scenario = {
		BUG_MEMORY(62, 2, "the set of a shootdown", one_initiator),
	},
	.ids = "BUG-62 INV-S1",
};

BUG_TEST(63) = {
	.scenario = {
		BUG_MEMORY(63, 2, "a shootdown stays masked", one_initiator),
	},
	.ids = "BUG-63 INV-S11",
};

BUG_TEST(91) = {
	.scenario = {
		BUG_MEMORY(91, 2, "a shootdown waits for its targets",
		    one_initiator),
	},
	.ids = "BUG-91 INV-S1 INV-S5",
};

BUG_TEST(109) = {
	.scenario = {
		BUG_MEMORY(109, 2, "a target flushes", one_initiator),
	},
	.ids = "BUG-109 INV-S1",
};

static void
masked_initiator(unsigned cpu)
{
	unsigned long state;

	bug_meet();
	if (cpu == 0) {
		use_until(0, 1);
		return;
	}
	state = sim_mask();
	shoot_often(0, cpu);
	sim_unmask(state);
}

BUG_TEST(102) = {
	.scenario = {
		BUG_MEMORY(102, 2, "a masked shootdown", masked_initiator),
	},
	.ids = "BUG-102 INV-S1",
};

/* ---- two initiators ---- */

static void
two_initiators(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		use_until(0, 2);
	else
		shoot_often(0, cpu);
}

BUG_TEST(28) = {
	.scenario = {
		BUG_MEMORY(28, 3, "the generation goes before the request",
		    two_initiators),
	},
	.ids = "BUG-28 INV-S3 INV-S4",
};

BUG_TEST(93) = {
	.scenario = {
		BUG_MEMORY(93, 3, "what a target vouches for", two_initiators),
	},
	.ids = "BUG-93 INV-S6", .seeds = 400,
};

BUG_TEST(106) = {
	.scenario = {
		BUG_MEMORY(106, 3, "requests without a slot are waited for",
		    two_initiators),
	},
	.ids = "BUG-106 INV-S1",
};

static void
two_full_initiators(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		bug_load(0);
		use_until(~0u, 2);
		return;
	}
	for (unsigned i = 0; i < TURNS; i++)
		bug_shoot_all(~0u, (i * 4 + cpu * 16) % SIM_PAGES);
	bug.at[0]++;
}

BUG_TEST(67) = {
	.scenario = {
		BUG_MEMORY(67, 3, "full flushes of the kernel's space",
		    two_full_initiators),
	},
	.ids = "BUG-67 INV-S8 INV-S12",
};

/* ---- freed tables ---- */

static void
tables_freed(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		use_until(0, 1);
		return;
	}
	bug_load(0);
	for (unsigned i = 0; i < TURNS; i++)
		bug_shoot_table(0, i * 8 % SIM_PAGES);
	bug.at[0] = 1;
}

BUG_TEST(92) = {
	.scenario = {
		BUG_MEMORY(92, 2, "tables are freed under a walker",
		    tables_freed),
	},
	.ids = "BUG-92 INV-S5 INV-S8",
	.faults = SIM_FAULT_BIT(SIM_FAULT_WALK),
};

/* ---- 32, 36: masked initiators wait for each other. ---- */

static void
masked_ring(unsigned cpu)
{
	unsigned long state = sim_mask();

	bug_meet();
	for (unsigned i = 0; i < 6; i++)
		bug_shoot(~0u, (i * 4 + cpu * 16) % SIM_PAGES);
	sim_unmask(state);
}

BUG_TEST(32) = {
	.scenario = {
		BUG_MEMORY(32, 3, "masked initiators", masked_ring),
	},
	.ids = "BUG-32 INV-C7", .seeds = 20,
};

BUG_TEST(36) = {
	.scenario = {
		BUG_MEMORY(36, 3, "masked initiators need no turns",
		    masked_ring),
	},
	.ids = "BUG-36 INV-C7", .seeds = 20,
};

/* ---- 33, 35: against who spins on a lock, masked. ---- */

static void
shoot_with_lock(void)
{
	struct sim_change change;

	sim_lock(&bug.lock);
	if (sim_remap(sim_space_kernel(), 0, &change))
		bug_expect("a shootdown", sim_shootdown(&change), 0);
	sim_unlock(&bug.lock);
}

static void
all_with_lock(unsigned cpu)
{
	bug_meet();
	(void)cpu;
	for (unsigned i = 0; i < 6; i++)
		shoot_with_lock();
}

BUG_TEST(33) = {
	.scenario = {
		BUG_MEMORY(33, 2, "a shootdown with a lock held, and a spinner",
		    all_with_lock),
	},
	.ids = "BUG-33 INV-C7", .seeds = 20,
};

static void
take_lock(void *arg)
{
	(void)arg;
	shoot_with_lock();
	bug.ran[sim_cpu()]++;
}

static void
lock_in_handler(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x2);

	bug_meet();
	if (cpu == 1) {
		bug_await(&bug.at[0], 1);
		return;
	}
	for (unsigned i = 0; i < 6; i++) {
		bug_expect("start", xcpu_call_start(&bug.call[0], &set,
		    take_lock, NULL, NULL), 0);
		bug_steps(sim_random(60));
		shoot_with_lock();
		bug_expect("wait", xcpu_call_wait(&bug.call[0], 0), 0);
	}
	bug.at[0] = 1;
}

BUG_TEST(35) = {
	.scenario = {
		BUG_MEMORY(35, 2, "the spinner and the initiator in handlers",
		    lock_in_handler),
	},
	.ids = "BUG-35 INV-C7",
};

/*
 * ---- Of our own: a handler in the last drain of a CPU that leaves spins on a
 * lock whose holder shoots down the kernel's space.  It must flush as it polls.
 */

static void
brief_lock(void *arg)
{
	(void)arg;
	sim_lock(&bug.lock);
	bug.ran[sim_cpu()]++;
	sim_unlock(&bug.lock);
}

static void
lock_in_last_drain(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x1);

	bug_meet();
	for (unsigned i = 0; cpu == 0 && i < 10; i++)
		sim_replug(500);
	for (unsigned i = 0; cpu == 1 && i < 60; i++) {
		(void)xcpu_call_start(&bug.call[0], &set, brief_lock, NULL,
		    NULL);
		shoot_with_lock();
	}
}

BUG_TEST(poll_leaving) = {
	.scenario = {
		BUG_NAMED("poll-leaving", 2, "a spinner in the last drain of "
		    "a CPU that leaves", lock_in_last_drain),
		.setup = bug_setup_memory,
	},
	.ids = "INV-C7 F-B24", .seeds = 100,
};

/* ---- 94: a local flush. ---- */

static void
flush_here(unsigned cpu)
{
	bug_meet();
	bug_load(0);
	for (unsigned i = 0; i < 4; i++)
		bug_expect("a local flush", xcpu_flush_self(sim_space_xcpu(
		    bug.space[0]), sim_page_va(bug.space[0], cpu), 4096, NULL),
		    0);
}

BUG_TEST(94) = {
	.scenario = {
		BUG_MEMORY(94, 2, "a local flush is masked", flush_here),
	},
	.ids = "BUG-94 INV-S11", .seeds = 3,
};

/* ---- 110: ranges. ---- */

static void
bad_ranges(unsigned cpu)
{
	struct xcpu_space *space = sim_space_xcpu(sim_space_kernel());
	struct xcpu_flush_opt wide = { .stride_shift = 21 };
	struct xcpu_flush_opt odd = { .stride_shift = 11 };

	bug_meet();
	if (cpu != 0)
		return;
	bug_expect("over the top", xcpu_shootdown(space, -(uint64_t)4096, 8192,
	    NULL), -XCPU_EINVAL);
	bug_expect("up to the top", xcpu_shootdown(space, -(uint64_t)4096,
	    4096, NULL), 0);
	bug_expect("a start within a page", xcpu_shootdown(space, 8, 4096,
	    NULL), -XCPU_EINVAL);
	bug_expect("a length within a page", xcpu_shootdown(space, 0, 5,
	    NULL), -XCPU_EINVAL);
	bug_expect("within a wide page", xcpu_shootdown(space, 4096, 1 << 21,
	    &wide), -XCPU_EINVAL);
	bug_expect("no such page size", xcpu_shootdown(space, 0, 4096, &odd),
	    -XCPU_EINVAL);
	bug_expect("nothing", xcpu_shootdown(space, 0, 0, NULL), 0);
}

BUG_TEST(110) = {
	.scenario = {
		BUG_MEMORY(110, 2, "ranges that are none", bad_ranges),
	},
	.ids = "BUG-110 INV-S8", .seeds = 3,
};

/* ---- 123: many pages, one kick. ---- */

static void
many_pages(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		bug_load(0);
		bug.at[1] = 1;
		bug_await(&bug.at[0], 1);
		return;
	}
	bug_await(&bug.at[1], 1);
	bug_expect("a shootdown", xcpu_shootdown(sim_space_xcpu(bug.space[0]),
	    sim_page_va(bug.space[0], 0), 20 * 4096, NULL), 0);
	bug_expect("kicks for 20 pages", (int)bug_totals(1).kick_flush, 1);
	bug.at[0] = 1;
}

BUG_TEST(123) = {
	.scenario = {
		BUG_MEMORY(123, 2, "twenty pages, one kick", many_pages),
	},
	.ids = "BUG-123 INV-E4", .seeds = 5,
};
