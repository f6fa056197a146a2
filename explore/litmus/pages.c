/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pages.c: what the table walker may find.
 *
 * The page is mapped to frame 0; CPU 0 maps it to frame 1, CPU 1 uses it.
 */
#include "litmus.h"

#include <xcpu/port.h>

#define TEST(n, text, regs, outcomes, zero, one, ...)			\
	{ .program = { .name = n, .what = text, .ncpu = 2,		\
	    .setup = setup, .check = litmus_saw, .cpu = { zero, one },	\
	    __VA_ARGS__ }, .nregs = regs, .allowed = outcomes }
#define FAILS(n, text, why, zero, one, ...)				\
	{ .program = { .name = n, .what = text, .ncpu = 2,		\
	    .setup = setup, .cpu = { zero, one }, .must_fail = why,	\
	    __VA_ARGS__ } }

#define PAGE_BYTES 4096

static struct explore_page EXPLORE_DATA page;
static struct explore_page EXPLORE_DATA neighbour;

static void
setup(void)
{
	explore_boot(2);
	explore_page_init(&page, &explore_domain.kernel, 0, 0);
	explore_page_init(&neighbour, &explore_domain.kernel, PAGE_BYTES, 2);
}

/* CPU 1 did not forget the page after setup() had changed it. */
static void
setup_changed(void)
{
	setup();
	explore_page_set(&page, 1);
}

static void
forget(uint64_t va)
{
	struct xcpu_flush flush = {
		.space = &explore_domain.kernel,
		.start = va,
		.len = PAGE_BYTES,
		.stride_shift = 12,
	};

	xcpu_port_tlb_flush(&flush);
}

static void change(void) { explore_page_set(&page, 1); }

static void
change_and_say(void)
{
	explore_page_set(&page, 1);
	xcpu_store_rel(X, 1);
}

static void use(void) { R[0] = (uint64_t)explore_access(&page); }

static void
use_twice(void)
{
	R[0] = (uint64_t)explore_access(&page);
	R[1] = (uint64_t)explore_access(&page);
}

static void
hear(void)
{
	while (xcpu_load_acq(X) == 0)
		explore_relax();
}

static void hear_and_use(void) { hear(); use(); }
static void hear_forget_and_use(void) { hear(); forget(0); use(); }
static void hear_forget_other(void) { hear(); forget(PAGE_BYTES); use(); }
static void forget_hear_and_use(void) { forget(0); hear(); use(); }
static void forget_and_use(void) { forget(0); use(); }
static void nothing(void) { }

/* The view is the walker's: what the CPU read itself does not help. */
static void
look_and_use(void)
{
	/* rlx: coherence is all that is asked of it */
	while (xcpu_load_rlx(&page.entry) != 2)
		explore_relax();
	use();
}

static void
kick_after_change(void)
{
	struct xcpu_cpuset set;

	explore_page_set(&page, 1);
	xcpu_cpuset_one(&set, 1);
	xcpu_store_rel(X, 1);
	xcpu_port_kick(&set);
}

static void
on_kick(void)
{
	/* An interrupt orders nothing: this makes it hear. */
	if (xcpu_load_acq(X) != 0)
		forget(0);
}

static void
change_and_reuse(void)
{
	explore_page_set(&page, 1);
	explore_frame_reuse(0, 7);
}

/* Ordered, so no race; and too late all the same. */
static void
change_reuse_and_say(void)
{
	explore_page_set(&page, 1);
	explore_frame_reuse(0, 7);
	xcpu_store_rel(X, 1);
}

static void walk(void) { (void)explore_translate(&page); }

const struct litmus litmus_pages[] = {
	TEST("walk", "the old or the new entry", 1, "0 1", change, use,
	    .ids = NULL),
	TEST("walk+twice", "what is there stays", 2, "00 11", change,
	    use_twice, .ids = NULL),
	TEST("walk+acq", "an acquire is no flush", 1, "0 1", change_and_say,
	    hear_and_use, .ids = NULL),
	TEST("walk+look", "nor is a look at the entry", 1, "0 1", change,
	    look_and_use, .ids = NULL),
	TEST("walk+flush", "a flush is", 1, "1", change_and_say,
	    hear_forget_and_use, .ids = NULL),
	TEST("walk+early", "unless it came before", 1, "0 1", change_and_say,
	    forget_hear_and_use, .ids = NULL),
	TEST("walk+other", "or was of another page", 1, "0 1", change_and_say,
	    hear_forget_other, .ids = NULL),
	TEST("walk+kick", "a flush between two uses", 2, "00 01 11",
	    kick_after_change, use_twice, .on_kick = on_kick),
	{ .program = { .name = "walk+setup", .what = "an entry from before",
	    .ncpu = 2, .setup = setup_changed, .check = litmus_saw,
	    .cpu = { nothing, use } }, .nregs = 1, .allowed = "0 1" },
	{ .program = { .name = "walk+setup+flush", .what = "and forgotten",
	    .ncpu = 2, .setup = setup_changed, .check = litmus_saw,
	    .cpu = { nothing, forget_and_use } }, .nregs = 1,
	    .allowed = "1" },
	FAILS("frame+race", "a frame is somebody else's", "frame0",
	    change_and_reuse, use, .ids = NULL),
	FAILS("frame+late", "in order, but too late", "old translation",
	    change_reuse_and_say, hear_and_use, .ids = NULL),
	TEST("frame+flush", "after a flush", 1, "1", change_reuse_and_say,
	    hear_forget_and_use, .ids = NULL),
	FAILS("frame+walk", "a walker goes there by itself", "frame0",
	    change_and_reuse, nothing, .on_walk = walk, .walks = { 0, 1 }),
	{ .program = { .name = NULL } }
};
