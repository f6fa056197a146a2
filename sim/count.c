/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.c: xcpu-count, what the library's operations cost in transactions.
 *
 * Prints tab-separated rows, sorted as they are run; sim/count.py makes the
 * table of them, for both lane counts, and holds them against sim/count.tsv.
 * Without --machine nothing is estimated: the rows are counts of the shipped
 * source, the same on every machine.
 */
#include "count.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perfetto.h"

static const unsigned sizes[] = { 1, 3, 7, 15, 63, 255, 1023, 4095 };
#define NSIZES	(sizeof(sizes) / sizeof(sizes[0]))

static const char *const receivers_name[] = { "ipi", "poll", "poll-all" };
static const char *const model_name[] = { "plain", "migratory" };

struct options {
	const char *op;		/* NULL: all */
	int receivers;		/* -1: all */
	unsigned n;		/* 0: all */
	bool lines;
	const char *machine;
	bool virtual;
	const char *trace;
};

static void
say_usage(FILE *file)
{
	fprintf(file,
"usage: xcpu-count [--op OP] [--receivers ipi|poll|poll-all] [-n N] [--lines]\n"
"                  [--machine FILE [--virtual] [--trace FILE.json]]\n"
"\n"
"Count the coherence transactions of each operation of the library with N\n"
"targets, in the steady state, on plain and on migratory MESI.\n"
"\n"
"  --op OP          only this operation:");
	for (unsigned i = 0; i < count_nops; i++)
		fprintf(file, " %s", count_ops[i].name);
	fprintf(file,
"\n  --receivers R    ipi: a kick interrupts the targets; poll: they poll;\n"
"                   poll-all: so do all other CPUs\n"
"  -n N             only N targets, 1 to %u\n"
"  --lines          below each row, the accesses that cause the transactions\n"
"  --machine FILE   estimate cycles, with the parameters of that file\n"
"  --virtual        with the kicks of a virtual machine\n"
"  --trace FILE     the last operation, for ui.perfetto.dev; wants --op, -n\n"
"                   and --receivers\n",
	    XCPU_NCPU_MAX - 1);
}

static void __attribute__((noreturn))
usage(const char *what, const char *value)
{
	fprintf(stderr, "xcpu-count: %s%s\n", what, value);
	say_usage(stderr);
	exit(2);
}

static int
find_receivers(const char *name)
{
	for (int i = 0; i < COUNT_RECEIVERS; i++)
		if (strcmp(receivers_name[i], name) == 0)
			return i;
	usage("no such receivers: ", name);
}

static void
check_op(const char *name)
{
	for (unsigned i = 0; i < count_nops; i++)
		if (strcmp(count_ops[i].name, name) == 0)
			return;
	usage("no such operation: ", name);
}

static void
read_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "op", required_argument, NULL, 'o' },
		{ "receivers", required_argument, NULL, 'r' },
		{ "lines", no_argument, NULL, 'l' },
		{ "machine", required_argument, NULL, 'm' },
		{ "virtual", no_argument, NULL, 'v' },
		{ "trace", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "n:h", longs, NULL)) != -1)
		switch (c) {
		case 'o':
			check_op(optarg);
			o->op = optarg;
			break;
		case 'r':
			o->receivers = find_receivers(optarg);
			break;
		case 'l':
			o->lines = true;
			break;
		case 'm':
			o->machine = optarg;
			break;
		case 'v':
			o->virtual = true;
			break;
		case 't':
			o->trace = optarg;
			break;
		case 'n':
			o->n = (unsigned)strtoul(optarg, NULL, 10);
			if (o->n == 0 || o->n >= XCPU_NCPU_MAX)
				usage("no such number of targets: ", optarg);
			break;
		case 'h':
			say_usage(stdout);
			exit(0);
		default:
			say_usage(stderr);
			exit(2);
		}
	if (optind != argc)
		usage("what is this: ", argv[optind]);
	if (o->trace != NULL && (o->machine == NULL || o->op == NULL ||
	    o->n == 0 || o->receivers < 0))
		usage("a trace is of one operation: give --machine, --op, -n "
		    "and --receivers", "");
}

/* ---- counted ---- */

static void
print_counts(const struct count_op *op, const struct count_world *w,
    unsigned model, const struct count_result *r)
{
	unsigned targets = op->one ? 1 : w->n;

	printf("%u\t%s\t%s\t%s\t%u\t%" PRIu64 "\t%u\t", XCPU_LANES_PER_LINE,
	    op->name, receivers_name[w->receivers], model_name[model], w->n,
	    r->transactions, op->least_t(targets));
	if (op->goal_t != NULL)
		printf("%g", op->goal_t(targets, model == COUNT_MIGRATORY));
	else
		printf("-");
	printf("\t%" PRIu64 "\t%u\t%" PRIu64 "\t%s\t%" PRIu64 "\t%" PRIu64
	    "\t%s\n", r->done, op->least_d, r->busiest,
	    r->line[0] != '\0' ? r->line : "-", r->kicks, r->sends,
	    r->steady ? "steady" : "UNSTEADY");
}

static void
count_one(const struct options *o, const struct count_op *op, unsigned n,
    enum count_receivers receivers)
{
	struct count_world w = { .n = n, .receivers = receivers,
		.nmodels = COUNT_MODELS };
	struct count_result result[COUNT_MODELS];
	struct cost_machine unit;

	cost_unit_machine(&unit);
	for (unsigned i = 0; i < COUNT_MODELS; i++)
		cost_init(&w.model[i], &unit, n + 1, i == COUNT_MIGRATORY);
	count_start(&w, op);
	count_measure(&w, op, result);
	for (unsigned i = 0; i < COUNT_MODELS; i++) {
		print_counts(op, &w, i, &result[i]);
		if (o->lines)
			count_print_tally(i);
	}
	count_stop(&w);
}

/* ---- timed ---- */

static void
time_one(const struct options *o, const struct count_op *op, unsigned n,
    enum count_receivers receivers, const struct cost_machine *machine)
{
	for (unsigned i = 0; i < COUNT_MODELS; i++) {
		struct count_world w = { .n = n, .receivers = receivers,
			.timed = true, .nmodels = 1 };
		struct count_result result[COUNT_MODELS];

		cost_init(&w.model[0], machine, n + 1, i == COUNT_MIGRATORY);
		count_start(&w, op);
		if (o->trace != NULL && i == COUNT_PLAIN)
			w.trace = perfetto_open(o->trace, machine->name, n + 1);
		if (o->trace != NULL && i == COUNT_PLAIN && w.trace == NULL)
			exit(2);
		count_measure(&w, op, result);
		if (w.trace != NULL && !perfetto_close(w.trace)) {
			perror(o->trace);
			exit(2);
		}
		printf("%s\t%s\t%u\t%s\t%s\t%s\t%u\t%" PRIu64 "\t%" PRIu64
		    "\t%" PRIu64 "\t%" PRIu64 "\n", machine->name,
		    o->virtual ? "virtual" : "bare", XCPU_LANES_PER_LINE,
		    op->name, receivers_name[receivers], model_name[i], n,
		    result[0].done, result[0].transactions, result[0].stolen,
		    result[0].kicks);
		if (o->lines)
			count_print_tally(0);
		count_stop(&w);
	}
}

static void
run(const struct options *o, const struct count_op *op, unsigned n,
    enum count_receivers receivers, const struct cost_machine *machine)
{
	/*
	 * All poll is another matter only where not all are targets; and who
	 * polls looks at what others are spared.
	 */
	if (receivers == COUNT_POLL_ALL &&
	    (!op->one || n == 1 || op->others != NULL))
		return;
	if (o->machine == NULL)
		count_one(o, op, n, receivers);
	else if (n < cost_machine_cpus(machine))
		time_one(o, op, n, receivers, machine);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct options o = { .receivers = -1 };
	struct cost_machine machine = { 0 };

	read_options(&o, argc, argv);
	if (o.machine != NULL && !cost_read_machine(&machine, o.machine))
		return 2;
	if (o.virtual)
		cost_make_virtual(&machine);
	if (o.machine == NULL)
		printf("lanes\toperation\treceivers\tmesi\tn\tt\tt_least\t"
		    "t_goal\td\td_least\ts\tbusiest\tkicks\tsends\tstate\n");
	else
		printf("machine\tkicks_are\tlanes\toperation\treceivers\tmesi\t"
		    "n\tcycles\tt\tstolen\tkicks\n");
	for (unsigned i = 0; i < count_nops; i++)
		for (int r = 0; r < COUNT_RECEIVERS; r++)
			for (unsigned s = 0; s < (o.n != 0 ? 1 : NSIZES); s++)
				if ((o.op == NULL || strcmp(o.op,
				    count_ops[i].name) == 0) &&
				    (o.receivers < 0 || o.receivers == r))
					run(&o, &count_ops[i],
					    o.n != 0 ? o.n : sizes[s],
					    (enum count_receivers)r, &machine);
	return fflush(stdout) == 0 ? 0 : 2;
}
