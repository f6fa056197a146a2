/* SPDX-License-Identifier: BSD-2-Clause */
/* shootdown_test.c: shootdowns against each other, locks, and absent CPUs. */
#include "suite.h"

static struct {
	struct xcpu_space *space;
	const struct selftest *t;
	struct xcpu_au32 errors, arrived;
	struct xcpu_au32 spinning, stop, stopped;
	int off, on;
	uint64_t value;
	bool allowed;
} seen;

static void
reset(struct selftest *t)
{
	seen.t = t;
	seen.space = t->host->tlb->space[0];
	xcpu_store_rlx(&seen.errors, 0);
	xcpu_store_rlx(&seen.arrived, 0);
	xcpu_store_rlx(&seen.spinning, 0);
	xcpu_store_rlx(&seen.stop, 0);
	xcpu_store_rlx(&seen.stopped, 0);
}

/* One page each, all at the same time, with the doorbell masked. */
static void
shoot_own_page(void *arg)
{
	const struct selftest *t = seen.t;
	unsigned cpu = xcpu_cpu_index();
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	count_up(&seen.arrived);
	(void)AWAIT(count_of(&seen.arrived) >= t->ncpu);
	if (xcpu_shootdown(seen.space,
	    selftest_page(t, cpu % XCPU_SELFTEST_PAGES),
	    selftest_page_bytes(t), NULL) != 0)
		count_up(&seen.errors);
	xcpu_port_irq_restore(state);
}

/* Everybody changes a page, and everybody reads them all. */
static void
cross(struct selftest *t, unsigned round)
{
	unsigned pages = t->ncpu < XCPU_SELFTEST_PAGES ? t->ncpu :
	    XCPU_SELFTEST_PAGES;

	xcpu_store_rlx(&seen.arrived, 0);
	for (unsigned i = 0; i < pages; i++)
		selftest_map(t, seen.space, selftest_page(t, i),
		    round * 100 + i);
	selftest_on_each(t, &t->all, shoot_own_page, NULL);
	for (unsigned i = 0; i < pages; i++)
		selftest_reads(t, &t->all, selftest_page(t, i),
		    round * 100 + i);
}

/* Kills: an initiator that waits without serving; requests that overwrite. */
static void
shootdown_cross(struct selftest *t)
{
	unsigned rounds = t->ncpu <= 8 ? 8 : 1;

	reset(t);
	selftest_load(t, &t->all, seen.space);
	for (unsigned round = 1; round <= rounds; round++)
		cross(t, round);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	selftest_load(t, &t->all, NULL);
}

/* Loaded nowhere: anew, and so many counts below the top. */
static void
set_below_top(struct selftest *t, uint64_t counts)
{
	EXPECT_EQ(t, xcpu_space_destroy(seen.space), 0);
	xcpu_space_init(seen.space, seen.space->host);
	xcpu_store_rlx(&seen.space->generation, XCPU_SPACE_TOP - counts);
}

/* Kills: a shootdown past the top that returns, or restarts, before its time. */
static void
top_cross(struct selftest *t)
{
	unsigned rounds = t->ncpu <= 8 ? 8 : 1;

	reset(t);
	for (unsigned round = 1; round <= rounds; round++) {
		set_below_top(t, round % 3 + 1);
		selftest_load(t, &t->all, seen.space);
		cross(t, round);
		cross(t, rounds + round);
		selftest_load(t, &t->all, NULL);
		EXPECT(t, xcpu_load_rlx(&seen.space->generation) <
		    XCPU_SPACE_TOP);
	}
	EXPECT_EQ(t, count_of(&seen.errors), 0);
}

/* What a host's spin loop does, masked, while somebody else has the lock. */
static void
spin_and_poll(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	flag_set(&seen.spinning);
	if (!AWAIT((xcpu_poll(), count_of(&seen.stop) != 0)))
		count_up(&seen.errors);
	flag_set(&seen.stopped);
	xcpu_port_irq_restore(state);
}

/* Kills: xcpu_poll() that serves nothing; a shootdown refused under a lock. */
static void
poll_under_lock(struct selftest *t)
{
	uint64_t va = selftest_page(t, 0), bytes = selftest_page_bytes(t);
	struct xcpu_cpuset other;

	reset(t);
	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, seen.space);
	selftest_map(t, seen.space, va, 1);
	EXPECT_EQ(t, xcpu_shootdown(seen.space, va, bytes, NULL), 0);
	selftest_reads(t, &other, va, 1);
	selftest_map(t, seen.space, va, 2);
	if (!selftest_thread(t, t->other, spin_and_poll, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&seen.spinning) != 0));
	t->host->lock();
	EXPECT_EQ(t, xcpu_shootdown(seen.space, va, bytes, NULL), 0);
	t->host->unlock();
	/* It was served while it was masked, not after. */
	EXPECT_EQ(t, count_of(&seen.stopped), 0);
	flag_set(&seen.stop);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	selftest_reads(t, &other, va, 2);
	selftest_load(t, &other, NULL);
}

static struct {
	struct xcpu_au32 runs;
	int id;
} polled;

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&polled.runs);
}

/* Kills: a poll that runs functions where a lock is held; lost afterwards. */
static void
poll_runs_no_function(struct selftest *t)
{
	unsigned long state;

	xcpu_store_rlx(&polled.runs, 0);
	polled.id = xcpu_event_register(count_run, NULL);
	t->host->lock();
	state = xcpu_port_irq_save();
	EXPECT_EQ(t, xcpu_event_post_self(polled.id), 0);
	xcpu_poll();
	xcpu_poll();
	EXPECT_EQ(t, count_of(&polled.runs), 0);
	xcpu_port_irq_restore(state);
	t->host->unlock();
	EXPECT(t, AWAIT(count_of(&polled.runs) == 1));
	EXPECT_EQ(t, xcpu_event_unregister(polled.id), 0);
}

/* Away with an old translation of a kernel page in its TLB. */
static void
go_and_read(void *arg)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state = xcpu_port_irq_save();
	uint64_t va = *(const uint64_t *)arg;

	seen.off = xcpu_cpu_offline();
	flag_set(&seen.spinning);
	(void)AWAIT(count_of(&seen.stop) != 0);
	seen.on = xcpu_cpu_online(self);
	xcpu_port_irq_restore(state);
	seen.allowed = seen.t->host->tlb->read(va, &seen.value);
}

/* Kills: online without a full flush. */
static void
online_flushes(struct selftest *t)
{
	static uint64_t va;
	struct xcpu_space *kernel = xcpu_space_kernel();
	uint64_t bytes = selftest_page_bytes(t);

	reset(t);
	va = selftest_kernel_page(t, 1);
	selftest_map(t, kernel, va, 1);
	EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
	selftest_reads(t, &t->all, va, 1);
	if (!selftest_thread(t, t->other, go_and_read, &va))
		return;
	EXPECT(t, AWAIT(count_of(&seen.spinning) != 0));
	selftest_map(t, kernel, va, 2);
	/* Does not wait for a CPU that is off. */
	EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
	flag_set(&seen.stop);
	selftest_join(t, t->other);
	EXPECT_EQ(t, seen.off, 0);
	EXPECT_EQ(t, seen.on, 0);
	EXPECT(t, seen.allowed);
	EXPECT_EQ(t, seen.value, 2);
}

/* Kills: progress in the kernel's space that a CPU keeps while it is away. */
static void
top_without_one(struct selftest *t)
{
	static uint64_t va;
	struct xcpu_space *kernel = xcpu_space_kernel();
	uint64_t bytes = selftest_page_bytes(t);

	reset(t);
	va = selftest_kernel_page(t, 2);
	selftest_map(t, kernel, va, 1);
	while (xcpu_load_rlx(&kernel->generation) >= XCPU_SPACE_TOP - 3)
		EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
	xcpu_store_rlx(&kernel->generation, XCPU_SPACE_TOP - 3);
	EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
	if (!selftest_thread(t, t->other, go_and_read, &va))
		return;
	EXPECT(t, AWAIT(count_of(&seen.spinning) != 0));
	/* To the top, and some counts of the new numbers. */
	selftest_map(t, kernel, va, 2);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
	EXPECT_EQ(t, xcpu_load_rlx(&kernel->generation), 1 + 2);
	flag_set(&seen.stop);
	selftest_join(t, t->other);
	EXPECT_EQ(t, seen.value, 2);
	for (uint64_t value = 3; value <= 5; value++) {
		selftest_map(t, kernel, va, value);
		EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
		selftest_reads(t, &t->all, va, value);
	}
}

static void
flush_in_nmi(void *arg)
{
	(void)arg;
	if (xcpu_on_nmi())
		count_up(&seen.arrived);
	flag_set(&seen.stop);
}

/* One NMI to the calling CPU, taken before this returns. */
static void
nmi_here(void)
{
	xcpu_store_rlx(&seen.stop, 0);
	seen.t->host->nmi(xcpu_cpu_index(), flush_in_nmi, NULL);
	(void)AWAIT(count_of(&seen.stop) != 0);
}

/* Masked, until NMIs have found a flush ten times, or the shootdown is over. */
static void
stay_masked(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	flag_set(&seen.spinning);
	(void)AWAIT((nmi_here(), count_of(&seen.arrived) >= 10 ||
	    count_of(&seen.stopped) != 0));
	if (count_of(&seen.stopped) != 0)
		count_up(&seen.errors);
	xcpu_port_irq_restore(state);
}

/*
 * Kills: an NMI that answers for the section it interrupted, which may hold one
 * of the old numbers.
 */
static void
top_waits_for_masked(struct selftest *t)
{
	uint64_t va = selftest_page(t, 0), bytes = selftest_page_bytes(t);

	reset(t);
	set_below_top(t, 1);
	if (!selftest_thread(t, t->other, stay_masked, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&seen.spinning) != 0));
	EXPECT_EQ(t, xcpu_shootdown(seen.space, va, bytes, NULL), 0);
	flag_set(&seen.stopped);
	selftest_join(t, t->other);
	EXPECT_EQ(t, xcpu_load_rlx(&seen.space->generation), 1);
	EXPECT(t, count_of(&seen.arrived) >= 10);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
}

static const struct selftest_case cases[] = {
	{ "shootdown_cross", "F-T4 INV-S1 INV-C7 BUG-32",
	    "xcpu_port_context, xcpu_port_tlb_flush", shootdown_cross, 3, 2,
	    NEED_TLB | NEED_THREAD },
	{ "poll_under_lock", "F-B24 INV-C7 BUG-33 BUG-35",
	    "xcpu_port_context, lock()", poll_under_lock, 3, 2,
	    NEED_TLB | NEED_THREAD | NEED_LOCK },
	{ "poll_runs_no_function", "F-B24 BUG-17", "xcpu_port_context",
	    poll_runs_no_function, 0, 1, NEED_LOCK },
	{ "online_flushes", "F-B20 INV-S13", "xcpu_port_tlb_flush",
	    online_flushes, 3, 2, NEED_KERNEL_PAGES | NEED_THREAD },
	{ "top_cross", "INV-S6 INV-S1 BUG-101",
	    "xcpu_port_context, xcpu_port_tlb_flush", top_cross, 3, 2,
	    NEED_TLB | NEED_THREAD },
	{ "top_without_one", "INV-S6 INV-S13 BUG-101", "xcpu_port_tlb_flush",
	    top_without_one, 3, 2, NEED_KERNEL_PAGES | NEED_THREAD },
	{ "top_waits_for_masked", "INV-S6 BUG-101", "xcpu_port_context",
	    top_waits_for_masked, 4, 2, NEED_TLB | NEED_THREAD | NEED_NMI },
};

SELFTEST_GROUP(selftest_shootdown, cases);
