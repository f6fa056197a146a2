/* SPDX-License-Identifier: BSD-2-Clause */
/* xcpu_kick.c: xcpu's kick hooks, by software generated interrupts. */
#include <xcpu/domain.h>
#include <xcpu/port.h>

#include "xcpu_port_arm.h"

struct xcpu_port_arm xcpu_port_arm;

void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
	(void)xcpu_gic_send(xcpu_port_arm.gic, xcpu_cpu_index(), set,
	    xcpu_port_arm.sgi);
}

void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
	(void)xcpu_gic_send(xcpu_port_arm.gic, xcpu_cpu_index(), set,
	    xcpu_port_arm.sgi_nmi);
}
