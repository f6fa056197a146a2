/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paging.c: the kernel's half of every address space (layout.h has the map), and
 * the registers that point to page tables.
 *
 * TTBR1 is the kernel's root for good.  The roots of spaces have its half too,
 * by space.c, and it is never looked at there.
 */
#include <xcpu/port.h>

#include "arm.h"

#define ASID_SHIFT	48
#define ASIDS_16_BITS	0x20	/* of ID_AA64MMFR0_EL1 */

extern char image_start[], image_rodata[], image_data[], image_end[];

static void
map_page(uint64_t root, uint64_t va, uint64_t pte)
{
	uint64_t *entry = page_entry(root, va, true);

	if (entry == NULL)
		panic("no memory for the kernel's own page tables");
	*entry = pte;
}

/* What memory is mapped as, which is by what is there of the image. */
static uint64_t
pte_of(uint64_t phys)
{
	uint64_t va = (uint64_t)phys_to_virt(phys);
	uint64_t data = pte_page(phys, true, false, true);

	if (va < (uint64_t)image_start || va >= (uint64_t)image_data)
		return data;
	data |= PTE_READ_ONLY;
	return va < (uint64_t)image_rodata ? data & ~PTE_PXN : data;
}

/* All is built before anybody walks it. */
void
paging_init(uint64_t ram_start, uint64_t ram_end)
{
	uint64_t root = mach_frame_take(0);
	uint64_t phys;

	if (root == 0 || page_entry(root, SPARE_BASE, true) == NULL)
		panic("no memory for page tables");
	for (phys = ram_start; phys < ram_end; phys += MACH_PAGE_SIZE)
		map_page(root, DIRECT_BASE + phys, pte_of(phys));
	map_page(root, DIRECT_BASE + UART_BASE,
	    pte_page(UART_BASE, true, false, true) | PTE_DEVICE);
	map_page(root, WINDOW_CODE,
	    (pte_page(virt_to_phys(window_start), false, true, true)) &
	    ~PTE_UXN);
	space_init_kernel(root);
	paging_load();
}

/* From boot.S's tables to the kernel's: not a block of them may stay cached. */
void
paging_load(void)
{
	xcpu_port_pte_publish();
	XCPU_ARM_WRITE("ttbr0_el1", kernel_root);
	XCPU_ARM_WRITE("ttbr1_el1", kernel_root);
	xcpu_arm_isb();
	tlb_flush_all();
}

/* Physical addresses that are not memory, at their place in the direct map. */
void *
paging_map_device(uint64_t phys, size_t len_bytes, bool cached)
{
	uint64_t page = phys & ~(MACH_PAGE_SIZE - 1);

	for (; page < phys + len_bytes; page += MACH_PAGE_SIZE)
		map_page(kernel_root, DIRECT_BASE + page,
		    pte_page(page, true, false, true) |
		    (cached ? 0 : PTE_DEVICE));
	xcpu_port_pte_publish();
	xcpu_arm_isb();
	return phys_to_virt(phys);
}

/* The page that user mode may write on this CPU. */
void
paging_map_list(unsigned index, const void *page)
{
	map_page(kernel_root, WINDOW_LIST((uint64_t)index),
	    pte_page(virt_to_phys(page), true, true, true));
	xcpu_port_pte_publish();
}

/* Below a stack, before others run: running over its end becomes a fault. */
void
paging_unmap_guard(void *page)
{
	map_page(kernel_root, (uint64_t)page, 0);
	xcpu_port_pte_publish();
	tlb_flush_all();
}

unsigned
asids_count(void)
{
	uint64_t features = XCPU_ARM_READ("id_aa64mmfr0_el1");

	return features & ASIDS_16_BITS ? 65536 : 256;
}

/*
 * Through the kernel's root, which has nothing for user addresses: what is
 * forgotten in between cannot come back by a walk of the old root or the new.
 */
void
root_load(uint64_t root, unsigned asid, bool flush)
{
	if (flush) {
		XCPU_ARM_WRITE("ttbr0_el1", kernel_root);
		xcpu_arm_isb();
		xcpu_arm_tlb_flush_asid(asid);
	}
	XCPU_ARM_WRITE("ttbr0_el1", (uint64_t)asid << ASID_SHIFT | root);
	xcpu_arm_isb();
}

uint64_t
mach_kernel_base(void)
{
	return SPARE_BASE;
}
