/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early.c: shootdowns that end with the claim.
 *
 * See pages.h for what a failure is.  No access of a program may come too late;
 * a walker's may, and early-walk shows that the end does not wait for the flush.
 */
#include "pages.h"

static void
shoot_early(unsigned n, unsigned flags)
{
	struct xcpu_flush_opt opt = { .flags = flags };

	explore_page_set(&page[n], (int)(n + NEW_FRAME));
	explore_assert(xcpu_shootdown_early(page[n].space, page[n].va,
	    PAGE_BYTES, &opt) == 0, "refused");
	explore_frame_reuse(n, 1);
}

static void
replace_first(void)
{
	shoot_early(0, 0);
}

static void
replace_both(void)
{
	shoot_early(0, 0);
	shoot_early(1, 0);
}

static void
replace_own(void)
{
	shoot_early(explore_self(), 0);
}

/* What is left in a slot after the end would name a space that may be gone. */
static void
check_slot_unused(void)
{
	/* rlx: everything is over */
	explore_assert(xcpu_load_rlx(&scene_line(1)->slot) == 0,
	    "an early request went through the slot");
}

/* ---- one initiator, one user ---- */

/* D5: the user's accesses, then the claim; the claim, then the reuse. */
static const struct explore_program early_one = {
	.name = "early-one",
	.what = "one page, used by another CPU meanwhile; a spurious kick",
	.ids = "F-B4 INV-S1 INV-S2 INV-S10",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { replace_first, pages_use_twice },
	.check = check_slot_unused,
	.spurious = { 0, 1 },
};

static const struct explore_program early_both = {
	.name = "early-both",
	.what = "two pages, one after the other",
	.ids = "F-B4 INV-S6 INV-S10",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { replace_both, pages_use_both },
	.check = check_slot_unused,
};

static const struct explore_program early_load = {
	.name = "early-load",
	.what = "one page of a space that the other CPU loads meanwhile",
	.ids = "F-B4 INV-S3 INV-S4",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_unloaded,
	.cpu = { replace_first, pages_load_and_use },
};

static void
replace_and_destroy(void)
{
	shoot_early(0, 0);
	/* Whoever has left it is through with what we asked of him. */
	if (xcpu_space_destroy(&space) == 0)
		explore_frame_reuse(1, 1);
}

static const struct explore_program early_unload = {
	.name = "early-unload",
	.what = "the same of a space that is left meanwhile, and destroyed",
	.ids = "F-B4 INV-S4 INV-S5",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { replace_and_destroy, pages_use_and_unload },
	.check = check_slot_unused,
};

static const struct explore_program early_lazy = {
	.name = "early-lazy",
	.what = "the same under a lazy CPU that leaves LAZY and uses it",
	.ids = "F-B4 INV-S4",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_lazy,
	.cpu = { replace_first, pages_leave_lazy_and_use },
};

/* Nobody kicks it, and it claims nothing: nor must anybody wait for it. */
static const struct explore_program early_asleep = {
	.name = "early-asleep",
	.what = "one page of a space that a CPU has, lazy to the end",
	.ids = "F-B4 INV-S4",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_lazy,
	.cpu = { replace_first, NULL },
};

/* ---- other claims than the kick's ---- */

/* The claim in an NMI: what it interrupted is over, and it flushes at once. */
static const struct explore_program early_nmi = {
	.name = "early-nmi",
	.what = "one page of a CPU that masks, and an NMI at any step",
	.ids = "F-B4 F-T7 INV-S2 INV-C7",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_masked,
	.cpu = { replace_first, pages_use_then_open },
	.nmis = { 0, 1 },
};

static void
use_poll_use(void)
{
	pages_use(0);
	xcpu_poll();
	pages_use(0);
	explore_assert(xcpu_idle_poll(0) >= 0, "refused");
	pages_use(0);
	explore_open();
}

/* Masked, with a look now and then; and POLLING, whose end is a claim. */
static const struct explore_program early_poll = {
	.name = "early-poll",
	.what = "one page of a CPU that masks, and polls",
	.ids = "F-B4 INV-S2",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_masked,
	.cpu = { replace_first, use_poll_use },
};

static void
replace_own_use_other(void)
{
	unsigned self = explore_self();

	shoot_early(self, 0);
	pages_use(1 - self);
}

static const struct explore_program early_mutual = {
	.name = "early-mutual",
	.what = "two CPUs shoot down one page each of a space both have loaded",
	.ids = "F-B4 INV-S6 INV-C7",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_both,
	.cpu = { replace_own_use_other, replace_own_use_other },
};

/* A bit that was claimed may stand again for somebody else (I3). */
static const struct explore_program early_two = {
	.name = "early-two",
	.what = "two CPUs shoot down one page each at a third",
	.ids = "F-B4 INV-S1 INV-S10",
	.early = true,
	.ncpu = 3,
	.setup = pages_setup_three,
	.cpu = { replace_own, replace_own, pages_use_both },
	.bound = 3,
};

/* ---- the flush comes first ---- */

static int EXPLORE_DATA id;

static void
setup_event(void)
{
	pages_setup_loaded();
	explore_become(0);
	id = xcpu_event_register(pages_use_in_handler, NULL);
}

static void
post_and_replace(void)
{
	explore_assert(xcpu_event_post(id, 1) == 0, "refused");
	shoot_early(0, 0);
}

/* Both bits claimed at once: no handler may run before the flush. */
static const struct explore_program early_event = {
	.name = "early-event",
	.what = "one page that a handler uses, posted before",
	.ids = "F-B4 INV-S2",
	.early = true,
	.ncpu = 2,
	.setup = setup_event,
	.cpu = { post_and_replace, NULL },
};

/* ---- who must not be early ---- */

static void
free_tables(void)
{
	shoot_early(0, XCPU_FLUSH_TABLES);
}

static const struct explore_program early_tables = {
	.name = "early-tables",
	.what = "tables freed under a CPU whose walker goes on: waits",
	.ids = "F-B4 F-B5 INV-S5 BUG-91",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { free_tables, NULL },
	.on_walk = pages_walk,
	.walks = { 0, 2 },
};

static struct xcpu_notifiers EXPLORE_DATA room;
static struct explore_word EXPLORE_DATA told;

/* All CPUs have forgotten: even a walker reads the old frame no more. */
static void
tell(void *arg, const struct xcpu_flush *request)
{
	(void)arg;
	(void)request;
	explore_write(&told, 1);
	explore_frame_reuse(0, 1);
}

static void
setup_notifier(void)
{
	pages_setup_loaded();
	(void)xcpu_notifier_init(&space, &room);
	(void)xcpu_notifier_register(&space, tell, &room);
	explore_name(&room, sizeof(room), "room");
	explore_name(&told, sizeof(told), "told");
}

static void
replace_and_tell(void)
{
	explore_page_set(&page[0], NEW_FRAME);
	explore_assert(xcpu_shootdown_early(&space, page[0].va, PAGE_BYTES,
	    NULL) == 0, "refused");
	explore_assert(explore_read(&told) == 1, "nobody was told");
}

static const struct explore_program early_notifier = {
	.name = "early-notifier",
	.what = "one page of a space with a notifier: waits, and tells",
	.ids = "F-B4 F-B15 INV-S1",
	.early = true,
	.ncpu = 2,
	.setup = setup_notifier,
	.cpu = { replace_and_tell, NULL },
	.on_walk = pages_walk,
	.walks = { 0, 2 },
};

/* Why not: the walker goes on until the flush.  So must the end be early. */
static const struct explore_program early_walk = {
	.name = "early-walk",
	.what = "a page that a walker reads after the claim: early, indeed",
	.ids = "F-B4",
	.early = true,
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { replace_first, NULL },
	.on_walk = pages_walk,
	.walks = { 0, 2 },
	.must_fail = "data race",
};

const struct explore_program *const early_programs[] = {
	&early_one, &early_both, &early_load, &early_unload, &early_lazy,
	&early_asleep, &early_nmi, &early_poll, &early_mutual, &early_two,
	&early_event, &early_tables, &early_notifier, &early_walk, NULL
};
