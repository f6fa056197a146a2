/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park.h: the words of a rendezvous, between gather.c, which asks, and park.c,
 * which stands still; and what sync.c makes of them.  The protocol: gather.c.
 */
#ifndef XCPU_PARK_H
#define XCPU_PARK_H

#include "internal.h"

/* Planes of a token line's `sync`: each has a bit per lane. */
enum xcpui_plane { PLANE_TODO = 0, PLANE_COMING = 8, PLANE_ACTING = 16,
	PLANE_OPEN = 24 };

static inline uint64_t
xcpui_in_plane(unsigned lanes, enum xcpui_plane plane)
{
	return (uint64_t)lanes << plane;
}

static inline uint64_t
xcpui_in_all_planes(unsigned lanes)
{
	return xcpui_in_plane(lanes, PLANE_TODO) |
	    xcpui_in_plane(lanes, PLANE_COMING) |
	    xcpui_in_plane(lanes, PLANE_ACTING) |
	    xcpui_in_plane(lanes, PLANE_OPEN);
}

/* Take a question back from those who have not begun; returns whose it was. */
static inline unsigned
xcpui_take_back(struct xcpu_line *line, unsigned lanes)
{
	/* rlx: who has not begun has touched nothing, both accesses */
	unsigned got = (unsigned)xcpu_fetch_and_rlx(&line->sync,
	    ~xcpui_in_plane(lanes, PLANE_TODO)) & lanes;

	/* rlx: as above */
	xcpu_fetch_and_rlx(&line->sync, ~xcpui_in_all_planes(got));
	return got;
}

/* Above them: the generation, and what the target must know at once. */
#define SYNC_GEN_SHIFT	32
#define SYNC_GEN_MASK	(((uint64_t)1 << XCPU_SEQ_BITS) - 1)
#define SYNC_EARLY	((uint64_t)1 << 56)	/* functions are there already */
#define SYNC_NO_ENTRY	((uint64_t)1 << 57)
#define SYNC_EXIT	((uint64_t)1 << 58)	/* a barrier after fin1 */
#define SYNC_SERVE_MSG	((uint64_t)1 << 59)

/* The release word: 0, or a decision and the generation above it. */
enum xcpui_decision { DECISION_NONE, DECISION_GO, DECISION_ABORT,
	DECISION_LAST };

static inline uint64_t
xcpui_decided(uint64_t gen, enum xcpui_decision decision)
{
	return gen << 2 | (uint64_t)decision;
}

/*
 * The decision that lets everybody out of a group whose initiator died, and means
 * nothing else.  Who waits for the second barrier has read a GO, or there was no
 * first one; then he is let go by an ABORT.
 */
static inline void
xcpui_release_orphans(const struct xcpu_sync_room *room,
    struct xcpu_sync_line *line)
{
	uint64_t seen = xcpu_load_rlx(&line->release);	/* rlx: the owner's */
	bool go = seen == xcpui_decided(room->generation, DECISION_GO);

	if (!go && seen >> 2 == room->generation && seen != 0)
		return;
	/* rlx: who reads it reads nothing else by it */
	xcpu_store_rlx(&line->release, xcpui_decided(room->generation,
	    go ? DECISION_LAST : DECISION_ABORT));
}

/* What the room points to: called by drains, and on coming online. */
void xcpui_park(struct xcpu_cpu *self);
void xcpui_park_enter(struct xcpu_cpu *self);
/* Who holds the room, if anybody: for reports. */
void xcpui_park_owner(const struct xcpu_cpu *self, struct xcpu_cpuset *set);

/* One rendezvous, as its initiator goes about it. */
struct xcpui_gathering {
	struct xcpu_cpu *self;
	struct xcpu_sync *sync;
	enum xcpui_plane plane;		/* waited for */
	unsigned group;			/* those below have cleared it */
	bool all;			/* groups that were not asked, too */
	bool queued;			/* waits for the room */
	uint32_t owner;			/* of the room, as he gave up */
	uint64_t since_ns;
	uint64_t limit_ns;
};

/* A CPU that leaves is no initiator, and holds up those who are. */
int xcpui_sync_hold(struct xcpu_cpu *self, bool on);
/* The room itself: to become its owner, to hand it on, to take it from a dead. */
int xcpui_room_await(struct xcpui_gathering *r);
void xcpui_room_leave(struct xcpui_gathering *r);
bool xcpui_room_inherit(struct xcpui_gathering *r);
/* Be the only initiator; parked for others meanwhile. */
int xcpui_sync_enter_room(struct xcpui_gathering *r);
/*
 * Ask the set, and wait until all have come.  After an error whoever had begun
 * is there all the same, or will be, and nobody else.
 */
int xcpui_sync_gather(struct xcpui_gathering *r, const struct xcpu_cpuset *set);
/*
 * After an error of a gathering that is not called off: until who had begun has
 * come.  0 if that was everybody, else the error given.
 */
int xcpui_sync_await_begun(struct xcpui_gathering *r,
    const struct xcpu_cpuset *set, int error);
/* Write the decision, wait until all have left, and leave the room. */
int xcpui_sync_let_go(struct xcpui_gathering *r, enum xcpui_decision decision);
/* Nobody does anything: let_go() with ABORT; answers with the error given. */
int xcpui_sync_call_off(struct xcpui_gathering *r, int error);
/* The calling CPU's own part, as in an interrupt, if it takes part. */
void xcpui_sync_run_own(struct xcpui_gathering *r, xcpu_fn *fn, void *arg);

#endif /* XCPU_PARK_H */
