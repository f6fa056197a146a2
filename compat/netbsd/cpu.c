/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.c: the CPUs of <sys/cpu.h>, for kernels that have no struct cpu_info. */
#include <sys/cpu.h>
#include <sys/kcpuset.h>

struct cpu_info cpu_infos[XCPU_NCPU_MAX];
int ncpu;

static kcpuset_t attached;
kcpuset_t *kcpuset_attached = &attached;

void
cpu_infos_init(u_int n)
{
	struct xcpu_cpuset set;

	for (u_int i = 0; i < n && i < XCPU_NCPU_MAX; i++)
		cpu_infos[i].ci_index = i;
	xcpu_cpuset_fill(&set, n);
	kcpuset_write(&attached, &set);
	ncpu = n < XCPU_NCPU_MAX ? (int)n : XCPU_NCPU_MAX;
}
