/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.c: time since boot, and the tick, by the generic timer (virtual). */
#include <xcpu/port.h>

#include "arm.h"

#define TIMER_ON	1	/* and its interrupt not masked */

void
clock_init(void)
{
	uint64_t hz = XCPU_ARM_READ("cntfrq_el0");

	if (hz == 0)
		panic("the firmware left no frequency in CNTFRQ_EL0");
	xcpu_port_arm.ns_scale = (UINT64_C(1000000000) << 32) / hz;
}

/* The next one; those that this CPU was too late for are left out. */
void
tick_again(void)
{
	struct arch_cpu *arch = &cpu_self()->arch;
	uint64_t now = XCPU_ARM_READ("cntvct_el0");

	arch->tick_next += arch->tick;
	if (arch->tick_next <= now)
		arch->tick_next = now + arch->tick;
	XCPU_ARM_WRITE("cntv_cval_el0", arch->tick_next);
	xcpu_arm_isb();
}

void
tick_start(unsigned hz)
{
	struct arch_cpu *arch = &cpu_self()->arch;

	arch->tick = XCPU_ARM_READ("cntfrq_el0") / hz;
	arch->tick_next = XCPU_ARM_READ("cntvct_el0");
	tick_again();
	XCPU_ARM_WRITE("cntv_ctl_el0", TIMER_ON);
}
