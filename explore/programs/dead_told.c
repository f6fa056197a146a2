/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_told.c: CPUs that die among those who are told, or stand still, or are to
 * run new code: notifiers, changes under quiescence, synchronised instructions.
 */
#include "mortal.h"
#include "pages.h"

static struct xcpu_notifiers EXPLORE_DATA notifiers;
static struct xcpu_sync_room room __attribute__((section("explore_data")));
static struct xcpu_icache EXPLORE_DATA icache;
static struct explore_word EXPLORE_DATA device;
static int EXPLORE_DATA id;

/* ---- notifiers ---- */

static void
forget(void *arg, const struct xcpu_flush *request)
{
	(void)arg;
	(void)request;
	explore_write(&device, explore_read(&device) + 1);
}

static void
setup_notifier(void)
{
	pages_boot(3, 0);
	(void)xcpu_notifier_init(&space, &notifiers);
	id = xcpu_notifier_register(&space, forget, NULL);
	explore_start_masked(DEAD);
	name_death();
	explore_name(&notifiers, sizeof(notifiers), "notifiers");
	explore_name(&device, sizeof(device), "device");
}

static void
tell_and_die(void)
{
	pages_shoot_down(0, 0);
	die();
}

/* Its memory is its own, and its place anybody's. */
static void
leave_and_come(void)
{
	explore_assert(xcpu_notifier_unregister(&space, id) == 0, "refused");
	explore_write(&device, 7);
	id = xcpu_notifier_register(&space, forget, NULL);
	explore_assert(id == 0, "the place is not free");
}

static const struct explore_program dead_notifier = {
	.name = "dead-notifier",
	.what = "a secondary leaves while a CPU dies anywhere in telling it",
	.ids = "F-B20 F-B15 INV-E7",
	.ncpu = 3,
	.setup = setup_notifier,
	.cpu = { leave_and_come, tell_and_die, bury_later },
	.on_nmi = die,
	.mortal = true,
	.nmis = { 0, 1 },
	.bound = 2,
};

static void
setup_dead(void)
{
	setup_notifier();
	xcpu_store_rlx(&died, 1); /* rlx: setup */
}

static void
come_back_and_tell(void)
{
	await_burial();
	explore_assert(xcpu_cpu_online(&explore_cpu[DEAD]) == 0, "not online");
	pages_shoot_down(0, 0);
	explore_open();
}

static const struct explore_program dead_notifier_back = {
	.name = "dead-notifier-back",
	.what = "the same, while a CPU that died comes online and tells it",
	.ids = "F-B20 F-B15 INV-E7",
	.ncpu = 3,
	.setup = setup_dead,
	.cpu = { leave_and_come, come_back_and_tell, bury_later },
	.bound = 2,
};

/* ---- quiescence ---- */

static void
setup_quiesce(void)
{
	explore_domain_init(3);
	(void)xcpu_sync_init(&explore_domain, &room);
	for (unsigned i = 0; i < 3; i++) {
		explore_become(i);
		(void)xcpu_cpu_online(&explore_cpu[i]);
	}
	xcpu_space_init(&space, NULL);
	pages_init(&space);
	explore_become(DEAD);
	(void)xcpu_space_switch(&space);
	explore_become(0);
	explore_start_masked(DEAD);
	explore_start_masked(2);
	name_death();
	explore_name(&room, sizeof(room), "room");
}

static void
change(void *arg)
{
	(void)arg;
	for (unsigned n = 0; n < PAGES; n++)
		explore_page_set(&page[n], (int)(n + NEW_FRAME));
}

static void
change_both(void)
{
	struct xcpu_quiesce q = { .space = &space, .change = change };

	explore_assert(xcpu_quiesce(&q, NULL) == 0 && q.changed, "refused");
	for (unsigned n = 0; n < PAGES; n++)
		explore_frame_reuse(n, 1);
}

static void
use_both_and_die(void)
{
	pages_use_both();
	die();
}

/* Not parked before it has reported. */
static void
bury_and_stand(void)
{
	bury_later();
	explore_open();
}

static const struct explore_program dead_quiesce = {
	.name = "dead-quiesce",
	.what = "two pages change together, and who uses them dies masked",
	.ids = "F-B20 F-B13 INV-R1 INV-S1",
	.ncpu = 3,
	.setup = setup_quiesce,
	.cpu = { change_both, use_both_and_die, bury_and_stand },
	.bound = 1,
};

/* ---- instructions ---- */

static void
synchronise(void)
{
	explore_note(explore_self());
}

static void
setup_icache(void)
{
	pages_boot(3, 1 << DEAD);
	(void)xcpu_icache_init(&icache, &space, synchronise);
	name_death();
	explore_start_masked(DEAD);
	explore_name(&icache, sizeof(icache), "icache");
}

/* Whoever died runs nothing: what is told of it is for the host. */
static void
change_code(void)
{
	int error = xcpu_icache_sync(&icache);

	explore_assert(error == 0 || error == -XCPU_ECANCELED ||
	    error == -XCPU_ENXIO, "another error");
	explore_note(scene_error(error));
}

static const struct explore_program dead_icache = {
	.name = "dead-icache",
	.what = "code changes, and a CPU dies masked that is to synchronise",
	.ids = "F-B20 F-B14 INV-C8",
	.ncpu = 3,
	.setup = setup_icache,
	.cpu = { change_code, die, bury_later },
	.bound = 2,
};

const struct explore_program *const dead_told_programs[] = {
	&dead_notifier, &dead_notifier_back, &dead_quiesce, &dead_icache, NULL
};
