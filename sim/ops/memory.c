/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c: address spaces that everybody changes, and accesses through them.
 *
 * The judge is the machine: no access through a translation that a shootdown
 * has ended, no walk through a table that was freed.  What is done here makes
 * such accesses likely: few pages, few spaces, each CPU touching what it has
 * loaded between any two things it does.
 */
#include "oracle.h"
#include "rooms.h"

#include <string.h>

#define ROOMS (ROOM_COUNT - 1)

/* The last is the kernel's. */
static struct room room[ROOMS + 1];
#define KERNEL (&room[ROOMS])

/*
 * A new table comes where an old one was when nobody can walk that any more:
 * before, a flush of one page would not be the end of its translation.
 */
static void
map_all(const struct room *r)
{
	for (unsigned page = 0; page < ROOM_PAGES; page++)
		if (r->cut[page / SIM_TABLE_PAGES] == 0)
			sim_map(r->space, page, true);
}

void
ops_memory_reset(void)
{
	memset(room, 0, sizeof(room));
	for (unsigned i = 0; i < ROOMS; i++)
		room[i].space = sim_space_new();
	KERNEL->space = sim_space_kernel();
	for (unsigned i = 0; i <= ROOMS; i++)
		map_all(&room[i]);
}

struct room *
room_loaded(void)
{
	const struct xcpu_space *space = xcpu_space_current();

	for (unsigned i = 0; i < ROOMS; i++)
		if (sim_space_xcpu(room[i].space) == space)
			return &room[i];
	return NULL;
}

struct room *
room_nth(unsigned n)
{
	return &room[n];
}

struct room *
room_kernel(void)
{
	return KERNEL;
}

/* ---- accesses ---- */

static void
touch_some(const struct room *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		(void)sim_touch(r->space, sim_random(ROOM_PAGES), sim_one_in(2));
}

void
room_touch(const struct room *r, unsigned n)
{
	touch_some(r != NULL ? r : KERNEL, n);
}

void
ops_touch(void)
{
	const struct room *r = room_loaded();

	sim_op_begin(SIM_OP_TOUCH);
	if (r != NULL)
		touch_some(r, 1 + sim_random(6));
	touch_some(KERNEL, 1 + sim_random(2));
	sim_op_end(0);
}

void
ops_switch(void)
{
	const struct room *r = &room[sim_random(ROOMS + 1)];
	int error;

	sim_op_begin(SIM_OP_SWITCH);
	error = xcpu_space_switch(r == KERNEL ? NULL :
	    sim_space_xcpu(r->space));
	if (error == 0 && r != KERNEL)
		touch_some(r, 2);
	sim_op_end(error);
}

/* ---- changes ---- */

static bool
change_page(const struct room *r, unsigned page, struct sim_change *change)
{
	switch (sim_random(3)) {
	case 0:
		return sim_unmap(r->space, page, change);
	case 1:
		return sim_remap(r->space, page, change);
	default:
		return sim_protect(r->space, page, change);
	}
}

void
room_change(struct room *r, bool table, struct changes *c)
{
	unsigned page = sim_random(ROOM_PAGES);
	unsigned end = page + 1 + sim_random(CHANGES);

	c->n = 0;
	if (table) {
		c->n = sim_unmap_table(r->space, page, &c->one[0]);
		r->cut[page / SIM_TABLE_PAGES] += c->n;
	} else {
		for (; page < end && page < ROOM_PAGES; page++)
			c->n += change_page(r, page, &c->one[c->n]);
	}
	if (c->n != 0)
		r->version = c->one[c->n - 1].version;
}

uint64_t
room_range(const struct room *r, const struct changes *c, uint64_t *len)
{
	const struct sim_change *last = &c->one[c->n - 1];
	uint64_t start = sim_page_va(r->space, c->one[0].page);

	*len = sim_page_va(r->space, last->page + last->npages - 1) + 4096 -
	    start;
	return start;
}

/* The secondary TLB has forgotten it, or had it anew. */
static void
judge_device(const struct room *r, const struct sim_change *change)
{
	for (unsigned i = 0; i < change->npages; i++) {
		unsigned page = change->page + i;

		if (page < ROOM_PAGES && r->cached[page] &&
		    r->seen[page] < change->version)
			sim_fail(SIM_STALE, "a device has page %u of space %u, "
			    "version %lu; the shootdown of version %lu is over",
			    page, sim_space_id(r->space),
			    (unsigned long)r->seen[page],
			    (unsigned long)change->version);
	}
}

void
room_changed(struct room *r, struct changes *c, int error)
{
	sim_oracle.shootdowns += error == 0 && c->n != 0;
	for (unsigned i = 0; i < c->n; i++) {
		if (error == 0)
			judge_device(r, &c->one[i]);
		sim_change_done(&c->one[i], error);
	}
	if (c->n != 0 && c->one[0].tables)
		r->cut[c->one[0].page / SIM_TABLE_PAGES]--;
}

/* One range, from the first change to the last; or everything. */
static int
shoot(struct room *r, struct changes *c)
{
	struct xcpu_flush_opt opt = { 0, 0 };
	uint64_t start, len;
	int error;

	if (c->n == 0)
		return 0;
	start = room_range(r, c, &len);
	opt.flags = c->one[0].tables ? XCPU_FLUSH_TABLES : 0;
	error = sim_one_in(4) ?
	    xcpu_shootdown_all(sim_space_xcpu(r->space), &opt) :
	    xcpu_shootdown(sim_space_xcpu(r->space), start, len, &opt);
	room_changed(r, c, error);
	return error;
}

void
room_repair(struct room *r)
{
	sim_lock(&r->lock);
	map_all(r);
	sim_unlock(&r->lock);
}

/* With the lock held while it waits, or not. */
static int
change_and_shoot(struct room *r, bool table)
{
	bool held = sim_one_in(3);
	struct changes c;
	int error = 0;

	sim_lock(&r->lock);
	room_change(r, table, &c);
	if (held)
		error = shoot(r, &c);
	sim_unlock(&r->lock);
	if (!held)
		error = shoot(r, &c);
	ops_allow_timeout(error, "a shootdown");
	return error;
}

static void
change_op(struct room *r, enum sim_op_kind op, bool table)
{
	bool masked = sim_one_in(3);
	unsigned long state = 0;

	if (masked)
		state = sim_mask();
	sim_op_begin(op);
	sim_op_end(change_and_shoot(r, table));
	if (sim_one_in(2))
		room_repair(r);
	if (masked)
		sim_unmask(state);
}

struct room *
room_some(void)
{
	struct room *r = room_loaded();

	return r != NULL && sim_one_in(2) ? r : &room[sim_random(ROOMS)];
}

void
ops_flush(void)
{
	change_op(room_some(), SIM_OP_FLUSH, false);
}

void
ops_tables(void)
{
	change_op(room_some(), SIM_OP_TABLES, true);
}

void
ops_kernel(void)
{
	change_op(KERNEL, SIM_OP_KERNEL, sim_one_in(4));
}

void
ops_shoot_here(void)
{
	(void)change_and_shoot(sim_one_in(3) ? KERNEL : room_some(), false);
}

/* ---- lazy ---- */

void
ops_lazy(void)
{
	const struct room *r;
	int error;

	sim_op_begin(SIM_OP_LAZY);
	error = xcpu_space_lazy_enter();
	touch_some(KERNEL, 2);
	sim_work_ns(sim_random(3000));
	sim_op_end(error);
	if (sim_one_in(2))
		sim_idle();
	sim_op_begin(SIM_OP_LAZY);
	error = xcpu_space_lazy_leave();
	r = room_loaded();
	if (r != NULL)
		touch_some(r, 3);
	sim_op_end(error);
}

/* ---- a space's life ---- */

/* A space that only this CPU ever loads: its end frees everything at once. */
void
ops_spaces(void)
{
	struct room own = { .space = sim_space_new() };
	int error;

	if (own.space == NULL)
		return;
	sim_op_begin(SIM_OP_SWITCH);
	map_all(&own);
	error = xcpu_space_switch(sim_space_xcpu(own.space));
	if (error == 0)
		touch_some(&own, 4);
	if (error == 0 && xcpu_space_destroy(sim_space_xcpu(own.space)) !=
	    -XCPU_EBUSY)
		sim_fail(SIM_ORDER, "space %u is loaded here, and may be "
		    "destroyed", sim_space_id(own.space));
	error = xcpu_space_switch(sim_one_in(2) ? NULL :
	    sim_space_xcpu(room[0].space));
	(void)sim_space_free(own.space);
	sim_op_end(error);
}
