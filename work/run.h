/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.h: what the files of the workloads share: the run that is under way, its
 * failures, its time, its random numbers.
 */
#ifndef XCPU_WORK_RUN_H
#define XCPU_WORK_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"
#include "options.h"

/* A promise was broken if any of these is not 0 at the end; see table.c. */
enum work_failure {
	WORK_STALE,		/* a stale read or fault */
	WORK_STALE_WRITE,	/* a store by a right that was lost */
	WORK_EARLY,		/* a call ended before its function */
	WORK_LOST,		/* accepted, and never run */
	WORK_ORDER,		/* run unasked or twice, or without its data */
	WORK_MOVED,		/* parked or stopped, and went on */
	WORK_ANSWER,		/* a function's answer contradicts itself */
	WORK_STALLED,		/* the workload came to no end */
	WORK_SHORT,		/* of memory */
	WORK_FAILURES
};

/* How long operations took, by powers of two as in xcpu/stat.h. */
struct work_times {
	uint64_t ns[XCPU_STAT_BUCKETS];
};

enum work_timed { WORK_TIME_SHOOTDOWN, WORK_TIME_CALL, WORK_TIMES };

/* What one workload did, for the table. */
struct work_tally {
	uint64_t shootdowns;
	uint64_t mapped;		/* pages mapped without a shootdown */
	uint64_t background;		/* pages read meanwhile */
	uint64_t calls, call_runs;
	uint64_t events, event_runs;
	uint64_t messages;
	uint64_t rendezvous, stops;
	uint64_t late;			/* of the shootdowns: not waited for */
	/* What a storm has of each kind. */
	uint64_t processes, fell_lazy, kernel_unmaps, tables, reclaims;
	uint64_t held_ns;		/* in all, until they were over */
	uint64_t left;			/* times a CPU went offline and came back */
	uint64_t control_seen, control_asked;
};

struct work_run {
	struct work_options options;
	unsigned ncpu;
	uint64_t begun_ns;
	struct work_tally tally;
	struct work_times times[WORK_TIMES];
	struct xcpu_au64 failures[WORK_FAILURES];
};

extern struct work_run work_run;

/*
 * Counts a failure and says whether it may still be printed: the first sixteen
 * of each kind are; a broken machine would print for ever.
 */
bool work_failed(enum work_failure failure);

uint64_t work_failures(void);

/*
 * Prints a line that starts with REPORT and names what was broken; the tests
 * of planted defects look for these words.
 */
#define WORK_REPORT(failure, ...) do {					\
	if (work_failed(failure))					\
		mach_printf("REPORT " __VA_ARGS__);			\
} while (0)

/* ------------------------------------------------------------------ */
/* Random numbers: one stream per CPU and workload, from the seed.        */

struct work_rng {
	uint64_t state;
};

static inline uint64_t
work_random(struct work_rng *rng)
{
	uint64_t x = rng->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rng->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 to n-1; n is small, so that the remainder's bias does not matter. */
static inline unsigned
work_below(struct work_rng *rng, unsigned n)
{
	return (unsigned)((work_random(rng) >> 32) % n);
}

static inline bool
work_once_in(struct work_rng *rng, unsigned n)
{
	return work_below(rng, n) == 0;
}

void work_seed(struct work_rng *rng, unsigned stream, unsigned cpu);

/* A point where other CPUs may run: one relax, and up to relax= more. */
void work_yield(struct work_rng *rng);

/* ------------------------------------------------------------------ */
/* Time.  A limit of 0 never passes.                                     */

#define WORK_SECOND	UINT64_C(1000000000)
/* Then it hangs; hundreds of CPUs on one core of a busy host only seem to. */
#define WORK_PATIENCE	(20 * WORK_SECOND * (1 + work_run.ncpu / 64))

static inline bool
work_passed(uint64_t limit_ns)
{
	return limit_ns != 0 && mach_now_ns() >= limit_ns;
}

void work_time(struct work_times *times, uint64_t ns);
void work_times_add(enum work_timed which, struct work_times *times);

/* How many operations a workload does, and until when. */
struct work_goal {
	uint64_t ops;
	uint64_t limit_ns;
};

/*
 * Where every CPU is a thread of the emulator, CPUs that spin keep those that
 * work from running: workloads then halt instead, and wake each other.
 */
static inline bool
work_halts(void)
{
	return work_run.options.mode == WORK_MODE_MULTI;
}

/* ------------------------------------------------------------------ */
/* The workloads; each returns when all CPUs are quiet again.             */

bool storm_run(const struct work_goal *goal);
bool control_run(unsigned trials);
bool detector_run(void);
void calls_run(const struct work_goal *goal);
void events_run(const struct work_goal *goal);
void messages_run(const struct work_goal *goal);
void sync_run(const struct work_goal *goal);

/* stuck.c: one CPU masks for long; the others notice, and go on. */
bool stuck_run(void);

/* Rings for messages, once, unless the self-test has given some. */
void work_give_rings(void);

/* Offline, a pause, online again; the caller has no call in flight. */
void work_leave_and_return(unsigned cpu, struct work_rng *rng);

/*
 * table.c: counts from here; prints the result and answers with the verdict,
 * which is no better than what it is given.
 */
void table_begin(void);
bool table_print(bool good);

/* 1234567 as 1,234,567; `to` has room for WORK_NUMBER. */
#define WORK_NUMBER 27
const char *work_number(uint64_t n, char *to);
/* Nanoseconds in the unit that needs at most four digits: "16 us". */
const char *work_duration(uint64_t ns, char *to);

#endif /* XCPU_WORK_RUN_H */
