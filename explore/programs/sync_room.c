/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync_room.c: the order among initiators, and the generations of their
 * rendezvous.
 *
 * Protocol P6, the room: taken when it is free, else handed over.  But for the
 * last program nobody takes part, so that only the room orders them.
 */
#include "sync.h"

static struct explore_word EXPLORE_DATA turns[3];
static struct explore_word EXPLORE_DATA got;

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

/* ---- death ---- */

/* CPU 1 waits for the room, and dies of it. */
static void
setup_dead_waiter(void)
{
	boot_three();
	room.waiting[0].v_ = 1 << 1;
	explore_start_masked(1);
}

static void
report_then_take_turn(void)
{
	struct xcpu_cpuset dead = scene_set(2);

	explore_assert(xcpu_cpu_dead(&dead) == 0, "not reported");
	take_turn();
}

/* The room may have just been handed to it, or be about to. */
static const struct explore_program sync_dead_waiter = {
	.name = "sync-dead-waiter",
	.what = "a CPU that waits for the room is reported dead",
	.ids = "F-B20 INV-R10",
	.ncpu = 3,
	.setup = setup_dead_waiter,
	.cpu = { take_turn, NULL, report_then_take_turn },
};

/* ---- generations ---- */

/* The next one is the first again; CPU 1 slept since the second of last time. */
static void
setup_last(void)
{
	boot_two();
	room.generation = ((uint32_t)1 << XCPU_SEQ_BITS) - 1;
	room.line[1 / XCPU_LANES_PER_LINE].release.v_ = 1 << 2 | 1;
}

static void
park_in_second(void)
{
	struct xcpu_cpuset none = scene_set(0);
	struct xcpu_cpuset set = scene_set(2);

	explore_assert(xcpu_sync_simple(&none, act, NULL, NULL) == 0, "refused");
	sync[0].fin1 = act;
	explore_assert(xcpu_sync_start(&sync[0], &set, NULL) == 0, "refused");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	explore_assert(explore_read(&acted[1]) == 1, "fin1 has not run");
}

/* What was decided long ago is not found. */
static const struct explore_program sync_wrap = {
	.name = "sync-wrap",
	.what = "generations begin again, with an old decision of the same number",
	.ids = "F-P11 INV-R3 BUG-72",
	.ncpu = 2,
	.setup = setup_last,
	.cpu = { park_in_second, work },
};

static void
run_another(void)
{
	struct xcpu_cpuset set = scene_set(2);

	sync[0].run = run;
	explore_assert(xcpu_sync_start(&sync[0], &set, NULL) == 0, "refused");
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	sync[0].run = act;
	explore_assert(xcpu_sync_start(&sync[0], &set, NULL) == 0, "refused");
	explore_assert(explore_read(&ran[1]) == 1 &&
	    explore_read(&acted[1]) == 1, "the run of the last time");
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
}

/* The functions are written again only where they are others. */
static const struct explore_program sync_run_another = {
	.name = "sync-run-another",
	.what = "two rendezvous, each with a run of its own",
	.ids = "F-D15 INV-R2 INV-R3",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { run_another, NULL },
};

const struct explore_program *const sync_room_programs[] = {
	&sync_turns, &sync_turns_three, &sync_give_up, &sync_dead_waiter,
	&sync_wrap, &sync_run_another, NULL
};
