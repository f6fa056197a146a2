/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flush.c: TLB shootdown by generation.
 *
 * The target's side; shootdown.c has the initiator's.
 *
 * Actors: initiators, any number at once; targets, whose drains (and NMIs)
 * flush; switchers (space.c).
 *
 * Shared: a space's `generation` and `range`; the slot of a token line, which
 * carries one request to a group; the domain's `flush_round` and each CPU's
 * `passed`, for requests that found no slot.
 *
 * I1  A target vouches for generation g only after its TLB has dropped all that
 *     changes up to g replaced (space.c, I2).
 * I2  It flushes a request's range alone only if it missed exactly that one
 *     generation; otherwise it reads the newest generation first and flushes
 *     all that it missed, by remembered ranges or fully.  So no request can be
 *     overtaken, and nothing can overflow.
 * I3  passed = r says: this CPU read round r and caught up with everything it
 *     has loaded after that.
 * I4  A bit without a request that is its own makes a target catch up with all.
 *
 * Life of a shootdown: the host changes entries; count the generation up;
 * remember the range; full fence; read the set; per group: request into the
 * slot, or else a round; post; kick all at once; flush here meanwhile; take
 * requests back from CPUs that are off or lazy; wait for the rest.
 *
 * Deadlock: every wait in xcpu serves FLUSH, wherever it stands, and serving
 * it waits for nobody.
 *
 * Protocols P2 and P4 of the proofs in DESIGN.md; the round takes the place of
 * the word {space, generation} there.
 */
#include "internal.h"
#include "shootdown.h"

#if XCPU_PORT_LEVEL >= 3

/*
 * Say how far this CPU is with a space.  If an NMI has said more meanwhile, that
 * is forgotten: one flush too many.  Past the top nothing can be said.
 */
void
xcpui_flush_reached(struct xcpu_au64 *word, uint64_t to)
{
	/* rlx: own word; our NMIs see it after the flush, which was a call */
	xcpu_store_rlx(word, to < XCPU_SPACE_TOP ? to : 0);
}

/* ---- the target's side ---- */

/* The word that says how far this CPU is with a space; NULL: not loaded. */
struct xcpu_au64 *
xcpui_flush_progress(struct xcpu_cpu *self, const struct xcpu_space *space)
{
	if (space->kernel)
		return &self->flush.kernel_generation;
	if (space == xcpui_space_loaded(self))
		return &self->flush.loaded_generation;
	return NULL;
}

void
xcpui_flush_now(struct xcpu_cpu *self, struct xcpu_flush *flush)
{
	xcpui_flush_widen(self->domain, flush);
	if ((flush->flags & XCPU_FLUSH_FULL) != 0)
		XCPUI_COUNT(self, flush_full);
	else
		XCPUI_COUNT(self, flush_range);
	XCPU_TRACE(XCPU_TRACE_FLUSH, flush->flags, flush->start);
	xcpu_port_tlb_flush(flush);
}

static void
flush_full(struct xcpu_cpu *self, struct xcpu_space *space)
{
	struct xcpu_flush flush = {
		.space = space,
		.stride_shift = 12,
		/* Tables of a missed generation may be gone: leave nothing. */
		.flags = XCPU_FLUSH_FULL | XCPU_FLUSH_TABLES,
	};

	xcpui_flush_now(self, &flush);
}

/* Flush generations (have, upto] by their ranges, if all are remembered. */
static bool
flush_remembered(struct xcpu_cpu *self, struct xcpu_space *space,
    uint64_t have, uint64_t upto)
{
	struct xcpu_flush missed[XCPU_SPACE_RANGES];
	/* rlx: tunable, any value is right */
	uint64_t room = xcpu_load_rlx(&self->domain->ceiling);
	unsigned n = (unsigned)(upto - have);

	if (upto - have > XCPU_SPACE_RANGES)
		return false;
	for (unsigned i = 0; i < n; i++) {
		uint64_t pages;

		if (!xcpui_space_recall(space, have + 1 + i, &missed[i]))
			return false;
		pages = missed[i].len >> missed[i].stride_shift;
		if (pages > room)
			return false;
		room -= pages;
	}
	for (unsigned i = 0; i < n; i++) {
		missed[i].space = space;
		xcpui_flush_now(self, &missed[i]);
	}
	return true;
}

/* Bring one space up to its newest generation. */
static void
catch_up_space(struct xcpu_cpu *self, struct xcpu_space *space,
    struct xcpu_au64 *progress)
{
	uint64_t have = xcpu_load_rlx(progress);	/* rlx: own word */
	/*
	 * [G1] acquire: the generation, read before the flush, and the tables
	 * that it speaks of.  Pairs with [G1] in shootdown(), restart() and
	 * count_change().
	 */
	uint64_t upto = xcpu_load_acq(&space->generation);

	if (have >= upto) {
		XCPUI_COUNT(self, flush_none);
		return;
	}
	if (!flush_remembered(self, space, have, upto))
		flush_full(self, space);
	xcpui_flush_reached(progress, upto);
}

void
xcpui_flush_catch_up_kernel(struct xcpu_cpu *self)
{
	catch_up_space(self, &self->domain->kernel,
	    &self->flush.kernel_generation);
}

void XCPUI_COLD
xcpui_flush_catch_up(struct xcpu_cpu *self)
{
	struct xcpu_space *loaded = xcpui_space_loaded(self);

	if (loaded != NULL)
		catch_up_space(self, loaded, &self->flush.loaded_generation);
	xcpui_flush_catch_up_kernel(self);
}

/* Serve one request: a change `gen` of a space that is described in full. */
void
xcpui_flush_apply(struct xcpu_cpu *self, struct xcpu_flush *flush, uint64_t gen)
{
	struct xcpu_au64 *progress = xcpui_flush_progress(self, flush->space);
	uint64_t have;

	/* Not loaded: its next switch compares generations. */
	if (progress == NULL) {
		XCPUI_COUNT(self, flush_none);
		return;
	}
	have = xcpu_load_rlx(progress);		/* rlx: own word */
	if (have >= gen) {
		XCPUI_COUNT(self, flush_none);
	} else if (have + 1 == gen) {
		xcpui_flush_now(self, flush);
		/* Only what was done: a newer one has its own request. */
		xcpui_flush_reached(progress, gen);
	} else {
		catch_up_space(self, flush->space, progress);
	}
}

/* Vouch for a round; an NMI may have vouched for a later one. */
static void
pass_round(struct xcpu_cpu *self, uint64_t round)
{
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t passed = xcpu_load_rlx(&self->flush.passed);

	/* What the NMI interrupted may hold a generation that is to end. */
	if (XCPU_PORT_LEVEL >= 4 && round - passed >= XCPUI_ROUND_RESTART &&
	    (xcpu_port_context() & XCPU_CTX_NMI) != 0) {
		xcpui_post_own(self, XCPU_LANE_FLUSH);
		return;
	}
	/*
	 * [F2] release: the flush before the word that vouches for it.  Pairs
	 * with [F2] in round_passed_by(), has_passed() and has_claimed().
	 * retry: fails only if an NMI came in between.
	 */
	while (passed < round &&
	    !xcpu_cas_rel(&self->flush.passed, &passed, round))
		continue;
}

/* Serve the FLUSH bit.  `lazy`: it may stand for requests taken back. */
void
xcpui_flush_serve(struct xcpu_cpu *self, bool lazy)
{
	uint64_t body[XCPU_SLOT_WORDS];
	struct xcpu_flush flush;
	unsigned source;
	uint64_t round;
	bool mine;

	XCPUI_COUNT(self, served_flush);
	/*
	 * [F1] acquire: the round is read before the generations that it will
	 * vouch for.  Pairs with [F1] in shootdown() and xcpui_collect_close().
	 */
	round = xcpu_load_acq(&self->domain->flush_round);
	mine = xcpui_slot_begin(self, XCPUI_SLOT_FLUSH, body, &source);
	if (mine) {
		flush.space = (struct xcpu_space *)(uintptr_t)body[REQ_SPACE];
		flush.start = body[REQ_START];
		flush.len = body[REQ_LEN];
		flush.stride_shift = body[REQ_HOW] & 0xff;
		flush.flags = (unsigned)(body[REQ_HOW] >> 8);
		xcpui_flush_apply(self, &flush, body[REQ_GEN]);
	}
	/* rlx: own word */
	if (!mine || lazy || round != xcpu_load_rlx(&self->flush.passed))
		xcpui_flush_catch_up(self);
	if (mine)
		xcpui_slot_end(self);
	pass_round(self, round);
}

#else /* XCPU_PORT_LEVEL < 3: no TLB hooks, and nothing to forget */

void
xcpui_flush_reached(struct xcpu_au64 *word, uint64_t to)
{
	xcpu_store_rlx(word, to);	/* rlx: nobody looks */
}

#endif
