/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg.c: send messages, and wait for them.
 *
 * Actors: senders, in threads, handlers and interrupts of one CPU: they take
 * turns, since each of them sends with its doorbell masked.
 *
 * Shared: rings (ring.c), and what tells their targets of them (inbox.c).
 *
 * I1  A sender looks at the target's lane in the masked section in which it
 *     pushes: if it was ready then, what was pushed will be run (inbox.c, I5).
 * I2  After a push the target is told, unless it is at the ring (ring.c, I3, I4);
 *     or, if the message is passive, unless it will look by itself.
 *
 * Deadlock: a sender in a thread that waits for room serves everything; in a
 * handler it serves FLUSH and messages, to a bounded depth, and then fails; with
 * a host lock held it fails at once.  Whoever waits masked for anything in a
 * thread serves messages, too: so a handler that waits for room is never waited
 * for by the one who could make it.  But who stands for a rendezvous makes no
 * room: so a handler fails, too, once its CPU is asked to one, or gathers one
 * under it.
 *
 * Protocol P5 of the proofs in DESIGN.md ("message ring").
 */
#include "ring.h"

#if XCPU_MSG_SLOTS != 0

/* A ring this full makes its sender wait until it is down to LOW. */
#define HIGH	(XCPU_MSG_SLOTS / 2)
#define LOW	(XCPU_MSG_SLOTS / 4)

/* What never waits leaves the rest to those who do. */
#define TRY_LIMIT	(XCPU_MSG_SLOTS * 2 / 3)

int XCPUI_COLD
xcpu_msg_pool(struct xcpu_domain *domain, struct xcpu_msg_ring *rings,
    unsigned nrings)
{
	if (domain == NULL || rings == NULL || nrings == 0)
		return -XCPU_EINVAL;
	if (domain->rings != NULL)
		return -XCPU_EBUSY;
	domain->rings = rings;
	domain->nrings = nrings;
	return 0;
}

void XCPUI_COLD
xcpu_msg_elide(struct xcpu_domain *domain, bool on)
{
	/* rlx: says nothing about data */
	xcpu_store_rlx(&domain->msg_always_tell, on ? 0 : 1);
}

/* ---- sending ---- */

enum how {
	SEND,
	TRY,
	PASSIVE
};

/* Make sure that somebody looks for what was just pushed. */
static void
tell(struct xcpu_cpu *self, struct xcpu_msg_ring *ring, unsigned cpu)
{
	if (!xcpui_ring_unwatched(ring) &&
	    xcpu_load_rlx(&self->domain->msg_always_tell) == 0) { /* rlx: switch */
		XCPUI_COUNT(self, avoid_draining);
		return;
	}
	ring->told = xcpui_ring_sent(ring);
	xcpui_inbox_tell(self, cpu);
}

static void
deliver(struct xcpu_cpu *self, struct xcpu_msg_ring *ring, unsigned cpu,
    enum how how)
{
	if (how == PASSIVE)
		XCPUI_COUNT(self, msg_passive);
	/* To oneself at once, but not from a message to oneself: in order. */
	if (cpu != self->index)
		how == PASSIVE ? xcpui_inbox_leave(self, cpu) :
		    tell(self, ring, cpu);
	else if (ring->depth == 0)
		xcpui_inbox_own(self);
}

/* How many of n were sent, or an error.  Masked. */
static int
send_masked(struct xcpu_cpu *self, unsigned cpu, const struct xcpu_msg *msgs,
    unsigned n, enum how how, struct xcpu_ticket *ticket)
{
	struct xcpu_msg_ring *ring = xcpui_ring_find(self, cpu);
	unsigned limit = how == SEND ? XCPU_MSG_SLOTS : TRY_LIMIT;
	unsigned sent;

	/* I1: what we push is swept, for our section began before it left. */
	if (!xcpui_lane_takes(xcpui_lane_look(self->domain, cpu))) {
		XCPUI_COUNT(self, not_ready);
		return -XCPU_ENXIO;
	}
	if (ring == NULL)
		ring = xcpui_ring_attach(self, cpu);
	if (ring == NULL)
		return -XCPU_ENOSPC;
	sent = xcpui_ring_push(ring, msgs, n, limit);
	if (sent == 0) {
		XCPUI_COUNT(self, msg_full);
		return -XCPU_EAGAIN;
	}
	XCPUI_ADD(self, msg_sent, sent);
	if (ticket != NULL) {
		ticket->target = cpu;
		ticket->sequence = xcpui_ring_sent(ring);
	}
	deliver(self, ring, cpu, how);
	return (int)sent;
}

static int
check_send(const struct xcpu_cpu *self, unsigned cpu, const struct xcpu_msg *msgs,
    unsigned n)
{
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	if (cpu >= self->domain->ncpu || msgs == NULL || n == 0)
		return -XCPU_EINVAL;
	for (unsigned i = 0; i < n; i++)
		if (msgs[i].fn == NULL)
			return -XCPU_EINVAL;
	return 0;
}

/* Flat: five calls on the way would be a fifteenth of a send. */
static int __attribute__((flatten))
send_some(unsigned cpu, const struct xcpu_msg *msgs, unsigned n, enum how how,
    struct xcpu_ticket *ticket)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int sent = check_send(self, cpu, msgs, n);
	unsigned long state;

	if (sent != 0)
		return sent;
	state = xcpu_port_irq_save();
	sent = send_masked(self, cpu, msgs, n, how, ticket);
	xcpu_port_irq_restore(state);
	return sent;
}

/* ---- waiting ---- */

/* Who holds CPUs parked waits for nothing of theirs, but for messages. */
static int
may_wait(const struct xcpu_cpu *self)
{
	int error = xcpui_may_wait(self);

	if (error == -XCPU_EDEADLK && self->depth == self->msg.holds &&
	    self->polling == 0 &&
	    (xcpu_port_context() & XCPU_CTX_LOCKED) == 0)
		error = 0;
	return error;
}

struct msg_wait {
	struct xcpu_cpu *self;
	struct xcpu_msg_ring *ring;
	uint64_t sequence;	/* 0: wait for room */
	unsigned load;
};

/*
 * In a handler of a CPU that has to do with a rendezvous: who stands for it makes
 * no room, and goes on only when this handler has returned.
 */
static inline bool
holds_up_rendezvous(const struct xcpu_cpu *self)
{
	return self->depth != 0 &&
	    (xcpui_sync_asked(self) || xcpui_sync_owner(self));
}

static bool
wait_over(struct xcpui_wait *wait)
{
	const struct msg_wait *w = (const struct msg_wait *)wait->what;
	unsigned long state;
	unsigned load;

	if (w->sequence != 0)
		return xcpui_ring_done(w->ring) >= w->sequence;
	if (holds_up_rendezvous(w->self))
		return true;
	state = xcpu_port_irq_save();
	load = xcpui_ring_load(w->ring);
	xcpu_port_irq_restore(state);
	return load <= w->load;
}

static void XCPUI_COLD
wait_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	const struct msg_wait *w = (const struct msg_wait *)wait->what;

	xcpu_cpuset_zero(set);
	if (!wait_over(wait))
		xcpu_cpuset_add(set, w->ring->target);
}

static int
await(struct msg_wait *w, uint64_t timeout_ns)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_MSG,
		.timeout_ns = timeout_ns,
		.fn = NULL,
		.arg = NULL,
		.over = wait_over,
		.missing = wait_missing,
		.what = w,
		.cls = XCPU_LANE_MSG,
		.also = 0,
	};

	return xcpui_wait(w->self, &wait);
}

/* May a sender wait for room in this ring?  0, or why not. */
static int XCPUI_COLD
may_make_room(const struct xcpu_cpu *self, unsigned cpu)
{
	if (self == NULL || !self->ready || cpu == self->index ||
	    self->polling != 0 || self->msg.nest == XCPU_MSG_NEST ||
	    (xcpu_port_context() & XCPU_CTX_LOCKED) != 0 ||
	    holds_up_rendezvous(self))
		return -XCPU_EAGAIN;
	return 0;
}

/* Wait until the ring is down to `load`, if the caller may. */
static int XCPUI_COLD
make_room(struct xcpu_cpu *self, unsigned cpu, unsigned load)
{
	struct msg_wait w = { .self = self, .load = load };
	int error = may_make_room(self, cpu);

	if (error != 0)
		return error;
	w.ring = xcpui_ring_find(self, cpu);
	/* Only inside a handler: its own frames alone change it meanwhile. */
	self->msg.nest += self->depth != 0;
	error = await(&w, 0);
	self->msg.nest -= self->depth != 0;
	return error;
}

/* ---- the forms ---- */

/* Over half full: let it go down to a quarter before the next one. */
static void
hold_back(struct xcpu_cpu *self, unsigned cpu)
{
	struct xcpu_msg_ring *ring = xcpui_ring_find(self, cpu);
	unsigned long state;
	unsigned load;

	/* The target's progress is looked at only when that seems needed. */
	if (xcpui_ring_sent(ring) - ring->seen_head <= HIGH ||
	    cpu == self->index || may_wait(self) != 0)
		return;
	state = xcpu_port_irq_save();
	load = xcpui_ring_load(ring);
	xcpu_port_irq_restore(state);
	if (load > HIGH)
		(void)make_room(self, cpu, LOW);
}

int
xcpu_msg_send(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_msg msg = { fn, arg };
	int sent = send_some(cpu, &msg, 1, SEND, ticket);

	/* Again, if an interrupt of this CPU takes the room that was made. */
	for (unsigned n = 0; sent == -XCPU_EAGAIN && n < XCPU_MSG_SLOTS; n++) {
		int error = make_room(self, cpu, XCPU_MSG_SLOTS - 1);

		if (error != 0)
			return error;
		sent = send_some(cpu, &msg, 1, SEND, ticket);
	}
	if (sent != 1)
		return sent;
	hold_back(self, cpu);
	return 0;
}

int
xcpu_msg_try(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket)
{
	struct xcpu_msg msg = { fn, arg };
	int sent = send_some(cpu, &msg, 1, TRY, ticket);

	return sent == 1 ? 0 : sent;
}

int
xcpu_msg_passive(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket)
{
	struct xcpu_msg msg = { fn, arg };
	int sent = send_some(cpu, &msg, 1, PASSIVE, ticket);

	return sent == 1 ? 0 : sent;
}

int
xcpu_msg_batch(unsigned cpu, const struct xcpu_msg *msgs, unsigned n,
    struct xcpu_ticket *ticket)
{
	return send_some(cpu, msgs, n, SEND, ticket);
}

static int
send_to(unsigned cpu, xcpu_msg_fn *fn, void *arg, struct xcpu_cpuset *sent)
{
	if (xcpu_msg_send(cpu, fn, arg, NULL) != 0)
		return 0;
	if (sent != NULL)
		xcpu_cpuset_add(sent, cpu);
	return 1;
}

int
xcpu_msg_set(const struct xcpu_cpuset *set, xcpu_msg_fn *fn, void *arg,
    struct xcpu_cpuset *sent)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);
	int count = 0;

	if (error != 0)
		return error;
	if (set == NULL || fn == NULL ||
	    xcpu_cpuset_from(set, self->domain->ncpu) < XCPU_NCPU_MAX)
		return -XCPU_EINVAL;
	if (sent != NULL)
		xcpu_cpuset_zero(sent);
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < self->domain->ncpu;
	    cpu = xcpu_cpuset_next(set, cpu))
		if (cpu != self->index)
			count += send_to(cpu, fn, arg, sent);
	/* The own part runs now: while it does, the others are at theirs. */
	if (xcpu_cpuset_has(set, self->index))
		count += send_to(self->index, fn, arg, sent);
	return count;
}

/* ---- tickets ---- */

static struct xcpu_msg_ring *
ticket_ring(const struct xcpu_cpu *self, const struct xcpu_ticket *ticket)
{
	if (self == NULL || self->domain == NULL || ticket->sequence == 0 ||
	    ticket->target >= self->domain->ncpu)
		return NULL;
	return xcpui_ring_find(self, ticket->target);
}

bool
xcpu_msg_done(const struct xcpu_ticket *ticket)
{
	const struct xcpu_msg_ring *ring =
	    ticket_ring(xcpu_port_self(), ticket);

	return ring == NULL || xcpui_ring_done(ring) >= ticket->sequence;
}

int
xcpu_msg_wait(const struct xcpu_ticket *ticket, uint64_t timeout_ns)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct msg_wait w = { .self = self, .sequence = ticket->sequence };
	int error = may_wait(self);
	unsigned long state;

	if (error != 0)
		return error;
	if (timeout_ns != 0 && XCPU_PORT_LEVEL < 2)
		return -XCPU_ENOSYS;
	w.ring = ticket_ring(self, ticket);
	if (w.ring == NULL || xcpui_ring_done(w.ring) >= ticket->sequence)
		return 0;
	/* It may be a passive one, which nobody was told of. */
	state = xcpu_port_irq_save();
	if (ticket->target != self->index)
		tell(self, w.ring, ticket->target);
	xcpu_port_irq_restore(state);
	return await(&w, timeout_ns);
}

struct xcpu_ticket
xcpu_msg_last(unsigned cpu)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_ticket ticket = { cpu, 0 };
	const struct xcpu_msg_ring *ring;

	if (self == NULL || self->domain == NULL || cpu >= self->domain->ncpu)
		return ticket;
	ring = xcpui_ring_find(self, cpu);
	if (ring != NULL)
		ticket.sequence = xcpui_ring_sent(ring);
	return ticket;
}

#endif /* XCPU_MSG_SLOTS != 0 */
