/* SPDX-License-Identifier: 0BSD */
/*
 * boot.S: into 64-bit mode.
 *
 * The first place enters at pvh_entry, in 32-bit mode; all others at wake, in
 * real mode, in a copy of it on WAKE_PAGE.  Memory is mapped one to one up to
 * 4 GiB, in large pages.
 */
#define WAKE_PAGE	0x8000
#define STACK_BYTES	32768
#define PLACES_MAX	64

	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 8, 18		/* 18: the entry of QEMU's -kernel */
	.asciz	"Xen"
	.quad	pvh_entry

	.text
	.code32
	.globl	pvh_entry
pvh_entry:
	cli
	/* Four tables of 512 large pages, the last one uncached: devices. */
	xorl	%ecx, %ecx
1:	movl	%ecx, %eax
	shll	$21, %eax
	orl	$0x83, %eax		/* present, writable, large */
	cmpl	$1536, %ecx
	jb	2f
	orl	$0x10, %eax
2:	movl	%eax, boot_large(, %ecx, 8)
	incl	%ecx
	cmpl	$2048, %ecx
	jb	1b
	lgdt	gdt_pointer
	ljmp	$0x18, $protected

	.code16
	.globl	wake, wake_end
wake:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	lgdtl	WAKE_PAGE + (wake_gdt - wake)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$0x18, $protected
wake_gdt:
	.word	gdt_end - gdt - 1
	.long	gdt
wake_end:

	.code32
protected:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$0xa0, %eax		/* PAE, global pages */
	movl	%eax, %cr4
	movl	$boot_root, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax		/* long mode, once there is paging */
	wrmsr
	movl	$0x80000001, %eax
	movl	%eax, %cr0
	ljmp	$0x08, $long_mode

	.code64
long_mode:
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$1, %edi
	lock xaddl %edi, arrived
	cmpl	$PLACES_MAX, %edi
	jae	3f
	leal	1(%edi), %eax
	imull	$STACK_BYTES, %eax, %eax
	leaq	stacks(%rax), %rsp
	call	place_begin		/* with its turn of arrival */
3:	hlt
	jmp	3b

	.data
	.balign	8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x08: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x10: data */
	.quad	0x00cf9b000000ffff	/* 0x18: 32-bit code */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
arrived:
	.long	0

	.balign	4096
	.globl	boot_root
boot_root:
	.quad	boot_upper + 3
	.fill	511, 8, 0
boot_upper:
	.quad	boot_large + 0x0003
	.quad	boot_large + 0x1003
	.quad	boot_large + 0x2003
	.quad	boot_large + 0x3003
	.fill	508, 8, 0

	.bss
	.balign	4096
boot_large:
	.skip	4 * 4096
stacks:
	.skip	PLACES_MAX * STACK_BYTES

	.section .note.GNU-stack, "", @progbits
