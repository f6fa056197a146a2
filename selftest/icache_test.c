/* SPDX-License-Identifier: BSD-2-Clause */
/* icache_test.c: instructions that were changed; the hook only counts here. */
#include "suite.h"

static struct xcpu_icache icache;

static struct {
	uint32_t synced[XCPU_NCPU_MAX];	/* plain: the call orders it */
	uint32_t open;
} seen;

static void
hook(void)
{
	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		seen.open++;
	seen.synced[xcpu_cpu_index()]++;
}

static void
set_up(struct selftest *t)
{
	for_each_cpu (cpu, &t->all)
		seen.synced[cpu] = 0;
	seen.open = 0;
	EXPECT_EQ(t, xcpu_icache_init(&icache, t->host->tlb->space[0], hook),
	    0);
}

static void
expect_synced(struct selftest *t, const struct xcpu_cpuset *set, uint32_t want)
{
	unsigned outer = t->cpu;

	for_each_cpu (cpu, set) {
		t->cpu = cpu;
		EXPECT_EQ(t, seen.synced[cpu], want);
	}
	t->cpu = outer;
	EXPECT_EQ(t, seen.open, 0);
}

static void
enter(void *arg)
{
	(void)arg;
	xcpu_icache_enter(&icache);
}

/* Kills: a CPU that runs the space and is not asked; one that is, and does not. */
static void
icache_syncs(struct selftest *t)
{
	struct xcpu_cpuset other, rest;

	set_up(t);
	xcpu_cpuset_one(&other, t->other);
	rest = t->all;
	xcpu_cpuset_andnot(&rest, &other);
	selftest_load(t, &other, t->host->tlb->space[0]);
	for (uint32_t i = 1; i <= 3; i++) {
		EXPECT_EQ(t, xcpu_icache_sync(&icache), 0);
		expect_synced(t, &other, i);
		expect_synced(t, &rest, 0);
	}
	/* It has done so already. */
	selftest_on(t, t->other, enter, NULL);
	expect_synced(t, &other, 3);
	selftest_load(t, &other, NULL);
}

/* Kills: a mark that is not set, not looked at, or never cleared. */
static void
icache_late(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];

	set_up(t);
	selftest_load(t, &t->all, space);
	selftest_on_each(t, &t->all, enter, NULL);
	expect_synced(t, &t->all, 0);
	selftest_load(t, &t->all, NULL);
	for (uint32_t i = 1; i <= 3; i++) {
		EXPECT_EQ(t, xcpu_icache_sync(&icache), 0);
		EXPECT_EQ(t, xcpu_icache_sync(&icache), 0);
		expect_synced(t, &t->all, i - 1);
		selftest_load(t, &t->all, space);
		selftest_on_each(t, &t->all, enter, NULL);
		expect_synced(t, &t->all, i);
		selftest_on_each(t, &t->all, enter, NULL);
		expect_synced(t, &t->all, i);
		selftest_load(t, &t->all, NULL);
	}
}

/* Kills: cores outside the set; cores left out. */
static void
icache_set(struct selftest *t)
{
	set_up(t);
	EXPECT_EQ(t, xcpu_icache_sync_set(&t->others, hook), 0);
	expect_synced(t, &t->others, 1);
	EXPECT_EQ(t, seen.synced[t->self], 0);
	EXPECT_EQ(t, xcpu_icache_sync_set(&t->all, hook), 0);
	expect_synced(t, &t->others, 2);
	EXPECT_EQ(t, seen.synced[t->self], 1);
}

static void
icache_misuse(struct selftest *t)
{
	EXPECT_EQ(t, xcpu_icache_init(&icache, NULL, hook), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_icache_init(&icache, xcpu_space_kernel(), hook),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_icache_init(&icache, t->host->tlb->space[0], NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_icache_sync(NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_icache_sync_set(&t->all, NULL), -XCPU_EINVAL);
}

static const struct selftest_case cases[] = {
	{ "icache_syncs", "F-B14", "xcpu_port_kick",
	    icache_syncs, 3, 2, NEED_TLB | NEED_THREAD },
	{ "icache_late", "F-B14 INV-S4", "xcpu_port_root_load",
	    icache_late, 3, 1, NEED_TLB | NEED_THREAD },
	{ "icache_set", "F-B14", "xcpu_port_kick",
	    icache_set, 3, 1, NEED_TLB },
	{ "icache_misuse", "F-B26", "xcpu_port_context",
	    icache_misuse, 3, 1, NEED_TLB },
};

SELFTEST_GROUP(selftest_icache, cases);
