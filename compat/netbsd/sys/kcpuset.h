/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/kcpuset.h: sets of CPUs as in kcpuset(9), as far as callers of ipi(9) go.
 *
 * A kcpuset_t is a struct xcpu_cpuset under another name.  None of these is
 * atomic; ipi(9) copies a set once and never looks at it again.
 */
#ifndef XCPU_NETBSD_SYS_KCPUSET_H
#define XCPU_NETBSD_SYS_KCPUSET_H

#include <stdbool.h>
#include <stddef.h>

#include <xcpu/cpuset.h>

typedef struct kcpuset {
	struct xcpu_cpuset kc_set;
} kcpuset_t;

/* The kernel's, as in kmem(9); only the two functions below call them. */
void *kmem_zalloc(size_t size, unsigned int flags);
void kmem_free(void *p, size_t size);

#define KCPUSET_KM_SLEEP 1u

/* All CPUs that there are; those not running are passed over at each send. */
extern kcpuset_t *kcpuset_attached;
#define kcpuset_running kcpuset_attached

static inline void
kcpuset_create(kcpuset_t **set, bool zero)
{
	(void)zero;	/* a set that is not promised to be empty may be so */
	*set = kmem_zalloc(sizeof(**set), KCPUSET_KM_SLEEP);
}

static inline void
kcpuset_destroy(kcpuset_t *set)
{
	kmem_free(set, sizeof(*set));
}

static inline void
kcpuset_zero(kcpuset_t *set)
{
	xcpu_cpuset_zero(&set->kc_set);
}

static inline void
kcpuset_copy(kcpuset_t *to, const kcpuset_t *from)
{
	*to = *from;
}

static inline void
kcpuset_set(kcpuset_t *set, unsigned int cpu)
{
	xcpu_cpuset_add(&set->kc_set, cpu);
}

static inline void
kcpuset_clear(kcpuset_t *set, unsigned int cpu)
{
	xcpu_cpuset_del(&set->kc_set, cpu);
}

static inline bool
kcpuset_isset(const kcpuset_t *set, unsigned int cpu)
{
	return xcpu_cpuset_has(&set->kc_set, cpu);
}

static inline bool
kcpuset_iszero(const kcpuset_t *set)
{
	return xcpu_cpuset_empty(&set->kc_set);
}

static inline void
kcpuset_merge(kcpuset_t *to, const kcpuset_t *from)
{
	xcpu_cpuset_or(&to->kc_set, &from->kc_set);
}

static inline void
kcpuset_intersect(kcpuset_t *to, const kcpuset_t *from)
{
	xcpu_cpuset_and(&to->kc_set, &from->kc_set);
}

static inline void
kcpuset_remove(kcpuset_t *to, const kcpuset_t *from)
{
	xcpu_cpuset_andnot(&to->kc_set, &from->kc_set);
}

static inline int
kcpuset_countset(const kcpuset_t *set)
{
	return (int)xcpu_cpuset_count(&set->kc_set);
}

#endif /* XCPU_NETBSD_SYS_KCPUSET_H */
