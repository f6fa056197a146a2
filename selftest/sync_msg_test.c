/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync_msg_test.c: rendezvous whose parked CPUs serve messages, and whose
 * initiator may wait for those.
 */
#include "msg_suite.h"

#define LIMIT_NS (XCPU_PORT_LEVEL >= 2 ? 5000000000u : 0)
#define A_WHILE_NS 2000000u
#define BURST (MSG_HIGH < 16 ? MSG_HIGH : 16)

static const struct xcpu_sync_opt serve_msg = { .flags = XCPU_SYNC_MSG };

static struct {
	struct xcpu_au32 handled, inside, enough, late;
	unsigned ncpu;
} seen;

static bool
set_up(struct selftest *t)
{
	if (t->host->domain->sync == NULL) {
		t->skip = "the host has no xcpu_sync_init()";
		return false;
	}
	xcpu_store_rlx(&seen.handled, 0);
	xcpu_store_rlx(&seen.inside, 0);
	xcpu_store_rlx(&seen.enough, 0);
	xcpu_store_rlx(&seen.late, 0);
	seen.ncpu = t->ncpu;
	return selftest_msg_start(t);
}

static void
handle(void *arg)
{
	(void)arg;
	count_up(&seen.handled);
}

static uint32_t
runs(unsigned cpu)
{
	return count_of(&selftest_inbox[cpu].runs);
}

/* Messages up to `to` go to other CPUs, and are over when this returns. */
static void
send_and_wait(struct selftest *t, unsigned from, unsigned to)
{
	for_each_cpu (cpu, &t->sample) {
		struct xcpu_ticket last;

		if (cpu == t->self)
			continue;
		t->cpu = cpu;
		EXPECT_EQ(t, selftest_msg_burst(cpu, from, to - from + 1),
		    to - from + 1);
		last = xcpu_msg_last(cpu);
		EXPECT_EQ(t, xcpu_msg_wait(&last, LIMIT_NS), 0);
		EXPECT_EQ(t, runs(cpu), to);
	}
	t->cpu = XCPU_NCPU_MAX;
}

/*
 * Kills: a parked CPU that is deaf to messages; a holder who may wait for all
 * sorts of things, or for nothing.
 */
static void
sync_msg_parked(struct selftest *t)
{
	struct xcpu_sync sync = { .run = NULL };
	int id = xcpu_event_register(handle, NULL);

	if (!set_up(t))
		return;
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->others, &serve_msg), 0);
	EXPECT_EQ(t, xcpu_event_post_set(id, &t->others), t->ncpu - 1);
	send_and_wait(t, 1, BURST);
	send_and_wait(t, BURST + 1, 2 * BURST);
	EXPECT_EQ(t, count_of(&seen.handled), 0);
	EXPECT_EQ(t, xcpu_call_one(t->other, handle, NULL, NULL),
	    -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_event_unregister(id), -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_cpu_offline(), -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_sync_machine(handle, NULL, NULL), -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	EXPECT(t, AWAIT(count_of(&seen.handled) == t->ncpu - 1));
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
	selftest_msg_finish(t);
}

static void
be_busy(void *arg)
{
	(void)arg;
	count_up(&seen.inside);
	selftest_spend(A_WHILE_NS);
}

/*
 * The message, a passive one, and the question are found by one drain.  Kills: a
 * claim of MSG that is forgotten while CALL parks; passive messages that wait
 * for a tick, which does not come.
 */
static void
sync_msg_before(struct selftest *t)
{
	static struct xcpu_call call;
	struct xcpu_sync sync = { .run = NULL };
	struct xcpu_ticket ticket = { 0, 0 }, passive = { 0, 0 };
	struct xcpu_cpuset one;

	if (!set_up(t))
		return;
	xcpu_cpuset_one(&one, t->other);
	EXPECT_EQ(t, xcpu_call_start(&call, &one, be_busy, NULL, NULL), 0);
	EXPECT(t, AWAIT(count_of(&seen.inside) == 1));
	EXPECT_EQ(t, xcpu_msg_send(t->other, selftest_msg_fn,
	    selftest_msg_arg(1), &ticket), 0);
	EXPECT_EQ(t, xcpu_sync_start(&sync, &one, &serve_msg), 0);
	EXPECT_EQ(t, xcpu_msg_wait(&ticket, LIMIT_NS), 0);
	EXPECT_EQ(t, runs(t->other), 1);
	EXPECT_EQ(t, xcpu_msg_passive(t->other, selftest_msg_fn,
	    selftest_msg_arg(2), &passive), 0);
	EXPECT(t, AWAIT(xcpu_msg_done(&passive)));
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	EXPECT(t, AWAIT(xcpu_call_done(&call)));
	selftest_msg_finish(t);
}

static void
poll_on(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	/* ends: the CPU of the suite says so */
	while (count_of(&seen.enough) == 0)
		(void)xcpu_idle_poll(A_WHILE_NS);
	xcpu_port_irq_restore(state);
}

/* Kills: a ring that the idle poll watches, and nobody while it is parked. */
static void
sync_msg_poller(struct selftest *t)
{
	struct xcpu_sync sync = { .run = NULL };
	unsigned n = 0;

	if (!set_up(t) || !selftest_thread(t, t->other, poll_on, NULL))
		return;
	for (unsigned i = 0; i < 10; i++) {
		struct xcpu_ticket last;

		EXPECT_EQ(t, selftest_msg_burst(t->other, n + 1, 3), 3);
		n += 3;
		EXPECT(t, selftest_msg_await(t->other, n));
		EXPECT_EQ(t, xcpu_sync_start(&sync, &t->others, &serve_msg), 0);
		EXPECT_EQ(t, selftest_msg_burst(t->other, ++n, 1), 1);
		last = xcpu_msg_last(t->other);
		if (!EXPECT_EQ(t, xcpu_msg_wait(&last, LIMIT_NS), 0))
			i = 10;
		EXPECT_EQ(t, runs(t->other), n);
		EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	}
	flag_set(&seen.enough);
	selftest_join(t, t->other);
	selftest_msg_finish(t);
}

/* Hand it on to the next CPU, up to the one that began. */
static void
hand_on(void *arg, void *frame)
{
	unsigned next = (xcpu_cpu_index() + 1) % seen.ncpu;

	(void)frame;
	count_up(&seen.handled);
	if (xcpu_cpu_index() != (uintptr_t)arg &&
	    xcpu_msg_send(next, hand_on, arg, NULL) != 0)
		count_up(&seen.late);
}

/* Kills: a parked CPU that cannot send, or hears its initiator only. */
static void
sync_msg_round(struct selftest *t)
{
	unsigned rounds = t->ncpu < SELFTEST_MANY ? 5 : 1;
	struct xcpu_sync sync = { .run = NULL };

	if (!set_up(t))
		return;
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->all, &serve_msg), 0);
	for (unsigned i = 1; i <= rounds; i++) {
		EXPECT_EQ(t, xcpu_msg_send(t->other, hand_on,
		    (void *)(uintptr_t)t->self, NULL), 0);
		/* The last one comes back here, where the doorbell is open. */
		if (!EXPECT(t, AWAIT(count_of(&seen.handled) == i * t->ncpu)))
			break;
	}
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	EXPECT_EQ(t, count_of(&seen.late), 0);
}

/* Kills: a parked CPU that serves messages unasked; one that reorders them. */
static void
sync_msg_held_back(struct selftest *t)
{
	struct xcpu_sync sync = { .run = NULL };
	struct xcpu_ticket last;

	if (!set_up(t))
		return;
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->others, NULL), 0);
	for_each_cpu (cpu, &t->others)
		EXPECT_EQ(t, selftest_msg_burst(cpu, 1, BURST), BURST);
	last = xcpu_msg_last(t->other);
	EXPECT_EQ(t, xcpu_msg_wait(&last, LIMIT_NS), -XCPU_EDEADLK);
	selftest_spend(A_WHILE_NS);
	for_each_cpu (cpu, &t->others)
		EXPECT_EQ(t, runs(cpu), 0);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	for_each_cpu (cpu, &t->others)
		EXPECT(t, selftest_msg_await(cpu, BURST));
	selftest_msg_finish(t);
}

/* Kills: parked CPUs that serve messages, and stops no more; or while stopped. */
static void
sync_msg_stopped(struct selftest *t)
{
	struct xcpu_sync sync = { .run = NULL };
	struct xcpu_cpuset stopped;
	struct xcpu_stop_opt opt = { .stopped = &stopped };

	if (!set_up(t))
		return;
	if (t->host->domain->stop == NULL) {
		t->skip = "the host has no xcpu_stop_init()";
		return;
	}
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->others, &serve_msg), 0);
	EXPECT_EQ(t, xcpu_stop_others(&opt), 0);
	EXPECT_SET(t, &stopped, &t->others);
	for_each_cpu (cpu, &t->others)
		EXPECT_EQ(t, selftest_msg_burst(cpu, 1, BURST), BURST);
	selftest_spend(A_WHILE_NS);
	for_each_cpu (cpu, &t->others)
		EXPECT_EQ(t, runs(cpu), 0);
	EXPECT_EQ(t, xcpu_restart(NULL), t->ncpu - 1);
	for_each_cpu (cpu, &t->others)
		EXPECT(t, selftest_msg_await(cpu, BURST));
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	selftest_msg_finish(t);
}

/* Kills: parked CPUs that serve messages, and flushes no more. */
static void
sync_msg_flushes(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	struct xcpu_sync sync = { .run = NULL };
	uint64_t va = selftest_page(t, 0);

	if (!set_up(t))
		return;
	selftest_load(t, &t->all, space);
	selftest_map(t, space, va, 41);
	EXPECT_EQ(t, xcpu_shootdown(space, va, selftest_page_bytes(t), NULL),
	    0);
	selftest_reads(t, &t->all, va, 41);
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->others, &serve_msg), 0);
	selftest_map(t, space, va, 42);
	EXPECT_EQ(t, xcpu_shootdown(space, va, selftest_page_bytes(t), NULL),
	    0);
	send_and_wait(t, 1, 1);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	selftest_reads(t, &t->all, va, 42);
	selftest_load(t, &t->all, NULL);
	selftest_msg_finish(t);
}

static const struct selftest_case cases[] = {
	{ "sync_msg_parked", "F-D16 F-D9 INV-R6 INV-R7 INV-Q2",
	    "xcpu_port_kick", sync_msg_parked, 0, 2, NEED_MSG },
	{ "sync_msg_before", "F-D16 F-D5 INV-R6 INV-Q-L1", "xcpu_port_relax",
	    sync_msg_before, 0, 2, NEED_MSG },
	{ "sync_msg_poller", "F-D16 INV-R6 INV-Q-L1", "xcpu_port_relax",
	    sync_msg_poller, 2, 2, NEED_MSG | NEED_THREAD },
	{ "sync_msg_round", "F-D16 INV-R6", "xcpu_port_kick", sync_msg_round,
	    1, 2, NEED_MSG },
	{ "sync_msg_held_back", "F-D15 INV-R6 INV-Q2", "xcpu_port_kick",
	    sync_msg_held_back, 0, 2, NEED_MSG },
	{ "sync_msg_stopped", "F-D16 F-B19 INV-C12", "xcpu_port_kick",
	    sync_msg_stopped, 1, 2, NEED_MSG },
	{ "sync_msg_flushes", "F-D16 F-B18 INV-R6", "xcpu_port_tlb_flush",
	    sync_msg_flushes, 3, 2, NEED_MSG | NEED_TLB },
};

SELFTEST_GROUP(selftest_sync_msg, cases);
