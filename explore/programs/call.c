/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.c: calls that wait, in the token line and in the caller's slots.
 *
 * Protocols P2 and P7.  The function reads what the caller wrote and writes what
 * the caller reads, as plain data: the way there is INV-E2, the way back INV-C2.
 * The argument is poisoned when the call is over (INV-C3).
 */
#include "scene.h"

struct task {
	struct explore_word in;
	struct explore_word out;
	struct explore_word runs;
};

#define TASKS 2
static struct task EXPLORE_DATA task[TASKS];

static void
work(void *arg)
{
	struct task *t = (struct task *)arg;

	explore_write(&t->runs, explore_read(&t->runs) + 1);
	explore_write(&t->out, explore_read(&t->in) + 1);
}

static void
name_tasks(void)
{
	explore_name(&task[0], sizeof(task[0]), "task0");
	explore_name(&task[1], sizeof(task[1]), "task1");
}

static void
setup_two(void)
{
	explore_boot(2);
	name_tasks();
}

static void
setup_three(void)
{
	explore_boot(3);
	name_tasks();
}

static void
setup_masked(void)
{
	setup_two();
	explore_start_masked(0);
	explore_start_masked(1);
}

static void
setup_busy(void)
{
	setup_two();
	scene_keep_slot_busy(1);
}

/* Call one CPU, and look at what it did. */
static void
ask(struct task *t, unsigned cpu, uint64_t in)
{
	explore_write(&t->in, in);
	explore_assert(xcpu_call_one(cpu, work, t, NULL) == 0, "refused");
	explore_assert(explore_read(&t->out) == in + 1,
	    "returned before the function ran");
}

static void
check_slots(unsigned ncpu)
{
	for (unsigned cpu = 0; cpu < ncpu; cpu++)
		explore_assert(scene_carrier_free(cpu),
		    "a slot of the caller stays busy");
}

/* ---- one call ---- */

static void
ask_once(void)
{
	ask(&task[0], 1, 10);
	explore_poison(&task[0], sizeof(task[0]));
}

static void
check_token(void)
{
	explore_assert(scene_slot_free(1), "the token slot stays busy");
	check_slots(2);
}

/* P2.a to P2.f, with kicks that nobody sent. */
static const struct explore_program call_one = {
	.name = "call-one",
	.what = "one call by the token line, and a spurious kick at any step",
	.ids = "F-N2 INV-C1 INV-C2 INV-C3 INV-E2 BUG-20 BUG-22 BUG-58",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { ask_once, NULL },
	.check = check_token,
	.spurious = { 0, 1 },
};

static void
check_carrier(void)
{
	check_slots(2);
}

/* P7.a to P7.h: the same by a slot of the caller's own. */
static const struct explore_program call_carrier = {
	.name = "call-carrier",
	.what = "one call by a slot of the caller, for the token line is taken",
	.ids = "INV-C1 INV-C2 INV-C3 INV-E2",
	.ncpu = 2,
	.setup = setup_busy,
	.cpu = { ask_once, NULL },
	.check = check_carrier,
	.spurious = { 0, 1 },
};

static void
ask_twice(void)
{
	ask(&task[0], 1, 10);
	ask(&task[0], 1, 20);
}

/* The slot is used again at once: P2, "ack before the fields are copied". */
static const struct explore_program call_twice = {
	.name = "call-twice",
	.what = "two calls, one after the other, by the same slot",
	.ids = "INV-C1 INV-C2 INV-C3 BUG-12",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { ask_twice, NULL },
	.check = check_token,
};

static const struct explore_program call_carrier_twice = {
	.name = "call-carrier-twice",
	.what = "two calls, one after the other, by the same slot of the caller",
	.ids = "INV-C1 INV-C2 INV-C3",
	.ncpu = 2,
	.setup = setup_busy,
	.cpu = { ask_twice, NULL },
	.check = check_carrier,
};

/* ---- both at once ---- */

static void
ask_neighbour(void)
{
	unsigned self = explore_self();

	ask(&task[self], 1 - self, 10);
	explore_open();
}

static void
check_both(void)
{
	explore_assert(explore_peek(&task[0].runs) == 1 &&
	    explore_peek(&task[1].runs) == 1, "not run once");
	explore_assert(scene_slot_free(0) && scene_slot_free(1),
	    "a token slot stays busy");
	check_slots(2);
}

/* Open: the interrupt serves the other.  With eight lanes one finds the slot taken. */
static const struct explore_program call_mutual = {
	.name = "call-mutual",
	.what = "two CPUs call each other, doorbells open",
	.ids = "INV-C1 INV-C2 INV-C6 INV-C7",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { ask_neighbour, ask_neighbour },
	.check = check_both,
};

/* Masked: the wait must serve.  P2 and P7: "wait polls only the ack". */
static const struct explore_program call_masked = {
	.name = "call-masked",
	.what = "two CPUs call each other, doorbells masked",
	.ids = "INV-C7 INV-C10 BUG-31",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { ask_neighbour, ask_neighbour },
	.check = check_both,
};

/* ---- three CPUs ---- */

static void
ask_third(void)
{
	unsigned self = explore_self();

	ask(&task[self], 2, 10);
}

static void
check_third(void)
{
	explore_assert(explore_peek(&task[0].runs) == 1 &&
	    explore_peek(&task[1].runs) == 1, "not run once");
	explore_assert(scene_slot_free(2), "the token slot stays busy");
	check_slots(3);
}

/*
 * Two callers, one slot: whoever loses goes by his own slot, or fills the slot
 * that the other's target has just read.  P2: "slot CAS relaxed" is rejected.
 */
static const struct explore_program call_two = {
	.name = "call-two",
	.what = "two CPUs call a third",
	.ids = "INV-C1 INV-C2 INV-C6 BUG-59",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { ask_third, ask_third, NULL },
	.check = check_third,
};

static void
setup_three_busy(void)
{
	setup_three();
	scene_keep_slot_busy(2);
}

static void
check_third_carrier(void)
{
	explore_assert(explore_peek(&task[0].runs) == 1 &&
	    explore_peek(&task[1].runs) == 1, "not run once");
	check_slots(3);
}

/* Both announce themselves in one word of the target's. */
static const struct explore_program call_carrier_two = {
	.name = "call-carrier-two",
	.what = "two CPUs call a third by slots of their own",
	.ids = "INV-C1 INV-C2 INV-C6 BUG-09",
	.ncpu = 3,
	.setup = setup_three_busy,
	.cpu = { ask_third, ask_third, NULL },
	.check = check_third_carrier,
};

/* Each target of a set has a word of its own. */
static void
work_apart(void *arg)
{
	struct task *t = (struct task *)arg;

	explore_assert(explore_self() != 0, "run by a CPU outside the set");
	work(&t[explore_self() - 1]);
}

static void
ask_set(void)
{
	struct xcpu_cpuset set = scene_set(6);

	explore_write(&task[0].in, 10);
	explore_write(&task[1].in, 20);
	explore_assert(xcpu_call_set(&set, work_apart, task, NULL) == 0,
	    "refused");
	explore_assert(explore_read(&task[0].out) == 11 &&
	    explore_read(&task[1].out) == 21,
	    "returned before the function ran");
	explore_poison(task, sizeof(task));
}

static void
check_set(void)
{
	check_slots(3);
}

/* Two targets answer in one word.  P7: "ack by load and store" is rejected. */
static const struct explore_program call_set = {
	.name = "call-set",
	.what = "a call to a set of two CPUs",
	.ids = "F-N2 INV-C1 INV-C2 INV-C3 INV-C5",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { ask_set, NULL, NULL },
	.check = check_set,
};

static void
work_all(void *arg)
{
	struct task *t = (struct task *)arg;

	work(&t[explore_self()]);
}

static void
ask_all(void)
{
	explore_write(&task[0].in, 10);
	explore_write(&task[1].in, 20);
	explore_assert(xcpu_call_all(work_all, task, NULL) == 0, "refused");
	explore_assert(explore_read(&task[0].out) == 11 &&
	    explore_read(&task[1].out) == 21,
	    "returned before the function ran");
}

/* The caller is one of them: it runs its part while the other's is on its way. */
static const struct explore_program call_all = {
	.name = "call-all",
	.what = "a call to all CPUs, the caller's own included",
	.ids = "INV-C1 INV-C2 INV-C9",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { ask_all, NULL },
	.check = check_token,
};

const struct explore_program *const call_programs[] = {
	&call_one, &call_carrier, &call_twice, &call_carrier_twice,
	&call_mutual, &call_masked, &call_two, &call_carrier_two,
	&call_set, &call_all, NULL
};
