/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spaces.c: the spaces of the storm and their pages.
 *
 *	0		the kernel's		a window for every CPU
 *	1		shared by all		a window for every CPU
 *	2 ..		one per pair of CPUs	two windows
 *	then		one per CPU		one window
 *
 * A window is as many pages as one operation may touch, and belongs to one CPU:
 * so no two CPUs change the same page, and no lock is needed.  In a user space
 * each has a page table of its own, which can go when all its pages have.
 */
#include "storm.h"

#define USER_BASE	UINT64_C(0x10000000)
#define TABLE_PAGES	((unsigned)(MACH_TABLE_SPAN / MACH_PAGE_SIZE))

struct storm storm;

unsigned
storm_pair_of(unsigned cpu)
{
	return (cpu ^ 1) < storm.ncpu ? 2 + cpu / 2 : 0;
}

unsigned
storm_private_of(unsigned cpu)
{
	return 2 + storm.ncpu / 2 + cpu;
}

static bool
space_init(struct storm_space *space, unsigned first_cpu, unsigned windows,
    unsigned *rows)
{
	space->index = (unsigned)(space - storm.space);
	space->first_cpu = first_cpu;
	space->windows = windows;
	space->first_row = *rows;
	*rows += windows * ORACLE_BATCH;
	if (space->index == STORM_KERNEL) {
		space->mach = mach_space_kernel();
		space->base = mach_kernel_base();
		space->mode = MACH_AS_KERNEL;
	} else {
		space->mach = mach_space_new();
		space->base = USER_BASE;
		space->mode = MACH_AS_USER;
	}
	space->page = mach_alloc(windows * ORACLE_BATCH *
	    sizeof(struct storm_page));
	return space->mach != NULL && space->page != NULL;
}

static bool
spaces_init(unsigned *rows)
{
	unsigned n = storm.ncpu;
	bool good = true;

	for (unsigned i = 0; i < storm.nspaces; i++) {
		struct storm_space *space = &storm.space[i];

		if (i <= STORM_SHARED)
			good = good && space_init(space, 0, n, rows);
		else if (i < 2 + n / 2)
			good = good && space_init(space, (i - 2) * 2, 2, rows);
		else
			good = good && space_init(space, i - 2 - n / 2, 1, rows);
	}
	return good;
}

bool
storm_init(void)
{
	unsigned rows = 0;

	if (storm.space != NULL)
		return true;
	storm.ncpu = work_run.ncpu;
	storm.nspaces = 2 + storm.ncpu / 2 + storm.ncpu;
	storm.space = mach_alloc(storm.nspaces * sizeof(struct storm_space));
	for (unsigned cpu = 0; cpu < storm.ncpu; cpu++) {
		storm.cpu[cpu] = mach_alloc(sizeof(struct storm_cpu));
		if (storm.cpu[cpu] == NULL)
			storm.space = NULL;
	}
	if (storm.space == NULL || !spaces_init(&rows)) {
		WORK_REPORT(WORK_SHORT, "no memory: the storm wants %u spaces\n",
		    storm.nspaces);
		return false;
	}
	return oracle_init(rows);
}

unsigned
storm_window(const struct storm_space *space, unsigned cpu)
{
	return (cpu - space->first_cpu) * ORACLE_BATCH;
}

/*
 * Windows of user spaces are a table apart, each a little further into its
 * own: a TLB is indexed by the low bits of the page.
 */
uint64_t
storm_va(const struct storm_space *space, unsigned page)
{
	unsigned window = page / ORACLE_BATCH;
	uint64_t place = page;

	if (space->index != STORM_KERNEL)
		place = window * TABLE_PAGES +
		    page % (TABLE_PAGES - ORACLE_BATCH);
	return space->base + place * MACH_PAGE_SIZE;
}

void
storm_describe(const struct storm_space *space, unsigned page,
    struct oracle_page *out)
{
	out->va = storm_va(space, page);
	out->tag = oracle_tag(space->index, page,
	    space->page[page].generation);
	out->row = space->first_row + page;
	out->refused = false;
}

/* Puts a fresh frame into a hole: nobody can have a translation of it. */
bool
storm_fill(struct storm_space *space, unsigned page)
{
	struct storm_page *p = &space->page[page];
	mach_frame frame = mach_frame_take(oracle_tag(space->index, page,
	    p->generation));

	if (frame == 0 || mach_map(space->mach, storm_va(space, page), frame,
	    MACH_WRITE | (space->mode == MACH_AS_USER ? MACH_USER : 0)) != 0) {
		WORK_REPORT(WORK_SHORT, "no memory: frames left %lu\n",
		    (unsigned long)mach_frames_left());
		xcpu_store_rel(&storm.stop, 1);
		return false;
	}
	p->frame = frame;
	p->mapped = p->writable = true;
	return true;
}

void
storm_load(struct storm_cpu *me, unsigned space)
{
	process_leave(me);
	if (xcpu_load_rlx(&me->space) == space)
		return;
	me->resume = STORM_KERNEL;
	/* A CPU that is named but not there yet answers that it is away. */
	xcpu_store_rel(&me->space, space);
	mach_switch(space == STORM_KERNEL ? NULL : storm.space[space].mach);
	xcpu_store_rel(&me->lazy, 0);
}
