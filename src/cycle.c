/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cycle.c: CPUs that wait for each other in a ring.
 *
 * The library's own waits make none, for each serves what others may wait for
 * (wait.c).  A host makes one with a lock of its own: its holder calls a CPU
 * that spins for it masked.
 *
 * Actors: CPUs whose waits last long; whoever has a report to make, or dumps.
 *
 * Shared: each CPU's `waiting`, which it always writes (wait.c), and `stalled`,
 * which it writes here when it has a report to make, or spins for a lock for
 * half as long.
 *
 * I1  A CPU is stuck while its `stalled` names the wait that it is in, by the
 *     time at which that began.
 * I2  A stuck CPU waits for another one if its note says so, and was written
 *     after that one was stuck, so that it had not answered by then; or just
 *     now.  Who spins for a lock has been told the holder just now, always.
 * I3  Requests do not wait for a CPU that spins with its doorbell open: it
 *     answers.  Who spins for a lock of its own does.
 * I4  What is reported was found the same twice: so there was one moment, between
 *     the two looks, at which all of these waits went on.
 *
 * The search: of all that are stuck drop those who wait for nobody of them, again
 * and again; whoever is left leads into a ring, by any of those he waits for.
 *
 * Deadlock: nobody waits here.
 */
#include "internal.h"
#include "text.h"

/* ---- what CPUs note ---- */

static void XCPUI_COLD
note_stalled(struct xcpu_cpu *self, const struct xcpu_cpuset *missing,
    bool answers)
{
	struct xcpu_stalled *note = &self->stalled;
	/* rlx: own words, from here to the release */
	uint64_t since = xcpu_load_rlx(&self->waiting.since_ns);
	/* rlx: only its order counts */
	uint64_t now = xcpu_fetch_add_rlx(&self->domain->stalled, 1) + 1;

	if (xcpu_load_rlx(&note->since_ns) != since) /* rlx: own */
		xcpu_store_rlx(&note->first, now); /* rlx: own */
	xcpu_store_rlx(&note->newest, now); /* rlx: own */
	xcpu_store_rlx(&note->answers, answers); /* rlx: own */
	for (unsigned i = 0; i < self->domain->nwords; i++)
		xcpu_store_rlx(&note->missing[i], missing->w[i]); /* rlx: own */
	/*
	 * [W1] release: the note before what makes it count.  Pairs with [W1]
	 * in is_stuck().
	 */
	xcpu_store_rel(&note->since_ns, since);
}

static void
note_lock(struct xcpu_cpu *self, unsigned holder)
{
	/* rlx: notes for the reports of others, all three */
	xcpu_store_rlx(&self->waiting.target, holder);
	xcpu_store_rlx(&self->waiting.since_ns, xcpui_now()); /* rlx: note */
	xcpu_store_rlx(&self->waiting.kind, XCPU_WAIT_LOCK); /* rlx: note */
}

void
xcpu_on_lock_wait(struct xcpu_lock_wait *wait, unsigned holder)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_cpuset one;
	uint64_t since;

	if (self == NULL || self->domain == NULL ||
	    holder >= self->domain->ncpu)
		return;
	/* rlx: own notes, from here to the end */
	since = xcpu_load_rlx(&self->waiting.since_ns);
	if (!wait->noted) {
		wait->noted = true;
		wait->outer_since_ns = since;
		/* rlx: own note */
		wait->outer_kind = xcpu_load_rlx(&self->waiting.kind);
		/* rlx: own note */
		wait->outer_target = xcpu_load_rlx(&self->waiting.target);
		note_lock(self, holder);
	} else if (xcpu_load_rlx(&self->waiting.target) != holder) { /* rlx: own */
		note_lock(self, holder);
	} else if (xcpui_now() > since + XCPU_STALL_NS / 2 &&
	    xcpu_load_rlx(&self->stalled.since_ns) != since) { /* rlx: own */
		xcpu_cpuset_one(&one, holder);
		note_stalled(self, &one, XCPU_PORT_LEVEL >= 1 &&
		    (xcpu_port_context() & XCPU_CTX_MASKED) == 0);
	}
}

void
xcpu_on_lock_wait_over(struct xcpu_lock_wait *wait)
{
	struct xcpu_cpu *self = xcpu_port_self();

	if (!wait->noted || self == NULL)
		return;
	wait->noted = false;
	/* rlx: notes for the reports of others, all three */
	xcpu_store_rlx(&self->waiting.kind, wait->outer_kind);
	xcpu_store_rlx(&self->waiting.target, wait->outer_target); /* rlx: note */
	xcpu_store_rlx(&self->waiting.since_ns, wait->outer_since_ns); /* rlx: note */
}

/* ---- the search ---- */

struct search {
	const struct xcpu_domain *domain;
	unsigned caller;		/* his note is of now; or nobody */
	struct xcpu_cpuset stuck;	/* lead into a ring, as far as is known */
};

static enum xcpu_wait_kind
kind_of(const struct search *s, unsigned cpu)
{
	/* rlx: picture */
	return (enum xcpu_wait_kind)
	    xcpu_load_rlx(&s->domain->cpus[cpu].waiting.kind);
}

static bool
is_stuck(const struct search *s, unsigned cpu)
{
	const struct xcpu_cpu *other = &s->domain->cpus[cpu];
	/*
	 * [W1] acquire: the note that goes with it.  Pairs with [W1] in
	 * note_stalled().
	 */
	uint64_t since = xcpu_load_acq(&other->stalled.since_ns);

	return since != 0 && kind_of(s, cpu) != XCPU_WAIT_NONE &&
	    /* rlx: picture */
	    xcpu_load_rlx(&other->waiting.since_ns) == since;
}

/* Does it count that the note of `cpu` names `next`?  Both are stuck. */
static bool
waits_for(const struct search *s, unsigned cpu, unsigned next)
{
	const struct xcpu_stalled *from = &s->domain->cpus[cpu].stalled;
	const struct xcpu_stalled *to = &s->domain->cpus[next].stalled;

	if (kind_of(s, cpu) == XCPU_WAIT_LOCK)
		return true;
	/* rlx: picture, all three */
	if (xcpu_load_rlx(&to->answers) != 0)
		return false;
	return cpu == s->caller || xcpu_load_rlx(&to->first) < /* rlx: picture */
	    xcpu_load_rlx(&from->newest); /* rlx: picture */
}

/* A stuck CPU that a stuck CPU waits for; XCPU_NCPU_MAX: there is none. */
static unsigned
next_of(const struct search *s, unsigned cpu)
{
	const struct xcpu_stalled *note = &s->domain->cpus[cpu].stalled;
	struct xcpu_cpuset set = s->stuck;
	unsigned next;

	for (unsigned i = 0; i < s->domain->nwords; i++)
		set.w[i] &= xcpu_load_rlx(&note->missing[i]); /* rlx: picture */
	for (next = xcpu_cpuset_first(&set); next < XCPU_NCPU_MAX;
	    next = xcpu_cpuset_next(&set, next))
		if (waits_for(s, cpu, next))
			break;
	return next;
}

static void
drop_free_ones(struct search *s)
{
	bool dropped = true;

	for (unsigned n = 0; n < s->domain->ncpu && dropped; n++) {
		dropped = false;
		for (unsigned cpu = xcpu_cpuset_first(&s->stuck);
		    cpu < XCPU_NCPU_MAX;
		    cpu = xcpu_cpuset_next(&s->stuck, cpu))
			if (next_of(s, cpu) >= XCPU_NCPU_MAX) {
				xcpu_cpuset_del(&s->stuck, cpu);
				dropped = true;
			}
	}
}

/* The ring that `start` is in; a number that names it, 0: it is in none. */
static uint64_t
ring_from(const struct search *s, unsigned start, struct xcpu_cycle *cycle)
{
	unsigned cpu = start;
	uint64_t sum = 0;

	for (cycle->n = 0; cycle->n < s->domain->ncpu;) {
		if (cpu >= XCPU_NCPU_MAX || !is_stuck(s, cpu))
			return 0;
		if (cycle->n < XCPU_CYCLE_MAX) {
			cycle->wait[cycle->n].cpu = cpu;
			cycle->wait[cycle->n].kind = kind_of(s, cpu);
		}
		cycle->n++;
		/* rlx: picture */
		sum = sum * 31 + cpu +
		    xcpu_load_rlx(&s->domain->cpus[cpu].waiting.since_ns);
		cpu = next_of(s, cpu);
		if (cpu == start)
			return sum | 1;
	}
	return 0;
}

/* Where a CPU leads to, after so many steps that it must be in the ring. */
static unsigned
end_of(const struct search *s, unsigned cpu)
{
	for (unsigned n = 0; n < s->domain->ncpu && cpu < XCPU_NCPU_MAX; n++)
		cpu = next_of(s, cpu);
	return cpu;
}

/* The ring that somebody who is stuck leads into; `from`: any, if nobody. */
static unsigned XCPUI_COLD
find_cycle(struct search *s, unsigned from, struct xcpu_cycle *cycle)
{
	struct xcpu_cycle again;
	uint64_t sum;

	xcpu_cpuset_zero(&s->stuck);
	for (unsigned cpu = 0; cpu < s->domain->ncpu; cpu++)
		if (is_stuck(s, cpu))
			xcpu_cpuset_add(&s->stuck, cpu);
	drop_free_ones(s);
	if (from >= s->domain->ncpu)
		from = xcpu_cpuset_first(&s->stuck);
	cycle->n = 0;
	if (from >= s->domain->ncpu || !xcpu_cpuset_has(&s->stuck, from))
		return 0;
	sum = ring_from(s, from, cycle);
	if (sum == 0) {
		from = end_of(s, from);
		sum = ring_from(s, from, cycle);
	}
	if (sum == 0 || ring_from(s, from, &again) != sum)
		cycle->n = 0;
	return cycle->n;
}

unsigned XCPUI_COLD
xcpu_stall_cycle(const struct xcpu_stall *report, struct xcpu_cycle *cycle)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct search s;

	cycle->n = 0;
	if (self == NULL || self->domain == NULL ||
	    report->waiter != self->index)
		return 0;
	s.domain = self->domain;
	s.caller = self->index;
	note_stalled(self, &report->missing, false);
	return find_cycle(&s, self->index, cycle);
}

void XCPUI_COLD
xcpu_dump_cycle(const struct xcpu_domain *domain,
    void (*line)(void *to, const char *text), void *to)
{
	struct search s = { .domain = domain, .caller = XCPU_NCPU_MAX };
	struct xcpu_cycle cycle;
	unsigned named;

	named = find_cycle(&s, XCPU_NCPU_MAX, &cycle);
	if (named > XCPU_CYCLE_MAX)
		named = XCPU_CYCLE_MAX;
	for (unsigned i = 0; i < named; i++) {
		struct xcpui_text t;

		t.len = 0;
		xcpui_put_named(&t, "cycle: cpu ", cycle.wait[i].cpu);
		xcpui_put(&t, " waits in a ");
		xcpui_put(&t, xcpu_wait_name(cycle.wait[i].kind));
		if (i + 1 < named || named == cycle.n)
			xcpui_put_named(&t, " for cpu ",
			    cycle.wait[(i + 1) % named].cpu);
		line(to, t.buf);
	}
}
