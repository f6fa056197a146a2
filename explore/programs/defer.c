/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * defer.c: shootdowns that wait until everybody has come by.
 *
 * Protocol P9; see late.h.
 */
#include "late.h"

static struct xcpu_au64 EXPLORE_DATA handed;

static void
defer_tables(void)
{
	add(0, XCPU_FLUSH_TABLES);
	defer_and_wait(1);
}

/* Not asked while it goes: that it is offline must bring its last access. */
static const struct explore_program defer_offline = {
	.name = "defer-offline",
	.what = "a page of the kernel, deferred, used by a CPU that goes offline",
	.ids = "F-B8 INV-S12 INV-C8",
	.ncpu = 2,
	.setup = setup_kernel,
	.cpu = { defer_one, use_and_go },
};

static void
post_and_defer(void)
{
	explore_note(scene_error(xcpu_event_post(id, 1)));
	defer_one();
}

/* As offline-flush-sweep: after its round only this orders what it did. */
static const struct explore_program defer_offline_sweep = {
	.name = "defer-offline-sweep",
	.what = "the same, used by a handler in the last sweep",
	.ids = "F-B8 INV-S12 INV-C8",
	.ncpu = 2,
	.setup = setup_sweep,
	.cpu = { post_and_defer, go },
};

static const struct explore_program defer_pass = {
	.name = "defer-pass",
	.what = "one page, deferred; its user comes by, or is asked",
	.ids = "F-B8 INV-S1 INV-S2",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { defer_one, use_and_pass },
};

/*
 * A CPU in user mode, which uses nothing of the kernel's before it has passed on
 * its way in.
 */
static void
enter_and_use(void)
{
	xcpu_async_pass();
	pages_use(0);
}

static const struct explore_program defer_entry = {
	.name = "defer-entry",
	.what = "a page of the kernel, deferred; a CPU enters the kernel, or is "
	    "asked",
	.ids = "F-X7 F-B8 F-B12 INV-S12",
	.ncpu = 2,
	.setup = setup_kernel,
	.cpu = { defer_one, enter_and_use },
};

/* The NMI serves the same flush, at any step of the pass. */
static const struct explore_program defer_pass_nmi = {
	.name = "defer-pass-nmi",
	.what = "the same, and an NMI at any step",
	.ids = "F-B8 INV-S2 INV-S6",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { defer_one, use_and_pass },
	.nmis = { 0, 1 },
};

static const struct explore_program defer_load = {
	.name = "defer-load",
	.what = "one page, deferred, of a space that is loaded meanwhile",
	.ids = "F-B8 INV-S3 INV-S4",
	.ncpu = 2,
	.setup = setup_unloaded,
	.cpu = { defer_one, pages_load_and_use },
};

static void
setup_lazy(void)
{
	setup_loaded();
	pages_make_lazy(1);
}

static const struct explore_program defer_lazy_leave = {
	.name = "defer-lazy-leave",
	.what = "one page, deferred, of a lazy CPU that leaves LAZY and uses it",
	.ids = "F-B8 INV-S4 BUG-90",
	.ncpu = 2,
	.setup = setup_lazy,
	.cpu = { defer_one, pages_leave_lazy_and_use },
};

static const struct explore_program defer_lazy_enter = {
	.name = "defer-lazy-enter",
	.what = "one page, deferred, of a CPU that uses it, and becomes lazy",
	.ids = "F-B8 INV-S1 INV-S4",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { defer_one, pages_use_and_enter_lazy },
};

static const struct explore_program defer_lazy_tables = {
	.name = "defer-lazy-tables",
	.what = "tables, deferred, under a lazy CPU whose walker goes on",
	.ids = "F-B8 F-B5 INV-S5 BUG-89 BUG-111",
	.ncpu = 2,
	.setup = setup_lazy,
	.cpu = { defer_tables, NULL },
	.on_walk = pages_walk,
	.walks = { 0, 2 },
};

static void
defer_and_hand(void)
{
	add(0, 0);
	explore_assert(xcpu_async_defer(&job, 0) == 0, "not deferred");
	xcpu_store_rel(&handed, 1);
}

static void
take_and_wait(void)
{
	pages_use(0);
	while (xcpu_load_acq(&handed) == 0)
		explore_relax();
	explore_assert(xcpu_async_wait(&job) == 0, "not waited");
	own_frames(1);
	pages_use(0);
}

/* The owner comes to a CPU that has not passed: it passes by itself. */
static const struct explore_program defer_handed = {
	.name = "defer-handed",
	.what = "a deferred request, waited for by a CPU that is left",
	.ids = "F-B8 INV-S11",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { defer_and_hand, take_and_wait },
};

const struct explore_program *const defer_programs[] = {
	&defer_pass, &defer_entry, &defer_pass_nmi, &defer_load, &defer_lazy_leave,
	&defer_lazy_enter, &defer_lazy_tables, &defer_handed, &defer_offline,
	&defer_offline_sweep, NULL
};
