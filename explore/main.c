/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: the command line of the explorer.
 *
 * Exit status: 0 all is as it should be, 1 something failed, 2 misused.
 */
#include "engine.h"
#include "main.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct options options = { .limits = { .reduction = REDUCE_SOURCE, .seed = 1 } };

double
now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
progress(const struct result *result)
{
	static double last;
	double now = now_seconds();

	if (!isatty(STDERR_FILENO) || now - last < 0.2)
		return;
	last = now;
	fprintf(stderr, "\r%-28s %11llu executions %9llu states %5.1f s ",
	    eng.program->name, (unsigned long long)result->executions,
	    (unsigned long long)result->states, result->seconds);
}

static void
clear_progress(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%79s\r", "");
}

/* ---- one program ---- */

void
load_program(const struct explore_program *program)
{
	eng.program = program;
	sim_port_early = program->early;
	memset(eng.failure, 0, sizeof(eng.failure));
	shadow_blank();
	shadow_begin();
	cpu_setup();
	chance_warm_up();
}

/* The search goes deep first: what it did not come to gets a look by chance. */
static void
look_elsewhere(const struct limits *limits, struct result *result)
{
	struct limits chance = *limits;
	struct result more;

	chance.pct = 3;
	chance.executions = limits->executions / 4;
	chance_run(&chance, &more);
	result->seconds += more.seconds;
	result->failed = more.failed;
	memcpy(result->failure, more.failure, sizeof(result->failure));
}

void
run_program(const struct explore_program *program, const struct limits *limits,
    struct result *result)
{
	load_program(program);
	if (options.by_chance)
		chance_run(limits, result);
	else
		search_run(limits, result);
	if (!options.by_chance && !result->failed && !result->exhausted &&
	    limits->executions != 0)
		look_elsewhere(limits, result);
	clear_progress();
	if (result->failed)
		chance_record(result);
}

/* Did what was promised come true? */
bool
as_it_should(const struct explore_program *program, const struct result *result)
{
	if (program->must_fail == NULL)
		return !result->failed;
	return result->failed &&
	    strstr(result->failure, program->must_fail) != NULL;
}

static void
explain(const struct explore_program *program, const struct result *result)
{
	printf("# %s\n", result->failure);
	trace_table();
	printf("# id %s\n# repeat: %s --replay '%s'", result->id, options.self,
	    result->id);
	for (unsigned i = 0; i < options.nweak; i++)
		printf(" --weaken %s", options.weak[i]);
	printf(" run %s\n", program->name);
	if (options.mermaid)
		trace_mermaid();
}

/* What was left out, in words. */
static void
extent(const struct limits *limits, const struct result *result, char out[64])
{
	if (options.by_chance)
		snprintf(out, 64, "random");
	else if (result->failed)
		snprintf(out, 64, "-");
	else if (!result->exhausted)
		snprintf(out, 64, limits->executions != 0 ? "the first" :
		    "NOT FINISHED");
	else if (limits->bound != 0)
		snprintf(out, 64, "bound %u", limits->bound);
	else
		snprintf(out, 64, "all");
}

static void
report(const struct explore_program *program, const struct limits *limits,
    const struct result *result)
{
	bool ok = as_it_should(program, result);
	char how[64];

	extent(limits, result, how);
	printf("%s%-28s %11llu %9llu %9llu %4u %-12s %6.2f s %8.0f/s\n",
	    options.tap ? "# " : "", program->name,
	    (unsigned long long)result->executions,
	    (unsigned long long)result->redundant,
	    (unsigned long long)result->states, result->deepest, how,
	    result->seconds, (double)(result->executions + result->redundant) /
	    (result->seconds > 0 ? result->seconds : 1e-9));
	if (!ok && !result->failed)
		printf("# %s should fail with \"%s\", and does not\n",
		    program->name, program->must_fail);
	else if (!ok || (result->failed && options.verbose))
		explain(program, result);
	fflush(stdout);
}

static void
print_heading(void)
{
	printf("%s%-28s %11s %9s %9s %4s %-12s\n", options.tap ? "# " : "",
	    "program", "executions", "dead ends", "states", "long", "visited");
}

static struct limits
limits_of(const struct explore_program *program)
{
	struct limits limits = options.limits;

	if (limits.bound == 0 && !options.unbound)
		limits.bound = program->bound;
	if (limits.bound != 0)
		limits.reduction = REDUCE_NONE;
	return limits;
}

static bool
test_program(const struct explore_program *program, unsigned number)
{
	struct limits limits = limits_of(program);
	struct result result;
	bool ok;

	run_program(program, &limits, &result);
	ok = as_it_should(program, &result) && (options.by_chance ||
	    result.failed || result.exhausted || limits.executions != 0);
	report(program, &limits, &result);
	if (options.golden != NULL && !result.failed &&
	    !golden_check(options.golden, program->name, &result))
		ok = false;
	if (options.golden_write != NULL && !result.failed)
		golden_write(options.golden_write, program->name, &result);
	if (options.tap)
		printf("%sok %u - %s: %s%s%s\n", ok ? "" : "not ", number,
		    program->name, program->what,
		    program->ids != NULL ? " # " : "",
		    program->ids != NULL ? program->ids : "");
	fflush(stdout);
	return ok;
}

/* ---- commands ---- */

static const struct explore_program *
find_program(const char *name)
{
	for (unsigned t = 0; explore_tables[t] != NULL; t++)
		for (unsigned i = 0; explore_tables[t][i] != NULL; i++)
			if (strcmp(explore_tables[t][i]->name, name) == 0)
				return explore_tables[t][i];
	fprintf(stderr, "xcpu-explore: no program is called %s: see "
	    "xcpu-explore list\n", name);
	exit(2);
}

static int
list_programs(void)
{
	for (unsigned t = 0; explore_tables[t] != NULL; t++)
		for (unsigned i = 0; explore_tables[t][i] != NULL; i++)
			printf("%-28s %s%s\n", explore_tables[t][i]->name,
			    explore_tables[t][i]->what,
			    explore_tables[t][i]->full_only ? " (--full)" : "");
	return 0;
}

static int
run_all(void)
{
	unsigned n = 0;
	unsigned failed = 0;

	print_heading();
	for (unsigned t = 0; explore_tables[t] != NULL; t++)
		for (unsigned i = 0; explore_tables[t][i] != NULL; i++)
			if (!explore_tables[t][i]->full_only || options.full)
				failed += !test_program(explore_tables[t][i],
				    ++n);
	if (options.tap)
		printf("1..%u\n", n);
	else
		printf("%u programs, %u failed\n", n, failed);
	return failed != 0;
}

static int
run_named(char **names)
{
	unsigned n = 0;
	unsigned failed = 0;

	if (*names == NULL) {
		fprintf(stderr, "xcpu-explore: run which program? See "
		    "xcpu-explore list, or give --all\n");
		return 2;
	}
	print_heading();
	for (; *names != NULL; names++)
		failed += !test_program(find_program(*names), ++n);
	if (options.tap)
		printf("1..%u\n", n);
	return failed != 0;
}

static int
replay(char **names)
{
	const struct explore_program *program;
	struct result result;

	if (names[0] == NULL || names[1] != NULL) {
		fprintf(stderr, "xcpu-explore: --replay needs one program\n");
		return 2;
	}
	program = find_program(names[0]);
	load_program(program);
	if (!chance_replay(options.replay, &result)) {
		fprintf(stderr, "xcpu-explore: the id ends before the "
		    "execution, or is of another build\n");
		return 2;
	}
	if (options.mermaid)
		trace_mermaid();
	else
		trace_table();
	printf("# %s\n", result.failed ? result.failure : "nothing fails");
	return result.failed;
}

int
main(int argc, char **argv)
{
	char **rest = parse_options(argc, argv);

	for (unsigned i = 0; i < options.nweak; i++)
		if (!weaken(options.weak[i]))
			return 2;
	if (options.replay != NULL)
		return replay(rest + (strcmp(rest[0] != NULL ? rest[0] : "",
		    "run") == 0));
	if (rest[0] != NULL && strcmp(rest[0], "list") == 0)
		return list_programs();
	if (rest[0] != NULL && strcmp(rest[0], "sites") == 0)
		return list_sites();
	if (rest[0] != NULL && strcmp(rest[0], "litmus") == 0)
		return run_litmus();
	if (rest[0] != NULL && strcmp(rest[0], "run") == 0)
		return run_named(rest + 1);
	if (options.all || rest[0] == NULL)
		return run_all();
	usage(stderr);
	return 2;
}
