/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flush.c: shootdowns of a space that is loaded, or being loaded.
 *
 * Protocols P2 and P4.  See pages.h for what a failure is.
 */
#include "pages.h"

static void
replace_all(void)
{
	explore_page_set(&page[0], NEW_FRAME);
	explore_assert(xcpu_shootdown_all(page[0].space, NULL) == 0, "refused");
	explore_frame_reuse(0, 1);
}

static void
setup_kernel(void)
{
	pages_boot_kernel(2);
}

/* ---- one initiator, one user ---- */

/* The request in the slot; the user's accesses before and after its answer. */
static const struct explore_program flush_one = {
	.name = "flush-one",
	.what = "one page, used by another CPU meanwhile; a spurious kick",
	.ids = "F-N3 INV-S1 INV-S2 INV-E5 BUG-29 BUG-91 BUG-105 BUG-109",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { pages_replace_first, pages_use_twice },
	.check = pages_check_slot,
	.spurious = { 0, 1 },
};

static const struct explore_program flush_all = {
	.name = "flush-all",
	.what = "the whole space, used by another CPU meanwhile",
	.ids = "INV-S1 INV-S2 INV-S9",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { replace_all, pages_use_twice },
	.check = pages_check_slot,
};

static const struct explore_program flush_kernel = {
	.name = "flush-kernel",
	.what = "a page of the kernel",
	.ids = "INV-S1 INV-S12",
	.ncpu = 2,
	.setup = setup_kernel,
	.cpu = { pages_replace_first, pages_use_twice },
	.check = pages_check_slot,
};

static void
setup_round(void)
{
	pages_setup_loaded();
	scene_keep_slot_busy(1);
}

/* No slot is free: the request is a round (F1, F2). */
static const struct explore_program flush_round = {
	.name = "flush-round",
	.what = "one page by a round, for the token line is taken",
	.ids = "INV-S1 INV-S2 INV-S9 INV-S10",
	.ncpu = 2,
	.setup = setup_round,
	.cpu = { pages_replace_first, pages_use_twice },
};

/*
 * The drain of the first round may see the second one's number, or generation,
 * and vouches for what it has flushed only (F1 F2; P4.k).
 */
static const struct explore_program flush_rounds = {
	.name = "flush-rounds",
	.what = "two pages by rounds, one after the other",
	.ids = "INV-S6 INV-S10",
	.ncpu = 2,
	.setup = setup_round,
	.cpu = { pages_replace_both, pages_use_both },
};

/* ---- tables, and the walker that goes on ---- */

/* The walker does not wait for the handler: P4, "acks first, flushes after". */
static const struct explore_program flush_tables = {
	.name = "flush-tables",
	.what = "tables freed under a CPU whose walker goes on",
	.ids = "INV-S2 INV-S5 BUG-91 BUG-105",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { pages_free_tables, NULL },
	.check = pages_check_slot,
	.on_walk = pages_walk,
	.walks = { 0, 2 },
};

static void
unload(void)
{
	explore_assert(xcpu_space_switch(NULL) == 0, "refused");
}

/* P4.h: the bit goes after the root; an interrupt in between is no answer. */
static const struct explore_program flush_unload_tables = {
	.name = "flush-unload-tables",
	.what = "tables freed while the other CPU leaves the space",
	.ids = "INV-S4 INV-S5 BUG-88 BUG-111",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { pages_free_tables, unload },
	.check = pages_check_slot,
	.on_walk = pages_walk,
	.walks = { 0, 1 },
};

/* ---- NMI ---- */

/* The target masks: the NMI, at any step, or the kick afterwards does it. */
static const struct explore_program flush_nmi = {
	.name = "flush-nmi",
	.what = "one page of a CPU that masks, and an NMI at any step",
	.ids = "INV-S1 INV-S2 INV-C7",
	.ncpu = 2,
	.setup = pages_setup_masked,
	.cpu = { pages_replace_first, pages_use_then_open },
	.check = pages_check_slot,
	.nmis = { 0, 1 },
};

/* ---- switches ---- */

/*
 * Dekker: the bit and the generation, each before a fence (P4.b P4.e); the
 * acquire of the generation (P4.f), which the fence does not replace.
 */
static const struct explore_program flush_load = {
	.name = "flush-load",
	.what = "one page of a space that the other CPU loads meanwhile",
	.ids = "INV-S3 INV-S4 BUG-28 BUG-86 BUG-87 BUG-99",
	.ncpu = 2,
	.setup = pages_setup_unloaded,
	.cpu = { pages_replace_first, pages_load_and_use },
	.check = pages_check_slot,
};

/* P4.h: the bit goes after the root, and the initiator knows it by an acquire. */
static const struct explore_program flush_unload = {
	.name = "flush-unload",
	.what = "one page of a space that the other CPU leaves meanwhile",
	.ids = "F-X3 INV-S3 INV-S4",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { pages_replace_first, pages_use_and_unload },
	.check = pages_check_slot,
};

static struct xcpu_space EXPLORE_DATA other;

static void
setup_other(void)
{
	pages_setup_loaded();
	xcpu_space_init(&other, NULL);
	explore_name(&other, sizeof(other), "other");
}

static void
switch_to_other(void)
{
	explore_assert(xcpu_space_switch(&other) == 0, "refused");
}

/*
 * An NMI between the two roots can vouch for neither, and leaves the bit to the
 * kick.  P4: "handler in the window looks at loaded only" is rejected.
 */
static const struct explore_program flush_switch_nmi = {
	.name = "flush-switch-nmi",
	.what = "tables of a space that is left for another, and an NMI",
	.ids = "INV-S4 INV-S5 BUG-86 BUG-88",
	.ncpu = 2,
	.setup = setup_other,
	.cpu = { pages_free_tables, switch_to_other },
	.check = pages_check_slot,
	.on_walk = pages_walk,
	.walks = { 0, 1 },
	.nmis = { 0, 1 },
};

static const struct explore_program flush_load_nmi = {
	.name = "flush-load-nmi",
	.what = "one page of a space that is being loaded, and an NMI",
	.ids = "INV-S3 INV-S4 BUG-86",
	.ncpu = 2,
	.setup = pages_setup_unloaded,
	.cpu = { pages_replace_first, pages_load_and_use },
	.check = pages_check_slot,
	.nmis = { 0, 1 },
};

static void
unload_and_reuse(void)
{
	/* Its tables are the host's again if nobody has it loaded. */
	if (xcpu_space_destroy(&space) == 0)
		explore_frame_reuse(0, 1);
}

/* G4: a space that is seen unused has been left. */
static const struct explore_program flush_destroy = {
	.name = "flush-destroy",
	.what = "a space that is destroyed while the other CPU leaves it",
	.ids = "INV-S5 BUG-111",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { unload_and_reuse, pages_use_and_unload },
};

/* ---- two initiators ---- */

static void
replace_own_use_other(void)
{
	unsigned self = explore_self();

	pages_replace(self);
	pages_use(1 - self);
}

static void
check_slots(void)
{
	explore_assert(scene_slot_free(0) && scene_slot_free(1),
	    "a token slot stays busy");
}

/* Each shoots down a page of its own, at the other and at itself. */
static const struct explore_program flush_mutual = {
	.name = "flush-mutual",
	.what = "two CPUs shoot down one page each of a space both have loaded",
	.ids = "INV-S1 INV-S6 INV-S10 INV-C7",
	.ncpu = 2,
	.setup = pages_setup_both,
	.cpu = { replace_own_use_other, replace_own_use_other },
	.check = check_slots,
};

static void
setup_both_masked(void)
{
	pages_setup_both();
	explore_start_masked(0);
	explore_start_masked(1);
}

static void
replace_locked(void)
{
	unsigned self = explore_self();

	explore_lock();
	pages_replace(self);
	explore_unlock();
	explore_open();
}

/* Masked, with a host lock held: the wait must serve FLUSH even there. */
static const struct explore_program flush_locked = {
	.name = "flush-locked",
	.what = "two CPUs shoot down with locks held and doorbells masked",
	.ids = "INV-C7 INV-S-L1 BUG-32",
	.ncpu = 2,
	.setup = setup_both_masked,
	.cpu = { replace_locked, replace_locked },
	.check = check_slots,
};

static void
replace_own(void)
{
	pages_replace(explore_self());
}

/* Two requests meet at a third CPU, one of them without a slot perhaps. */
static const struct explore_program flush_two = {
	.name = "flush-two",
	.what = "two CPUs shoot down one page each at a third",
	.ids = "INV-S1 INV-S6 INV-S9 INV-S10",
	.ncpu = 3,
	.setup = pages_setup_three,
	.cpu = { replace_own, replace_own, pages_use_both },
};

const struct explore_program *const flush_programs[] = {
	&flush_one, &flush_all, &flush_kernel, &flush_round, &flush_rounds,
	&flush_tables, &flush_unload_tables,
	&flush_nmi, &flush_load, &flush_unload, &flush_switch_nmi,
	&flush_load_nmi, &flush_destroy, &flush_mutual, &flush_locked,
	&flush_two, NULL
};
