/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * i386/pmap.h: XNU's TLB shootdown over xcpu, and what a CPU says of its root.
 *
 * A kernel's own struct pmap holds, or points to, a struct pmap of this page:
 *
 *	xcpu_space_init(&p->space, p);
 *	pmap_attach(&p->pmap, &p->space, FALSE);
 *	...
 *	pmap_switch(&p->pmap);			(each CPU)
 *	entry = 0; pmap_flush_tlbs(&p->pmap, start, end, 0, NULL);
 *	...
 *	pmap_switch(kernel_pmap);
 *	xcpu_space_destroy(&p->space);
 *
 * A pmap is the task's of a CPU from pmap_switch() to the next one.  In between
 * the CPU may step aside: pmap_load_kernel_cr3(), MARK_CPU_IDLE() and
 * CPU_CR3_MARK_INACTIVE() all take the root out, so that whoever changes the
 * pmap need not interrupt it, nor fear that it walks tables that are freed; the
 * way back compares generations, and flushes what was missed.  So nothing here is
 * left to what a CPU thinks of another's flags.
 *
 * What differs from the original is in its favour:
 *
 *	- A CPU has flushed when it says so; a second request is not lost in the
 *	  first.
 *	- Only CPUs that had the root loaded are interrupted, and only pages that
 *	  were named are forgotten, unless they are many.
 *	- The wait serves the other CPUs, interrupts masked or not, and is
 *	  bounded by xcpu_port_stall(), which may send NMIs.
 *	- A CPU that is idle is interrupted when kernel_pmap changes, or a shared
 *	  pmap: it runs the kernel.  One in user code is not, for kernel_pmap.
 */
#ifndef XCPU_XNU_I386_PMAP_H
#define XCPU_XNU_I386_PMAP_H

#include <stddef.h>
#include <stdint.h>

#include <xcpu/async.h>
#include <xcpu/entry.h>
#include <xcpu/space.h>

#include <mach/boolean.h>
#include <mach/vm_types.h>

/* Private, but for whoever embeds it. */
typedef struct pmap {
	struct xcpu_space *pm_space;
	boolean_t pm_shared;
} *pmap_t;

/* The caller's, from its init to the return of pmap_flush(). */
typedef struct {
	struct xcpu_async pfc_job;
} pmap_flush_context;

#define PMAP_DELAY_TLB_FLUSH 0x01

/* Trace points, as in <i386/mp.h>; the CPU is the calling one. */
#define PMAP__FLUSH_TLBS 0x01560000u
#define PMAP__FLUSH_DELAYED_TLBS 0x01560004u

#ifdef __cplusplus
extern "C" {
#endif

/* The kernel's; set by mp_attach(). */
extern pmap_t kernel_pmap;

/*
 * pmap_attach: a pmap and its space.  `shared`: its tables are linked into those
 * of others (a shared region), so that every CPU may hold its translations.
 *
 * Context: any; before anybody else knows the pmap.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    two stores.
 * Returns: nothing.
 */
void pmap_attach(pmap_t pmap, struct xcpu_space *space, boolean_t shared);

/*
 * pmap_flush_tlbs: every CPU forgets [start, end) of a pmap, the own one too.
 *
 * With a context it is left to pmap_flush(), together with others.  An end of 0
 * is the top of the address space.  Tables that translated the range may be
 * freed afterwards, but for those of kernel_pmap.
 *
 * Context: as xcpu_shootdown(), the pmap locked; with a context as
 *          xcpu_async_add().
 * Waits:   as xcpu_shootdown(); if the stall hook gives up it panics.  With a
 *          context, never.
 * Order:   as xcpu_shootdown().
 * Cost:    as xcpu_shootdown(); a shared pmap is a full flush of all CPUs.
 * Returns: nothing.
 */
void pmap_flush_tlbs(pmap_t pmap, vm_map_offset_t start, vm_map_offset_t end,
    int options, pmap_flush_context *pfc);

/*
 * pmap_flush_context_init: an empty context, in any old memory.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    clears it.
 * Returns: nothing.
 */
void pmap_flush_context_init(pmap_flush_context *pfc);

/*
 * pmap_flush: do what a context has collected.  It is empty again then.
 *
 * Context: as xcpu_async_wait(), as pmap_flush_tlbs().
 * Waits:   as xcpu_async_wait(); if the stall hook gives up it panics.
 * Order:   as xcpu_async_wait().
 * Cost:    one round of the CPUs concerned, however much was collected.
 * Returns: nothing.
 */
void pmap_flush(pmap_flush_context *pfc);

/*
 * pmap_update_interrupt: forget what this CPU was told to; now.
 *
 * Context: as xcpu_poll().
 * Waits:   never.
 * Order:   as xcpu_poll().
 * Cost:    one load when there is nothing to do.
 * Returns: nothing.
 */
void pmap_update_interrupt(void);

/*
 * pmap_switch: this CPU's task has this pmap; load its root.
 *
 * Context: as xcpu_space_switch().
 * Waits:   never.
 * Order:   as xcpu_space_switch().
 * Cost:    as xcpu_space_switch().
 * Returns: nothing.
 */
void pmap_switch(pmap_t pmap);

/*
 * pmap_load_kernel_cr3: this CPU goes on with the kernel's root alone, until its
 * next pmap_switch().
 *
 * Context: as xcpu_space_switch().
 * Waits:   never.
 * Order:   as xcpu_space_switch(); whoever waits for this CPU to flush has its
 *          answer on return.
 * Cost:    as xcpu_space_switch().
 * Returns: nothing.
 */
void pmap_load_kernel_cr3(void);

/*
 * x86_filter_TLB_coherency_interrupts: TRUE: this CPU does not use its task's
 * root; FALSE: it does again, up to date.
 *
 * Context: as xcpu_space_switch().
 * Waits:   never.
 * Order:   as pmap_load_kernel_cr3(), and xcpu_space_switch().
 * Cost:    as xcpu_space_switch().
 * Returns: nothing.
 */
void x86_filter_TLB_coherency_interrupts(boolean_t dofilter);

/* The same by other names: around a halt, and around what needs no root. */
#define MARK_CPU_IDLE(my_cpu)						\
	((void)(my_cpu), x86_filter_TLB_coherency_interrupts(TRUE))
#define MARK_CPU_ACTIVE(my_cpu)						\
	((void)(my_cpu), x86_filter_TLB_coherency_interrupts(FALSE))
#define CPU_CR3_MARK_INACTIVE()	x86_filter_TLB_coherency_interrupts(TRUE)
#define CPU_CR3_MARK_ACTIVE()	x86_filter_TLB_coherency_interrupts(FALSE)

/*
 * PMAP_ACTIVATE_KERNEL, PMAP_DEACTIVATE_KERNEL: the kernel begins to run here, from
 * user code; user code does.  In between this CPU is not signalled for kernel_pmap,
 * and is up to date with it when the former is through.
 *
 * Needs xcpu_entry_init(); whoever does not call them is always inside.
 *
 * Context: as xcpu_kernel_enter(), xcpu_kernel_exit().
 * Waits:   never.
 * Order:   as xcpu_kernel_enter(), xcpu_kernel_exit().
 * Cost:    as xcpu_kernel_enter(), xcpu_kernel_exit().
 * Returns: nothing.
 */
#define PMAP_ACTIVATE_KERNEL(my_cpu)	((void)(my_cpu), (void)xcpu_kernel_enter())
#define PMAP_DEACTIVATE_KERNEL(my_cpu)	((void)(my_cpu), xcpu_kernel_exit())

/*
 * pmap_cr3_is_active: does a CPU use its task's root?
 *
 * Context: any.
 * Waits:   never.
 * Order:   relaxed: a picture, by which nothing may be decided.
 * Cost:    one load.
 * Returns: TRUE or FALSE; FALSE: no such CPU.
 */
boolean_t pmap_cr3_is_active(int cpu);
#define CPU_CR3_IS_ACTIVE(cpu)	pmap_cr3_is_active(cpu)

#ifdef __cplusplus
}
#endif

#endif /* XCPU_XNU_I386_PMAP_H */
