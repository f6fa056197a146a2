/* SPDX-License-Identifier: BSD-2-Clause */
/* smp.c: what arch/ARCH/smp.c need to start a CPU, whatever starts it. */
#include "kernel.h"

/* Running over its end faults. */
char *
cpu_stack_new(void)
{
	char *stack = mach_alloc(MACH_PAGE_SIZE + CPU_STACK_BYTES);

	if (stack == NULL)
		panic("no memory for the stack of a CPU");
	paging_unmap_guard(stack);
	return stack + MACH_PAGE_SIZE + CPU_STACK_BYTES;
}

bool
cpu_comes(const struct cpu *cpu, uint64_t within_ns)
{
	uint64_t end = mach_now_ns() + within_ns;

	while (mach_now_ns() < end) {	/* ends: time passes */
		if (__atomic_load_n(&cpu->started, __ATOMIC_ACQUIRE))
			return true;
		cpu_pause();
	}
	return false;
}
