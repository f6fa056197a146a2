/* SPDX-License-Identifier: BSD-2-Clause */
/* space_test.c: what is loaded where, and flushes that concern one CPU. */
#include "suite.h"

static void
only_self(const struct selftest *t, struct xcpu_cpuset *set)
{
	xcpu_cpuset_one(set, t->self);
}

static uint64_t
flush_kicks(struct selftest *t)
{
	return STAT_SUM(t, kick_flush) + STAT_SUM(t, avoid_pending) +
	    STAT_SUM(t, avoid_polling);
}

/* Kills: a set that keeps CPUs which have left, or loses those that stay. */
static void
space_switch(struct selftest *t)
{
	struct xcpu_space *a = t->host->tlb->space[0];
	struct xcpu_space *b = t->host->tlb->space[1];
	struct xcpu_cpuset self, active;

	only_self(t, &self);
	EXPECT(t, xcpu_space_current() == NULL);
	EXPECT_EQ(t, xcpu_space_destroy(a), 0);
	EXPECT_EQ(t, xcpu_space_switch(a), 0);
	EXPECT_EQ(t, xcpu_space_switch(a), 0);
	EXPECT(t, xcpu_space_current() == a);
	xcpu_space_active(a, &active);
	EXPECT_SET(t, &active, &self);
	EXPECT_EQ(t, xcpu_space_destroy(a), -XCPU_EBUSY);
	EXPECT_EQ(t, xcpu_space_switch(b), 0);
	EXPECT_EQ(t, xcpu_space_destroy(a), 0);
	EXPECT_EQ(t, xcpu_space_destroy(b), -XCPU_EBUSY);
	EXPECT_EQ(t, xcpu_space_switch(NULL), 0);
	EXPECT(t, xcpu_space_current() == NULL);
	xcpu_space_active(b, &active);
	EXPECT(t, xcpu_cpuset_empty(&active));
	xcpu_space_active(xcpu_space_kernel(), &active);
	EXPECT_SET(t, &active, &t->all);
}

/* Kills: a root that is not loaded, or that leaves the last one's entries. */
static void
space_contents(struct selftest *t)
{
	struct xcpu_space *a = t->host->tlb->space[0];
	struct xcpu_space *b = t->host->tlb->space[1];
	uint64_t va = selftest_page(t, 0);
	struct xcpu_cpuset self;

	only_self(t, &self);
	selftest_map(t, a, va, 1);
	selftest_map(t, b, va, 2);
	for (unsigned i = 0; i < 3; i++) {
		selftest_load(t, &self, a);
		selftest_reads(t, &self, va, 1);
		selftest_load(t, &self, b);
		selftest_reads(t, &self, va, 2);
	}
	selftest_load(t, &self, NULL);
	selftest_reads(t, &self, va, 0);
}

/* Kills: xcpu_flush_self() that flushes nothing, or asks the others. */
static void
flush_self(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, 1);
	uint64_t kicks = flush_kicks(t);

	selftest_load(t, &t->all, space);
	for (uint64_t value = 1; value <= 3; value++) {
		struct xcpu_cpuset self;

		only_self(t, &self);
		selftest_map(t, space, va, value);
		EXPECT_EQ(t, xcpu_flush_self(space, va,
		    selftest_page_bytes(t), NULL), 0);
		selftest_reads(t, &self, va, value);
	}
	EXPECT_EQ(t, flush_kicks(t), kicks);
	selftest_load(t, &t->all, NULL);
}

/* Kills: a shootdown that kicks although nobody else is concerned. */
static void
shootdown_alone(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, 2);
	uint64_t kicks, alone;
	struct xcpu_cpuset self;

	selftest_below_top(t, space);
	kicks = flush_kicks(t);
	alone = STAT_OF(t, t->self, shootdown_alone);
	only_self(t, &self);
	selftest_load(t, &self, space);
	for (uint64_t value = 1; value <= 3; value++) {
		selftest_map(t, space, va, value);
		EXPECT_EQ(t, xcpu_shootdown(space, va, selftest_page_bytes(t),
		    NULL), 0);
		selftest_reads(t, &self, va, value);
	}
	selftest_map(t, space, va, 0);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	selftest_reads(t, &self, va, 0);
	EXPECT_EQ(t, flush_kicks(t), kicks);
	if (XCPU_STATS != 0)
		EXPECT_EQ(t, STAT_OF(t, t->self, shootdown_alone) - alone, 4);
	selftest_load(t, &self, NULL);
}

/* How a shootdown of that many pages is flushed here: fully, or by range. */
static void
expect_flushes(struct selftest *t, struct xcpu_space *space, unsigned pages,
    unsigned shift, unsigned full)
{
	struct xcpu_flush_opt opt = { .stride_shift = shift };
	uint64_t fulls = STAT_OF(t, t->self, flush_full);
	uint64_t ranges = STAT_OF(t, t->self, flush_range);

	EXPECT_EQ(t, xcpu_shootdown(space, 0, (uint64_t)pages << shift, &opt),
	    0);
	EXPECT_EQ(t, STAT_OF(t, t->self, flush_full) - fulls, full);
	EXPECT_EQ(t, STAT_OF(t, t->self, flush_range) - ranges, !full);
}

/* Kills: the ceiling compared with bytes, or with pages of another size. */
static void
flush_ceiling(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	unsigned shift = t->host->tlb->page_shift;

	xcpu_space_switch(space);
	EXPECT_EQ(t, xcpu_flush_set_ceiling(4), 0);
	expect_flushes(t, space, 1, shift, false);
	expect_flushes(t, space, 3, shift, false);
	expect_flushes(t, space, 5, shift, true);
	expect_flushes(t, space, 3, 21, false);
	expect_flushes(t, space, 5, 21, true);
	EXPECT_EQ(t, xcpu_flush_set_ceiling(0), 0);
	expect_flushes(t, space, 1, shift, true);
	EXPECT_EQ(t, xcpu_flush_set_ceiling(XCPU_FLUSH_CEILING), 0);
	expect_flushes(t, space, 5, shift, false);
	xcpu_space_switch(NULL);
}

/* ---- the top of the generations: space.h ---- */

/* The first space, loaded nowhere, anew and so many counts below the top. */
static struct xcpu_space *
below_top(struct selftest *t, uint64_t counts)
{
	struct xcpu_space *space = t->host->tlb->space[0];

	EXPECT_EQ(t, xcpu_space_destroy(space), 0);
	xcpu_space_init(space, space->host);
	xcpu_store_rlx(&space->generation, XCPU_SPACE_TOP - counts);
	return space;
}

static void
change(struct selftest *t, struct xcpu_space *space, unsigned page,
    uint64_t value)
{
	uint64_t va = selftest_page(t, page);

	selftest_map(t, space, va, value);
	EXPECT_EQ(t, xcpu_shootdown(space, va, selftest_page_bytes(t), NULL),
	    0);
}

/* Kills: a TLB that keeps what was shot down while the space was not loaded. */
static void
space_kept(struct selftest *t)
{
	struct xcpu_space *a = t->host->tlb->space[0];
	struct xcpu_space *b = t->host->tlb->space[1];
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	for (uint64_t value = 1; value <= 6; value++) {
		change(t, a, 3, value);
		selftest_load(t, &other, a);
		selftest_reads(t, &other, selftest_page(t, 3), value);
		selftest_load(t, &other, b);
	}
	selftest_load(t, &other, NULL);
}

/* Kills: no flush at the top; progress kept across it; no new beginning. */
static void
top_flushes(struct selftest *t)
{
	struct xcpu_space *space = below_top(t, 3);

	selftest_load(t, &t->all, space);
	for (uint64_t value = 1; value <= 6; value++) {
		change(t, space, 4, value);
		selftest_reads(t, &t->all, selftest_page(t, 4), value);
	}
	EXPECT_EQ(t, xcpu_load_rlx(&space->generation), 1 + 3);
	selftest_load(t, &t->all, NULL);
}

static struct {
	const struct selftest *t;
	struct xcpu_au32 lazy, wake;
	uint64_t value;
} idler;

/* Lazy with the doorbell open; reads at once when it is woken. */
static void
idle_lazily(void *arg)
{
	(void)arg;
	(void)xcpu_space_lazy_enter();
	flag_set(&idler.lazy);
	(void)AWAIT(count_of(&idler.wake) != 0);
	(void)xcpu_space_lazy_leave();
	(void)idler.t->host->tlb->read(selftest_page(idler.t, 5), &idler.value);
}

/* Kills: lazy CPUs passed over at the top: they come back with old progress. */
static void
top_reaches_lazy(struct selftest *t)
{
	struct xcpu_space *space = below_top(t, 2);
	struct xcpu_cpuset other;

	idler.t = t;
	idler.value = 0;
	xcpu_store_rlx(&idler.lazy, 0);
	xcpu_store_rlx(&idler.wake, 0);
	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	change(t, space, 5, 1);
	selftest_reads(t, &other, selftest_page(t, 5), 1);
	if (!selftest_thread(t, t->other, idle_lazily, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&idler.lazy) != 0));
	for (uint64_t value = 2; value <= 4; value++)
		change(t, space, 5, value);
	EXPECT_EQ(t, xcpu_load_rlx(&space->generation), 1 + 2);
	flag_set(&idler.wake);
	selftest_join(t, t->other);
	EXPECT_EQ(t, idler.value, 4);
	selftest_load(t, &other, NULL);
}

/*
 * Kills: ranges remembered across the top.  The test is an initiator itself, one
 * that takes its time between its count and remembering its range: whoever must
 * catch up with it meanwhile knows nothing, and flushes everything.
 */
static void
top_forgets_ranges(struct selftest *t)
{
	struct xcpu_space *space = below_top(t, XCPU_SPACE_TOP - 1);
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	/* Changes 2, 3 and 4, the one to the top, and 2 again. */
	for (uint64_t value = 1; value <= 5; value++) {
		if (value == 4)
			xcpu_store_rlx(&space->generation, XCPU_SPACE_TOP - 1);
		change(t, space, 0, value);
	}
	selftest_map(t, space, selftest_page(t, 1), 1);
	selftest_map(t, space, selftest_page(t, 2), 1);
	selftest_reads(t, &other, selftest_page(t, 1), 1);
	selftest_reads(t, &other, selftest_page(t, 2), 1);
	selftest_map(t, space, selftest_page(t, 1), 2);
	EXPECT_EQ(t, xcpu_fetch_add_ar(&space->generation, 1), 2);
	change(t, space, 2, 2);
	selftest_reads(t, &other, selftest_page(t, 1), 2);
	selftest_reads(t, &other, selftest_page(t, 2), 2);
	selftest_load(t, &other, NULL);
}

static const struct selftest_case cases[] = {
	{ "space_switch", "F-B2 INV-S4", "xcpu_port_root_load",
	    space_switch, 3, 1, NEED_TLB },
	{ "space_contents", "F-B2 INV-S4", "xcpu_port_root_load",
	    space_contents, 3, 1, NEED_TLB },
	{ "flush_self", "F-X4", "xcpu_port_tlb_flush",
	    flush_self, 3, 1, NEED_TLB | NEED_THREAD },
	{ "shootdown_alone", "F-T6 INV-S1", "xcpu_port_tlb_flush",
	    shootdown_alone, 3, 1, NEED_TLB },
	{ "flush_ceiling", "F-B6", "xcpu_port_tlb_flush",
	    flush_ceiling, 3, 1, NEED_TLB | NEED_STATS },
	{ "space_kept", "F-B2 F-B10 INV-S4 BUG-95", "xcpu_port_root_load",
	    space_kept, 3, 1, NEED_TLB | NEED_THREAD },
	{ "top_flushes", "INV-S6 BUG-101", "xcpu_port_tlb_flush",
	    top_flushes, 3, 1, NEED_TLB | NEED_THREAD },
	{ "top_reaches_lazy", "INV-S6 INV-S4 BUG-101", "xcpu_port_kick",
	    top_reaches_lazy, 3, 2, NEED_TLB | NEED_THREAD },
	{ "top_forgets_ranges", "INV-S6 BUG-101", "xcpu_port_tlb_flush",
	    top_forgets_ranges, 3, 2, NEED_TLB | NEED_THREAD },
};

SELFTEST_GROUP(selftest_space, cases);
