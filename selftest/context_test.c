/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * context_test.c: whoever would wait for himself is told so.
 *
 * In a handler, and with a host lock held, calls and rounds are refused; posts,
 * starts and shootdowns are not.
 */
#include "suite.h"

enum { CALL_ONE, CALL_SELF_ONE, CALL_SET, CALL_ALL, CALL_ANY, CALL_WAIT,
	UNREGISTER, OFFLINE, IDLE_POLL, NREFUSED };

static struct {
	struct xcpu_au32 runs;
	struct xcpu_call idle, call;
	int got[NREFUSED];
	int posted, started, flushed, self_called;
	struct xcpu_space space;
	const struct selftest *t;
	int id;
} seen;

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs);
}

static void
try_to_wait(void *arg)
{
	const struct selftest *t = seen.t;

	(void)arg;
	seen.got[CALL_ONE] = xcpu_call_one(t->other, count_run, NULL, NULL);
	seen.got[CALL_SELF_ONE] = xcpu_call_one(xcpu_cpu_index(), count_run,
	    NULL, NULL);
	seen.got[CALL_SET] = xcpu_call_set(&t->all, count_run, NULL, NULL);
	seen.got[CALL_ALL] = xcpu_call_all(count_run, NULL, NULL);
	seen.got[CALL_ANY] = xcpu_call_any(&t->all, count_run, NULL, NULL);
	seen.got[CALL_WAIT] = xcpu_call_wait(&seen.idle, 0);
	seen.got[UNREGISTER] = xcpu_event_unregister(seen.id);
	seen.got[OFFLINE] = xcpu_cpu_offline();
	seen.got[IDLE_POLL] = xcpu_idle_poll(0);
}

static void
do_what_is_allowed(void *arg)
{
	const struct selftest *t = seen.t;

	(void)arg;
	seen.posted = xcpu_event_post(seen.id, t->self);
	seen.started = xcpu_call_start(&seen.call, &t->all, count_run, NULL,
	    NULL);
	seen.self_called = xcpu_call_self(count_run, NULL);
	seen.flushed = XCPU_PORT_LEVEL < 3 ? 0 :
	    xcpu_shootdown_all(&seen.space, NULL);
}

static void
begin(struct selftest *t)
{
	seen.t = t;
	seen.id = xcpu_event_register(count_run, NULL);
	seen.call = seen.idle = (struct xcpu_call){ .callback = NULL };
	xcpu_store_rlx(&seen.runs, 0);
	xcpu_space_init(&seen.space, NULL);
	for (unsigned i = 0; i < NREFUSED; i++)
		seen.got[i] = 1;
}

static void
expect_refused(struct selftest *t, int error)
{
	for (unsigned i = 0; i < NREFUSED; i++) {
		t->cpu = i;		/* of the list, here */
		EXPECT_EQ(t, seen.got[i], error);
	}
	t->cpu = XCPU_NCPU_MAX;
	EXPECT_EQ(t, count_of(&seen.runs), 0);
	EXPECT(t, xcpu_cpu_ready(t->host->domain, t->self));
}

static void
expect_allowed(struct selftest *t)
{
	EXPECT_EQ(t, seen.posted, 0);
	EXPECT_EQ(t, seen.started, 0);
	EXPECT_EQ(t, seen.self_called, 0);
	EXPECT_EQ(t, seen.flushed, 0);
	EXPECT(t, AWAIT(xcpu_call_done(&seen.call)));
	EXPECT(t, AWAIT(count_of(&seen.runs) == t->ncpu + 2));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

/* Kills: a wait inside a function that others wait for. */
static void
context_handler(struct selftest *t)
{
	begin(t);
	EXPECT_EQ(t, xcpu_call_self(try_to_wait, NULL), 0);
	expect_refused(t, -XCPU_EDEADLK);
	for (unsigned i = 0; i < NREFUSED; i++)
		seen.got[i] = 1;
	EXPECT_EQ(t, xcpu_call_one(t->other, try_to_wait, NULL, NULL), 0);
	expect_refused(t, -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_call_one(t->other, do_what_is_allowed, NULL, NULL),
	    0);
	expect_allowed(t);
}

/* Kills: the same in an event's handler, which runs by another path. */
static void
context_event(struct selftest *t)
{
	int id;

	begin(t);
	id = xcpu_event_register(try_to_wait, NULL);
	EXPECT_EQ(t, xcpu_event_post_self(id), 0);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
	expect_refused(t, -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

/* Kills: a call that waits for a CPU that spins on the lock we hold. */
static void
context_lock(struct selftest *t)
{
	begin(t);
	t->host->lock();
	try_to_wait(NULL);
	t->host->unlock();
	expect_refused(t, -XCPU_EDEADLK);
	t->host->lock();
	do_what_is_allowed(NULL);
	t->host->unlock();
	expect_allowed(t);
}

static const struct selftest_case cases[] = {
	{ "context_handler", "F-B26 INV-C7 BUG-38", "xcpu_port_self",
	    context_handler, 0, 1, 0 },
	{ "context_event", "F-B26 INV-C7", "xcpu_port_self",
	    context_event, 1, 1, 0 },
	{ "context_lock", "F-B26 INV-C7 BUG-33", "xcpu_port_context, lock()",
	    context_lock, 0, 1, NEED_LOCK },
};

SELFTEST_GROUP(selftest_context, cases);
