/* SPDX-License-Identifier: BSD-2-Clause */
/* nested_test.c: CPUs that ask something of each other at the same time. */
#include "suite.h"

#define ROUNDS 50

static struct {
	struct xcpu_au32 runs[XCPU_NCPU_MAX];
	struct xcpu_au32 errors;
	struct xcpu_au32 arrived;
	struct xcpu_call call[XCPU_NCPU_MAX];
	int id[2];
	int result[XCPU_NCPU_MAX];
} seen;

static void
reset(const struct selftest *t)
{
	for_each_cpu (cpu, &t->all) {
		xcpu_store_rlx(&seen.runs[cpu], 0);
		seen.call[cpu] = (struct xcpu_call){ .callback = NULL };
	}
	xcpu_store_rlx(&seen.errors, 0);
	xcpu_store_rlx(&seen.arrived, 0);
}

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs[xcpu_cpu_index()]);
}

/* Nobody starts before the other is there. */
static void
wait_for(unsigned n)
{
	count_up(&seen.arrived);
	(void)AWAIT(count_of(&seen.arrived) >= n);
}

static void
call_the_other(void *arg)
{
	const struct selftest *t = arg;
	unsigned long state = xcpu_port_irq_save();
	unsigned to = xcpu_cpu_index() == t->self ? t->other : t->self;

	wait_for(2);
	for (unsigned i = 0; i < ROUNDS; i++) {
		/* Now one is early and now the other, and has to wait long. */
		if (i % 2 == to % 2)
			selftest_spend(50000);
		if (xcpu_call_one(to, count_run, NULL, NULL) != 0)
			count_up(&seen.errors);
	}
	xcpu_port_irq_restore(state);
}

/* Kills: a wait that looks at its own answer only. */
static void
calls_cross_masked(struct selftest *t)
{
	reset(t);
	if (!selftest_thread(t, t->other, call_the_other, t))
		return;
	call_the_other(t);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), ROUNDS);
	EXPECT_EQ(t, count_of(&seen.runs[t->other]), ROUNDS);
}

static void
call_the_third(void *arg)
{
	const struct selftest *t = arg;
	unsigned long state = xcpu_port_irq_save();

	count_up(&seen.arrived);
	if (xcpu_call_one((t->other + 1) % t->ncpu, count_run, NULL, NULL) != 0)
		count_up(&seen.errors);
	xcpu_port_irq_restore(state);
}

/* Kills: a wait that serves at first only, or by the interrupt alone. */
static void
call_served_in_wait(struct selftest *t)
{
	static struct selftest_hold hold;
	unsigned third = (t->other + 1) % t->ncpu;

	reset(t);
	if (!selftest_hold_one(t, &hold, third) ||
	    !selftest_thread(t, t->other, call_the_third, t))
		return;
	EXPECT(t, AWAIT(count_of(&seen.arrived) != 0));
	/* It has waited for long, for one who does not answer. */
	selftest_spend(5000000);
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, NULL), 0);
	EXPECT_EQ(t, count_of(&seen.runs[third]), 0);
	selftest_release(t, &hold);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.runs[t->other]), 1);
	EXPECT_EQ(t, count_of(&seen.runs[third]), 1);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
}

static unsigned
storm_rounds(const struct selftest *t)
{
	return t->ncpu <= 8 ? ROUNDS : t->ncpu <= 32 ? 4 : 1;
}

static void
call_all_others(void *arg)
{
	const struct selftest *t = arg;

	wait_for(t->ncpu);
	for (unsigned i = 0; i < storm_rounds(t); i++)
		if (xcpu_call_others(count_run, NULL, NULL) != 0)
			count_up(&seen.errors);
}

/* Kills: one completion word shared by all callers. */
static void
calls_cross_all(struct selftest *t)
{
	reset(t);
	selftest_on_each(t, &t->all, call_all_others, t);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		EXPECT_EQ(t, count_of(&seen.runs[cpu]),
		    (t->ncpu - 1) * storm_rounds(t));
	}
}

static void
start_one_further(void *arg)
{
	const struct selftest *t = arg;
	unsigned cpu = xcpu_cpu_index();
	struct xcpu_cpuset next;

	xcpu_cpuset_one(&next, (cpu + 1) % t->ncpu);
	if (xcpu_call_start(&seen.call[cpu], &next, count_run, NULL, NULL) != 0)
		count_up(&seen.errors);
}

/* Kills: a nested call that takes the slot of the call it interrupted. */
static void
call_start_from_handler(struct selftest *t)
{
	reset(t);
	EXPECT_EQ(t, xcpu_call_all(start_one_further, t, NULL), 0);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		EXPECT(t, AWAIT(xcpu_call_done(&seen.call[cpu])));
	}
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		EXPECT_EQ(t, count_of(&seen.runs[cpu]), 1);
	}
}

static void
unregister_both(void *arg)
{
	const struct selftest *t = arg;
	unsigned mine = xcpu_cpu_index() == t->self ? 0 : 1;
	unsigned long state = xcpu_port_irq_save();

	wait_for(2);
	/* The first is everybody's, the second the other one's. */
	seen.result[xcpu_cpu_index()] = xcpu_event_unregister(seen.id[0]);
	if (mine == 1 && xcpu_event_unregister(seen.id[1]) != 0)
		count_up(&seen.errors);
	xcpu_port_irq_restore(state);
}

/* Kills: rounds that two CPUs wait for without serving each other's. */
static void
unregister_cross_masked(struct selftest *t)
{
	unsigned rounds = storm_rounds(t);

	for (unsigned i = 0; i < rounds; i++) {
		reset(t);
		seen.id[0] = xcpu_event_register(count_run, NULL);
		seen.id[1] = xcpu_event_register(count_run, NULL);
		if (!selftest_thread(t, t->other, unregister_both, t))
			return;
		unregister_both(t);
		selftest_join(t, t->other);
		EXPECT_EQ(t, count_of(&seen.errors), 0);
		/* One of the two had it. */
		EXPECT_EQ(t, seen.result[t->self] + seen.result[t->other],
		    -XCPU_ENOENT);
	}
}

static const struct selftest_case cases[] = {
	{ "calls_cross_masked", "INV-C7 BUG-31",
	    "xcpu_port_context, xcpu_port_relax",
	    calls_cross_masked, 0, 2, NEED_THREAD },
	{ "call_served_in_wait", "INV-C7",
	    "xcpu_port_context, xcpu_port_relax",
	    call_served_in_wait, 0, 3, NEED_THREAD },
	{ "calls_cross_all", "F-N8 INV-C1 INV-C7 BUG-57", "xcpu_port_kick",
	    calls_cross_all, 0, 2, NEED_THREAD },
	{ "call_start_from_handler", "F-B17 INV-C6", "xcpu_port_kick",
	    call_start_from_handler, 0, 1, 0 },
	{ "unregister_cross_masked", "F-N2 INV-E7 INV-C7",
	    "xcpu_port_context, xcpu_port_relax",
	    unregister_cross_masked, 0, 2, NEED_THREAD },
};

SELFTEST_GROUP(selftest_nested, cases);
