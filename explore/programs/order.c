/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order.c: executions that a single order of the library decides.
 *
 * Each was found by taking that order away, when no other program missed it.
 */
#include "pages.h"

static int EXPLORE_DATA id;

/* ---- what the last sweep of a CPU that leaves does ---- */

static void
setup_sweep(void)
{
	pages_boot_kernel(2);
	id = xcpu_event_register(pages_use_in_handler, NULL);
}

/* Accepted or not: a CPU that leaves takes events until it is off. */
static void
post_and_replace(void)
{
	explore_note(scene_error(xcpu_event_post(id, 1)));
	pages_replace(0);
}

static void
go(void)
{
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

/*
 * The handler runs after the round, when all that orders it before the reuse of
 * the frame is the step out of the kernel's set [G4], or that to OFF [L2].
 */
static const struct explore_program offline_flush_sweep = {
	.name = "offline-flush-sweep",
	.what = "a page of the kernel, used by a handler in the last sweep",
	.ids = "INV-S1 INV-S12 INV-C8",
	.ncpu = 2,
	.setup = setup_sweep,
	.cpu = { post_and_replace, go },
};

/* ---- a kick that is late, and no tick takes it for lost ---- */

static struct xcpu_au64 EXPLORE_DATA ticked;
static struct explore_word EXPLORE_DATA ticking;
static struct explore_word EXPLORE_DATA ran_in_tick;
static struct explore_word EXPLORE_DATA posting_after;

static void
look_who_calls(void *arg)
{
	(void)arg;
	explore_write(&ran_in_tick, explore_read(&ticking));
}

static void
setup_tick(void)
{
	explore_boot(2);
	explore_start_masked(1);
	id = xcpu_event_register(look_who_calls, NULL);
	explore_name(&ticked, sizeof(ticked), "ticked");
}

static void
post(void)
{
	explore_assert(xcpu_event_post(id, 1) == 0, "refused");
}

/* Does it hit its CPU in a post that outlasts the first tick? */
static void
look_where_it_hits(void)
{
	/* rlx: own word */
	if (xcpu_load_rlx(&explore_cpu[0].posting) != 0 &&
	    xcpu_load_acq(&ticked) != 0)	/* acquire: the tick is over */
		explore_write(&posting_after, 1);
}

/* Masked all the time, as ticks are. */
static void
tick_twice(void)
{
	xcpu_on_tick();
	xcpu_store_rel(&ticked, 1);	/* release: the tick is over */
	explore_write(&ticking, 1);
	xcpu_on_tick();
	explore_write(&ticking, 0);
	explore_open();
}

static void
check_tick(void)
{
	explore_assert(explore_peek(&posting_after) == 0 ||
	    explore_peek(&ran_in_tick) == 0,
	    "a tick takes a kick for lost that is not sent yet");
}

/* Who sees the bit sees that its poster has yet to kick [D1]. */
static const struct explore_program tick_late = {
	.name = "tick-late",
	.what = "two ticks while a poster stands between its post and its kick",
	.ids = "INV-E4 INV-E-L1 BUG-07",
	.ncpu = 2,
	.setup = setup_tick,
	.cpu = { post, tick_twice },
	.check = check_tick,
	.on_nmi = look_where_it_hits,
	.nmis = { 1, 0 },
};

/* ---- sources of calls that fill more than one word ---- */

#if XCPU_NCPU_MAX > 64

static struct explore_word EXPLORE_DATA done[2];

static void
work(void *arg)
{
	explore_write((struct explore_word *)arg, 1);
}

/* So many CPUs, most of them off, that a summary says which words to look at. */
static void
setup_words(void)
{
	explore_boot(3);
	explore_domain.nwords = 2;
}

static void
call_third(void)
{
	struct explore_word *word = &done[explore_self()];

	explore_assert(xcpu_call_one(2, work, word, NULL) == 0, "refused");
	explore_assert(explore_read(word) == 1,
	    "returned before the function ran");
}

/*
 * One goes by the token line.  Who serves it may find the summary of the other,
 * before that one's post, and must then find his bit as well [C6].
 */
static const struct explore_program call_two_words = {
	.name = "call-two-words",
	.what = "two CPUs call a third, in a domain of more than 64",
	.ids = "INV-C1 INV-C2",
	.ncpu = 3,
	.setup = setup_words,
	.cpu = { call_third, call_third, NULL },
};

#endif

const struct explore_program *const order_programs[] = {
	&offline_flush_sweep, &tick_late,
#if XCPU_NCPU_MAX > 64
	&call_two_words,
#endif
	NULL
};
