/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: xcpu-sim: seeds in, verdicts out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "machine.h"
#include "options.h"

/* Failing runs that are shown in full. */
#define SHOWN_MAX	5

static struct {
	uint64_t runs, failed, steps;
} total;

/* ---- printing ---- */

static void
print_run(const struct sim_result *r, uint64_t seed,
    const struct sim_scenario *s)
{
	printf("%-6s seed %8" PRIu64 "  %-16s cpus %2u  %-5s  steps %9" PRIu64
	    "  us %10" PRIu64 "  kicks %6" PRIu64 "  faults %5u  %016" PRIx64
	    "\n", r->verdict == SIM_OK ? "ok" : "FAILED", seed, s->name,
	    r->ncpu, sim_controller_name[r->controller], r->steps,
	    r->ns / 1000, r->kicks, r->ninjected, r->digest);
}

static const char *
commit(void)
{
#ifdef SIM_COMMIT
	return SIM_COMMIT;
#else
	const char *name = getenv("XCPU_COMMIT");

	return name != NULL && *name != '\0' ? name : "unknown";
#endif
}

static void
print_command(const struct sim_config *c, const char *faults,
    const struct sim_inject *list, unsigned n)
{
	printf("xcpu-sim%s --seed %" PRIu64 " --scenario %s",
	    XCPU_LANES_PER_LINE == 1 ? "1" : "", c->seed, c->scenario->name);
	if (c->ncpu != 0)
		printf(" --cpus %u", c->ncpu);
	if (c->ops != 0)
		printf(" --ops %u", c->ops);
	if (c->controller != SIM_BY_SEED)
		printf(" --irq %s", sim_controller_name[c->controller]);
	if (c->retain)
		printf(" --retain");
	if (c->tlb != SIM_TLB_PLAIN)
		printf(" --tlb %s", sim_tlb_name[c->tlb]);
	if (c->flush_nmi)
		printf(" --flush-kick nmi");
	if (c->calm)
		printf(" --calm");
	if (c->bug != SIM_BUG_NONE)
		printf(" --bug %s", sim_bug_name[c->bug]);
	if (list == NULL) {
		printf(" --faults %s", faults);
	} else {
		printf(" --inject ");
		for (unsigned i = 0; i < n; i++)
			printf("%s%s@%" PRIu64, i != 0 ? "," : "",
			    sim_fault_kind[list[i].fault].name, list[i].nth);
	}
	putchar('\n');
}

static void
print_failure(const struct sim_config *config, const struct sim_result *r)
{
	static struct sim_inject list[SIM_INJECTED_MAX];
	unsigned n;

	printf("  what     %s: %s\n", sim_verdict_name[r->verdict], r->text);
	printf("  when     step %" PRIu64 ", %" PRIu64 " us, %s\n", r->steps,
	    r->ns / 1000, r->ninjected == 0 ? "without any fault" : r->healed ?
	    "after the faults had ended" : "while faults strike");
	printf("  commit   %s\n", commit());
	printf("  repeat   ");
	print_command(config, opt.faults_text,
	    config->inject, config->ninject);
	if (opt.whole || r->ninjected == 0 ||
	    r->ninjected == SIM_INJECTED_MAX)
		return;
	fflush(stdout);
	n = sim_minimise(config, r, list);
	printf("  minimal  ");
	if (n == 0)
		print_command(config, "none", NULL, 0);
	else
		print_command(config, NULL, list, n);
	printf("           (%u of %u faults)\n", n, r->ninjected);
}

/* ---- running ---- */

static bool
run_one(struct sim_config *config, struct sim_result *result)
{
	bool ok = sim_run(config, result);

	total.runs++;
	total.steps += result->steps;
	if (!ok)
		total.failed++;
	if (!opt.quiet || !ok)
		print_run(result, config->seed, config->scenario);
	if (!ok && total.failed <= SHOWN_MAX)
		print_failure(config, result);
	if (opt.tap)
		printf("%sok %" PRIu64 " - seed %" PRIu64 " of %s\n",
		    ok ? "" : "not ", total.runs, config->seed,
		    config->scenario->name);
	return ok;
}

/* Inject the fault at its 1st, 2nd, ... opportunity, until there is none. */
static void
run_every_nth(struct sim_config *config, struct sim_result *result)
{
	struct sim_inject one = { opt.nth_fault, 1 };

	config->inject = &one;
	config->ninject = 1;
	/* ends: a run has only so many opportunities */
	for (;; one.nth += opt.nth_stride) {
		bool ok = run_one(config, result);

		if (one.nth > sim_opportunities(one.fault) ||
		    (!ok && total.failed > SHOWN_MAX))
			break;
	}
	printf("nth    seed %8" PRIu64 "  %-16s %s@1 to @%" PRIu64 ", no more "
	    "such opportunity\n", config->seed, config->scenario->name,
	    sim_fault_kind[one.fault].name, one.nth - 1);
}

static void
run_seed(uint64_t seed, const struct sim_scenario *scenario,
    struct sim_result *result)
{
	struct sim_config config = opt.config;

	config.seed = seed;
	config.scenario = scenario;
	if (opt.all_scenarios)
		config.faults &= ~scenario->unsuited;
	if (opt.nth_stride != 0)
		run_every_nth(&config, result);
	else
		(void)run_one(&config, result);
}

static void
run_all(void)
{
	struct sim_result *result = sim_result_new();
	bool show = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);

	for (uint64_t seed = opt.first; seed <= opt.last; seed++) {
		if (opt.stop && total.failed != 0)
			break;
		const struct sim_scenario *s = opt.config.scenario;

		if (show && seed % 64 == 0)
			fprintf(stderr, "\rseed %" PRIu64 " of %" PRIu64,
			    seed, opt.last);
		if (!opt.all_scenarios) {
			run_seed(seed, s, result);
			continue;
		}
		for (unsigned n = 0; (s = sim_scenario_nth(n)) != NULL; n++)
			run_seed(seed, s, result);
	}
	if (show)
		fprintf(stderr, "\r%40s\r", "");
	free(result);
}

int
main(int argc, char **argv)
{
	options_parse(argc, argv);
	if (opt.instead != NULL)
		return opt.instead(&opt.config);
	run_all();
	options_close_plugins();
	printf("%" PRIu64 " runs, %" PRIu64 " failed, %" PRIu64 " steps\n",
	    total.runs, total.failed, total.steps);
	if (opt.tap)
		printf("1..%" PRIu64 "\n", total.runs);
	return total.failed != 0 ? EXIT_FOUND : 0;
}
