/* SPDX-License-Identifier: BSD-2-Clause */
/* event_test.c: registered handlers, posted to one CPU, to some, to all. */
#include "suite.h"

static struct {
	struct xcpu_au32 runs[XCPU_NCPU_MAX];
	uint64_t noted[XCPU_NCPU_MAX];	/* what the handler saw of `note` */
	uint64_t note;			/* written before each post */
	struct xcpu_au32 unmasked;	/* runs with the doorbell open */
	struct xcpu_au32 hold, inside;	/* for the handler that takes long */
} seen;

static void
note_run(void *arg)
{
	unsigned cpu = xcpu_cpu_index();

	(void)arg;
	seen.noted[cpu] = seen.note;
	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		flag_set(&seen.unmasked);
	count_up(&seen.runs[cpu]);
}

static int
start(struct selftest *t, xcpu_fn *fn)
{
	int id;

	for_each_cpu (cpu, &t->all)
		xcpu_store_rlx(&seen.runs[cpu], 0);
	xcpu_store_rlx(&seen.unmasked, 0);
	id = xcpu_event_register(fn, NULL);
	EXPECT(t, id > 0);
	return id;
}

static void
finish(struct selftest *t, int id)
{
	EXPECT_EQ(t, count_of(&seen.unmasked), 0);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

static bool
await_runs(unsigned cpu, unsigned n)
{
	return AWAIT(count_of(&seen.runs[cpu]) >= n);
}

static unsigned
sum_runs(const struct selftest *t)
{
	unsigned sum = 0;

	for_each_cpu (cpu, &t->all)
		sum += count_of(&seen.runs[cpu]);
	return sum;
}

/* Kills: event.c sets the pending bit after it rang the doorbell. */
static void
event_post_one(struct selftest *t)
{
	int id = start(t, note_run);

	for_each_cpu (cpu, &t->others) {
		t->cpu = cpu;
		seen.note = cpu + 1;
		EXPECT_EQ(t, xcpu_event_post(id, cpu), 0);
		if (!EXPECT(t, await_runs(cpu, 1)))
			break;
		EXPECT_EQ(t, seen.noted[cpu], cpu + 1);
	}
	t->cpu = XCPU_NCPU_MAX;
	EXPECT_EQ(t, sum_runs(t), t->ncpu - 1);
	finish(t, id);
}

/* Kills: a post to oneself that sets the bit and sends no kick. */
static void
event_post_self(struct selftest *t)
{
	int id = start(t, note_run);
	unsigned long state;

	seen.note = 7;
	EXPECT_EQ(t, xcpu_event_post_self(id), 0);
	EXPECT(t, await_runs(t->self, 1));

	state = xcpu_port_irq_save();
	EXPECT_EQ(t, xcpu_event_post(id, t->self), 0);
	EXPECT_EQ(t, xcpu_event_post_self(id), 0);
	selftest_spend(100000);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 1);
	xcpu_port_irq_restore(state);
	EXPECT(t, await_runs(t->self, 2));
	EXPECT_EQ(t, sum_runs(t), 2);
	finish(t, id);
}

/* Kills: a drain that runs a handler once per post; a kick for every post. */
static void
event_coalesce(struct selftest *t)
{
	static struct selftest_hold hold;
	int id = start(t, note_run);
	uint64_t kicks = STAT_OF(t, t->self, kick_event);

	if (!selftest_hold_one(t, &hold, t->other))
		return;
	for (unsigned i = 0; i < 5; i++)
		EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	EXPECT(t, STAT_OF(t, t->self, kick_event) - kicks <= 1);
	EXPECT_EQ(t, count_of(&seen.runs[t->other]), 0);
	selftest_release(t, &hold);
	EXPECT(t, await_runs(t->other, 1));
	finish(t, id);
	EXPECT_EQ(t, sum_runs(t), 1);
}

static void
note_slowly(void *arg)
{
	note_run(arg);
	if (count_of(&seen.runs[xcpu_cpu_index()]) != 1)
		return;
	flag_set(&seen.inside);
	(void)AWAIT(count_of(&seen.hold) == 0);
}

/* Kills: pending bits cleared after the handler instead of before. */
static void
event_post_while_it_runs(struct selftest *t)
{
	int id;

	xcpu_store_rlx(&seen.inside, 0);
	xcpu_store_rlx(&seen.hold, 1);
	id = start(t, note_slowly);
	EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	EXPECT(t, AWAIT(count_of(&seen.inside) != 0));
	EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	xcpu_store_rel(&seen.hold, 0);
	EXPECT(t, await_runs(t->other, 2));
	finish(t, id);
	EXPECT_EQ(t, sum_runs(t), 2);
}

static int chain_id;

static void
note_and_post(void *arg)
{
	note_run(arg);
	if (count_of(&seen.runs[xcpu_cpu_index()]) < 3)
		xcpu_event_post_self(chain_id);
}

/* Kills: posts from a handler that are neither kicked for nor drained. */
static void
event_post_from_handler(struct selftest *t)
{
	int id = start(t, note_and_post);

	chain_id = id;
	EXPECT_EQ(t, xcpu_event_post_self(id), 0);
	EXPECT(t, await_runs(t->self, 3));
	finish(t, id);
	EXPECT_EQ(t, sum_runs(t), 3);
}

/* Kills: the own CPU served before the doorbell is open again. */
static void
event_post_set(struct selftest *t)
{
	struct xcpu_cpuset set;
	int id = start(t, note_run);
	unsigned long state = xcpu_port_irq_save();

	xcpu_cpuset_zero(&set);
	EXPECT_EQ(t, xcpu_event_post_set(id, &set), 0);
	EXPECT_EQ(t, xcpu_event_post_set(id, &t->all), t->ncpu);
	for_each_cpu (cpu, &t->others) {
		t->cpu = cpu;
		EXPECT(t, await_runs(cpu, 1));
	}
	t->cpu = XCPU_NCPU_MAX;
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 0);
	xcpu_port_irq_restore(state);
	EXPECT(t, await_runs(t->self, 1));

	xcpu_cpuset_one(&set, t->ncpu - 1);
	EXPECT_EQ(t, xcpu_event_post_set(id, &set), 1);
	EXPECT(t, await_runs(t->ncpu - 1, 2));
	finish(t, id);
	EXPECT_EQ(t, sum_runs(t), t->ncpu + 1);
}

/* Kills: xcpu_event_post_others() that takes the caller along. */
static void
event_broadcast(struct selftest *t)
{
	int id = start(t, note_run);

	EXPECT_EQ(t, xcpu_event_post_others(id), t->ncpu - 1);
	for_each_cpu (cpu, &t->others)
		EXPECT(t, await_runs(cpu, 1));
	EXPECT_EQ(t, sum_runs(t), t->ncpu - 1);
	EXPECT_EQ(t, xcpu_event_post_all(id), t->ncpu);
	for_each_cpu (cpu, &t->all)
		EXPECT(t, await_runs(cpu, cpu == t->self ? 1 : 2));
	finish(t, id);
	EXPECT_EQ(t, sum_runs(t), 2 * t->ncpu - 1);
}

#define SEVERAL 5

static struct xcpu_au32 several[SEVERAL];

static void
count_several(void *arg)
{
	count_up(arg);
}

/* Kills: a drain that serves the lowest pending event only. */
static void
event_several_at_once(struct selftest *t)
{
	int ids[SEVERAL];
	unsigned long state = xcpu_port_irq_save();

	for (unsigned i = 0; i < SEVERAL; i++) {
		xcpu_store_rlx(&several[i], 0);
		ids[i] = xcpu_event_register(count_several, &several[i]);
		EXPECT(t, ids[i] > 0);
	}
	for (unsigned i = 0; i < SEVERAL; i++)
		EXPECT_EQ(t, xcpu_event_post_all(ids[i]), t->ncpu);
	xcpu_port_irq_restore(state);
	for (unsigned i = 0; i < SEVERAL; i++)
		EXPECT(t, AWAIT(count_of(&several[i]) >= t->ncpu));
	for (unsigned i = 0; i < SEVERAL; i++) {
		EXPECT_EQ(t, xcpu_event_unregister(ids[i]), 0);
		EXPECT_EQ(t, count_of(&several[i]), t->ncpu);
	}
}

/* Kills: xcpu_resched() that rings without kicking. */
static void
event_resched(struct selftest *t)
{
	for_each_cpu (cpu, &t->others) {
		uint64_t taken = STAT_OF(t, cpu, taken);

		t->cpu = cpu;
		EXPECT_EQ(t, xcpu_resched(cpu), 0);
		EXPECT(t, AWAIT(STAT_OF(t, cpu, taken) != taken));
	}
	EXPECT_EQ(t, xcpu_resched(t->self), 0);
}

static const struct selftest_case cases[] = {
	{ "event_post_one", "F-N3 F-N1 F-X8 INV-E1 INV-E2", "xcpu_port_kick",
	    event_post_one, 0, 2, 0 },
	{ "event_post_self", "INV-E6", "xcpu_port_kick of the own CPU",
	    event_post_self, 0, 1, 0 },
	{ "event_coalesce", "F-N3 INV-E3 BUG-124", "xcpu_port_kick",
	    event_coalesce, 0, 2, 0 },
	{ "event_post_while_it_runs", "INV-E3 BUG-10", "xcpu_port_kick",
	    event_post_while_it_runs, 0, 2, 0 },
	{ "event_post_from_handler", "INV-E1 INV-E3",
	    "xcpu_port_kick of the own CPU", event_post_from_handler, 0, 1, 0 },
	{ "event_post_set", "F-N4 INV-E6", "xcpu_port_kick",
	    event_post_set, 0, 1, 0 },
	{ "event_broadcast", "F-N5 INV-E1", "xcpu_port_kick",
	    event_broadcast, 0, 1, 0 },
	{ "event_several_at_once", "INV-E8 BUG-16", "xcpu_port_kick",
	    event_several_at_once, 0, 1, 0 },
	{ "event_resched", "INV-E1", "xcpu_port_kick",
	    event_resched, 1, 2, NEED_STATS },
};

SELFTEST_GROUP(selftest_event, cases);
