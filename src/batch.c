/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch.c: frames and tables that are freed after a flush.
 *
 * A request of async.c with a list of what its end sets free.
 *
 * I1  An item is in the list only with its range in the request: the range is
 *     added first, and whoever makes room flushes both.
 * I2  The list is emptied only by the end of the request, on the one CPU that
 *     finds it: its owner's, or the last of a call.
 *
 * Deadlock: as async.c.  The host's function may not use this batch.
 */
#include <xcpu/batch.h>

#include "collect.h"
#include "internal.h"

/* The end of the request. */
static void
free_items(void *arg)
{
	struct xcpu_batch *batch = arg;
	uint32_t nframes = batch->nframes;
	uint32_t ntables = batch->ntables;

	batch->nframes = batch->ntables = 0;
	for (uint32_t i = 0; i < nframes; i++)
		batch->free(batch->host, batch->item[i], XCPU_BATCH_FRAME);
	/* Last: a walk through one may have led to any of the frames. */
	for (uint32_t i = 0; i < ntables; i++)
		batch->free(batch->host, batch->item[batch->room - 1 - i],
		    XCPU_BATCH_TABLE);
}

int
xcpu_batch_init(struct xcpu_batch *batch, uint64_t *item, uint32_t room,
    xcpu_batch_fn *free, void *host)
{
	if (batch == NULL || item == NULL || room == 0 || free == NULL)
		return -XCPU_EINVAL;
	xcpui_async_init(&batch->async);
	batch->free = free;
	batch->host = host;
	batch->item = item;
	batch->room = room;
	batch->nframes = batch->ntables = 0;
	return 0;
}

int
xcpu_batch_range(struct xcpu_batch *batch, struct xcpu_space *space,
    uint64_t start, uint64_t len, const struct xcpu_flush_opt *opt)
{
	return xcpu_async_add(&batch->async, space, start, len, opt);
}

/* Room for one more: if there is none, that of all the others. */
static int
room_for_one(struct xcpu_batch *batch)
{
	/* In this order: the state is the last CPU's until the call is done. */
	if (!xcpu_call_done(&batch->async.call) ||
	    batch->async.state != XCPU_ASYNC_OPEN)
		return -XCPU_EBUSY;
	return batch->nframes + batch->ntables < batch->room ? 0 :
	    xcpu_batch_flush(batch);
}

int
xcpu_batch_frame(struct xcpu_batch *batch, uint64_t frame)
{
	int error = room_for_one(batch);

	if (error == 0)
		batch->item[batch->nframes++] = frame;
	return error;
}

int
xcpu_batch_table(struct xcpu_batch *batch, struct xcpu_space *space,
    uint64_t start, uint64_t len, uint64_t table)
{
	struct xcpu_flush_opt opt = { .flags = XCPU_FLUSH_TABLES };
	int error = room_for_one(batch);

	if (error == 0)
		error = xcpu_async_add(&batch->async, space, start, len, &opt);
	if (error == 0)
		batch->item[batch->room - ++batch->ntables] = table;
	return error;
}

int
xcpu_batch_flush(struct xcpu_batch *batch)
{
	int error = xcpu_async_wait(&batch->async);

	/* Of one that was started nothing is left. */
	if (error == 0)
		free_items(batch);
	return error;
}

int
xcpu_batch_start(struct xcpu_batch *batch)
{
	int error;

	if (!xcpu_call_done(&batch->async.call))
		return -XCPU_EBUSY;
	batch->async.callback = free_items;
	batch->async.callback_arg = batch;
	error = xcpu_async_start(&batch->async);
	if (error != 0 && error != -XCPU_ENOSPC)
		batch->async.callback = NULL;
	return error;
}

int
xcpu_batch_defer(struct xcpu_batch *batch, uint64_t bound_ns)
{
	if (!xcpu_call_done(&batch->async.call))
		return -XCPU_EBUSY;
	batch->async.callback = NULL;
	return xcpu_async_defer(&batch->async, bound_ns);
}

bool
xcpu_batch_done(struct xcpu_batch *batch)
{
	if (!xcpu_async_done(&batch->async))
		return false;
	free_items(batch);
	return true;
}
