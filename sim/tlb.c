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
#include "oracle.h"

#define STORE_STEPS	48
#define LINGER_STEPS	20000
#define ESCAPE_STEPS	400
#define OUT_STEPS	40

static unsigned
victim(struct tlb *tlb, unsigned n)
{
	return tlb->victim++ % n;
}

/* ---- entries ---- */

/* Under which tag this CPU looks a space up: its own, if that is loaded. */
static struct tlb_key
key_of(const struct tlb *tlb, const struct sim_space *space)
{
	bool kernel = space == sim_space_kernel();

	return (struct tlb_key){
		kernel, kernel ? asid_kernel_tag(tlb->tag) : tlb->tag,
	};
}

static bool
belongs(const struct sim_space *space, unsigned tag, struct tlb_key key)
{
	return space != NULL && tag == key.tag &&
	    (space == sim_space_kernel()) == key.kernel;
}

static struct tlb_entry *
entry_find(struct tlb *tlb, struct tlb_key key, unsigned page)
{
	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (belongs(tlb->entry[i].space, tlb->entry[i].tag, key) &&
		    tlb->entry[i].page == page)
			return &tlb->entry[i];
	return NULL;
}

static void
entry_fill(struct tlb *tlb, struct tlb_entry *entry, struct tlb_key key)
{
	struct tlb_entry *to = entry_find(tlb, key, entry->page);

	for (unsigned i = 0; i < TLB_ENTRIES && to == NULL; i++)
		if (tlb->entry[i].space == NULL)
			to = &tlb->entry[i];
	if (to == NULL)
		to = &tlb->entry[victim(tlb, TLB_ENTRIES)];
	entry->tag = key.tag;
	*to = *entry;
}

static void
entry_drop(struct tlb *tlb, struct tlb_key key, unsigned page)
{
	struct tlb_entry *entry = entry_find(tlb, key, page);

	if (entry != NULL)
		entry->space = NULL;
}

/* A flush removes it. */
static void
entry_flush(struct tlb_entry *entry)
{
	if (entry->walked) {
		sim_oracle.flushed++;
		sim_oracle.outdated += mmu_outdated(entry);
	}
	entry->space = NULL;
}

static void
page_flush(struct tlb *tlb, struct tlb_key key, unsigned page)
{
	struct tlb_entry *entry = entry_find(tlb, key, page);

	if (entry != NULL)
		entry_flush(entry);
}

/* ---- pointers to tables ---- */

static bool
table_find(const struct tlb *tlb, struct tlb_key key, unsigned page,
    struct tlb_table *found)
{
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (belongs(tlb->table[i].space, tlb->table[i].tag, key) &&
		    tlb->table[i].table == page / SIM_TABLE_PAGES) {
			*found = tlb->table[i];
			return true;
		}
	return false;
}

static void
table_fill(struct tlb *tlb, struct tlb_table *table, struct tlb_key key)
{
	table->tag = key.tag;
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (tlb->table[i].space == NULL) {
			tlb->table[i] = *table;
			return;
		}
	tlb->table[victim(tlb, TLB_TABLES)] = *table;
}

/* ---- dropping ---- */

static void
drop_tables(struct tlb *tlb, struct tlb_key key,
    const struct xcpu_flush *request, unsigned first, unsigned npages)
{
	if ((request->flags & XCPU_FLUSH_TABLES) == 0 ||
	    sim.config->bug == SIM_BUG_FLUSH_LEAF)
		return;
	for (unsigned i = 0; i < TLB_TABLES; i++) {
		struct tlb_table *table = &tlb->table[i];
		unsigned page = table->table * SIM_TABLE_PAGES;

		if (belongs(table->space, table->tag, key) &&
		    page < first + npages && page + SIM_TABLE_PAGES > first)
			table->space = NULL;
	}
}

static void
drop_entries(struct tlb *tlb, struct tlb_key key)
{
	bool spare = sim.config->bug == SIM_BUG_FLUSH_LOCAL && key.kernel;

	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (belongs(tlb->entry[i].space, tlb->entry[i].tag, key) &&
		    !spare)
			entry_flush(&tlb->entry[i]);
}

/* Everything under a tag, as a root is loaded with it. */
static void
drop_all(struct sim_cpu *cpu, struct tlb_key key)
{
	static const struct xcpu_flush all = {
		.flags = XCPU_FLUSH_FULL | XCPU_FLUSH_TABLES,
	};

	drop_tables(&cpu->tlb, key, &all, 0, SIM_PAGES);
	drop_entries(&cpu->tlb, key);
	/* Kernel entries that are not global are under it, too. */
	if (!key.kernel && asid_kernel_tag(key.tag) == key.tag)
		drop_all(cpu, (struct tlb_key){ true, key.tag });
}

void
tlb_drop_everything(struct sim_cpu *cpu, bool global)
{
	struct tlb *tlb = &cpu->tlb;

	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (global || tlb->entry[i].space != sim_space_kernel() ||
		    tlb->entry[i].tag != 0)
			tlb->entry[i].space = NULL;
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (global || tlb->table[i].space != sim_space_kernel() ||
		    tlb->table[i].tag != 0)
			tlb->table[i].space = NULL;
}

static void
range_of(const struct xcpu_flush *request, unsigned *first, unsigned *npages)
{
	const struct sim_space *space = mmu_of(request->space);
	bool all = (request->flags & XCPU_FLUSH_FULL) != 0;

	*first = all ? 0 : mmu_page(space, request->start);
	*npages = (unsigned)(request->len >> 12);
	if (*npages > SIM_PAGES || all)
		*npages = SIM_PAGES;
}

void
tlb_drop(struct sim_cpu *cpu, struct tlb_key key,
    const struct xcpu_flush *request)
{
	unsigned first, npages;

	range_of(request, &first, &npages);
	drop_tables(&cpu->tlb, key, request, first, npages);
	for (unsigned i = 0; i < npages; i++)
		page_flush(&cpu->tlb, key, first + i);
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
	struct tlb_key key = key_of(&cpu->tlb, space);

	if (table_find(&cpu->tlb, key, page, table))
		return true;
	sched_step(cpu);
	if (!mmu_walk_root(cpu, space, page, table))
		return false;
	table_fill(&cpu->tlb, table, key);
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
	entry_fill(&cpu->tlb, entry, key_of(&cpu->tlb, space));
	return true;
}

/* Cached with the right to write, else what the tables say; false: a fault. */
static bool
translate(struct sim_cpu *cpu, struct sim_space *space, unsigned page,
    bool write, struct tlb_entry *entry)
{
	struct tlb_key key = key_of(&cpu->tlb, space);
	const struct tlb_entry *cached = entry_find(&cpu->tlb, key, page);

	if (cached != NULL && (cached->writable || !write)) {
		*entry = *cached;
		return true;
	}
	/* Refused: the entry goes, and the tables decide. */
	entry_drop(&cpu->tlb, key, page);
	return walk(cpu, space, page, entry) && (entry->writable || !write);
}

/* The first store through an entry: the walker writes to the table. */
static bool
make_dirty(struct sim_cpu *cpu, struct tlb_entry *entry)
{
	struct tlb_key key = key_of(&cpu->tlb, entry->space);
	struct tlb_table table;
	struct tlb_entry *cached;

	if (!walk_to_table(cpu, entry->space, entry->page, &table) ||
	    !mmu_set_dirty(cpu, &table, entry)) {
		entry_drop(&cpu->tlb, key, entry->page);
		return false;
	}
	entry->dirty = true;
	cached = entry_find(&cpu->tlb, key, entry->page);
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
		store(cpu, &entry);
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
		drop_all(cpu, (struct tlb_key){ false, load.asid });
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
	key = key_of(&cpu->tlb, space);
	if (!table_find(&cpu->tlb, key, page, &table)) {
		if (!mmu_walk_root(cpu, space, page, &table))
			return;
		table_fill(&cpu->tlb, &table, key);
	}
	if (deep && entry_find(&cpu->tlb, key, page) == NULL &&
	    mmu_walk_table(cpu, &table, page, &entry)) {
		entry.walked = true;
		entry_fill(&cpu->tlb, &entry, key);
		sim_oracle.walked++;
	}
}

/* ---- the hooks ---- */

static void
drop(struct sim_cpu *cpu, struct tlb_key key, const struct xcpu_flush *request)
{
	bool all = (request->flags & XCPU_FLUSH_FULL) != 0;
	unsigned first, npages;

	range_of(request, &first, &npages);
	sim_emit(SIM_EV_FLUSH, sim_space_id(mmu_of(request->space)),
	    all ? 0 : npages);
	/* Tables first, or a walk refills through them behind our back. */
	drop_tables(&cpu->tlb, key, request, first, npages);
	if (all) {
		drop_entries(&cpu->tlb, key);
		/* Whoever has ASIDs has no way to spare the others. */
		if (key.kernel && asid_on() &&
		    sim.config->bug != SIM_BUG_FLUSH_LOCAL)
			tlb_drop_everything(cpu, true);
		return;
	}
	for (unsigned i = 0; i < npages; i++) {
		page_flush(&cpu->tlb, key, first + i);
		sched_step(cpu);
		if (sim.config->bug == SIM_BUG_FLUSH_FIRST)
			break;
	}
}

/* Where a request goes; false: nowhere. */
static bool
direct(const struct sim_cpu *cpu, const struct xcpu_flush *request,
    struct tlb_key *key, bool *both)
{
	struct sim_space *space = mmu_of(request->space);
	struct xcpu_asid_flush what = { .asid = sim_space_id(space) };

	if (asid_on() && !asid_flush(request, &what))
		return false;
	*key = key_of(&cpu->tlb, space);
	if (!key->kernel)
		key->tag = what.asid;
	*both = what.both;
	return true;
}

static void
check_context(const struct sim_cpu *cpu, const char *hook)
{
	if (!cpu->masked && !cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "%s with the doorbell open", hook);
}

static void
flush(struct sim_cpu *cpu, const struct xcpu_flush *request)
{
	struct tlb_key key;
	bool both;

	if (!direct(cpu, request, &key, &both))
		return;
	drop(cpu, key, request);
	if (both) {
		key.tag++;
		drop(cpu, key, request);
	}
}

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	struct sim_cpu *cpu = sim.cpu;
	bool twice = sim.erratum && sim.config->bug != SIM_BUG_ONE_FLUSH;

	check_context(cpu, "xcpu_port_tlb_flush()");
	cpu->flushes += !cpu->in_nmi;
	if (sim.config->bug != SIM_BUG_FLUSH_NOTHING) {
		flush(cpu, request);
		if (sim.erratum || sim.config->bug == SIM_BUG_FLUSH_NO_DRAIN)
			escape(&cpu->tlb);
		sched_step(cpu);
		if (twice)
			flush(cpu, request);
		if (twice || cpu->tlb.nstores == 0 || !cpu->tlb.store[0].escaped)
			tlb_land(cpu, LAND_ALL);
	}
	if (request->space->kernel && (request->flags & XCPU_FLUSH_FULL) != 0)
		cpu->vouched = true;
}

/* Whatever is of no use any more, where there are no ASIDs. */
static void
drop_untagged(struct tlb *tlb, const struct sim_space *next)
{
	bool retain = sim.config->retain ||
	    sim.config->bug == SIM_BUG_ROOT_NO_FLUSH;

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
}

/* While the old root is still loaded, and its walker still at work. */
static unsigned
load_tagged(struct sim_cpu *cpu, struct xcpu_space *next)
{
	struct xcpu_asid_load load;

	asid_load(next, &load);
	if (load.flush_all && sim.config->bug != SIM_BUG_TAGS_KEPT)
		tlb_drop_everything(cpu, false);
	if (load.flush && sim.config->bug != SIM_BUG_TAG_KEPT)
		drop_all(cpu, (struct tlb_key){ false, load.asid });
	sched_step(cpu);
	return load.asid;
}

void
xcpu_port_root_load(struct xcpu_space *xspace)
{
	struct sim_cpu *cpu = sim.cpu;
	struct sim_space *next = xspace != NULL ? mmu_of(xspace) : NULL;
	struct tlb *tlb = &cpu->tlb;
	unsigned tag = next != NULL ? sim_space_id(next) : 0;

	check_context(cpu, "xcpu_port_root_load()");
	if (cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "xcpu_port_root_load() in an NMI");
	sched_step(cpu);
	if (asid_on())
		tag = load_tagged(cpu, xspace);
	tlb_land(cpu, LAND_ALL);
	tlb->root = next;
	tlb->root_id = next != NULL ? sim_space_id(next) : 0;
	tlb->tag = tag;
	if (!asid_on())
		drop_untagged(tlb, next);
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
