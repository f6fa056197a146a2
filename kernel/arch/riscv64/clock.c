/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c: time since boot is the time CSR, whose frequency the device tree
 * says; the tick is the supervisor timer, set by its own CSR where there is
 * Sstc, and by the firmware elsewhere.
 */
#include <xcpu/port.h>

#include "riscv.h"

#define EXT_TIME	0x54494d45
#define TIME_SET	0
#define NAPS_PER_SECOND	100000

void
clock_init(void)
{
	if (devices.clock_hz == 0)
		panic("the device tree has no timebase-frequency");
	xcpu_port_riscv.ns_scale = (UINT64_C(1000000000) << 32) /
	    devices.clock_hz;
}

/* Takes back an interrupt that is pending, too. */
static void
timer_set(uint64_t time)
{
	const struct xcpu_sbi_call set = {
		.extension = EXT_TIME,
		.function = TIME_SET,
		.arg = { time },
	};

	if (devices.sstc)
		__asm__ volatile("csrw 0x14d, %0" : : "r"(time) : "memory");
	else
		(void)xcpu_riscv_ecall(&set, NULL);
}

/*
 * A turn of a wait.  QEMU passes over PAUSE, so who spins keeps from running
 * whoever he waits for: all others in the single thread of mode=single, and those
 * without a core of the host in mode=multi.  WFI is a place where QEMU goes on
 * with another.
 *
 * For one thread that is enough, so what ends the WFI is pending already: the
 * interrupt of performance counters, which nobody else uses and which is enabled
 * here alone; or, without, a timer that is due.  With many it is a nap.
 */
static void
yield(void)
{
	__asm__ volatile("csrs sip, %0; csrs sie, %0; wfi; csrc sie, %0"
	    : : "r"(UINT64_C(1) << IRQ_COUNTER) : "memory");
}

/*
 * An interrupt ends a nap early, unless it cannot be taken: WFI would end at
 * once, each time, for one that is pending.
 */
static void
nap(struct arch_cpu *arch, bool masked)
{
	uint64_t off = masked ? UINT64_C(1) << IRQ_SOFTWARE : 0;
	uint64_t end = one_thread ? 0 :
	    xcpu_riscv_rdtime() + devices.clock_hz / NAPS_PER_SECOND;

	timer_set(masked || end < arch->tick_due ? end : arch->tick_due);
	__asm__ volatile("csrc sie, %0; wfi; csrs sie, %0"
	    : : "r"(off) : "memory");
	timer_set(arch->tick_due);
}

void
cpu_pause(void)
{
	struct arch_cpu *arch = &cpu_self()->arch;
	unsigned long state = irq_save();

	if (one_thread && devices.sscofpmf)
		yield();
	else if (arch->tick_every != 0)
		nap(arch, (state & XCPU_RISCV_SSTATUS_SIE) == 0);
	else
		xcpu_riscv_pause();	/* nothing would end a nap */
	irq_restore(state);
}

void
timer_interrupt(void)
{
	struct arch_cpu *arch = &cpu_self()->arch;
	uint64_t now = xcpu_riscv_rdtime();

	arch->tick_due += arch->tick_every;
	if (arch->tick_due <= now)	/* late: those in between are lost */
		arch->tick_due = now + arch->tick_every;
	timer_set(arch->tick_due);
	on_tick();
}

void
tick_start(unsigned hz)
{
	struct arch_cpu *arch = &cpu_self()->arch;

	arch->tick_every = devices.clock_hz / hz;
	arch->tick_due = xcpu_riscv_rdtime() + arch->tick_every;
	timer_set(arch->tick_due);
	__asm__ volatile("csrs sie, %0" : : "r"(UINT64_C(1) << IRQ_TIMER));
}
