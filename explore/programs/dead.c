/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead.c: CPUs that die, and what others waited for.
 *
 * A dead CPU is one that does nothing, masked: it has no function, or returned
 * from it masked after it said so.  Where it died in the library, setup() writes
 * what it would have left.
 */
#include "pages.h"

#define DEAD 1

static struct xcpu_au32 EXPLORE_DATA died, buried;
static struct xcpu_call EXPLORE_DATA object;
static struct explore_word EXPLORE_DATA runs[3];

/* Everything before it is visible to who reports the death. */
static void
last_word(void)
{
	xcpu_store_rel(&died, 1);
}

static int
bury(void)
{
	struct xcpu_cpuset set = scene_set(1 << DEAD);

	return xcpu_cpu_dead(&set);
}

static void
bury_at_once(void)
{
	explore_assert(bury() == 0, "not buried");
}

static void
bury_later(void)
{
	while (xcpu_load_acq(&died) == 0)
		explore_relax();
	bury_at_once();
}

static void
run(void *arg)
{
	(void)arg;
	explore_write(&runs[explore_self()],
	    explore_read(&runs[explore_self()]) + 1);
}

static void
setup(unsigned ncpu)
{
	explore_boot(ncpu);
	explore_start_masked(DEAD);
	explore_name(&died, sizeof(died), "died");
	explore_name(&buried, sizeof(buried), "buried");
	explore_name(&object, sizeof(object), "object");
}

static void
setup_two(void)
{
	setup(2);
}

static void
setup_three(void)
{
	setup(3);
}

static void
check_off(void)
{
	explore_assert(!xcpu_cpu_ready(&explore_domain, DEAD), "not off");
	explore_assert(explore_peek(&runs[DEAD]) == 0, "run by the dead");
	explore_assert(scene_carrier_free(0), "a slot in flight");
}

/* ---- calls ---- */

static void
call_it(void)
{
	int error = xcpu_call_one(DEAD, run, NULL, NULL);

	explore_assert(error == -XCPU_ECANCELED || error == -XCPU_ENXIO,
	    "a call that the dead has answered");
	explore_note(scene_error(error));
}

static const struct explore_program dead_call = {
	.name = "dead-call",
	.what = "a CPU calls a dead one, while a third reports it",
	.ids = "F-B20 INV-C1 INV-C8",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { call_it, NULL, bury_at_once },
	.check = check_off,
	.bound = 3,
};

static void
start_and_bury(void)
{
	struct xcpu_cpuset set = scene_set(1 << DEAD);
	int error = xcpu_call_start(&object, &set, run, NULL, NULL);

	explore_assert(error == 0, "not started");
	bury_later();
	explore_assert(xcpu_call_done(&object), "queued for good");
	explore_assert(xcpu_call_one(DEAD, run, NULL, NULL) == -XCPU_ENXIO,
	    "accepted after its death");
}

static const struct explore_program dead_object = {
	.name = "dead-object",
	.what = "a started call to a CPU that dies masked",
	.ids = "F-B20 F-B17 INV-C8",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { start_and_bury, last_word },
	.check = check_off,
};

/* ---- shootdowns ---- */

static struct xcpu_space EXPLORE_DATA space;

static void
setup_space(void)
{
	setup(3);
	xcpu_space_init(&space, NULL);
	explore_become(DEAD);
	(void)xcpu_space_switch(&space);
	explore_become(0);
}

static void
flush_it(void)
{
	explore_assert(xcpu_shootdown_all(&space, NULL) == 0, "not flushed");
}

static void
check_space(void)
{
	check_off();
	explore_assert(xcpu_space_destroy(&space) == 0, "a space in use");
	explore_assert(scene_slot_free(DEAD), "a token line in use");
}

static const struct explore_program dead_flush = {
	.name = "dead-flush",
	.what = "a shootdown of what a dead CPU has loaded, while it is reported",
	.ids = "F-X3 F-B20 INV-S4 INV-S-L1",
	.ncpu = 3,
	.setup = setup_space,
	.cpu = { flush_it, NULL, bury_at_once },
	.check = check_space,
	.bound = 3,
};

static void
setup_round(void)
{
	setup_space();
	scene_keep_slot_busy(DEAD);
}

static const struct explore_program dead_round = {
	.name = "dead-round",
	.what = "the same by a round: the token line is taken",
	.ids = "F-B20 INV-S-L1",
	.ncpu = 3,
	.setup = setup_round,
	.cpu = { flush_it, NULL, bury_at_once },
	.check = check_off,
	.bound = 3,
};

/* ---- what it left half done ---- */

/* A token line that it was filling; a post without its kick; `posting`. */
static void
setup_halves(void)
{
	setup(3);
	/* rlx: setup, from here to the end */
	xcpu_store_rlx(&scene_line(0)->slot,
	    (uint64_t)DEAD << 48 | SCENE_SLOT_FILL);
	xcpu_store_rlx(&explore_cpu[DEAD].posting, 1); /* rlx: setup */
	explore_cpu[DEAD].depth = 1;
	explore_become(DEAD);
	explore_assert(xcpu_event_register(run, NULL) == 1, "another id");
	explore_become(0);
	xcpu_fetch_or_rlx(&explore_cpu[0].event.pending[0], 2); /* rlx: setup */
	scene_post_unkicked(0, XCPU_LANE_EVENT);
}

static void
check_halves(void)
{
	check_off();
	explore_assert(scene_slot_free(0), "a token line in use");
	explore_assert(explore_peek(&runs[0]) == 1, "an event is lost");
	/* rlx: everything is over */
	explore_assert(xcpu_load_rlx(&explore_cpu[DEAD].posting) == 0 &&
	    explore_cpu[DEAD].depth == 0, "still at work");
}

static const struct explore_program dead_halves = {
	.name = "dead-halves",
	.what = "a CPU died between a post and its kick, and filling a slot",
	.ids = "F-B20 INV-E1 INV-C8",
	.ncpu = 3,
	.setup = setup_halves,
	.cpu = { NULL, NULL, bury_at_once },
	.check = check_halves,
};

/* The post without its kick was to the reporter itself. */
static const struct explore_program dead_own_half = {
	.name = "dead-own-half",
	.what = "a CPU died between a post and its kick, to who reports it",
	.ids = "F-B20 INV-E1 INV-C8",
	.ncpu = 3,
	.setup = setup_halves,
	.cpu = { bury_at_once },
	.check = check_halves,
};

/* It died as it reported the death of CPU 2: whoever reports both goes on. */
static void
setup_reporter(void)
{
	setup_three();
	explore_start_masked(2);
	xcpu_store_rlx(&explore_domain.burying, DEAD + 1); /* rlx: setup */
}

static void
bury_both(void)
{
	struct xcpu_cpuset first = scene_set(1 << 2);
	struct xcpu_cpuset both = scene_set(1 << DEAD | 1 << 2);

	explore_assert(xcpu_cpu_dead(&first) == -XCPU_EBUSY,
	    "beside a reporter who may live");
	explore_assert(xcpu_cpu_dead(&both) == 0, "not buried");
	explore_assert(xcpu_cpu_dead(&both) == 0, "kept for good");
}

static void
check_both(void)
{
	check_off();
	explore_assert(!xcpu_cpu_ready(&explore_domain, 2), "not off");
}

static const struct explore_program dead_reporter = {
	.name = "dead-reporter",
	.what = "a CPU died as it reported a death, and both are reported",
	.ids = "F-B20 INV-C8",
	.ncpu = 3,
	.setup = setup_reporter,
	.cpu = { bury_both },
	.check = check_both,
};

/* Nobody reports it; it takes more ticks than DEAD_POSTER_TICKS of src/drain.c. */
static void
tick_for_long(void)
{
	for (unsigned ticks = 0; ticks < 502; ticks++)
		xcpu_on_tick();
	explore_assert(explore_peek(&runs[0]) == 1, "an event stands for good");
}

static const struct explore_program dead_poster = {
	.name = "dead-poster",
	.what = "a CPU died between a post and its kick, and nobody knows",
	.ids = "F-P5 INV-E4",
	.ncpu = 3,
	.setup = setup_halves,
	.cpu = { tick_for_long },
};

/* ---- and comes back ---- */

static void
come_back(void)
{
	last_word();
	while (xcpu_load_acq(&buried) == 0)
		explore_relax();
	explore_assert(xcpu_cpu_online(&explore_cpu[DEAD]) == 0, "not online");
	explore_open();
}

static void
bury_and_call(void)
{
	bury_later();
	xcpu_store_rel(&buried, 1);
	explore_assert(xcpu_call_one(DEAD, run, NULL, &(struct xcpu_call_opt){
	    .not_ready = XCPU_WAIT_NOT_READY }) == 0, "not called");
}

static void
check_back(void)
{
	explore_assert(xcpu_cpu_ready(&explore_domain, DEAD), "not ready");
	explore_assert(explore_peek(&runs[DEAD]) == 1, "not run once");
}

/* Its latched interrupt of before comes whenever it likes. */
static const struct explore_program dead_back = {
	.name = "dead-back",
	.what = "a CPU dies, is reported, comes online and is called",
	.ids = "F-B20 INV-C8 BUG-83",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { bury_and_call, come_back },
	.check = check_back,
	.spurious = { 0, 1 },
};

const struct explore_program *const dead_programs[] = {
	&dead_call, &dead_object, &dead_flush, &dead_round, &dead_halves,
	&dead_own_half, &dead_reporter, &dead_poster, &dead_back, NULL
};
