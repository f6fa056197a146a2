/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unregister.c: the end of an event, and the next owner of its slot.
 *
 * Protocol P8.  CPU 0 ends the event, writes what its handler read, and gives
 * the slot at once to another, to whom nobody posts.  So a handler that still
 * runs is a race, and a bit that stays is a run of the wrong handler (INV-E7).
 */
#include "scene.h"

static int EXPLORE_DATA old_id;
static struct explore_word EXPLORE_DATA old_data;
static struct explore_word EXPLORE_DATA old_runs;
static struct explore_word EXPLORE_DATA posts;

static void
old_handler(void *arg)
{
	explore_assert(arg == &old_data, "another event's argument");
	(void)explore_read(&old_data);
	explore_write(&old_runs, explore_read(&old_runs) + 1);
}

static void
new_handler(void *arg)
{
	(void)arg;
	explore_fail("a post to the old event ran the new one", __FILE__,
	    __LINE__);
}

static void
name_all(void)
{
	explore_name(&old_data, sizeof(old_data), "old data");
	explore_name(&old_runs, sizeof(old_runs), "old runs");
	explore_name(&posts, sizeof(posts), "posts");
}

static void
register_old(void)
{
	old_id = xcpu_event_register(old_handler, &old_data);
	name_all();
}

static void
setup_two(void)
{
	explore_boot(2);
	register_old();
}

static void
setup_three(void)
{
	explore_boot(3);
	register_old();
}

static void
replace(void)
{
	int id;

	explore_assert(xcpu_event_unregister(old_id) == 0, "not ended");
	explore_write(&old_data, 1);
	id = xcpu_event_register(new_handler, NULL);
	explore_assert(id > 0 && id != old_id, "the id is not new");
}

static void
post_old(unsigned cpu)
{
	int error = xcpu_event_post(old_id, cpu);

	explore_note(scene_error(error));
	explore_write(&posts, error == 0);
}

static void
check(void)
{
	explore_assert(explore_peek(&old_runs) <= explore_peek(&posts),
	    "run, but not posted");
}

/* ---- a post while it ends ---- */

static void
post_to_zero(void)
{
	post_old(0);
}

/*
 * Two rounds: whoever saw the event alive has set its bit when the first is
 * over, and the second takes it.  P8: one round, none, an early "passed", the
 * newest round, an unmasked post are rejected.
 */
static const struct explore_program unregister_post = {
	.name = "unregister-post",
	.what = "an event ends while another CPU posts it to the one that ends it",
	.ids = "F-N1 INV-E7 INV-E8",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { replace, post_to_zero },
	.check = check,
};

static void
post_to_self(void)
{
	post_old(1);
}

static const struct explore_program unregister_self = {
	.name = "unregister-self",
	.what = "an event ends while another CPU posts it to itself",
	.ids = "INV-E7 INV-E8",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { replace, post_to_self },
	.check = check,
};

static void
post_and_replace(void)
{
	post_old(1);
	replace();
}

static void
check_posted(void)
{
	explore_assert(explore_peek(&old_runs) <= 1, "run more than once");
}

/* A drain reads the round before it takes the bits that it will vouch for. */
static const struct explore_program unregister_own = {
	.name = "unregister-own",
	.what = "a CPU posts an event, and ends it",
	.ids = "INV-E7 INV-S10 BUG-11",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { post_and_replace, NULL },
	.check = check_posted,
};

static void
post_to_third(void)
{
	post_old(2);
}

static const struct explore_program unregister_three = {
	.name = "unregister-three",
	.what = "an event ends while a second CPU posts it to a third",
	.ids = "INV-E7 INV-E8 BUG-11",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { replace, post_to_third, NULL },
	.check = check,
};

static void
drain_twice_and_post(void)
{
	(void)xcpu_resched(1);
	(void)xcpu_resched(1);
	post_old(0);
}

/*
 * A drain for something else may read the number of a round whose post it has
 * not claimed: what the round is about must come with the number (E3).
 */
static const struct explore_program unregister_drain = {
	.name = "unregister-drain",
	.what = "an event ends while another CPU drains twice, then posts it",
	.ids = "INV-E7 INV-E8 INV-S10",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { replace, drain_twice_and_post },
	.check = check,
};

/* ---- two that end, two that begin ---- */

static void
end_it(void)
{
	explore_note(scene_error(xcpu_event_unregister(old_id)));
}

/* One ends it, the other gets ENOENT; each goes through the other's rounds. */
static const struct explore_program unregister_both = {
	.name = "unregister-both",
	.what = "two CPUs end the same event",
	.ids = "INV-E7 INV-C7",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { end_it, end_it },
};


static void
take_slot(void)
{
	/* The same slot if it is free already, or the next. */
	explore_note((uint64_t)xcpu_event_register(new_handler, NULL));
}

/*
 * E4: the slot is written after the last read of its old owner's handler, on a
 * third CPU, of which the rounds tell the second nothing.
 */
static const struct explore_program register_reuse = {
	.name = "register-reuse",
	.what = "a slot is taken while its last event runs elsewhere, and ends",
	.ids = "INV-E7 INV-E8",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { end_it, take_slot, post_to_third },
};

/* ---- the beginning ---- */

static struct xcpu_au32 EXPLORE_DATA announced;

static void
setup_bare(void)
{
	explore_boot(2);
	explore_name(&announced, sizeof(announced), "announced");
	name_all();
}

static void
register_and_tell(void)
{
	int id = xcpu_event_register(old_handler, &old_data);

	/* rlx: the id tells nothing of the slot; the slot's state does */
	xcpu_store_rlx(&announced, (uint32_t)id);
}

static void
post_what_was_told(void)
{
	uint32_t id = xcpu_load_rlx(&announced); /* rlx: as above */

	if (id == 0)
		return;
	old_id = (int)id;
	post_old(1);
}

static void
check_told(void)
{
	explore_assert(explore_peek(&old_runs) == explore_peek(&posts),
	    "posted, and not run once");
}

/* E1: function and argument come with LIVE.  P8: "register relaxed" is rejected. */
static const struct explore_program register_post = {
	.name = "register-post",
	.what = "an event begins while another CPU posts it by a guessed id",
	.ids = "F-N1 INV-E2 INV-E8 BUG-82",
	.ncpu = 2,
	.setup = setup_bare,
	.cpu = { register_and_tell, post_what_was_told },
	.check = check_told,
};

static void
setup_bare_three(void)
{
	explore_boot(3);
	name_all();
}

static void
kick_and_post_what_was_told(void)
{
	uint32_t id;

	explore_assert(xcpu_resched(2) == 0, "refused");
	id = xcpu_load_rlx(&announced); /* rlx: as above */
	if (id == 0)
		return;
	old_id = (int)id;
	post_old(2);
}

/* The bit may be taken before its post, by a drain for something else. */
static const struct explore_program register_three = {
	.name = "register-three",
	.what = "an event begins while a second CPU posts it to a third",
	.ids = "INV-E2 INV-E8",
	.ncpu = 3,
	.setup = setup_bare_three,
	.cpu = { register_and_tell, kick_and_post_what_was_told, NULL },
	.check = check_told,
};

/* ---- a CPU comes or goes meanwhile ---- */

static void
setup_off(void)
{
	explore_domain_init(2);
	explore_become(0);
	(void)xcpu_cpu_online(&explore_cpu[0]);
	register_old();
	explore_start_masked(1);
}

static void
come_online(void)
{
	explore_assert(xcpu_cpu_online(&explore_cpu[1]) == 0, "refused");
	explore_open();
}

/* No bit waits in the block of a CPU that was not ready (event.c, I3). */
static const struct explore_program unregister_online = {
	.name = "unregister-online",
	.what = "an event is posted to a CPU that comes online, and ends",
	.ids = "INV-E7 INV-C8",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { post_and_replace, come_online },
	.check = check_posted,
};

static void
go_offline(void)
{
	explore_note(scene_error(xcpu_cpu_offline()));
}

/* In setup(): the event is posted to CPU 1, and its kick is still on its way. */
static void
setup_posted(void)
{
	setup_two();
	(void)xcpu_event_post(old_id, 1);
}

/* LEAVING is not OFF: its last drain holds the bit (L2). */
static const struct explore_program unregister_offline = {
	.name = "unregister-offline",
	.what = "an event ends while its target goes offline",
	.ids = "INV-E7 INV-C8",
	.ncpu = 2,
	.setup = setup_posted,
	.cpu = { replace, go_offline },
	.check = check_posted,
};

/*
 * The last sweep of a CPU that leaves runs what was posted to it; who takes OFF
 * for a passed round comes after that (L2).
 */
static const struct explore_program unregister_leaving = {
	.name = "unregister-leaving",
	.what = "a CPU posts an event to one that leaves, and ends it",
	.ids = "INV-E7 INV-C8",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { post_and_replace, go_offline },
	.check = check_posted,
};

const struct explore_program *const unregister_programs[] = {
	&unregister_post, &unregister_self, &unregister_own,
	&unregister_drain, &unregister_three, &unregister_both,
	&register_reuse, &register_post, &register_three, &unregister_online,
	&unregister_offline, &unregister_leaving, NULL
};
