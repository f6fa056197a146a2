/* SPDX-License-Identifier: BSD-2-Clause */
/* entry_test.c: CPUs in user code, and pages of the kernel. */
#include "suite.h"

static struct {
	struct xcpu_au32 outside, wake, asleep;
	bool was, again;
} seen;

/* Stands masked, so that a shootdown that asks it does not end before it wakes. */
static void
stay_outside(void *unused)
{
	unsigned long state = xcpu_port_irq_save();

	(void)unused;
	xcpu_kernel_exit();
	flag_set(&seen.outside);
	if (!AWAIT(count_of(&seen.wake) != 0))
		flag_set(&seen.asleep);
	seen.was = xcpu_kernel_enter();
	seen.again = xcpu_kernel_enter();
	xcpu_port_irq_restore(state);
}

/* Kills: CPUs outside that are asked; coming in without a look. */
static void
entry_kernel(struct selftest *t)
{
	struct xcpu_space *kernel = xcpu_space_kernel();
	uint64_t va = selftest_kernel_page(t, 0);
	uint64_t bytes = selftest_page_bytes(t);
	uint64_t avoided = STAT_OF(t, t->self, avoid_user);
	uint64_t caught = STAT_OF(t, t->other, catch_up_user);
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	/* Late, but nobody else shoots down now. */
	EXPECT_EQ(t, xcpu_entry_init(xcpu_port_self()->domain), 0);
	EXPECT_EQ(t, xcpu_entry_init(NULL), -XCPU_EINVAL);
	selftest_map(t, kernel, va, 1);
	EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
	for (uint64_t value = 2; value <= 4; value++) {
		selftest_reads(t, &other, va, value - 1);
		xcpu_store_rlx(&seen.outside, 0);
		xcpu_store_rlx(&seen.wake, 0);
		if (!selftest_thread(t, t->other, stay_outside, NULL) ||
		    !EXPECT(t, AWAIT(count_of(&seen.outside) != 0)))
			return;
		selftest_map(t, kernel, va, value);
		EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
		flag_set(&seen.wake);
		selftest_join(t, t->other);
		EXPECT_EQ(t, seen.was, true);
		EXPECT_EQ(t, seen.again, false);
		EXPECT_EQ(t, count_of(&seen.asleep), 0);
		selftest_reads(t, &other, va, value);
	}
	if (XCPU_STATS != 0) {
		EXPECT_EQ(t, STAT_OF(t, t->self, avoid_user) - avoided, 3);
		EXPECT_EQ(t, STAT_OF(t, t->other, catch_up_user) - caught, 3);
	}
	/* Inside it is asked. */
	selftest_map(t, kernel, va, 5);
	EXPECT_EQ(t, xcpu_shootdown(kernel, va, bytes, NULL), 0);
	selftest_reads(t, &other, va, 5);
}

static const struct selftest_case cases[] = {
	{ "entry_kernel", "F-X7 F-B12 INV-S4", "xcpu_port_tlb_flush",
	    entry_kernel, 3, 2, NEED_TLB | NEED_KERNEL_PAGES | NEED_THREAD },
};

SELFTEST_GROUP(selftest_entry, cases);
