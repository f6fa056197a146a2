/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port_arm.h: the hot hooks of xcpu that are the same in any aarch64
 * kernel.
 *
 * A kernel's xcpu_port.h includes it and adds what only that kernel knows:
 *
 *	#define XCPU_PORT_CONTRACT 1
 *	#include <xcpu_port_arm.h>
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
 *		return (xcpu_arm_irq_on() ? 0 : XCPU_CTX_MASKED) |
 *		    (this_cpu()->locks ? XCPU_CTX_LOCKED : 0) |
 *		    (this_cpu()->nmis ? XCPU_CTX_NMI : 0);
 *	}
 */
#ifndef XCPU_PORT_ARM_H
#define XCPU_PORT_ARM_H

#include "arm_insn.h"
#include "arm_irq.h"
#include "gic.h"
#include "tlbi.h"

/* What the kernel tells this port, before its first CPU goes online. */
struct xcpu_port_arm {
	struct xcpu_gic *gic;
	uint32_t sgi;		/* its handler calls xcpu_on_ipi() */
	/*
	 * Its handler calls xcpu_on_nmi(), and its priority is that of NMIs
	 * (arm_irq.h); without pseudo-NMIs the same as `sgi`.
	 */
	uint32_t sgi_nmi;
	uint64_t ns_scale;	/* ns per tick of the virtual counter, << 32 */
};

extern struct xcpu_port_arm xcpu_port_arm;

static inline unsigned long
xcpu_port_irq_save(void)
{
	return xcpu_arm_irq_save();
}

static inline void
xcpu_port_irq_restore(unsigned long state)
{
	xcpu_arm_irq_restore(state);
}

static inline void
xcpu_port_relax(unsigned spins)
{
	(void)spins;
	xcpu_arm_yield();
}

static inline uint64_t
xcpu_port_now_ns(void)
{
	return (uint64_t)((unsigned __int128)XCPU_ARM_READ("cntvct_el0") *
	    xcpu_port_arm.ns_scale >> 32);
}

/* A walker is an observer of its own: a store is there for it after a DSB. */
static inline void
xcpu_port_pte_publish(void)
{
	xcpu_arm_dsb_ishst();
}

#endif /* XCPU_PORT_ARM_H */
