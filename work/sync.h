/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.h: what the storm of rendezvous and stops shares.
 *
 *	sync.c		who does what, and the traffic meanwhile
 *	rendezvous.c	start, add, finish, abort; one-shot forms; stop-machine
 *	stops.c		stop, restart, NMI calls
 *	still.c		do they stand still?
 *
 * Most words here are plain: that a CPU is parked, or stopped, is what makes it
 * right to read what it writes, and a race detector judges that too.
 */
#ifndef XCPU_WORK_SYNC_H
#define XCPU_WORK_SYNC_H

#include "run.h"

/* What a CPU did; each word by itself alone.  It must not move in a stand. */
struct sync_steps {
	uint64_t thread;
	uint64_t called;		/* functions and handlers of others */
	uint64_t mailed;		/* messages */
} __attribute__((aligned(64)));

/* What one CPU was made to run, by the owner of the mark. */
struct sync_mark {
	uint32_t arrived, acted, departed;
	uint64_t arrival, action, action_end, departure;	/* by `clock` */
	struct xcpu_au32 late;		/* fin2, which nobody waits for */
	uint64_t call, nmi;		/* serial of the last one */
};

/* A kernel page that its owner alone changes, and that all may read. */
struct sync_page {
	uint64_t va, tag;
	mach_frame frame;
};

/* The rendezvous under way. */
struct sync_record {
	struct xcpu_sync sync;
	struct xcpu_sync_opt opt;
	struct xcpu_cpuset set, absent;
	struct xcpu_au64 clock;
	bool looks;			/* each reads the page, twice */
};

/* What was seen of a stand, to be reported when it is over. */
struct sync_verdict {
	const char *stood;		/* how; NULL: nothing to report */
	unsigned mover;			/* or XCPU_NCPU_MAX */
	uint32_t owners;		/* 0: one at a time */
	int answer;			/* to a call that must be refused */
};

struct sync_cpu {
	struct sync_steps steps;
	struct sync_page page;
	struct sync_record record;
	struct sync_mark *mark;		/* [ncpu] */
	struct sync_steps *seen;	/* [ncpu], when they were to stand still */
	uint64_t *sent, *got;		/* [ncpu]: messages to and from each */
	struct xcpu_au64 asked, accepted, noted;	/* posts: see events.c */
	struct xcpu_call call;		/* that nobody waits for */
	struct xcpu_au32 call_runs;
	bool call_begun;
	struct sync_verdict verdict;
	uint64_t serial;
	unsigned cpu;
	struct work_rng rng;
	uint64_t ops, rendezvous, stops, left;
};

struct syncs {
	struct work_goal goal;
	unsigned ncpu;
	int event;
	struct sync_cpu *cpu[XCPU_NCPU_MAX];
	uint32_t holder, stopper;	/* CPU + 1; plain: there is one at a time */
	struct xcpu_au32 initiators;	/* CPUs in a rendezvous or a stop */
	struct xcpu_au32 finished;
};

extern struct syncs syncs;

/* sync.c */
void sync_pick_set(struct sync_cpu *me, struct xcpu_cpuset *set);
void sync_post(struct sync_cpu *me, unsigned cpu);
void sync_mail(struct sync_cpu *me, unsigned cpu);	/* never waits */
void sync_call_begin(struct sync_cpu *me, unsigned cpu);
int sync_call(struct sync_cpu *me, unsigned cpu);
void sync_rewrite(struct sync_cpu *me);		/* its page: remap, shoot down */
void sync_look(struct sync_cpu *owner);		/* is it what it should be? */

/* still.c */
enum sync_stand { SYNC_PARKED, SYNC_PARKED_MAIL, SYNC_STOPPED, SYNC_MACHINE };
/* The caller holds these CPUs: bother them, and see that none of them moves. */
void sync_watch(struct sync_cpu *me, const struct xcpu_cpuset *set,
    enum sync_stand stand, bool rewrites);
void sync_report(struct sync_cpu *me);		/* once they go on */

/* rendezvous.c, stops.c */
void sync_rendezvous(struct sync_cpu *me);
void sync_stop(struct sync_cpu *me);
void sync_nmi_call(struct sync_cpu *me);

#endif /* XCPU_WORK_SYNC_H */
