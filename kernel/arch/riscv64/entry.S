/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.S: the way into the kernel, and the one way down to U-mode.
 *
 * TP points to this CPU's struct cpu while the kernel runs; while U-mode runs,
 * sscratch does, and sscratch is 0 otherwise.  So one exchange of the two says
 * where a trap comes from.
 */
#include "layout.h"

/* Every register but x0, SP and TP. */
	.macro	EACH_REGISTER op
	\op	x1, FRAME_X(1)(sp)
	\op	x3, FRAME_X(3)(sp)
	\op	x5, FRAME_X(5)(sp)
	\op	x6, FRAME_X(6)(sp)
	\op	x7, FRAME_X(7)(sp)
	\op	x8, FRAME_X(8)(sp)
	\op	x9, FRAME_X(9)(sp)
	\op	x10, FRAME_X(10)(sp)
	\op	x11, FRAME_X(11)(sp)
	\op	x12, FRAME_X(12)(sp)
	\op	x13, FRAME_X(13)(sp)
	\op	x14, FRAME_X(14)(sp)
	\op	x15, FRAME_X(15)(sp)
	\op	x16, FRAME_X(16)(sp)
	\op	x17, FRAME_X(17)(sp)
	\op	x18, FRAME_X(18)(sp)
	\op	x19, FRAME_X(19)(sp)
	\op	x20, FRAME_X(20)(sp)
	\op	x21, FRAME_X(21)(sp)
	\op	x22, FRAME_X(22)(sp)
	\op	x23, FRAME_X(23)(sp)
	\op	x24, FRAME_X(24)(sp)
	\op	x25, FRAME_X(25)(sp)
	\op	x26, FRAME_X(26)(sp)
	\op	x27, FRAME_X(27)(sp)
	\op	x28, FRAME_X(28)(sp)
	\op	x29, FRAME_X(29)(sp)
	\op	x30, FRAME_X(30)(sp)
	\op	x31, FRAME_X(31)(sp)
	.endm

	.text
	.balign	4
	.globl	trap_entry
trap_entry:
	csrrw	tp, sscratch, tp
	bnez	tp, from_user
	csrrw	tp, sscratch, zero
	sd	t0, CPU_SCRATCH(tp)
	mv	t0, sp
	ld	sp, CPU_STACK_LOW(tp)
	bltu	t0, sp, 1f
	mv	sp, t0
	j	2f
1:	ld	sp, CPU_OWN_STACK(tp)	/* this one ran over: say so from there */
2:	addi	sp, sp, -FRAME_SIZE
	sd	t0, FRAME_X(2)(sp)
	sd	tp, FRAME_X(4)(sp)

from_both:
	ld	t0, CPU_SCRATCH(tp)
	EACH_REGISTER sd
	csrr	t0, sepc
	csrr	t1, sstatus
	csrr	t2, scause
	csrr	t3, stval
	sd	t0, FRAME_PC(sp)
	sd	t1, FRAME_STATUS(sp)
	sd	t2, FRAME_CAUSE(sp)
	sd	t3, FRAME_VALUE(sp)
	mv	a0, sp
	call	trap
	ld	t0, FRAME_PC(sp)
	ld	t1, FRAME_STATUS(sp)
	csrw	sepc, t0
	csrw	sstatus, t1
	andi	t1, t1, STATUS_SPP
	bnez	t1, 3f
	csrw	sscratch, tp
3:	EACH_REGISTER ld
	ld	tp, FRAME_X(4)(sp)
	ld	sp, FRAME_X(2)(sp)
	sret

from_user:
	sd	t0, CPU_SCRATCH(tp)
	csrr	t0, scause
	addi	t0, t0, -CAUSE_USER_ECALL
	beqz	t0, downcall_return
	mv	t0, sp
	ld	sp, CPU_DOWNCALL(tp)
	addi	sp, sp, -FRAME_SIZE
	sd	t0, FRAME_X(2)(sp)
	csrrw	t0, sscratch, zero
	sd	t0, FRAME_X(4)(sp)
	j	from_both

/*
 * void downcall(uint64_t pc, uint64_t list, uint64_t end)
 *
 * Runs U-mode at pc with its two arguments in A0 and A1, and returns when it
 * executes ECALL.  It looks like a call to the caller: what C expects to keep is
 * on this stack, below which interrupts taken in U-mode push.
 * Entered and left with interrupts masked; U-mode runs with them open.
 */
	.globl	downcall
downcall:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	sd	sp, CPU_DOWNCALL(tp)
	csrw	sscratch, tp
	csrw	sepc, a0
	li	t0, STATUS_SPP
	csrc	sstatus, t0
	li	t0, STATUS_SPIE
	csrs	sstatus, t0
	mv	a0, a1
	mv	a1, a2
	sret

downcall_return:
	csrw	sscratch, zero
	ld	sp, CPU_DOWNCALL(tp)
	ld	ra, 0(sp)
	ld	s0, 8(sp)
	ld	s1, 16(sp)
	ld	s2, 24(sp)
	ld	s3, 32(sp)
	ld	s4, 40(sp)
	ld	s5, 48(sp)
	ld	s6, 56(sp)
	ld	s7, 64(sp)
	ld	s8, 72(sp)
	ld	s9, 80(sp)
	ld	s10, 88(sp)
	ld	s11, 96(sp)
	addi	sp, sp, 112
	ret

	.section .note.GNU-stack, "", @progbits
