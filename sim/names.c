/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c: words for everything that has a number, and back; and the program's
 * list of scenarios.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define WORD_MAX	40
#define SCENARIOS_MAX	256

const char *const sim_op_name[SIM_NOP_KIND] = {
#define NAME(sym, name) name,
	SIM_OPS(NAME)
};

const char *const sim_state_name[SIM_NSTATE] = {
	SIM_STATES(NAME)
#undef NAME
};

const char *const sim_bug_name[SIM_NBUG] = {
#define NAME(sym, name, what) name,
	SIM_BUGS(NAME)
#undef NAME
};

const char *const sim_bug_what[SIM_NBUG] = {
#define WHAT(sym, name, what) what,
	SIM_BUGS(WHAT)
#undef WHAT
};

const char *const sim_tlb_name[SIM_NTLB] = {
#define NAME(sym, name, what) name,
	SIM_TLBS(NAME)
#undef NAME
};

const char *const sim_tlb_what[SIM_NTLB] = {
#define WHAT(sym, name, what) what,
	SIM_TLBS(WHAT)
#undef WHAT
};

const char *const sim_controller_name[] = { "any", "lapic", "gic", "ssip" };

const char *const sim_verdict_name[SIM_NVERDICT] = {
	[SIM_OK] = "ok", [SIM_STALE] = "stale", [SIM_LOST_KICK] = "lost kick",
	[SIM_HANG] = "hang", [SIM_STALL] = "stall", [SIM_ORDER] = "order",
	[SIM_EARLY] = "early completion", [SIM_CONTRACT] = "contract",
	[SIM_PANIC] = "panic",
};

/* ---- faults ---- */

/* The faults of one word: a name, F and a number, all or none. */
static bool
faults_of_word(const char *word, uint32_t *set)
{
	char number[8];

	*set = 0;
	if (strcmp(word, "none") == 0)
		return true;
	if (strcmp(word, "all") == 0)
		*set = SIM_ALL_FAULTS;
	for (unsigned f = 0; f < SIM_NFAULT; f++) {
		snprintf(number, sizeof(number), "F%u",
		    sim_fault_kind[f].number);
		if (strcmp(word, sim_fault_kind[f].name) == 0 ||
		    strcmp(word, number) == 0)
			*set |= SIM_FAULT_BIT(f);
	}
	return *set != 0;
}

/* The next word up to a comma; NULL: there is none. */
static const char *
next_word(const char *text, char word[WORD_MAX])
{
	size_t len = strcspn(text, ",");

	if (*text == '\0')
		return NULL;
	snprintf(word, WORD_MAX, "%.*s", (int)len, text);
	return text[len] == ',' ? text + len + 1 : text + len;
}

bool
sim_faults_parse(const char *text, uint32_t *set)
{
	char word[WORD_MAX];
	uint32_t some;

	*set = 0;
	/* ends: with the text */
	while ((text = next_word(text, word)) != NULL) {
		bool out = word[0] == '-';

		if (!faults_of_word(word + out, &some))
			return false;
		*set = out ? *set & ~some : *set | some;
	}
	return true;
}

static bool
parse_instance(const char *word, struct sim_inject *one)
{
	const char *at = strchr(word, '@');
	char *end;

	if (at == NULL)
		return false;
	one->nth = strtoull(at + 1, &end, 10);
	if (*end != '\0' || end == at + 1)
		return false;
	for (unsigned f = 0; f < SIM_NFAULT; f++) {
		const char *name = sim_fault_kind[f].name;

		if (strncmp(word, name, strlen(name)) == 0 &&
		    word + strlen(name) == at) {
			one->fault = (enum sim_fault)f;
			return true;
		}
	}
	return false;
}

bool
sim_inject_parse(const char *text, struct sim_inject *list, unsigned *n)
{
	char word[WORD_MAX];

	*n = 0;
	/* ends: with the text */
	while ((text = next_word(text, word)) != NULL) {
		if (*n == SIM_INJECTED_MAX ||
		    !parse_instance(word, &list[*n]))
			return false;
		++*n;
	}
	return true;
}

/* ---- scenarios ---- */

extern const struct sim_scenario *const __start_sim_scenarios[];
extern const struct sim_scenario *const __stop_sim_scenarios[];

static int
by_name(const void *a, const void *b)
{
	const struct sim_scenario *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

const struct sim_scenario *
sim_scenario_nth(unsigned n)
{
	static const struct sim_scenario *sorted[SCENARIOS_MAX];
	static unsigned count;

	if (count == 0) {
		count = (unsigned)(__stop_sim_scenarios -
		    __start_sim_scenarios);
		if (count > SCENARIOS_MAX)
			count = SCENARIOS_MAX;
		memcpy(sorted, __start_sim_scenarios,
		    count * sizeof(sorted[0]));
		qsort(sorted, count, sizeof(sorted[0]), by_name);
	}
	return n < count ? sorted[n] : NULL;
}

const struct sim_scenario *
sim_scenario_find(const char *name)
{
	const struct sim_scenario *s;

	for (unsigned n = 0; (s = sim_scenario_nth(n)) != NULL; n++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}
