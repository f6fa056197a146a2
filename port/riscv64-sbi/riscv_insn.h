/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * riscv_insn.h: the instructions that this port cannot say in C.
 *
 * Those of extensions are spelt as numbers, so that any assembler will do.
 */
#ifndef XCPU_RISCV_INSN_H
#define XCPU_RISCV_INSN_H

#include <stdbool.h>
#include <stdint.h>

#define XCPU_RISCV_SSTATUS_SIE	0x2u
#define XCPU_RISCV_SIP_SSIP	0x2u

/* Interrupts off; returns the status as it was. */
static inline unsigned long
xcpu_riscv_irq_save(void)
{
	unsigned long status;

	__asm__ volatile("csrrci %0, sstatus, %1" : "=r"(status)
	    : "i"(XCPU_RISCV_SSTATUS_SIE) : "memory");
	return status;
}

static inline void
xcpu_riscv_irq_restore(unsigned long status)
{
	if (status & XCPU_RISCV_SSTATUS_SIE)
		__asm__ volatile("csrsi sstatus, %0"
		    : : "i"(XCPU_RISCV_SSTATUS_SIE) : "memory");
}

static inline bool
xcpu_riscv_irq_on(void)
{
	unsigned long status;

	__asm__ volatile("csrr %0, sstatus" : "=r"(status) :: "memory");
	return (status & XCPU_RISCV_SSTATUS_SIE) != 0;
}

/* PAUSE of Zihintpause; a fence that orders nothing to all others. */
static inline void
xcpu_riscv_pause(void)
{
	__asm__ volatile(".4byte 0x0100000f" ::: "memory");
}

static inline uint64_t
xcpu_riscv_rdtime(void)
{
	uint64_t time;

	__asm__ volatile("rdtime %0" : "=r"(time) :: "memory");
	return time;
}

/*
 * What a handler of the supervisor software interrupt begins with: the latch is
 * cleared, then the fence, then the claim.  A sender's "post, then send" so
 * meets "clear, then claim": either its bit is seen, or it interrupts again.
 * A CSR write is device output to a fence.
 */
static inline void
xcpu_riscv_kick_taken(void)
{
	__asm__ volatile("csrci sip, %0; fence iorw, iorw"
	    : : "i"(XCPU_RISCV_SIP_SSIP) : "memory");
}

/* The body of an xcpu_icache_fn. */
static inline void
xcpu_riscv_fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

/* ---- SFENCE.VMA: by address, by ASID, both, neither ---- */

static inline void
xcpu_riscv_sfence_all(void)
{
	__asm__ volatile("sfence.vma zero, zero" ::: "memory");
}

static inline void
xcpu_riscv_sfence_asid(unsigned long asid)
{
	__asm__ volatile("sfence.vma zero, %0" : : "r"(asid) : "memory");
}

static inline void
xcpu_riscv_sfence_page(uint64_t va)
{
	__asm__ volatile("sfence.vma %0, zero" : : "r"(va) : "memory");
}

static inline void
xcpu_riscv_sfence_page_asid(uint64_t va, unsigned long asid)
{
	__asm__ volatile("sfence.vma %0, %1" : : "r"(va), "r"(asid)
	    : "memory");
}

/* ---- Svinval: the same in three steps, of which the middle one repeats ---- */

static inline void
xcpu_riscv_sfence_w_inval(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x0c, x0, x0, x0" ::: "memory");
}

static inline void
xcpu_riscv_sfence_inval_ir(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x0c, x0, x0, x1" ::: "memory");
}

static inline void
xcpu_riscv_sinval_page(uint64_t va)
{
	__asm__ volatile(".insn r 0x73, 0, 0x0b, x0, %0, x0"
	    : : "r"(va) : "memory");
}

static inline void
xcpu_riscv_sinval_page_asid(uint64_t va, unsigned long asid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x0b, x0, %0, %1"
	    : : "r"(va), "r"(asid) : "memory");
}

#endif /* XCPU_RISCV_INSN_H */
