/* SPDX-License-Identifier: BSD-2-Clause */
/* notifier_test.c: who is told when a shootdown is over. */
#include "suite.h"

#define SLOW_NS 5000000u

static struct xcpu_notifiers room;
static struct xcpu_async job;
static struct selftest_hold hold;

/* Plain: the end of the shootdown orders it. */
static struct told {
	unsigned calls;
	struct xcpu_flush last;
} told[2];

static struct {
	struct xcpu_space *space;
	uint64_t va, bytes;
	struct xcpu_au32 inside, out;
	int error;
} seen;

static void
tell(void *arg, const struct xcpu_flush *request)
{
	struct told *who = arg;

	who->calls++;
	who->last = *request;
}

static bool
set_up(struct selftest *t)
{
	seen.space = t->host->tlb->space[0];
	seen.va = selftest_page(t, 4);
	seen.bytes = selftest_page_bytes(t);
	told[0].calls = told[1].calls = 0;
	job = (struct xcpu_async){ .callback = NULL };
	if (XCPU_NOTIFIERS == 0) {
		t->skip = "built without XCPU_NOTIFIERS";
		return false;
	}
	return EXPECT_EQ(t, xcpu_notifier_init(seen.space, &room), 0);
}

static void
tear_down(struct selftest *t)
{
	EXPECT_EQ(t, xcpu_notifier_init(seen.space, NULL), 0);
}

/* Keep the other CPU inside a function, where it flushes nothing. */
static bool
hold_other(struct selftest *t)
{
	selftest_below_top(t, t->host->tlb->space[0]);
	return selftest_hold_one(t, &hold, t->other);
}

/* Kills: a form of shootdown that tells nobody; the wrong range; one who left. */
static void
notifier_told(struct selftest *t)
{
	struct xcpu_flush_opt opt = { .flags = XCPU_FLUSH_TABLES };
	int first, second;

	if (!set_up(t))
		return;
	first = xcpu_notifier_register(seen.space, tell, &told[0]);
	EXPECT(t, first >= 0);
	EXPECT_EQ(t, xcpu_shootdown(seen.space, seen.va, 2 * seen.bytes, &opt),
	    0);
	EXPECT_EQ(t, told[0].calls, 1);
	EXPECT(t, told[0].last.space == seen.space);
	EXPECT_EQ(t, told[0].last.start, seen.va);
	EXPECT_EQ(t, told[0].last.len, 2 * seen.bytes);
	EXPECT_EQ(t, told[0].last.flags, XCPU_FLUSH_TABLES);
	second = xcpu_notifier_register(seen.space, tell, &told[1]);
	EXPECT(t, second >= 0 && second != first);
	EXPECT_EQ(t, xcpu_shootdown_all(seen.space, NULL), 0);
	EXPECT_EQ(t, told[0].calls, 2);
	EXPECT_EQ(t, told[1].calls, 1);
	EXPECT_EQ(t, told[1].last.flags, XCPU_FLUSH_FULL);
	EXPECT_EQ(t, xcpu_notifier_unregister(seen.space, first), 0);
	EXPECT_EQ(t, xcpu_notifier_unregister(seen.space, first), -XCPU_ENOENT);
	EXPECT_EQ(t, xcpu_shootdown_all(seen.space, NULL), 0);
	EXPECT_EQ(t, xcpu_shootdown_all(t->host->tlb->space[1], NULL), 0);
	EXPECT_EQ(t, told[0].calls, 2);
	EXPECT_EQ(t, told[1].calls, 2);
	EXPECT_EQ(t, xcpu_notifier_unregister(seen.space, second), 0);
	tear_down(t);
}

/* Kills: told before the CPUs have forgotten; ranges of a request left out. */
static void
notifier_late(struct selftest *t)
{
	struct xcpu_cpuset other;
	int id;

	if (!set_up(t))
		return;
	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, seen.space);
	id = xcpu_notifier_register(seen.space, tell, &told[0]);
	for (unsigned round = 1; round <= 3; round++) {
		if (!hold_other(t))
			return;
		told[0].calls = 0;	/* told of what that changed, too */
		EXPECT_EQ(t, xcpu_async_add(&job, seen.space, seen.va,
		    seen.bytes, NULL), 0);
		if (round == 2)
			EXPECT_EQ(t, xcpu_async_add(&job, seen.space,
			    seen.va + 4 * seen.bytes, seen.bytes, NULL), 0);
		EXPECT_EQ(t, xcpu_async_start(&job), 0);
		EXPECT(t, !xcpu_async_done(&job));
		EXPECT_EQ(t, told[0].calls, 0);
		selftest_release(t, &hold);
		EXPECT(t, AWAIT(xcpu_async_done(&job)));
		EXPECT_EQ(t, told[0].calls, 1);
		EXPECT_EQ(t, told[0].last.flags, round == 2 ? XCPU_FLUSH_FULL :
		    0);
	}
	EXPECT_EQ(t, xcpu_notifier_unregister(seen.space, id), 0);
	selftest_load(t, &other, NULL);
	tear_down(t);
}

static void
tell_slowly(void *arg, const struct xcpu_flush *request)
{
	(void)request;
	flag_set(&seen.inside);
	selftest_spend(SLOW_NS);
	(*(unsigned *)arg)++;
}

static void
shoot(void *arg)
{
	(void)arg;
	seen.error = xcpu_shootdown(seen.space, seen.va, seen.bytes, NULL);
	flag_set(&seen.out);
}

/* Kills: an unregister that does not wait for those who are inside. */
static void
notifier_leaves(struct selftest *t)
{
	static unsigned ended;
	int id;

	if (!set_up(t))
		return;
	ended = 0;
	id = xcpu_notifier_register(seen.space, tell_slowly, &ended);
	xcpu_store_rlx(&seen.inside, 0);
	xcpu_store_rlx(&seen.out, 0);
	if (!selftest_thread(t, t->other, shoot, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&seen.inside) != 0));
	EXPECT_EQ(t, xcpu_notifier_unregister(seen.space, id), 0);
	EXPECT_EQ(t, ended, 1);
	EXPECT(t, AWAIT(count_of(&seen.out) != 0));
	selftest_join(t, t->other);
	EXPECT_EQ(t, seen.error, 0);
	tear_down(t);
}

/* Kills: more than there is room for; ids that never were. */
static void
notifier_misuse(struct selftest *t)
{
	int id[XCPU_NOTIFIERS + 1];

	if (!set_up(t))
		return;
	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++) {
		id[i] = xcpu_notifier_register(seen.space, tell, &told[0]);
		EXPECT(t, id[i] >= 0);
	}
	EXPECT_EQ(t, xcpu_notifier_register(seen.space, tell, &told[0]),
	    -XCPU_ENOSPC);
	EXPECT_EQ(t, xcpu_notifier_unregister(seen.space, XCPU_NOTIFIERS),
	    -XCPU_ENOENT);
	EXPECT_EQ(t, xcpu_notifier_unregister(seen.space, -1), -XCPU_ENOENT);
	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++)
		EXPECT_EQ(t, xcpu_notifier_unregister(seen.space, id[i]), 0);
	EXPECT_EQ(t, xcpu_notifier_register(seen.space, NULL, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_notifier_register(NULL, tell, NULL), -XCPU_EINVAL);
	tear_down(t);
	EXPECT_EQ(t, xcpu_notifier_register(seen.space, tell, NULL),
	    -XCPU_ENOSYS);
	EXPECT_EQ(t, xcpu_notifier_init(NULL, &room), -XCPU_EINVAL);
}

static const struct selftest_case cases[] = {
	{ "notifier_told", "F-B15", "xcpu_port_tlb_flush",
	    notifier_told, 3, 1, NEED_TLB },
	{ "notifier_late", "F-B15 F-B9 INV-S1", "xcpu_port_kick",
	    notifier_late, 3, 2, NEED_TLB | NEED_THREAD },
	{ "notifier_leaves", "F-B15 INV-E7", "xcpu_port_relax",
	    notifier_leaves, 3, 2, NEED_TLB | NEED_THREAD },
	{ "notifier_misuse", "F-B26", "xcpu_port_context",
	    notifier_misuse, 3, 1, NEED_TLB },
};

SELFTEST_GROUP(selftest_notifier, cases);
