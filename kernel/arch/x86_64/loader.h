/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loader.h: what a loader's file gets from its own tables, and where to.
 *
 * Physical addresses are reached by phys_to_virt() up to BOOT_BYTES only: the
 * tables that map the rest have yet to be built.
 */
#ifndef XCPU_KERNEL_X86_LOADER_H
#define XCPU_KERNEL_X86_LOADER_H

#include "x86.h"

/* loader.c */
void loader_memory(struct boot_info *boot, uint64_t start, uint64_t len_bytes);

/* pvh.c, multiboot2.c */
void pvh_read(uint64_t start_info, struct boot_info *boot);
void multiboot2_read(struct boot_info *boot);

#endif /* XCPU_KERNEL_X86_LOADER_H */
