/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.h: the numbers that assembly, C and the linker script must agree on.
 *
 * Addresses.  User addresses, below 2^47, are translated by TTBR0, the kernel's
 * by TTBR1.  Both point to tables of one shape, the lower half of which is for
 * the former and the upper half for the latter.  One slot of the top table is
 * 512 GiB:
 *
 *	slot 256  all physical memory, at DIRECT_BASE + physical address; the
 *		  kernel image is where it was loaded
 *	slot 257  spare kernel addresses, for the workloads
 *	slot 258  the window: what user mode may reach in every space
 */
#ifndef XCPU_KERNEL_ARM_LAYOUT_H
#define XCPU_KERNEL_ARM_LAYOUT_H

#define DIRECT_BASE	0xffff800000000000
#define SPARE_BASE	0xffff808000000000
#define WINDOW_BASE	0xffff810000000000

/* Where the loader puts the image: the start of memory, and IMAGE_OFFSET. */
#define RAM_BASE	0x40000000
#define IMAGE_OFFSET	0x200000

/* What boot.S maps before C builds the real tables: memory up to here. */
#define BOOT_GIB	8

/*
 * Pages in the window: the code, and a list of accesses per CPU.  An emulated
 * TLB is indexed by the low bits of the page number, and may have as few as 64
 * entries: with the last two of 64 these keep clear of what user mode reads.
 */
#define WINDOW_CODE	(WINDOW_BASE + 62 * 4096)
#define WINDOW_LIST(n)	(WINDOW_BASE + ((n) * 64 + 63) * 4096)

/* Where devices are. */
#define UART_BASE	0x09000000	/* PL011 */

/* struct arch_cpu. */
#define CPU_STACK	8

/* struct trap_frame. */
#define FRAME_SIZE	288
#define FRAME_X30	240
#define FRAME_PC	248
#define FRAME_PSTATE	256
#define FRAME_MASK	264		/* of interrupts, by priority */
#define FRAME_SP	272

/* What trap() is told: where it came from, and how. */
#define TRAP_SYNC	0
#define TRAP_IRQ	1
#define TRAP_FIQ	2
#define TRAP_ERROR	3
#define TRAP_KERNEL	4		/* added: from EL1, on its own stack */
#define TRAP_USER	8		/* added: from EL0 */

/* struct mach_access (work/machine.h). */
#define ACCESS_VA	0
#define ACCESS_VALUE	8
#define ACCESS_OP	16
#define ACCESS_FAULT	17
#define ACCESS_SIZE	24

/* System registers, by field. */
#define PSTATE_EL0	0x000		/* and nothing is masked */
#define ESR_CLASS_SHIFT	26
#define CLASS_SVC	0x15
#define CLASS_ABORT_EL0	0x24		/* of data */
#define CLASS_ABORT_EL1	0x25
#define ICC_SRE_BITS	0x7		/* the controller by system registers */
#define MASK_OPEN	0xf0		/* as XCPU_ARM_MASK_OPEN, */
#define MASK_IRQS	0x80		/* and XCPU_ARM_MASK_IRQS */

/* T0SZ 17, T1SZ 16, 4 KiB pages, walks cached and shared; IPS is added. */
#define TCR_EL1_BITS	0xb5103511
#define TCR_IPS_SHIFT	32
#define TCR_AS		(1 << 36)	/* 16-bit ASIDs */
/* Index 0: memory, write-back; 1: device, nGnRE. */
#define MAIR_EL1_BITS	0x04ff
/* MMU, caches, stack alignment; PAN is left alone on entry; bits that are 1. */
#define SCTLR_EL1_BITS	0x30d0181d

#endif /* XCPU_KERNEL_ARM_LAYOUT_H */
