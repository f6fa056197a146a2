/* SPDX-License-Identifier: BSD-2-Clause */
/* drain_test.c: what one interrupt serves, in which order, and how much. */
#include "suite.h"

static struct {
	struct xcpu_au32 runs;
	struct xcpu_au32 turn;
	struct xcpu_au32 event_turn, call_turn;
	uint32_t limit;
	int id;
} seen;

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs);
}

/* Kills: xcpu_on_ipi() that does not claim; an empty one that acts. */
static void
ipi_entry(struct selftest *t)
{
	int id = xcpu_event_register(count_run, NULL);
	unsigned long state = xcpu_port_irq_save();
	uint64_t spurious;

	xcpu_store_rlx(&seen.runs, 0);
	EXPECT_EQ(t, xcpu_event_post_self(id), 0);
	EXPECT_EQ(t, count_of(&seen.runs), 0);
	xcpu_on_ipi();
	EXPECT_EQ(t, count_of(&seen.runs), 1);

	spurious = STAT_OF(t, t->self, spurious);
	xcpu_on_ipi();
	xcpu_on_ipi();
	EXPECT_EQ(t, count_of(&seen.runs), 1);
	if (XCPU_STATS != 0)
		EXPECT_EQ(t, STAT_OF(t, t->self, spurious) - spurious, 2);
	EXPECT_EQ(t, xcpu_port_context(), XCPU_CTX_MASKED);
	xcpu_port_irq_restore(state);
	/* The kick of the post may come only now. */
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
	EXPECT_EQ(t, count_of(&seen.runs), 1);
}

static void
run_again(void *arg)
{
	count_run(arg);
	if (count_of(&seen.runs) < seen.limit)
		xcpu_event_post_self(seen.id);
}

/* Kills: a drain that goes on while there is anything to serve. */
static void
drain_ends(struct selftest *t)
{
	unsigned long state = xcpu_port_irq_save();

	seen.limit = 8 * XCPU_DRAIN_BUDGET;
	xcpu_store_rlx(&seen.runs, 0);
	seen.id = xcpu_event_register(run_again, NULL);
	EXPECT_EQ(t, xcpu_event_post_self(seen.id), 0);
	xcpu_on_ipi();
	EXPECT(t, count_of(&seen.runs) >= 1);
	EXPECT(t, count_of(&seen.runs) <= XCPU_DRAIN_BUDGET);
	xcpu_port_irq_restore(state);
	EXPECT(t, AWAIT(count_of(&seen.runs) == seen.limit));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

#define EVENTS (XCPU_EVENT_MAX / 2)	/* others may have some, too */

/* Kills: the rest of a drain that ran out of budget is forgotten. */
static void
drain_budget(struct selftest *t)
{
	static int ids[EVENTS];
	unsigned long state;

	if (EVENTS <= XCPU_DRAIN_BUDGET) {
		t->skip = "the budget is larger than half of the table";
		return;
	}
	state = xcpu_port_irq_save();
	xcpu_store_rlx(&seen.runs, 0);
	for (unsigned i = 0; i < EVENTS; i++) {
		ids[i] = xcpu_event_register(count_run, NULL);
		EXPECT_EQ(t, xcpu_event_post_self(ids[i]), 0);
	}
	xcpu_on_ipi();
	EXPECT(t, count_of(&seen.runs) <= XCPU_DRAIN_BUDGET);
	xcpu_port_irq_restore(state);
	EXPECT(t, AWAIT(count_of(&seen.runs) == EVENTS));
	for (unsigned i = 0; i < EVENTS; i++)
		EXPECT_EQ(t, xcpu_event_unregister(ids[i]), 0);
}

static void
note_event(void *arg)
{
	(void)arg;
	count_up(&seen.turn);
	xcpu_store_rel(&seen.event_turn, count_of(&seen.turn));
}

static void
note_call(void *arg)
{
	(void)arg;
	count_up(&seen.turn);
	xcpu_store_rel(&seen.call_turn, count_of(&seen.turn));
}

static struct selftest_hold order_hold;

/* Masked in a thread, so that both classes are there when it opens. */
static void
stay_masked(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	selftest_hold_fn(arg);
	xcpu_port_irq_restore(state);
}

/* Kills: events served before calls. */
static void
drain_order(struct selftest *t)
{
	static struct xcpu_call call;
	struct xcpu_cpuset set;
	int id = xcpu_event_register(note_event, NULL);

	xcpu_store_rlx(&seen.turn, 0);
	xcpu_store_rlx(&seen.event_turn, 0);
	xcpu_store_rlx(&seen.call_turn, 0);
	xcpu_store_rlx(&order_hold.inside, 0);
	xcpu_store_rlx(&order_hold.released, 0);
	xcpu_cpuset_one(&set, t->other);
	if (!selftest_thread(t, t->other, stay_masked, &order_hold))
		return;
	EXPECT(t, AWAIT(count_of(&order_hold.inside) != 0));
	EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	EXPECT_EQ(t, xcpu_call_start(&call, &set, note_call, NULL, NULL), 0);
	flag_set(&order_hold.released);
	selftest_join(t, t->other);
	EXPECT(t, AWAIT(xcpu_call_done(&call)));
	EXPECT(t, AWAIT(count_of(&seen.event_turn) != 0));
	EXPECT_EQ(t, count_of(&seen.call_turn), 1);
	EXPECT_EQ(t, count_of(&seen.event_turn), 2);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

static struct {
	struct xcpu_au32 over;		/* posters that have ended */
	struct xcpu_au32 turns;		/* that their target had itself */
	struct xcpu_au32 posted, refused;
} flood;

#define FLOOD_POSTS	2000
#define FLOOD_MAX	100000		/* its target never had a core, or never a turn */
#define FLOOD_TURNS	2

/* However long it takes until its target is given a core. */
static bool
is_flooding(unsigned posts)
{
	return posts < FLOOD_POSTS || (posts < FLOOD_MAX &&
	    count_of(&flood.turns) <= FLOOD_TURNS);
}

static void
post_flood(void *arg)
{
	const struct selftest *t = arg;

	for (unsigned i = 0; is_flooding(i); i++)
		count_up(xcpu_event_post(seen.id, t->self) == 0 ?
		    &flood.posted : &flood.refused);
	count_up(&flood.over);
}

/* Kills: a flood that keeps its target from ever running its own code. */
static void
drain_flood(struct selftest *t)
{
	struct xcpu_cpuset some = t->others;

	for (unsigned cpu = 8; cpu < t->ncpu; cpu++)
		xcpu_cpuset_del(&some, cpu);
	xcpu_store_rlx(&seen.runs, 0);
	xcpu_store_rlx(&flood.over, 0);
	xcpu_store_rlx(&flood.turns, 0);
	xcpu_store_rlx(&flood.posted, 0);
	xcpu_store_rlx(&flood.refused, 0);
	seen.id = xcpu_event_register(count_run, NULL);
	for_each_cpu (cpu, &some)
		if (!selftest_thread(t, cpu, post_flood, t))
			return;
	EXPECT(t, AWAIT((count_up(&flood.turns),
	    count_of(&flood.over) == xcpu_cpuset_count(&some))));
	EXPECT(t, count_of(&flood.turns) > FLOOD_TURNS);
	for_each_cpu (cpu, &some)
		selftest_join(t, cpu);
	EXPECT_EQ(t, count_of(&flood.refused), 0);
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
	EXPECT(t, count_of(&seen.runs) >= 1);
	EXPECT(t, count_of(&seen.runs) <= count_of(&flood.posted));
}

static const struct selftest_case cases[] = {
	{ "ipi_entry", "F-N11 INV-E5 BUG-83", "xcpu_port_irq_save",
	    ipi_entry, 0, 1, 0 },
	{ "drain_ends", "F-B25", "xcpu_port_kick of the own CPU",
	    drain_ends, 1, 1, 0 },
	{ "drain_budget", "F-B25", "xcpu_port_kick of the own CPU",
	    drain_budget, 1, 1, 0 },
	{ "drain_order", "F-B25", "the vector that calls xcpu_on_ipi",
	    drain_order, 0, 2, NEED_THREAD },
	{ "drain_flood", "F-B25 INV-E3", "xcpu_port_kick",
	    drain_flood, 1, 2, NEED_THREAD },
};

SELFTEST_GROUP(selftest_drain, cases);
