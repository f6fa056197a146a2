/* SPDX-License-Identifier: BSD-2-Clause */
/* arm.h: what the files of this folder share among themselves. */
#ifndef XCPU_KERNEL_ARM_H
#define XCPU_KERNEL_ARM_H

#include <gic.h>

#include "../../fdt.h"
#include "../../kernel.h"

/* gic.c: the interrupt controller, a GICv3 */
#define SGI_KICK	0	/* xcpu's */
#define SGI_WAKE	1	/* leaves WFI, nothing else */
#define SGI_NMI		2
#define PPI_TICK	27	/* the virtual timer's */
#define GIC_NOTHING	1023	/* there was no interrupt, or it is gone */
void gic_find(uint64_t fdt_phys);	/* once; knows all of cpus[] */
void gic_enable(struct cpu *cpu);	/* on every CPU */
uint32_t gic_take(void);		/* the interrupt; it is not pending now */
void gic_done(uint32_t interrupt);

/* clock.c */
void tick_again(void);			/* before the interrupt is done with */

/* paging.c */
void paging_load(void);			/* the kernel's root, on another CPU */
void paging_map_list(unsigned index, const void *page);

/* entry.S, access.S, boot.S */
void downcall(uint64_t pc, uint64_t list, uint64_t end);
extern char ap_start[], window_start[];
extern char user_loop[], user_load[], user_store[], user_fault[];
extern char kernel_load[], kernel_store[], kernel_fault[];
void kernel_loop(struct mach_access *list, struct mach_access *end);

#endif /* XCPU_KERNEL_ARM_H */
