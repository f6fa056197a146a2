/* SPDX-License-Identifier: BSD-2-Clause */
/* smp.c: finds the processors; starts and stops them, by the firmware's PSCI. */
#include "arm.h"

#define PSCI_CPU_OFF	0x84000002
#define PSCI_CPU_ON	0xc4000003
#define PSCI_AFFINITY_INFO 0xc4000004
#define AFFINITY_OFF	1

struct cpu cpus[CPUS_MAX];
unsigned ncpu;

void ap_main(struct cpu *cpu);

_Static_assert(offsetof(struct arch_cpu, stack) == CPU_STACK, "layout.h");

static void
cpu_self_set(struct cpu *cpu)
{
	cpu->arch.self = cpu;
	XCPU_ARM_WRITE("tpidr_el1", cpu);
}

/* From the first moment, so that even an early panic knows its CPU. */
void
cpu_init_first(void)
{
	ncpu = 1;
	cpu_self_set(&cpus[0]);
}

static void
cpu_add(unsigned index, uint64_t affinity)
{
	void *list = mach_alloc(MACH_PAGE_SIZE);

	if (list == NULL)
		panic("no memory for CPU %u", index);
	paging_map_list(index, list);
	cpus[index].index = index;
	cpus[index].arch.affinity = affinity;
	cpus[index].arch.access_list = list;
}

unsigned
cpus_find(uint64_t firmware_table)
{
	static uint64_t affinity[CPUS_MAX];
	unsigned n = fdt_cpus(firmware_table, affinity, CPUS_MAX);
	unsigned i;

	cpu_add(0, XCPU_ARM_READ("mpidr_el1") & XCPU_GIC_AFFINITY);
	for (i = 0; i < n && i < CPUS_MAX; i++) {
		if (affinity[i] != cpus[0].arch.affinity)
			cpu_add(ncpu++, affinity[i]);
	}
	gic_find(firmware_table);
	return n > CPUS_MAX ? n - CPUS_MAX : 0;
}

void
cpu_init(struct cpu *cpu)
{
	gic_enable(cpu);
	/* From here on interrupts are masked by priority alone. */
	__asm__ volatile("msr daifclr, #6" ::: "memory");
}

void
ap_main(struct cpu *cpu)
{
	paging_load();
	cpu_self_set(cpu);
	cpu_init(cpu);
	kernel_main_ap(cpu);
}

static int64_t
psci(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
	    : : "memory");
	return (int64_t)x0;
}

void
cpu_start(struct cpu *cpu)
{
	int64_t error;

	if (cpu->arch.stack == NULL)
		cpu->arch.stack = cpu_stack_new();
	error = psci(PSCI_CPU_ON, cpu->arch.affinity, virt_to_phys(ap_start),
	    virt_to_phys(cpu));
	if (error != 0)
		panic("PSCI does not start CPU %u (%lx): %d", cpu->index,
		    cpu->arch.affinity, (int)error);
	if (!cpu_comes(cpu, CPU_START_NS))
		panic("CPU %u (%lx) did not start", cpu->index,
		    cpu->arch.affinity);
}

void
cpu_off(void)
{
	panic("PSCI does not switch this CPU off: %d",
	    (int)psci(PSCI_CPU_OFF, 0, 0, 0));
}

/* Until then it may still be on its stack, and PSCI would not start it. */
bool
cpu_is_off(const struct cpu *cpu)
{
	return psci(PSCI_AFFINITY_INFO, cpu->arch.affinity, 0, 0) ==
	    AFFINITY_OFF;
}

void
cpus_start(void)
{
	unsigned i;

	for (i = 1; i < ncpu; i++)
		cpu_start(&cpus[i]);
}
