/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golden.c: how much there is to visit, as of the last time somebody looked.
 *
 * A line per build (one per lane count) and program:
 *
 *	BUILD <tab> PROGRAM <tab> EXTENT <tab> EXECUTIONS <tab> STATES
 *
 * The extent is "all", or "first" where --limit ended the search.  The numbers
 * are exact for a given source.  Fewer states mean that the explorer or a
 * program no longer goes where it went, which no other test would notice;
 * more, or another number of executions, mean that the source has changed, and
 * the line must be brought up to date after a look at why: the message says how.
 */
#include "main.h"

#include <stdlib.h>
#include <string.h>

struct golden {
	char build[32];
	char program[64];
	char extent[16];
	unsigned long long executions;
	unsigned long long states;
};

static const char *
build_name(void)
{
	const char *slash = strrchr(options.self, '/');

	return slash != NULL ? slash + 1 : options.self;
}

static const char *
extent(const struct result *result)
{
	return result->exhausted ? "all" : "first";
}

static void
print_line(FILE *to, const char *program, const struct result *result)
{
	fprintf(to, "%s\t%s\t%s\t%llu\t%llu\n", build_name(), program,
	    extent(result), (unsigned long long)result->executions,
	    (unsigned long long)result->states);
}

void
golden_write(const char *file, const char *program, const struct result *result)
{
	FILE *to = fopen(file, "a");

	if (to == NULL) {
		fprintf(stderr, "xcpu-explore: cannot write %s\n", file);
		exit(2);
	}
	print_line(to, program, result);
	fclose(to);
}

static bool
find(FILE *in, const char *program, const struct result *result,
    struct golden *golden)
{
	char line[256];

	while (fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "%31s %63s %15s %llu %llu", golden->build,
		    golden->program, golden->extent, &golden->executions,
		    &golden->states) == 5 &&
		    strcmp(golden->build, build_name()) == 0 &&
		    strcmp(golden->extent, extent(result)) == 0 &&
		    strcmp(golden->program, program) == 0)
			return true;
	return false;
}

bool
golden_check(const char *file, const char *program, const struct result *result)
{
	FILE *in = fopen(file, "r");
	struct golden golden;
	bool known;

	if (in == NULL) {
		fprintf(stderr, "xcpu-explore: cannot read %s\n", file);
		exit(2);
	}
	known = find(in, program, result, &golden);
	fclose(in);
	if (known && golden.executions == result->executions &&
	    golden.states == result->states)
		return true;
	if (!known)
		printf("# %s has no line for this program\n", file);
	else if (result->states < golden.states)
		printf("# FEWER final states: %llu, and %s says %llu\n",
		    (unsigned long long)result->states, file, golden.states);
	else
		printf("# %s says %llu executions, %llu states\n", file,
		    golden.executions, golden.states);
	printf("# if that is right, the line is\n# ");
	print_line(stdout, program, result);
	return false;
}
