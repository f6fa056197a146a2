/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbi.h: interrupt other CPUs, and make them forget translations, through the
 * firmware: SBI's extensions IPI and RFENCE.
 *
 * For any riscv64 kernel in S-mode.  A kick sets the target's SSIP bit; a fence
 * is done by the firmware of the target, in M-mode, whatever the target masks,
 * and is over when the call returns.
 *
 * Pairs that need a lock outside: none.
 */
#ifndef XCPU_SBI_H
#define XCPU_SBI_H

#include "harts.h"

#define XCPU_SBI_EXT_BASE	0x10u
#define XCPU_SBI_EXT_IPI	0x735049u	/* "sPI" */
#define XCPU_SBI_EXT_RFENCE	0x52464e43u	/* "RFNC" */

/* All ASIDs, and what is global. */
#define XCPU_SBI_ASID_ALL	UINT64_MAX

/* What is to be forgotten; len UINT64_MAX: everything under the ASID. */
struct xcpu_sbi_range {
	uint64_t start, len;
	uint64_t asid;
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_sbi_has: does the firmware have this extension?
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    a call of the firmware.
 * Returns: whether it has.
 */
bool xcpu_sbi_has(uint64_t extension);

/*
 * xcpu_sbi_kick: interrupt each CPU of a set.
 *
 * Context: any; the set may hold the caller.
 * Waits:   never.
 * Order:   every store made before is visible to the interrupted CPU.
 * Cost:    a call of the firmware for each window of 64 hart ids.
 * Returns: 0; -XCPU_EINVAL the set has a CPU that was not added, nothing was
 *          sent; -XCPU_ENXIO the firmware refused some harts.
 */
int xcpu_sbi_kick(const struct xcpu_harts *harts,
    const struct xcpu_cpuset *set);

/*
 * xcpu_sbi_fence: makes each CPU of a set forget a range; takes those that have
 * out of the set.
 *
 * CPUs that the firmware refuses, and ones that were not added, stay in it.
 *
 * Context: any.
 * Waits:   for the firmware of those CPUs, without a bound.
 * Order:   as xcpu_port_tlb_flush(), for each CPU taken out.
 * Cost:    a call of the firmware for each window of 64 hart ids.
 * Returns: nothing.
 */
void xcpu_sbi_fence(const struct xcpu_harts *harts, struct xcpu_cpuset *todo,
    const struct xcpu_sbi_range *range);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_SBI_H */
