/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stand_hotplug.c: stops, panics and stop-machines that meet a CPU that comes
 * or goes.
 *
 * Protocols P6 and P11, with P1's life of a CPU.  A plain word says whether
 * somebody stands: the CPU writes it masked, while it comes or goes; whoever
 * made it stand writes it, too.
 */
#include "still.h"

#define TIMEOUT_NS 1000

/* On lines of their own, which EXPLORE_DATA would not leave them. */
static struct xcpu_sync_room room __attribute__((section("explore_data")));
static struct xcpu_stop_room stops __attribute__((section("explore_data")));

/* CPU 1 is off, if it is not named. */
static void
boot(unsigned cpus)
{
	explore_domain_init(2);
	(void)xcpu_sync_init(&explore_domain, &room);
	(void)xcpu_stop_init(&explore_domain, &stops);
	for (unsigned i = 0; i < 2; i++) {
		explore_become(i);
		if ((cpus >> i & 1) != 0)
			(void)xcpu_cpu_online(&explore_cpu[i]);
	}
	explore_become(0);
	explore_start_masked(1);
	explore_name(&room, sizeof(room), "room");
	explore_name(&stops, sizeof(stops), "stops");
	explore_name(&table, sizeof(table), "table");
}

static void
setup_off(void)
{
	boot(1);
}

static void
setup_online(void)
{
	boot(3);
}

/* ---- CPU 1 ---- */

static void
come(void)
{
	explore_assert(xcpu_cpu_online(&explore_cpu[1]) == 0, "refused");
	count_up(&table);
	explore_open();
}

static void
leave(void)
{
	count_up(&table);
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

static void
leave_and_come(void)
{
	explore_assert(xcpu_cpu_offline() == 0, "refused");
	come();
}

/* ---- stops ---- */

static void
stop_and_restart(void)
{
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_cpuset stopped;
	struct xcpu_stop_opt opt = { .stopped = &stopped };
	bool stands;

	explore_assert(xcpu_stop(&set, &opt) == 0, "refused");
	stands = xcpu_cpuset_has(&stopped, 1);
	explore_note(stands);
	if (stands)
		count_up(&table);
	explore_assert(xcpu_restart(NULL) == stands, "not restarted");
}

static void
check_free(void)
{
	explore_assert(!xcpu_stopped(&explore_domain, 1),
	    "stopped when nobody expects it any more");
}

static const struct explore_program stop_online = {
	.name = "stop-online",
	.what = "a CPU is stopped while it comes online",
	.ids = "F-B19 F-B20 INV-C8 INV-C12",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { stop_and_restart, come },
	.check = check_free,
};

static const struct explore_program stop_replug = {
	.name = "stop-replug",
	.what = "a CPU is stopped while it leaves and comes back",
	.ids = "F-B19 F-B20 INV-C8 INV-C12 BUG-118",
	.ncpu = 2,
	.setup = setup_online,
	.cpu = { stop_and_restart, leave_and_come },
	.check = check_free,
};

/* ---- panics ---- */

static void
panic_and_go_on(void)
{
	struct xcpu_cpuset missing;
	int error = xcpu_panic_stop(0, &missing);

	explore_note(scene_error(error));
	explore_assert(error == 0, "it did not stop, and nothing held it up");
	count_up(&table);
	(void)xcpu_restart(NULL);
	explore_open();
}

/* Who comes after the stop stops in xcpu_cpu_online(). */
static void
panic_and_wait(void)
{
	struct xcpu_cpuset missing;

	explore_assert(xcpu_panic_stop(0, &missing) == 0, "refused");
	/* ends: as CPU 1 comes, and stops there */
	while (!xcpu_stopped(&explore_domain, 1))
		explore_relax();
	count_up(&table);
	(void)xcpu_restart(NULL);
	explore_open();
}

static const struct explore_program panic_online = {
	.name = "panic-online",
	.what = "a CPU panics while another comes online",
	.ids = "F-B19 F-B20 INV-C8 BUG-116",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { panic_and_wait, come },
	.check = check_both,
};

static const struct explore_program panic_leaving = {
	.name = "panic-leaving",
	.what = "a CPU panics while another leaves",
	.ids = "F-B19 F-B20 INV-C8 BUG-116",
	.ncpu = 2,
	.setup = setup_online,
	.cpu = { panic_and_go_on, leave },
	.check = check_both,
};

/* ---- the machine stands still ---- */

static void
stand_alone(void *arg)
{
	(void)arg;
	count_up(&table);
}

static void
stop_machine(void)
{
	explore_assert(xcpu_sync_machine(stand_alone, NULL, NULL) == 0,
	    "refused");
}

static const struct explore_program sync_machine_leaving = {
	.name = "sync-machine-leaving",
	.what = "the machine stands still while a CPU leaves",
	.ids = "F-B18 F-B20 INV-R4 BUG-84",
	.ncpu = 2,
	.setup = setup_online,
	.cpu = { stop_machine, leave },
	.check = check_both,
};

static const struct explore_program sync_machine_replug = {
	.name = "sync-machine-replug",
	.what = "the machine stands still while a CPU leaves and comes back",
	.ids = "F-B18 F-B20 INV-R4 BUG-84",
	.ncpu = 2,
	.setup = setup_online,
	.cpu = { stop_machine, leave_and_come },
	.check = check_both,
};

static void
stop_machine_late(void)
{
	struct xcpu_sync_opt opt = { .timeout_ns = TIMEOUT_NS };
	int error = xcpu_sync_machine(stand_alone, NULL, &opt);

	explore_assert(error == 0 || error == -XCPU_ETIMEDOUT, "refused");
	explore_note(scene_error(error));
}

/* Called off, it holds up nobody who comes. */
static const struct explore_program sync_machine_late = {
	.name = "sync-machine-late",
	.what = "a stop of the machine with a deadline, and a CPU that comes",
	.ids = "F-B18 INV-R4 INV-R9",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { stop_machine_late, come },
	.deadlines = { 1, 0 },
};

const struct explore_program *const stand_hotplug_programs[] = {
	&stop_online, &stop_replug, &panic_online, &panic_leaving,
	&sync_machine_leaving, &sync_machine_replug, &sync_machine_late, NULL
};
