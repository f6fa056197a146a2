/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.S: from what the loader leaves to C in the upper half.
 *
 * The first CPU enters at image_start, by the arm64 boot protocol of Linux: MMU
 * off, X0 is the physical address of the device tree.  The others enter at
 * ap_start, by PSCI, with X0 the physical address of their struct cpu.  Both turn
 * the MMU on by tables that map memory twice: to itself, for the next
 * instruction, and where the kernel is linked.
 *
 * These tables have 1 GiB blocks, and are gone once C has loaded its own.  One
 * such block in the real ones would make QEMU turn each TLBI into a full flush,
 * and a skipped shootdown could no longer be seen.
 */
#include "layout.h"

#define BOOT_STACK	16384
#define BLOCK_NORMAL	0x711		/* AF, inner shareable, block, index 0 */
#define BLOCK_DEVICE	0x405		/* AF, block, index 1 */

	.section .text.boot, "ax"
	/* The header by which loaders know a Linux image. */
	.globl	image_start
image_start:
	b	bsp_start
	.long	0
	.quad	IMAGE_OFFSET
	.quad	image_end - image_start
	.quad	2			/* little-endian, 4 KiB pages, low memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

/* Goes on at the linked address of `to`; destroys X9 to X11. */
	.macro	MMU_ON to
	adrp	x9, boot_top
	msr	ttbr0_el1, x9
	msr	ttbr1_el1, x9
	ldr	x9, =MAIR_EL1_BITS
	msr	mair_el1, x9
	ldr	x9, =TCR_EL1_BITS
	mrs	x10, id_aa64mmfr0_el1
	and	x11, x10, #7		/* physical addresses: up to 48 bits */
	cmp	x11, #5
	mov	x10, #5
	csel	x11, x11, x10, ls
	orr	x9, x9, x11, lsl #TCR_IPS_SHIFT
	mrs	x10, id_aa64mmfr0_el1
	tbz	x10, #5, 1f		/* ASIDBits: 0 or 2 */
	orr	x9, x9, #TCR_AS
1:	msr	tcr_el1, x9
	dsb	sy
	tlbi	vmalle1
	ic	iallu
	dsb	sy
	isb
	ldr	x9, =SCTLR_EL1_BITS
	ldr	x10, =\to
	msr	sctlr_el1, x9
	mov	x9, #ICC_SRE_BITS
	msr	S3_0_C12_C12_5, x9	/* ICC_SRE_EL1 */
	isb
	mov	x9, #MASK_IRQS
	msr	S3_0_C4_C6_0, x9	/* ICC_PMR_EL1 */
	br	x10
	.endm

bsp_start:
	msr	daifset, #15
	mov	x19, x0
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, image_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	MMU_ON	2f
2:	ldr	x0, =boot_stack + BOOT_STACK
	mov	sp, x0
	ldr	x0, =vectors
	msr	vbar_el1, x0
	mov	x0, x19
	mov	x29, xzr
	mov	x30, xzr
	bl	boot_main

	.globl	ap_start
ap_start:
	msr	daifset, #15
	mov	x19, x0
	MMU_ON	3f
3:	ldr	x0, =DIRECT_BASE
	add	x0, x0, x19
	ldr	x1, [x0, #CPU_STACK]
	mov	sp, x1
	ldr	x1, =vectors
	msr	vbar_el1, x1
	mov	x29, xzr
	mov	x30, xzr
	bl	ap_main
	.ltorg

	.data
	.balign	4096
boot_top:				/* slots 0 and 256: the same */
	.quad	boot_gibs - DIRECT_BASE + 3
	.fill	255, 8, 0
	.quad	boot_gibs - DIRECT_BASE + 3
	.fill	255, 8, 0
boot_gibs:
	.quad	BLOCK_DEVICE
	.set	gib, 1
	.rept	BOOT_GIB - 1
	.quad	(gib << 30) + BLOCK_NORMAL
	.set	gib, gib + 1
	.endr
	.fill	512 - BOOT_GIB, 8, 0

	.bss
	.balign	16
boot_stack:
	.skip	BOOT_STACK

	.section .note.GNU-stack, "", @progbits
