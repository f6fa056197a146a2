/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h: what the files of the benchmark share.
 *
 * Files:
 *	rounds.c	round trips: ping-pongs, calls, events
 *	messages.c	messages, beside the queues of rivals/; with flood.h
 *	kicks.c		interrupts per message, where they are real ones
 *	pair.c		two pinned threads that run rounds against each other
 *	sample.c	blocks, attempts, quantiles
 *	verdict.c	what is required of which ratio, and what makes it void
 *	report.c	the tables
 *	files.c		the same for programs
 *	main.c		the program
 */
#ifndef XCPU_BENCH_H
#define XCPU_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- what is measured ---- */

/*
 * `first` runs on CPU 0 and answers with the clock at the end of its last round;
 * `second` runs on CPU 1 meanwhile.  A round is a round trip, or a message.
 */
struct measure {
	const char *name;
	const char *key;	/* in files */
	uint64_t (*first)(uint64_t rounds);	/* NULL: not in this build */
	void (*second)(uint64_t rounds);
	/* How many rounds the other side saw, each in its turn. */
	uint64_t (*seen)(void);
	/* Doorbells rung so far; NULL: it has none, or rings for each. */
	uint64_t (*rings)(void);
};

/* Measures that are taken together, first of all NEAR_OR_FAR. */
struct suite {
	const char *name;	/* in files */
	const struct measure *measure;
	unsigned n;
	uint64_t part_ns;	/* of one measure, once */
};

enum {
	NEAR_OR_FAR,		/* ping-pong within one line: tells the regime */
	THERE_AND_BACK,		/* within two: what round trips are held against */
	MEASURES_BARE
};

/* ---- rounds.c ---- */

enum {
	CALL = MEASURES_BARE,
	EVENT_FLAG,
	EVENT_EVENT,
	TRIPS
};

extern const struct suite trips;

uint64_t bare_one_line_first(uint64_t rounds);
void bare_one_line_second(uint64_t rounds);
uint64_t bare_two_lines_first(uint64_t rounds);
void bare_two_lines_second(uint64_t rounds);

const char *rounds_begin(void);		/* NULL, or why not */
/* Nanoseconds of an empty set call, and of a call of a function. */
struct local_cost {
	double empty_set;
	double function;
};
void rounds_local(struct local_cost *cost);

/* ---- messages.c ---- */

enum {
	SINGLE_OURS = MEASURES_BARE,
	SINGLE_CACHED,
	SINGLE_FENCED,
	SINGLE_CK,
	SINGLE_OLD,
	SINGLE_OLD_LOOKS,
	SINGLE_MAILBOX,
	BATCH4_OURS,
	BATCH4_CACHED,
	BATCH4_FENCED,
	BATCH32_OURS,
	BATCH32_CACHED,
	FULL_OURS,
	FULL_CACHED,
	ECHO_OURS,
	ECHO_CACHED,
	ECHO_FENCED,
	ECHO_CK,
	ECHO_OLD,
	CALL_MAILBOX,
	MESSAGES,
	MEASURES_MAX = MESSAGES
};

extern const struct suite messages;

const char *messages_begin(void);	/* NULL, or why not */

/* ---- pair.c ---- */

struct run {
	uint64_t ns;
	uint64_t kicks;		/* that the second CPU, or both, had to take */
	uint64_t rings;		/* doorbells rung, kick or no kick */
	bool exact;		/* every round was seen once, in its turn */
	bool preempted;		/* one of the threads */
};

const char *pair_begin(bool want_realtime);	/* NULL, or why not */
void pair_end(void);
void pair_run(const struct measure *measure, uint64_t rounds, struct run *run);
void pair_rest(void);	/* so that the kernel does not end us: see there */
bool pair_realtime(void);	/* the scheduler keeps others off */

/* ---- sample.c ---- */

enum { SAMPLE_BLOCKS = 31, SAMPLE_ATTEMPTS = 3 };

/* Every measure once forwards and once backwards; nanoseconds per round. */
struct block {
	double ns[MEASURES_MAX];
};

struct quantiles {
	double q10;
	double median;
	double q90;
};

struct attempt {
	const struct suite *suite;
	struct block block[SAMPLE_BLOCKS];
	unsigned kept;
	unsigned preempted;	/* dropped for that */
	unsigned moved;		/* dropped: near at one end, far at the other */
	uint64_t rounds[MEASURES_MAX];	/* of one part */
	uint64_t kicks[MEASURES_MAX];	/* of all parts, dropped ones too */
	uint64_t rings[MEASURES_MAX];
	struct quantiles ns[MEASURES_MAX];
	const char *regime;
};

void sample_attempt(const struct suite *suite, struct attempt *attempt);
/* Of the time of one measure to that of another, block by block. */
struct quantiles sample_ratio(const struct attempt *attempt, unsigned over,
    unsigned under);
/* How many rounds `kicks` and `rings` are of. */
double sample_rounds(const struct attempt *attempt, unsigned m);
const char *sample_regime(double one_line_ns);

/* ---- verdict.c ---- */

/* A rival is believed when it is about as slow as its description makes it. */
struct check {
	const char *what;
	unsigned over, under;	/* measures */
	double low, high;
};

/* What is promised of the ratio of two measures. */
struct claim {
	const char *what;	/* ends with the unit of the ratio */
	unsigned over, under;	/* measures */
	bool at_least;		/* else: at most */
	double required;	/* 0: nothing is */
	double goal;		/* 0: none beyond that */
	const struct check *check;	/* void where it fails; or NULL */
};

/* Of one attempt that kept enough blocks: the median. */
struct outcome {
	double ratio;
	const char *regime;
};

enum { VERDICT_TEXT = 200 };	/* bytes that a line may take */

bool verdict_holds(const struct check *check, const struct outcome *outcome,
    unsigned n);
/* NULL when there is none. */
const struct outcome *verdict_worst(const struct claim *claim,
    const struct outcome *outcome, unsigned n);
void verdict_claim(char text[VERDICT_TEXT], const struct claim *claim,
    const struct outcome *outcome, unsigned n, bool is_void);
void verdict_check(char text[VERDICT_TEXT], const struct check *check,
    const struct outcome *outcome, unsigned n);

/* ---- kicks.c ---- */

enum { KICK_BURSTS = 4 };

/* For each burst, and at last at saturation. */
struct kick_count {
	unsigned burst;		/* 0: no pause at all */
	uint64_t messages;
	uint64_t ours;		/* kicks sent by the port, to oneself too */
	uint64_t old;		/* interrupts of the queue of 2005 */
	bool exact;
};

const char *kicks_begin(void);	/* NULL, or why not */
/* `times` bursts of each. */
void kicks_count(struct kick_count counts[KICK_BURSTS], unsigned times);

/* ---- report.c ---- */

void report_trips(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct local_cost *cost);
void report_messages(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct kick_count kicks[KICK_BURSTS]);
/* Of each rival of our own making, as a table for programs. */
void report_honesty(FILE *file,
    const struct attempt attempts[SAMPLE_ATTEMPTS]);

/* ---- files.c ---- */

/* NULL, or the file that could not be written. */
const char *files_write(const char *folder,
    const struct attempt attempts[SAMPLE_ATTEMPTS]);
const char *files_write_local(const char *folder,
    const struct local_cost *cost);
const char *files_write_honesty(const char *folder,
    const struct attempt attempts[SAMPLE_ATTEMPTS]);
const char *files_write_kicks(const char *folder,
    const struct kick_count kicks[KICK_BURSTS]);

#endif /* XCPU_BENCH_H */
