/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shootdown.h: between shootdown.c, which asks, and flush.c, which obeys.
 */
#ifndef XCPU_SHOOTDOWN_H
#define XCPU_SHOOTDOWN_H

#include "internal.h"

/* Words of a request in a token line's slot. */
enum xcpui_flush_word {
	REQ_SPACE,
	REQ_GEN,
	REQ_START,
	REQ_LEN,
	REQ_HOW			/* stride, and flags above bit 8 */
};

/*
 * By how much a round counts that ends a space's generations: no NMI vouches for
 * such a one.  So many others, none of which asked this CPU, look the same to it:
 * its NMIs then leave one more to the doorbell than they must.
 */
#define XCPUI_ROUND_RESTART ((uint64_t)1 << 36)

/* The word that says how far this CPU is with a space; NULL: not loaded. */
struct xcpu_au64 *xcpui_flush_progress(struct xcpu_cpu *self,
    const struct xcpu_space *space);

/* More pages than the ceiling: the whole space costs less. */
static inline void
xcpui_flush_widen(const struct xcpu_domain *domain, struct xcpu_flush *flush)
{
	/* rlx: tunable, any value is right */
	if (flush->len >> flush->stride_shift > xcpu_load_rlx(&domain->ceiling))
		flush->flags |= XCPU_FLUSH_FULL;
}

/* Flush on this CPU, fully above the ceiling, and count it. */
void xcpui_flush_now(struct xcpu_cpu *self, struct xcpu_flush *flush);
/* Serve one request: the change `gen` of a space, described in full. */
void xcpui_flush_apply(struct xcpu_cpu *self, struct xcpu_flush *flush,
    uint64_t gen);

/*
 * The CPUs that may hold translations of the space, and have to be asked: not
 * who is in user code, if it is the kernel's.
 */
static inline void
xcpui_flush_targets(struct xcpu_cpu *self, const struct xcpu_flush *flush,
    struct xcpu_cpuset *set)
{
	const struct xcpu_domain *domain = self->domain;
	const struct xcpu_au64 *words = flush->space->kernel ?
	    domain->online : flush->space->active;

	xcpu_cpuset_zero(set);
	for (unsigned i = 0; i < domain->nwords; i++)
		/*
		 * [G4] acquire: a CPU that is no longer in it has made its last
		 * access through the root.  Pairs with [G4] in switch_to() and
		 * xcpu_cpu_offline().
		 */
		set->w[i] = xcpu_load_acq(&words[i]);
	if (domain->pass_outside != NULL && flush->space->kernel &&
	    (flush->flags & XCPU_FLUSH_TABLES) == 0)
		domain->pass_outside(self, set);
}

/* May the caller ask for this?  Puts the options into the request. */
int xcpui_flush_check(const struct xcpu_cpu *self, struct xcpu_flush *flush,
    const struct xcpu_flush_opt *opt);

#endif /* XCPU_SHOOTDOWN_H */
