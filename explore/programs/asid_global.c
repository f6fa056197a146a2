/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid_global.c: one ASID per space for all CPUs, and rollovers.
 *
 * Protocol P10 (b): two CPUs, three ASIDs, four spaces.  Where shootdowns are
 * broadcast, switches do not compare generations: what is found old then is the
 * ASID's fault.
 */
#include "asid.h"

/* ---- rollovers ---- */

/*
 * A, B and C have the ASIDs; CPU 1 had them all, and has A loaded.  The fourth
 * space takes them back, all but A's, and gets B's.
 */
static void
setup_used_up(void)
{
	asid_boot(2, &xcpu_asid_global, 0, SLOTS);
	asid_loads(1, "ABCA");
}

static void
setup_used_up_broadcast(void)
{
	asid_boot(2, &xcpu_asid_global, XCPU_ASID_BROADCAST, SLOTS);
	asid_loads(1, "ABCA");
}

static void
load_fourth(void)
{
	asid_switch_and_use(3);
}

static void
load_fourth_too(void)
{
	asid_use(0);
	asid_switch_and_use(3);
}

static const struct explore_program asid_roll = {
	.name = "asid-roll",
	.what = "a rollover while another CPU loads the space that has caused it",
	.ids = "F-B10 INV-S7 BUG-98",
	.ncpu = 2,
	.setup = setup_used_up_broadcast,
	.cpu = { load_fourth, load_fourth_too },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

static void
load_second(void)
{
	asid_use(0);
	asid_switch_and_use(1);
	asid_switch_and_use(3);
}

/* The fast path: B is in force until the rollover takes CPU 1's word. */
static const struct explore_program asid_roll_fast = {
	.name = "asid-roll-fast",
	.what = "a rollover while another CPU loads what is in force still",
	.ids = "F-B10 INV-S7 BUG-96",
	.ncpu = 2,
	.setup = setup_used_up_broadcast,
	.cpu = { load_fourth, load_second },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

static void
setup_one_left(void)
{
	asid_boot(2, &xcpu_asid_global, XCPU_ASID_BROADCAST, SLOTS);
	asid_loads(1, "AB");
}

static void
load_third_and_fourth(void)
{
	asid_switch(2);
	asid_switch_and_use(3);
}

/* The slow path: C takes the last ASID, or the rollover comes first. */
static const struct explore_program asid_roll_slow = {
	.name = "asid-roll-slow",
	.what = "a rollover while another CPU gets the last ASID",
	.ids = "F-B10 INV-S7 BUG-98",
	.ncpu = 2,
	.setup = setup_one_left,
	.cpu = { load_fourth, load_third_and_fourth },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

static void
leave_and_load_fourth(void)
{
	asid_use(0);
	explore_assert(xcpu_space_switch(NULL) == 0, "refused");
	asid_switch_and_use(3);
}

/* A CPU without a space has nothing that a rollover could take, or has it. */
static const struct explore_program asid_roll_none = {
	.name = "asid-roll-none",
	.what = "a rollover while another CPU leaves its space for none",
	.ids = "F-B10 INV-S7 BUG-96",
	.ncpu = 2,
	.setup = setup_used_up_broadcast,
	.cpu = { load_fourth, leave_and_load_fourth },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

/* The same with kicks, and the comparison of generations. */
static const struct explore_program asid_roll_kicks = {
	.name = "asid-roll-kicks",
	.what = "the same without a back end that broadcasts",
	.ids = "F-B10 INV-S7",
	.ncpu = 2,
	.setup = setup_used_up,
	.cpu = { load_fourth, load_second },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

/*
 * A and C share a slot, and the number that CPU 1 left C with is the one that A
 * will get.
 */
static void
setup_one_slot(void)
{
	asid_boot(2, &xcpu_asid_global, 0, 2);
	/* rlx: setup */
	xcpu_store_rlx(&tagged[2].space.generation, 2);
	asid_loads(1, "ABCB");
}

static void
replace_first(void)
{
	asid_replace(0);
}

static void
load_first(void)
{
	asid_switch_and_use(0);
}

static const struct explore_program asid_slot = {
	.name = "asid-slot",
	.what = "what a CPU knows of an ASID, in the place of another",
	.ids = "F-B10 INV-S6 INV-S7",
	.ncpu = 2,
	.setup = setup_one_slot,
	.cpu = { replace_first, load_first },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

/* ---- shootdowns by broadcast ---- */

static void
setup_none(void)
{
	asid_boot(2, &xcpu_asid_global, XCPU_ASID_BROADCAST, SLOTS);
}

/* Its ASID is new: who does not find it must be seen by the walker. */
static const struct explore_program asid_first = {
	.name = "asid-first",
	.what = "a broadcast against the first load of a space",
	.ids = "F-B10 F-B11 INV-S3 INV-S7 BUG-97",
	.ncpu = 2,
	.setup = setup_none,
	.cpu = { replace_first, load_first },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

static void
setup_kept(void)
{
	setup_none();
	asid_loads(1, "AB");
}

static const struct explore_program asid_broadcast = {
	.name = "asid-broadcast",
	.what = "a broadcast to a CPU that has the space, but not loaded",
	.ids = "F-B10 F-B11 INV-S1 INV-S4",
	.ncpu = 2,
	.setup = setup_kept,
	.cpu = { replace_first, load_first },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

static void
use_first_twice(void)
{
	asid_use(0);
	asid_use(0);
}

static void
roll_over_and_replace(void)
{
	asid_switch_and_use(3);
	asid_switch_and_use(0);
	asid_replace(0);
}

/* CPU 1 never leaves A, which keeps its ASID: the broadcast must name it. */
static const struct explore_program asid_stays = {
	.name = "asid-stays",
	.what = "a broadcast to a CPU that stayed in the space over a rollover",
	.ids = "F-B10 F-B11 INV-S7 BUG-96",
	.ncpu = 2,
	.setup = setup_used_up_broadcast,
	.cpu = { roll_over_and_replace, use_first_twice },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

static void
roll_over_twice_and_replace(void)
{
	asid_switch(3);		/* the first */
	asid_switch(1);
	asid_switch(2);		/* the second */
	asid_switch(0);
	asid_replace(0);
}

static const struct explore_program asid_stays_twice = {
	.name = "asid-stays-twice",
	.what = "the same over two rollovers",
	.ids = "F-B10 F-B11 INV-S7 BUG-96",
	.ncpu = 2,
	.setup = setup_used_up_broadcast,
	.cpu = { roll_over_twice_and_replace, use_first_twice },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

static void
load_second_and_use(void)
{
	asid_switch(1);
	asid_use(1);
	asid_use(1);
}

static void
roll_over_and_replace_second(void)
{
	asid_switch(3);
	asid_switch(1);
	asid_replace(1);
}

/* Whichever comes first: what CPU 1 runs under is what the broadcast names. */
static const struct explore_program asid_roll_broadcast = {
	.name = "asid-roll-broadcast",
	.what = "a rollover and a broadcast against a switch on the fast path",
	.ids = "F-B10 F-B11 INV-S7 BUG-97",
	.ncpu = 2,
	.setup = setup_used_up_broadcast,
	.cpu = { roll_over_and_replace_second, load_second_and_use },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

/* What must not be: an ASID that was read before the entry was changed. */
static struct explore_word EXPLORE_DATA early;

static void
read_early_and_replace(void)
{
	explore_write(&early, xcpu_asid_broadcast(&asids, &tagged[0].asid));
	asid_replace(0);
}

static void
remote_early(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	unsigned asid = (unsigned)explore_read(&early);

	if (asid != 0)
		explore_broadcast(asid, request);
	xcpu_cpuset_zero(todo);
}

static const struct explore_program asid_first_early = {
	.name = "asid-first-early",
	.what = "the same with an ASID that is read before the entry changes",
	.ids = "INV-S7 BUG-97",
	.ncpu = 2,
	.setup = setup_none,
	.cpu = { read_early_and_replace, load_first },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = remote_early,
	.must_fail = "frame0",
};

/*
 * CPUs 1 and 2 were in A over a rollover, then only CPU 2 over another: its ASID
 * is A's still.
 */
static void
setup_two_stay(void)
{
	asid_boot(3, &xcpu_asid_global, XCPU_ASID_BROADCAST, SLOTS);
	asid_loads(1, "A");
	asid_loads(2, "A");
	asid_loads(0, "BCDEFA");
	asid_loads(1, "G");
	asid_loads(0, "BCDEFB");
}

static void
load_and_replace_first(void)
{
	asid_switch(0);
	asid_replace(0);
}

static const struct explore_program asid_two_stay = {
	.name = "asid-two-stay",
	.what = "a broadcast to the last of two CPUs that stayed over a rollover",
	.ids = "F-B10 F-B11 INV-S7 BUG-96",
	.ncpu = 3,
	.setup = setup_two_stay,
	.cpu = { load_and_replace_first, NULL, use_first_twice },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

/*
 * A had the first ASID before B got it, whom CPU 1 has not left over a rollover
 * since: A has not.
 */
static void
setup_slept(void)
{
	asid_boot(2, &xcpu_asid_global, XCPU_ASID_BROADCAST, SLOTS);
	asid_loads(0, "ACEB");
	asid_loads(1, "B");
	asid_loads(0, "FG");
}

static void
load_slept(void)
{
	asid_switch_and_use(0);
	asid_switch_and_use(1);
}

static const struct explore_program asid_slept = {
	.name = "asid-slept",
	.what = "a space that slept while its ASID went to one that stayed",
	.ids = "F-B10 INV-S7 BUG-96",
	.ncpu = 2,
	.setup = setup_slept,
	.cpu = { load_slept, NULL },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

/* ---- numbers that begin again: nothing is broadcast then ---- */

static void
setup_top(void)
{
	setup_kept();
	/* rlx: setup */
	xcpu_store_rlx(&tagged[0].space.generation, XCPU_SPACE_TOP - 1);
}

static const struct explore_program asid_broadcast_top = {
	.name = "asid-broadcast-top",
	.what = "a space that is kept while its generations begin again",
	.ids = "F-B10 F-B11 INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_top,
	.cpu = { replace_first, load_first },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

static void
setup_top_none(void)
{
	setup_kept();
	explore_become(1);
	(void)xcpu_space_switch(NULL);
	explore_become(0);
	/* rlx: setup */
	xcpu_store_rlx(&tagged[0].space.generation, XCPU_SPACE_TOP - 1);
}

static const struct explore_program asid_broadcast_top_none = {
	.name = "asid-broadcast-top-none",
	.what = "the same while the CPU that keeps it has no space at all",
	.ids = "F-B10 F-B11 INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_top_none,
	.cpu = { replace_first, load_first },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = asid_remote,
};

const struct explore_program *const asid_global_programs[] = {
	&asid_roll, &asid_roll_fast, &asid_roll_slow, &asid_roll_none,
	&asid_roll_kicks, &asid_slot, &asid_first, &asid_broadcast, &asid_stays,
	&asid_stays_twice, &asid_roll_broadcast, &asid_first_early,
	&asid_two_stay, &asid_slept, &asid_broadcast_top, &asid_broadcast_top_none, NULL
};
