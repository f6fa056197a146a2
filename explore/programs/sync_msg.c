/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync_msg.c: rendezvous whose parked CPUs serve messages.
 *
 * Protocols P5 and P6.  Whatever came before the question may have been claimed
 * together with it: the initiator waits for a message that nobody will post
 * again.
 */
#include "msg.h"

/* On lines of its own, which EXPLORE_DATA would not leave it. */
static struct xcpu_sync_room room __attribute__((section("explore_data")));
static struct explore_word EXPLORE_DATA table;
static struct xcpu_sync EXPLORE_DATA sync;
static const struct xcpu_sync_opt serve_msg = { .flags = XCPU_SYNC_MSG };

static void
boot(unsigned ncpu)
{
	explore_domain_init(ncpu);
	(void)xcpu_sync_init(&explore_domain, &room);
	(void)xcpu_msg_pool(&explore_domain, ring, 4);
	for (unsigned cpu = 0; cpu < ncpu; cpu++) {
		explore_become(cpu);
		(void)xcpu_cpu_online(&explore_cpu[cpu]);
	}
	explore_become(0);
	explore_name(&room, sizeof(room), "room");
	explore_name(ring, sizeof(ring), "ring");
	explore_name(&table, sizeof(table), "table");
}

static void
setup_two(void)
{
	boot(2);
	msg_attach(0, 1);
}

static void
setup_masked(void)
{
	setup_two();
	explore_start_masked(1);
}

static void
park_second(void)
{
	struct xcpu_cpuset set = scene_set(2);

	explore_assert(xcpu_sync_start(&sync, &set, &serve_msg) == 0,
	    "refused");
	explore_write(&table, explore_read(&table) + 1);
}

static void
finish(void)
{
	explore_assert(xcpu_sync_finish(&sync) == 0, "not finished");
}

static void
await(const struct xcpu_ticket *ticket, uint64_t digits)
{
	explore_assert(xcpu_msg_wait(ticket, 0) == 0, "not waited for");
	explore_assert(explore_read(&order[1]) == digits,
	    "a parked CPU has not run it");
}

static void
send_then_park(void)
{
	struct xcpu_ticket ticket;

	explore_assert(msg_send(1, 1, &ticket) == 0, "not sent");
	park_second();
	await(&ticket, 1);
	finish();
}

static void
open_doorbell(void)
{
	explore_open();
}

/* The message and the question wait for the same claim. */
static const struct explore_program sync_msg_before = {
	.name = "sync-msg-before",
	.what = "a message sent before the rendezvous runs on a parked CPU",
	.ids = "F-D16 INV-R6 INV-Q-L1",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { send_then_park, open_doorbell },
};

static void
nothing(void *arg)
{
	(void)arg;
}

static void
park_then_send(void)
{
	struct xcpu_ticket ticket;

	park_second();
	explore_assert(xcpu_call_one(1, nothing, NULL, NULL) == -XCPU_EDEADLK,
	    "a parked CPU is waited for");
	explore_assert(msg_send(1, 1, &ticket) == 0, "not sent");
	await(&ticket, 1);
	finish();
}

static const struct explore_program sync_msg_parked = {
	.name = "sync-msg-parked",
	.what = "a message to a parked CPU, and its end, before the release",
	.ids = "F-D16 INV-R6 INV-Q-L1",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { park_then_send, NULL },
};

static void
park_then_send_twice(void)
{
	struct xcpu_ticket ticket;

	park_second();
	for (unsigned i = 1; i <= 2; i++) {
		explore_assert(msg_send(1, i, &ticket) == 0, "not sent");
		await(&ticket, i == 1 ? 1 : 12);
	}
	finish();
}

static void
poll_once(void)
{
	explore_close();
	(void)xcpu_idle_poll(0);
	explore_open();
}

/* Parked inside its poll, it must not watch a ring any more. */
static const struct explore_program sync_msg_poller = {
	.name = "sync-msg-poller",
	.what = "messages to a CPU that is parked in its idle poll",
	.ids = "F-D16 INV-R6 INV-Q-L1",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { park_then_send_twice, poll_once },
};

static void
park_then_leave_message(void)
{
	struct xcpu_msg msg;
	struct xcpu_ticket ticket;

	park_second();
	msg = msg_make(msg_run, 1);
	explore_assert(xcpu_msg_passive(1, msg.fn, msg.arg, &ticket) == 0,
	    "not sent");
	while (!xcpu_msg_done(&ticket))
		explore_relax();
	explore_assert(explore_read(&order[1]) == 1, "done, and not run");
	finish();
}

/* No tick comes by where it stands. */
static const struct explore_program sync_msg_passive = {
	.name = "sync-msg-passive",
	.what = "a passive message to a parked CPU",
	.ids = "F-D16 F-D5 INV-Q-L3",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { park_then_leave_message, NULL },
};

const struct explore_program *const sync_msg_programs[] = {
	&sync_msg_before, &sync_msg_parked, &sync_msg_poller, &sync_msg_passive,
	NULL
};
