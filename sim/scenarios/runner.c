/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runner.c: --bug-test: the programs of the bug catalogue, as tests.
 *
 * Each is run with a number of seeds; where a fault is named, with one run per
 * seed and per place where that fault can strike.  The first run that does not
 * end as it must fails the test, and is told with the command that repeats it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../observer.h"
#include "bugs.h"

#define SEEDS	40
#define PLACES	400

/* The walks after an injected fault: how many, and steps between two. */
#define WALKS		48
#define WALK_STEPS	11

extern const struct bug_test *const __start_sim_bugs[] __attribute__((weak));
extern const struct bug_test *const __stop_sim_bugs[] __attribute__((weak));

static const char *wanted;

static unsigned
count_tests(void)
{
	return (unsigned)(__stop_sim_bugs - __start_sim_bugs);
}

/* Those that are in no catalogue come last. */
static unsigned
number_of(const struct bug_test *test)
{
	unsigned number;

	return sscanf(test->scenario.name, "bug-%u", &number) == 1 ? number :
	    ~0u;
}

static int
by_number(const void *a, const void *b)
{
	unsigned na = number_of(*(const struct bug_test *const *)a);
	unsigned nb = number_of(*(const struct bug_test *const *)b);

	return (na > nb) - (na < nb);
}

static void
tell(const struct bug_test *test, const struct sim_config *config,
    const struct sim_result *result)
{
	printf("#   %s: %s\n", sim_verdict_name[result->verdict],
	    result->verdict == SIM_OK ? "it should have failed" : result->text);
	printf("#   repeat: xcpu-sim%s --scenario %s --seed %" PRIu64,
	    XCPU_LANES_PER_LINE == 1 ? "1" : "", test->scenario.name,
	    config->seed);
	if (config->calm)
		printf(" --calm");
	if (test->limit_steps != 0)
		printf(" --limit %" PRIu64, test->limit_steps);
	for (unsigned f = 0; f < SIM_NFAULT; f++)
		if ((config->faults & SIM_FAULT_BIT(f)) != 0)
			printf(" --faults %s", sim_fault_kind[f].name);
	for (unsigned i = 0; i < config->ninject; i++)
		printf("%s%s@%" PRIu64, i == 0 ? " --inject " : ",",
		    sim_fault_kind[config->inject[i].fault].name,
		    config->inject[i].nth);
	printf(" --log\n");
}

/* The fault at its nth place, and the walks that it wants. */
static void
set_injection(const struct bug_test *test, struct sim_config *config,
    uint64_t nth)
{
	static struct sim_inject list[1 + WALKS];

	list[0] = (struct sim_inject){ (enum sim_fault)(test->each - 1), nth };
	for (unsigned i = 1; i <= WALKS; i++)
		list[i] = (struct sim_inject){
			SIM_FAULT_WALK, nth + (uint64_t)i * WALK_STEPS
		};
	config->inject = list;
	config->ninject = test->walks ? 1 + WALKS : 1;
}

/* One run per place, or one without; false: told. */
static bool
run_seed(const struct bug_test *test, struct sim_config *config,
    struct sim_result *result)
{
	unsigned places = test->places != 0 ? test->places : PLACES;

	if (test->each == 0)
		places = 1;
	for (uint64_t nth = 1; nth <= places; nth++) {
		if (test->each != 0)
			set_injection(test, config, nth);
		(void)sim_run(config, result);
		if (result->verdict != test->expect) {
			tell(test, config, result);
			return false;
		}
		if (test->each != 0 &&
		    nth > sim_opportunities((enum sim_fault)(test->each - 1)))
			break;
	}
	return true;
}

static bool
run_test(const struct bug_test *test, struct sim_result *result)
{
	unsigned seeds = test->seeds != 0 ? test->seeds : SEEDS;

	for (unsigned seed = 1; seed <= seeds; seed++) {
		struct sim_config config = {
			.seed = seed,
			.scenario = &test->scenario,
			.faults = test->faults,
			.calm = test->calm,
			.limit_steps = test->limit_steps,
		};

		if (!run_seed(test, &config, result))
			return false;
	}
	return true;
}

static bool
open_tests(const char *name)
{
	wanted = name;
	if (strcmp(name, "all") == 0)
		return true;
	for (unsigned i = 0; i < count_tests(); i++)
		if (strcmp(__start_sim_bugs[i]->scenario.name, name) == 0)
			return true;
	fprintf(stderr, "xcpu-sim: there is no test %s; there are:", name);
	for (unsigned i = 0; i < count_tests(); i++)
		fprintf(stderr, " %s", __start_sim_bugs[i]->scenario.name);
	fprintf(stderr, "\n");
	return false;
}

static int
run_tests(const struct sim_config *config)
{
	const struct bug_test **list = calloc(count_tests(), sizeof(*list));
	struct sim_result *result = sim_result_new();
	unsigned n = 0, failed = 0;

	(void)config;
	if (list == NULL) {
		perror("xcpu-sim");
		return 2;
	}
	memcpy(list, __start_sim_bugs, count_tests() * sizeof(*list));
	qsort(list, count_tests(), sizeof(*list), by_number);
	for (unsigned i = 0; i < count_tests(); i++) {
		bool ok;

		if (strcmp(wanted, "all") != 0 &&
		    strcmp(wanted, list[i]->scenario.name) != 0)
			continue;
		ok = run_test(list[i], result);
		failed += !ok;
		printf("%sok %u - %s: %s # %s\n", ok ? "" : "not ", ++n,
		    list[i]->scenario.name, list[i]->scenario.what,
		    list[i]->ids);
		fflush(stdout);
	}
	printf("1..%u\n", n);
	free(result);
	free(list);
	return failed != 0;
}

SIM_PLUGIN(bug_tests) = {
	.name = "bug-test", .arg = "NAME|all",
	.help = "programs of the bug catalogue, as tests (TAP)",
	.open = open_tests, .run = run_tests,
};
