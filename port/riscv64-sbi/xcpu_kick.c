/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_kick.c: xcpu's kick hooks, by the firmware or by the SSWI device.
 *
 * A kick that was refused is counted and no more: xcpu's waits send theirs
 * again, and the tick finds what a kick was lost for.
 */
#include <xcpu/port.h>

#include "xcpu_port_riscv.h"

struct xcpu_port_riscv xcpu_port_riscv;

void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
	struct xcpu_port_riscv *port = &xcpu_port_riscv;
	struct xcpu_cpuset todo = *set;
	int error;

	xcpu_harts_account(port->harts, &todo);
	if (port->sswi != NULL)
		error = xcpu_sswi_kick(port->sswi, &todo);
	else
		error = xcpu_sbi_kick(port->harts, &todo);
	if (error != 0) {
		/* rlx: a count */
		(void)xcpu_fetch_add_rlx(&port->refused, 1);
	}
}

/* There is none: a CPU that masks takes it when it unmasks. */
void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
	xcpu_port_kick(set);
}
