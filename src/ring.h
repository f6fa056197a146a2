/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h: the messages of one pair of CPUs (ring.c), for those who send them
 * (msg.c) and those who find them (inbox.c).
 */
#ifndef XCPU_RING_H
#define XCPU_RING_H

#include "internal.h"

#if XCPU_MSG_SLOTS != 0

/* The ring to a target, in a chain of at most `ncpu`; or NULL. */
struct xcpu_msg_ring *xcpui_ring_find_from(struct xcpu_msg_ring *ring,
    unsigned target, unsigned ncpu);

/* A CPU's ring to a target; NULL when it never had one. */
static inline struct xcpu_msg_ring *
xcpui_ring_find(const struct xcpu_cpu *from, unsigned target)
{
	/*
	 * [M5] acquire: the ring is set up.  Pairs with [M5] in
	 * xcpui_ring_attach().
	 */
	struct xcpu_msg_ring *ring =
	    xcpu_load_acq(&from->msg.out[target % XCPU_MSG_BUCKETS]);

	/* Up to XCPU_MSG_BUCKETS CPUs no two share one. */
	if (ring == NULL || xcpu_plain_load(&ring->target) == target)
		return ring;
	return xcpui_ring_find_from(ring, target, from->domain->ncpu);
}

/* The same, taking one from the pool; NULL: the pool is empty.  Masked. */
struct xcpu_msg_ring *xcpui_ring_attach(struct xcpu_cpu *self, unsigned target);

/*
 * Put up to n messages into the ring while fewer than `limit` are under way;
 * how many there was room for.  Masked.
 */
unsigned xcpui_ring_push(struct xcpu_msg_ring *ring, const struct xcpu_msg *msgs,
    unsigned n, unsigned limit);
/* Messages not yet taken by the target, at a fresh look.  Masked. */
unsigned xcpui_ring_load(struct xcpu_msg_ring *ring);
/* Messages up to this one have been sent. */
static inline uint64_t
xcpui_ring_sent(const struct xcpu_msg_ring *ring)
{
	return ring->tail;
}

/* ... and up to this one are over, with all that they did. */
uint64_t xcpui_ring_done(const struct xcpu_msg_ring *ring);
/* Will nobody look for what was just pushed?  Contains the full fence. */
bool xcpui_ring_unwatched(const struct xcpu_msg_ring *ring);

/* Does the ring between two CPUs look empty? */
bool xcpui_ring_empty(const struct xcpu_cpu *from, const struct xcpu_cpu *to);
/*
 * Run what the ring of a source has.  True when it was seen empty, and its
 * senders will tell us again; false when the budget ended, or a drain further
 * out is in this very ring and will go on with it.
 */
bool xcpui_ring_drain(struct xcpu_cpu *self, unsigned source, unsigned *budget);
/* In the place of a target that died: take all there is; how many. */
unsigned xcpui_ring_drop(struct xcpu_msg_ring *ring);
/*
 * On the target of a sender that died, or for one that is off: whoever sends
 * next begins at the empty slot that the target will find; how many messages
 * are before it.
 */
unsigned xcpui_ring_mend(struct xcpu_msg_ring *ring);

/* ---- inbox.c ---- */

/* Leave word with a CPU that we have sent it something.  Masked. */
void xcpui_inbox_tell(struct xcpu_cpu *self, unsigned cpu);
/* The same for a passive message: it need not look before its next tick. */
void xcpui_inbox_leave(struct xcpu_cpu *self, unsigned cpu);
/* Run what this CPU has sent to itself.  Masked. */
void xcpui_inbox_own(struct xcpu_cpu *self);

#endif /* XCPU_MSG_SLOTS != 0 */

#endif /* XCPU_RING_H */
