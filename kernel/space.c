/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.c: address spaces: a tree of page tables each, whose upper half is the
 * kernel's and shared by all.  Nothing here flushes anything.
 *
 * A walk needs no lock: a table, once linked, stays until its space is freed, or
 * until mach_table_unlink(), whose caller sees to it that nobody is there.  The
 * lock is for two CPUs that both find a table missing.  An entry is exchanged
 * whole: another CPU's table walker sees the old page or the new one.
 */
#include "kernel.h"

#define HALF_ENTRIES	(PT_ENTRIES / 2)

struct mach_space {
	struct xcpu_space xcpu;
	uint64_t root;
	struct mach_space *next_free;
};

uint64_t kernel_root;

static struct mach_space kernel_space;
static struct mach_space *free_spaces;
static struct spinlock tables_lock;

static uint64_t
entry_read(uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_ACQUIRE);
}

/* Links a new table at entry, unless another CPU came first. */
static bool
table_link(uint64_t *entry)
{
	uint64_t frame = mach_frame_take(0);
	unsigned long state;

	if (frame == 0)
		return false;
	state = spin_lock(&tables_lock);
	if (!(*entry & PTE_PRESENT)) {
		__atomic_store_n(entry, pte_table(frame), __ATOMIC_RELEASE);
		frame = 0;
	}
	spin_unlock(&tables_lock, state);
	if (frame != 0)
		mach_frame_free(frame);
	return true;
}

/* The entry of va at a level; NULL: no table there, or no memory to make it. */
static uint64_t *
entry_at(uint64_t root, uint64_t va, unsigned last, bool make)
{
	uint64_t *table = phys_to_virt(root);
	unsigned level;

	for (level = PT_LEVELS - 1; level > last; level--) {
		uint64_t *entry = &table[pt_index(va, level)];

		if (!(entry_read(entry) & PTE_PRESENT) &&
		    (!make || !table_link(entry)))
			return NULL;
		table = phys_to_virt(pte_frame(entry_read(entry)));
	}
	return &table[pt_index(va, last)];
}

uint64_t *
page_entry(uint64_t root, uint64_t va, bool make)
{
	return entry_at(root, va, 0, make);
}

void
space_init_kernel(uint64_t root)
{
	kernel_root = root;
	kernel_space.root = root;
}

struct mach_space *
mach_space_kernel(void)
{
	return &kernel_space;
}

/* The kernel's is xcpu's own: every CPU has it loaded. */
struct xcpu_space *
mach_space_xcpu(struct mach_space *space)
{
	return space == &kernel_space ? xcpu_space_kernel() : &space->xcpu;
}

uint64_t
space_root(const struct mach_space *space)
{
	return space->root;
}

static struct mach_space *
space_struct(void)
{
	unsigned long state = spin_lock(&tables_lock);
	struct mach_space *space = free_spaces;

	if (space != NULL)
		free_spaces = space->next_free;
	spin_unlock(&tables_lock, state);
	return space != NULL ? space : mach_alloc(sizeof(*space));
}

static void
space_struct_free(struct mach_space *space)
{
	unsigned long state = spin_lock(&tables_lock);

	space->next_free = free_spaces;
	free_spaces = space;
	spin_unlock(&tables_lock, state);
}

struct mach_space *
mach_space_new(void)
{
	struct mach_space *space = space_struct();
	uint64_t *kernel = phys_to_virt(kernel_root);
	uint64_t *table;

	if (space == NULL)
		return NULL;
	space->root = mach_frame_take(0);
	if (space->root == 0) {
		space_struct_free(space);
		return NULL;
	}
	/* The kernel's half was filled for good by paging_init(). */
	table = phys_to_virt(space->root);
	memcpy(&table[HALF_ENTRIES], &kernel[HALF_ENTRIES],
	    HALF_ENTRIES * sizeof(table[0]));
	xcpu_space_init(&space->xcpu, space);
	return space;
}

/* Frees the tables below the first n entries of a table, then the table. */
static void
table_free(uint64_t frame, unsigned level, unsigned n)
{
	uint64_t *table = phys_to_virt(frame);
	unsigned i;

	/* recursion is bounded by PT_LEVELS */
	for (i = 0; level > 0 && i < n; i++) {
		if (table[i] & PTE_PRESENT)
			table_free(pte_frame(table[i]), level - 1, PT_ENTRIES);
	}
	mach_frame_free(frame);
}

void
mach_space_free(struct mach_space *space)
{
	if (xcpu_space_destroy(&space->xcpu) != 0)
		panic("a space is freed while a CPU has it loaded");
	table_free(space->root, PT_LEVELS - 1, HALF_ENTRIES);
	space_struct_free(space);
}

static uint64_t
page_make(const struct mach_space *space, mach_frame frame, unsigned rights)
{
	return pte_page(frame, rights & MACH_WRITE, rights & MACH_USER,
	    space == &kernel_space);
}

int
mach_map(struct mach_space *space, uint64_t va, mach_frame frame,
    unsigned rights)
{
	uint64_t *entry = page_entry(space->root, va, true);

	if (entry == NULL)
		return -XCPU_EAGAIN;
	__atomic_store_n(entry, page_make(space, frame, rights),
	    __ATOMIC_RELEASE);
	return 0;
}

mach_frame
mach_lookup(struct mach_space *space, uint64_t va, unsigned *rights)
{
	uint64_t *entry = page_entry(space->root, va, false);
	uint64_t page = entry != NULL ? entry_read(entry) : 0;

	if (!(page & PTE_PRESENT))
		page = 0;
	if (rights != NULL)
		*rights = (pte_is_writable(page) ? MACH_WRITE : 0) |
		    (pte_is_user(page) ? MACH_USER : 0);
	return pte_frame(page);
}

mach_frame
mach_unmap(struct mach_space *space, uint64_t va)
{
	uint64_t *entry = page_entry(space->root, va, false);

	if (entry == NULL)
		return 0;
	return pte_frame(__atomic_exchange_n(entry, 0, __ATOMIC_ACQ_REL));
}

mach_frame
mach_table_unlink(struct mach_space *space, uint64_t va)
{
	uint64_t *entry = entry_at(space->root, va, 1, false);

	if (entry == NULL)
		return 0;
	return pte_frame(__atomic_exchange_n(entry, 0, __ATOMIC_ACQ_REL));
}

void
mach_protect(struct mach_space *space, uint64_t va, unsigned rights)
{
	mach_frame frame = mach_lookup(space, va, NULL);

	if (frame != 0)
		mach_map(space, va, frame, rights);
}

/* The kernel's pages are in every space, so in none as well. */
void
mach_switch(struct mach_space *space)
{
	bool none = space == NULL || space == &kernel_space;
	int error = xcpu_space_switch(none ? NULL : &space->xcpu);

	if (error != 0)
		panic("xcpu_space_switch: %s", xcpu_strerror(error));
}
