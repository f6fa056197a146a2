/* SPDX-License-Identifier: BSD-2-Clause */
/* lazy_test.c: CPUs that keep a space without using it. */
#include "suite.h"

#define CHANGES (XCPU_SPACE_RANGES + 4)

static struct {
	struct xcpu_au32 lazy, wake, asleep;
	int entered, left;
} seen;

/*
 * Lazy until woken, with the doorbell masked if `arg` says so: a shootdown that
 * asks this CPU then does not end before it wakes.
 */
static void
be_lazy(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	seen.entered = xcpu_space_lazy_enter();
	if (arg == NULL)
		xcpu_port_irq_restore(state);
	flag_set(&seen.lazy);
	if (!AWAIT(count_of(&seen.wake) != 0))
		flag_set(&seen.asleep);
	seen.left = xcpu_space_lazy_leave();
	if (arg != NULL)
		xcpu_port_irq_restore(state);
}

static bool
lull(struct selftest *t, bool masked)
{
	xcpu_store_rlx(&seen.lazy, 0);
	xcpu_store_rlx(&seen.wake, 0);
	xcpu_store_rlx(&seen.asleep, 0);
	return selftest_thread(t, t->other, be_lazy, masked ? t : NULL) &&
	    EXPECT(t, AWAIT(count_of(&seen.lazy) != 0));
}

static void
wake(struct selftest *t)
{
	flag_set(&seen.wake);
	selftest_join(t, t->other);
	EXPECT_EQ(t, seen.entered, 0);
	EXPECT_EQ(t, seen.left, 0);
	EXPECT_EQ(t, count_of(&seen.asleep), 0);
}

/* Kills: lazy CPUs that are kicked; leaving without catching up. */
static void
lazy_skipped(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, 6), bytes = selftest_page_bytes(t);
	uint64_t avoided = STAT_OF(t, t->self, avoid_lazy);
	uint64_t caught = STAT_OF(t, t->other, catch_up_lazy);
	struct xcpu_cpuset other, active;

	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	selftest_map(t, space, va, 1);
	EXPECT_EQ(t, xcpu_shootdown(space, va, bytes, NULL), 0);
	for (uint64_t value = 2; value <= 4; value++) {
		selftest_reads(t, &other, va, value - 1);
		if (!lull(t, true))
			return;
		xcpu_space_active(space, &active);
		EXPECT_SET(t, &active, &other);
		selftest_map(t, space, va, value);
		EXPECT_EQ(t, xcpu_shootdown(space, va, bytes, NULL), 0);
		wake(t);
		selftest_reads(t, &other, va, value);
	}
	if (XCPU_STATS != 0) {
		EXPECT_EQ(t, STAT_OF(t, t->self, avoid_lazy) - avoided, 3);
		EXPECT_EQ(t, STAT_OF(t, t->other, catch_up_lazy) - caught, 3);
	}
	selftest_load(t, &other, NULL);
}

/* Kills: catching up with the newest change only; one flush per change. */
static void
lazy_catches_up(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t bytes = selftest_page_bytes(t), flushes;
	unsigned pages = CHANGES < XCPU_SELFTEST_PAGES ? CHANGES :
	    XCPU_SELFTEST_PAGES;
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	/* A few, which are remembered, then more than that. */
	for (unsigned n = 2; n <= pages; n += pages - 2) {
		for (unsigned i = 0; i < n; i++)
			selftest_map(t, space, selftest_page(t, i), 1 + i);
		EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
		for (unsigned i = 0; i < n; i++)
			selftest_reads(t, &other, selftest_page(t, i), 1 + i);
		if (!lull(t, true))
			return;
		flushes = STAT_OF(t, t->other, flush_range) +
		    STAT_OF(t, t->other, flush_full);
		for (unsigned i = 0; i < n; i++) {
			selftest_map(t, space, selftest_page(t, i), 50 + i);
			EXPECT_EQ(t, xcpu_shootdown(space, selftest_page(t, i),
			    bytes, NULL), 0);
		}
		wake(t);
		EXPECT(t, STAT_OF(t, t->other, flush_range) +
		    STAT_OF(t, t->other, flush_full) - flushes <=
		    XCPU_SPACE_RANGES);
		for (unsigned i = 0; i < n; i++)
			selftest_reads(t, &other, selftest_page(t, i), 50 + i);
	}
	selftest_load(t, &other, NULL);
}

/* Kills: lazy CPUs passed over although tables are freed. */
static void
lazy_tables(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	struct xcpu_flush_opt opt = { .flags = XCPU_FLUSH_TABLES };
	uint64_t served;
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	if (!lull(t, false))
		return;
	served = STAT_OF(t, t->other, flush_range) +
	    STAT_OF(t, t->other, flush_full);
	EXPECT_EQ(t, xcpu_shootdown(space, selftest_page(t, 0),
	    selftest_page_bytes(t), &opt), 0);
	EXPECT(t, STAT_OF(t, t->other, flush_range) +
	    STAT_OF(t, t->other, flush_full) > served);
	wake(t);
	selftest_load(t, &other, NULL);
}

/* Kills: calls and events held back from lazy CPUs. */
static void
lazy_works(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	static struct selftest_hold hold;
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	if (!lull(t, false))
		return;
	EXPECT(t, xcpu_cpu_ready(t->host->domain, t->other));
	/* A flush bit that nobody kicked for must not suppress this kick. */
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	flag_set(&hold.released);
	EXPECT_EQ(t, xcpu_call_one(t->other, selftest_hold_fn, &hold, NULL), 0);
	EXPECT_EQ(t, xcpu_resched(t->other), 0);
	wake(t);
	selftest_load(t, &other, NULL);
}

static const struct selftest_case cases[] = {
	{ "lazy_skipped", "F-X2 F-B2 INV-S4", "xcpu_port_tlb_flush",
	    lazy_skipped, 3, 2, NEED_TLB | NEED_THREAD },
	{ "lazy_catches_up", "F-B1 INV-S4", "xcpu_port_tlb_flush",
	    lazy_catches_up, 3, 2, NEED_TLB | NEED_THREAD | NEED_STATS },
	{ "lazy_tables", "F-B5 INV-S5 BUG-89", "xcpu_port_kick",
	    lazy_tables, 3, 2, NEED_TLB | NEED_THREAD | NEED_STATS },
	{ "lazy_works", "INV-E4", "xcpu_port_kick",
	    lazy_works, 3, 2, NEED_TLB | NEED_THREAD },
};

SELFTEST_GROUP(selftest_lazy, cases);
