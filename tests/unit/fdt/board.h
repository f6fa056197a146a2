/* SPDX-License-Identifier: BSD-2-Clause */
/* board.h: the device tree of a machine, and what both tests do with it. */
#ifndef XCPU_TESTS_FDT_BOARD_H
#define XCPU_TESTS_FDT_BOARD_H

#include <stdbool.h>

#include "fdt.h"
#include "tree.h"

#define BOARD_NODES	8

extern struct tree tree;

/* Three CPUs, one of them disabled; without the end of the root, and with it. */
void machine_begin(void);
const void *machine(void);

/* To the first node with that name. */
void find(struct fdt *fdt, const char *name);
/* Reads all there is, every byte; how many nodes it found. */
unsigned walk(void);
/* Whether the kernel, which ends there, could boot by this tree. */
struct boot_info;
bool boots(uint64_t image_end, struct boot_info *boot);

#endif /* XCPU_TESTS_FDT_BOARD_H */
