/* SPDX-License-Identifier: BSD-2-Clause */
/* xcpu_port.h: the port of the unit tests of port/aarch64-gic. */
#ifndef XCPU_TESTS_GIC_PORT_H
#define XCPU_TESTS_GIC_PORT_H

#define XCPU_PORT_CONTRACT 1

#include <xcpu_port_arm.h>

static inline struct xcpu_cpu *
xcpu_port_self(void)
{
	return (struct xcpu_cpu *)0;
}

static inline unsigned
xcpu_port_context(void)
{
	return mock.context;
}

#endif /* XCPU_TESTS_GIC_PORT_H */
