/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits.c: bugs of waiting: rounds, clocks, slow CPUs.
 */
#include <xcpu/port.h>

#include "bugs.h"

/* ---- 11: the end of an event, while somebody posts it. ---- */

struct brief_event {
	int id;
	unsigned posted, inside;
	bool dead;
};

static struct brief_event *current;

static void
setup_events(void)
{
	bug_setup();
	current = NULL;
}

static void
run_brief(void *arg)
{
	struct brief_event *e = arg;

	if (e->dead)
		sim_fail(SIM_ORDER, "a handler runs after its event's end");
	if (e->posted == 0)
		sim_fail(SIM_ORDER, "a handler runs for its slot's last owner");
	e->inside++;
	sim_step();
	e->inside--;
}

/* Each event gets the slot of the one before. */
static void
begin_and_end(void)
{
	struct brief_event *e = sim_alloc(sizeof(*e));

	e->id = xcpu_event_register(run_brief, e);
	current = e;
	sim_work_ns(sim_random(300));
	bug_expect("end", xcpu_event_unregister(e->id), 0);
	if (e->inside != 0)
		sim_fail(SIM_EARLY, "an event has ended, and its handler "
		    "still runs");
	e->dead = true;
}

static void
ends_of_events(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		bug_await(&bug.at[0], 1);
	for (unsigned i = 0; cpu == 1 && i < 6; i++)
		begin_and_end();
	if (cpu == 1)
		bug.at[0] = 1;
	while (cpu == 2 && bug.at[0] == 0) {	/* ends: with CPU 1 */
		struct brief_event *e = current;

		if (e != NULL && !e->dead) {
			e->posted++;
			(void)xcpu_event_post(e->id, 0);
		}
		sim_step();
	}
}

BUG_TEST(11) = {
	.scenario = {
		BUG_FIELDS(11, 3, "events end while they are posted",
		    ends_of_events),
		.setup = setup_events,
	},
	.ids = "BUG-11 INV-C2 INV-E7", .seeds = 5000,
};

/* ---- 76: a target that is off its core for long. ---- */

static void
slow_target(unsigned cpu)
{
	unsigned long state;

	bug_meet();
	if (cpu == 0) {
		state = sim_mask();
		bug.at[1] = 1;
		sim_work_ns(40000000);
		sim_unmask(state);
		bug_await(&bug.at[0], 1);
		return;
	}
	bug_await(&bug.at[1], 1);
	bug_expect("call", bug_call_one(0, 1, NULL), 0);
	bug.at[0] = 1;
}

BUG_TEST(76) = {
	.scenario = {
		BUG_PROGRAM(76, 2, "a wait of 40 ms gives its core away",
		    slow_target),
	},
	.ids = "BUG-76", .seeds = 5, .limit_steps = 300000,
};

/* ---- 122: the clock does as it likes. ---- */

static void
long_deadline(unsigned cpu)
{
	struct xcpu_call_opt opt = { .timeout_ns = UINT64_C(60000000000) };
	int error;

	bug_meet();
	if (cpu == 0) {
		bug_await(&bug.at[0], 1);
		return;
	}
	for (unsigned i = 0; i < 3; i++) {
		error = bug_call_one(0, 200, &opt);
		/* One jump, of two seconds at most; some clocks wrap. */
		if (error == -XCPU_ETIMEDOUT && !sim_gave_up())
			sim_fail(SIM_ORDER, "a minute is said to have passed");
	}
	bug.at[0] = 1;
}

BUG_TEST(122) = {
	.scenario = {
		BUG_PROGRAM(122, 2, "a deadline of a minute, a clock that "
		    "jumps", long_deadline),
	},
	.ids = "BUG-122 INV-C-L2", .seeds = 20, .each = BUG_EACH(CLOCK),
	.places = 60,
};

/* ---- 77: whom a stall report names; the machine judges it. ---- */

static void
silent_target(unsigned cpu)
{
	unsigned long state;

	bug_meet();
	if (cpu == 0) {
		state = sim_mask();
		sim_slow();
		bug.at[1] = 1;
		sim_work_ns(UINT64_C(5000000000));
		sim_unmask(state);
		bug_await(&bug.ran[0], 1);
		return;
	}
	bug_await(&bug.at[1], 1);
	/* The machine may have this wait given up. */
	(void)xcpu_call_one(0, bug_count, NULL, NULL);
}

BUG_TEST(77) = {
	.scenario = {
		BUG_PROGRAM(77, 2, "a target is silent for 5 seconds",
		    silent_target),
	},
	.ids = "BUG-77", .seeds = 3, .each = BUG_EACH(CLOCK), .places = 4,
};
