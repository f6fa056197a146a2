/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.h: run a function on other CPUs.
 *
 * Each call runs its function exactly once on each target that was ready, with
 * the doorbell masked.  The waiting forms return when all have finished, or
 * when a deadline passed: then nothing of the caller's is in use any more but
 * what the functions that still run do with their own argument.  Use event.h
 * when several requests may become one.
 *
 *	struct xcpu_call_result result;
 *	struct xcpu_call_opt opt = {
 *		.timeout_ns = 1000000,
 *		.result = &result,
 *	};
 *	int error = xcpu_call_others(drop_cache, cache, &opt);
 *
 *	if (error == -XCPU_ETIMEDOUT)
 *		report(&result.running);
 *
 * Pairs that need a lock outside: only two uses of one struct xcpu_call that
 * the owner makes at once (start against wait is fine).
 */
#ifndef XCPU_CALL_H
#define XCPU_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/event.h>

/* What to do about a target that is not ready. */
enum xcpu_not_ready {
	XCPU_SKIP_NOT_READY,	/* leave it out, and say so in the result */
	XCPU_WAIT_NOT_READY,	/* wait until it is, within the deadline */
	XCPU_FAIL_NOT_READY	/* XCPU_ENXIO; nothing runs if it is seen at first */
};

enum xcpu_call_flag {
	XCPU_CALL_SERIAL = 1,	/* one CPU after another, in ascending order */
	XCPU_CALL_SETTLE = 2	/* after a deadline: wait for those that run */
};

/*
 * What became of each target.  The four sets are disjoint and add up to what
 * was asked, less what the predicate left out.
 */
struct xcpu_call_result {
	struct xcpu_cpuset done;
	struct xcpu_cpuset cancelled;	/* never runs it */
	struct xcpu_cpuset running;	/* had begun when the deadline passed;
					 * or died: nobody knows */
	struct xcpu_cpuset not_ready;	/* never runs it */
};

/* All zero is the default, and so is a NULL pointer. */
struct xcpu_call_opt {
	uint64_t timeout_ns;		/* 0: none; from 1 ns to 2^62 ns */
	enum xcpu_not_ready not_ready;
	unsigned flags;			/* enum xcpu_call_flag */
	/* Asked once per CPU, here, before anything is sent; NULL: all. */
	bool (*predicate)(unsigned cpu, void *arg);
	struct xcpu_call_result *result; /* NULL: not wanted */
};

/* Life of a struct xcpu_call. */
enum xcpu_call_state {
	XCPU_CALL_IDLE,		/* the owner's; all zero is idle */
	XCPU_CALL_QUEUED,	/* the library's */
	XCPU_CALL_DONE		/* the owner's again; may be started anew */
};

/*
 * A call that nobody needs to wait for.  Belongs to the caller, all zero at
 * first; must stay where it is until it is done.  Set `callback` before the
 * start if the end should be announced: it runs once, on the CPU that finished
 * last (or on the starting one), doorbell masked, just before the call is done.
 */
struct xcpu_call {
	struct xcpu_au32 state;
	struct xcpu_au32 pending;	/* targets not finished, and the starter */
	xcpu_fn *callback;
	void *callback_arg;
	struct xcpu_cpuset started;	/* targets it was accepted for */
};

/*
 * One call in flight, in the block of the CPU that made it.  Private.  The first
 * line has all that goes back and forth for the first 128 CPUs.
 */
struct xcpu_call_slot {
	xcpu_fn *fn;
	void *arg;
	struct xcpu_call *object;
	struct {
		struct xcpu_au64 todo;	/* have not begun */
		struct xcpu_au64 open;	/* have not ended */
	} part[XCPU_CPUSET_WORDS] __attribute__((aligned(16)));
} __attribute__((aligned(XCPU_LINE_BYTES)));

/* A CPU's part of the calls.  Private to the library. */
struct xcpu_call_cpu {
	/*
	 * Written by all: who has a call for this CPU.  The summary first, in
	 * one line with the words of the first CPUs.
	 */
	struct xcpu_au64 source_words;
	struct xcpu_au64 sources[XCPU_CPUSET_WORDS];
	/* Written by its own CPU only: slots held by a context. */
	uint64_t held __attribute__((aligned(XCPU_LINE_BYTES)));
	uint32_t sequence;
	uint32_t rotor;		/* source word to begin the next drain with */
	struct xcpu_call_slot slot[XCPU_CALL_SLOTS];
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_call_one: run fn(arg) on one CPU, the calling one included, and wait.
 *
 * Context: thread, doorbell open or masked, no host lock held; preemption, if
 *          there is any, must not move the caller to another CPU.
 * Waits:   until it has run, the deadline, or the stall hook gives up; serves
 *          what others need of this CPU meanwhile.
 * Order:   all before the call -> fn -> all after the return  [C1] [S2].
 * Cost:    one line when the target's token line is free; at most one kick.
 * Returns: 0; -XCPU_EINVAL fn is NULL or no such CPU; -XCPU_ENXIO the CPU was
 *          not ready (never with XCPU_WAIT_NOT_READY), or is no longer;
 *          -XCPU_ETIMEDOUT; -XCPU_EAGAIN no slot free, or this CPU is not
 *          ready; -XCPU_EDEADLK inside a handler, in xcpu_poll() or with a host
 *          lock held; -XCPU_EPERM from NMI; -XCPU_ENOSYS a timeout without a
 *          clock; -XCPU_ECANCELED it died: xcpu_cpu_dead().  After an error
 *          other than this and -XCPU_ETIMEDOUT nothing has run (of a serial
 *          call, or one that waits for CPUs to be ready: nothing more than the
 *          result says).
 *          Without options -XCPU_ETIMEDOUT can only mean that the stall hook
 *          gave up: the function may then still run.
 */
int xcpu_call_one(unsigned cpu, xcpu_fn *fn, void *arg,
    const struct xcpu_call_opt *opt);

/*
 * xcpu_call_set: run fn(arg) on each CPU of a set, and wait for all.
 *
 * All targets run it at once, unless XCPU_CALL_SERIAL; the calling CPU, if it
 * is in the set, runs it after the others were asked.  An empty set is success.
 *
 * Context: as xcpu_call_one().
 * Waits:   as xcpu_call_one().
 * Order:   as xcpu_call_one(), for each target.
 * Cost:    two read-modify-writes per target (three above 64 CPUs), one per
 *          group, one kick hook.
 * Returns: as xcpu_call_one(); -XCPU_EINVAL also for a set that names a CPU
 *          above those of the domain; -XCPU_ENXIO only with
 *          XCPU_FAIL_NOT_READY: if a CPU left in the midst of the call the
 *          others have run, see the result.
 */
int xcpu_call_set(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    const struct xcpu_call_opt *opt);

/*
 * xcpu_call_all, _others, _self: the same for all ready CPUs, for all but the
 * calling one, and for the calling one alone (doorbell masked meanwhile).
 *
 * Context: as xcpu_call_one(); _self: also in handlers and with host locks.
 * Waits:   as xcpu_call_one(); _self: never.
 * Order:   as xcpu_call_one().
 * Cost:    as xcpu_call_set().
 * Returns: as xcpu_call_set().
 */
int xcpu_call_all(xcpu_fn *fn, void *arg, const struct xcpu_call_opt *opt);
int xcpu_call_others(xcpu_fn *fn, void *arg, const struct xcpu_call_opt *opt);
int xcpu_call_self(xcpu_fn *fn, void *arg);

/*
 * xcpu_call_any: run fn(arg) on one ready CPU of a set, whichever is nearest.
 *
 * The calling CPU if it is in the set, else what xcpu_port_near() says, else
 * the next above it.  One that turns out not to be ready is passed over.
 *
 * Context: as xcpu_call_one().
 * Waits:   as xcpu_call_one().
 * Order:   as xcpu_call_one().
 * Cost:    as xcpu_call_one().
 * Returns: the CPU that ran it; -XCPU_ENXIO none was ready; else as
 *          xcpu_call_one().
 */
int xcpu_call_any(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    const struct xcpu_call_opt *opt);

/*
 * xcpu_call_start: have fn(arg) run on a set, and go on.
 *
 * The object is the library's until it is done.  `opt` may carry a predicate
 * and a not-ready policy of SKIP or FAIL, and nothing else; started targets
 * stand in call->started afterwards: the rest of the set was not ready.
 *
 * Context: thread or handler, doorbell open or masked, host locks allowed; not
 *          NMI.
 * Waits:   never.
 * Order:   as xcpu_call_one(); xcpu_call_wait() gives the second half  [C5].
 * Cost:    as xcpu_call_set().
 * Returns: 0; -XCPU_EBUSY the object is in flight; -XCPU_EAGAIN too many calls
 *          in flight on this CPU, or it is not ready; -XCPU_EINVAL; -XCPU_EPERM
 *          from NMI; -XCPU_ENXIO with XCPU_FAIL_NOT_READY.  After an error
 *          nothing runs and the object is as before.
 */
int xcpu_call_start(struct xcpu_call *call, const struct xcpu_cpuset *set,
    xcpu_fn *fn, void *arg, const struct xcpu_call_opt *opt);

/*
 * xcpu_call_done: is the object its owner's again?
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   after true, all that fn did on every target is visible  [C5].
 * Cost:    one load.
 * Returns: true before the first start and after the end, else false.
 */
bool xcpu_call_done(const struct xcpu_call *call);

/*
 * xcpu_call_wait: wait until the object is done.
 *
 * Context: as xcpu_call_one().
 * Waits:   as xcpu_call_one(); timeout_ns 0 is for ever.
 * Order:   as xcpu_call_done().
 * Cost:    polling.
 * Returns: 0; -XCPU_ETIMEDOUT the call is still in flight, and the object
 *          still the library's; -XCPU_EDEADLK, -XCPU_EPERM, -XCPU_EAGAIN and
 *          -XCPU_ENOSYS as xcpu_call_one().
 */
int xcpu_call_wait(struct xcpu_call *call, uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_CALL_H */
