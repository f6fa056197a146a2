/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_stop.c: CPUs that die as they stop others, among them who reports it.
 *
 * CPU 1 died as it owned the room of stops and wanted CPU 0, on whose way the
 * kick still is.  If CPU 0 stood before it reports, somebody else would, and
 * let it go: so here the kick comes when it is the reporter, and if it stood
 * then, nobody would.
 */
#include "scene.h"

#define DEAD 1

/* src/stop.c */
#define WANTED	1

/* On lines of its own, which EXPLORE_DATA would not leave it. */
static struct xcpu_stop_room room __attribute__((section("explore_data")));

static void
setup(void)
{
	explore_boot(2);
	(void)xcpu_stop_init(&explore_domain, &room);
	explore_name(&room, sizeof(room), "room");
	explore_start_masked(DEAD);
	/* rlx: setup, all */
	xcpu_store_rlx(&room.owner, DEAD + 1);
	xcpu_store_rlx(&room.state[0], WANTED); /* rlx: setup */
	xcpu_fetch_or_rlx(&explore_cpu[0].line->bell, /* rlx: setup */
	    (uint64_t)XCPU_LANE_STOP << explore_cpu[0].lane_shift);
}

/* Since its first step; the first two words that it writes. */
static bool
reports(void)
{
	/* rlx: own words, both */
	return xcpu_load_rlx(&explore_domain.burying) == 1 ||
	    xcpu_load_rlx(&explore_domain.obituary) != NULL; /* rlx: as above */
}

static void
late_kick(void)
{
	if (reports())
		xcpu_on_ipi();
}

static void
bury(void)
{
	struct xcpu_cpuset set = scene_set(1 << DEAD);

	explore_assert(xcpu_cpu_dead(&set) == 0, "not buried");
}

static void
check(void)
{
	explore_assert(!xcpu_stopped(&explore_domain, 0), "it stands");
	/* rlx: everything is over */
	explore_assert(xcpu_load_rlx(&room.owner) == 0, "a room in use");
}

static const struct explore_program dead_stopper = {
	.name = "dead-stopper",
	.what = "a stop by the dead, its kick on the way to who reports it",
	.ids = "F-B19 F-B20 INV-R10",
	.ncpu = 2,
	.setup = setup,
	.cpu = { bury },
	.on_kick = late_kick,
	.check = check,
	.spurious = { 1 },
};

const struct explore_program *const dead_stop_programs[] = {
	&dead_stopper, NULL
};
