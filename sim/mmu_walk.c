/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmu_walk.c: what a walker reads in the tables, and the oracle of stale
 * translations.
 */
#include "mmu.h"

static void __attribute__((noreturn))
stale_table(const struct sim_cpu *cpu, const struct tlb_table *table)
{
	const struct sim_space *space = table->space;
	unsigned first = table->table * SIM_TABLE_PAGES;

	if (!mmu_same(space, table->space_id))
		sim_fail(SIM_STALE, "CPU %u walks the tables of space %u, "
		    "which is freed", cpu->index, table->space_id);
	sim_fail(SIM_STALE, "CPU %u walks a table of pages %u to %u of space %u "
	    "that was freed (version %lu, a shootdown of version %lu is over)",
	    cpu->index, first, first + SIM_TABLE_PAGES - 1, table->space_id,
	    (unsigned long)table->version,
	    (unsigned long)space->table_floor[table->table]);
}

/*
 * From leaving the kernel's set to its first flush after power-on a CPU may cache
 * what it likes: nobody waits for it.  A look of the machine, without a step.
 */
bool
mmu_vouches(const struct sim_cpu *cpu)
{
	return cpu->vouched && (sim_domain_.online[cpu->index / 64].v_ &
	    xcpu_cpu_bit(cpu->index)) != 0;
}

static bool
table_good(const struct sim_cpu *cpu, const struct tlb_table *table)
{
	const struct sim_space *space = table->space;
	const struct frame *frame = &mmu.frame[table->frame];

	if (mmu_same(space, table->space_id) &&
	    table->version >= space->table_floor[table->table] &&
	    frame->life == table->life)
		return true;
	if (mmu_vouches(cpu))
		stale_table(cpu, table);
	return false;
}

bool
mmu_walk_root(const struct sim_cpu *cpu, struct sim_space *space,
    unsigned page, struct tlb_table *table)
{
	const struct entry *entry;

	if (!space->kernel && !mmu_same(space, cpu->tlb.root_id))
		sim_fail(SIM_STALE, "CPU %u walks from a root that was freed",
		    cpu->index);
	entry = mmu_table_entry(space, page);
	if (!entry->present)
		return false;
	*table = (struct tlb_table){
		.space = space,
		.space_id = space->id,
		.table = page / SIM_TABLE_PAGES,
		.frame = entry->frame,
		.life = mmu.frame[entry->frame].life,
		.version = entry->version,
	};
	return true;
}

bool
mmu_walk_table(const struct sim_cpu *cpu, const struct tlb_table *table,
    unsigned page, struct tlb_entry *entry)
{
	const struct entry *from;

	if (!table_good(cpu, table))
		return false;
	from = &mmu.frame[table->frame].entry[page % SIM_TABLE_PAGES];
	if (!from->present)
		return false;
	*entry = (struct tlb_entry){
		.space = table->space,
		.space_id = table->space_id,
		.page = page,
		.frame = from->frame,
		.life = mmu.frame[from->frame].life,
		/* What hangs under a table is no younger than the table. */
		.version = from->version > table->version ?
		    from->version : table->version,
		.writable = from->writable,
		.dirty = from->dirty,
	};
	return true;
}

bool
mmu_outdated(const struct tlb_entry *entry)
{
	const struct entry *table = mmu_table_entry(entry->space, entry->page);
	const struct entry *in;

	if (entry->space_id != entry->space->id || !table->present ||
	    table->version > entry->version)
		return true;
	in = &mmu.frame[table->frame].entry[entry->page % SIM_TABLE_PAGES];
	return in->version > entry->version;
}

bool
mmu_set_dirty(const struct sim_cpu *cpu, const struct tlb_table *table,
    const struct tlb_entry *entry)
{
	struct entry *in;

	if (!table_good(cpu, table))
		return false;
	in = &mmu.frame[table->frame].entry[entry->page % SIM_TABLE_PAGES];
	if (!in->present || !in->writable || in->frame != entry->frame)
		return false;
	in->dirty = true;
	return true;
}

/* ---- the oracle ---- */

void
mmu_check(const struct sim_cpu *cpu, const struct tlb_entry *entry,
    const char *does)
{
	const struct sim_space *space = entry->space;

	if (!mmu_same(space, entry->space_id))
		sim_fail(SIM_STALE, "CPU %u %s page %u of space %u, which is "
		    "freed", cpu->index, does, entry->page, entry->space_id);
	if (entry->version >= space->floor[entry->page] &&
	    mmu.frame[entry->frame].life == entry->life)
		return;
	sim_fail(SIM_STALE, "CPU %u %s page %u of space %u through a "
	    "translation of version %lu; the shootdown of version %lu is over",
	    cpu->index, does, entry->page, space->id,
	    (unsigned long)entry->version,
	    (unsigned long)space->floor[entry->page]);
}

void
mmu_write(const struct tlb_entry *entry)
{
	mmu.frame[entry->frame].written++;
}
