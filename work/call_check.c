/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_check.c: what a called function checks and leaves behind, and what the
 * caller finds of it.
 */
#include "calls.h"

#define ECHO UINT64_C(0x9e3779b97f4a7c15)

void
call_function(void *arg)
{
	struct call_record *record = arg;
	unsigned cpu = xcpu_cpu_index();
	struct call_mark *mark = &record->mark[cpu];
	uint64_t serial = record->serial;

	if (xcpu_load_rlx(&record->open) == 0)
		WORK_REPORT(WORK_EARLY, "early completion: cpu %u runs call "
		    "%lx, which has returned\n", cpu, (unsigned long)serial);
	if (record->echo != serial * ECHO)
		WORK_REPORT(WORK_ORDER, "order: cpu %u runs call %lx and does "
		    "not see its argument\n", cpu, (unsigned long)serial);
	calls.cpu[cpu]->runs++;
	mark->turn = xcpu_fetch_add_ar(&record->turns, 1);
	mark->serial = serial;
	/* Last: who waits for a late one may reuse the record after this. */
	xcpu_store_rel(&mark->runs, xcpu_load_rlx(&mark->runs) + 1);
}

void
call_callback(void *arg)
{
	struct call_record *record = arg;

	record->callbacks++;
}

void
call_open(struct calls_cpu *me, struct call_record *record)
{
	record->serial = (uint64_t)(me->cpu + 1) << 40 | ++me->serial;
	record->echo = record->serial * ECHO;
	record->callbacks = 0;
	xcpu_store_rlx(&record->turns, 0);
	for (unsigned cpu = 0; cpu < calls.ncpu; cpu++)
		xcpu_store_rlx(&record->mark[cpu].runs, 0);
	xcpu_store_rlx(&record->open, 1);
}

/* A function that had begun when the deadline passed ends soon after. */
static uint32_t
runs_in_the_end(struct calls_cpu *me, struct call_mark *mark)
{
	uint64_t limit = mach_now_ns() + WORK_PATIENCE;

	/* ends: the function has run, or with the limit */
	while (xcpu_load_acq(&mark->runs) == 0 && !work_passed(limit))
		work_yield(&me->rng);
	return xcpu_load_acq(&mark->runs);
}

static void
check_done(struct calls_cpu *me, struct call_record *record, unsigned cpu)
{
	struct call_mark *mark = &record->mark[cpu];
	uint32_t runs = xcpu_load_rlx(&mark->runs);

	if (runs == 1 && mark->serial == record->serial)
		return;
	if (runs > 1)
		WORK_REPORT(WORK_ORDER, "order: cpu %u ran call %lx %u "
		    "times\n", cpu, (unsigned long)record->serial, runs);
	else if (runs_in_the_end(me, mark) != 0)
		WORK_REPORT(WORK_EARLY, "early completion: call %lx returned "
		    "before cpu %u had run it\n",
		    (unsigned long)record->serial, cpu);
	else
		WORK_REPORT(WORK_LOST, "lost: call %lx is done, and cpu %u "
		    "never ran it\n", (unsigned long)record->serial, cpu);
}

static void
check_none(struct call_record *record, unsigned cpu)
{
	if (xcpu_load_rlx(&record->mark[cpu].runs) != 0)
		WORK_REPORT(WORK_ORDER, "order: cpu %u ran call %lx, which "
		    "was not for it or taken back\n", cpu,
		    (unsigned long)record->serial);
}

static void
check_cpu(struct calls_cpu *me, struct call_record *record,
    const struct xcpu_call_result *result, unsigned cpu)
{
	bool done = xcpu_cpuset_has(&result->done, cpu);
	bool running = xcpu_cpuset_has(&result->running, cpu);
	unsigned sets = done + running +
	    xcpu_cpuset_has(&result->cancelled, cpu) +
	    xcpu_cpuset_has(&result->not_ready, cpu);

	if (sets > 1)
		WORK_REPORT(WORK_ANSWER, "answer: call %lx: cpu %u is in %u "
		    "sets of the result\n", (unsigned long)record->serial,
		    cpu, sets);
	if (!xcpu_cpuset_has(&record->asked, cpu))
		check_none(record, cpu);
	else if (done)
		check_done(me, record, cpu);
	else if (!running)
		check_none(record, cpu);
	else if (runs_in_the_end(me, &record->mark[cpu]) != 1)
		WORK_REPORT(WORK_LOST, "lost: cpu %u was running call %lx and "
		    "never ended\n", cpu, (unsigned long)record->serial);
}

void
call_close(struct calls_cpu *me, struct call_record *record,
    const struct xcpu_call_result *result)
{
	for (unsigned cpu = 0; cpu < calls.ncpu; cpu++)
		check_cpu(me, record, result, cpu);
	xcpu_store_rlx(&record->open, 0);
	me->calls++;
}
