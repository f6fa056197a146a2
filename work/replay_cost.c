/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_cost.c: what a request costs, and what it would by other rules.
 *
 * Kicks are counted.  Transactions, the movements of cache lines between CPUs,
 * are not to be seen from a kernel: they are modelled, by what `./x count`
 * counts for one request to n CPUs, all of which are interrupted, with eight
 * lanes in each token line and plain MESI:
 *
 *	shoot-range	n, and one for each token line: waited for, one range
 *	shoot-async	6 n + 3, and one for each token line: calls back
 *	shoot-defer	6 n + 3, and two for each token line: nobody came by
 *
 * Of the last two `./x count` has requests of several ranges, and here most have
 * one; and who passes serves all requests at once: so for these the model is an
 * upper bound.  tools/tracelib/cost.py has the same and is tested against
 * sim/count.tsv, this file against it.
 */
#include "replay.h"

static uint64_t
transactions(enum work_form form, unsigned n)
{
	uint64_t token_lines = (n + 8) / 8;	/* the initiator has a lane */

	if (n == 0)
		return 0;
	switch (form) {
	case WORK_FORM_ASYNC:
		return 6 * (uint64_t)n + 3 + token_lines;
	case WORK_FORM_DEFER:
		return 6 * (uint64_t)n + 3 + 2 * token_lines;
	default:
		return n + token_lines;
	}
}

static void
add_rule(struct replay_rule *rule, enum work_form form, unsigned n)
{
	rule->kicks += n;
	rule->transactions += transactions(form, n);
}

/*
 * What other rules would have sent, on this placement: to whoever needs it; to
 * everybody; or as Linux does, to who runs there, and when tables are freed to
 * whoever once had the space and has not been told since that it is gone.
 */
static void
count_rules(unsigned cpu, struct replay_space *space, enum trace_cause cause)
{
	struct replay_count *count = &replay.cpu[cpu]->count;
	struct xcpu_cpuset linux_set = replay.ask.asked;
	bool tables = replay_frees_tables(cause);

	if (tables) {
		linux_set = space->members;
		xcpu_cpuset_del(&linux_set, cpu);
		space->members = replay.ask.asked;
		xcpu_cpuset_or(&space->members, &replay.ask.idle);
		xcpu_cpuset_add(&space->members, cpu);
	}
	add_rule(&count->need, replay_may_be_late(cause) ? replay.form :
	    WORK_FORM_SYNC, xcpu_cpuset_count(&replay.ask.asked) +
	    (tables ? xcpu_cpuset_count(&replay.ask.idle) : 0));
	add_rule(&count->as_linux, WORK_FORM_SYNC,
	    xcpu_cpuset_count(&linux_set));
	add_rule(&count->broadcast, WORK_FORM_SYNC, replay.ncpu - 1);
}

void
replay_count_request(unsigned cpu, struct replay_space *space,
    enum trace_cause cause, uint64_t kicks)
{
	struct replay_count *count = &replay.cpu[cpu]->count;

	count->kicks[cause] += kicks;
	count->requests[cause]++;
	if (replay.strict)
		count_rules(cpu, space, cause);
}
