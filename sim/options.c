/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.c: the arguments of xcpu-sim, and the help about them.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "options.h"

#define PLUGINS_MAX	32

extern const struct sim_plugin *const __start_sim_plugins[]
    __attribute__((weak));
extern const struct sim_plugin *const __stop_sim_plugins[]
    __attribute__((weak));

struct options opt = {
	.first = 1, .last = 1, .faults_text = "none",
};

static struct sim_inject given[SIM_INJECTED_MAX];

/* "TEXT is not a number" */
static void __attribute__((noreturn))
misused(const char *text, const char *why)
{
	fprintf(stderr, "xcpu-sim: %s %s; xcpu-sim --help says more\n", text,
	    why);
	exit(EXIT_MISUSE);
}

enum option_key {
	KEY_SEED = 256, KEY_CPUS, KEY_OPS, KEY_SCENARIO, KEY_FAULTS, KEY_INJECT,
	KEY_NTH, KEY_IRQ, KEY_BUG, KEY_LIMIT, KEY_RETAIN, KEY_TLB, KEY_FLUSH_KICK,
	KEY_CALM, KEY_LOG,
	KEY_TAP, KEY_QUIET, KEY_FIRST, KEY_WHOLE, KEY_LIST, KEY_HELP, KEY_PLUGIN
};

static const struct {
	const char *name, *arg, *help;
	int key;
} options[] = {
	{ "seed", "A[..B]", "one run, or one for each seed (1)", KEY_SEED },
	{ "scenario", "NAME|all", "what the CPUs do (basic)", KEY_SCENARIO },
	{ "cpus", "N", "how many; by default the seed says", KEY_CPUS },
	{ "ops", "N", "operations per CPU; by default the seed says", KEY_OPS },
	{ "faults", "LIST|all|none", "what goes wrong, as \"lose,F7\" or "
	    "\"all,-die\" (none)", KEY_FAULTS },
	{ "inject", "LIST", "only these instances, as \"lose@57,nmi@1203\"",
	    KEY_INJECT },
	{ "nth", "FAULT[:STEP]", "a run for every opportunity of the fault, or "
	    "each STEP-th", KEY_NTH },
	{ "irq", "lapic|gic|ssip", "interrupt controller", KEY_IRQ },
	{ "retain", NULL, "TLBs keep the entries of roots not loaded",
	    KEY_RETAIN },
	{ "tlb", "NAME", "ASIDs and back ends, see --list (plain)", KEY_TLB },
	{ "flush-kick", "irq|nmi", "what shootdowns interrupt CPUs by (irq)",
	    KEY_FLUSH_KICK },
	{ "calm", NULL, "no ticks, walkers or stores in flight", KEY_CALM },
	{ "bug", "NAME", "a defect of the machine, which must be found",
	    KEY_BUG },
	{ "limit", "STEPS", "a run that takes more is a hang", KEY_LIMIT },
	{ "log", NULL, "a line per event: ns, step, CPU, event", KEY_LOG },
	{ "tap", NULL, "a line of TAP per run", KEY_TAP },
	{ "quiet", NULL, "print failing runs only", KEY_QUIET },
	{ "first", NULL, "stop at the first run that fails", KEY_FIRST },
	{ "whole", NULL, "do not look for fewer faults that do", KEY_WHOLE },
	{ "list", NULL, "scenarios, faults and bugs", KEY_LIST },
	{ "help", NULL, "this page", KEY_HELP },
};
#define NOPTION (sizeof(options) / sizeof(options[0]))

static unsigned
plugin_count(void)
{
	return (unsigned)(__stop_sim_plugins - __start_sim_plugins);
}

static void
print_option(const char *name, const char *arg, const char *help)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s %s", name, arg != NULL ? arg : "");
	printf("  %-26s %s\n", left, help);
}

static void
print_help(void)
{
	printf("usage: xcpu-sim [OPTION...]\n\nRun the library's source on a "
	    "simulated machine; one seed is one run.\n\n");
	for (unsigned i = 0; i < NOPTION; i++)
		print_option(options[i].name, options[i].arg, options[i].help);
	for (unsigned i = 0; i < plugin_count(); i++)
		print_option(__start_sim_plugins[i]->name,
		    __start_sim_plugins[i]->arg, __start_sim_plugins[i]->help);
	printf("\nexit status: 0 all runs are ok, 1 one is not, 2 misuse\n");
}

/* Those that know nothing of faults are a list of their own. */
static void
print_scenarios(const char *title, bool directed)
{
	const struct sim_scenario *s;

	printf("%s:\n", title);
	for (unsigned n = 0; (s = sim_scenario_nth(n)) != NULL; n++)
		if ((s->unsuited == SIM_ALL_FAULTS) == directed)
			printf("  %-20s %u to %u CPUs: %s\n", s->name,
			    s->min_cpus, s->max_cpus, s->what);
}

static void
print_list(void)
{
	print_scenarios("scenarios", false);
	print_scenarios("programs of one bug each, without other faults", true);
	printf("faults (number, name, one in how many of what):\n");
	for (unsigned f = 0; f < SIM_NFAULT; f++) {
		static const char *const per[] = { "kicks", "steps",
			"interrupts taken", "halts", "functions run",
			"stores", "looks at a clock", "runs" };
		const struct sim_fault_kind *k = &sim_fault_kind[f];

		printf("  F%-3u %-10s 1 in %6u %-17s %s\n", k->number, k->name,
		    k->odds, per[k->per], k->what);
	}
	printf("TLBs:\n");
	for (unsigned t = 0; t < SIM_NTLB; t++)
		printf("  %-20s %s\n", sim_tlb_name[t], sim_tlb_what[t]);
	printf("bugs of the machine:\n");
	for (unsigned b = 1; b < SIM_NBUG; b++)
		printf("  %-20s %s\n", sim_bug_name[b], sim_bug_what[b]);
}

static uint64_t
number(const char *text, const char **rest)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	if (end == text || *text == '-')
		misused(text, "is not a number");
	*rest = end;
	return v;
}

static uint64_t
whole_number(const char *text)
{
	const char *rest;
	uint64_t v = number(text, &rest);

	if (*rest != '\0')
		misused(text, "is not a number");
	return v;
}

static void
parse_seeds(const char *text)
{
	const char *rest;

	opt.first = opt.last = number(text, &rest);
	if (strncmp(rest, "..", 2) == 0)
		opt.last = whole_number(rest + 2);
	else if (*rest != '\0')
		misused(text, "is neither a seed nor a range A..B");
	if (opt.last < opt.first)
		misused(text, "is an empty range");
}

static void
parse_nth(const char *text)
{
	char name[32];
	size_t len = strcspn(text, ":");
	uint32_t set;

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	if (!sim_faults_parse(name, &set) || set == 0 || (set & (set - 1)) != 0)
		misused(text, "is not the name of one fault");
	opt.nth_fault = (enum sim_fault)__builtin_ctz(set);
	opt.nth_stride = text[len] == ':' ? whole_number(text + len + 1) : 1;
	if (opt.nth_stride == 0)
		misused(text, "has a step of 0");
}

static unsigned
parse_name(const char *what, const char *const *names, unsigned n,
    const char *text)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	fprintf(stderr, "xcpu-sim: --%s knows no %s, but", what, text);
	for (unsigned i = 0; i < n; i++)
		fprintf(stderr, " %s", names[i]);
	fprintf(stderr, "\n");
	exit(EXIT_MISUSE);
}

static void
parse_scenario(const char *text)
{
	opt.all_scenarios = strcmp(text, "all") == 0;
	if (opt.all_scenarios)
		return;
	opt.config.scenario = sim_scenario_find(text);
	if (opt.config.scenario == NULL)
		misused(text, "is no scenario (see --list)");
}

static void
parse_inject(const char *text)
{
	if (!sim_inject_parse(text, given, &opt.config.ninject))
		misused(text, "is not FAULT@NUMBER, with commas between");
	opt.config.inject = given;
}

static void
parse_faults(const char *text)
{
	if (!sim_faults_parse(text, &opt.config.faults))
		misused(text, "has a word that is no fault (see --list)");
	opt.faults_text = text;
}

static void
parse_flag(int key)
{
	struct sim_config *c = &opt.config;

	switch (key) {
	case KEY_RETAIN:
		c->retain = true;
		break;
	case KEY_CALM:
		c->calm = true;
		break;
	case KEY_LOG:
		c->log = true;
		break;
	case KEY_TAP:
		opt.tap = opt.quiet = true;
		break;
	case KEY_QUIET:
		opt.quiet = true;
		break;
	case KEY_FIRST:
		opt.stop = true;
		break;
	case KEY_WHOLE:
		opt.whole = true;
		break;
	case KEY_LIST:
		print_list();
		exit(0);
	case KEY_HELP:
		print_help();
		exit(0);
	default:
		exit(EXIT_MISUSE);	/* getopt_long() has said why */
	}
}

static const char *const flush_kicks[] = { "irq", "nmi" };

static void
parse_option(int key, const char *text)
{
	struct sim_config *c = &opt.config;

	switch (key) {
	case KEY_SEED:
		parse_seeds(text);
		break;
	case KEY_CPUS:
		c->ncpu = (unsigned)whole_number(text);
		if (c->ncpu == 0 || c->ncpu > XCPU_NCPU_MAX)
			misused(text, "CPUs are too few or too many");
		break;
	case KEY_OPS:
		c->ops = (unsigned)whole_number(text);
		break;
	case KEY_SCENARIO:
		parse_scenario(text);
		break;
	case KEY_FAULTS:
		parse_faults(text);
		break;
	case KEY_INJECT:
		parse_inject(text);
		break;
	case KEY_NTH:
		parse_nth(text);
		break;
	case KEY_IRQ:
		c->controller = (enum sim_controller)parse_name("irq",
		    sim_controller_name, 4, text);
		break;
	case KEY_BUG:
		c->bug = (enum sim_bug)parse_name("bug", sim_bug_name,
		    SIM_NBUG, text);
		break;
	case KEY_TLB:
		c->tlb = (enum sim_tlb)parse_name("tlb", sim_tlb_name,
		    SIM_NTLB, text);
		break;
	case KEY_FLUSH_KICK:
		c->flush_nmi = parse_name("flush-kick", flush_kicks, 2,
		    text) == 1;
		break;
	case KEY_LIMIT:
		c->limit_steps = whole_number(text);
		break;
	default:
		parse_flag(key);
		break;
	}
}

static void
open_plugin(const struct sim_plugin *plugin, const char *text)
{
	if (!plugin->open(text))
		exit(EXIT_MISUSE);
	if (plugin->run != NULL)
		opt.instead = plugin->run;
}

void
options_parse(int argc, char **argv)
{
	static struct option list[NOPTION + PLUGINS_MAX + 1];
	unsigned n = 0;
	int key;

	opt.config.scenario = sim_scenario_find("basic");
	for (; n < NOPTION; n++)
		list[n] = (struct option){ options[n].name,
		    options[n].arg != NULL, NULL, options[n].key };
	for (unsigned i = 0; i < plugin_count() && i < PLUGINS_MAX; i++, n++)
		list[n] = (struct option){ __start_sim_plugins[i]->name,
		    __start_sim_plugins[i]->arg != NULL, NULL,
		    KEY_PLUGIN + (int)i };
	/* ends: with the arguments */
	while ((key = getopt_long(argc, argv, "", list, NULL)) != -1) {
		if (key >= KEY_PLUGIN)
			open_plugin(__start_sim_plugins[key - KEY_PLUGIN],
			    optarg);
		else
			parse_option(key, optarg);
	}
	if (optind < argc)
		misused(argv[optind], "does not begin with --");
}

void
options_close_plugins(void)
{
	for (unsigned i = 0; i < plugin_count(); i++)
		if (__start_sim_plugins[i]->close != NULL)
			__start_sim_plugins[i]->close();
}
