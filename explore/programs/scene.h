/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scene.h: what several programs begin with.
 *
 * A scene is set in setup(), where accesses are not explored, so that a program
 * has no step more than what it is about.
 */
#ifndef XCPU_EXPLORE_SCENE_H
#define XCPU_EXPLORE_SCENE_H

#include "table.h"

/* The set whose CPUs are the bits of `cpus`. */
static inline struct xcpu_cpuset
scene_set(unsigned cpus)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_zero(&set);
	set.w[0] = cpus;
	return set;
}

static inline struct xcpu_line *
scene_line(unsigned cpu)
{
	return &explore_domain.line[cpu / XCPU_LANES_PER_LINE];
}

/* A slot's FILL, open and todo bits (src/slot.c). */
#define SCENE_SLOT_BUSY 0x1ffffu
#define SCENE_SLOT_FILL 0x10000u

/* Of setup(): a class bit that somebody has left in a doorbell, and no kick. */
static inline void
scene_post_unkicked(unsigned cpu, unsigned cls)
{
	xcpu_fetch_or_rlx(&explore_cpu[cpu].line->bell, /* rlx: setup */
	    (uint64_t)cls << explore_cpu[cpu].lane_shift);
}

/*
 * Nobody finds the token slot of this CPU free: as if another initiator had
 * stopped in the midst of filling it.  Calls go through the caller's slots then,
 * and shootdowns by rounds.
 */
static inline void
scene_keep_slot_busy(unsigned cpu)
{
	/* rlx: setup */
	xcpu_store_rlx(&scene_line(cpu)->slot, SCENE_SLOT_FILL);
}

/* In check(): the request that was in the slot is over. */
static inline bool
scene_slot_free(unsigned cpu)
{
	/* rlx: everything is over */
	return (xcpu_load_rlx(&scene_line(cpu)->slot) & SCENE_SLOT_BUSY) == 0;
}

/* In check(): no slot of the caller's own is in flight. */
static inline bool
scene_carrier_free(unsigned cpu)
{
	for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++)
		/* rlx: everything is over */
		if (xcpu_load_rlx(&explore_cpu[cpu].call.slot[i].part[0].open) != 0)
			return false;
	return true;
}

/* An error as a number that reads well in a table of outcomes; 0 is success. */
static inline uint64_t
scene_error(int error)
{
	return error < 0 ? (uint64_t)-error : 0;
}

#endif /* XCPU_EXPLORE_SCENE_H */
