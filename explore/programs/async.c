/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * async.c: shootdowns that nobody waits for.
 *
 * Protocol P9.  A frame is its initiator's when the request is done: by his own
 * look, by his wait, or in the callback, on whatever CPU that runs.  See pages.h
 * for what a failure is.
 */
#include "late.h"

static struct explore_word EXPLORE_DATA announced;

static void
start_both(void)
{
	add(1, 0);
	add(0, 0);
	start_and_look(3);
}

static void
wait_one(void)
{
	add(0, 0);
	explore_assert(xcpu_async_start(&job) == 0, "not started");
	explore_assert(xcpu_async_wait(&job) == 0, "not waited");
	own_frames(1);
}

static void
come_and_use(void)
{
	explore_assert(xcpu_cpu_online(&explore_cpu[1]) == 0, "refused");
	pages_use(0);
	explore_open();
}

/* ---- started ---- */

static const struct explore_program async_start = {
	.name = "async-start",
	.what = "one page, started and looked for, used by another CPU",
	.ids = "F-B9 INV-S1 INV-S2",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start_one, pages_use_twice },
};

static const struct explore_program async_wait = {
	.name = "async-wait",
	.what = "one page, started and waited for, used by another CPU",
	.ids = "F-B9 INV-S1 INV-S2",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { wait_one, pages_use_twice },
};

static void
start_twice(void)
{
	add(0, 0);
	start_and_look(1);
	add(1, 0);
	start_and_look(2);
}

/* The second has a round of its own. */
static const struct explore_program async_twice = {
	.name = "async-twice",
	.what = "two pages, one request after the other",
	.ids = "F-B9 INV-S10",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start_twice, pages_use_both },
};

/* Page 1 is the kernel's: one round for two spaces. */
static void
setup_two_spaces(void)
{
	setup_loaded();
	page[1].space = &explore_domain.kernel;
}

static const struct explore_program async_collect = {
	.name = "async-collect",
	.what = "a page of a space and one of the kernel in one request",
	.ids = "F-X5 INV-S1 INV-S12",
	.ncpu = 2,
	.setup = setup_two_spaces,
	.cpu = { start_both, pages_use_both },
};

static const struct explore_program async_merge = {
	.name = "async-merge",
	.what = "two neighbours in one request, used by another CPU",
	.ids = "F-X5 INV-S1",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start_both, pages_use_both },
};

static struct xcpu_space EXPLORE_DATA other;

static void
setup_other(void)
{
	setup_loaded();
	xcpu_space_init(&other, NULL);
	explore_name(&other, sizeof(other), "other");
	page[1].space = &other;
}

static void
start_other_last(void)
{
	add(0, 0);
	add(1, 0);
	start_and_look(1);
}

/* The last of them concerns nobody. */
static const struct explore_program async_spaces = {
	.name = "async-spaces",
	.what = "pages of two spaces in one request, one of them unused",
	.ids = "F-X5 INV-S1",
	.ncpu = 2,
	.setup = setup_other,
	.cpu = { start_other_last, pages_use_twice },
};

static void
setup_own(void)
{
	pages_boot(2, 1);
	name_job();
}

static void
use_and_start(void)
{
	pages_use(0);
	start_one();
	pages_use(0);
}

static const struct explore_program async_self = {
	.name = "async-self",
	.what = "one page of a space that only the owner has loaded",
	.ids = "F-B9 INV-S1 INV-S11",
	.ncpu = 2,
	.setup = setup_own,
	.cpu = { use_and_start, NULL },
};

/* Dekker, as in flush-load; the page of an earlier range is loaded later. */
static const struct explore_program async_load = {
	.name = "async-load",
	.what = "one page of a space that the other CPU loads meanwhile",
	.ids = "F-B9 INV-S3 INV-S4",
	.ncpu = 2,
	.setup = setup_unloaded,
	.cpu = { start_one, pages_load_and_use },
};

static const struct explore_program async_load_nmi = {
	.name = "async-load-nmi",
	.what = "the same, and an NMI at any step of the switch",
	.ids = "F-B9 INV-S3 INV-S4 BUG-86",
	.ncpu = 2,
	.setup = setup_unloaded,
	.cpu = { start_one, pages_load_and_use },
	.nmis = { 0, 1 },
};

static const struct explore_program async_unload = {
	.name = "async-unload",
	.what = "one page of a space that the other CPU leaves meanwhile",
	.ids = "F-B9 INV-S3 INV-S4",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start_one, pages_use_and_unload },
};

/* ---- a CPU that comes or goes ---- */

static void
setup_kernel_off(void)
{
	explore_domain_init(2);
	explore_become(0);
	(void)xcpu_cpu_online(&explore_cpu[0]);
	explore_start_masked(1);
	pages_init(&explore_domain.kernel);
	name_job();
}

static const struct explore_program async_online = {
	.name = "async-online",
	.what = "a page of the kernel, used by a CPU that comes online",
	.ids = "F-B9 INV-S12 INV-S13",
	.ncpu = 2,
	.setup = setup_kernel_off,
	.cpu = { start_one, come_and_use },
};

/* ---- with a callback ---- */

static void
announce(void *arg)
{
	(void)arg;
	explore_write(&announced, explore_read(&announced) + 1);
	own_frames(1);
}

static void
start_and_leave(void)
{
	job.callback = announce;
	add(0, 0);
	explore_assert(xcpu_async_start(&job) == 0, "not started");
}

static void
check_announced(void)
{
	explore_assert(explore_peek(&announced) == 1, "not announced once");
}

/* The frame is reused in the callback, on the CPU that used it. */
static const struct explore_program async_callback = {
	.name = "async-callback",
	.what = "one page; the last CPU to flush runs the callback",
	.ids = "F-B9 INV-S1 INV-C3",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start_and_leave, pages_use_twice },
	.check = check_announced,
};

static void
start_and_take(void)
{
	start_and_leave();
	while (!xcpu_async_done(&job))
		explore_relax();
	explore_assert(explore_read(&announced) == 1, "done before the end");
	explore_poison(&job, sizeof(job));
}

static const struct explore_program async_callback_done = {
	.name = "async-callback-done",
	.what = "the same, and the owner has the request back",
	.ids = "F-B9 INV-C3 INV-C4 BUG-53",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start_and_take, NULL },
	.check = check_announced,
};

static void
post_self_and_go(void)
{
	explore_close();
	explore_assert(xcpu_event_post_self(id) == 0, "refused");
	go();
}

/*
 * LEAVING takes the flush and refuses the call, and a handler in its last drain
 * uses the page: the end waits for it.
 */
static const struct explore_program async_callback_offline = {
	.name = "async-callback-offline",
	.what = "a page of the kernel with a callback; its user goes offline",
	.ids = "F-B9 INV-S12 INV-C8",
	.ncpu = 2,
	.setup = setup_sweep,
	.cpu = { start_and_leave, post_self_and_go },
	.check = check_announced,
};

/* ---- past the top of the generations ---- */

static void
setup_top(void)
{
	setup_loaded();
	/* rlx: setup */
	xcpu_store_rlx(&space.generation, XCPU_SPACE_TOP - 1);
}

static void
check_restarted(void)
{
	/* rlx: everything is over */
	explore_assert(xcpu_load_rlx(&space.generation) < XCPU_SPACE_TOP,
	    "the space stays past the top");
}

static const struct explore_program async_top = {
	.name = "async-top",
	.what = "one page of a space whose generations end just there",
	.ids = "F-B9 INV-S6 BUG-101",
	.ncpu = 2,
	.setup = setup_top,
	.cpu = { start_one, pages_use_twice },
	.check = check_restarted,
};

static void
expect_full(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	(void)todo;	/* left to the kicks */
	explore_assert((request->flags & XCPU_FLUSH_FULL) != 0,
	    "a broadcast for each of many pages");
}

/* As a process that ends: the page is one of 2^35. */
static void
start_wide(void)
{
	explore_page_set(&page[0], NEW_FRAME);
	explore_assert(xcpu_async_add(&job, page[0].space, 0,
	    UINT64_C(1) << 47, NULL) == 0, "refused");
	start_and_look(1);
}

static const struct explore_program async_wide = {
	.name = "async-wide",
	.what = "more pages than the ceiling, offered to a broadcast first",
	.ids = "F-B6 F-B9 F-B11 INV-S1",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start_wide, pages_use_twice },
	.on_remote = expect_full,
};

const struct explore_program *const async_programs[] = {
	&async_start, &async_wait, &async_twice, &async_collect, &async_merge,
	&async_spaces, &async_self, &async_load, &async_load_nmi, &async_unload,
	&async_online, &async_callback, &async_callback_done,
	&async_callback_offline, &async_top, &async_wide, NULL
};
