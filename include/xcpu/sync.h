/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.h: rendezvous: CPUs parked at a known point while something runs.
 *
 * A parked CPU stands in its interrupt (or in a wait of its own), doorbell
 * masked, outside every host lock and every function of others; it serves stops
 * and flushes and nothing else.  While one CPU holds a set parked, nobody else
 * does: of two that ask at once, one is parked by the other, in whichever order
 * they named their targets, and goes on with his own when he is released.  They
 * take turns: whoever waits is passed by once by each other CPU at most.
 *
 *	static struct xcpu_sync_room room;
 *
 *	xcpu_domain_init(&domain, cpus, ncpu);
 *	xcpu_sync_init(&domain, &room);		(before CPUs come online)
 *	...
 *	struct xcpu_sync sync = { .fin1 = reload, .arg = &table };
 *
 *	if (xcpu_sync_start(&sync, &set, NULL) == 0) {
 *		rewrite(&table);		(nobody of the set looks)
 *		xcpu_sync_finish(&sync);	(each has reloaded)
 *	}
 *
 * Between start and finish the caller stays on its CPU, must not sleep, and
 * must not wait for what a parked CPU may hold: calls are refused there with
 * XCPU_EDEADLK, shootdowns are legal, and so are messages with XCPU_SYNC_MSG.
 */
#ifndef XCPU_SYNC_H
#define XCPU_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/call.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/domain.h>

enum xcpu_sync_flag {
	XCPU_SYNC_MSG = 1,	/* parked CPUs serve messages, those sent before
				 * included, and the caller may wait for them */
	XCPU_SYNC_NO_ENTRY = 2,	/* rendezvous: action waits for nobody's setup */
	XCPU_SYNC_NO_EXIT = 4	/* rendezvous: teardown waits for nobody's action */
};

/*
 * All zero is the default, and so is a NULL pointer.  It must stay until the
 * finish.
 */
struct xcpu_sync_opt {
	uint64_t timeout_ns;		/* to be parked; 0: none */
	enum xcpu_not_ready not_ready;	/* SKIP or FAIL */
	unsigned flags;			/* enum xcpu_sync_flag */
	/*
	 * Asked of each silent CPU when the deadline has passed, or the stall
	 * hook gives up: a CPU that the host knows to be dead is left out, and
	 * the others go on; what a dead initiator held is taken over.  It must
	 * never run again but by xcpu_cpu_online().  NULL: none is.
	 */
	bool (*dead)(unsigned cpu, void *arg);
	void *dead_arg;
	struct xcpu_cpuset *absent;	/* who did not take part; NULL: not wanted */
};

/*
 * One rendezvous, the caller's: the first part is filled in before the start,
 * the second is the library's until the end.
 */
struct xcpu_sync {
	xcpu_fn *run;		/* run(arg) on arrival, before the start returns */
	xcpu_fn *fin1;		/* fin1(arg) before the finish returns */
	xcpu_fn *fin2;		/* fin2(data) in tandem with that return */
	void *arg;
	void *data;		/* must outlive the last fin2 */

	struct xcpu_cpuset asked;	/* and not taken back; others only */
	const struct xcpu_sync_opt *opt;
	xcpu_fn *teardown;
	unsigned flags;
	bool own;		/* the caller's CPU takes part */
};

/* setup, barrier, action, barrier, teardown; each may be NULL. */
struct xcpu_sync_stages {
	xcpu_fn *setup;
	xcpu_fn *action;
	xcpu_fn *teardown;
	void *arg;
};

/*
 * What the parked CPUs of a group look at: written by the initiator alone, so
 * that looking costs nothing until he writes.  Private to the library.
 */
struct xcpu_sync_line {
	struct xcpu_au64 release;
	xcpu_fn *run;
	xcpu_fn *fin1;
	xcpu_fn *teardown;
	xcpu_fn *fin2;
	void *arg;
	void *data;
} __attribute__((aligned(XCPU_LINE_BYTES)));

/* Memory for the rendezvous of a domain.  Private to the library. */
struct xcpu_sync_room {
	void (*park)(struct xcpu_cpu *self);
	void (*enter)(struct xcpu_cpu *self);
	int (*hold)(struct xcpu_cpu *self, bool on);
	/* The one initiator: his CPU + 1; 0: nobody. */
	struct xcpu_au32 owner __attribute__((aligned(XCPU_LINE_BYTES)));
	uint32_t generation;		/* the owner's, both */
	bool strays;			/* some have not come out */
	/* CPUs that want to be the owner. */
	struct xcpu_au64 waiting[XCPU_CPUSET_WORDS]
	    __attribute__((aligned(XCPU_LINE_BYTES)));
	/* A stop-machine holds up CPUs that come online. */
	struct xcpu_au32 closed __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_sync_line line[XCPU_GROUPS];
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_sync_init: give a domain what its rendezvous need.
 *
 * `room` is zeroed, and lives as long as the domain.  Without it the functions
 * below answer -XCPU_ENOSYS, and a linker leaves them out.
 *
 * Context: any; after xcpu_domain_init(), before any CPU is online.
 * Waits:   never.
 * Order:   none: the host publishes the domain by starting the CPUs.
 * Cost:    nothing.
 * Returns: 0; -XCPU_EINVAL a NULL pointer.
 */
int xcpu_sync_init(struct xcpu_domain *domain, struct xcpu_sync_room *room);

/*
 * xcpu_sync_start: park a set of CPUs.
 *
 * Returns when each has run sync->run(arg) and is parked.  The calling CPU, if
 * it is in the set, runs its own part, too, and is not parked.  CPUs that are
 * not ready take no part.  A deadline, or a CPU that cannot come, undoes it:
 * all are released, nobody runs fin1 or fin2 (who had arrived has run `run`).
 *
 * Context: thread, doorbell open or masked, no host lock held; preemption, if
 *          there is any, is off until the finish.
 * Waits:   for the rendezvous of others, being parked for them meanwhile; then
 *          until all are parked, the deadline, or the stall hook gives up.
 * Order:   all that a parked CPU did before -> the return  [N2].
 * Cost:    one line per eight targets, and one transaction per target; one more
 *          each for a `run` or arg other than the last time; one kick hook.
 * Returns: 0; -XCPU_ETIMEDOUT undone: *absent are those who did not come;
 *          -XCPU_ENXIO with XCPU_FAIL_NOT_READY: undone; -XCPU_EINVAL a NULL
 *          pointer, no such CPU or option; -XCPU_EDEADLK inside a handler, with
 *          a host lock held, or between a start and its finish on this CPU;
 *          -XCPU_EPERM from NMI; -XCPU_EAGAIN this CPU is not ready;
 *          -XCPU_ENOSYS no xcpu_sync_init(), or a timeout without a clock.
 *          After an error nobody is parked.
 */
int xcpu_sync_start(struct xcpu_sync *sync, const struct xcpu_cpuset *set,
    const struct xcpu_sync_opt *opt);

/*
 * xcpu_sync_add: park further CPUs.
 *
 * Those that are parked already stay so and run nothing again.  A CPU that is in
 * `run` when the deadline passes has come: it is waited for.
 *
 * Context: as xcpu_sync_start(), between it and the finish.
 * Waits:   until the new ones are parked, with a deadline of its own.
 * Order:   as xcpu_sync_start().
 * Cost:    as xcpu_sync_start(), for the new ones.
 * Returns: 0; errors as xcpu_sync_start(): then those that had come stay parked
 *          with the others, and *absent have not and will not; -XCPU_EINVAL
 *          also when this CPU has not started it.
 */
int xcpu_sync_add(struct xcpu_sync *sync, const struct xcpu_cpuset *set,
    const struct xcpu_sync_opt *opt);

/*
 * xcpu_sync_finish: let them go.
 *
 * Each runs fin1(arg) before this returns, then fin2(data) in tandem with the
 * return.  fin1, fin2, arg and data are read now: they may have been changed
 * since the start.
 *
 * Context: as xcpu_sync_start(), on the same CPU.
 * Waits:   until each has run fin1, under the watchdog.
 * Order:   all before -> fin1 and fin2; all of fin1 -> the return  [N3] [N4].
 * Cost:    two lines per eight targets, two transactions per target.
 * Returns: 0; -XCPU_EINVAL this CPU has not started it; -XCPU_ETIMEDOUT the
 *          stall hook gave up: a CPU may still be in fin1, and the next
 *          rendezvous waits until it has come out.
 */
int xcpu_sync_finish(struct xcpu_sync *sync);

/*
 * xcpu_sync_abort: let them go, and nobody runs fin1 or fin2.
 *
 * Context: as xcpu_sync_finish().
 * Waits:   until all have left.
 * Order:   as xcpu_sync_finish().
 * Cost:    as xcpu_sync_finish().
 * Returns: as xcpu_sync_finish().
 */
int xcpu_sync_abort(struct xcpu_sync *sync);

/*
 * xcpu_sync_simple: fn(arg) on each CPU of a set, none before all stand still.
 *
 * Context: as xcpu_sync_start().
 * Waits:   as xcpu_sync_start(), and until each has run it.
 * Order:   all before -> each fn -> the return; all that any of them did before
 *          -> each fn.
 * Cost:    start and finish.
 * Returns: as xcpu_sync_start(); after -XCPU_ETIMEDOUT fn has run nowhere, but
 *          if the stall hook gave up on a CPU that is in it.
 */
int xcpu_sync_simple(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    const struct xcpu_sync_opt *opt);

/*
 * xcpu_sync_fastdata: the same, but the return does not wait for fn.
 *
 * Context: as xcpu_sync_start().
 * Waits:   until all stood still.
 * Order:   as xcpu_sync_simple(), without the return.
 * Cost:    start and finish.
 * Returns: as xcpu_sync_simple(); `data` must outlive the last fn.
 */
int xcpu_sync_fastdata(const struct xcpu_cpuset *set, xcpu_fn *fn, void *data,
    const struct xcpu_sync_opt *opt);

/*
 * xcpu_sync_rendezvous: setup, action and teardown on each CPU of a set.
 *
 * Nobody's action begins before everybody's setup has ended, nobody's teardown
 * before everybody's action: but for the barriers that the flags leave out.
 * With the entry barrier a deadline is all or nothing: no action has run.
 * Without it, *absent are those who ran nothing.
 *
 * Context: as xcpu_sync_start().
 * Waits:   as xcpu_sync_start(), and until each has finished.
 * Order:   as the barriers say; all of it -> the return.
 * Cost:    start and finish; one line per eight targets and two transactions
 *          per target more with an exit barrier.
 * Returns: as xcpu_sync_simple().
 */
int xcpu_sync_rendezvous(const struct xcpu_cpuset *set,
    const struct xcpu_sync_stages *stages, const struct xcpu_sync_opt *opt);

/*
 * xcpu_sync_machine: fn(arg) here, while every other CPU is parked.
 *
 * The doorbell is masked here, too, so that no interrupt runs anywhere.  A CPU
 * that comes online meanwhile does not get past xcpu_cpu_online().
 *
 * Context: as xcpu_sync_start().
 * Waits:   as xcpu_sync_simple().
 * Order:   all before, on any CPU -> fn -> all after, on any CPU.
 * Cost:    start and finish.
 * Returns: as xcpu_sync_simple().
 */
int xcpu_sync_machine(xcpu_fn *fn, void *arg, const struct xcpu_sync_opt *opt);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_SYNC_H */
