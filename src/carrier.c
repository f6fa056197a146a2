/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * carrier.c: calls in the slots of the CPU that makes them.
 *
 * Actors: an initiator s, who owns the slots of his block; targets t.
 *
 * Shared, per slot of s: fn, arg, object; per 64 targets a word `todo` and a
 * word `open`.  Per target: one bit per source CPU in `sources`, and one bit
 * per word of these in `source_words` where there is more than one.
 *
 * I1  A slot is filled only by its owner, masked, when he holds it and every
 *     open word is 0.
 * I2  todo is a subset of open; open is written before todo in each word.
 * I3  A target's todo bit names the present request, always: only the owner
 *     sets it, and refills only after all open bits fell.  So no sequence is
 *     needed, and a cancel is exact per target.
 * I4  A todo bit leaves by one read-modify-write: of its target, who then runs
 *     the function, or of its owner, who took it back.
 * I5  Clearing its open bit is the target's last access to the slot.
 *
 * Life of a call: hold a slot; fill; open; todo; source bits; post; the targets
 * find the source, take their todo bits, run, clear their open bits; the owner
 * waits for open = 0 and lets go of the slot.  After a deadline the slot stays
 * busy until the last running target clears its bit, and nobody waits for that.
 *
 * Early sight is normal: the source bit of a call that was taken back lets a
 * target find the next request of that slot before its post.  So todo carries
 * its own release and acquire.
 *
 * Deadlock: nobody waits here.
 *
 * Protocol P7 of the proofs in DESIGN.md ("calls").
 */
#include "internal.h"
#include "carrier.h"

static struct xcpu_call_slot *
slot_of(struct xcpu_cpu *self, int slot)
{
	return &self->call.slot[slot];
}

bool
xcpui_carrier_idle(const struct xcpu_cpu *self, int slot)
{
	const struct xcpu_call_slot *s = &self->call.slot[slot];

	for (unsigned i = 0; i < self->domain->nwords; i++)
		/*
		 * [C3] acquire: what the targets did, and their reads of the
		 * slot.  Pairs with [C3] in run_slot().
		 */
		if (xcpu_load_acq(&s->part[i].open) != 0)
			return false;
	return true;
}

void XCPUI_COLD
xcpui_carrier_open(const struct xcpu_cpu *self, int slot,
    struct xcpu_cpuset *set)
{
	const struct xcpu_call_slot *s = &self->call.slot[slot];

	xcpu_cpuset_zero(set);
	for (unsigned i = 0; i < self->domain->nwords; i++)
		/* rlx: a picture for reports */
		set->w[i] = xcpu_load_rlx(&s->part[i].open);
}

/*
 * A free slot, held for the calling context; -1 when all are in flight.  Calls
 * that nobody waits for get the upper half only: they must not keep those who
 * wait from going on.  Masked.
 */
int
xcpui_carrier_hold(struct xcpu_cpu *self, bool nobody_waits)
{
	unsigned first = nobody_waits ? XCPU_CALL_SLOTS / 2 : 0;

	for (unsigned i = first; i < XCPU_CALL_SLOTS; i++) {
		uint64_t bit = (uint64_t)1 << i;

		if ((self->call.held & bit) == 0 &&
		    xcpui_carrier_idle(self, (int)i)) {
			self->call.held |= bit;
			return (int)i;
		}
	}
	return -1;
}

void
xcpui_carrier_release(struct xcpu_cpu *self, int slot)
{
	unsigned long state = xcpu_port_irq_save();

	self->call.held &= ~((uint64_t)1 << slot);
	xcpu_port_irq_restore(state);
}

void
xcpui_carrier_publish(struct xcpu_cpu *self, int slot,
    const struct xcpu_cpuset *set, const struct xcpui_request *request)
{
	struct xcpu_call_slot *s = slot_of(self, slot);

	xcpu_plain_store(&s->fn, request->fn);
	xcpu_plain_store(&s->arg, request->arg);
	xcpu_plain_store(&s->object, request->object);
	for (unsigned i = 0; i < self->domain->nwords; i++) {
		/* rlx: ordered by todo, which follows */
		xcpu_store_rlx(&s->part[i].open, set->w[i]);
		/*
		 * [C2] release: open and the function before todo.  Pairs with
		 * [C2] in run_slot().
		 */
		xcpu_store_rel(&s->part[i].todo, set->w[i]);
	}
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < self->domain->ncpu;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		struct xcpu_call_cpu *target = &self->domain->cpus[cpu].call;

		/*
		 * [C1] release: the slot before the bit that leads to it.
		 * Pairs with [C1] in take_sources().
		 */
		xcpu_fetch_or_rel(&target->sources[self->index / 64],
		    xcpu_cpu_bit(self->index));
		/* Never skipped: a set summary may just be being cleared. */
		if (self->domain->nwords > 1)
			/*
			 * [C6] release: word before summary.  Pairs with [C6]
			 * in xcpui_call_serve().
			 */
			xcpu_fetch_or_rel(&target->source_words,
			    (uint64_t)1 << self->index / 64);
	}
}

/* Take back from CPUs that have not begun; comes back as those that it got. */
void XCPUI_COLD
xcpui_carrier_withdraw(struct xcpu_cpu *self, int slot, struct xcpu_cpuset *set)
{
	struct xcpu_call_slot *s = slot_of(self, slot);

	for (unsigned i = 0; i < self->domain->nwords; i++) {
		if (set->w[i] == 0)
			continue;
		/* rlx: who never began has touched nothing, both accesses */
		set->w[i] &= xcpu_fetch_and_rlx(&s->part[i].todo, ~set->w[i]);
		xcpu_fetch_and_rlx(&s->part[i].open, ~set->w[i]); /* rlx: as above */
	}
}

/* A deadline: those not begun never will; the others are told apart. */
void XCPUI_COLD
xcpui_carrier_cancel(struct xcpu_cpu *self, int slot,
    struct xcpu_cpuset *cancelled, struct xcpu_cpuset *running)
{
	struct xcpu_call_slot *s = slot_of(self, slot);

	xcpu_cpuset_zero(cancelled);
	xcpu_cpuset_zero(running);
	for (unsigned i = 0; i < self->domain->nwords; i++) {
		/* rlx: who never began has touched nothing */
		cancelled->w[i] = xcpu_xchg_rlx(&s->part[i].todo, 0);
		/*
		 * [C3] acquire: what those did who are done.  Pairs with [C3]
		 * in run_slot().
		 */
		running->w[i] = xcpu_fetch_and_acq(&s->part[i].open,
		    ~cancelled->w[i]) & ~cancelled->w[i];
	}
}

/* ---- the target's side ---- */

/* Run what a slot has for this CPU; true if it had something. */
static bool
run_slot(struct xcpu_cpu *self, unsigned source, struct xcpu_call_slot *s)
{
	uint64_t bit = xcpu_cpu_bit(self->index);
	unsigned word = self->index / 64;
	struct xcpu_call *object;

	/* rlx: a hint; the read-modify-write decides */
	if ((xcpu_load_rlx(&s->part[word].todo) & bit) == 0)
		return false;
	/*
	 * [C2] acquire: todo before the function.  Pairs with [C2] in
	 * xcpui_carrier_publish().
	 */
	if ((xcpu_fetch_and_acq(&s->part[word].todo, ~bit) & bit) == 0)
		return false;
	object = xcpu_plain_load(&s->object);
	XCPUI_COUNT(self, served_call);
	xcpui_run(self, XCPU_LANE_CALL, xcpu_plain_load(&s->fn),
	    xcpu_plain_load(&s->arg), source);
	if (object != NULL)
		xcpui_call_finish(self, object);
	/*
	 * [C3] release: the function, and our reads of the slot, before it may
	 * be refilled.  Pairs with [C3] in xcpui_carrier_idle() and
	 * xcpui_carrier_cancel().
	 */
	xcpu_fetch_and_rel(&s->part[word].open, ~bit);
	return true;
}

static uint64_t
take_sources(struct xcpu_cpu *self, unsigned word)
{
	/* The look alone would fetch the line for reading. */
	xcpu_own(&self->call.sources[word]);
	/* rlx: a source that comes now posts the lane again */
	if (xcpu_load_rlx(&self->call.sources[word]) == 0)
		return 0;
	/*
	 * [C1] acquire: the bit before the slot.  Pairs with [C1] in
	 * xcpui_carrier_publish().
	 */
	return xcpu_xchg_acq(&self->call.sources[word], 0);
}

/* All calls of one source; false when the budget ended first. */
static bool
serve_source(struct xcpu_cpu *self, unsigned source, unsigned *budget)
{
	struct xcpu_call_cpu *from = &self->domain->cpus[source].call;

	/* Nearly always it is the first, whose line we write. */
	xcpu_own(&from->slot[0].part[self->index / 64].todo);
	for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++) {
		if (*budget == 0)
			return false;
		if (run_slot(self, source, &from->slot[i]))
			--*budget;
	}
	return true;
}

/*
 * All sources of one word, from the rotor on, so that a flood from low numbers
 * does not starve the high ones; false when the budget ended first: the rest of
 * the bits is put back.
 */
static bool
serve_sources(struct xcpu_cpu *self, unsigned word, unsigned *budget)
{
	uint64_t bits = take_sources(self, word);
	uint64_t above = ~(xcpu_cpu_bit(self->call.rotor) - 1);

	for (unsigned n = 0; n < 64 && bits != 0; n++) {
		uint64_t turn = (bits & above) != 0 ? bits & above : bits;
		unsigned source = word * 64 + xcpui_lowest(turn);

		self->call.rotor = source;
		if (!serve_source(self, source, budget)) {
			/* rlx: only we take it again; it stands for no new data */
			xcpu_fetch_or_rlx(&self->call.sources[word], bits);
			return false;
		}
		bits &= ~xcpu_cpu_bit(source);
		if ((bits & above) == 0)
			above = ~(uint64_t)0;
	}
	return true;
}

/* A call that rides in the token line; true if there was one. */
bool
xcpui_call_token(struct xcpu_cpu *self)
{
	uint64_t body[XCPU_SLOT_WORDS];
	unsigned source;

	if (!xcpui_slot_begin(self, XCPUI_SLOT_BARE, body, &source) &&
	    !xcpui_slot_begin(self, XCPUI_SLOT_CALL, body, &source))
		return false;
	XCPUI_COUNT(self, served_call);
	xcpui_run(self, XCPU_LANE_CALL, (xcpu_fn *)(uintptr_t)body[0],
	    (void *)(uintptr_t)body[1], source);
	xcpui_slot_end(self);
	return true;
}

/* Has somebody called through a slot of his own, or to a rendezvous? */
bool
xcpui_call_waiting(const struct xcpu_cpu *self)
{
	if (xcpui_sync_asked(self))
		return true;
	/* rlx: a hint, both loads; the take that follows acquires */
	if (self->domain->nwords > 1)
		return xcpu_load_rlx(&self->call.source_words) != 0;
	return xcpu_load_rlx(&self->call.sources[0]) != 0; /* rlx: as above */
}

bool
xcpui_call_serve(struct xcpu_cpu *self, unsigned *budget)
{
	unsigned nwords = self->domain->nwords;
	uint64_t above = ~(xcpu_cpu_bit(self->call.rotor / 64) - 1);
	uint64_t words = 1;

	if (xcpui_call_token(self))
		--*budget;
	xcpui_sync_serve(self);
	if (nwords > 1)
		/*
		 * [C6] acquire: summary before words.  Pairs with [C6] in
		 * xcpui_carrier_publish().
		 */
		words = xcpu_xchg_acq(&self->call.source_words, 0);
	for (unsigned n = 0; n < nwords && words != 0; n++) {
		uint64_t turn = (words & above) != 0 ? words & above : words;
		unsigned word = xcpui_lowest(turn);

		if (!serve_sources(self, word, budget)) {
			if (nwords > 1)
				/* rlx: as in serve_sources() */
				xcpu_fetch_or_rlx(&self->call.source_words,
				    words);
			return true;
		}
		words &= ~((uint64_t)1 << word);
	}
	return false;
}

void XCPUI_COLD
xcpui_call_serve_all(struct xcpu_cpu *self)
{
	unsigned budget = ~0u;

	(void)xcpui_call_token(self);
	xcpui_sync_serve(self);
	for (unsigned word = 0; word < self->domain->nwords; word++)
		serve_sources(self, word, &budget);
}
