/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.S: the ways into the kernel, and the one way down to ring 3.
 *
 * GS points to this CPU's struct cpu while the kernel runs, to nothing in ring
 * 3: an entry from ring 3 swaps the two.  An NMI or a double fault can come
 * between the entry and the swap, so these two do not look: they take the
 * pointer from the top of their own stack (descriptors.c put it there), set GS
 * and put the old value back at the end.
 *
 * The processor holds back further NMIs until the next IRETQ.  That must be the
 * NMI's own, or another would begin on the stack of the first: so its handler
 * takes no exception.
 */
#include "layout.h"

#define MSR_GS_BASE	0xc0000101
#define FRAME_CS	144		/* in struct trap_frame */

	.macro	PUSH_REGISTERS
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.endm

	.macro	POP_REGISTERS
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	addq	$16, %rsp		/* vector, error code */
	.endm

	.text
	/* A stub per vector, 16 bytes each; `errors`: those that push one. */
	.balign	16
	.globl	trap_stubs
trap_stubs:
	.set	vector, 0
	.set	errors, 0x60227d00
	.rept	256
	.balign	16
	.if	!(errors & 1)
	pushq	$0
	.endif
	pushq	$vector
	.if	vector == VEC_NMI || vector == VEC_DOUBLE
	jmp	trap_own_stack
	.else
	jmp	trap_common
	.endif
	.set	vector, vector + 1
	.set	errors, errors >> 1
	.endr

trap_common:
	PUSH_REGISTERS
	testb	$3, FRAME_CS(%rsp)
	jz	1f
	swapgs
1:	cld
	movq	%rsp, %rdi
	call	trap
	testb	$3, FRAME_CS(%rsp)
	jz	2f
	swapgs
2:	POP_REGISTERS
	iretq

trap_own_stack:
	PUSH_REGISTERS
	cld
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%eax, %r12d		/* r12, r13 live through the call */
	movl	%edx, %r13d
	movl	176(%rsp), %eax		/* behind SS: our struct cpu */
	movl	180(%rsp), %edx
	wrmsr
	movq	%rsp, %rdi
	call	trap
	movl	$MSR_GS_BASE, %ecx
	movl	%r12d, %eax
	movl	%r13d, %edx
	wrmsr
	POP_REGISTERS
	iretq

/*
 * void downcall(uint64_t rip, void *list, void *end)
 *
 * Runs ring 3 at rip with its two arguments in RDI and RSI, and returns when it
 * executes SYSCALL.  It looks like a call to the caller: what C expects to keep
 * is on this stack, and RSP is kept twice: for SYSCALL, which loads no stack,
 * and as the place below which interrupts taken in ring 3 push.
 * Entered and left with interrupts masked; ring 3 runs with them open.
 */
	.globl	downcall
downcall:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %gs:CPU_DOWNCALL
	movq	%rsp, %gs:CPU_RSP0
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	pushq	$USER_DS
	pushq	$0			/* the routine uses no stack */
	pushq	$0x202			/* IF */
	pushq	$USER_CS
	pushq	%rax
	swapgs
	iretq

	.globl	downcall_return		/* what LSTAR points to */
downcall_return:
	swapgs
	movq	%gs:CPU_DOWNCALL, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

	.section .note.GNU-stack, "", @progbits
