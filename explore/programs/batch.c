/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch.c: frames that are freed after a flush.
 *
 * The host's function writes the frame, on whatever CPU it runs.  See pages.h
 * for what a failure is.
 */
#include "pages.h"

static struct xcpu_batch EXPLORE_DATA batch;
static uint64_t EXPLORE_DATA item[2];
static struct explore_word EXPLORE_DATA freed;

static void
give_back(void *host, uint64_t frame, enum xcpu_batch_kind kind)
{
	(void)host;
	(void)kind;
	explore_write(&freed, explore_read(&freed) + 1);
	explore_frame_reuse((unsigned)frame, 1);
}

static void
prepare(unsigned room)
{
	(void)xcpu_batch_init(&batch, item, room, give_back, NULL);
	explore_name(&batch, sizeof(batch), "batch");
	explore_name(&freed, sizeof(freed), "freed");
}

static void
setup_loaded(void)
{
	pages_boot(2, 2);
	prepare(2);
}

static void
setup_small(void)
{
	pages_boot(2, 2);
	prepare(1);
}

static void
setup_lazy(void)
{
	setup_loaded();
	pages_make_lazy(1);
}

static void
unmap(unsigned n)
{
	explore_page_set(&page[n], (int)(n + NEW_FRAME));
	explore_assert(xcpu_batch_range(&batch, page[n].space, page[n].va,
	    PAGE_BYTES, NULL) == 0, "no range");
	explore_assert(xcpu_batch_frame(&batch, n) == 0, "no frame");
}

static void
flush_both(void)
{
	unmap(0);
	unmap(1);
	explore_assert(xcpu_batch_flush(&batch) == 0, "not flushed");
	explore_assert(explore_read(&freed) == 2, "not freed");
}

static void
start(void)
{
	unmap(0);
	explore_assert(xcpu_batch_start(&batch) == 0, "not started");
}

static void
start_and_flush(void)
{
	start();
	while (!xcpu_batch_done(&batch))
		explore_relax();
	explore_assert(explore_read(&freed) == 1, "done before it is freed");
	unmap(1);
	explore_assert(xcpu_batch_flush(&batch) == 0, "not flushed");
}

static void
defer(void)
{
	unmap(0);
	explore_assert(xcpu_batch_defer(&batch, 0) == 0, "not deferred");
	if (!xcpu_batch_done(&batch))
		explore_assert(xcpu_batch_flush(&batch) == 0, "not flushed");
}

/* Page 0 is a page of tables, which a walker on the other CPU reads. */
static void
free_table(void)
{
	explore_page_set(&page[0], NEW_FRAME);
	explore_assert(xcpu_batch_table(&batch, page[0].space, page[0].va,
	    PAGE_BYTES, 0) == 0, "no table");
	explore_assert(xcpu_batch_flush(&batch) == 0, "not flushed");
}

static void
use_and_pass(void)
{
	pages_use(0);
	xcpu_async_pass();
	pages_use(0);
}

static void
check_both(void)
{
	explore_assert(explore_peek(&freed) == 2, "not freed once each");
}

static void
check_one(void)
{
	explore_assert(explore_peek(&freed) == 1, "not freed once");
}

static const struct explore_program batch_flush = {
	.name = "batch-flush",
	.what = "two frames in a batch, used by another CPU meanwhile",
	.ids = "F-B7 INV-S1 INV-S5 BUG-91",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { flush_both, pages_use_both },
	.check = check_both,
};

/* No room for the second: the first is flushed and freed before it. */
static const struct explore_program batch_full = {
	.name = "batch-full",
	.what = "two frames in a batch with room for one",
	.ids = "F-B7 INV-S5 INV-S9",
	.ncpu = 2,
	.setup = setup_small,
	.cpu = { flush_both, pages_use_both },
	.check = check_both,
};

static const struct explore_program batch_start = {
	.name = "batch-start",
	.what = "a frame that is freed on the last CPU that flushed",
	.ids = "F-B7 F-B9 INV-S5 BUG-91",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start, use_and_pass },
	.check = check_one,
};

static const struct explore_program batch_again = {
	.name = "batch-again",
	.what = "the same, and the batch is used again by its owner",
	.ids = "F-B7 F-B9 INV-C3 INV-S5",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { start_and_flush, NULL },
	.check = check_both,
};

static const struct explore_program batch_defer = {
	.name = "batch-defer",
	.what = "a frame, deferred; its user comes by, or is asked",
	.ids = "F-B7 F-B8 INV-S5",
	.ncpu = 2,
	.setup = setup_loaded,
	.cpu = { defer, use_and_pass },
	.check = check_one,
};

static const struct explore_program batch_tables = {
	.name = "batch-tables",
	.what = "a table in a batch, under a lazy CPU whose walker goes on",
	.ids = "F-B7 F-B5 INV-S5 BUG-89 BUG-111",
	.ncpu = 2,
	.setup = setup_lazy,
	.cpu = { free_table, NULL },
	.check = check_one,
	.on_walk = pages_walk,
	.walks = { 0, 2 },
};

const struct explore_program *const batch_programs[] = {
	&batch_flush, &batch_full, &batch_start, &batch_again, &batch_defer,
	&batch_tables, NULL
};
