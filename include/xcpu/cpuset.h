/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpuset.h: a set of CPUs, as plain data.
 *
 * Sized at build by XCPU_NCPU_MAX.  A set belongs to whoever holds it; the
 * library copies what it is given and never keeps a pointer.  Sets that
 * several CPUs change at once are not these: they are words in a space or a
 * domain.
 *
 *	struct xcpu_cpuset set;
 *
 *	xcpu_cpuset_zero(&set);
 *	xcpu_cpuset_add(&set, 3);
 *	for (unsigned cpu = xcpu_cpuset_first(&set); cpu < XCPU_NCPU_MAX;
 *	    cpu = xcpu_cpuset_next(&set, cpu))
 *		visit(cpu);
 *
 * No operation here is atomic; two CPUs that share a set need a lock outside.
 */
#ifndef XCPU_CPUSET_H
#define XCPU_CPUSET_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/config.h>

#define XCPU_CPUSET_WORDS ((XCPU_NCPU_MAX + 63) / 64)

struct xcpu_cpuset {
	uint64_t w[XCPU_CPUSET_WORDS];
};

#ifdef __cplusplus
extern "C" {
#endif

static inline uint64_t
xcpu_cpu_bit(unsigned cpu)
{
	return (uint64_t)1 << (cpu % 64);
}

static inline void
xcpu_cpuset_zero(struct xcpu_cpuset *set)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		set->w[i] = 0;
}

static inline void
xcpu_cpuset_add(struct xcpu_cpuset *set, unsigned cpu)
{
	set->w[cpu / 64] |= xcpu_cpu_bit(cpu);
}

static inline void
xcpu_cpuset_del(struct xcpu_cpuset *set, unsigned cpu)
{
	set->w[cpu / 64] &= ~xcpu_cpu_bit(cpu);
}

static inline bool
xcpu_cpuset_has(const struct xcpu_cpuset *set, unsigned cpu)
{
	return (set->w[cpu / 64] & xcpu_cpu_bit(cpu)) != 0;
}

static inline void
xcpu_cpuset_one(struct xcpu_cpuset *set, unsigned cpu)
{
	xcpu_cpuset_zero(set);
	xcpu_cpuset_add(set, cpu);
}

static inline bool
xcpu_cpuset_empty(const struct xcpu_cpuset *set)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		if (set->w[i] != 0)
			return false;
	return true;
}

static inline void
xcpu_cpuset_or(struct xcpu_cpuset *to, const struct xcpu_cpuset *from)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		to->w[i] |= from->w[i];
}

static inline void
xcpu_cpuset_and(struct xcpu_cpuset *to, const struct xcpu_cpuset *from)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		to->w[i] &= from->w[i];
}

static inline void
xcpu_cpuset_andnot(struct xcpu_cpuset *to, const struct xcpu_cpuset *from)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		to->w[i] &= ~from->w[i];
}

/*
 * xcpu_cpuset_fill: the set {0 .. ncpu-1}; ncpu from 0 to XCPU_NCPU_MAX.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   none: plain data.
 * Cost:    O(words).
 * Returns: nothing; a larger ncpu is taken as XCPU_NCPU_MAX.
 */
void xcpu_cpuset_fill(struct xcpu_cpuset *set, unsigned ncpu);

/*
 * xcpu_cpuset_count: how many CPUs are in the set.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   none: plain data.
 * Cost:    O(words).
 * Returns: 0 to XCPU_NCPU_MAX.
 */
unsigned xcpu_cpuset_count(const struct xcpu_cpuset *set);

/*
 * xcpu_cpuset_equal: whether two sets hold the same CPUs.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   none: plain data.
 * Cost:    O(words).
 * Returns: true or false.
 */
bool xcpu_cpuset_equal(const struct xcpu_cpuset *a, const struct xcpu_cpuset *b);

/*
 * xcpu_cpuset_from: the lowest CPU of the set that is `cpu` or above it.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   none: plain data.
 * Cost:    O(words).
 * Returns: the CPU, or XCPU_NCPU_MAX when there is none.
 */
unsigned xcpu_cpuset_from(const struct xcpu_cpuset *set, unsigned cpu);

static inline unsigned
xcpu_cpuset_first(const struct xcpu_cpuset *set)
{
	return xcpu_cpuset_from(set, 0);
}

static inline unsigned
xcpu_cpuset_next(const struct xcpu_cpuset *set, unsigned cpu)
{
	return xcpu_cpuset_from(set, cpu + 1);
}

#ifdef __cplusplus
}
#endif

#endif /* XCPU_CPUSET_H */
