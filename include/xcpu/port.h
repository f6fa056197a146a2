/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.h: all that xcpu asks of a host kernel and its machine.
 *
 * A port is two files.  `xcpu_port.h`, found on the include path, has the hot
 * hooks as static inline functions; the others are ordinary functions bound at
 * link time.  port/template has both, empty.  Levels: each is useful alone, and
 * XCPU_PORT_LEVEL says how far a port goes.
 *
 *	0 poll	self, irq_save, irq_restore, context, relax, panic
 *	1 kick	kick				interrupts another CPU
 *	2 clock	now_ns, stall			deadlines, watchdog
 *	3 TLB	pte_publish, tlb_flush, root_load	shootdown
 *	4 NMI	kick_nmi			reaches a CPU that masks
 *
 * No hook is called with a lock of the library held: there are none.  Every
 * hook may be called with the doorbell masked.  Indices are 0 to ncpu-1; map
 * them to hardware ids, which may be sparse, yourself.
 */
#ifndef XCPU_PORT_H
#define XCPU_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/flush.h>
#include <xcpu/space.h>
#include <xcpu/wait.h>

/* A port says which contract it was written for, and fails to compile else. */
#define XCPU_PORT_VERSION 1

struct xcpu_cpu;

/* Where the calling code stands; xcpu_port_context() returns a sum of these. */
enum xcpu_context {
	XCPU_CTX_MASKED = 1,	/* a kick would not be taken now */
	XCPU_CTX_LOCKED = 2,	/* a host spinlock is held */
	XCPU_CTX_NMI = 4	/* in a non-maskable interrupt */
};

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------
 * Level 0.  Inline in xcpu_port.h, but for panic.
 *
 * struct xcpu_cpu *xcpu_port_self(void);
 *	The calling CPU's block, as given to xcpu_cpu_online(), or NULL before.
 *	Caller:  every function of xcpu.
 *	Context: any, NMI included: there the per-CPU register may not be set
 *	         up yet, so take it from the NMI stack.
 *	Order:   none.
 *	Body:    x86_64: mov %gs:SELF, %0   aarch64: mrs %0, tpidr_el1
 *	         riscv64: the tp register.   hosted: a __thread variable.
 *
 * unsigned long xcpu_port_irq_save(void);
 * void xcpu_port_irq_restore(unsigned long state);
 *	Mask kicks on this CPU, and put it back as it was at that save, were
 *	there ever so many between.  Nests.
 *	Caller:  every function that posts or serves.
 *	Context: any, NMI included.
 *	Order:   both are compiler barriers.
 *	Body:    x86_64: pushfq; pop; cli / test bit 9; sti
 *	         aarch64: mrs daif; msr daifset, #2 / msr daif
 *	         riscv64: csrrc sstatus, 2 / csrs sstatus, state & 2
 *
 * unsigned xcpu_port_context(void);
 *	Where the calling code stands: a sum of enum xcpu_context.
 *	Caller:  every function that may wait.
 *	Context: any, NMI included.
 *	Order:   none.
 *	Body:    (interrupts off ? XCPU_CTX_MASKED : 0)
 *	         | (this CPU's spinlock count ? XCPU_CTX_LOCKED : 0)
 *	         | (this CPU's NMI count ? XCPU_CTX_NMI : 0)
 *
 * void xcpu_port_relax(unsigned spins);
 *	One turn of a spin loop; `spins` counts from 0 in each wait.
 *	Caller:  the wait routine and polling.
 *	Context: any; in an NMI only where xcpu_stop() ends, or a panic.
 *	Order:   none.
 *	Body:    x86_64: pause   aarch64: yield   riscv64: pause
 *	         hosted: sched_yield now and then, or the CPU that is waited for
 *	         may have no core to run on.
 */

/*
 * xcpu_port_panic: the host used the library wrongly, or asked to die.
 *	Caller:  checks of use and of state.
 *	Context: any, NMI included.
 *	Order:   none.
 *	Body:    print `text` and stop the machine.  Must not return.
 */
void xcpu_port_panic(const char *text, const char *file, int line)
    __attribute__((noreturn));

/* --------------------------------------------------------------------- */

/*
 * xcpu_port_kick: interrupt each CPU of the set, so that it calls xcpu_on_ipi().
 *	Caller:  every post that meets an idle doorbell, waits that re-kick.
 *	Context: any, NMI included: two-register interrupt controllers must
 *	         leave them as they were found.  Doorbell masked.  The set may
 *	         hold the calling CPU: it is interrupted as soon as it unmasks.
 *	         Shorthands ("all but self") only when the set equals all CPUs
 *	         that are up, for they reach parked ones too.
 *	Order:   every store made before is visible to the interrupted CPU.
 *	Body:    x86_64 xAPIC: write ICR high, low (a store to device memory);
 *	         x2APIC: mfence; lfence; wrmsr 0x830.
 *	         aarch64: dsb ishst; msr icc_sgi1r_el1; isb
 *	         riscv64: fence rw,rw; ecall sbi send_ipi(mask, base)
 */
void xcpu_port_kick(const struct xcpu_cpuset *set);

/* --------------------------------------------------------------------- */

/*
 * xcpu_port_now_ns: a clock, for bounds and histograms; inline in xcpu_port.h.
 *	uint64_t xcpu_port_now_ns(void);
 *	Caller:  waits, running records.
 *	Context: any, NMI included.  Goes on with interrupts off.  Differences
 *	         of one CPU are used; between CPUs it may be off.
 *	Order:   none.
 *	Body:    x86_64: rdtsc scaled   aarch64: cntvct_el0   riscv64: rdtime
 *
 * xcpu_port_stall: a wait has been silent for long.  What now?
 *	Caller:  the wait routine, after 1, 2, 4, ... times XCPU_STALL_NS.
 *	Context: the waiter's, so perhaps interrupts off and locks held: print
 *	         without taking locks.
 *	Order:   none.
 *	Body:    print the report; return XCPU_STALL_REKICK.
 */
enum xcpu_stall_policy xcpu_port_stall(const struct xcpu_stall *report);

/* --------------------------------------------------------------------- */

/*
 * xcpu_port_pte_publish: page-table stores before, walks of any CPU after;
 * inline in xcpu_port.h.
 *	void xcpu_port_pte_publish(void);
 *	Caller:  every shootdown, first of all.
 *	Context: any but NMI.
 *	Order:   the hook is the order.
 *	Body:    x86_64: nothing   aarch64: dsb ishst   riscv64: fence w,rw
 *
 * xcpu_port_tlb_flush: forget on the calling CPU what the request says.
 *	Caller:  whoever serves a flush, a switch, coming online.
 *	Context: doorbell masked, NMI included.
 *	Order:   on return no later access, and no walk, of this CPU uses a
 *	         translation that was replaced before the call; earlier
 *	         accesses through it are over.
 *	         Entries are 1 << stride_shift bytes apart.
 *	         XCPU_FLUSH_FULL: the whole space, start and len mean nothing.
 *	         A kernel space (request->space->kernel): global entries too.
 *	         XCPU_FLUSH_TABLES: intermediate entries too.
 *	         The space is loaded, or was, with ASIDs: asid.h.
 *	Body:    x86_64: invlpg per page, or mov cr3 (and toggle CR4.PGE for
 *	         global entries)   aarch64: tlbi vae1; dsb nsh; isb
 *	         riscv64: sfence.vma
 */
void xcpu_port_tlb_flush(const struct xcpu_flush *request);

/*
 * xcpu_port_root_load: make this CPU translate by a space; NULL: the kernel's
 * tables alone.
 *	Caller:  xcpu_space_switch(), xcpu_cpu_offline().
 *	Context: doorbell masked.
 *	Order:   as xcpu_port_tlb_flush() for all of the new space, or for
 *	         what xcpu_asid_load() says (asid.h); accesses through the old
 *	         root are over on return.
 *	Body:    x86_64: mov cr3 (no PCID)   aarch64: msr ttbr0_el1; isb; and a
 *	         tlbi of the ASID   riscv64: csrw satp; sfence.vma
 */
void xcpu_port_root_load(struct xcpu_space *space);

#if XCPU_PORT_REMOTE
/*
 * xcpu_port_tlb_remote: flush on other CPUs without their help, if possible.
 *	Caller:  a shootdown, before it kicks.
 *	Context: doorbell masked.
 *	Order:   as xcpu_port_tlb_flush(), for each CPU taken out of *todo.  Of
 *	         a CPU that does not run, before it goes on.
 *	         As there, what has more pages than the ceiling (flush.h) is
 *	         XCPU_FLUSH_FULL.
 *	Body:    broadcast invalidation or hypercall; remove the CPUs done, and
 *	         only those: if it cannot be relied on, none.  No CPU is
 *	         interrupted, so code of the host that walks tables with
 *	         interrupts off is no longer safe from their being freed.
 *	         AMD: invlpgb of xcpu_asid_broadcast(); tlbsync   aarch64:
 *	         tlbi aside1is or vae1is; dsb ish   riscv64: SBI rfence
 *	         KVM: set the flush flag of vCPUs that are preempted, in one
 *	         compare-and-swap with the look, and remove those
 */
void xcpu_port_tlb_remote(const struct xcpu_flush *request,
    struct xcpu_cpuset *todo);
#endif

/* --------------------------------------------------------------------- */

/*
 * xcpu_port_kick_nmi: interrupt each CPU of the set although it masks.
 *	Caller:  waits, when xcpu_port_stall() answers XCPU_STALL_NMI; stops;
 *	         shootdowns, where xcpu_flush_set_kick() chose it.
 *	Context: any; doorbell masked.
 *	Order:   as xcpu_port_kick().
 *	Body:    x86_64: ICR with delivery mode NMI   aarch64: a pseudo-NMI SGI
 *	         none: call xcpu_port_kick().
 */
void xcpu_port_kick_nmi(const struct xcpu_cpuset *set);

#if XCPU_PORT_NEAR
/*
 * xcpu_port_near: the CPU of the set that is nearest to `cpu`.
 *	Caller:  xcpu_call_any().
 *	Context: any but NMI.
 *	Order:   none.
 *	Body:    look for one that shares a cache, then a socket.
 */
unsigned xcpu_port_near(unsigned cpu, const struct xcpu_cpuset *set);
#endif

#ifdef __cplusplus
}
#endif

#include "xcpu_port.h"

#if XCPU_PORT_CONTRACT != XCPU_PORT_VERSION
#error "xcpu_port.h: define XCPU_PORT_CONTRACT as the version it was written for"
#endif

#endif /* XCPU_PORT_H */
