/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notifier.c: those who are told when a shootdown is over.
 *
 * Actors: whoever ends a shootdown of the space; who registers; who unregisters.
 *
 * Shared, per notifier: `state`; fn and arg, written while it is being filled.
 *
 * I1  fn is called only in a masked section that found the notifier alive; who
 *     unregisters makes it dead, and then sends a round through every CPU that is
 *     online: that ends each masked section that began before (round.c).
 * I2  Who registers makes it alive, then walks the tables; who shoots down
 *     changes them, then looks who is alive; each with a full fence between.  So
 *     he is told, or finds the change.
 * I3  Nobody puts down that he is inside.  So one who dies there leaves nothing
 *     behind that another could wait for.
 *
 * Deadlock: only unregister waits, as for the handlers of an event; and fn waits
 * for nobody.
 */
#include <xcpu/notifier.h>

#include "internal.h"

#if XCPU_NOTIFIERS != 0

enum {
	NOTIFIER_FREE,
	NOTIFIER_TAKEN,		/* being filled, or left */
	NOTIFIER_ALIVE
};

static void
notify_all(struct xcpu_notifiers *room, const struct xcpu_flush *request)
{
	unsigned long state = xcpu_port_irq_save();

	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++) {
		struct xcpu_notifier *one = &room->one[i];

		/*
		 * [K2] acquire: what was filled in.  Pairs with [K2] in
		 * xcpu_notifier_register().
		 */
		if (xcpu_load_acq(&one->state) == NOTIFIER_ALIVE)
			xcpu_plain_load(&one->fn)(xcpu_plain_load(&one->arg),
			    request);
	}
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
	for (unsigned i = 0; i < XCPU_NOTIFIERS; i++)
		/* rlx: private */
		xcpu_store_rlx(&room->one[i].state, NOTIFIER_FREE);
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
		 * in notify_all().
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
	/* rlx: the round publishes it; of two unregisters one wins */
	if (!xcpu_cas_rlx(&one->state, &state, NOTIFIER_TAKEN))
		return -XCPU_ENOENT;
	error = xcpui_event_round(self, false);
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
