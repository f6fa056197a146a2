/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.h: what can go wrong in the simulated machine, and where: the axes of the
 * matrix fault x operation x state.
 */
#ifndef XCPU_SIM_FAULT_H
#define XCPU_SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* ---------------------------------------------------------------------
 * Faults.  X(symbol, number in the catalogue, name, opportunity, one in how
 * many, what happens).  Each occasion where a fault could strike is an
 * opportunity; they are numbered from 1 in each run, and "lose@57" is one
 * instance: the 57th kick is lost.  What a fault draws by chance (for how long,
 * on whom) depends on the seed and this number alone.
 */
#define SIM_FAULTS(X)							\
	X(LOSE, 1, "lose", KICK, 40, "a kick is lost on its way")	\
	X(DELAY, 2, "delay", KICK, 12, "a kick is late, and overtaken")	\
	X(DUPLICATE, 3, "duplicate", KICK, 25, "a kick arrives twice")	\
	X(SPURIOUS, 3, "spurious", STEP, 4000,				\
	    "an interrupt that nobody sent, to any CPU, offline ones too") \
	X(BUSY, 4, "busy", KICK, 40,					\
	    "the sender's controller is busy, or never gets idle")	\
	X(STUCK, 5, "stuck", STEP, 60000,				\
	    "a CPU stands still, doorbell masked; NMIs get through")	\
	X(DIE, 6, "die", STEP, 60000, "a CPU stops for ever")		\
	X(NMI, 7, "nmi", STEP, 2000, "an NMI from elsewhere, anywhere")	\
	X(PREEMPT, 8, "preempt", STEP, 6000,				\
	    "a virtual CPU is off its core for long")			\
	X(STORM, 9, "storm", STEP, 60000, "a burst of interrupts to one CPU") \
	X(LINGER, 10, "linger", STORE, 8,				\
	    "a store through a page table stays in flight for long")	\
	X(PERMUTE, 11, "permute", BOOT, 2,				\
	    "hardware numbers of the CPUs are sparse and in no order")	\
	X(BROADCAST, 12, "broadcast", KICK, 30,				\
	    "a kick reaches every CPU, parked ones too")		\
	X(CLOCK, 13, "clock", CLOCK, 60,				\
	    "a CPU's clock jumps back or ahead, stops, or wraps")	\
	X(UNPLUG, 14, "unplug", STEP, 20000,				\
	    "a CPU goes offline and returns, at its next safe point")	\
	X(SUSPEND, 14, "suspend", STEP, 60000,				\
	    "the same for long, and its latches come back as they were") \
	X(WALK, 15, "walk", STEP, 30,					\
	    "a table walker fills on its own, from any loaded root")	\
	X(ERRATUM, 17, "erratum", BOOT, 3,				\
	    "a flush is over before older stores: hooks flush twice")	\
	X(CONSUME, 18, "consume", TAKE, 40,				\
	    "an interrupt is taken, and its handler not called")	\
	X(HALT, 18, "halt", HALT, 8, "halting returns without an interrupt")		\
	X(TRAP, 19, "trap", RUN, 20,					\
	    "a called function runs under a host lock, others spin for it") \
	X(OVERRUN, 20, "overrun", RUN, 60,				\
	    "a called function or handler does not return for long")

/* F16, narrow widths, is a build of its own: see rules.mk. */

enum sim_fault {
#define SIM_FAULT_ENUM_(sym, number, name, per, odds, what) SIM_FAULT_##sym,
	SIM_FAULTS(SIM_FAULT_ENUM_)
#undef SIM_FAULT_ENUM_
	SIM_NFAULT
};

/* What the opportunities of a fault are counted in. */
enum sim_per {
	SIM_PER_KICK,	/* one target of one kick */
	SIM_PER_STEP,	/* one access of the library, or step of a scenario */
	SIM_PER_TAKE,	/* one interrupt taken */
	SIM_PER_HALT,	/* one halt */
	SIM_PER_RUN,	/* one function or handler run by the library */
	SIM_PER_STORE,	/* one store through a page table */
	SIM_PER_CLOCK,	/* one look at a clock */
	SIM_PER_BOOT	/* one per run */
};

struct sim_fault_kind {
	const char *name;
	const char *what;
	unsigned number;	/* F1 ... F20 */
	enum sim_per per;
	unsigned odds;		/* one in so many opportunities, by default */
};

extern const struct sim_fault_kind sim_fault_kind[SIM_NFAULT];

/* A set of faults, as bits 1 << SIM_FAULT_x. */
#define SIM_FAULT_BIT(fault)	((uint32_t)1 << (fault))
#define SIM_ALL_FAULTS		(((uint32_t)1 << SIM_NFAULT) - 1)

/* "lose,nmi", "F1,F7", "all", "none", "all,-die"; false: a word is unknown. */
bool sim_faults_parse(const char *text, uint32_t *set);

/* One instance: the nth opportunity of a fault, counted from 1. */
struct sim_inject {
	enum sim_fault fault;
	uint64_t nth;
};

/* How many opportunities the run has had so far, or had when it ended. */
uint64_t sim_opportunities(enum sim_fault fault);

/* ---------------------------------------------------------------------
 * Operations and states.
 * A scenario says which operation a CPU is in; the machine knows the state.
 */
#define SIM_OPS(X)							\
	X(NONE, "none")			/* between operations */	\
	X(CALL, "call")							\
	X(DEADLINE, "deadline")		/* a call with a timeout */	\
	X(START, "start")		/* a call that nobody waits for */ \
	X(EVENT, "event")						\
	X(REGISTER, "register")						\
	X(UNREGISTER, "unregister")					\
	X(MSG, "msg")							\
	X(SYNC, "sync")			/* a rendezvous */		\
	X(STOP, "stop")							\
	X(FLUSH, "flush")		/* a shootdown of a space */	\
	X(TABLES, "tables")		/* and page tables are freed */	\
	X(KERNEL, "kernel")		/* of the kernel's space */	\
	X(SWITCH, "switch")						\
	X(LAZY, "lazy")							\
	X(TOUCH, "touch")		/* accesses through page tables */ \
	X(IDLE, "idle")							\
	X(POLL, "poll")							\
	X(ONLINE, "online")						\
	X(OFFLINE, "offline")						\
	X(USER, "user")			/* user code, and the way back */

enum sim_op_kind {
#define SIM_OP_ENUM_(sym, name) SIM_OP_##sym,
	SIM_OPS(SIM_OP_ENUM_)
#undef SIM_OP_ENUM_
	SIM_NOP_KIND
};

/* Where the CPU that a fault strikes stands: the first that fits. */
#define SIM_STATES(X)							\
	X(OFF, "off")			/* lane OFF, or not started */	\
	X(LEAVING, "leaving")						\
	X(NMI, "nmi")			/* in an NMI */			\
	X(HANDLER, "handler")		/* a function run for others */	\
	X(DRAIN, "drain")		/* in the interrupt otherwise */ \
	X(HALTED, "halted")						\
	X(POLLING, "polling")						\
	X(WAITING, "waiting")		/* in a wait of the library */	\
	X(LAZY, "lazy")							\
	X(USER, "user")			/* in user code */		\
	X(LOCKED, "locked")		/* holds a host lock */		\
	X(MASKED, "masked")		/* doorbell masked otherwise */	\
	X(OPEN, "open")			/* none of these */

enum sim_state {
#define SIM_STATE_ENUM_(sym, name) SIM_STATE_##sym,
	SIM_STATES(SIM_STATE_ENUM_)
#undef SIM_STATE_ENUM_
	SIM_NSTATE
};

extern const char *const sim_op_name[SIM_NOP_KIND];
extern const char *const sim_state_name[SIM_NSTATE];

/*
 * How often each fault struck, by the operation and state of the CPU struck.
 * Sums over all runs of the process: whoever prints them may zero them.
 */
extern uint64_t sim_hits[SIM_NFAULT][SIM_NOP_KIND][SIM_NSTATE];

#endif /* XCPU_SIM_FAULT_H */
