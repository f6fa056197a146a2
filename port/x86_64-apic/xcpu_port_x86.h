/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port_x86.h: the hot hooks of xcpu that are the same in any x86_64 kernel.
 *
 * A kernel's xcpu_port.h includes it and adds what only that kernel knows:
 *
 *	#define XCPU_PORT_CONTRACT 1
 *	#include <xcpu_port_x86.h>
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
 *		return (xcpu_x86_irq_on() ? 0 : XCPU_CTX_MASKED) |
 *		    (this_cpu()->locks ? XCPU_CTX_LOCKED : 0) |
 *		    (this_cpu()->nmis ? XCPU_CTX_NMI : 0);
 *	}
 */
#ifndef XCPU_PORT_X86_H
#define XCPU_PORT_X86_H

#include "apic.h"
#include "x86_insn.h"

/* What the kernel tells this port, before its first CPU goes online. */
struct xcpu_port_x86 {
	struct xcpu_apic *apic;
	uint32_t vector;	/* its handler calls xcpu_on_ipi() */
	uint32_t pause_mask;	/* PAUSE when (spins & mask) == 0; 0: always */
	uint64_t ns_scale;	/* ns per cycle of the time-stamp counter, << 32 */
};

extern struct xcpu_port_x86 xcpu_port_x86;

static inline unsigned long
xcpu_port_irq_save(void)
{
	return xcpu_x86_irq_save();
}

static inline void
xcpu_port_irq_restore(unsigned long state)
{
	xcpu_x86_irq_restore(state);
}

/* PAUSE is a trap to some hypervisors, who want few, or need each one. */
static inline void
xcpu_port_relax(unsigned spins)
{
	if ((spins & xcpu_port_x86.pause_mask) == 0)
		xcpu_x86_pause();
	else
		__asm__ volatile("" ::: "memory");
}

static inline uint64_t
xcpu_port_now_ns(void)
{
	return (uint64_t)((unsigned __int128)xcpu_x86_rdtsc() *
	    xcpu_port_x86.ns_scale >> 32);
}

/* Walks are ordered with earlier stores; only the compiler needs telling. */
static inline void
xcpu_port_pte_publish(void)
{
	__asm__ volatile("" ::: "memory");
}

#endif /* XCPU_PORT_X86_H */
