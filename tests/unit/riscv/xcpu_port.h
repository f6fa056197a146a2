/* SPDX-License-Identifier: BSD-2-Clause */
/* xcpu_port.h: the port of the unit tests of port/riscv64-sbi. */
#ifndef XCPU_TESTS_RISCV_PORT_H
#define XCPU_TESTS_RISCV_PORT_H

#define XCPU_PORT_CONTRACT 1

#include <xcpu_port_riscv.h>

static inline struct xcpu_cpu *
xcpu_port_self(void)
{
	return (struct xcpu_cpu *)0;
}

static inline unsigned
xcpu_port_context(void)
{
	return XCPU_CTX_MASKED;
}

static inline void
xcpu_port_relax(unsigned spins)
{
	(void)spins;
}

#endif /* XCPU_TESTS_RISCV_PORT_H */
