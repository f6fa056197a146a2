/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_kick.c: xcpu's kick hooks, by the local APIC.
 *
 * A stuck ICR is counted in the APIC's `busy` and no more: xcpu's waits send
 * their kicks again, and the tick finds what a kick was lost for.
 */
#include <xcpu/domain.h>
#include <xcpu/port.h>

#include "xcpu_port_x86.h"

struct xcpu_port_x86 xcpu_port_x86;

static void
kick(const struct xcpu_cpuset *set, uint32_t what)
{
	if (xcpu_port_context() & XCPU_CTX_NMI)
		what |= XCPU_APIC_FROM_NMI;
	(void)xcpu_apic_send(xcpu_port_x86.apic, xcpu_cpu_index(), set, what);
}

void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
	kick(set, xcpu_port_x86.vector);
}

void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
	kick(set, XCPU_APIC_NMI);
}
