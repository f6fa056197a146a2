/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c: time since boot from the time-stamp counter, and the tick of each
 * local APIC; both measured once against ACPI's power management timer.
 *
 * The three are read together.  A reading during which the host stopped us is
 * useless, and shows: it took longer.  The shortest of a few is kept.
 */
#include <xcpu/port.h>

#include "x86.h"

#define PM_HZ		UINT64_C(3579545)
#define PM_MASK		0xffffff
#define MEASURE_PM	(PM_HZ / 50)	/* 20 ms */
#define POLLS_MAX	50000000
#define READINGS	8
#define TIMER_PERIODIC	0x20000
#define DIVIDE_16	3

struct reading {
	uint64_t tsc;
	uint32_t pm, apic;
};

uint16_t pm_timer_port;

static uint64_t apic_hz;

static struct reading
read_clocks(void)
{
	struct reading best = { 0 };
	uint64_t shortest = UINT64_MAX;
	unsigned i;

	for (i = 0; i < READINGS; i++) {
		uint64_t before = xcpu_x86_rdtsc();
		uint32_t pm = inl(pm_timer_port);
		uint32_t count = apic_read(APIC_COUNT);
		uint64_t took = xcpu_x86_rdtsc() - before;

		if (took >= shortest)
			continue;
		shortest = took;
		best.tsc = before + took / 2;
		best.pm = pm & PM_MASK;
		best.apic = count;
	}
	return best;
}

void
clock_init(void)
{
	struct reading a, b;
	uint64_t pm;
	unsigned i;

	if (pm_timer_port == 0)
		panic("ACPI names no power management timer");
	apic_write(APIC_DIVIDE, DIVIDE_16);
	apic_write(APIC_COUNT_INIT, UINT32_MAX);
	a = read_clocks();
	for (i = 0; i < POLLS_MAX; i++) {
		if (((inl(pm_timer_port) - a.pm) & PM_MASK) >= MEASURE_PM)
			break;
	}
	b = read_clocks();
	apic_write(APIC_COUNT_INIT, 0);
	pm = (b.pm - a.pm) & PM_MASK;
	if (pm < MEASURE_PM)
		panic("the power management timer stands still");
	xcpu_port_x86.ns_scale = (UINT64_C(1000000000) << 32) /
	    ((b.tsc - a.tsc) * PM_HZ / pm);
	apic_hz = (uint64_t)(a.apic - b.apic) * PM_HZ / pm;
}

void
wait_us(unsigned us)
{
	uint64_t end = mach_now_ns() + us * UINT64_C(1000);

	while (mach_now_ns() < end)	/* ends: the clock goes on */
		cpu_pause();
}

void
tick_start(unsigned hz)
{
	apic_write(APIC_DIVIDE, DIVIDE_16);
	apic_write(APIC_TIMER, TIMER_PERIODIC | VEC_TICK);
	apic_write(APIC_COUNT_INIT, (uint32_t)(apic_hz / hz));
}
