/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.S: from what the loader leaves to C in long mode.
 *
 * The first CPU enters at loader_entry, in flat 32-bit protected mode without
 * paging, with the physical address of what the loader says in EBX: PVH's
 * start_info (QEMU's -kernel), or with a magic number in EAX Multiboot2's
 * information (GRUB).  The others enter at ap_start, in real mode, by a
 * start-up IPI.  Both meet in the macro LONG_MODE.
 *
 * Every page is 4 KiB, here already.  One 2 MiB page in either half would make
 * QEMU turn each INVLPG into a full flush, and a skipped shootdown could no
 * longer be seen.
 */
#include "layout.h"

#define PHYS(symbol)	((symbol) - IMAGE_BASE)

#define CR0_PE		(1 << 0)
#define CR0_WP		(1 << 16)
#define CR0_PG		(1 << 31)
#define CR4_PAE		(1 << 5)
#define CR4_PGE		(1 << 7)
#define MSR_EFER	0xc0000080
#define EFER_SCE	(1 << 0)
#define EFER_LME	(1 << 8)
#define EFER_NXE	(1 << 11)
#define PTE_PW		3		/* present, writable */

	/* "Xen", 18: a 64-bit ELF with this note boots by qemu -kernel. */
	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 8, 18
	.asciz	"Xen"
	.quad	PHYS(loader_entry)

	/* Within the first 32 KiB of the file; no tags: the ELF says the rest. */
	.section .multiboot2, "a"
	.balign	8
multiboot2_header:
	.long	MULTIBOOT2_HEADER, 0, multiboot2_end - multiboot2_header
	.long	-(MULTIBOOT2_HEADER + multiboot2_end - multiboot2_header)
	.long	0, 8			/* the end tag */
multiboot2_end:

/* Long mode, with the tables of boot_root; destroys EAX, ECX, EDX. */
	.macro	LONG_MODE
	movl	$(CR4_PAE | CR4_PGE), %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_root), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_SCE | EFER_LME | EFER_NXE), %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_PE), %eax
	movl	%eax, %cr0
	.endm

	.section .text.boot, "ax"
	.code32
	.globl	loader_entry
loader_entry:
	cld
	movl	%eax, %ebp
	cmpl	$MULTIBOOT2_MAGIC, %eax
	jne	2f
	/* It may lie anywhere below 4 GiB, which only this mode can reach. */
	movl	(%ebx), %ecx		/* its length, itself included */
	cmpl	$MULTIBOOT2_BYTES, %ecx
	jbe	1f
	movl	$8, %ecx		/* C sees that the rest is missing */
1:	movl	%ebx, %esi
	movl	$PHYS(multiboot2_info), %edi
	rep movsb
2:	movl	$PHYS(boot_tables), %edi
	movl	$PTE_PW, %eax
1:	movl	%eax, (%edi)		/* each page to itself */
	addl	$4096, %eax
	addl	$8, %edi
	cmpl	$(BOOT_BYTES | PTE_PW), %eax
	jne	1b
	LONG_MODE
	lgdtl	PHYS(boot_gdt_pointer)
	ljmpl	$KERNEL_CS, $PHYS(1f)
	.code64
1:	movabsq	$2f, %rax
	jmp	*%rax
2:	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	leaq	boot_stack_top(%rip), %rsp
	movl	%ebx, %edi
	movl	%ebp, %esi
	xorl	%ebp, %ebp		/* the end of every backtrace */
	call	boot_main
	ud2

/*
 * The real-mode start of the others.  smp.c copies it to AP_BASE; it may name
 * its own labels only by their distance from ap_start.
 */
	.code16
	.globl	ap_start, ap_end
ap_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	movl	$CR0_PE, %eax
	lgdtl	ap_gdt_pointer - ap_start
	movl	%eax, %cr0
	ljmpl	$KERNEL_DS + 0x20, $(AP_BASE + ap_32 - ap_start)
	.code32
ap_32:
	movl	$KERNEL_DS, %eax
	movl	%eax, %ds
	LONG_MODE
	ljmpl	$KERNEL_CS, $(AP_BASE + ap_64 - ap_start)
	.code64
ap_64:
	movabsq	$ap_high, %rax
	jmp	*%rax
	.balign	8
ap_gdt_pointer:
	.word	boot_gdt_end - boot_gdt - 1
	.long	PHYS(boot_gdt)
ap_end:

ap_high:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	/* The stack lies in the direct map, which only the real root knows. */
	movq	kernel_root(%rip), %rax
	movq	%rax, %cr3
	movq	ap_stack(%rip), %rsp
	movq	ap_cpu(%rip), %rdi
	xorl	%ebp, %ebp
	call	ap_main
	ud2

	.section .rodata
	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* KERNEL_CS, 64-bit */
	.quad	0x00cf93000000ffff	/* KERNEL_DS */
	.quad	0
	.quad	0
	.quad	0
	.quad	0x00cf9b000000ffff	/* KERNEL_DS + 0x20: 32-bit code */
boot_gdt_end:
boot_gdt_pointer:
	.word	boot_gdt_end - boot_gdt - 1
	.long	PHYS(boot_gdt)

	/*
	 * Tables of the start, filled by the linker but for the last level.
	 * The same 32 MiB appear at 0, at DIRECT_BASE and at IMAGE_BASE.
	 */
	.data
	.balign	4096
	.globl	boot_root
boot_root:
	.quad	PHYS(boot_low) + PTE_PW
	.fill	255, 8, 0
	.quad	PHYS(boot_low) + PTE_PW
	.fill	254, 8, 0
	.quad	PHYS(boot_high) + PTE_PW
boot_low:
	.quad	PHYS(boot_directory) + PTE_PW
	.fill	511, 8, 0
boot_high:
	.fill	510, 8, 0
	.quad	PHYS(boot_directory) + PTE_PW
	.quad	0
boot_directory:
	.set	i, 0
	.rept	BOOT_TABLES
	.quad	PHYS(boot_tables) + i * 4096 + PTE_PW
	.set	i, i + 1
	.endr
	.fill	512 - BOOT_TABLES, 8, 0

	.bss
	.balign	8
	.globl	multiboot2_info
multiboot2_info:
	.skip	MULTIBOOT2_BYTES
	.balign	4096
boot_tables:
	.skip	BOOT_TABLES * 4096
boot_stack:
	.skip	16384
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
