/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg_wait.c: tickets, and senders that wait inside handlers.
 *
 * Protocol P5: only the outermost drain of a ring says what is over.  Drains
 * that wait serve each other, down to rings that a drain around them is in.
 */
#include "msg.h"

#define TIMEOUT_NS 1000

static struct explore_word EXPLORE_DATA ended[EXPLORE_CPUS];	/* where it ran */

/* Message 1 takes long, and sends meanwhile. */
static void
run_long(void *arg, void *frame)
{
	unsigned other = 1 - explore_self();

	(void)frame;
	msg_log(msg_number(arg));
	msg_send_ok(other, 5);
	explore_write(&ended[explore_self()], 1);
}

/* ---- one message ---- */

static void
run_and_end(void *arg, void *frame)
{
	msg_run(arg, frame);
	explore_write(&ended[explore_self()], 1);
}

static void
wait_for_end(struct xcpu_ticket *ticket)
{
	explore_assert(xcpu_msg_wait(ticket, 0) == 0, "the wait failed");
	explore_assert(explore_read(&ended[1]) == 1, "over, and has not ended");
	explore_assert(xcpu_msg_done(ticket), "over, and not done");
}

static void
send_and_wait(void)
{
	struct xcpu_msg msg = msg_make(run_and_end, 1);
	struct xcpu_ticket ticket;

	explore_assert(xcpu_msg_send(1, msg.fn, msg.arg, &ticket) == 0,
	    "not sent");
	wait_for_end(&ticket);
}

static void
setup_attached(void)
{
	msg_boot(2, 4);
	msg_attach(0, 1);
	explore_name(ended, sizeof(ended), "ended");
}

static void
check_one(void)
{
	msg_expect(1, 1);
}

/* What the message did is visible when it is over. */
static const struct explore_program msg_ticket = {
	.name = "msg-ticket",
	.what = "wait for a message to be over",
	.ids = "F-D9 F-D10 INV-Q7",
	.ncpu = 2,
	.setup = setup_attached,
	.cpu = { send_and_wait, NULL },
	.check = check_one,
};

static void
send_and_wait_a_while(void)
{
	struct xcpu_msg msg = msg_make(run_and_end, 1);
	struct xcpu_ticket ticket;
	int error;

	explore_assert(xcpu_msg_send(1, msg.fn, msg.arg, &ticket) == 0,
	    "not sent");
	error = xcpu_msg_wait(&ticket, TIMEOUT_NS);
	explore_note(scene_error(error));
	explore_assert(error == 0 || error == -XCPU_ETIMEDOUT, "refused");
	if (error == 0)
		explore_assert(explore_read(&ended[1]) == 1,
		    "over, and has not ended");
}

/* The wait may be over too early; the message is not. */
static const struct explore_program msg_ticket_late = {
	.name = "msg-ticket-late",
	.what = "wait for a message to be over, with a deadline",
	.ids = "F-D9 INV-Q11 INV-R9",
	.ncpu = 2,
	.setup = setup_attached,
	.cpu = { send_and_wait_a_while, NULL },
	.check = check_one,
	.deadlines = { 1, 0 },
};

static void
passive_and_wait(void)
{
	struct xcpu_msg msg = msg_make(run_and_end, 1);
	struct xcpu_ticket ticket;

	explore_assert(xcpu_msg_passive(1, msg.fn, msg.arg, &ticket) == 0,
	    "not sent");
	wait_for_end(&ticket);
}

/* Nobody was told of a passive one: its waiter does. */
static const struct explore_program msg_ticket_passive = {
	.name = "msg-ticket-passive",
	.what = "wait for a passive message to be over",
	.ids = "F-D5 F-D9 INV-Q11",
	.ncpu = 2,
	.setup = setup_attached,
	.cpu = { passive_and_wait, NULL },
	.check = check_one,
};

static void
setup_mutual_masked(void)
{
	setup_attached();
	msg_attach(1, 0);
	explore_start_masked(0);
	explore_start_masked(1);
}

static void
send_and_wait_masked(void)
{
	struct xcpu_ticket ticket;

	explore_assert(msg_send(1 - explore_self(), 1, &ticket) == 0,
	    "not sent");
	explore_assert(xcpu_msg_wait(&ticket, 0) == 0, "the wait failed");
	explore_open();
}

static void
check_each(void)
{
	msg_expect(0, 1);
	msg_expect(1, 1);
}

static const struct explore_program msg_ticket_mutual = {
	.name = "msg-ticket-mutual",
	.what = "two CPUs that mask wait for each other's message",
	.ids = "F-D9 INV-Q9 INV-C7 BUG-31",
	.ncpu = 2,
	.setup = setup_mutual_masked,
	.cpu = { send_and_wait_masked, send_and_wait_masked },
	.check = check_each,
};

/* ---- waits for room inside handlers ---- */

/*
 * CPU 0 to 1: message 1, whose function finds the ring back to CPU 0 full and
 * waits; meanwhile CPU 1 runs message 2, from inside.  When the wait for 2 is
 * over, so is 1.
 */
static void
setup_nested(void)
{
	struct xcpu_msg msgs[2];

	setup_attached();
	msg_fill(1, 0, msg_run);
	msgs[0] = msg_make(run_long, 1);
	msgs[1] = msg_make(msg_run, 2);
	explore_assert(xcpu_msg_batch(1, msgs, 2, NULL) == 2, "setup");
	explore_start_masked(0);
	explore_start_masked(1);
}

static void
process(void)
{
	xcpu_msg_process(NULL);
	explore_open();
}

static void
wait_for_last(void)
{
	struct xcpu_ticket ticket = xcpu_msg_last(1);

	wait_for_end(&ticket);
	explore_open();
}

static void
check_nested(void)
{
	msg_expect(1, 12);
	msg_expect(0, 12345);
}

static const struct explore_program msg_nested = {
	.name = "msg-nested",
	.what = "a message waits for room; the next one is run inside it",
	.ids = "F-D9 F-P3 INV-Q7 INV-Q6",
	.ncpu = 2,
	.setup = setup_nested,
	.cpu = { wait_for_last, process },
	.check = check_nested,
};

/* One more than there is room for when the first message has been taken. */
static void
run_longer(void *arg, void *frame)
{
	run_long(arg, frame);
	msg_send_ok(1 - explore_self(), 6);
}

/*
 * Both are in the first message of a full ring, and send two more: each has to
 * serve the ring that its own drain is in, and the other's post may be long gone.
 */
static void
setup_cross(void)
{
	msg_boot(2, 2);
	explore_name(ended, sizeof(ended), "ended");
	msg_fill(0, 1, run_longer);
	msg_fill(1, 0, run_longer);
	explore_start_masked(0);
	explore_start_masked(1);
}

static void
check_cross(void)
{
	msg_expect(0, 123456);
	msg_expect(1, 123456);
}

static const struct explore_program msg_cross = {
	.name = "msg-cross",
	.what = "two messages wait for room in each other's ring",
	.ids = "F-D3 F-D17 INV-Q1 INV-Q2 INV-Q9 INV-C7",
	.ncpu = 2,
	.setup = setup_cross,
	.cpu = { process, process },
	.check = check_cross,
};

/* A function of CPU 1 waits for room; CPU 0, who could make it, calls CPU 1. */
static void
setup_call(void)
{
	msg_boot(2, 2);
	msg_fill(1, 0, msg_run);
	explore_start_masked(0);
	explore_start_masked(1);
}

static void
end(void *arg)
{
	(void)arg;
	explore_write(&ended[explore_self()], 1);
}

static void
call_masked(void)
{
	explore_assert(xcpu_call_one(1, end, NULL, NULL) == 0, "not called");
	explore_assert(explore_read(&ended[1]) == 1, "over, and has not ended");
	explore_open();
}

static void
send_from_function(void *arg)
{
	(void)arg;
	msg_send_ok(0, 5);
}

static void
call_self(void)
{
	explore_assert(xcpu_call_one(1, send_from_function, NULL, NULL) == 0,
	    "not called");
	explore_open();
}

static void
check_call(void)
{
	msg_expect(0, 12345);
}

static const struct explore_program msg_call = {
	.name = "msg-call",
	.what = "a function waits for room that a masked caller has to make",
	.ids = "F-D17 INV-Q9 INV-C7",
	.ncpu = 2,
	.setup = setup_call,
	.cpu = { call_masked, call_self },
	.check = check_call,
};

const struct explore_program *const msg_wait_programs[] = {
	&msg_ticket, &msg_ticket_late, &msg_ticket_passive,
	&msg_ticket_mutual, &msg_nested, &msg_cross, &msg_call, NULL
};
