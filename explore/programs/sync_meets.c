/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync_meets.c: rendezvous that meet a stop, or a CPU that leaves.
 *
 * Protocols P6 and P11.  As in sync.c, a plain word says whether all stand.
 */
#include "still.h"

/* On lines of their own, which EXPLORE_DATA would not leave them. */
static struct xcpu_sync_room room __attribute__((section("explore_data")));
static struct xcpu_stop_room stops __attribute__((section("explore_data")));
static struct xcpu_sync EXPLORE_DATA sync;

static void
boot(void)
{
	explore_domain_init(2);
	(void)xcpu_sync_init(&explore_domain, &room);
	(void)xcpu_stop_init(&explore_domain, &stops);
	for (unsigned i = 0; i < 2; i++) {
		explore_become(i);
		(void)xcpu_cpu_online(&explore_cpu[i]);
	}
	explore_become(0);
	explore_name(&room, sizeof(room), "room");
	explore_name(&stops, sizeof(stops), "stops");
	explore_name(&table, sizeof(table), "table");
}

static void
park_second(void)
{
	struct xcpu_cpuset set = scene_set(2);

	explore_assert(xcpu_sync_start(&sync, &set, NULL) == 0, "refused");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync) == 0, "not finished");
}

/* ---- a CPU that leaves ---- */

static void
handle(void *arg)
{
	(void)arg;
	count_up(&table);
}

/* CPU 1 has an event, which it has not heard yet. */
static void
setup_event(void)
{
	boot();
	(void)xcpu_event_post(xcpu_event_register(handle, NULL), 1);
	explore_start_masked(1);
}

static void
leave(void)
{
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

/* It takes part, or is off and nobody waits for it; nothing in between. */
static const struct explore_program sync_leaving = {
	.name = "sync-leaving",
	.what = "a rendezvous with a CPU whose last drain has an event",
	.ids = "F-B20 INV-R4 INV-C8 BUG-84",
	.ncpu = 2,
	.setup = setup_event,
	.cpu = { park_second, leave },
	.check = check_both,
};

/* ---- a stop ---- */

static void
park_second_masked(void)
{
	explore_close();
	park_second();
	explore_open();
}

static void
stop_first(void)
{
	struct xcpu_cpuset set = scene_set(1);

	explore_assert(xcpu_stop(&set, NULL) == 0, "refused");
	count_up(&table);
	explore_assert(xcpu_restart(&set) == 1, "not restarted");
}

/* Parked between the two, he would wait for whom he keeps. */
static const struct explore_program sync_stopped = {
	.name = "sync-stopped",
	.what = "an initiator is stopped by a CPU that it parks",
	.ids = "INV-R8 INV-C12 BUG-117",
	.ncpu = 2,
	.setup = boot,
	.cpu = { park_second_masked, stop_first },
	.check = check_both,
};

const struct explore_program *const sync_meets_programs[] = {
	&sync_leaving, &sync_stopped, NULL
};
