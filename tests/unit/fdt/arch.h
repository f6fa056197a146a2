/* SPDX-License-Identifier: BSD-2-Clause */
/* arch.h: a machine of one CPU, for kernel/fdt_boot.c; memory is where it is. */
#ifndef XCPU_TESTS_FDT_ARCH_H
#define XCPU_TESTS_FDT_ARCH_H

#include <stdint.h>

#define CPUS_MAX	1

struct cpu;

struct arch_cpu {
	uint64_t id;
};

struct trap_frame;

struct cpu *cpu_self(void);
unsigned long irq_save(void);
void irq_restore(unsigned long state);
void cpu_pause(void);

static inline void *
phys_to_virt(uint64_t phys)
{
	return (void *)(uintptr_t)phys;
}

#endif /* XCPU_TESTS_FDT_ARCH_H */
