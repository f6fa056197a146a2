/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmu.c: page tables, frames, and the oracle of stale translations.
 *
 * A space has a root with SIM_TABLES entries, each for a table with
 * SIM_TABLE_PAGES.  Every change of an entry has a version, counted per space,
 * and a cached translation remembers that of its entry.  When the shootdown for
 * a change is over, the version of that change becomes the page's floor:
 * whoever uses a translation below the floor is stale, whatever has become of
 * the frame behind it.  Tables have floors as well.
 *
 * A frame that is freed is the next one handed out, in a new life, so that what
 * looks like its old owner's is told apart.
 */
#include "machine.h"
#include "oracle.h"

#define FRAMES_MAX	16384
#define VA_BASE		UINT64_C(0x0000100000000000)
#define VA_KERNEL	UINT64_C(0xffff800000000000)
#define PAGE_SHIFT	12

enum frame_kind { FRAME_FREE, FRAME_DATA, FRAME_TABLE };

struct entry {
	uint32_t frame;
	bool present, writable, dirty;
	uint64_t version;
};

struct frame {
	enum frame_kind kind;
	uint32_t life;
	uint32_t next_free;
	uint32_t written;
	struct entry entry[SIM_TABLES];		/* SIM_TABLE_PAGES are as many */
};

_Static_assert(SIM_TABLES == SIM_TABLE_PAGES, "a frame holds either");

struct sim_space {
	struct xcpu_space xcpu;		/* of the kernel: the domain's is used */
	struct xcpu_asid asid;
	bool used, kernel;
	unsigned id;
	uint32_t root;
	uint64_t version;
	uint64_t floor[SIM_PAGES];
	uint64_t table_floor[SIM_TABLES];
};

static struct {
	uint32_t cut;			/* frames that were ever handed out */
	uint32_t free;			/* last freed; 0: none */
	unsigned ids;
	struct frame frame[FRAMES_MAX];
	struct sim_space space[SIM_SPACES_MAX + 1];	/* [0]: the kernel's */
} mmu;

/* ---- frames ---- */

static uint32_t
frame_take(enum frame_kind kind)
{
	uint32_t n = mmu.free;
	struct frame *frame;

	if (n != 0) {
		mmu.free = mmu.frame[n].next_free;
	} else {
		n = ++mmu.cut;
		if (n == FRAMES_MAX)
			sim_fail(SIM_PANIC, "the machine has no frame left");
	}
	frame = &mmu.frame[n];
	*frame = (struct frame){ .kind = kind, .life = frame->life + 1 };
	return n;
}

static void
frame_free(uint32_t n)
{
	struct frame *frame = &mmu.frame[n];

	frame->kind = FRAME_FREE;
	frame->life++;
	frame->next_free = mmu.free;
	mmu.free = n;
}

/* ---- spaces ---- */

static void
space_begin(struct sim_space *space, bool kernel)
{
	*space = (struct sim_space){
		.used = true,
		.kernel = kernel,
		.id = mmu.ids++,
		.root = frame_take(FRAME_TABLE),
	};
	if (kernel)
		return;
	xcpu_space_init(&space->xcpu, space);
	asid_space_init(&space->asid, &space->xcpu);
}

void
mmu_reset(void)
{
	for (uint32_t i = 0; i <= mmu.cut; i++)
		mmu.frame[i] = (struct frame){ .kind = FRAME_FREE };
	for (unsigned i = 0; i <= SIM_SPACES_MAX; i++)
		mmu.space[i].used = false;
	mmu.cut = mmu.free = mmu.ids = 0;
	space_begin(&mmu.space[0], true);
}

struct sim_space *
sim_space_new(void)
{
	for (unsigned i = 1; i <= SIM_SPACES_MAX; i++)
		if (!mmu.space[i].used) {
			space_begin(&mmu.space[i], false);
			return &mmu.space[i];
		}
	return NULL;
}

bool
sim_space_free(struct sim_space *space)
{
	const struct frame *root = &mmu.frame[space->root];

	if (xcpu_space_destroy(&space->xcpu) != 0)
		return false;
	for (unsigned t = 0; t < SIM_TABLES; t++) {
		const struct frame *table = &mmu.frame[root->entry[t].frame];

		if (!root->entry[t].present)
			continue;
		for (unsigned p = 0; p < SIM_TABLE_PAGES; p++)
			if (table->entry[p].present)
				frame_free(table->entry[p].frame);
		frame_free(root->entry[t].frame);
	}
	frame_free(space->root);
	space->used = false;
	return true;
}

struct sim_space *
sim_space_kernel(void)
{
	return &mmu.space[0];
}

struct xcpu_space *
sim_space_xcpu(struct sim_space *space)
{
	return space->kernel ? &sim_domain_.kernel : &space->xcpu;
}

struct sim_space *
mmu_of(const struct xcpu_space *space)
{
	return space->kernel ? &mmu.space[0] : space->host;
}

struct xcpu_asid *
mmu_asid(struct sim_space *space)
{
	return &space->asid;
}

bool
mmu_same(const struct sim_space *space, unsigned id)
{
	return space->used && space->id == id;
}

unsigned
sim_space_id(const struct sim_space *space)
{
	return space->id;
}

uint64_t
sim_page_va(const struct sim_space *space, unsigned page)
{
	return (space->kernel ? VA_KERNEL : VA_BASE) +
	    ((uint64_t)page << PAGE_SHIFT);
}

unsigned
mmu_page(const struct sim_space *space, uint64_t va)
{
	return (unsigned)((va - sim_page_va(space, 0)) >> PAGE_SHIFT);
}

/* ---- changing entries ---- */

static struct entry *
table_entry(const struct sim_space *space, unsigned page)
{
	return &mmu.frame[space->root].entry[page / SIM_TABLE_PAGES];
}

/* NULL: there is no table. */
static struct entry *
page_entry(const struct sim_space *space, unsigned page)
{
	const struct entry *table = table_entry(space, page);

	return table->present ?
	    &mmu.frame[table->frame].entry[page % SIM_TABLE_PAGES] : NULL;
}

static void
fill(struct sim_space *space, struct entry *entry, enum frame_kind kind)
{
	*entry = (struct entry){
		.frame = frame_take(kind),
		.present = true,
		.version = ++space->version,
	};
}

void
sim_map(struct sim_space *space, unsigned page, bool writable)
{
	struct entry *table = table_entry(space, page), *entry;

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
	entry->frame = frame_take(FRAME_DATA);
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
	struct entry *table = table_entry(space, page);
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
			frame_free(change->frame[i]);
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

/* ---- walks ---- */

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
	entry = table_entry(space, page);
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
	const struct entry *table = table_entry(entry->space, entry->page);
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
