/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rendezvous.c: rendezvous in every form, and what each CPU ran in them.
 *
 * Who takes part is the set asked for without *absent.  Each of those runs each
 * function once, everybody else none; an abort, or a deadline that passes, runs
 * no action anywhere.  Stages are stamped by one clock: with an entry barrier
 * the last arrival comes before the first action, with an exit barrier the last
 * action's end before the first departure.
 */
#include "sync.h"

static struct sync_mark *
mark_here(struct sync_cpu *owner)
{
	return &owner->mark[xcpu_cpu_index()];
}

static uint64_t
stamp(struct sync_cpu *owner)
{
	return xcpu_fetch_add_ar(&owner->record.clock, 1) + 1;
}

static void
arrive(void *arg)
{
	struct sync_mark *mark = mark_here(arg);

	mark->arrived++;
	if (((struct sync_cpu *)arg)->record.looks)
		sync_look(arg);
	mark->arrival = stamp(arg);
}

static void
act(void *arg)
{
	struct sync_mark *mark = mark_here(arg);

	mark->action = stamp(arg);
	mark->acted++;
	if (((struct sync_cpu *)arg)->record.looks)
		sync_look(arg);
	mark->action_end = stamp(arg);
}

static void
depart(void *arg)
{
	struct sync_mark *mark = mark_here(arg);

	mark->departure = stamp(arg);
	mark->departed++;
}

/* Nobody waits for this one, but its data is still there. */
static void
act_late(void *data)
{
	xcpu_fetch_add_rel(&mark_here(data)->late, 1);
}

/* ------------------------------------------------------------------ */
/* Judging.                                                              */

/* How often each function is to run on each CPU that takes part. */
struct wanted {
	bool undone;		/* who had arrived has arrived */
	uint32_t arrived, acted, departed, late;
};

static void
check_count(struct sync_cpu *me, unsigned cpu, const char *what, uint32_t got,
    uint32_t want)
{
	if (got != want)
		WORK_REPORT(WORK_ORDER, "order: in a rendezvous of cpu %u, cpu "
		    "%u ran its %s %u times instead of %u\n", me->cpu, cpu,
		    what, got, want);
}

static void
await_late(struct sync_cpu *me, unsigned cpu, uint32_t want)
{
	struct xcpu_au32 *late = &me->mark[cpu].late;
	uint64_t limit = mach_now_ns() + WORK_PATIENCE;

	/* ends: fin2 has run, or with the limit; who runs it may be stopped */
	while (xcpu_load_acq(late) < want && !work_passed(limit)) {
		xcpu_poll();
		mach_relax();
	}
	check_count(me, cpu, "fin2", xcpu_load_acq(late), want);
}

static void
judge(struct sync_cpu *me, const struct wanted *wanted)
{
	static const struct wanted none;

	for (unsigned cpu = 0; cpu < syncs.ncpu; cpu++) {
		const struct sync_mark *mark = &me->mark[cpu];
		bool asked = xcpu_cpuset_has(&me->record.set, cpu);
		bool part = asked &&
		    !xcpu_cpuset_has(&me->record.absent, cpu);
		const struct wanted *want = part ? wanted : &none;

		if (!wanted->undone || !asked)
			check_count(me, cpu, "run", mark->arrived,
			    want->arrived);
		check_count(me, cpu, "fin1", mark->acted, want->acted);
		check_count(me, cpu, "teardown", mark->departed,
		    want->departed);
		await_late(me, cpu, want->late);
	}
}

/* All of one stage before any of the next; 0 stands for "did not". */
static void
check_barrier(struct sync_cpu *me, const char *what, uint64_t last,
    uint64_t first)
{
	if (last != 0 && first != 0 && first < last)
		WORK_REPORT(WORK_ORDER, "order: the %s barrier of cpu %u let "
		    "somebody through\n", what, me->cpu);
}

static void
check_stages(struct sync_cpu *me, unsigned flags)
{
	uint64_t arrival = 0, action = 0, end = 0, departure = 0;

	for (unsigned cpu = 0; cpu < syncs.ncpu; cpu++) {
		const struct sync_mark *mark = &me->mark[cpu];

		if (mark->arrival > arrival)
			arrival = mark->arrival;
		if (mark->acted != 0 && (action == 0 || mark->action < action))
			action = mark->action;
		if (mark->action_end > end)
			end = mark->action_end;
		if (mark->departed != 0 &&
		    (departure == 0 || mark->departure < departure))
			departure = mark->departure;
	}
	if ((flags & XCPU_SYNC_NO_ENTRY) == 0)
		check_barrier(me, "entry", arrival, action);
	if ((flags & XCPU_SYNC_NO_EXIT) == 0)
		check_barrier(me, "exit", end, departure);
}

/* Is this an answer that such a rendezvous may give? */
static void
check_answer(struct sync_cpu *me, const struct xcpu_sync_opt *opt, int answer)
{
	if (answer == 0 ||
	    (answer == -XCPU_ETIMEDOUT && opt->timeout_ns != 0) ||
	    (answer == -XCPU_ENXIO && opt->not_ready == XCPU_FAIL_NOT_READY))
		return;
	WORK_REPORT(WORK_ANSWER, "answer: a rendezvous of cpu %u: %s\n",
	    me->cpu, xcpu_strerror(answer));
}

/* ------------------------------------------------------------------ */
/* The forms.                                                            */

static void
open_record(struct sync_cpu *me)
{
	struct sync_record *record = &me->record;

	for (unsigned cpu = 0; cpu < syncs.ncpu; cpu++) {
		struct sync_mark *mark = &me->mark[cpu];

		mark->arrived = mark->acted = mark->departed = 0;
		mark->arrival = mark->action = 0;
		mark->action_end = mark->departure = 0;
		xcpu_store_rlx(&mark->late, 0);
	}
	sync_pick_set(me, &record->set);
	xcpu_cpuset_zero(&record->absent);
	record->opt = (struct xcpu_sync_opt){ .absent = &record->absent };
	record->looks = false;
	if (work_once_in(&me->rng, 8))
		record->opt.timeout_ns = 1 + work_below(&me->rng, 200000);
	if (work_once_in(&me->rng, 8))
		record->opt.not_ready = XCPU_FAIL_NOT_READY;
}

/* Further CPUs; those who cannot come are left out of it. */
static void
add_some(struct sync_cpu *me)
{
	struct sync_record *record = &me->record;
	struct xcpu_cpuset more, absent, known = record->set;
	struct xcpu_sync_opt opt = { .absent = &absent };
	int answer;

	sync_pick_set(me, &more);
	if (work_once_in(&me->rng, 4))
		opt.timeout_ns = 1 + work_below(&me->rng, 100000);
	answer = xcpu_sync_add(&record->sync, &more, &opt);
	check_answer(me, &opt, answer);
	/* Who was there stays; of the new ones, who came. */
	xcpu_cpuset_andnot(&known, &record->absent);
	xcpu_cpuset_andnot(&absent, &known);
	xcpu_cpuset_andnot(&record->absent, &more);
	xcpu_cpuset_or(&record->absent, &absent);
	xcpu_cpuset_or(&record->set, &more);
}

static void
parked_others(const struct sync_cpu *me, struct xcpu_cpuset *set)
{
	*set = me->record.set;
	xcpu_cpuset_andnot(set, &me->record.absent);
	xcpu_cpuset_del(set, me->cpu);
}

static void
step_by_step(struct sync_cpu *me)
{
	struct sync_record *record = &me->record;
	bool mail = work_once_in(&me->rng, 4);
	struct wanted wanted = { .arrived = 1, .acted = 1, .late = 1 };
	struct xcpu_cpuset parked;
	int answer;

	record->looks = work_once_in(&me->rng, 2);
	record->opt.flags = mail ? XCPU_SYNC_MSG : 0;
	record->sync = (struct xcpu_sync){ .run = arrive, .fin1 = act,
		.fin2 = act_late, .arg = me, .data = me };
	answer = xcpu_sync_start(&record->sync, &record->set, &record->opt);
	check_answer(me, &record->opt, answer);
	if (answer != 0) {
		judge(me, &(struct wanted){ .undone = true });
		return;
	}
	if (work_once_in(&me->rng, 4))
		add_some(me);
	parked_others(me, &parked);
	sync_watch(me, &parked, mail ? SYNC_PARKED_MAIL : SYNC_PARKED,
	    record->looks);
	if (work_once_in(&me->rng, 8)) {
		wanted.acted = wanted.late = 0;
		answer = xcpu_sync_abort(&record->sync);
	} else {
		answer = xcpu_sync_finish(&record->sync);
	}
	sync_report(me);
	check_answer(me, &(struct xcpu_sync_opt){ 0 }, answer);
	judge(me, &wanted);
	check_stages(me, 0);
}

static void
in_stages(struct sync_cpu *me)
{
	struct sync_record *record = &me->record;
	struct xcpu_sync_stages stages = { .setup = arrive, .action = act,
		.teardown = depart, .arg = me };
	unsigned flags = work_below(&me->rng, 4) * XCPU_SYNC_NO_ENTRY;
	bool open = (flags & XCPU_SYNC_NO_ENTRY) != 0;
	int answer;

	record->opt.flags = flags;
	if (open)
		record->opt.not_ready = XCPU_SKIP_NOT_READY;
	answer = xcpu_sync_rendezvous(&record->set, &stages, &record->opt);
	check_answer(me, &record->opt, answer);
	/* Without the entry barrier those who came have run it all. */
	if (answer != 0 && !open)
		judge(me, &(struct wanted){ .undone = true });
	else
		judge(me, &(struct wanted){ .arrived = 1, .acted = 1,
			.departed = 1 });
	check_stages(me, flags);
}

static void
in_one(struct sync_cpu *me, bool late)
{
	struct sync_record *record = &me->record;
	struct wanted wanted = { .acted = !late, .late = late };
	int answer = late ?
	    xcpu_sync_fastdata(&record->set, act_late, me, &record->opt) :
	    xcpu_sync_simple(&record->set, act, me, &record->opt);

	check_answer(me, &record->opt, answer);
	if (answer != 0)
		wanted = (struct wanted){ .undone = true };
	judge(me, &wanted);
}

/* All others stand: this CPU, too, gets no interrupt. */
static void
alone(void *arg)
{
	struct sync_cpu *me = arg;
	struct xcpu_cpuset set;

	xcpu_cpu_online_set(mach_domain(), &set);
	xcpu_cpuset_andnot(&set, &me->record.absent);
	sync_watch(me, &set, SYNC_MACHINE, false);
}

static void
machine(struct sync_cpu *me)
{
	me->record.opt.not_ready = XCPU_SKIP_NOT_READY;
	check_answer(me, &me->record.opt,
	    xcpu_sync_machine(alone, me, &me->record.opt));
	sync_report(me);
}

void
sync_rendezvous(struct sync_cpu *me)
{
	bool masked = work_once_in(&me->rng, 8);
	unsigned long state = masked ? mach_mask() : 0;
	unsigned dice = work_below(&me->rng, 8);

	open_record(me);
	if (dice < 3)
		step_by_step(me);
	else if (dice < 5)
		in_stages(me);
	else if (dice < 7)
		in_one(me, dice == 6);
	else
		machine(me);
	if (masked)
		mach_unmask(state);
	me->rendezvous++;
}
