/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c: the tables for people.
 *
 * Every line of a table is of the attempt in which that measure did worst.
 */
#include <xcpu/config.h>

#include "bench.h"

/* What a measure's line says how many of. */
struct row {
	unsigned measure;
	unsigned under;
};

static const char *
scheduler(void)
{
	return pair_realtime() ? "SCHED_FIFO" :
	    "SCHED_OTHER (no right to SCHED_FIFO)";
}

static bool
is_whole(const struct attempt *attempt)
{
	return attempt->kept == SAMPLE_BLOCKS;
}

/* Returns of how many attempts. */
static unsigned
outcomes(struct outcome outcome[SAMPLE_ATTEMPTS],
    const struct attempt attempts[SAMPLE_ATTEMPTS], unsigned over,
    unsigned under)
{
	unsigned n = 0;

	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++) {
		if (!is_whole(&attempts[a]))
			continue;
		outcome[n].ratio =
		    sample_ratio(&attempts[a], over, under).median;
		outcome[n++].regime = attempts[a].regime;
	}
	return n;
}

/* The attempt with the highest ratio; NULL when none kept enough blocks. */
static const struct attempt *
worst(const struct attempt attempts[SAMPLE_ATTEMPTS], const struct row *row)
{
	const struct attempt *found = NULL;
	double most = 0;

	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++) {
		double ratio = sample_ratio(&attempts[a], row->measure,
		    row->under).median;

		if (is_whole(&attempts[a]) && (found == NULL || ratio > most)) {
			found = &attempts[a];
			most = ratio;
		}
	}
	return found;
}

static void
print_attempts(const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	printf("attempt  blocks  dropped: preempted  moved   one line  regime"
	    "\n");
	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++) {
		const struct attempt *attempt = &attempts[a];

		printf("%7u  %6u  %18u  %5u  %6.1f ns  %-7s%s\n", a + 1,
		    attempt->kept, attempt->preempted, attempt->moved,
		    attempt->ns[NEAR_OR_FAR].median, attempt->regime,
		    is_whole(attempt) ? "" : "  too few blocks");
	}
}

static void
print_rows(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct row *row, unsigned nrows)
{
	for (unsigned i = 0; i < nrows; i++, row++) {
		const struct attempt *a = worst(attempts, row);
		const struct measure *measure;
		struct quantiles ratio;
		double rounds;

		if (a == NULL || a->rounds[row->measure] == 0)
			continue;
		measure = &a->suite->measure[row->measure];
		ratio = sample_ratio(a, row->measure, row->under);
		rounds = sample_rounds(a, row->measure);
		printf("%-40s  %7.1f  %5.2f [%5.2f %5.2f]", measure->name,
		    a->ns[row->measure].median, ratio.median, ratio.q10,
		    ratio.q90);
		if (measure->rings != NULL)
			printf("  %7.2f",
			    (double)a->rings[row->measure] * 100 / rounds);
		printf("\n");
	}
}

static void
print_check(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct check *check)
{
	struct outcome outcome[SAMPLE_ATTEMPTS];
	unsigned n = outcomes(outcome, attempts, check->over, check->under);
	char text[VERDICT_TEXT];

	verdict_check(text, check, outcome, n);
	printf("%s\n", text);
}

static bool
is_honest(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct check *check)
{
	struct outcome outcome[SAMPLE_ATTEMPTS];
	unsigned n = outcomes(outcome, attempts, check->over, check->under);

	return verdict_holds(check, outcome, n);
}

static void
print_claim(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct claim *claim)
{
	struct outcome outcome[SAMPLE_ATTEMPTS];
	unsigned n = outcomes(outcome, attempts, claim->over, claim->under);
	bool is_void = claim->check != NULL &&
	    !is_honest(attempts, claim->check);
	char text[VERDICT_TEXT];

	verdict_claim(text, claim, outcome, n, is_void);
	printf("%s\n", text);
}

/* ---- round trips ---- */

static const struct row trip_rows[] = {
	{ NEAR_OR_FAR, THERE_AND_BACK },
	{ THERE_AND_BACK, THERE_AND_BACK },
	{ CALL, THERE_AND_BACK },
	{ EVENT_FLAG, THERE_AND_BACK },
	{ EVENT_EVENT, THERE_AND_BACK },
};

static const struct claim unicast = {
	"Synchronous unicast, in two-line ping-pongs", CALL, THERE_AND_BACK,
	false, 1.1, 0.7, NULL
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

void
report_trips(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct local_cost *cost)
{
	printf("Round trips between two pinned threads, %s; blocks of all "
	    "measures forwards and back.\n\n", scheduler());
	print_attempts(attempts);
	printf("\n%-40s  %7s  %s\n", "round trip, worst attempt", "ns",
	    "to two lines [q10 q90]");
	print_rows(attempts, trip_rows, COUNT(trip_rows));
	printf("\nempty set call %.1f ns, function call %.1f ns: %.1f ns more"
	    "\n\n", cost->empty_set, cost->function,
	    cost->empty_set - cost->function);
	print_claim(attempts, &unicast);
}

/* ---- messages ---- */

#define KICKS_REQUIRED	1.0

static const struct row flood_rows[] = {
	{ SINGLE_OURS, SINGLE_CACHED },
	{ SINGLE_CACHED, SINGLE_CACHED },
	{ SINGLE_FENCED, SINGLE_CACHED },
	{ SINGLE_CK, SINGLE_CACHED },
	{ SINGLE_OLD, SINGLE_CACHED },
	{ SINGLE_OLD_LOOKS, SINGLE_CACHED },
	{ SINGLE_MAILBOX, SINGLE_CACHED },
	{ BATCH4_OURS, BATCH4_CACHED },
	{ BATCH4_CACHED, SINGLE_CACHED },
	{ BATCH4_FENCED, BATCH4_CACHED },
	{ BATCH32_OURS, BATCH32_CACHED },
	{ BATCH32_CACHED, SINGLE_CACHED },
	{ FULL_OURS, FULL_CACHED },
	{ FULL_CACHED, SINGLE_CACHED },
};

static const struct row echo_rows[] = {
	{ ECHO_OURS, THERE_AND_BACK },
	{ ECHO_CACHED, THERE_AND_BACK },
	{ ECHO_FENCED, THERE_AND_BACK },
	{ ECHO_CK, THERE_AND_BACK },
	{ ECHO_OLD, THERE_AND_BACK },
	{ CALL_MAILBOX, THERE_AND_BACK },
	{ THERE_AND_BACK, THERE_AND_BACK },
};

static const struct check old_check = {
	"The queue of 2005, in Concurrency Kit's rings", SINGLE_OLD, SINGLE_CK,
	5, 20
};

static const struct check mailbox_check = {
	"NetBSD's mailbox, in one-line ping-pongs", CALL_MAILBOX,
	NEAR_OR_FAR, 2, 3
};

void
report_honesty(FILE *file, const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	fprintf(file, "rival\thonest\nqueue2005\t%d\nmailbox\t%d\n",
	    is_honest(attempts, &old_check),
	    is_honest(attempts, &mailbox_check));
}

static const struct claim message_claims[] = {
	/* Its one fence, which rings without signals have not, is of four only. */
	{ "Batches of 4, in rings without signals, batched too", BATCH4_OURS,
	    BATCH4_CACHED, false, 0, 1.3, NULL },
	{ "Batches of 4, in rings with a full fence each", BATCH4_OURS,
	    BATCH4_FENCED, false, 1.3, 1.0, NULL },
	{ "Batches of 32, in rings without signals, batched too", BATCH32_OURS,
	    BATCH32_CACHED, false, 1.3, 0, NULL },
	{ "Full batches, in rings without signals, batched too", FULL_OURS,
	    FULL_CACHED, false, 1.3, 0, NULL },
	{ "Single sends, in rings with a full fence each", SINGLE_OURS,
	    SINGLE_FENCED, false, 1.3, 0, NULL },
	{ "Queue of 2005, in batches of 32", SINGLE_OLD, BATCH32_OURS, true,
	    5, 10, &old_check },
	{ "Queue of 2005, in single sends", SINGLE_OLD, SINGLE_OURS, true,
	    5, 10, &old_check },
	{ "Queue of 2005 that always looks, in single sends", SINGLE_OLD_LOOKS,
	    SINGLE_OURS, true, 5, 10, &old_check },
	{ "Echo, in those of the queue of 2005", ECHO_OURS, ECHO_OLD, false,
	    0.65, 0, &old_check },
	{ "Echo, in sent and waited for in NetBSD's mailbox", ECHO_OURS,
	    CALL_MAILBOX, false, 1.0, 0, &mailbox_check },
};

static void
print_kicks(const struct kick_count kicks[KICK_BURSTS])
{
	printf("\ninterrupts where the target does not look     xcpu per burst "
	    " per 100  2005 per burst  per 100\n");
	for (unsigned b = 0; b < KICK_BURSTS; b++) {
		const struct kick_count *k = &kicks[b];
		double per = 100 / (double)k->messages;
		double in_burst = k->burst / (double)k->messages;

		if (k->burst != 0)
			printf("bursts of %-2u %49.2f  %7.2f %15.2f  %7.2f\n",
			    k->burst, (double)k->ours * in_burst,
			    (double)k->ours * per, (double)k->old * in_burst,
			    (double)k->old * per);
		else
			printf("no pause %61.2f %24.2f\n",
			    (double)k->ours * per, (double)k->old * per);
	}
}

static void
judge_kicks(const struct kick_count kicks[KICK_BURSTS])
{
	const struct claim claim = {
		"Kicks per 100 messages without a pause", 0, 0, false,
		KICKS_REQUIRED, 0, NULL
	};
	const struct kick_count *flood = &kicks[KICK_BURSTS - 1];
	struct outcome outcome = {
		(double)flood->ours * 100 / (double)flood->messages, "signals"
	};
	char text[VERDICT_TEXT];

	verdict_claim(text, &claim, &outcome, 1, false);
	printf("%s\n", text);
}

void
report_messages(const struct attempt attempts[SAMPLE_ATTEMPTS],
    const struct kick_count kicks[KICK_BURSTS])
{
	printf("Messages of two words between the same threads, queues of %u; "
	    "a flood's target\nlooks again when an interrupt could have come, "
	    "an echo's all the while.\n\n", XCPU_MSG_SLOTS);
	print_attempts(attempts);
	printf("\n%-40s  %7s  %-19s  %s\n", "flood, worst attempt", "ns each",
	    "to ring [q10 q90]", "rings per 100");
	print_rows(attempts, flood_rows, COUNT(flood_rows));
	printf("\n%-40s  %7s  %s\n", "there and back, worst attempt", "ns",
	    "to two lines [q10 q90]  rings per 100");
	print_rows(attempts, echo_rows, COUNT(echo_rows));
	print_kicks(kicks);
	printf("\nHonesty of the rivals that are ours:\n");
	print_check(attempts, &old_check);
	print_check(attempts, &mailbox_check);
	printf("\n");
	for (unsigned i = 0; i < COUNT(message_claims); i++)
		print_claim(attempts, &message_claims[i]);
	judge_kicks(kicks);
}
