/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smp.c: finds the processors and starts them, one after the other: the page
 * they start in, and the two words it reads, serve one at a time.
 */
#include "x86.h"

#define INIT_WAIT_US	10000
#define START_AGAIN_NS	10000000

struct cpu cpus[CPUS_MAX];
unsigned ncpu;

/* Read by boot.S. */
extern char *ap_stack;
extern struct cpu *ap_cpu;
char *ap_stack;
struct cpu *ap_cpu;

void ap_main(struct cpu *cpu);

/* GS from the first moment, so that even an early panic knows its CPU. */
void
cpu_init_first(void)
{
	cpus[0].arch.self = &cpus[0];
	ncpu = 1;
	xcpu_x86_wrmsr(MSR_GS_BASE, (uint64_t)&cpus[0]);
}

static void
cpu_add(unsigned index, uint8_t apic_id)
{
	void *list = mach_alloc(MACH_PAGE_SIZE);

	if (list == NULL)
		panic("no memory for CPU %u", index);
	paging_map_list(index, list);
	cpus[index].index = index;
	cpus[index].arch.apic_id = apic_id;
	cpus[index].arch.access_list = list;
}

unsigned
cpus_find(uint64_t firmware_table)
{
	static struct acpi_info info;
	unsigned i;

	apic_map();
	acpi_read(firmware_table, &info);
	pm_timer_port = info.pm_timer;
	cpu_add(0, (uint8_t)(apic_read(APIC_ID) >> 24));
	for (i = 0; i < info.n; i++) {
		if (info.apic_ids[i] != cpus[0].arch.apic_id)
			cpu_add(ncpu++, info.apic_ids[i]);
	}
	return info.left_out;
}

void
cpu_init(struct cpu *cpu)
{
	descriptors_load(cpu);
	apic_enable();
}

void
ap_main(struct cpu *cpu)
{
	cpu_init(cpu);
	kernel_main_ap(cpu);
}

/*
 * Some processors miss the first start-up IPI; one that has begun ignores those
 * that follow.
 */
static void
start_up(struct cpu *cpu)
{
	unsigned tries;

	for (tries = 0; tries < CPU_START_NS / START_AGAIN_NS; tries++) {
		apic_send(cpu->arch.apic_id,
		    ICR_STARTUP | AP_BASE / MACH_PAGE_SIZE);
		if (cpu_comes(cpu, START_AGAIN_NS))
			return;
	}
	panic("CPU %u (APIC id %u) did not start", cpu->index,
	    cpu->arch.apic_id);
}

/* INIT came to all from cpus_start(), but for one that ran since. */
void
cpu_start(struct cpu *cpu)
{
	if (cpu->arch.stack == NULL) {
		cpu->arch.stack = cpu_stack_new();
	} else {
		apic_send(cpu->arch.apic_id, ICR_INIT);
		wait_us(INIT_WAIT_US);
	}
	ap_cpu = cpu;
	ap_stack = cpu->arch.stack;
	start_up(cpu);
}

/* As far off as INIT needs it: no firmware does more. */
void
cpu_off(void)
{
	for (;;)	/* ends: by INIT */
		__asm__ volatile("cli; hlt" ::: "memory");
}

/* Halted or about to: INIT takes it from either. */
bool
cpu_is_off(const struct cpu *cpu)
{
	(void)cpu;
	return true;
}

void
cpus_start(void)
{
	unsigned i;

	memcpy(phys_to_virt(AP_BASE), ap_start, (size_t)(ap_end - ap_start));
	if (ncpu > 1)
		apic_send(0, ICR_OTHERS | ICR_INIT);
	wait_us(INIT_WAIT_US);
	for (i = 1; i < ncpu; i++)
		cpu_start(&cpus[i]);
}

/* Out of HLT; they find out why by themselves. */
void
wake_one(unsigned cpu)
{
	apic_send(cpus[cpu].arch.apic_id, ICR_FIXED | VEC_WAKE);
}

void
wake_others(void)
{
	if (ncpu > 1)
		apic_send(0, ICR_OTHERS | ICR_FIXED | VEC_WAKE);
}
