/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xnu_flush.c: each behaviour of pmap_flush_tlbs, one test.  The TLBs are those
 * of the threads port: what is not flushed stays.
 */
#include <string.h>

#include "xnu_test.h"

static struct memory m, other;

/* On a CPU, by an own step of its thread. */
static void
idle(void *unused)
{
	(void)unused;
	MARK_CPU_IDLE(cpu_number());
}

static void
wake(void *unused)
{
	(void)unused;
	MARK_CPU_ACTIVE(cpu_number());
}

/* ---- who is asked ---- */

/* Each CPU has the page in its TLB; after the flush none has. */
static void
test_everybody(void)
{
	memory_new(&m);
	for (uint64_t page = 0; page < 3; page++)
		page_new(m.space, VA(page), 70 + page);
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++) {
		switch_on(cpu, &m.pmap);
		CHECK(peek_on(cpu, VA(0)) == 70 && peek_on(cpu, VA(1)) == 71);
		CHECK(peek_on(cpu, VA(2)) == 72);
	}
	mach_frame_free(page_take(m.space, VA(2)));
	/* Not told yet, so it is there still: what follows shows something. */
	CHECK(peek_on(host.ncpu - 1, VA(2)) != FAULTED);
	pmap_flush_tlbs(&m.pmap, VA(2), VA(3), 0, NULL);
	/* Unaligned, and not the first page; nothing in between is lost. */
	(void)page_take(m.space, VA(1));
	pmap_flush_tlbs(&m.pmap, VA(1) + 8, VA(1) + 16, 0, NULL);
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++) {
		CHECK(peek_on(cpu, VA(1)) == FAULTED);
		CHECK(peek_on(cpu, VA(2)) == FAULTED);
		CHECK(peek_on(cpu, VA(0)) == 70);
	}
	memory_free(&m);
}

static void
test_only_those(void)
{
	uint64_t before;

	memory_new(&m);
	memory_new(&other);
	page_new(m.space, VA(0), 1);
	switch_on(1, &m.pmap);
	switch_on(2, &other.pmap);
	CHECK(peek_on(1, VA(0)) == 1);
	(void)page_take(m.space, VA(0));
	before = kicks();
	pmap_flush_tlbs(&m.pmap, VA(0), VA(1), 0, NULL);
	CHECK(kicks() == before + 1);
	CHECK(peek_on(1, VA(0)) == FAULTED);
	/* Nothing to do, and nobody to ask. */
	pmap_flush_tlbs(&m.pmap, VA(1), VA(1), 0, NULL);
	pmap_flush_tlbs(&m.pmap, VA(1), VA(0), 0, NULL);
	CHECK(kicks() == before + 1);
	memory_free(&m);
	memory_free(&other);
}

/* The flush of this CPU's own TLB, alone. */
static void
test_local(void)
{
	memory_new(&m);
	page_new(m.space, VA(0), 1);
	pmap_switch(&m.pmap);
	CHECK(peek(VA(0)) == 1);
	(void)page_take(m.space, VA(0));
	CHECK(peek(VA(0)) == 1);
	pmap_flush_tlbs(&m.pmap, VA(0), VA(1), 0, NULL);
	CHECK(peek(VA(0)) == FAULTED);
	memory_free(&m);
}

/* ---- several at once ---- */

static void
test_context(void)
{
	pmap_flush_context pfc;
	uint64_t before;

	memory_new(&m);
	memory_new(&other);
	for (uint64_t i = 0; i < 12; i++) {
		page_new(m.space, VA(i), i);
		page_new(other.space, VA(i), i);
	}
	switch_on(1, &m.pmap);
	switch_on(2, &other.pmap);
	for (uint64_t i = 0; i < 12; i++)
		CHECK(peek_on(1, VA(i)) == i && peek_on(2, VA(i)) == i);
	memset(&pfc, 0xee, sizeof(pfc));
	before = kicks();
	pmap_flush_context_init(&pfc);
	for (uint64_t i = 1; i < 12; i += 2) {
		(void)page_take(m.space, VA(i));
		pmap_flush_tlbs(&m.pmap, VA(i), VA(i + 1),
		    PMAP_DELAY_TLB_FLUSH, &pfc);
		(void)page_take(other.space, VA(i));
		pmap_flush_tlbs(&other.pmap, VA(i), VA(i + 1),
		    PMAP_DELAY_TLB_FLUSH, &pfc);
	}
	/* Put off: nobody was asked, and nothing is forgotten. */
	CHECK(kicks() == before);
	CHECK(peek_on(1, VA(1)) == 1 && peek_on(2, VA(11)) == 11);
	pmap_flush(&pfc);
	CHECK(kicks() == before + 2);
	for (uint64_t i = 0; i < 12; i++) {
		CHECK(peek_on(1, VA(i)) == (i % 2 == 0 ? i : FAULTED));
		CHECK(peek_on(2, VA(i)) == (i % 2 == 0 ? i : FAULTED));
	}
	pmap_flush(&pfc);
	CHECK(kicks() == before + 2);
	memory_free(&m);
	memory_free(&other);
}

/* ---- all of it ---- */

static void
test_whole(void)
{
	pmap_flush_context pfc;

	memory_new(&m);
	page_new(m.space, VA(0), 1);
	page_new(m.space, VA(99), 2);
	page_new(m.space, VA(5), 3);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == 1 && peek_on(1, VA(99)) == 2);
	(void)page_take(m.space, VA(0));
	(void)page_take(m.space, VA(99));
	pmap_flush_tlbs(&m.pmap, 0, ~(vm_map_offset_t)0, 0, NULL);
	CHECK(peek_on(1, VA(0)) == FAULTED && peek_on(1, VA(99)) == FAULTED);
	CHECK(peek_on(1, VA(5)) == 3);
	(void)page_take(m.space, VA(5));
	pmap_flush_context_init(&pfc);
	pmap_flush_tlbs(&m.pmap, 0, 0, PMAP_DELAY_TLB_FLUSH, &pfc);
	pmap_flush(&pfc);
	CHECK(peek_on(1, VA(5)) == FAULTED);
	memory_free(&m);
}

/* ---- what is everybody's ---- */

#define LAST_PAGE	(~(uint64_t)0 - PAGE_SIZE + 1)

static void
test_kernel(void)
{
	struct mach_space *kernel = mach_space_kernel();

	page_new(kernel, KERNEL_VA(5), 1);
	page_new(kernel, LAST_PAGE, 2);
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++)
		CHECK(peek_on(cpu, KERNEL_VA(5)) == 1 &&
		    peek_on(cpu, LAST_PAGE) == 2);
	if (host.ncpu > 1)
		run_on(1, idle, NULL);
	(void)page_take(kernel, KERNEL_VA(5));
	pmap_flush_tlbs(kernel_pmap, KERNEL_VA(5), KERNEL_VA(6), 0, NULL);
	(void)page_take(kernel, LAST_PAGE);
	pmap_flush_tlbs(kernel_pmap, LAST_PAGE, 0, 0, NULL);
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++)
		CHECK(peek_on(cpu, KERNEL_VA(5)) == FAULTED &&
		    peek_on(cpu, LAST_PAGE) == FAULTED);
	if (host.ncpu > 1)
		run_on(1, wake, NULL);
}

/* CPU 0 has it in the one, CPU 1 in the other; then it is in neither. */
static void
lose_in_both(uint64_t va)
{
	page_new(m.space, va, 1);
	page_new(other.space, va, 2);
	CHECK(peek_on(0, va) == 1 && peek_on(1, va) == 2);
	(void)page_take(m.space, va);
	(void)page_take(other.space, va);
}

/* A region that two spaces have part of: no CPU has its own pmap loaded. */
static void
test_shared(void)
{
	static struct pmap region;
	pmap_flush_context pfc;

	memory_new(&m);
	memory_new(&other);
	pmap_attach(&region, NULL, TRUE);
	switch_on(0, &m.pmap);
	switch_on(1, &other.pmap);
	lose_in_both(VA(0));
	pmap_flush_tlbs(&region, VA(0), VA(1), 0, NULL);
	CHECK(peek_on(0, VA(0)) == FAULTED && peek_on(1, VA(0)) == FAULTED);
	lose_in_both(VA(1));
	pmap_flush_context_init(&pfc);
	pmap_flush_tlbs(&region, VA(1), VA(2), PMAP_DELAY_TLB_FLUSH, &pfc);
	pmap_flush(&pfc);
	CHECK(peek_on(0, VA(1)) == FAULTED && peek_on(1, VA(1)) == FAULTED);
	memory_free(&m);
	memory_free(&other);
}

/* ---- local and global apart ---- */

static void
test_apart(void)
{
	struct mach_space *kernel = mach_space_kernel();

	memory_new(&m);
	page_new(m.space, VA(0), 1);
	page_new(m.space, VA(1), 2);
	page_new(kernel, KERNEL_VA(9), 3);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == 1 && peek_on(1, VA(1)) == 2);
	CHECK(peek_on(1, KERNEL_VA(9)) == 3);
	(void)page_take(m.space, VA(0));
	(void)page_take(m.space, VA(1));
	(void)page_take(kernel, KERNEL_VA(9));
	/* The pmap's, all of it: the kernel's stay, which nobody asked for. */
	pmap_flush_tlbs(&m.pmap, VA(1), VA(4096), 0, NULL);
	CHECK(peek_on(1, KERNEL_VA(9)) == 3);
	CHECK(peek_on(1, VA(0)) == FAULTED && peek_on(1, VA(1)) == FAULTED);
	page_new(m.space, VA(0), 4);
	CHECK(peek_on(1, VA(0)) == 4);
	(void)page_take(m.space, VA(0));
	pmap_flush_tlbs(kernel_pmap, KERNEL_VA(9), KERNEL_VA(10), 0, NULL);
	CHECK(peek_on(1, VA(0)) == 4);
	CHECK(peek_on(1, KERNEL_VA(9)) == FAULTED);
	memory_free(&m);
}

/* Loaded, left, and loaded again: kept if nothing has changed, else not. */
static void
test_tagged(void)
{
	memory_new(&m);
	memory_new(&other);
	for (uint64_t i = 0; i < 2; i++)
		page_new(m.space, VA(i), i);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == 0 && peek_on(1, VA(1)) == 1);
	switch_on(1, &other.pmap);
	(void)page_take(m.space, VA(0));
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == (HOST_ASIDS == 1 ? 0 : FAULTED));
	switch_on(1, &other.pmap);
	pmap_flush_tlbs(&m.pmap, VA(0), VA(1), 0, NULL);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == FAULTED && peek_on(1, VA(1)) == 1);
	memory_free(&m);
	memory_free(&other);
}

const struct compat_test xnu_flush[] = {
	{ "pmap_flush_tlbs: every CPU that has the root, this one too",
	    "F-X1 F-X4 INV-S1", 1, test_everybody },
	{ "pmap_flush_tlbs: those CPUs, and no others",
	    "F-X1 F-B2", 3, test_only_those },
	{ "pmap_flush_tlbs: this CPU alone", "F-X4", 1, test_local },
	{ "MARK_CPU_IDLE: not signalled, flushes as it wakes",
	    "F-X2 INV-S4 INV-S5", 2, test_idle },
	{ "CPU_CR3_MARK_INACTIVE: not signalled, flushes as it comes back",
	    "F-X2 INV-S4 INV-S5", 2, test_inactive },
	{ "pmap_load_kernel_cr3: not signalled, flushes at the next switch",
	    "F-X2 INV-S4 INV-S5", 2, test_kernel_root },
	{ "a CPU in user code is not signalled for kernel_pmap",
	    "F-X7 INV-S4", 2, test_user_code },
	{ "the wait ends when the CPU flushes", "F-X3", 2, test_ends_flushed },
	{ "the wait ends when the CPU steps aside",
	    "F-X3", 2, test_ends_inactive },
	{ "the wait ends when the CPU stops running",
	    "F-X3", 2, test_ends_stopped },
	{ "the wait ends by an NMI, if the host says so",
	    "F-X3 X5", 2, test_ends_by_nmi },
	{ "a flush context: put off, then all at once",
	    "F-X5", 3, test_context },
	{ "a whole pmap", "F-X1 F-X5", 2, test_whole },
	{ "kernel_pmap: every CPU, to the top of the address space",
	    "F-X1 INV-S9", 1, test_kernel },
	{ "a shared pmap: every CPU, whatever is loaded",
	    "F-X1", 2, test_shared },
	{ "a pmap's entries and the kernel's apart", "F-X6", 2, test_apart },
	{ "what a pmap left in a TLB is kept, or forgotten",
	    "F-X6", 2, test_tagged },
	{ NULL, NULL, 0, NULL }
};
