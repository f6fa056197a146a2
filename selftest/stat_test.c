/* SPDX-License-Identifier: BSD-2-Clause */
/* stat_test.c: the counters add up, and the dump tells what is the case. */
#include "suite.h"

static struct {
	struct xcpu_au32 runs;
	struct xcpu_totals totals;
} seen;

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs);
}

static uint64_t
kicks_counted(struct selftest *t)
{
	return xcpu_stat_kicks(selftest_totals(t));
}

/* Kills: a kick that is sent and not counted, or counted and not sent. */
static void
stat_kicks(struct selftest *t)
{
	int id = xcpu_event_register(count_run, NULL);
	uint64_t counted = kicks_counted(t), sent = t->host->kicks();

	xcpu_event_post_all(id);
	EXPECT_EQ(t, xcpu_call_all(count_run, NULL, NULL), 0);
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, NULL), 0);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
	/* Some CPU may still be on its way out of its last interrupt. */
	EXPECT(t, AWAIT(kicks_counted(t) - counted == t->host->kicks() - sent));
	EXPECT(t, t->ncpu == 1 || t->host->kicks() > sent);
}

static uint64_t
fates(struct selftest *t)
{
	const struct xcpu_totals *sum = selftest_totals(t);

	return sum->kick_flush + sum->kick_call + sum->kick_event +
	    sum->avoid_pending + sum->avoid_polling + sum->avoid_lazy +
	    sum->not_ready;
}

/* Kills: a post that ends in none of the counters, or in two. */
static void
stat_posts(struct selftest *t)
{
	int id = xcpu_event_register(count_run, NULL);
	uint64_t before = fates(t), posted = STAT_SUM(t, event_post);
	uint64_t served, dropped;

	xcpu_store_rlx(&seen.runs, 0);
	for (unsigned i = 0; i < 10; i++)
		for_each_cpu (cpu, &t->others)
			EXPECT_EQ(t, xcpu_event_post(id, cpu), 0);
	EXPECT_EQ(t, fates(t) - before, 10 * (t->ncpu - 1));
	EXPECT_EQ(t, STAT_SUM(t, event_post) - posted, 10 * (t->ncpu - 1));
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);

	/* What was served is what ran, here and there. */
	served = STAT_SUM(t, served_call);
	dropped = STAT_SUM(t, event_dropped);
	posted = STAT_SUM(t, call);
	EXPECT_EQ(t, xcpu_call_others(count_run, NULL, NULL), 0);
	EXPECT_EQ(t, STAT_SUM(t, served_call) - served, t->ncpu - 1);
	EXPECT_EQ(t, STAT_SUM(t, call) - posted, 1);
	EXPECT_EQ(t, STAT_SUM(t, event_dropped), dropped);
}

static uint64_t
waits_of(struct selftest *t, enum xcpu_wait_kind kind)
{
	const struct xcpu_totals *totals = selftest_totals(t);
	uint64_t sum = 0;

	for (unsigned i = 0; i < XCPU_STAT_BUCKETS; i++)
		sum += totals->wait_ns[kind][i];
	return sum;
}

/* Kills: waits that are counted under another kind, or not at all. */
static void
stat_waits(struct selftest *t)
{
	static struct selftest_hold hold;
	uint64_t before, waits = STAT_OF(t, t->self, wait);

	if (!selftest_hold_one(t, &hold, t->other))
		return;
	before = waits_of(t, XCPU_WAIT_CALL);
	EXPECT_EQ(t, xcpu_call_wait(&hold.call, 2000000), -XCPU_ETIMEDOUT);
	EXPECT_EQ(t, waits_of(t, XCPU_WAIT_CALL) - before, 1);
	EXPECT(t, STAT_OF(t, t->self, wait) > waits);
	selftest_release(t, &hold);
	EXPECT(t, xcpu_stat_quantile(selftest_totals(t),
	    XCPU_WAIT_CALL, 1000) >= 2000000);
}

/* Kills: a quantile off by one bucket, or by the order of its sum. */
static void
stat_quantile(struct selftest *t)
{
	struct xcpu_totals *totals = &seen.totals;

	*totals = (struct xcpu_totals){ 0 };
	EXPECT_EQ(t, xcpu_stat_quantile(totals, XCPU_WAIT_CALL, 500), 0);
	totals->wait_ns[XCPU_WAIT_CALL][10] = 50;
	totals->wait_ns[XCPU_WAIT_CALL][12] = 49;
	totals->wait_ns[XCPU_WAIT_CALL][20] = 1;
	totals->wait_ns[XCPU_WAIT_FLUSH][30] = 1000;
	EXPECT_EQ(t, xcpu_stat_quantile(totals, XCPU_WAIT_CALL, 0), 1 << 11);
	EXPECT_EQ(t, xcpu_stat_quantile(totals, XCPU_WAIT_CALL, 500), 1 << 11);
	EXPECT_EQ(t, xcpu_stat_quantile(totals, XCPU_WAIT_CALL, 501), 1 << 13);
	EXPECT_EQ(t, xcpu_stat_quantile(totals, XCPU_WAIT_CALL, 990), 1 << 13);
	EXPECT_EQ(t, xcpu_stat_quantile(totals, XCPU_WAIT_CALL, 991), 1 << 21);
	EXPECT_EQ(t, xcpu_stat_quantile(totals, XCPU_WAIT_CALL, 1000), 1 << 21);
	EXPECT_EQ(t, xcpu_stat_sum(t->host->domain, t->ncpu, totals),
	    -XCPU_EINVAL);
}

/* ---- the dump ---- */

static struct {
	unsigned lines, longest, newlines;
	bool other_event, other_runs, self_slot;
	const struct selftest *t;
} dumped;

static bool
contains(const char *text, const char *word)
{
	for (; *text != '\0'; text++) {
		unsigned i = 0;

		while (word[i] != '\0' && text[i] == word[i])
			i++;
		if (word[i] == '\0')
			return true;
	}
	return false;
}

static void
take_line(void *to, const char *text)
{
	const struct selftest *t = dumped.t;
	unsigned len = 0, cpu = dumped.lines++;

	(void)to;
	for (; text[len] != '\0'; len++)
		dumped.newlines += text[len] == '\n';
	if (len > dumped.longest)
		dumped.longest = len;
	if (cpu == t->other) {
		dumped.other_event = contains(text, "EVENT");
		dumped.other_runs = contains(text, "runs");
	}
	if (cpu == t->self)
		dumped.self_slot = contains(text, "slot");
}

/* Kills: a dump without what a CPU runs, or without its pending classes. */
static void
dump(struct selftest *t)
{
	static struct selftest_hold hold;
	int id = xcpu_event_register(count_run, NULL);

	if (!selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	dumped.t = t;
	dumped.lines = dumped.longest = dumped.newlines = 0;
	xcpu_dump(t->host->domain, take_line, NULL);
	EXPECT_EQ(t, dumped.lines, t->ncpu);
	EXPECT(t, dumped.longest <= 120);
	EXPECT_EQ(t, dumped.newlines, 0);
	EXPECT(t, dumped.other_event);
	EXPECT(t, dumped.other_runs);
	EXPECT(t, dumped.self_slot);
	selftest_release(t, &hold);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

static const struct selftest_case cases[] = {
	{ "stat_kicks", "F-B27", "xcpu_port_kick, kicks()",
	    stat_kicks, 1, 1, NEED_STATS | NEED_KICKS },
	{ "stat_posts", "F-B27", "xcpu_port_kick",
	    stat_posts, 0, 1, NEED_STATS },
	{ "stat_waits", "F-B27", "xcpu_port_now_ns",
	    stat_waits, 2, 2, NEED_STATS },
	{ "stat_quantile", "F-B27", "nothing of the port",
	    stat_quantile, 0, 1, 0 },
	{ "dump", "F-X13", "nothing of the port", dump, 0, 2, 0 },
};

SELFTEST_GROUP(selftest_stat, cases);
