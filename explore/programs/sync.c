/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c: rendezvous.
 *
 * Protocol P6.  See sync.h for what a failure is.
 */
#include "sync.h"

static struct explore_word EXPLORE_DATA data;
static struct xcpu_call EXPLORE_DATA object;

static void
finish(void *arg)
{
	explore_assert(explore_read((struct explore_word *)arg) == 7,
	    "fin2 gets something else");
}

/* ---- one initiator ---- */

static void
park_one(void)
{
	struct xcpu_cpuset set = scene_set(2);

	sync[0].fin1 = act;
	sync[0].fin2 = finish;
	sync[0].data = &data;
	explore_write(&data, 7);
	explore_assert(xcpu_sync_start(&sync[0], &set, NULL) == 0, "refused");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	explore_assert(explore_read(&acted[1]) == 1, "fin1 has not run");
	explore_poison(&sync[0], sizeof(sync[0]));
}

static void
check_one(void)
{
	explore_assert(explore_peek(&acted[1]) == 1, "fin1 did not run once");
}

static const struct explore_program sync_one = {
	.name = "sync-one",
	.what = "start and finish over one CPU, with fin1 and fin2",
	.ids = "F-D15 INV-R1 INV-R2 BUG-20 BUG-74",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_one, work },
	.check = check_one,
};

static void
park_twice(void)
{
	struct xcpu_cpuset set = scene_set(2);

	for (unsigned i = 1; i <= 2; i++) {
		explore_assert(xcpu_sync_simple(&set, act, NULL, NULL) == 0,
		    "refused");
		explore_assert(explore_read(&acted[1]) == i,
		    "back before it has run");
	}
}

static const struct explore_program sync_twice = {
	.name = "sync-twice",
	.what = "two rendezvous in a row over one CPU",
	.ids = "F-D13 INV-R3 BUG-69 BUG-72 BUG-73",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_twice, NULL },
};

static void
park_two(void)
{
	struct xcpu_cpuset set = scene_set(6);

	sync[0].run = run;
	sync[0].fin1 = act;
	explore_assert(xcpu_sync_start(&sync[0], &set, NULL) == 0, "refused");
	explore_assert(explore_read(&ran[1]) + explore_read(&ran[2]) == 2,
	    "back before all have arrived");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	explore_assert(explore_read(&acted[1]) + explore_read(&acted[2]) == 2,
	    "back before all have run");
}

static const struct explore_program sync_two = {
	.name = "sync-two",
	.what = "start and finish over two CPUs, with run and fin1",
	.ids = "F-D15 INV-R1 INV-R2 BUG-74",
	.ncpu = 3,
	.setup = boot_three,
	.cpu = { park_two, NULL, NULL },
};

static void
park_then_add(void)
{
	struct xcpu_cpuset first = scene_set(2);
	struct xcpu_cpuset both = scene_set(6);

	sync[0].run = run;
	sync[0].fin1 = act;
	explore_assert(xcpu_sync_start(&sync[0], &first, NULL) == 0, "refused");
	explore_assert(xcpu_sync_add(&sync[0], &both, NULL) == 0, "refused");
	explore_assert(explore_read(&ran[1]) + explore_read(&ran[2]) == 2,
	    "back before all have arrived");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	explore_assert(explore_read(&acted[1]) + explore_read(&acted[2]) == 2,
	    "back before all have run");
}

static const struct explore_program sync_add = {
	.name = "sync-add",
	.what = "start over one CPU, add another, finish",
	.ids = "F-D15 INV-R1",
	.ncpu = 3,
	.setup = boot_three,
	.cpu = { park_then_add, NULL, NULL },
};

/* ---- early sight ---- */

static void
nothing(void *arg)
{
	(void)arg;
}

/*
 * The drain that serves the call before it may find the question before its
 * post: so the question carries its own order.
 */
static void
call_then_park(void)
{
	struct xcpu_cpuset set = scene_set(2);

	explore_assert(xcpu_call_start(&object, &set, nothing, NULL,
	    NULL) == 0, "refused");
	sync[0].run = run;
	explore_assert(xcpu_sync_start(&sync[0], &set, NULL) == 0, "refused");
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	explore_assert(explore_read(&ran[1]) == 1, "not run");
}

static const struct explore_program sync_early = {
	.name = "sync-early",
	.what = "a rendezvous that is found before it is posted",
	.ids = "INV-E2 BUG-20",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { call_then_park, NULL },
};

static void
run_later(void *arg)
{
	explore_assert(explore_read(&data) == 7, "run before it was asked");
	run(arg);
}

static void
call_then_add(void)
{
	struct xcpu_cpuset first = scene_set(2);
	struct xcpu_cpuset second = scene_set(4);

	sync[0].run = run;
	explore_assert(xcpu_sync_start(&sync[0], &first, NULL) == 0, "refused");
	explore_assert(xcpu_call_start(&object, &second, nothing, NULL,
	    NULL) == 0, "refused");
	/* What those who stand have read may change; and what they saw. */
	sync[0].run = run_later;
	explore_write(&data, 7);
	explore_assert(xcpu_sync_add(&sync[0], &second, NULL) == 0, "refused");
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	explore_assert(explore_read(&ran[2]) == 1, "not run");
}

static const struct explore_program sync_add_early = {
	.name = "sync-add-early",
	.what = "a CPU that is added finds it before it is posted",
	.ids = "INV-E2 BUG-20",
	.ncpu = 3,
	.setup = boot_three,
	.cpu = { call_then_add, NULL, NULL },
};

/* ---- barriers ---- */

static void
stage_action(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 2; i++)
		explore_assert(explore_read(&ran[i]) == 1,
		    "an action before a setup");
	count_up(&acted[explore_self()]);
}

static void
stage_teardown(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 2; i++)
		explore_assert(explore_read(&acted[i]) == 1,
		    "a teardown before an action");
}

static void
go_through_stages(void)
{
	struct xcpu_sync_stages stages = { .setup = run,
		.action = stage_action, .teardown = stage_teardown };
	struct xcpu_cpuset set = scene_set(3);

	explore_assert(xcpu_sync_rendezvous(&set, &stages, NULL) == 0,
	    "refused");
}

static const struct explore_program sync_stages = {
	.name = "sync-stages",
	.what = "setup, action and teardown on two CPUs",
	.ids = "F-B18 INV-R1 INV-R2 BUG-71 BUG-74",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { go_through_stages, NULL },
};

static void
go_through_no_entry(void)
{
	struct xcpu_sync_stages stages = { .setup = run, .action = act,
		.teardown = stage_teardown };
	struct xcpu_sync_opt opt = { .flags = XCPU_SYNC_NO_ENTRY };
	struct xcpu_cpuset set = scene_set(3);

	explore_assert(xcpu_sync_rendezvous(&set, &stages, &opt) == 0,
	    "refused");
}

static const struct explore_program sync_no_entry = {
	.name = "sync-no-entry",
	.what = "the same without the entry barrier",
	.ids = "F-B18 INV-R2",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { go_through_no_entry, NULL },
};

/* ---- two initiators ---- */

static void
park_other(void)
{
	unsigned self = explore_self();
	struct xcpu_cpuset set = scene_set(2u >> self);

	explore_assert(xcpu_sync_start(&sync[self], &set, NULL) == 0,
	    "refused");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[self]) == 0, "not finished");
}

static void
park_other_masked(void)
{
	explore_close();
	park_other();
	explore_open();
}

/* P6: "lock waited for without serving" and "no order" are rejected. */
static const struct explore_program sync_mutual = {
	.name = "sync-mutual",
	.what = "two CPUs park each other, doorbells masked",
	.ids = "INV-R5 INV-R8 BUG-39 BUG-44",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_other_masked, park_other_masked },
	.check = check_both,
};

static const struct explore_program sync_mutual_open = {
	.name = "sync-mutual-open",
	.what = "two CPUs park each other, one doorbell open",
	.ids = "INV-R5 INV-R8 BUG-39 BUG-44",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_other, park_other_masked },
	.check = check_both,
};

/* Nobody else takes part: only the room orders them. */
static void
park_nobody(void)
{
	struct xcpu_cpuset none = scene_set(0);
	unsigned self = explore_self();

	explore_assert(xcpu_sync_start(&sync[self], &none, NULL) == 0,
	    "refused");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[self]) == 0, "not finished");
}

static const struct explore_program sync_room = {
	.name = "sync-room",
	.what = "two rendezvous that have only the room in common",
	.ids = "INV-R5 INV-R8",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_nobody, park_nobody },
	.check = check_both,
};

/* Both have the same target. */
static void
park_third(void)
{
	struct xcpu_cpuset set = scene_set(4);
	unsigned self = explore_self();

	explore_assert(xcpu_sync_start(&sync[self], &set, NULL) == 0,
	    "refused");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[self]) == 0, "not finished");
}

static const struct explore_program sync_disjoint = {
	.name = "sync-third",
	.what = "two CPUs park the same third one",
	.ids = "INV-R5 INV-R8",
	.ncpu = 3,
	.setup = boot_three,
	.cpu = { park_third, park_third, NULL },
	.check = check_both,
};

/* ---- CPUs that come and go ---- */

static void
go_and_come(void)
{
	explore_close();
	explore_assert(xcpu_cpu_offline() == 0, "refused");
	count_up(&table);
	explore_assert(xcpu_cpu_online(&explore_cpu[explore_self()]) == 0,
	    "refused");
	explore_open();
}

static void
park_traveller(void)
{
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_cpuset absent;
	struct xcpu_sync_opt opt = { .absent = &absent };
	bool there;

	explore_assert(xcpu_sync_simple(&set, act, NULL, &opt) == 0, "refused");
	there = !xcpu_cpuset_has(&absent, 1);
	explore_note(there);
	explore_assert(explore_read(&acted[1]) == there,
	    "absent, and took part; or the other way round");
}

static const struct explore_program sync_hotplug = {
	.name = "sync-hotplug",
	.what = "a rendezvous with a CPU that leaves and comes back",
	.ids = "F-B20 INV-R4 INV-C8 BUG-70 BUG-84",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_traveller, go_and_come },
};

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

static void
setup_off(void)
{
	explore_domain_init(2);
	(void)xcpu_sync_init(&explore_domain, &room);
	explore_become(0);
	(void)xcpu_cpu_online(&explore_cpu[0]);
	explore_start_masked(1);
}

static void
come(void)
{
	explore_assert(xcpu_cpu_online(&explore_cpu[1]) == 0, "refused");
	count_up(&table);
	explore_open();
}

/* Before, parked, or held up in xcpu_cpu_online(): never beside it. */
static const struct explore_program sync_machine_online = {
	.name = "sync-machine-online",
	.what = "the machine stands still while a CPU comes online",
	.ids = "F-B18 INV-R4",
	.ncpu = 2,
	.setup = setup_off,
	.cpu = { stop_machine, come },
	.check = check_both,
};

const struct explore_program *const sync_programs[] = {
	&sync_one, &sync_twice, &sync_two, &sync_add, &sync_early,
	&sync_add_early, &sync_stages,
	&sync_no_entry, &sync_mutual, &sync_mutual_open, &sync_room, &sync_disjoint,
	&sync_hotplug, &sync_machine_online, NULL
};
