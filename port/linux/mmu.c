/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmu.c: page tables, and accesses through them.  The TLB is tlb.c.
 *
 * A space is a tree of tables in frames, as on x86_64: four levels of 512
 * entries.  Addresses with bit 63 set are the kernel's and are walked from its
 * own root.  A walk takes no lock: a table, once linked, stays until its space
 * is freed, or until mach_table_unlink(), whose caller sees to it that nobody is
 * there.  The lock is for two CPUs that both find a table missing.
 *
 * Walks are relaxed loads, each depending on the one before: all the order that
 * a real table walker has.
 */
#include "host.h"
#include "mmu.h"

#define PT_LEVELS	4
#define PT_BITS		9
#define PT_ENTRIES	(1u << PT_BITS)
#define KERNEL_HALF	UINT64_C(0x8000000000000000)
#define KERNEL_BASE	UINT64_C(0xffff900000000000)

static struct mach_space kernel_space;
static struct mach_space *free_spaces;
static uint32_t tables_lock;

/* ---- tables ---- */

static uint64_t
entry_read(const uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

static unsigned
entry_index(uint64_t va, unsigned level)
{
	return (unsigned)(va >> (MACH_PAGE_SHIFT + level * PT_BITS)) %
	    PT_ENTRIES;
}

/* Links a new table at an entry, unless another CPU came first. */
static bool
table_link(uint64_t *entry)
{
	mach_frame frame = mach_frame_take(0);
	unsigned long state;

	if (frame == 0)
		return false;
	state = host_spin_lock(&tables_lock);
	if (!(entry_read(entry) & PTE_PRESENT)) {
		/* release: its zeroes are there before it */
		__atomic_store_n(entry, frame | PTE_PRESENT, __ATOMIC_RELEASE);
		frame = 0;
	}
	host_spin_unlock(&tables_lock, state);
	if (frame != 0)
		mach_frame_free(frame);
	return true;
}

/*
 * The table in a frame.  A walker may stand in a tree whose tables were freed
 * too early, and read what their next owner wrote.
 */
static uint64_t *
table_words(mach_frame frame, uint64_t va)
{
	uint64_t *table = host_frame_words(frame);

	if (table == NULL)
		host_panic("REPORT stale read: the walk for %#lx met a page "
		    "table that was freed", (unsigned long)va);
	return table;
}

/* The entry of va at a level; NULL: no table there, or no memory to make it. */
static uint64_t *
entry_at(const struct mach_space *space, uint64_t va, unsigned last, bool make)
{
	uint64_t *table = table_words(space->root, va);

	for (unsigned level = PT_LEVELS - 1; level > last; level--) {
		uint64_t *entry = &table[entry_index(va, level)];

		if (!(entry_read(entry) & PTE_PRESENT) &&
		    (!make || !table_link(entry)))
			return NULL;
		table = table_words(entry_read(entry) & PTE_FRAME, va);
	}
	return &table[entry_index(va, last)];
}

static uint64_t *
page_entry(const struct mach_space *space, uint64_t va, bool make)
{
	return entry_at(space, va, 0, make);
}

uint64_t
mmu_walk(const struct mach_space *space, uint64_t va)
{
	const uint64_t *entry;

	if (va & KERNEL_HALF)
		space = &kernel_space;
	if (space == NULL)
		return 0;
	entry = page_entry(space, va, false);
	return entry != NULL ? entry_read(entry) : 0;
}

bool
mmu_is_kernel(uint64_t va)
{
	return (va & KERNEL_HALF) != 0;
}

/* ---- spaces ---- */

bool
host_mmu_init(void)
{
	kernel_space.xcpu = &host.domain.kernel;
	kernel_space.root = mach_frame_take(0);
	return kernel_space.root != 0 && host_asids_init();
}

uint64_t
mach_kernel_base(void)
{
	return KERNEL_BASE;
}

unsigned
mach_user_bits(void)
{
	return 47;
}

struct mach_space *
mach_space_kernel(void)
{
	return &kernel_space;
}

struct xcpu_space *
mach_space_xcpu(struct mach_space *space)
{
	return space->xcpu;
}

static struct mach_space *
space_struct(void)
{
	unsigned long state = host_spin_lock(&tables_lock);
	struct mach_space *space = free_spaces;

	if (space != NULL)
		free_spaces = space->next_free;
	host_spin_unlock(&tables_lock, state);
	return space != NULL ? space : mach_alloc(sizeof(*space));
}

static void
space_struct_free(struct mach_space *space)
{
	unsigned long state = host_spin_lock(&tables_lock);

	space->next_free = free_spaces;
	free_spaces = space;
	host_spin_unlock(&tables_lock, state);
}

struct mach_space *
mach_space_new(void)
{
	struct mach_space *space = space_struct();

	if (space == NULL)
		return NULL;
	space->root = mach_frame_take(0);
	if (space->root == 0) {
		space_struct_free(space);
		return NULL;
	}
	space->xcpu = &space->tlb;
	xcpu_space_init(space->xcpu, space);
	host_asid_new(space);
	return space;
}

/* Recursion is bounded by PT_LEVELS. */
static void
table_free(mach_frame frame, unsigned level)
{
	const uint64_t *table = host_frame_words(frame);

	for (unsigned i = 0; level > 0 && i < PT_ENTRIES; i++) {
		uint64_t entry = entry_read(&table[i]);

		if (entry & PTE_PRESENT)
			table_free(entry & PTE_FRAME, level - 1);
	}
	mach_frame_free(frame);
}

void
mach_space_free(struct mach_space *space)
{
	int error = xcpu_space_destroy(space->xcpu);

	if (error != 0)
		host_panic("mach_space_free(): the space is loaded: %s",
		    xcpu_strerror(error));
	table_free(space->root, PT_LEVELS - 1);
	space_struct_free(space);
}

void
mach_switch(struct mach_space *space)
{
	unsigned long state = xcpu_port_irq_save();
	int error = xcpu_space_switch(space != NULL ? space->xcpu : NULL);

	if (error != 0)
		host_panic("mach_switch(): %s", xcpu_strerror(error));
	xcpu_port_irq_restore(state);
}

/* ---- pages ---- */

static uint64_t
pte_make(mach_frame frame, unsigned rights)
{
	return frame | PTE_PRESENT | (rights & MACH_WRITE ? PTE_WRITE : 0) |
	    (rights & MACH_USER ? PTE_USER : 0);
}

int
mach_map(struct mach_space *space, uint64_t va, mach_frame frame,
    unsigned rights)
{
	uint64_t *entry = page_entry(space, va, true);

	if (entry == NULL)
		return -XCPU_EAGAIN;
	/* release: the frame was filled before it can be found */
	__atomic_store_n(entry, pte_make(frame, rights), __ATOMIC_RELEASE);
	return 0;
}

mach_frame
mach_lookup(struct mach_space *space, uint64_t va, unsigned *rights)
{
	const uint64_t *entry = page_entry(space, va, false);
	uint64_t pte = entry != NULL ? entry_read(entry) : 0;

	if (!(pte & PTE_PRESENT))
		pte = 0;
	if (rights != NULL)
		*rights = (pte & PTE_WRITE ? MACH_WRITE : 0) |
		    (pte & PTE_USER ? MACH_USER : 0);
	return pte & PTE_FRAME;
}

mach_frame
mach_unmap(struct mach_space *space, uint64_t va)
{
	uint64_t *entry = page_entry(space, va, false);

	if (entry == NULL)
		return 0;
	return __atomic_exchange_n(entry, 0, __ATOMIC_RELAXED) & PTE_FRAME;
}

mach_frame
mach_table_unlink(struct mach_space *space, uint64_t va)
{
	uint64_t *entry = entry_at(space, va, 1, false);

	if (entry == NULL)
		return 0;
	return __atomic_exchange_n(entry, 0, __ATOMIC_RELAXED) & PTE_FRAME;
}

void
mach_protect(struct mach_space *space, uint64_t va, unsigned rights)
{
	mach_frame frame = mach_lookup(space, va, NULL);

	if (frame != 0)
		mach_map(space, va, frame, rights);
}
