/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/cpu.h: CPUs as NetBSD names them, for callers of ipi(9).
 *
 * A kernel with a struct cpu_info of its own puts its own <sys/cpu.h> before
 * this one on the include path and leaves cpu.c out: ipi.c needs cpu_index()
 * and ncpu, callers mostly curcpu() and cpu_lookup().
 */
#ifndef XCPU_NETBSD_SYS_CPU_H
#define XCPU_NETBSD_SYS_CPU_H

#include <stddef.h>

#include <xcpu/config.h>
#include <xcpu/domain.h>

typedef unsigned int u_int;

struct cpu_info {
	u_int ci_index;
};

extern struct cpu_info cpu_infos[XCPU_NCPU_MAX];
extern int ncpu;

/*
 * cpu_infos_init: say how many CPUs there are, which are 0 to n-1 for xcpu.
 *
 * Context: any; once, before ipi_percpu_init().
 * Waits:   never.
 * Order:   none.
 * Cost:    O(n).
 * Returns: nothing.
 */
void cpu_infos_init(u_int n);

static inline u_int
cpu_index(const struct cpu_info *ci)
{
	return ci->ci_index;
}

/* NULL: there is no such CPU. */
static inline struct cpu_info *
cpu_lookup(u_int index)
{
	return index < (u_int)ncpu ? &cpu_infos[index] : NULL;
}

#define curcpu() cpu_lookup(xcpu_cpu_index())

/* for (CPU_INFO_FOREACH(cii, ci)) ... */
typedef u_int CPU_INFO_ITERATOR;
#define CPU_INFO_FOREACH(cii, ci)					\
	(cii) = 0, (ci) = cpu_lookup(0); (ci) != NULL;			\
	(ci) = cpu_lookup(++(cii))

#endif /* XCPU_NETBSD_SYS_CPU_H */
