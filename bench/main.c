/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: the benchmark.
 *
 * It measures and never judges by its exit status: a time is no test.  What can
 * be right or wrong about it, `--quick` checks.
 */
#include <errno.h>
#include <string.h>

#include "bench.h"

#define EXIT_CANNOT	2
#define QUICK_ROUNDS	2000

static const char help[] =
"usage: xcpu-bench [--quick] [FOLDER]\n"
"\n"
"Measures round trips between two threads on two cores: synchronous calls and\n"
"events of xcpu, and what bare cache lines can do. Takes some ten seconds.\n"
"\n"
"  FOLDER   gets blocks.tsv, summary.tsv and local.tsv\n"
"  --quick  measures nothing: tests (TAP) that every round is seen once\n"
"\n"
"Exit status: 0; 1 a round was lost or doubled; 2 it cannot run here.\n";

static int
cannot(const char *what, const char *why)
{
	fprintf(stderr, "xcpu-bench: %s%s%s\n", what, why[0] ? ": " : "", why);
	return EXIT_CANNOT;
}

static int
quick(void)
{
	struct local_cost cost;
	int failed = 0;

	printf("1..%d\n", MEASURES + 1);
	for (unsigned m = 0; m < MEASURES; m++) {
		struct run run;

		pair_run(&measures[m], QUICK_ROUNDS, &run);
		failed |= !run.exact;
		printf("%sok %u - %s: %d rounds, each seen once\n",
		    run.exact ? "" : "not ", m + 1, measures[m].name,
		    QUICK_ROUNDS);
	}
	rounds_local(&cost);
	printf("ok %d - an empty set call returns\n", MEASURES + 1);
	return failed;
}

static int
measure(const char *folder)
{
	static struct attempt attempts[SAMPLE_ATTEMPTS];
	struct local_cost cost;
	const char *failed;

	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++) {
		fprintf(stderr, "xcpu-bench: attempt %u of %u\n", a + 1,
		    SAMPLE_ATTEMPTS);
		sample_attempt(&attempts[a]);
	}
	rounds_local(&cost);
	report_print(attempts, &cost);
	if (folder == NULL)
		return 0;
	failed = report_write(folder, attempts, &cost);
	if (failed != NULL)
		return cannot(failed, strerror(errno));
	printf("Tables for programs: %s/*.tsv\n", folder);
	return 0;
}

int
main(int argc, char **argv)
{
	bool is_quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
	const char *folder = argc == 2 && !is_quick ? argv[1] : NULL;
	const char *why;
	int result;

	if (folder != NULL && strcmp(folder, "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	if (argc > 2 || (folder != NULL && folder[0] == '-'))
		return cannot("it takes --quick or the name of a folder", "");
	setvbuf(stdout, NULL, _IOLBF, 0);
	why = pair_begin(!is_quick);
	if (why != NULL)
		return cannot("cannot run", why);
	result = is_quick ? quick() : measure(folder);
	pair_end();
	return result;
}
