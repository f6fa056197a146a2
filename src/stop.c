/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.c: stopping CPUs.
 *
 * Actors: stoppers, of whom one at a time owns the room, or the one who
 * panicked (panic.c); whoever restarts; the CPUs that are stopped.
 *
 * Shared, per CPU: `state` = WANTED, HARD, STOPPED.
 *
 * I1  Stoppers set WANTED, and HARD once an NMI is on its way; only the CPU
 *     itself sets STOPPED, by a compare-and-swap on a word with WANTED; all of
 *     it is cleared at once, by who restarts it, or takes back a WANTED that
 *     has not been answered.  So an answer is never that of an earlier stop,
 *     and a CPU that is stopped again while it still leaves answers anew.
 * I2  A stopped CPU looks at its word, and serves flushes if it was not an NMI
 *     that stopped it.
 *
 * Life of a stop: own the room; WANTED; post STOP; the CPU's drain, or its NMI,
 * answers STOPPED and stands; restart clears the word; with the last of them the
 * room is free; each goes on where it was, in a wait by the same deadline.
 *
 * Deadlock: of two who stop each other one owns the room until he has restarted
 * whom he stopped; the other is stopped while he waits for it, or in any other
 * wait.  The owner is not parked by a rendezvous, whose initiator he may have
 * stopped: it waits until he has restarted them.  A stopper waits for nothing
 * else that a stopped CPU may hold.
 *
 * Protocol P11 of the proofs in DESIGN.md ("stop").
 */
#include "internal.h"
#include "stop.h"

static inline bool
is_stopped(const struct xcpu_domain *domain, unsigned cpu)
{
	/*
	 * [P1] acquire: all that it did before it stopped.  Pairs with [P1] in
	 * stand_still() and panic_alone().
	 */
	return (xcpu_load_acq(&domain->stop->state[cpu]) & STOPPED) != 0;
}

/* ---- the stopped CPU's side ---- */

bool
xcpui_stop_restarted(struct xcpui_wait *wait)
{
	struct xcpu_cpu *self = (struct xcpu_cpu *)wait->what;

	/* Its NMIs are blocked by the one that stopped it. */
	if ((xcpu_port_context() & XCPU_CTX_NMI) != 0)
		(void)xcpui_nmi_answer(self);
	/*
	 * [P2] acquire: what was done while it stood.  Pairs with [P2] in
	 * xcpui_stop_let_go().
	 */
	return (xcpu_load_acq(&self->domain->stop->state[self->index]) &
	    STOPPED) == 0;
}

/* Stop here, if `want` asks for it, and as often; false if it does not. */
static bool
stand_still(struct xcpu_cpu *self, uint32_t want)
{
	struct xcpu_au32 *state = &self->domain->stop->state[self->index];
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_STOP,
		.timeout_ns = 0,
		.fn = NULL, .arg = NULL,
		.over = xcpui_stop_restarted,
		.missing = NULL,
		.what = self,
		.cls = 0, .also = 0,
	};
	/* rlx: the compare-and-swap decides on this very value */
	uint32_t v = xcpu_load_rlx(state);
	bool stood = false;

	/*
	 * A stop upon a stop, by NMI, leaves the outer one to itself.
	 * retry: each failure is a stop, or its end.
	 */
	while ((v & want) == want && (v & STOPPED) == 0) {
		/*
		 * [P1] release: all that we did.  Pairs with [P1] in
		 * is_stopped().
		 */
		if (!xcpu_cas_rel(state, &v, v | STOPPED))
			continue;
		XCPUI_COUNT(self, served_stop);
		stood = true;
		/* Stops and flushes only, wherever this is. */
		self->depth++;
		(void)xcpui_wait(self, &wait);
		self->depth--;
		v = xcpu_load_rlx(state); /* rlx: as above */
	}
	return stood;
}

/* NMI calls come along: who leaves may be OFF when his NMI arrives. */
static void
serve_stop(struct xcpu_cpu *self)
{
	(void)xcpui_nmi_answer(self);
	if (!xcpui_panicked_self(self))
		(void)stand_still(self, WANTED);
}

static bool
serve_nmi(struct xcpu_cpu *self)
{
	bool ours = xcpui_nmi_answer(self);

	/*
	 * On its way out it stops where it serves its doorbell, and in a report
	 * of a death as soon as the dead can no longer have asked for it.
	 * rlx: our own word
	 */
	if (self->ready && xcpu_load_rlx(&self->burying) == 0 &&
	    !xcpui_panicked_self(self) && stand_still(self, WANTED | HARD))
		ours = true;
	return ours;
}

int XCPUI_COLD
xcpu_stop_init(struct xcpu_domain *domain, struct xcpu_stop_room *room)
{
	if (domain == NULL || room == NULL)
		return -XCPU_EINVAL;
	room->serve = serve_stop;
	room->serve_nmi = serve_nmi;
	domain->stop = room;
	return 0;
}

/* ---- the one who stops others ---- */

static bool
lock_taken(struct xcpui_wait *wait)
{
	struct xcpui_stop *s = (struct xcpui_stop *)wait->what;
	uint32_t owner = xcpu_load_rlx(s->lock);	/* rlx: a hint */

	/*
	 * [P3] acquire: what the owner before us did.  Pairs with [P3] in
	 * xcpui_stop_unlock().
	 */
	return owner == 0 &&
	    xcpu_cas_acq(s->lock, &owner, s->self->index + 1);
}

static void XCPUI_COLD
lock_owner(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	const struct xcpui_stop *s = (const struct xcpui_stop *)wait->what;
	uint32_t owner = xcpu_load_rlx(s->lock);	/* rlx: for reports */

	xcpu_cpuset_zero(set);
	if (owner != 0)
		xcpu_cpuset_add(set, owner - 1);
}

int XCPUI_COLD
xcpui_stop_lock(struct xcpui_stop *s, struct xcpu_au32 *word)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_STOP,
		.timeout_ns = xcpui_time_left(s->limit_ns, s->since_ns),
		.fn = NULL, .arg = NULL,
		.over = lock_taken,
		.missing = lock_owner,
		.what = s,
		.cls = 0, .also = 0,
	};

	s->lock = word;
	return xcpui_wait(s->self, &wait);
}

static bool
all_stopped(struct xcpui_wait *wait)
{
	struct xcpui_stop *s = (struct xcpui_stop *)wait->what;
	const struct xcpu_domain *domain = s->self->domain;

	for (unsigned cpu = xcpu_cpuset_first(&s->left); cpu < domain->ncpu;
	    cpu = xcpu_cpuset_next(&s->left, cpu)) {
		/* Or gone, or let go by the end of a panic. */
		if (!is_stopped(domain, cpu) && xcpui_stop_wanted(domain, cpu) &&
		    !xcpui_lane_gone(domain, cpu, false))
			return s->looks != 0 && --s->looks == 0;
		xcpu_cpuset_del(&s->left, cpu);
	}
	return true;
}

static void XCPUI_COLD
not_stopped(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	*set = ((const struct xcpui_stop *)wait->what)->left;
}

void
xcpui_stop_want(struct xcpui_stop *s, uint32_t bits)
{
	for (unsigned cpu = xcpu_cpuset_first(&s->left);
	    cpu < s->self->domain->ncpu;
	    cpu = xcpu_cpuset_next(&s->left, cpu))
		/* rlx: says nothing about data */
		xcpu_fetch_or_rlx(&s->self->domain->stop->state[cpu], bits);
}

void
xcpui_stop_post(struct xcpui_stop *s, bool all)
{
	struct xcpui_post post;

	xcpui_post_begin(s->self, &post, XCPU_LANE_STOP);
	xcpui_post_set(s->self, &post, &s->left);
	if (all) {
		post.kick = s->left;
		post.kicks = true;
	} else {
		/* Whoever is off is not asked; he may have heard all the same. */
		xcpu_cpuset_andnot(&s->left, &post.refused);
	}
	xcpui_post_kick(s->self, &post);
}

void XCPUI_COLD
xcpui_stop_hard(struct xcpui_stop *s)
{
	unsigned long state = xcpu_port_irq_save();

	xcpui_stop_want(s, WANTED | HARD);
#if XCPU_PORT_LEVEL >= 4
	XCPUI_ADD(s->self, nmi_sent, xcpu_cpuset_count(&s->left));
	xcpu_port_kick_nmi(&s->left);
#elif XCPU_PORT_LEVEL >= 1
	XCPUI_ADD(s->self, rekick, xcpu_cpuset_count(&s->left));
	xcpu_port_kick(&s->left);
#endif
	xcpu_port_irq_restore(state);
}

int
xcpui_stop_await(struct xcpui_stop *s, uint64_t limit_ns, bool hard)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_STOP,
		.timeout_ns = limit_ns,
		.fn = NULL, .arg = NULL,
		.over = all_stopped,
		.missing = s->looks == 0 ? not_stopped : NULL,
		.what = s,
		.cls = XCPU_LANE_STOP | (hard ? XCPUI_BY_NMI : 0),
		.also = 0,
	};

	return xcpui_wait(s->self, &wait);
}

/* They go on, and do not stop later: comes back as those that have not. */
static void XCPUI_COLD
take_back_stop(struct xcpui_stop *s, struct xcpu_cpuset *set)
{
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < s->self->domain->ncpu;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		struct xcpu_au32 *state = &s->self->domain->stop->state[cpu];
		/* rlx: the compare-and-swap decides on this very value */
		uint32_t v = xcpu_load_rlx(state);

		/*
		 * rlx: who has not stopped has answered nothing.
		 * retry: it stops just now, and that ends it.
		 */
		while ((v & STOPPED) == 0 && !xcpu_cas_rlx(state, &v, 0))
			continue;
		if (is_stopped(s->self->domain, cpu))
			xcpu_cpuset_del(set, cpu);
	}
}

static int
stop_them(struct xcpui_stop *s, struct xcpu_cpuset *set, uint64_t nmi_after_ns)
{
	unsigned long state = xcpu_port_irq_save();
	struct xcpu_cpuset refused = *set;
	bool hard = false;
	uint64_t left_ns;
	int error;

	s->left = *set;
	xcpui_stop_want(s, WANTED);
	xcpui_stop_post(s, false);
	xcpu_port_irq_restore(state);
	xcpu_cpuset_andnot(&refused, &s->left);
	take_back_stop(s, &refused);
	left_ns = xcpui_time_left(s->limit_ns, s->since_ns);
	if (nmi_after_ns != 0 && (left_ns == 0 || nmi_after_ns < left_ns)) {
		hard = xcpui_stop_await(s, nmi_after_ns, false) != 0;
		if (hard)
			xcpui_stop_hard(s);
		else
			left_ns = 1;
	}
	error = xcpui_stop_await(s, left_ns, hard);
	/* Whoever is not stopped now, gone or late, never will be by this. */
	xcpu_cpuset_andnot(set, &refused);
	s->left = *set;
	take_back_stop(s, &s->left);
	xcpu_cpuset_andnot(set, &s->left);
	return xcpu_cpuset_empty(&s->left) ? 0 : error;
}

int XCPUI_COLD
xcpui_stop_check(const struct xcpu_cpu *self, const struct xcpu_cpuset *set)
{
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	if (self->domain->stop == NULL)
		return -XCPU_ENOSYS;
	if (set == NULL ||
	    xcpu_cpuset_from(set, self->domain->ncpu) < XCPU_NCPU_MAX)
		return -XCPU_EINVAL;
	return 0;
}

/* Be the one who keeps others stopped, if we are not yet. */
static int
own_stops(struct xcpui_stop *s)
{
	struct xcpu_stop_room *room = s->self->domain->stop;
	int error;

	if (xcpui_stop_keeper(s->self))
		return 0;
	error = xcpui_stop_lock(s, &room->owner);
	/* From here on nothing waits here for functions of others. */
	if (error == 0)
		s->self->depth++;
	return error;
}

/* No longer, if he keeps nobody. */
static void
leave_stops(struct xcpu_cpu *self)
{
	struct xcpu_stop_room *room = self->domain->stop;
	unsigned long state;

	if (!xcpu_cpuset_empty(&room->held))
		return;
	self->depth--;
	xcpui_stop_unlock(&room->owner);
	/* A rendezvous that came meanwhile has waited for this. */
	if (!xcpui_sync_asked(self))
		return;
	state = xcpu_port_irq_save();
	xcpui_post_own(self, XCPU_LANE_CALL);
	xcpu_port_irq_restore(state);
}

int
xcpu_stop(const struct xcpu_cpuset *set, const struct xcpu_stop_opt *opt)
{
	struct xcpui_stop s;
	int error;
	struct xcpu_cpuset stopped;

	s.self = xcpu_port_self();
	s.looks = 0;
	error = xcpui_stop_check(s.self, set);
	if (error != 0)
		return error;
	if (xcpu_cpuset_has(set, s.self->index))
		return -XCPU_EINVAL;
	if (opt != NULL && XCPU_PORT_LEVEL < 2 &&
	    (opt->timeout_ns != 0 || opt->nmi_after_ns != 0))
		return -XCPU_ENOSYS;
	s.limit_ns = opt != NULL ? opt->timeout_ns : 0;
	s.since_ns = s.limit_ns != 0 ? xcpui_now() : 0;
	xcpu_cpuset_zero(&stopped);
	error = own_stops(&s);
	if (error == 0) {
		stopped = *set;
		error = stop_them(&s, &stopped,
		    opt != NULL ? opt->nmi_after_ns : 0);
		xcpu_cpuset_or(&s.self->domain->stop->held, &stopped);
		leave_stops(s.self);
	}
	if (opt != NULL && opt->stopped != NULL)
		*opt->stopped = stopped;
	return error;
}

int
xcpu_stop_others(const struct xcpu_stop_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);
	struct xcpu_cpuset set;

	if (error != 0)
		return error;
	xcpu_cpu_online_set(self->domain, &set);
	xcpu_cpuset_del(&set, self->index);
	return xcpu_stop(&set, opt);
}

int
xcpu_restart(const struct xcpu_cpuset *set)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_stop_room *room;
	int n = 0;

	if (self == NULL || self->domain == NULL)
		return -XCPU_EAGAIN;
	room = self->domain->stop;
	if (room == NULL)
		return -XCPU_ENOSYS;
	if (set != NULL &&
	    xcpu_cpuset_from(set, self->domain->ncpu) < XCPU_NCPU_MAX)
		return -XCPU_EINVAL;
	if (xcpui_panicked_self(self))
		return xcpui_panic_end(self);
	/* rlx: it is his to say */
	if (xcpu_load_rlx(&room->panic) != 0 || !xcpui_stop_keeper(self))
		return 0;
	for (unsigned cpu = 0; cpu < self->domain->ncpu; cpu++)
		if (xcpu_cpuset_has(&room->held, cpu) &&
		    (set == NULL || xcpu_cpuset_has(set, cpu))) {
			n += xcpui_stop_let_go(room, cpu);
			xcpu_cpuset_del(&room->held, cpu);
		}
	leave_stops(self);
	return n;
}

bool
xcpu_stopped(const struct xcpu_domain *domain, unsigned cpu)
{
	return cpu < domain->ncpu && domain->stop != NULL &&
	    is_stopped(domain, cpu);
}
