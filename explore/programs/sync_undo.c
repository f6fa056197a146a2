/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync_undo.c: rendezvous that are called off, by a deadline or at will; and
 * those that grow.
 *
 * Protocol P6.  See sync.h for what a failure is.
 */
#include "sync.h"

/* ---- deadlines ---- */

static void
park_late(void)
{
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_sync_opt opt = { .timeout_ns = TIMEOUT_NS };
	int error = xcpu_sync_simple(&set, act, NULL, &opt);

	explore_assert(error == 0 || error == -XCPU_ETIMEDOUT, "refused");
	explore_note(scene_error(error));
	/* Race-checked: nobody is in it, nor comes later. */
	explore_assert(explore_read(&acted[1]) == (error == 0),
	    "the result says something else than what happened");
	explore_assert(xcpu_sync_simple(&set, act, NULL, NULL) == 0,
	    "refused");
	explore_assert(explore_read(&acted[1]) == 1u + (error == 0),
	    "back before it has run");
}

/* P6: "blind arrival" is rejected: late for the first, counted in the next. */
static const struct explore_program sync_late = {
	.name = "sync-late",
	.what = "a rendezvous with a deadline, and one without",
	.ids = "INV-R3 INV-R9 BUG-43",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_late, NULL },
	.deadlines = { 1, 0 },
};

static void
park_then_late(void)
{
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_sync_opt opt = { .timeout_ns = TIMEOUT_NS };
	int error;

	explore_assert(xcpu_sync_simple(&set, act, NULL, NULL) == 0,
	    "refused");
	error = xcpu_sync_simple(&set, act, NULL, &opt);
	explore_note(scene_error(error));
	explore_assert(explore_read(&acted[1]) == 1u + (error == 0),
	    "called off, and acted; or the other way round");
}

/* The functions of the first are still there when the second is called off. */
static const struct explore_program sync_then_late = {
	.name = "sync-then-late",
	.what = "a rendezvous, and one with a deadline",
	.ids = "INV-R3 INV-R9 BUG-75",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_then_late, NULL },
	.deadlines = { 1, 0 },
};

static void
park_late_two(void)
{
	struct xcpu_cpuset set = scene_set(6);
	struct xcpu_sync_opt opt = { .timeout_ns = TIMEOUT_NS };
	int error = xcpu_sync_simple(&set, act, NULL, &opt);

	explore_note(scene_error(error));
	explore_assert(explore_read(&acted[1]) == (error == 0) &&
	    explore_read(&acted[2]) == (error == 0), "not all or nothing");
}

static void
check_late_two(void)
{
	explore_assert(explore_peek(&acted[1]) == explore_peek(&acted[2]),
	    "not all or nothing");
}

static const struct explore_program sync_late_two = {
	.name = "sync-late-two",
	.what = "a rendezvous of two CPUs with a deadline: all or nothing",
	.ids = "INV-R9",
	.ncpu = 3,
	.setup = boot_three,
	.cpu = { park_late_two, NULL, NULL },
	.check = check_late_two,
	.deadlines = { 1, 0, 0 },
};

/* ---- at will ---- */

static void
park_and_abort(void)
{
	struct xcpu_cpuset set = scene_set(2);

	sync[0].run = run;
	sync[0].fin1 = act;
	explore_assert(xcpu_sync_start(&sync[0], &set, NULL) == 0, "refused");
	count_up(&table);
	explore_assert(xcpu_sync_abort(&sync[0]) == 0, "not called off");
	explore_assert(explore_read(&ran[1]) == 1, "was there, and has not run");
	/* Race-checked: nobody is in it, nor comes later. */
	explore_assert(explore_read(&acted[1]) == 0, "acted all the same");
}

static const struct explore_program sync_abort = {
	.name = "sync-abort",
	.what = "a rendezvous that its initiator calls off",
	.ids = "F-D15 INV-R2 INV-R9",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_and_abort, work },
	.check = check_both,
};

/* ---- one by one ---- */

static void
park_by_adding(void)
{
	struct xcpu_cpuset none = scene_set(0);
	struct xcpu_cpuset set = scene_set(2);

	sync[0].run = run;
	sync[0].fin1 = act;
	explore_assert(xcpu_sync_start(&sync[0], &none, NULL) == 0, "refused");
	explore_assert(xcpu_sync_add(&sync[0], &set, NULL) == 0, "refused");
	explore_assert(explore_read(&ran[1]) == 1, "back before it has arrived");
	count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	explore_assert(explore_read(&acted[1]) == 1, "back before it has run");
}

static const struct explore_program sync_add_one = {
	.name = "sync-add-one",
	.what = "start over nobody, add a CPU, finish",
	.ids = "F-D15 INV-R1 INV-R2",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { park_by_adding, work },
	.check = check_both,
};

/* Who does not come in time has no part in what the others finish. */
static void
add_late(void)
{
	struct xcpu_cpuset none = scene_set(0);
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_cpuset absent;
	struct xcpu_sync_opt opt = { .timeout_ns = TIMEOUT_NS,
		.absent = &absent };
	int error;

	sync[0].fin1 = act;
	explore_assert(xcpu_sync_start(&sync[0], &none, NULL) == 0, "refused");
	error = xcpu_sync_add(&sync[0], &set, &opt);
	explore_note(scene_error(error));
	if (error == 0)
		count_up(&table);
	explore_assert(xcpu_sync_finish(&sync[0]) == 0, "not finished");
	explore_assert(explore_read(&acted[1]) == !xcpu_cpuset_has(&absent, 1),
	    "absent, and took part; or the other way round");
}

static const struct explore_program sync_add_late = {
	.name = "sync-add-late",
	.what = "a CPU is added with a deadline",
	.ids = "F-D15 INV-R9",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { add_late, work },
	.deadlines = { 1, 0 },
};

const struct explore_program *const sync_undo_programs[] = {
	&sync_late, &sync_then_late, &sync_late_two, &sync_abort, &sync_add_one,
	&sync_add_late, NULL
};
