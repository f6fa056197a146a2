/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kicks.c: bugs of the doorbell: kicks that are lost, bits that are dropped,
 * kicks too many.
 */
#include <xcpu/port.h>

#include "bugs.h"

/* ---- 01: A CPU that posts to itself, and is the only one to know. ---- */

static void
self_post(unsigned cpu)
{
	unsigned long state;

	bug_meet();
	if (cpu != 0)
		return;
	bug_register(0);
	state = sim_mask();
	bug_expect("post to itself", xcpu_event_post_self(bug.id[0]), 0);
	bug_expect("runs while masked", (int)bug.ran[0], 0);
	sim_unmask(state);
	bug_await(&bug.ran[0], 1);
}

BUG_TEST(01) = {
	.scenario = { BUG_PROGRAM(01, 2, "post to itself", self_post) },
	.ids = "BUG-01 INV-E1 INV-E6",
};

/* ---- 02, 03, 10: posts in a ring, and to one target. ---- */

static void
ring(unsigned cpu)
{
	unsigned target = (cpu + 1) % sim_ncpu();

	bug_meet();
	if (cpu == 0)
		bug_register(0);
	bug_registered(0);
	for (unsigned i = 0; i < 12; i++)
		bug_post_and_await(0, target);
}

BUG_TEST(02) = {
	.scenario = {
		BUG_PROGRAM(02, 4, "neighbours post and claim at once", ring),
	},
	.ids = "BUG-02 INV-E1",
};

/* Calls, because each must be served for its caller to go on. */
static void
two_to_one(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		bug_await(&bug.at[0], 2);
		return;
	}
	for (unsigned i = 0; i < 12; i++)
		bug_expect("call", bug_call_one(0, 1, NULL), 0);
	bug.at[0]++;
}

BUG_TEST(03) = {
	.scenario = {
		BUG_PROGRAM(03, 3, "two post to one that claims", two_to_one),
	},
	.ids = "BUG-03 INV-E4", .seeds = 3,
	.each = BUG_EACH(PREEMPT), .places = 1000,
};

BUG_TEST(10) = {
	.scenario = {
		BUG_PROGRAM(10, 3, "posts meet a drain", two_to_one),
	},
	.ids = "BUG-10 INV-E3 INV-E4",
};

/* ---- 04, 05: the look before the halt. ---- */

static void
look_before_halt(unsigned cpu)
{
	unsigned long state;

	bug_meet();
	if (cpu == 0)
		bug_register(0);
	bug_registered(0);
	if (cpu == 1) {
		bug_expect("post", xcpu_event_post(bug.id[0], 0), 0);
		bug.at[0] = 1;
		return;
	}
	bug_await(&bug.at[0], 1);
	/* Time for the kick to arrive, if it does. */
	sim_work_ns(200000);
	state = sim_mask();
	while (!xcpu_on_idle_enter())	/* ends: one post, one turn */
		continue;
	bug_expect("events run before the halt", (int)bug.ran[0], 1);
	sim_unmask(state);
}

BUG_TEST(04) = {
	.scenario = {
		BUG_PROGRAM(04, 2, "a kick got lost, and the target would halt",
		    look_before_halt),
	},
	.ids = "BUG-04 INV-E1", .calm = true, .seeds = 5,
	.each = BUG_EACH(LOSE),
};

static void
look_unmasked(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		(void)xcpu_on_idle_enter();
}

BUG_ENDS_BADLY(05) = {
	.scenario = {
		BUG_PROGRAM(05, 1, "the look before the halt, doorbell open",
		    look_unmasked),
	},
	.ids = "BUG-05 INV-E1", .seeds = 1,
	.expect = SIM_PANIC,
};

/* ---- 06: posts to a CPU that leaves polling. ---- */

static void
leave_polling(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		bug_register(0);
	bug_registered(0);
	if (cpu == 0) {
		while (bug.at[0] == 0)	/* ends: with the other's posts */
			if (xcpu_idle_poll(sim_random(400)) < 0)
				sim_fail(SIM_ORDER, "no polling");
		return;
	}
	for (unsigned i = 0; i < 30; i++)
		bug_post_and_await(0, 0);
	bug.at[0] = 1;
}

BUG_TEST(06) = {
	.scenario = {
		BUG_PROGRAM(06, 2, "posts to a CPU that leaves polling",
		    leave_polling),
	},
	.ids = "BUG-06 INV-E4",
};

/* ---- 07, 08: a kick that gets lost. ---- */

static void
posts_one_way(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		bug_register(0);
	bug_registered(0);
	if (cpu == 0)
		bug_await(&bug.at[0], 1);
	for (unsigned i = 0; cpu == 1 && i < 3; i++)
		bug_post_and_await(0, 0);
	if (cpu == 1)
		bug.at[0] = 1;
}

BUG_TEST(07) = {
	.scenario = {
		BUG_PROGRAM(07, 2, "an interrupt is taken and its handler not "
		    "called: the tick finds the work", posts_one_way),
	},
	.ids = "BUG-07 INV-E4", .seeds = 5, .each = BUG_EACH(CONSUME),
};

static void
calls_one_way(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		bug_await(&bug.at[0], 1);
	for (unsigned i = 0; cpu == 1 && i < 3; i++)
		bug_expect("call", bug_call_one(0, 2, NULL), 0);
	if (cpu == 1)
		bug.at[0] = 1;
}

BUG_TEST(08) = {
	.scenario = {
		BUG_PROGRAM(08, 2, "a kick under a call gets lost: the wait "
		    "sends it again", calls_one_way),
	},
	.ids = "BUG-08 INV-C1", .calm = true, .seeds = 5,
	.each = BUG_EACH(LOSE),
};

/* ---- 16, 18, 124: several posts to a CPU that is masked. ---- */

static void
several_events(unsigned cpu)
{
	unsigned long state;

	bug_meet();
	if (cpu == 0) {
		for (unsigned n = 0; n < BUG_EVENTS; n++)
			bug_register(n);
		state = sim_mask();
		bug.at[0] = 1;
		bug_await(&bug.at[1], 1);
		sim_unmask(state);
		bug_await(&bug.ran[0], BUG_EVENTS);
		bug_expect("handlers run", (int)bug.ran[0], BUG_EVENTS);
		return;
	}
	bug_await(&bug.at[0], 1);
	for (unsigned n = 0; n < BUG_EVENTS; n++)
		bug_expect("post", xcpu_event_post(bug.id[n], 0), 0);
	bug.at[1] = 1;
}

BUG_TEST(16) = {
	.scenario = {
		BUG_PROGRAM(16, 2, "several events at once", several_events),
	},
	.ids = "BUG-16 INV-E1 INV-E8",
};

static void
several_classes(unsigned cpu)
{
	struct xcpu_cpuset zero = bug_set(1);
	unsigned long state;

	bug_meet();
	if (cpu == 0) {
		bug_register(0);
		state = sim_mask();
		bug.at[0] = 1;
		bug_await(&bug.at[1], 2);
		sim_unmask(state);
		bug_await(&bug.ran[0], 2);
		return;
	}
	bug_await(&bug.at[0], 1);
	if (cpu == 1)
		bug_expect("post", xcpu_event_post(bug.id[0], 0), 0);
	else
		bug_expect("start", xcpu_call_start(&bug.call[0], &zero,
		    bug_count, NULL, NULL), 0);
	bug.at[1]++;
}

BUG_TEST(18) = {
	.scenario = {
		BUG_PROGRAM(18, 3, "a call and an event in one interrupt",
		    several_classes),
	},
	.ids = "BUG-18 INV-E1",
};

static void
many_posts(unsigned cpu)
{
	unsigned long state;

	bug_meet();
	if (cpu == 0) {
		bug_register(0);
		state = sim_mask();
		bug.at[0] = 1;
		bug_await(&bug.at[1], 1);
		sim_unmask(state);
		bug_await(&bug.ran[0], 1);
		return;
	}
	bug_await(&bug.at[0], 1);
	for (unsigned i = 0; i < 20; i++)
		bug_expect("post", xcpu_event_post(bug.id[0], 0), 0);
	bug_expect("kicks for 20 posts", (int)bug_totals(1).kick_event, 1);
	bug.at[1] = 1;
}

BUG_TEST(124) = {
	.scenario = {
		BUG_PROGRAM(124, 2, "twenty posts, one kick", many_posts),
	},
	.ids = "BUG-124 INV-E4", .seeds = 5,
};

/* ---- 17: a poll with a lock held runs no function. ---- */

static void
poll_with_lock(unsigned cpu)
{
	struct xcpu_cpuset zero = bug_set(1);

	bug_meet();
	if (cpu == 0) {
		bug_register(0);
		sim_lock(&bug.lock);
		bug.at[0] = 1;
		for (unsigned spins = 0; bug.at[1] == 0; spins++)
			xcpu_poll();	/* ends: the other has posted */
		xcpu_poll();
		bug_expect("functions run in a poll", (int)bug.ran[0], 0);
		sim_unlock(&bug.lock);
		bug_await(&bug.ran[0], 2);
		return;
	}
	bug_await(&bug.at[0], 1);
	bug_expect("post", xcpu_event_post(bug.id[0], 0), 0);
	bug_expect("start", xcpu_call_start(&bug.call[0], &zero, bug_count,
	    NULL, NULL), 0);
	bug.at[1] = 1;
}

BUG_TEST(17) = {
	.scenario = {
		BUG_PROGRAM(17, 2, "a poll with a host lock held",
		    poll_with_lock),
	},
	.ids = "BUG-17 INV-C10", .seeds = 10,
};

/* ---- 83: interrupts that nobody sent, at every step. ---- */

static void
some_of_all(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		bug_register(0);
		sim_replug(2000);
	}
	bug_registered(0);
	for (unsigned i = 0; cpu == 1 && i < 2; i++) {
		(void)xcpu_event_post(bug.id[0], 0);
		(void)bug_call_one(0, 2, NULL);
	}
}

BUG_TEST(83) = {
	.scenario = {
		BUG_PROGRAM(83, 2, "a spurious interrupt at any step",
		    some_of_all),
	},
	.ids = "BUG-83 INV-E5", .seeds = 1,
	.each = BUG_EACH(SPURIOUS), .places = 2000,
};

/* ---- 121: a post from an NMI, at every step. ---- */

static void
post_in_nmi(unsigned cpu)
{
	unsigned other = 1 - cpu;

	if (bug.id[0] != 0 &&
	    xcpu_event_post(bug.id[0], other) == 0)
		bug.sent[other]++;
}

static void
steps(unsigned cpu)
{
	unsigned other = 1 - cpu;

	bug_meet();
	if (cpu == 0)
		bug_register(0);
	bug_registered(0);
	bug_steps(20);
	bug_expect("resched", xcpu_resched(other), 0);
	bug.at[0]++;
	bug_await(&bug.at[0], 2);
	/* One at most: coalesced, or one NMI. */
	if (bug.sent[cpu] != 0)
		bug_await(&bug.ran[cpu], 1);
}

static void
check_posts(void)
{
	for (unsigned cpu = 0; cpu < 2; cpu++)
		if (bug.sent[cpu] != 0 && bug.ran[cpu] == 0)
			sim_fail(SIM_LOST_KICK, "a post from an NMI was lost");
}

BUG_TEST(121) = {
	.scenario = {
		BUG_PROGRAM(121, 2, "an NMI posts, at any step", steps),
		.nmi = post_in_nmi, .check = check_posts,
	},
	.ids = "BUG-121 INV-E1", .seeds = 3,
	.each = BUG_EACH(NMI),
};
