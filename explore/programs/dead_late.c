/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_late.c: CPUs that die, and late shootdowns that wait for them.
 *
 * CPU 1 dies wherever it is in the use of a page; frames are given back all the
 * same, and not before.  See pages.h for what a failure is.
 */
#include "late.h"
#include "mortal.h"

static struct explore_word EXPLORE_DATA given_back;
static struct xcpu_batch EXPLORE_DATA batch;
static uint64_t EXPLORE_DATA item[2];

static void
setup_three(void)
{
	pages_boot(3, 1 << DEAD);
	name_job();
	name_death();
	explore_name(&given_back, sizeof(given_back), "given_back");
}

static void
use_and_die(void)
{
	pages_use(0);
	die();
}

static void
check_space(void)
{
	explore_assert(!xcpu_cpu_ready(&explore_domain, DEAD), "not off");
	explore_assert(xcpu_space_destroy(&space) == 0, "a space in use");
}

static void
setup_masked(void)
{
	setup_three();
	explore_start_masked(DEAD);
}

static const struct explore_program dead_async = {
	.name = "dead-async",
	.what = "a late shootdown of what a CPU uses that dies anywhere",
	.ids = "F-B20 F-B9 INV-S1 INV-S-L1",
	.ncpu = 3,
	.setup = setup_masked,
	.cpu = { start_one, use_and_die, bury_later },
	.check = check_space,
	.on_nmi = die,
	.mortal = true,
	.nmis = { 0, 1 },
	.bound = 2,
};

static void
defer_and_look(void)
{
	add(0, 0);
	explore_assert(xcpu_async_defer(&job, 0) == 0, "not deferred");
	while (!xcpu_async_done(&job))
		explore_relax();
	own_frames(1);
}

/* Nobody is asked: it has passed because it is gone. */
static const struct explore_program dead_defer = {
	.name = "dead-defer",
	.what = "the same, deferred, and nobody is kicked",
	.ids = "F-B20 F-B8 INV-S1 INV-S-L1",
	.ncpu = 3,
	.setup = setup_masked,
	.cpu = { defer_and_look, use_and_die, bury_later },
	.check = check_space,
	.on_nmi = die,
	.mortal = true,
	.nmis = { 0, 1 },
	.bound = 2,
};

/* ---- with a callback ---- */

static void
give_back(void *arg)
{
	(void)arg;
	explore_write(&given_back, explore_read(&given_back) + 1);
	own_frames(1);
}

static void
start_and_leave(void)
{
	job.callback = give_back;
	add(0, 0);
	explore_assert(xcpu_async_start(&job) == 0, "not started");
}

static void
check_given_back(void)
{
	check_space();
	explore_assert(explore_peek(&given_back) == 1, "not given back once");
}

/* Masked: the function of the call does not run there, nor its callback. */
static const struct explore_program dead_async_callback = {
	.name = "dead-async-callback",
	.what = "a late shootdown with a callback, of what a dead CPU has loaded",
	.ids = "F-B20 F-B9 F-B17 INV-S1 INV-C8",
	.ncpu = 3,
	.setup = setup_masked,
	.cpu = { start_and_leave, use_and_die, bury_later },
	.check = check_given_back,
	.bound = 2,
};

static void
free_frame(void *host, uint64_t frame, enum xcpu_batch_kind kind)
{
	(void)host;
	(void)kind;
	explore_write(&given_back, explore_read(&given_back) + 1);
	explore_frame_reuse((unsigned)frame, 1);
}

static void
setup_batch(void)
{
	setup_masked();
	(void)xcpu_batch_init(&batch, item, 2, free_frame, NULL);
	explore_name(&batch, sizeof(batch), "batch");
}

static void
start_batch(void)
{
	explore_page_set(&page[0], NEW_FRAME);
	explore_assert(xcpu_batch_range(&batch, &space, page[0].va, PAGE_BYTES,
	    NULL) == 0 && xcpu_batch_frame(&batch, 0) == 0, "not in the batch");
	explore_assert(xcpu_batch_start(&batch) == 0, "not started");
}

static const struct explore_program dead_batch = {
	.name = "dead-batch",
	.what = "a batch with a frame that a dead CPU has a translation to",
	.ids = "F-B20 F-B7 INV-S5 INV-C8",
	.ncpu = 3,
	.setup = setup_batch,
	.cpu = { start_batch, use_and_die, bury_later },
	.check = check_given_back,
	.bound = 2,
};

/* ---- and comes back ---- */

static void
setup_kernel_off(void)
{
	explore_boot(3);
	pages_init(&explore_domain.kernel);
	explore_start_masked(DEAD);
	name_job();
	name_death();
	xcpu_store_rlx(&died, 1);	/* rlx: setup */
}

static void
come_back_and_use(void)
{
	await_burial();
	explore_assert(xcpu_cpu_online(&explore_cpu[DEAD]) == 0, "not online");
	pages_use(0);
	explore_open();
}

static const struct explore_program dead_defer_back = {
	.name = "dead-defer-back",
	.what = "a deferred shootdown of a kernel page, by a CPU that dies, is "
	    "reported, comes online and uses the page",
	.ids = "F-B20 F-B8 INV-S12 INV-S13",
	.ncpu = 3,
	.setup = setup_kernel_off,
	.cpu = { defer_one, come_back_and_use, bury_later },
	.bound = 2,
};

/* ---- the owner dies ---- */

static void
setup_owner(void)
{
	pages_boot(3, 1);
	name_job();
	name_death();
}

static void
start_and_die(void)
{
	add(0, 0);
	(void)xcpu_async_start(&job);
	die();
}

/* Shootdowns of others go on, wherever it died in its own. */
static const struct explore_program dead_owner = {
	.name = "dead-owner",
	.what = "a CPU dies anywhere in its late shootdown; another makes one",
	.ids = "F-B20 F-B9 INV-S1 INV-S-L1",
	.ncpu = 3,
	.setup = setup_owner,
	.cpu = { pages_use_both, start_and_die, bury_later },
	.on_nmi = die,
	.mortal = true,
	.nmis = { 0, 1 },
	.bound = 2,
};

static void
replace_and_die(void)
{
	pages_replace(0);
	die();
}

static void
use_replace_use(void)
{
	pages_use(0);
	pages_replace(1);
	pages_use(0);
}

static const struct explore_program dead_initiator = {
	.name = "dead-initiator",
	.what = "a CPU dies anywhere in its shootdown; another makes one",
	.ids = "F-B20 INV-S1 INV-S-L1",
	.ncpu = 3,
	.setup = setup_owner,
	.cpu = { use_replace_use, replace_and_die, bury_later },
	.on_nmi = die,
	.mortal = true,
	.nmis = { 0, 1 },
	.bound = 2,
};

const struct explore_program *const dead_late_programs[] = {
	&dead_async, &dead_defer, &dead_async_callback, &dead_batch,
	&dead_defer_back, &dead_owner, &dead_initiator, NULL
};
