/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * late.c: shootdowns that nobody waits for.
 *
 * Each CPU has a few requests of its own, with the changes that they stand for.
 * What the library calls done is reused at once; the judge is the machine, as in
 * memory.c.  A CPU that dies takes its requests with it, and their frames; one
 * that died without passing keeps others' requests from their end.
 */
#include "rooms.h"

#include <string.h>

#define REQUESTS 3
#define PARTS 2

/* What was changed in one room, under one lock. */
struct part {
	struct room *room;
	struct changes changes;
};

struct request {
	struct xcpu_async job;
	struct part part[PARTS];
	unsigned nparts;
	unsigned ends;		/* callbacks run */
	bool busy;
};

static struct request requests[XCPU_NCPU_MAX][REQUESTS];

#define BATCH_ROOM 2		/* so few that batches overflow */
#define BATCH_PARTS 4

/* A CPU's batch: an item is the number of a part. */
struct gathered {
	struct xcpu_batch batch;
	uint64_t item[BATCH_ROOM];
	struct part part[BATCH_PARTS];
	unsigned nparts;
	unsigned freed;
	bool busy;
};

static struct gathered gathered[XCPU_NCPU_MAX];

void
ops_late_reset(void)
{
	memset(requests, 0, sizeof(requests));
	memset(gathered, 0, sizeof(gathered));
}

/* ---- the end of a request ---- */

static void
reuse(struct request *q, int error)
{
	for (unsigned i = 0; i < q->nparts; i++)
		room_changed(q->part[i].room, &q->part[i].changes, error);
	q->nparts = 0;
}

static void
ended(void *arg)
{
	struct request *q = arg;

	if (++q->ends != 1)
		sim_fail(SIM_ORDER, "a late shootdown ends %u times", q->ends);
	reuse(q, 0);
}

static void
close_request(struct request *q)
{
	if (q->job.callback != NULL && q->ends != 1)
		sim_fail(SIM_EARLY, "a late shootdown is done before its "
		    "callback has run");
	reuse(q, 0);
	q->busy = false;
}

static void
look_at(struct request *q)
{
	if (q->busy && xcpu_async_done(&q->job))
		close_request(q);
}

static void
wait_for(struct request *q)
{
	int error = xcpu_async_wait(&q->job);

	ops_allow_timeout(error, "a late shootdown");
	if (error == 0)
		close_request(q);
}

/* ---- the beginning ---- */

/* Something somewhere; false: there was nothing to change. */
static bool
change_part(struct part *part)
{
	bool table = sim_one_in(4);

	part->room = sim_one_in(5) ? room_kernel() : room_some();
	sim_lock(&part->room->lock);
	room_change(part->room, table, &part->changes);
	sim_unlock(&part->room->lock);
	return part->changes.n != 0;
}

static bool
add_part(struct request *q)
{
	struct part *part = &q->part[q->nparts];
	struct xcpu_flush_opt opt = { 0, 0 };
	uint64_t start, len;
	int error;

	if (!change_part(part))
		return true;
	q->nparts++;
	start = room_range(part->room, &part->changes, &len);
	opt.flags = part->changes.one[0].tables ? XCPU_FLUSH_TABLES : 0;
	error = sim_one_in(6) ? xcpu_async_add_all(&q->job,
	    sim_space_xcpu(part->room->space), &opt) : xcpu_async_add(&q->job,
	    sim_space_xcpu(part->room->space), start, len, &opt);
	/* A space past its top is shot down there and then. */
	ops_allow_timeout(error, "a late shootdown's add");
	return error == 0;
}

static int
begin(struct request *q)
{
	if (q->job.callback == NULL && sim_one_in(2))
		return xcpu_async_defer(&q->job, sim_one_in(3) ? 0 :
		    1 + sim_random(40000));
	return xcpu_async_start(&q->job);
}

static int
start_one(struct request *q)
{
	unsigned parts = 1 + sim_random(PARTS);
	int error;

	memset(q, 0, sizeof(*q));
	q->busy = true;
	/* The call that carries it may stay queued where somebody died. */
	if (sim_one_in(3) && !sim_reports()) {
		q->job.callback = ended;
		q->job.callback_arg = q;
	}
	for (unsigned i = 0; i < parts; i++)
		if (!add_part(q))
			return 0;	/* what it had is kept for ever */
	if (q->nparts == 0) {
		q->busy = false;
		return 0;
	}
	if (sim_one_in(4)) {
		wait_for(q);
		return 0;
	}
	error = begin(q);
	/* Nobody can carry the callback: the owner's look will run it. */
	if (error == -XCPU_ENOSPC)
		error = 0;
	ops_allow_timeout(error, "a late shootdown's start");
	return error;
}

void
ops_late(void)
{
	struct request *own = requests[sim_cpu()];
	bool masked = sim_one_in(3);
	unsigned long state = 0;
	struct request *q;
	int error = 0;

	if (masked)
		state = sim_mask();
	sim_op_begin(SIM_OP_FLUSH);
	for (unsigned i = 0; i < REQUESTS; i++)
		look_at(&own[i]);
	q = &own[sim_random(REQUESTS)];
	if (!q->busy)
		error = start_one(q);
	else if (sim_one_in(3) && !(masked && q->job.callback != NULL))
		wait_for(q);
	sim_op_end(error);
	if (sim_one_in(3))
		room_repair(room_some());
	if (masked)
		sim_unmask(state);
}

/* ---- batches ---- */

static void
give_back(void *host, uint64_t item, enum xcpu_batch_kind kind)
{
	struct gathered *g = host;
	struct part *part = &g->part[item];

	if (part->changes.n == 0)
		sim_fail(SIM_ORDER, "an item of a batch is freed twice");
	if ((kind == XCPU_BATCH_TABLE) != part->changes.one[0].tables)
		sim_fail(SIM_ORDER, "an item of a batch is freed as another");
	room_changed(part->room, &part->changes, 0);
	part->changes.n = 0;
	g->freed++;
}

static int
gather_part(struct gathered *g)
{
	struct part *part = &g->part[g->nparts];
	struct xcpu_space *space;
	uint64_t start, len;
	int error;

	if (!change_part(part))
		return 0;
	space = sim_space_xcpu(part->room->space);
	start = room_range(part->room, &part->changes, &len);
	if (part->changes.one[0].tables)
		return xcpu_batch_table(&g->batch, space, start, len,
		    g->nparts++);
	error = xcpu_batch_range(&g->batch, space, start, len, NULL);
	return error != 0 ? error :
	    xcpu_batch_frame(&g->batch, g->nparts++);
}

static void
batch_over(struct gathered *g)
{
	if (g->freed != g->nparts)
		sim_fail(SIM_EARLY, "a batch is done with %u of %u items freed",
		    g->freed, g->nparts);
	g->busy = false;
}

static int
end_batch(struct gathered *g)
{
	switch (sim_random(3)) {
	case 0:
		/* As with callbacks. */
		if (sim_reports())
			break;
		return xcpu_batch_start(&g->batch);
	case 1:
		return xcpu_batch_defer(&g->batch, 1 + sim_random(40000));
	default:
		break;
	}
	if (xcpu_batch_flush(&g->batch) != 0)
		return -XCPU_ETIMEDOUT;
	batch_over(g);
	return 0;
}

static int
new_batch(struct gathered *g)
{
	unsigned parts = 1 + sim_random(BATCH_PARTS);
	int error = 0;

	memset(g, 0, sizeof(*g));
	(void)xcpu_batch_init(&g->batch, g->item, BATCH_ROOM, give_back, g);
	g->busy = true;
	for (unsigned i = 0; i < parts && error == 0; i++)
		error = gather_part(g);
	if (error == 0)
		error = end_batch(g);
	if (error == -XCPU_ENOSPC)
		error = 0;
	/* Given up: what it has is kept for ever. */
	ops_allow_timeout(error, "a batch");
	if (error != 0)
		g->busy = false;
	return error;
}

void
ops_batch(void)
{
	struct gathered *g = &gathered[sim_cpu()];
	int error = 0;

	sim_op_begin(SIM_OP_FLUSH);
	if (g->busy && xcpu_batch_done(&g->batch))
		batch_over(g);
	if (!g->busy)
		error = new_batch(g);
	sim_op_end(error);
	if (sim_one_in(3))
		room_repair(room_some());
}

static void
settle_batch(struct gathered *g)
{
	int error = xcpu_batch_flush(&g->batch);

	ops_allow_timeout(error, "a batch");
	if (error == 0)
		batch_over(g);
}

/* What a host does in its tick, and where a CPU enters the kernel. */
void
ops_pass(void)
{
	sim_op_begin(SIM_OP_FLUSH);
	xcpu_async_pass();
	room_touch(room_loaded(), 2);
	sim_op_end(0);
}

/* ---- the end of a run ---- */

void
ops_late_settle(void)
{
	struct request *own = requests[sim_cpu()];
	bool batch = gathered[sim_cpu()].busy;
	bool any = batch;

	for (unsigned i = 0; i < REQUESTS; i++)
		any |= own[i].busy;
	if (!any)
		return;
	sim_op_begin(SIM_OP_FLUSH);
	for (unsigned i = 0; i < REQUESTS; i++)
		if (own[i].busy)
			wait_for(&own[i]);
	if (batch)
		settle_batch(&gathered[sim_cpu()]);
	sim_op_end(0);
}

/* No wait was given up, and who died was reported: then all of them have ended. */
void
ops_late_check(void)
{
	if ((sim_any_dead() && !sim_reports()) || sim_gave_up())
		return;
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++) {
		if (sim_dead(cpu))
			continue;
		for (unsigned i = 0; i < REQUESTS; i++)
			if (requests[cpu][i].busy)
				sim_fail(SIM_ORDER, "a late shootdown of CPU "
				    "%u never ended", cpu);
	}
}
