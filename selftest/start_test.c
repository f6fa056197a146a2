/* SPDX-License-Identifier: BSD-2-Clause */
/* start_test.c: calls that nobody waits for, and their objects. */
#include "suite.h"

static struct {
	uint32_t runs[XCPU_NCPU_MAX];	/* plain: done() orders it */
	struct xcpu_call call;
	struct xcpu_call more[2 * XCPU_CALL_SLOTS + 2];
	struct xcpu_au32 callbacks;
	struct xcpu_au32 early;		/* callbacks after done() was true */
	struct xcpu_au32 ran;
} seen;

static void
note_run(void *arg)
{
	(void)arg;
	seen.runs[xcpu_cpu_index()]++;
}

static void
reset(const struct selftest *t)
{
	for_each_cpu (cpu, &t->all)
		seen.runs[cpu] = 0;
	seen.call = (struct xcpu_call){ .callback = NULL };
	xcpu_store_rlx(&seen.callbacks, 0);
	xcpu_store_rlx(&seen.early, 0);
	xcpu_store_rlx(&seen.ran, 0);
}

static void
expect_runs(struct selftest *t, const struct xcpu_cpuset *set, unsigned n)
{
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		EXPECT_EQ(t, seen.runs[cpu], xcpu_cpuset_has(set, cpu) ? n : 0);
	}
	t->cpu = XCPU_NCPU_MAX;
}

/* Kills: an object that stays busy; done() without acquire (race detector). */
static void
call_start(struct selftest *t)
{
	struct xcpu_cpuset set = t->all;

	reset(t);
	EXPECT(t, xcpu_call_done(&seen.call));
	for (unsigned round = 1; round <= 3; round++) {
		set = t->all;
		EXPECT_EQ(t, xcpu_call_start(&seen.call, &set, note_run, NULL,
		    NULL), 0);
		/* The set was copied: what becomes of it is nobody's business. */
		xcpu_cpuset_zero(&set);
		EXPECT_SET(t, &seen.call.started, &t->all);
		if (!EXPECT(t, AWAIT(xcpu_call_done(&seen.call))))
			return;
		expect_runs(t, &t->all, round);
	}
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, note_run, NULL,
	    NULL), 0);
	EXPECT_EQ(t, xcpu_call_wait(&seen.call, 0), 0);
	expect_runs(t, &t->all, 4);

	EXPECT_EQ(t, xcpu_call_start(&seen.call, &set, note_run, NULL, NULL),
	    0);
	EXPECT(t, xcpu_call_done(&seen.call));
	EXPECT(t, xcpu_cpuset_empty(&seen.call.started));
	expect_runs(t, &t->all, 4);
}

/* Kills: a busy object that is taken anyway. */
static void
call_busy(struct selftest *t)
{
	static struct selftest_hold hold;

	reset(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT(t, !xcpu_call_done(&hold.call));
	EXPECT_EQ(t, xcpu_call_start(&hold.call, &t->all, note_run, NULL, NULL),
	    -XCPU_EBUSY);
	EXPECT(t, !xcpu_call_done(&hold.call));
	EXPECT(t, xcpu_cpuset_has(&hold.call.started, t->other));
	EXPECT_EQ(t, xcpu_cpuset_count(&hold.call.started), 1);
	selftest_release(t, &hold);
	expect_runs(t, &t->all, 0);
}

static void
announce(void *arg)
{
	struct xcpu_call *call = arg;

	if (xcpu_call_done(call))
		flag_set(&seen.early);
	count_up(&seen.callbacks);
}

/* Kills: a callback per target; a callback after the object is done. */
static void
call_callback(struct selftest *t)
{
	reset(t);
	seen.call.callback = announce;
	seen.call.callback_arg = &seen.call;
	for (unsigned round = 1; round <= 3; round++) {
		EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, note_run,
		    NULL, NULL), 0);
		EXPECT(t, AWAIT(xcpu_call_done(&seen.call)));
		EXPECT_EQ(t, count_of(&seen.callbacks), round);
		EXPECT_EQ(t, count_of(&seen.early), 0);
	}
	expect_runs(t, &t->all, 3);
}

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.ran);
}

/* Kills: a call refused for want of a slot that runs all the same. */
static void
call_slots_full(struct selftest *t)
{
	static struct selftest_hold hold;
	unsigned n = 0, most = 2 * XCPU_CALL_SLOTS + 2;
	struct xcpu_cpuset set;
	int error = 0;

	reset(t);
	xcpu_cpuset_one(&set, t->other);
	for (unsigned i = 0; i < most; i++)
		seen.more[i] = (struct xcpu_call){ .callback = NULL };
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	for (; n < most; n++) {
		error = xcpu_call_start(&seen.more[n], &set, count_run, NULL,
		    NULL);
		if (error != 0)
			break;
	}
	EXPECT_EQ(t, error, -XCPU_EAGAIN);
	if (n < most)
		EXPECT(t, xcpu_call_done(&seen.more[n]));
	selftest_release(t, &hold);
	for (unsigned i = 0; i < n; i++)
		EXPECT(t, AWAIT(xcpu_call_done(&seen.more[i])));
	EXPECT_EQ(t, count_of(&seen.ran), n);
	/* And the slots are free again. */
	EXPECT_EQ(t, xcpu_call_start(&seen.more[0], &set, count_run, NULL,
	    NULL), 0);
	EXPECT_EQ(t, xcpu_call_wait(&seen.more[0], 0), 0);
	EXPECT_EQ(t, count_of(&seen.ran), n + 1);
}

static const struct selftest_case cases[] = {
	{ "call_start", "F-B17 F-B16 INV-C5 INV-C6 BUG-56", "xcpu_port_kick",
	    call_start, 0, 1, 0 },
	{ "call_busy", "F-B17 F-B26 INV-C6 BUG-59", "xcpu_port_kick",
	    call_busy, 0, 2, NEED_SLOTS },
	{ "call_callback", "F-B16 F-B17", "xcpu_port_kick",
	    call_callback, 0, 1, 0 },
	{ "call_slots_full", "F-B26", "xcpu_port_kick",
	    call_slots_full, 0, 2, 0 },
};

SELFTEST_GROUP(selftest_start, cases);
