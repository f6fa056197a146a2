/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm_irq.h: masking interrupts, in one of two ways.
 *
 * XCPU_ARM_PSEUDO_NMI 0: by PSTATE.I.  Nothing gets through.
 *
 * XCPU_ARM_PSEUDO_NMI 1: by the priority mask of the interrupt controller
 * (GICv3), with PSTATE.I left open.  Interrupts of a higher priority, the NMIs,
 * get through.  The hardware sets PSTATE.I as it takes an interrupt or an
 * exception: once the kernel has acknowledged an interrupt that is not an NMI it
 * masks by priority and opens PSTATE.I, or no NMI could interrupt a handler.
 * To wait for an interrupt is the other way round: the controller does not wake
 * a CPU for what the mask holds back, so PSTATE.I closes and the mask opens:
 * xcpu_arm_irq_on_and_halt().
 */
#ifndef XCPU_ARM_IRQ_H
#define XCPU_ARM_IRQ_H

#include <stdbool.h>

#include "arm_insn.h"

#ifndef XCPU_ARM_PSEUDO_NMI
#define XCPU_ARM_PSEUDO_NMI 0
#endif

/* Priorities; the lower the number, the more urgent. */
#define XCPU_ARM_NMI_PRIORITY	0x40u
#define XCPU_ARM_IRQ_PRIORITY	0xa0u
/* What the mask lets through is more urgent than these. */
#define XCPU_ARM_MASK_OPEN	0xf0u
#define XCPU_ARM_MASK_IRQS	0x80u

#define XCPU_ARM_PSTATE_I	0x80u

static inline unsigned long
xcpu_arm_irq_save(void)
{
	unsigned long state;

#if XCPU_ARM_PSEUDO_NMI
	state = XCPU_ARM_READ(XCPU_ARM_ICC_PMR);
	if (state != XCPU_ARM_MASK_IRQS)
		XCPU_ARM_WRITE(XCPU_ARM_ICC_PMR, XCPU_ARM_MASK_IRQS);
#else
	state = XCPU_ARM_READ("daif");
	xcpu_arm_irqs_off();
#endif
	return state;
}

static inline void
xcpu_arm_irq_restore(unsigned long state)
{
#if XCPU_ARM_PSEUDO_NMI
	if (state != XCPU_ARM_MASK_IRQS)
		XCPU_ARM_WRITE(XCPU_ARM_ICC_PMR, state);
#else
	XCPU_ARM_WRITE("daif", state);
#endif
}

static inline bool
xcpu_arm_irq_on(void)
{
	if (XCPU_ARM_READ("daif") & XCPU_ARM_PSTATE_I)
		return false;
#if XCPU_ARM_PSEUDO_NMI
	return XCPU_ARM_READ(XCPU_ARM_ICC_PMR) != XCPU_ARM_MASK_IRQS;
#else
	return true;
#endif
}

/* Opens interrupts and halts in one step: what comes in between ends the halt. */
static inline void
xcpu_arm_irq_on_and_halt(void)
{
	xcpu_arm_irqs_off();
#if XCPU_ARM_PSEUDO_NMI
	XCPU_ARM_WRITE(XCPU_ARM_ICC_PMR, XCPU_ARM_MASK_OPEN);
#endif
	xcpu_arm_dsb_wfi();
	xcpu_arm_irqs_on();
}

#endif /* XCPU_ARM_IRQ_H */
