/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quiet.c: page-table entries that change while all CPUs stand still, and
 * devices that cache translations, too.
 *
 * A device walks the tables under the room's lock and keeps what it found until
 * its notifier is called; room_changed() judges.
 */
#include "rooms.h"

#include <string.h>

/* One per room. */
struct device {
	struct xcpu_notifiers room;
	int id;			/* below 0: off */
	bool busy;		/* somebody switches it on or off */
};

static struct device devices[ROOM_COUNT];

/* ---- quiescence ---- */

struct quiet {
	struct room *room;
	struct changes changes;
};

/* Nobody who stands has the lock: it masks. */
static void
change_quietly(void *arg)
{
	struct quiet *quiet = arg;

	ops_stands("a change");
	sim_lock(&quiet->room->lock);
	room_change(quiet->room, false, &quiet->changes);
	sim_unlock(&quiet->room->lock);
}

void
ops_quiesce(void)
{
	struct quiet quiet = { .room = sim_one_in(4) ? room_kernel() :
	    room_some() };
	struct xcpu_sync_opt opt = { .timeout_ns = sim_one_in(2) ? 0 :
	    1 + sim_random(100000) };
	struct xcpu_quiesce q = {
		.space = sim_space_xcpu(quiet.room->space),
		.change = change_quietly,
		.arg = &quiet,
	};
	int error;

	sim_op_begin(SIM_OP_FLUSH);
	error = xcpu_quiesce(&q, &opt);
	if (!q.changed && quiet.changes.n != 0)
		sim_fail(SIM_ORDER, "entries have changed, and it says not");
	if (error == 0 && !q.changed)
		sim_fail(SIM_ORDER, "nothing has changed, and it says so not");
	if (q.changed || opt.timeout_ns == 0)
		ops_allow_timeout(error, "a change under quiescence");
	room_changed(quiet.room, &quiet.changes, error);
	sim_op_end(error);
	if (sim_one_in(2))
		room_repair(quiet.room);
}

/* ---- devices ---- */

static void
forget(void *arg, const struct xcpu_flush *request)
{
	struct room *r = arg;

	for (unsigned page = 0; page < ROOM_PAGES; page++)
		if ((request->flags & XCPU_FLUSH_FULL) != 0 ||
		    sim_page_va(r->space, page) - request->start <
		    request->len)
			r->cached[page] = false;
}

void
ops_device_setup(void)
{
	memset(devices, 0, sizeof(devices));
	for (unsigned i = 0; i < ROOM_COUNT; i++) {
		devices[i].id = -1;
		(void)xcpu_notifier_init(sim_space_xcpu(room_nth(i)->space),
		    &devices[i].room);
	}
}

static void
walk(struct room *r)
{
	unsigned page = sim_random(ROOM_PAGES);

	sim_lock(&r->lock);
	r->cached[page] = true;
	r->seen[page] = r->version;
	sim_unlock(&r->lock);
}

/* It stops before it leaves. */
static int
switch_off(struct device *d, struct room *r)
{
	int id = d->id;
	int error;

	d->id = -1;
	sim_lock(&r->lock);
	memset(r->cached, 0, sizeof(r->cached));
	sim_unlock(&r->lock);
	error = xcpu_notifier_unregister(sim_space_xcpu(r->space), id);
	ops_allow_timeout(error, "the end of a notifier");
	return error;
}

void
ops_device(void)
{
	unsigned n = sim_random(ROOM_COUNT);
	struct device *d = &devices[n];
	struct room *r = room_nth(n);
	int error = 0;

	if (d->busy)
		return;
	d->busy = true;
	sim_op_begin(SIM_OP_TOUCH);
	/* There is room for more, if the last one has not left for good. */
	if (d->id < 0)
		d->id = xcpu_notifier_register(sim_space_xcpu(r->space),
		    forget, r);
	for (unsigned i = 0; i < 3 && d->id >= 0; i++)
		walk(r);
	if (d->id >= 0 && sim_one_in(4))
		error = switch_off(d, r);
	sim_op_end(error);
	d->busy = false;
}
