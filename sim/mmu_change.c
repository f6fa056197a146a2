/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmu_change.c: what a kernel does to its page tables, and the end of a change,
 * after which the old translation is stale.
 */
#include "mmu.h"
#include "oracle.h"

/* NULL: there is no table. */
static struct entry *
page_entry(const struct sim_space *space, unsigned page)
{
	const struct entry *table = mmu_table_entry(space, page);

	return table->present ?
	    &mmu.frame[table->frame].entry[page % SIM_TABLE_PAGES] : NULL;
}

static void
fill(struct sim_space *space, struct entry *entry, enum frame_kind kind)
{
	*entry = (struct entry){
		.frame = mmu_frame_take(kind),
		.present = true,
		.version = ++space->version,
	};
}

void
sim_map(struct sim_space *space, unsigned page, bool writable)
{
	struct entry *table = mmu_table_entry(space, page), *entry;

	if (!table->present)
		fill(space, table, FRAME_TABLE);
	entry = page_entry(space, page);
	if (!entry->present)
		fill(space, entry, FRAME_DATA);
	/* More rights need no shootdown, so they are no new version. */
	entry->writable |= writable;
}

bool
sim_mapped(const struct sim_space *space, unsigned page)
{
	const struct entry *entry = page_entry(space, page);

	return entry != NULL && entry->present;
}

/* The entry to be changed, with the change begun; NULL: not present. */
static struct entry *
change_begin(struct sim_space *space, unsigned page, struct sim_change *change)
{
	struct entry *entry = page_entry(space, page);

	if (entry == NULL || !entry->present)
		return NULL;
	*change = (struct sim_change){
		.space = space,
		.page = page,
		.npages = 1,
		.version = ++space->version,
	};
	if (sim.cpu != NULL)
		sim_emit(SIM_EV_CHANGE, space->id, change->version);
	return entry;
}

bool
sim_unmap(struct sim_space *space, unsigned page, struct sim_change *change)
{
	struct entry *entry = change_begin(space, page, change);

	if (entry == NULL)
		return false;
	change->frame[0] = entry->frame;
	*entry = (struct entry){ .version = change->version };
	return true;
}

bool
sim_remap(struct sim_space *space, unsigned page, struct sim_change *change)
{
	struct entry *entry = change_begin(space, page, change);

	if (entry == NULL)
		return false;
	change->frame[0] = entry->frame;
	entry->frame = mmu_frame_take(FRAME_DATA);
	entry->dirty = false;
	entry->version = change->version;
	return true;
}

bool
sim_protect(struct sim_space *space, unsigned page, struct sim_change *change)
{
	struct entry *entry = change_begin(space, page, change);

	if (entry == NULL)
		return false;
	entry->writable = false;
	entry->version = change->version;
	return true;
}

bool
sim_unmap_table(struct sim_space *space, unsigned page,
    struct sim_change *change)
{
	struct entry *table = mmu_table_entry(space, page);
	const struct entry *entry;

	if (!table->present)
		return false;
	entry = mmu.frame[table->frame].entry;
	*change = (struct sim_change){
		.space = space,
		.page = page - page % SIM_TABLE_PAGES,
		.npages = SIM_TABLE_PAGES,
		.tables = true,
		.version = ++space->version,
	};
	/* The entries stay as they are in the table that is cut off. */
	for (unsigned i = 0; i < SIM_TABLE_PAGES; i++)
		change->frame[i] = entry[i].present ? entry[i].frame : 0;
	change->frame[SIM_TABLE_PAGES] = table->frame;
	*table = (struct entry){ .version = change->version };
	sim_emit(SIM_EV_CHANGE, space->id, change->version);
	return true;
}

static void
raise(uint64_t *floor, uint64_t version)
{
	if (*floor < version)
		*floor = version;
}

void
sim_change_done(struct sim_change *change, int error)
{
	struct sim_space *space = change->space;

	if (error != 0)
		return;
	for (unsigned i = 0; i < change->npages; i++)
		raise(&space->floor[change->page + i], change->version);
	if (change->tables)
		raise(&space->table_floor[change->page / SIM_TABLE_PAGES],
		    change->version);
	for (unsigned i = 0; i <= SIM_TABLE_PAGES; i++)
		if (change->frame[i] != 0)
			mmu_frame_free(change->frame[i]);
}

int
sim_shootdown(struct sim_change *change)
{
	struct xcpu_flush_opt opt = {
		.flags = change->tables ? XCPU_FLUSH_TABLES : 0,
	};
	int error = xcpu_shootdown(sim_space_xcpu(change->space),
	    sim_page_va(change->space, change->page),
	    (uint64_t)change->npages << PAGE_SHIFT, &opt);

	sim_change_done(change, error);
	sim_oracle.shootdowns += error == 0;
	return error;
}
