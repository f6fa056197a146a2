/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * matrix.c: --matrix: each fault in each operation and state, ten times each;
 * of the windows of a few steps (RARELY), if `all` is wanted.
 *
 * Chance alone takes for ever to a CPU that dies while it registers an event.
 * So runs come in rounds: one by chance, during which every place is noted where
 * a fault would strike a CPU in a cell that is still wanted; then that run again,
 * as it was up to there, with this fault at this place.
 *
 * What cannot be is in cannot.h, with why.  It must stay empty, too: a cell that
 * is said to be out of reach and was reached is an error of that table.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../machine.h"
#include "cannot.h"

#define WANTED		10
#define ROUNDS		90000
#define ROUNDS_EARLY	4000
#define ROUNDS_SHORT	1000
#define SHORT_STEPS	8000
#define PLACES_MAX	1024
#define COMPANY		512
#define PER_CELL	3		/* places noted of a cell, in one round */

#define NWORKLOAD 13
static const char *const workload[2][NWORKLOAD] = { {
	"storm", "life", "handlers", "only_unregister", "only_tables",
	"only_event", "only_touch", "only_lazy", "only_msg", "only_sync",
	"only_stop", "stops", "outside"
}, {	/* for what is left after many rounds */
	"life", "only_tables", "only_deadline", "life", "only_start",
	"handlers", "outside", "only_msg", "stops", "storm", "standing", "stops",
	"life"
} };

struct place {
	struct sim_inject one;
	uint8_t op, state;
};

static struct place place[PLACES_MAX];
static unsigned nplaces;
static uint8_t noted[SIM_NFAULT][SIM_NOP_KIND][SIM_NSTATE];
static bool noting;
static uint64_t nruns, nfailed;
static bool all;		/* windows, too */

static bool
is_asked(unsigned f, unsigned op, unsigned state)
{
	enum cannot_kind kind = cannot_kind(f, op, state);

	return kind == CAN || (all && kind == RARELY);
}

static bool
is_wanted(unsigned f, unsigned op, unsigned state)
{
	return sim_hits[f][op][state] < WANTED && is_asked(f, op, state);
}

/* ---- noting places ---- */

static void
note(enum sim_fault f, unsigned index, uint64_t nth)
{
	const struct sim_cpu *cpu = &sim.cpus[index];
	unsigned op = cpu->op, state = cpu_state(cpu);

	if (noted[f][op][state] == PER_CELL || nplaces == PLACES_MAX ||
	    !is_wanted(f, op, state) ||
	    (f == SIM_FAULT_DIE && !strike_may_die(cpu)))
		return;
	noted[f][op][state]++;
	place[nplaces++] = (struct place){
		{ f, nth }, (uint8_t)op, (uint8_t)state
	};
}

static void
note_step(unsigned cpu)
{
	if (!noting || sim.healed)
		return;
	for (unsigned f = 0; f < SIM_NFAULT; f++) {
		enum sim_fault fault = (enum sim_fault)f;

		if (sim_fault_kind[f].per == SIM_PER_STEP)
			note(fault, fault_strikes_any(fault) ?
			    fault_victim(fault, sim.steps) : cpu, sim.steps);
	}
}

static void
note_opportunity(enum sim_fault fault, unsigned cpu, uint64_t nth)
{
	if (noting)
		note(fault, cpu, nth);
}

static struct sim_observer observer = {
	.step = note_step, .opportunity = note_opportunity,
};

/* ---- rounds ---- */

static void
run_once(const struct sim_config *config, struct sim_result *result)
{
	nruns++;
	if (sim_run(config, result))
		return;
	nfailed++;
	printf("# seed %" PRIu64 " of %s: %s: %s\n", config->seed,
	    config->scenario->name, sim_verdict_name[result->verdict],
	    result->text);
}

/* The noted run again, with one fault more. */
static void
run_again(struct sim_config *config, const struct sim_inject *was, unsigned n,
    const struct place *p)
{
	static struct sim_result *result;
	static struct sim_inject list[SIM_INJECTED_MAX];

	if (result == NULL)
		result = sim_result_new();
	memcpy(list, was, n * sizeof(list[0]));
	list[n] = p->one;
	config->inject = list;
	config->ninject = n + 1;
	run_once(config, result);
}

/* Faults in the company of which others are wanted; none: by chance. */
static unsigned
add_company(unsigned round, struct sim_inject *list)
{
	static const enum sim_fault also[][2] = {
		{ SIM_FAULT_NMI, SIM_FAULT_NMI },
		{ SIM_FAULT_TRAP, SIM_FAULT_TRAP },
		{ SIM_FAULT_TRAP, SIM_FAULT_NMI },
		{ SIM_FAULT_UNPLUG, SIM_FAULT_NMI },
		{ SIM_FAULT_LOSE, SIM_FAULT_TRAP },
		{ SIM_FAULT_STUCK, SIM_FAULT_STUCK },
		{ SIM_FAULT_UNPLUG, SIM_FAULT_PREEMPT },
	};
	unsigned kind = round / NWORKLOAD % 8;
	unsigned apart = (kind >= 6 ? 400 : 11) + round % 83;

	for (uint64_t i = 0; kind != 0 && i < COMPANY; i++) {
		enum sim_fault f = also[kind - 1][i % 2];

		list[i] = (struct sim_inject){ f,
		    sim_fault_kind[f].per == SIM_PER_STEP ? 400 + i * apart :
		    1 + i };
	}
	return kind != 0 ? COMPANY : 0;
}

static void
run_round(unsigned round, struct sim_result *result)
{
	static struct sim_inject list[COMPANY];
	struct sim_config config = {
		.seed = round,
		.scenario = sim_scenario_find(workload[round > ROUNDS_EARLY]
		    [round % NWORKLOAD]),
		.faults = SIM_ALL_FAULTS & ~SIM_FAULT_BIT(SIM_FAULT_DIE),
	};
	unsigned n = add_company(round, list);

	if (n != 0) {
		config.inject = list;
		config.ninject = n;
	}
	nplaces = 0;
	memset(noted, 0, sizeof(noted));
	noting = true;
	run_once(&config, result);
	noting = false;
	n = result->ninjected < SIM_INJECTED_MAX ? result->ninjected :
	    SIM_INJECTED_MAX - 1;
	/* While much is wanted, short runs find it in a third of the time. */
	if (round <= ROUNDS_SHORT && result->steps > SHORT_STEPS)
		return;
	for (unsigned i = 0; i < nplaces; i++)
		if (is_wanted(place[i].one.fault, place[i].op, place[i].state))
			run_again(&config, result->injected, n, &place[i]);
}

/* How many cells are wanted still. */
static unsigned
count_wanted(void)
{
	unsigned n = 0;

	for (unsigned f = 0; f < SIM_NFAULT; f++)
		for (unsigned op = 0; op < SIM_NOP_KIND; op++)
			for (unsigned s = 0; s < SIM_NSTATE; s++)
				n += is_wanted(f, op, s);
	return n;
}

/* ---- the table ---- */

static void
print_cell(unsigned f, unsigned op, unsigned s)
{
	uint64_t hits = sim_hits[f][op][s];

	if (cannot_kind(f, op, s) == CANNOT)
		printf(" %9s", hits == 0 ? ". " : "WRONG ");
	else
		printf(" %8" PRIu64 "%c", hits, is_wanted(f, op, s) ? '!' :
		    is_asked(f, op, s) ? ' ' : '~');
}

static void
print_table(void)
{
	for (unsigned f = 0; f < SIM_NFAULT; f++) {
		printf("%-12s", sim_fault_kind[f].name);
		for (unsigned s = 0; s < SIM_NSTATE; s++)
			printf(" %8s ", sim_state_name[s]);
		putchar('\n');
		for (unsigned op = 0; op < SIM_NOP_KIND; op++) {
			printf("  %-10s", sim_op_name[op]);
			for (unsigned s = 0; s < SIM_NSTATE; s++)
				print_cell(f, op, s);
			putchar('\n');
		}
	}
	printf("cells that cannot be (.), or are windows of a few steps (~):\n");
	cannot_print();
}

static unsigned
count_wrong(unsigned *possible)
{
	unsigned wrong = 0;

	*possible = 0;
	for (unsigned f = 0; f < SIM_NFAULT; f++)
		for (unsigned op = 0; op < SIM_NOP_KIND; op++)
			for (unsigned s = 0; s < SIM_NSTATE; s++) {
				enum cannot_kind k = cannot_kind(f, op, s);

				*possible += is_asked(f, op, s);
				wrong += k == CANNOT && sim_hits[f][op][s] != 0;
			}
	return wrong;
}

static bool
open_matrix(const char *arg)
{
	all = strcmp(arg, "all") == 0;
	if (!all && strcmp(arg, "common") != 0) {
		fprintf(stderr, "xcpu-sim: --matrix is all or common\n");
		return false;
	}
	sim_observe(&observer);
	return true;
}

static int
run_matrix(const struct sim_config *config)
{
	struct sim_result *result = sim_result_new();
	unsigned wanted = 1, wrong, possible;

	(void)config;
	for (unsigned round = 1; round <= ROUNDS && wanted != 0; round++) {
		run_round(round, result);
		wanted = count_wanted();
		if (round % 16 == 0 && isatty(STDERR_FILENO))
			fprintf(stderr, "\rround %u, %u cells wanted ", round,
			    wanted);
	}
	print_table();
	wrong = count_wrong(&possible);
	printf("%u cells, %u reached %u times, %u not; %u reached that cannot "
	    "be; %" PRIu64 " runs, %" PRIu64 " failed\n", possible,
	    possible - wanted, WANTED, wanted, wrong, nruns, nfailed);
	free(result);
	return wanted != 0 || wrong != 0 || nfailed != 0;
}

SIM_PLUGIN(matrix) = {
	.name = "matrix", .arg = "all|common",
	.help = "each fault in each operation and state, ten times each",
	.open = open_matrix, .run = run_matrix,
};
