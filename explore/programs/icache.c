/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icache.c: instructions that were changed.
 *
 * A CPU's fetched instructions are the version of the code that it found when it
 * last synchronised.  To run them is to read that version's text; who changed
 * the code reuses the old text when the library says that nobody runs it: so a
 * CPU that still does is a data race.
 */
#include "scene.h"

static struct xcpu_space EXPLORE_DATA space;
static struct xcpu_icache EXPLORE_DATA icache;
static struct xcpu_au64 EXPLORE_DATA version;
static struct explore_word EXPLORE_DATA text[2];
static uint64_t EXPLORE_DATA fetched[EXPLORE_CPUS];

static void
hook(void)
{
	/* rlx: what the caller's acquires let it see */
	fetched[explore_self()] = xcpu_load_rlx(&version);
}

static void
boot(unsigned cpus)
{
	explore_boot(2);
	xcpu_space_init(&space, NULL);
	(void)xcpu_icache_init(&icache, &space, hook);
	explore_become(1);
	if (cpus != 0)
		(void)xcpu_space_switch(&space);
	explore_become(0);
	explore_name(&space, sizeof(space), "space");
	explore_name(&icache, sizeof(icache), "icache");
	explore_name(&version, sizeof(version), "version");
	explore_name(text, sizeof(text), "text");
}

static void
setup_loaded(void)
{
	boot(2);
}

static void
setup_unloaded(void)
{
	boot(0);
}

static void
run_code(void)
{
	explore_note(fetched[explore_self()]);
	(void)explore_read(&text[fetched[explore_self()]]);
}

static void
change_code(void)
{
	/* rlx: xcpu_icache_sync() orders it */
	xcpu_store_rlx(&version, 1);
	explore_assert(xcpu_icache_sync(&icache) == 0, "refused");
	explore_write(&text[0], 1);
}

static void
run_twice(void)
{
	run_code();
	run_code();
}

static void
load_and_run(void)
{
	explore_assert(xcpu_space_switch(&space) == 0, "refused");
	xcpu_icache_enter(&icache);
	run_code();
}

static void
run_and_unload(void)
{
	run_code();
	explore_assert(xcpu_space_switch(NULL) == 0, "refused");
}

static void
leave_and_return(void)
{
	run_and_unload();
	load_and_run();
}

static const struct explore_program icache_loaded = {
	.name = "icache-loaded",
	.what = "code that another CPU runs is changed",
	.ids = "F-B14",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { change_code, run_twice },
};

static const struct explore_program icache_load = {
	.name = "icache-load",
	.what = "code of a space that the other CPU loads meanwhile",
	.ids = "F-B14 INV-S3",
	.ncpu = 2,
	.setup = setup_unloaded,
	.cpu = { change_code, load_and_run },
};

static const struct explore_program icache_unload = {
	.name = "icache-unload",
	.what = "code of a space that the other CPU leaves meanwhile",
	.ids = "F-B14 INV-S3",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { change_code, run_and_unload },
};

static const struct explore_program icache_return = {
	.name = "icache-return",
	.what = "code of a space that the other CPU leaves and comes back to",
	.ids = "F-B14 INV-S3 INV-S4",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { change_code, leave_and_return },
};

static void
setup_marked(void)
{
	setup_unloaded();
	/* rlx: setup */
	xcpu_store_rlx(&icache.stale[0], 3);
}

static void
visit_twice(void)
{
	load_and_run();
	leave_and_return();
}

/* A mark that comes while the last one is acted upon must stay. */
static const struct explore_program icache_marked = {
	.name = "icache-marked",
	.what = "code of a space that is entered, with a mark, and left, and entered",
	.ids = "F-B14 INV-S10",
	.ncpu = 2,
	.setup = setup_marked,
	.cpu = { change_code, visit_twice },
};

const struct explore_program *const icache_programs[] = {
	&icache_loaded, &icache_load, &icache_unload, &icache_return,
	&icache_marked, NULL
};
