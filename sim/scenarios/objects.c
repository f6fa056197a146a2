/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objects.c: bugs of calls that nobody waits for, and of their objects.
 */
#include <string.h>

#include <xcpu/port.h>

#include "bugs.h"

static void
await_done(const struct xcpu_call *call)
{
	/* ends: the call is done, or a hang */
	while (!xcpu_call_done(call))
		sim_work_ns(100);
}

/* The targets: masked until CPU 0 says so, and then there for it. */
static void
masked_until_told(void)
{
	unsigned long state = sim_mask();

	bug.at[1]++;
	bug_await(&bug.at[2], 1);
	sim_unmask(state);
	bug_await(&bug.at[0], 1);
}

/* ---- 37: starts from a handler, in the midst of a waiting call. ---- */

static void
start_from_handler(void *arg)
{
	struct xcpu_cpuset set = bug_set(0x6);

	(void)arg;
	for (unsigned i = 0; i < 2; i++)
		bug_expect("start", xcpu_call_start(&bug.call[i], &set,
		    bug_count, NULL, NULL), 0);
	bug.at[3] = 1;
}

static void
starts_in_wait(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x6);

	bug_meet();
	if (cpu == 0) {
		bug.id[0] = xcpu_event_register(start_from_handler, NULL);
		bug_await(&bug.at[1], 2);
		bug_expect("call", bug_call_set(&set, 2, NULL), 0);
		await_done(&bug.call[0]);
		await_done(&bug.call[1]);
		bug_expect("runs on CPU 1", (int)bug.ran[1], 3);
		bug_expect("runs on CPU 2", (int)bug.ran[2], 3);
		bug.at[0] = 1;
	} else if (cpu == 3) {
		bug_registered(0);
		bug_await(&bug.at[1], 2);
		bug_expect("post", xcpu_event_post(bug.id[0], 0), 0);
		bug_await(&bug.at[3], 1);
		bug.at[2] = 1;
	} else {
		masked_until_told();
	}
}

BUG_TEST(37) = {
	.scenario = {
		BUG_PROGRAM(37, 4, "calls started in the midst of a call",
		    starts_in_wait),
	},
	.ids = "BUG-37 INV-C6 INV-C7", .seeds = 20,
};

/* ---- 50: as many starts as there can be, and then a call that waits. ---- */

static void
starts_and_a_call(unsigned cpu)
{
	struct xcpu_cpuset one = bug_set(0x2);
	struct xcpu_cpuset two = bug_set(0xc);
	unsigned started = 0;

	bug_meet();
	if (cpu == 1) {
		masked_until_told();
		return;
	}
	if (cpu != 0) {
		bug_await(&bug.at[0], 1);
		return;
	}
	bug_await(&bug.at[1], 1);
	while (started < BUG_OBJECTS && xcpu_call_start(&bug.call[started],
	    &one, bug_count, NULL, NULL) == 0)
		started++;
	bug_expect("a call beside them", bug_call_set(&two, 1, NULL), 0);
	bug.at[2] = 1;
	for (unsigned i = 0; i < started; i++)
		await_done(&bug.call[i]);
	bug_expect("started calls that ran", (int)bug.ran[1], (int)started);
	bug.at[0] = 1;
}

BUG_TEST(50) = {
	.scenario = {
		BUG_PROGRAM(50, 4, "many starts, and a call that waits",
		    starts_and_a_call),
	},
	.ids = "BUG-50", .seeds = 5,
};

/* ---- 53, 54: an object from start to end, and after. ---- */

static void
object_again(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x6);
	static struct xcpu_call object, poison;

	bug_meet();
	if (cpu != 0) {
		bug_await(&bug.at[0], 1);
		return;
	}
	memset(&poison, 0xa5, sizeof(poison));
	for (unsigned i = 0; i < 10; i++) {
		memset(&object, 0, sizeof(object));
		bug_expect("start", xcpu_call_start(&object, &set, bug_count,
		    NULL, NULL), 0);
		await_done(&object);
		object = poison;
		bug_steps(40);
		if (memcmp(&object, &poison, sizeof(object)) != 0)
			sim_fail(SIM_EARLY, "an object was written after it "
			    "was done");
		bug_expect("runs", (int)(bug.ran[1] + bug.ran[2]),
		    2 * (int)(i + 1));
	}
	bug.at[0] = 1;
}

BUG_TEST(53) = {
	.scenario = {
		BUG_PROGRAM(53, 3, "an object that is done is its owner's",
		    object_again),
	},
	.ids = "BUG-53 INV-C3",
};

BUG_TEST(54) = {
	.scenario = {
		BUG_PROGRAM(54, 3, "targets are counted before they are asked",
		    object_again),
	},
	.ids = "BUG-54 INV-C4", .seeds = 100,
};

/* ---- 55: the caller's set changes under the start. ---- */

static void
changing_set(unsigned cpu)
{
	bug_meet();
	if (cpu == 0) {
		for (unsigned i = 0; i < 10; i++) {
			bug_expect("start", xcpu_call_start(&bug.call[i],
			    &bug.set, bug_count, NULL, NULL), 0);
			await_done(&bug.call[i]);
		}
		bug.at[0] = 1;
		return;
	}
	while (cpu == 3 && bug.at[0] == 0) {	/* ends: CPU 0 has finished */
		bug.set = bug_set(sim_random(8) << 1 & 0x6);
		sim_step();
	}
	bug_await(&bug.at[0], 1);
}

static void
check_objects(void)
{
	unsigned started = 0;

	for (unsigned i = 0; i < 10; i++)
		started += xcpu_cpuset_count(&bug.call[i].started);
	bug_expect("runs of started targets",
	    (int)(bug.ran[1] + bug.ran[2]), (int)started);
}

BUG_TEST(55) = {
	.scenario = {
		BUG_PROGRAM(55, 4, "the caller's set changes at any step",
		    changing_set),
		.check = check_objects,
	},
	.ids = "BUG-55 INV-C5",
};

/* ---- 59: an object that is in flight. ---- */

static void
start_twice(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x2);

	bug_meet();
	if (cpu == 1) {
		masked_until_told();
		return;
	}
	bug_await(&bug.at[1], 1);
	bug_expect("start", xcpu_call_start(&bug.call[0], &set, bug_count,
	    NULL, NULL), 0);
	bug_expect("done", xcpu_call_done(&bug.call[0]), 0);
	bug_expect("start again", xcpu_call_start(&bug.call[0], &set,
	    bug_count, NULL, NULL), -XCPU_EBUSY);
	bug.at[2] = 1;
	await_done(&bug.call[0]);
	bug_expect("runs", (int)bug.ran[1], 1);
	bug.at[0] = 1;
}

BUG_TEST(59) = {
	.scenario = {
		BUG_PROGRAM(59, 2, "an object in flight is busy", start_twice),
	},
	.ids = "BUG-59 INV-C6", .seeds = 5,
};
