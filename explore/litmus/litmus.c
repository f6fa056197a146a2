/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * litmus.c: runs the litmus tests, and compares the three reductions.
 *
 * Per test: the outcomes are those allowed, all of them and no other; and each
 * reduction visits one execution of each class of equivalent ones, which
 * eng.histories tells apart: as many as there are without a reduction.
 */
#include "litmus.h"
#include "../main.h"

#include <string.h>

#define OUTCOMES 10000

struct xcpu_au64 EXPLORE_DATA litmus_x;
struct xcpu_au64 EXPLORE_DATA litmus_y;
struct xcpu_au64 EXPLORE_DATA litmus_z;
struct explore_word EXPLORE_DATA litmus_data;
uint64_t EXPLORE_DATA litmus_reg[LITMUS_REGS];

static bool seen[OUTCOMES];
static unsigned nregs;
static unsigned number;
static unsigned failed;

void
litmus_saw(void)
{
	unsigned outcome = 0;

	for (unsigned i = 0; i < nregs; i++)
		outcome = outcome * 10 + (unsigned)(R[i] % 10);
	seen[outcome] = true;
}

void
litmus_saw_final(void)
{
	/* rlx: all is over */
	R[2] = xcpu_load_rlx(X);
	R[3] = xcpu_load_rlx(Y); /* rlx: all is over */
	litmus_saw();
}

static bool
is_allowed(const struct litmus *test, const char *outcome)
{
	const char *p = test->allowed;

	for (; p != NULL; p = strstr(p + 1, outcome))
		if (strncmp(p, outcome, nregs) == 0 &&
		    (p == test->allowed || p[-1] == ' '))
			return true;
	return false;
}

static unsigned
count_allowed(const struct litmus *test)
{
	unsigned n = 1;

	for (const char *p = test->allowed; *p != '\0'; p++)
		n += *p == ' ';
	return n;
}

/* Prints what is wrong with the outcomes. */
static bool
outcomes_right(const struct litmus *test)
{
	unsigned found = 0;
	bool right = true;
	char text[16];

	for (unsigned i = 0; i < OUTCOMES; i++) {
		if (!seen[i])
			continue;
		snprintf(text, sizeof(text), "%0*u", (int)nregs, i);
		if (nregs != 0 && !is_allowed(test, text)) {
			printf("# forbidden, and seen: %s\n", text);
			right = false;
		}
		found++;
	}
	if (right && found != count_allowed(test)) {
		printf("# seen are only:");
		for (unsigned i = 0; i < OUTCOMES; i++)
			if (seen[i])
				printf(" %0*u", (int)nregs, i);
		printf("\n# and not all of: %s\n", test->allowed);
		right = false;
	}
	return right;
}

static bool
run_under(const struct litmus *test, enum reduction reduction,
    struct result *result)
{
	struct limits limits = { .reduction = reduction };

	eng.histories = true;
	memset(seen, 0, sizeof(seen));
	nregs = test->nregs;
	run_program(&test->program, &limits, result);
	if (!as_it_should(&test->program, result)) {
		printf("# %s\n", result->failed ? result->failure :
		    "should fail, and does not");
		if (result->failed && options.verbose)
			trace_table();
		return false;
	}
	return test->allowed == NULL || outcomes_right(test);
}

static void
run_test(const struct litmus *test)
{
	static const char *const names[] = { "none", "sleep", "source" };
	struct result result[3];
	bool right = true;

	for (int r = REDUCE_SOURCE; r >= REDUCE_NONE; r--)
		if (!run_under(test, (enum reduction)r, &result[r])) {
			printf("# with --reduce %s\n", names[r]);
			right = false;
		}
	if (right && test->allowed != NULL &&
	    (result[0].states != result[2].states ||
	    result[2].executions != result[2].states ||
	    result[1].executions != result[2].executions)) {
		printf("# executions %llu %llu %llu, states %llu %llu %llu: "
		    "the reduction is wrong\n",
		    (unsigned long long)result[0].executions,
		    (unsigned long long)result[1].executions,
		    (unsigned long long)result[2].executions,
		    (unsigned long long)result[0].states,
		    (unsigned long long)result[1].states,
		    (unsigned long long)result[2].states);
		right = false;
	}
	failed += !right;
	printf("%sok %u - litmus %s: %s # %llu executions, %llu unreduced\n",
	    right ? "" : "not ", ++number, test->program.name,
	    test->program.what, (unsigned long long)result[2].executions,
	    (unsigned long long)result[0].executions);
}

int
run_litmus(void)
{
	static const struct litmus *const tables[] = {
		litmus_memory, litmus_fences, litmus_waits,
		litmus_interrupts, litmus_pages
	};

	for (unsigned t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct litmus *test = tables[t];
		    test->program.name != NULL; test++)
			run_test(test);
	printf("1..%u\n", number);
	return failed != 0;
}
