/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.h: the numbers that assembly, C and the linker script must agree on.
 *
 * Addresses.  One slot of the top table is 512 GiB; the kernel half is shared
 * by every space, slot by slot:
 *
 *	slot 256  all physical memory, at DIRECT_BASE + physical address
 *	slot 257  spare kernel addresses, for the workloads
 *	slot 258  the window: what ring 3 may reach in every space
 *	slot 511  the kernel image, where -mcmodel=kernel wants it
 */
#ifndef XCPU_KERNEL_X86_LAYOUT_H
#define XCPU_KERNEL_X86_LAYOUT_H

#define IMAGE_BASE	0xffffffff80000000
#define DIRECT_BASE	0xffff800000000000
#define SPARE_BASE	0xffff808000000000
#define WINDOW_BASE	0xffff810000000000

/*
 * Pages in the window: the code, and a list of accesses per CPU.  An emulated
 * TLB is indexed by the low bits of the page number, and may have as few as 64
 * entries: with the last two of 64 these keep clear of what ring 3 reads.
 */
#define WINDOW_CODE	(WINDOW_BASE + 62 * 4096)
#define WINDOW_LIST(n)	(WINDOW_BASE + ((n) * 64 + 63) * 4096)

/* What boot.S maps before C builds the real tables: 32 MiB, in 16 tables. */
#define BOOT_TABLES	16
#define BOOT_BYTES	(BOOT_TABLES << 21)

/* What a Multiboot2 loader looks for, what it leaves, and room for its say. */
#define MULTIBOOT2_HEADER	0xe85250d6
#define MULTIBOOT2_MAGIC	0x36d76289
#define MULTIBOOT2_BYTES	32768

/* Where a woken processor starts: a page below 1 MiB, in real mode. */
#define AP_BASE		0x8000

/* Selectors. */
#define KERNEL_CS	0x08
#define KERNEL_DS	0x10
#define USER_DS		0x1b
#define USER_CS		0x23
#define TSS_SEL		0x28

/* struct arch_cpu, which GS points to in the kernel. */
#define CPU_SELF	0
#define CPU_DOWNCALL	8	/* kernel RSP while ring 3 runs */
#define CPU_RSP0	20	/* tss.rsp[0] */

/* struct mach_access (work/machine.h). */
#define ACCESS_VA	0
#define ACCESS_VALUE	8
#define ACCESS_OP	16
#define ACCESS_FAULT	17
#define ACCESS_SIZE	24

/* Interrupt vectors; the higher, the more urgent. */
#define VEC_NMI		2
#define VEC_DOUBLE	8
#define VEC_GP		13
#define VEC_PF		14
#define VEC_TICK	0xe0
#define VEC_WAKE	0xe1	/* leaves HLT, nothing else */
#define VEC_IPI		0xf0	/* xcpu's */
#define VEC_SPURIOUS	0xff

#endif /* XCPU_KERNEL_X86_LAYOUT_H */
