/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg_life.c: passive messages, CPUs that sleep, CPUs that come and go.
 *
 * Protocol P5, the passive part, and departures 1 and 7 of DESIGN.md: whatever
 * was accepted runs once, whatever was refused never.
 */
#include "msg.h"

static int
send_passive(unsigned cpu, unsigned number)
{
	struct xcpu_msg msg = msg_make(msg_run, number);

	return xcpu_msg_passive(cpu, msg.fn, msg.arg, NULL);
}

static void
check_one(void)
{
	msg_expect(1, 1);
}

static void
check_two(void)
{
	msg_expect(1, 12);
}

/* ---- passive ---- */

static struct xcpu_au32 EXPLORE_DATA quiet;

static void
be_quiet(void)
{
	xcpu_store_rel(&quiet, 1);
}

/* As time does: from now on all that was sent is visible here. */
static void
wait_for_quiet(void)
{
	while (xcpu_load_acq(&quiet) == 0)
		explore_relax();
}

static void
setup_masked(void)
{
	msg_boot(2, 4);
	msg_attach(0, 1);
	explore_start_masked(1);
}

static void
passive_one(void)
{
	explore_assert(send_passive(1, 1) == 0, "not sent");
}

static void
sleep_once(void)
{
	if (xcpu_on_idle_enter())
		explore_halt();
	explore_open();
}

/*
 * CPU 1 has no tick: if it does not find the message before it halts, it must be
 * kicked.  Both fences are needed: who marks, then looks, and who sleeps, then
 * looks.
 */
static const struct explore_program msg_sleep = {
	.name = "msg-sleep",
	.what = "a passive message to a CPU that goes to sleep without a tick",
	.ids = "F-D5 INV-Q-L3",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { passive_one, sleep_once },
	.check = check_one,
};

static void
passive_then_active(void)
{
	explore_assert(send_passive(1, 1) == 0, "not sent");
	msg_send_ok(1, 2);
}

static void
setup_open(void)
{
	msg_boot(2, 4);
	msg_attach(0, 1);
}

/* P5: a passive send that sets what an active one tests strands the latter. */
static const struct explore_program msg_passive_first = {
	.name = "msg-passive-first",
	.what = "a passive message, then one that kicks",
	.ids = "F-D5 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_open,
	.cpu = { passive_then_active, NULL },
	.check = check_two,
	.spurious = { 0, 1 },
};

static void
active_then_passive(void)
{
	msg_send_ok(1, 1);
	explore_assert(send_passive(1, 2) == 0, "not sent");
	be_quiet();
}

static void
tick_at_last(void)
{
	explore_open();
	wait_for_quiet();
	xcpu_on_tick();
}

static const struct explore_program msg_tick = {
	.name = "msg-tick",
	.what = "a message, then a passive one, which the tick finds at last",
	.ids = "F-D5 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { active_then_passive, tick_at_last },
	.check = check_two,
};

static void
setup_two_words(void)
{
	setup_masked();
	/* As with more than 64 CPUs; those here are in the first word. */
	explore_domain.nwords = 2;
}

static void
passive_at_last(void)
{
	explore_assert(send_passive(1, 1) == 0, "not sent");
	be_quiet();
}

static void
passives_at_last(void)
{
	explore_assert(send_passive(1, 1) == 0 && send_passive(1, 2) == 0,
	    "not sent");
	be_quiet();
}

static void
tick_twice(void)
{
	xcpu_on_tick();
	tick_at_last();
}

/* A summary that is seen before its word leads to nothing, and is gone. */
static const struct explore_program msg_two_words = {
	.name = "msg-two-words",
	.what = "a passive message and two ticks, with sources in two levels",
	.ids = "F-B22 F-P8 INV-Q1",
	.ncpu = 2,
	.setup = setup_two_words,
	.cpu = { passive_at_last, tick_twice },
	.check = check_one,
};

/* A summary that is not marked again may just be being cleared. */
static const struct explore_program msg_two_words_again = {
	.name = "msg-two-words-again",
	.what = "two passive messages, with sources in two levels",
	.ids = "F-B22 F-P8 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_two_words,
	.cpu = { passives_at_last, tick_twice },
	.check = check_two,
};

static void
frame_is(void *arg, void *frame)
{
	explore_assert(frame == &order[1], "another frame");
	msg_run(arg, frame);
}

static void
passive_with_frame(void)
{
	struct xcpu_msg msg = msg_make(frame_is, 1);

	explore_note(scene_error(xcpu_msg_passive(1, msg.fn, msg.arg, NULL)));
	be_quiet();
}

static void
poll_with_frame(void)
{
	wait_for_quiet();
	xcpu_msg_process(&order[1]);
	explore_open();
}

static const struct explore_program msg_frame = {
	.name = "msg-frame",
	.what = "a passive message that the host looks for, with a frame",
	.ids = "F-D5 F-D11",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { passive_with_frame, poll_with_frame },
	.check = check_one,
};

static void
active_with_frame(void)
{
	struct xcpu_msg msg = msg_make(frame_is, 1);

	explore_note(scene_error(xcpu_msg_send(1, msg.fn, msg.arg, NULL)));
}

static void
kick_with_frame(void)
{
	xcpu_on_ipi_frame(&order[1]);
}

static const struct explore_program msg_kick_frame = {
	.name = "msg-kick-frame",
	.what = "a message that gets the frame which its kick interrupted",
	.ids = "F-D11",
	.ncpu = 2,
	.setup = setup_open,
	.cpu = { active_with_frame, NULL },
	.check = check_one,
	.on_kick = kick_with_frame,
};

/* ---- CPUs that come and go ---- */

static struct explore_word EXPLORE_DATA accepted;

static void
count(int error, unsigned number)
{
	explore_note(scene_error(error));
	explore_assert(error == 0 || error == -XCPU_ENXIO, "another error");
	if (error == 0)
		explore_write(&accepted,
		    explore_read(&accepted) * 10 + number);
}

static void
send_some(void)
{
	count(msg_send(1, 1, NULL), 1);
	count(msg_send(1, 2, NULL), 2);
}

static void
send_first(void)
{
	count(msg_send(1, 1, NULL), 1);
}

static void
passive_first(void)
{
	count(send_passive(1, 1), 1);
}

static void
check_accepted(void)
{
	msg_expect(1, explore_peek(&accepted));
}

static void
setup_off(void)
{
	explore_domain_init(2);
	(void)xcpu_msg_pool(&explore_domain, ring, 2);
	explore_become(0);
	(void)xcpu_cpu_online(&explore_cpu[0]);
	explore_start_masked(1);
	explore_name(&accepted, sizeof(accepted), "accepted");
}

static void
come_online(void)
{
	explore_assert(xcpu_cpu_online(&explore_cpu[explore_self()]) == 0,
	    "refused");
	explore_open();
}

static const struct explore_program msg_online = {
	.name = "msg-online",
	.what = "two messages to a CPU that comes online",
	.ids = "F-B20 INV-Q1 INV-Q2 INV-C8",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { send_some, come_online },
	.check = check_accepted,
};

static void
go_offline(void)
{
	explore_assert(xcpu_cpu_offline() == 0, "refused");
	explore_open();
}

static void
setup_fresh(void)
{
	msg_boot(2, 2);
	explore_name(&accepted, sizeof(accepted), "accepted");
}

/* It sweeps every ring, also one that is being attached at this moment. */
static const struct explore_program msg_offline = {
	.name = "msg-offline",
	.what = "the first message of a pair, to a CPU that leaves",
	.ids = "F-B20 INV-Q1 INV-C8",
	.ncpu = 2,
	.setup = setup_fresh,
	.cpu = { send_first, go_offline },
	.check = check_accepted,
};

static const struct explore_program msg_offline_two = {
	.name = "msg-offline-two",
	.what = "two messages to a CPU that leaves",
	.ids = "F-B20 INV-Q1 INV-Q2 INV-C8",
	.ncpu = 2,
	.setup = setup_fresh,
	.cpu = { send_some, go_offline },
	.check = check_accepted,
};

/* Nobody was told of it: the last sweep finds it all the same. */
static const struct explore_program msg_offline_passive = {
	.name = "msg-offline-passive",
	.what = "a passive message to a CPU that leaves",
	.ids = "F-D5 F-B20 INV-Q1 INV-C8",
	.ncpu = 2,
	.setup = setup_fresh,
	.cpu = { passive_first, go_offline },
	.check = check_accepted,
};

static void
send_and_leave(void)
{
	msg_send_ok(1, 1);
	msg_send_ok(1, 2);
	go_offline();
}

/* What a CPU has sent does not leave with it. */
static const struct explore_program msg_sender_leaves = {
	.name = "msg-sender-leaves",
	.what = "two messages of a CPU that leaves",
	.ids = "F-B20 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_fresh,
	.cpu = { send_and_leave, NULL },
	.check = check_two,
};

static void
go_and_come(void)
{
	explore_close();
	explore_assert(xcpu_cpu_offline() == 0, "refused");
	come_online();
}

static const struct explore_program msg_replug = {
	.name = "msg-replug",
	.what = "two messages to a CPU that leaves and returns",
	.ids = "F-B20 INV-Q1 INV-Q2 INV-C8",
	.ncpu = 2,
	.setup = setup_fresh,
	.cpu = { send_some, go_and_come },
	.check = check_accepted,
};

const struct explore_program *const msg_life_programs[] = {
	&msg_sleep, &msg_passive_first, &msg_tick, &msg_two_words,
	&msg_two_words_again, &msg_frame, &msg_kick_frame, &msg_online,
	&msg_offline, &msg_offline_two, &msg_offline_passive,
	&msg_sender_leaves, &msg_replug, NULL
};
