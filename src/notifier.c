/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notifier.c: those who are told when a shootdown is over.
 *
 * Actors: whoever ends a shootdown of the space; who registers; who unregisters.
 *
 * Shared, per notifier: `state`; `inside`, a bit per CPU, changed by that CPU
 * only, doorbell masked; fn and arg, written while it is being filled.
 *
 * I1  fn is called only by a CPU whose bit was set before it found the notifier
 *     alive; who unregisters makes it dead, then looks at the bits, each with a
 *     full fence between.  So he sees the bit, or the caller that it is dead.
 * I2  Who registers makes it alive, then walks the tables; who shoots down
 *     changes them, then looks who is alive; each with a full fence between.  So
 *     he is told, or finds the change.
 * I3  Names, not numbers: of a CPU that died inside the report says which.
 *
 * Deadlock: only unregister waits, for functions that wait for nobody.
 */
#include <xcpu/notifier.h>

#include "internal.h"

#if XCPU_NOTIFIERS != 0

enum {
	NOTIFIER_FREE,
	NOTIFIER_TAKEN,		/* being filled, or left */
	NOTIFIER_ALIVE
};

/* Doorbell masked. */
static void
notify_one(struct xcpu_notifier *one, unsigned cpu,
    const struct xcpu_flush *request)
{
	/* rlx: the shootdown's fence stands before it, [K1] */
	if (xcpu_load_rlx(&one->state) != NOTIFIER_ALIVE)
		return;
	/* rlx: the fence orders it */
	xcpu_fetch_or_rlx(&one->inside[cpu / 64], xcpu_cpu_bit(cpu));
	/*
	 * [K4] fence: we are inside before we find it alive.  Pairs with [K4]
	 * in xcpu_notifier_unregister().
	 */
	xcpu_fence_sc();
	/*
	 * [K2] acquire: what was filled in.  Pairs with [K2] in
	 * xcpu_notifier_register().
	 */
	if (xcpu_load_acq(&one->state) == NOTIFIER_ALIVE)
		xcpu_plain_load(&one->fn)(xcpu_plain_load(&one->arg), request);
	/*
	 * [K3] release: all of it before we are out.  Pairs with [K3] in
	 * look_inside().
	 */
	xcpu_fetch_and_rel(&one->inside[cpu / 64], ~xcpu_cpu_bit(cpu));
}

static void
notify_all(struct xcpu_notifiers *room, const struct xcpu_flush *request)
{
	unsigned long state = xcpu_port_irq_save();

	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++)
		notify_one(&room->one[i], xcpu_port_self()->index, request);
	xcpu_port_irq_restore(state);
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
	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++) {
		/* rlx: private, both */
		xcpu_store_rlx(&room->one[i].state, NOTIFIER_FREE);
		for (unsigned w = 0; w < XCPU_CPUSET_WORDS; w++)
			xcpu_store_rlx(&room->one[i].inside[w], 0); /* rlx: as above */
	}
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
		uint32_t state = NOTIFIER_FREE;

		/*
		 * [K5] acquire: whoever was inside the last one is out.  Pairs
		 * with [K5] in xcpu_notifier_unregister().
		 */
		if (!xcpu_cas_acq(&one->state, &state, NOTIFIER_TAKEN))
			continue;
		xcpu_plain_store(&one->fn, fn);
		xcpu_plain_store(&one->arg, arg);
		/*
		 * [K2] release: fn and arg before it is alive.  Pairs with [K2]
		 * in notify_one().
		 */
		xcpu_store_rel(&one->state, NOTIFIER_ALIVE);
		/*
		 * [K1] fence: alive before the caller walks the tables.  Pairs
		 * with [G2] in shootdown() and xcpui_collect_close().
		 */
		xcpu_fence_sc();
		return (int)i;
	}
	return -XCPU_ENOSPC;
}

/* The CPUs that are inside. */
static void
look_inside(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	const struct xcpu_notifier *one = wait->what;

	for (unsigned w = 0; w < XCPU_CPUSET_WORDS; w++)
		/*
		 * [K3] acquire: all that those did who were inside.  Pairs with
		 * [K3] in notify_one().
		 */
		set->w[w] = xcpu_load_acq(&one->inside[w]);
}

static bool
nobody_inside(struct xcpui_wait *wait)
{
	struct xcpu_cpuset set;

	look_inside(wait, &set);
	return xcpu_cpuset_empty(&set);
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
		.missing = look_inside,
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
	uint32_t state = NOTIFIER_ALIVE;
	struct xcpu_notifier *one;

	if (error != 0)
		return error;
	if (space == NULL)
		return -XCPU_EINVAL;
	if (space->notifiers == NULL)
		return -XCPU_ENOSYS;
	if (id < 0 || id >= XCPU_NOTIFIERS)
		return -XCPU_ENOENT;
	one = &space->notifiers->one[id];
	/* rlx: it says nothing; the fence orders it */
	if (!xcpu_cas_rlx(&one->state, &state, NOTIFIER_TAKEN))
		return -XCPU_ENOENT;
	/*
	 * [K4] fence: dead before we look who is inside.  Pairs with [K4] in
	 * notify_one().
	 */
	xcpu_fence_sc();
	error = wait_outside(self, one);
	if (error != 0)
		return error;
	/*
	 * [K5] release: they are out for who registers next.  Pairs with [K5]
	 * in xcpu_notifier_register().
	 */
	xcpu_store_rel(&one->state, NOTIFIER_FREE);
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
