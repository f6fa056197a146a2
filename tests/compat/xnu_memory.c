/* SPDX-License-Identifier: BSD-2-Clause */
/* xnu_memory.c: pmaps over the page tables and TLBs of the threads port. */
#include <stdlib.h>
#include <string.h>

#include "xnu_test.h"

void
memory_new(struct memory *memory)
{
	memory->space = mach_space_new();
	if (memory->space == NULL)
		abort();
	pmap_attach(&memory->pmap, mach_space_xcpu(memory->space), FALSE);
}

void
memory_free(struct memory *memory)
{
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++)
		switch_on(cpu, kernel_pmap);
	mach_space_free(memory->space);
}

void
page_new(struct mach_space *space, uint64_t va, uint64_t tag)
{
	mach_frame frame = mach_frame_take(tag);

	if (frame == 0 ||
	    mach_map(space, va, frame, MACH_WRITE | MACH_USER) != 0)
		abort();
}

mach_frame
page_take(struct mach_space *space, uint64_t va)
{
	return mach_unmap(space, va);
}

uint64_t
peek(uint64_t va)
{
	struct mach_access access = { .va = va, .op = MACH_READ };

	mach_access(MACH_AS_KERNEL, &access, 1);
	return access.fault ? FAULTED : access.value;
}

/* ---- on other CPUs ---- */

struct errand {
	uint64_t va;
	uint64_t value;
	pmap_t pmap;
};

static void
run_peek(void *arg)
{
	struct errand *errand = arg;

	errand->value = peek(errand->va);
}

static void
run_switch(void *arg)
{
	pmap_switch(((struct errand *)arg)->pmap);
}

void
run_on(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	if (cpu == (unsigned)cpu_number()) {
		fn(arg);
		return;
	}
	compat_start(cpu, fn, arg);
	compat_join(cpu);
}

uint64_t
peek_on(unsigned cpu, uint64_t va)
{
	struct errand errand = { .va = va };

	run_on(cpu, run_peek, &errand);
	return errand.value;
}

void
switch_on(unsigned cpu, pmap_t pmap)
{
	struct errand errand = { .pmap = pmap };

	run_on(cpu, run_switch, &errand);
}

uint64_t
kicks(void)
{
	struct mach_counts counts;
	struct xcpu_totals totals;

	memset(&totals, 0, sizeof(totals));
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++)
		CHECK(xcpu_stat_sum(mach_domain(), cpu, &totals) == 0);
	mach_counts(&counts);
	return counts.kicks_sent - totals.rekick;
}
