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
	uint64_t kicks = flush_kicks(t);
	uint64_t alone = STAT_OF(t, t->self, shootdown_alone);
	struct xcpu_cpuset self;

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
};

SELFTEST_GROUP(selftest_space, cases);
