/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/kcpuset.h: sets of CPUs as in kcpuset(9), as far as callers of ipi(9) go.
 *
 * The words are shared ones, for kcpuset_atomic_set() may change a set while
 * others look; ipi(9) reads each word once and never comes back.
 */
#ifndef XCPU_NETBSD_SYS_KCPUSET_H
#define XCPU_NETBSD_SYS_KCPUSET_H

#include <stdbool.h>
#include <stddef.h>

#include <xcpu/atomic.h>
#include <xcpu/cpuset.h>

typedef struct kcpuset {
	struct xcpu_au64 kc_word[XCPU_CPUSET_WORDS];
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
	*set = (kcpuset_t *)kmem_zalloc(sizeof(**set), KCPUSET_KM_SLEEP);
}

static inline void
kcpuset_destroy(kcpuset_t *set)
{
	kmem_free(set, sizeof(*set));
}

/* To and from a set that belongs to the caller.  Not of kcpuset(9). */
static inline void
kcpuset_read(const kcpuset_t *set, struct xcpu_cpuset *to)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		/* rlx: a set says nothing about other memory */
		to->w[i] = xcpu_load_rlx(&set->kc_word[i]);
}

static inline void
kcpuset_write(kcpuset_t *set, const struct xcpu_cpuset *from)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		xcpu_store_rlx(&set->kc_word[i], from->w[i]); /* rlx: as above */
}

static inline void
kcpuset_zero(kcpuset_t *set)
{
	struct xcpu_cpuset none;

	xcpu_cpuset_zero(&none);
	kcpuset_write(set, &none);
}

static inline void
kcpuset_copy(kcpuset_t *to, const kcpuset_t *from)
{
	struct xcpu_cpuset set;

	kcpuset_read(from, &set);
	kcpuset_write(to, &set);
}

static inline void
kcpuset_set(kcpuset_t *set, unsigned int cpu)
{
	struct xcpu_cpuset now;

	kcpuset_read(set, &now);
	xcpu_cpuset_add(&now, cpu);
	kcpuset_write(set, &now);
}

static inline void
kcpuset_clear(kcpuset_t *set, unsigned int cpu)
{
	struct xcpu_cpuset now;

	kcpuset_read(set, &now);
	xcpu_cpuset_del(&now, cpu);
	kcpuset_write(set, &now);
}

static inline void
kcpuset_atomic_set(kcpuset_t *set, unsigned int cpu)
{
	/* rlx: as above */
	xcpu_fetch_or_rlx(&set->kc_word[cpu / 64], xcpu_cpu_bit(cpu));
}

static inline void
kcpuset_atomic_clear(kcpuset_t *set, unsigned int cpu)
{
	/* rlx: as above */
	xcpu_fetch_and_rlx(&set->kc_word[cpu / 64], ~xcpu_cpu_bit(cpu));
}

static inline bool
kcpuset_isset(const kcpuset_t *set, unsigned int cpu)
{
	struct xcpu_cpuset now;

	kcpuset_read(set, &now);
	return xcpu_cpuset_has(&now, cpu);
}

static inline int
kcpuset_countset(const kcpuset_t *set)
{
	struct xcpu_cpuset now;

	kcpuset_read(set, &now);
	return (int)xcpu_cpuset_count(&now);
}

static inline bool
kcpuset_iszero(const kcpuset_t *set)
{
	return kcpuset_countset(set) == 0;
}

#endif /* XCPU_NETBSD_SYS_KCPUSET_H */
