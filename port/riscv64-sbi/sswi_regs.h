/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sswi_regs.h: every access that sswi.c makes to the machine.
 *
 * The unit tests put a register file in its place, by XCPU_SSWI_REGS_HEADER.
 */
#ifndef XCPU_SSWI_REGS_H
#define XCPU_SSWI_REGS_H

#include <stdint.h>

/* Stores to memory before, stores to devices after. */
static inline void
xcpu_sswi_fence(void)
{
	__asm__ volatile("fence w, o" ::: "memory");
}

static inline void
xcpu_sswi_write(volatile uint32_t *reg, uint32_t value)
{
	*reg = value;
}

#endif /* XCPU_SSWI_REGS_H */
