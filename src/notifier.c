/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notifier.c: those who are told when a shootdown is over.
 *
 * Actors: whoever ends a shootdown of the space; who registers; who unregisters.
 *
 * Shared, per notifier: one word, free, filling or alive, with the number of
 * CPUs that are inside; fn and arg, written while it is filling.
 *
 * I1  fn is called only by who has counted himself in and found it alive, in one
 *     read-modify-write; so when it is no longer alive and nobody is inside, it
 *     runs nowhere and never again.
 * I2  Who registers makes it alive, then walks the tables; who shoots down
 *     changes them, then looks who is alive; each with a full fence between.  So
 *     he is told, or finds the change.
 *
 * Deadlock: only unregister waits, for functions that wait for nobody.
 */
#include <xcpu/notifier.h>

#include "internal.h"

#if XCPU_NOTIFIERS != 0

#define NOTIFIER_INSIDE		((uint64_t)1)
#define NOTIFIER_FILLING	((uint64_t)1 << 32)
#define NOTIFIER_ALIVE		((uint64_t)1 << 33)

static void
notify_one(struct xcpu_notifier *one, const struct xcpu_flush *request)
{
	/* rlx: the shootdown's fence stands before it, [K1] */
	uint64_t state = xcpu_load_rlx(&one->state);

	do {
		if ((state & NOTIFIER_ALIVE) == 0)
			return;
		/*
		 * [K2] acquire: what was filled in.  Pairs with [K2] in
		 * xcpu_notifier_register().
		 * retry: each failure is another who went in or out.
		 */
	} while (!xcpu_cas_acq(&one->state, &state, state + NOTIFIER_INSIDE));
	xcpu_plain_load(&one->fn)(xcpu_plain_load(&one->arg), request);
	/*
	 * [K3] release: all of it before we are out.  Pairs with [K3] in
	 * nobody_inside() and xcpu_notifier_register().
	 */
	xcpu_fetch_add_rel(&one->state, -NOTIFIER_INSIDE);
}

static void
notify_all(struct xcpu_notifiers *room, const struct xcpu_flush *request)
{
	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++)
		notify_one(&room->one[i], request);
}

int XCPUI_COLD
xcpu_notifier_init(struct xcpu_space *space, struct xcpu_notifiers *room)
{
	if (space == NULL)
		return -XCPU_EINVAL;
	space->notifiers = room;
	if (room == NULL)
		return 0;
	room->notify = notify_all;
	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++)
		xcpu_store_rlx(&room->one[i].state, 0); /* rlx: private */
	return 0;
}

int XCPUI_COLD
xcpu_notifier_register(struct xcpu_space *space, xcpu_notifier_fn *fn,
    void *arg)
{
	if (space == NULL || fn == NULL)
		return -XCPU_EINVAL;
	if (space->notifiers == NULL)
		return -XCPU_ENOSYS;
	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++) {
		struct xcpu_notifier *one = &space->notifiers->one[i];
		uint64_t state = 0;

		/*
		 * [K3] acquire: whoever was inside the last one is out.  Pairs
		 * with [K3] in notify_one().
		 */
		if (!xcpu_cas_acq(&one->state, &state, NOTIFIER_FILLING))
			continue;
		xcpu_plain_store(&one->fn, fn);
		xcpu_plain_store(&one->arg, arg);
		/*
		 * [K2] release: fn and arg before it is alive.  Pairs with [K2]
		 * in notify_one().
		 */
		xcpu_fetch_add_rel(&one->state,
		    NOTIFIER_ALIVE - NOTIFIER_FILLING);
		/*
		 * [K1] fence: alive before the caller walks the tables.  Pairs
		 * with [G2] in shootdown() and xcpui_collect_close().
		 */
		xcpu_fence_sc();
		return (int)i;
	}
	return -XCPU_ENOSPC;
}

static bool
nobody_inside(struct xcpui_wait *wait)
{
	const struct xcpu_notifier *one = wait->what;

	/*
	 * [K3] acquire: all that those did who were inside.  Pairs with [K3] in
	 * notify_one().
	 */
	return (xcpu_load_acq(&one->state) & (NOTIFIER_FILLING - 1)) == 0;
}

static void XCPUI_COLD
inside_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	(void)wait;
	xcpu_cpuset_zero(set);		/* a number, no names */
}

static int XCPUI_COLD
wait_outside(struct xcpu_cpu *self, struct xcpu_notifier *one)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_FLUSH,
		.timeout_ns = 0,
		.fn = NULL,
		.arg = NULL,
		.over = nobody_inside,
		.missing = inside_missing,
		.what = one,
		.cls = 0,
		.also = 0,
	};

	return nobody_inside(&wait) ? 0 : xcpui_wait(self, &wait);
}

int XCPUI_COLD
xcpu_notifier_unregister(struct xcpu_space *space, int id)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_wait(self);
	struct xcpu_notifier *one;
	uint64_t state;

	if (error != 0)
		return error;
	if (space == NULL)
		return -XCPU_EINVAL;
	if (space->notifiers == NULL)
		return -XCPU_ENOSYS;
	if (id < 0 || id >= XCPU_NOTIFIERS)
		return -XCPU_ENOENT;
	one = &space->notifiers->one[id];
	/* rlx: the compare-and-swap decides on this very value */
	state = xcpu_load_rlx(&one->state);
	do {
		if ((state & NOTIFIER_ALIVE) == 0)
			return -XCPU_ENOENT;
		/*
		 * rlx: it stays taken until we say that it is free
		 * retry: each failure is another who went in or out.
		 */
	} while (!xcpu_cas_rlx(&one->state, &state,
	    (state & ~NOTIFIER_ALIVE) | NOTIFIER_FILLING));
	error = wait_outside(self, one);
	if (error != 0)
		return error;
	/* rlx: it goes on the release sequences of those who went out */
	xcpu_fetch_add_rlx(&one->state, -NOTIFIER_FILLING);
	return 0;
}

#else /* compiled out */

int
xcpu_notifier_init(struct xcpu_space *space, struct xcpu_notifiers *room)
{
	(void)space; (void)room;
	return -XCPU_ENOSYS;
}

int
xcpu_notifier_register(struct xcpu_space *space, xcpu_notifier_fn *fn,
    void *arg)
{
	(void)space; (void)fn; (void)arg;
	return -XCPU_ENOSYS;
}

int
xcpu_notifier_unregister(struct xcpu_space *space, int id)
{
	(void)space; (void)id;
	return -XCPU_ENOSYS;
}

#endif
