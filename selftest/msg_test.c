/* SPDX-License-Identifier: BSD-2-Clause */
/* msg_test.c: messages in order, each once, and what a kick costs. */
#include "msg_suite.h"

static struct selftest_hold hold;

static uint32_t
runs(unsigned cpu)
{
	return count_of(&selftest_inbox[cpu].runs);
}

/* Kills: a sender that posts before it moves the tail; one that never posts. */
static void
msg_send_one(struct selftest *t)
{
	selftest_msg_start(t);
	for_each_cpu (cpu, &t->others) {
		t->cpu = cpu;
		EXPECT_EQ(t, xcpu_msg_send(cpu, selftest_msg_fn,
		    selftest_msg_arg(1), NULL), 0);
		if (!EXPECT(t, selftest_msg_await(cpu, 1)))
			break;
	}
	selftest_msg_finish(t);
}

#define LONG 1000

/* Kills: a head that skips a slot; a tail that passes the head. */
static void
msg_in_order(struct selftest *t)
{
	selftest_msg_start(t);
	EXPECT_EQ(t, selftest_msg_burst(t->other, 1, LONG), LONG);
	EXPECT(t, selftest_msg_await(t->other, LONG));
	EXPECT_EQ(t, runs(t->other), LONG);
	selftest_msg_finish(t);
}

static struct {
	unsigned last, inner;
	bool overtook;
	void *frame;
	struct xcpu_au32 runs;
} seen;

static void
send_inside(void *arg, void *frame)
{
	uintptr_t number = (uintptr_t)arg;

	(void)frame;
	seen.overtook |= number != seen.last + 1;
	seen.last = (unsigned)number;
	if (number == 1) {
		(void)xcpu_msg_send(xcpu_cpu_index(), send_inside, (void *)2,
		    NULL);
		(void)xcpu_msg_send(xcpu_cpu_index(), send_inside, (void *)3,
		    NULL);
		seen.inner = seen.last;
	}
}

/* Kills: a message to oneself that is called in place. */
static void
msg_to_self(struct selftest *t)
{
	struct xcpu_ticket ticket = { 0, 0 };

	selftest_msg_start(t);
	seen.last = seen.inner = 0;
	seen.overtook = false;
	EXPECT_EQ(t, xcpu_msg_send(t->self, send_inside, (void *)1, &ticket),
	    0);
	EXPECT(t, xcpu_msg_done(&ticket));
	EXPECT_EQ(t, seen.last, 3);
	EXPECT_EQ(t, seen.inner, 1);
	EXPECT(t, !seen.overtook);
}

/* Kills: a limit of the whole ring for those who never wait. */
static void
msg_try_limit(struct selftest *t)
{
	uint64_t full = STAT_OF(t, t->self, msg_full);
	unsigned n;

	selftest_msg_start(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	for (n = 0; n <= MSG_SLOTS; n++)
		if (xcpu_msg_try(t->other, selftest_msg_fn,
		    selftest_msg_arg(n + 1), NULL) != 0)
			break;
	EXPECT_EQ(t, n, MSG_TRY);
	EXPECT_EQ(t, xcpu_msg_passive(t->other, selftest_msg_fn,
	    selftest_msg_arg(n + 1), NULL), -XCPU_EAGAIN);
#if XCPU_STATS
	EXPECT_EQ(t, STAT_OF(t, t->self, msg_full) - full, 2);
#else
	(void)full;
#endif
	EXPECT_EQ(t, runs(t->other), 0);
	selftest_release(t, &hold);
	EXPECT(t, selftest_msg_await(t->other, n));
	EXPECT_EQ(t, runs(t->other), n);
	selftest_msg_finish(t);
}

static unsigned
batch(unsigned cpu, unsigned first, unsigned n, struct xcpu_ticket *ticket)
{
	struct xcpu_msg msgs[MSG_SLOTS + 1];
	int sent;

	for (unsigned i = 0; i < n; i++) {
		msgs[i].fn = selftest_msg_fn;
		msgs[i].arg = selftest_msg_arg(first + i);
	}
	sent = xcpu_msg_batch(cpu, msgs, n, ticket);
	return sent < 0 ? 0 : (unsigned)sent;
}

/* Kills: a batch that posts per message, or that forgets what does not fit. */
static void
msg_batch(struct selftest *t)
{
	struct xcpu_ticket ticket = { 0, 0 }, last;
	uint64_t kicks = STAT_OF(t, t->self, kick_msg);

	selftest_msg_start(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT_EQ(t, batch(t->other, 1, MSG_SLOTS + 1, &ticket), MSG_SLOTS);
	EXPECT_EQ(t, batch(t->other, MSG_SLOTS + 1, 1, NULL), 0);
	last = xcpu_msg_last(t->other);
	EXPECT_EQ(t, last.sequence, ticket.sequence);
	EXPECT(t, !xcpu_msg_done(&ticket));
	EXPECT(t, STAT_OF(t, t->self, kick_msg) - kicks <= 1);
	selftest_release(t, &hold);
	EXPECT(t, selftest_msg_await(t->other, MSG_SLOTS));
	EXPECT(t, AWAIT(xcpu_msg_done(&ticket)));
	EXPECT_EQ(t, runs(t->other), MSG_SLOTS);
	selftest_msg_finish(t);
}

static struct xcpu_au32 inside, may_end;

static void
stay(void *arg, void *frame)
{
	(void)arg;
	(void)frame;
	flag_set(&inside);
	(void)AWAIT(count_of(&may_end) != 0);
}

/* The other CPU is in a message, and so in its ring; what was sent meanwhile. */
static unsigned
send_while_it_drains(struct selftest *t, unsigned n)
{
	unsigned sent;

	xcpu_store_rlx(&inside, 0);
	xcpu_store_rlx(&may_end, 0);
	EXPECT_EQ(t, xcpu_msg_send(t->other, stay, NULL, NULL), 0);
	EXPECT(t, AWAIT(count_of(&inside) != 0));
	sent = selftest_msg_burst(t->other, 1, n);
	flag_set(&may_end);
	EXPECT(t, selftest_msg_await(t->other, n));
	return sent;
}

/* Kills: a drain that does not say so; one that stops saying so too early. */
static void
msg_avoids_kicks(struct selftest *t)
{
	uint64_t avoided = STAT_OF(t, t->self, avoid_draining);
	uint64_t kicks = STAT_OF(t, t->self, kick_msg);
	uint64_t sent = STAT_OF(t, t->self, msg_sent);
	uint64_t served = STAT_OF(t, t->other, served_msg);

	selftest_msg_start(t);
	EXPECT_EQ(t, send_while_it_drains(t, MSG_HIGH), MSG_HIGH);
	/* And one more, if a drain of before is still at the ring. */
	avoided = STAT_OF(t, t->self, avoid_draining) - avoided;
	EXPECT(t, avoided == MSG_HIGH || avoided == MSG_HIGH + 1);
	EXPECT(t, STAT_OF(t, t->self, kick_msg) - kicks <= 1);
	EXPECT_EQ(t, STAT_OF(t, t->self, msg_sent) - sent, MSG_HIGH + 1);
	EXPECT(t, AWAIT(STAT_OF(t, t->other, served_msg) - served ==
	    MSG_HIGH + 1));
	selftest_msg_finish(t);
}

/* Kills: the switch ignored. */
static void
msg_elide_off(struct selftest *t)
{
	struct xcpu_domain *domain =
	    (struct xcpu_domain *)(uintptr_t)t->host->domain;
	uint64_t avoided = STAT_OF(t, t->self, avoid_draining);

	selftest_msg_start(t);
	xcpu_msg_elide(domain, false);
	EXPECT_EQ(t, send_while_it_drains(t, MSG_HIGH), MSG_HIGH);
	EXPECT_EQ(t, STAT_OF(t, t->self, avoid_draining) - avoided, 0);
	xcpu_msg_elide(domain, true);
	EXPECT_EQ(t, send_while_it_drains(t, 0), 0);
	EXPECT_EQ(t, runs(t->other), MSG_HIGH);
	selftest_msg_finish(t);
}

/* Kills: a passive send that posts; a tick that does not look. */
static void
msg_passive(struct selftest *t)
{
	uint64_t passive = STAT_OF(t, t->self, msg_passive);
	uint64_t kicks = STAT_OF(t, t->self, kick_msg);

	selftest_msg_start(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	for (unsigned i = 1; i <= 2; i++)
		EXPECT_EQ(t, xcpu_msg_passive(t->other, selftest_msg_fn,
		    selftest_msg_arg(i), NULL), 0);
#if XCPU_STATS
	EXPECT_EQ(t, STAT_OF(t, t->self, kick_msg) - kicks, 0);
	EXPECT_EQ(t, STAT_OF(t, t->self, msg_passive) - passive, 2);
#else
	(void)passive;
	(void)kicks;
#endif
	selftest_release(t, &hold);
	EXPECT(t, selftest_msg_await(t->other, 2));
	selftest_msg_finish(t);
}

/* Kills: a CPU that goes to sleep over a mark, or is not said to be asleep. */
static void
msg_passive_to_idle(struct selftest *t)
{
	selftest_msg_start(t);
	for (unsigned i = 1; i <= 20; i++) {
		/* Sometimes it is asleep by now, and sometimes about to be. */
		selftest_spend(i % 5 * 20000);
		EXPECT_EQ(t, xcpu_msg_passive(t->other, selftest_msg_fn,
		    selftest_msg_arg(i), NULL), 0);
		if (!EXPECT(t, selftest_msg_await(t->other, i)))
			break;
	}
	selftest_msg_finish(t);
}

/* Kills: passive messages in a queue of their own. */
static void
msg_passive_in_order(struct selftest *t)
{
	selftest_msg_start(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT_EQ(t, xcpu_msg_passive(t->other, selftest_msg_fn,
	    selftest_msg_arg(1), NULL), 0);
	EXPECT_EQ(t, selftest_msg_burst(t->other, 2, 1), 1);
	selftest_release(t, &hold);
	EXPECT(t, selftest_msg_await(t->other, 2));
	selftest_msg_finish(t);
}

static void
note_frame(void *arg, void *frame)
{
	(void)arg;
	seen.frame = frame;
	count_up(&seen.runs);
}

static void
process_masked(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	flag_set(&inside);
	(void)AWAIT(count_of(&may_end) != 0);
	xcpu_msg_process(arg);
	xcpu_port_irq_restore(state);
}

/* Kills: a frame that is not handed on, or that outlives its drain. */
static void
msg_frame(struct selftest *t)
{
	selftest_msg_start(t);
	xcpu_store_rlx(&seen.runs, 0);
	xcpu_store_rlx(&inside, 0);
	xcpu_store_rlx(&may_end, 0);
	if (!selftest_thread(t, t->other, process_masked, &hold))
		return;
	EXPECT(t, AWAIT(count_of(&inside) != 0));
	EXPECT_EQ(t, xcpu_msg_passive(t->other, note_frame, NULL, NULL), 0);
	flag_set(&may_end);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.runs), 1);
	EXPECT(t, seen.frame == &hold);
	EXPECT_EQ(t, xcpu_msg_send(t->self, note_frame, NULL, NULL), 0);
	EXPECT(t, seen.frame == NULL);
}

/* Kills: a set that stops at the first CPU that refuses, or counts it. */
static void
msg_set(struct selftest *t)
{
	struct xcpu_cpuset set = t->all, sent;

	selftest_msg_start(t);
	EXPECT_EQ(t, xcpu_msg_set(&set, selftest_msg_fn, selftest_msg_arg(1),
	    &sent), t->ncpu);
	EXPECT_SET(t, &sent, &t->all);
	for_each_cpu (cpu, &t->all)
		EXPECT(t, selftest_msg_await(cpu, 1));
#if XCPU_NCPU_MAX > 1
	if (t->ncpu < XCPU_NCPU_MAX) {
		xcpu_cpuset_add(&set, t->ncpu);
		EXPECT_EQ(t, xcpu_msg_set(&set, selftest_msg_fn, NULL, NULL),
		    -XCPU_EINVAL);
	}
#endif
	xcpu_cpuset_zero(&set);
	EXPECT_EQ(t, xcpu_msg_set(&set, selftest_msg_fn, NULL, &sent), 0);
	EXPECT(t, xcpu_cpuset_empty(&sent));
	selftest_msg_finish(t);
}

static const struct selftest_case cases[] = {
	{ "msg_send_one", "F-D1 F-D7 INV-Q1 INV-Q3", "xcpu_port_kick",
	    msg_send_one, 0, 2, NEED_MSG },
	{ "msg_in_order", "F-D1 F-D10 INV-Q1 INV-Q2 INV-Q4 INV-Q5",
	    "xcpu_port_kick", msg_in_order, 0, 2, NEED_MSG },
	{ "msg_to_self", "F-D2 INV-Q2 INV-Q12", "xcpu_port_irq_save",
	    msg_to_self, 0, 1, NEED_MSG },
	{ "msg_try_limit", "F-D6 F-D12 INV-Q9", "xcpu_port_kick",
	    msg_try_limit, 0, 2, NEED_MSG },
	{ "msg_batch", "F-D1 F-D10 INV-Q1", "xcpu_port_kick",
	    msg_batch, 0, 2, NEED_MSG },
	{ "msg_avoids_kicks", "F-D4 F-D12 INV-Q8", "xcpu_port_kick",
	    msg_avoids_kicks, 0, 2, NEED_MSG | NEED_STATS },
	{ "msg_elide_off", "F-D12", "xcpu_port_kick",
	    msg_elide_off, 0, 2, NEED_MSG | NEED_STATS },
	{ "msg_passive", "F-D5 F-D12", "xcpu_on_tick",
	    msg_passive, 0, 2, NEED_MSG },
	{ "msg_passive_to_idle", "F-D5 INV-Q-L3", "xcpu_on_idle_enter",
	    msg_passive_to_idle, 0, 2, NEED_MSG },
	{ "msg_passive_in_order", "F-D5 INV-Q2", "xcpu_on_tick",
	    msg_passive_in_order, 0, 2, NEED_MSG },
	{ "msg_frame", "F-D11", "xcpu_on_ipi_frame",
	    msg_frame, 0, 2, NEED_MSG | NEED_THREAD },
	{ "msg_set", "F-D8 INV-Q1", "xcpu_port_kick",
	    msg_set, 0, 1, NEED_MSG },
};

SELFTEST_GROUP(selftest_msg, cases);
