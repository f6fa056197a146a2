/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pages.h: a space with two pages, and what initiators and users do with it.
 *
 * Page n is mapped to frame n at first.  Its initiator maps it to frame n + 4
 * instead, shoots down, and then owns frame n: he writes it as plain data.  So
 * an access through the old translation that is not over, or comes later, on
 * whatever CPU, is a data race; that is the oracle of all these programs.
 */
#ifndef XCPU_EXPLORE_PAGES_H
#define XCPU_EXPLORE_PAGES_H

#include "scene.h"

#define PAGES 2
#define PAGE_BYTES 4096u
#define NEW_FRAME 4

static struct xcpu_space EXPLORE_DATA space;
static struct explore_page EXPLORE_DATA page[PAGES];

static inline void
pages_init(struct xcpu_space *of)
{
	explore_name(&space, sizeof(space), "space");
	for (unsigned n = 0; n < PAGES; n++)
		explore_page_init(&page[n], of, n * PAGE_BYTES, n);
	explore_name(page, sizeof(page), "page");
}

/* In setup(): the space, loaded on the CPUs whose bits are in `cpus`. */
static inline void
pages_boot(unsigned ncpu, unsigned cpus)
{
	explore_boot(ncpu);
	xcpu_space_init(&space, NULL);
	pages_init(&space);
	for (unsigned cpu = 0; cpu < ncpu; cpu++) {
		explore_become(cpu);
		if ((cpus >> cpu & 1) != 0)
			(void)xcpu_space_switch(&space);
	}
	explore_become(0);
}

/* The same with pages of the kernel. */
static inline void
pages_boot_kernel(unsigned ncpu)
{
	explore_boot(ncpu);
	pages_init(&explore_domain.kernel);
}

/* CPU 1 is the one that uses the pages: it has the space loaded, or not yet. */
static inline void
pages_setup_loaded(void)
{
	pages_boot(2, 2);
}

static inline void
pages_setup_unloaded(void)
{
	pages_boot(2, 0);
}

static inline void
pages_setup_masked(void)
{
	pages_setup_loaded();
	explore_start_masked(1);
}

/* Both have it loaded. */
static inline void
pages_setup_both(void)
{
	pages_boot(2, 3);
}

/* CPU 2 uses them, and there are two initiators. */
static inline void
pages_setup_three(void)
{
	pages_boot(3, 4);
}

static inline void
pages_make_lazy(unsigned cpu)
{
	explore_become(cpu);
	(void)xcpu_space_lazy_enter();
	explore_become(0);
}

static inline void
pages_setup_lazy(void)
{
	pages_setup_loaded();
	pages_make_lazy(1);
}

static inline void
pages_shoot_down(unsigned n, unsigned flags)
{
	struct xcpu_flush_opt opt = { .flags = flags };

	explore_page_set(&page[n], (int)(n + NEW_FRAME));
	explore_assert(xcpu_shootdown(page[n].space, page[n].va, PAGE_BYTES,
	    &opt) == 0, "refused");
}

/* Map page n anew; its old frame is ours then. */
static inline void
pages_replace(unsigned n)
{
	pages_shoot_down(n, 0);
	explore_frame_reuse(n, 1);
}

/* Use page n: which of its frames is part of the outcome. */
static inline void
pages_use(unsigned n)
{
	explore_note((uint64_t)explore_access(&page[n]));
}

/* ---- what whole CPUs do ---- */

static inline void
pages_replace_first(void)
{
	pages_replace(0);
}

static inline void
pages_replace_both(void)
{
	pages_replace(0);
	pages_replace(1);
}

static inline void
pages_use_both(void)
{
	pages_use(0);
	pages_use(1);
}

static inline void
pages_use_twice(void)
{
	pages_use(0);
	pages_use(0);
}

static inline void
pages_use_then_open(void)
{
	pages_use_twice();
	explore_open();
}

static inline void
pages_use_in_handler(void *arg)
{
	(void)arg;
	pages_use(0);
}

static inline void
pages_load_and_use(void)
{
	explore_assert(xcpu_space_switch(&space) == 0, "refused");
	pages_use(0);
}

static inline void
pages_use_and_unload(void)
{
	pages_use(0);
	explore_assert(xcpu_space_switch(NULL) == 0, "refused");
}

static inline void
pages_leave_lazy_and_use(void)
{
	explore_assert(xcpu_space_lazy_leave() == 0, "refused");
	pages_use(0);
}

static inline void
pages_use_and_enter_lazy(void)
{
	pages_use(0);
	explore_assert(xcpu_space_lazy_enter() == 0, "refused");
}

/* Page 0 is a page of tables here: a walker on another CPU reads its frame. */
static inline void
pages_free_tables(void)
{
	pages_shoot_down(0, XCPU_FLUSH_TABLES);
	explore_frame_reuse(0, 1);
}

static inline void
pages_walk(void)
{
	(void)explore_translate(&page[0]);
}

/* In check(): the request at CPU 1 is over. */
static inline void
pages_check_slot(void)
{
	explore_assert(scene_slot_free(1), "the token slot stays busy");
}

#endif /* XCPU_EXPLORE_PAGES_H */
