/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apic.h: interrupt other CPUs through the local APIC, a set at a time.
 *
 * For any x86_64 kernel, with xAPIC (registers in memory) or x2APIC (registers
 * in MSRs).  It sends, and nothing else: enabling the APIC, end of interrupt,
 * the timer and the start of other CPUs stay with the kernel.
 *
 *	static struct xcpu_apic apic;
 *
 *	xcpu_apic_init(&apic, registers);	(NULL: x2APIC)
 *	xcpu_apic_add(&apic, cpu, apic_id);	(each CPU that the machine has)
 *	...
 *	xcpu_apic_up(&apic, cpu);		(its interrupt vectors work)
 *	xcpu_apic_send(&apic, self, &set, VECTOR);
 *
 * A set costs few writes of the interrupt command register (ICR):
 *
 *	the caller alone		one, to itself
 *	all others, or all		one shorthand, if every CPU is up
 *	anything else, x2APIC		one per cluster of 16 APIC ids
 *	anything else, xAPIC		one per CPU
 *
 * A shorthand reaches every APIC of the machine, those of parked CPUs and of
 * CPUs that were never started too.  So it stands in for a set only when each
 * CPU that was added is up, and the set holds them all.
 *
 * Pairs that need a lock outside: init and add against anything else.
 */
#ifndef XCPU_APIC_H
#define XCPU_APIC_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/cpuset.h>
#include <xcpu/ids.h>

/* What to send: a vector (fixed delivery), or an NMI. */
#define XCPU_APIC_NMI		0x400u
/*
 * Added by a caller that is itself in an NMI or a machine check, and so may
 * stand between two ICR writes of the code below it.
 */
#define XCPU_APIC_FROM_NMI	0x80000000u

/* Polls of a busy ICR before a send gives up; tens of milliseconds. */
#define XCPU_APIC_BUSY_POLLS	100000u

/* Interrupts sent to one CPU. */
struct xcpu_apic_count {
	struct xcpu_au64 fixed;
	struct xcpu_au64 nmi;
};

/* Read `busy` and `dropped`, and set the last four; the rest is private. */
struct xcpu_apic {
	volatile uint32_t *regs;	/* NULL: x2APIC */
	struct xcpu_ids cpus;		/* in groups: the clusters */
	bool clusters;			/* every CPU has a logical name */
	struct xcpu_au64 busy;		/* sends that found the ICR stuck */
	struct xcpu_apic_count dropped;	/* targets left out by drop() */
	unsigned busy_polls;		/* XCPU_APIC_BUSY_POLLS */
	bool shorthands;		/* true; false if a CPU cannot be added */
	/*
	 * For tests; NULL in a kernel that ships.  `count` has an entry per CPU,
	 * added to before the interrupt is sent.  drop() says which targets are
	 * to be left out, as if the interrupt had been lost.
	 */
	struct xcpu_apic_count *count;
	bool (*drop)(unsigned cpu, uint32_t what);
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_apic_init: no CPUs yet.  `regs` is where the registers are mapped,
 * uncached, on every CPU; NULL when the CPUs are in x2APIC mode.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    O(words).
 * Returns: nothing.
 */
void xcpu_apic_init(struct xcpu_apic *apic, volatile uint32_t *regs);

/*
 * xcpu_apic_add: CPU `cpu` exists and has this APIC id.
 *
 * Add each CPU that the firmware lists, started or not: shorthands reach them
 * all.  Where that is not possible, set `shorthands` to false.  Ids may be
 * sparse and in any order.
 *
 * Context: any; before the first send.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    O(CPUs).
 * Returns: 0; -XCPU_EINVAL the CPU or the id is out of range (xAPIC: 0 to 254)
 *          or was added before.
 */
int xcpu_apic_add(struct xcpu_apic *apic, unsigned cpu, uint32_t id);

/*
 * xcpu_apic_up, xcpu_apic_down: a CPU takes interrupts from here on; no more.
 *
 * A CPU that is down still may see one that was sent before.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    one read-modify-write.
 * Returns: nothing; a CPU that was not added is ignored.
 */
void xcpu_apic_up(struct xcpu_apic *apic, unsigned cpu);
void xcpu_apic_down(struct xcpu_apic *apic, unsigned cpu);

/*
 * xcpu_apic_send: interrupt each CPU of a set.
 *
 * `self` is the calling CPU, XCPU_NCPU_MAX if it does not know yet.  `what` is
 * a vector (32 to 255) or XCPU_APIC_NMI, plus XCPU_APIC_FROM_NMI if need be.
 *
 * Context: any, NMI included; interrupts on or off, preemption off.
 * Waits:   for the ICR to be free, at most `busy_polls` reads per write.
 * Order:   every store made before is visible to the interrupted CPU.
 * Cost:    see above.
 * Returns: 0; -XCPU_EINVAL the set has a CPU that was not added, nothing was
 *          sent; -XCPU_EBUSY the ICR is stuck, some were not sent.
 */
int xcpu_apic_send(struct xcpu_apic *apic, unsigned self,
    const struct xcpu_cpuset *set, uint32_t what);

/*
 * xcpu_apic_sent: how many vectors, or NMIs, were sent to a CPU.
 *
 * Context: any.
 * Waits:   never.
 * Order:   the interrupt being handled is in it  [A1].
 * Cost:    one load.
 * Returns: the count; 0 without a `count`.
 */
uint64_t xcpu_apic_sent(const struct xcpu_apic *apic, unsigned cpu, bool nmi);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_APIC_H */
