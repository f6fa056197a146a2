/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kick.c: the software interrupt: xcpu's kicks, by port/riscv64-sbi, and the
 * kernel's own way to end a halt.  A hart has one such interrupt for both, so
 * who wakes says so beside it.
 */
#include <xcpu/port.h>

#include "riscv.h"

static struct xcpu_harts harts;
static struct xcpu_sswi sswi;
static struct xcpu_au64 kicks[XCPU_NCPU_MAX];

/* True: every CPU has its register. */
static bool
sswi_init(void)
{
	unsigned i;

	for (i = 0; i < ncpu; i++) {
		uint64_t reg = devices_sswi(cpus[i].arch.hart);

		if (reg == 0)
			return false;
		(void)xcpu_sswi_add(&sswi, i,
		    paging_map_device(reg, sizeof(uint32_t), false));
	}
	return true;
}

void
kick_init(void)
{
	unsigned i;

	xcpu_harts_init(&harts);
	harts.kicks = kicks;
	for (i = 0; i < ncpu; i++) {
		if (xcpu_harts_add(&harts, i, cpus[i].arch.hart) != 0)
			panic("the device tree lists hart %lu twice",
			    cpus[i].arch.hart);
	}
	xcpu_port_riscv.harts = &harts;
	xcpu_port_riscv.svinval = devices.svinval;
	if (sswi_init())
		xcpu_port_riscv.sswi = &sswi;
	else if (!xcpu_sbi_has(XCPU_SBI_EXT_IPI))
		panic("no SSWI device, and no firmware that sends interrupts");
	mach_printf("kernel: kicks by %s, timer by %s%s\n",
	    xcpu_port_riscv.sswi != NULL ? "ACLINT's SSWI" : "SBI",
	    devices.sstc ? "Sstc" : "SBI", devices.svinval ? ", Svinval" : "");
}

/* A hart takes them as soon as it unmasks. */
void
kick_open(unsigned cpu)
{
	(void)cpu;
}

/* The firmware interrupts no hart that is off, and "all" is never said. */
void
kick_close(unsigned cpu)
{
	(void)cpu;
}

/* From now on, kicks for which drop() is true are lost on their way. */
void
kick_drop(bool (*drop)(unsigned cpu, uint32_t what))
{
	harts.drop = drop;
}

bool
kick_is_nmi(uint32_t what)
{
	(void)what;
	return false;
}

uint64_t
kicks_sent(unsigned cpu, bool nmi)
{
	return nmi ? 0 : xcpu_harts_kicks(&harts, cpu);
}

uint64_t
kicks_lost(bool nmi)
{
	return nmi ? 0 : xcpu_load_rlx(&harts.dropped);	/* rlx: a count */
}

void
nmi_send(unsigned cpu)
{
	panic("CPU %u cannot be sent an NMI: there is none", cpu);
}

/* Out of WFI; they find out why by themselves. */
static void
wake(const struct xcpu_cpuset *set)
{
	unsigned i;

	for (i = xcpu_cpuset_first(set); i < ncpu;
	    i = xcpu_cpuset_next(set, i))
		__atomic_store_n(&cpus[i].arch.woken, 1, __ATOMIC_RELEASE);
	(void)xcpu_sbi_kick(&harts, set);
}

void
wake_one(unsigned cpu)
{
	struct xcpu_cpuset one;

	xcpu_cpuset_one(&one, cpu);
	wake(&one);
}

void
wake_others(void)
{
	struct xcpu_cpuset others;

	xcpu_cpuset_fill(&others, ncpu);
	xcpu_cpuset_del(&others, cpu_self()->index);
	wake(&others);
}

/*
 * Woken, and no kick: not one of xcpu's.  A kick that comes between the two
 * looks has set the latch again.
 */
void
software_interrupt(void)
{
	struct cpu *self = cpu_self();
	bool woken;

	xcpu_riscv_kick_taken();
	woken = __atomic_exchange_n(&self->arch.woken, 0, __ATOMIC_ACQUIRE);
	if (!woken || kicks_sent(self->index, false) != self->kicks_seen)
		on_kick();
}
