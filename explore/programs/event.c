/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.c: post and claim.
 *
 * Protocol P1, the lanes, and the posting half of P8.  Each handler reads what
 * its poster wrote, as plain data: a run that the post does not reach in order
 * is a race (INV-E2), and a post that nobody runs for is seen at the end
 * (INV-E1).  Nothing repairs a lost kick here: the clock stands still.
 */
#include "scene.h"

#define EVENTS 2

static int EXPLORE_DATA id[EVENTS];
/* What the poster hands over, and what the handlers found. */
static struct explore_word EXPLORE_DATA payload[EVENTS];
static struct xcpu_au32 EXPLORE_DATA stage;
static struct explore_word EXPLORE_DATA seen[EVENTS];
static struct explore_word EXPLORE_DATA runs[EVENTS];

static void
count_run(unsigned event)
{
	explore_write(&runs[event], explore_read(&runs[event]) + 1);
}

/* Reads its event's payload. */
static void
take(void *arg)
{
	unsigned event = (unsigned)(uintptr_t)arg;

	explore_write(&seen[event], explore_read(&payload[event]));
	count_run(event);
}

/* Reads how far the poster is, who goes on meanwhile. */
static void
take_stage(void *arg)
{
	unsigned event = (unsigned)(uintptr_t)arg;

	/* rlx: the post orders it, or the test fails */
	explore_write(&seen[event], xcpu_load_rlx(&stage));
	count_run(event);
}

static void
register_events(xcpu_fn *fn)
{
	for (unsigned i = 0; i < EVENTS; i++)
		id[i] = xcpu_event_register(fn, (void *)(uintptr_t)i);
	explore_name(payload, sizeof(payload), "payload");
	explore_name(seen, sizeof(seen), "seen");
	explore_name(runs, sizeof(runs), "runs");
	explore_name(&stage, sizeof(stage), "stage");
}

static void
setup_one(void)
{
	explore_boot(1);
	register_events(take);
}

static void
setup_two(void)
{
	explore_boot(2);
	register_events(take);
}

static void
setup_three(void)
{
	explore_boot(3);
	register_events(take);
}

static void
setup_stages(void)
{
	explore_boot(2);
	register_events(take_stage);
}

static void
post(unsigned event, unsigned cpu)
{
	explore_write(&payload[event], 1);
	explore_note(scene_error(xcpu_event_post(id[event], cpu)));
}

static void
check_one(void)
{
	explore_assert(explore_peek(&runs[0]) == 1, "not run once");
	explore_assert(explore_peek(&seen[0]) == 1, "run, but before the post");
}

static void
check_both(void)
{
	check_one();
	explore_assert(explore_peek(&runs[1]) == 1, "not run once");
	explore_assert(explore_peek(&seen[1]) == 1, "run, but before the post");
}

/* ---- one post ---- */

static void
post_first(void)
{
	post(0, 1);
}

/*
 * CPU 0 posts to CPU 1, who may be hit by a kick that nobody sent.
 * P1.a P1.c; a post or a claim without its order finds the bit gone and the
 * queue empty.
 */
static const struct explore_program event_post = {
	.name = "event-post",
	.what = "one event, and a spurious kick at any step",
	.ids = "F-N1 INV-E1 INV-E2 INV-E5 BUG-20 BUG-24",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { post_first, NULL },
	.check = check_one,
	.spurious = { 0, 1 },
};

static void
setup_masked(void)
{
	setup_two();
	explore_start_masked(1);
}

/* The kick comes while CPU 1 masks, and is taken when it unmasks. */
static const struct explore_program event_masked = {
	.name = "event-masked",
	.what = "one event to a CPU that masks, then unmasks",
	.ids = "INV-E1",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { post_first, explore_open },
	.check = check_one,
};

/* ---- more than one post ---- */

static void
post_stages(void)
{
	for (uint32_t n = 1; n <= 2; n++) {
		/* rlx: the post is what orders it */
		xcpu_store_rlx(&stage, n);
		explore_note(scene_error(xcpu_event_post(id[0], 1)));
	}
}

static void
check_stages(void)
{
	uint64_t n = explore_peek(&runs[0]);

	explore_assert(n >= 1 && n <= 2, "run too often, or never");
	explore_assert(explore_peek(&seen[0]) == 2, "the second post was lost");
}

/*
 * The same event twice: the second post is suppressed only if a claim follows
 * it.  P1: clearing after the drain and testing before the set are rejected.
 */
static const struct explore_program event_twice = {
	.name = "event-twice",
	.what = "one event, posted twice",
	.ids = "INV-E1 INV-E3 INV-E4 BUG-03 BUG-10",
	.ncpu = 2,
	.setup = setup_stages,
	.cpu = { post_stages, NULL },
	.check = check_stages,
};

static void
post_each(void)
{
	post(0, 1);
	post(1, 1);
}

/*
 * Two events: the claim of the first may find the bit of the second, before its
 * post; so the pending word carries the payload by its own order.
 * P1: "queue words relaxed" is rejected.
 */
static const struct explore_program event_two = {
	.name = "event-two",
	.what = "two events, the second seen before its post",
	.ids = "INV-E1 INV-E2 BUG-16",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { post_each, NULL },
	.check = check_both,
};

static void
post_to_neighbour(void)
{
	unsigned self = explore_self();

	post(self, 1 - self);
}

/*
 * Two CPUs post to each other: with eight lanes in a word, each claims beside a
 * post to its neighbour.  P1: a claim by load and store is rejected.
 */
static const struct explore_program event_mutual = {
	.name = "event-mutual",
	.what = "two CPUs post to each other",
	.ids = "INV-E1 BUG-02",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { post_to_neighbour, post_to_neighbour },
	.check = check_both,
};

static void
post_own_number(void)
{
	post(explore_self(), 2);
}

/* Two posters, one target. */
static const struct explore_program event_posters = {
	.name = "event-posters",
	.what = "two CPUs post to a third",
	.ids = "INV-E1 INV-E2 BUG-02 BUG-16",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { post_own_number, post_own_number, NULL },
	.check = check_both,
};

/* ---- to oneself, and from NMI ---- */

static void
post_self(void)
{
	post(0, 0);
}

static const struct explore_program event_self = {
	.name = "event-self",
	.what = "a CPU posts to itself, with a spurious kick at any step",
	.ids = "INV-E1 INV-E6 BUG-01",
	.ncpu = 1,
	.setup = setup_one,
	.cpu = { post_self },
	.check = check_one,
	.spurious = { 1 },
};

static bool EXPLORE_DATA nmi_came;

static void
post_from_nmi(void)
{
	nmi_came = true;
	explore_write(&payload[1], 1);
	explore_assert(xcpu_event_post_self(id[1]) == 0, "refused");
}

static void
check_nmi(void)
{
	check_one();
	explore_assert(explore_peek(&runs[1]) == (nmi_came ? 1 : 0),
	    "what the NMI posted was not run once");
}

/* An NMI at any step of a post posts to its own CPU. */
static const struct explore_program event_nmi = {
	.name = "event-nmi",
	.what = "an NMI at any step of a post posts an event to its own CPU",
	.ids = "INV-E1 INV-E6 BUG-121",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { post_first, NULL },
	.check = check_nmi,
	.on_nmi = post_from_nmi,
	.nmis = { 1, 0 },
};

const struct explore_program *const event_programs[] = {
	&event_post, &event_masked, &event_twice, &event_two, &event_mutual,
	&event_posters, &event_self, &event_nmi, NULL
};
