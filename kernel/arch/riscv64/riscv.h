/* SPDX-License-Identifier: BSD-2-Clause */
/* riscv.h: what the files of this folder share among themselves. */
#ifndef XCPU_KERNEL_RISCV_H
#define XCPU_KERNEL_RISCV_H

#include "../../kernel.h"

/* Bits of sie and sip, and the causes of these interrupts. */
#define IRQ_SOFTWARE	1
#define IRQ_TIMER	5
#define IRQ_COUNTER	13		/* of Sscofpmf; nobody counts: see clock.c */
#define CAUSE_INTERRUPT	(UINT64_C(1) << 63)

/* devices.c: what the device tree says; addresses are physical, 0: none. */
struct devices {
	uint64_t console, exit;
	uint64_t clock_hz;		/* of the time CSR */
	bool sstc, svinval, sscofpmf;	/* on every hart */
};
extern struct devices devices;
void devices_find(uint64_t fdt_phys);
/* SETSSIP of a hart; 0: there is no SSWI device for it. */
uint64_t devices_sswi(uint64_t hart);

/* paging.c */
void paging_map_list(unsigned index, const void *page);
extern uint64_t kernel_satp;

/* kick.c */
void software_interrupt(void);

/* clock.c */
void timer_interrupt(void);

/* entry.S, access.S, boot.S */
void downcall(uint64_t pc, uint64_t list, uint64_t end);
extern char trap_entry[], ap_start[];
extern char window_start[];
extern char user_loop[], user_load[], user_store[], user_fault[];
extern char kernel_load[], kernel_store[], kernel_fault[];
void kernel_loop(struct mach_access *list, struct mach_access *end);

#endif /* XCPU_KERNEL_RISCV_H */
