/* SPDX-License-Identifier: BSD-2-Clause */
/* late_suite.c: see late_suite.h. */
#include "late_suite.h"

struct xcpu_async late_job;
struct xcpu_cpuset late_other;
struct selftest_hold late_hold;
struct xcpu_au32 late_announced;

/* Of the CPU that is lazy. */
static struct {
	struct xcpu_au32 lazy, wake, asleep;
	int entered, left;
} seen;

void
late_announce(void *arg)
{
	(void)arg;
	count_up(&late_announced);
}

void
late_set_up(struct selftest *t)
{
	late_job = (struct xcpu_async){ .callback = NULL };
	xcpu_store_rlx(&late_announced, 0);
	xcpu_cpuset_one(&late_other, t->other);
	selftest_load(t, &late_other, t->host->tlb->space[0]);
}

void
late_tear_down(struct selftest *t)
{
	EXPECT(t, xcpu_async_done(&late_job));
	selftest_load(t, &late_other, NULL);
}

void
late_reads(struct selftest *t, unsigned page, uint64_t value)
{
	selftest_reads(t, &late_other, selftest_page(t, page), value);
}

void
late_change(struct selftest *t, unsigned page, uint64_t value)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, page);

	selftest_map(t, space, va, value + 1000);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	late_reads(t, page, value + 1000);
	selftest_map(t, space, va, value);
}

int
late_add(struct selftest *t, unsigned page, unsigned flags)
{
	struct xcpu_flush_opt opt = { .flags = flags };

	return xcpu_async_add(&late_job, t->host->tlb->space[0],
	    selftest_page(t, page), selftest_page_bytes(t), &opt);
}

bool
late_change_held(struct selftest *t, unsigned page, uint64_t value)
{
	late_change(t, page, value);
	selftest_below_top(t, t->host->tlb->space[0]);
	return selftest_hold_one(t, &late_hold, t->other);
}

void
late_pass(void *arg)
{
	(void)arg;
	xcpu_async_pass();
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

bool
late_lull(struct selftest *t)
{
	xcpu_store_rlx(&seen.lazy, 0);
	xcpu_store_rlx(&seen.wake, 0);
	xcpu_store_rlx(&seen.asleep, 0);
	selftest_below_top(t, t->host->tlb->space[0]);
	return selftest_thread(t, t->other, be_lazy, NULL) &&
	    EXPECT(t, AWAIT(count_of(&seen.lazy) != 0));
}

void
late_wake(struct selftest *t)
{
	flag_set(&seen.wake);
	selftest_join(t, t->other);
	EXPECT_EQ(t, seen.entered, 0);
	EXPECT_EQ(t, seen.left, 0);
	EXPECT_EQ(t, count_of(&seen.asleep), 0);
}
