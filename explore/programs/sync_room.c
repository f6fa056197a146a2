/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync_room.c: the order among initiators.
 *
 * Protocol P6, the room: taken when it is free, else handed over.  Nobody takes
 * part, so that only the room orders them.
 */
#include "scene.h"

#define TIMEOUT_NS 1000

/* On lines of its own, which EXPLORE_DATA would not leave it. */
static struct xcpu_sync_room room __attribute__((section("explore_data")));
static struct explore_word EXPLORE_DATA table;
static struct explore_word EXPLORE_DATA turns[3];
static struct explore_word EXPLORE_DATA got;

static void
boot(unsigned ncpu)
{
	explore_domain_init(ncpu);
	(void)xcpu_sync_init(&explore_domain, &room);
	for (unsigned i = 0; i < ncpu; i++) {
		explore_become(i);
		(void)xcpu_cpu_online(&explore_cpu[i]);
	}
	explore_become(0);
	explore_name(&room, sizeof(room), "room");
	explore_name(&table, sizeof(table), "table");
	explore_name(turns, sizeof(turns), "turns");
}

static void
boot_two(void)
{
	boot(2);
}

static void
boot_three(void)
{
	boot(3);
}

static int
enter(struct xcpu_sync *sync, const struct xcpu_sync_opt *opt)
{
	struct xcpu_cpuset none = scene_set(0);
	struct explore_word *mine = &turns[explore_self()];
	int error = xcpu_sync_start(sync, &none, opt);

	if (error != 0)
		return error;
	explore_write(&table, explore_read(&table) + 1);
	explore_write(mine, explore_read(mine) + 1);
	return 0;
}

static void
leave(struct xcpu_sync *sync)
{
	explore_assert(xcpu_sync_finish(sync) == 0, "not finished");
}

/* ---- turns ---- */

static void
take_two_turns(void)
{
	struct xcpu_sync sync = { .run = NULL };
	uint64_t waiting;

	explore_assert(enter(&sync, NULL) == 0, "refused");
	/* rlx: what this CPU has seen it sees when it leaves, too */
	waiting = xcpu_load_rlx(&room.waiting[0]);
	leave(&sync);
	explore_assert(enter(&sync, NULL) == 0, "refused");
	for (unsigned cpu = 0; cpu < explore_domain.ncpu; cpu++)
		explore_assert((waiting >> cpu & 1) == 0 ||
		    explore_read(&turns[cpu]) != 0, "passed by");
	leave(&sync);
}

static void
take_turn(void)
{
	struct xcpu_sync sync = { .run = NULL };

	explore_assert(enter(&sync, NULL) == 0, "refused");
	leave(&sync);
}

static void
check_three(void)
{
	explore_assert(explore_peek(&table) == 3, "two were in at once");
	/* rlx: everything is over */
	explore_assert(xcpu_load_rlx(&room.owner) == 0,
	    "the room has an owner still");
}

static const struct explore_program sync_turns = {
	.name = "sync-turns",
	.what = "who waits for the room gets it before its owner does again",
	.ids = "INV-R8 BUG-44",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { take_two_turns, take_turn },
	.check = check_three,
};

static void
check_four(void)
{
	explore_assert(explore_peek(&table) == 4, "two were in at once");
}

static const struct explore_program sync_turns_three = {
	.name = "sync-turns-three",
	.what = "the same with two others",
	.ids = "INV-R8 BUG-44",
	.ncpu = 3,
	.setup = boot_three,
	.cpu = { take_turn, take_two_turns, take_turn },
	.check = check_four,
};

/* ---- giving up ---- */

static void
give_up(void)
{
	struct xcpu_sync sync = { .run = NULL };
	struct xcpu_sync_opt opt = { .timeout_ns = TIMEOUT_NS };
	int error = enter(&sync, &opt);

	explore_note(scene_error(error));
	explore_assert(error == 0 || error == -XCPU_ETIMEDOUT, "refused");
	if (error != 0)
		return;
	explore_write(&got, 1);
	leave(&sync);
}

static void
take_turn_twice(void)
{
	take_turn();
	take_turn();
}

static void
check_given_up(void)
{
	explore_assert(explore_peek(&table) == 2 + explore_peek(&got),
	    "two were in at once");
}

/* It gives up as the room is handed to it: then the room is its own. */
static const struct explore_program sync_give_up = {
	.name = "sync-give-up",
	.what = "an initiator gives up, and does not keep those behind it",
	.ids = "F-P2 INV-R8 INV-R9",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { take_turn_twice, give_up },
	.check = check_given_up,
	.deadlines = { 0, 2 },
};

const struct explore_program *const sync_room_programs[] = {
	&sync_turns, &sync_turns_three, &sync_give_up, NULL
};
