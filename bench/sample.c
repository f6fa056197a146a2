/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample.c: numbers that mean something on a machine with other tenants.
 *
 * Absolute times move by a factor of six with the neighbours, and where the
 * hypervisor puts the two cores decides between near and far.  Ratios hold, if
 * both sides were measured within milliseconds: a block runs every measure
 * forwards and then backwards, so that a drift cancels, and is dropped when a
 * thread lost its core in it, or when it began near and ended far.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define PART_NS		3000000		/* of one measure, once */
#define TRY_ROUNDS	2000
#define BLOCKS_TRIED	(4 * SAMPLE_BLOCKS)

#define NEAR_NS		90		/* one-line ping-pong, below: near */
#define FAR_NS		200		/* above: far */

const char *
sample_regime(double one_line_ns)
{
	if (one_line_ns < NEAR_NS)
		return "near";
	return one_line_ns > FAR_NS ? "far" : "between";
}

/* How many rounds make a part, as the machine is now. */
static void
calibrate(struct attempt *attempt)
{
	struct run run;

	for (unsigned m = 0; m < MEASURES; m++) {
		pair_run(&measures[m], TRY_ROUNDS, &run);
		attempt->rounds[m] = TRY_ROUNDS *
		    (uint64_t)PART_NS / (run.ns + 1) + 1;
	}
}

/* One measure, once; returns nanoseconds per round. */
static double
part(struct attempt *attempt, unsigned m, bool *preempted)
{
	struct run run;

	pair_run(&measures[m], attempt->rounds[m], &run);
	if (!run.exact) {
		fprintf(stderr, "xcpu-bench: %s: a round was lost or doubled\n",
		    measures[m].name);
		exit(1);
	}
	*preempted |= run.preempted;
	attempt->kicks[m] += run.kicks;
	return (double)run.ns / (double)attempt->rounds[m];
}

/* False when the block is worth nothing. */
static bool
take_block(struct attempt *attempt, struct block *block)
{
	bool preempted = false;
	double back[MEASURES];

	for (unsigned m = 0; m < MEASURES; m++)
		block->ns[m] = part(attempt, m, &preempted);
	for (unsigned m = MEASURES; m-- > 0;)
		back[m] = part(attempt, m, &preempted);
	if (preempted) {
		attempt->preempted++;
		return false;
	}
	if (strcmp(sample_regime(block->ns[ONE_LINE]),
	    sample_regime(back[ONE_LINE])) != 0) {
		attempt->moved++;
		return false;
	}
	for (unsigned m = 0; m < MEASURES; m++)
		block->ns[m] = (block->ns[m] + back[m]) / 2;
	return true;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts the values. */
static struct quantiles
quantiles(double *value, unsigned n)
{
	struct quantiles q = { 0 };

	if (n == 0)
		return q;
	qsort(value, n, sizeof(*value), by_size);
	q.q10 = value[(n - 1) / 10];
	q.median = value[(n - 1) / 2];
	q.q90 = value[(n - 1) * 9 / 10];
	return q;
}

static void
sum_up(struct attempt *attempt)
{
	double ns[SAMPLE_BLOCKS], ratio[SAMPLE_BLOCKS];

	for (unsigned m = 0; m < MEASURES; m++) {
		for (unsigned i = 0; i < attempt->kept; i++) {
			const struct block *block = &attempt->block[i];

			ns[i] = block->ns[m];
			ratio[i] = block->ns[m] / block->ns[TWO_LINES];
		}
		attempt->ns[m] = quantiles(ns, attempt->kept);
		attempt->ratio[m] = quantiles(ratio, attempt->kept);
	}
	attempt->regime = sample_regime(attempt->ns[ONE_LINE].median);
}

void
sample_attempt(struct attempt *attempt)
{
	memset(attempt, 0, sizeof(*attempt));
	calibrate(attempt);
	for (unsigned tried = 0; tried < BLOCKS_TRIED &&
	    attempt->kept < SAMPLE_BLOCKS; tried++)
		if (take_block(attempt, &attempt->block[attempt->kept]))
			attempt->kept++;
	sum_up(attempt);
}
