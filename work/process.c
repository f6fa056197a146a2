/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.c: processes of the storm, by fork with copy on write.
 *
 * A fork takes the right to write from a CPU's window of the shared space, as
 * any change of rights does, and gives the same frames to a child.  Its CPU
 * runs the child, whose first store to a page breaks it: a new frame, and a
 * shootdown that waits; a new frame in the parent is a break, too.  A frame goes
 * when both have let go of it.  Other CPUs run threads of the child, and may
 * then idle with its root: when the child exits, in the form that was asked
 * for, they are passed over by nobody, for its tables are freed.
 *
 * All but the visits is done by one CPU, the window's owner, one after the
 * other: so who has a frame needs no lock.  `uses` counts the child itself and
 * each CPU that has it loaded; the last one to let go frees its tables.
 */
#include "storm.h"

#define RUN_ONE_IN	4	/* of the turns for it; else it ends */
#define TAG_SPACE	0x4000	/* above the spaces of the storm */

static uint64_t
own_tag(const struct storm_process *p, unsigned page)
{
	return oracle_tag(TAG_SPACE + p->owner, page, p->births);
}

/* ------------------------------------------------------------------ */
/* Birth: in the middle of the parent's change of rights.                */

bool
process_may_begin(const struct storm_cpu *me)
{
	/* rlx: own */
	return me->request.space->index == STORM_SHARED &&
	    xcpu_load_rlx(&me->process.uses) == 0 &&
	    me->process.state == PROCESS_NONE;
}

/* Before the change: a space for the child.  False: there is no memory. */
bool
process_prepare(struct storm_cpu *me, unsigned cpu)
{
	struct storm_process *p = &me->process;

	p->mach = mach_space_new();
	if (p->mach == NULL)
		return false;
	p->owner = cpu;
	p->births++;
	for (unsigned i = 0; i < ORACLE_BATCH; i++)
		p->page[i] = (struct storm_process_page){ 0 };
	xcpu_store_rlx(&p->gone, 0);	/* rlx: nobody uses it */
	return true;
}

/* The parent's page, write-protected just now: the child has it, too. */
bool
process_share(struct storm_cpu *me, unsigned page)
{
	struct storm_process *p = &me->process;
	const struct storm_space *parent = me->request.space;
	struct storm_process_page *mine = &p->page[page % ORACLE_BATCH];

	mine->va = storm_va(parent, page);
	mine->frame = parent->page[page].frame;
	mine->tag = oracle_tag(parent->index, page,
	    parent->page[page].generation);
	mine->parents = true;
	return mach_map(p->mach, mine->va, mine->frame, MACH_USER) == 0;
}

/* The parent's rights are gone everywhere: the child may run. */
void
process_begin(struct storm_cpu *me)
{
	me->process.state = PROCESS_ALIVE;
	me->processes++;
	xcpu_store_rel(&me->process.uses, 1);
}

/* The parent lets go of a frame; true: the child still has it. */
bool
process_keeps(struct storm_cpu *me, const struct storm_space *space,
    unsigned page, mach_frame frame)
{
	struct storm_process_page *mine =
	    &me->process.page[page % ORACLE_BATCH];

	if (space->index != STORM_SHARED || mine->frame != frame ||
	    frame == 0)
		return false;
	mine->parents = false;
	return true;
}

/* ------------------------------------------------------------------ */
/* Life.                                                                 */

static bool
process_hold(struct storm_process *p)
{
	uint32_t uses = xcpu_load_rlx(&p->uses);

	while (uses != 0) {	/* ends: each failure is another's success */
		if (xcpu_cas_acq(&p->uses, &uses, uses + 1))
			return true;
	}
	return false;
}

static void
process_release(struct storm_process *p)
{
	struct mach_space *mach = p->mach;

	if (xcpu_fetch_add_ar(&p->uses, UINT32_MAX) == 1)
		mach_space_free(mach);
}

/* One read of a page by a CPU that runs in the child. */
static void
look(unsigned cpu, const struct storm_process *p, unsigned i)
{
	const struct storm_process_page *page = &p->page[i];
	bool gone = xcpu_load_acq(&p->gone) != 0;
	bool broken = xcpu_load_acq(&page->broken) != 0;
	struct mach_access found = { .va = page->va, .op = MACH_READ };

	if (page->va == 0)
		return;
	oracle_access(cpu, MACH_AS_USER, &found, 1);
	if (found.fault || (!gone && (found.value == own_tag(p, i) ||
	    (!broken && found.value == page->tag))))
		return;
	WORK_REPORT(WORK_STALE, "stale read: cpu %u process %u page 0x%lx word "
	    "0x%lx (%s%s)\n", cpu, p->owner, (unsigned long)page->va,
	    (unsigned long)found.value, gone ? "after its end" : "alive",
	    broken ? ", after its break" : "");
}

/* The first store is refused: a new frame, and nobody keeps the old one. */
static void
break_page(unsigned cpu, struct storm_process *p, unsigned i)
{
	struct storm_process_page *page = &p->page[i];
	struct mach_access store = { .va = page->va, .op = MACH_STORE,
		.value = own_tag(p, i) };
	mach_frame new = mach_frame_take(own_tag(p, i));

	if (new == 0)
		return;
	oracle_access(cpu, MACH_AS_USER, &store, 1);
	if (!store.fault)
		WORK_REPORT(WORK_STALE_WRITE, "stale write: cpu %u process %u "
		    "page 0x%lx is shared, and was written\n", cpu, p->owner,
		    (unsigned long)page->va);
	(void)mach_map(p->mach, page->va, new, MACH_USER | MACH_WRITE);
	(void)xcpu_shootdown(mach_space_xcpu(p->mach), page->va,
	    MACH_PAGE_SIZE, NULL);
	if (!page->parents)
		mach_frame_free(page->frame);
	page->frame = new;
	page->parents = false;
	xcpu_store_rel(&page->broken, 1);
	oracle_access(cpu, MACH_AS_USER, &store, 1);
	if (store.fault)
		WORK_REPORT(WORK_STALE, "refused access: cpu %u process %u page "
		    "0x%lx is its own, and faults\n", cpu, p->owner,
		    (unsigned long)page->va);
}

/* Its owner runs the child for a while, and goes back to where it was. */
static void
process_run(struct storm_cpu *me, unsigned cpu)
{
	struct storm_process *p = &me->process;
	unsigned i = work_below(&me->rng, ORACLE_BATCH);
	unsigned back = xcpu_load_rlx(&me->space);

	storm_load(me, STORM_KERNEL);
	mach_switch(p->mach);
	look(cpu, p, i);
	if (p->page[i].va != 0 && xcpu_load_rlx(&p->page[i].broken) == 0)
		break_page(cpu, p, i);
	look(cpu, p, i);
	mach_switch(NULL);
	storm_load(me, back);
}

/* ------------------------------------------------------------------ */
/* Visits: threads of the child on other CPUs.                           */

/* Another CPU runs a thread of somebody's child, and idles with its root. */
static void
visit(struct storm_cpu *me, unsigned cpu)
{
	struct storm_process *p =
	    &storm.cpu[work_below(&me->rng, storm.ncpu)]->process;

	unsigned back = xcpu_load_rlx(&me->space);

	if (p == &me->process || !process_hold(p))
		return;
	storm_load(me, STORM_KERNEL);
	me->resume = back;
	mach_switch(p->mach);
	for (unsigned i = 0; i < ORACLE_BATCH; i++)
		look(cpu, p, i);
	me->visits = p;
	if (work_run.options.lazy)
		(void)xcpu_space_lazy_enter();
}

/* Back from a visit: what was shot down meanwhile is not there any more. */
void
process_leave(struct storm_cpu *me)
{
	struct storm_process *p = me->visits;
	unsigned cpu = xcpu_cpu_index();

	if (p == NULL)
		return;
	me->visits = NULL;
	(void)xcpu_space_lazy_leave();
	for (unsigned i = 0; i < ORACLE_BATCH; i++)
		look(cpu, p, i);
	mach_switch(NULL);
	process_release(p);
}

/* ------------------------------------------------------------------ */
/* Exit.                                                                 */

static void
give_back(void *host, uint64_t item, enum xcpu_batch_kind kind)
{
	struct storm_process *p = host;

	if (kind == XCPU_BATCH_FRAME) {
		mach_frame_free(item);
		return;
	}
	xcpu_store_rel(&p->gone, 1);
	process_release(p);
}

/* Unmaps all; returns how many frames are nobody's but the child's. */
static unsigned
unmap_all(struct storm_process *p, mach_frame *frame)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ORACLE_BATCH; i++) {
		struct storm_process_page *page = &p->page[i];

		if (page->frame == 0)
			continue;
		(void)mach_unmap(p->mach, page->va);
		if (!page->parents)
			frame[n++] = page->frame;
		page->frame = 0;
	}
	return n;
}

static int
exit_batch(struct storm_process *p, const mach_frame *frame, unsigned n)
{
	struct xcpu_space *space = mach_space_xcpu(p->mach);
	int error = xcpu_batch_init(&p->batch, p->item, PROCESS_ITEMS,
	    give_back, p);

	for (unsigned i = 0; i < n && error == 0; i++)
		error = xcpu_batch_frame(&p->batch, frame[i]);
	/* Before any frame goes, all of the space: the table stands for it. */
	if (error == 0)
		error = xcpu_batch_table(&p->batch, space, 0,
		    PROCESS_WHOLE, 0);
	if (error != 0)
		return error;
	switch (work_run.options.form) {
	case WORK_FORM_ASYNC:
		return xcpu_batch_start(&p->batch);
	case WORK_FORM_DEFER:
		return xcpu_batch_defer(&p->batch,
		    work_run.options.bound_us * 1000);
	default:
		return xcpu_batch_flush(&p->batch);
	}
}

static int
exit_sync(struct storm_process *p, const mach_frame *frame, unsigned n)
{
	struct xcpu_flush_opt opt = { .flags = XCPU_FLUSH_TABLES };
	int error = xcpu_shootdown_all(mach_space_xcpu(p->mach), &opt);

	for (unsigned i = 0; i < n && error == 0; i++)
		give_back(p, frame[i], XCPU_BATCH_FRAME);
	if (error == 0)
		give_back(p, 0, XCPU_BATCH_TABLE);
	return error;
}

static void
process_exit(struct storm_process *p)
{
	mach_frame frame[ORACLE_BATCH];
	unsigned n = unmap_all(p, frame);
	bool sync = work_run.options.form == WORK_FORM_SYNC;
	int error = sync ? exit_sync(p, frame, n) : exit_batch(p, frame, n);

	p->state = sync ? PROCESS_NONE : PROCESS_EXITING;
	if (error == 0)
		return;
	WORK_REPORT(WORK_ANSWER, "answer: the exit of process %u: %s\n",
	    p->owner, xcpu_strerror(error));
	xcpu_store_rel(&storm.stop, 1);
}

/* One step, by its owner between two operations, or of a visit. */
void
process_step(struct storm_cpu *me, unsigned cpu)
{
	struct storm_process *p = &me->process;

	if (p->state == PROCESS_EXITING) {
		if (xcpu_batch_done(&p->batch))
			p->state = PROCESS_NONE;
	} else if (p->state == PROCESS_ALIVE && me->state == STORM_IDLE) {
		if (work_once_in(&me->rng, RUN_ONE_IN))
			process_exit(p);
		else
			process_run(me, cpu);
	} else if (me->visits == NULL && me->state == STORM_IDLE) {
		visit(me, cpu);
	}
}

/* At the end of the storm, with no operation under way. */
void
process_end(struct storm_cpu *me)
{
	struct storm_process *p = &me->process;

	process_leave(me);
	if (p->state == PROCESS_ALIVE)
		process_exit(p);
	if (p->state == PROCESS_EXITING && xcpu_batch_flush(&p->batch) == 0)
		p->state = PROCESS_NONE;
}
