/* SPDX-License-Identifier: 0BSD */
/* memory.c: pages, and the vaults that they are put into. */
#include "minnow.h"

#define MEMORY_END	(UINT64_C(120) << 20)	/* of a machine with 128 MiB */
#define PRESENT		UINT64_C(1)
#define WRITABLE	UINT64_C(2)
#define GLOBAL		UINT64_C(0x100)
#define ADDRESS		UINT64_C(0x000ffffffffff000)

extern uint64_t boot_root[512];
extern char image_end[];

static struct gate gate;		/* of the pages, and of all tables */
static uint64_t taken;

uint64_t
page_take(void)
{
	uint64_t page = __atomic_fetch_add(&taken, PAGE_BYTES,
	    __ATOMIC_RELAXED) + (uint64_t)image_end;

	if (page >= MEMORY_END)
		return 0;
	memset((void *)page, 0, PAGE_BYTES);
	return page;
}

/* The common half hangs below a table that all vaults share. */
static uint64_t *
common_upper(void)
{
	uint64_t *entry = &boot_root[COMMON_BASE >> 39 & 511];

	if (*entry == 0)
		*entry = page_take() | PRESENT | WRITABLE;
	return entry;
}

struct vault *
vault_make(void)
{
	struct vault *vault = (struct vault *)page_take();

	gate_enter(&gate);
	if (vault != NULL)
		vault->root = (uint64_t *)page_take();
	if (vault != NULL && vault->root != NULL) {
		vault->root[0] = boot_root[0];
		vault->root[COMMON_BASE >> 39 & 511] = *common_upper();
	}
	gate_leave(&gate);
	return vault != NULL && vault->root != NULL ? vault : NULL;
}

void
vault_enter(const struct vault *vault)
{
	uint64_t *root = vault != NULL ? vault->root : boot_root;

	__asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
}

/* The entry of an address; NULL: a table was lacking, and there is no memory. */
static uint64_t *
find(uint64_t *table, uint64_t va)
{
	for (unsigned shift = 39; shift > 12; shift -= 9) {
		uint64_t *entry = &table[va >> shift & 511];

		if (*entry == 0) {
			uint64_t page = page_take();

			if (page == 0)
				return NULL;
			*entry = page | PRESENT | WRITABLE;
		}
		table = (uint64_t *)(*entry & ADDRESS);
	}
	return &table[va >> 12 & 511];
}

bool
vault_put(const struct vault *vault, uint64_t va, uint64_t page)
{
	uint64_t *entry, flags = PRESENT | WRITABLE;

	gate_enter(&gate);
	(void)common_upper();
	entry = find(vault != NULL ? vault->root : boot_root, va);
	if (va >= COMMON_BASE)
		flags |= GLOBAL;
	if (entry != NULL)
		__atomic_store_n(entry, page != 0 ? page | flags : 0,
		    __ATOMIC_RELAXED);
	gate_leave(&gate);
	return entry != NULL;
}

bool
peek(uint64_t va, uint64_t *word)
{
	uint64_t value, there = 0;

	/* A page fault at peek_load goes on at peek_failed. */
	__asm__ volatile(".globl peek_load, peek_failed\n"
	    "peek_load: mov (%2), %0\n"
	    "	mov $1, %k1\n"
	    "peek_failed:"
	    : "=&r"(value), "+&r"(there) : "r"(va) : "memory");
	if (there != 0)
		*word = value;
	return there != 0;
}

void
forget(uint64_t va, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES)
		__asm__ volatile("invlpg (%0)" : : "r"(va + at) : "memory");
}

void
forget_all(bool common)
{
	uint64_t root, features;

	if (!common) {
		__asm__ volatile("mov %%cr3, %0; mov %0, %%cr3"
		    : "=r"(root) : : "memory");
		return;
	}
	/* Global pages go when the bit that allows them does. */
	__asm__ volatile("mov %%cr4, %0" : "=r"(features));
	__asm__ volatile("mov %0, %%cr4" : : "r"(features ^ 0x80) : "memory");
	__asm__ volatile("mov %0, %%cr4" : : "r"(features) : "memory");
}
