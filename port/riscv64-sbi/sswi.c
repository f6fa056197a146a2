/* SPDX-License-Identifier: BSD-2-Clause */
/* sswi.c: a set of CPUs becomes stores to the SSWI device. */
#include <stddef.h>

#include <xcpu/error.h>

#include "sswi.h"
#ifdef XCPU_SSWI_REGS_HEADER
#include XCPU_SSWI_REGS_HEADER
#else
#include "sswi_regs.h"
#endif

int
xcpu_sswi_add(struct xcpu_sswi *sswi, unsigned cpu, volatile uint32_t *reg)
{
	if (cpu >= XCPU_NCPU_MAX || sswi->reg[cpu] != NULL || reg == NULL)
		return -XCPU_EINVAL;
	sswi->reg[cpu] = reg;
	return 0;
}

int
xcpu_sswi_kick(const struct xcpu_sswi *sswi, const struct xcpu_cpuset *set)
{
	unsigned cpu;

	for (cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		if (sswi->reg[cpu] == NULL)
			return -XCPU_EINVAL;
	}
	xcpu_sswi_fence();
	for (cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu))
		xcpu_sswi_write(sswi->reg[cpu], 1);
	return 0;
}
