/* SPDX-License-Identifier: BSD-2-Clause */
/* pages.c: reading through the TLBs of other CPUs, each in a thread. */
#include "suite.h"

/* Plain: written by each CPU in its thread, read after the join. */
static struct {
	struct xcpu_space *space;
	uint64_t va;
	int error[XCPU_NCPU_MAX];
	uint64_t value[XCPU_NCPU_MAX];
	bool allowed[XCPU_NCPU_MAX];
} page;

uint64_t
selftest_page(const struct selftest *t, unsigned number)
{
	const struct xcpu_selftest_tlb *tlb = t->host->tlb;

	return tlb->user_va + ((uint64_t)number << tlb->page_shift);
}

uint64_t
selftest_kernel_page(const struct selftest *t, unsigned number)
{
	const struct xcpu_selftest_tlb *tlb = t->host->tlb;

	return tlb->kernel_va + ((uint64_t)number << tlb->page_shift);
}

uint64_t
selftest_page_bytes(const struct selftest *t)
{
	return (uint64_t)1 << t->host->tlb->page_shift;
}

bool
selftest_map(struct selftest *t, struct xcpu_space *space, uint64_t va,
    uint64_t value)
{
	return EXPECT(t, t->host->tlb->map(space, va, value));
}

static void
load_here(void *arg)
{
	(void)arg;
	page.error[xcpu_cpu_index()] = xcpu_space_switch(page.space);
}

bool
selftest_load(struct selftest *t, const struct xcpu_cpuset *set,
    struct xcpu_space *space)
{
	unsigned outer = t->cpu;
	bool good;

	page.space = space;
	good = selftest_on_each(t, set, load_here, NULL);
	for_each_cpu (cpu, set) {
		t->cpu = cpu;
		good &= EXPECT_EQ(t, page.error[cpu], 0);
	}
	t->cpu = outer;
	return good;
}

static void
read_here(void *arg)
{
	unsigned cpu = xcpu_cpu_index();
	const struct selftest *t = arg;

	page.value[cpu] = 0;
	page.allowed[cpu] = t->host->tlb->read(page.va, &page.value[cpu]);
}

bool
selftest_look(struct selftest *t, const struct xcpu_cpuset *set, uint64_t va)
{
	page.va = va;
	for_each_cpu (cpu, set)
		page.allowed[cpu] = false;
	return selftest_on_each(t, set, read_here, t);
}

uint64_t
selftest_saw(unsigned cpu)
{
	return page.allowed[cpu] ? page.value[cpu] : 0;
}

bool
selftest_reads(struct selftest *t, const struct xcpu_cpuset *set, uint64_t va,
    uint64_t value)
{
	unsigned outer = t->cpu;
	bool good = selftest_look(t, set, va);

	for_each_cpu (cpu, set) {
		t->cpu = cpu;
		good &= EXPECT_EQ(t, page.allowed[cpu], value != 0);
		if (value != 0)
			good &= EXPECT_EQ(t, page.value[cpu], value);
	}
	t->cpu = outer;
	return good;
}

#define FEW 8

void
selftest_below_top(struct selftest *t, struct xcpu_space *space)
{
	/* rlx: nobody else changes it */
	for (unsigned i = 0; i < 2 * FEW &&
	    xcpu_load_rlx(&space->generation) + FEW >= XCPU_SPACE_TOP; i++)
		EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
}
