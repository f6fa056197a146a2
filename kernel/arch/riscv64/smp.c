/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smp.c: the first C of the boot hart, and how the others come to theirs: the
 * firmware's extension HSM starts each at ap_start, one at a time, and stops it
 * again.
 */
#include <xcpu/port.h>

#include "../../fdt.h"
#include "riscv.h"

#define OWN_STACK_BYTES	8192
#define TRAP_ROOM	(FRAME_SIZE + 256)
#define EXT_HSM		0x48534d
#define HSM_START	0
#define HSM_STOP	1
#define HSM_STATUS	2
#define STATUS_STOPPED	1

_Static_assert(offsetof(struct arch_cpu, downcall_sp) == CPU_DOWNCALL &&
    offsetof(struct arch_cpu, stack_low) == CPU_STACK_LOW &&
    offsetof(struct arch_cpu, own_stack) == CPU_OWN_STACK &&
    offsetof(struct arch_cpu, scratch) == CPU_SCRATCH &&
    offsetof(struct arch_cpu, first_stack) == CPU_FIRST_STACK &&
    offsetof(struct cpu, arch) == 0, "layout.h");

struct cpu cpus[CPUS_MAX];
unsigned ncpu;
struct cpu *cpu_to_start;	/* boot.S: for whom a hart is started */

extern char image_end[];

void boot_main(uint64_t hart, uint64_t fdt_phys);
void ap_main(struct cpu *cpu);

void
boot_main(uint64_t hart, uint64_t fdt_phys)
{
	static struct boot_info boot;

	cpu_init_first();
	cpus[0].arch.hart = hart;
	devices_find(fdt_phys);
	console_init();
	fdt_boot(fdt_phys, (uint64_t)image_end - IMAGE_BASE, &boot);
	kernel_main(&boot);
}

static void
trap_vector_set(void)
{
	__asm__ volatile("csrw sscratch, zero; csrw stvec, %0"
	    : : "r"(trap_entry) : "memory");
}

/* From the first moment, so that even an early panic knows its CPU. */
void
cpu_init_first(void)
{
	ncpu = 1;
	__asm__ volatile("mv tp, %0" : : "r"(&cpus[0]));
	trap_vector_set();
}

static void *
alloc_or_panic(size_t len_bytes)
{
	void *memory = mach_alloc(len_bytes);

	if (memory == NULL)
		panic("no memory for the stacks of a CPU");
	return memory;
}

static void
cpu_add(unsigned index, uint64_t hart)
{
	struct arch_cpu *arch = &cpus[index].arch;

	cpus[index].index = index;
	arch->hart = hart;
	arch->access_list = alloc_or_panic(MACH_PAGE_SIZE);
	paging_map_list(index, arch->access_list);
	arch->own_stack = (uint64_t)alloc_or_panic(OWN_STACK_BYTES) +
	    OWN_STACK_BYTES;
}

unsigned
cpus_find(uint64_t firmware_table)
{
	static uint64_t harts[CPUS_MAX];
	unsigned found = fdt_cpus(firmware_table, harts, CPUS_MAX);
	unsigned i;

	cpu_add(0, cpus[0].arch.hart);
	for (i = 0; i < found && i < CPUS_MAX; i++) {
		if (harts[i] != cpus[0].arch.hart && ncpu < CPUS_MAX)
			cpu_add(ncpu++, harts[i]);
	}
	return found - ncpu;
}

/* The kernel reads what U-mode may: some workloads map its pages so. */
void
cpu_init(struct cpu *cpu)
{
	(void)cpu;
	trap_vector_set();
	__asm__ volatile("csrs sstatus, %0; csrw sie, %1" : :
	    "r"(STATUS_SUM), "r"(UINT64_C(1) << IRQ_SOFTWARE) : "memory");
}

void
ap_main(struct cpu *cpu)
{
	cpu_init(cpu);
	kernel_main_ap(cpu);
}

static void
stack_new(struct arch_cpu *arch)
{
	arch->first_stack = (uint64_t)cpu_stack_new();
	arch->stack_low = arch->first_stack - CPU_STACK_BYTES + TRAP_ROOM;
}

void
cpu_start(struct cpu *cpu)
{
	const struct xcpu_sbi_call start = {
		.extension = EXT_HSM,
		.function = HSM_START,
		.arg = { cpu->arch.hart, (uint64_t)ap_start - IMAGE_BASE },
	};
	int64_t error;

	if (cpu->arch.first_stack == 0)
		stack_new(&cpu->arch);
	cpu_to_start = cpu;	/* the call below orders it */
	error = xcpu_riscv_ecall(&start, NULL);
	if (error != 0)
		panic("the firmware cannot start hart %lu: error %ld",
		    cpu->arch.hart, error);
	if (!cpu_comes(cpu, CPU_START_NS))
		panic("CPU %u (hart %lu) did not start", cpu->index,
		    cpu->arch.hart);
}

void
cpu_off(void)
{
	const struct xcpu_sbi_call stop = {
		.extension = EXT_HSM, .function = HSM_STOP
	};

	panic("the firmware cannot stop hart %lu: error %ld",
	    cpu_self()->arch.hart, xcpu_riscv_ecall(&stop, NULL));
}

/* Until then it may still be on its stack, and cannot be started. */
bool
cpu_is_off(const struct cpu *cpu)
{
	const struct xcpu_sbi_call status = {
		.extension = EXT_HSM,
		.function = HSM_STATUS,
		.arg = { cpu->arch.hart },
	};
	uint64_t value = 0;

	return xcpu_riscv_ecall(&status, &value) == 0 &&
	    value == STATUS_STOPPED;
}

void
cpus_start(void)
{
	unsigned i;

	for (i = 1; i < ncpu; i++)
		cpu_start(&cpus[i]);
}
