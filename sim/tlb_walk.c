/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb_walk.c: accesses through page tables, and walks without any.
 *
 * An access is one instruction: no interrupt of its own CPU falls into it, but
 * other CPUs run between the reads of its walk.  A walker fills by itself, too, at
 * any step, from any root that is loaded: the kernel's always is.
 */
#include "oracle.h"
#include "tlb.h"

#define OUT_STEPS	40

/* The table of a page, cached or from the root; false: a page fault. */
static bool
walk_to_table(struct sim_cpu *cpu, struct sim_space *space, unsigned page,
    struct tlb_table *table)
{
	struct tlb_key key = tlb_key_of(&cpu->tlb, space);

	if (tlb_table_find(&cpu->tlb, key, page, table))
		return true;
	sched_step(cpu);
	if (!mmu_walk_root(cpu, space, page, table))
		return false;
	tlb_table_fill(&cpu->tlb, table, key);
	return true;
}

static bool
walk(struct sim_cpu *cpu, struct sim_space *space, unsigned page,
    struct tlb_entry *entry)
{
	struct tlb_table table;

	if (!walk_to_table(cpu, space, page, &table))
		return false;
	sched_step(cpu);
	if (!mmu_walk_table(cpu, &table, page, entry))
		return false;
	tlb_entry_fill(&cpu->tlb, entry, tlb_key_of(&cpu->tlb, space));
	return true;
}

/* Cached with the right to write, else what the tables say; false: a fault. */
static bool
translate(struct sim_cpu *cpu, struct sim_space *space, unsigned page,
    bool write, struct tlb_entry *entry)
{
	struct tlb_key key = tlb_key_of(&cpu->tlb, space);
	const struct tlb_entry *cached = tlb_entry_find(&cpu->tlb, key, page);

	if (cached != NULL && (cached->writable || !write)) {
		*entry = *cached;
		return true;
	}
	/* Refused: the entry goes, and the tables decide. */
	tlb_entry_drop(&cpu->tlb, key, page);
	return walk(cpu, space, page, entry) && (entry->writable || !write);
}

/* The first store through an entry: the walker writes to the table. */
static bool
make_dirty(struct sim_cpu *cpu, struct tlb_entry *entry)
{
	struct tlb_key key = tlb_key_of(&cpu->tlb, entry->space);
	struct tlb_table table;
	struct tlb_entry *cached;

	if (!walk_to_table(cpu, entry->space, entry->page, &table) ||
	    !mmu_set_dirty(cpu, &table, entry)) {
		tlb_entry_drop(&cpu->tlb, key, entry->page);
		return false;
	}
	entry->dirty = true;
	cached = tlb_entry_find(&cpu->tlb, key, entry->page);
	if (cached != NULL && cached->frame == entry->frame)
		cached->dirty = true;
	return true;
}

/* One ASID, two spaces: what is found is somebody else's. */
static void
check_foreign(const struct sim_cpu *cpu, const struct tlb_entry *entry,
    const struct sim_space *space)
{
	if (entry->space == space && entry->space_id == sim_space_id(space))
		return;
	sim_fail(SIM_STALE, "CPU %u finds a translation of page %u of space %u "
	    "under tag %u, in space %u", cpu->index, entry->page,
	    entry->space_id, entry->tag, sim_space_id(space));
}

static bool
access(struct sim_cpu *cpu, struct sim_space *space, unsigned page, bool write)
{
	struct tlb_entry entry;

	if (!translate(cpu, space, page, write, &entry))
		return false;
	check_foreign(cpu, &entry, space);
	if (write && !entry.dirty && !make_dirty(cpu, &entry))
		return false;
	sched_step(cpu);
	mmu_check(cpu, &entry, write ? "writes" : "reads");
	sim_oracle.accesses++;
	if (write)
		tlb_store_begin(cpu, &entry);
	return true;
}

/*
 * In user mode, where tables are split: out with the doorbell masked, one access,
 * and in again.  NMIs may come at any step of the way.
 */
static bool
touch_as_user(struct sim_cpu *cpu, struct sim_space *space, unsigned page,
    bool write)
{
	unsigned long state = xcpu_port_irq_save();
	unsigned tag = cpu->tlb.tag;
	struct xcpu_asid_load load;
	bool done;

	asid_user(&load);
	if (load.flush && sim.config->bug != SIM_BUG_USER_HALF)
		tlb_drop_tag(cpu, (struct tlb_key){ false, load.asid });
	for (unsigned n = sim_random(OUT_STEPS); n > 0; n--)
		sched_step(cpu);
	cpu->tlb.tag = load.asid;
	cpu->atomic++;
	done = access(cpu, space, page, write);
	cpu->atomic--;
	cpu->tlb.tag = tag;
	xcpu_port_irq_restore(state);
	return done;
}

bool
sim_touch(struct sim_space *space, unsigned page, bool write)
{
	struct sim_cpu *cpu = sim.cpu;
	bool kernel = space == sim_space_kernel();
	bool done;

	if (!kernel && cpu->tlb.root != space)
		return false;
	if (!kernel && (cpu_lane(cpu) & XCPU_LANE_STATE) == XCPU_LANE_LAZY)
		sim_fail(SIM_CONTRACT, "the scenario touches a space while "
		    "lazy");
	user_check(cpu, space);
	sched_step(cpu);
	if (!kernel && asid_split() && sim_one_in(2))
		return touch_as_user(cpu, space, page, write);
	/* An interrupt may have come, and a handler does not switch. */
	cpu->atomic++;
	done = access(cpu, space, page, write);
	cpu->atomic--;
	sched_step(cpu);
	return done;
}

void
tlb_walk(struct sim_cpu *cpu, struct sim_stream *stream)
{
	bool kernel = sim_draw_below(stream, 3) == 0;
	bool deep = sim_draw_below(stream, 4) != 0;
	unsigned page = sim_draw_below(stream, SIM_PAGES);
	struct sim_space *space = kernel ? sim_space_kernel() : cpu->tlb.root;
	struct tlb_table table;
	struct tlb_entry entry;
	struct tlb_key key;

	if (space == NULL)
		return;
	key = tlb_key_of(&cpu->tlb, space);
	if (!tlb_table_find(&cpu->tlb, key, page, &table)) {
		if (!mmu_walk_root(cpu, space, page, &table))
			return;
		tlb_table_fill(&cpu->tlb, &table, key);
	}
	if (deep && tlb_entry_find(&cpu->tlb, key, page) == NULL &&
	    mmu_walk_table(cpu, &table, page, &entry)) {
		entry.walked = true;
		tlb_entry_fill(&cpu->tlb, &entry, key);
		sim_oracle.walked++;
	}
}
