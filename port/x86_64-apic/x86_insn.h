/* SPDX-License-Identifier: BSD-2-Clause */
/* x86_insn.h: the instructions that this port cannot say in C. */
#ifndef XCPU_X86_INSN_H
#define XCPU_X86_INSN_H

#include <stdbool.h>
#include <stdint.h>

#define XCPU_X86_FLAG_IF 0x200u

/* Interrupts off; returns the flags as they were. */
static inline unsigned long
xcpu_x86_irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) :: "memory");
	return flags;
}

static inline void
xcpu_x86_irq_restore(unsigned long flags)
{
	if (flags & XCPU_X86_FLAG_IF)
		__asm__ volatile("sti" ::: "memory");
}

static inline bool
xcpu_x86_irq_on(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags) :: "memory");
	return (flags & XCPU_X86_FLAG_IF) != 0;
}

static inline void
xcpu_x86_pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

static inline uint64_t
xcpu_x86_rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) :: "memory");
	return (uint64_t)high << 32 | low;
}

static inline void
xcpu_x86_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "a"((uint32_t)value),
	    "d"((uint32_t)(value >> 32)), "c"(msr) : "memory");
}

#endif /* XCPU_X86_INSN_H */
