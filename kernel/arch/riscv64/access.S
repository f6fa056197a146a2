/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.S: the loop behind mach_access(), once for U-mode and once for the
 * kernel.  A0 walks a list of struct mach_access up to A1.
 *
 * The two instructions that may fault have names, and are never compressed:
 * trap.c knows them and lets the loop go on at its _fault label.
 */
#include "layout.h"

	.macro	ACCESS_LOOP name
	.globl	\name\()_loop, \name\()_load, \name\()_store, \name\()_fault
	.option	push
	.option	norvc
\name\()_loop:
	bgeu	a0, a1, 4f
	ld	t0, ACCESS_VA(a0)
	lbu	t1, ACCESS_OP(a0)
	sb	zero, ACCESS_FAULT(a0)
	bnez	t1, 1f
\name\()_load:
	ld	t2, (t0)
	sd	t2, ACCESS_VALUE(a0)
	j	2f
1:	ld	t2, ACCESS_VALUE(a0)
\name\()_store:
	sd	t2, (t0)
	j	2f
\name\()_fault:
	li	t1, 1
	sb	t1, ACCESS_FAULT(a0)
2:	.4byte	0x0100000f		/* PAUSE */
	addi	a0, a0, ACCESS_SIZE
	j	\name\()_loop
4:
	.option	pop
	.endm

	.text
	ACCESS_LOOP kernel
	ret

	/* A page of its own, which U-mode sees at WINDOW_CODE. */
	.section .window, "ax"
	ACCESS_LOOP user
	ecall

	.section .note.GNU-stack, "", @progbits
