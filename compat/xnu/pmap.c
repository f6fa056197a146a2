/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmap.c: XNU's TLB shootdown over xcpu's.
 *
 * Per CPU, written by it alone: its task's pmap, and whether it has stepped
 * aside.  Others look at the latter for a picture only: who has a root loaded
 * says the space's own set.
 *
 * A CPU that steps aside takes the root out.  One that left it in could be passed
 * over only where no tables are freed, and these interfaces do not say when they
 * are.  So flushes here take intermediate entries with them, too.
 *
 * Deadlock: xcpu's waits only.
 */
#include <stdbool.h>

#include <xcpu/async.h>
#include <xcpu/doorbell.h>
#include <xcpu/domain.h>
#include <xcpu/flush.h>
#include <xcpu/space.h>

#include <i386/pmap.h>

#include "mp_host.h"

static struct {
	struct pmap *task;		/* NULL: the kernel's */
	struct xcpu_au32 aside;
} __attribute__((aligned(XCPU_LINE_BYTES))) roots[XCPU_NCPU_MAX];

static struct pmap the_kernel_pmap;
pmap_t kernel_pmap = &the_kernel_pmap;

void
pmap_attach_kernel(void)
{
	pmap_attach(kernel_pmap, xcpu_space_kernel(), FALSE);
}

void
pmap_attach(pmap_t pmap, struct xcpu_space *space, boolean_t shared)
{
	pmap->pm_space = space;
	pmap->pm_shared = shared;
}

/* ---- flushing ---- */

/* The kernel's are not freed, so that CPUs in user code need not hear of it. */
static const struct xcpu_flush_opt *
tables_of(const struct pmap *pmap)
{
	static const struct xcpu_flush_opt opt = { .flags = XCPU_FLUSH_TABLES };

	return pmap != kernel_pmap ? &opt : NULL;
}

/* len 0 is all that there is: 2^64 bytes. */
static int
flush_now(pmap_t pmap, uint64_t start, uint64_t len)
{
	/* Under every tag: they are part of other spaces. */
	if (pmap->pm_shared)
		return xcpu_shootdown_all(xcpu_space_kernel(), tables_of(pmap));
	if (len == 0)
		return xcpu_shootdown_all(pmap->pm_space, tables_of(pmap));
	return xcpu_shootdown(pmap->pm_space, start, len, tables_of(pmap));
}

static int
flush_later(pmap_t pmap, uint64_t start, uint64_t len, struct xcpu_async *job)
{
	if (pmap->pm_shared)
		return xcpu_async_add_all(job, xcpu_space_kernel(), tables_of(pmap));
	if (len == 0)
		return xcpu_async_add_all(job, pmap->pm_space, tables_of(pmap));
	return xcpu_async_add(job, pmap->pm_space, start, len, tables_of(pmap));
}

void
pmap_flush_tlbs(pmap_t pmap, vm_map_offset_t start, vm_map_offset_t end,
    int options, pmap_flush_context *pfc)
{
	const uint64_t in_page = PAGE_SIZE - 1;
	uint64_t first = start & ~in_page;
	uint64_t len = ((end + in_page) & ~in_page) - first;

	(void)options;	/* the context says it all */
	if (end != 0 && end <= start)
		return;
	if (pfc != NULL) {
		mp_must(flush_later(pmap, first, len, &pfc->pfc_job),
		    "pmap_flush_tlbs: a CPU does not flush");
		return;
	}
	mp_trace(PMAP__FLUSH_TLBS | DBG_FUNC_START, cpu_number());
	mp_must(flush_now(pmap, first, len),
	    "pmap_flush_tlbs: a CPU does not flush");
	mp_trace(PMAP__FLUSH_TLBS | DBG_FUNC_END, cpu_number());
}

void
pmap_flush_context_init(pmap_flush_context *pfc)
{
	*pfc = (pmap_flush_context){ .pfc_job = { .callback = NULL } };
}

void
pmap_flush(pmap_flush_context *pfc)
{
	mp_trace(PMAP__FLUSH_DELAYED_TLBS | DBG_FUNC_START, cpu_number());
	mp_must(xcpu_async_wait(&pfc->pfc_job),
	    "pmap_flush: a CPU does not flush");
	mp_trace(PMAP__FLUSH_DELAYED_TLBS | DBG_FUNC_END, cpu_number());
}

void
pmap_update_interrupt(void)
{
	xcpu_poll();
}

/* ---- roots ---- */

/* Load a root for the task, or none; whoever waits for the old one hears of it. */
static void
load(pmap_t pmap, bool aside)
{
	struct xcpu_space *space = pmap != NULL ? pmap->pm_space : NULL;

	/* rlx: a picture */
	xcpu_store_rlx(&roots[cpu_number()].aside, aside);
	mp_must(xcpu_space_switch(space), "");
	xcpu_poll();
}

void
pmap_switch(pmap_t pmap)
{
	unsigned long state = xcpu_port_irq_save();

	roots[cpu_number()].task = pmap != kernel_pmap ? pmap : NULL;
	load(roots[cpu_number()].task, false);
	xcpu_port_irq_restore(state);
}

void
pmap_load_kernel_cr3(void)
{
	unsigned long state = xcpu_port_irq_save();

	load(NULL, false);
	xcpu_port_irq_restore(state);
}

void
x86_filter_TLB_coherency_interrupts(boolean_t dofilter)
{
	unsigned long state = xcpu_port_irq_save();

	load(dofilter ? NULL : roots[cpu_number()].task, dofilter);
	xcpu_port_irq_restore(state);
}

boolean_t
pmap_cr3_is_active(int cpu)
{
	if (cpu < 0 || (unsigned)cpu >= real_ncpus)
		return FALSE;
	/* rlx: a picture */
	return xcpu_load_rlx(&roots[cpu].aside) == 0;
}
