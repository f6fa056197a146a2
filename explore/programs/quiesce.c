/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quiesce.c: page-table entries that change while all CPUs stand still.
 *
 * Two entries change together.  Whoever uses both pages with his doorbell
 * masked, outside every rendezvous, finds both as they were, or both as they
 * are; and afterwards the old frames are the initiator's.
 */
#include "pages.h"

static struct xcpu_sync_room room __attribute__((section("explore_data")));

static void
boot(unsigned cpus)
{
	explore_domain_init(2);
	(void)xcpu_sync_init(&explore_domain, &room);
	for (unsigned i = 0; i < 2; i++) {
		explore_become(i);
		(void)xcpu_cpu_online(&explore_cpu[i]);
	}
	xcpu_space_init(&space, NULL);
	pages_init(&space);
	if (cpus != 0)
		(void)xcpu_space_switch(&space);
	explore_become(0);
	explore_name(&room, sizeof(room), "room");
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
setup_lazy(void)
{
	boot(2);
	pages_make_lazy(1);
}

static void
change(void *arg)
{
	(void)arg;
	for (unsigned n = 0; n < PAGES; n++)
		explore_page_set(&page[n], (int)(n + NEW_FRAME));
}

static void
change_both(void)
{
	struct xcpu_quiesce q = { .space = &space, .start = page[0].va,
		.len = PAGES * PAGE_BYTES, .change = change };

	explore_assert(xcpu_quiesce(&q, NULL) == 0 && q.changed, "refused");
	explore_frame_reuse(0, 1);
	explore_frame_reuse(1, 1);
}

static void
use_both(void)
{
	int first, second;

	explore_close();
	first = explore_access(&page[0]);
	second = explore_access(&page[1]);
	explore_assert((first == 0) == (second == 1),
	    "one page is old and the other new");
	explore_note((uint64_t)first);
	explore_open();
}

static void
load_and_use(void)
{
	explore_assert(xcpu_space_switch(&space) == 0, "refused");
	use_both();
}

static void
leave_and_use(void)
{
	explore_assert(xcpu_space_lazy_leave() == 0, "refused");
	use_both();
}

static const struct explore_program quiesce_two = {
	.name = "quiesce-two",
	.what = "two entries change together, used by another CPU",
	.ids = "F-B13 INV-S1 INV-R1",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { change_both, use_both },
};

static const struct explore_program quiesce_load = {
	.name = "quiesce-load",
	.what = "the same in a space that the other CPU loads meanwhile",
	.ids = "F-B13 INV-S3 INV-S4",
	.ncpu = 2,
	.setup = setup_unloaded,
	.cpu = { change_both, load_and_use },
};

static const struct explore_program quiesce_lazy = {
	.name = "quiesce-lazy",
	.what = "the same under a lazy CPU that leaves LAZY and uses them",
	.ids = "F-B13 INV-S4",
	.ncpu = 2,
	.setup = setup_lazy,
	.cpu = { change_both, leave_and_use },
};

const struct explore_program *const quiesce_programs[] = {
	&quiesce_two, &quiesce_load, &quiesce_lazy, NULL
};
