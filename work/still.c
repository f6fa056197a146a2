/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * still.c: do parked and stopped CPUs stand still?
 *
 * Each CPU counts what its thread does, what it runs for others and what
 * messages it gets.  Whoever holds a set notes their counts, gives them every
 * reason to move, waits a while and compares.
 *
 * A CPU that an NMI has stopped may hold any lock of the machine, that of its
 * memory or its console too: so with stopped CPUs nothing is printed, and no
 * frame taken, before they go on.
 */
#include "sync.h"

#define BOTHERED	3	/* CPUs that get something */
#define PAUSES		32	/* of the machine, at most */

/* Two that hold CPUs at once would both see them still. */
static uint32_t
own(uint32_t *word, uint32_t value)
{
	uint32_t old = *word;

	*word = value;
	return old;
}

static void
note(struct sync_cpu *me, const struct xcpu_cpuset *set, enum sync_stand stand)
{
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		const struct sync_steps *steps = &syncs.cpu[cpu]->steps;

		me->seen[cpu].thread = steps->thread;
		me->seen[cpu].called = steps->called;
		if (stand != SYNC_PARKED_MAIL)
			me->seen[cpu].mailed = steps->mailed;
	}
}

/* A CPU of the set that has moved; XCPU_NCPU_MAX: none. */
static unsigned
moved(const struct sync_cpu *me, const struct xcpu_cpuset *set,
    enum sync_stand stand)
{
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		const struct sync_steps *now = &syncs.cpu[cpu]->steps;
		const struct sync_steps *then = &me->seen[cpu];

		if (now->thread != then->thread ||
		    now->called != then->called ||
		    (stand != SYNC_PARKED_MAIL && now->mailed != then->mailed))
			return cpu;
	}
	return XCPU_NCPU_MAX;
}

/* What each may do while others stand; 0, or what a call answered. */
static int
bother(struct sync_cpu *me, const struct xcpu_cpuset *set,
    enum sync_stand stand)
{
	unsigned cpu = work_below(&me->rng, syncs.ncpu);
	struct xcpu_cpuset others = *set;
	int answer = -XCPU_EDEADLK;

	xcpu_cpuset_del(&others, me->cpu);
	for (unsigned n = 0; n < BOTHERED; n++) {
		cpu = xcpu_cpuset_from(&others, cpu);
		if (cpu >= XCPU_NCPU_MAX)
			cpu = xcpu_cpuset_first(&others);
		if (cpu >= XCPU_NCPU_MAX)
			break;
		sync_post(me, cpu);
		sync_mail(me, cpu);
		sync_call_begin(me, cpu);
		if (stand != SYNC_PARKED_MAIL)
			answer = sync_call(me, cpu);
		cpu++;
	}
	return answer;
}

void
sync_watch(struct sync_cpu *me, const struct xcpu_cpuset *set,
    enum sync_stand stand, bool rewrites)
{
	static const char *const names[] = { "parked", "parked", "stopped",
		"part of a machine that stands" };
	uint32_t *owner = stand == SYNC_STOPPED ? &syncs.stopper :
	    &syncs.holder;
	uint32_t before = own(owner, me->cpu + 1);
	unsigned mover;
	int answer;

	note(me, set, stand);
	answer = bother(me, set, stand);
	if (rewrites)
		sync_rewrite(me);
	for (unsigned n = work_below(&me->rng, PAUSES); n > 0; n--)
		mach_relax();
	mover = moved(me, set, stand);
	before |= own(owner, 0) ^ (me->cpu + 1);
	me->verdict = (struct sync_verdict){ names[stand], mover, before,
		answer };
}

void
sync_report(struct sync_cpu *me)
{
	const struct sync_verdict *verdict = &me->verdict;

	if (verdict->stood == NULL)
		return;
	if (verdict->mover < XCPU_NCPU_MAX)
		WORK_REPORT(WORK_MOVED, "moved: cpu %u is %s, for cpu %u, and "
		    "does something\n", verdict->mover, verdict->stood,
		    me->cpu);
	if (verdict->owners != 0)
		WORK_REPORT(WORK_MOVED, "moved: cpu %u and another hold CPUs "
		    "%s at once\n", me->cpu, verdict->stood);
	if (verdict->answer != -XCPU_EDEADLK)
		WORK_REPORT(WORK_ANSWER, "answer: a call to a CPU that is %s: "
		    "%s\n", verdict->stood, xcpu_strerror(verdict->answer));
	me->verdict.stood = NULL;
}
