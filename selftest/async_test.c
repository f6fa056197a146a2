/* SPDX-License-Identifier: BSD-2-Clause */
/* async_test.c: shootdowns that nobody waits for. */
#include "late_suite.h"

/* More ranges than a space remembers, no two of them neighbours. */
#define RANGES (XCPU_SPACE_RANGES + 1)

static struct {
	uint32_t fresh;			/* plain: written before the end */
	int entered, left;
} seen;

static uint64_t
flushes(struct selftest *t, unsigned cpu)
{
	return STAT_OF(t, cpu, flush_range) + STAT_OF(t, cpu, flush_full);
}

/* ---- asked for, and not waited for ---- */

/* Kills: done before the other CPU has flushed; a start that waits for it. */
static void
async_starts(struct selftest *t)
{
	selftest_late_set_up(t);
	for (uint64_t value = 1; value <= 5; value++) {
		if (!selftest_late_change_held(t, 1, value))
			return;
		EXPECT_EQ(t, selftest_late_add(t, 1, 0), 0);
		EXPECT(t, !xcpu_async_done(&selftest_late_job));
		EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), 0);
		EXPECT(t, !xcpu_async_done(&selftest_late_job));
		EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), -XCPU_EBUSY);
		EXPECT_EQ(t, selftest_late_add(t, 2, 0), -XCPU_EBUSY);
		selftest_release(t, &selftest_late_hold);
		EXPECT(t, AWAIT(xcpu_async_done(&selftest_late_job)));
		selftest_late_reads(t, 1, value);
	}
	selftest_late_tear_down(t);
}

/* Kills: a wait that looks at nothing; one that only deferred CPUs end. */
static void
async_waits(struct selftest *t)
{
	selftest_late_set_up(t);
	for (uint64_t value = 1; value <= 15; value++) {
		selftest_late_change(t, 2, value);
		EXPECT_EQ(t, selftest_late_add(t, 2, 0), 0);
		if (value % 3 == 1)
			EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), 0);
		if (value % 3 == 2)
			EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, NEVER_NS), 0);
		EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
		selftest_late_reads(t, 2, value);
		EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
	}
	selftest_late_tear_down(t);
}

static void
look_and_announce(void *arg)
{
	(void)arg;
	seen.fresh++;
	count_up(&selftest_late_announced);
}

/* Kills: a callback before the end, twice, or never; an object that is reused. */
static void
async_calls_back(struct selftest *t)
{
	selftest_late_set_up(t);
	selftest_late_job.callback = look_and_announce;
	seen.fresh = 0;
	for (uint32_t value = 1; value <= 5; value++) {
		if (!selftest_late_change_held(t, 3, value))
			return;
		EXPECT_EQ(t, selftest_late_add(t, 3, 0), 0);
		EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, 1), -XCPU_EINVAL);
		EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), 0);
		EXPECT_EQ(t, count_of(&selftest_late_announced), value - 1);
		EXPECT(t, !xcpu_async_done(&selftest_late_job));
		EXPECT_EQ(t, selftest_late_add(t, 3, 0), -XCPU_EBUSY);
		selftest_release(t, &selftest_late_hold);
		if (value % 2 == 0)
			EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
		EXPECT(t, AWAIT(xcpu_async_done(&selftest_late_job)));
		EXPECT_EQ(t, count_of(&selftest_late_announced), value);
		EXPECT_EQ(t, seen.fresh, value);
		selftest_late_reads(t, 3, value);
	}
	/* Nobody to ask: it runs here. */
	selftest_load(t, &selftest_late_other, NULL);
	EXPECT_EQ(t, selftest_late_add(t, 3, 0), 0);
	EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), 0);
	EXPECT_EQ(t, count_of(&selftest_late_announced), 6);
	selftest_late_tear_down(t);
}

static unsigned
inside(struct selftest_hold *holds)
{
	unsigned n = 0;

	for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++)
		n += count_of(&holds[i].inside);
	return n;
}

/* Kills: a callback that is lost where no call can carry it. */
static void
async_without_slots(struct selftest *t)
{
	static struct selftest_hold holds[XCPU_CALL_SLOTS];
	unsigned n = 0, before = inside(holds);

	selftest_late_set_up(t);
	selftest_late_job.callback = selftest_late_announce;
	selftest_late_change(t, 3, 7);
	selftest_below_top(t, t->host->tlb->space[0]);
	while (n < XCPU_CALL_SLOTS && xcpu_call_start(&holds[n].call, &selftest_late_other,
	    selftest_hold_fn, &holds[n], NULL) == 0)
		n++;
	/* Before it is inside one, it would flush first. */
	EXPECT(t, AWAIT(inside(holds) != before));
	EXPECT_EQ(t, selftest_late_add(t, 3, 0), 0);
	EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), -XCPU_ENOSPC);
	EXPECT(t, !xcpu_async_done(&selftest_late_job));
	for (unsigned i = 0; i < n; i++)
		flag_set(&holds[i].released);
	EXPECT(t, AWAIT(xcpu_async_done(&selftest_late_job)));
	EXPECT_EQ(t, count_of(&selftest_late_announced), 1);
	for (unsigned i = 0; i < n; i++) {
		EXPECT(t, AWAIT(xcpu_call_done(&holds[i].call)));
		xcpu_store_rlx(&holds[i].released, 0);
	}
	selftest_late_reads(t, 3, 7);
	selftest_late_tear_down(t);
}

/* ---- several changes in one ---- */

/* Kills: a kick per change; a space that is left out; ranges not merged. */
static void
async_collects(struct selftest *t)
{
	uint64_t bytes = selftest_page_bytes(t), kernel, kicks, done;
	selftest_late_set_up(t);
	kernel = selftest_kernel_page(t, 3);
	for (uint64_t value = 1; value <= 3; value++) {
		selftest_late_change(t, 4, value);
		selftest_map(t, t->host->tlb->space[0], selftest_page(t, 5),
		    value);
		selftest_map(t, xcpu_space_kernel(), kernel, value);
		kicks = STAT_OF(t, t->self, kick_flush);
		done = flushes(t, t->other);
		EXPECT_EQ(t, selftest_late_add(t, 5, 0), 0);
		EXPECT_EQ(t, selftest_late_add(t, 4, 0), 0);
		EXPECT_EQ(t, selftest_late_add(t, 5, 0), 0);
		EXPECT_EQ(t, xcpu_async_add(&selftest_late_job, t->host->tlb->space[1],
		    selftest_page(t, 0), bytes, NULL), 0);
		EXPECT_EQ(t, xcpu_async_add(&selftest_late_job, xcpu_space_kernel(), kernel,
		    bytes, NULL), 0);
		EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
		if (XCPU_STATS != 0)
			EXPECT(t, STAT_OF(t, t->self, kick_flush) - kicks <=
			    t->ncpu - 1);
		if (XCPU_STATS != 0)
			EXPECT_EQ(t, flushes(t, t->other) - done, 2);
		selftest_late_reads(t, 4, value);
		selftest_late_reads(t, 5, value);
		selftest_reads(t, &t->all, kernel, value);
	}
	selftest_late_tear_down(t);
}

/* Kills: ranges that are forgotten when there are too many. */
static void
async_overflows(struct selftest *t)
{
	unsigned pages = 2 * RANGES < XCPU_SELFTEST_PAGES ? 2 * RANGES :
	    XCPU_SELFTEST_PAGES;
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t full;

	selftest_late_set_up(t);
	for (unsigned i = 0; i < pages; i += 2)
		selftest_map(t, space, selftest_page(t, i), 5);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	for (unsigned i = 0; i < pages; i += 2) {
		selftest_late_reads(t, i, 5);
		selftest_map(t, space, selftest_page(t, i), 6);
		EXPECT_EQ(t, selftest_late_add(t, i, 0), 0);
	}
	full = STAT_OF(t, t->other, flush_full);
	EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
	if (XCPU_STATS != 0 && pages == 2 * RANGES)
		EXPECT_EQ(t, STAT_OF(t, t->other, flush_full) - full, 1);
	for (unsigned i = 0; i < pages; i += 2)
		selftest_late_reads(t, i, 6);
	selftest_late_tear_down(t);
}

/* Kills: a range that ends at the top of the address space and becomes none. */
static void
async_top(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t half = (uint64_t)1 << 63, full;
	selftest_late_set_up(t);
	selftest_late_change(t, 6, 1);
	full = STAT_OF(t, t->other, flush_full);
	EXPECT_EQ(t, xcpu_async_add(&selftest_late_job, space, half, half, NULL), 0);
	EXPECT_EQ(t, xcpu_async_add(&selftest_late_job, space, 0, half, NULL), 0);
	EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), 0);
	EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
	if (XCPU_STATS != 0)
		EXPECT_EQ(t, STAT_OF(t, t->other, flush_full) - full, 1);
	selftest_late_reads(t, 6, 1);
	selftest_late_tear_down(t);
}

/* Kills: a kick for the flush, and one for the call. */
static void
async_calls_lazy(struct selftest *t)
{
	uint64_t kicks;

	selftest_late_set_up(t);
	selftest_late_change(t, 9, 3);
	if (!selftest_late_lull(t))
		return;
	kicks = STAT_OF(t, t->self, kick_flush) +
	    STAT_OF(t, t->self, kick_call);
	selftest_late_job.callback = selftest_late_announce;
	EXPECT_EQ(t, selftest_late_add(t, 9, XCPU_FLUSH_TABLES), 0);
	EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), 0);
	if (XCPU_STATS != 0)
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush) +
		    STAT_OF(t, t->self, kick_call) - kicks, 1);
	selftest_late_wake(t);
	EXPECT(t, AWAIT(xcpu_async_done(&selftest_late_job)));
	EXPECT_EQ(t, count_of(&selftest_late_announced), 1);
	selftest_late_reads(t, 9, 3);
	selftest_late_tear_down(t);
}

/* Kills: a form that is refused where a shootdown is not. */
static void
all_forms(void *arg)
{
	struct selftest *t = arg;

	for (unsigned form = 0; form < 3; form++) {
		EXPECT_EQ(t, selftest_late_add(t, 3, 0), 0);
		if (form == 1)
			EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), 0);
		if (form == 2)
			EXPECT_EQ(t, xcpu_async_defer(&selftest_late_job, NEVER_NS), 0);
		EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
	}
}

static void
try_in_nmi(void *arg)
{
	struct selftest *t = arg;

	seen.entered = selftest_late_add(t, 3, 0);
	seen.left = xcpu_async_start(&selftest_late_job);
	xcpu_async_pass();
}

static void
async_contexts(struct selftest *t)
{
	unsigned long state;

	selftest_late_set_up(t);
	all_forms(t);
	state = xcpu_port_irq_save();
	all_forms(t);
	xcpu_port_irq_restore(state);
	EXPECT_EQ(t, xcpu_call_self(all_forms, t), 0);
	t->host->lock();
	all_forms(t);
	/* The call that carries the callback is waited for as a call is. */
	selftest_below_top(t, t->host->tlb->space[0]);
	selftest_late_job.callback = selftest_late_announce;
	EXPECT_EQ(t, selftest_late_add(t, 3, 0), 0);
	EXPECT_EQ(t, xcpu_async_start(&selftest_late_job), 0);
	if (count_of(&selftest_late_announced) == 0)
		(void)xcpu_async_wait(&selftest_late_job);
	t->host->unlock();
	EXPECT(t, AWAIT(xcpu_async_done(&selftest_late_job)));
	EXPECT_EQ(t, count_of(&selftest_late_announced), 1);
	selftest_late_job.callback = NULL;
	if (!selftest_nmi_run(t, t->self, try_in_nmi, t))
		return;
	EXPECT_EQ(t, seen.entered, -XCPU_EPERM);
	EXPECT_EQ(t, seen.left, -XCPU_EPERM);
	selftest_late_tear_down(t);
}

/* Kills: bad ranges accepted; an empty request that is not done. */
static void
async_misuse(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, 0), bytes = selftest_page_bytes(t);

	selftest_late_job = (struct xcpu_async){ .callback = NULL };
	EXPECT(t, xcpu_async_done(&selftest_late_job));
	EXPECT_EQ(t, xcpu_async_wait(&selftest_late_job), 0);
	EXPECT_EQ(t, xcpu_async_add(&selftest_late_job, space, va, 0, NULL), 0);
	EXPECT(t, xcpu_async_done(&selftest_late_job));
	EXPECT_EQ(t, xcpu_async_add(NULL, space, va, bytes, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_add(&selftest_late_job, NULL, va, bytes, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_add(&selftest_late_job, space, va + 1, bytes, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_add(&selftest_late_job, space, ~bytes + 1, 2 * bytes, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_start(NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_wait(NULL), -XCPU_EINVAL);
	EXPECT(t, xcpu_async_done(&selftest_late_job));
}

static const struct selftest_case cases[] = {
	{ "async_starts", "F-B9 F-P7 INV-S1", "xcpu_port_tlb_flush",
	    async_starts, 3, 2, NEED_TLB | NEED_THREAD },
	{ "async_waits", "F-B9 F-P7 INV-S1", "xcpu_port_tlb_flush",
	    async_waits, 3, 2, NEED_TLB | NEED_THREAD },
	{ "async_calls_back", "F-B9", "xcpu_port_kick",
	    async_calls_back, 3, 2, NEED_TLB | NEED_THREAD },
	{ "async_calls_lazy", "F-B9 F-B5 INV-S5", "xcpu_port_kick",
	    async_calls_lazy, 3, 2, NEED_TLB | NEED_THREAD },
	{ "async_without_slots", "F-B9", "xcpu_port_kick",
	    async_without_slots, 3, 2, NEED_TLB | NEED_THREAD | NEED_SLOTS },
	{ "async_collects", "F-X5 INV-S1", "xcpu_port_tlb_flush",
	    async_collects, 3, 2, NEED_TLB | NEED_THREAD | NEED_KERNEL_PAGES },
	{ "async_overflows", "F-X5 INV-S9", "xcpu_port_tlb_flush",
	    async_overflows, 3, 2, NEED_TLB | NEED_THREAD },
	{ "async_top", "INV-S8", "xcpu_port_tlb_flush",
	    async_top, 3, 2, NEED_TLB | NEED_THREAD },
	{ "async_contexts", "F-B9 F-B26 INV-C7", "xcpu_port_context",
	    async_contexts, 4, 2, NEED_TLB | NEED_THREAD | NEED_LOCK |
	    NEED_NMI },
	{ "async_misuse", "F-B26", "xcpu_port_tlb_flush",
	    async_misuse, 3, 1, NEED_TLB },
};

SELFTEST_GROUP(selftest_async, cases);
