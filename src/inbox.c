/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inbox.c: how a CPU learns which rings have messages for it.
 *
 * Actors: senders, any CPU, masked; the target's drains, and its idle loop.
 *
 * Shared, per target: `active`, sources that posted; `passive`, sources that
 * did not; `asleep`, which says that nobody will look without a kick.  Not
 * shared: `hand`, sources that the target has taken from the two.
 *
 * I1  For each message in a ring one of these holds: its source is in `active`
 *     with a post of MSG behind it, or about to be; its source is in `passive`;
 *     the ring's `draining` is set, and its source in `hand`.
 * I2  While `hand` is not empty, a drain is under way, or MSG is posted to
 *     oneself, or it is the one ring that the idle poll watches.
 * I3  A source leaves `hand` when its ring was seen empty after `draining` was
 *     cleared (ring.c, I3), and not before: a function that waits inside a drain
 *     serves what the drains around it have in hand, for nobody will post that
 *     again.
 * I4  A passive sender marks, then looks at `asleep`; the target says that it
 *     sleeps, then looks at the marks; each with a full fence between.
 * I5  A CPU that is OFF has no messages: a sender looks at its lane in the
 *     masked section in which it pushes, and a CPU that leaves sweeps all rings
 *     after a round of such sections (domain.c).
 *
 * Deadlock: nobody waits here.
 *
 * Protocol P5 of the proofs in DESIGN.md ("message ring").
 */
#include "ring.h"

#if XCPU_MSG_SLOTS != 0

/* ---- the senders ---- */

static void
add_source(const struct xcpu_cpu *self, struct xcpu_sources *set)
{
	/*
	 * [M4] release: the slot before the bit that leads to it.  Pairs
	 * with [M4] in take_marks().
	 */
	xcpu_fetch_or_rel(&set->word[self->index / 64],
	    xcpu_cpu_bit(self->index));
	/* Never skipped: a set summary may just be being cleared. */
	if (self->domain->nwords > 1)
		/*
		 * [M7] release: word before summary.  Pairs with [M7] in
		 * take_marked_words().
		 */
		xcpu_fetch_or_rel(&set->words,
		    (uint64_t)1 << self->index / 64);
}

void
xcpui_inbox_tell(struct xcpu_cpu *self, unsigned cpu)
{
	bool polls;

	add_source(self, &self->domain->cpus[cpu].msg.active);
	(void)xcpui_post_one(self, cpu, XCPU_LANE_MSG, &polls);
}

void
xcpui_inbox_leave(struct xcpu_cpu *self, unsigned cpu)
{
	struct xcpu_msg_cpu *to = &self->domain->cpus[cpu].msg;

	add_source(self, &to->passive);
	/*
	 * [M8] fence: the mark before the look.  Pairs with [M8] in
	 * xcpui_msg_sleep().
	 */
	xcpu_fence_sc();
	/* rlx: the fences order it */
	if (xcpu_load_rlx(&to->asleep) != 0)
		xcpui_inbox_tell(self, cpu);
}

/* ---- the target ---- */

static uint64_t
take_marked_words(const struct xcpu_domain *domain, struct xcpu_sources *set)
{
	if (domain->nwords == 1)
		return 1;
	/* rlx: a hint; whoever marks it now posts, or is passive */
	if (xcpu_load_rlx(&set->words) == 0)
		return 0;
	/*
	 * [M7] acquire: summary before words.  Pairs with [M7] in add_source().
	 */
	return xcpu_xchg_acq(&set->words, 0);
}

static uint64_t
take_marks(struct xcpu_sources *set, unsigned word)
{
	/* rlx: a hint, as above */
	if (xcpu_load_rlx(&set->word[word]) == 0)
		return 0;
	/*
	 * [M4] acquire: the bit before the ring.  Pairs with [M4] in
	 * add_source().
	 */
	return xcpu_xchg_acq(&set->word[word], 0);
}

static void
take_in_hand(struct xcpu_cpu *self, struct xcpu_sources *set)
{
	uint64_t words = take_marked_words(self->domain, set);

	for (unsigned n = 0; n < self->domain->nwords && words != 0; n++) {
		unsigned word = xcpui_lowest(words);

		self->msg.hand.w[word] |= take_marks(set, word);
		words &= words - 1;
	}
}

/* Serve the sources in hand from one CPU up to another; false: no budget left. */
static bool
serve_range(struct xcpu_cpu *self, unsigned source, unsigned end,
    unsigned *budget)
{
	struct xcpu_cpuset *hand = &self->msg.hand;

	for (source = xcpu_cpuset_from(hand, source); source < end;
	    source = xcpu_cpuset_next(hand, source)) {
		if (xcpui_ring_drain(self, source, budget))
			xcpu_cpuset_del(hand, source);
		if (*budget != 0)
			continue;
		self->msg.rotor = source + 1 < self->domain->ncpu ?
		    source + 1 : 0;
		return false;
	}
	return true;
}

/* True when the budget ended: what is in hand then is for the next drain. */
bool
xcpui_msg_serve(struct xcpu_cpu *self, unsigned *budget)
{
	unsigned rotor = self->msg.rotor;

	/* It is in hand: it goes, unless it has messages again. */
	self->msg.watched = NULL;
	take_in_hand(self, &self->msg.active);
	take_in_hand(self, &self->msg.passive);
	/* From where the last one stopped, lest low numbers starve high ones. */
	if (serve_range(self, rotor, self->domain->ncpu, budget) &&
	    serve_range(self, 0, rotor, budget))
		return false;
	if (!self->msg.looking)
		return true;
	xcpui_leave_own(self, XCPU_LANE_MSG);
	return false;
}

void
xcpui_inbox_own(struct xcpu_cpu *self)
{
	unsigned budget = XCPU_MSG_BUDGET;

	if (xcpui_ring_drain(self, self->index, &budget) || budget != 0)
		return;
	xcpu_cpuset_add(&self->msg.hand, self->index);
	xcpui_post_own(self, XCPU_LANE_MSG);
}

void XCPUI_COLD
xcpui_msg_serve_all(struct xcpu_cpu *self)
{
	unsigned budget = ~0u;

	xcpu_cpuset_fill(&self->msg.hand, self->domain->ncpu);
	(void)serve_range(self, 0, self->domain->ncpu, &budget);
}

bool
xcpui_msg_in_hand(const struct xcpu_cpu *self)
{
	const struct xcpu_cpuset *hand = &self->msg.hand;

	for (unsigned source = xcpu_cpuset_first(hand);
	    source < self->domain->ncpu; source = xcpu_cpuset_next(hand, source))
		if (!xcpui_ring_empty(&self->domain->cpus[source], self))
			return true;
	return false;
}

bool
xcpui_msg_passive(const struct xcpu_cpu *self)
{
	const struct xcpu_sources *set = &self->msg.passive;

	if (self->domain->nwords > 1)
		return xcpu_load_rlx(&set->words) != 0; /* rlx: a hint */
	return xcpu_load_rlx(&set->word[0]) != 0; /* rlx: a hint */
}

void
xcpu_msg_process(void *frame)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state;
	void *outer;

	if (self == NULL || self->domain == NULL || !self->ready)
		return;
	state = xcpu_port_irq_save();
	if ((xcpui_lane_own(self) & XCPU_LANE_MSG) != 0 ||
	    xcpui_msg_passive(self)) {
		outer = xcpui_msg_frame(self, frame);
		(void)xcpui_claim(self, XCPU_LANE_MSG);
		xcpui_serve(self, 0, XCPU_LANE_MSG);
		(void)xcpui_msg_frame(self, outer);
	}
	xcpu_port_irq_restore(state);
}

/* ---- idle ---- */

/* The idle poll begins: it looks at rings itself, so that nobody need tell it. */
void
xcpui_msg_look(struct xcpu_cpu *self)
{
	xcpui_msg_awake(self);
	self->msg.looking = true;
}

/* ... and ends; true: what it watched must be drained, and given up. */
bool
xcpui_msg_look_away(struct xcpu_cpu *self)
{
	bool watched = self->msg.watched != NULL;

	self->msg.looking = false;
	self->msg.watched = NULL;
	return watched;
}

/* False: a passive message has come. */
bool
xcpui_msg_sleep(struct xcpu_cpu *self)
{
	/* rlx: the fence orders it */
	xcpu_store_rlx(&self->msg.asleep, 1);
	/*
	 * [M8] fence: asleep before the marks.  Pairs with [M8] in
	 * xcpui_inbox_leave().
	 */
	xcpu_fence_sc();
	if (!xcpui_msg_passive(self))
		return true;
	xcpui_msg_awake(self);
	return false;
}

void
xcpui_msg_awake(struct xcpu_cpu *self)
{
	/* rlx: own word; who still reads it set posts in vain */
	if (xcpu_load_rlx(&self->msg.asleep) != 0)
		xcpu_store_rlx(&self->msg.asleep, 0); /* rlx: as above */
}

#endif /* XCPU_MSG_SLOTS != 0 */
