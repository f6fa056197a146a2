/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deadline.c: calls that end early.
 *
 * Protocol P3, and the deadlines of P7.  The clock may jump past the timeout at
 * any look of the wait.  What the call says became of its target is held against
 * what did: done and running ran once, cancelled never; the argument of whoever
 * is not running any more is poisoned; the slot is free in the end.
 */
#include "scene.h"

#define TIMEOUT_NS 1000

struct task {
	struct explore_word in;
	struct explore_word out;
	struct explore_word runs;
};

enum outcome { NOT_ASKED, DONE, CANCELLED, RUNNING };

#define TASKS 2
static struct task EXPLORE_DATA task[TASKS];
/* How often each ran, and what was said of it: outlive the poison. */
static struct explore_word EXPLORE_DATA runs[TASKS];
static enum outcome EXPLORE_DATA outcome[TASKS];

static void
work(void *arg)
{
	struct task *t = (struct task *)arg;
	struct explore_word *count = &runs[t - task];

	explore_write(count, explore_read(count) + 1);
	explore_write(&t->out, explore_read(&t->in) + 1);
}

static void
name_all(void)
{
	explore_name(&task[0], sizeof(task[0]), "task0");
	explore_name(&task[1], sizeof(task[1]), "task1");
	explore_name(runs, sizeof(runs), "runs");
}

static void
setup_two(void)
{
	explore_boot(2);
	name_all();
}

static void
setup_busy(void)
{
	setup_two();
	scene_keep_slot_busy(1);
}

static void
setup_three(void)
{
	explore_boot(3);
	name_all();
}

/* What the result says of one target; it must say one thing only. */
static enum outcome
outcome_of(const struct xcpu_call_result *result, unsigned cpu)
{
	bool done = xcpu_cpuset_has(&result->done, cpu);
	bool cancelled = xcpu_cpuset_has(&result->cancelled, cpu);
	bool running = xcpu_cpuset_has(&result->running, cpu);

	explore_assert(done + cancelled + running == 1,
	    "the result does not say one thing of its target");
	return done ? DONE : cancelled ? CANCELLED : RUNNING;
}

/* The caller goes on: nobody but a function that runs may touch its argument. */
static void
leave_task(unsigned n, enum outcome became)
{
	outcome[n] = became;
	explore_note(became);
	if (became == DONE)
		explore_assert(explore_read(&task[n].out) == 11,
		    "done, but its effects are not there");
	if (became != RUNNING)
		explore_poison(&task[n], sizeof(task[n]));
}

static void
ask(unsigned n, unsigned cpu, unsigned flags)
{
	struct xcpu_call_result result;
	struct xcpu_call_opt opt = {
		.timeout_ns = TIMEOUT_NS,
		.flags = flags,
		.result = &result,
	};
	int error;

	explore_write(&task[n].in, 10);
	error = xcpu_call_one(cpu, work, &task[n], &opt);
	explore_assert(error == 0 || error == -XCPU_ETIMEDOUT, "refused");
	explore_note(scene_error(error));
	leave_task(n, outcome_of(&result, cpu));
	explore_assert(error != 0 || outcome[n] == DONE,
	    "success, but not done");
	explore_assert((flags & XCPU_CALL_SETTLE) == 0 ||
	    outcome[n] != RUNNING, "settled, but running");
}

static void
ask_bare(unsigned n, unsigned cpu)
{
	explore_write(&task[n].in, 10);
	explore_assert(xcpu_call_one(cpu, work, &task[n], NULL) == 0,
	    "refused");
	leave_task(n, DONE);
}

static void
check_task(unsigned n)
{
	uint64_t n_runs = explore_peek(&runs[n]);

	if (outcome[n] == CANCELLED || outcome[n] == NOT_ASKED)
		explore_assert(n_runs == 0, "cancelled, and ran");
	else
		explore_assert(n_runs == 1, "not run once");
}

static void
check(void)
{
	check_task(0);
	check_task(1);
	explore_assert(scene_carrier_free(0),
	    "a slot of the caller stays busy");
}

static void
check_token(void)
{
	check();
	explore_assert(scene_slot_free(1), "the token slot stays busy");
}

/* ---- one call ---- */

static void
ask_once(void)
{
	ask(0, 1, 0);
}

/* P3.a: done, cancelled or running, and never two of them. */
static const struct explore_program deadline_call = {
	.name = "deadline-call",
	.what = "a call with a deadline, by the token line",
	.ids = "F-N2 F-P2 INV-C1 INV-C2 INV-C3 INV-C-L2",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { ask_once, NULL },
	.check = check_token,
	.deadlines = { 1, 0 },
};

/* P7.i: the same in the caller's own slot. */
static const struct explore_program deadline_carrier = {
	.name = "deadline-carrier",
	.what = "a call with a deadline, by a slot of the caller",
	.ids = "F-P2 INV-C1 INV-C2 INV-C3",
	.ncpu = 2,
	.setup = setup_busy,
	.cpu = { ask_once, NULL },
	.check = check,
	.deadlines = { 1, 0 },
};

static void
ask_and_settle(void)
{
	ask(0, 1, XCPU_CALL_SETTLE);
}

static const struct explore_program deadline_settle = {
	.name = "deadline-settle",
	.what = "a call with a deadline that waits for what runs",
	.ids = "INV-C1 INV-C2 INV-C3",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { ask_and_settle, NULL },
	.check = check_token,
	.deadlines = { 1, 0 },
};

static const struct explore_program deadline_carrier_settle = {
	.name = "deadline-carrier-settle",
	.what = "the same by a slot of the caller",
	.ids = "INV-C1 INV-C2 INV-C3",
	.ncpu = 2,
	.setup = setup_busy,
	.cpu = { ask_and_settle, NULL },
	.check = check,
	.deadlines = { 1, 0 },
};

/* ---- and one more after it ---- */

static void
ask_then_bare(void)
{
	ask(0, 1, 0);
	ask_bare(1, 1);
}

/*
 * What the first call leaves, a doorbell bit or a function that runs, meets the
 * second: it is seen before its post, and its slot is filled after the first's
 * last reader.  P2 and P3: "slot CAS relaxed", "publish relaxed", "take relaxed".
 */
static const struct explore_program deadline_then_call = {
	.name = "deadline-then-call",
	.what = "a call with a deadline, then one without, by the same token line",
	.ids = "INV-E2 INV-C1 INV-C3 INV-C6 BUG-22 BUG-27",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { ask_then_bare, NULL },
	.check = check_token,
	.deadlines = { 1, 0 },
};

static void
ask_and_again(void)
{
	ask(0, 1, 0);
	ask(1, 1, 0);
}

static const struct explore_program deadline_twice = {
	.name = "deadline-twice",
	.what = "two calls with deadlines by the same token line",
	.ids = "INV-C1 INV-C3 INV-C6 BUG-27",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { ask_and_again, NULL },
	.check = check_token,
	.deadlines = { 2, 0 },
};

/*
 * P7: "early sight".  The source bit of the cancelled call lets the target find
 * the next one before its post.
 */
static const struct explore_program deadline_carrier_twice = {
	.name = "deadline-carrier-twice",
	.what = "two calls with deadlines by the caller's slots",
	.ids = "INV-E2 INV-C1 INV-C3",
	.ncpu = 2,
	.setup = setup_busy,
	.cpu = { ask_and_again, NULL },
	.check = check,
	.deadlines = { 2, 0 },
};

/* The same, but nothing ends the second call if it is not found. */
static const struct explore_program deadline_carrier_call = {
	.name = "deadline-carrier-call",
	.what = "a call with a deadline, then one without, by the caller's slots",
	.ids = "INV-E1 INV-E2 INV-C1 INV-C3 BUG-22",
	.ncpu = 2,
	.setup = setup_busy,
	.cpu = { ask_then_bare, NULL },
	.check = check,
	.deadlines = { 1, 0 },
};

/* ---- three CPUs ---- */

static void
ask_third(void)
{
	ask(0, 2, 0);
}

static void
ask_third_bare(void)
{
	ask_bare(1, 2);
}

static void
check_third(void)
{
	check();
	explore_assert(scene_slot_free(2), "the token slot stays busy");
}

/*
 * The deadline passes when the slot is another's already.  P3: "cancel without
 * the sequence" is rejected.
 */
static const struct explore_program deadline_two = {
	.name = "deadline-two",
	.what = "a call with a deadline, and another CPU's by the same token line",
	.ids = "INV-C1 INV-C6 BUG-57",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { ask_third, ask_third_bare, NULL },
	.check = check_third,
	.deadlines = { 1, 0, 0 },
};

static void
work_apart(void *arg)
{
	(void)arg;
	work(&task[explore_self() - 1]);
}

/* A set: each target may have become something else. */
static void
ask_set(void)
{
	struct xcpu_cpuset set = scene_set(6);
	struct xcpu_call_result result;
	struct xcpu_call_opt opt = {
		.timeout_ns = TIMEOUT_NS,
		.result = &result,
	};
	int error;

	explore_write(&task[0].in, 10);
	explore_write(&task[1].in, 10);
	error = xcpu_call_set(&set, work_apart, NULL, &opt);
	explore_assert(error == 0 || error == -XCPU_ETIMEDOUT, "refused");
	explore_note(scene_error(error));
	leave_task(0, outcome_of(&result, 1));
	leave_task(1, outcome_of(&result, 2));
}

static const struct explore_program deadline_set = {
	.name = "deadline-set",
	.what = "a call to a set of two CPUs with a deadline",
	.ids = "F-P2 INV-C1 INV-C2 INV-C3 INV-C-L1",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { ask_set, NULL, NULL },
	.check = check,
	.deadlines = { 1, 0, 0 },
};

const struct explore_program *const deadline_programs[] = {
	&deadline_call, &deadline_carrier, &deadline_settle,
	&deadline_carrier_settle, &deadline_then_call, &deadline_twice,
	&deadline_carrier_twice, &deadline_carrier_call, &deadline_two, &deadline_set, NULL
};
