/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb_shootdown.h: Theseus' tlb_shootdown over xcpu.
 *
 * The kernel has one address space.  Its memory subsystem changes page-table
 * entries and calls broadcast_tlb_shootdown(), the NMI vector calls
 * handle_tlb_shootdown_ipi(), and in the kernel:
 *
 *	boot CPU	xcpu_domain_init(), xcpu_cpu_online(),
 *			tlb_shootdown_init(), before the others start
 *	other CPUs	xcpu_cpu_online(), before they unmap anything
 *	interrupt	xcpu_on_ipi(): what an NMI has to leave comes here
 *
 * tlb_shootdown.rs gives the same to Rust, under Theseus' own names.  What
 * differs from the original is in its favour:
 *
 *	- Initiators run side by side, and each waits for its own pages only.
 *	- Each CPU answers for itself: an NMI that comes twice, late, or from
 *	  elsewhere, answers for nobody.
 *	- A wait that lasts is reported, and kicks again.
 *	- The calling CPU forgets the pages, too.
 *	- Many pages are one full flush (xcpu_flush_set_ceiling()).
 */
#ifndef XCPU_THESEUS_TLB_SHOOTDOWN_H
#define XCPU_THESEUS_TLB_SHOOTDOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * tlb_shootdown_init: shootdowns come by xcpu_port_kick_nmi() from now on.
 *
 * Gives the two functions below to the hooks that are set.
 *
 * Context: thread, on the boot CPU, once it is online and before others are.
 * Waits:   never.
 * Order:   none: the host publishes it by starting the CPUs.
 * Cost:    a few stores.
 * Returns: nothing.
 */
void tlb_shootdown_init(void);

/*
 * broadcast_tlb_shootdown: every CPU forgets npages pages of 4 KiB from the one
 * that `start` is in.
 *
 * Before tlb_shootdown_init(), and on a CPU that is not online while no other
 * is, there is nobody to tell, and nothing is done.  A range that leaves the
 * address space stands for all of it.
 *
 * Context: any but NMI, host locks allowed; preemption enabled or not.
 * Waits:   until every CPU that is online has flushed, with interrupts off,
 *          serving others.  Where the stall hook gives that up, or this CPU is
 *          not online but others are, the kernel panics.
 * Order:   as xcpu_shootdown().
 * Cost:    an NMI per CPU that does not look by itself.
 * Returns: nothing.
 */
void broadcast_tlb_shootdown(uintptr_t start, size_t npages);

/*
 * handle_tlb_shootdown_ipi: serve what broadcasts have for this CPU.
 *
 * Takes no lock and logs nothing.  Look for other causes whatever it answers:
 * hardware makes one NMI of several.  And where it made one of two of ours, one
 * NMI more is taken for a late one.
 *
 * Context: NMI, on any CPU, online or not.
 * Waits:   never.
 * Order:   as xcpu_on_nmi().
 * Cost:    two read-modify-writes, and the flush.
 * Returns: true when pages were flushed, by this call, or when an NMI comes late,
 *          before it; false for an NMI of others.
 */
bool handle_tlb_shootdown_ipi(void);

/*
 * What tlb_shootdown_init() registers with, set before it; NULL (the default):
 * the kernel calls the functions itself.  The second is for machines where
 * shootdowns have an inter-processor interrupt of their own.
 */
extern void (*set_broadcast_tlb_shootdown_cb)(
    void (*broadcast)(uintptr_t start, size_t npages));
extern void (*setup_tlb_shootdown_ipi_handler)(bool (*handler)(void));

#ifdef __cplusplus
}
#endif

#endif /* XCPU_THESEUS_TLB_SHOOTDOWN_H */
