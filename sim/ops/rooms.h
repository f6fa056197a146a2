/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rooms.h: the spaces that all operations share (memory.c), for those that
 * change them in other ways (late.c).
 */
#ifndef XCPU_SIM_ROOMS_H
#define XCPU_SIM_ROOMS_H

#include "ops.h"

#define ROOM_COUNT 4		/* the last is the kernel's */
#define ROOM_PAGES 24		/* of a space that are used: three tables */
#define ROOM_TABLES (ROOM_PAGES / SIM_TABLE_PAGES)

/* A space and the lock around its page tables. */
struct room {
	struct sim_space *space;
	struct sim_lock lock;
	/* Tables that were taken out, and are still being shot down. */
	unsigned cut[ROOM_TABLES];
	/*
	 * What a device has cached of it (late.c), and how new the tables were
	 * when it did: the version of the last change.
	 */
	uint64_t version;
	bool cached[ROOM_PAGES];
	uint64_t seen[ROOM_PAGES];
};

#define CHANGES 3

/* Changes of neighbours, for one shootdown. */
struct changes {
	unsigned n;
	struct sim_change one[CHANGES];
};

/* A room; the kernel's only where it is asked for. */
struct room *room_nth(unsigned n);
struct room *room_some(void);
struct room *room_kernel(void);
/* The room that this CPU has loaded; NULL: none, or one of its own. */
struct room *room_loaded(void);
/* With the room's lock held. */
void room_change(struct room *r, bool table, struct changes *c);
/* The range of the changes; c->n is not 0. */
uint64_t room_range(const struct room *r, const struct changes *c,
    uint64_t *len);
/* Their shootdown has answered. */
void room_changed(struct room *r, struct changes *c, int error);
/* Map again what is not mapped. */
void room_repair(struct room *r);
/* Some accesses; NULL: to the kernel's pages. */
void room_touch(const struct room *r, unsigned n);

#endif /* XCPU_SIM_ROOMS_H */
