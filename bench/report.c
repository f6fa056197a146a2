/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c: the table for people, and tab-separated values for programs.
 *
 * Of several attempts the worst counts, for each measure on its own: nobody
 * gets to choose the hour in which the numbers were good.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Of a synchronous call, in two-line ping-pongs. */
#define CALL_REQUIRED	1.1
#define CALL_GOAL	0.7

static char path[4096];

/* The attempt with the highest ratio; NULL when none kept a block. */
static const struct attempt *
worst(const struct attempt attempts[SAMPLE_ATTEMPTS], unsigned m)
{
	const struct attempt *found = NULL;

	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++)
		if (attempts[a].kept == SAMPLE_BLOCKS && (found == NULL ||
		    attempts[a].ratio[m].median > found->ratio[m].median))
			found = &attempts[a];
	return found;
}

static void
print_attempts(const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	printf("Two pinned threads, %s; blocks of all measures forwards and "
	    "back.\n\n", pair_realtime() ? "SCHED_FIFO" :
	    "SCHED_OTHER (no right to SCHED_FIFO)");
	printf("attempt  blocks  dropped: preempted  moved   one line  regime"
	    "   call/two lines\n");
	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++) {
		const struct attempt *attempt = &attempts[a];

		printf("%7u  %6u  %18u  %5u  %6.1f ns  %-7s", a + 1,
		    attempt->kept, attempt->preempted, attempt->moved,
		    attempt->ns[ONE_LINE].median, attempt->regime);
		if (attempt->kept == SAMPLE_BLOCKS)
			printf("  %6.2f", attempt->ratio[CALL].median);
		printf("%s\n", attempt->kept < SAMPLE_BLOCKS ?
		    "  too few blocks" : "");
	}
}

static void
print_measures(const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	printf("\n%-32s  %8s   %-21s %14s\n", "round trip, worst attempt",
	    "ns", "to two lines [q10 q90]", "kicks per 1000");
	for (unsigned m = 0; m < MEASURES; m++) {
		const struct attempt *a = worst(attempts, m);
		double rounds;

		if (a == NULL)
			continue;
		rounds = (double)a->rounds[m] *
		    (2 * (SAMPLE_BLOCKS + a->preempted + a->moved));
		printf("%-32s  %8.1f   %4.2f  [%4.2f %4.2f] %14.2f\n",
		    measures[m].name, a->ns[m].median, a->ratio[m].median,
		    a->ratio[m].q10, a->ratio[m].q90,
		    (double)a->kicks[m] * 1000 / rounds);
	}
}

static const char *
met(double value, double limit)
{
	return value <= limit ? "met" : "missed";
}

void
report_print(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct local_cost *cost)
{
	const struct attempt *a = worst(attempts, CALL);

	print_attempts(attempts);
	print_measures(attempts);
	printf("\nempty set call %.1f ns, function call %.1f ns: %.1f ns more\n",
	    cost->empty_set, cost->function,
	    cost->empty_set - cost->function);
	if (a == NULL) {
		printf("\nNo verdict: no attempt kept %u blocks. The machine is "
		    "too busy.\n", SAMPLE_BLOCKS);
		return;
	}
	printf("\nSynchronous unicast, in two-line ping-pongs: %.2f (%s); "
	    "required %.1f: %s; goal %.1f: %s\n", a->ratio[CALL].median,
	    a->regime, CALL_REQUIRED,
	    met(a->ratio[CALL].median, CALL_REQUIRED), CALL_GOAL,
	    met(a->ratio[CALL].median, CALL_GOAL));
}

/* ---- files ---- */

static FILE *
create(const char *folder, const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return fopen(path, "w");
}

static bool
write_blocks(FILE *file, const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	fprintf(file, "attempt\tblock\tmeasure\tns\tto_two_lines\n");
	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++)
		for (unsigned i = 0; i < attempts[a].kept; i++)
			for (unsigned m = 0; m < MEASURES; m++) {
				const double *ns = attempts[a].block[i].ns;

				fprintf(file, "%u\t%u\t%s\t%.2f\t%.4f\n",
				    a + 1, i + 1, measures[m].key, ns[m],
				    ns[m] / ns[TWO_LINES]);
			}
	return fclose(file) == 0;
}

static bool
write_summary(FILE *file, const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	fprintf(file, "attempt\tregime\tblocks\tmeasure\tns\tratio\tq10\tq90\t"
	    "worst\n");
	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++) {
		const struct attempt *at = &attempts[a];

		for (unsigned m = 0; m < MEASURES; m++)
			fprintf(file, "%u\t%s\t%u\t%s\t%.2f\t%.4f\t%.4f\t%.4f\t"
			    "%d\n", a + 1, at->regime, at->kept,
			    measures[m].key, at->ns[m].median,
			    at->ratio[m].median, at->ratio[m].q10,
			    at->ratio[m].q90, at == worst(attempts, m));
	}
	return fclose(file) == 0;
}

static bool
write_local(FILE *file, const struct local_cost *cost)
{
	fprintf(file, "what\tns\nempty-set-call\t%.2f\nfunction-call\t%.2f\n",
	    cost->empty_set, cost->function);
	return fclose(file) == 0;
}

const char *
report_write(const char *folder,
    const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct local_cost *cost)
{
	FILE *file = create(folder, "blocks.tsv");

	if (file == NULL || !write_blocks(file, attempts))
		return path;
	file = create(folder, "summary.tsv");
	if (file == NULL || !write_summary(file, attempts))
		return path;
	file = create(folder, "local.tsv");
	if (file == NULL || !write_local(file, cost))
		return path;
	return NULL;
}
