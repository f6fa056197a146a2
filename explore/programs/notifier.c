/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notifier.c: who is told when a shootdown is over.
 *
 * The one who is told takes the frame: so a CPU that still uses it, for it was
 * told too early, is found as in pages.h.
 */
#include "pages.h"

/* Of the host, in shared memory; and the secondary's own memory. */
static struct xcpu_notifiers EXPLORE_DATA room;
static struct xcpu_async EXPLORE_DATA job;
static struct explore_word EXPLORE_DATA device;
static struct explore_word EXPLORE_DATA calls;
static int EXPLORE_DATA id;

static void
forget(void *arg, const struct xcpu_flush *request)
{
	explore_assert(request->space == &space, "another space");
	explore_assert(arg == &device, "another device");
	/* rlx: what takes time, so that an interrupt may come */
	(void)xcpu_load_rlx(&page[0].entry);
	explore_write(&device, explore_read(&device) + 1);
	explore_write(&calls, explore_read(&calls) + 1);
	explore_frame_reuse(0, 1);
}

static void
boot(unsigned cpus, bool registered)
{
	pages_boot(2, cpus);
	(void)xcpu_notifier_init(&space, &room);
	if (registered)
		id = xcpu_notifier_register(&space, forget, &device);
	explore_name(&room, sizeof(room), "room");
	explore_name(&job, sizeof(job), "job");
	explore_name(&device, sizeof(device), "device");
	explore_name(&calls, sizeof(calls), "calls");
}

static void
setup_registered(void)
{
	boot(2, true);
}

static void
setup_alone(void)
{
	boot(0, true);
}

static void
setup_unregistered(void)
{
	boot(0, false);
}

static void
change(void)
{
	explore_page_set(&page[0], NEW_FRAME);
	explore_assert(xcpu_shootdown(&space, page[0].va, PAGE_BYTES, NULL) == 0,
	    "refused");
}

static void
change_late(void)
{
	explore_page_set(&page[0], NEW_FRAME);
	explore_assert(xcpu_async_add(&job, &space, page[0].va, PAGE_BYTES,
	    NULL) == 0, "refused");
	explore_assert(xcpu_async_start(&job) == 0, "not started");
	while (!xcpu_async_done(&job))
		explore_relax();
}

static void
check_told(void)
{
	explore_assert(explore_peek(&calls) == 1, "not told once");
}

static const struct explore_program notifier_after = {
	.name = "notifier-after",
	.what = "one page, used by another CPU; a secondary is told",
	.ids = "F-B15 INV-S1",
	.ncpu = 2,
	.setup = setup_registered,
	.cpu = { change, pages_use_twice },
	.check = check_told,
};

static const struct explore_program notifier_late = {
	.name = "notifier-late",
	.what = "the same, and nobody waits for the shootdown",
	.ids = "F-B15 F-B9 INV-S1",
	.ncpu = 2,
	.setup = setup_registered,
	.cpu = { change_late, pages_use_twice },
	.check = check_told,
};

/* The device walks the tables as soon as it is registered. */
static void
attach(void)
{
	id = xcpu_notifier_register(&space, forget, &device);
	/* rlx: the walk of a device */
	explore_note(xcpu_load_rlx(&page[0].entry));
	if (xcpu_load_rlx(&page[0].entry) == 1)	/* rlx: as above */
		explore_write(&explore_frame[1], 1);	/* it holds frame 0 */
}

static void
check_attached(void)
{
	explore_assert(explore_peek(&explore_frame[1]) == 0 ||
	    explore_peek(&calls) == 1,
	    "the device has the old entry, and was not told");
}

/* K1: told, or it walks the new entry. */
static const struct explore_program notifier_register = {
	.name = "notifier-register",
	.what = "a secondary that registers, and walks, during a shootdown",
	.ids = "F-B15 INV-S3",
	.ncpu = 2,
	.setup = setup_unregistered,
	.cpu = { change, attach },
	.check = check_attached,
};

/* K3: its memory is its own afterwards. */
static void
detach(void)
{
	/* rlx: the last walk of a device */
	explore_note(xcpu_load_rlx(&page[0].entry));
	explore_assert(xcpu_notifier_unregister(&space, id) == 0, "refused");
	explore_write(&device, 7);
}

static const struct explore_program notifier_unregister = {
	.name = "notifier-unregister",
	.what = "a secondary that leaves during a shootdown",
	.ids = "F-B15 INV-E7",
	.ncpu = 2,
	.setup = setup_alone,
	.cpu = { change, detach },
};

static void
tell_other(void *arg, const struct xcpu_flush *request)
{
	(void)request;
	explore_assert(arg == &calls, "another's argument");
	explore_write(&calls, explore_read(&calls) + 1);
}

static void
detach_and_attach(void)
{
	detach();
	/* Plain, and read by whoever calls it: K2. */
	explore_assert(xcpu_notifier_register(&space, tell_other, &calls) >= 0,
	    "no room");
}

/* K2, K3: the next one in the same place. */
static const struct explore_program notifier_next = {
	.name = "notifier-next",
	.what = "a secondary leaves and another comes during a shootdown",
	.ids = "F-B15 INV-E7 INV-E8",
	.ncpu = 2,
	.setup = setup_alone,
	.cpu = { change, detach_and_attach },
};

static void
setup_full(void)
{
	pages_boot(3, 0);
	(void)xcpu_notifier_init(&space, &room);
	id = xcpu_notifier_register(&space, forget, &device);
	while (xcpu_notifier_register(&space, tell_other, &calls) >= 0)
		continue;
	explore_name(&room, sizeof(room), "room");
}

static void
attach_other(void)
{
	/* Refused before the first has left. */
	explore_note(scene_error(xcpu_notifier_register(&space, tell_other,
	    &calls)));
}

/* K3: who comes next fills in what another has just been called by. */
static const struct explore_program notifier_handed = {
	.name = "notifier-handed",
	.what = "one secondary leaves, and another comes on a third CPU",
	.ids = "F-B15 INV-E7 INV-E8",
	.ncpu = 3,
	.setup = setup_full,
	.cpu = { change, detach, attach_other },
};

const struct explore_program *const notifier_programs[] = {
	&notifier_after, &notifier_late, &notifier_register,
	&notifier_unregister, &notifier_next, &notifier_handed, NULL
};
