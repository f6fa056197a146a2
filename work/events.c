/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * events.c: the event storm.
 *
 * Events coalesce, so runs cannot be counted against posts.  Instead each post
 * raises a number first, and the handler notes the number that it finds: after
 * every accepted post the noted number must get there, which needs a run that
 * began after the post and saw what was written before it.
 */
#include "run.h"

#define EVENTS		8	/* registered all the time */
#define ANY_EVENT	(EVENTS + 1)	/* and the empty one */
#define NO_GUEST	UINT32_MAX

/* One event on one target. */
struct bell {
	struct xcpu_au64 asked;		/* numbers given out */
	struct xcpu_au64 accepted;	/* highest whose post was accepted */
	struct xcpu_au64 noted;		/* highest that a handler found */
};

/*
 * Registered by one CPU for a while, and posted by all; its handler must not
 * outlive it, nor run for a post that was meant for the slot's owner before it.
 */
struct guest {
	struct xcpu_au32 id;		/* or NO_GUEST */
	struct xcpu_au32 gone;
	struct xcpu_au64 runs;
	struct xcpu_au64 asked[XCPU_CPUSET_WORDS];	/* CPUs, since then */
};

struct events_cpu {
	struct work_rng rng;
	unsigned cpu;
	uint64_t posts, refused, left;
	uint64_t runs __attribute__((aligned(64)));	/* by handlers, here */
	struct bell bell[EVENTS];
	struct guest guest;
	uint64_t number[XCPU_NCPU_MAX];	/* of a post to a set */
};

static struct {
	struct work_goal goal;
	unsigned ncpu;
	int id[EVENTS];
	struct events_cpu *cpu[XCPU_NCPU_MAX];
	struct xcpu_au32 latest;	/* host of the latest guest */
	struct xcpu_au32 finished;
} events;

/* ------------------------------------------------------------------ */

static void
raise_to(struct xcpu_au64 *word, uint64_t value)
{
	uint64_t old = xcpu_load_rlx(word);

	/* ends: each failure means that another CPU raised it */
	while (old < value && !xcpu_cas_ar(word, &old, value))
		;
}

static void
handle(void *arg)
{
	struct events_cpu *me = events.cpu[xcpu_cpu_index()];
	struct bell *bell = &me->bell[(uintptr_t)arg];

	me->runs++;
	raise_to(&bell->noted, xcpu_load_rlx(&bell->asked));
}

static void
handle_guest(void *arg)
{
	struct guest *guest = arg;
	unsigned cpu = xcpu_cpu_index();

	if (xcpu_load_rlx(&guest->gone) != 0)
		WORK_REPORT(WORK_ORDER, "order: cpu %u runs a handler that was "
		    "unregistered\n", cpu);
	if ((xcpu_load_rlx(&guest->asked[cpu / 64]) & xcpu_cpu_bit(cpu)) == 0)
		WORK_REPORT(WORK_ORDER, "order: cpu %u runs a handler for a "
		    "post older than its registration\n", cpu);
	events.cpu[cpu]->runs++;
	xcpu_fetch_add_rel(&guest->runs, 1);
}

static uint64_t
number(unsigned cpu, unsigned event)
{
	return xcpu_fetch_add_ar(&events.cpu[cpu]->bell[event].asked, 1) + 1;
}

static void
accept(unsigned cpu, unsigned event, uint64_t value)
{
	raise_to(&events.cpu[cpu]->bell[event].accepted, value);
}

static bool
refused(struct events_cpu *me, int answer)
{
	if (answer >= 0)
		return false;
	if (answer != -XCPU_ENXIO)
		WORK_REPORT(WORK_ANSWER, "answer: a post of cpu %u: %s\n",
		    me->cpu, xcpu_strerror(answer));
	me->refused++;
	return true;
}

static void
post_one(struct events_cpu *me)
{
	unsigned cpu = work_below(&me->rng, events.ncpu);
	unsigned event = work_below(&me->rng, ANY_EVENT);
	uint64_t value;

	me->posts++;
	if (event == EVENTS) {
		refused(me, xcpu_resched(cpu));
		return;
	}
	value = number(cpu, event);
	if (!refused(me, xcpu_event_post(events.id[event], cpu)))
		accept(cpu, event, value);
}

/* Which of a set were not ready is not told, so only full success counts. */
static void
post_many(struct events_cpu *me)
{
	unsigned event = work_below(&me->rng, EVENTS);
	struct xcpu_cpuset set;
	int posted;

	xcpu_cpuset_zero(&set);
	for (unsigned cpu = 0; cpu < events.ncpu; cpu++) {
		if (!work_once_in(&me->rng, 2))
			continue;
		xcpu_cpuset_add(&set, cpu);
		me->number[cpu] = number(cpu, event);
	}
	posted = xcpu_event_post_set(events.id[event], &set);
	if (refused(me, posted))
		return;
	me->posts += (unsigned)posted;
	if ((unsigned)posted != xcpu_cpuset_count(&set))
		return;
	for (unsigned cpu = xcpu_cpuset_first(&set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(&set, cpu))
		accept(cpu, event, me->number[cpu]);
}

static void
post_self(struct events_cpu *me)
{
	unsigned event = work_below(&me->rng, EVENTS);
	unsigned long state = mach_mask();
	uint64_t value = number(me->cpu, event);
	bool bad = refused(me, xcpu_event_post_self(events.id[event]));

	mach_unmask(state);
	if (!bad)
		accept(me->cpu, event, value);
	me->posts++;
}

/*
 * Posts somebody's guest to somebody.  The mark goes first; if it comes after
 * the guest has gone, it only makes the next one's check more lenient.
 */
static int
post_guest(struct events_cpu *me, unsigned host)
{
	struct guest *guest = &events.cpu[host]->guest;
	unsigned cpu = work_below(&me->rng, events.ncpu);
	uint32_t id = xcpu_load_acq(&guest->id);

	me->posts++;
	if (id == NO_GUEST)
		return -XCPU_ENOENT;
	xcpu_fetch_or_ar(&guest->asked[cpu / 64], xcpu_cpu_bit(cpu));
	return xcpu_event_post((int)id, cpu);
}

static void
post_latest_guest(struct events_cpu *me)
{
	int answer = post_guest(me, xcpu_load_rlx(&events.latest));

	if (answer != -XCPU_ENOENT)
		refused(me, answer);
}

/* An event that comes, is posted by everybody, and goes under fire. */
static void
host_guest(struct events_cpu *me)
{
	struct guest *guest = &me->guest;
	int answer, id;

	xcpu_store_rlx(&guest->gone, 0);
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		xcpu_store_rlx(&guest->asked[i], 0);
	id = xcpu_event_register(handle_guest, guest);
	if (id == -XCPU_ENOSPC || refused(me, id))
		return;
	xcpu_store_rel(&guest->id, (uint32_t)id);
	xcpu_store_rlx(&events.latest, me->cpu);
	for (unsigned n = work_below(&me->rng, 8); n > 0; n--)
		refused(me, post_guest(me, me->cpu));
	answer = xcpu_event_unregister(id);
	xcpu_store_rlx(&guest->gone, 1);
	xcpu_store_rlx(&guest->id, NO_GUEST);
	refused(me, answer);
	if (xcpu_event_post(id, me->cpu) != -XCPU_ENOENT)
		WORK_REPORT(WORK_ANSWER, "answer: a stale event id was "
		    "accepted on cpu %u\n", me->cpu);
}

/* One at the heels of the other: each gets the slot of the one before. */
static void
host_guests(struct events_cpu *me)
{
	for (unsigned n = 1 + work_below(&me->rng, 4); n > 0; n--)
		host_guest(me);
}

/* ------------------------------------------------------------------ */

static void
events_cpu_main(unsigned cpu, void *arg)
{
	struct events_cpu *me = events.cpu[cpu];
	uint64_t share = events.goal.ops / events.ncpu + 1;

	(void)arg;
	work_seed(&me->rng, 4, cpu);
	while (me->posts < share && !work_passed(events.goal.limit_ns)) {
		unsigned dice = work_below(&me->rng, 4096);

		if (dice < 2400)
			post_one(me);
		else if (dice < 3000)
			post_latest_guest(me);
		else if (dice < 3600)
			post_many(me);
		else if (dice < 4082)
			post_self(me);
		else if (dice < 4090)
			host_guests(me);
		else if (dice < 4092)
			mach_idle_once();
		else if (dice < 4093 && cpu != 0) {
			work_leave_and_return(cpu, &me->rng);
			me->left++;
		}
		if (work_once_in(&me->rng, 4))
			work_yield(&me->rng);
	}
	xcpu_fetch_add_rel(&events.finished, 1);
	/* ends: every CPU posts its share, or its time is over */
	while (xcpu_load_acq(&events.finished) < events.ncpu)
		mach_relax();
}

/* Everybody has posted: on CPU 0, with the others parked, doorbells open. */
static void
check_bell(unsigned cpu, unsigned event, uint64_t limit_ns)
{
	struct bell *bell = &events.cpu[cpu]->bell[event];
	uint64_t accepted = xcpu_load_acq(&bell->accepted);

	/* ends: the handler runs, or with the limit */
	while (xcpu_load_acq(&bell->noted) < accepted &&
	    !work_passed(limit_ns))
		mach_relax();
	if (xcpu_load_acq(&bell->noted) < accepted)
		WORK_REPORT(WORK_LOST, "lost: event %u of cpu %u ran up to "
		    "post %lu of %lu\n", event, cpu,
		    (unsigned long)xcpu_load_acq(&bell->noted),
		    (unsigned long)accepted);
}

static bool
events_init(void)
{
	events.ncpu = work_run.ncpu;
	xcpu_store_rlx(&events.finished, 0);
	for (unsigned cpu = 0; cpu < events.ncpu; cpu++) {
		if (events.cpu[cpu] == NULL)
			events.cpu[cpu] = mach_alloc(sizeof(struct events_cpu));
		if (events.cpu[cpu] == NULL) {
			WORK_REPORT(WORK_SHORT, "no memory: the events want a "
			    "page for each of %u CPUs\n", events.ncpu);
			return false;
		}
		events.cpu[cpu]->cpu = cpu;
		xcpu_store_rlx(&events.cpu[cpu]->guest.id, NO_GUEST);
	}
	for (unsigned i = 0; i < EVENTS; i++) {
		events.id[i] = xcpu_event_register(handle, (void *)(uintptr_t)i);
		if (events.id[i] >= 0)
			continue;
		WORK_REPORT(WORK_ANSWER, "answer: xcpu_event_register(): %s\n",
		    xcpu_strerror(events.id[i]));
		return false;
	}
	return true;
}

void
events_run(const struct work_goal *goal)
{
	uint64_t limit_ns;

	events.goal = *goal;
	if (!events_init())
		return;
	mach_run_all(events_cpu_main, NULL);
	limit_ns = mach_now_ns() + WORK_SECOND;
	for (unsigned cpu = 0; cpu < events.ncpu; cpu++) {
		for (unsigned i = 0; i < EVENTS; i++)
			check_bell(cpu, i, limit_ns);
		work_run.tally.events += events.cpu[cpu]->posts;
		work_run.tally.event_runs += events.cpu[cpu]->runs;
		work_run.tally.left += events.cpu[cpu]->left;
	}
	for (unsigned i = 0; i < EVENTS; i++)
		xcpu_event_unregister(events.id[i]);
}
