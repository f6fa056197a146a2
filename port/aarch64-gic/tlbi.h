/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlbi.h: make this CPU, or all of them, forget translations.
 *
 * A request of xcpu becomes one of three:
 *
 *	pages of a space	TLBI VAE1 under its ASID; VALE1 when no table is
 *				freed, which keeps the upper levels
 *	all of a space		TLBI ASIDE1
 *	of the kernel		the same under every ASID: VAAE1, VAALE1, VMALLE1
 *
 * and for all CPUs at once the same with IS, for the inner shareable domain: it
 * must hold them all.  The DSB behind waits until every CPU has forgotten, and
 * has finished the accesses that it began through what it forgot.
 *
 *	void
 *	xcpu_port_tlb_flush(const struct xcpu_flush *request)
 *	{
 *		xcpu_arm_tlb_flush(request, asid_of(request->space));
 *	}
 *
 *	void
 *	xcpu_port_tlb_remote(const struct xcpu_flush *request,
 *	    struct xcpu_cpuset *todo)
 *	{
 *		xcpu_arm_tlb_remote(request, asid_of(request->space), todo);
 *	}
 *
 * Without ASIDs pass 0, and load every root with ASID 0.
 */
#ifndef XCPU_ARM_TLBI_H
#define XCPU_ARM_TLBI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcpu/cpuset.h>
#include <xcpu/flush.h>

/* Set before the first CPU goes online; both false on a machine in order. */
struct xcpu_arm_tlb {
	/* Broadcasts cannot be relied on: every CPU is kicked instead. */
	bool no_broadcast;
	/* One TLBI and DSB may leave something: both are done twice. */
	bool repeat;
};

extern struct xcpu_arm_tlb xcpu_arm_tlb;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_arm_tlb_flush: forget what a request says, on the calling CPU.
 *
 * Context: xcpu_port_tlb_flush(), xcpu_port_root_load().
 * Waits:   never.
 * Order:   as xcpu_port_tlb_flush() asks.
 * Cost:    a TLBI per page, a DSB, an ISB; twice that with `repeat`.
 * Returns: nothing.
 */
void xcpu_arm_tlb_flush(const struct xcpu_flush *request, unsigned asid);

/*
 * xcpu_arm_tlb_remote: the same, on every CPU; *todo is empty then, or as it was
 * if broadcasts cannot be relied on.
 *
 * Context: xcpu_port_tlb_remote().
 * Waits:   never.
 * Order:   as xcpu_port_tlb_remote() asks, given that the request's entries were
 *          published.
 * Cost:    as xcpu_arm_tlb_flush(); the other CPUs pay as well.
 * Returns: nothing.
 */
void xcpu_arm_tlb_remote(const struct xcpu_flush *request, unsigned asid,
    struct xcpu_cpuset *todo);

/* All under an ASID, or all there is, on the calling CPU; as _tlb_flush(). */
void xcpu_arm_tlb_flush_asid(unsigned asid);
void xcpu_arm_tlb_flush_all(void);

/*
 * xcpu_arm_replace: a page table entry that is in use becomes another one, with
 * nothing in between that the architecture forbids (break before make).
 *
 * Needed whenever the frame, the memory type or the size of what is mapped
 * changes: two CPUs, or two accesses of one CPU, must not hold both.  [va, va +
 * len) is what the entry covers: a page, a block, or a table's whole reach.
 * Whoever uses it meanwhile faults, finds it gone, and tries again.
 *
 * Context: as xcpu_shootdown().
 * Waits:   as xcpu_shootdown().
 * Order:   on return no CPU uses the old entry.
 * Cost:    a shootdown of that range, with tables.
 * Returns: 0; errors of xcpu_shootdown(): what was mapped is then gone.
 */
int xcpu_arm_replace(struct xcpu_space *space, uint64_t va, uint64_t len,
    uint64_t *entry, uint64_t value);

/*
 * xcpu_arm_code_written: instructions were stored at these addresses; what any
 * CPU fetches after it has done xcpu_arm_core_sync() is at least as new.  The
 * first half of xcpu_icache_sync(), whose hook is the second.
 *
 * Context: any; the addresses can be read.
 * Waits:   never.
 * Order:   the stores before, then fetches of any CPU behind an ISB.
 * Cost:    one instruction per cache line, or two; two DSBs.
 * Returns: nothing.
 */
void xcpu_arm_code_written(const void *start, size_t len_bytes);
void xcpu_arm_core_sync(void);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_ARM_TLBI_H */
