/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.h: the numbers that assembly, C and the linker script must agree on.
 *
 * Addresses, by Sv39: one slot of the top table is 1 GiB; the kernel half is
 * shared by every space, slot by slot:
 *
 *	slot 256  all physical memory, at DIRECT_BASE + physical address, 64 GiB
 *	slot 320  spare kernel addresses, for the workloads
 *	slot 336  the window: what U-mode may reach in every space
 *	slot 510  the kernel image, whose code is linked for the top 2 GiB
 */
#ifndef XCPU_KERNEL_RISCV_LAYOUT_H
#define XCPU_KERNEL_RISCV_LAYOUT_H

#define IMAGE_BASE	0xffffffff00000000
#define DIRECT_BASE	0xffffffc000000000
#define DIRECT_SLOTS	64
#define SPARE_BASE	0xffffffd000000000
#define WINDOW_BASE	0xffffffd400000000

/*
 * Pages in the window: the code, and a list of accesses per CPU.  An emulated
 * TLB is indexed by the low bits of the page number, and may have as few as 64
 * entries: with the last two of 64 these keep clear of what U-mode reads.
 */
#define WINDOW_CODE	(WINDOW_BASE + 62 * 4096)
#define WINDOW_LIST(n)	(WINDOW_BASE + ((n) * 64 + 63) * 4096)

/* What boot.S maps before C builds the real tables: pages of 1 GiB. */
#define BOOT_SLOTS	4
#define SATP_SV39	8		/* in the top four bits */
#define SATP_ASID	44		/* 16 bits from here */

/* Bits of sstatus, and causes. */
#define STATUS_SPIE	0x20
#define STATUS_SPP	0x100
#define STATUS_SUM	0x40000
#define CAUSE_USER_ECALL 8

/* struct arch_cpu, which TP points to in the kernel. */
#define CPU_DOWNCALL	0	/* kernel SP while U-mode runs */
#define CPU_STACK_LOW	8	/* below it there is no room for a trap */
#define CPU_OWN_STACK	16	/* for a trap that finds no room */
#define CPU_SCRATCH	24
#define CPU_FIRST_STACK	32

/* struct trap_frame: x1 to x31, then what the CSRs said. */
#define FRAME_X(n)	(((n) - 1) * 8)
#define FRAME_PC	248
#define FRAME_STATUS	256
#define FRAME_CAUSE	264
#define FRAME_VALUE	272
#define FRAME_SIZE	288	/* SP is a multiple of 16 */

/* struct mach_access (work/machine.h). */
#define ACCESS_VA	0
#define ACCESS_VALUE	8
#define ACCESS_OP	16
#define ACCESS_FAULT	17
#define ACCESS_SIZE	24

#endif /* XCPU_KERNEL_RISCV_LAYOUT_H */
