/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/globaldata.h: CPUs as DragonFly names them, for callers of lwkt_ipiq.
 *
 * A kernel with a struct globaldata of its own puts its own header before this
 * one on the include path and leaves globaldata.c out: ipiq.c and cpusync.c need
 * gd_cpuid, globaldata_find() and ncpus.
 */
#ifndef XCPU_DRAGONFLY_SYS_GLOBALDATA_H
#define XCPU_DRAGONFLY_SYS_GLOBALDATA_H

#include <stddef.h>
#include <stdint.h>

#include <xcpu/config.h>
#include <xcpu/domain.h>

/*
 * An integer, as callers shift and negate it; so it names the first 64 CPUs
 * only.  For more there are lwkt_send_ipiq_bycpu() and <xcpu/msg.h>.
 */
typedef uint64_t cpumask_t;

typedef struct globaldata {
	int gd_cpuid;
	cpumask_t gd_cpumask;
	cpumask_t gd_other_cpus;
} *globaldata_t;

extern struct globaldata globaldatas[XCPU_NCPU_MAX];
extern int ncpus;
extern cpumask_t smp_active_mask;

/*
 * globaldata_init: say how many CPUs there are, which are 0 to n-1 for xcpu.
 *
 * Context: any; once, before other functions of this interface.
 * Waits:   never.
 * Order:   none.
 * Cost:    O(n).
 * Returns: nothing.
 */
void globaldata_init(int n);

/* NULL: there is no such CPU. */
static inline globaldata_t
globaldata_find(int cpu)
{
	return cpu >= 0 && cpu < ncpus ? &globaldatas[cpu] : NULL;
}

#define mycpu	globaldata_find((int)xcpu_cpu_index())
#define mycpuid	(mycpu->gd_cpuid)

#endif /* XCPU_DRAGONFLY_SYS_GLOBALDATA_H */
