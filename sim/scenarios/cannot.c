/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cannot.c: see cannot.h.
 *
 * A row says of some faults, operations and states that they do not meet, and
 * why.  The first row that fits a cell decides.
 */
#include "cannot.h"

#include <stdint.h>
#include <stdio.h>

#include "../sim.h"

#define ANY	(~UINT32_C(0))
#define OP(x)	(UINT32_C(1) << SIM_OP_##x)
#define ST(x)	(UINT32_C(1) << SIM_STATE_##x)
#define F(x)	SIM_FAULT_BIT(SIM_FAULT_##x)

#define ALL_BUT(set)	(ANY & ~(set))

/* Operations that may wait for others; a message for room, a ticket for it. */
#define WAITS	(OP(CALL) | OP(DEADLINE) | OP(START) | OP(UNREGISTER) |	\
	OP(MSG) | OP(SYNC) | OP(STOP) | OP(FLUSH) | OP(TABLES) | OP(KERNEL))
/* Operations that change page tables, under a host lock. */
#define CHANGES	(OP(FLUSH) | OP(TABLES) | OP(KERNEL))
/* Faults of one target of a kick; of a function that is run. */
#define KICKS	(F(LOSE) | F(DELAY) | F(DUPLICATE) | F(BROADCAST))
#define RUNS	(F(TRAP) | F(OVERRUN))
/* Faults of the CPU that makes a step. */
#define OWN_STEP (F(STUCK) | F(DIE) | F(NMI) | F(PREEMPT) | F(UNPLUG) |	\
	F(SUSPEND))

static const struct row {
	uint32_t faults, ops, states;
	enum cannot_kind kind;
	const char *why;
} rows[] = {
	/* These would take hours to meet ten times. */
	{ KICKS, OP(OFFLINE), ST(OFF), SELDOM,
	    "a kick that was decided on before it left" },
	{ KICKS, OP(MSG), ST(LOCKED), SELDOM,
	    "a kick to who spins, as he sends, for the lock of fault F19" },
	{ F(CLOCK), OP(OFFLINE), ST(LAZY), SELDOM,
	    "lazy, it waits for who holds the machine" },
	/* Where a CPU can stand at all. */
	{ F(PERMUTE) | F(ERRATUM), ANY, ALL_BUT(ST(OFF)), CANNOT,
	    "of a whole machine, before its CPUs come up" },
	{ F(PERMUTE) | F(ERRATUM), ALL_BUT(OP(NONE)), ANY, CANNOT,
	    "of a whole machine, before its CPUs come up" },
	{ ANY, ALL_BUT(OP(NONE) | OP(ONLINE) | OP(OFFLINE)), ST(OFF), CANNOT,
	    "a CPU that is off is in no operation but leaving and coming" },
	{ ANY, ALL_BUT(OP(OFFLINE)), ST(LEAVING), CANNOT,
	    "leaving is offline's own state" },
	{ ANY, ALL_BUT(OP(IDLE)), ST(HALTED), CANNOT, "only idling halts" },
	{ ANY, ALL_BUT(OP(POLL)), ST(POLLING), CANNOT,
	    "only the idle poll says that it polls" },
	{ ANY, ALL_BUT(WAITS | OP(OFFLINE)), ST(WAITING), CANNOT,
	    "these wait for nobody" },
	{ ANY, ALL_BUT(OP(LAZY) | OP(NONE) | OP(IDLE) | OP(OFFLINE)), ST(LAZY),
	    CANNOT, "what a CPU does while it is lazy is not this" },
	{ ANY, ALL_BUT(OP(USER)), ST(USER), CANNOT,
	    "user code is an operation of its own" },
	{ ANY, OP(ONLINE) | OP(STOP), ST(OPEN) | ST(DRAIN), CANNOT,
	    "masked from the first step to the last" },
	/* Where the occasion for a fault can be. */
	{ OWN_STEP, OP(IDLE), ST(HALTED), CANNOT,
	    "they strike who makes a step, and who halts makes none" },
	{ OWN_STEP, OP(NONE), ST(OFF), CANNOT,
	    "they strike who makes a step, and it has made none yet" },
	{ F(HALT), ALL_BUT(OP(IDLE)), ANY, CANNOT, "only idling halts" },
	{ F(HALT), ANY, ALL_BUT(ST(MASKED) | ST(LAZY)), CANNOT,
	    "halting begins masked" },
	{ F(CONSUME), OP(SYNC), ST(HANDLER), RARELY,
	    "an interrupt while others stand: those steps count as a handler's" },
	{ F(CONSUME), ANY, ALL_BUT(ST(DRAIN) | ST(OFF)), CANNOT,
	    "an interrupt is being taken" },
	{ F(CONSUME), OP(NONE) | OP(ONLINE), ST(OFF), CANNOT,
	    "before it comes online a CPU takes no interrupt" },
	{ F(LINGER), ALL_BUT(OP(SWITCH) | OP(LAZY) | OP(TOUCH) | OP(USER)), ANY,
	    CANNOT,
	    "the workloads store in these operations only" },
	{ F(LINGER), ANY, ALL_BUT(ST(OPEN) | ST(LAZY) | ST(USER)), CANNOT,
	    "the workloads store in threads only, doorbell open" },
	{ F(CLOCK), ALL_BUT(OP(ONLINE) | OP(OFFLINE)), ST(NMI), RARELY,
	    "the wait of a CPU that an NMI stopped" },
	{ F(CLOCK), ANY, ST(OFF) | ST(NMI) | ST(DRAIN) | ST(HALTED) | ST(LAZY),
	    CANNOT, "the library reads the clock in waits only" },
	{ F(CLOCK), ALL_BUT(WAITS | OP(POLL) | OP(OFFLINE)),
	    ALL_BUT(ST(HANDLER)), CANNOT, "these wait for nobody" },
	{ F(CLOCK), OP(POLL), ALL_BUT(ST(HANDLER) | ST(POLLING)), CANNOT,
	    "the idle poll reads it while it polls" },
	{ F(CLOCK), OP(OFFLINE), ALL_BUT(ST(LEAVING) | ST(HANDLER) |
	    ST(WAITING) | ST(OPEN)), CANNOT,
	    "offline waits for who holds the machine, and while it leaves" },
	{ F(BUSY), ANY, ST(OFF) | ST(HALTED) | ST(POLLING) | ST(LAZY) |
	    ST(USER) | ST(OPEN), CANNOT, "who sends is up, awake and masked" },
	{ F(BUSY), ALL_BUT(WAITS | OP(EVENT) | OP(OFFLINE)),
	    ST(MASKED) | ST(LOCKED), CANNOT, "these send nothing" },
	{ F(BUSY), ANY, ST(DRAIN), CANNOT,
	    "a drain kicks itself when its budget is used up; it never is" },
	{ ANY, OP(EVENT) | OP(REGISTER) | OP(SWITCH) | OP(LAZY) | OP(TOUCH) |
	    OP(USER), ST(LOCKED), CANNOT,
	    "these take no lock, and run no function that fault F19 traps" },
	{ F(BUSY), OP(OFFLINE), ST(MASKED) | ST(WAITING), CANNOT,
	    "it sends nothing before it is leaving" },
	{ ANY, OP(OFFLINE), ST(LOCKED), CANNOT,
	    "the functions that it runs are in its state leaving" },
	{ F(BUSY), OP(STOP), ST(WAITING), CANNOT,
	    "who waits for his turn to stop others kicks nobody" },
	{ F(BUSY) | F(CLOCK), OP(CALL) | OP(DEADLINE) | OP(START) |
	    OP(UNREGISTER) | OP(MSG) | OP(SYNC) | OP(STOP), ST(LOCKED), CANNOT,
	    "who spins for the lock of fault F19 sends nothing, nor waits" },
	{ OWN_STEP, OP(REGISTER) | OP(TOUCH), ST(MASKED), CANNOT,
	    "masked there is only who stands still, and makes no step" },
	{ RUNS, ANY, ST(OFF) | ST(NMI) | ST(HALTED) | ST(LOCKED) | ST(OPEN) |
	    ST(USER), CANNOT,
	    "a function begins in an interrupt, a poll, a masked wait" },
	{ RUNS, ALL_BUT(WAITS | OP(IDLE) | OP(POLL) | OP(ONLINE)), ST(MASKED),
	    CANNOT, "these serve nothing outside of interrupts" },
	{ RUNS, ALL_BUT(OP(IDLE)), ST(LAZY), CANNOT,
	    "lazy, only the look before a halt serves outside of interrupts" },
	{ RUNS, OP(OFFLINE), ST(WAITING), CANNOT,
	    "its doorbell is open there, and an interrupt runs them" },
	{ KICKS, ALL_BUT(OP(OFFLINE)), ST(OFF), CANNOT,
	    "who is off is not kicked" },
	/* Windows. */
	{ ANY, OP(OFFLINE), ST(OFF) | ST(NMI) | ST(HANDLER) | ST(DRAIN) |
	    ST(LAZY) | ST(OPEN) | ST(MASKED), RARELY,
	    "the few steps of offline before it leaves, and after" },
	{ ANY, ALL_BUT(CHANGES), ST(LOCKED), RARELY,
	    "a lock outside of changes: a function that fault F19 traps" },
	{ ANY, OP(ONLINE), ST(NMI) | ST(HANDLER), RARELY,
	    "the first drain of all" },
	{ ANY, ANY, ST(NMI), RARELY, "an NMI lasts a few steps" },
	{ ANY, OP(IDLE), ST(OPEN), RARELY,
	    "the steps between the wake and the end of idling" },
	{ ANY, OP(TOUCH) | OP(REGISTER) | OP(POLL) | OP(USER), ST(MASKED),
	    RARELY,
	    "masked for a step or two only" },
	{ ANY, OP(NONE), ST(MASKED) | ST(LAZY), RARELY,
	    "between two operations, and yet in the midst of something" },
	{ F(BUSY), ANY, ST(WAITING) | ST(DRAIN), RARELY,
	    "a wait that sends again, a drain that kicks itself" },
	{ KICKS | F(CLOCK) | F(BUSY),
	    OP(IDLE) | OP(POLL) | OP(REGISTER) | OP(TOUCH) | OP(EVENT) |
	    OP(UNREGISTER) | OP(TABLES) | OP(LAZY) | OP(USER), ST(HANDLER),
	    RARELY,
	    "a kick, or a look, just then" },
	{ KICKS, OP(POLL), ST(OPEN) | ST(POLLING) | ST(DRAIN), RARELY,
	    "who polls is kicked only as it begins or ends" },
	{ RUNS, CHANGES | OP(START) | OP(UNREGISTER), ST(WAITING) | ST(MASKED),
	    RARELY, "a function, in just this wait" },
	{ RUNS, OP(MSG), ST(WAITING), RARELY, "a function, in just this wait" },
	{ RUNS, ANY, ST(HANDLER), RARELY,
	    "a message to oneself in a function, or one that waits for room" },
	{ F(CLOCK), WAITS, ST(LOCKED) | ST(MASKED) | ST(OPEN), RARELY,
	    "a look at the clock before the wait is announced" },
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

enum cannot_kind
cannot_kind(unsigned fault, unsigned op, unsigned state)
{
	for (unsigned i = 0; i < NROWS; i++)
		if ((rows[i].faults >> fault & 1) != 0 &&
		    (rows[i].ops >> op & 1) != 0 &&
		    (rows[i].states >> state & 1) != 0)
			return rows[i].kind;
	return CAN;
}

static void
print_set(uint32_t set, unsigned n, const char *(*name)(unsigned))
{
	uint32_t all = n < 32 ? (UINT32_C(1) << n) - 1 : ANY;
	unsigned printed = 0;

	if ((set & all) == all) {
		printf(" any");
		return;
	}
	for (unsigned i = 0; i < n; i++)
		if ((set >> i & 1) != 0)
			printf("%s%s", printed++ == 0 ? " " : ",", name(i));
}

static const char *
fault_name(unsigned f)
{
	return sim_fault_kind[f].name;
}

static const char *
op_name(unsigned op)
{
	return sim_op_name[op];
}

static const char *
state_name(unsigned state)
{
	return sim_state_name[state];
}

void
cannot_print(void)
{
	for (unsigned i = 0; i < NROWS; i++) {
		static const char *const kinds[] = {
			[RARELY] = "rarely:", [SELDOM] = "seldom:",
			[CANNOT] = "cannot:"
		};

		printf("  %s", kinds[rows[i].kind]);
		print_set(rows[i].faults, SIM_NFAULT, fault_name);
		printf(" x");
		print_set(rows[i].ops, SIM_NOP_KIND, op_name);
		printf(" x");
		print_set(rows[i].states, SIM_NSTATE, state_name);
		printf("\n          %s\n", rows[i].why);
	}
}
