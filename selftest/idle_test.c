/* SPDX-License-Identifier: BSD-2-Clause */
/* idle_test.c: when a CPU may sleep, and how it idles without being kicked. */
#include "suite.h"

#define POSTS 20
#define LEAVES 1000
#define LEAVES_NS 300000000u
#define POLL_NS 100000000u
#define TRIES 10

static struct {
	struct xcpu_au32 runs[XCPU_NCPU_MAX];
	struct xcpu_au32 entered, left;
	int served;
} seen;

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs[xcpu_cpu_index()]);
}

/* Kills: leave to halt although something is pending. */
static void
idle_enter(struct selftest *t)
{
	int id = xcpu_event_register(count_run, NULL);
	unsigned long state = xcpu_port_irq_save();

	xcpu_store_rlx(&seen.runs[t->self], 0);
	EXPECT_EQ(t, xcpu_event_post_self(id), 0);
	EXPECT_EQ(t, xcpu_on_idle_enter(), false);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 1);
	EXPECT_EQ(t, xcpu_on_idle_enter(), true);
	EXPECT_EQ(t, xcpu_port_context(), XCPU_CTX_MASKED);
	xcpu_port_irq_restore(state);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 1);
}

static void
poll_idly(void *arg)
{
	(void)arg;
	flag_set(&seen.entered);
	seen.served = xcpu_idle_poll(POLL_NS);
	flag_set(&seen.left);
}

/* Post to a CPU that polls; false when its time was over before we were. */
static bool
post_to_poller(struct selftest *t, int id)
{
	uint64_t kicks;
	bool polled;

	xcpu_store_rlx(&seen.entered, 0);
	xcpu_store_rlx(&seen.left, 0);
	xcpu_store_rlx(&seen.runs[t->other], 0);
	if (!selftest_thread(t, t->other, poll_idly, NULL))
		return true;
	EXPECT(t, AWAIT(count_of(&seen.entered) != 0));
	/* It polls for certain after the first post that it served. */
	selftest_spend(1000000);
	EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	EXPECT(t, AWAIT(count_of(&seen.runs[t->other]) == 1));
	kicks = STAT_OF(t, t->self, kick_event);
	for (unsigned i = 2; i <= POSTS; i++) {
		EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
		EXPECT(t, AWAIT(count_of(&seen.runs[t->other]) == i));
	}
	polled = count_of(&seen.left) == 0;
	if (polled && XCPU_STATS != 0)
		EXPECT_EQ(t, STAT_OF(t, t->self, kick_event) - kicks, 0);
	if (selftest_join(t, t->other) && polled)
		EXPECT(t, seen.served >= 1);
	return polled;
}

/* Kills: POLLING never set, or not looked at by posters. */
static void
idle_poll(struct selftest *t)
{
	int id = xcpu_event_register(count_run, NULL);
	unsigned tries = 0;

	while (tries < TRIES && !post_to_poller(t, id))
		tries++;
	if (tries == TRIES)
		t->skip = "too slow to post while another CPU polls";
	EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	EXPECT(t, AWAIT(count_of(&seen.runs[t->other]) == POSTS + 1));
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

/* Still runs when the next post comes: after the poll's only look. */
static void
count_and_linger(void *arg)
{
	count_run(arg);
	selftest_spend(2000);
}

static void
poll_and_leave(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	/* Masked, so that the interrupt does not do the poll's work. */
	(void)AWAIT((xcpu_idle_poll(0), count_of(&seen.entered) == 0));
	xcpu_port_irq_restore(state);
}

/* Kills: what came between the last look and the leave is dropped. */
static void
idle_poll_leaves(struct selftest *t)
{
	int id = xcpu_event_register(count_and_linger, NULL);
	uint64_t since = selftest_now();

	xcpu_store_rlx(&seen.entered, 1);
	xcpu_store_rlx(&seen.runs[t->other], 0);
	if (!selftest_thread(t, t->other, poll_and_leave, NULL))
		return;
	for (unsigned n = 1; n <= LEAVES; n++) {
		EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
		if (!EXPECT(t, AWAIT(count_of(&seen.runs[t->other]) == n)) ||
		    selftest_now() - since > LEAVES_NS)
			break;
	}
	xcpu_store_rel(&seen.entered, 0);
	selftest_join(t, t->other);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

/* Kills: a poll that waits though it was asked to look once. */
static void
idle_poll_once(struct selftest *t)
{
	int id = xcpu_event_register(count_run, NULL);
	unsigned long state = xcpu_port_irq_save();

	xcpu_store_rlx(&seen.runs[t->self], 0);
	EXPECT_EQ(t, xcpu_idle_poll(0), 0);
	EXPECT_EQ(t, xcpu_event_post_self(id), 0);
	EXPECT(t, xcpu_idle_poll(0) >= 1);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 1);
	EXPECT_EQ(t, xcpu_port_context(), XCPU_CTX_MASKED);
	xcpu_port_irq_restore(state);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

static const struct selftest_case cases[] = {
	{ "idle_enter", "INV-E1 BUG-04 BUG-05",
	    "the idle loop around xcpu_on_idle_enter", idle_enter, 0, 1, 0 },
	{ "idle_poll", "F-B21 INV-E4 BUG-06", "xcpu_port_relax, thread()",
	    idle_poll, 2, 2, NEED_THREAD },
	{ "idle_poll_leaves", "F-B21 INV-E4", "xcpu_port_irq_restore, thread()",
	    idle_poll_leaves, 1, 2, NEED_THREAD },
	{ "idle_poll_once", "INV-E1", "xcpu_port_irq_save",
	    idle_poll_once, 0, 1, 0 },
};

SELFTEST_GROUP(selftest_idle, cases);
