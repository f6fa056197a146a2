/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm.h: spaces, pages and requests, shared by the shootdown storm, its
 * control and the detector.
 *
 * No CPU of a storm ever waits for another: a request to read pages lies in
 * the target's mail until that one comes by, and whoever sent it goes round
 * its own loop meanwhile, serving the requests of others.
 */
#ifndef XCPU_WORK_STORM_H
#define XCPU_WORK_STORM_H

#include "oracle.h"
#include "run.h"

#define STORM_NOBODY	UINT32_MAX

/*
 * A page belongs to one CPU, which alone changes it.  `settled` is the oldest
 * generation that may still be read, `newest` the youngest.
 */
struct storm_page {
	struct xcpu_au32 settled, newest;
	uint32_t generation;
	bool mapped, writable;
	mach_frame frame;
};

/* Kernel, shared by all, shared by two, private; each CPU owns a window. */
struct storm_space {
	struct mach_space *mach;
	unsigned index;			/* 0: the kernel's */
	enum mach_access_mode mode;
	uint64_t base;
	unsigned first_cpu;		/* owner of the first window */
	unsigned windows;
	unsigned first_row;
	struct storm_page *page;
};

enum storm_request_kind { STORM_ARM, STORM_PROBE };

/* A kernel page, read by functions that are called while it is shot down. */
struct storm_inflight {
	struct xcpu_call call;
	struct oracle_page page;	/* as it is to be from now on */
	struct xcpu_au32 over;		/* the shootdown has returned */
};

/* What one CPU asks of others; they read it while `pending` is not 0. */
struct storm_request {
	enum storm_request_kind kind;
	struct storm_space *space;
	struct oracle_batch batch;
	uint32_t blind;		/* CPU to leave out its next flush, or nobody */
	bool mend;		/* flush on the reading CPU after the probe */
	bool tables;		/* lazy CPUs were not to be passed over */
	uint8_t kept[XCPU_NCPU_MAX];
	struct xcpu_au64 away[XCPU_CPUSET_WORDS];
	struct xcpu_au64 stale[XCPU_CPUSET_WORDS];	/* who read wrongly */
	struct xcpu_au32 pending;
};

/* A CPU's operation under way. */
enum storm_state { STORM_IDLE, STORM_ARMING, STORM_HELD, STORM_PROBING };

/* What becomes of its pages; TABLES and RECLAIM unmap, and more than that. */
enum storm_change {
	STORM_REMAP, STORM_UNMAP, STORM_PROTECT, STORM_TABLES, STORM_RECLAIM,
	STORM_FORK		/* PROTECT, and a child gets the frames */
};

#define STORM_EXTRAS	8	/* pages of other spaces in one reclaim */
#define STORM_ITEMS	(ORACLE_BATCH + STORM_EXTRAS + 1)

struct storm_extra {
	struct storm_space *space;
	unsigned page;
	mach_frame frame;
};

#define PROCESS_ITEMS	(ORACLE_BATCH + 1)
#define PROCESS_WHOLE	(UINT64_C(1) << 47)	/* of user addresses */

/* Its owner's, but for `broken`, which visitors read. */
struct storm_process_page {
	uint64_t va;			/* 0: there is none */
	mach_frame frame;		/* 0: none any more */
	uint64_t tag;			/* of the parent's frame */
	bool parents;			/* the parent has the frame, too */
	struct xcpu_au32 broken;	/* no CPU reads the parent's any more */
};

enum process_state { PROCESS_NONE, PROCESS_ALIVE, PROCESS_EXITING };

/* See process.c.  What visitors read is written before `uses` is not 0. */
struct storm_process {
	struct xcpu_au32 uses;
	struct xcpu_au32 gone;		/* no CPU can read it any more */
	enum process_state state;
	unsigned owner;
	uint32_t births;
	struct mach_space *mach;
	struct storm_process_page page[ORACLE_BATCH];
	struct xcpu_batch batch;
	uint64_t item[PROCESS_ITEMS];
};

struct storm_cpu {
	/* Written by others: who has a request for this CPU. */
	struct xcpu_au64 mail[XCPU_CPUSET_WORDS];
	struct xcpu_au32 space;		/* index of the one loaded; 0: none */
	struct xcpu_au32 lazy;		/* 1 from before until after it is */
	struct xcpu_au32 off;		/* the same, of going offline */

	/* Its own. */
	struct storm_request request __attribute__((aligned(64)));
	struct xcpu_cpuset targets;
	struct storm_inflight inflight;
	enum storm_state state;
	enum storm_change change;
	unsigned resume;		/* space that it gave up to be lazy */
	unsigned first;			/* page of the space */
	struct xcpu_batch batch;
	uint64_t item[STORM_ITEMS];
	struct storm_extra extra[STORM_EXTRAS];
	struct storm_process process;	/* child of its window */
	struct storm_process *visits;	/* another's, whose root it has */
	uint64_t processes, fell_lazy, kernel_unmaps, tables, reclaims;
	unsigned nextra;
	unsigned tries;
	bool leaving;			/* goes offline soon */
	bool finished;
	uint64_t began_ns;		/* the state, for a bound */
	uint64_t turns;
	unsigned credit;		/* glances until the next mail */
	struct work_rng rng;
	uint64_t shootdowns, mapped, glances, left, late, held_ns;
	struct work_times times;
};

struct storm {
	struct work_goal goal;
	unsigned ncpu;
	unsigned nspaces;
	struct storm_space *space;
	struct storm_cpu *cpu[XCPU_NCPU_MAX];
	struct xcpu_au64 begun;		/* shootdowns */
	struct xcpu_au32 busy;		/* operations under way */
	struct xcpu_au32 finished;	/* CPUs that begin no more */
	struct xcpu_au32 stop;		/* something is broken: end */
};

extern struct storm storm;

/* Indices of the spaces that a CPU may load. */
#define STORM_KERNEL	0
#define STORM_SHARED	1
unsigned storm_pair_of(unsigned cpu);		/* 0: it has no partner */
unsigned storm_private_of(unsigned cpu);

/* spaces.c */
bool storm_init(void);				/* once; false: no memory */
unsigned storm_window(const struct storm_space *space, unsigned cpu);
uint64_t storm_va(const struct storm_space *space, unsigned page);
void storm_describe(const struct storm_space *space, unsigned page,
    struct oracle_page *out);
bool storm_fill(struct storm_space *space, unsigned page);
void storm_load(struct storm_cpu *me, unsigned space);

/* mail.c */
void storm_ask(unsigned cpu, const struct xcpu_cpuset *set);
bool storm_answered(unsigned cpu);
bool storm_serve(unsigned cpu);			/* true: there was something */
void storm_halt(unsigned cpu, bool asked);	/* until mail, or a tick */
void storm_fall_lazy(struct storm_cpu *me);	/* a kernel thread, or idle */
void storm_wake_up(struct storm_cpu *me);	/* out of lazy mode */
bool storm_may_have(unsigned cpu, const struct storm_space *space);
bool storm_is_away(const struct storm_request *request, unsigned cpu);

/* inflight.c */
void inflight_begin(struct storm_cpu *me, unsigned page);
void inflight_over(struct storm_cpu *me);

/* change.c */
void storm_shoot(unsigned cpu);		/* goes on to probing, or is held */
void storm_after(struct storm_cpu *me);

/* process.c */
bool process_may_begin(const struct storm_cpu *me);
bool process_prepare(struct storm_cpu *me, unsigned cpu);
bool process_share(struct storm_cpu *me, unsigned page);
void process_begin(struct storm_cpu *me);
bool process_keeps(struct storm_cpu *me, const struct storm_space *space,
    unsigned page, mach_frame frame);
void process_step(struct storm_cpu *me, unsigned cpu);
void process_leave(struct storm_cpu *me);
void process_end(struct storm_cpu *me);

/* storm_batch.c */
bool storm_is_batched(const struct storm_cpu *me);
int storm_batch_begin(struct storm_cpu *me, const mach_frame *old,
    mach_frame table);
void storm_take_extras(struct storm_cpu *me, unsigned cpu);
int storm_shoot_extras(const struct storm_cpu *me);
void storm_settle_extras(struct storm_cpu *me, bool free);

#endif /* XCPU_WORK_STORM_H */
