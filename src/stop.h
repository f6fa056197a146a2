/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.h: what stop.c and nmi.c share.
 */
#ifndef XCPU_SRC_STOP_H
#define XCPU_SRC_STOP_H

#include "internal.h"

/* What a bound of 0 means. */
#define XCPUI_STOP_BOUND_NS 100000000u

/* What somebody wants of other CPUs, and how long. */
struct xcpui_stop {
	struct xcpu_cpu *self;
	struct xcpu_cpuset left;	/* not stopped, when we looked last */
	uint64_t since_ns;
	uint64_t limit_ns;
	uint64_t looks;			/* of a panic */
	struct xcpu_au32 *lock;
};

/* 0, or why the caller cannot stop the set. */
int xcpui_stop_check(const struct xcpu_cpu *self, const struct xcpu_cpuset *set);
/* Own one of the words of the room, within the limit; stopped meanwhile. */
int xcpui_stop_lock(struct xcpui_stop *s, struct xcpu_au32 *word);
static inline void
xcpui_stop_unlock(struct xcpu_au32 *word)
{
	/* [P3] release: as any lock.  Pairs with [P3] in lock_taken(). */
	xcpu_store_rel(word, 0);
}

/* Run what an NMI call has for this CPU; true if it had something. */
bool xcpui_nmi_answer(struct xcpu_cpu *self);

#endif /* XCPU_SRC_STOP_H */
