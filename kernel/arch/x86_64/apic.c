/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apic.c: the local APIC: what the kernel itself needs of it (start the others,
 * wake them, end an interrupt, tick), and xcpu's kicks, by port/x86_64-apic.
 */
#include <xcpu/port.h>

#include "x86.h"

#define APIC_TPR	0x080
#define APIC_SPURIOUS	0x0f0
#define APIC_ICR_LOW	0x300
#define APIC_ICR_HIGH	0x310
#define APIC_LVT_FIRST	0x320		/* the timer's; the error's is last */
#define APIC_LVT_LAST	0x370
#define APIC_BASE_X2	0x400
#define APIC_ENABLE	0x100
#define LVT_MASKED	0x10000
#define ICR_BUSY	0x01000
#define PIC_MASTER_MASK	0x21
#define PIC_SLAVE_MASK	0xa1

static volatile uint32_t *apic;

void
apic_map(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (base & APIC_BASE_X2)
		panic("the firmware left the APIC in x2APIC mode");
	apic = paging_map_device(base & PTE_FRAME, MACH_PAGE_SIZE, false);
	outb(PIC_MASTER_MASK, 0xff);
	outb(PIC_SLAVE_MASK, 0xff);
}

uint32_t
apic_read(unsigned reg)
{
	return apic[reg / sizeof(*apic)];
}

void
apic_write(unsigned reg, uint32_t value)
{
	apic[reg / sizeof(*apic)] = value;
}

void
apic_enable(void)
{
	unsigned reg;

	for (reg = APIC_LVT_FIRST; reg <= APIC_LVT_LAST; reg += 0x10)
		apic_write(reg, LVT_MASKED);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SPURIOUS, APIC_ENABLE | VEC_SPURIOUS);
}

/* Masked: an interrupt between the two writes could send to our target. */
void
apic_send(uint32_t apic_id, uint32_t command)
{
	unsigned long state = irq_save();
	unsigned i;

	for (i = 0; i < 100000 && apic_read(APIC_ICR_LOW) & ICR_BUSY; i++)
		cpu_pause();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR_LOW, command);
	irq_restore(state);
}

/* ------------------------------------------------------------------ */
/* xcpu's kicks, by port/x86_64-apic.                                  */

static struct xcpu_apic kicks;
static struct xcpu_apic_count kick_count[XCPU_NCPU_MAX];

void
kick_init(void)
{
	unsigned i;

	xcpu_apic_init(&kicks, apic);
	kicks.count = kick_count;
	for (i = 0; i < ncpu; i++) {
		if (xcpu_apic_add(&kicks, i, cpus[i].arch.apic_id) != 0)
			panic("ACPI lists APIC id %u twice",
			    cpus[i].arch.apic_id);
	}
	xcpu_port_x86.apic = &kicks;
	xcpu_port_x86.vector = VEC_IPI;
}

void
kick_open(unsigned cpu)
{
	xcpu_apic_up(&kicks, cpu);
}

void
kick_close(unsigned cpu)
{
	xcpu_apic_down(&kicks, cpu);
}

/* From now on, kicks for which drop() is true are lost on their way. */
void
kick_drop(bool (*drop)(unsigned cpu, uint32_t what))
{
	kicks.drop = drop;
}

bool
kick_is_nmi(uint32_t what)
{
	return (what & XCPU_APIC_NMI) != 0;
}

uint64_t
kicks_sent(unsigned cpu, bool nmi)
{
	return xcpu_apic_sent(&kicks, cpu, nmi);
}

uint64_t
kicks_lost(bool nmi)
{
	/* rlx: a count */
	return xcpu_load_rlx(nmi ? &kicks.dropped.nmi : &kicks.dropped.fixed);
}

void
nmi_send(unsigned cpu)
{
	apic_send(cpus[cpu].arch.apic_id, ICR_NMI);
}
