/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmu.h: between the page tables (mmu.c) and what caches them (tlb.c).
 */
#ifndef XCPU_LINUX_MMU_H
#define XCPU_LINUX_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/asid.h>
#include <xcpu/xcpu.h>

#include "machine.h"

/* An entry of a page table: as on x86_64, as far as it goes. */
#define PTE_PRESENT	UINT64_C(1)
#define PTE_WRITE	UINT64_C(2)
#define PTE_USER	UINT64_C(4)
#define PTE_FRAME	UINT64_C(0x000ffffffffff000)

struct mach_space {
	struct xcpu_space tlb;		/* of the kernel: unused, see xcpu */
	struct xcpu_space *xcpu;
	struct xcpu_asid asid;
	mach_frame root;
	struct mach_space *next_free;
};

bool mmu_is_kernel(uint64_t va);
/* asid.c */
bool host_asids_init(void);
void host_asid_new(struct mach_space *space);
void host_asid_load(struct mach_space *next, struct xcpu_asid_load *load);
/* Under which tag; false: nothing is to be done. */
bool host_asid_flush(const struct xcpu_flush *request, unsigned *tag);

/* The entry of va in a space (NULL: the kernel's half only); 0: none. */
uint64_t mmu_walk(const struct mach_space *space, uint64_t va);

#endif /* XCPU_LINUX_MMU_H */
