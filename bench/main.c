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
#define QUICK_BURSTS	20
#define BURSTS		2000

static const char help[] =
"usage: xcpu-bench [--quick] [--only trips|messages] [FOLDER]\n"
"\n"
"Measures, between two threads on two cores, round trips of xcpu's calls and\n"
"events beside what bare cache lines can do, and its messages beside other\n"
"queues. Takes half a minute.\n"
"\n"
"  FOLDER   gets the numbers, as *.tsv\n"
"  --only   one of the two\n"
"  --quick  measures nothing: tests (TAP) that every round is seen once\n"
"\n"
"Exit status: 0; 1 a round was lost or doubled; 2 it cannot run here.\n";

static int
cannot(const char *what, const char *why)
{
	fprintf(stderr, "xcpu-bench: %s%s%s\n", what, why[0] ? ": " : "", why);
	return EXIT_CANNOT;
}

/* ---- --quick ---- */

static unsigned tests;
static bool failed;

static void
test(bool passed, const char *what, const char *how)
{
	failed |= !passed;
	printf("%sok %u - %s: %s\n", passed ? "" : "not ", ++tests, what, how);
}

static void
quick_suite(const struct suite *suite)
{
	for (unsigned m = 0; m < suite->n; m++) {
		const struct measure *measure = &suite->measure[m];
		struct run run;

		if (measure->first == NULL) {
			test(true, measure->name, "# SKIP not in this build");
			continue;
		}
		pair_run(measure, QUICK_ROUNDS, &run);
		test(run.exact, measure->name, "each round seen once");
	}
}

static int
quick(void)
{
	struct kick_count kicks[KICK_BURSTS];
	struct local_cost cost;
	bool exact = true;

	printf("1..%u\n", trips.n + messages.n + 2);
	quick_suite(&trips);
	quick_suite(&messages);
	kicks_count(kicks, QUICK_BURSTS);
	for (unsigned b = 0; b < KICK_BURSTS; b++)
		exact &= kicks[b].exact;
	test(exact, "bursts", "each message runs once, in its turn");
	rounds_local(&cost);
	test(true, "an empty set call", "returns");
	return failed;
}

/* ---- measuring ---- */

static struct attempt attempts[SAMPLE_ATTEMPTS];

static void
measure(const struct suite *suite)
{
	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++) {
		fprintf(stderr, "xcpu-bench: %s, attempt %u of %u\n",
		    suite->name, a + 1, SAMPLE_ATTEMPTS);
		sample_attempt(suite, &attempts[a]);
	}
}

/* NULL, or the file that could not be written. */
static const char *
measure_trips(const char *folder)
{
	struct local_cost cost;
	const char *file = NULL;

	measure(&trips);
	rounds_local(&cost);
	report_trips(attempts, &cost);
	if (folder != NULL)
		file = files_write(folder, attempts);
	if (folder != NULL && file == NULL)
		file = files_write_local(folder, &cost);
	return file;
}

static const char *
measure_messages(const char *folder)
{
	struct kick_count kicks[KICK_BURSTS];
	const char *file = NULL;

	measure(&messages);
	kicks_count(kicks, BURSTS);
	report_messages(attempts, kicks);
	if (folder != NULL)
		file = files_write(folder, attempts);
	if (folder != NULL && file == NULL)
		file = files_write_kicks(folder, kicks);
	if (folder != NULL && file == NULL)
		file = files_write_honesty(folder, attempts);
	return file;
}

/* ---- the program ---- */

struct options {
	bool quick;
	const char *only;
	const char *folder;
};

/* False: the words make no sense. */
static bool
parse(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			options->quick = true;
		else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
			options->only = argv[++i];
		else if (argv[i][0] != '-' && options->folder == NULL)
			options->folder = argv[i];
		else
			return false;
	}
	return options->only == NULL ||
	    strcmp(options->only, trips.name) == 0 ||
	    strcmp(options->only, messages.name) == 0;
}

static int
measure_all(const struct options *options)
{
	const char *file = NULL;

	if (options->only == NULL || strcmp(options->only, trips.name) == 0)
		file = measure_trips(options->folder);
	if (options->only == NULL)
		printf("\n");
	if (file == NULL && (options->only == NULL ||
	    strcmp(options->only, messages.name) == 0))
		file = measure_messages(options->folder);
	if (file != NULL)
		return cannot(file, strerror(errno));
	if (options->folder != NULL)
		printf("\nTables for programs: %s/*.tsv\n", options->folder);
	return 0;
}

int
main(int argc, char **argv)
{
	struct options options = { false, NULL, NULL };
	const char *why;
	int result;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	if (!parse(argc, argv, &options))
		return cannot("unknown words; see --help", "");
	setvbuf(stdout, NULL, _IOLBF, 0);
	why = pair_begin(!options.quick);
	if (why != NULL)
		return cannot("cannot run", why);
	result = options.quick ? quick() : measure_all(&options);
	pair_end();
	return result;
}
