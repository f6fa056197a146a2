/* SPDX-License-Identifier: BSD-2-Clause */
/* flush_test.c: shootdowns seen through the TLBs of the other CPUs. */
#include "suite.h"

static struct {
	struct xcpu_au32 errors;
	struct xcpu_space *space;
	const struct selftest *t;
} seen;

/* Kills: any flush left out, on any CPU; all pages but the first. */
static void
shootdown_pages(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t bytes = selftest_page_bytes(t);
	uint64_t va = selftest_page(t, 3);

	selftest_load(t, &t->all, space);
	selftest_map(t, space, va, 1);
	selftest_map(t, space, va + bytes, 1);
	EXPECT_EQ(t, xcpu_shootdown(space, va, 2 * bytes, NULL), 0);
	for (uint64_t value = 2; value <= 4; value++) {
		selftest_reads(t, &t->all, va, value - 1);
		selftest_reads(t, &t->all, va + bytes, value - 1);
		selftest_map(t, space, va, value);
		selftest_map(t, space, va + bytes, value);
		EXPECT_EQ(t, xcpu_shootdown(space, va, 2 * bytes, NULL), 0);
		selftest_reads(t, &t->all, va, value);
		selftest_reads(t, &t->all, va + bytes, value);
	}
	selftest_map(t, space, va, 0);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	selftest_reads(t, &t->all, va, 0);
	selftest_load(t, &t->all, NULL);
}

/* More pages than the ceiling: fully flushed, and no less so. */
static void
shootdown_many_pages(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t bytes = selftest_page_bytes(t);

	EXPECT_EQ(t, xcpu_flush_set_ceiling(2), 0);
	selftest_load(t, &t->all, space);
	for (unsigned i = 0; i < 4; i++) {
		selftest_map(t, space, selftest_page(t, i), 10 + i);
		selftest_reads(t, &t->all, selftest_page(t, i), 10 + i);
	}
	for (unsigned i = 0; i < 4; i++)
		selftest_map(t, space, selftest_page(t, i), 20 + i);
	EXPECT_EQ(t, xcpu_shootdown(space, selftest_page(t, 0), 4 * bytes,
	    NULL), 0);
	for (unsigned i = 0; i < 4; i++)
		selftest_reads(t, &t->all, selftest_page(t, i), 20 + i);
	selftest_load(t, &t->all, NULL);
	EXPECT_EQ(t, xcpu_flush_set_ceiling(XCPU_FLUSH_CEILING), 0);
}

static uint64_t
flushes_of(struct selftest *t, unsigned cpu)
{
	return STAT_OF(t, cpu, flush_range) + STAT_OF(t, cpu, flush_full);
}

/* Kills: an answer before the flush; a broadcast where some were asked for. */
static void
shootdown_asks_active(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, 0), bytes = selftest_page_bytes(t);
	uint64_t served[2], alone = STAT_SUM(t, served_flush);
	struct xcpu_cpuset other;
	uint64_t flushes;

	EXPECT_EQ(t, xcpu_shootdown(space, va, bytes, NULL), 0);
	EXPECT_EQ(t, STAT_SUM(t, served_flush), alone);

	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	served[0] = STAT_OF(t, t->other, served_flush);
	served[1] = STAT_SUM(t, served_flush);
	flushes = flushes_of(t, t->other);
	EXPECT_EQ(t, xcpu_shootdown(space, va, bytes, NULL), 0);
	EXPECT_EQ(t, flushes_of(t, t->other) - flushes, 1);
	EXPECT(t, STAT_OF(t, t->other, served_flush) > served[0]);
	EXPECT_EQ(t, STAT_SUM(t, served_flush) - served[1],
	    STAT_OF(t, t->other, served_flush) - served[0]);

	selftest_load(t, &other, NULL);
	alone = STAT_SUM(t, served_flush);
	EXPECT_EQ(t, xcpu_shootdown(space, va, bytes, NULL), 0);
	EXPECT_EQ(t, STAT_SUM(t, served_flush), alone);
}

static struct {
	struct xcpu_au32 inside, overlapped;
	uint64_t before;
	struct xcpu_call call;
} overlap;

static uint64_t
local_flushes(const struct selftest *t)
{
	static struct xcpu_totals totals;

	totals = (struct xcpu_totals){ 0 };
	xcpu_stat_sum(t->host->domain, t->self, &totals);
	return totals.flush_range + totals.flush_full;
}

/* Keeps its CPU from answering until the initiator has flushed at home. */
static void
watch_initiator(void *arg)
{
	const struct selftest *t = arg;

	count_up(&overlap.inside);
	if (AWAIT(local_flushes(t) != overlap.before))
		flag_set(&overlap.overlapped);
}

/* Kills: the local flush made after the others have answered. */
static void
shootdown_overlaps(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	struct xcpu_cpuset other;

	selftest_load(t, &t->all, space);
	xcpu_cpuset_one(&other, t->other);
	xcpu_store_rlx(&overlap.inside, 0);
	xcpu_store_rlx(&overlap.overlapped, 0);
	overlap.before = local_flushes(t);
	EXPECT_EQ(t, xcpu_call_start(&overlap.call, &other, watch_initiator, t,
	    NULL), 0);
	EXPECT(t, AWAIT(count_of(&overlap.inside) != 0));
	EXPECT_EQ(t, xcpu_shootdown(space, selftest_page(t, 0),
	    selftest_page_bytes(t), NULL), 0);
	EXPECT(t, AWAIT(xcpu_call_done(&overlap.call)));
	EXPECT_EQ(t, count_of(&overlap.overlapped), 1);
	selftest_load(t, &t->all, NULL);
}

/* Kills: kernel shootdowns by the set of some space, or past lazy CPUs. */
static void
shootdown_kernel(struct selftest *t)
{
	struct xcpu_space *kernel = xcpu_space_kernel();
	uint64_t va = selftest_kernel_page(t, 0);
	uint64_t bytes = selftest_page_bytes(t);

	selftest_map(t, kernel, va, 1);
	EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
	for (uint64_t value = 2; value <= 4; value++) {
		selftest_reads(t, &t->all, va, value - 1);
		selftest_map(t, kernel, va, value);
		if (value == 4)
			EXPECT_EQ(t, xcpu_shootdown_all(kernel, NULL), 0);
		else
			EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL),
			    0);
		selftest_reads(t, &t->all, va, value);
	}
}

static void
shoot(void *arg)
{
	uint64_t bytes = selftest_page_bytes(seen.t);

	(void)arg;
	if (xcpu_shootdown(seen.space, selftest_page(seen.t, 5), bytes,
	    NULL) != 0)
		count_up(&seen.errors);
}

/* Kills: shootdowns refused, or not served, where calls may not wait. */
static void
shootdown_from_handler(struct selftest *t)
{
	uint64_t va = selftest_page(t, 5);

	seen.t = t;
	seen.space = t->host->tlb->space[0];
	xcpu_store_rlx(&seen.errors, 0);
	selftest_load(t, &t->all, seen.space);
	selftest_map(t, seen.space, va, 1);
	EXPECT_EQ(t, xcpu_shootdown_all(seen.space, NULL), 0);
	selftest_reads(t, &t->all, va, 1);
	selftest_map(t, seen.space, va, 2);
	EXPECT_EQ(t, xcpu_call_one(t->other, shoot, NULL, NULL), 0);
	selftest_reads(t, &t->all, va, 2);
	/* Everybody at once, each from a handler, nobody's doorbell open. */
	selftest_map(t, seen.space, va, 3);
	EXPECT_EQ(t, xcpu_call_all(shoot, NULL, NULL), 0);
	selftest_reads(t, &t->all, va, 3);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	selftest_load(t, &t->all, NULL);
}

static const struct selftest_case cases[] = {
	{ "shootdown_pages", "F-X1 F-B1 INV-S1 BUG-62",
	    "xcpu_port_tlb_flush, xcpu_port_kick",
	    shootdown_pages, 3, 1, NEED_TLB | NEED_THREAD },
	{ "shootdown_many_pages", "F-X1 F-B6 INV-S9", "xcpu_port_tlb_flush",
	    shootdown_many_pages, 3, 1, NEED_TLB | NEED_THREAD },
	{ "shootdown_asks_active", "F-X1 F-B2 INV-S2", "xcpu_port_root_load",
	    shootdown_asks_active, 3, 2, NEED_TLB | NEED_THREAD | NEED_STATS },
	{ "shootdown_overlaps", "F-B3", "xcpu_port_kick",
	    shootdown_overlaps, 3, 2, NEED_TLB | NEED_THREAD | NEED_STATS },
	{ "shootdown_kernel", "INV-S1 INV-S12",
	    "xcpu_port_tlb_flush of global entries", shootdown_kernel, 3, 1,
	    NEED_KERNEL_PAGES | NEED_THREAD },
	{ "shootdown_from_handler", "F-T4 INV-S1 INV-C7", "xcpu_port_kick",
	    shootdown_from_handler, 3, 1, NEED_TLB | NEED_THREAD },
};

SELFTEST_GROUP(selftest_flush, cases);
