/* SPDX-License-Identifier: BSD-2-Clause */
/* msg_wait_test.c: tickets, senders that wait for room, and what is refused. */
#include "msg_suite.h"

static struct {
	const struct selftest *t;
	struct xcpu_au32 at_work, event_runs, ended, accepted, refused, errors;
	uint32_t run_at_return;		/* when the sender had its room */
	unsigned context;
	bool masked;
	int got[4];
	uint64_t value;
} seen;

static struct selftest_hold hold;

static void
start(struct selftest *t)
{
	selftest_msg_start(t);
	seen.t = t;
	seen.value = 0;
	xcpu_store_rlx(&seen.at_work, 0);
	xcpu_store_rlx(&seen.event_runs, 0);
	xcpu_store_rlx(&seen.ended, 0);
	xcpu_store_rlx(&seen.accepted, 0);
	xcpu_store_rlx(&seen.refused, 0);
	xcpu_store_rlx(&seen.errors, 0);
}

static uint32_t
runs(unsigned cpu)
{
	return count_of(&selftest_inbox[cpu].runs);
}

/* ---- tickets ---- */

static void
write_value(void *arg, void *frame)
{
	(void)frame;
	selftest_spend(1000000);
	seen.value = (uint64_t)(uintptr_t)arg;
}

/* Kills: a cursor that moves before the message has run. */
static void
msg_ticket(struct selftest *t)
{
	struct xcpu_ticket ticket;

	start(t);
	EXPECT_EQ(t, xcpu_msg_send(t->other, write_value, (void *)7, &ticket),
	    0);
	EXPECT_EQ(t, xcpu_msg_wait(&ticket, 0), 0);
	EXPECT_EQ(t, seen.value, 7);
	EXPECT(t, xcpu_msg_done(&ticket));
	/* Nobody was told of a passive one; its waiter sees to that. */
	EXPECT_EQ(t, xcpu_msg_passive(t->other, write_value, (void *)8,
	    &ticket), 0);
	EXPECT_EQ(t, xcpu_msg_wait(&ticket, 0), 0);
	EXPECT_EQ(t, seen.value, 8);
	ticket.sequence = 0;
	EXPECT(t, xcpu_msg_done(&ticket));
}

/* Kills: a wait that has no end, or that takes its message back. */
static void
msg_ticket_deadline(struct selftest *t)
{
	struct xcpu_ticket ticket;

	start(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT_EQ(t, xcpu_msg_send(t->other, selftest_msg_fn,
	    selftest_msg_arg(1), &ticket), 0);
	EXPECT_EQ(t, xcpu_msg_wait(&ticket, 1000000), -XCPU_ETIMEDOUT);
	EXPECT(t, !xcpu_msg_done(&ticket));
	selftest_release(t, &hold);
	EXPECT_EQ(t, xcpu_msg_wait(&ticket, 0), 0);
	EXPECT_EQ(t, runs(t->other), 1);
	selftest_msg_finish(t);
}

/* More than there is room for, to the CPU of the suite, from inside a message. */
static void
send_many(void *arg, void *frame)
{
	const struct selftest *t = seen.t;

	(void)arg;
	(void)frame;
	flag_set(&seen.at_work);
	if (selftest_msg_burst(t->self, 1, MSG_SLOTS + 1) != MSG_SLOTS + 1)
		count_up(&seen.errors);
	seen.value = 1;
	flag_set(&seen.ended);
}

/* Kills: a nested drain that says that the message around it is over. */
static void
msg_ticket_nested(struct selftest *t)
{
	struct xcpu_ticket ticket;
	unsigned long state;

	start(t);
	state = xcpu_port_irq_save();
	EXPECT_EQ(t, xcpu_msg_send(t->other, send_many, NULL, NULL), 0);
	EXPECT(t, AWAIT(count_of(&seen.at_work) != 0));
	EXPECT_EQ(t, xcpu_msg_send(t->other, selftest_msg_fn,
	    selftest_msg_arg(1), &ticket), 0);
	/* It runs inside the first, which waits until we make room. */
	EXPECT(t, selftest_msg_await(t->other, 1));
	EXPECT_EQ(t, count_of(&seen.ended), 0);
	EXPECT(t, !xcpu_msg_done(&ticket));
	EXPECT_EQ(t, xcpu_msg_wait(&ticket, 0), 0);
	EXPECT_EQ(t, seen.value, 1);
	xcpu_port_irq_restore(state);
	EXPECT(t, selftest_msg_await(t->self, MSG_SLOTS + 1));
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	selftest_msg_finish(t);
}

/* ---- waiting for room ---- */

static void
count_event(void *arg)
{
	(void)arg;
	count_up(&seen.event_runs);
}

static void
send_too_many(void *arg)
{
	const struct selftest *t = arg;
	unsigned long state = xcpu_port_irq_save();

	if (selftest_msg_burst(t->self, 1, MSG_HIGH) != MSG_HIGH)
		count_up(&seen.errors);
	flag_set(&seen.at_work);
	if (selftest_msg_burst(t->self, MSG_HIGH + 1, 1) != 1)
		count_up(&seen.errors);
	seen.run_at_return = runs(t->self);
	seen.masked = (xcpu_port_context() & XCPU_CTX_MASKED) != 0;
	xcpu_port_irq_restore(state);
}

/* Kills: no hysteresis; a wait that does not serve, or that unmasks. */
static void
msg_hysteresis(struct selftest *t)
{
	int id = xcpu_event_register(count_event, NULL);
	unsigned long state;

	start(t);
	state = xcpu_port_irq_save();
	if (!selftest_thread(t, t->other, send_too_many, t))
		return;
	EXPECT(t, AWAIT(count_of(&seen.at_work) != 0));
	EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	EXPECT(t, AWAIT(count_of(&seen.event_runs) != 0));
	EXPECT_EQ(t, runs(t->self), 0);
	xcpu_port_irq_restore(state);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT(t, seen.run_at_return >= MSG_HIGH + 1 - MSG_LOW);
	EXPECT(t, seen.masked);
	EXPECT(t, selftest_msg_await(t->self, MSG_HIGH + 1));
	selftest_msg_finish(t);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

/*
 * Each sends two more to the other CPU, as often as its argument says.  It counts
 * them before it sends them, and itself when it is done with `seen`: so the
 * counts are equal when all is over, and not before.
 */
static void
multiply(void *arg, void *frame)
{
	const struct selftest *t = seen.t;
	unsigned to = xcpu_cpu_index() == t->self ? t->other : t->self;
	uintptr_t left = (uintptr_t)arg;

	(void)frame;
	for (unsigned i = 0; i < 2 && left != 0; i++) {
		count_up(&seen.at_work);
		if (xcpu_msg_send(to, multiply, (void *)(left - 1), NULL) != 0)
			count_up(&seen.ended);
	}
	count_up(&seen.ended);
}

/* Who has ended is counted first: the other count can only be ahead. */
static bool
all_over(void)
{
	uint32_t ended = count_of(&seen.ended);

	return ended == count_of(&seen.at_work);
}

/* Kills: nesting without a bound; two CPUs that wait for each other's room. */
static void
msg_nested_bounded(struct selftest *t)
{
	start(t);
	count_up(&seen.at_work);
	EXPECT_EQ(t, xcpu_msg_send(t->other, multiply, (void *)10, NULL), 0);
	EXPECT(t, AWAIT(all_over()));
	selftest_spend(1000000);
	EXPECT_EQ(t, count_of(&seen.ended), count_of(&seen.at_work));
}

/* ---- what is refused ---- */

static void
wait_inside(void *arg, void *frame)
{
	struct xcpu_ticket ticket = { seen.t->self, 1 };

	(void)arg;
	(void)frame;
	seen.got[0] = xcpu_msg_wait(&ticket, 0);
	flag_set(&seen.ended);
}

/* Kills: a check left out. */
static void
msg_refused(struct selftest *t)
{
	struct xcpu_ticket ticket = { t->other, 1 };
	struct xcpu_msg none = { NULL, NULL };

	start(t);
	EXPECT_EQ(t, xcpu_msg_send(t->other, NULL, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_msg_send(t->ncpu, selftest_msg_fn, NULL, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_msg_batch(t->other, NULL, 1, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_msg_batch(t->other, &none, 1, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_msg_set(NULL, selftest_msg_fn, NULL, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_msg_pool(NULL, NULL, 0), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_msg_send(t->other, wait_inside, NULL, &ticket), 0);
	EXPECT(t, AWAIT(count_of(&seen.ended) != 0));
	EXPECT_EQ(t, seen.got[0], -XCPU_EDEADLK);
}

static void
try_in_nmi(void *arg)
{
	struct xcpu_ticket ticket = { seen.t->self, 1 };

	(void)arg;
	seen.got[0] = xcpu_msg_send(seen.t->self, selftest_msg_fn, NULL, NULL);
	seen.got[1] = xcpu_msg_passive(seen.t->self, selftest_msg_fn, NULL,
	    NULL);
	seen.got[2] = xcpu_msg_wait(&ticket, 0);
	seen.got[3] = xcpu_msg_set(&seen.t->all, selftest_msg_fn, NULL, NULL);
}

/* Kills: an NMI that sends between two stores of a sender. */
static void
msg_refused_in_nmi(struct selftest *t)
{
	start(t);
	if (!selftest_nmi_run(t, t->other, try_in_nmi, NULL))
		return;
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(t, seen.got[i], -XCPU_EPERM);
}

/* Kills: a sender that waits with a host lock held. */
static void
msg_full_locked(struct selftest *t)
{
	unsigned n;
	int error = 0;

	start(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	t->host->lock();
	for (n = 0; n <= MSG_SLOTS && error == 0; n++)
		error = xcpu_msg_send(t->other, selftest_msg_fn,
		    selftest_msg_arg(n + 1), NULL);
	t->host->unlock();
	EXPECT_EQ(t, error, -XCPU_EAGAIN);
	EXPECT_EQ(t, n, MSG_SLOTS + 1);
	selftest_release(t, &hold);
	EXPECT(t, selftest_msg_await(t->other, MSG_SLOTS));
	selftest_msg_finish(t);
}

/* ---- everybody ---- */

#define ROUNDS 200

static unsigned
rounds(const struct selftest *t)
{
	return t->ncpu <= 8 ? ROUNDS : 20;
}

static unsigned
neighbours(const struct selftest *t)
{
	if (t->ncpu >= SELFTEST_MANY)
		return 1;
	return t->ncpu <= 4 ? t->ncpu - 1 : 4;
}

/* To some neighbours; what a CPU has no ring for, it leaves. */
static void
flood(void *arg)
{
	const struct selftest *t = arg;
	unsigned self = xcpu_cpu_index();

	for (unsigned n = 1; n <= rounds(t); n++)
		for (unsigned i = 1; i <= neighbours(t); i++) {
			int error = xcpu_msg_send((self + i) % t->ncpu,
			    selftest_msg_fn, selftest_msg_arg(n), NULL);

			count_up(error == 0 ? &seen.accepted :
			    error == -XCPU_ENOSPC ? &seen.refused :
			    &seen.errors);
		}
}

static uint32_t
all_runs(const struct selftest *t)
{
	uint32_t sum = 0;

	for_each_cpu (cpu, &t->all)
		sum += runs(cpu);
	return sum;
}

/* Kills: a ring that two senders share; two senders that wait for each other. */
static void
msg_flood(struct selftest *t)
{
	start(t);
	selftest_on_each(t, &t->all, flood, t);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	if (t->ncpu < SELFTEST_MANY)
		EXPECT_EQ(t, count_of(&seen.refused), 0);
	EXPECT(t, AWAIT(all_runs(t) == count_of(&seen.accepted)));
	selftest_msg_finish(t);
}

static void
leave_and_return(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	flag_set(&seen.at_work);
	for (unsigned i = 0; i < 20; i++) {
		struct xcpu_cpu *self = xcpu_port_self();

		if (xcpu_cpu_offline() != 0 || xcpu_cpu_online(self) != 0)
			count_up(&seen.errors);
		selftest_spend(20000);
	}
	flag_set(&seen.ended);
	xcpu_port_irq_restore(state);
}

/*
 * Kills: a last drain that trusts the marks; a send that looks before it masks.
 * The traveller is masked before the first message: else a flood of them, each
 * in its interrupt, might keep his thread from ever setting out.
 */
static void
msg_to_a_traveller(struct selftest *t)
{
	unsigned n = 0;

	start(t);
	if (!selftest_thread(t, t->other, leave_and_return, NULL) ||
	    !EXPECT(t, AWAIT(count_of(&seen.at_work) != 0)))
		return;
	while (count_of(&seen.ended) == 0 && n < MSG_NUMBERS) {
		int error = (n & 1) != 0 ?
		    xcpu_msg_passive(t->other, selftest_msg_fn,
		    selftest_msg_arg(n + 1), NULL) :
		    xcpu_msg_send(t->other, selftest_msg_fn,
		    selftest_msg_arg(n + 1), NULL);

		n += error == 0;
		if (error == 0)
			continue;
		if (error != -XCPU_ENXIO && error != -XCPU_EAGAIN)
			count_up(&seen.errors);
		xcpu_port_relax(0);
	}
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT(t, selftest_msg_await(t->other, n));
	EXPECT_EQ(t, runs(t->other), n);
	selftest_msg_finish(t);
}

static void
stay_away(void *arg)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	if (xcpu_cpu_offline() != 0)
		count_up(&seen.errors);
	flag_set(&seen.at_work);
	(void)AWAIT(count_of(&seen.ended) != 0);
	if (xcpu_cpu_online(self) != 0)
		count_up(&seen.errors);
	xcpu_port_irq_restore(state);
}

/* Kills: a message that is accepted for a CPU that is off. */
static void
msg_set_skips(struct selftest *t)
{
	struct xcpu_cpuset sent;

	start(t);
	if (!selftest_thread(t, t->other, stay_away, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&seen.at_work) != 0));
	EXPECT_EQ(t, xcpu_msg_set(&t->all, selftest_msg_fn,
	    selftest_msg_arg(1), &sent), t->ncpu - 1);
	EXPECT(t, !xcpu_cpuset_has(&sent, t->other));
	EXPECT_EQ(t, xcpu_msg_send(t->other, selftest_msg_fn,
	    selftest_msg_arg(1), NULL), -XCPU_ENXIO);
	EXPECT_EQ(t, xcpu_msg_passive(t->other, selftest_msg_fn,
	    selftest_msg_arg(1), NULL), -XCPU_ENXIO);
	flag_set(&seen.ended);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	for_each_cpu (cpu, &sent)
		EXPECT(t, selftest_msg_await(cpu, 1));
	EXPECT_EQ(t, runs(t->other), 0);
	selftest_msg_finish(t);
}

/* To everybody, also oneself, once. */
static void
send_to_all(void *arg)
{
	const struct selftest *t = arg;

	for_each_cpu (cpu, &t->all) {
		int error = xcpu_msg_send(cpu, selftest_msg_fn,
		    selftest_msg_arg(1), NULL);

		count_up(error == 0 ? &seen.accepted :
		    error == -XCPU_ENOSPC ? &seen.refused : &seen.errors);
	}
}

/* Kills: a pool that gives one ring twice, or that counts past its end. */
static void
msg_pool_exhausted(struct selftest *t)
{
	unsigned pairs = t->ncpu * t->ncpu;

	start(t);
	if (selftest_msg_rings() == 0) {
		t->skip = "the rings are the host's";
		return;
	}
	selftest_on_each(t, &t->all, send_to_all, t);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT_EQ(t, count_of(&seen.accepted), selftest_msg_rings());
	EXPECT_EQ(t, count_of(&seen.refused), pairs - selftest_msg_rings());
	EXPECT(t, AWAIT(all_runs(t) == count_of(&seen.accepted)));
	selftest_msg_finish(t);
	/* Those who have one go on in order. */
	EXPECT_EQ(t, selftest_msg_burst(t->other, 2, MSG_HIGH), MSG_HIGH);
	EXPECT(t, AWAIT(all_runs(t) == count_of(&seen.accepted) + MSG_HIGH));
	selftest_msg_finish(t);
}

static const struct selftest_case cases[] = {
	{ "msg_ticket", "F-D9 F-D10 INV-Q7 INV-Q11", "xcpu_port_kick",
	    msg_ticket, 0, 2, NEED_MSG },
	{ "msg_ticket_deadline", "F-D9", "xcpu_port_now_ns",
	    msg_ticket_deadline, 2, 2, NEED_MSG },
	{ "msg_ticket_nested", "F-D9 F-P3 INV-Q6 INV-Q7", "xcpu_port_relax",
	    msg_ticket_nested, 0, 2, NEED_MSG },
	{ "msg_hysteresis", "F-D3 INV-Q9 INV-C7",
	    "xcpu_port_context, xcpu_port_relax",
	    msg_hysteresis, 0, 2, NEED_MSG | NEED_THREAD },
	{ "msg_nested_bounded", "F-D17 INV-Q9", "xcpu_port_context",
	    msg_nested_bounded, 0, 2, NEED_MSG },
	{ "msg_refused", "F-B26", "xcpu_port_context",
	    msg_refused, 0, 2, NEED_MSG },
	{ "msg_refused_in_nmi", "F-B26 INV-Q10", "xcpu_port_context",
	    msg_refused_in_nmi, 4, 2, NEED_MSG | NEED_NMI },
	{ "msg_full_locked", "F-D3 INV-Q9", "xcpu_port_context",
	    msg_full_locked, 0, 2, NEED_MSG | NEED_LOCK },
	{ "msg_flood", "F-D1 F-D3 F-B25 INV-Q1 INV-Q2 INV-Q-L2",
	    "xcpu_port_kick", msg_flood, 0, 2, NEED_MSG | NEED_THREAD },
	{ "msg_to_a_traveller", "F-B20 INV-Q1 INV-Q2 INV-C8",
	    "xcpu_port_kick", msg_to_a_traveller, 0, 2,
	    NEED_MSG | NEED_THREAD },
	{ "msg_set_skips", "F-D8 INV-C8", "xcpu_port_kick",
	    msg_set_skips, 0, 2, NEED_MSG | NEED_THREAD },
	{ "msg_pool_exhausted", "F-P8 INV-Q9 BUG-50", "xcpu_port_kick",
	    msg_pool_exhausted, 0, 2, NEED_MSG | NEED_THREAD },
};

SELFTEST_GROUP(selftest_msg_wait, cases);
