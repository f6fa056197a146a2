/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.h: what stop.c, panic.c and nmi.c share.
 */
#ifndef XCPU_SRC_STOP_H
#define XCPU_SRC_STOP_H

#include "internal.h"

/* The state of a CPU: stop.c, I1. */
enum { WANTED = 1, HARD = 2, STOPPED = 4 };

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

/* ---- whom a stop asks: `left` ---- */

void xcpui_stop_want(struct xcpui_stop *s, uint32_t bits);
/* Masked; `all`: whatever the doorbells say. */
void xcpui_stop_post(struct xcpui_stop *s, bool all);
/* By NMI, whoever is not stopped. */
void xcpui_stop_hard(struct xcpui_stop *s);
/* `hard`: after xcpui_stop_hard(). */
int xcpui_stop_await(struct xcpui_stop *s, uint64_t limit_ns, bool hard);

static inline bool
xcpui_stop_wanted(const struct xcpu_domain *domain, unsigned cpu)
{
	/* rlx: nothing is concluded but that nobody waits any more */
	return (xcpu_load_rlx(&domain->stop->state[cpu]) & WANTED) != 0;
}

/* Whether it was stopped. */
static inline bool
xcpui_stop_let_go(struct xcpu_stop_room *room, unsigned cpu)
{
	/*
	 * [P2] release: what was done meanwhile.  Pairs with [P2] in
	 * xcpui_stop_restarted().
	 */
	return (xcpu_fetch_and_rel(&room->state[cpu], 0) & STOPPED) != 0;
}

/* The wait of a CPU that is stopped: whoever stopped it has let it go. */
bool xcpui_stop_restarted(struct xcpui_wait *wait);

/* ---- panic.c ---- */

static inline bool
xcpui_panicked_self(const struct xcpu_cpu *self)
{
	/* rlx: own word, if it is */
	return xcpu_load_rlx(&self->domain->stop->panic) == self->index + 1;
}

/* Who panicked lets go of all others; answers how many. */
int xcpui_panic_end(struct xcpu_cpu *self);

/* ---- nmi.c ---- */

/* Run what an NMI call has for this CPU; true if it had something. */
bool xcpui_nmi_answer(struct xcpu_cpu *self);

#endif /* XCPU_SRC_STOP_H */
