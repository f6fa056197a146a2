/* SPDX-License-Identifier: BSD-2-Clause */
/* late_suite.c: see late_suite.h. */
#include "late_suite.h"

struct xcpu_async selftest_late_job;
struct xcpu_cpuset selftest_late_other;
struct selftest_hold selftest_late_hold;
struct xcpu_au32 selftest_late_announced;

/* Of the CPU that is lazy. */
static struct {
	struct xcpu_au32 lazy, wake, asleep;
	int entered, left;
} seen;

void
selftest_late_announce(void *arg)
{
	(void)arg;
	count_up(&selftest_late_announced);
}

void
selftest_late_set_up(struct selftest *t)
{
	selftest_late_job = (struct xcpu_async){ .callback = NULL };
	xcpu_store_rlx(&selftest_late_announced, 0);
	xcpu_cpuset_one(&selftest_late_other, t->other);
	selftest_load(t, &selftest_late_other, t->host->tlb->space[0]);
}

void
selftest_late_tear_down(struct selftest *t)
{
	EXPECT(t, xcpu_async_done(&selftest_late_job));
	selftest_load(t, &selftest_late_other, NULL);
}

void
selftest_late_reads(struct selftest *t, unsigned page, uint64_t value)
{
	selftest_reads(t, &selftest_late_other, selftest_page(t, page), value);
}

void
selftest_late_change(struct selftest *t, unsigned page, uint64_t value)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, page);

	selftest_map(t, space, va, value + 1000);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	selftest_late_reads(t, page, value + 1000);
	selftest_map(t, space, va, value);
}

int
selftest_late_add(struct selftest *t, unsigned page, unsigned flags)
{
	struct xcpu_flush_opt opt = { .flags = flags };

	return xcpu_async_add(&selftest_late_job, t->host->tlb->space[0],
	    selftest_page(t, page), selftest_page_bytes(t), &opt);
}

bool
selftest_late_change_held(struct selftest *t, unsigned page, uint64_t value)
{
	selftest_late_change(t, page, value);
	selftest_below_top(t, t->host->tlb->space[0]);
	return selftest_hold_one(t, &selftest_late_hold, t->other);
}

void
selftest_late_pass(void *arg)
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
selftest_late_lull(struct selftest *t)
{
	xcpu_store_rlx(&seen.lazy, 0);
	xcpu_store_rlx(&seen.wake, 0);
	xcpu_store_rlx(&seen.asleep, 0);
	selftest_below_top(t, t->host->tlb->space[0]);
	return selftest_thread(t, t->other, be_lazy, NULL) &&
	    EXPECT(t, AWAIT(count_of(&seen.lazy) != 0));
}

void
selftest_late_wake(struct selftest *t)
{
	flag_set(&seen.wake);
	selftest_join(t, t->other);
	EXPECT_EQ(t, seen.entered, 0);
	EXPECT_EQ(t, seen.left, 0);
	EXPECT_EQ(t, count_of(&seen.asleep), 0);
}
