/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stops.c: stop some CPUs, see that they stand, let them go on; and NMI calls.
 */
#include "sync.h"

#define NMI_CALL_NS	(10 * WORK_SECOND)

static void
check_answer(struct sync_cpu *me, const char *what, int answer, bool timed)
{
	if (answer != 0 && !(timed && answer == -XCPU_ETIMEDOUT))
		WORK_REPORT(WORK_ANSWER, "answer: %s of cpu %u: %s\n", what,
		    me->cpu, xcpu_strerror(answer));
}

/* All at once, or one of them first. */
static int
let_go(struct sync_cpu *me, const struct xcpu_cpuset *stopped)
{
	struct xcpu_cpuset first;
	int n = 0;

	if (work_once_in(&me->rng, 2)) {
		xcpu_cpuset_one(&first, xcpu_cpuset_first(stopped));
		n = xcpu_restart(&first);
	}
	return n + (work_once_in(&me->rng, 2) ? xcpu_restart(NULL) :
	    xcpu_restart(stopped));
}

/* Those who are stopped stand, and say so. */
static void
hold(struct sync_cpu *me, const struct xcpu_cpuset *stopped, bool by_nmi)
{
	bool say = true;
	int n;

	for (unsigned cpu = xcpu_cpuset_first(stopped); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(stopped, cpu))
		say = say && xcpu_stopped(mach_domain(), cpu);
	/* Who was stopped by an NMI serves no flush. */
	sync_watch(me, stopped, SYNC_STOPPED, !by_nmi &&
	    work_once_in(&me->rng, 2));
	n = let_go(me, stopped);
	sync_report(me);
	if (!say)
		WORK_REPORT(WORK_ANSWER, "answer: a CPU that cpu %u has stopped "
		    "is not\n", me->cpu);
	if (n != (int)xcpu_cpuset_count(stopped))
		WORK_REPORT(WORK_ANSWER, "answer: cpu %u lets %d of %u CPUs go "
		    "on\n", me->cpu, n, xcpu_cpuset_count(stopped));
}

void
sync_stop(struct sync_cpu *me)
{
	bool masked = work_once_in(&me->rng, 4);
	unsigned long state = masked ? mach_mask() : 0;
	struct xcpu_cpuset set, stopped;
	struct xcpu_stop_opt opt = { .stopped = &stopped };
	int answer;

	sync_pick_set(me, &set);
	xcpu_cpuset_del(&set, me->cpu);
	xcpu_cpuset_zero(&stopped);
	if (work_once_in(&me->rng, 4))
		opt.timeout_ns = 1 + work_below(&me->rng, 200000);
	if (XCPU_PORT_LEVEL >= 4 && work_once_in(&me->rng, 8))
		opt.nmi_after_ns = 1 + work_below(&me->rng, 100000);
	answer = work_once_in(&me->rng, 4) ? xcpu_stop_others(&opt) :
	    xcpu_stop(&set, &opt);
	if (!xcpu_cpuset_empty(&stopped))
		hold(me, &stopped, opt.nmi_after_ns != 0);
	check_answer(me, "a stop", answer, opt.timeout_ns != 0);
	if (masked)
		mach_unmask(state);
	me->stops++;
}

static void
note_nmi(void *arg)
{
	struct sync_cpu *owner = arg;

	owner->mark[xcpu_cpu_index()].nmi = owner->serial;
}

void
sync_nmi_call(struct sync_cpu *me)
{
	struct xcpu_cpuset set, done;
	int answer;

	if (XCPU_PORT_LEVEL < 4)
		return;
	sync_pick_set(me, &set);
	xcpu_cpuset_zero(&done);
	me->serial++;
	answer = xcpu_nmi_call(&set, note_nmi, me, NMI_CALL_NS, &done);
	check_answer(me, "an NMI call", answer, false);
	for (unsigned cpu = xcpu_cpuset_first(&done); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(&done, cpu))
		if (me->mark[cpu].nmi != me->serial)
			WORK_REPORT(WORK_EARLY, "early completion: an NMI call "
			    "of cpu %u is done, and cpu %u has not run it\n",
			    me->cpu, cpu);
}
