/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hotplug.c: CPUs that come and go, and what is asked of them meanwhile.
 *
 * Protocol P1, the life cycle, and the departures 1, 2 and 7 of DESIGN.md.
 * Whatever was accepted runs once, whatever was refused never, and nobody waits
 * for a CPU that is gone (INV-C8).
 */
#include "scene.h"

static int EXPLORE_DATA id;
static struct explore_word EXPLORE_DATA in;
static struct explore_word EXPLORE_DATA out;
static struct explore_word EXPLORE_DATA runs;
static struct explore_word EXPLORE_DATA accepted;
static struct xcpu_call EXPLORE_DATA object;

static void
work(void *arg)
{
	(void)arg;
	explore_write(&runs, explore_read(&runs) + 1);
	explore_write(&out, explore_read(&in) + 1);
}

static void
name_all(void)
{
	explore_name(&in, sizeof(in), "in");
	explore_name(&out, sizeof(out), "out");
	explore_name(&runs, sizeof(runs), "runs");
	explore_name(&accepted, sizeof(accepted), "accepted");
	explore_name(&object, sizeof(object), "object");
}

/* CPU 1, the last one, is off. */
static void
boot_without(unsigned off)
{
	explore_domain_init(off + 1);
	for (unsigned cpu = 0; cpu < off; cpu++) {
		explore_become(cpu);
		(void)xcpu_cpu_online(&explore_cpu[cpu]);
	}
	explore_become(0);
	explore_start_masked(off);
	id = xcpu_event_register(work, NULL);
	name_all();
}

static void
setup_off(void)
{
	boot_without(1);
}

static void
setup_off_busy(void)
{
	setup_off();
	scene_keep_slot_busy(1);
}

static void
setup_on(void)
{
	explore_boot(2);
	id = xcpu_event_register(work, NULL);
	name_all();
}

static void
setup_on_busy(void)
{
	setup_on();
	scene_keep_slot_busy(1);
}

static void
come_online(void)
{
	explore_assert(xcpu_cpu_online(&explore_cpu[explore_self()]) == 0,
	    "refused");
	explore_open();
}

static void
go_offline(void)
{
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

static void
go_and_come(void)
{
	explore_close();
	go_offline();
	come_online();
}

/* ---- what is asked ---- */

static void
count(int error)
{
	explore_note(scene_error(error));
	explore_assert(error == 0 || error == -XCPU_ENXIO, "another error");
	if (error == 0)
		explore_write(&accepted, explore_read(&accepted) + 1);
}

static void
post(void)
{
	explore_write(&in, 10);
	count(xcpu_event_post(id, 1));
}

static void
call(void)
{
	int error;

	explore_write(&in, 10);
	error = xcpu_call_one(1, work, NULL, NULL);
	count(error);
	explore_assert(error != 0 || explore_read(&out) == 11,
	    "returned before the function ran");
}

static void
call_twice(void)
{
	call();
	call();
}

static void
call_when_ready(void)
{
	struct xcpu_call_opt opt = { .not_ready = XCPU_WAIT_NOT_READY };

	explore_write(&in, 10);
	explore_assert(xcpu_call_one(1, work, NULL, &opt) == 0, "refused");
	explore_assert(explore_read(&out) == 11,
	    "returned before the function ran");
	explore_write(&accepted, 1);
}

static void
start_object(void)
{
	struct xcpu_cpuset set = scene_set(2);

	explore_write(&in, 10);
	explore_assert(xcpu_call_start(&object, &set, work, NULL, NULL) == 0,
	    "refused");
	explore_assert(xcpu_call_wait(&object, 0) == 0, "the wait failed");
	explore_write(&accepted, xcpu_cpuset_has(&object.started, 1));
	explore_note(explore_read(&accepted));
	explore_poison(&object, sizeof(object));
}

static void
check(void)
{
	explore_assert(explore_peek(&runs) == explore_peek(&accepted),
	    "not run as often as accepted");
	explore_assert(scene_carrier_free(0),
	    "a slot of the caller stays busy");
}

/* An event posted twice may run once. */
static void
check_posted(void)
{
	explore_assert((explore_peek(&runs) != 0) ==
	    (explore_peek(&accepted) != 0), "accepted and not run, or refused and run");
}

static void
check_token(void)
{
	check();
	explore_assert(scene_slot_free(1), "the token slot stays busy");
}

/* ---- coming ---- */

static const struct explore_program online_post = {
	.name = "online-post",
	.what = "an event to a CPU that comes online",
	.ids = "F-N4 INV-C8 INV-E1",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { post, come_online },
	.check = check,
};

/* The first drain resolves a call whose owner was refused (departure 7). */
static const struct explore_program online_call = {
	.name = "online-call",
	.what = "a call to a CPU that comes online",
	.ids = "INV-C1 INV-C2 INV-C8",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { call, come_online },
	.check = check_token,
};

/* Bits of a refused request must not suppress the next kick: P1, "claim after READY". */
static const struct explore_program online_call_twice = {
	.name = "online-call-twice",
	.what = "two calls to a CPU that comes online",
	.ids = "INV-C1 INV-C8 INV-E4 BUG-12 BUG-13",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { call_twice, come_online },
	.check = check_token,
};

static const struct explore_program online_carrier = {
	.name = "online-carrier",
	.what = "a call by a slot of the caller to a CPU that comes online",
	.ids = "INV-C1 INV-C2 INV-C8",
	.ncpu = 2,
	.setup = setup_off_busy,
	.cpu = { call, come_online },
	.check = check,
};

static const struct explore_program online_wait = {
	.name = "online-wait",
	.what = "a call that waits for its CPU to come online",
	.ids = "INV-C1 INV-C8",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { call_when_ready, come_online },
	.check = check_token,
};

static const struct explore_program online_object = {
	.name = "online-object",
	.what = "a call object to a CPU that comes online",
	.ids = "INV-C1 INV-C4 INV-C8",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { start_object, come_online },
	.check = check,
};

static void
setup_off_third(void)
{
	boot_without(2);
}

static void
post_third(void)
{
	int error = xcpu_event_post(id, 2);

	explore_note(scene_error(error));
	if (error == 0)
		explore_write(&accepted, 1);
}

static struct explore_word EXPLORE_DATA accepted_too;

static void
post_third_too(void)
{
	int error = xcpu_event_post(id, 2);

	explore_note(scene_error(error));
	if (error == 0)
		explore_write(&accepted_too, 1);
}

static void
check_posters(void)
{
	bool any = explore_peek(&accepted) != 0 ||
	    explore_peek(&accepted_too) != 0;

	explore_assert((explore_peek(&runs) != 0) == any,
	    "accepted and not run, or refused and run");
}

/* One poster is refused, the other accepted, by the same bit (departure 1). */
static const struct explore_program online_posters = {
	.name = "online-posters",
	.what = "two CPUs post the same event to a CPU that comes online",
	.ids = "INV-E1 INV-C8",
	.ncpu = 3,
	.setup = setup_off_third,
	.cpu = { post_third, post_third_too, come_online },
	.check = check_posters,
};

/* ---- going ---- */

static const struct explore_program offline_post = {
	.name = "offline-post",
	.what = "an event to a CPU that goes offline",
	.ids = "INV-C8 INV-E1",
	.ncpu = 2,
	.setup = setup_on,
	.cpu = { post, go_offline },
	.check = check,
};

static const struct explore_program offline_call = {
	.name = "offline-call",
	.what = "a call to a CPU that goes offline",
	.ids = "INV-C1 INV-C2 INV-C8 BUG-13",
	.ncpu = 2,
	.setup = setup_on,
	.cpu = { call, go_offline },
	.check = check_token,
};

static const struct explore_program offline_carrier = {
	.name = "offline-carrier",
	.what = "a call by a slot of the caller to a CPU that goes offline",
	.ids = "INV-C1 INV-C2 INV-C8",
	.ncpu = 2,
	.setup = setup_on_busy,
	.cpu = { call, go_offline },
	.check = check,
};

static const struct explore_program offline_object = {
	.name = "offline-object",
	.what = "a call object to a CPU that goes offline",
	.ids = "INV-C1 INV-C4 INV-C8",
	.ncpu = 2,
	.setup = setup_on,
	.cpu = { start_object, go_offline },
	.check = check,
};

static const struct explore_program offline_both = {
	.name = "offline-both",
	.what = "two CPUs go offline at once",
	.ids = "INV-C7 INV-C8 BUG-117",
	.ncpu = 2,
	.setup = setup_on,
	.cpu = { go_offline, go_offline },
};

static void
post_and_go(void)
{
	explore_write(&in, 10);
	count(xcpu_event_post(id, 0));
	go_offline();
}

/* Whoever leaves before us has posted before: L2 of LEAVING. */
static const struct explore_program offline_both_post = {
	.name = "offline-both-post",
	.what = "two CPUs go offline, one of which posts to the other first",
	.ids = "INV-E1 INV-C8",
	.ncpu = 2,
	.setup = setup_on,
	.cpu = { go_offline, post_and_go },
	.check = check,
};

static const struct explore_program offline_return_post = {
	.name = "offline-return-post",
	.what = "an event to a CPU that goes offline and comes back",
	.ids = "INV-C8 INV-E1 BUG-83",
	.ncpu = 2,
	.setup = setup_on,
	.cpu = { post, go_and_come },
	.check = check_posted,
};

static const struct explore_program offline_return_call = {
	.name = "offline-return-call",
	.what = "a call to a CPU that goes offline and comes back",
	.ids = "INV-C1 INV-C8 BUG-83",
	.ncpu = 2,
	.setup = setup_on,
	.cpu = { call, go_and_come },
	.check = check_token,
};

const struct explore_program *const hotplug_programs[] = {
	&online_post, &online_call, &online_call_twice, &online_carrier,
	&online_wait, &online_object, &online_posters, &offline_post,
	&offline_call, &offline_carrier, &offline_object, &offline_both,
	&offline_both_post,
	&offline_return_post, &offline_return_call, NULL
};
