/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gic.h: interrupt other CPUs through Arm's Generic Interrupt Controller, a set
 * at a time.
 *
 * For any aarch64 kernel, with GICv3 or GICv4 (system registers) or GICv2 (one
 * register in memory, 8 CPUs at most).  It sends software generated interrupts
 * (SGIs, numbers 0 to 15), and nothing else: setting up the controller,
 * acknowledging, priorities and the start of other CPUs stay with the kernel.
 *
 *	static struct xcpu_gic gic;
 *
 *	xcpu_gic_init(&gic, distributor);	(NULL: GICv3)
 *	xcpu_gic_add(&gic, cpu, mpidr);		(each CPU that the machine has)
 *	...
 *	xcpu_gic_up(&gic, cpu);			(it takes interrupts)
 *	xcpu_gic_send(&gic, self, &set, SGI);
 *
 * A set costs few writes of the register that sends:
 *
 *	all others		one, if every CPU is up
 *	anything else, GICv3	one per 16 CPUs with neighbouring affinities
 *	anything else, GICv2	one
 *
 * "All others" reaches every CPU of the machine, parked ones and those that were
 * never started too.  So it stands in for a set only when each CPU that was
 * added is up, and the set holds them all but the sender.
 *
 * Both ways to send are one write, so a sender may be interrupted anywhere, and
 * who interrupts it may send as well.
 *
 * Pairs that need a lock outside: init and add against anything else.
 */
#ifndef XCPU_GIC_H
#define XCPU_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/cpuset.h>
#include <xcpu/ids.h>

#define XCPU_GIC_SGIS		16u

/* Of MPIDR_EL1, what names a CPU: Aff3, Aff2, Aff1 and Aff0. */
#define XCPU_GIC_AFFINITY	UINT64_C(0xff00ffffff)

/* Interrupts sent to one CPU, by their number. */
struct xcpu_gic_count {
	struct xcpu_au64 sgi[XCPU_GIC_SGIS];
};

/* Read `dropped`, and set what comes behind it; the rest is private. */
struct xcpu_gic {
	volatile uint32_t *distributor;	/* NULL: GICv3 */
	struct xcpu_ids cpus;		/* in groups that share a write */
	struct xcpu_gic_count dropped;	/* targets left out by drop() */
	bool all_others;	/* true; false if a CPU cannot be added */
	/*
	 * GICv3: may Aff0 be above 15?  As GICD_TYPER.RSS and, on every CPU,
	 * ICC_CTLR_EL1.RSS say; false at first.
	 */
	bool range_selector;
	/*
	 * For tests; NULL in a kernel that ships.  `count` has an entry per CPU,
	 * added to before the interrupt is sent.  drop() says which targets are
	 * to be left out, as if the interrupt had been lost.
	 */
	struct xcpu_gic_count *count;
	bool (*drop)(unsigned cpu, uint32_t sgi);
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_gic_init: no CPUs yet.  `distributor` is where a GICv2's registers are
 * mapped, as device memory, on every CPU; NULL when the CPUs use GICv3's system
 * registers.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    O(words).
 * Returns: nothing.
 */
void xcpu_gic_init(struct xcpu_gic *gic, volatile uint32_t *distributor);

/*
 * xcpu_gic_add: CPU `cpu` exists and has this id: MPIDR_EL1 of GICv3, the number
 * of its interface, 0 to 7, of GICv2 (the bit in GICD_ITARGETSR0 as it reads it).
 *
 * Add each CPU that the firmware lists, started or not: "all others" reaches
 * them all.  Where that is not possible, set `all_others` to false.  Ids may be
 * sparse and in any order.
 *
 * Context: any; before the first send.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    O(CPUs).
 * Returns: 0; -XCPU_EINVAL the CPU or the id is out of range, or was added
 *          before, or needs the range selector.
 */
int xcpu_gic_add(struct xcpu_gic *gic, unsigned cpu, uint64_t id);

/*
 * xcpu_gic_up, xcpu_gic_down: a CPU takes interrupts from here on; no more.
 *
 * A CPU that is down still may see one that was sent before.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    one read-modify-write.
 * Returns: nothing; a CPU that was not added is ignored.
 */
void xcpu_gic_up(struct xcpu_gic *gic, unsigned cpu);
void xcpu_gic_down(struct xcpu_gic *gic, unsigned cpu);

/*
 * xcpu_gic_send: interrupt each CPU of a set.
 *
 * `self` is the calling CPU, XCPU_NCPU_MAX if it does not know yet.
 *
 * Context: any, pseudo-NMI included; interrupts on or off, preemption off.
 * Waits:   never.
 * Order:   every store made before is visible to the interrupted CPU.
 * Cost:    see above.
 * Returns: 0; -XCPU_EINVAL the set has a CPU that was not added, or there is no
 *          such SGI; nothing was sent.
 */
int xcpu_gic_send(struct xcpu_gic *gic, unsigned self,
    const struct xcpu_cpuset *set, uint32_t sgi);

/*
 * xcpu_gic_sent: how often an SGI was sent to a CPU.
 *
 * Context: any.
 * Waits:   never.
 * Order:   the interrupt being handled is in it  [V1].
 * Cost:    one load.
 * Returns: the count; 0 without a `count`.
 */
uint64_t xcpu_gic_sent(const struct xcpu_gic *gic, unsigned cpu, uint32_t sgi);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_GIC_H */
