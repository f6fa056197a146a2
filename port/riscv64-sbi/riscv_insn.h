/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * riscv_insn.h: the instructions that this port cannot say in C.
 *
 * Those of extensions are spelt as numbers, so that any assembler will do.  The
 * unit tests put others in their place, by XCPU_RISCV_INSN_HEADER.
 */
#ifndef XCPU_RISCV_INSN_H
#define XCPU_RISCV_INSN_H

#include <stdbool.h>
#include <stdint.h>

#define XCPU_RISCV_SSTATUS_SIE	0x2u
#define XCPU_RISCV_SIP_SSIP	0x2u

/* A call of the firmware: extension, function, up to five arguments. */
struct xcpu_sbi_call {
	uint64_t extension, function;
	uint64_t arg[5];
};

#ifdef XCPU_RISCV_INSN_HEADER
#include XCPU_RISCV_INSN_HEADER
#else

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

/*
 * The fence makes the caller's stores visible to whoever is interrupted, or made
 * to fence: what the firmware itself uses to tell them is not known.
 * Registers but a0 and a1 are preserved.  Returns SBI's error, 0 for success.
 */
static inline int64_t
xcpu_riscv_ecall(const struct xcpu_sbi_call *call, uint64_t *value)
{
	register uint64_t a0 __asm__("a0") = call->arg[0];
	register uint64_t a1 __asm__("a1") = call->arg[1];
	register uint64_t a2 __asm__("a2") = call->arg[2];
	register uint64_t a3 __asm__("a3") = call->arg[3];
	register uint64_t a4 __asm__("a4") = call->arg[4];
	register uint64_t a6 __asm__("a6") = call->function;
	register uint64_t a7 __asm__("a7") = call->extension;

	__asm__ volatile("fence rw, rw; ecall"
	    : "+r"(a0), "+r"(a1)
	    : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	if (value != 0)
		*value = a1;
	return (int64_t)a0;
}

/* Stores to memory before, stores to devices after. */
static inline void
xcpu_riscv_fence_device(void)
{
	__asm__ volatile("fence w, o" ::: "memory");
}

static inline void
xcpu_riscv_write32(volatile uint32_t *reg, uint32_t value)
{
	*reg = value;
}

/* Page table entries before, what tells others of them after. */
static inline void
xcpu_riscv_fence_pte(void)
{
	__asm__ volatile("fence w, rw" ::: "memory");
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

#endif /* XCPU_RISCV_INSN_HEADER */

#endif /* XCPU_RISCV_INSN_H */
