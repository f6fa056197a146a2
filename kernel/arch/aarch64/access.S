/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.S: the loop behind mach_access(), once for user mode and once for the
 * kernel.  X0 walks a list of struct mach_access up to X1.
 *
 * The two instructions that may fault have names; trap.c knows them and lets
 * the loop go on at its _fault label.  YIELD follows each access: under
 * single-threaded emulation it is what lets another CPU run.
 */
#include "layout.h"

	.macro	ACCESS_LOOP name
	.globl	\name\()_loop, \name\()_load, \name\()_store, \name\()_fault
\name\()_loop:
	cmp	x0, x1
	b.hs	4f
	ldr	x2, [x0, #ACCESS_VA]
	ldrb	w3, [x0, #ACCESS_OP]
	strb	wzr, [x0, #ACCESS_FAULT]
	cbnz	w3, 1f
\name\()_load:
	ldr	x4, [x2]
	str	x4, [x0, #ACCESS_VALUE]
	b	2f
1:	ldr	x4, [x0, #ACCESS_VALUE]
\name\()_store:
	str	x4, [x2]
	b	2f
\name\()_fault:
	mov	w3, #1
	strb	w3, [x0, #ACCESS_FAULT]
2:	yield
	add	x0, x0, #ACCESS_SIZE
	b	\name\()_loop
4:
	.endm

	.text
	ACCESS_LOOP kernel
	ret

	/* A page of its own, which user mode sees at WINDOW_CODE. */
	.section .window, "ax"
	ACCESS_LOOP user
	svc	#0

	.section .note.GNU-stack, "", @progbits
