/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb.c: every drop of a translation, counted, so that the oracle knows which
 * CPU may still hold an old one.
 *
 * The counts are coarse on the safe side: pages share a counter, and a count
 * rises before the TLB drops, so equal stamps are never wrong.
 */
#include "kernel.h"

#define FILL_PAGES	512
#define FILL_NS		UINT64_C(30000000)

static void
count(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELEASE);
}

static uint64_t *
page_counter(struct cpu *cpu, uint64_t va)
{
	return &cpu->drop_page[(va >> MACH_PAGE_SHIFT) % DROP_STAMPS];
}

uint64_t
mach_drop_stamp(unsigned cpu, uint64_t va)
{
	return __atomic_load_n(&cpus[cpu].drop_full, __ATOMIC_ACQUIRE) +
	    __atomic_load_n(page_counter(&cpus[cpu], va), __ATOMIC_ACQUIRE);
}

void
mach_blind_arm(unsigned cpu)
{
	cpus[cpu].blind_taken = false;
	cpus[cpu].blind_armed = true;
}

bool
mach_blind_taken(unsigned cpu)
{
	return cpus[cpu].blind_taken;
}

/* Whether the flush that was just asked for is the one to leave out. */
bool
tlb_blind(void)
{
	struct cpu *cpu = cpu_self();

	if (!cpu->blind_armed)
		return false;
	cpu->blind_armed = false;
	cpu->blind_taken = true;
	return true;
}

void
tlb_drop_page(uint64_t va)
{
	count(page_counter(cpu_self(), va));
	tlb_flush_page(va);
}

/*
 * QEMU sizes a TLB when it flushes it, by how full it was of late.  A kernel
 * that touches few pages gets a small one, where pages push each other out,
 * and then a stale translation is not there to be seen.  So a TLB about to be
 * dropped is filled first, often enough for QEMU to remember; with the frames
 * that follow the root's, for there is memory.
 */
static void
tlb_keep_large(struct cpu *cpu)
{
	uint64_t now = mach_now_ns();
	uint64_t page;

	if (now < cpu->fill_next_ns)
		return;
	cpu->fill_next_ns = now + FILL_NS;
	for (page = 0; page < FILL_PAGES; page++)
		*(const volatile char *)phys_to_virt(kernel_root +
		    page * MACH_PAGE_SIZE);
}

void
tlb_drop_all(void)
{
	struct cpu *cpu = cpu_self();

	count(&cpu->drop_full);
	tlb_keep_large(cpu);
	tlb_flush_all();
}

/* Loads a root, the loaded one too: drops all but the kernel's pages. */
void
tlb_drop_by_root(uint64_t root)
{
	struct cpu *cpu = cpu_self();

	count(&cpu->drop_full);
	tlb_keep_large(cpu);
	root_load(root);
}
