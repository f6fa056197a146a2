/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paging.c: the kernel's half of every address space (layout.h has the map).
 *
 * All slots of the top table are filled before the first space copies them, so
 * what is added later, below them, appears in every space at once.
 */
#include <xcpu/port.h>

#include "riscv.h"

#define SLOT_BYTES	(UINT64_C(1) << 30)

extern char image_start[], image_rodata[], image_data[], image_end[];

uint64_t kernel_satp;			/* read by boot.S */

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
		map_page(root, va, pte_number(va - IMAGE_BASE) | rights |
		    PTE_PRESENT | PTE_READ | PTE_USED | PTE_GLOBAL);
}

static void
map_device(uint64_t root, uint64_t phys)
{
	phys &= ~(MACH_PAGE_SIZE - 1);
	if (phys != 0)
		map_page(root, DIRECT_BASE + phys,
		    pte_page(phys, true, false, true));
}

static void
fill_slots(uint64_t root)
{
	uint64_t slot;

	for (slot = 0; slot < DIRECT_SLOTS; slot++) {
		if (page_entry(root, DIRECT_BASE + slot * SLOT_BYTES, true) ==
		    NULL)
			panic("no memory for page tables");
	}
	if (page_entry(root, SPARE_BASE, true) == NULL)
		panic("no memory for page tables");
}

void
paging_init(uint64_t ram_start, uint64_t ram_end)
{
	uint64_t root = mach_frame_take(0);
	uint64_t phys;

	if (root == 0)
		panic("no memory for page tables");
	fill_slots(root);
	for (phys = ram_start; phys < ram_end; phys += MACH_PAGE_SIZE)
		map_page(root, DIRECT_BASE + phys,
		    pte_page(phys, true, false, true));
	map_device(root, devices.console);
	map_device(root, devices.exit);
	map_image(root, image_start, image_rodata, PTE_EXEC);
	map_image(root, image_rodata, image_data, 0);
	map_image(root, image_data, image_end, PTE_WRITE);
	map_page(root, WINDOW_CODE,
	    pte_number((uint64_t)window_start - IMAGE_BASE) | PTE_PRESENT |
	    PTE_READ | PTE_EXEC | PTE_USED | PTE_USER | PTE_GLOBAL);
	space_init_kernel(root);
	kernel_satp = satp_of(root, 0);
	root_load(root, 0, false);
	tlb_flush_all();
}

/*
 * Physical addresses that are not memory, at their place in the direct map; how
 * they are cached, the machine knows (its physical memory attributes).
 */
void *
paging_map_device(uint64_t phys, size_t len_bytes, bool cached)
{
	uint64_t page = phys & ~(MACH_PAGE_SIZE - 1);

	(void)cached;
	for (; page < phys + len_bytes; page += MACH_PAGE_SIZE)
		map_device(kernel_root, page);
	xcpu_riscv_sfence_all();
	return phys_to_virt(phys);
}

/* The bits that stay set: a hart has 0 to 16, all the same or we take few. */
unsigned
asids_count(void)
{
	uint64_t satp = kernel_satp | (uint64_t)UINT16_MAX << SATP_ASID;
	uint64_t kept;

	__asm__ volatile("csrw satp, %1; csrr %0, satp; csrw satp, %2"
	    : "=&r"(kept) : "r"(satp), "r"(kernel_satp) : "memory");
	return (unsigned)(kept >> SATP_ASID & UINT16_MAX) + 1;
}

void
tlb_flush(const struct xcpu_flush *request, unsigned asid)
{
	xcpu_riscv_tlb_flush(request, asid);
}

void
tlb_remote(const struct xcpu_flush *request, unsigned asid,
    struct xcpu_cpuset *todo)
{
	xcpu_riscv_tlb_remote(request, asid, todo);
}

/* The page that U-mode may write on this CPU. */
void
paging_map_list(unsigned index, const void *page)
{
	map_page(kernel_root, WINDOW_LIST((uint64_t)index),
	    pte_page(virt_to_phys(page), true, true, true));
	/* That there was nothing may be cached, too. */
	tlb_flush_page(WINDOW_LIST((uint64_t)index));
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
