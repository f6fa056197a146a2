/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_space.c: the spaces of a replay, and their pages.
 *
 * A space lives until it is dropped and loaded nowhere: `uses` counts one for
 * being alive and one for each CPU, as a CPU that idles keeps the root of a
 * space that is gone.
 *
 * A page's generation moves each time its frame changes.  In free order two
 * CPUs may change the same page; the lock is held while entry and generation
 * change together, never across a shootdown.
 */
#include "replay.h"

bool
replay_space_create(struct replay_space *space)
{
	space->mach = mach_space_new();
	xcpu_store_rlx(&space->uses, 1);
	return space->mach != NULL;
}

void
replay_space_release(struct replay_space *space)
{
	struct mach_space *mach = space->mach;

	if (xcpu_fetch_add_ar(&space->uses, UINT32_MAX) != 1)
		return;
	space->mach = NULL;
	mach_space_free(mach);
}

void
replay_load(unsigned cpu, struct replay_space *space)
{
	struct replay_cpu *me = replay.cpu[cpu];
	struct replay_space *old = me->space;
	bool back = old == space && me->state == REPLAY_LAZY;

	if (old != space && space != NULL)
		(void)xcpu_fetch_add_ar(&space->uses, 1);
	mach_switch(space != NULL ? space->mach : NULL);
	me->space = space;
	me->state = space != NULL ? REPLAY_USER : REPLAY_FOREIGN;
	if (old != space && old != NULL)
		replay_space_release(old);
	if (replay.strict && space != NULL)
		xcpu_cpuset_add(&space->members, cpu);
	if (back && space != NULL && replay.oracle)
		replay_probe_late(cpu);
	me->nlater = 0;
}

void
replay_go_lazy(unsigned cpu)
{
	struct replay_cpu *me = replay.cpu[cpu];

	if (work_run.options.lazy)
		(void)xcpu_space_lazy_enter();
	else
		replay_load(cpu, NULL);
	me->state = REPLAY_LAZY;
	me->thread = TRACE_NONE;
}

void
replay_page_lock(struct replay_page *page)
{
	uint32_t open = 0;

	if (replay.strict)
		return;
	/* ends: whoever has it waits for nobody */
	while (!xcpu_cas_acq(&page->busy, &open, 1)) {
		open = 0;
		mach_relax();
	}
}

void
replay_page_unlock(struct replay_page *page)
{
	if (!replay.strict)
		xcpu_store_rel(&page->busy, 0);
}

/* A fresh frame for a page that has none; locked.  False: no memory. */
bool
replay_page_fresh(unsigned cpu, struct replay_space *space, uint32_t page,
    unsigned rights)
{
	struct replay_page *p = replay_page(space, page);
	uint32_t generation = xcpu_load_rlx(&p->newest) + 1;
	mach_frame frame = mach_frame_take(replay_tag(space, page, generation));

	if (frame == 0)
		return replay_out_of_memory();
	replay_late_free_page(cpu, p);
	replay.cpu[cpu]->count.frames_taken++;
	/* Before the entry: a glance must not find more than is known. */
	xcpu_store_rel(&p->newest, generation);
	p->raised = 0;
	if (mach_map(space->mach, replay_va(space, page), frame, rights) != 0)
		return replay_out_of_memory();
	return true;
}

/* Takes out what is present in a range; returns how many it gathered. */
unsigned
replay_unmap(unsigned cpu, struct replay_space *space, uint32_t first,
    uint32_t n)
{
	struct replay_gather *gather = replay.cpu[cpu]->gather;
	unsigned gathered = 0;

	for (uint32_t page = first; page < first + n; page++) {
		struct replay_page *p = replay_page(space, page);
		struct replay_gather *out = &gather[gathered];

		replay_page_lock(p);
		out->frame = mach_unmap(space->mach, replay_va(space, page));
		if (out->frame != 0) {
			out->page = page;
			out->va = replay_va(space, page);
			out->generation = xcpu_load_rlx(&p->newest) + 1;
			xcpu_store_rel(&p->newest, out->generation);
			xcpu_store_rlx(&space->recent, page);
			gathered++;
		}
		replay_page_unlock(p);
	}
	return gathered;
}

/* After the shootdown: nobody may see what was gathered any more. */
void
replay_free(unsigned cpu, struct replay_space *space, unsigned gathered)
{
	struct replay_gather *gather = replay.cpu[cpu]->gather;

	for (unsigned i = 0; i < gathered; i++) {
		struct replay_page *p = replay_page(space, gather[i].page);

		replay_page_lock(p);
		if (xcpu_load_rlx(&p->settled) < gather[i].generation)
			xcpu_store_rel(&p->settled, gather[i].generation);
		replay_page_unlock(p);
		mach_frame_free(gather[i].frame);
	}
	replay.cpu[cpu]->count.frames_freed += gathered;
}

/* At the end, loaded nowhere: the frames and the space go back. */
void
replay_space_empty(struct replay_space *space)
{
	for (uint32_t page = 0; page < space->npages; page++) {
		mach_frame frame = mach_unmap(space->mach,
		    replay_va(space, page));

		if (frame != 0) {
			mach_frame_free(frame);
			replay.cpu[0]->count.frames_freed++;
		}
	}
	mach_space_free(space->mach);
	space->mach = NULL;
}
