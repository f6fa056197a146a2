/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.S: the loop behind mach_access(), once for ring 3 and once for the
 * kernel.  RDI walks a list of struct mach_access up to RSI.
 *
 * The two instructions that may fault have names; trap.c knows them and lets
 * the loop go on at its _fault label.  PAUSE follows each access: under
 * single-threaded emulation it is what lets another CPU run.
 */
#include "layout.h"

	.macro	ACCESS_LOOP name
	.globl	\name\()_loop, \name\()_load, \name\()_store, \name\()_fault
\name\()_loop:
	cmpq	%rsi, %rdi
	jae	4f
	movq	ACCESS_VA(%rdi), %rax
	cmpb	$0, ACCESS_OP(%rdi)
	movb	$0, ACCESS_FAULT(%rdi)
	jne	1f
\name\()_load:
	movq	(%rax), %rdx
	movq	%rdx, ACCESS_VALUE(%rdi)
	jmp	2f
1:	movq	ACCESS_VALUE(%rdi), %rdx
\name\()_store:
	movq	%rdx, (%rax)
	jmp	2f
\name\()_fault:
	movb	$1, ACCESS_FAULT(%rdi)
2:	pause
	addq	$ACCESS_SIZE, %rdi
	jmp	\name\()_loop
4:
	.endm

	.text
	ACCESS_LOOP kernel
	ret

	/* A page of its own, which ring 3 sees at WINDOW_CODE. */
	.section .window, "ax"
	ACCESS_LOOP user
	syscall

	.section .note.GNU-stack, "", @progbits
