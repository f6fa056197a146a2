/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.c: a back end for virtual CPUs, and what it must promise.
 *
 * CPU 1 is off its core now and then, at any step: an NMI stands for that.  Its
 * hypervisor says so in a word that it shares with the guest, and looks there
 * before the CPU goes on: with FLUSH in it the TLB forgets all.  An initiator who
 * finds it away leaves FLUSH, and does not kick.
 *
 *	away	release: the CPU's accesses are over.
 *	flag	acquire: of that; release: the entries, for the walker.  In one
 *		step with the look, or the CPU is back in between.
 *	back	acquire: the entries, before the walker goes on.
 */
#include "asid.h"

#define AWAY	1u
#define FLUSH	2u

static struct xcpu_au64 EXPLORE_DATA word;

/* What the hypervisor does, in the place of an NMI. */
static void
away_and_back(void)
{
	xcpu_store_rel(&word, AWAY);
	if ((xcpu_xchg_acq(&word, 0) & FLUSH) != 0)
		explore_forget_all();
}

static void
flag(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	uint64_t v = AWAY;

	(void)request;
	if (xcpu_cpuset_has(todo, 1) &&
	    xcpu_cas_ar(&word, &v, AWAY | FLUSH))
		xcpu_cpuset_del(todo, 1);
}

static void
setup_loaded(void)
{
	asid_boot(2, &xcpu_asid_per_cpu, 0, 2);
	asid_loads(1, "A");
	explore_name(&word, sizeof(word), "guest");
}

static void
replace_first(void)
{
	asid_replace(0);
}

static void
use_twice(void)
{
	asid_use(0);
	asid_use(0);
}

static const struct explore_program guest_away = {
	.name = "guest-away",
	.what = "a virtual CPU that is away is flagged, and not kicked",
	.ids = "F-B11 INV-S2 INV-S4 BUG-104",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { replace_first, use_twice },
	.on_nmi = away_and_back,
	.nmis = { 0, 1 },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = flag,
};

/* It was away in the midst of a switch, and knows the old generation. */
static void
setup_kept(void)
{
	asid_boot(2, &xcpu_asid_per_cpu, 0, 2);
	asid_loads(1, "AB");
	explore_name(&word, sizeof(word), "guest");
}

static void
load_first(void)
{
	asid_switch_and_use(0);
}

static const struct explore_program guest_switch = {
	.name = "guest-switch",
	.what = "the same in the midst of a switch to a space that is kept",
	.ids = "F-B11 INV-S4 BUG-86",
	.ncpu = 2,
	.setup = setup_kept,
	.cpu = { replace_first, load_first },
	.on_nmi = away_and_back,
	.nmis = { 0, 1 },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = flag,
};

/* ---- what must not be ---- */

static void
flag_in_two_steps(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	(void)request;
	/* rlx: not the order is wrong here */
	if (!xcpu_cpuset_has(todo, 1) || xcpu_load_rlx(&word) != AWAY)
		return;
	(void)xcpu_load_acq(&word);
	xcpu_store_rel(&word, AWAY | FLUSH);
	xcpu_cpuset_del(todo, 1);
}

static const struct explore_program guest_torn = {
	.name = "guest-torn",
	.what = "the flag is left in two steps, and the CPU back in between",
	.ids = "INV-S4 BUG-104",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { replace_first, use_twice },
	.on_nmi = away_and_back,
	.nmis = { 0, 1 },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = flag_in_two_steps,
	.must_fail = "frame0",
};

static void
flag_relaxed(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	uint64_t v = AWAY;

	(void)request;
	/* rlx: that is what is wrong */
	if (xcpu_cpuset_has(todo, 1) &&
	    xcpu_cas_rlx(&word, &v, AWAY | FLUSH))
		xcpu_cpuset_del(todo, 1);
}

static const struct explore_program guest_relaxed = {
	.name = "guest-relaxed",
	.what = "the flag orders nothing",
	.ids = "INV-S1 INV-S4",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { replace_first, use_twice },
	.on_nmi = away_and_back,
	.nmis = { 0, 1 },
	.on_root = asid_root,
	.on_flush = asid_flush,
	.on_remote = flag_relaxed,
	.must_fail = "frame0",
};

const struct explore_program *const guest_programs[] = {
	&guest_away, &guest_switch, &guest_torn, &guest_relaxed, NULL
};
