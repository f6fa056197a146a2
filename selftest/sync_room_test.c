/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync_room_test.c: who is next, of several initiators.
 *
 * What an owner of the room counts is plain: a race detector judges that there
 * is one at a time.
 */
#include "suite.h"

#define TURNS 100
#define IMPATIENT_NS 2000u

static struct {
	const struct xcpu_sync_room *room;
	uint32_t entered;			/* plain: the owner's */
	uint32_t passed[XCPU_NCPU_MAX];		/* owners who saw it wait */
	uint32_t most;
	struct xcpu_au32 served, given_up, errors;
	struct xcpu_au32 inside, enough;
	unsigned ncpu;
} seen;

static bool
set_up(struct selftest *t)
{
	if (t->host->domain->sync == NULL) {
		t->skip = "the host has no xcpu_sync_init()";
		return false;
	}
	seen.room = t->host->domain->sync;
	seen.entered = seen.most = 0;
	for_each_cpu (cpu, &t->all)
		seen.passed[cpu] = 0;
	xcpu_store_rlx(&seen.served, 0);
	xcpu_store_rlx(&seen.given_up, 0);
	xcpu_store_rlx(&seen.errors, 0);
	xcpu_store_rlx(&seen.inside, 0);
	xcpu_store_rlx(&seen.enough, 0);
	seen.ncpu = t->ncpu;
	return true;
}

/* As owner: who waits for us? */
static void
count_waiters(void)
{
	seen.entered++;
	seen.passed[xcpu_cpu_index()] = 0;
	for (unsigned cpu = 0; cpu < seen.ncpu; cpu++) {
		/* rlx: who is seen to wait now is seen when we leave */
		if ((xcpu_load_rlx(&seen.room->waiting[cpu / 64]) >>
		    cpu % 64 & 1) == 0)
			continue;
		if (++seen.passed[cpu] > seen.most)
			seen.most = seen.passed[cpu];
	}
}

/* Alone in the room, with nobody parked. */
static void
take_turn(uint64_t timeout_ns)
{
	struct xcpu_sync sync = { .run = NULL };
	struct xcpu_sync_opt opt = { .timeout_ns = timeout_ns };
	struct xcpu_cpuset none;
	int error;

	xcpu_cpuset_zero(&none);
	error = xcpu_sync_start(&sync, &none, &opt);
	if (error != 0) {
		count_up(error == -XCPU_ETIMEDOUT && timeout_ns != 0 ?
		    &seen.given_up : &seen.errors);
		return;
	}
	count_waiters();
	count_up(&seen.served);
	if (xcpu_sync_finish(&sync) != 0)
		count_up(&seen.errors);
}

static void
take_turns(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < TURNS; i++)
		take_turn(0);
}

/* Kills: a room that goes to whoever is quickest. */
static void
sync_turns(struct selftest *t)
{
	if (!set_up(t))
		return;
	selftest_on_each(t, &t->sample, take_turns, NULL);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT_EQ(t, seen.entered, TURNS * t->nsample);
	EXPECT(t, seen.most <= t->nsample);
}

static void
hold_room(void *arg)
{
	struct xcpu_sync sync = { .run = NULL };
	struct xcpu_cpuset none;

	(void)arg;
	xcpu_cpuset_zero(&none);
	if (xcpu_sync_start(&sync, &none, NULL) != 0)
		count_up(&seen.errors);
	flag_set(&seen.inside);
	(void)AWAIT(count_of(&seen.enough) != 0);
	if (xcpu_sync_finish(&sync) != 0)
		count_up(&seen.errors);
}

/* Kills: a place in the queue that outlives who stood there. */
static void
sync_gives_up(struct selftest *t)
{
	if (!set_up(t) || !selftest_thread(t, t->other, hold_room, NULL) ||
	    !EXPECT(t, AWAIT(count_of(&seen.inside) != 0)))
		return;
	take_turn(IMPATIENT_NS);
	EXPECT_EQ(t, count_of(&seen.given_up), 1);
	flag_set(&seen.enough);
	selftest_join(t, t->other);
	selftest_on(t, t->other, take_turns, NULL);
	take_turn(0);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT_EQ(t, seen.entered, TURNS + 1);
}

static void
take_turns_in_haste(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < TURNS; i++)
		take_turn(i % 4 != 0 ? IMPATIENT_NS * (i % 16) + 1 : 0);
}

/* Kills: a room that is handed to somebody who has just given up. */
static void
sync_haste(struct selftest *t)
{
	if (!set_up(t))
		return;
	selftest_on_each(t, &t->sample, take_turns_in_haste, NULL);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT_EQ(t, seen.entered, count_of(&seen.served));
	EXPECT_EQ(t, count_of(&seen.served) + count_of(&seen.given_up),
	    TURNS * t->nsample);
	EXPECT_EQ(t, xcpu_load_rlx(&seen.room->owner), 0); /* rlx: all quiet */
}

static const struct selftest_case cases[] = {
	{ "sync_turns", "INV-R5 INV-R8 INV-R-L1 BUG-44", "xcpu_port_relax",
	    sync_turns, 1, 2, NEED_THREAD },
	{ "sync_gives_up", "F-P2 INV-R9", "xcpu_port_now_ns", sync_gives_up,
	    2, 2, NEED_THREAD },
	{ "sync_haste", "F-P2 INV-R8 INV-R9", "xcpu_port_now_ns", sync_haste,
	    2, 2, NEED_THREAD },
};

SELFTEST_GROUP(selftest_sync_room, cases);
