/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.S: the ways into the kernel, and the one way down to EL0.
 *
 * The kernel runs at EL1 on SP_EL1, user mode on no stack at all.  TPIDR_EL1
 * points to this CPU's struct cpu at all times.
 */
#include "layout.h"

#define PMR	S3_0_C4_C6_0		/* ICC_PMR_EL1: the priority mask */

	.macro	SAVE_PAIR a, b, at
	stp	x\a, x\b, [sp, #\at]
	.endm

	.macro	LOAD_PAIR a, b, at
	ldp	x\a, x\b, [sp, #\at]
	.endm

	.macro	EACH_PAIR what		/* but for X0 and X1 */
	\what	2, 3, 16
	\what	4, 5, 32
	\what	6, 7, 48
	\what	8, 9, 64
	\what	10, 11, 80
	\what	12, 13, 96
	\what	14, 15, 112
	\what	16, 17, 128
	\what	18, 19, 144
	\what	20, 21, 160
	\what	22, 23, 176
	\what	24, 25, 192
	\what	26, 27, 208
	\what	28, 29, 224
	.endm

	/* What C expects a function to keep. */
	.macro	EACH_KEPT_PAIR what
	\what	19, 20, 0
	\what	21, 22, 16
	\what	23, 24, 32
	\what	25, 26, 48
	\what	27, 28, 64
	\what	29, 30, 80
	.endm
#define KEPT_SIZE	96

	.text
	/* Four ways each, from: SP_EL0 (never), EL1, EL0, 32-bit EL0 (never). */
	.balign	2048
	.globl	vectors
vectors:
	.set	vector, 0
	.rept	16
	.balign	128
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mov	x1, #vector
	b	trap_common
	.set	vector, vector + 1
	.endr

	.balign	128
trap_common:
	EACH_PAIR SAVE_PAIR
	mrs	x2, elr_el1
	stp	x30, x2, [sp, #FRAME_X30]
	mrs	x2, spsr_el1
	mrs	x3, PMR
	stp	x2, x3, [sp, #FRAME_PSTATE]
	add	x2, sp, #FRAME_SIZE
	str	x2, [sp, #FRAME_SP]
	/* The system call: downcall() returns. */
	cmp	x1, #(TRAP_USER + TRAP_SYNC)
	b.ne	1f
	mrs	x2, esr_el1
	lsr	x2, x2, #ESR_CLASS_SHIFT
	cmp	x2, #CLASS_SVC
	b.eq	downcall_return
1:	mov	x0, sp
	bl	trap
	msr	daifset, #15		/* ELR and SPSR are ours until ERET */
	ldp	x2, x3, [sp, #FRAME_PSTATE]
	msr	spsr_el1, x2
	msr	PMR, x3
	ldp	x30, x2, [sp, #FRAME_X30]
	msr	elr_el1, x2
	EACH_PAIR LOAD_PAIR
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME_SIZE
	eret

/*
 * void downcall(uint64_t pc, uint64_t list, uint64_t end)
 *
 * Runs EL0 at pc with its two arguments in X0 and X1, and returns when it
 * executes SVC.  It looks like a call to the caller: what C expects to keep is
 * on this stack, on which interrupts taken in EL0 push.
 * Entered and left with interrupts masked by priority; EL0 runs with them open.
 * In between PSTATE masks all, NMIs too: one would change ELR and SPSR.
 */
	.globl	downcall
downcall:
	msr	daifset, #2
	mov	x3, #MASK_OPEN
	msr	PMR, x3
	sub	sp, sp, #KEPT_SIZE
	EACH_KEPT_PAIR SAVE_PAIR
	msr	elr_el1, x0
	mov	x3, #PSTATE_EL0
	msr	spsr_el1, x3
	mov	x0, x1
	mov	x1, x2
	eret

downcall_return:
	add	sp, sp, #FRAME_SIZE
	EACH_KEPT_PAIR LOAD_PAIR
	add	sp, sp, #KEPT_SIZE
	mov	x3, #MASK_IRQS
	msr	PMR, x3
	msr	daifclr, #2
	ret

	.section .note.GNU-stack, "", @progbits
