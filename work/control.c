/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.c: is the oracle awake?
 *
 * The control: a shootdown like any of the storm's, but one named CPU leaves
 * out its flush.  That CPU, and no other, must be seen to read a stale page.
 *
 * The detector: entries change and nobody is told, so that no code of xcpu has
 * a part in it.  Every CPU must be seen to read the old page, and none after
 * each has flushed for itself.
 *
 * CPU 0 conducts; the others answer mail until it is done.
 */
#include "storm.h"

static struct {
	struct xcpu_au32 done;
	unsigned trials;
	unsigned seen;
	bool detector;
} control;

static void
rest(unsigned cpu, bool asked)
{
	if (work_halts())
		storm_halt(cpu, asked);
	else
		work_yield(&storm.cpu[cpu]->rng);
}

static bool
serve_until_answered(unsigned cpu)
{
	struct storm_cpu *me = storm.cpu[cpu];
	uint64_t limit = mach_now_ns() + WORK_PATIENCE;

	/* ends: when all have answered, or with the limit */
	while (!storm_answered(cpu)) {
		storm_serve(cpu);
		rest(cpu, true);
		if (work_passed(limit)) {
			WORK_REPORT(WORK_STALLED, "stall: the control waits "
			    "for %u CPUs\n",
			    xcpu_load_rlx(&me->request.pending));
			return false;
		}
	}
	return true;
}

/* Asks all CPUs and waits; *stale is who read wrongly. */
static bool
ask_all(struct storm_cpu *me, struct xcpu_cpuset *stale)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++) {
		xcpu_store_rlx(&me->request.away[i], 0);
		xcpu_store_rlx(&me->request.stale[i], 0);
	}
	storm_ask(0, &me->targets);
	if (!serve_until_answered(0))
		return false;
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		stale->w[i] = xcpu_load_rlx(&me->request.stale[i]);
	return true;
}

/* A request to read CPU 0's first page of a space, which is there. */
static bool
prepare(struct storm_cpu *me, struct storm_space *space)
{
	struct storm_request *request = &me->request;

	me->first = storm_window(space, 0);
	me->change = STORM_REMAP;
	if (!space->page[me->first].mapped && !storm_fill(space, me->first))
		return false;
	request->kind = STORM_ARM;
	request->space = space;
	request->blind = STORM_NOBODY;
	request->mend = false;
	request->batch = (struct oracle_batch){ .mode = space->mode,
		.op = MACH_READ, .n = 1, .quiet = true };
	storm_describe(space, me->first, &request->batch.page[0]);
	return true;
}

/*
 * Not the conductor, who touches so much of the kernel meanwhile that he may
 * lose a page of it by himself; if he is alone, then with a user page.
 */
static unsigned
victim_of(unsigned trial)
{
	return storm.ncpu == 1 ? 0 : 1 + trial / 2 % (storm.ncpu - 1);
}

static bool
one_shootdown(struct storm_cpu *me, unsigned trial)
{
	struct storm_request *request = &me->request;
	struct storm_space *space = &storm.space[trial % 2 == 0 ||
	    victim_of(trial) == 0 ? STORM_SHARED : STORM_KERNEL];
	unsigned victim = victim_of(trial);
	struct xcpu_cpuset stale, named;
	bool stop = false;

	if (!prepare(me, space))
		return false;
	request->blind = victim;
	stop = !ask_all(me, &stale);
	if (!stop) {
		storm_shoot(0);
		storm_after(me);
		request->mend = true;
		stop = !ask_all(me, &stale);
	}
	xcpu_cpuset_one(&named, victim);
	if (!stop && mach_blind_taken(victim) &&
	    xcpu_cpuset_equal(&stale, &named))
		control.seen++;
	else
		mach_printf("control: cpu %u left its flush out: %s, and %u "
		    "CPUs were seen to read a stale page\n", victim,
		    mach_blind_taken(victim) ? "yes" : "no",
		    xcpu_cpuset_count(&stale));
	return !stop;
}

/* An entry changes, the frame goes, and nobody is told. */
static bool
one_silent_change(struct storm_cpu *me, struct storm_space *space)
{
	struct storm_request *request = &me->request;
	struct storm_page *page = &space->page[storm_window(space, 0)];
	struct xcpu_cpuset before, after;
	mach_frame old;

	if (!prepare(me, space) || !ask_all(me, &before))
		return false;
	old = page->frame;
	page->generation++;
	xcpu_store_rel(&page->newest, page->generation);
	xcpu_store_rel(&page->settled, page->generation);
	if (!storm_fill(space, me->first))
		return false;
	mach_frame_free(old);
	storm_describe(space, me->first, &request->batch.page[0]);
	request->kind = STORM_PROBE;
	request->mend = true;
	if (!ask_all(me, &before) || !ask_all(me, &after))
		return false;
	mach_printf("          %s page: %u of %u CPUs read the old one, %u "
	    "after a flush of their own: %s\n",
	    space->index == STORM_KERNEL ? "kernel" : "user",
	    xcpu_cpuset_count(&before), storm.ncpu,
	    xcpu_cpuset_count(&after),
	    xcpu_cpuset_equal(&before, &me->targets) &&
	    xcpu_cpuset_empty(&after) ? "seen" : "BLIND");
	control.seen += xcpu_cpuset_equal(&before, &me->targets) &&
	    xcpu_cpuset_empty(&after);
	return true;
}

static void
conduct(struct storm_cpu *me)
{
	xcpu_cpuset_fill(&me->targets, storm.ncpu);
	if (control.detector) {
		one_silent_change(me, &storm.space[STORM_SHARED]);
		one_silent_change(me, &storm.space[STORM_KERNEL]);
		return;
	}
	for (unsigned i = 0; i < control.trials; i++)
		if (!one_shootdown(me, i))
			return;
}

static void
control_cpu_main(unsigned cpu, void *arg)
{
	struct storm_cpu *me = storm.cpu[cpu];
	uint64_t limit = mach_now_ns() + 3 * WORK_PATIENCE;

	(void)arg;
	work_seed(&me->rng, 2, cpu);
	storm_load(me, STORM_SHARED);
	xcpu_fetch_add_rel(&storm.finished, 1);
	/* ends: every CPU comes here first, and waits for nobody */
	while (xcpu_load_acq(&storm.finished) < storm.ncpu)
		work_yield(&me->rng);
	if (cpu == 0) {
		conduct(me);
		xcpu_store_rel(&control.done, 1);
	}
	/* ends: CPU 0 is done, or hangs for longer than its own patience */
	while (xcpu_load_acq(&control.done) == 0 && !work_passed(limit)) {
		storm_serve(cpu);
		rest(cpu, false);
	}
	storm_load(me, STORM_KERNEL);
}

static bool
run(unsigned trials, bool detector)
{
	if (!storm_init())
		return false;
	control.trials = trials;
	control.detector = detector;
	control.seen = 0;
	xcpu_store_rlx(&control.done, 0);
	xcpu_store_rlx(&storm.finished, 0);
	mach_run_all(control_cpu_main, NULL);
	return control.seen == trials;
}

bool
control_run(unsigned trials)
{
	bool seen = run(trials, false);

	work_run.tally.control_asked += trials;
	work_run.tally.control_seen += control.seen;
	return seen;
}

bool
detector_run(void)
{
	return run(2, true);
}
