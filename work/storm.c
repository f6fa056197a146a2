/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm.c: the shootdown storm.
 *
 * Every CPU goes round the same loop: answer mail, take one step of its own
 * operation, else do what an idle or busy CPU does.  An operation picks a few
 * of its own pages in some space, asks every CPU that has the space to read
 * them (arm), changes and shoots down (change.c), and asks the same CPUs to read
 * again (probe).
 *
 * Only a few operations are under way at once: more would drop each other's
 * translations, and probes that are not armed show nothing.
 */
#include "storm.h"

#define INITIATORS	4
#define INITIATORS_FEW	2	/* where their flushes drop more, or sooner */
#define ARM_TRIES	4	/* others may shoot down between arm and change */
#define TURNS_PER_LOOK	32	/* at the clock */
#define LEAVER_PAGES	32	/* read before it goes offline, and after */
#define TABLES_ONE_IN	40	/* each flushes all on whoever has the space */
#define PROCESS_ONE_IN	10	/* after an operation: one step of a process */
#define CREDIT		2	/* glances between mails: a CPU stays armed */

static bool
over(struct storm_cpu *me)
{
	if (xcpu_load_acq(&storm.stop) != 0)
		return true;
	if (xcpu_load_rlx(&storm.begun) >= storm.goal.ops)
		return true;
	return me->turns % TURNS_PER_LOOK == 0 &&
	    work_passed(storm.goal.limit_ns);
}

/* ------------------------------------------------------------------ */
/* An operation.                                                         */

static struct storm_space *
pick_space(struct storm_cpu *me, unsigned cpu)
{
	unsigned loaded = xcpu_load_rlx(&me->space);
	unsigned dice = work_below(&me->rng, 8);

	if (dice < 2)
		return &storm.space[STORM_KERNEL];
	if (dice < 5)
		return &storm.space[STORM_SHARED];
	/* A foreign window is not this CPU's to change. */
	if (loaded == STORM_SHARED || loaded == storm_pair_of(cpu) ||
	    loaded == storm_private_of(cpu))
		return &storm.space[loaded];
	return &storm.space[STORM_SHARED];
}

static enum storm_change
pick_change(struct storm_cpu *me, unsigned n)
{
	struct storm_page *page = &me->request.space->page[me->first];
	unsigned dice = work_below(&me->rng, 16);

	if (dice < 8)
		return STORM_REMAP;
	if (dice < 11)
		return STORM_UNMAP;
	if (dice < 12)
		return STORM_RECLAIM;
	for (unsigned i = 0; i < n; i++)
		if (!page[i].writable)
			return STORM_REMAP;
	return process_may_begin(me) ? STORM_FORK : STORM_PROTECT;
}

/* false: out of memory. */
static bool
pick_pages(struct storm_cpu *me, unsigned cpu)
{
	struct storm_request *request = &me->request;
	unsigned at = work_below(&me->rng, ORACLE_BATCH);
	unsigned n = 1 + work_below(&me->rng, ORACLE_BATCH - at);
	bool tables = request->space->index != STORM_KERNEL &&
	    work_once_in(&me->rng, TABLES_ONE_IN);

	if (tables) {
		at = 0;
		n = ORACLE_BATCH;
	}
	me->first = storm_window(request->space, cpu) + at;
	for (unsigned i = 0; i < n; i++) {
		if (request->space->page[me->first + i].mapped)
			continue;
		if (!storm_fill(request->space, me->first + i))
			return false;
		me->mapped++;
	}
	me->change = tables ? STORM_TABLES : pick_change(me, n);
	request->batch = (struct oracle_batch){
		.mode = request->space->mode, .n = n,
		.op = me->change == STORM_PROTECT || me->change == STORM_FORK ?
		    MACH_STORE : MACH_READ,
	};
	for (unsigned i = 0; i < n; i++)
		storm_describe(request->space, me->first + i,
		    &request->batch.page[i]);
	return true;
}

static void
pick_targets(struct storm_cpu *me)
{
	struct storm_request *request = &me->request;

	xcpu_cpuset_zero(&me->targets);
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		xcpu_store_rlx(&request->away[i], 0);
	if (!work_run.options.oracle)
		return;
	for (unsigned cpu = 0; cpu < storm.ncpu; cpu++)
		if (storm_may_have(cpu, request->space) &&
		    xcpu_load_rlx(&storm.cpu[cpu]->off) == 0)
			xcpu_cpuset_add(&me->targets, cpu);
}

static void
enter_state(struct storm_cpu *me, enum storm_state state)
{
	me->state = state;
	me->began_ns = mach_now_ns();
}

static unsigned
initiators(void)
{
	return mach_drops_all() || mach_flushes_at_once() ? INITIATORS_FEW :
	    INITIATORS;
}

static void
begin(struct storm_cpu *me, unsigned cpu)
{
	struct storm_request *request = &me->request;

	if (xcpu_fetch_add_ar(&storm.busy, 1) >= initiators()) {
		xcpu_fetch_add_rel(&storm.busy, (uint32_t)-1);
		return;
	}
	xcpu_fetch_add_rel(&storm.begun, 1);
	request->space = pick_space(me, cpu);
	request->kind = STORM_ARM;
	request->blind = STORM_NOBODY;
	request->mend = false;
	request->tables = false;
	if (!pick_pages(me, cpu))
		return;
	pick_targets(me);
	me->tries = 1;
	enter_state(me, STORM_ARMING);
	storm_ask(cpu, &me->targets);
}

/* Which targets must read once more: others' flushes took what they had. */
static bool
again(struct storm_cpu *me, struct xcpu_cpuset *missing)
{
	const struct storm_request *request = &me->request;
	unsigned all = (1u << request->batch.n) - 1;

	xcpu_cpuset_zero(missing);
	for (unsigned cpu = xcpu_cpuset_first(&me->targets);
	    cpu < XCPU_NCPU_MAX; cpu = xcpu_cpuset_next(&me->targets, cpu)) {
		if (storm_is_away(request, cpu))
			xcpu_cpuset_del(&me->targets, cpu);
		else if (oracle_kept(cpu, &request->batch, 0) != all)
			xcpu_cpuset_add(missing, cpu);
	}
	return !xcpu_cpuset_empty(missing) && me->tries++ < ARM_TRIES;
}

static bool
waited_too_long(struct storm_cpu *me, unsigned cpu)
{
	if (me->turns % TURNS_PER_LOOK != 0 ||
	    mach_now_ns() - me->began_ns < WORK_PATIENCE)
		return false;
	WORK_REPORT(WORK_STALLED, "stall: cpu %u waits for %u CPUs to read "
	    "its pages\n", cpu, xcpu_load_rlx(&me->request.pending));
	xcpu_store_rel(&storm.stop, 1);
	return true;
}

/* Until nobody may use what was unmapped; only a batch can take a while. */
static bool
hold(struct storm_cpu *me, unsigned cpu)
{
	if (storm_is_batched(me) && !xcpu_batch_done(&me->batch))
		return waited_too_long(me, cpu);
	me->held_ns += mach_now_ns() - me->began_ns;
	storm_after(me);
	enter_state(me, STORM_PROBING);
	storm_ask(cpu, &me->targets);
	return true;
}

/* One step of this CPU's operation; true: there was one. */
static bool
step(struct storm_cpu *me, unsigned cpu)
{
	struct xcpu_cpuset missing;

	if (me->state == STORM_IDLE) {
		if (me->finished || over(me))
			return false;
		begin(me, cpu);
		return me->state != STORM_IDLE;
	}
	if (!storm_answered(cpu) || !xcpu_call_done(&me->inflight.call))
		return waited_too_long(me, cpu);
	if (me->state == STORM_ARMING && again(me, &missing)) {
		storm_ask(cpu, &missing);
	} else if (me->state == STORM_ARMING) {
		storm_shoot(cpu);
		enter_state(me, STORM_HELD);
		hold(me, cpu);
	} else if (me->state == STORM_HELD) {
		return hold(me, cpu);
	} else {
		me->state = STORM_IDLE;
		xcpu_fetch_add_rel(&storm.busy, (uint32_t)-1);
		if (work_once_in(&me->rng, PROCESS_ONE_IN))
			process_step(me, cpu);
	}
	return true;
}

/* ------------------------------------------------------------------ */
/* What else a CPU does.                                                  */

/* Mostly in the shared space; many CPUs are there nearly always. */
static void
move(struct storm_cpu *me, unsigned cpu)
{
	unsigned dice = work_below(&me->rng, storm.ncpu > 16 ? 64 : 8);
	unsigned space = STORM_SHARED;

	if (dice == 0)
		space = storm_private_of(cpu);
	else if (dice == 1)
		space = storm_pair_of(cpu);
	else if (dice == 2)
		space = STORM_KERNEL;
	storm_load(me, space);
}

/* Reads some page, as any program may. */
static void
read_page(struct storm_cpu *me, unsigned cpu, unsigned index, unsigned page)
{
	struct storm_space *space = &storm.space[index];
	struct oracle_page look = {
		.va = storm_va(space, page),
		.tag = oracle_tag(index, page, 0),
		.row = space->first_row + page,
	};

	oracle_glance(cpu, &look, space->mode, &space->page[page].settled,
	    &space->page[page].newest);
	me->glances++;
}

/* Of the loaded space, or of the kernel. */
static void
glance(struct storm_cpu *me, unsigned cpu)
{
	unsigned index = work_once_in(&me->rng, 4) ? STORM_KERNEL :
	    xcpu_load_rlx(&me->space);

	if (index != STORM_KERNEL || me->resume != STORM_KERNEL)
		storm_wake_up(me);
	read_page(me, cpu, index, work_below(&me->rng,
	    storm.space[index].windows * ORACLE_BATCH));
	me->credit--;
}

/*
 * Offline and back.  What it reads of the kernel before may change meanwhile,
 * and nobody tells it, nor waits for it to read something.
 */
static void
leave(struct storm_cpu *me, unsigned cpu)
{
	unsigned loaded = xcpu_load_rlx(&me->space);
	unsigned pages = storm.ncpu * ORACLE_BATCH;
	unsigned first = work_below(&me->rng, pages);
	unsigned n = pages < LEAVER_PAGES ? pages : LEAVER_PAGES;

	me->leaving = false;
	xcpu_store_rel(&me->off, 1);
	storm_load(me, STORM_KERNEL);
	for (unsigned i = 0; i < n; i++)
		read_page(me, cpu, STORM_KERNEL, (first + i) % pages);
	work_leave_and_return(cpu, &me->rng);
	for (unsigned i = 0; i < n; i++)
		read_page(me, cpu, STORM_KERNEL, (first + i) % pages);
	storm_load(me, loaded);
	xcpu_store_rel(&me->off, 0);
	me->left++;
}

static void
pastime(struct storm_cpu *me, unsigned cpu)
{
	unsigned dice = work_below(&me->rng, 2048);

	if (dice < 512 && me->credit > 0)
		glance(me, cpu);
	else if (dice < 512)
		return;
	else if (dice < 520 && me->state == STORM_IDLE)
		move(me, cpu);
	else if (dice < 522)
		xcpu_idle_poll(20000);
	else if (dice == 522)
		mach_idle_once();
	else if (dice == 523)
		storm_fall_lazy(me);
}

static void
finish(struct storm_cpu *me)
{
	if (me->finished || me->state != STORM_IDLE || !over(me))
		return;
	me->finished = true;
	xcpu_fetch_add_rel(&storm.finished, 1);
}

/* Between two turns. */
static void
rest(struct storm_cpu *me, unsigned cpu, bool worked)
{
	if (work_halts() && !worked)
		storm_halt(cpu, me->state != STORM_IDLE);
	else
		work_yield(&me->rng);
}

static void
storm_cpu_main(unsigned cpu, void *arg)
{
	struct storm_cpu *me = storm.cpu[cpu];

	(void)arg;
	work_seed(&me->rng, 1, cpu);
	me->finished = false;
	storm_load(me, STORM_SHARED);
	/* ends: every CPU finishes, or one of them says stop */
	while (xcpu_load_acq(&storm.finished) < storm.ncpu &&
	    xcpu_load_acq(&storm.stop) == 0) {
		bool served = storm_serve(cpu);
		bool worked;

		if (me->leaving)
			leave(me, cpu);
		worked = step(me, cpu);
		me->turns++;
		if (served)
			me->credit = CREDIT;
		else if (!worked)
			pastime(me, cpu);
		finish(me);
		rest(me, cpu, served || worked);
	}
	storm_wake_up(me);
	storm_load(me, STORM_KERNEL);
	process_end(me);
}

static void
add_up(void)
{
	struct work_tally *tally = &work_run.tally;

	for (unsigned cpu = 0; cpu < storm.ncpu; cpu++) {
		struct storm_cpu *me = storm.cpu[cpu];

		tally->shootdowns += me->shootdowns;
		tally->mapped += me->mapped;
		tally->background += me->glances;
		tally->left += me->left;
		tally->processes += me->processes;
		tally->fell_lazy += me->fell_lazy;
		tally->kernel_unmaps += me->kernel_unmaps;
		tally->tables += me->tables;
		tally->reclaims += me->reclaims;
		tally->late += me->late;
		tally->held_ns += me->held_ns;
		work_times_add(WORK_TIME_SHOOTDOWN, &me->times);
		me->shootdowns = me->mapped = me->glances = me->left = me->late = 0;
		me->held_ns = me->processes = me->fell_lazy = 0;
		me->kernel_unmaps = me->tables = me->reclaims = 0;
	}
}

bool
storm_run(const struct work_goal *goal)
{
	if (!storm_init())
		return false;
	storm.goal = *goal;
	xcpu_store_rlx(&storm.begun, 0);
	xcpu_store_rlx(&storm.busy, 0);
	xcpu_store_rlx(&storm.finished, 0);
	if (work_run.options.entry)
		mach_entries(MACH_ENTRY_CATCH_UP |
		    (work_run.options.form == WORK_FORM_DEFER ?
		    MACH_ENTRY_PASS : 0));
	mach_run_all(storm_cpu_main, NULL);
	mach_entries(0);
	add_up();
	return xcpu_load_acq(&storm.stop) == 0;
}
