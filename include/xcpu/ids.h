/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ids.h: for ports: the CPUs of a machine, by the ids of its hardware.
 *
 * Such ids are sparse and in no order; xcpu's CPUs are 0 to ncpu-1.  Hardware and
 * firmware name several CPUs at once if their ids are alike but for the lowest
 * bits: those of a group.  CPUs of one group are linked in a ring, so that a set
 * becomes one access for each group it touches, however its CPUs are numbered.
 *
 * What reaches every CPU of the machine reaches parked ones and those that were
 * never started too.  So it stands in for a set only when each CPU that was added
 * is up, and the set holds them all, but for the caller perhaps.
 *
 * Pairs that need a lock outside: init and add against anything else.
 */
#ifndef XCPU_IDS_H
#define XCPU_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/error.h>

struct xcpu_ids {
	struct xcpu_cpuset present;
	struct xcpu_au64 up[XCPU_CPUSET_WORDS];
	uint64_t id[XCPU_NCPU_MAX];
	uint16_t peer[XCPU_NCPU_MAX];	/* ring of the CPUs of one group */
	uint64_t low;			/* the bits that tell them apart */
};

#ifdef __cplusplus
extern "C" {
#endif

/* No CPUs yet; groups of 64, or another power of two below. */
static inline void
xcpu_ids_init(struct xcpu_ids *ids, unsigned group)
{
	xcpu_cpuset_zero(&ids->present);
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		xcpu_store_rlx(&ids->up[i], 0);	/* rlx: private */
	ids->low = group - 1;
}

static inline bool
xcpu_ids_has(const struct xcpu_ids *ids, unsigned cpu)
{
	return cpu < XCPU_NCPU_MAX && xcpu_cpuset_has(&ids->present, cpu);
}

static inline bool
xcpu_ids_has_all(const struct xcpu_ids *ids, const struct xcpu_cpuset *set)
{
	struct xcpu_cpuset strange = *set;

	xcpu_cpuset_andnot(&strange, &ids->present);
	return xcpu_cpuset_empty(&strange);
}

/* CPU `cpu` exists and has this id; -XCPU_EINVAL: out of range, or added before. */
static inline int
xcpu_ids_add(struct xcpu_ids *ids, unsigned cpu, uint64_t id)
{
	unsigned neighbour = cpu;

	if (cpu >= XCPU_NCPU_MAX || xcpu_ids_has(ids, cpu))
		return -XCPU_EINVAL;
	for (unsigned other = xcpu_cpuset_first(&ids->present);
	    other < XCPU_NCPU_MAX;
	    other = xcpu_cpuset_next(&ids->present, other)) {
		if (ids->id[other] == id)
			return -XCPU_EINVAL;
		if ((ids->id[other] | ids->low) == (id | ids->low))
			neighbour = other;
	}
	ids->id[cpu] = id;
	ids->peer[cpu] = (uint16_t)cpu;
	if (neighbour != cpu) {
		ids->peer[cpu] = ids->peer[neighbour];
		ids->peer[neighbour] = (uint16_t)cpu;
	}
	xcpu_cpuset_add(&ids->present, cpu);
	return 0;
}

/* Takes a CPU, and others of its group, out of a set; a bit for each. */
static inline uint64_t
xcpu_ids_take(const struct xcpu_ids *ids, struct xcpu_cpuset *todo,
    unsigned first)
{
	uint64_t members = (uint64_t)1 << (ids->id[first] & ids->low);

	xcpu_cpuset_del(todo, first);
	if (xcpu_cpuset_empty(todo))
		return members;
	for (unsigned cpu = ids->peer[first]; cpu != first;
	    cpu = ids->peer[cpu])
		if (xcpu_cpuset_has(todo, cpu)) {
			members |= (uint64_t)1 << (ids->id[cpu] & ids->low);
			xcpu_cpuset_del(todo, cpu);
		}
	return members;
}

static inline void
xcpu_ids_up(struct xcpu_ids *ids, unsigned cpu)
{
	if (xcpu_ids_has(ids, cpu))
		/* rlx: who does not see it yet names each CPU */
		(void)xcpu_fetch_or_rlx(&ids->up[cpu / 64], xcpu_cpu_bit(cpu));
}

static inline void
xcpu_ids_down(struct xcpu_ids *ids, unsigned cpu)
{
	if (xcpu_ids_has(ids, cpu))
		/* rlx: who does not see it yet sends one interrupt too many */
		(void)xcpu_fetch_and_rlx(&ids->up[cpu / 64],
		    ~xcpu_cpu_bit(cpu));
}

/* Are this set and the caller all CPUs of the machine, each of them up? */
static inline bool
xcpu_ids_is_all(const struct xcpu_ids *ids, unsigned self,
    const struct xcpu_cpuset *set)
{
	if (self >= XCPU_NCPU_MAX)
		return false;
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++) {
		/* rlx: see xcpu_ids_up() and xcpu_ids_down() */
		uint64_t up = xcpu_load_rlx(&ids->up[i]);
		uint64_t caller = i == self / 64 ? xcpu_cpu_bit(self) : 0;

		if (up != ids->present.w[i] || (set->w[i] | caller) != up)
			return false;
	}
	return true;
}

#ifdef __cplusplus
}
#endif

#endif /* XCPU_IDS_H */
