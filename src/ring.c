/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.c: the messages of one ordered pair of CPUs.
 *
 * Actors: the sender, one CPU, masked, so that its interrupts and its threads
 * take turns; the target, masked, whose drains may nest.
 *
 * Shared: the slots, written by the sender; `head`, `done` and `draining`,
 * written by the target.
 *
 * I1  Messages head to tail - 1 are in the ring, and tail - head is at most
 *     XCPU_MSG_SLOTS.  There is one slot more: the one after the last message
 *     has a NULL function, stored before that message was shown.  So the
 *     message itself is the news of it, in one line, and the target, who reads
 *     slot after slot, writes to none of them.
 * I2  Everything below `done` is over.  Drains nest like frames on a stack, so
 *     when the outermost has finished a function, every message that was ever
 *     taken has finished: it alone moves `done`, to wherever `taken` is.
 * I3  While `draining` is set the target will look at the next slot again: it
 *     clears the word, then looks once more, with a full fence between.  The
 *     sender fills the slot, then looks at the word, with a full fence between.
 *     So either he sees it clear and tells the target, or the target sees it.
 * I4  The same holds while the target has not taken all that it was told of: it
 *     looks once more after that.  So a burst tells it once.
 *
 * What crosses between the two CPUs: a line of slots per four messages, and
 * `head` per eighth of a ring, for the target lets it lag behind, and the sender
 * reads it only when the ring seems full.  A target that takes single messages
 * as fast as they come takes the line that the sender is about to fill, and its
 * full fence waits for that line to come back.  So where they stream, the target
 * pauses between two looks; where each is answered, it does not.
 *
 * Life of a message: pushed, its ring's target told or known to be looking
 * (inbox.c), taken, run, over.
 *
 * Deadlock: nobody waits here.
 *
 * Protocol P5 of the proofs in DESIGN.md ("message ring"), form B.
 */
#include "ring.h"
#include "run.h"

#if XCPU_MSG_SLOTS != 0

/* Messages taken before the sender gets to know; never 1: engines see it lag. */
#define HEAD_STEP (XCPU_MSG_SLOTS >= 16 ? XCPU_MSG_SLOTS / 8 : 2)

/* Slots in a line; and how many a sender fetches ahead of itself. */
#define PER_LINE (XCPU_LINE_BYTES / sizeof(struct xcpu_msg_slot))
#define AHEAD	(2 * PER_LINE)

/* Most looks at an empty ring that a drain may have in hand. */
#define LOOKS_MAX 64

/* ---- who has which ring ---- */

struct xcpu_msg_ring *
xcpui_ring_find_from(struct xcpu_msg_ring *ring, unsigned target, unsigned ncpu)
{
	for (unsigned n = 0; n < ncpu; n++) {
		if (ring == NULL || xcpu_plain_load(&ring->target) == target)
			return ring;
		/* rlx: older than the one that leads to it, by the same CPU */
		ring = xcpu_load_rlx(&ring->next);
	}
	return NULL;
}

struct xcpu_msg_ring * XCPUI_COLD
xcpui_ring_attach(struct xcpu_cpu *self, unsigned target)
{
	struct xcpu_aptr *bucket = &self->msg.out[target % XCPU_MSG_BUCKETS];
	struct xcpu_domain *domain = self->domain;
	/* rlx: the compare-and-swap decides on this very value */
	uint32_t used = xcpu_load_rlx(&domain->rings_used);
	struct xcpu_msg_ring *ring;

	do {
		if (used == domain->nrings)
			return NULL;
		/*
		 * rlx: says nothing about data
		 * retry: each failure is another CPU's ring.
		 */
	} while (!xcpu_cas_rlx(&domain->rings_used, &used, used + 1));
	ring = &domain->rings[used];
	xcpu_plain_store(&ring->target, target);
	ring->fill = ring->oldest = ring->slot;
	/* rlx: own words, the first published by the next store */
	xcpu_store_rlx(&ring->next, xcpu_load_rlx(bucket));
	/*
	 * [M5] release: the ring before what leads to it.  Pairs with [M5] in
	 * xcpui_ring_find().
	 */
	xcpu_store_rel(bucket, ring);
	return ring;
}

/* ---- the sender ---- */

uint64_t
xcpui_ring_done(const struct xcpu_msg_ring *ring)
{
	/*
	 * [M6] acquire: what the messages did.  Pairs with [M6] in run_some().
	 */
	return xcpu_load_acq(&ring->done);
}

unsigned
xcpui_ring_load(struct xcpu_msg_ring *ring)
{
	/*
	 * [M1] acquire: the target has read the slots that we fill next.
	 * Pairs with [M1] in show_head().
	 */
	ring->seen_head = xcpu_load_acq(&ring->head);
	return (unsigned)(ring->tail - ring->seen_head);
}

static struct xcpu_msg_slot *
slot_after(struct xcpu_msg_ring *ring, struct xcpu_msg_slot *slot)
{
	return slot != &ring->slot[XCPU_MSG_SLOTS] ? slot + 1 : ring->slot;
}

/*
 * On to the next slot; once in a line, fetch one that will be filled soon, or the
 * fence waits for it.  Not in a function of its own: gcc takes one that does
 * nothing but fetch for one without effect, and drops the call.
 */
static struct xcpu_msg_slot *
next_to_fill(struct xcpu_msg_ring *ring, struct xcpu_msg_slot *slot)
{
	size_t ahead = (size_t)(slot - ring->slot) + AHEAD;

	if (ahead % PER_LINE == 0 && ahead <= XCPU_MSG_SLOTS)
		xcpu_own(&ring->slot[ahead].fn);
	return slot_after(ring, slot);
}

/* Fill all but the first slot; returns the empty one after the last. */
static struct xcpu_msg_slot *
fill_rest(struct xcpu_msg_ring *ring, const struct xcpu_msg *msgs, unsigned n)
{
	struct xcpu_msg_slot *slot = next_to_fill(ring, ring->fill);

	for (unsigned i = 1; i < n; i++) {
		xcpu_plain_store(&slot->arg, msgs[i].arg);
		/* rlx: the first one's function shows it */
		xcpu_store_rlx(&slot->fn, (void *)(uintptr_t)msgs[i].fn);
		slot = next_to_fill(ring, slot);
	}
	xcpu_store_rlx(&slot->fn, NULL); /* rlx: as above */
	return slot;
}

unsigned
xcpui_ring_push(struct xcpu_msg_ring *ring, const struct xcpu_msg *msgs,
    unsigned n, unsigned limit)
{
	struct xcpu_msg_slot *first = ring->fill;
	uint64_t load = ring->tail - ring->seen_head;

	if (load + n > limit)
		load = xcpui_ring_load(ring);
	if (load + n > limit)
		n = load < limit ? limit - (unsigned)load : 0;
	if (n == 0)
		return 0;
	ring->fill = fill_rest(ring, msgs, n);
	ring->tail += n;
	xcpu_plain_store(&first->arg, msgs[0].arg);
	/*
	 * [M2] release: all arguments and functions, and the empty slot, before
	 * the first function.  Pairs with [M2] in next_fn().
	 */
	xcpu_store_rel(&first->fn, (void *)(uintptr_t)msgs[0].fn);
	return n;
}

bool
xcpui_ring_unwatched(const struct xcpu_msg_ring *ring)
{
	/*
	 * [M3] fence: slot before draining and head.  Pairs with [M3] in
	 * look_again().
	 */
	xcpu_fence_sc();
	/* rlx: the fences order both */
	return xcpu_load_rlx(&ring->draining) == 0 &&
	    xcpu_load_rlx(&ring->head) >= ring->told;	/* rlx: as above */
}

/* ---- the target ---- */

/* The function of the next message; NULL: there is none yet. */
static xcpu_msg_fn *
next_fn(const struct xcpu_msg_ring *ring)
{
	/*
	 * [M2] acquire: the function before its argument, and before the next
	 * slot.  Pairs with [M2] in xcpui_ring_push().
	 */
	return (xcpu_msg_fn *)(uintptr_t)xcpu_load_acq(&ring->oldest->fn);
}

bool
xcpui_ring_empty(const struct xcpu_cpu *from, const struct xcpu_cpu *to)
{
	const struct xcpu_msg_ring *ring = xcpui_ring_find(from, to->index);

	return ring == NULL || next_fn(ring) == NULL;
}

/* Let the sender know which slots he may fill again. */
static void
show_head(struct xcpu_msg_ring *ring)
{
	/*
	 * [M1] release: slots read before they are his.  Pairs with [M1] in
	 * xcpui_ring_load().
	 */
	if (xcpu_load_rlx(&ring->head) != ring->taken)	/* rlx: own word */
		xcpu_store_rel(&ring->head, ring->taken);
}

/* Take the oldest message; returns its argument. */
static void *
take(struct xcpu_msg_ring *ring, bool is_first)
{
	void *arg = xcpu_plain_load(&ring->oldest->arg);

	ring->oldest = slot_after(ring, ring->oldest);
	/* Of a drain's first one he gets to know while it runs. */
	if (++ring->taken % HEAD_STEP == 0 || is_first)
		show_head(ring);
	return arg;
}

/* Between two messages: they run as they would between two drains. */
static void XCPUI_COLD
run_urgent(struct xcpu_cpu *self)
{
	self->depth--;
	xcpui_run_none(self);
	xcpui_run_urgent(self);
	self->depth++;
}

/* Run what is there, where reports can see it; returns how many messages. */
static unsigned
run_some(struct xcpu_cpu *self, struct xcpu_msg_ring *ring, unsigned source,
    unsigned budget)
{
	unsigned n;

	self->depth++;
	for (n = 0; n < budget; n++) {
		xcpu_msg_fn *fn = next_fn(ring);
		xcpu_fn *name = (xcpu_fn *)(uintptr_t)fn;	/* for reports */
		void *arg;

		if (fn == NULL)
			break;
		arg = take(ring, n == 0);
		xcpui_run_begin(self, XCPU_LANE_MSG, name, arg, source);
		fn(arg, self->msg.frame);
		if (xcpui_run_end(self, XCPU_LANE_MSG, name))
			run_urgent(self);
		/*
		 * [M6] release: what it did.  Pairs with [M6] in
		 * xcpui_ring_done().
		 */
		if (ring->depth == 1)
			xcpu_store_rel(&ring->done, ring->taken);
	}
	self->depth--;
	xcpui_run_masked();
	xcpui_run_none(self);
	XCPUI_ADD(self, served_msg, n);
	show_head(ring);
	return n;
}

/* Say that we stop looking, and look once more; true if something has come. */
static bool
look_again(struct xcpu_msg_ring *ring)
{
	/* rlx: the fence orders it */
	xcpu_store_rlx(&ring->draining, 0);
	/*
	 * [M3] fence: head and draining before the slot.  Pairs with [M3] in
	 * xcpui_ring_unwatched().
	 */
	xcpu_fence_sc();
	if (next_fn(ring) == NULL)
		return false;
	xcpu_store_rlx(&ring->draining, 1); /* rlx: a hint until it is cleared */
	return true;
}

/* May the idle poll go on looking at this ring, which had messages just now? */
static bool
watch(struct xcpu_cpu *self, struct xcpu_msg_ring *ring, unsigned source)
{
	/* Whoever fills the ring to oneself drains it, too. */
	if (!self->msg.looking || source == self->index ||
	    (self->msg.watched != NULL && self->msg.watched != ring))
		return false;
	self->msg.watched = ring;
	self->msg.watched_source = source;
	return true;
}

/*
 * Stay away from the ring for a while, the longer the more messages stream in;
 * `n` is how many there were at this look.
 */
static void
linger(const struct xcpu_cpu *self, struct xcpu_msg_ring *ring, unsigned n)
{
	unsigned pauses = n > 1 ? 2 * ring->pauses + 1 : ring->pauses / 2;

	if (pauses > XCPU_MSG_PAUSES)
		pauses = XCPU_MSG_PAUSES;
	ring->pauses = pauses;
	for (unsigned i = 0; n > 1 && i < pauses && (xcpui_lane_own(self) &
	    (XCPU_LANE_FLUSH | XCPU_LANE_STOP)) == 0; i++)
		xcpu_port_relax(i);
}

/*
 * What an interrupt between two lines sees: nothing, for drains are masked; but
 * a function that waits drains this very ring from inside, and moves `taken`.
 */
static bool
drain(struct xcpu_cpu *self, struct xcpu_msg_ring *ring, unsigned source,
    unsigned *budget)
{
	unsigned looks = 0, ran = 0;
	bool empty = false;

	/* rlx: a hint until it is cleared; senders who miss it tell in vain */
	if (xcpu_load_rlx(&ring->draining) == 0)
		xcpu_store_rlx(&ring->draining, 1);	/* rlx: as above */
	ring->depth++;
	for (; *budget > 0 && !empty;) {
		unsigned n = run_some(self, ring, source, *budget);

		*budget -= n;
		ran += n;
		looks += n * XCPU_MSG_LOOKS;
		looks = looks < LOOKS_MAX ? looks : LOOKS_MAX;
		if (*budget != 0)
			linger(self, ring, n);
		if (n != 0)
			continue;
		if (ring->depth != 1 ||
		    (ran != 0 && watch(self, ring, source)))
			break;
		if (looks != 0)
			xcpu_port_relax(LOOKS_MAX - looks--);
		else
			empty = !look_again(ring);
	}
	ring->depth--;
	return empty;
}

bool
xcpui_ring_drain(struct xcpu_cpu *self, unsigned source, unsigned *budget)
{
	struct xcpu_msg_ring *ring = xcpui_ring_find(
	    &self->domain->cpus[source], self->index);

	return ring == NULL || drain(self, ring, source, budget);
}

unsigned XCPUI_COLD
xcpui_ring_drop(struct xcpu_msg_ring *ring)
{
	unsigned n;

	/* Ours while we report, as all that the target wrote there. */
	xcpu_plain_store(&ring->pauses, 0);
	/* None of its frames is left. */
	ring->depth = 0;
	xcpu_store_rlx(&ring->draining, 0); /* rlx: nobody will look again */
	for (n = 0; n < XCPU_MSG_SLOTS && next_fn(ring) != NULL; n++)
		(void)take(ring, true);
	/* rlx: the fence in at_once() has ordered what it did */
	xcpu_store_rlx(&ring->done, ring->taken);
	return n;
}

unsigned XCPUI_COLD
xcpui_ring_mend(struct xcpu_msg_ring *ring)
{
	struct xcpu_msg_slot *slot = ring->oldest;
	unsigned n;

	/* rlx: counted only; who fills them is dead */
	for (n = 0; n < XCPU_MSG_SLOTS && xcpu_load_rlx(&slot->fn) != NULL; n++)
		slot = slot_after(ring, slot);
	ring->fill = slot;
	ring->tail = ring->taken + n;
	ring->seen_head = xcpu_load_rlx(&ring->head); /* rlx: our own word */
	ring->told = 0;
	return n;
}

bool
xcpui_msg_watched(struct xcpu_cpu *self)
{
	struct xcpu_msg_ring *ring = self->msg.watched;
	unsigned source = self->msg.watched_source;
	unsigned budget = XCPU_MSG_BUDGET;

	if (ring == NULL || next_fn(ring) == NULL)
		return false;
	if (drain(self, ring, source, &budget))
		xcpu_cpuset_del(&self->msg.hand, source);
	else if (self->msg.watched != ring)
		/* A function that waited has served, and let go of it (I2). */
		xcpui_leave_own(self, XCPU_LANE_MSG);
	return true;
}

#endif /* XCPU_MSG_SLOTS != 0 */
