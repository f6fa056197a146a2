/* SPDX-License-Identifier: BSD-2-Clause */
/* async_test.c: shootdowns that nobody waits for. */
#include "suite.h"

#define SHORT_NS 20000000u
#define NEVER_NS ((uint64_t)3600 * 1000000000u)
/* More ranges than a space remembers, no two of them neighbours. */
#define RANGES (XCPU_SPACE_RANGES + 1)

static struct xcpu_async job;
static struct selftest_hold hold;

static struct {
	struct xcpu_au32 announced, lazy, wake, asleep;
	uint32_t fresh;			/* plain: written before the end */
	int entered, left;
} seen;

static void
announce(void *arg)
{
	(void)arg;
	count_up(&seen.announced);
}

static void
set_up(struct selftest *t, struct xcpu_cpuset *other)
{
	job = (struct xcpu_async){ .callback = NULL };
	xcpu_store_rlx(&seen.announced, 0);
	xcpu_cpuset_one(other, t->other);
	selftest_load(t, other, t->host->tlb->space[0]);
}

static void
tear_down(struct selftest *t, const struct xcpu_cpuset *other)
{
	EXPECT(t, xcpu_async_done(&job));
	selftest_load(t, other, NULL);
}

/* A page that the other CPU has in its TLB, and its new value, not flushed. */
static void
change(struct selftest *t, unsigned page, uint64_t value)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, page);
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	selftest_map(t, space, va, value + 1000);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	selftest_reads(t, &other, va, value + 1000);
	selftest_map(t, space, va, value);
}

static int
add(struct selftest *t, unsigned page, unsigned flags)
{
	struct xcpu_flush_opt opt = { .flags = flags };

	return xcpu_async_add(&job, t->host->tlb->space[0],
	    selftest_page(t, page), selftest_page_bytes(t), &opt);
}

/* Keep the other CPU inside a function, where it flushes nothing. */
static bool
hold_other(struct selftest *t)
{
	selftest_below_top(t, t->host->tlb->space[0]);
	return selftest_hold_one(t, &hold, t->other);
}

static void
pass(void *arg)
{
	(void)arg;
	xcpu_async_pass();
}

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
	struct xcpu_cpuset other;

	set_up(t, &other);
	for (uint64_t value = 1; value <= 5; value++) {
		change(t, 1, value);
		if (!hold_other(t))
			return;
		EXPECT_EQ(t, add(t, 1, 0), 0);
		EXPECT(t, !xcpu_async_done(&job));
		EXPECT_EQ(t, xcpu_async_start(&job), 0);
		EXPECT(t, !xcpu_async_done(&job));
		EXPECT_EQ(t, xcpu_async_start(&job), -XCPU_EBUSY);
		EXPECT_EQ(t, add(t, 2, 0), -XCPU_EBUSY);
		selftest_release(t, &hold);
		EXPECT(t, AWAIT(xcpu_async_done(&job)));
		selftest_reads(t, &other, selftest_page(t, 1), value);
	}
	tear_down(t, &other);
}

/* Kills: a wait that looks at nothing; one that only deferred CPUs end. */
static void
async_waits(struct selftest *t)
{
	struct xcpu_cpuset other;

	set_up(t, &other);
	for (uint64_t value = 1; value <= 15; value++) {
		change(t, 2, value);
		EXPECT_EQ(t, add(t, 2, 0), 0);
		if (value % 3 == 1)
			EXPECT_EQ(t, xcpu_async_start(&job), 0);
		if (value % 3 == 2)
			EXPECT_EQ(t, xcpu_async_defer(&job, NEVER_NS), 0);
		EXPECT_EQ(t, xcpu_async_wait(&job), 0);
		selftest_reads(t, &other, selftest_page(t, 2), value);
		EXPECT_EQ(t, xcpu_async_wait(&job), 0);
	}
	tear_down(t, &other);
}

static void
look_and_announce(void *arg)
{
	(void)arg;
	seen.fresh++;
	count_up(&seen.announced);
}

/* Kills: a callback before the end, twice, or never; an object that is reused. */
static void
async_calls_back(struct selftest *t)
{
	struct xcpu_cpuset other;

	set_up(t, &other);
	job.callback = look_and_announce;
	seen.fresh = 0;
	for (uint32_t value = 1; value <= 5; value++) {
		change(t, 3, value);
		if (!hold_other(t))
			return;
		EXPECT_EQ(t, add(t, 3, 0), 0);
		EXPECT_EQ(t, xcpu_async_defer(&job, 1), -XCPU_EINVAL);
		EXPECT_EQ(t, xcpu_async_start(&job), 0);
		EXPECT_EQ(t, count_of(&seen.announced), value - 1);
		EXPECT(t, !xcpu_async_done(&job));
		EXPECT_EQ(t, add(t, 3, 0), -XCPU_EBUSY);
		selftest_release(t, &hold);
		if (value % 2 == 0)
			EXPECT_EQ(t, xcpu_async_wait(&job), 0);
		EXPECT(t, AWAIT(xcpu_async_done(&job)));
		EXPECT_EQ(t, count_of(&seen.announced), value);
		EXPECT_EQ(t, seen.fresh, value);
		selftest_reads(t, &other, selftest_page(t, 3), value);
	}
	/* Nobody to ask: it runs here. */
	selftest_load(t, &other, NULL);
	EXPECT_EQ(t, add(t, 3, 0), 0);
	EXPECT_EQ(t, xcpu_async_start(&job), 0);
	EXPECT_EQ(t, count_of(&seen.announced), 6);
	tear_down(t, &other);
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
	struct xcpu_cpuset other;
	unsigned n = 0, before = inside(holds);

	set_up(t, &other);
	job.callback = announce;
	change(t, 3, 7);
	selftest_below_top(t, t->host->tlb->space[0]);
	while (n < XCPU_CALL_SLOTS && xcpu_call_start(&holds[n].call, &other,
	    selftest_hold_fn, &holds[n], NULL) == 0)
		n++;
	/* Before it is inside one, it would flush first. */
	EXPECT(t, AWAIT(inside(holds) != before));
	EXPECT_EQ(t, add(t, 3, 0), 0);
	EXPECT_EQ(t, xcpu_async_start(&job), -XCPU_ENOSPC);
	EXPECT(t, !xcpu_async_done(&job));
	for (unsigned i = 0; i < n; i++)
		flag_set(&holds[i].released);
	EXPECT(t, AWAIT(xcpu_async_done(&job)));
	EXPECT_EQ(t, count_of(&seen.announced), 1);
	for (unsigned i = 0; i < n; i++) {
		EXPECT(t, AWAIT(xcpu_call_done(&holds[i].call)));
		xcpu_store_rlx(&holds[i].released, 0);
	}
	selftest_reads(t, &other, selftest_page(t, 3), 7);
	tear_down(t, &other);
}

/* ---- several changes in one ---- */

/* Kills: a kick per change; a space that is left out; ranges not merged. */
static void
async_collects(struct selftest *t)
{
	uint64_t bytes = selftest_page_bytes(t), kernel, kicks, done;
	struct xcpu_cpuset other;

	set_up(t, &other);
	kernel = selftest_kernel_page(t, 3);
	for (uint64_t value = 1; value <= 3; value++) {
		change(t, 4, value);
		selftest_map(t, t->host->tlb->space[0], selftest_page(t, 5),
		    value);
		selftest_map(t, xcpu_space_kernel(), kernel, value);
		kicks = STAT_OF(t, t->self, kick_flush);
		done = flushes(t, t->other);
		EXPECT_EQ(t, add(t, 5, 0), 0);
		EXPECT_EQ(t, add(t, 4, 0), 0);
		EXPECT_EQ(t, add(t, 5, 0), 0);
		EXPECT_EQ(t, xcpu_async_add(&job, t->host->tlb->space[1],
		    selftest_page(t, 0), bytes, NULL), 0);
		EXPECT_EQ(t, xcpu_async_add(&job, xcpu_space_kernel(), kernel,
		    bytes, NULL), 0);
		EXPECT_EQ(t, xcpu_async_wait(&job), 0);
		if (XCPU_STATS != 0)
			EXPECT(t, STAT_OF(t, t->self, kick_flush) - kicks <=
			    t->ncpu - 1);
		if (XCPU_STATS != 0)
			EXPECT_EQ(t, flushes(t, t->other) - done, 2);
		selftest_reads(t, &other, selftest_page(t, 4), value);
		selftest_reads(t, &other, selftest_page(t, 5), value);
		selftest_reads(t, &t->all, kernel, value);
	}
	tear_down(t, &other);
}

/* Kills: ranges that are forgotten when there are too many. */
static void
async_overflows(struct selftest *t)
{
	unsigned pages = 2 * RANGES < XCPU_SELFTEST_PAGES ? 2 * RANGES :
	    XCPU_SELFTEST_PAGES;
	struct xcpu_space *space = t->host->tlb->space[0];
	struct xcpu_cpuset other;
	uint64_t full;

	set_up(t, &other);
	for (unsigned i = 0; i < pages; i += 2)
		selftest_map(t, space, selftest_page(t, i), 5);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	for (unsigned i = 0; i < pages; i += 2) {
		selftest_reads(t, &other, selftest_page(t, i), 5);
		selftest_map(t, space, selftest_page(t, i), 6);
		EXPECT_EQ(t, add(t, i, 0), 0);
	}
	full = STAT_OF(t, t->other, flush_full);
	EXPECT_EQ(t, xcpu_async_wait(&job), 0);
	if (XCPU_STATS != 0 && pages == 2 * RANGES)
		EXPECT_EQ(t, STAT_OF(t, t->other, flush_full) - full, 1);
	for (unsigned i = 0; i < pages; i += 2)
		selftest_reads(t, &other, selftest_page(t, i), 6);
	tear_down(t, &other);
}

/* Kills: a range that ends at the top of the address space and becomes none. */
static void
async_top(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t half = (uint64_t)1 << 63, full;
	struct xcpu_cpuset other;

	set_up(t, &other);
	change(t, 6, 1);
	full = STAT_OF(t, t->other, flush_full);
	EXPECT_EQ(t, xcpu_async_add(&job, space, half, half, NULL), 0);
	EXPECT_EQ(t, xcpu_async_add(&job, space, 0, half, NULL), 0);
	EXPECT_EQ(t, xcpu_async_start(&job), 0);
	EXPECT_EQ(t, xcpu_async_wait(&job), 0);
	if (XCPU_STATS != 0)
		EXPECT_EQ(t, STAT_OF(t, t->other, flush_full) - full, 1);
	selftest_reads(t, &other, selftest_page(t, 6), 1);
	tear_down(t, &other);
}

/* ---- deferred ---- */

/* Kills: a kick before the bound; passed without a flush; never passed. */
static void
defer_passes(struct selftest *t)
{
	struct xcpu_cpuset other;
	uint64_t kicks;

	set_up(t, &other);
	for (uint64_t value = 1; value <= 5; value++) {
		change(t, 7, value);
		if (!hold_other(t))
			return;
		kicks = STAT_OF(t, t->self, kick_flush);
		EXPECT_EQ(t, add(t, 7, 0), 0);
		EXPECT_EQ(t, xcpu_async_defer(&job, NEVER_NS), 0);
		EXPECT_EQ(t, xcpu_async_defer(&job, NEVER_NS), -XCPU_EBUSY);
		EXPECT(t, !xcpu_async_done(&job));
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
		selftest_release(t, &hold);
		selftest_on(t, t->other, pass, NULL);
		EXPECT(t, xcpu_async_done(&job));
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
		selftest_reads(t, &other, selftest_page(t, 7), value);
	}
	tear_down(t, &other);
}

/* Kills: a bound that nobody looks at; one that is over at once. */
static void
defer_bound(struct selftest *t)
{
	struct xcpu_cpuset other;
	uint64_t kicks, late;

	set_up(t, &other);
	change(t, 8, 1);
	if (!hold_other(t))
		return;
	kicks = STAT_OF(t, t->self, kick_flush);
	late = STAT_OF(t, t->self, late_asked);
	EXPECT_EQ(t, add(t, 8, 0), 0);
	EXPECT_EQ(t, xcpu_async_defer(&job, SHORT_NS), 0);
	selftest_spend(2 * SHORT_NS);
	EXPECT(t, !xcpu_async_done(&job));
	EXPECT(t, !xcpu_async_done(&job));
	selftest_release(t, &hold);
	EXPECT(t, AWAIT(xcpu_async_done(&job)));
	if (XCPU_STATS != 0) {
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush) - kicks, 1);
		EXPECT_EQ(t, STAT_OF(t, t->self, late_asked) - late, 1);
	}
	selftest_reads(t, &other, selftest_page(t, 8), 1);
	tear_down(t, &other);
}

/* Lazy until woken, doorbell masked. */
static void
be_lazy(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	seen.entered = xcpu_space_lazy_enter();
	flag_set(&seen.lazy);
	if (!AWAIT(count_of(&seen.wake) != 0))
		flag_set(&seen.asleep);
	seen.left = xcpu_space_lazy_leave();
	xcpu_port_irq_restore(state);
}

static bool
lull(struct selftest *t)
{
	xcpu_store_rlx(&seen.lazy, 0);
	xcpu_store_rlx(&seen.wake, 0);
	xcpu_store_rlx(&seen.asleep, 0);
	selftest_below_top(t, t->host->tlb->space[0]);
	return selftest_thread(t, t->other, be_lazy, NULL) &&
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

/* Kills: lazy CPUs waited for; passed over and not told. */
static void
defer_lazy(struct selftest *t)
{
	struct xcpu_cpuset other;
	uint64_t kicks;

	set_up(t, &other);
	change(t, 9, 1);
	if (!lull(t))
		return;
	kicks = STAT_OF(t, t->self, kick_flush);
	EXPECT_EQ(t, add(t, 9, 0), 0);
	EXPECT_EQ(t, xcpu_async_defer(&job, NEVER_NS), 0);
	EXPECT(t, xcpu_async_done(&job));
	wake(t);
	EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
	selftest_reads(t, &other, selftest_page(t, 9), 1);
	tear_down(t, &other);
}

/* Kills: tables freed under a lazy CPU. */
static void
defer_tables(struct selftest *t)
{
	struct xcpu_cpuset other;

	set_up(t, &other);
	change(t, 9, 2);
	if (!lull(t))
		return;
	EXPECT_EQ(t, add(t, 9, XCPU_FLUSH_TABLES), 0);
	EXPECT_EQ(t, xcpu_async_defer(&job, SHORT_NS), 0);
	EXPECT(t, !xcpu_async_done(&job));
	selftest_spend(2 * SHORT_NS);
	EXPECT(t, !xcpu_async_done(&job));
	wake(t);
	EXPECT(t, AWAIT(xcpu_async_done(&job)));
	selftest_reads(t, &other, selftest_page(t, 9), 2);
	tear_down(t, &other);
}

/* Kills: a kick for the flush, and one for the call. */
static void
async_calls_lazy(struct selftest *t)
{
	struct xcpu_cpuset other;
	uint64_t kicks;

	set_up(t, &other);
	change(t, 9, 3);
	if (!lull(t))
		return;
	kicks = STAT_OF(t, t->self, kick_flush) +
	    STAT_OF(t, t->self, kick_call);
	job.callback = announce;
	EXPECT_EQ(t, add(t, 9, XCPU_FLUSH_TABLES), 0);
	EXPECT_EQ(t, xcpu_async_start(&job), 0);
	if (XCPU_STATS != 0)
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush) +
		    STAT_OF(t, t->self, kick_call) - kicks, 1);
	wake(t);
	EXPECT(t, AWAIT(xcpu_async_done(&job)));
	EXPECT_EQ(t, count_of(&seen.announced), 1);
	selftest_reads(t, &other, selftest_page(t, 9), 3);
	tear_down(t, &other);
}

/* Kills: a kick for who came by since the owner last looked. */
static void
defer_passed(struct selftest *t)
{
	struct xcpu_cpuset other;
	uint64_t kicks;

	set_up(t, &other);
	change(t, 8, 2);
	EXPECT_EQ(t, add(t, 8, 0), 0);
	EXPECT_EQ(t, xcpu_async_defer(&job, NEVER_NS), 0);
	selftest_on(t, t->other, pass, NULL);
	kicks = STAT_OF(t, t->self, kick_flush);
	EXPECT_EQ(t, xcpu_async_wait(&job), 0);
	EXPECT_EQ(t, STAT_OF(t, t->self, kick_flush), kicks);
	selftest_reads(t, &other, selftest_page(t, 8), 2);
	tear_down(t, &other);
}

/* Kills: a form that is refused where a shootdown is not. */
static void
all_forms(void *arg)
{
	struct selftest *t = arg;

	for (unsigned form = 0; form < 3; form++) {
		EXPECT_EQ(t, add(t, 3, 0), 0);
		if (form == 1)
			EXPECT_EQ(t, xcpu_async_start(&job), 0);
		if (form == 2)
			EXPECT_EQ(t, xcpu_async_defer(&job, NEVER_NS), 0);
		EXPECT_EQ(t, xcpu_async_wait(&job), 0);
	}
}

static void
try_in_nmi(void *arg)
{
	struct selftest *t = arg;

	seen.entered = add(t, 3, 0);
	seen.left = xcpu_async_start(&job);
	xcpu_async_pass();
}

static void
async_contexts(struct selftest *t)
{
	struct xcpu_cpuset other;
	unsigned long state;

	set_up(t, &other);
	all_forms(t);
	state = xcpu_port_irq_save();
	all_forms(t);
	xcpu_port_irq_restore(state);
	EXPECT_EQ(t, xcpu_call_self(all_forms, t), 0);
	t->host->lock();
	all_forms(t);
	/* The call that carries the callback is waited for as a call is. */
	selftest_below_top(t, t->host->tlb->space[0]);
	job.callback = announce;
	EXPECT_EQ(t, add(t, 3, 0), 0);
	EXPECT_EQ(t, xcpu_async_start(&job), 0);
	if (count_of(&seen.announced) == 0)
		(void)xcpu_async_wait(&job);
	t->host->unlock();
	EXPECT(t, AWAIT(xcpu_async_done(&job)));
	EXPECT_EQ(t, count_of(&seen.announced), 1);
	job.callback = NULL;
	if (!selftest_nmi_run(t, t->self, try_in_nmi, t))
		return;
	EXPECT_EQ(t, seen.entered, -XCPU_EPERM);
	EXPECT_EQ(t, seen.left, -XCPU_EPERM);
	tear_down(t, &other);
}

/* Kills: bad ranges accepted; an empty request that is not done. */
static void
async_misuse(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, 0), bytes = selftest_page_bytes(t);

	job = (struct xcpu_async){ .callback = NULL };
	EXPECT(t, xcpu_async_done(&job));
	EXPECT_EQ(t, xcpu_async_wait(&job), 0);
	EXPECT_EQ(t, xcpu_async_add(&job, space, va, 0, NULL), 0);
	EXPECT(t, xcpu_async_done(&job));
	EXPECT_EQ(t, xcpu_async_add(NULL, space, va, bytes, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_add(&job, NULL, va, bytes, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_add(&job, space, va + 1, bytes, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_add(&job, space, ~bytes + 1, 2 * bytes, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_start(NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_async_wait(NULL), -XCPU_EINVAL);
	EXPECT(t, xcpu_async_done(&job));
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
	{ "async_contexts", "F-B9 F-B26 INV-C7", "xcpu_port_context",
	    async_contexts, 4, 2, NEED_TLB | NEED_THREAD | NEED_LOCK |
	    NEED_NMI },
	{ "async_misuse", "F-B26", "xcpu_port_tlb_flush",
	    async_misuse, 3, 1, NEED_TLB },
};

SELFTEST_GROUP(selftest_async, cases);
