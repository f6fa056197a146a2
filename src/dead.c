/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead.c: to go on without CPUs that died.
 *
 * Actors: one reporter at a time, who owns `burying`; all CPUs that are ready;
 * not the dead, who are known to do nothing.
 *
 * Shared: the words of everybody; per CPU `died`, which says after how many
 * claims it died, so that it means nothing once the CPU has come back.
 *
 * I1  OFF first.  A post that came before has published its request, which is
 *     found below; one that comes later finds the lane OFF, and takes its request
 *     back.  If what it takes back was answered here, it is told by `died`.
 * I2  `died` is written before anything is answered for the dead: so whoever
 *     waited, and finds the answer, finds why.
 * I3  What belongs to one CPU, its own requests and the rings that lead to it, is
 *     settled on that CPU, masked, in a function that it is called with: so no
 *     request is half made there.  Once all have run it, nobody is left in a
 *     section in which he saw the dead CPU ready (event.c, I2; msg.c, I1).  For
 *     CPUs that are off, and stay so meanwhile, the reporter does it.
 * I4  Whoever waits where no calls are served waits for a flush, a stop, a
 *     release or room in a ring, and those are answered before that call.
 * I5  A poster who died after his post left a bit without its kick: so everybody
 *     is kicked, and finds all that he had published.
 *
 * Life of a report: own `burying`; lanes OFF; what the dead owe to others, and
 * hold; kick everybody; the call; what they had is reset, for a fresh start.  Who
 * must not wait stops before the call: his own wait is over by then.
 *
 * Deadlock: only the call waits, in a thread, and whatever may hold up its
 * targets was ended before.
 */
#include "dead.h"
#include "flight.h"
#include "slot.h"

static bool
has_died(const struct xcpu_cpu *cpu)
{
	/*
	 * rlx: both; whoever looks has found an answer that stands behind the
	 * fence in at_once()
	 */
	return xcpu_load_rlx(&cpu->died) ==
	    xcpu_load_rlx(&cpu->claims) + 1; /* rlx: as above */
}

/* What a call is told of its targets when all have answered. */
static int
find_dead(struct xcpui_flight *f, struct xcpu_cpuset *lost, int error)
{
	const struct xcpu_domain *domain = f->self->domain;

	if (f->bare)
		return has_died(&domain->cpus[f->slot]) ? -XCPU_ECANCELED :
		    error;
	for (unsigned cpu = xcpu_cpuset_first(&f->targets); cpu < domain->ncpu;
	    cpu = xcpu_cpuset_next(&f->targets, cpu))
		if (has_died(&domain->cpus[cpu])) {
			xcpu_cpuset_del(&f->targets, cpu);
			xcpu_cpuset_add(lost, cpu);
			error = -XCPU_ECANCELED;
		}
	return error;
}

/* ---- what is done at once ---- */

static void
turn_off(struct xcpu_cpu *dead)
{
	/* rlx: the fence in at_once() stands behind them, both */
	xcpu_store_rlx(&dead->died, xcpu_load_rlx(&dead->claims) + 1);
	xcpu_store_rlx(&dead->posting, 0); /* rlx: as above */
	(void)xcpui_lane_off(dead);
	(void)xcpui_lane_polling(dead, false);
}

/* Take lanes out of the request in a token line: answered, or never begun. */
static void
clear_lanes(struct xcpu_line *line, uint64_t lanes, uint64_t v)
{
	/*
	 * rlx: the fence in at_once() stands before it
	 * retry: each failure is another lane's answer, or a new request, which
	 * does not hurt: its initiator finds those lanes off.
	 */
	while (!xcpu_cas_rlx(&line->slot, &v, v & ~(lanes << 8 | lanes)))
		continue;
}

/* Lanes of a group whose CPUs are off. */
static uint64_t
lanes_off(const struct xcpu_domain *domain, unsigned group)
{
	uint64_t lanes = 0;

	for (unsigned i = 0; i < XCPU_LANES_PER_LINE; i++)
		if ((xcpui_lane_look(domain, group * XCPU_LANES_PER_LINE + i) &
		    XCPU_LANE_STATE) == XCPU_LANE_OFF)
			lanes |= (uint64_t)1 << i;
	return lanes;
}

/* A request of the dead one's in a token line: half written, or not posted. */
static void
end_request(struct xcpu_domain *domain, unsigned group,
    const struct xcpu_cpu *dead)
{
	struct xcpu_line *line = &domain->line[group];
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t v = xcpu_load_rlx(&line->slot);

	if (v >> SLOT_OWNER_SHIFT != dead->index)
		return;
	if ((v & SLOT_FILL) != 0)
		/* rlx: the fence in at_once() stands before it */
		(void)xcpu_cas_rlx(&line->slot, &v, v & ~SLOT_BUSY);
	else if (SLOT_OPEN(v) != 0)
		clear_lanes(line, lanes_off(domain, group), v);
}

static void
answer_flushes(struct xcpu_cpu *self, struct xcpu_cpu *dead)
{
	unsigned lane = dead->index % XCPU_LANES_PER_LINE;

	/*
	 * Rounds that were posted to it began before its lane was OFF.
	 * rlx: the fence in at_once() stands before both
	 */
	xcpu_store_rlx(&dead->flush.passed,
	    xcpu_load_rlx(&self->domain->flush_round)); /* rlx: as above */
	clear_lanes(dead->line, (uint64_t)1 << lane,
	    /* rlx: the compare-and-swap decides on this very value */
	    xcpu_load_rlx(&dead->line->slot));
	for (unsigned group = 0; group < self->domain->ngroups; group++)
		end_request(self->domain, group, dead);
	/* rlx: as above */
	xcpu_fetch_and_rlx(&self->domain->online[dead->index / 64],
	    ~xcpu_cpu_bit(dead->index));
}

static void
unload_space(struct xcpu_cpu *dead)
{
	struct xcpu_space *space = xcpui_space_loaded(dead);

	if (space != NULL)
		/* rlx: the fences in at_once() stand before it */
		xcpu_fetch_and_rlx(&space->active[dead->index / 64],
		    ~xcpu_cpu_bit(dead->index));
	xcpu_store_rlx(&dead->flush.loaded, NULL); /* rlx: nobody reads it */
}

/* Bits without a kick, requests without a bit: everybody looks at everything. */
static void
kick_everybody(struct xcpu_cpu *self)
{
	struct xcpui_post post;
	struct xcpu_cpuset all;

	xcpu_cpuset_fill(&all, self->domain->ncpu);
	xcpu_cpuset_del(&all, self->index);
	xcpui_post_begin(self, &post, XCPU_LANE_CLASSES);
	xcpui_post_set(self, &post, &all);
	post.kick = all;
	xcpu_cpuset_andnot(&post.kick, &post.refused);
	post.kicks = !xcpu_cpuset_empty(&post.kick);
	xcpui_post_kick(self, &post);
	/* And we: our own bit may be without its kick. */
	xcpui_post_own(self, XCPU_LANE_CLASSES);
}

/* Masked. */
static void XCPUI_COLD
at_once(struct xcpu_cpu *self, const struct xcpu_cpuset *set)
{
	struct xcpu_cpu *cpus = self->domain->cpus;

	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu))
		turn_off(&cpus[cpu]);
	/*
	 * Posts and OFF meet in read-modify-writes of the same word, so it need
	 * not be a full one.
	 * [S2] acq_rel: what the dead did, and that they died, before all that is
	 * answered for them, here and with the other classes.  Pairs with [S2]
	 * in xcpui_slot_open().
	 * [X1] acq_rel: and the report before, before all of this one.  Pairs with
	 * [X1] in xcpu_cpu_dead().
	 */
	xcpu_fence_ar();
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		answer_flushes(self, &cpus[cpu]);
		xcpui_dead_sync(self, &cpus[cpu]);
		xcpui_dead_stop(self, &cpus[cpu]);
		xcpui_dead_inbox(self, &cpus[cpu]);
	}
	kick_everybody(self);
}

/* ---- what each CPU does, in a call ---- */

/* The dead one had begun: if it was in the function still, it has not counted. */
static void
count_begun(struct xcpu_cpu *self, const struct xcpu_cpu *dead,
    struct xcpu_call *object)
{
	/* rlx: it is dead; no function: then it may have counted, and more */
	if (xcpu_load_rlx(&dead->running.fn) == NULL)
		return;
	/* rlx: its own count is among them, unless it was in the callback */
	if (xcpu_load_rlx(&object->pending) != 0)
		xcpui_call_finish(self, object);
}

/* What a slot of a CPU, our own or one that is off, has asked of the dead one. */
static void
settle_slot(struct xcpu_cpu *self, const struct xcpu_cpu *dead,
    struct xcpu_call_slot *slot)
{
	uint64_t bit = xcpu_cpu_bit(dead->index);
	unsigned word = dead->index / 64;
	struct xcpu_call *object;
	bool begun;

	/* rlx: own word, but for the dead one's bit */
	if ((xcpu_load_rlx(&slot->part[word].open) & bit) == 0)
		return;
	/* rlx: nobody else takes this bit, and what it names is our own */
	begun = (xcpu_fetch_and_rlx(&slot->part[word].todo, ~bit) & bit) == 0;
	object = xcpu_plain_load(&slot->object);
	if (object != NULL && begun)
		count_begun(self, dead, object);
	else if (object != NULL)
		xcpui_call_finish(self, object);
	/* rlx: its owner is this CPU, or off */
	xcpu_fetch_and_rlx(&slot->part[word].open, ~bit);
}

static void
settle(struct xcpu_cpu *self, struct xcpu_cpu *owner,
    const struct xcpu_cpuset *set)
{
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		struct xcpu_cpu *dead = &self->domain->cpus[cpu];

		for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++)
			settle_slot(self, dead, &owner->call.slot[i]);
		xcpui_dead_outbox(owner, dead);
	}
}

static void
settle_own(void *arg)
{
	struct xcpu_cpu *self = xcpu_port_self();

	settle(self, self, (const struct xcpu_cpuset *)arg);
}

/* ---- what is done last ---- */

/* Calls that it had made: whoever has begun goes on, and nobody else begins. */
static void
end_calls(struct xcpu_cpu *dead, const struct xcpu_cpuset *set)
{
	for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++) {
		struct xcpu_call_slot *slot = &dead->call.slot[i];

		for (unsigned w = 0; w < dead->domain->nwords; w++) {
			/* rlx: who never began has touched nothing, both */
			uint64_t got = xcpu_xchg_rlx(&slot->part[w].todo, 0);

			xcpu_fetch_and_rlx(&slot->part[w].open, /* rlx: as above */
			    ~(got | set->w[w]));
		}
	}
	xcpu_plain_store(&dead->call.held, 0);
}

/* As before its first start: nobody but the reporter looks at it. */
static void
reset(struct xcpu_cpu *dead)
{
	dead->depth = dead->polling = 0;
	dead->ready = dead->settled = false;
	dead->tick_stood = dead->tick_lane = 0;
	XCPUI_COUNT_NMI(dead, false);
	/* rlx: its own, all, which it reads when the host has started it */
	xcpu_store_rlx(&dead->running.fn, NULL);
	xcpu_store_rlx(&dead->burying, 0); /* rlx: its own */
	xcpu_store_rlx(&dead->waiting.kind, XCPU_WAIT_NONE); /* rlx: its own */
	for (unsigned i = 0; i < XCPU_EVENT_WORDS; i++)
		xcpu_store_rlx(&dead->event.pending[i], 0); /* rlx: its own */
	xcpui_dead_msg_reset(dead);
}

static void XCPUI_COLD
at_last(struct xcpu_cpu *self, const struct xcpu_cpuset *set)
{
	struct xcpu_domain *domain = self->domain;
	unsigned long state = xcpu_port_irq_save();

	for (unsigned cpu = 0; cpu < domain->ncpu; cpu++)
		if (xcpui_lane_gone(domain, cpu, false))
			settle(self, &domain->cpus[cpu], set);
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		struct xcpu_cpu *dead = &domain->cpus[cpu];

		xcpui_dead_inbox(self, dead);
		/* The room may have been on its way to it. */
		xcpui_dead_sync(self, dead);
		end_calls(dead, set);
		unload_space(dead);
		reset(dead);
	}
	xcpu_port_irq_restore(state);
}

/* ---- the public functions ---- */

/* Be the one reporter; in the place of one who died at it, if need be. */
static bool
own_burying(struct xcpu_cpu *self, const struct xcpu_cpuset *dead)
{
	/* rlx: the compare-and-swap decides on this very value */
	uint32_t owner = xcpu_load_rlx(&self->domain->burying);

	if (owner != 0 && !xcpu_cpuset_has(dead, owner - 1))
		return false;
	/* rlx: for our own NMIs, which stop us no more */
	xcpu_store_rlx(&self->burying, 1);
	/* rlx: the fence in at_once() orders us after the report before */
	return xcpu_cas_rlx(&self->domain->burying, &owner, self->index + 1);
}

/* Stops by the living, whose NMIs have left us alone meanwhile. */
static void
heed_nmis(struct xcpu_cpu *self)
{
	/* rlx: for our own NMIs */
	xcpu_store_rlx(&self->burying, 0);
	if (self->domain->stop != NULL)
		(void)self->domain->stop->serve_nmi(self);
}

/*
 * Masked throughout, and no NMI stops us: a stop by one of the dead may still be
 * on its way, and whoever stands while he is the reporter is let go by nobody.
 */
static bool XCPUI_COLD
begin(struct xcpu_cpu *self, const struct xcpu_cpuset *dead)
{
	xcpui_obituary *obituary = find_dead;
	unsigned long state = xcpu_port_irq_save();
	bool own = own_burying(self, dead);

	if (own) {
		/* rlx: released by each answer, see I2 */
		xcpu_store_rlx(&self->domain->obituary,
		    (void *)(uintptr_t)obituary);
		at_once(self, dead);
	}
	if (xcpu_load_rlx(&self->burying) != 0) /* rlx: our own word */
		heed_nmis(self);
	xcpu_port_irq_restore(state);
	return own;
}

/* 0, or why the calling CPU cannot wait for the others now. */
static int
check_wait(const struct xcpu_cpu *self)
{
	/* It keeps them parked. */
	if (xcpui_sync_owner(self))
		return -XCPU_EDEADLK;
	return xcpui_may_wait(self);
}

int
xcpu_cpu_dead(const struct xcpu_cpuset *dead)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);
	struct xcpu_cpuset set;

	if (error != 0)
		return error;
	if (dead == NULL || xcpu_cpuset_empty(dead) ||
	    xcpu_cpuset_has(dead, self->index) ||
	    xcpu_cpuset_from(dead, self->domain->ncpu) < XCPU_NCPU_MAX)
		return -XCPU_EINVAL;
	set = *dead;
	if (!begin(self, &set))
		return -XCPU_EBUSY;
	error = check_wait(self);
	if (error == 0)
		error = xcpu_call_all(settle_own, &set, NULL);
	if (error == 0)
		at_last(self, &set);
	/* [X1] release: all of it.  Pairs with [X1] in at_once(). */
	xcpu_store_rel(&self->domain->burying, 0);
	return error;
}

int XCPUI_COLD
xcpu_space_forget(struct xcpu_space *space, unsigned cpu)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	if (self == NULL || self->domain == NULL)
		return -XCPU_EAGAIN;
	if (space == NULL || space->kernel || cpu >= self->domain->ncpu)
		return -XCPU_EINVAL;
	if (!xcpui_lane_gone(self->domain, cpu, false))
		return -XCPU_EBUSY;
	/* rlx: the host has ordered it after xcpu_cpu_dead(), and uses it here */
	xcpu_fetch_and_rlx(&space->active[cpu / 64], ~xcpu_cpu_bit(cpu));
	return 0;
}
