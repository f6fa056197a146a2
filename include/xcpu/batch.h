/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch.h: unmap much, flush once, then free (what Linux calls mmu_gather).
 *
 * A batch collects what page tables lost: ranges, the frames that they led to,
 * and tables themselves.  When every CPU has forgotten them, and not before,
 * each frame and then each table is given to the host's function.
 *
 *	static void
 *	give_back(void *host, uint64_t item, enum xcpu_batch_kind kind) { ... }
 *
 *	uint64_t item[64];
 *	struct xcpu_batch batch;
 *
 *	xcpu_batch_init(&batch, item, 64, give_back, NULL);
 *	for (va = start; va < end; va += 4096) {
 *		old = pte_clear(pt, va);
 *		xcpu_batch_range(&batch, &s->tlb, va, 4096, NULL);
 *		xcpu_batch_frame(&batch, old);
 *	}
 *	xcpu_batch_table(&batch, &s->tlb, start, end - start, table_clear(pd));
 *	error = xcpu_batch_flush(&batch);
 *
 * It ends in one of the three forms of async.h: flush waits, start kicks and
 * frees in the last CPU that flushed, defer frees when all have come by.  The
 * order within is always the same: entries, flush, free.
 *
 * What overflows: ranges never do (async.h); where there is no room for another
 * frame or table, what was collected is flushed, waited for, and freed; so
 * nothing is dropped, and nothing is freed early.
 *
 * Who is passed over: as in async.h.  A table's range carries XCPU_FLUSH_TABLES
 * by itself, so no lazy CPU is ever passed over when one is freed.
 *
 * What it never weakens: as async.h.  The link of a chain of frames may not be
 * in the frames: user code can still write to them.
 *
 * Pairs that need a lock outside: two uses of one batch.
 */
#ifndef XCPU_BATCH_H
#define XCPU_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/async.h>

enum xcpu_batch_kind {
	XCPU_BATCH_FRAME,
	XCPU_BATCH_TABLE
};

typedef void xcpu_batch_fn(void *host, uint64_t item,
    enum xcpu_batch_kind kind);

/* One batch, the caller's; filled in by xcpu_batch_init(). */
struct xcpu_batch {
	struct xcpu_async async;
	xcpu_batch_fn *free;
	void *host;
	uint64_t *item;			/* frames from the front, ... */
	uint32_t room;
	uint32_t nframes;
	uint32_t ntables;		/* ... tables from the back */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_batch_init: an empty batch with room for so many frames and tables.
 *
 * `item` is the caller's memory; an item is whatever names a frame or a table to
 * him.  The batch may be used again when it is done.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    a few stores.
 * Returns: 0; -XCPU_EINVAL a NULL pointer (but for `host`), or no room.
 */
int xcpu_batch_init(struct xcpu_batch *batch, uint64_t *item, uint32_t room,
    xcpu_batch_fn *free, void *host);

/*
 * xcpu_batch_range: [start, start + len) of a space has been changed.
 *
 * Context: as xcpu_async_add().
 * Waits:   as xcpu_async_add().
 * Order:   as xcpu_async_add().
 * Cost:    as xcpu_async_add().
 * Returns: as xcpu_async_add().
 */
int xcpu_batch_range(struct xcpu_batch *batch, struct xcpu_space *space,
    uint64_t start, uint64_t len, const struct xcpu_flush_opt *opt);

/*
 * xcpu_batch_frame: free this frame after the ranges so far are flushed.
 *
 * Context: as xcpu_shootdown(): with no room left the batch is flushed first.
 * Waits:   only then, as xcpu_batch_flush().
 * Order:   as xcpu_batch_flush().
 * Cost:    a store.
 * Returns: 0; -XCPU_EBUSY the batch is under way; errors of xcpu_batch_flush():
 *          then it did not take the frame.
 */
int xcpu_batch_frame(struct xcpu_batch *batch, uint64_t frame);

/*
 * xcpu_batch_table: the same for a table that translated [start, start + len).
 *
 * The entry that led to it has been cleared.
 *
 * Context: as xcpu_batch_frame().
 * Waits:   as xcpu_batch_frame().
 * Order:   as xcpu_batch_frame().
 * Cost:    as xcpu_batch_range(), and a store.
 * Returns: as xcpu_batch_range() and xcpu_batch_frame(); after an error it did
 *          not take the table.
 */
int xcpu_batch_table(struct xcpu_batch *batch, struct xcpu_space *space,
    uint64_t start, uint64_t len, uint64_t table);

/*
 * xcpu_batch_flush: flush, wait, and free.
 *
 * Also ends a batch that was started or deferred.
 *
 * Context: as xcpu_async_wait().
 * Waits:   as xcpu_async_wait().
 * Order:   accesses through the old translations -> free  [F2].
 * Cost:    as xcpu_async_wait(); with one range, as xcpu_shootdown().
 * Returns: 0: all is freed; else as xcpu_async_wait(): nothing is freed, the
 *          batch is under way, and may be flushed again.
 */
int xcpu_batch_flush(struct xcpu_batch *batch);

/*
 * xcpu_batch_start: flush and free, and do not wait.
 *
 * The host's function runs on the last CPU that flushed, doorbell masked; here,
 * if nobody had to.
 *
 * Context: as xcpu_async_start().
 * Waits:   as xcpu_async_start().
 * Order:   as xcpu_batch_flush().
 * Cost:    as xcpu_async_start() with a callback.
 * Returns: as xcpu_async_start().
 */
int xcpu_batch_start(struct xcpu_batch *batch);

/*
 * xcpu_batch_defer: free when every CPU has come by, or was kicked.
 *
 * The host's function runs in xcpu_batch_done() or xcpu_batch_flush().
 *
 * Context: as xcpu_async_defer().
 * Waits:   as xcpu_async_defer().
 * Order:   as xcpu_batch_flush().
 * Cost:    as xcpu_async_defer().
 * Returns: as xcpu_async_defer().
 */
int xcpu_batch_defer(struct xcpu_batch *batch, uint64_t bound_ns);

/*
 * xcpu_batch_done: is all of it freed?
 *
 * Context: as xcpu_async_done().
 * Waits:   never.
 * Order:   as xcpu_batch_flush().
 * Cost:    as xcpu_async_done(), and what the host's function costs.
 * Returns: true: the batch is empty, or has never been used; else false.
 */
bool xcpu_batch_done(struct xcpu_batch *batch);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_BATCH_H */
