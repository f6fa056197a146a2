/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.c: bugs of calls that are waited for.
 */
#include <xcpu/port.h>

#include "bugs.h"

#define TURNS 10

/* The CPUs that only let others run functions here, until `n` are done. */
static void
serve_until(unsigned n)
{
	bug_await(&bug.at[0], n);
}

/* ---- 09, 27, 57: callers of overlapping sets. ---- */

static void
overlapping_sets(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x9);

	bug_meet();
	if (cpu == 0 || cpu == 3) {
		serve_until(2);
		return;
	}
	for (unsigned i = 0; i < TURNS; i++)
		bug_expect("call to a set", bug_call_set(&set, 3, NULL), 0);
	bug.at[0]++;
}

BUG_TEST(09) = {
	.scenario = {
		BUG_PROGRAM(09, 4, "two callers tell one target of themselves",
		    overlapping_sets),
	},
	.ids = "BUG-09 INV-C1 INV-C6",
};

BUG_TEST(27) = {
	.scenario = {
		BUG_PROGRAM(27, 4, "a slot that is refilled again and again",
		    overlapping_sets),
	},
	.ids = "BUG-27 INV-C4 INV-C6",
};

BUG_TEST(57) = {
	.scenario = {
		BUG_PROGRAM(57, 4, "overlapping calls at once",
		    overlapping_sets),
	},
	.ids = "BUG-57 INV-C2",
};

/* ---- 31, 41, 125: masked CPUs call each other. ---- */

static void
masked_calls(unsigned cpu)
{
	unsigned long state = sim_mask();

	bug_meet();
	for (unsigned i = 0; i < TURNS; i++)
		bug_expect("masked call", bug_call_one((cpu + 1) % sim_ncpu(),
		    2, NULL), 0);
	sim_unmask(state);
}

BUG_TEST(31) = {
	.scenario = {
		BUG_PROGRAM(31, 2, "two masked CPUs call each other",
		    masked_calls),
	},
	.ids = "BUG-31 INV-C7", .seeds = 20,
};

BUG_TEST(41) = {
	.scenario = {
		BUG_PROGRAM(41, 3, "masked CPUs call in a ring, through one "
		    "token line", masked_calls),
	},
	.ids = "BUG-41 INV-C7", .seeds = 20,
};

BUG_TEST(125) = {
	.scenario = {
		BUG_PROGRAM(125, 2, "who waits masked serves by looking",
		    masked_calls),
	},
	.ids = "BUG-125 INV-C7", .seeds = 20,
};

/* ---- 34, 38: where a call must not be waited for. ---- */

static void
ask_everything(int want)
{
	struct xcpu_cpuset set = bug_set(0x3);

	bug_expect("a call", xcpu_call_one(1, bug_count, NULL, NULL), want);
	bug_expect("a call to a set",
	    xcpu_call_set(&set, bug_count, NULL, NULL), want);
	bug_expect("a wait", xcpu_call_wait(&bug.call[0], 0), want);
	bug_expect("the end of an event", xcpu_event_unregister(bug.id[0]),
	    want);
	bug_expect("leaving", xcpu_cpu_offline(), want);
	bug_expect("polling", xcpu_idle_poll(0), want);
}

static void
ask_with_lock(unsigned cpu)
{
	bug_meet();
	if (cpu != 0)
		return;
	bug_register(0);
	sim_lock(&bug.lock);
	ask_everything(-XCPU_EDEADLK);
	sim_unlock(&bug.lock);
	bug_expect("functions run", (int)(bug.ran[0] + bug.ran[1]), 0);
}

BUG_TEST(34) = {
	.scenario = {
		BUG_PROGRAM(34, 2, "a call with a host lock held",
		    ask_with_lock),
	},
	.ids = "BUG-34 INV-C7", .seeds = 5,
};

static void
ask_from_handler(void *arg)
{
	(void)arg;
	ask_everything(-XCPU_EDEADLK);
	bug.at[0]++;
}

static void
ask_in_handler(unsigned cpu)
{
	bug_meet();
	if (cpu != 0)
		return;
	bug.id[0] = xcpu_event_register(ask_from_handler, NULL);
	bug_expect("post to itself", xcpu_event_post_self(bug.id[0]), 0);
	bug_await(&bug.at[0], 1);
	bug_expect("call to itself", xcpu_call_self(ask_from_handler, NULL), 0);
	bug_expect("functions run", (int)(bug.ran[0] + bug.ran[1]), 0);
}

BUG_TEST(38) = {
	.scenario = {
		BUG_PROGRAM(38, 2, "a call inside a handler", ask_in_handler),
	},
	.ids = "BUG-38 INV-C7", .seeds = 5,
};

/* ---- 46, 71: the caller is in its own set. ---- */

static void
call_with_self(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x3);
	unsigned long state;

	bug_meet();
	if (cpu != 0) {
		serve_until(1);
		return;
	}
	state = sim_mask();
	bug_expect("call", bug_call_set(&set, 2, NULL), 0);
	bug_expect("runs here", (int)bug.ran[0], 1);
	bug_expect("kicks", (int)(bug_totals(0).kick_call +
	    bug_totals(0).selfkick), 1);
	sim_unmask(state);
	bug.at[0] = 1;
}

BUG_TEST(46) = {
	.scenario = {
		BUG_PROGRAM(46, 2, "a masked caller in its own set",
		    call_with_self),
	},
	.ids = "BUG-46 INV-C9", .seeds = 10,
};

static void
barrier(void *arg)
{
	(void)arg;
	bug.at[1]++;
	bug_await(&bug.at[1], sim_ncpu());
}

static void
call_barrier(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		/* All have come online when all have said so. */
		bug_await(&bug.at[2], sim_ncpu() - 1);
		bug_expect("call", xcpu_call_all(barrier, NULL, NULL), 0);
		bug.at[0] = 1;
	} else {
		bug.at[2]++;
		serve_until(1);
	}
}

BUG_TEST(71) = {
	.scenario = {
		BUG_PROGRAM(71, 3, "a function that is a barrier of all",
		    call_barrier),
	},
	.ids = "BUG-71 INV-C9", .seeds = 10,
};

/* ---- 49: one target is stuck, the other is served. ---- */

static void
stuck_and_live(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x6);
	unsigned long state;

	bug_meet();
	if (cpu == 0) {
		bug_await(&bug.at[1], 1);
		bug_expect("call", bug_call_set(&set, 1, NULL), 0);
		bug.at[0] = 1;
	} else if (cpu == 1) {
		state = sim_mask();
		bug.at[1] = 1;
		bug_await(&bug.ran[2], 1);
		sim_unmask(state);
		serve_until(1);
	} else {
		serve_until(1);
	}
}

BUG_TEST(49) = {
	.scenario = {
		BUG_PROGRAM(49, 3, "one target is stuck until the other has "
		    "run", stuck_and_live),
	},
	.ids = "BUG-49", .seeds = 10,
};

/* ---- 51, 52, 75: deadlines. ---- */

/* Masked and open by turns. */
static void
sluggish_until(unsigned n)
{
	while (bug.at[0] < n) {		/* ends: the callers have finished */
		unsigned long state = sim_mask();

		sim_work_ns(sim_random(2500));
		sim_unmask(state);
		sim_work_ns(200);
	}
}

static void
short_deadlines(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x6);
	struct xcpu_call_opt opt = { .timeout_ns = 900 };

	bug_meet();
	if (cpu != 0) {
		sluggish_until(1);
		return;
	}
	for (unsigned i = 0; i < 3 * XCPU_CALL_SLOTS; i++)
		(void)bug_call_set(&set, 2, &opt);
	sim_work_ns(100000);
	bug_expect("a call after many deadlines",
	    bug_call_set(&set, 2, NULL), 0);
	bug.at[0] = 1;
}

BUG_TEST(51) = {
	.scenario = {
		BUG_PROGRAM(51, 3, "slots come back after deadlines",
		    short_deadlines),
	},
	.ids = "BUG-51 INV-C6", .seeds = 10,
};

BUG_TEST(75) = {
	.scenario = {
		BUG_PROGRAM(75, 3, "what a deadline cancelled never runs",
		    short_deadlines),
	},
	.ids = "BUG-75 INV-C1", .seeds = 10,
};

static void
deadline_against_call(unsigned cpu)
{
	struct xcpu_call_opt opt = { .timeout_ns = 900 };

	bug_meet();
	if (cpu == 0) {
		sluggish_until(2);
		return;
	}
	for (unsigned i = 0; i < 30; i++) {
		if (cpu == 1)
			(void)bug_call_one(0, 2, &opt);
		else
			bug_expect("call", bug_call_one(0, 2, NULL), 0);
	}
	bug.at[0]++;
}

BUG_TEST(52) = {
	.scenario = {
		BUG_PROGRAM(52, 3, "a deadline passes while the slot is "
		    "another's", deadline_against_call),
	},
	.ids = "BUG-52 INV-C1 INV-C6", .seeds = 300,
};

/* ---- 58, 66, 82: the token line. ---- */

static void
calls_to_poller(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		while (bug.at[0] < 2)	/* ends: the callers have finished */
			if (xcpu_idle_poll(500) < 0)
				sim_fail(SIM_ORDER, "no polling");
		return;
	}
	for (unsigned i = 0; i < TURNS; i++)
		bug_expect("call", bug_call_one(0, 3, NULL), 0);
	bug.at[0]++;
}

BUG_TEST(58) = {
	.scenario = {
		BUG_PROGRAM(58, 3, "done is after the function",
		    calls_to_poller),
	},
	.ids = "BUG-58 INV-C2",
};

BUG_TEST(82) = {
	.scenario = {
		BUG_PROGRAM(82, 3, "a request is seen before its kick",
		    calls_to_poller),
	},
	.ids = "BUG-82 INV-E2", .seeds = 100,
};

#define WIDE ((uintptr_t)0xa5a5a5a55a5a5a5aU)

static void
take_wide(void *arg)
{
	if ((uintptr_t)arg != WIDE)
		sim_fail(SIM_ORDER, "the argument arrives as %#llx",
		    (unsigned long long)(uintptr_t)arg);
	bug.ran[sim_cpu()]++;
}

static void
wide_arguments(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x6);

	bug_meet();
	if (cpu != 0) {
		serve_until(1);
		return;
	}
	bug_expect("call", xcpu_call_one(1, take_wide, (void *)WIDE, NULL), 0);
	bug_expect("call to a set", xcpu_call_set(&set, take_wide,
	    (void *)WIDE, NULL), 0);
	bug_expect("runs", (int)(bug.ran[1] + bug.ran[2]), 3);
	bug.at[0] = 1;
}

BUG_TEST(66) = {
	.scenario = {
		BUG_PROGRAM(66, 3, "an argument of 64 bits", wide_arguments),
	},
	.ids = "BUG-66 INV-C1", .seeds = 3,
};
