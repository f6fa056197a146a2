/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gic.c: the interrupt controller, a GICv3: what the kernel itself needs of it
 * (enable it, take interrupts, wake the others), and xcpu's kicks, by
 * port/aarch64-gic.
 *
 * Kicks and ticks have one priority, NMIs a higher one (arm_irq.h).
 */
#include <xcpu/port.h>

#include "arm.h"

#define GICD_CTLR	0x000
#define CTLR_ON		0x12		/* affinity routing, group 1 */
#define CTLR_BUSY	0x80000000
#define GICR_TYPER	0x008		/* 64 bits; the upper half: whose it is */
#define TYPER_LAST	0x10
#define GICR_WAKER	0x014
#define WAKER_SLEEP	0x2
#define WAKER_ASLEEP	0x4
#define GICR_BYTES	0x20000
#define GICR_SGIS	0x10000		/* the second half: SGIs and PPIs */
#define GICR_IGROUPR0	(GICR_SGIS + 0x080)
#define GICR_ISENABLER0	(GICR_SGIS + 0x100)
#define GICR_IPRIORITYR	(GICR_SGIS + 0x400)
#define POLLS_MAX	1000000
#define SGI1R_OTHERS	(UINT64_C(1) << 40)
#define SGI1R_SGI(n)	((uint64_t)(n) << 24)

#define ICC_BPR1	"S3_0_C12_C12_3"
#define ICC_CTLR	"S3_0_C12_C12_4"
#define ICC_EOIR1	"S3_0_C12_C12_1"
#define ICC_IAR1	"S3_0_C12_C12_0"
#define ICC_IGRPEN1	"S3_0_C12_C12_7"

static void
await_zero(const volatile uint32_t *reg, uint32_t bits)
{
	unsigned i;

	for (i = 0; *reg & bits; i++) {
		if (i == POLLS_MAX)
			panic("the interrupt controller stays busy");
		cpu_pause();
	}
}

/* ------------------------------------------------------------------ */
/* Finding and enabling it.                                            */

static void
redistributor_give(volatile uint32_t *regs)
{
	uint32_t whose = regs[GICR_TYPER / 4 + 1];
	/* Its four bytes are Aff3 to Aff0; MPIDR_EL1 has Aff3 further up. */
	uint64_t affinity = (uint64_t)(whose >> 24) << 32 | (whose & 0xffffff);
	unsigned i;

	for (i = 0; i < ncpu; i++) {
		if (cpus[i].arch.affinity == affinity)
			cpus[i].arch.redistributor = regs;
	}
}

/* One region has those of many CPUs, one behind the other. */
static void
redistributors_find(uint64_t phys, uint64_t len)
{
	volatile uint32_t *regs;
	uint64_t end = phys + len;

	for (; phys < end; phys += GICR_BYTES) {
		regs = paging_map_device(phys, GICR_BYTES, false);
		redistributor_give(regs);
		if (regs[GICR_TYPER / 4] & TYPER_LAST)
			return;
	}
}

static void
distributor_enable(uint64_t phys)
{
	volatile uint32_t *regs = paging_map_device(phys, MACH_PAGE_SIZE,
	    false);

	regs[GICD_CTLR / 4] = CTLR_ON;
	await_zero(&regs[GICD_CTLR / 4], CTLR_BUSY);
}

void
gic_find(uint64_t fdt_phys)
{
	uint64_t phys, len;
	struct fdt fdt;
	unsigned i;
	bool found = false;

	if (!fdt_open(&fdt, phys_to_virt(fdt_phys)))
		panic("no device tree at %lx", fdt_phys);
	while (!found && fdt_next(&fdt))
		found = fdt_has(&fdt, "compatible", "arm,gic-v3");
	if (!found || !fdt_reg(&fdt, 0, &phys, &len))
		panic("the device tree has no GICv3");
	distributor_enable(phys);
	for (i = 1; fdt_reg(&fdt, i, &phys, &len); i++)
		redistributors_find(phys, len);
	for (i = 0; i < ncpu; i++) {
		if (cpus[i].arch.redistributor == NULL)
			panic("CPU %u (%lx) has no redistributor", i,
			    cpus[i].arch.affinity);
	}
}

static void
set_priority(volatile uint32_t *regs, unsigned interrupt, uint8_t priority)
{
	volatile uint8_t *bytes = (volatile uint8_t *)regs;

	bytes[GICR_IPRIORITYR + interrupt] = priority;
}

void
gic_enable(struct cpu *cpu)
{
	volatile uint32_t *regs = cpu->arch.redistributor;

	regs[GICR_WAKER / 4] &= ~(uint32_t)WAKER_SLEEP;
	await_zero(&regs[GICR_WAKER / 4], WAKER_ASLEEP);
	regs[GICR_IGROUPR0 / 4] = UINT32_MAX;
	set_priority(regs, SGI_KICK, XCPU_ARM_IRQ_PRIORITY);
	set_priority(regs, SGI_WAKE, XCPU_ARM_IRQ_PRIORITY);
	set_priority(regs, PPI_TICK, XCPU_ARM_IRQ_PRIORITY);
	set_priority(regs, SGI_NMI, XCPU_ARM_NMI_PRIORITY);
	regs[GICR_ISENABLER0 / 4] = 1u << SGI_KICK | 1u << SGI_WAKE |
	    1u << SGI_NMI | 1u << PPI_TICK;
	XCPU_ARM_WRITE(ICC_BPR1, 0);
	XCPU_ARM_WRITE(ICC_CTLR, 0);	/* one write ends an interrupt */
	XCPU_ARM_WRITE(ICC_IGRPEN1, 1);
	xcpu_arm_isb();
}

uint32_t
gic_take(void)
{
	uint32_t interrupt = (uint32_t)XCPU_ARM_READ(ICC_IAR1);

	/* What its sender stored is there once the interrupt is. */
	__asm__ volatile("dsb sy" ::: "memory");
	return interrupt;
}

void
gic_done(uint32_t interrupt)
{
	XCPU_ARM_WRITE(ICC_EOIR1, interrupt);
	xcpu_arm_isb();
}

/* ------------------------------------------------------------------ */
/* The kernel's own, which no fault drops.                             */

static void
sgi_send(uint64_t value)
{
	xcpu_arm_dsb_ishst();
	xcpu_arm_sgi1r(value);
	xcpu_arm_isb();
}

static void
sgi_send_one(unsigned cpu, unsigned sgi)
{
	uint64_t id = cpus[cpu].arch.affinity;

	sgi_send((id >> 32 & 0xff) << 48 | (id >> 16 & 0xff) << 32 |
	    (id >> 4 & 0xf) << 44 | SGI1R_SGI(sgi) |
	    (id >> 8 & 0xff) << 16 | UINT64_C(1) << (id & 0xf));
}

/* Out of WFI; they find out why by themselves. */
void
wake_one(unsigned cpu)
{
	sgi_send_one(cpu, SGI_WAKE);
}

void
wake_others(void)
{
	sgi_send(SGI1R_OTHERS | SGI1R_SGI(SGI_WAKE));
}

/* ------------------------------------------------------------------ */
/* xcpu's kicks, by port/aarch64-gic.                                  */

static struct xcpu_gic kicks;
static struct xcpu_gic_count kick_count[XCPU_NCPU_MAX];

void
kick_init(void)
{
	unsigned i;

	xcpu_gic_init(&kicks, NULL);
	kicks.count = kick_count;
	for (i = 0; i < ncpu; i++) {
		if (xcpu_gic_add(&kicks, i, cpus[i].arch.affinity) != 0)
			panic("the affinity of CPU %u, %lx, is not one", i,
			    cpus[i].arch.affinity);
	}
	xcpu_port_arm.gic = &kicks;
	xcpu_port_arm.sgi = SGI_KICK;
	xcpu_port_arm.sgi_nmi = SGI_NMI;
}

void
kick_open(unsigned cpu)
{
	xcpu_gic_up(&kicks, cpu);
}

void
kick_close(unsigned cpu)
{
	xcpu_gic_down(&kicks, cpu);
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
	return what == SGI_NMI;
}

uint64_t
kicks_sent(unsigned cpu, bool nmi)
{
	return xcpu_gic_sent(&kicks, cpu, nmi ? SGI_NMI : SGI_KICK);
}

uint64_t
kicks_lost(bool nmi)
{
	/* rlx: a count */
	return xcpu_load_rlx(&kicks.dropped.sgi[nmi ? SGI_NMI : SGI_KICK]);
}

/* Not counted as one of xcpu's. */
void
nmi_send(unsigned cpu)
{
	sgi_send_one(cpu, SGI_NMI);
}
