/* SPDX-License-Identifier: BSD-2-Clause */
/* unregister_test.c: when an event is gone, it is gone everywhere. */
#include "suite.h"

#define ROUNDS 8
#define DOZE_NS 100000

static struct {
	uint32_t busy[XCPU_NCPU_MAX];	/* plain: unregister orders it */
	struct xcpu_au32 runs;
	struct xcpu_au32 foreign;
	int id;
} seen;

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs);
}

/* Kills: ids without a generation; a table entry that is never given back. */
static void
event_stale_id(struct selftest *t)
{
	int first = xcpu_event_register(count_run, NULL);
	int second;

	xcpu_store_rlx(&seen.runs, 0);
	EXPECT(t, first > 0);
	EXPECT_EQ(t, xcpu_event_unregister(first), 0);
	EXPECT_EQ(t, xcpu_event_unregister(first), -XCPU_ENOENT);
	second = xcpu_event_register(count_run, NULL);
	EXPECT(t, second > 0);
	EXPECT(t, second != first);
	EXPECT_EQ(t, xcpu_event_post_all(first), -XCPU_ENOENT);
	EXPECT_EQ(t, xcpu_event_unregister(first), -XCPU_ENOENT);
	EXPECT_EQ(t, xcpu_event_unregister(second), 0);
	EXPECT_EQ(t, count_of(&seen.runs), 0);
}

static void
be_busy(void *arg)
{
	unsigned cpu = xcpu_cpu_index();

	(void)arg;
	seen.busy[cpu] = 1;
	count_up(&seen.runs);
	selftest_spend(200000);
	seen.busy[cpu] = 0;
}

/* Kills: unregister that does not wait; a round answered too early. */
static void
event_unregister_waits(struct selftest *t)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		int id = xcpu_event_register(be_busy, NULL);

		xcpu_store_rlx(&seen.runs, 0);
		EXPECT_EQ(t, xcpu_event_post_others(id), t->ncpu - 1);
		EXPECT_EQ(t, xcpu_event_unregister(id), 0);
		for_each_cpu (cpu, &t->others) {
			t->cpu = cpu;
			EXPECT_EQ(t, seen.busy[cpu], 0);
			seen.busy[cpu] = 0;	/* a late handler races here */
		}
	}
}

/* Posts itself to the next CPU until its id is dead. */
static void
pass_on(void *arg)
{
	unsigned cpu = xcpu_cpu_index();
	const struct selftest *t = arg;

	seen.busy[cpu] = 1;
	xcpu_event_post(seen.id, (cpu + 1) % t->ncpu);
	count_up(&seen.runs);
	seen.busy[cpu] = 0;
}

static void
be_foreign(void *arg)
{
	(void)arg;
	count_up(&seen.foreign);
}

/* Kills: unregister that does not wait for handlers that post themselves. */
static void
event_unregister_storm(struct selftest *t)
{
	xcpu_store_rlx(&seen.foreign, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		int next;

		seen.id = xcpu_event_register(pass_on, t);
		xcpu_store_rlx(&seen.runs, 0);
		EXPECT(t, xcpu_event_post_all(seen.id) == (int)t->ncpu);
		EXPECT(t, AWAIT(count_of(&seen.runs) >= t->ncpu));
		EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
		next = xcpu_event_register(be_foreign, NULL);
		for_each_cpu (cpu, &t->all) {
			t->cpu = cpu;
			EXPECT_EQ(t, seen.busy[cpu], 0);
			seen.busy[cpu] = 0;
		}
		EXPECT_EQ(t, xcpu_event_unregister(next), 0);
	}
	EXPECT_EQ(t, count_of(&seen.foreign), 0);
}

static struct xcpu_au32 dozing;

/* Answers now and then only: between two answers the world has moved on. */
static void
doze(void *arg)
{
	(void)arg;
	count_up(&dozing);
	/* ends: the suite has seen enough */
	while (count_of(&dozing) != 0) {
		unsigned long state = xcpu_port_irq_save();

		selftest_spend(DOZE_NS);
		xcpu_port_irq_restore(state);
	}
}

/* Posts to the CPU that dozes as long as the event is alive. */
static void
post_all_the_time(void *arg)
{
	const struct selftest *t = arg;

	/* ends: the event is unregistered */
	while (xcpu_event_post(seen.id, t->other) == 0)
		count_up(&seen.runs);
}

/*
 * Kills: unregister with one round of two, where a poster is slow between its
 * look at the id and its post: the bit reaches the next owner of the slot.
 */
static void
event_unregister_posters(struct selftest *t)
{
	unsigned poster = (t->other + 1) % t->ncpu;

	xcpu_store_rlx(&seen.foreign, 0);
	xcpu_store_rlx(&dozing, 0);
	if (!selftest_thread(t, t->other, doze, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&dozing) != 0));
	for (unsigned round = 0; round < 2 * ROUNDS; round++) {
		int next;

		xcpu_store_rlx(&seen.runs, 0);
		seen.id = xcpu_event_register(count_run, NULL);
		selftest_thread(t, poster, post_all_the_time, t);
		EXPECT(t, AWAIT(count_of(&seen.runs) >= 3));
		EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
		next = xcpu_event_register(be_foreign, NULL);
		/* The one that dozes has looked by the end of this. */
		selftest_spend(3 * DOZE_NS);
		selftest_join(t, poster);
		EXPECT_EQ(t, xcpu_event_unregister(next), 0);
	}
	xcpu_store_rel(&dozing, 0);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.foreign), 0);
}

#define FULL_COST_MAX 4096	/* each unregister goes round all CPUs twice */

/* Kills: a table that takes one more than it holds. */
static void
event_table_full(struct selftest *t)
{
	static int ids[XCPU_EVENT_MAX];
	unsigned n = 0;
	int id = 0;

	if (XCPU_EVENT_MAX * t->ncpu > FULL_COST_MAX) {
		t->skip = "too many CPUs to empty a full table";
		return;
	}
	xcpu_store_rlx(&seen.runs, 0);
	for (unsigned i = 0; i <= XCPU_EVENT_MAX; i++) {
		id = xcpu_event_register(count_run, NULL);
		if (id < 0 || n == XCPU_EVENT_MAX)
			break;
		ids[n++] = id;
	}
	EXPECT_EQ(t, id, -XCPU_ENOSPC);
	EXPECT(t, n >= XCPU_EVENT_MAX / 2);
	if (n > 0) {
		EXPECT_EQ(t, xcpu_event_post_self(ids[n - 1]), 0);
		EXPECT(t, AWAIT(count_of(&seen.runs) == 1));
	}
	for (unsigned i = 0; i < n; i++)
		EXPECT_EQ(t, xcpu_event_unregister(ids[i]), 0);
	id = xcpu_event_register(count_run, NULL);
	EXPECT(t, id > 0);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

static const struct selftest_case cases[] = {
	{ "event_stale_id", "F-N2 INV-E7", "xcpu_port_kick",
	    event_stale_id, 0, 1, 0 },
	{ "event_unregister_waits", "F-N2 INV-E7", "xcpu_port_kick",
	    event_unregister_waits, 0, 2, 0 },
	{ "event_unregister_storm", "F-N2 INV-E7", "xcpu_port_kick",
	    event_unregister_storm, 0, 2, 0 },
	{ "event_unregister_posters", "F-N2 INV-E7", "xcpu_port_kick",
	    event_unregister_posters, 0, 3, NEED_THREAD },
	{ "event_table_full", "F-N2", "xcpu_port_kick",
	    event_table_full, 0, 1, 0 },
};

SELFTEST_GROUP(selftest_unregister, cases);
