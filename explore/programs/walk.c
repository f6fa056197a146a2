/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk.c: code of the host that walks tables with its doorbell masked, and relies
 * on that (INV-S14).
 *
 * Page 0 is a page of tables, as in pages_free_tables(): it is freed when a
 * shootdown is over.  Who asks by kicks waits until the walk is through.  A back
 * end that flushes by itself asks nobody, so that walk needs something else.
 */
#include "pages.h"

/* Nothing here is cached: the pointer is read, then what it points to. */
static void
walk_masked(void)
{
	uint64_t entry;

	explore_close();
	entry = xcpu_load_rlx(&page[0].entry);	/* rlx: as a walk reads it */
	if (entry != 0)
		explore_note(explore_read(&explore_frame[entry - 1]));
	explore_open();
}

static void
flush_for_others(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	(void)request;
	xcpu_cpuset_zero(todo);
}

static const struct explore_program walk_kicked = {
	.name = "walk-masked",
	.what = "tables freed while another CPU walks them, masked",
	.ids = "INV-S14 BUG-103",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { pages_free_tables, walk_masked },
};

static const struct explore_program walk_remote = {
	.name = "walk-masked-remote",
	.what = "the same, and the back end asks nobody",
	.ids = "INV-S14 BUG-103",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { pages_free_tables, walk_masked },
	.on_remote = flush_for_others,
	.must_fail = "frame0",
};

const struct explore_program *const walk_programs[] = {
	&walk_kicked, &walk_remote, NULL
};
