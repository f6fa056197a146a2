/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slot.c: the request that rides in a token line.
 *
 * Actors: an initiator, who takes the slot, fills it, and may take targets back
 * out of it; the targets, CPUs of the line's group.
 *
 * Shared: the control word of the line
 *
 *	owner:16 | sequence:24 | unused:5 | kind:2 | FILL:1 | open:8 | todo:8
 *
 * and the body beside it.  A lane is in `todo` until somebody has taken it and
 * in `open` until it is answered.  Owner and sequence name the request.
 *
 * I1  The slot is free when FILL, open and todo are all 0.  Only a
 *     compare-and-swap from a free word takes it.
 * I2  The body is written only under FILL, by the owner; read only by a target
 *     between taking its todo bit and clearing its open bit.
 * I3  A todo bit leaves once: by its target, or by the owner who withdraws it.
 *     Each does it by compare-and-swap on the very word it read, so neither
 *     can hit a later request that reuses the slot.
 *     One exception: a settled target (domain.h) leaves the todo bit of a BARE
 *     call until its answer, which clears both.  Such a call is withdrawn only
 *     by an owner whose post met a CPU that was not ready: before this target
 *     came online (then its first drain, not yet settled, has resolved it), or
 *     after it left (then it has answered before).
 * I4  todo is a subset of open.
 *
 * Life of a request: take, fill, publish, (post), each target begins, answers
 * (end); the last answer leaves the word free.  The owner waits on the same
 * word.
 *
 * Deadlock: nobody waits here.  The compare-and-swaps retry only when another
 * CPU of the group, or the owner, made progress.
 *
 * Protocol P2 and P3 of the proofs in DESIGN.md ("token slot").
 */
#include "internal.h"
#include "slot.h"

#define SLOT_SEQ_MASK	(((uint32_t)1 << XCPU_SEQ_BITS) - 1)

uint64_t
xcpui_slot_id(struct xcpu_cpu *self)
{
	self->call.sequence++;
	return (uint64_t)self->index << SLOT_OWNER_SHIFT |
	    (uint64_t)(self->call.sequence & SLOT_SEQ_MASK) << SLOT_SEQ_SHIFT;
}

bool
xcpui_slot_take(struct xcpu_line *line, uint64_t id, enum xcpui_slot_kind kind)
{
	/*
	 * The first touch of the line is the compare-and-swap, or it would be
	 * fetched twice: guess that our last request was the last one here.
	 */
	uint64_t v = (id - ((uint64_t)1 << SLOT_SEQ_SHIFT)) |
	    (uint64_t)kind << 17;

	for (unsigned tries = 0; tries < 2; tries++) {
		/*
		 * [S3] acquire: the last target's reads of the body are over
		 * before we write it.  Pairs with [S3] in xcpui_slot_end().
		 */
		if (xcpu_cas_acq(&line->slot, &v,
		    id | (uint64_t)kind << 17 | SLOT_FILL))
			return true;
		if ((v & SLOT_BUSY) != 0)
			return false;
	}
	return false;
}

void
xcpui_slot_publish(struct xcpu_line *line, uint64_t id,
    enum xcpui_slot_kind kind, unsigned lanes)
{
	/*
	 * [S1] release: body before todo.  Pairs with [S1] in
	 * xcpui_slot_begin() and take_todo().  A store is enough: under FILL nobody else writes.
	 */
	xcpu_store_rel(&line->slot,
	    id | (uint64_t)kind << 17 | (uint64_t)lanes << 8 | lanes);
}

/* Take lanes back that have not begun; answers with those that it got. */
unsigned
xcpui_slot_withdraw(struct xcpu_line *line, uint64_t id, unsigned lanes)
{
	/* rlx: the compare-and-swap below decides on this very value. */
	uint64_t v = xcpu_load_rlx(&line->slot);
	unsigned got;

	do {
		if ((v & SLOT_ID) != id)
			return 0;
		got = SLOT_TODO(v) & lanes;
		if (got == 0)
			return 0;
		/*
		 * rlx: a lane that never began has not touched the body.
		 * retry: each failure is another lane's answer.
		 */
	} while (!xcpu_cas_rlx(&line->slot, &v,
	    v & ~((uint64_t)got << 8 | got)));
	return got;
}

unsigned
xcpui_slot_open(const struct xcpu_line *line, uint64_t id)
{
	/*
	 * [S2] acquire: what the targets did, before the initiator goes on.
	 * Pairs with [S2] in xcpui_slot_end() and at_once().
	 */
	uint64_t v = xcpu_load_acq(&line->slot);

	return (v & SLOT_ID) == id ? SLOT_OPEN(v) : 0;
}

/* Take the todo bit of a lane out of *v, the word as it was read. */
static bool
take_todo(struct xcpu_line *line, uint64_t bit, unsigned kind, uint64_t *v)
{
	do {
		if ((*v & bit) == 0 || SLOT_KIND(*v) != kind)
			return false;
		/*
		 * [S1] acquire: todo before body; the doorbell's own order does
		 * not cover a request seen before its post.  Pairs with [S1] in
		 * xcpui_slot_publish().
		 * retry: each failure is another lane's answer or a withdrawal.
		 */
	} while (!xcpu_cas_acq(&line->slot, v, *v & ~bit));
	return true;
}

bool
xcpui_slot_begin(struct xcpu_cpu *self, enum xcpui_slot_kind kind,
    uint64_t body[XCPU_SLOT_WORDS], unsigned *source)
{
	uint64_t bit = (uint64_t)1 << self->index % XCPU_LANES_PER_LINE;
	unsigned words = kind == XCPUI_SLOT_FLUSH ? XCPU_SLOT_WORDS : 2;
	struct xcpu_line *line = self->line;
	/*
	 * [S1] acquire: todo before body.  Pairs with [S1] in
	 * xcpui_slot_publish().
	 */
	uint64_t v = xcpu_load_acq(&line->slot);

	if ((v & bit) == 0 || SLOT_KIND(v) != (unsigned)kind)
		return false;
	if (!(kind == XCPUI_SLOT_BARE && self->settled) &&
	    !take_todo(line, bit, (unsigned)kind, &v))
		return false;
	/* A call has two words; more would only hold up its answer. */
	for (unsigned i = 0; i < words; i++)
		body[i] = xcpu_plain_load(&line->body[i]);
	*source = (unsigned)(v >> SLOT_OWNER_SHIFT);
	return true;
}

void
xcpui_slot_end(struct xcpu_cpu *self)
{
	uint64_t both = (uint64_t)0x101 << self->index % XCPU_LANES_PER_LINE;

	/*
	 * [S2] release: the work before its answer.  Pairs with [S2] in
	 * xcpui_slot_open().
	 * [S3] release: our reads of the body before it is filled again.  Pairs
	 * with [S3] in xcpui_slot_take().
	 * The last access to the slot: it may be another's from here on.
	 */
	xcpu_fetch_and_rel(&self->line->slot, ~both);
}
