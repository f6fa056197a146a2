/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port_riscv.h: the hot hooks of xcpu that are the same in any riscv64
 * kernel, and what its cold hooks are made of.
 *
 * A kernel's xcpu_port.h includes it and adds what only that kernel knows:
 *
 *	#define XCPU_PORT_CONTRACT 1
 *	#include <xcpu_port_riscv.h>
 *
 *	static inline struct xcpu_cpu *
 *	xcpu_port_self(void)
 *	{
 *		return this_cpu()->xcpu;
 *	}
 *
 *	static inline unsigned
 *	xcpu_port_context(void)
 *	{
 *		return (xcpu_riscv_irq_on() ? 0 : XCPU_CTX_MASKED) |
 *		    (this_cpu()->locks ? XCPU_CTX_LOCKED : 0);
 *	}
 *
 *	static inline void
 *	xcpu_port_relax(unsigned spins)
 *	{
 *		(void)spins;
 *		xcpu_riscv_pause();
 *	}
 *
 * Its handler of the supervisor software interrupt is
 *
 *	xcpu_riscv_kick_taken();
 *	xcpu_on_ipi();
 *
 * RISC-V has no non-maskable interrupt that S-mode could send: the level of this
 * port is 3, and xcpu_port_kick_nmi() sends a kick.
 */
#ifndef XCPU_PORT_RISCV_H
#define XCPU_PORT_RISCV_H

#include <xcpu/flush.h>

#include "harts.h"
#include "riscv_insn.h"
#include "sbi.h"
#include "sswi.h"

/* What the kernel tells this port, before its first CPU goes online. */
struct xcpu_port_riscv {
	struct xcpu_harts *harts;
	const struct xcpu_sswi *sswi;	/* NULL: kicks by the firmware */
	bool svinval;			/* every hart has Svinval */
	uint64_t ns_scale;		/* ns per tick of `time`, << 32 */
	struct xcpu_au64 refused;	/* kicks that were not sent */
};

extern struct xcpu_port_riscv xcpu_port_riscv;

static inline unsigned long
xcpu_port_irq_save(void)
{
	return xcpu_riscv_irq_save();
}

static inline void
xcpu_port_irq_restore(unsigned long state)
{
	xcpu_riscv_irq_restore(state);
}

static inline uint64_t
xcpu_port_now_ns(void)
{
	return (uint64_t)((unsigned __int128)xcpu_riscv_rdtime() *
	    xcpu_port_riscv.ns_scale >> 32);
}

/*
 * Walks of this CPU see a store only behind its SFENCE.VMA; those of others, once
 * it is in memory and they have been told to fence: by what comes after this.
 */
static inline void
xcpu_port_pte_publish(void)
{
	__asm__ volatile("fence w, rw" ::: "memory");
}

/* Of a space without an ASID, and of the kernel's space. */
#define XCPU_RISCV_NO_ASID	UINT64_MAX

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_riscv_tlb_flush: what xcpu_port_tlb_flush() asks for, on this CPU.
 *
 * `asid`: under which the space is loaded here, or XCPU_RISCV_NO_ASID.  An
 * SFENCE.VMA by address need not forget the tables above a page, nor one by
 * ASID what is global: such requests fence all addresses, or all ASIDs.
 *
 * Context: doorbell masked.
 * Waits:   never.
 * Order:   as xcpu_port_tlb_flush().
 * Cost:    an SFENCE.VMA for each page.
 * Returns: nothing.
 */
void xcpu_riscv_tlb_flush(const struct xcpu_flush *request, uint64_t asid);

/*
 * xcpu_riscv_tlb_remote: the same on other CPUs, by the firmware; what
 * xcpu_port_tlb_remote() may call.
 *
 * Context: doorbell masked.
 * Waits:   for the firmware of those CPUs, without a bound.
 * Order:   as xcpu_port_tlb_remote().
 * Cost:    a call of the firmware for each window of 64 hart ids.
 * Returns: nothing; CPUs that were not reached stay in *todo.
 */
void xcpu_riscv_tlb_remote(const struct xcpu_flush *request, uint64_t asid,
    struct xcpu_cpuset *todo);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_PORT_RISCV_H */
