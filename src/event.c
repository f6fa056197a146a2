/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.c: registered handlers, posted by id, coalesced.
 *
 * Actors: registrars and posters on any CPU; each CPU's drain.
 *
 * Shared: the table of slots, word `state` = generation | FREE, TAKEN, LIVE or
 * DEAD, beside function and argument; per CPU the `pending` bits, set by
 * posters and taken by its drain, and `passed`, written by its drain; the
 * domain's `event_round`.
 *
 * I1  fn and arg are written only in TAKEN, and read only after LIVE was seen
 *     or the slot's bit was taken.
 * I2  A poster tests the state, tests the target's lane, sets the bit and posts
 *     with its doorbell masked throughout.  So whoever posted a round and sees
 *     it passed by the poster's CPU knows that the section is over.
 * I3  A CPU that is OFF has no pending bits: before it goes OFF it waits a
 *     round of all others, which after LEAVING set none, and sweeps.  A poster
 *     therefore never takes a bit back: doing so could wipe the bit of another
 *     poster who was accepted.
 * I4  `passed` = r says: this CPU read round r, and took all its bits and ran
 *     them after that.
 *
 * Life of an event: register, post (bit, doorbell), drain takes all bits and
 * runs the handlers of those alive; unregister: DEAD, a round that outlasts
 * every poster who saw it alive, a second round that takes what they posted,
 * FREE with the next generation.
 *
 * Deadlock: only rounds wait.  Their waiters stand in threads, and while they
 * wait they serve everything, rounds of others included; a CPU that leaves is
 * waited for until it is OFF, and itself waits only for CPUs that are ready.
 *
 * Protocol P8 of the proofs in DESIGN.md ("events"), changed in I3.
 */
#include "internal.h"

#define ID_SLOT_BITS	10
#define ID_SLOT_MASK	((1u << ID_SLOT_BITS) - 1)
#define ID_GEN_MASK	((1u << XCPU_EVENT_GEN_BITS) - 1)

/* Slot 0 has no handler: it is the reschedule kick, and is always alive. */
#define RESCHED_ID	0

enum slot_state { SLOT_FREE, SLOT_TAKEN, SLOT_LIVE, SLOT_DEAD };

static inline uint64_t
slot_word(unsigned gen, enum slot_state state)
{
	return (uint64_t)gen << 2 | (uint64_t)state;
}

static inline unsigned
id_gen(int id)
{
	return (unsigned)id >> ID_SLOT_BITS;
}

static struct xcpu_event_slot *
id_slot(const struct xcpu_cpu *self, int id)
{
	unsigned slot = (unsigned)id & ID_SLOT_MASK;

	if (id < 0 || slot >= XCPU_EVENT_MAX)
		return NULL;
	return &self->domain->event[slot];
}

/* Alive, under this very id?  The caller is masked, or it means nothing. */
static bool
id_alive(const struct xcpu_cpu *self, int id)
{
	const struct xcpu_event_slot *slot = id_slot(self, id);

	if (id == RESCHED_ID)
		return true;
	if (slot == NULL)
		return false;
	/* rlx: whoever runs the handler acquires, and reads no older state */
	return xcpu_load_rlx(&slot->state) == slot_word(id_gen(id), SLOT_LIVE);
}

int XCPUI_COLD
xcpu_event_register(xcpu_fn *fn, void *arg)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	if (fn == NULL)
		return -XCPU_EINVAL;
	for (unsigned i = 1; i < XCPU_EVENT_MAX; i++) {
		struct xcpu_event_slot *slot = &self->domain->event[i];
		/* rlx: the compare-and-swap decides on this very value */
		uint64_t v = xcpu_load_rlx(&slot->state);
		unsigned gen = (unsigned)(v >> 2);

		/* rlx: a FREE slot's rounds have passed here, too */
		if ((v & 3) != SLOT_FREE || !xcpu_cas_rlx(&slot->state, &v,
		    slot_word(gen, SLOT_TAKEN)))
			continue;
		xcpu_plain_store(&slot->fn, fn);
		xcpu_plain_store(&slot->arg, arg);
		/*
		 * [E1] release: handler before LIVE.  Pairs with [E1] in
		 * run_one().
		 */
		xcpu_store_rel(&slot->state, slot_word(gen, SLOT_LIVE));
		return (int)(gen << ID_SLOT_BITS | i);
	}
	return -XCPU_ENOSPC;
}

/* ---- posting ---- */

static void
set_pending(struct xcpu_cpu *self, unsigned cpu, unsigned slot)
{
	struct xcpu_event_cpu *event = &self->domain->cpus[cpu].event;

	/*
	 * [E2] release: what the poster wrote, before the bit: a drain may take
	 * it before it claims our post.  Pairs with [E2] in take_pending().
	 */
	xcpu_fetch_or_rel(&event->pending[slot / 64], (uint64_t)1 << slot % 64);
}

/*
 * Post to each CPU of the set that is ready; the set is the caller's copy, and
 * comes back as those posted to.  Masked.
 */
static void
post_masked(struct xcpu_cpu *self, unsigned slot, struct xcpu_cpuset *set)
{
	bool own = xcpu_cpuset_has(set, self->index);
	struct xcpui_post post;

	xcpu_cpuset_del(set, self->index);
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < self->domain->ncpu;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		/*
		 * A ready lane cannot become OFF before this section ends, for
		 * its owner waits a round: from here on the post is accepted.
		 */
		if (!xcpui_lane_takes(xcpui_lane_look(self->domain, cpu))) {
			XCPUI_COUNT(self, not_ready);
			xcpu_cpuset_del(set, cpu);
		} else {
			set_pending(self, cpu, slot);
		}
	}
	xcpui_post_begin(self, &post, XCPU_LANE_EVENT);
	xcpui_post_set(self, &post, set);
	xcpui_post_kick(self, &post);
	if (own) {
		set_pending(self, self->index, slot);
		xcpui_post_own(self, XCPU_LANE_EVENT);
		xcpu_cpuset_add(set, self->index);
	}
}

static int
post_id(int id, struct xcpu_cpuset *set)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state;
	int posted = -XCPU_ENOENT;

	if (self == NULL || self->domain == NULL)
		return -XCPU_EAGAIN;
	if (xcpu_cpuset_from(set, self->domain->ncpu) < XCPU_NCPU_MAX)
		return -XCPU_EINVAL;
	state = xcpu_port_irq_save();
	XCPUI_COUNT_NMI(self, (xcpu_port_context() & XCPU_CTX_NMI) != 0);
	if (!self->ready) {
		posted = -XCPU_EAGAIN;
	} else if (id_alive(self, id)) {
		post_masked(self, (unsigned)id & ID_SLOT_MASK, set);
		posted = (int)xcpu_cpuset_count(set);
		XCPUI_ADD(self, event_post, (unsigned)posted);
	}
	XCPUI_COUNT_NMI(self, false);
	xcpu_port_irq_restore(state);
	return posted;
}

int
xcpu_event_post(int id, unsigned cpu)
{
	struct xcpu_cpuset set;
	int posted;

	if (cpu >= XCPU_NCPU_MAX)
		return -XCPU_EINVAL;
	xcpu_cpuset_one(&set, cpu);
	posted = post_id(id, &set);
	if (posted < 0)
		return posted;
	return posted == 1 ? 0 : -XCPU_ENXIO;
}

int
xcpu_event_post_set(int id, const struct xcpu_cpuset *set)
{
	struct xcpu_cpuset copy;

	if (set == NULL)
		return -XCPU_EINVAL;
	copy = *set;
	return post_id(id, &copy);
}

static int XCPUI_COLD
post_online(int id, bool own)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_cpuset set;

	if (self == NULL || self->domain == NULL)
		return -XCPU_EAGAIN;
	xcpu_cpu_online_set(self->domain, &set);
	if (!own)
		xcpu_cpuset_del(&set, self->index);
	return post_id(id, &set);
}

int
xcpu_event_post_all(int id)
{
	return post_online(id, true);
}

int
xcpu_event_post_others(int id)
{
	return post_online(id, false);
}

int
xcpu_event_post_self(int id)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	return self != NULL ? xcpu_event_post(id, self->index) : -XCPU_EAGAIN;
}

int
xcpu_resched(unsigned cpu)
{
	return xcpu_event_post(RESCHED_ID, cpu);
}

/* ---- serving ---- */

static void
run_one(struct xcpu_cpu *self, unsigned i)
{
	struct xcpu_event_slot *slot = &self->domain->event[i];
	uint64_t v;

	if (i == RESCHED_ID)
		return;
	/*
	 * [E1] acquire: LIVE before the handler.  Pairs with [E1] in
	 * xcpu_event_register().
	 */
	v = xcpu_load_acq(&slot->state);
	if ((v & 3) != SLOT_LIVE) {
		XCPUI_COUNT(self, event_dropped);
		return;
	}
	XCPUI_COUNT(self, served_event);
	xcpui_run(self, XCPU_LANE_EVENT, xcpu_plain_load(&slot->fn),
	    xcpu_plain_load(&slot->arg), XCPU_NCPU_MAX);
}

static uint64_t
take_pending(struct xcpu_cpu *self, unsigned word)
{
	/*
	 * rlx: of many words most are empty, and a later post posts the lane
	 * again.  Of one the lane has said so: a look would fetch it twice.
	 */
	if (XCPU_EVENT_WORDS > 1 &&
	    xcpu_load_rlx(&self->event.pending[word]) == 0)
		return 0;
	/*
	 * [E2] acquire: the bit before what its poster wrote.  Pairs with [E2]
	 * in set_pending().
	 */
	return xcpu_xchg_acq(&self->event.pending[word], 0);
}

/* False when the budget ended first; the rest of the bits is put back. */
static bool
serve_pending(struct xcpu_cpu *self, unsigned word, unsigned *budget)
{
	uint64_t bits = take_pending(self, word);

	for (unsigned n = 0; n < 64 && bits != 0; n++) {
		if (*budget == 0) {
			/* rlx: only we take it again; it stands for no new data */
			xcpu_fetch_or_rlx(&self->event.pending[word], bits);
			return false;
		}
		--*budget;
		run_one(self, word * 64 + xcpui_lowest(bits));
		bits &= bits - 1;
	}
	return true;
}

bool
xcpui_event_serve(struct xcpu_cpu *self, unsigned *budget)
{
	/*
	 * [E3] acquire: a round is read before the bits are taken, or its bits
	 * would be missed and yet vouched for.  Pairs with [E3] in
	 * xcpui_event_round().
	 */
	uint64_t round = xcpu_load_acq(&self->domain->event_round);
	unsigned start = self->event.rotor;

	for (unsigned n = 0; n < XCPU_EVENT_WORDS; n++) {
		unsigned word = (start + n) % XCPU_EVENT_WORDS;

		if (!serve_pending(self, word, budget)) {
			self->event.rotor = (word + 1) % XCPU_EVENT_WORDS;
			return true;
		}
	}
	/*
	 * [E3] release: handlers, and masked sections before us, before the
	 * round.  Pairs with [E3] in round_passed().
	 */
	xcpu_store_rel(&self->event.passed, round);
	return false;
}

/* ---- the end of an event ---- */

/* The calling CPU's own part of a round: take and run what it has. */
static void XCPUI_COLD
serve_own(struct xcpu_cpu *self)
{
	unsigned long state = xcpu_port_irq_save();
	unsigned budget = XCPU_EVENT_MAX;

	xcpui_event_serve(self, &budget);
	xcpu_port_irq_restore(state);
}

int XCPUI_COLD
xcpu_event_unregister(int id)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_wait(self);
	struct xcpu_event_slot *slot;
	uint64_t v;

	if (error != 0)
		return error;
	slot = id_slot(self, id);
	if (slot == NULL || id == RESCHED_ID)
		return -XCPU_ENOENT;
	v = slot_word(id_gen(id), SLOT_LIVE);
	/* rlx: the rounds publish it; of two unregisters one wins */
	if (!xcpu_cas_rlx(&slot->state, &v, slot_word(id_gen(id), SLOT_DEAD)))
		return -XCPU_ENOENT;
	/* The first outlasts whoever saw it alive ... */
	error = xcpui_event_round(self, false);
	/* ... and the second takes, everywhere, the bits that they set. */
	if (error == 0) {
		serve_own(self);
		error = xcpui_event_round(self, false);
	}
	if (error != 0)
		return error;
	/*
	 * rlx: the old handlers ran before the second round was posted, and
	 * whoever may take the slot has passed that, or came online after it.
	 */
	xcpu_store_rlx(&slot->state,
	    slot_word((id_gen(id) + 1) & ID_GEN_MASK, SLOT_FREE));
	return 0;
}
