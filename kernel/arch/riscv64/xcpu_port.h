/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port.h: the inline half of xcpu's port to this kernel: what every riscv64
 * kernel has in common, and the questions that only this one can answer.  The
 * other half is kernel/xcpu_port.c.
 */
#ifndef XCPU_KERNEL_PORT_H
#define XCPU_KERNEL_PORT_H

#include <xcpu_port_riscv.h>

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
	return (irq_is_on() ? 0 : XCPU_CTX_MASKED) |
	    (cpu_self()->locks != 0 ? XCPU_CTX_LOCKED : 0);
}

static inline void
xcpu_port_relax(unsigned spins)
{
	(void)spins;
	cpu_pause();
}

#endif /* XCPU_KERNEL_PORT_H */
