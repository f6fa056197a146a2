/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch_test.c: what is unmapped is freed after one flush.
 *
 * An item is the number of a page.  To free it is to read it through the TLB of
 * the CPU that frees, and to count: what is freed too early is seen by whoever
 * was kept from flushing.
 */
#include "suite.h"

#define NEVER_NS ((uint64_t)3600 * 1000000000u)
#define ROOM 4

static struct xcpu_batch batch;
static uint64_t items[ROOM];
static struct selftest_hold hold;

static struct {
	/* Plain: the end of the batch orders them. */
	unsigned frames, tables, out_of_order;
	uint64_t sum;
} freed;

static void
give_back(void *host, uint64_t item, enum xcpu_batch_kind kind)
{
	(void)host;
	if (kind == XCPU_BATCH_TABLE) {
		freed.tables++;
	} else {
		freed.frames++;
		if (freed.tables != 0)
			freed.out_of_order++;
	}
	freed.sum += item;
}

static void
set_up(struct selftest *t, struct xcpu_cpuset *other)
{
	freed.frames = freed.tables = freed.out_of_order = 0;
	freed.sum = 0;
	EXPECT_EQ(t, xcpu_batch_init(&batch, items, ROOM, give_back, NULL), 0);
	xcpu_cpuset_one(other, t->other);
	selftest_load(t, other, t->host->tlb->space[0]);
}

/* Pages that the other CPU has in its TLB; then they are gone, and collected. */
static void
fill(struct selftest *t, unsigned first, unsigned n, uint64_t value)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	for (unsigned i = first; i < first + n; i++)
		selftest_map(t, space, selftest_page(t, i), value);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	for (unsigned i = first; i < first + n; i++)
		selftest_reads(t, &other, selftest_page(t, i), value);
}

static int
unmap(struct selftest *t, unsigned page)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, page);
	int error;

	selftest_map(t, space, va, 0);
	error = xcpu_batch_range(&batch, space, va, selftest_page_bytes(t),
	    NULL);
	return error != 0 ? error : xcpu_batch_frame(&batch, page + 1);
}

/* Keep the other CPU inside a function, where it flushes nothing. */
static bool
hold_other(struct selftest *t)
{
	selftest_below_top(t, t->host->tlb->space[0]);
	return selftest_hold_one(t, &hold, t->other);
}

static void
expect_freed(struct selftest *t, unsigned frames, unsigned tables, uint64_t sum)
{
	EXPECT_EQ(t, freed.frames, frames);
	EXPECT_EQ(t, freed.tables, tables);
	EXPECT_EQ(t, freed.sum, sum);
	EXPECT_EQ(t, freed.out_of_order, 0);
}

/* Kills: nothing freed, or twice; a flush for each page; tables before frames. */
static void
batch_flushes(struct selftest *t)
{
	uint64_t bytes = selftest_page_bytes(t), kicks;
	struct xcpu_cpuset other;

	set_up(t, &other);
	fill(t, 0, 3, 9);
	kicks = STAT_OF(t, t->self, kick_flush);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(t, unmap(t, i), 0);
	EXPECT_EQ(t, xcpu_batch_table(&batch, t->host->tlb->space[0],
	    selftest_page(t, 0), 3 * bytes, 100), 0);
	expect_freed(t, 0, 0, 0);
	EXPECT_EQ(t, xcpu_batch_flush(&batch), 0);
	expect_freed(t, 3, 1, 106);
	if (XCPU_STATS != 0)
		EXPECT(t, STAT_OF(t, t->self, kick_flush) - kicks <= 1);
	for (unsigned i = 0; i < 3; i++)
		selftest_reads(t, &other, selftest_page(t, i), 0);
	EXPECT_EQ(t, xcpu_batch_flush(&batch), 0);
	EXPECT(t, xcpu_batch_done(&batch));
	expect_freed(t, 3, 1, 106);
	selftest_load(t, &other, NULL);
}

/* Kills: what does not fit is lost, or freed before it is flushed. */
static void
batch_overflows(struct selftest *t)
{
	struct xcpu_cpuset other;

	set_up(t, &other);
	fill(t, 0, ROOM + 2, 9);
	for (unsigned i = 0; i < ROOM; i++)
		EXPECT_EQ(t, unmap(t, i), 0);
	expect_freed(t, 0, 0, 0);
	EXPECT_EQ(t, unmap(t, ROOM), 0);
	expect_freed(t, ROOM, 0, ROOM * (ROOM + 1) / 2);
	for (unsigned i = 0; i <= ROOM; i++)
		selftest_reads(t, &other, selftest_page(t, i), 0);
	EXPECT_EQ(t, unmap(t, ROOM + 1), 0);
	EXPECT_EQ(t, xcpu_batch_flush(&batch), 0);
	expect_freed(t, ROOM + 2, 0, (ROOM + 2) * (ROOM + 3) / 2);
	selftest_reads(t, &other, selftest_page(t, ROOM + 1), 0);
	selftest_load(t, &other, NULL);
}

/* Kills: frames freed while a CPU can still use them; never freed. */
static void
batch_starts(struct selftest *t)
{
	struct xcpu_cpuset other;

	set_up(t, &other);
	for (unsigned round = 1; round <= 4; round++) {
		fill(t, 4, 2, round);
		if (!hold_other(t))
			return;
		EXPECT_EQ(t, unmap(t, 4), 0);
		EXPECT_EQ(t, unmap(t, 5), 0);
		EXPECT_EQ(t, xcpu_batch_start(&batch), 0);
		EXPECT_EQ(t, unmap(t, 5), -XCPU_EBUSY);
		EXPECT_EQ(t, xcpu_batch_frame(&batch, 1), -XCPU_EBUSY);
		EXPECT_EQ(t, xcpu_batch_start(&batch), -XCPU_EBUSY);
		EXPECT_EQ(t, xcpu_batch_defer(&batch, 1), -XCPU_EBUSY);
		EXPECT(t, !xcpu_batch_done(&batch));
		selftest_release(t, &hold);
		if (round % 2 == 0)
			EXPECT_EQ(t, xcpu_batch_flush(&batch), 0);
		EXPECT(t, AWAIT(xcpu_batch_done(&batch)));
		expect_freed(t, 2 * round, 0, 11 * round);
		selftest_reads(t, &other, selftest_page(t, 4), 0);
		selftest_reads(t, &other, selftest_page(t, 5), 0);
	}
	selftest_load(t, &other, NULL);
}

static void
pass(void *arg)
{
	(void)arg;
	xcpu_async_pass();
}

/* Kills: a deferred frame that is freed at once, or kicked for. */
static void
batch_defers(struct selftest *t)
{
	struct xcpu_cpuset other;
	uint64_t kicks;

	set_up(t, &other);
	for (unsigned round = 1; round <= 4; round++) {
		fill(t, 4, 2, round);
		if (!hold_other(t))
			return;
		kicks = STAT_OF(t, t->self, kick_flush);
		EXPECT_EQ(t, unmap(t, 4), 0);
		EXPECT_EQ(t, xcpu_batch_table(&batch, t->host->tlb->space[0],
		    selftest_page(t, 4), selftest_page_bytes(t), 50), 0);
		EXPECT_EQ(t, xcpu_batch_defer(&batch, NEVER_NS), 0);
		EXPECT_EQ(t, xcpu_batch_frame(&batch, 1), -XCPU_EBUSY);
		EXPECT(t, !xcpu_batch_done(&batch));
		expect_freed(t, round - 1, round - 1, 55 * (round - 1));
		freed.tables = 0;
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
		selftest_release(t, &hold);
		selftest_on(t, t->other, pass, NULL);
		EXPECT(t, xcpu_batch_done(&batch));
		freed.tables += round - 1;
		expect_freed(t, round, round, 55 * round);
		selftest_reads(t, &other, selftest_page(t, 4), 0);
	}
	selftest_load(t, &other, NULL);
}

/* Kills: a batch without memory, or without anybody to give it to. */
static void
batch_misuse(struct selftest *t)
{
	EXPECT_EQ(t, xcpu_batch_init(NULL, items, ROOM, give_back, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_batch_init(&batch, NULL, ROOM, give_back, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_batch_init(&batch, items, 0, give_back, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_batch_init(&batch, items, ROOM, NULL, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_batch_init(&batch, items, ROOM, give_back, NULL), 0);
	EXPECT_EQ(t, xcpu_batch_flush(&batch), 0);
	EXPECT_EQ(t, xcpu_batch_table(&batch, t->host->tlb->space[0], 1, 1, 7),
	    -XCPU_EINVAL);
	freed.tables = 0;
	EXPECT_EQ(t, xcpu_batch_flush(&batch), 0);
	EXPECT_EQ(t, freed.tables, 0);
}

static const struct selftest_case cases[] = {
	{ "batch_flushes", "F-B7 INV-S5 BUG-91", "xcpu_port_tlb_flush",
	    batch_flushes, 3, 2, NEED_TLB | NEED_THREAD },
	{ "batch_overflows", "F-B7 INV-S9 INV-S5", "xcpu_port_tlb_flush",
	    batch_overflows, 3, 2, NEED_TLB | NEED_THREAD },
	{ "batch_starts", "F-B7 F-B9 INV-S5 BUG-91", "xcpu_port_kick",
	    batch_starts, 3, 2, NEED_TLB | NEED_THREAD },
	{ "batch_defers", "F-B7 F-B8 INV-S5", "xcpu_port_tlb_flush",
	    batch_defers, 3, 2, NEED_TLB | NEED_THREAD },
	{ "batch_misuse", "F-B26", "xcpu_port_tlb_flush",
	    batch_misuse, 3, 1, NEED_TLB },
};

SELFTEST_GROUP(selftest_batch, cases);
