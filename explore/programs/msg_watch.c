/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg_watch.c: the idle poll watches a ring.
 *
 * Protocol P5: a CPU that polls says of one ring that it is at it, and goes on
 * with other work; so its sender tells it nothing.  Whatever ends the poll, what
 * came last is found; and neither the senders of other rings nor posters wait
 * for the one that is watched.
 */
#include "msg.h"

#define TIMEOUT_NS 1000

static int EXPLORE_DATA event;
static struct explore_word EXPLORE_DATA handled;

static void
setup_two(void)
{
	msg_boot(2, 4);
	msg_attach(0, 1);
	explore_start_masked(1);
}

/* In setup(): as if CPU 1 were in its poll, and had just run what CPU 0 sent. */
static void
watch_first(void)
{
	explore_cpu[1].msg.looking = true;
	(void)msg_send(1, 0, NULL);
	explore_become(1);
	xcpu_msg_process(NULL);
	order[1].v_ = 0;
	explore_become(0);
}

static void
send_two(void)
{
	msg_send_ok(1, 1);
	msg_send_ok(1, 2);
}

static void
poll_until_timeout(void)
{
	explore_note((uint64_t)xcpu_idle_poll(TIMEOUT_NS));
	explore_open();
}

static void
check_two(void)
{
	msg_expect(1, 12);
}

/* The timeout may pass at any look: the last message is left to nobody. */
static const struct explore_program msg_watch = {
	.name = "msg-watch",
	.what = "two messages to a CPU that polls until a timeout",
	.ids = "F-B21 INV-E4 INV-Q1 INV-Q2 INV-Q8",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { send_two, poll_until_timeout },
	.check = check_two,
	.deadlines = { 0, 1 },
};

/* ---- more than a drain takes ---- */

/* The last is told to nobody, and nobody watches its ring: it is posted. */
static const struct explore_program msg_watch_budget = {
	.name = "msg-watch-budget",
	.what = "three messages, with a budget of two, to a CPU that polls",
	.ids = "F-B21 F-B25 INV-E4 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { send_over_budget, poll_until_timeout },
	.check = check_over_budget,
	.deadlines = { 0, 1 },
};

/* ---- then asleep ---- */

static void
send_then_passive(void)
{
	struct xcpu_msg msg;

	msg_send_ok(1, 1);
	msg = msg_make(msg_run, 2);
	explore_assert(xcpu_msg_passive(1, msg.fn, msg.arg, NULL) == 0,
	    "not sent");
}

static void
poll_then_halt(void)
{
	(void)xcpu_idle_poll(0);
	while (explore_read(&order[1]) != 12)
		if (xcpu_on_idle_enter())
			explore_halt();
	explore_open();
}

/* Nobody kicks for a passive message while the CPU polls. */
static const struct explore_program msg_watch_sleep = {
	.name = "msg-watch-sleep",
	.what = "a message and a passive one to a CPU that polls once and halts",
	.ids = "F-B21 F-D5 INV-Q-L3 INV-Q2",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { send_then_passive, poll_then_halt },
	.check = check_two,
};

/* ---- other rings ---- */

static void
run_and_send_own(void *arg, void *frame)
{
	msg_run(arg, frame);
	msg_send_ok(1, 3);
	explore_assert(explore_read(&order[1]) % 10 == 3, "not run at once");
	explore_assert(explore_cpu[1].msg.watched == NULL ||
	    explore_cpu[1].msg.watched_source == 0, "it watches its own ring");
}

static void
send_sender(void)
{
	struct xcpu_msg msg = msg_make(run_and_send_own, 1);

	explore_assert(xcpu_msg_send(1, msg.fn, msg.arg, NULL) == 0,
	    "not sent");
	msg_send_ok(1, 2);
}

static void
check_own(void)
{
	msg_expect(1, 132);
}

/* The ring to oneself is emptied inside the drain of the one that is watched. */
static const struct explore_program msg_watch_self = {
	.name = "msg-watch-self",
	.what = "a message to a CPU that polls sends one to that CPU itself",
	.ids = "F-B21 F-D2 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { send_sender, poll_until_timeout },
	.check = check_own,
	.deadlines = { 0, 1 },
};

static void
setup_senders(void)
{
	msg_boot(3, 4);
	msg_attach(0, 1);
	msg_attach(2, 1);
	explore_start_masked(1);
	watch_first();
}

static void
send_own_number(void)
{
	msg_send_ok(1, 1 + explore_self());
}

static void
check_senders(void)
{
	uint64_t found = explore_peek(&order[1]);

	explore_assert(found == 13 || found == 31, "lost, or doubled");
}

/* One of the rings is watched; the other's sender tells. */
static const struct explore_program msg_watch_senders = {
	.name = "msg-watch-senders",
	.what = "two CPUs send to one that polls until a timeout",
	.ids = "F-B21 INV-E4 INV-Q1 INV-Q8 BUG-09",
	.ncpu = 3,
	.setup = setup_senders,
	.cpu = { send_own_number, poll_until_timeout, send_own_number },
	.check = check_senders,
	.deadlines = { 0, 1, 0 },
};

/* ---- other classes ---- */

static void
handle(void *arg)
{
	(void)arg;
	explore_write(&handled, 1);
}

static void
run_after_event(void *arg, void *frame)
{
	explore_assert(explore_read(&handled) == 1,
	    "messages without end keep an event waiting");
	msg_run(arg, frame);
}

static void
setup_event(void)
{
	setup_two();
	event = xcpu_event_register(handle, NULL);
	watch_first();
}

/* A drain's worth of messages after the event; so the last is for another. */
static void
post_then_send(void)
{
	struct xcpu_msg msgs[XCPU_MSG_BUDGET + 1];

	explore_assert(xcpu_event_post(event, 1) == 0, "refused");
	for (unsigned i = 0; i < XCPU_MSG_BUDGET; i++)
		msgs[i] = msg_make(msg_run, i + 1);
	msgs[XCPU_MSG_BUDGET] = msg_make(run_after_event, XCPU_MSG_BUDGET + 1);
	explore_assert(xcpu_msg_batch(1, msgs, XCPU_MSG_BUDGET + 1, NULL) ==
	    XCPU_MSG_BUDGET + 1, "not sent");
}

static void
check_posted(void)
{
	msg_expect(1, 123);
}

static const struct explore_program msg_watch_event = {
	.name = "msg-watch-event",
	.what = "an event, then messages, to a CPU that polls until a timeout",
	.ids = "F-B21 F-B25 INV-Q-L2 INV-E4",
	.ncpu = 2,
	.setup = setup_event,
	.cpu = { post_then_send, poll_until_timeout },
	.check = check_posted,
	.deadlines = { 0, 1 },
};

/* ---- let go of by a message ---- */

static void
run_and_answer(void *arg, void *frame)
{
	msg_run(arg, frame);
	msg_send_ok(0, 5);
}

/*
 * In setup(): CPU 0 has run the messages that fill its ring, and has not shown it:
 * so room is one store, and none of its drains is explored.
 */
static void
fill_back(void)
{
	msg_fill(1, 0, msg_run);
	/* One more than budgets: the last look finds nothing. */
	for (unsigned n = 0; n <= XCPU_MSG_SLOTS; n += XCPU_MSG_BUDGET)
		xcpu_msg_process(NULL);
	/* rlx: setup */
	xcpu_store_rlx(&ring[1].head, 0);
}

/*
 * CPU 1 polls, and the ring that it watches has two messages.  The first waits
 * for room in the ring back, and runs the second under that wait: so the poll's
 * look goes on in a ring that it watches no more.
 */
static void
setup_answer(void)
{
	struct xcpu_msg msgs[2];

	setup_two();
	fill_back();
	watch_first();
	msgs[0] = msg_make(run_and_answer, 1);
	msgs[1] = msg_make(msg_run, 2);
	explore_assert(xcpu_msg_batch(1, msgs, 2, NULL) == 2, "setup");
	/* For good: what becomes of the answer is not asked here. */
	explore_start_masked(0);
}

/* Never waits: over half a ring, xcpu_msg_send() would. */
static void
send_at_once(unsigned number)
{
	struct xcpu_msg msg = msg_make(msg_run, number);

	explore_assert(xcpu_msg_batch(1, &msg, 1, NULL) == 1, "not sent");
}

/* Message 3 may end the look's budget; then nobody has been told of 4. */
static void
send_round_room(void)
{
	send_at_once(3);
	/* As show_head() in ring.c, which pairs. */
	xcpu_store_rel(&ring[1].head, XCPU_MSG_SLOTS);
	send_at_once(4);
}

static void
poll_once(void)
{
	(void)xcpu_idle_poll(0);
	explore_open();
}

static void
check_answered(void)
{
	msg_expect(1, 1234);
}

static const struct explore_program msg_watch_waits = {
	.name = "msg-watch-waits",
	.what = "a message to a CPU that polls waits, and lets go of its ring",
	.ids = "F-B21 F-B25 F-D17 INV-E4 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_answer,
	.cpu = { send_round_room, poll_once },
	.check = check_answered,
};

const struct explore_program *const msg_watch_programs[] = {
	&msg_watch, &msg_watch_budget, &msg_watch_sleep, &msg_watch_self,
	&msg_watch_senders, &msg_watch_event, &msg_watch_waits, NULL
};
