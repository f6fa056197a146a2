/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.c: ASIDs of each CPU's own: what is kept while it is not loaded.
 *
 * Protocol P10 (a).  The generation that is compared at a switch is the one that
 * P4 reads there.
 */
#include "asid.h"

/* CPU 1 has A under one tag, and B loaded under another. */
static void
setup_kept(void)
{
	asid_boot(2, &xcpu_asid_per_cpu, 0, 2);
	asid_loads(1, "AB");
}

static void
replace_first(void)
{
	asid_replace(0);
}

static void
back_and_use(void)
{
	asid_switch_and_use(0);
}

static const struct explore_program asid_kept = {
	.name = "asid-kept",
	.what = "a page of a space that is kept, and loaded meanwhile",
	.ids = "F-B10 INV-S3 INV-S4 BUG-95",
	.ncpu = 2,
	.setup = setup_kept,
	.cpu = { replace_first, back_and_use },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

/* What is put down on leaving is what was flushed, and not what was counted. */
static void
setup_loaded(void)
{
	asid_boot(2, &xcpu_asid_per_cpu, 0, 2);
	asid_loads(1, "BA");
}

static void
out_and_back(void)
{
	asid_use(0);
	asid_switch(1);
	asid_switch_and_use(0);
}

static const struct explore_program asid_out_and_back = {
	.name = "asid-out-and-back",
	.what = "a page of a space that a CPU leaves, and loads again",
	.ids = "F-B10 INV-S1 INV-S4 INV-S6 BUG-93",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { replace_first, out_and_back },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

/* An NMI flushes what is loaded, at any step; what is half loaded it leaves. */
static const struct explore_program asid_nmi = {
	.name = "asid-nmi",
	.what = "the same, and an NMI that flushes at any step of the switches",
	.ids = "F-B10 INV-S4 BUG-86",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { replace_first, out_and_back },
	.nmis = { 0, 1 },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

static void
lazy_and_away(void)
{
	explore_assert(xcpu_space_lazy_enter() == 0, "refused");
	asid_switch(1);
	asid_switch_and_use(0);
}

static const struct explore_program asid_lazy = {
	.name = "asid-lazy",
	.what = "a page of a space that a lazy CPU leaves, and loads again",
	.ids = "F-B10 INV-S4 BUG-90 BUG-96",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { replace_first, lazy_and_away },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

/* Two slots, three spaces: the one that was not used last is given away. */
static void
third_and_back(void)
{
	asid_switch_and_use(2);
	asid_switch_and_use(0);
}

static const struct explore_program asid_third = {
	.name = "asid-third",
	.what = "an ASID that goes to another space, and comes back",
	.ids = "F-B10 INV-S7 BUG-98",
	.ncpu = 2,
	.setup = setup_kept,
	.cpu = { replace_first, third_and_back },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

/* Only this CPU has it, and it is not loaded: no generation moves. */
static void
replace_own_and_back(void)
{
	asid_switch_and_use(0);
	asid_switch(1);
	explore_page_set(&page[0], NEW_FRAME);
	explore_assert(xcpu_flush_self(&tagged[0].space, 0, PAGE_BYTES,
	    NULL) == 0, "refused");
	explore_frame_reuse(0, 1);
	asid_switch_and_use(0);
}

static const struct explore_program asid_flush_self = {
	.name = "asid-flush-self",
	.what = "xcpu_flush_self() of a space that is kept",
	.ids = "F-X4 F-B10 INV-S8",
	.ncpu = 2,
	.setup = setup_kept,
	.cpu = { NULL, replace_own_and_back },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

/* The number that A was left with comes again; see top.c. */
static void
setup_top(void)
{
	setup_kept();
	/* rlx: setup */
	xcpu_store_rlx(&tagged[0].space.generation, XCPU_SPACE_TOP - 1);
}

static const struct explore_program asid_top = {
	.name = "asid-top",
	.what = "a space that is kept while its generations begin again",
	.ids = "F-B10 INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_top,
	.cpu = { replace_first, back_and_use },
	.on_root = asid_root,
	.on_flush = asid_flush,
};

const struct explore_program *const asid_programs[] = {
	&asid_kept, &asid_out_and_back, &asid_nmi, &asid_lazy, &asid_third,
	&asid_flush_self, &asid_top, NULL
};
