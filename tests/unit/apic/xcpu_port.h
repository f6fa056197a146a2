/* SPDX-License-Identifier: BSD-2-Clause */
/* xcpu_port.h: the port of the unit test of port/x86_64-apic. */
#ifndef XCPU_TESTS_APIC_PORT_H
#define XCPU_TESTS_APIC_PORT_H

#define XCPU_PORT_CONTRACT 1

#include <xcpu_port_x86.h>

#include "apic_mock.h"

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

#endif /* XCPU_TESTS_APIC_PORT_H */
