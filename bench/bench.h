/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h: what the files of the benchmark share.
 *
 * Files:
 *	rounds.c	what is measured: ping-pongs, calls, events
 *	pair.c		two pinned threads that run rounds against each other
 *	sample.c	blocks, attempts, quantiles
 *	report.c	the table, and the tables for programs
 *	main.c		the program
 */
#ifndef XCPU_BENCH_H
#define XCPU_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- rounds.c ---- */

/*
 * One kind of round trip.  `first` runs on CPU 0 and answers with the clock at
 * the end of its last round; `second` runs on CPU 1 meanwhile.
 */
struct measure {
	const char *name;
	const char *key;	/* in files */
	uint64_t (*first)(uint64_t rounds);
	void (*second)(uint64_t rounds);
	/* How many rounds the other side saw, each in its turn. */
	uint64_t (*seen)(void);
};

enum {
	ONE_LINE,		/* tells near from far */
	TWO_LINES,		/* what the others are held against */
	CALL,
	EVENT_FLAG,
	EVENT_EVENT,
	MEASURES
};

extern const struct measure measures[MEASURES];

const char *rounds_begin(void);		/* NULL, or why not */
/* Nanoseconds of an empty set call, and of a call of a function. */
struct local_cost {
	double empty_set;
	double function;
};
void rounds_local(struct local_cost *cost);

/* ---- pair.c ---- */

struct run {
	uint64_t ns;
	uint64_t kicks;		/* that the second CPU, or both, had to take */
	bool exact;		/* every round was seen once, in its turn */
	bool preempted;		/* one of the threads */
};

const char *pair_begin(bool want_realtime);	/* NULL, or why not */
void pair_end(void);
void pair_run(const struct measure *measure, uint64_t rounds, struct run *run);
bool pair_realtime(void);	/* the scheduler keeps others off */

/* ---- sample.c ---- */

enum { SAMPLE_BLOCKS = 31, SAMPLE_ATTEMPTS = 3 };

/* Every measure once forwards and once backwards; nanoseconds per round. */
struct block {
	double ns[MEASURES];
};

struct quantiles {
	double q10;
	double median;
	double q90;
};

struct attempt {
	struct block block[SAMPLE_BLOCKS];
	unsigned kept;
	unsigned preempted;	/* dropped for that */
	unsigned moved;		/* dropped: near at one end, far at the other */
	uint64_t rounds[MEASURES];
	uint64_t kicks[MEASURES];
	struct quantiles ns[MEASURES];
	struct quantiles ratio[MEASURES];	/* to TWO_LINES */
	const char *regime;
};

void sample_attempt(struct attempt *attempt);
const char *sample_regime(double one_line_ns);

/* ---- report.c ---- */

void report_print(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct local_cost *cost);
/* NULL, or the file that could not be written. */
const char *report_write(const char *folder,
    const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct local_cost *cost);

#endif /* XCPU_BENCH_H */
