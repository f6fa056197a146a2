/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_asid.c: CPUs that die as they hand out an ASID, or give one up.
 */
#include "mortal.h"
/* Its pages are others than those of pages.h. */
#include "asid.h"

/*
 * A, B and C are loaded; D has the last ASID but one, E the last: the sixth space
 * takes them back.  CPU 1 does, and dies in the midst of it.
 */
static void
setup_used_up(void)
{
	asid_boot(3, &xcpu_asid_global, XCPU_ASID_BROADCAST, SLOTS);
	asid_loads(0, "A");
	asid_loads(2, "B");
	asid_loads(DEAD, "CD");
	explore_start_masked(DEAD);
	name_death();
}

static void
roll_over_and_die(void)
{
	asid_switch(4);
	die();
}

/* What B is called from now on must be what CPU 2 runs it under. */
static void
load_and_replace_second(void)
{
	await_burial();
	asid_switch(5);
	asid_switch(1);
	asid_replace(1);
}

static void
use_bury_use(void)
{
	asid_use(1);
	bury_later();
	asid_use(1);
	asid_use(1);
}

static const struct explore_program dead_rollover = {
	.name = "dead-rollover",
	.what = "a CPU dies anywhere in a rollover; another shoots down what a "
	    "third never left",
	.ids = "F-B20 F-B10 F-B11 INV-S7 BUG-96",
	.ncpu = 3,
	.setup = setup_used_up,
	.cpu = { load_and_replace_second, roll_over_and_die, use_bury_use },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
	.on_nmi = die,
	.mortal = true,
	.nmis = { 0, 1 },
	.bound = 2,
};

/* The one that waits for the lock has it before the death is settled. */
static void
load_sixth(void)
{
	asid_switch(5);
	asid_switch_and_use(2);
}

static const struct explore_program dead_map = {
	.name = "dead-map",
	.what = "a CPU dies anywhere in a rollover, and another waits for it",
	.ids = "F-B20 F-B10 INV-S7",
	.ncpu = 3,
	.setup = setup_used_up,
	.cpu = { load_sixth, roll_over_and_die, bury_later },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
	.on_nmi = die,
	.mortal = true,
	.nmis = { 0, 1 },
	.bound = 2,
};

/* ---- a CPU's own ASIDs ---- */

static void
setup_own(void)
{
	asid_boot(3, &xcpu_asid_per_cpu, 0, SLOTS);
	asid_loads(DEAD, "AB");
	explore_start_masked(DEAD);
	name_death();
}

static void
switch_and_die(void)
{
	asid_use(1);
	asid_switch_and_use(0);
	die();
}

static void
replace_one(void)
{
	asid_replace(0);
}

static void
replace_two(void)
{
	asid_replace(0);
	asid_replace(1);
}

static const struct explore_program dead_switch = {
	.name = "dead-switch",
	.what = "a CPU dies anywhere in a switch between two spaces under ASIDs, "
	    "and one is shot down",
	.ids = "F-B20 F-B10 INV-S4 INV-S7",
	.ncpu = 3,
	.setup = setup_own,
	.cpu = { replace_one, switch_and_die, bury_later },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_nmi = die,
	.mortal = true,
	.nmis = { 0, 1 },
	.bound = 2,
};

/* It had A loaded when it died, and B kept; it comes back to both. */
static void
setup_dead(void)
{
	setup_own();
	asid_loads(DEAD, "A");
	xcpu_store_rlx(&died, 1);	/* rlx: setup */
}

static void
come_back_and_use(void)
{
	await_burial();
	explore_assert(xcpu_cpu_online(&explore_cpu[DEAD]) == 0, "not online");
	asid_switch_and_use(1);
	asid_switch_and_use(0);
	explore_open();
}

static const struct explore_program dead_asid_back = {
	.name = "dead-asid-back",
	.what = "a CPU dies with a space loaded and one kept, comes online and "
	    "loads both while they are shot down",
	.ids = "F-B20 F-B10 INV-S7 INV-S13",
	.ncpu = 3,
	.setup = setup_dead,
	.cpu = { replace_two, come_back_and_use, bury_later },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.bound = 2,
};

const struct explore_program *const dead_asid_programs[] = {
	&dead_rollover, &dead_map, &dead_switch, &dead_asid_back, NULL
};
