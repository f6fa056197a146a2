/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * power.c: CPUs leave the machine, by the firmware, and are started again: by
 * the word off=, before the work.
 *
 * A CPU takes leave of xcpu first.  It never goes on where it left: it begins
 * like a new one, on the same stack.  The others work on without it.
 */
#include <xcpu/call.h>

#include "kernel.h"

#define OFF_WAIT_NS	UINT64_C(5000000000)

static void
leave(void *unused)
{
	struct cpu *cpu = cpu_self();

	(void)unused;
	port_offline(cpu);
	__atomic_store_n(&cpu->started, 0, __ATOMIC_RELEASE);
	cpu_off();
}

static void
switch_off(struct cpu *cpu)
{
	uint64_t end = mach_now_ns() + OFF_WAIT_NS;

	if (thread_start(cpu->index, leave, NULL) != 0)
		panic("CPU %u has something else to do", cpu->index);
	while (__atomic_load_n(&cpu->started, __ATOMIC_ACQUIRE) ||
	    !cpu_is_off(cpu)) {
		if (mach_now_ns() > end)
			panic("CPU %u does not go off", cpu->index);
		mach_relax();
	}
}

static void
count_one(void *counter)
{
	__atomic_add_fetch((unsigned *)counter, 1, __ATOMIC_RELAXED);
}

static void
expect_others(unsigned n)
{
	unsigned reached = 0;
	int error = xcpu_call_others(count_one, &reached, NULL);

	if (error != 0 || reached != n)
		panic("a call of all others: %s, %u of %u reached",
		    xcpu_strerror(error), reached, n);
}

void
power_cycle(unsigned times)
{
	unsigned turn, i;

	for (turn = 0; turn < times; turn++) {
		for (i = 1; i < ncpu; i++) {
			switch_off(&cpus[i]);
			expect_others(ncpu - 2);
			cpu_start(&cpus[i]);
			expect_others(ncpu - 1);
		}
	}
	if (times != 0)
		mach_printf("kernel: each other CPU was off %u times\n", times);
}
