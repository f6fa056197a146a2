/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.c: the messages of one ordered pair of CPUs.
 *
 * Actors: the sender, one CPU, masked, so that its interrupts and its threads
 * take turns; the target, masked, whose drains may nest.
 *
 * Shared: `slot` and `tail`, written by the sender; `head`, `done` and
 * `draining`, written by the target.
 *
 * I1  Messages head to tail - 1 are in the ring, and tail - head is at most
 *     XCPU_MSG_SLOTS.  A slot is written before the tail passes it, and read
 *     before the head does.
 * I2  Everything below `done` is over.  Drains nest like frames on a stack, so
 *     when the outermost has finished a function, every message that was ever
 *     taken has finished: it alone moves `done`, to wherever `head` is.
 * I3  While `draining` is set the target will look at the tail again: it clears
 *     the word, then looks once more, with a full fence between.  The sender
 *     moves the tail, then looks at the word, with a full fence between.  So
 *     either he sees it clear and tells the target, or the target sees the tail.
 * I4  The same holds while the target has not taken all that it was told of: it
 *     looks at the tail once more after that.  So a burst tells it once.
 *
 * Each side remembers how far the other had come when it last looked (Lamport's
 * queue with cached indices): a sender reads the target's line only when the
 * ring seems full, the target reads the tail only when it seems empty.
 *
 * Life of a message: pushed, its ring's target told or known to be looking
 * (inbox.c), taken, run, over.
 *
 * Deadlock: nobody waits here.
 *
 * Protocol P5 of the proofs in DESIGN.md ("message ring"), form B.
 */
#include "ring.h"

#if XCPU_MSG_SLOTS != 0

#define RING_MASK (XCPU_MSG_SLOTS - 1)

/* ---- who has which ring ---- */

struct xcpu_msg_ring *
xcpui_ring_find(const struct xcpu_cpu *from, unsigned target)
{
	const struct xcpu_aptr *next = &from->msg.out[target % XCPU_MSG_BUCKETS];

	for (unsigned n = 0; n < from->domain->ncpu; n++) {
		/*
		 * [M5] acquire: the ring is set up.  Pairs with [M5] in
		 * xcpui_ring_attach().
		 */
		struct xcpu_msg_ring *ring = xcpu_load_acq(next);

		if (ring == NULL || xcpu_plain_load(&ring->target) == target)
			return ring;
		next = &ring->next;
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
xcpui_ring_sent(const struct xcpu_msg_ring *ring)
{
	/* rlx: own word */
	return xcpu_load_rlx(&ring->tail);
}

uint64_t
xcpui_ring_done(const struct xcpu_msg_ring *ring)
{
	/*
	 * [M6] acquire: what the messages did.  Pairs with [M6] in run_next().
	 */
	return xcpu_load_acq(&ring->done);
}

unsigned
xcpui_ring_load(struct xcpu_msg_ring *ring)
{
	/*
	 * [M1] acquire: the target has read the slots that we write next.
	 * Pairs with [M1] in take().
	 */
	ring->seen_head = xcpu_load_acq(&ring->head);
	return (unsigned)(xcpui_ring_sent(ring) - ring->seen_head);
}

unsigned
xcpui_ring_push(struct xcpu_msg_ring *ring, const struct xcpu_msg *msgs,
    unsigned n, unsigned limit)
{
	uint64_t tail = xcpui_ring_sent(ring);
	uint64_t load = tail - ring->seen_head;

	if (load + n > limit)
		load = xcpui_ring_load(ring);
	if (load + n > limit)
		n = load < limit ? limit - (unsigned)load : 0;
	for (unsigned i = 0; i < n; i++) {
		struct xcpu_msg *slot = &ring->slot[(tail + i) & RING_MASK];

		xcpu_plain_store(&slot->fn, msgs[i].fn);
		xcpu_plain_store(&slot->arg, msgs[i].arg);
	}
	/*
	 * [M2] release: slots before tail.  Pairs with [M2] in has_message()
	 * and look_again().
	 */
	if (n != 0)
		xcpu_store_rel(&ring->tail, tail + n);
	return n;
}

bool
xcpui_ring_unwatched(const struct xcpu_msg_ring *ring)
{
	/*
	 * [M3] fence: tail before draining and head.  Pairs with [M3] in
	 * look_again().
	 */
	xcpu_fence_sc();
	/* rlx: the fences order both */
	return xcpu_load_rlx(&ring->draining) == 0 &&
	    xcpu_load_rlx(&ring->head) >= ring->told;	/* rlx: as above */
}

/* ---- the target ---- */

/* True when the ring seems to have a message. */
static bool
has_message(struct xcpu_msg_ring *ring)
{
	uint64_t head = xcpu_load_rlx(&ring->head);	/* rlx: own word */

	if (head != ring->seen_tail)
		return true;
	/*
	 * [M2] acquire: tail before slots.  Pairs with [M2] in
	 * xcpui_ring_push().
	 */
	ring->seen_tail = xcpu_load_acq(&ring->tail);
	return head != ring->seen_tail;
}

bool
xcpui_ring_empty(const struct xcpu_cpu *from, const struct xcpu_cpu *to)
{
	const struct xcpu_msg_ring *ring = xcpui_ring_find(from, to->index);

	/* rlx: a hint; the drain that follows looks properly */
	return ring == NULL || xcpu_load_rlx(&ring->tail) ==
	    xcpu_load_rlx(&ring->head); /* rlx: own word */
}

/* Copy the oldest message out of the ring. */
static struct xcpu_msg
take(struct xcpu_msg_ring *ring)
{
	uint64_t head = xcpu_load_rlx(&ring->head);	/* rlx: own word */
	const struct xcpu_msg *slot = &ring->slot[head & RING_MASK];
	struct xcpu_msg msg;

	msg.fn = xcpu_plain_load(&slot->fn);
	msg.arg = xcpu_plain_load(&slot->arg);
	/*
	 * [M1] release: slot read before it is anybody's.  Pairs with [M1] in
	 * xcpui_ring_load().
	 */
	xcpu_store_rel(&ring->head, head + 1);
	return msg;
}

/* Run one message, where reports can see it. */
static void
run_next(struct xcpu_cpu *self, struct xcpu_msg_ring *ring, unsigned source)
{
	struct xcpu_msg msg = take(ring);
	xcpu_fn *fn = (xcpu_fn *)(uintptr_t)msg.fn;	/* a name for reports */

	XCPUI_COUNT(self, served_msg);
	xcpui_run_begin(self, XCPU_LANE_MSG, fn, msg.arg, source);
	msg.fn(msg.arg, self->msg.frame);
	xcpui_run_end(self, XCPU_LANE_MSG, fn);
	/*
	 * [M6] release: what they did.  Pairs with [M6] in xcpui_ring_done().
	 */
	if (ring->depth == 1)
		xcpu_store_rel(&ring->done,
		    xcpu_load_rlx(&ring->head));	/* rlx: own word */
}

/* Say that we stop looking, and look once more; true if something has come. */
static bool
look_again(struct xcpu_msg_ring *ring)
{
	/* rlx: the fence orders it */
	xcpu_store_rlx(&ring->draining, 0);
	/*
	 * [M3] fence: head and draining before tail.  Pairs with [M3] in
	 * xcpui_ring_unwatched().
	 */
	xcpu_fence_sc();
	/*
	 * [M2] acquire: tail before slots.  Pairs with [M2] in
	 * xcpui_ring_push().
	 */
	ring->seen_tail = xcpu_load_acq(&ring->tail);
	/* rlx: own word */
	if (ring->seen_tail == xcpu_load_rlx(&ring->head))
		return false;
	xcpu_store_rlx(&ring->draining, 1); /* rlx: a hint until it is cleared */
	return true;
}

/*
 * What an interrupt between two lines sees: nothing, for drains are masked; but
 * a function that waits drains this very ring from inside, and moves `head`.
 */
bool
xcpui_ring_drain(struct xcpu_cpu *self, unsigned source, unsigned *budget)
{
	struct xcpu_msg_ring *ring = xcpui_ring_find(
	    &self->domain->cpus[source], self->index);
	bool empty = false;

	if (ring == NULL)
		return true;
	/* rlx: a hint until it is cleared; senders who miss it tell in vain */
	xcpu_store_rlx(&ring->draining, 1);
	ring->depth++;
	for (; *budget > 0 && !empty;) {
		if (has_message(ring)) {
			--*budget;
			run_next(self, ring, source);
		} else if (ring->depth == 1) {
			empty = !look_again(ring);
		} else {
			break;
		}
	}
	ring->depth--;
	return empty;
}

#endif /* XCPU_MSG_SLOTS != 0 */
