/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apic_regs.h: every access that apic.c makes to the machine.
 *
 * The unit tests put a register file in its place, by XCPU_APIC_REGS_HEADER, to
 * see what no emulator shows: a busy ICR, and an NMI between any two accesses.
 */
#ifndef XCPU_APIC_REGS_H
#define XCPU_APIC_REGS_H

#include "x86_insn.h"

/* Registers are 32 bits wide, 16 bytes apart; `reg` is the byte offset. */
static inline uint32_t
xcpu_apic_read(const struct xcpu_apic *apic, unsigned reg)
{
	return apic->regs[reg / sizeof(*apic->regs)];
}

/*
 * The barrier keeps the compiler from moving stores behind the write; the CPU
 * does not, for a store to uncached memory comes after all earlier ones.
 */
static inline void
xcpu_apic_write(struct xcpu_apic *apic, unsigned reg, uint32_t value)
{
	__asm__ volatile("" ::: "memory");
	apic->regs[reg / sizeof(*apic->regs)] = value;
}

static inline void
xcpu_apic_wrmsr(uint32_t msr, uint64_t value)
{
	xcpu_x86_wrmsr(msr, value);
}

/*
 * A WRMSR to the x2APIC does not wait for the store buffer, as others do.
 * MFENCE makes the stores visible; LFENCE keeps WRMSR behind the MFENCE.
 */
static inline void
xcpu_apic_fence(void)
{
	__asm__ volatile("mfence; lfence" ::: "memory");
}

static inline unsigned long
xcpu_apic_irq_save(void)
{
	return xcpu_x86_irq_save();
}

static inline void
xcpu_apic_irq_restore(unsigned long flags)
{
	xcpu_x86_irq_restore(flags);
}

static inline void
xcpu_apic_pause(void)
{
	xcpu_x86_pause();
}

#endif /* XCPU_APIC_REGS_H */
