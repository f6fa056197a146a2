/* SPDX-License-Identifier: BSD-2-Clause */
/* defer_test.c: shootdowns that wait until CPUs come by. */
#include "late_suite.h"

/* Kills: a kick before the bound; passed without a flush; never passed. */
static void
defer_passes(struct selftest *t)
{
	uint64_t kicks;

	selftest_late_set_up(t);
	for (uint64_t value = 1; value <= 5; value++) {
		if (!selftest_late_change_held(t, 7, value))
			return;
		kicks = STAT_OF(t, t->self, kick_flush);
		EXPECT_EQ(t, selftest_late_add(t, 7, 0), 0);
		EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, NEVER_NS), 0);
		EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, NEVER_NS), -XCPU_EBUSY);
		EXPECT(t, !xcpu_async_done(&selftest_late_job));
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
		selftest_release(t, &selftest_late_hold);
		selftest_on(t, t->other, selftest_late_pass, NULL);
		EXPECT(t, xcpu_async_done(&selftest_late_job));
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
		selftest_late_reads(t, 7, value);
	}
	selftest_late_tear_down(t);
}

/* Kills: a kick for who came by since the owner last looked. */
static void
defer_passed(struct selftest *t)
{
	uint64_t kicks;

	selftest_late_set_up(t);
	selftest_late_change(t, 8, 2);
	EXPECT_EQ(t, selftest_late_add(t, 8, 0), 0);
	EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, NEVER_NS), 0);
	selftest_on(t, t->other, selftest_late_pass, NULL);
	kicks = STAT_OF(t, t->self, kick_flush);
	EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
	EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
	selftest_late_reads(t, 8, 2);
	selftest_late_tear_down(t);
}

/* Kills: a bound that nobody looks at; one that is over at once. */
static void
defer_bound(struct selftest *t)
{
	uint64_t kicks, late;

	selftest_late_set_up(t);
	if (!selftest_late_change_held(t, 8, 1))
		return;
	kicks = STAT_OF(t, t->self, kick_flush);
	late = STAT_OF(t, t->self, late_asked);
	EXPECT_EQ(t, selftest_late_add(t, 8, 0), 0);
	EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, SHORT_NS), 0);
	selftest_spend(2 * SHORT_NS);
	EXPECT(t, !xcpu_async_done(&selftest_late_job));
	EXPECT(t, !xcpu_async_done(&selftest_late_job));
	selftest_release(t, &selftest_late_hold);
	EXPECT(t, AWAIT(xcpu_async_done(&selftest_late_job)));
	if (XCPU_STATS != 0) {
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush) - kicks, 1);
		EXPECT_EQ(t, STAT_OF(t, t->self, late_asked) - late, 1);
	}
	selftest_late_reads(t, 8, 1);
	selftest_late_tear_down(t);
}

/* Kills: lazy CPUs waited for; passed over and not told. */
static void
defer_lazy(struct selftest *t)
{
	uint64_t kicks;

	selftest_late_set_up(t);
	selftest_late_change(t, 9, 1);
	if (!selftest_late_lull(t))
		return;
	kicks = STAT_OF(t, t->self, kick_flush);
	EXPECT_EQ(t, selftest_late_add(t, 9, 0), 0);
	EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, NEVER_NS), 0);
	EXPECT(t, xcpu_async_done(&selftest_late_job));
	selftest_late_wake(t);
	EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
	selftest_late_reads(t, 9, 1);
	selftest_late_tear_down(t);
}

/* Kills: tables freed under a lazy CPU. */
static void
defer_tables(struct selftest *t)
{
	selftest_late_set_up(t);
	selftest_late_change(t, 9, 2);
	if (!selftest_late_lull(t))
		return;
	EXPECT_EQ(t, selftest_late_add(t, 9, XCPU_FLUSH_TABLES), 0);
	EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, SHORT_NS), 0);
	EXPECT(t, !xcpu_async_done(&selftest_late_job));
	selftest_spend(2 * SHORT_NS);
	EXPECT(t, !xcpu_async_done(&selftest_late_job));
	selftest_late_wake(t);
	EXPECT(t, AWAIT(xcpu_async_done(&selftest_late_job)));
	selftest_late_reads(t, 9, 2);
	selftest_late_tear_down(t);
}

static const struct selftest_case cases[] = {
	{ "defer_passes", "F-B8 F-P7 INV-S1", "xcpu_port_tlb_flush",
	    defer_passes, 3, 2, NEED_TLB | NEED_THREAD },
	{ "defer_passed", "F-B8 INV-S1", "xcpu_port_kick",
	    defer_passed, 3, 2, NEED_TLB | NEED_THREAD },
	{ "defer_bound", "F-B8 F-B12 F-P7", "xcpu_port_now_ns",
	    defer_bound, 3, 2, NEED_TLB | NEED_THREAD },
	{ "defer_lazy", "F-B8 INV-S4", "xcpu_port_tlb_flush",
	    defer_lazy, 3, 2, NEED_TLB | NEED_THREAD },
	{ "defer_tables", "F-B8 F-B5 INV-S5 BUG-89", "xcpu_port_kick",
	    defer_tables, 3, 2, NEED_TLB | NEED_THREAD },
};

SELFTEST_GROUP(selftest_defer, cases);
