/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fiber.c: see fiber.h.
 *
 * swapcontext() makes a system call per switch, to keep the signal mask that no
 * fiber changes, and an engine switches millions of times a second.  So the
 * callee-saved registers are pushed by hand, as each ABI names them.
 */
#include "fiber.h"

#include <stdint.h>

#if defined(__x86_64__)

__asm__(
"	.text\n"
"	.globl fiber_switch\n"
"	.type fiber_switch, @function\n"
"fiber_switch:\n"
"	push %rbp\n"
"	push %rbx\n"
"	push %r12\n"
"	push %r13\n"
"	push %r14\n"
"	push %r15\n"
"	mov %rsp, (%rdi)\n"
"	mov (%rsi), %rsp\n"
"	pop %r15\n"
"	pop %r14\n"
"	pop %r13\n"
"	pop %r12\n"
"	pop %rbx\n"
"	pop %rbp\n"
"	ret\n"
"	.size fiber_switch, . - fiber_switch\n"
"	.type fiber_first, @function\n"
"fiber_first:\n"
"	mov %r12, %rdi\n"
"	call *%r13\n"
"	ud2\n"
"	.size fiber_first, . - fiber_first\n");

void fiber_first(void);

void
fiber_start(struct fiber *f, void *stack, size_t size, void (*run)(void *arg),
    void *arg)
{
	uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)15;
	/*
	 * r15 r14 r13 r12 rbx rbp, then the address that `ret` takes; the two
	 * words above keep the stack aligned at the call.
	 */
	uintptr_t *sp = (uintptr_t *)top - 9;

	for (unsigned i = 0; i < 9; i++)
		sp[i] = 0;
	sp[2] = (uintptr_t)run;			/* r13 */
	sp[3] = (uintptr_t)arg;			/* r12 */
	sp[6] = (uintptr_t)fiber_first;
	f->sp = sp;
}

#elif defined(__aarch64__)

__asm__(
"	.text\n"
"	.globl fiber_switch\n"
"	.type fiber_switch, %function\n"
"fiber_switch:\n"
"	sub sp, sp, #160\n"
"	stp x19, x20, [sp, #0]\n"
"	stp x21, x22, [sp, #16]\n"
"	stp x23, x24, [sp, #32]\n"
"	stp x25, x26, [sp, #48]\n"
"	stp x27, x28, [sp, #64]\n"
"	stp x29, x30, [sp, #80]\n"
"	stp d8, d9, [sp, #96]\n"
"	stp d10, d11, [sp, #112]\n"
"	stp d12, d13, [sp, #128]\n"
"	stp d14, d15, [sp, #144]\n"
"	mov x9, sp\n"
"	str x9, [x0]\n"
"	ldr x9, [x1]\n"
"	mov sp, x9\n"
"	ldp x19, x20, [sp, #0]\n"
"	ldp x21, x22, [sp, #16]\n"
"	ldp x23, x24, [sp, #32]\n"
"	ldp x25, x26, [sp, #48]\n"
"	ldp x27, x28, [sp, #64]\n"
"	ldp x29, x30, [sp, #80]\n"
"	ldp d8, d9, [sp, #96]\n"
"	ldp d10, d11, [sp, #112]\n"
"	ldp d12, d13, [sp, #128]\n"
"	ldp d14, d15, [sp, #144]\n"
"	add sp, sp, #160\n"
"	ret\n"
"	.size fiber_switch, . - fiber_switch\n"
"	.type fiber_first, %function\n"
"fiber_first:\n"
"	mov x0, x19\n"
"	blr x20\n"
"	brk #0\n"
"	.size fiber_first, . - fiber_first\n");

void fiber_first(void);

void
fiber_start(struct fiber *f, void *stack, size_t size, void (*run)(void *arg),
    void *arg)
{
	uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)15;
	uintptr_t *sp = (uintptr_t *)(top - 160);

	for (unsigned i = 0; i < 20; i++)
		sp[i] = 0;
	sp[0] = (uintptr_t)arg;			/* x19 */
	sp[1] = (uintptr_t)run;			/* x20 */
	sp[11] = (uintptr_t)fiber_first;	/* x30 */
	f->sp = sp;
}

#else
#error "fiber.c: write fiber_switch() and fiber_start() for this machine"
#endif
