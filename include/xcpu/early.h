/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early.h: shootdowns that wait for less.
 *
 * A CPU that has claimed its FLUSH bit runs nothing but the flush until that is
 * done, with its doorbell masked.  So whoever takes data away from a user need
 * not wait for the flush: what the user did is over with the claim, and what he
 * does next comes after the flush.  xcpu_shootdown_early() returns when every CPU
 * has claimed, which is sooner by the flush itself (a full one, or one that an
 * NMI or the hypervisor holds up: by all of that).
 *
 *	old = pte_clear(pt, va);
 *	error = xcpu_shootdown_early(&s->tlb, va, 4096, NULL);
 *	if (error == 0)
 *		frame_free(old);
 *
 * When a host may say so, each time it does:
 *
 *	- what it gives back afterwards is data of ordinary memory.  A walker or
 *	  a speculative access may still go through the old entry, and must find
 *	  nothing there that reading disturbs: no page table, no device, no memory
 *	  that is switched off or given to another guest.
 *	- nothing touches user memory between the claim and the flush: no NMI
 *	  handler (nor what xcpu_nmi_call() runs, nor a debugger on a CPU that an
 *	  NMI has stopped), no XCPU_TRACE hook, not xcpu_port_tlb_flush() before it
 *	  has flushed.  The interrupt's entry comes before the claim, and may.
 *	- what the mapping kept others from is nobody's security: a right that is
 *	  taken from the kernel itself waits for the flush.
 *
 * and the port says XCPU_PORT_EARLY (config.h).
 *
 * What it never weakens: page tables that are freed, the kernel's space and its
 * global entries, spaces with notifiers (which are told when all CPUs have
 * forgotten).  All of these wait as xcpu_shootdown() does, and so does everything
 * where the port says nothing.
 *
 * Pairs that need a lock outside: none.
 */
#ifndef XCPU_EARLY_H
#define XCPU_EARLY_H

#include <stdint.h>

#include <xcpu/flush.h>
#include <xcpu/space.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_shootdown_early: no CPU accesses [start, start + len) of a space through
 * an old translation any more.
 *
 * Context: as xcpu_shootdown().
 * Waits:   until every CPU that may hold an old translation has claimed the
 *          request, serving as xcpu_shootdown() does.
 * Order:   entries written before the call are what everybody's next access
 *          finds  [G1]; accesses through the old ones happened before the
 *          return  [D5].
 * Cost:    as xcpu_shootdown(), without the answers; a read-modify-write of the
 *          domain's round, which every target reads.
 * Returns: as xcpu_shootdown(); -XCPU_ETIMEDOUT: some CPU may still access by
 *          the old translations.
 */
int xcpu_shootdown_early(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_EARLY_H */
