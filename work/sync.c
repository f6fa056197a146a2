/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c: the storm of rendezvous and stops.
 *
 * Every CPU parks, stops and calls by NMI sets of the others, which overlap as
 * chance has it, while messages, calls, events and shootdowns go their way, CPUs
 * mask for a while, sleep, and go offline and come back.
 *
 * Judged are the stands themselves (still.c), what each CPU runs in a rendezvous
 * and in which order (rendezvous.c), and the traffic: a called function leaves
 * its caller's number; messages of a pair are numbered, as in messages.c; posts
 * raise a number that a handler must find, as in events.c; each CPU rewrites a
 * kernel page of its own, which those whom it holds read before and after.
 */
#include "sync.h"

#define PAGE_OFFSET	((uint64_t)768 << 20)	/* clear of storm and self-test */
#define INITIATORS	8
#define TURN		8	/* operations, where CPUs halt meanwhile */

struct syncs syncs;

/* All, some, or a few neighbours. */
void
sync_pick_set(struct sync_cpu *me, struct xcpu_cpuset *set)
{
	unsigned dice = work_below(&me->rng, 8);
	unsigned cpu = work_below(&me->rng, syncs.ncpu);

	xcpu_cpuset_zero(set);
	if (dice < 2) {
		xcpu_cpuset_fill(set, syncs.ncpu);
		return;
	}
	for (unsigned n = 0; n < syncs.ncpu; n++) {
		if (dice < 5 && n == 3)
			break;
		if (dice < 5 || work_once_in(&me->rng, 2))
			xcpu_cpuset_add(set, (cpu + n) % syncs.ncpu);
	}
}

/* ------------------------------------------------------------------ */
/* Events.                                                               */

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
	struct sync_cpu *here = syncs.cpu[xcpu_cpu_index()];

	(void)arg;
	here->steps.called++;
	raise_to(&here->noted, xcpu_load_rlx(&here->asked));
}

void
sync_post(struct sync_cpu *me, unsigned cpu)
{
	struct sync_cpu *to = syncs.cpu[cpu];
	uint64_t number = xcpu_fetch_add_ar(&to->asked, 1) + 1;
	int answer = xcpu_event_post(syncs.event, cpu);

	if (answer == 0)
		raise_to(&to->accepted, number);
	else if (answer != -XCPU_ENXIO)
		WORK_REPORT(WORK_ANSWER, "answer: a post of cpu %u: %s\n",
		    me->cpu, xcpu_strerror(answer));
}

/* On CPU 0, when all have finished. */
static void
check_posts(unsigned cpu, uint64_t limit_ns)
{
	struct sync_cpu *to = syncs.cpu[cpu];

	/* ends: the handler runs, or with the limit */
	while (xcpu_load_acq(&to->noted) < xcpu_load_acq(&to->accepted) &&
	    !work_passed(limit_ns))
		mach_relax();
	if (xcpu_load_acq(&to->noted) < xcpu_load_acq(&to->accepted))
		WORK_REPORT(WORK_LOST, "lost: an event of cpu %u, posted "
		    "during rendezvous and stops\n", cpu);
}

/* ------------------------------------------------------------------ */
/* Messages.                                                             */

static void
receive(void *arg, void *frame)
{
	struct sync_cpu *here = syncs.cpu[xcpu_cpu_index()];
	unsigned source = (unsigned)((uintptr_t)arg >> 48);
	uint64_t number = (uintptr_t)arg & (((uint64_t)1 << 48) - 1);

	(void)frame;
	here->steps.mailed++;
	if (number != here->got[source] + 1)
		WORK_REPORT(WORK_ORDER, "order: message %lu of cpu %u came "
		    "after %lu on cpu %u\n", (unsigned long)number, source,
		    (unsigned long)here->got[source], here->cpu);
	here->got[source] = number;
}

static void *
numbered(const struct sync_cpu *me, unsigned cpu)
{
	return (void *)(uintptr_t)((uint64_t)me->cpu << 48 |
	    (me->sent[cpu] + 1));
}

static void
count_mail(struct sync_cpu *me, unsigned cpu, int answer)
{
	if (answer == 0)
		me->sent[cpu]++;
	else if (answer != -XCPU_ENXIO && answer != -XCPU_ENOSPC &&
	    answer != -XCPU_EAGAIN && answer != -XCPU_ENOSYS)
		WORK_REPORT(WORK_ANSWER, "answer: a message of cpu %u to %u: "
		    "%s\n", me->cpu, cpu, xcpu_strerror(answer));
}

void
sync_mail(struct sync_cpu *me, unsigned cpu)
{
	if (work_once_in(&me->rng, 4))
		count_mail(me, cpu, xcpu_msg_passive(cpu, receive,
		    numbered(me, cpu), NULL));
	else
		count_mail(me, cpu, xcpu_msg_try(cpu, receive,
		    numbered(me, cpu), NULL));
}

static void
send(struct sync_cpu *me, unsigned cpu)
{
	count_mail(me, cpu, xcpu_msg_send(cpu, receive, numbered(me, cpu),
	    NULL));
}

static void
settle(struct sync_cpu *me, unsigned cpu)
{
	struct xcpu_ticket ticket = xcpu_msg_last(cpu);
	int error = xcpu_msg_wait(&ticket, WORK_PATIENCE);

	if (me->sent[cpu] == 0)
		return;
	if (error != 0)
		WORK_REPORT(WORK_STALLED, "stall: cpu %u waits for its "
		    "messages to cpu %u: %s\n", me->cpu, cpu,
		    xcpu_strerror(error));
	else if (syncs.cpu[cpu]->got[me->cpu] != me->sent[cpu])
		WORK_REPORT(WORK_LOST, "lost: cpu %u sent %lu messages to cpu "
		    "%u, and %lu came\n", me->cpu,
		    (unsigned long)me->sent[cpu], cpu,
		    (unsigned long)syncs.cpu[cpu]->got[me->cpu]);
}

/* ------------------------------------------------------------------ */
/* Calls.                                                                */

static void
be_called(void *arg)
{
	struct sync_cpu *owner = arg;
	unsigned cpu = xcpu_cpu_index();

	syncs.cpu[cpu]->steps.called++;
	owner->mark[cpu].call = owner->serial;
}

int
sync_call(struct sync_cpu *me, unsigned cpu)
{
	int answer;

	me->serial++;
	answer = xcpu_call_one(cpu, be_called, me, NULL);
	if (answer >= 0 && me->mark[cpu].call != me->serial)
		WORK_REPORT(WORK_EARLY, "early completion: cpu %u has not run "
		    "what cpu %u called\n", cpu, me->cpu);
	return answer;
}

static void
be_called_later(void *arg)
{
	syncs.cpu[xcpu_cpu_index()]->steps.called++;
	xcpu_fetch_add_rel(&((struct sync_cpu *)arg)->call_runs, 1);
}

/* If the one before has ended, and has run as often as it was to. */
void
sync_call_begin(struct sync_cpu *me, unsigned cpu)
{
	struct xcpu_cpuset set;

	if (me->call_begun && !xcpu_call_done(&me->call))
		return;
	if (me->call_begun && xcpu_load_acq(&me->call_runs) !=
	    xcpu_cpuset_count(&me->call.started))
		WORK_REPORT(WORK_LOST, "lost: a call of cpu %u is done, and was "
		    "run %u times instead of %u\n", me->cpu,
		    xcpu_load_acq(&me->call_runs),
		    xcpu_cpuset_count(&me->call.started));
	xcpu_store_rlx(&me->call_runs, 0);
	xcpu_cpuset_one(&set, cpu);
	xcpu_cpuset_add(&set, (cpu + 1) % syncs.ncpu);
	/* Refused while this CPU has many calls under way. */
	me->call_begun = xcpu_call_start(&me->call, &set, be_called_later, me,
	    NULL) == 0;
}

static void
end_call(struct sync_cpu *me)
{
	int answer = me->call_begun ? xcpu_call_wait(&me->call,
	    WORK_PATIENCE) : 0;

	if (answer != 0)
		WORK_REPORT(WORK_LOST, "lost: a call of cpu %u does not end: "
		    "%s\n", me->cpu, xcpu_strerror(answer));
	me->call_begun = false;
}

/* ------------------------------------------------------------------ */
/* Pages.                                                                */

static void
new_frame(struct sync_cpu *me)
{
	mach_frame frame = mach_frame_take(me->page.tag + 1);

	if (frame == 0 || mach_map(mach_space_kernel(), me->page.va, frame,
	    MACH_WRITE) != 0) {
		WORK_REPORT(WORK_SHORT, "no memory: no frame left\n");
		return;
	}
	me->page.frame = frame;
	me->page.tag++;
}

void
sync_rewrite(struct sync_cpu *me)
{
	mach_frame old = me->page.frame;
	int error;

	new_frame(me);
	error = xcpu_shootdown(xcpu_space_kernel(), me->page.va,
	    MACH_PAGE_SIZE, NULL);
	if (error != 0)
		WORK_REPORT(WORK_ANSWER, "answer: xcpu_shootdown() on cpu %u: "
		    "%s\n", me->cpu, xcpu_strerror(error));
	else if (old != me->page.frame)
		mach_frame_free(old);
}

void
sync_look(struct sync_cpu *owner)
{
	struct mach_access access = { .va = owner->page.va, .op = MACH_READ };

	mach_access(MACH_AS_KERNEL, &access, 1);
	if (access.fault || access.value != owner->page.tag)
		WORK_REPORT(WORK_STALE, "stale read: cpu %u, parked by cpu %u, "
		    "reads 0x%lx instead of 0x%lx\n", xcpu_cpu_index(),
		    owner->cpu, (unsigned long)access.value,
		    (unsigned long)owner->page.tag);
}

/* ------------------------------------------------------------------ */
/* What a CPU does.                                                      */

static void
stay_masked(struct sync_cpu *me)
{
	unsigned long state = mach_mask();
	bool polls = work_once_in(&me->rng, 2);

	for (unsigned n = work_below(&me->rng, 50); n > 0; n--) {
		if (polls)
			xcpu_poll();
		mach_relax();
		me->steps.thread++;
	}
	mach_unmask(state);
}

static void
call_somebody(struct sync_cpu *me, unsigned cpu)
{
	int answer = sync_call(me, cpu);

	if (answer < 0 && answer != -XCPU_ENXIO)
		WORK_REPORT(WORK_ANSWER, "answer: a call of cpu %u: %s\n",
		    me->cpu, xcpu_strerror(answer));
}

static void
traffic(struct sync_cpu *me)
{
	unsigned dice = work_below(&me->rng, 1016);
	unsigned other = work_below(&me->rng, syncs.ncpu);

	if (dice < 256)
		send(me, other);
	else if (dice < 512)
		sync_post(me, other);
	else if (dice < 640)
		sync_call_begin(me, other);
	else if (dice < 896)
		call_somebody(me, other);
	else if (dice < 960)
		sync_rewrite(me);
	else if (dice < 1000)
		stay_masked(me);
	else
		mach_idle_once();
}

static void
leave(struct sync_cpu *me)
{
	if (me->cpu == 0)
		return;
	end_call(me);
	work_leave_and_return(me->cpu, &me->rng);
	me->left++;
}

/* At most INITIATORS at a time: they, and those who leave, queue for one room. */
static void
initiate(struct sync_cpu *me, unsigned dice)
{
	/* ends: each of them comes to an end of his */
	while (xcpu_fetch_add_ar(&syncs.initiators, 1) >= INITIATORS) {
		xcpu_fetch_add_rel(&syncs.initiators, (uint32_t)-1);
		me->steps.thread++;
		work_yield(&me->rng);
	}
	if (dice < 16)
		sync_rendezvous(me);
	else if (dice < 24)
		sync_stop(me);
	else if (dice < 26)
		sync_nmi_call(me);
	else
		leave(me);
	xcpu_fetch_add_rel(&syncs.initiators, (uint32_t)-1);
}

static void
do_something(struct sync_cpu *me)
{
	unsigned dice = work_below(&me->rng, 128);

	me->steps.thread++;
	me->ops++;
	if (dice < 27)
		initiate(me, dice);
	else
		traffic(me);
	if (work_once_in(&me->rng, 4))
		work_yield(&me->rng);
}

/* Where CPUs halt (run.h), most of them do, and are woken by the others. */
static bool
my_turn(struct sync_cpu *me)
{
	if (!work_halts() || me->ops % TURN != 0 ||
	    work_once_in(&me->rng, syncs.ncpu))
		return true;
	me->steps.thread++;
	mach_idle_once();
	return false;
}

static void
sync_cpu_main(unsigned cpu, void *arg)
{
	struct sync_cpu *me = syncs.cpu[cpu];
	uint64_t end = me->ops + syncs.goal.ops / syncs.ncpu + 1;

	(void)arg;
	while (me->ops < end && !work_passed(syncs.goal.limit_ns))
		if (my_turn(me))
			do_something(me);
	end_call(me);
	for (unsigned to = 0; to < syncs.ncpu; to++)
		settle(me, to);
	xcpu_fetch_add_rel(&syncs.finished, 1);
	/* ends: every CPU does its share, or its time is over */
	while (xcpu_load_acq(&syncs.finished) < syncs.ncpu) {
		if (work_halts())
			mach_idle_once();
		else
			mach_relax();
	}
}

/* ------------------------------------------------------------------ */

static void *
table(size_t size)
{
	return mach_alloc(syncs.ncpu * size);
}

static bool
cpu_init(unsigned cpu)
{
	struct sync_cpu *me = syncs.cpu[cpu];

	if (me != NULL)
		return true;
	me = syncs.cpu[cpu] = mach_alloc(sizeof(*me));
	if (me == NULL)
		return false;
	me->cpu = cpu;
	me->mark = table(sizeof(*me->mark));
	me->seen = table(sizeof(*me->seen));
	me->sent = table(sizeof(*me->sent));
	me->got = table(sizeof(*me->got));
	me->page.va = mach_kernel_base() + PAGE_OFFSET + cpu * MACH_PAGE_SIZE;
	me->page.tag = (uint64_t)(cpu + 1) << 40;
	work_seed(&me->rng, 7, cpu);
	new_frame(me);
	return me->mark != NULL && me->seen != NULL && me->sent != NULL &&
	    me->got != NULL && me->page.frame != 0;
}

static bool
sync_init(void)
{
	syncs.ncpu = work_run.ncpu;
	work_give_rings();
	xcpu_store_rlx(&syncs.finished, 0);
	for (unsigned cpu = 0; cpu < syncs.ncpu; cpu++) {
		if (cpu_init(cpu))
			continue;
		WORK_REPORT(WORK_SHORT, "no memory: the rendezvous want "
		    "records for %u CPUs\n", syncs.ncpu);
		return false;
	}
	syncs.event = xcpu_event_register(handle, NULL);
	return syncs.event > 0;
}

void
sync_run(const struct work_goal *goal)
{
	struct work_tally *tally = &work_run.tally;
	uint64_t limit_ns;

	syncs.goal = *goal;
	if (!sync_init())
		return;
	mach_run_all(sync_cpu_main, NULL);
	limit_ns = mach_now_ns() + WORK_SECOND;
	for (unsigned cpu = 0; cpu < syncs.ncpu; cpu++) {
		struct sync_cpu *me = syncs.cpu[cpu];

		check_posts(cpu, limit_ns);
		tally->rendezvous += me->rendezvous;
		tally->stops += me->stops;
		tally->left += me->left;
		me->rendezvous = me->stops = me->left = 0;
	}
	xcpu_event_unregister(syncs.event);
}
