/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm_insn.h: the instructions that this port cannot say in C.
 *
 * The unit tests put others in their place, by XCPU_ARM_INSN_HEADER, to see in
 * which order they come.
 */
#ifndef XCPU_ARM_INSN_H
#define XCPU_ARM_INSN_H

#include <stdint.h>

#ifdef XCPU_ARM_INSN_HEADER
#include XCPU_ARM_INSN_HEADER
#else

/* Not every assembler knows the registers of the interrupt controller by name. */
#define XCPU_ARM_ICC_PMR	"S3_0_C4_C6_0"
#define XCPU_ARM_ICC_SGI1R	"S3_0_C12_C11_5"

#define XCPU_ARM_READ(name)						\
	__extension__ ({						\
		uint64_t value_;					\
		__asm__ volatile("mrs %0, " name : "=r"(value_) :: "memory"); \
		value_;							\
	})
#define XCPU_ARM_WRITE(name, value)					\
	__asm__ volatile("msr " name ", %x0" : : "rZ"((uint64_t)(value)) \
	    : "memory")

#define XCPU_ARM_INSN_(name, text)					\
	static inline void						\
	xcpu_arm_##name(void)						\
	{								\
		__asm__ volatile(text ::: "memory");			\
	}
XCPU_ARM_INSN_(isb, "isb")
XCPU_ARM_INSN_(yield, "yield")
XCPU_ARM_INSN_(irqs_off, "msr daifset, #2")
XCPU_ARM_INSN_(irqs_on, "msr daifclr, #2")
XCPU_ARM_INSN_(dsb_wfi, "dsb sy; wfi")	/* halt, once all is visible */
XCPU_ARM_INSN_(dsb_ish, "dsb ish")	/* for all: stores, and invalidations */
XCPU_ARM_INSN_(dsb_ishst, "dsb ishst")
XCPU_ARM_INSN_(dsb_nsh, "dsb nsh")	/* for this CPU's own */
#undef XCPU_ARM_INSN_

/* ---- the interrupt controller ---- */

static inline void
xcpu_arm_sgi1r(uint64_t value)
{
	XCPU_ARM_WRITE(XCPU_ARM_ICC_SGI1R, value);
}

static inline void
xcpu_arm_write32(volatile uint32_t *reg, uint32_t value)
{
	*reg = value;
}

/* ---- translations: here, or on every CPU of the inner shareable domain ---- */

#define XCPU_ARM_TLBI_(name)						\
	static inline void						\
	xcpu_arm_tlbi_##name(uint64_t operand)				\
	{								\
		__asm__ volatile("tlbi " #name ", %0" : : "r"(operand)	\
		    : "memory");					\
	}
XCPU_ARM_TLBI_(vae1)		/* one address of an ASID, */
XCPU_ARM_TLBI_(vale1)		/* its last level only */
XCPU_ARM_TLBI_(vaae1)		/* one address, under all ASIDs and none */
XCPU_ARM_TLBI_(vaale1)
XCPU_ARM_TLBI_(aside1)		/* an ASID */
XCPU_ARM_TLBI_(vae1is)
XCPU_ARM_TLBI_(vale1is)
XCPU_ARM_TLBI_(vaae1is)
XCPU_ARM_TLBI_(vaale1is)
XCPU_ARM_TLBI_(aside1is)
#undef XCPU_ARM_TLBI_

static inline void
xcpu_arm_tlbi_vmalle1(uint64_t none)	/* everything */
{
	(void)none;
	__asm__ volatile("tlbi vmalle1" ::: "memory");
}

static inline void
xcpu_arm_tlbi_vmalle1is(uint64_t none)
{
	(void)none;
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
}

/* ---- instructions that were written as data ---- */

static inline uint64_t
xcpu_arm_ctr(void)
{
	return XCPU_ARM_READ("ctr_el0");
}

static inline void
xcpu_arm_dc_cvau(uint64_t va)
{
	__asm__ volatile("dc cvau, %0" : : "r"(va) : "memory");
}

static inline void
xcpu_arm_ic_ivau(uint64_t va)
{
	__asm__ volatile("ic ivau, %0" : : "r"(va) : "memory");
}

#endif /* XCPU_ARM_INSN_HEADER */

#endif /* XCPU_ARM_INSN_H */
