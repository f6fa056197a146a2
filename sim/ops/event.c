/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.c: events, and what their handlers saw.
 *
 * A poster draws a number for its target before it posts, and the handler notes
 * the highest number drawn when it begins.  So a post that was accepted and has
 * a number above the note has had no run of its own yet; it must get one.
 *
 * Each registration has a record of its own, never used for another: a handler
 * that runs after its end is seen whenever it does.
 */
#include "ops.h"

#include <string.h>

#include <xcpu/port.h>

#define EVENTS 6

/*
 * With few bits of generation an old id may be a new event's: then nobody posts
 * to the dead, and a post is masked from its first look on, so that no event
 * can end meanwhile.
 */
#define OLD_IDS_RETURN (XCPU_EVENT_GEN_BITS < 8)

struct event {
	int id;
	bool live;			/* registered, and no end under way */
	bool dead;			/* unregister has returned */
	unsigned inside;		/* handlers running */
	unsigned runs[XCPU_NCPU_MAX];
	unsigned drawn[XCPU_NCPU_MAX];
	unsigned accepted[XCPU_NCPU_MAX];
	unsigned seen[XCPU_NCPU_MAX];
	struct event *next;
};

static struct event *events;		/* all there ever were */
static struct event *slot[EVENTS];	/* those to post to; NULL: none yet */
static struct event nmi_event;		/* posted from NMIs only, for good */

void
ops_event_reset(void)
{
	events = NULL;
	memset(slot, 0, sizeof(slot));
	memset(&nmi_event, 0, sizeof(nmi_event));
	nmi_event.id = -1;
}

static void
run_event(void *arg)
{
	struct event *e = arg;
	unsigned cpu = sim_cpu();

	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		sim_fail(SIM_ORDER, "event %#x runs on cpu %u with the "
		    "doorbell open", (unsigned)e->id, cpu);
	if (e->dead)
		sim_fail(SIM_ORDER, "event %#x runs on cpu %u after its end",
		    (unsigned)e->id, cpu);
	if (++e->runs[cpu] > e->drawn[cpu])
		sim_fail(SIM_ORDER, "event %#x: run %u on cpu %u, posted %u "
		    "times", (unsigned)e->id, e->runs[cpu], cpu,
		    e->drawn[cpu]);
	e->seen[cpu] = e->drawn[cpu];
	e->inside++;
	sim_step();
	if (sim_one_in(4))
		ops_inside_brief();
	e->inside--;
	ops_return(SIM_BUG_OPEN_EVENT);
}

/* ---- posting ---- */

struct draw {
	struct event *event;
	struct xcpu_cpuset set;
	unsigned number[XCPU_NCPU_MAX];
	bool dead;			/* before the post */
};

static void
draw(struct draw *d, struct event *e)
{
	d->event = e;
	d->dead = e->dead;
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (xcpu_cpuset_has(&d->set, cpu))
			d->number[cpu] = ++e->drawn[cpu];
}

/* All of the set have accepted. */
static void
accepted(const struct draw *d)
{
	struct event *e = d->event;

	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (xcpu_cpuset_has(&d->set, cpu) &&
		    e->accepted[cpu] < d->number[cpu])
			e->accepted[cpu] = d->number[cpu];
}

static void
judge_post(const struct draw *d, int posted)
{
	unsigned id = (unsigned)d->event->id;

	if (posted == -XCPU_ENOENT && !d->dead && d->event->live)
		sim_fail(SIM_ORDER, "event %#x is alive, and its post says "
		    "ENOENT", id);
	if (posted != -XCPU_ENOENT && d->dead)
		sim_fail(SIM_ORDER, "event %#x is dead, and its post says %d",
		    id, posted);
	if (posted == (int)xcpu_cpuset_count(&d->set))
		accepted(d);
}

static int
post_one(const struct draw *d)
{
	int error = xcpu_event_post(d->event->id,
	    xcpu_cpuset_first(&d->set));

	return error == 0 ? 1 : error == -XCPU_ENXIO ? 0 : error;
}

static void
post_somehow(struct event *e)
{
	struct draw d;
	int posted;

	ops_random_set(&d.set);
	switch (sim_random(5)) {
	case 0:
		draw(&d, e);
		posted = xcpu_event_post_set(e->id, &d.set);
		break;
	case 1:
		xcpu_cpuset_fill(&d.set, sim_ncpu());
		draw(&d, e);
		posted = xcpu_event_post_all(e->id);
		break;
	case 2:
		xcpu_cpuset_fill(&d.set, sim_ncpu());
		xcpu_cpuset_del(&d.set, sim_cpu());
		draw(&d, e);
		posted = xcpu_event_post_others(e->id);
		break;
	default:
		xcpu_cpuset_one(&d.set, xcpu_cpuset_first(&d.set));
		draw(&d, e);
		posted = post_one(&d);
		break;
	}
	sim_op_end(posted);
	judge_post(&d, posted);
}

void
ops_event(void)
{
	bool masked = OLD_IDS_RETURN || sim_one_in(3);
	unsigned long state = 0;
	struct event *e;

	if (masked)
		state = sim_mask();
	sim_op_begin(SIM_OP_EVENT);
	e = slot[sim_random(EVENTS)];
	if (e == NULL || (OLD_IDS_RETURN && !e->live) || sim_one_in(6))
		sim_op_end(xcpu_resched(sim_random(sim_ncpu())));
	else
		post_somehow(e);
	if (masked)
		sim_unmask(state);
}

/* Posts from NMIs are of an event of their own, which lives for ever. */
void
ops_event_nmi(void)
{
	struct draw d;
	int posted;

	if (nmi_event.id < 0 || sim_one_in(2))
		return;
	xcpu_cpuset_one(&d.set, sim_one_in(2) ? sim_cpu() :
	    sim_random(sim_ncpu()));
	draw(&d, &nmi_event);
	posted = post_one(&d);
	if (posted == 1)
		accepted(&d);
}

/* ---- beginning and end ---- */

static void
register_nmi_event(void)
{
	int id = xcpu_event_register(run_event, &nmi_event);

	if (id > 0) {
		nmi_event.next = events;
		events = &nmi_event;
		nmi_event.live = true;
		nmi_event.id = id;
	}
	sim_op_end(id > 0 ? 0 : id);
}

void
ops_register(void)
{
	struct event **place = &slot[sim_random(EVENTS)];
	struct event *e;
	int id;

	sim_op_begin(SIM_OP_REGISTER);
	if (nmi_event.id == -1) {
		nmi_event.id = -2;
		register_nmi_event();
		return;
	}
	e = sim_alloc(sizeof(*e));
	id = xcpu_event_register(run_event, e);
	sim_op_end(id > 0 ? 0 : id);
	if (id < 0)
		return;
	e->id = id;
	e->live = true;
	e->next = events;
	events = e;
	/* Whoever stood there lives on; nobody posts to it any more. */
	*place = e;
}

static void
judge_unregister(struct event *e, int error)
{
	unsigned id = (unsigned)e->id;

	ops_allow_timeout(error, "the end of an event");
	if (error != 0)
		return;
	if (e->dead)
		sim_fail(SIM_ORDER, "event %#x ended twice", id);
	if (e->inside != 0)
		sim_fail(SIM_EARLY, "event %#x has ended, and its handler "
		    "still runs", id);
	e->dead = true;
}

void
ops_unregister(void)
{
	struct event *e = slot[sim_random(EVENTS)];
	unsigned long state = 0;
	bool masked = sim_one_in(3);
	int error;

	if (e == NULL || (OLD_IDS_RETURN && !e->live)) {
		ops_register();
		return;
	}
	if (masked)
		state = sim_mask();
	e->live = false;
	sim_op_begin(SIM_OP_UNREGISTER);
	error = xcpu_event_unregister(e->id);
	sim_op_end(error);
	judge_unregister(e, error);
	if (masked)
		sim_unmask(state);
}

/* ---- the end of the run ---- */

static bool
all_seen(const struct event *e)
{
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (e->live && e->accepted[cpu] > e->seen[cpu] &&
		    !sim_dead(cpu))
			return false;
	return true;
}

/* ends: the machine's limit, which is a hang, if a post was lost */
void
ops_event_settle(void)
{
	for (const struct event *e = events; e != NULL; e = e->next)
		while (!all_seen(e))
			sim_work_ns(1000);
}

void
ops_event_check(void)
{
	for (const struct event *e = events; e != NULL; e = e->next)
		if (!all_seen(e))
			sim_fail(SIM_ORDER, "event %#x: a post was accepted "
			    "and never seen", (unsigned)e->id);
}
