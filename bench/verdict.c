/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict.c: what the ratios come to.
 *
 * Of several attempts the worst counts, for each claim on its own: nobody gets
 * to choose the hour in which the numbers were good.  A comparison with a rival
 * of our own making is void when that rival was, in any attempt, slower or
 * quicker than its description makes it: then it is something else that we beat.
 */
#include "bench.h"

bool
verdict_holds(const struct check *check, const struct outcome *outcome,
    unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		/* Not-a-number, of a measure that is not there, is outside. */
		if (!(outcome[i].ratio >= check->low &&
		    outcome[i].ratio <= check->high))
			return false;
	return n != 0;
}

const struct outcome *
verdict_worst(const struct claim *claim, const struct outcome *outcome,
    unsigned n)
{
	const struct outcome *worst = NULL;

	for (unsigned i = 0; i < n; i++)
		if (worst == NULL || (claim->at_least ?
		    outcome[i].ratio < worst->ratio :
		    outcome[i].ratio > worst->ratio))
			worst = &outcome[i];
	return worst;
}

static const char *
met(const struct claim *claim, double ratio, double limit)
{
	return (claim->at_least ? ratio >= limit : ratio <= limit) ?
	    "met" : "missed";
}

void
verdict_claim(char text[VERDICT_TEXT], const struct claim *claim,
    const struct outcome *outcome, unsigned n, bool is_void)
{
	const struct outcome *worst = verdict_worst(claim, outcome, n);
	const char *bound = claim->at_least ? "at least" : "at most";
	int len;

	if (worst == NULL) {
		snprintf(text, VERDICT_TEXT, "%s: no verdict", claim->what);
		return;
	}
	len = snprintf(text, VERDICT_TEXT, "%s: %.2f (%s)", claim->what,
	    worst->ratio, worst->regime);
	if (claim->required != 0)
		len += snprintf(text + len, VERDICT_TEXT - (size_t)len,
		    "; required %s %.2f: %s", bound, claim->required,
		    is_void ? "void" :
		    met(claim, worst->ratio, claim->required));
	if (claim->goal != 0 && !is_void)
		snprintf(text + len, VERDICT_TEXT - (size_t)len,
		    "; goal %.2f: %s", claim->goal,
		    met(claim, worst->ratio, claim->goal));
}

void
verdict_check(char text[VERDICT_TEXT], const struct check *check,
    const struct outcome *outcome, unsigned n)
{
	double least = 0, most = 0;

	for (unsigned i = 0; i < n; i++) {
		if (i == 0 || outcome[i].ratio < least)
			least = outcome[i].ratio;
		if (i == 0 || outcome[i].ratio > most)
			most = outcome[i].ratio;
	}
	snprintf(text, VERDICT_TEXT, "%s: %.2f to %.2f; believed from %.0f to "
	    "%.0f: %s", check->what, least, most, check->low, check->high,
	    verdict_holds(check, outcome, n) ? "honest" :
	    "NOT: what is compared with it is void");
}
