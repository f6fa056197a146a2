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
#define HARD	2

/* On lines of its own, which EXPLORE_DATA would not leave it. */
static struct xcpu_stop_room room __attribute__((section("explore_data")));

/* CPU 1 is dead, and `owner` of the room wants CPU 0 in this way. */
static void
boot(unsigned ncpu, unsigned owner, uint32_t wanted)
{
	explore_boot(ncpu);
	(void)xcpu_stop_init(&explore_domain, &room);
	explore_name(&room, sizeof(room), "room");
	explore_start_masked(DEAD);
	/* rlx: setup, both */
	xcpu_store_rlx(&room.owner, owner + 1);
	xcpu_store_rlx(&room.state[0], wanted); /* rlx: setup */
}

static void
setup(void)
{
	boot(2, DEAD, WANTED);
	scene_post_unkicked(0, XCPU_LANE_STOP);
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
late_nmi(void)
{
	if (reports())
		(void)xcpu_on_nmi();
}

static void
setup_nmi(void)
{
	boot(2, DEAD, WANTED | HARD);
	scene_post_unkicked(0, XCPU_LANE_STOP);
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

static const struct explore_program dead_stopper_nmi = {
	.name = "dead-stopper-nmi",
	.what = "a stop by the dead, its NMI on the way to who reports it",
	.ids = "F-B19 F-B20 INV-R10",
	.ncpu = 2,
	.setup = setup_nmi,
	.cpu = { bury },
	.on_nmi = late_nmi,
	.check = check,
	.nmis = { 1 },
};

/* ---- a stop by the living ---- */

static struct xcpu_au32 EXPLORE_DATA hit, over;

static void
setup_living(void)
{
	boot(3, 2, WANTED | HARD);
}

static void
note_nmi(void)
{
	if (!reports())
		return;
	xcpu_store_rlx(&hit, 1); /* rlx: own word */
	(void)xcpu_on_nmi();
}

/* Where nothing but NMIs stops anybody: it has stood when the report is over. */
static void
bury_locked(void)
{
	struct xcpu_cpuset set = scene_set(1 << DEAD);

	explore_lock();
	(void)xcpu_cpu_dead(&set);
	/* rlx: own words, both */
	explore_assert(xcpu_load_rlx(&hit) == 0 ||
	    xcpu_load_rlx(&room.state[0]) == 0, "it goes on"); /* rlx: as above */
	xcpu_store_rlx(&over, 1); /* rlx: says nothing else */
	explore_unlock();
}

/* Lets it go when it stands. */
static void
release(void)
{
	/* ends: it stands, or is through; rlx: says nothing else */
	while (!xcpu_stopped(&explore_domain, 0) && xcpu_load_rlx(&over) == 0)
		explore_relax();
	/* [P2] release: as who restarts; pairs with [P2] in src/stop.c */
	xcpu_fetch_and_rel(&room.state[0], 0);
}

static const struct explore_program dead_told_to_stop = {
	.name = "dead-reporter-stopped",
	.what = "who reports a death is stopped by NMI, by the living",
	.ids = "F-B19 F-B20 INV-R9",
	.ncpu = 3,
	.setup = setup_living,
	.cpu = { bury_locked, NULL, release },
	.on_nmi = note_nmi,
	.nmis = { 1 },
};

const struct explore_program *const dead_stop_programs[] = {
	&dead_stopper, &dead_stopper_nmi, &dead_told_to_stop, NULL
};
