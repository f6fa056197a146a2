/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * globaldata.c: the CPUs of <sys/globaldata.h>, for kernels that have no struct
 * globaldata.
 */
#include <sys/globaldata.h>

struct globaldata globaldatas[XCPU_NCPU_MAX];
int ncpus;
cpumask_t smp_active_mask;

void
globaldata_init(int n)
{
	ncpus = n < XCPU_NCPU_MAX ? n : XCPU_NCPU_MAX;
	smp_active_mask = ncpus < 64 ? ((cpumask_t)1 << ncpus) - 1 :
	    ~(cpumask_t)0;
	for (int cpu = 0; cpu < ncpus; cpu++) {
		struct globaldata *gd = &globaldatas[cpu];

		gd->gd_cpuid = cpu;
		gd->gd_cpumask = cpu < 64 ? (cpumask_t)1 << cpu : 0;
		gd->gd_other_cpus = smp_active_mask & ~gd->gd_cpumask;
	}
}
