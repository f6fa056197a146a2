/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port.h: the inline half of xcpu's port to this kernel: what every aarch64
 * kernel has in common, and the two questions that only this one can answer.
 */
#ifndef XCPU_KERNEL_PORT_H
#define XCPU_KERNEL_PORT_H

#include <xcpu_port_arm.h>

#include "cpu.h"

#define XCPU_PORT_CONTRACT 1

static inline struct xcpu_cpu *
xcpu_port_self(void)
{
	return cpu_self()->xcpu;
}

static inline unsigned
xcpu_port_context(void)
{
	const struct cpu *cpu = cpu_self();

	return (irq_is_on() ? 0 : XCPU_CTX_MASKED) |
	    (cpu->locks != 0 ? XCPU_CTX_LOCKED : 0) |
	    (cpu->nmi_depth != 0 ? XCPU_CTX_NMI : 0);
}

#endif /* XCPU_KERNEL_PORT_H */
