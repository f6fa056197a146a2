/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch.h: what the shared half of the kernel asks of an architecture, x86_64's
 * answer.  Another architecture brings a folder with these same names.
 */
#ifndef XCPU_KERNEL_ARCH_H
#define XCPU_KERNEL_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <x86_insn.h>

#include "layout.h"

#define CPUS_MAX	255	/* xAPIC ids are 8 bits, 0xff is "all" */
#define CPUS_LEFT_OUT	"their APIC ids do not fit xAPIC"

struct cpu;
struct mach_access;
struct xcpu_flush;

/* The hardware's task state: all that is left of it is where stacks are. */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];	/* ist[0]: NMI, ist[1]: double fault */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} __attribute__((packed));

/* First in struct cpu; entry.S knows the offsets (layout.h). */
struct arch_cpu {
	struct cpu *self;
	uint64_t downcall_rsp;
	struct tss tss;
	uint64_t gdt[7];
	uint32_t apic_id;
	char *stack;				/* its top */
	struct mach_access *access_list;	/* a page of the window */
};

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

static inline uint64_t
frame_pc(const struct trap_frame *frame)
{
	return frame->rip;
}

/* Where arch_backtrace() begins. */
static inline uint64_t
frame_fp(const struct trap_frame *frame)
{
	return frame->rbp;
}

/* ------------------------------------------------------------------ */
/* This CPU.                                                           */

static inline struct cpu *
cpu_self(void)
{
	struct cpu *self;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(self));
	return self;
}

/* The shared half's names for what port/x86_64-apic has already. */
#define cpu_pause	xcpu_x86_pause
#define irq_save	xcpu_x86_irq_save
#define irq_restore	xcpu_x86_irq_restore
#define irq_is_on	xcpu_x86_irq_on

static inline void
irq_off(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline void
irq_on(void)
{
	__asm__ volatile("sti" ::: "memory");
}

/* Opens interrupts and halts in one step: STI holds them back until HLT. */
static inline void
irq_on_and_halt(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

/* ------------------------------------------------------------------ */
/* Memory.                                                             */

static inline void *
phys_to_virt(uint64_t phys)
{
	return (void *)(phys + DIRECT_BASE);
}

static inline uint64_t
virt_to_phys(const void *virt)
{
	return (uint64_t)virt - DIRECT_BASE;
}

static inline void
fill_words(void *to, uint64_t word, size_t n)
{
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(n) : "a"(word)
	    : "memory");
}

/* Page table entries: four levels of 512, and the last maps 4 KiB. */
#define PT_LEVELS	4
#define PT_ENTRIES	512
#define PTE_PRESENT	UINT64_C(0x001)
#define PTE_WRITE	UINT64_C(0x002)
#define PTE_USER	UINT64_C(0x004)
#define PTE_UNCACHED	UINT64_C(0x010)
/*
 * Accessed and dirty are set from the start, so that the processor never writes
 * an entry: a stale translation then allows just what its entry allowed.
 */
#define PTE_USED	UINT64_C(0x060)
#define PTE_GLOBAL	UINT64_C(0x100)
#define PTE_NX		UINT64_C(0x8000000000000000)
#define PTE_FRAME	UINT64_C(0x000ffffffffff000)
#define CR4_PGE		UINT64_C(0x80)

static inline unsigned
pt_index(uint64_t va, unsigned level)
{
	return (va >> (12 + 9 * level)) % PT_ENTRIES;
}

/* An inner entry allows everything; the last level decides. */
static inline uint64_t
pte_table(uint64_t frame)
{
	return frame | PTE_PRESENT | PTE_WRITE | PTE_USER;
}

static inline uint64_t
pte_page(uint64_t frame, bool write, bool user, bool kernel_half)
{
	return frame | PTE_PRESENT | PTE_USED | PTE_NX |
	    (write ? PTE_WRITE : 0) | (user ? PTE_USER : 0) |
	    (kernel_half ? PTE_GLOBAL : 0);
}

/* What an entry says; of 0, which is no entry, nothing. */
static inline uint64_t
pte_frame(uint64_t pte)
{
	return pte & PTE_FRAME;
}

static inline bool
pte_is_writable(uint64_t pte)
{
	return (pte & PTE_WRITE) != 0;
}

static inline bool
pte_is_user(uint64_t pte)
{
	return (pte & PTE_USER) != 0;
}

static inline void
tlb_flush_page(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* Drops all but global pages, even when the root is the same. */
static inline void
root_load(uint64_t root, unsigned asid, bool flush)
{
	(void)asid;
	(void)flush;
	__asm__ volatile("movq %0, %%cr3" : : "r"(root) : "memory");
}

/* Drops everything.  Taking global pages away and back is what does it. */
static inline void
tlb_flush_all(void)
{
	uint64_t cr4;

	__asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("movq %0, %%cr4" : : "r"(cr4 & ~CR4_PGE) : "memory");
	__asm__ volatile("movq %0, %%cr4" : : "r"(cr4) : "memory");
}

/* What tlb=best is, and whether a flush of a page is one of everything. */
#define TLB_REMOTE_PAYS	false
#define TLB_DROPS_ALL	false

/* PCIDs are left alone: QEMU has none to show that they are used rightly. */
static inline unsigned
asids_count(void)
{
	return 0;
}

/* From now on each flush is done twice; false: nobody needs that here. */
static inline bool
tlb_flush_twice(void)
{
	return false;
}

/* ------------------------------------------------------------------ */
/* In the .c files of this folder.                                      */

void console_init(void);
void console_putc(char c);
_Noreturn void arch_exit(bool passed);
void arch_trap_print(const struct trap_frame *frame);
void arch_backtrace(uint64_t fp);		/* 0: from the caller on */

void paging_init(uint64_t ram_start, uint64_t ram_end);	/* and loads the root */
void *paging_map_device(uint64_t phys, size_t len_bytes, bool cached);
void paging_unmap_guard(void *page);
void tlb_flush(const struct xcpu_flush *request, unsigned asid);

void cpu_init_first(void);			/* cpu_self() works from here */
unsigned cpus_find(uint64_t firmware_table);	/* how many are left out */
void cpu_init(struct cpu *cpu);			/* descriptors, stacks, APIC */
void cpus_start(void);				/* into kernel_main_ap() */
void cpu_start(struct cpu *cpu);		/* the same for one that is off */
_Noreturn void cpu_off(void);			/* the calling one */
bool cpu_is_off(const struct cpu *cpu);
void wake_one(unsigned cpu);			/* out of irq_on_and_halt() */
void wake_others(void);

void clock_init(void);				/* before mach_now_ns() */
void tick_start(unsigned hz);			/* on the calling CPU */

void access_as_user(struct mach_access *list, unsigned n);
void access_as_kernel(struct mach_access *list, unsigned n);

void kick_init(void);				/* once cpus[] is filled */
void kick_open(unsigned cpu);			/* it takes kicks from now on */
void kick_close(unsigned cpu);			/* no more */
uint64_t kicks_sent(unsigned cpu, bool nmi);	/* to that CPU, ever */
uint64_t kicks_lost(bool nmi);			/* by kick_drop() */
void kick_drop(bool (*drop)(unsigned cpu, uint32_t what));
bool kick_is_nmi(uint32_t what);		/* of drop() */
void nmi_send(unsigned cpu);			/* not one of xcpu's */

#endif /* XCPU_KERNEL_ARCH_H */
