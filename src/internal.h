/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * internal.h: what the files of the library know of each other.
 *
 * In the order of the layers: each may use those above it and none below.
 */
#ifndef XCPU_INTERNAL_H
#define XCPU_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/domain.h>
#include <xcpu/notifier.h>
#include <xcpu/port.h>
#include <xcpu/stop.h>
#include <xcpu/sync.h>
#include <xcpu/trace.h>

#include "bits.h"

/* ---- checks and counters ---- */

/* Rare: small rather than fast, and out of the way of what is not. */
#define XCPUI_COLD __attribute__((cold, noinline))

#if XCPU_ASSERTS
#define XCPU_ASSERT(cond, text)						\
	do {								\
		if (!(cond))						\
			xcpu_port_panic(text, __FILE__, __LINE__);	\
	} while (0)
#else
#define XCPU_ASSERT(cond, text) ((void)sizeof(cond))
#endif

#if XCPU_STATS
/* rlx: written by this CPU only, in this context only */
#define XCPUI_BUMP(word, n)						\
	xcpu_store_rlx(word, xcpu_load_rlx(word) + (n))
#define XCPUI_ADD(self, name, n) XCPUI_BUMP(&(self)->count->name, n)
/* NMIs count in a block of their own: they may interrupt an increment. */
#define XCPUI_COUNT_NMI(self, on)					\
	((self)->count = (on) ? &(self)->stat.nmi : &(self)->stat.own)
#else
#define XCPUI_ADD(self, name, n) ((void)(self), (void)(n))
#define XCPUI_COUNT_NMI(self, on) ((void)(self), (void)sizeof(on))
#endif
#define XCPUI_COUNT(self, name) XCPUI_ADD(self, name, 1)

/* ---- where the caller stands ---- */

/*
 * May the caller wait for functions of other CPUs?  0, or why not: from NMI
 * nothing waits; a handler, or the holder of a host lock, would make others
 * wait for what only it can give.
 */
int xcpui_may_wait(const struct xcpu_cpu *self);

/* 0, or why the caller cannot make requests: not ready, or in NMI. */
int xcpui_may_ask(const struct xcpu_cpu *self);

static inline uint64_t
xcpui_now(void)
{
#if XCPU_PORT_LEVEL >= 2
	return xcpu_port_now_ns();
#else
	return 0;
#endif
}

/* What is left of a time limit; at least 1, which is over at once; 0: none. */
static inline uint64_t
xcpui_time_left(uint64_t limit_ns, uint64_t since_ns)
{
	uint64_t gone;

	if (limit_ns == 0)
		return 0;
	/* The difference tells, for a clock may wrap, or run backwards. */
	gone = xcpui_now() - since_ns;
	if ((int64_t)gone < 0)
		gone = 0;
	return gone < limit_ns ? limit_ns - gone : 1;
}

/* ---- doorbell.c ---- */

/* A post to some CPUs: whom to kick, and who was not to be had. */
struct xcpui_post {
	unsigned cls;			/* one class bit of enum xcpu_lane */
	bool reach_lazy;		/* FLUSH only: lazy CPUs are kicked too */
	bool kicks;			/* `kick` is not empty */
	bool refusals;			/* `refused` is not empty */
	struct xcpu_cpuset kick;
	struct xcpu_cpuset refused;	/* not ready, or lazy and passed over */
};

static inline unsigned
xcpui_group(unsigned cpu)
{
	return cpu / XCPU_LANES_PER_LINE;
}

/* The lanes of a group that a set names: bit n is CPU n of the group. */
static inline unsigned
xcpui_group_lanes(const struct xcpu_cpuset *set, unsigned group)
{
	unsigned cpu = group * XCPU_LANES_PER_LINE;

	return (unsigned)(set->w[cpu / 64] >> (cpu % 64)) &
	    ((1u << XCPU_LANES_PER_LINE) - 1);
}

static inline void
xcpui_group_add(struct xcpu_cpuset *set, unsigned group, unsigned lanes)
{
	unsigned cpu = group * XCPU_LANES_PER_LINE;

	set->w[cpu / 64] |= (uint64_t)lanes << (cpu % 64);
}

/* Each post_begin() is followed by groups and ends with one post_kick(). */
void xcpui_post_begin(struct xcpu_cpu *self, struct xcpui_post *post,
    unsigned cls);
void xcpui_post_group(struct xcpu_cpu *self, struct xcpui_post *post,
    unsigned group, unsigned lanes);
void xcpui_post_kick(struct xcpu_cpu *self, const struct xcpui_post *post);
bool xcpui_post_one(struct xcpu_cpu *self, unsigned cpu, unsigned cls,
    bool *polls);
void xcpui_post_set(struct xcpu_cpu *self, struct xcpui_post *post,
    const struct xcpu_cpuset *set);

/* Do posts of this class ring a bell of their own, which is an NMI? */
static inline bool
xcpui_rings_apart(const struct xcpu_cpu *self, unsigned cls)
{
	return XCPU_FLUSH_KICK != 0 && cls == XCPU_LANE_FLUSH &&
	    self->domain->flush_kick != NULL;
}

static inline bool
xcpui_lane_takes(unsigned lane)
{
	lane &= XCPU_LANE_STATE;
	return lane == XCPU_LANE_READY || lane == XCPU_LANE_LAZY;
}

bool xcpui_poster_at_work(const struct xcpu_cpu *self);

unsigned xcpui_claim(struct xcpu_cpu *self, unsigned allowed);
unsigned xcpui_lane_look(const struct xcpu_domain *domain, unsigned cpu);

static inline unsigned
xcpui_lane_own(const struct xcpu_cpu *self)
{
	/* rlx: a hint that a claim is worth its while */
	return (unsigned)(xcpu_load_rlx(&self->line->bell) >>
	    self->lane_shift) & 0xff;
}

void xcpui_leave_own(struct xcpu_cpu *self, unsigned cls);
void xcpui_post_own(struct xcpu_cpu *self, unsigned cls);
void xcpui_kick_own(struct xcpu_cpu *self);

/* Changes of the own lane's state; each answers with the lane as it was. */
unsigned xcpui_lane_polling(struct xcpu_cpu *self, bool on);
unsigned xcpui_lane_lazy(struct xcpu_cpu *self, bool on);
void xcpui_lane_ready(struct xcpu_cpu *self);
unsigned xcpui_lane_leaving(struct xcpu_cpu *self);
unsigned xcpui_lane_off(struct xcpu_cpu *self);
bool xcpui_lane_gone(const struct xcpu_domain *domain, unsigned cpu,
    bool leaving_counts);

/* ---- slot.c: the request in a token line ---- */

enum xcpui_slot_kind {
	XCPUI_SLOT_CALL = 1,	/* body: function, argument */
	XCPUI_SLOT_BARE,	/* the same, and never cancelled: no result set */
	XCPUI_SLOT_FLUSH	/* body: space, generation, start, len, flags */
};

/* Names one request: who made it, and which one of his. */
uint64_t xcpui_slot_id(struct xcpu_cpu *self);
bool xcpui_slot_take(struct xcpu_line *line, uint64_t id,
    enum xcpui_slot_kind kind);
void xcpui_slot_publish(struct xcpu_line *line, uint64_t id,
    enum xcpui_slot_kind kind, unsigned lanes);
unsigned xcpui_slot_withdraw(struct xcpu_line *line, uint64_t id,
    unsigned lanes);
unsigned xcpui_slot_open(const struct xcpu_line *line, uint64_t id);
/* Target: its request of that kind, if there is one, with a copy of the body. */
bool xcpui_slot_begin(struct xcpu_cpu *self, enum xcpui_slot_kind kind,
    uint64_t body[XCPU_SLOT_WORDS], unsigned *source);
void xcpui_slot_end(struct xcpu_cpu *self);

/* ---- wait.c ---- */

#define XCPUI_BY_NMI 0x8000u	/* beside a class: its kicks are NMIs */

struct xcpui_wait {
	enum xcpu_wait_kind kind;
	uint16_t cls;			/* class posted; 0: kicks are no help */
	uint16_t also;			/* classes served inside a function, too */
	uint64_t timeout_ns;		/* 0: none */
	xcpu_fn *fn;			/* for the report */
	void *arg;
	/* True when there is nothing left to wait for. */
	bool (*over)(struct xcpui_wait *wait);
	/* The CPUs that are waited for, now. */
	void (*missing)(struct xcpui_wait *wait, struct xcpu_cpuset *set);
	void *what;			/* for the two functions */
};

int xcpui_wait(struct xcpu_cpu *self, struct xcpui_wait *wait);

/* ---- the classes, each served by drain.c ---- */

void xcpui_flush_serve(struct xcpu_cpu *self, bool lazy);
void xcpui_flush_catch_up(struct xcpu_cpu *self);
void xcpui_flush_catch_up_kernel(struct xcpu_cpu *self);
void xcpui_flush_reached(struct xcpu_au64 *word, uint64_t to);
/* True when the budget ended before the work. */
bool xcpui_call_serve(struct xcpu_cpu *self, unsigned *budget);
bool xcpui_call_token(struct xcpu_cpu *self);
bool xcpui_call_waiting(const struct xcpu_cpu *self);
bool xcpui_event_serve(struct xcpu_cpu *self, unsigned *budget);
/* All requests, whatever the summary words say: the last look of all. */
void xcpui_call_serve_all(struct xcpu_cpu *self);
/* Every other CPU has left the masked section that it was in. */
int xcpui_event_round(struct xcpu_cpu *self, bool leaving_counts);

/* ---- inbox.c ---- */

#if XCPU_MSG_SLOTS != 0
bool xcpui_msg_serve(struct xcpu_cpu *self, unsigned *budget);
void xcpui_msg_serve_all(struct xcpu_cpu *self);
/* Has somebody sent without a post? */
bool xcpui_msg_passive(const struct xcpu_cpu *self);
/* About to halt; false: a passive message has come. */
bool xcpui_msg_sleep(struct xcpu_cpu *self);
void xcpui_msg_awake(struct xcpu_cpu *self);

/* Has a source that we have in hand sent something? */
bool xcpui_msg_in_hand(const struct xcpu_cpu *self);
/* The idle poll: it begins, looks once, ends; see inbox.c and ring.c. */
void xcpui_msg_look(struct xcpu_cpu *self);
bool xcpui_msg_watched(struct xcpu_cpu *self);
bool xcpui_msg_look_away(struct xcpu_cpu *self);

/* It holds CPUs parked, and waits for nothing of theirs but messages. */
static inline void
xcpui_msg_hold(struct xcpu_cpu *self, bool on)
{
	self->msg.holds = on;
}

/* The frame that messages get from now on; answers with the one before. */
static inline void *
xcpui_msg_frame(struct xcpu_cpu *self, void *frame)
{
	void *outer = self->msg.frame;

	self->msg.frame = frame;
	return outer;
}
#else
/* Built without messages. */
#define xcpui_msg_serve(self, budget)	((void)(self), (void)(budget), false)
#define xcpui_msg_serve_all(self)	((void)(self))
#define xcpui_msg_passive(self)		((void)(self), false)
#define xcpui_msg_sleep(self)		((void)(self), true)
#define xcpui_msg_awake(self)		((void)(self))
#define xcpui_msg_in_hand(self)		((void)(self), false)
#define xcpui_msg_look(self)		((void)(self))
#define xcpui_msg_watched(self)		((void)(self), false)
#define xcpui_msg_look_away(self)	((void)(self), false)
#define xcpui_msg_hold(self, on)	((void)(self), (void)(on))
#define xcpui_msg_frame(self, frame)	((void)(self), (void)(frame), NULL)
#endif

/*
 * sync.c and stop.c are reached by pointers in their rooms, so that a host that
 * gives them no room does not link them.
 */

/* Is this CPU asked to a rendezvous? */
static inline bool
xcpui_sync_asked(const struct xcpu_cpu *self)
{
	unsigned lane = self->index % XCPU_LANES_PER_LINE;

	/* rlx: a hint; the read-modify-write that takes it decides */
	return self->domain->sync != NULL &&
	    (xcpu_load_rlx(&self->line->sync) >> lane & 1) != 0;
}

/* Does this CPU gather others, or have them stand? */
static inline bool
xcpui_sync_owner(const struct xcpu_cpu *self)
{
	/* rlx: own word, if it is */
	return self->domain->sync != NULL &&
	    xcpu_load_rlx(&self->domain->sync->owner) == self->index + 1;
}

static inline void
xcpui_sync_serve(struct xcpu_cpu *self)
{
	if (xcpui_sync_asked(self))
		self->domain->sync->park(self);
}

/* Does this CPU keep others stopped? */
static inline bool
xcpui_stop_keeper(const struct xcpu_cpu *self)
{
	/* rlx: own word, if it is */
	return self->domain->stop != NULL &&
	    xcpu_load_rlx(&self->domain->stop->owner) == self->index + 1;
}

static inline void
xcpui_stop_serve(struct xcpu_cpu *self)
{
	if (self->domain->stop != NULL)
		self->domain->stop->serve(self);
}

/* ---- drain.c ---- */

/* Serve FLUSH and STOP, which come before the next function. */
void xcpui_run_urgent(struct xcpu_cpu *self);
void xcpui_drain(struct xcpu_cpu *self, unsigned allowed);
void xcpui_serve(struct xcpu_cpu *self, unsigned lane, unsigned bits);
void xcpui_run(struct xcpu_cpu *self, unsigned cls, xcpu_fn *fn, void *arg,
    unsigned source);

/* ---- space.c ---- */

void xcpui_space_unload(struct xcpu_cpu *self);
/* The space that the CPU has loaded, or is about to. */
struct xcpu_space *xcpui_space_loaded(const struct xcpu_cpu *self);
/* Is it between two roots?  Then nobody can vouch for either. */
bool xcpui_space_switching(const struct xcpu_cpu *self);
/* Remember what generation `gen` of a space changed. */
void xcpui_space_note(struct xcpu_space *space, uint64_t gen,
    const struct xcpu_flush *flush);
/* What it changed, if that is still known and no full flush. */
bool xcpui_space_recall(const struct xcpu_space *space, uint64_t gen,
    struct xcpu_flush *flush);

/* ---- notifier.c, reached by a pointer as sync.c is ---- */

/* All CPUs have forgotten: tell the others. */
static inline void
xcpui_notify(const struct xcpu_flush *flush)
{
#if XCPU_NOTIFIERS != 0
	struct xcpu_notifiers *room = flush->space->notifiers;

	if (room != NULL)
		room->notify(room, flush);
#else
	(void)flush;
#endif
}

#endif /* XCPU_INTERNAL_H */
