/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count_ops.c: the operations that are counted, and what they must cost at
 * least.
 *
 * The bounds are those of an invalidation protocol with private caches, for the
 * steady state.  A CPU that is told something misses once at least, and so does
 * the one that tells it, for it lost the line: 2 transactions for one target.
 * Of a set every target misses, and the initiator once to see the answers or to
 * fill the line again: n + 1.  Answers need a chain of two.
 */
#include "count.h"

static void
touch(void *arg)
{
	(void)arg;
	count_reached();
}

static void
call_one(void)
{
	(void)xcpu_call_one(1, touch, NULL, NULL);
}

static void
call_one_result(void)
{
	static struct xcpu_call_result result;
	const struct xcpu_call_opt opt = { .result = &result };

	(void)xcpu_call_one(1, touch, NULL, &opt);
}

/* Another request stands in the token line: the long way. */
static void
call_one_busy(void)
{
	struct xcpu_line *line = &count_block()->domain->line[
	    1 / XCPU_LANES_PER_LINE];

	line->slot.v_ |= (uint64_t)1 << 16;	/* FILL, by nobody */
	(void)xcpu_call_one(1, touch, NULL, NULL);
}

static void
call_set(void)
{
	(void)xcpu_call_set(count_targets(), touch, NULL, NULL);
}

static void
call_start(void)
{
	static struct xcpu_call call;

	(void)xcpu_call_start(&call, count_targets(), touch, NULL, NULL);
	(void)xcpu_call_wait(&call, 0);
}

/* Registered once per world: the id of a fresh domain is always the same. */
static int
event_id(void)
{
	static int id;
	static const struct xcpu_domain *of;
	static uint64_t slot_state;
	const struct xcpu_domain *domain = count_block()->domain;

	/* A fresh domain has no events. */
	if (of != domain || domain->event[1].state.v_ != slot_state) {
		id = xcpu_event_register(touch, NULL);
		of = domain;
		slot_state = domain->event[1].state.v_;
	}
	return id;
}

static void
event_one(void)
{
	(void)xcpu_event_post(event_id(), 1);
}

static void
event_set(void)
{
	(void)xcpu_event_post_set(event_id(), count_targets());
}

static void
shoot_range(void)
{
	(void)xcpu_shootdown(count_space(), 0x1000, 0x1000, NULL);
}

static void
shoot_full(void)
{
	(void)xcpu_shootdown_all(count_space(), NULL);
}

/* ---- shootdowns that concern one CPU of many ---- */

/* The others have it loaded, and are lazy: their lanes are written, no more. */
static void
be_lazy(void)
{
	(void)xcpu_space_lazy_enter();
}

static void
be_elsewhere(void)
{
	(void)xcpu_space_switch(NULL);
}

/* ---- late shootdowns ---- */

/* As many changes as a space remembers, far from each other. */
static void
add_ranges(struct xcpu_async *async)
{
	for (unsigned i = 0; i < XCPU_SPACE_RANGES; i++)
		(void)xcpu_async_add(async, count_space(), i * 0x10000, 0x1000,
		    NULL);
}

static void
shoot_async(void)
{
	static struct xcpu_async async;

	add_ranges(&async);
	(void)xcpu_async_start(&async);
	(void)xcpu_async_wait(&async);
}

/* Nobody has come by when its owner wants to know. */
static void
shoot_defer(void)
{
	static struct xcpu_async async;

	add_ranges(&async);
	(void)xcpu_async_defer(&async, 0);
	(void)xcpu_async_done(&async);
	(void)xcpu_async_wait(&async);
}

static void
forget_item(void *host, uint64_t item, enum xcpu_batch_kind kind)
{
	(void)host;
	(void)item;
	(void)kind;
}

static void
flush_batch(unsigned ranges)
{
	static uint64_t item[XCPU_SPACE_RANGES];
	static struct xcpu_batch batch;

	(void)xcpu_batch_init(&batch, item, XCPU_SPACE_RANGES, forget_item,
	    NULL);
	for (unsigned i = 0; i < ranges; i++) {
		(void)xcpu_batch_range(&batch, count_space(), i * 0x10000,
		    0x1000, NULL);
		(void)xcpu_batch_frame(&batch, i);
	}
	(void)xcpu_batch_flush(&batch);
}

/* One range is a plain shootdown; more are one round of the domain. */
static void
shoot_batch(void)
{
	flush_batch(1);
}

static void
shoot_batch_full(void)
{
	flush_batch(XCPU_SPACE_RANGES);
}

/* All stand still, then each runs a function as they are let go. */
static void
sync_all(void)
{
	(void)xcpu_sync_simple(count_targets(), touch, NULL, NULL);
}

/* And one as it arrives: it must find it. */
static void
sync_run(void)
{
	struct xcpu_sync sync = { .run = touch, .fin1 = touch };

	(void)xcpu_sync_start(&sync, count_targets(), NULL);
	(void)xcpu_sync_finish(&sync);
}

/* The same, and what it gets is never what the last one got. */
static void
sync_run_new(void)
{
	static uintptr_t turn;
	struct xcpu_sync sync = { .run = touch, .fin1 = touch };

	sync.arg = (void *)++turn;
	(void)xcpu_sync_start(&sync, count_targets(), NULL);
	(void)xcpu_sync_finish(&sync);
}

static unsigned
least_one(unsigned n)
{
	(void)n;
	return 2;
}

static unsigned
least_set(unsigned n)
{
	return n + 1;
}

/* Called, stopped, released, gone: each side misses twice. */
static unsigned
least_sync(unsigned n)
{
	return 2 * (n + 1);
}

static double
goal_sync(unsigned n, bool migratory)
{
	(void)migratory;
	return 4.0 * n + 4;
}

static double
goal_call(unsigned n, bool migratory)
{
	(void)n;
	return migratory ? 2 : 3;
}

/* The token line, the word of sources, the slot: two each. */
static double
goal_slot(unsigned n, bool migratory)
{
	(void)n;
	(void)migratory;
	return 6;
}

/* One line per eight targets: n + 2 n / 8, and some slack. */
static double
goal_shoot(unsigned n, bool migratory)
{
	(void)migratory;
	return 1.5 * n + 6;
}

/* As if there were nobody but the one target. */
static double
goal_skip(unsigned n, bool migratory)
{
	(void)n;
	(void)migratory;
	return 3;
}

const struct count_op count_ops[] = {
	{ "call-one", true, call_one, least_one, 2, goal_call, NULL },
	{ "call-one-result", true, call_one_result, least_one, 2, NULL, NULL },
	{ "call-one-busy", true, call_one_busy, least_one, 2, goal_slot, NULL },
	{ "call-set", false, call_set, least_set, 2, NULL, NULL },
	{ "call-start", false, call_start, least_set, 2, NULL, NULL },
	{ "event-one", true, event_one, least_one, 1, NULL, NULL },
	{ "event-set", false, event_set, least_set, 1, NULL, NULL },
	{ "shoot-range", false, shoot_range, least_set, 2, goal_shoot, NULL },
	{ "shoot-full", false, shoot_full, least_set, 2, goal_shoot, NULL },
	{ "shoot-lazy", true, shoot_range, least_one, 2, goal_skip, be_lazy },
	{ "shoot-elsewhere", true, shoot_range, least_one, 2, goal_skip,
	    be_elsewhere },
	{ "shoot-async", false, shoot_async, least_set, 2, NULL, NULL },
	{ "shoot-defer", false, shoot_defer, least_set, 2, NULL, NULL },
	{ "shoot-batch", false, shoot_batch, least_set, 2, goal_shoot, NULL },
	{ "shoot-batch-full", false, shoot_batch_full, least_set, 2, NULL, NULL },
	{ "sync", false, sync_all, least_sync, 4, goal_sync, NULL },
	{ "sync-run", false, sync_run, least_sync, 4, goal_sync, NULL },
	{ "sync-run-new", false, sync_run_new, least_sync, 4, NULL, NULL },
};
const unsigned count_nops = sizeof(count_ops) / sizeof(count_ops[0]);
