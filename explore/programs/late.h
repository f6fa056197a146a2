/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * late.h: a shootdown that nobody waits for, and its other CPU.
 *
 * A frame is its initiator's when the request is done: by his own look, by his
 * wait, or in the callback, on whatever CPU that runs.  See pages.h for what a
 * failure is.
 */
#ifndef XCPU_EXPLORE_LATE_H
#define XCPU_EXPLORE_LATE_H

#include "pages.h"

static struct xcpu_async EXPLORE_DATA job;
static int EXPLORE_DATA id;

static inline void
name_job(void)
{
	explore_name(&job, sizeof(job), "job");
}

static inline void
setup_loaded(void)
{
	pages_boot(2, 2);
	name_job();
}

static inline void
add(unsigned n, unsigned flags)
{
	struct xcpu_flush_opt opt = { .flags = flags };

	explore_page_set(&page[n], (int)(n + NEW_FRAME));
	explore_assert(xcpu_async_add(&job, page[n].space, page[n].va,
	    PAGE_BYTES, &opt) == 0, "refused");
}

static inline void
own_frames(unsigned frames)
{
	for (unsigned n = 0; n < PAGES; n++)
		if ((frames >> n & 1) != 0)
			explore_frame_reuse(n, 1);
}

static inline void
start_and_look(unsigned frames)
{
	explore_assert(xcpu_async_start(&job) == 0, "not started");
	while (!xcpu_async_done(&job))
		explore_relax();
	own_frames(frames);
}

/* Whoever has not passed at the first look is asked. */
static inline void
defer_and_wait(unsigned frames)
{
	bool done;

	explore_assert(xcpu_async_defer(&job, 0) == 0, "not deferred");
	done = xcpu_async_done(&job);
	explore_note(done);
	if (!done)
		explore_assert(xcpu_async_wait(&job) == 0, "not waited");
	own_frames(frames);
}

static inline void
start_one(void)
{
	add(0, 0);
	start_and_look(1);
}

static inline void
defer_one(void)
{
	add(0, 0);
	defer_and_wait(1);
}

static inline void
use_and_pass(void)
{
	pages_use(0);
	xcpu_async_pass();
	pages_use(0);
}

static inline void
use_and_go(void)
{
	pages_use(0);
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

static inline void
setup_unloaded(void)
{
	pages_boot(2, 0);
	name_job();
}

static inline void
setup_kernel(void)
{
	pages_boot_kernel(2);
	name_job();
}

static inline void
setup_sweep(void)
{
	setup_kernel();
	id = xcpu_event_register(pages_use_in_handler, NULL);
}

static inline void
go(void)
{
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

#endif /* XCPU_EXPLORE_LATE_H */
