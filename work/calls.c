/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.c: the cross-call storm.
 *
 * Every CPU calls every other, in each form that there is, with its doorbell
 * open and masked, with deadlines now and then, while CPUs go offline and come
 * back.  Each CPU does its share and then stays, serving, until all are done.
 */
#include "calls.h"

#define CALLERS	2	/* at a time, and for how many calls, */
#define BURST	64	/* where those whose turn it is not halt */

struct calls calls;

/* ------------------------------------------------------------------ */
/* Calls that are waited for.                                            */

static void
random_set(struct calls_cpu *me, struct xcpu_cpuset *set)
{
	xcpu_cpuset_zero(set);
	for (unsigned cpu = 0; cpu < calls.ncpu; cpu++)
		if (work_once_in(&me->rng, 2))
			xcpu_cpuset_add(set, cpu);
}

static bool
even_only(unsigned cpu, void *arg)
{
	(void)arg;
	return cpu % 2 == 0;
}

static int
call_somehow(struct calls_cpu *me, const struct xcpu_call_opt *opt)
{
	struct call_record *record = &me->wait;
	unsigned other = work_below(&me->rng, calls.ncpu);
	struct xcpu_cpuset *set = &record->asked;

	switch (work_below(&me->rng, 32)) {
	case 0:
	case 1:
	case 2:
		random_set(me, set);
		return xcpu_call_set(set, call_function, record, opt);
	case 3:
		xcpu_cpuset_fill(set, calls.ncpu);
		return xcpu_call_all(call_function, record, opt);
	case 4:
	case 5:
		xcpu_cpuset_fill(set, calls.ncpu);
		xcpu_cpuset_del(set, me->cpu);
		return xcpu_call_others(call_function, record, opt);
	case 6:
		random_set(me, set);
		return xcpu_call_any(set, call_function, record, opt);
	default:
		xcpu_cpuset_one(set, other);
		return xcpu_call_one(other, call_function, record, opt);
	}
}

static void
pick_options(struct calls_cpu *me, struct xcpu_call_opt *opt)
{
	unsigned dice = work_below(&me->rng, 64);

	if (dice < 4)
		opt->timeout_ns = 1 + work_below(&me->rng, 50000);
	if (dice == 0)
		opt->flags = XCPU_CALL_SETTLE;
	if (dice == 4)
		opt->flags = XCPU_CALL_SERIAL;
	if (dice == 5)
		opt->predicate = even_only;
	if (dice == 6)
		opt->not_ready = XCPU_FAIL_NOT_READY;
	if (dice == 7) {
		opt->not_ready = XCPU_WAIT_NOT_READY;
		opt->timeout_ns = 2000000;
	}
}

static void
check_answer(struct calls_cpu *me, const struct xcpu_call_opt *opt, int answer)
{
	const struct xcpu_call_result *result = opt->result;
	bool late = !xcpu_cpuset_empty(&result->cancelled) ||
	    !xcpu_cpuset_empty(&result->running);
	bool good = true;

	if (answer >= 0)
		good = !late;
	else if (answer == -XCPU_ETIMEDOUT)
		good = opt->timeout_ns != 0;
	else if (answer == -XCPU_EAGAIN)
		good = xcpu_cpuset_empty(&result->done);
	else
		good = answer == -XCPU_ENXIO;
	if ((opt->flags & XCPU_CALL_SETTLE) != 0)
		good = good && xcpu_cpuset_empty(&result->running);
	if (!good)
		WORK_REPORT(WORK_ANSWER, "answer: call %lx of cpu %u says %s "
		    "(done %u, cancelled %u, running %u, not ready %u)\n",
		    (unsigned long)me->wait.serial, me->cpu,
		    xcpu_strerror(answer), xcpu_cpuset_count(&result->done),
		    xcpu_cpuset_count(&result->cancelled),
		    xcpu_cpuset_count(&result->running),
		    xcpu_cpuset_count(&result->not_ready));
}

/* One after another in ascending order, where it was asked for. */
static void
check_serial(struct calls_cpu *me, const struct xcpu_call_opt *opt)
{
	uint32_t turn = 0;

	if ((opt->flags & XCPU_CALL_SERIAL) == 0)
		return;
	for (unsigned cpu = 0; cpu < calls.ncpu; cpu++) {
		if (!xcpu_cpuset_has(&opt->result->done, cpu))
			continue;
		if (me->wait.mark[cpu].turn != turn)
			WORK_REPORT(WORK_ORDER, "order: cpu %u ran serial call "
			    "%lx as number %u instead of %u\n", cpu,
			    (unsigned long)me->wait.serial,
			    me->wait.mark[cpu].turn, turn);
		turn++;
	}
}

static void
call_and_wait(struct calls_cpu *me)
{
	struct xcpu_call_result result = { 0 };
	struct xcpu_call_opt opt = { .result = &result };
	unsigned long state = 0;
	bool masked = work_once_in(&me->rng, 8);
	uint64_t begun_ns;
	int answer;

	pick_options(me, &opt);
	call_open(me, &me->wait);
	if (masked)
		state = mach_mask();
	begun_ns = mach_now_ns();
	answer = call_somehow(me, &opt);
	work_time(&me->times, mach_now_ns() - begun_ns);
	if (masked)
		mach_unmask(state);
	check_answer(me, &opt, answer);
	check_serial(me, &opt);
	call_close(me, &me->wait, &result);
}

/* ------------------------------------------------------------------ */
/* Calls that are not.                                                    */

static void
start_one(struct calls_cpu *me, struct call_record *record)
{
	int answer;

	random_set(me, &record->asked);
	call_open(me, record);
	record->callback = work_once_in(&me->rng, 2);
	record->call.callback = record->callback ? call_callback : NULL;
	record->call.callback_arg = record;
	answer = xcpu_call_start(&record->call, &record->asked, call_function,
	    record, NULL);
	record->nowait = answer == 0;
	if (answer == 0)
		return;
	me->refused++;
	if (answer != -XCPU_EAGAIN)
		WORK_REPORT(WORK_ANSWER, "answer: xcpu_call_start() on cpu "
		    "%u: %s\n", me->cpu, xcpu_strerror(answer));
}

/* The object is done: its functions have run, and its callback once. */
static void
end_one(struct calls_cpu *me, struct call_record *record)
{
	struct xcpu_call_result result = { .done = record->call.started };

	if (record->callbacks != record->callback)
		WORK_REPORT(WORK_EARLY, "early completion: call %lx is done "
		    "with %u callbacks\n", (unsigned long)record->serial,
		    record->callbacks);
	record->nowait = false;
	call_close(me, record, &result);
}

static void
wait_for(struct calls_cpu *me, struct call_record *record)
{
	uint64_t limit = mach_now_ns() + WORK_PATIENCE;
	int answer = xcpu_call_wait(&record->call, 1000);

	/* ends: the call is done, or with the limit */
	while (answer == -XCPU_ETIMEDOUT && !work_passed(limit))
		answer = xcpu_call_wait(&record->call, WORK_SECOND);
	if (answer == 0)
		end_one(me, record);
	else
		WORK_REPORT(WORK_LOST, "lost: call %lx of cpu %u does not end: "
		    "%s\n", (unsigned long)record->serial, me->cpu,
		    xcpu_strerror(answer));
}

static void
call_and_go_on(struct calls_cpu *me)
{
	struct call_record *record =
	    &me->nowait[work_below(&me->rng, CALLS_NOWAIT)];

	if (!record->nowait)
		start_one(me, record);
	else if (xcpu_call_done(&record->call))
		end_one(me, record);
	else if (work_once_in(&me->rng, 4))
		wait_for(me, record);
}

static void
end_all(struct calls_cpu *me)
{
	for (unsigned i = 0; i < CALLS_NOWAIT; i++)
		if (me->nowait[i].nowait)
			wait_for(me, &me->nowait[i]);
}

/* ------------------------------------------------------------------ */

/* Masked for a while without asking anything: others must get through. */
static void
stay_masked(struct calls_cpu *me)
{
	unsigned long state = mach_mask();

	for (unsigned n = work_below(&me->rng, 200); n > 0; n--)
		xcpu_poll();
	mach_unmask(state);
}

static void
end_turn(struct calls_cpu *me)
{
	xcpu_fetch_add_rel(&calls.callers, (uint32_t)-1);
	xcpu_resched((me->cpu + 1) % calls.ncpu);
}

/* Where CPUs halt (run.h), a few call at a time and the others answer. */
static bool
my_turn(struct calls_cpu *me)
{
	if (!work_halts())
		return true;
	if (me->burst > 1) {
		me->burst--;
		return true;
	}
	if (me->burst == 1) {
		me->burst = 0;
		end_turn(me);
	} else if (xcpu_fetch_add_ar(&calls.callers, 1) < CALLERS) {
		me->burst = BURST;
		return true;
	} else {
		xcpu_fetch_add_rel(&calls.callers, (uint32_t)-1);
	}
	mach_idle_once();
	return false;
}

static void
do_something(struct calls_cpu *me)
{
	unsigned dice = work_below(&me->rng, 1024);

	if (dice < 256)
		call_and_go_on(me);
	else if (dice < 1000)
		call_and_wait(me);
	else if (dice < 1020)
		stay_masked(me);
	else if (dice == 1020 && me->cpu != 0) {
		end_all(me);
		work_leave_and_return(me->cpu, &me->rng);
		me->left++;
	}
	if (work_once_in(&me->rng, 4))
		work_yield(&me->rng);
}

static void
calls_cpu_main(unsigned cpu, void *arg)
{
	struct calls_cpu *me = calls.cpu[cpu];
	uint64_t share = calls.goal.ops / calls.ncpu + 1;

	(void)arg;
	work_seed(&me->rng, 3, cpu);
	while (me->calls < share && !work_passed(calls.goal.limit_ns))
		if (my_turn(me))
			do_something(me);
	end_all(me);
	if (me->burst != 0)
		end_turn(me);
	me->burst = 0;
	xcpu_fetch_add_rel(&calls.finished, 1);
	/* ends: every CPU finishes its share, or its time is over */
	while (xcpu_load_acq(&calls.finished) < calls.ncpu) {
		if (work_halts())
			mach_idle_once();
		else
			mach_relax();
	}
}

static bool
record_init(struct call_record *record)
{
	if (record->mark == NULL)
		record->mark = mach_alloc(calls.ncpu *
		    sizeof(struct call_mark));
	return record->mark != NULL;
}

static bool
cpu_init(unsigned cpu)
{
	struct calls_cpu *me = calls.cpu[cpu];
	bool good;

	if (me == NULL)
		me = calls.cpu[cpu] = mach_alloc(sizeof(*me));
	if (me == NULL)
		return false;
	me->cpu = cpu;
	good = record_init(&me->wait);
	for (unsigned i = 0; i < CALLS_NOWAIT; i++)
		good = good && record_init(&me->nowait[i]);
	return good;
}

void
calls_run(const struct work_goal *goal)
{
	calls.goal = *goal;
	calls.ncpu = work_run.ncpu;
	xcpu_store_rlx(&calls.finished, 0);
	for (unsigned cpu = 0; cpu < calls.ncpu; cpu++) {
		if (!cpu_init(cpu)) {
			WORK_REPORT(WORK_SHORT, "no memory: the calls want "
			    "records for %u CPUs\n", calls.ncpu);
			return;
		}
	}
	mach_run_all(calls_cpu_main, NULL);
	for (unsigned cpu = 0; cpu < calls.ncpu; cpu++) {
		work_run.tally.calls += calls.cpu[cpu]->calls;
		work_run.tally.call_runs += calls.cpu[cpu]->runs;
		work_run.tally.left += calls.cpu[cpu]->left;
		work_times_add(WORK_TIME_CALL, &calls.cpu[cpu]->times);
	}
}
