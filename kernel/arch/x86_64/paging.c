/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paging.c: the kernel's half of every address space (layout.h has the map).
 *
 * All four slots of the top table are filled before the first space copies
 * them, so what is added later, below them, appears in every space at once.
 */
#include "x86.h"

extern char image_start[], image_rodata[], image_data[], image_end[];

static void
map_page(uint64_t root, uint64_t va, uint64_t pte)
{
	uint64_t *entry = page_entry(root, va, true);

	if (entry == NULL)
		panic("no memory for the kernel's own page tables");
	*entry = pte;
}

static void
map_image(uint64_t root, const char *from, const char *to, uint64_t rights)
{
	uint64_t va;

	for (va = (uint64_t)from; va < (uint64_t)to; va += MACH_PAGE_SIZE)
		map_page(root, va, (va - IMAGE_BASE) | rights | PTE_PRESENT |
		    PTE_USED | PTE_GLOBAL);
}

void
paging_init(uint64_t ram_start, uint64_t ram_end)
{
	uint64_t root = mach_frame_take(0);
	uint64_t phys;

	if (root == 0 || page_entry(root, SPARE_BASE, true) == NULL)
		panic("no memory for page tables");
	for (phys = ram_start; phys < ram_end; phys += MACH_PAGE_SIZE)
		map_page(root, DIRECT_BASE + phys,
		    pte_page(phys, true, false, true));
	map_image(root, image_start, image_rodata, 0);
	map_image(root, image_rodata, image_data, PTE_NX);
	map_image(root, image_data, image_end, PTE_NX | PTE_WRITE);
	map_page(root, WINDOW_CODE, ((uint64_t)window_start - IMAGE_BASE) |
	    PTE_PRESENT | PTE_USED | PTE_USER | PTE_GLOBAL);
	space_init_kernel(root);
	root_load(root);
}

/* Physical addresses that are not memory, at their place in the direct map. */
void *
paging_map_device(uint64_t phys, size_t len_bytes, bool cached)
{
	uint64_t page = phys & ~(MACH_PAGE_SIZE - 1);

	for (; page < phys + len_bytes; page += MACH_PAGE_SIZE)
		map_page(kernel_root, DIRECT_BASE + page,
		    pte_page(page, true, false, true) |
		    (cached ? 0 : PTE_UNCACHED));
	return phys_to_virt(phys);
}

/* The page that ring 3 may write on this CPU. */
void
paging_map_list(unsigned index, const void *page)
{
	map_page(kernel_root, WINDOW_LIST((uint64_t)index),
	    pte_page(virt_to_phys(page), true, true, true));
}

/* Below a stack: running over its end becomes a fault. */
void
paging_unmap_guard(void *page)
{
	map_page(kernel_root, (uint64_t)page, 0);
	tlb_flush_page((uint64_t)page);
}

uint64_t
mach_kernel_base(void)
{
	return SPARE_BASE;
}
