/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg.c: send and drain.
 *
 * Protocol P5, form B: a sender leaves the post out while its target empties the
 * ring, and the target looks once more after it has said that it stops.  A
 * message that is lost, doubled or late shows in the target's order at the end;
 * one that is seen too early, as a race.
 */
#include "msg.h"

static void
setup_two(void)
{
	msg_boot(2, 4);
}

static void
setup_attached(void)
{
	msg_boot(2, 4);
	msg_attach(0, 1);
}

static void
setup_three(void)
{
	msg_boot(3, 4);
}

/* ---- one sender ---- */

static void
send_one(void)
{
	msg_send_ok(1, 1);
}

static void
check_one(void)
{
	msg_expect(1, 1);
}

/* The first message of a pair takes a ring; CPU 1 may look at any time. */
static const struct explore_program msg_first = {
	.name = "msg-first",
	.what = "the first message of a pair, and a spurious kick at any step",
	.ids = "F-D1 F-P8 INV-Q1 INV-Q3",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { send_one, NULL },
	.check = check_one,
	.spurious = { 0, 1 },
};

static void
send_two(void)
{
	msg_send_ok(1, 1);
	msg_send_ok(1, 2);
}

static void
check_two(void)
{
	msg_expect(1, 12);
}

/*
 * The second message finds CPU 1 before, in, or after its drain of the first.
 * P5.g: no second look, or no full fence on either side, is rejected.
 */
static const struct explore_program msg_two = {
	.name = "msg-two",
	.what = "two messages: the second may be found without a post",
	.ids = "F-D1 F-D4 INV-Q1 INV-Q2 INV-Q8",
	.ncpu = 2,
	.setup = setup_attached,
	.cpu = { send_two, NULL },
	.check = check_two,
};

static void
send_three(void)
{
	send_two();
	msg_send_ok(1, 3);
}

static void
check_three(void)
{
	msg_expect(1, 123);
}

/* What was told in vain, as a drain had it already, is not waited for. */
static const struct explore_program msg_three = {
	.name = "msg-three",
	.what = "three messages: the second may be told to a drain that has it",
	.ids = "F-D1 F-D4 INV-Q1 INV-Q2 INV-Q8",
	.ncpu = 2,
	.setup = setup_attached,
	.cpu = { send_three, NULL },
	.check = check_three,
};

static void
send_one_and_two(void)
{
	struct xcpu_msg msgs[2];

	msg_send_ok(1, 1);
	msgs[0] = msg_make(msg_run, 2);
	msgs[1] = msg_make(msg_run, 3);
	explore_assert(xcpu_msg_batch(1, msgs, 2, NULL) == 2, "not sent");
}

static const struct explore_program msg_batch = {
	.name = "msg-batch",
	.what = "a message, then two at once",
	.ids = "F-D1 F-D4 INV-Q1 INV-Q2 INV-Q3",
	.ncpu = 2,
	.setup = setup_attached,
	.cpu = { send_one_and_two, NULL },
	.check = check_three,
};

static void
setup_untold(void)
{
	setup_attached();
	xcpu_msg_elide(&explore_domain, false);
}

/* The same where every send posts. */
static const struct explore_program msg_always = {
	.name = "msg-always",
	.what = "two messages, with the leaving out of kicks switched off",
	.ids = "F-D12 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_untold,
	.cpu = { send_two, NULL },
	.check = check_two,
};

static void
setup_masked(void)
{
	setup_attached();
	explore_start_masked(1);
}

static void
poll_once(void)
{
	explore_note((uint64_t)xcpu_idle_poll(0));
	explore_open();
}

/* A polling CPU gets no kick. */
static const struct explore_program msg_poll = {
	.name = "msg-poll",
	.what = "two messages to a CPU that polls once",
	.ids = "F-B21 INV-E4 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { send_two, poll_once },
	.check = check_two,
};

static void
process(void)
{
	xcpu_msg_process(NULL);
	explore_open();
}

static const struct explore_program msg_process = {
	.name = "msg-process",
	.what = "two messages to a CPU that looks for them by itself",
	.ids = "F-D11 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { send_two, process },
	.check = check_two,
};

/* ---- several senders ---- */

static void
send_to_neighbour(void)
{
	unsigned self = explore_self();

	msg_send_ok(1 - self, 1 + self);
}

static void
check_mutual(void)
{
	msg_expect(0, 2);
	msg_expect(1, 1);
}

static const struct explore_program msg_mutual = {
	.name = "msg-mutual",
	.what = "two CPUs send to each other, from one pool",
	.ids = "F-D1 F-P8 INV-Q1",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { send_to_neighbour, send_to_neighbour },
	.check = check_mutual,
};

static void
send_own_number(void)
{
	msg_send_ok(2, 1 + explore_self());
}

static void
check_senders(void)
{
	uint64_t found = explore_peek(&order[2]);

	explore_assert(found == 12 || found == 21, "lost, or doubled");
}

static const struct explore_program msg_senders = {
	.name = "msg-senders",
	.what = "two CPUs send to a third",
	.ids = "F-D1 INV-Q1 INV-Q3 BUG-09",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { send_own_number, send_own_number, NULL },
	.check = check_senders,
};

/* A kick that CPU 0 takes sends, too: its thread's sends are not cut in two. */
static void
send_when_kicked(void)
{
	if (explore_self() == 0)
		msg_send_ok(1, 3);
	xcpu_on_ipi();
}

static void
check_interrupted(void)
{
	uint64_t found = explore_peek(&order[1]);

	explore_assert(found == 1 || found == 13 || found == 31,
	    "not each once");
}

static const struct explore_program msg_interrupt = {
	.name = "msg-interrupt",
	.what = "an interrupt sends at any step of a thread that sends",
	.ids = "F-D1 INV-Q1 INV-Q2 INV-Q10",
	.ncpu = 2,
	.setup = setup_attached,
	.cpu = { send_one, NULL },
	.check = check_interrupted,
	.on_kick = send_when_kicked,
	.spurious = { 1, 0 },
};

/* ---- to oneself ---- */

static void
run_and_send(void *arg, void *frame)
{
	msg_run(arg, frame);
	msg_send_ok(0, msg_number(arg) + 1);
	explore_assert(explore_read(&order[0]) % 10 == msg_number(arg),
	    "a message to oneself overtook the one that sent it");
}

static void
send_self(void)
{
	struct xcpu_msg msg = msg_make(run_and_send, 1);

	explore_assert(xcpu_msg_send(0, msg.fn, msg.arg, NULL) == 0, "refused");
	explore_assert(explore_read(&order[0]) == 12, "not run at once");
}

static void
check_self(void)
{
	msg_expect(0, 12);
}

static void
setup_one(void)
{
	msg_boot(1, 1);
}

static const struct explore_program msg_self = {
	.name = "msg-self",
	.what = "a message to oneself that sends another, and a spurious kick",
	.ids = "F-D2 INV-Q2 INV-Q12",
	.ncpu = 1,
	.setup = setup_one,
	.cpu = { send_self },
	.check = check_self,
	.spurious = { 1 },
};

/* ---- a full ring ---- */

static void
setup_half(void)
{
	setup_attached();
	explore_assert(xcpu_msg_passive(1, msg_run, msg_arg(0, 1), NULL) == 0 &&
	    xcpu_msg_passive(1, msg_run, msg_arg(0, 2), NULL) == 0, "setup");
	written[0][1].v_ = 1;
	written[0][2].v_ = 2;
}

static struct explore_word EXPLORE_DATA sent;

static void
send_over(void)
{
	struct xcpu_msg msgs[4];

	for (unsigned i = 0; i < 4; i++)
		msgs[i] = msg_make(msg_run, 3 + i);
	explore_write(&sent, (uint64_t)xcpu_msg_batch(1, msgs, 4, NULL));
}

static void
check_over(void)
{
	static const uint64_t digits[] = { 0, 0, 1234, 12345, 123456 };
	uint64_t n = explore_peek(&sent);

	explore_assert(n >= 2 && n <= 4, "there was room for at least two");
	msg_expect(1, digits[n]);
}

/*
 * The last message may only take the place of the first after that was read: one
 * slot is empty, so there are five.  P5.a P5.d relaxed are rejected.
 */
static const struct explore_program msg_full = {
	.name = "msg-full",
	.what = "four messages into a ring that has room for two",
	.ids = "F-D3 INV-Q4 INV-Q5 INV-Q9",
	.ncpu = 2,
	.setup = setup_half,
	.cpu = { send_over, NULL },
	.check = check_over,
	.spurious = { 0, 1 },
};

static void
send_rest(void)
{
	struct xcpu_msg msg;

	msg = msg_make(msg_run, 3);
	explore_note(scene_error(xcpu_msg_try(1, msg.fn, msg.arg, NULL)));
	msg_send_ok(1, 4);
	msg_send_ok(1, 5);
}

static void
check_rest(void)
{
	uint64_t found = explore_peek(&order[1]);

	explore_assert(found == 12345 || found == 1245, "lost, or out of order");
}

/* What never waits is refused first; what may wait, waits for the target. */
static const struct explore_program msg_room = {
	.name = "msg-room",
	.what = "a try and two sends into a ring that is half full",
	.ids = "F-D3 F-D6 F-N10 INV-Q1 INV-Q9",
	.ncpu = 2,
	.setup = setup_half,
	.cpu = { send_rest, NULL },
	.check = check_rest,
};

static const struct explore_program msg_budget = {
	.name = "msg-budget",
	.what = "three messages, with a budget of two",
	.ids = "F-B25 INV-Q2 INV-Q-L2",
	.ncpu = 2,
	.setup = setup_attached,
	.cpu = { send_over_budget, NULL },
	.check = check_over_budget,
};

/* ---- the pool ---- */

static void
setup_pool(void)
{
	msg_boot(2, 1);
}

static void
send_if_ring(void)
{
	unsigned self = explore_self();
	int error = msg_send(1 - self, 1, NULL);

	explore_note(scene_error(error));
	explore_assert(error == 0 || error == -XCPU_ENOSPC, "another error");
	if (error == 0)
		msg_send_ok(1 - self, 2);
	else
		explore_assert(msg_send(1 - self, 1, NULL) == -XCPU_ENOSPC,
		    "sent after all");
}

static void
check_pool(void)
{
	explore_assert(explore_peek(&order[0]) + explore_peek(&order[1]) == 12,
	    "not exactly one of them got the ring");
}

/* Two pairs want the last ring. */
static const struct explore_program msg_pool = {
	.name = "msg-pool",
	.what = "two CPUs send to each other, with one ring for both",
	.ids = "F-P8 INV-Q1 INV-Q9 BUG-50",
	.ncpu = 2,
	.setup = setup_pool,
	.cpu = { send_if_ring, send_if_ring },
	.check = check_pool,
};

const struct explore_program *const msg_programs[] = {
	&msg_first, &msg_two, &msg_three, &msg_batch, &msg_always, &msg_poll, &msg_process,
	&msg_mutual, &msg_senders, &msg_interrupt, &msg_self, &msg_full,
	&msg_room, &msg_budget, &msg_pool, NULL
};
