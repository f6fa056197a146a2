/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm_batch.c: operations of the storm that go through a batch.
 *
 *	munmap		pages of a user space go; in the form that was asked for
 *	with tables	a whole window goes, and the table that led to it
 *	kernel unmap	flushed and waited for: no kernel may be late with it
 *	reclaim		the same, but for pages of several spaces at once
 *
 * What is deferred or asynchronous is under way when storm_batch_begin()
 * returns: the pages belong to nobody until it is over, so their window's owner
 * does nothing else with them, and whoever glances at one may find either.
 */
#include "storm.h"

static enum work_form
form_of(const struct storm_cpu *me)
{
	bool late = me->request.space->index != STORM_KERNEL &&
	    (me->change == STORM_UNMAP || me->change == STORM_TABLES);

	return late ? work_run.options.form : WORK_FORM_GATHER;
}

/* Nothing is taken away by a new frame but the old one: that waits, as a right. */
bool
storm_is_batched(const struct storm_cpu *me)
{
	return work_run.options.form != WORK_FORM_SYNC &&
	    me->change != STORM_REMAP && me->change != STORM_PROTECT &&
	    me->change != STORM_FORK && !me->request.batch.quiet;
}

static void
give_back(void *host, uint64_t item, enum xcpu_batch_kind kind)
{
	(void)host;
	(void)kind;
	mach_frame_free(item);
}

/* The pages of the operation, all of one window; and its table. */
static int
add_window(struct storm_cpu *me, const mach_frame *old, mach_frame table)
{
	const struct oracle_batch *batch = &me->request.batch;
	struct xcpu_space *space = mach_space_xcpu(me->request.space->mach);
	uint64_t start = batch->page[0].va;
	int error;

	error = xcpu_batch_range(&me->batch, space, start,
	    batch->n * MACH_PAGE_SIZE, NULL);
	for (unsigned i = 0; i < batch->n && error == 0; i++)
		if (old[i] != 0)
			error = xcpu_batch_frame(&me->batch, old[i]);
	if (error == 0 && table != 0)
		error = xcpu_batch_table(&me->batch, space,
		    start & ~(MACH_TABLE_SPAN - 1), MACH_TABLE_SPAN, table);
	return error;
}

/* What else this CPU has in other spaces. */
static int
add_others(struct storm_cpu *me)
{
	int error = 0;

	for (unsigned i = 0; i < me->nextra && error == 0; i++) {
		const struct storm_extra *extra = &me->extra[i];

		error = xcpu_batch_range(&me->batch,
		    mach_space_xcpu(extra->space->mach),
		    storm_va(extra->space, extra->page), MACH_PAGE_SIZE, NULL);
		if (error == 0 && extra->frame != 0)
			error = xcpu_batch_frame(&me->batch, extra->frame);
	}
	return error;
}

int
storm_batch_begin(struct storm_cpu *me, const mach_frame *old, mach_frame table)
{
	int error = xcpu_batch_init(&me->batch, me->item, STORM_ITEMS,
	    give_back, NULL);

	if (error == 0)
		error = add_window(me, old, table);
	if (error == 0)
		error = add_others(me);
	if (error != 0)
		return error;
	switch (form_of(me)) {
	case WORK_FORM_ASYNC:
		me->late++;
		return xcpu_batch_start(&me->batch);
	case WORK_FORM_DEFER:
		me->late++;
		return xcpu_batch_defer(&me->batch,
		    work_run.options.bound_us * 1000);
	default:
		return xcpu_batch_flush(&me->batch);
	}
}

/* One page that this CPU has in a space goes, for reclaim. */
static void
take_extra(struct storm_cpu *me, struct storm_space *space, unsigned page)
{
	struct storm_page *p = &space->page[page];
	mach_frame frame;

	if (!p->mapped || me->nextra == STORM_EXTRAS ||
	    space == me->request.space)
		return;
	p->generation++;
	xcpu_store_rel(&p->newest, p->generation);
	p->mapped = false;
	frame = mach_unmap(space->mach, storm_va(space, page));
	if (process_keeps(me, space, page, frame))
		frame = 0;
	me->extra[me->nextra++] = (struct storm_extra){ space, page, frame };
}

/* Reclaim: what this CPU has in each user space, as far as there is room. */
void
storm_take_extras(struct storm_cpu *me, unsigned cpu)
{
	unsigned index[] = { STORM_SHARED, storm_pair_of(cpu),
		storm_private_of(cpu) };

	me->nextra = 0;
	for (unsigned i = 0; me->change == STORM_RECLAIM && i < 3; i++) {
		struct storm_space *space = &storm.space[index[i]];

		for (unsigned n = 0; index[i] != STORM_KERNEL &&
		    n < ORACLE_BATCH; n++)
			take_extra(me, space, storm_window(space, cpu) + n);
	}
}

/* After the flush: nobody may read what they were. */
void
storm_settle_extras(struct storm_cpu *me, bool free)
{
	for (unsigned i = 0; i < me->nextra; i++) {
		struct storm_page *p = &me->extra[i].space->page[me->extra[i].page];

		xcpu_store_rel(&p->settled, p->generation);
		if (free && me->extra[i].frame != 0)
			mach_frame_free(me->extra[i].frame);
	}
	me->nextra = 0;
}

/* In form=sync: a shootdown for each. */
int
storm_shoot_extras(const struct storm_cpu *me)
{
	int error = 0;

	for (unsigned i = 0; i < me->nextra && error == 0; i++)
		error = xcpu_shootdown(
		    mach_space_xcpu(me->extra[i].space->mach),
		    storm_va(me->extra[i].space, me->extra[i].page),
		    MACH_PAGE_SIZE, NULL);
	return error;
}
