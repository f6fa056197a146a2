/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch.h: what the shared half of the kernel asks of an architecture, aarch64's
 * answer.
 */
#ifndef XCPU_KERNEL_ARCH_H
#define XCPU_KERNEL_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arm_irq.h>
#include <tlbi.h>

#include "layout.h"

#define CPUS_MAX	512	/* what QEMU's machine has at most */
#define CPUS_LEFT_OUT	"this kernel is built for 512"

struct cpu;
struct mach_access;

/* First in struct cpu; boot.S knows where the stack is (layout.h). */
struct arch_cpu {
	struct cpu *self;
	char *stack;			/* its top */
	uint64_t affinity;		/* MPIDR_EL1, what names the CPU */
	volatile uint32_t *redistributor;
	uint64_t tick, tick_next;	/* of the virtual counter */
	struct mach_access *access_list;	/* a page of the window */
};

struct trap_frame {
	uint64_t x[31];
	uint64_t pc, pstate, mask, sp;
	uint64_t unused;
};

static inline uint64_t
frame_pc(const struct trap_frame *frame)
{
	return frame->pc;
}

/* Where arch_backtrace() begins. */
static inline uint64_t
frame_fp(const struct trap_frame *frame)
{
	return frame->x[29];
}

/* ------------------------------------------------------------------ */
/* This CPU.                                                           */

static inline struct cpu *
cpu_self(void)
{
	struct cpu *self;

	__asm__ volatile("mrs %0, tpidr_el1" : "=r"(self));
	return self;
}

/* The shared half's names for what port/aarch64-gic has already. */
#define cpu_pause	xcpu_arm_yield
#define irq_save	xcpu_arm_irq_save
#define irq_restore	xcpu_arm_irq_restore
#define irq_is_on	xcpu_arm_irq_on
#define irq_on_and_halt	xcpu_arm_irq_on_and_halt

static inline void
irq_off(void)
{
	(void)xcpu_arm_irq_save();
}

static inline void
irq_on(void)
{
	xcpu_arm_irq_restore(XCPU_ARM_MASK_OPEN);
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

/* Volatile: each word is one store, whoever reads the frame meanwhile. */
static inline void
fill_words(void *to, uint64_t word, size_t n)
{
	volatile uint64_t *words = to;
	size_t i;

	for (i = 0; i < n; i++)
		words[i] = word;
}

/* Page table entries: four levels of 512, and the last maps 4 KiB. */
#define PT_LEVELS	4
#define PT_ENTRIES	512
#define PTE_PRESENT	UINT64_C(0x001)
#define PTE_TABLE	UINT64_C(0x002)		/* or, at the last level, a page */
#define PTE_DEVICE	UINT64_C(0x004)		/* index 1 of MAIR_EL1 */
#define PTE_USER	UINT64_C(0x040)
#define PTE_READ_ONLY	UINT64_C(0x080)
#define PTE_SHARED	UINT64_C(0x300)		/* inner */
#define PTE_USED	UINT64_C(0x400)		/* or the first access faults */
#define PTE_NOT_GLOBAL	UINT64_C(0x800)
#define PTE_PXN		UINT64_C(0x0020000000000000)
#define PTE_UXN		UINT64_C(0x0040000000000000)
#define PTE_FRAME	UINT64_C(0x0000fffffffff000)

static inline unsigned
pt_index(uint64_t va, unsigned level)
{
	return (va >> (12 + 9 * level)) % PT_ENTRIES;
}

/* An inner entry allows everything; the last level decides. */
static inline uint64_t
pte_table(uint64_t frame)
{
	return frame | PTE_PRESENT | PTE_TABLE;
}

static inline uint64_t
pte_page(uint64_t frame, bool write, bool user, bool kernel_half)
{
	return frame | PTE_PRESENT | PTE_TABLE | PTE_SHARED | PTE_USED |
	    PTE_PXN | PTE_UXN | (write ? 0 : PTE_READ_ONLY) |
	    (user ? PTE_USER : 0) | (kernel_half ? 0 : PTE_NOT_GLOBAL);
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
	return pte != 0 && (pte & PTE_READ_ONLY) == 0;
}

static inline bool
pte_is_user(uint64_t pte)
{
	return (pte & PTE_USER) != 0;
}

/* ------------------------------------------------------------------ */
/* TLB, by port/aarch64-gic.                                            */

#define tlb_flush	xcpu_arm_tlb_flush
#define tlb_flush_all	xcpu_arm_tlb_flush_all
#define tlb_remote	xcpu_arm_tlb_remote

/* What tlb=best is, and whether a flush of a page is one of everything. */
#define TLB_REMOTE_PAYS	true
#define TLB_DROPS_ALL	false

unsigned asids_count(void);
void root_load(uint64_t root, unsigned asid, bool flush);

/* From now on each flush is done twice; false: nobody needs that here. */
static inline bool
tlb_flush_twice(void)
{
	xcpu_arm_tlb.repeat = true;
	return true;
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

void cpu_init_first(void);			/* cpu_self() works from here */
unsigned cpus_find(uint64_t firmware_table);	/* how many are left out */
void cpu_init(struct cpu *cpu);			/* its part of the controller */
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
