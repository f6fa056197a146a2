/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch.h: what the shared half of the kernel asks of an architecture, riscv64's
 * answer: S-mode on SBI firmware, Sv39.
 */
#ifndef XCPU_KERNEL_ARCH_H
#define XCPU_KERNEL_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <riscv_insn.h>

#include "layout.h"

#define CPUS_MAX	128
#define CPUS_LEFT_OUT	"OpenSBI has room for 128"

struct cpu;
struct mach_access;
struct xcpu_cpuset;
struct xcpu_flush;

/* First in struct cpu; entry.S knows the offsets (layout.h). */
struct arch_cpu {
	uint64_t downcall_sp;
	uint64_t stack_low, own_stack;
	uint64_t scratch;
	uint64_t first_stack;
	uint64_t hart;
	uint64_t tick_due, tick_every;		/* of the time CSR */
	uint32_t woken;				/* by atomics; see kick.c */
	struct mach_access *access_list;	/* a page of the window */
};

struct trap_frame {
	uint64_t x[31];				/* x1 to x31 */
	uint64_t pc, status, cause, value;
	uint64_t unused;			/* SP is a multiple of 16 */
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
	return frame->x[8 - 1];
}

/* ------------------------------------------------------------------ */
/* This CPU.                                                           */

static inline struct cpu *
cpu_self(void)
{
	struct cpu *self;

	__asm__ volatile("mv %0, tp" : "=r"(self));
	return self;
}

/* The shared half's names for what port/riscv64-sbi has already. */
#define irq_save	xcpu_riscv_irq_save
#define irq_restore	xcpu_riscv_irq_restore
#define irq_is_on	xcpu_riscv_irq_on

void cpu_pause(void);			/* clock.c */

static inline void
irq_off(void)
{
	(void)xcpu_riscv_irq_save();
}

static inline void
irq_on(void)
{
	xcpu_riscv_irq_restore(XCPU_RISCV_SSTATUS_SIE);
}

/* WFI ends for an interrupt that is masked as well; it is taken behind it. */
static inline void
irq_on_and_halt(void)
{
	__asm__ volatile("wfi" ::: "memory");
	irq_on();
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
	uint64_t *at = to;

	for (; n > 0; n--)
		*at++ = word;
}

/* Page table entries: three levels of 512, and the last maps 4 KiB. */
#define PT_LEVELS	3
#define PT_ENTRIES	512
#define PTE_PRESENT	UINT64_C(0x001)
#define PTE_READ	UINT64_C(0x002)
#define PTE_WRITE	UINT64_C(0x004)
#define PTE_EXEC	UINT64_C(0x008)
#define PTE_USER	UINT64_C(0x010)
#define PTE_GLOBAL	UINT64_C(0x020)
/*
 * Accessed and dirty are set from the start, so that the hart never writes an
 * entry, nor faults for not doing so: a stale translation then allows just what
 * its entry allowed.
 */
#define PTE_USED	UINT64_C(0x0c0)
#define PTE_NUMBER	10		/* the frame's number begins here */
#define PTE_NUMBER_MASK	UINT64_C(0x00000fffffffffff)

static inline unsigned
pt_index(uint64_t va, unsigned level)
{
	return (va >> (12 + 9 * level)) % PT_ENTRIES;
}

static inline uint64_t
pte_number(uint64_t frame)
{
	return frame >> 12 << PTE_NUMBER;
}

/* No right at all is what makes an entry an inner one. */
static inline uint64_t
pte_table(uint64_t frame)
{
	return pte_number(frame) | PTE_PRESENT;
}

static inline uint64_t
pte_page(uint64_t frame, bool write, bool user, bool kernel_half)
{
	return pte_number(frame) | PTE_PRESENT | PTE_USED | PTE_READ |
	    (write ? PTE_WRITE : 0) | (user ? PTE_USER : 0) |
	    (kernel_half ? PTE_GLOBAL : 0);
}

/* What an entry says; of 0, which is no entry, nothing. */
static inline uint64_t
pte_frame(uint64_t pte)
{
	return (pte >> PTE_NUMBER & PTE_NUMBER_MASK) << 12;
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
	xcpu_riscv_sfence_page(va);
}

/*
 * What tlb=best is, and whether a flush of a page is one of everything.  The
 * firmware interrupts each hart as a kick does, and spins for the answers; and
 * QEMU forgets all it knows at each SFENCE.VMA, whatever its operands say.
 */
#define TLB_REMOTE_PAYS	false
#define TLB_DROPS_ALL	true

#define tlb_flush_all	xcpu_riscv_sfence_all

static inline uint64_t
satp_of(uint64_t root, unsigned asid)
{
	return (uint64_t)SATP_SV39 << 60 | (uint64_t)asid << SATP_ASID |
	    root >> 12;
}

/* `flush`: all but global pages, even when the root is the same. */
static inline void
root_load(uint64_t root, unsigned asid, bool flush)
{
	__asm__ volatile("csrw satp, %0" : : "r"(satp_of(root, asid))
	    : "memory");
	if (flush)
		xcpu_riscv_sfence_asid(asid);
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

void cpu_init_first(void);			/* cpu_self() works from here */
unsigned cpus_find(uint64_t firmware_table);	/* how many are left out */
void cpu_init(struct cpu *cpu);			/* trap vector, interrupts */
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

unsigned asids_count(void);			/* 0: the machine has none */
void tlb_flush(const struct xcpu_flush *request, unsigned asid);
void tlb_remote(const struct xcpu_flush *request, unsigned asid,
    struct xcpu_cpuset *todo);

void kick_init(void);				/* once cpus[] is filled */
void kick_open(unsigned cpu);			/* it takes kicks from now on */
void kick_close(unsigned cpu);			/* no more */
uint64_t kicks_sent(unsigned cpu, bool nmi);	/* to that CPU, ever */
uint64_t kicks_lost(bool nmi);			/* by kick_drop() */
void kick_drop(bool (*drop)(unsigned cpu, uint32_t what));
bool kick_is_nmi(uint32_t what);		/* of drop() */
void nmi_send(unsigned cpu);			/* not one of xcpu's */

#endif /* XCPU_KERNEL_ARCH_H */
