/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.c: the arguments.
 */
#include "main.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_ALL = 256, OPT_BOUND, OPT_RANDOM, OPT_SEED, OPT_PCT, OPT_REPLAY,
	OPT_WEAKEN, OPT_SECONDS, OPT_FULL, OPT_TAP, OPT_GOLDEN, OPT_MERMAID,
	OPT_REDUCE, OPT_LIMIT, OPT_HISTORIES,
	OPT_GOLDEN_WRITE
};

static const struct option long_options[] = {
	{ "all", no_argument, NULL, OPT_ALL },
	{ "bound", required_argument, NULL, OPT_BOUND },
	{ "random", required_argument, NULL, OPT_RANDOM },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "pct", required_argument, NULL, OPT_PCT },
	{ "replay", required_argument, NULL, OPT_REPLAY },
	{ "weaken", required_argument, NULL, OPT_WEAKEN },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "full", no_argument, NULL, OPT_FULL },
	{ "tap", no_argument, NULL, OPT_TAP },
	{ "golden", required_argument, NULL, OPT_GOLDEN },
	{ "golden-write", required_argument, NULL, OPT_GOLDEN_WRITE },
	{ "mermaid", no_argument, NULL, OPT_MERMAID },
	{ "reduce", required_argument, NULL, OPT_REDUCE },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "histories", no_argument, NULL, OPT_HISTORIES },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

void
usage(FILE *to)
{
	fprintf(to,
"usage: xcpu-explore [OPTION...] [--all | run PROGRAM... | list | sites | litmus]\n"
"\n"
"Runs small programs on the library's own source in every way that weak memory,\n"
"interrupts and NMIs allow.\n"
"\n"
"  --all             every program (default); with --full the long ones too\n"
"  --bound N         at most N - 1 preemptions; 0: any number\n"
"  --random N        N executions by chance, with --seed S\n"
"  --pct D           with --random: by priorities, for bugs of depth D\n"
"  --replay ID       one execution, as a table (run PROGRAM)\n"
"  --mermaid         failing executions as a diagram, too\n"
"  --weaken F:L[:W]  lower the accesses at line L of file F: W is acq or rel\n"
"                    (what is left) or none (default); a fence goes, or with\n"
"                    :ar becomes acquire and release\n"
"  --seconds N       stop each program after that; it then counts as failed\n"
"  --limit N         stop each program after N executions, and try N / 4 more\n"
"                    by chance\n"
"  --reduce R        none, sleep or source (default): see search.c\n"
"  --histories       count as states all that can be told apart at all\n"
"  --golden FILE     compare with what the file says; see golden.c\n"
"  --golden-write FILE  add to it what is found now\n"
"  --tap             print the Test Anything Protocol\n"
"  --verbose         show failures that are expected, too\n");
}

static unsigned long long
number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0') {
		fprintf(stderr, "xcpu-explore: %s is not a number\n", text);
		exit(2);
	}
	return n;
}

static void
set_reduction(const char *text)
{
	static const char *const names[] = { "none", "sleep", "source" };

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			options.limits.reduction = (enum reduction)i;
			return;
		}
	fprintf(stderr, "xcpu-explore: --reduce none, sleep or source\n");
	exit(2);
}

static void
add_weak(const char *spec)
{
	if (options.nweak == WEAKENED) {
		fprintf(stderr, "xcpu-explore: too many --weaken\n");
		exit(2);
	}
	options.weak[options.nweak++] = spec;
}

static void
set_number(int option, unsigned long long n)
{
	struct limits *limits = &options.limits;

	switch (option) {
	case OPT_BOUND:
		limits->bound = (unsigned)n;
		options.unbound = n == 0;
		break;
	case OPT_RANDOM:
		limits->executions = n;
		options.by_chance = true;
		break;
	case OPT_LIMIT:
		limits->executions = n;
		break;
	case OPT_SEED:
		limits->seed = n;
		break;
	case OPT_PCT:
		limits->pct = (unsigned)n;
		break;
	default:
		limits->seconds = (double)n;
		break;
	}
}

static void
set_option(int option)
{
	switch (option) {
	case OPT_ALL:
		options.all = true;
		break;
	case OPT_REPLAY:
		options.replay = optarg;
		break;
	case OPT_WEAKEN:
		add_weak(optarg);
		break;
	case OPT_FULL:
		options.full = true;
		break;
	case OPT_TAP:
		options.tap = true;
		break;
	case OPT_GOLDEN:
		options.golden = optarg;
		break;
	case OPT_GOLDEN_WRITE:
		options.golden_write = optarg;
		break;
	case OPT_MERMAID:
		options.mermaid = true;
		break;
	case OPT_REDUCE:
		set_reduction(optarg);
		break;
	case OPT_HISTORIES:
		eng.histories = true;
		break;
	case 'v':
		options.verbose = true;
		break;
	default:
		set_number(option, number(optarg));
		break;
	}
}

char **
parse_options(int argc, char **argv)
{
	int option;

	options.self = argv[0];
	while ((option = getopt_long(argc, argv, "vh", long_options, NULL)) !=
	    -1) {
		if (option == 'h') {
			usage(stdout);
			exit(0);
		}
		if (option == '?') {
			usage(stderr);
			exit(2);
		}
		set_option(option);
	}
	return argv + optind;
}
