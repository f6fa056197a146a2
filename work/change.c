/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * change.c: the middle of an operation of the storm: entries change, xcpu shoots
 * down, the old frames are freed, and the request turns from arming to probing.
 *
 * What another CPU sees between two lines: from the change on either frame,
 * both good; from the return of the shootdown on the new one only, and any
 * access to the old one is stale.
 */
#include "storm.h"

/* The many ways to ask for the same thing. */
enum { ASK_RANGE, ASK_ALL, ASK_WIDE, ASK_TABLES, ASK_STRIDE, ASK_KINDS = 32 };

#define WIDE_PAGES 40		/* above the ceiling of ranges */

static void
change_page(const struct storm_cpu *me, struct storm_space *space,
    unsigned page, mach_frame frame)
{
	struct storm_page *p = &space->page[page];
	uint64_t va = storm_va(space, page);
	unsigned user = space->mode == MACH_AS_USER ? MACH_USER : 0;

	if (me->change == STORM_PROTECT || me->change == STORM_FORK) {
		mach_protect(space->mach, va, user);
		p->writable = false;
		return;
	}
	p->generation++;
	xcpu_store_rel(&p->newest, p->generation);
	if (me->change != STORM_REMAP) {
		mach_unmap(space->mach, va);
		p->mapped = false;
		return;
	}
	/* Tables are there already, so this cannot fail. */
	mach_map(space->mach, va, frame, MACH_WRITE | user);
	p->frame = frame;
	p->writable = true;
}

static int
shoot(struct storm_cpu *me, const struct oracle_batch *batch)
{
	struct storm_space *space = me->request.space;
	struct xcpu_space *tlb = mach_space_xcpu(space->mach);
	struct xcpu_flush_opt opt = { 0 };
	uint64_t start = batch->page[0].va;
	uint64_t len = batch->n * MACH_PAGE_SIZE;
	unsigned how = me->request.batch.quiet ? ASK_RANGE :
	    work_below(&me->rng, ASK_KINDS);

	me->request.tables = how == ASK_TABLES || me->change == STORM_TABLES;
	if (me->change == STORM_TABLES) {
		how = ASK_TABLES;
		start &= ~(MACH_TABLE_SPAN - 1);
		len = MACH_TABLE_SPAN;
	}
	switch (how) {
	case ASK_ALL:
		return xcpu_shootdown_all(tlb, NULL);
	case ASK_WIDE:
		len = WIDE_PAGES * MACH_PAGE_SIZE;
		break;
	case ASK_TABLES:
		opt.flags = XCPU_FLUSH_TABLES;
		break;
	case ASK_STRIDE:
		opt.stride_shift = MACH_PAGE_SHIFT;
		break;
	default:
		return xcpu_shootdown(tlb, start, len, NULL);
	}
	return xcpu_shootdown(tlb, start, len, &opt);
}

/* The same with the doorbell masked, now and then. */
static int
shoot_somehow(struct storm_cpu *me, const struct oracle_batch *batch)
{
	bool masked = work_once_in(&me->rng, 8);
	unsigned long state = masked ? mach_mask() : 0;
	uint64_t begun_ns = mach_now_ns();
	int error = shoot(me, batch);

	work_time(&me->times, mach_now_ns() - begun_ns);
	if (masked)
		mach_unmask(state);
	return error;
}

/* Which targets hold the old translations up to here, page by page. */
static void
note_kept(struct storm_cpu *me, unsigned slack, bool first)
{
	struct storm_request *request = &me->request;

	for (unsigned cpu = xcpu_cpuset_first(&me->targets);
	    cpu < XCPU_NCPU_MAX; cpu = xcpu_cpuset_next(&me->targets, cpu)) {
		unsigned kept = oracle_kept(cpu, &request->batch, slack);

		request->kept[cpu] = (uint8_t)(first ? kept :
		    kept & request->kept[cpu]);
	}
}

/*
 * May this CPU hold on to what was shot down?  One that is off; and, where no
 * tables were freed, a lazy one, or of the kernel's pages one in user mode.  Each
 * drops before it says that it is not so any more.
 */
static bool
may_hold(unsigned cpu, const struct storm_request *request)
{
	const struct storm_cpu *target = storm.cpu[cpu];

	if (request->space->index != STORM_KERNEL)
		return !request->tables && xcpu_load_acq(&target->lazy) != 0;
	return xcpu_load_acq(&target->off) != 0 || (!request->tables &&
	    work_run.options.entry && oracle_in_user(cpu));
}

/*
 * Who held a page until the change, and has dropped nothing since, could still
 * use it.
 */
static void
check_dropped(struct storm_cpu *me)
{
	struct storm_request *request = &me->request;
	const struct oracle_batch *batch = &request->batch;

	for (unsigned cpu = xcpu_cpuset_first(&me->targets);
	    cpu < XCPU_NCPU_MAX; cpu = xcpu_cpuset_next(&me->targets, cpu)) {
		bool may = may_hold(cpu, request);
		unsigned held = request->kept[cpu] &
		    oracle_kept(cpu, batch, 0);

		if (!may && !batch->quiet && held != 0)
			WORK_REPORT(WORK_EARLY, "early completion: the "
			    "shootdown of space %u page 0x%lx returned before "
			    "cpu %u dropped it (pages %x)\n",
			    request->space->index,
			    (unsigned long)batch->page[0].va, cpu, held);
	}
}

static void
free_old(const struct storm_cpu *me, const mach_frame *old, mach_frame table)
{
	for (unsigned i = 0; i < me->request.batch.n; i++) {
		if (old[i] != 0)
			mach_frame_free(old[i]);
	}
	if (table != 0)
		mach_frame_free(table);
}

static void
settle(struct storm_cpu *me)
{
	const struct storm_request *request = &me->request;

	for (unsigned i = 0; i < request->batch.n; i++) {
		struct storm_page *page = &request->space->page[me->first + i];

		xcpu_store_rel(&page->settled, page->generation);
	}
}

/* The new frames; false: none left, and nothing is changed. */
static bool
take_new(struct storm_cpu *me, mach_frame *new)
{
	struct storm_request *request = &me->request;

	for (unsigned i = 0; i < request->batch.n; i++) {
		unsigned page = me->first + i;

		new[i] = 0;
		if (me->change != STORM_REMAP)
			continue;
		new[i] = mach_frame_take(oracle_tag(request->space->index,
		    page, request->space->page[page].generation + 1));
		if (new[i] == 0) {
			WORK_REPORT(WORK_SHORT, "no memory: no frame left\n");
			return false;
		}
	}
	return true;
}

static void
expect(struct storm_cpu *me)
{
	struct storm_request *request = &me->request;

	for (unsigned i = 0; i < request->batch.n; i++) {
		struct oracle_page *page = &request->batch.page[i];

		storm_describe(request->space, me->first + i, page);
		page->refused = me->change != STORM_REMAP;
	}
	request->kind = STORM_PROBE;
}

/* Not in a control: whoever leaves its flush out would be seen by it, too. */
static bool
looks_in_flight(struct storm_cpu *me)
{
	return me->request.space->index == STORM_KERNEL &&
	    me->change == STORM_REMAP && !me->request.batch.quiet &&
	    work_once_in(&me->rng, 2);
}

/* The shootdown is over: on to the probes. */
void
storm_after(struct storm_cpu *me)
{
	check_dropped(me);
	note_kept(me, 1, false);
	settle(me);
	storm_settle_extras(me, !storm_is_batched(me));
	expect(me);
}

/* Only rights go: the frames stay where they are. */
static bool
keeps_frames(const struct storm_cpu *me)
{
	return me->change == STORM_PROTECT || me->change == STORM_FORK;
}

/* What is to be freed of a page; 0: its frame stays, or is a child's, too. */
static mach_frame
old_frame(struct storm_cpu *me, unsigned page)
{
	const struct storm_space *space = me->request.space;
	mach_frame frame = space->page[page].frame;

	return keeps_frames(me) || process_keeps(me, space, page, frame) ?
	    0 : frame;
}

static bool
fork_pages(struct storm_cpu *me, unsigned cpu)
{
	bool good = process_prepare(me, cpu);

	for (unsigned i = 0; good && i < me->request.batch.n; i++)
		good = process_share(me, me->first + i);
	if (!good)
		WORK_REPORT(WORK_SHORT, "no memory: none for a child\n");
	return good;
}

/* The table of a window whose pages are all gone; 0: it stays. */
static mach_frame
take_table(const struct storm_cpu *me)
{
	return me->change != STORM_TABLES ? 0 :
	    mach_table_unlink(me->request.space->mach,
	    me->request.batch.page[0].va);
}

static int
shoot_all(struct storm_cpu *me, const mach_frame *old, mach_frame table)
{
	int error;

	if (storm_is_batched(me)) {
		me->request.tables = me->change == STORM_TABLES;
		return storm_batch_begin(me, old, table);
	}
	error = shoot_somehow(me, &me->request.batch);
	if (error == 0)
		error = storm_shoot_extras(me);
	if (error == 0)
		free_old(me, old, table);
	return error;
}

static void
count_change(struct storm_cpu *me)
{
	me->shootdowns++;
	me->tables += me->change == STORM_TABLES;
	me->reclaims += me->change == STORM_RECLAIM;
	me->kernel_unmaps += me->change == STORM_UNMAP &&
	    me->request.space->index == STORM_KERNEL;
}

void
storm_shoot(unsigned cpu)
{
	struct storm_cpu *me = storm.cpu[cpu];
	struct storm_request *request = &me->request;
	mach_frame new[ORACLE_BATCH], old[ORACLE_BATCH], table;
	int error;

	if (!take_new(me, new)) {
		xcpu_store_rel(&storm.stop, 1);
		return;
	}
	for (unsigned i = 0; i < request->batch.n; i++)
		old[i] = old_frame(me, me->first + i);
	note_kept(me, 0, true);
	for (unsigned i = 0; i < request->batch.n; i++)
		change_page(me, request->space, me->first + i, new[i]);
	if (me->change == STORM_FORK && !fork_pages(me, cpu)) {
		xcpu_store_rel(&storm.stop, 1);
		return;
	}
	table = take_table(me);
	storm_take_extras(me, cpu);
	if (looks_in_flight(me))
		inflight_begin(me, me->first);
	error = shoot_all(me, old, table);
	inflight_over(me);
	/* These may be late in no form: whoever acts on them does so now. */
	if (keeps_frames(me) || me->change == STORM_REMAP)
		check_dropped(me);
	if (me->change == STORM_FORK && error == 0)
		process_begin(me);
	if (error != 0) {
		WORK_REPORT(WORK_ANSWER, "answer: a shootdown on cpu %u: %s\n",
		    cpu, xcpu_strerror(error));
		xcpu_store_rel(&storm.stop, 1);
	}
	count_change(me);
}
