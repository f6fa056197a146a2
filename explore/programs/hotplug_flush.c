/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hotplug_flush.c: shootdowns while a CPU comes or goes.
 *
 * Protocol P1, the life cycle: READY, then the flush, then the claim, then first
 * use; and on the way out FLUSH is served until the step to OFF.  See pages.h
 * for what a failure is.
 */
#include "pages.h"

static int EXPLORE_DATA id;

/* ---- coming, and translations ---- */

static void
setup_off_kernel(void)
{
	explore_domain_init(2);
	explore_become(0);
	(void)xcpu_cpu_online(&explore_cpu[0]);
	explore_start_masked(1);
	pages_init(&explore_domain.kernel);
}

static void
come_and_use(void)
{
	explore_assert(xcpu_cpu_online(&explore_cpu[1]) == 0, "refused");
	pages_use(0);
	explore_open();
}

/* READY, then flush, then first use: P1, "the flush comes first" is rejected. */
static const struct explore_program online_flush = {
	.name = "online-flush",
	.what = "a page of the kernel, used by a CPU that comes online",
	.ids = "INV-S13 INV-S12 BUG-78 BUG-79 BUG-85",
	.ncpu = 2,
	.setup = setup_off_kernel,
	.cpu = { pages_replace_first, come_and_use },
};

/* ---- going, and translations ---- */

static void
setup_on_kernel(void)
{
	pages_boot_kernel(2);
}

static void
use_and_go(void)
{
	pages_use(0);
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

/* Flushes are served until the step to OFF, which is a claim (departure 2). */
static const struct explore_program offline_flush = {
	.name = "offline-flush",
	.what = "a page of the kernel, used by a CPU that goes offline",
	.ids = "F-X3 INV-S1 INV-S12 INV-C8",
	.ncpu = 2,
	.setup = setup_on_kernel,
	.cpu = { pages_replace_first, use_and_go },
};

static void
setup_on_kernel_busy(void)
{
	setup_on_kernel();
	scene_keep_slot_busy(1);
}

static const struct explore_program offline_flush_round = {
	.name = "offline-flush-round",
	.what = "the same by a round, for the token line is taken",
	.ids = "INV-S1 INV-S12 INV-C8",
	.ncpu = 2,
	.setup = setup_on_kernel_busy,
	.cpu = { pages_replace_first, use_and_go },
};

static void
setup_on_loaded(void)
{
	pages_boot(2, 2);
}

static const struct explore_program offline_flush_space = {
	.name = "offline-flush-space",
	.what = "a page of a space that a CPU going offline has loaded",
	.ids = "F-X3 INV-S1 INV-S4 INV-C8",
	.ncpu = 2,
	.setup = setup_on_loaded,
	.cpu = { pages_replace_first, use_and_go },
};

/* A handler in the last drain uses the page. */
static void
setup_on_handler(void)
{
	setup_on_kernel();
	id = xcpu_event_register(pages_use_in_handler, NULL);
}

static void
post_self_and_go(void)
{
	explore_close();
	explore_assert(xcpu_event_post_self(id) == 0, "refused");
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

static const struct explore_program offline_flush_handler = {
	.name = "offline-flush-handler",
	.what = "a page of the kernel, used by a handler in the last drain",
	.ids = "INV-S12 INV-C8",
	.ncpu = 2,
	.setup = setup_on_handler,
	.cpu = { pages_replace_first, post_self_and_go },
};

const struct explore_program *const hotplug_flush_programs[] = {
	&online_flush, &offline_flush, &offline_flush_round,
	&offline_flush_space, &offline_flush_handler, NULL
};
