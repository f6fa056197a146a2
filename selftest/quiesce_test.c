/* SPDX-License-Identifier: BSD-2-Clause */
/* quiesce_test.c: page-table entries that change while all CPUs stand still. */
#include "suite.h"

static struct {
	const struct selftest *t;
	struct xcpu_space *space;
	uint64_t value;
	int id;
	bool mapped, masked;
	struct xcpu_au32 handled;
	uint32_t early;
} seen;

static bool
set_up(struct selftest *t, struct xcpu_space *space)
{
	if (t->host->domain->sync == NULL) {
		t->skip = "the host has no xcpu_sync_init()";
		return false;
	}
	seen.t = t;
	seen.space = space;
	seen.early = 0;
	seen.mapped = seen.masked = false;
	xcpu_store_rlx(&seen.handled, 0);
	return true;
}

static void
remap(void *arg)
{
	seen.mapped = seen.t->host->tlb->map(seen.space,
	    *(const uint64_t *)arg, seen.value);
}

/* Kills: a change that nobody forgets; one that the own CPU keeps. */
static void
quiesce_changes(struct selftest *t)
{
	uint64_t va = selftest_page(t, 2);
	struct xcpu_quiesce q = { .space = t->host->tlb->space[0], .start = va,
		.len = selftest_page_bytes(t), .change = remap, .arg = &va };

	if (!set_up(t, q.space))
		return;
	selftest_load(t, &t->all, q.space);
	for (seen.value = 1; seen.value <= 6; seen.value++) {
		if (seen.value == 4)
			q.len = 0;
		EXPECT_EQ(t, xcpu_quiesce(&q, NULL), 0);
		EXPECT(t, q.changed && seen.mapped);
		selftest_reads(t, &t->all, va, seen.value);
	}
	selftest_load(t, &t->all, NULL);
}

static void
handle(void *arg)
{
	(void)arg;
	count_up(&seen.handled);
}

static void
look_around(void *arg)
{
	const struct selftest *t = arg;

	seen.masked = (xcpu_port_context() & XCPU_CTX_MASKED) != 0;
	(void)xcpu_event_post_set(seen.id, &t->others);
	selftest_spend(1000000);
	seen.early = count_of(&seen.handled);
}

/* Kills: a change while somebody runs. */
static void
quiesce_parks(struct selftest *t)
{
	struct xcpu_quiesce q = { .space = xcpu_space_kernel(),
		.change = look_around, .arg = t };

	if (!set_up(t, q.space))
		return;
	seen.id = xcpu_event_register(handle, NULL);
	EXPECT_EQ(t, xcpu_quiesce(&q, NULL), 0);
	EXPECT(t, q.changed && seen.masked);
	EXPECT_EQ(t, seen.early, 0);
	EXPECT(t, AWAIT(count_of(&seen.handled) == t->ncpu - 1));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

/* Kills: a change although somebody does not stand; a CPU that stays parked. */
static void
quiesce_times_out(struct selftest *t)
{
	static struct selftest_hold hold;
	uint64_t va = selftest_page(t, 2);
	struct xcpu_quiesce q = { .space = t->host->tlb->space[0], .start = va,
		.len = selftest_page_bytes(t), .change = remap, .arg = &va };
	struct xcpu_sync_opt opt = { .timeout_ns = 20000000 };

	if (!set_up(t, q.space) || !selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT_EQ(t, xcpu_quiesce(&q, &opt), -XCPU_ETIMEDOUT);
	EXPECT(t, !q.changed && !seen.mapped);
	selftest_release(t, &hold);
	seen.value = 7;
	EXPECT_EQ(t, xcpu_quiesce(&q, &opt), 0);
	EXPECT(t, q.changed && seen.mapped);
}

/* Kills: a change in spite of a bad range. */
static void
quiesce_misuse(struct selftest *t)
{
	uint64_t va = selftest_page(t, 2);
	struct xcpu_quiesce q = { .space = t->host->tlb->space[0],
		.start = va + 1, .len = selftest_page_bytes(t),
		.change = remap, .arg = &va };

	if (!set_up(t, q.space))
		return;
	EXPECT_EQ(t, xcpu_quiesce(NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_quiesce(&q, NULL), -XCPU_EINVAL);
	q.start = va;
	q.space = NULL;
	EXPECT_EQ(t, xcpu_quiesce(&q, NULL), -XCPU_EINVAL);
	q.space = seen.space;
	q.change = NULL;
	EXPECT_EQ(t, xcpu_quiesce(&q, NULL), -XCPU_EINVAL);
	EXPECT(t, !q.changed && !seen.mapped);
}

static const struct selftest_case cases[] = {
	{ "quiesce_changes", "F-B13 INV-S1", "xcpu_port_tlb_flush",
	    quiesce_changes, 3, 1, NEED_TLB | NEED_THREAD },
	{ "quiesce_parks", "F-B13 INV-R1", "xcpu_port_kick",
	    quiesce_parks, 3, 2, 0 },
	{ "quiesce_times_out", "F-B13 INV-R3", "xcpu_port_now_ns",
	    quiesce_times_out, 3, 2, NEED_TLB },
	{ "quiesce_misuse", "F-B26", "xcpu_port_tlb_flush",
	    quiesce_misuse, 3, 1, NEED_TLB },
};

SELFTEST_GROUP(selftest_quiesce, cases);
