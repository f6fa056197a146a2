/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.S: from what the firmware leaves to C at the image's own addresses.
 *
 * The first hart enters at `start`, in S-mode without translation, with its
 * hart id in A0 and the device tree's physical address in A1; the others, one at
 * a time, at `ap_start`, as the first one asked the firmware.
 *
 * Or they enter at `start`, too: OpenSBI (1.1, for one) first lets a hart go and
 * then says where to, so that one which has just come to where it would wait
 * goes to the first one's entry.  Therefore a word says who came first, and
 * another, not an argument, for which CPU a hart is started.
 *
 * Nothing maps the physical address that this runs at: the first fetch behind
 * the write of satp faults, and the fault goes on at stvec, which is where the
 * image is now.
 */
#include "layout.h"

/* Translate by the root at \root, a symbol, and go on at 1:. */
	.macro	TRANSLATE root
	csrw	sie, zero
	la	t0, 1f			/* physical: PC-relative */
	li	t1, IMAGE_BASE
	add	t0, t0, t1
	csrw	stvec, t0
	la	t0, \root
	srli	t0, t0, 12
	li	t1, SATP_SV39 << 60
	or	t0, t0, t1
	sfence.vma
	csrw	satp, t0
	.balign	4
1:
	.endm

	.section .text.boot, "ax"
	.globl	start
start:
	la	t0, boot_begun
	li	t1, 1
	amoswap.w t1, t1, (t0)
	bnez	t1, ap_start
	TRANSLATE boot_root
	la	sp, boot_stack_top
	li	s0, 0			/* the end of every backtrace */
	call	boot_main
	ebreak

	/* The stack lies in the direct map, which only the real root has whole. */
	.globl	ap_start
ap_start:
	TRANSLATE boot_root
	la	t0, kernel_satp
	ld	t0, (t0)
	csrw	satp, t0
	sfence.vma
	fence				/* the firmware's word, then ours */
	la	t0, cpu_to_start
	ld	tp, (t0)
	ld	sp, CPU_FIRST_STACK(tp)
	mv	a0, tp
	li	s0, 0
	call	ap_main
	ebreak

	/*
	 * The root of the start: the first BOOT_SLOTS GiB at DIRECT_BASE and,
	 * from the third on, where memory begins, at the image's addresses.
	 * The entries are pages of 1 GiB: valid, all rights, accessed, dirty.
	 */
	.data
	.balign	4096
boot_root:
	.fill	256, 8, 0
	.set	i, 0
	.rept	BOOT_SLOTS
	.quad	(i << 28) + 0xc7
	.set	i, i + 1
	.endr
	.fill	510 - 256 - BOOT_SLOTS, 8, 0
	.quad	(2 << 28) + 0xcf
	.quad	0

boot_begun:
	.word	0

	.bss
	.balign	16
	.globl	boot_stack
boot_stack:
	.skip	16384
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
