/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * minimise.c: which of the injected faults a failure needs.
 *
 * Delta debugging (Zeller and Hildebrandt, 2002), as far as complements go:
 * leave a chunk out; if the run still fails in the same way, it stays out; else
 * try the next, and then smaller chunks.  A run without some of its faults is
 * another run, so the answer is small rather than smallest.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* Runs at most, so that it is a matter of seconds. */
#define TRIES	400

struct search {
	struct sim_config config;
	enum sim_verdict verdict;
	struct sim_result *result;
	unsigned tries;
};

static bool
still_fails(struct search *search, const struct sim_inject *list, unsigned n)
{
	search->tries++;
	search->config.inject = list;
	search->config.ninject = n;
	(void)sim_run(&search->config, search->result);
	return search->result->verdict == search->verdict;
}

/* Try without each chunk in turn; the list shrinks.  Answers with its length. */
static unsigned
try_chunks(struct search *search, struct sim_inject *list, unsigned n,
    unsigned chunk)
{
	static struct sim_inject without[SIM_INJECTED_MAX];
	unsigned at = 0;

	/* ends: each turn shortens the list or goes on in it */
	while (at < n && search->tries < TRIES) {
		unsigned len = n - at < chunk ? n - at : chunk;

		memcpy(without, list, at * sizeof(list[0]));
		memcpy(without + at, list + at + len,
		    (n - at - len) * sizeof(list[0]));
		if (still_fails(search, without, n - len)) {
			n -= len;
			memcpy(list, without, n * sizeof(list[0]));
		} else {
			at += len;
		}
	}
	return n;
}

unsigned
sim_minimise(const struct sim_config *config, const struct sim_result *failed,
    struct sim_inject *list)
{
	struct search search = {
		.config = *config,
		.verdict = failed->verdict,
		.result = sim_result_new(),
	};
	unsigned n = failed->ninjected;

	search.config.log = false;
	memcpy(list, failed->injected, n * sizeof(list[0]));
	for (unsigned chunk = (n + 1) / 2; chunk > 0 && n > 0; chunk /= 2)
		n = try_chunks(&search, list, n, chunk);
	free(search.result);
	return n;
}
