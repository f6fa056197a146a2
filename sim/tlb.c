/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb.c: what each CPU has cached of the page tables, and the hooks that make it
 * forget.
 *
 * A CPU caches translations and pointers to tables.  It fills both when it
 * misses, and by itself, at any step, from any root that is loaded: the kernel's
 * always is.  Nothing leaves but by a flush, by a root load (unless roots are
 * tagged), or to make room.  The hooks do what their contract says and not more:
 * pointers to tables are dropped with XCPU_FLUSH_TABLES only, kernel entries for
 * the kernel's space only.
 *
 * An access is one instruction: no interrupt of its own CPU falls into it, but
 * other CPUs run between the reads of its walk.  A store happens later than its
 * translation: it waits in flight, in order, until a release of its CPU.
 */
#include "machine.h"

#define STORE_STEPS	48
#define LINGER_STEPS	20000
#define ESCAPE_STEPS	400

static unsigned
victim(struct tlb *tlb, unsigned n)
{
	return tlb->victim++ % n;
}

/* ---- entries ---- */

static bool
belongs(const struct tlb_entry *entry, const struct sim_space *space,
    unsigned id)
{
	return entry->space == space && entry->space_id == id;
}

static struct tlb_entry *
entry_find(struct tlb *tlb, const struct sim_space *space, unsigned page)
{
	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (belongs(&tlb->entry[i], space, sim_space_id(space)) &&
		    tlb->entry[i].page == page)
			return &tlb->entry[i];
	return NULL;
}

static void
entry_fill(struct tlb *tlb, const struct tlb_entry *entry)
{
	struct tlb_entry *to = entry_find(tlb, entry->space, entry->page);

	for (unsigned i = 0; i < TLB_ENTRIES && to == NULL; i++)
		if (tlb->entry[i].space == NULL)
			to = &tlb->entry[i];
	if (to == NULL)
		to = &tlb->entry[victim(tlb, TLB_ENTRIES)];
	*to = *entry;
}

static void
entry_drop(struct tlb *tlb, const struct sim_space *space, unsigned page)
{
	struct tlb_entry *entry = entry_find(tlb, space, page);

	if (entry != NULL)
		entry->space = NULL;
}

/* ---- pointers to tables ---- */

static bool
table_find(const struct tlb *tlb, const struct sim_space *space, unsigned page,
    struct tlb_table *found)
{
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (tlb->table[i].space == space &&
		    tlb->table[i].space_id == sim_space_id(space) &&
		    tlb->table[i].table == page / SIM_TABLE_PAGES) {
			*found = tlb->table[i];
			return true;
		}
	return false;
}

static void
table_fill(struct tlb *tlb, const struct tlb_table *table)
{
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (tlb->table[i].space == NULL) {
			tlb->table[i] = *table;
			return;
		}
	tlb->table[victim(tlb, TLB_TABLES)] = *table;
}

/* ---- stores in flight ---- */

void
tlb_land(struct sim_cpu *cpu, enum tlb_land which)
{
	struct tlb *tlb = &cpu->tlb;
	unsigned kept = 0;

	for (unsigned i = 0; i < tlb->nstores; i++) {
		const struct tlb_store *store = &tlb->store[i];

		if (store->land_step > sim.steps && which != LAND_ALL &&
		    (which == LAND_DUE || store->escaped)) {
			tlb->store[kept++] = *store;
			continue;
		}
		mmu_check(cpu, &store->by,
		    "has a store in flight, which now lands, to");
		mmu_write(&store->by);
	}
	tlb->nstores = kept;
}

/* A flush did not wait for these: they happen when they like. */
static void
escape(struct tlb *tlb)
{
	for (unsigned i = 0; i < tlb->nstores; i++) {
		tlb->store[i].escaped = true;
		tlb->store[i].land_step += sim_draw_below(&sim.sched,
		    ESCAPE_STEPS);
	}
}

static void
store(struct sim_cpu *cpu, const struct tlb_entry *by)
{
	struct tlb *tlb = &cpu->tlb;
	uint64_t steps = 1 + sim_draw_below(&sim.sched, STORE_STEPS);

	if (sim.config->calm) {
		mmu_write(by);
		return;
	}
	if (tlb->nstores == STORES_MAX)
		tlb_land(cpu, LAND_ALL);
	if (fault_strikes(SIM_FAULT_LINGER, cpu))
		steps = sim_draw_log(fault_stream(), LINGER_STEPS);
	tlb->store[tlb->nstores++] = (struct tlb_store){
		.by = *by, .land_step = sim.steps + steps,
	};
}

/* ---- accesses ---- */

/* The table of a page, cached or from the root; false: a page fault. */
static bool
walk_to_table(struct sim_cpu *cpu, struct sim_space *space, unsigned page,
    struct tlb_table *table)
{
	if (table_find(&cpu->tlb, space, page, table))
		return true;
	sched_step(cpu);
	if (!mmu_walk_root(cpu, space, page, table))
		return false;
	table_fill(&cpu->tlb, table);
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
	entry_fill(&cpu->tlb, entry);
	return true;
}

/* Cached with the right to write, else what the tables say; false: a fault. */
static bool
translate(struct sim_cpu *cpu, struct sim_space *space, unsigned page,
    bool write, struct tlb_entry *entry)
{
	const struct tlb_entry *cached = entry_find(&cpu->tlb, space, page);

	if (cached != NULL && (cached->writable || !write)) {
		*entry = *cached;
		return true;
	}
	/* Refused: the entry goes, and the tables decide. */
	entry_drop(&cpu->tlb, space, page);
	return walk(cpu, space, page, entry) && (entry->writable || !write);
}

/* The first store through an entry: the walker writes to the table. */
static bool
make_dirty(struct sim_cpu *cpu, struct tlb_entry *entry)
{
	struct tlb_table table;
	struct tlb_entry *cached;

	if (!walk_to_table(cpu, entry->space, entry->page, &table) ||
	    !mmu_set_dirty(cpu, &table, entry)) {
		entry_drop(&cpu->tlb, entry->space, entry->page);
		return false;
	}
	entry->dirty = true;
	cached = entry_find(&cpu->tlb, entry->space, entry->page);
	if (cached != NULL && cached->frame == entry->frame)
		cached->dirty = true;
	return true;
}

static bool
access(struct sim_cpu *cpu, struct sim_space *space, unsigned page, bool write)
{
	struct tlb_entry entry;

	if (!translate(cpu, space, page, write, &entry))
		return false;
	if (write && !entry.dirty && !make_dirty(cpu, &entry))
		return false;
	sched_step(cpu);
	mmu_check(cpu, &entry, write ? "writes" : "reads");
	if (write)
		store(cpu, &entry);
	return true;
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
	sched_step(cpu);
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

	if (space == NULL)
		return;
	if (!table_find(&cpu->tlb, space, page, &table)) {
		if (!mmu_walk_root(cpu, space, page, &table))
			return;
		table_fill(&cpu->tlb, &table);
	}
	if (deep && entry_find(&cpu->tlb, space, page) == NULL &&
	    mmu_walk_table(cpu, &table, page, &entry))
		entry_fill(&cpu->tlb, &entry);
}

/* ---- the hooks ---- */

static void
drop_tables(struct tlb *tlb, const struct xcpu_flush *request, unsigned first,
    unsigned npages)
{
	const struct sim_space *space = mmu_of(request->space);
	bool all = (request->flags & XCPU_FLUSH_FULL) != 0;

	if ((request->flags & XCPU_FLUSH_TABLES) == 0 ||
	    sim.config->bug == SIM_BUG_FLUSH_LEAF)
		return;
	for (unsigned i = 0; i < TLB_TABLES; i++) {
		struct tlb_table *table = &tlb->table[i];
		unsigned page = table->table * SIM_TABLE_PAGES;

		if (table->space == space && (all || (page < first + npages &&
		    page + SIM_TABLE_PAGES > first)))
			table->space = NULL;
	}
}

static void
drop_all(struct tlb *tlb, const struct sim_space *space)
{
	bool spare = sim.config->bug == SIM_BUG_FLUSH_LOCAL;

	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (tlb->entry[i].space == space &&
		    !(spare && tlb->entry[i].space == sim_space_kernel()))
			tlb->entry[i].space = NULL;
}

static void
drop(struct sim_cpu *cpu, const struct xcpu_flush *request)
{
	const struct sim_space *space = mmu_of(request->space);
	bool all = (request->flags & XCPU_FLUSH_FULL) != 0;
	unsigned first = all ? 0 : mmu_page(space, request->start);
	unsigned npages = (unsigned)(request->len >> 12);

	if (npages > SIM_PAGES || all)
		npages = SIM_PAGES;
	sim_emit(SIM_EV_FLUSH, sim_space_id(space), all ? 0 : npages);
	/* Tables first, or a walk refills through them behind our back. */
	drop_tables(&cpu->tlb, request, first, npages);
	if (all) {
		drop_all(&cpu->tlb, space);
		return;
	}
	for (unsigned i = 0; i < npages; i++) {
		entry_drop(&cpu->tlb, space, first + i);
		sched_step(cpu);
		if (sim.config->bug == SIM_BUG_FLUSH_FIRST)
			break;
	}
}

static void
check_context(const struct sim_cpu *cpu, const char *hook)
{
	if (!cpu->masked && !cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "%s with the doorbell open", hook);
}

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	struct sim_cpu *cpu = sim.cpu;
	bool twice = sim.erratum && sim.config->bug != SIM_BUG_ONE_FLUSH;

	check_context(cpu, "xcpu_port_tlb_flush()");
	if (sim.config->bug != SIM_BUG_FLUSH_NOTHING) {
		drop(cpu, request);
		if (sim.erratum || sim.config->bug == SIM_BUG_FLUSH_NO_DRAIN)
			escape(&cpu->tlb);
		sched_step(cpu);
		if (twice)
			drop(cpu, request);
		if (twice || cpu->tlb.nstores == 0 || !cpu->tlb.store[0].escaped)
			tlb_land(cpu, LAND_ALL);
	}
	if (request->space->kernel && (request->flags & XCPU_FLUSH_FULL) != 0)
		cpu->vouched = true;
}

void
xcpu_port_root_load(struct xcpu_space *xspace)
{
	struct sim_cpu *cpu = sim.cpu;
	struct sim_space *next = xspace != NULL ? mmu_of(xspace) : NULL;
	struct tlb *tlb = &cpu->tlb;
	bool retain = sim.config->retain ||
	    sim.config->bug == SIM_BUG_ROOT_NO_FLUSH;

	check_context(cpu, "xcpu_port_root_load()");
	if (cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "xcpu_port_root_load() in an NMI");
	sched_step(cpu);
	tlb_land(cpu, LAND_ALL);
	tlb->root = next;
	tlb->root_id = next != NULL ? sim_space_id(next) : 0;
	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (tlb->entry[i].space != sim_space_kernel() &&
		    (!retain || (tlb->entry[i].space == next &&
		    sim.config->bug != SIM_BUG_ROOT_NO_FLUSH)))
			tlb->entry[i].space = NULL;
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (tlb->table[i].space != sim_space_kernel() &&
		    (!retain || (tlb->table[i].space == next &&
		    sim.config->bug != SIM_BUG_ROOT_NO_FLUSH)))
			tlb->table[i].space = NULL;
	sim_emit(SIM_EV_SWITCH, next != NULL ? tlb->root_id : ~UINT64_C(0), 0);
	sched_step(cpu);
}

void
xcpu_port_pte_publish(void)
{
	if (sim.cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "xcpu_port_pte_publish() in an NMI");
	sched_step(sim.cpu);
}
