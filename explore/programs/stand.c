/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stand.c: what CPUs serve that stand still: parked, or stopped.
 *
 * Protocols P6 and P11.  Flushes and stops, and no function of others: a plain
 * word that the one writes who made them stand, and a call, is a race if the
 * call runs meanwhile.  The pages are those of pages.h; sync_msg.c has the
 * messages.
 */
#include "pages.h"
#include "still.h"

/* On lines of their own, which EXPLORE_DATA would not leave them. */
static struct xcpu_sync_room room __attribute__((section("explore_data")));
static struct xcpu_stop_room stops __attribute__((section("explore_data")));
static struct xcpu_sync EXPLORE_DATA sync;
static struct xcpu_call EXPLORE_DATA object;

static void
init_rooms(void)
{
	(void)xcpu_sync_init(&explore_domain, &room);
	(void)xcpu_stop_init(&explore_domain, &stops);
	explore_name(&room, sizeof(room), "room");
	explore_name(&stops, sizeof(stops), "stops");
	explore_name(&table, sizeof(table), "table");
}

static void
setup(void)
{
	explore_boot(2);
	init_rooms();
}

static void
setup_loaded(void)
{
	pages_boot(2, 2);
	init_rooms();
}

static void
park(void)
{
	struct xcpu_cpuset second = scene_set(2);

	explore_assert(xcpu_sync_start(&sync, &second, NULL) == 0, "refused");
}

static void
let_go(void)
{
	explore_assert(xcpu_sync_finish(&sync) == 0, "not finished");
}

static void
stop(void)
{
	struct xcpu_cpuset second = scene_set(2);

	explore_assert(xcpu_stop(&second, NULL) == 0, "refused");
}

static void
restart(void)
{
	struct xcpu_cpuset second = scene_set(2);

	explore_assert(xcpu_restart(&second) == 1, "not restarted");
}

/* ---- flushes ---- */

static void
park_and_replace(void)
{
	park();
	pages_replace(0);
	let_go();
}

static void
use_first(void)
{
	pages_use(0);
}

static const struct explore_program sync_flush = {
	.name = "sync-flush",
	.what = "a shootdown while the user of the page is parked",
	.ids = "INV-R6 INV-S1 BUG-32",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { park_and_replace, use_first },
};

static void
stop_and_replace(void)
{
	stop();
	pages_replace(0);
	restart();
}

static const struct explore_program stop_flush = {
	.name = "stop-flush",
	.what = "a shootdown while the user of the page is stopped",
	.ids = "F-X3 F-B19 INV-C12 INV-S1",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { stop_and_replace, use_first },
};

/* ---- calls ---- */

static void
be_called(void *arg)
{
	(void)arg;
	count_up(&table);
}

static void
start_call(void)
{
	struct xcpu_cpuset second = scene_set(2);

	explore_assert(xcpu_call_start(&object, &second, be_called, NULL,
	    NULL) == 0, "refused");
}

static void
park_and_call(void)
{
	park();
	start_call();
	count_up(&table);
	let_go();
}

static const struct explore_program sync_call = {
	.name = "sync-call",
	.what = "a call to a parked CPU runs after the rendezvous",
	.ids = "INV-R1 INV-R6",
	.ncpu = 2,
	.setup = setup,
	.cpu = { park_and_call, NULL },
	.check = check_both,
};

static void
stop_and_call(void)
{
	stop();
	start_call();
	count_up(&table);
	restart();
}

static const struct explore_program stop_call = {
	.name = "stop-call",
	.what = "a call to a stopped CPU runs after the restart",
	.ids = "F-B19 INV-C12",
	.ncpu = 2,
	.setup = setup,
	.cpu = { stop_and_call, NULL },
	.check = check_both,
};

/* ---- stops ---- */

static void
park_and_stop(void)
{
	park();
	stop();
	count_up(&table);
	restart();
	let_go();
}

/* Stopped where it is parked, it has arrived; restarted, it leaves. */
static const struct explore_program sync_stop = {
	.name = "sync-stop",
	.what = "an initiator stops a CPU that it has parked",
	.ids = "F-B19 INV-R6 INV-C12 BUG-117",
	.ncpu = 2,
	.setup = setup,
	.cpu = { park_and_stop, work },
	.check = check_both,
};

const struct explore_program *const stand_programs[] = {
	&sync_flush, &sync_call, &sync_stop, &stop_flush, &stop_call,
	NULL
};
