/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.h: the record of one call, and who judges it.
 *
 * A record belongs to the CPU that calls.  The function that it has run writes
 * plain fields: only what xcpu promises (what was written before the call is
 * seen in the function, what the function wrote is seen after the return) makes
 * reading them right, and a race detector can judge that too.
 */
#ifndef XCPU_WORK_CALLS_H
#define XCPU_WORK_CALLS_H

#include "run.h"

#define CALLS_NOWAIT	4	/* records of calls that nobody waits for */

/* What the function left on one CPU. */
struct call_mark {
	struct xcpu_au32 runs;	/* by the target alone, doorbell masked */
	uint32_t turn;
	uint64_t serial;
};

struct call_record {
	struct xcpu_call call;		/* of the no-wait form */
	uint64_t serial;		/* plain: written before, read by fn */
	uint64_t echo;
	struct xcpu_cpuset asked;	/* nobody else may run it */
	struct xcpu_au32 open;		/* fn may run */
	struct xcpu_au32 turns;		/* of a serial call */
	uint32_t callbacks;
	bool nowait, callback;		/* in flight; wants a callback */
	struct call_mark *mark;		/* [ncpu] */
};

struct calls_cpu {
	struct work_rng rng;
	unsigned cpu;
	unsigned burst;			/* calls left of its turn */
	uint64_t serial;
	uint64_t calls, refused, left;
	struct work_times times;
	uint64_t runs __attribute__((aligned(64)));	/* for others, here */
	struct call_record wait;
	struct call_record nowait[CALLS_NOWAIT];
};

struct calls {
	struct work_goal goal;
	unsigned ncpu;
	struct calls_cpu *cpu[XCPU_NCPU_MAX];
	struct xcpu_au32 callers;	/* CPUs whose turn it is, if they halt */
	struct xcpu_au32 finished;
};

extern struct calls calls;

/* call_check.c */
xcpu_fn call_function, call_callback;	/* arg: a struct call_record */
void call_open(struct calls_cpu *me, struct call_record *record);
void call_close(struct calls_cpu *me, struct call_record *record,
    const struct xcpu_call_result *result);

#endif /* XCPU_WORK_CALLS_H */
