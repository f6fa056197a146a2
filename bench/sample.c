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
	const struct suite *suite = attempt->suite;
	struct run run;

	for (unsigned m = 0; m < suite->n; m++) {
		if (suite->measure[m].first == NULL)
			continue;
		pair_run(&suite->measure[m], TRY_ROUNDS, &run);
		attempt->rounds[m] = TRY_ROUNDS * suite->part_ns /
		    (run.ns + 1) + 1;
	}
}

/* One measure, once; returns nanoseconds per round. */
static double
part(struct attempt *attempt, unsigned m, bool *preempted)
{
	const struct measure *measure = &attempt->suite->measure[m];
	struct run run;

	if (measure->first == NULL)
		return 0;
	pair_run(measure, attempt->rounds[m], &run);
	if (!run.exact) {
		fprintf(stderr, "xcpu-bench: %s: a round was lost or doubled\n",
		    measure->name);
		exit(1);
	}
	*preempted |= run.preempted;
	attempt->kicks[m] += run.kicks;
	attempt->rings[m] += run.rings;
	return (double)run.ns / (double)attempt->rounds[m];
}

/* False when the block is worth nothing. */
static bool
take_block(struct attempt *attempt, struct block *block)
{
	unsigned n = attempt->suite->n;
	bool preempted = false;
	double back[MEASURES_MAX] = { 0 };

	for (unsigned m = 0; m < n; m++)
		block->ns[m] = part(attempt, m, &preempted);
	for (unsigned m = n; m-- > 0;)
		back[m] = part(attempt, m, &preempted);
	if (preempted) {
		attempt->preempted++;
		return false;
	}
	if (strcmp(sample_regime(block->ns[NEAR_OR_FAR]),
	    sample_regime(back[NEAR_OR_FAR])) != 0) {
		attempt->moved++;
		return false;
	}
	for (unsigned m = 0; m < n; m++)
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

struct quantiles
sample_ratio(const struct attempt *attempt, unsigned over, unsigned under)
{
	double ratio[SAMPLE_BLOCKS];

	for (unsigned i = 0; i < attempt->kept; i++)
		ratio[i] = attempt->block[i].ns[over] /
		    attempt->block[i].ns[under];
	return quantiles(ratio, attempt->kept);
}

double
sample_rounds(const struct attempt *attempt, unsigned m)
{
	return (double)attempt->rounds[m] *
	    (2 * (attempt->kept + attempt->preempted + attempt->moved));
}

static void
sum_up(struct attempt *attempt)
{
	double ns[SAMPLE_BLOCKS];

	for (unsigned m = 0; m < attempt->suite->n; m++) {
		for (unsigned i = 0; i < attempt->kept; i++)
			ns[i] = attempt->block[i].ns[m];
		attempt->ns[m] = quantiles(ns, attempt->kept);
	}
	attempt->regime = sample_regime(attempt->ns[NEAR_OR_FAR].median);
}

void
sample_attempt(const struct suite *suite, struct attempt *attempt)
{
	memset(attempt, 0, sizeof(*attempt));
	attempt->suite = suite;
	calibrate(attempt);
	for (unsigned tried = 0; tried < BLOCKS_TRIED &&
	    attempt->kept < SAMPLE_BLOCKS; tried++) {
		pair_rest();
		if (take_block(attempt, &attempt->block[attempt->kept]))
			attempt->kept++;
	}
	sum_up(attempt);
}
