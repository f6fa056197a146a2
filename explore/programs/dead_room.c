/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_room.c: CPUs that die with messages under way, or while others stand
 * still for them.
 */
#include "msg.h"

#define DEAD 1

static struct xcpu_au32 EXPLORE_DATA died, buried;

static void
last_word(void)
{
	xcpu_store_rel(&died, 1);
}

static void
bury(void)
{
	struct xcpu_cpuset set = scene_set(1 << DEAD);

	explore_assert(xcpu_cpu_dead(&set) == 0, "not buried");
	xcpu_store_rel(&buried, 1);
}

static void
bury_later(void)
{
	while (xcpu_load_acq(&died) == 0)
		explore_relax();
	bury();
}

static void
come_back(void)
{
	while (xcpu_load_acq(&buried) == 0)
		explore_relax();
	explore_assert(xcpu_cpu_online(&explore_cpu[DEAD]) == 0, "not online");
}

static void
name_words(void)
{
	explore_start_masked(DEAD);
	explore_name(&died, sizeof(died), "died");
	explore_name(&buried, sizeof(buried), "buried");
}

/* ---- messages to it ---- */

static void
setup_inbox(void)
{
	msg_boot(2, 4);
	msg_attach(0, DEAD);
	name_words();
}

static void
send_bury_send(void)
{
	struct xcpu_ticket ticket;

	explore_assert(msg_send(DEAD, 1, &ticket) == 0, "not sent");
	bury_later();
	explore_assert(xcpu_msg_done(&ticket), "a message under way for good");
	while (msg_send(DEAD, 2, NULL) == -XCPU_ENXIO)
		explore_relax();
}

static void
die_and_receive(void)
{
	last_word();
	come_back();
	explore_open();
}

static void
check_inbox(void)
{
	msg_expect(DEAD, 2);
}

static const struct explore_program dead_inbox = {
	.name = "dead-inbox",
	.what = "a message to a CPU that dies, and one when it is back",
	.ids = "F-B20 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_inbox,
	.cpu = { send_bury_send, die_and_receive },
	.check = check_inbox,
};

static void
setup_sender(void)
{
	msg_boot(3, 4);
	msg_attach(0, DEAD);
	name_words();
}

static void
send_it(void)
{
	int error = msg_send(DEAD, 1, NULL);

	explore_assert(error == 0 || error == -XCPU_ENXIO, "another error");
	explore_note(scene_error(error));
}

static void
check_dropped(void)
{
	const struct xcpu_msg_ring *r = &ring[0];

	msg_expect(DEAD, 0);
	/* rlx: everything is over, all */
	explore_assert(r->tail == r->taken && xcpu_load_rlx(&r->head) ==
	    r->taken && xcpu_load_rlx(&r->done) == r->taken, /* rlx: as above */
	    "a ring that is not empty");
}

/* He looked, and found it ready; then it is dead. */
static const struct explore_program dead_sent = {
	.name = "dead-sent",
	.what = "a message to a dead CPU, while a third one reports it",
	.ids = "F-B20 INV-Q1",
	.ncpu = 3,
	.setup = setup_sender,
	.cpu = { send_it, NULL, bury },
	.check = check_dropped,
	.bound = 3,
};

static void
bury_too(void)
{
	struct xcpu_cpuset set = scene_set(1 << DEAD);
	int error = xcpu_cpu_dead(&set);

	explore_assert(error == 0 || error == -XCPU_EBUSY, "another error");
	explore_note(scene_error(error));
}

static void
send_and_bury(void)
{
	send_it();
	bury_too();
}

/* What the first found late, in its second look, is no news to the second. */
static const struct explore_program dead_twice = {
	.name = "dead-twice",
	.what = "two CPUs report the same death, and one has just sent to it",
	.ids = "F-B20 INV-Q1",
	.ncpu = 3,
	.setup = setup_sender,
	.cpu = { send_and_bury, NULL, bury_too },
	.check = check_dropped,
	.bound = 3,
};

/* ---- messages from it ---- */

/* It had told nobody of its first message, and not shown its second. */
static void
setup_outbox(void)
{
	struct xcpu_msg_slot *slot;

	msg_boot(2, 4);
	msg_attach(DEAD, 0);
	name_words();
	explore_become(DEAD);
	(void)msg_make(msg_run, 1);
	slot = ring[0].fill;
	slot[0].arg = msg_arg(DEAD, 1);
	xcpu_store_rlx(&slot[1].fn, NULL); /* rlx: setup, both */
	xcpu_store_rlx(&slot[0].fn, (void *)(uintptr_t)msg_run); /* rlx: setup */
	ring[0].fill += 2;
	ring[0].tail += 2;
	explore_become(0);
}

static void
die_and_send(void)
{
	last_word();
	come_back();
	msg_send_ok(0, 2);
	explore_open();
}

static void
check_outbox(void)
{
	msg_expect(0, 12);
}

static const struct explore_program dead_outbox = {
	.name = "dead-outbox",
	.what = "a CPU died in the midst of a send, and sends when it is back",
	.ids = "F-B20 INV-Q1 INV-Q2",
	.ncpu = 2,
	.setup = setup_outbox,
	.cpu = { bury_later, die_and_send },
	.check = check_outbox,
};

/* ---- others stand still for it ---- */

static struct xcpu_sync_room room __attribute__((section("explore_data")));
static struct xcpu_sync EXPLORE_DATA led;
static struct explore_word EXPLORE_DATA acted;

static void
act(void *arg)
{
	(void)arg;
	explore_write(&acted, explore_read(&acted) + 1);
}

static void
setup_leader(void)
{
	explore_domain_init(3);
	(void)xcpu_sync_init(&explore_domain, &room);
	for (unsigned cpu = 0; cpu < 3; cpu++) {
		explore_become(cpu);
		(void)xcpu_cpu_online(&explore_cpu[cpu]);
	}
	explore_become(0);
	explore_name(&room, sizeof(room), "room");
	explore_name(&acted, sizeof(acted), "acted");
	name_words();
	led.fin1 = act;
}

static void
lead_and_die(void)
{
	struct xcpu_cpuset set = scene_set(1 << 0);

	explore_assert(xcpu_sync_start(&led, &set, NULL) == 0, "not started");
	last_word();
}

static void
check_leader(void)
{
	/* rlx: everything is over, both */
	explore_assert(xcpu_load_rlx(&room.owner) == 0, "a room in use");
	explore_assert((uint32_t)xcpu_load_rlx(&scene_line(0)->sync) == 0,
	    "parked for good");
	explore_assert(explore_peek(&acted) == 0, "acted for the dead");
}

static const struct explore_program dead_leader = {
	.name = "dead-leader",
	.what = "a CPU dies while another is parked for it",
	.ids = "F-B20 F-B18 INV-R10",
	.ncpu = 3,
	.setup = setup_leader,
	.cpu = { NULL, lead_and_die, bury_later },
	.check = check_leader,
	.bound = 3,
};

/* src/park.h: planes of lane 0; what else a question says. */
#define TODO_COMING_OPEN 0x1000101
#define TODO_ACTING_OPEN 0x1010001
#define NO_ENTRY_BUT_EXIT ((uint64_t)6 << 56)

/* It had asked, and died before it posted. */
static void
ask_and_die(uint64_t question)
{
	setup_leader();
	/* rlx: setup, all */
	xcpu_store_rlx(&room.owner, DEAD + 1);
	room.generation = 1;
	xcpu_store_rlx(&scene_line(0)->sync, /* rlx: setup */
	    (uint64_t)1 << 32 | question);
}

static void
setup_asked(void)
{
	ask_and_die(TODO_COMING_OPEN);
}

static const struct explore_program dead_asked = {
	.name = "dead-asked",
	.what = "a CPU died when it had asked another one to park, unheard",
	.ids = "F-B20 F-B18 INV-R10",
	.ncpu = 3,
	.setup = setup_asked,
	.cpu = { NULL, NULL, bury },
	.check = check_leader,
};

/* No barrier before the second one: who waits there has read no GO. */
static void
setup_exit(void)
{
	ask_and_die(NO_ENTRY_BUT_EXIT | TODO_ACTING_OPEN);
	scene_post_unkicked(0, XCPU_LANE_CALL);
}

static const struct explore_program dead_exit = {
	.name = "dead-exit",
	.what = "a CPU dies while another is parked at its second barrier alone",
	.ids = "F-B20 F-B18 INV-R10",
	.ncpu = 3,
	.setup = setup_exit,
	.cpu = { NULL, NULL, bury },
	.check = check_leader,
	.spurious = { 1 },
};

const struct explore_program *const dead_room_programs[] = {
	&dead_inbox, &dead_sent, &dead_twice, &dead_outbox, &dead_leader,
	&dead_asked, &dead_exit, NULL
};
