/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top.c: the generations of a space begin again (src/shootdown.c).
 *
 * A space is set to just below its top in setup().  Where a program must reach
 * numbers that were used before, it sets the space forward again once it has
 * begun anew: nothing is under way then, if the library keeps its promise.
 */
#include "pages.h"

#include "../../src/internal.h"

/* Pages 2 and 3 are as those of pages.h, with frames 2, 3 and 6, 7. */
static struct explore_page EXPLORE_DATA more[2];

static void
set_below_top(uint64_t counts)
{
	/* rlx: setup, or as above */
	xcpu_store_rlx(&space.generation, XCPU_SPACE_TOP - counts);
}

static void
boot(unsigned ncpu, unsigned cpus, uint64_t below_top)
{
	pages_boot(ncpu, cpus);
	for (unsigned n = 0; n < 2; n++)
		explore_page_init(&more[n], &space, (n + 2) * PAGE_BYTES,
		    n + 2);
	explore_name(more, sizeof(more), "more");
	set_below_top(below_top);
}

static void
replace_more(unsigned n)
{
	explore_page_set(&more[n], (int)(n + 2 + NEW_FRAME));
	explore_assert(xcpu_shootdown(&space, more[n].va, PAGE_BYTES,
	    NULL) == 0, "refused");
	explore_frame_reuse(n + 2, 1);
}

static void
use_more(unsigned n)
{
	explore_note((uint64_t)explore_access(&more[n]));
}

static void
check_restarted(void)
{
	/* rlx: everything is over */
	explore_assert(xcpu_load_rlx(&space.generation) < XCPU_SPACE_TOP,
	    "the space stays past the top");
}

/* To the top, and on: the second request finds no progress, and not the old. */
static void
setup_loaded(void)
{
	boot(2, 2, 1);
}

static const struct explore_program top_then_one = {
	.name = "top-then-one",
	.what = "to the top and one more, used by another CPU meanwhile",
	.ids = "INV-S1 INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { pages_replace_both, pages_use_both },
	.check = check_restarted,
};

static void
setup_unloaded(void)
{
	boot(2, 0, 1);
}

static void
load_and_use(void)
{
	explore_assert(xcpu_space_switch(&space) == 0, "refused");
	pages_use_both();
}

static const struct explore_program top_load = {
	.name = "top-load",
	.what = "to the top and one more, while the other CPU loads the space",
	.ids = "INV-S3 INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_unloaded,
	.cpu = { pages_replace_both, load_and_use },
	.check = check_restarted,
};

static void
idle_and_use(void)
{
	explore_assert(xcpu_space_lazy_enter() == 0, "refused");
	explore_assert(xcpu_space_lazy_leave() == 0, "refused");
	pages_use_both();
}

static const struct explore_program top_lazy = {
	.name = "top-lazy",
	.what = "to the top and one more, while the other CPU is lazy",
	.ids = "INV-S4 INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { pages_replace_both, idle_and_use },
	.check = check_restarted,
};

/* ---- two who count past the top ---- */

static void
setup_both(void)
{
	boot(2, 1, 1);
}

static void
load_anew(void)
{
	explore_assert(xcpu_space_switch(NULL) == 0, "refused");
	explore_assert(xcpu_space_switch(&space) == 0, "refused");
}

static void
replace_and_load(void)
{
	pages_replace(0);
	load_anew();
	pages_use(1);
}

static void
replace_second(void)
{
	pages_replace(1);
}

static const struct explore_program top_both = {
	.name = "top-both",
	.what = "two CPUs count past the top, and one of them loads the space",
	.ids = "INV-S1 INV-S3 INV-S6 INV-C7 BUG-101",
	.ncpu = 2,
	.setup = setup_both,
	.cpu = { replace_and_load, replace_second },
	.check = check_restarted,
};

static void
replace_and_go_on(void)
{
	pages_replace(0);
	replace_more(0);
	use_more(1);
}

static void
replace_second_and_more(void)
{
	pages_replace(1);
	replace_more(1);
}

/* Only who counted to the top may restart: a second restart undoes counts. */
static const struct explore_program top_join = {
	.name = "top-join",
	.what = "two CPUs count past the top, and both go on",
	.ids = "INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_both,
	.cpu = { replace_and_go_on, replace_second_and_more },
	.check = check_restarted,
};

/* ---- an old number on its way: the first and the second round ---- */

static void
setup_old_number(void)
{
	boot(2, 1, 2);
}

/*
 * Counts to the top when somebody else has the number before that, which comes
 * again soon: if it were served then, the later change would pass for known.
 */
static void
replace_at_top(void)
{
	/* rlx: whoever has it need not be done */
	while (xcpu_load_rlx(&space.generation) != XCPU_SPACE_TOP - 1)
		explore_relax();
	pages_replace(1);
	set_below_top(2);
	load_anew();
	use_more(1);
	replace_more(1);
	use_more(1);
}

static const struct explore_program top_old_number = {
	.name = "top-old-number",
	.what = "an old number on its way while the numbers begin again",
	.ids = "INV-S6 INV-S10 BUG-101",
	.ncpu = 2,
	.setup = setup_old_number,
	.cpu = { replace_at_top, pages_replace_first },
	.check = check_restarted,
};

/* The same, with the old number in the hands of a CPU that an NMI hits. */
static const struct explore_program top_old_number_nmi = {
	.name = "top-old-number-nmi",
	.what = "an old number on its way, and an NMI at any step",
	.ids = "INV-S6 INV-S10 BUG-101",
	.ncpu = 2,
	.setup = setup_old_number,
	.cpu = { replace_at_top, pages_replace_first },
	.check = check_restarted,
	.nmis = { 0, 1 },
};

/* ---- ranges ---- */

static void
setup_ranges(void)
{
	struct xcpu_flush flush = { .space = &space, .len = PAGE_BYTES,
	    .stride_shift = 12 };

	boot(2, 0, 1);
	xcpui_space_note(&space, 2, &flush);
	xcpui_space_note(&space, 3, &flush);
}

/*
 * Between its load and its shootdown it stands for another initiator, who has
 * counted and not yet remembered his range.
 */
static void
load_and_count_twice(void)
{
	/* rlx: not the new numbers' order, but the space's, is to be seen */
	while (xcpu_load_rlx(&space.generation) != 1)
		explore_relax();
	explore_assert(xcpu_space_switch(&space) == 0, "refused");
	use_more(0);
	explore_page_set(&more[0], 2 + NEW_FRAME);
	xcpu_fetch_add_rel(&space.generation, 1);
	replace_more(1);
	explore_frame_reuse(2, 1);
	use_more(0);
}

/* G1 in restart(): the tags are gone before a number can match them. */
static const struct explore_program top_ranges = {
	.name = "top-ranges",
	.what = "ranges remembered below the top, and the same numbers anew",
	.ids = "INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_ranges,
	.cpu = { pages_replace_first, load_and_count_twice },
	.check = check_restarted,
};

const struct explore_program *const top_programs[] = {
	&top_then_one, &top_load, &top_lazy, &top_both, &top_join,
	&top_old_number, &top_old_number_nmi, &top_ranges, NULL
};
