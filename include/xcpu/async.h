/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * async.h: shootdowns that nobody waits for: asynchronous, deferred, batched.
 *
 * The host changes page-table entries and says which; several changes, of any
 * spaces, may go into one request (XNU calls that a flush context).  Then:
 *
 *	start	kicks the CPUs that may hold old translations, and goes on
 *	defer	kicks nobody: each CPU passes when it next comes by
 *		xcpu_async_pass(), which the host calls from its tick and its
 *		kernel entries; who has not when a bound is over is kicked
 *	wait	kicks, and waits
 *
 * and when xcpu_async_done() says so, or wait() returns 0, frames and tables may
 * be reused, as after xcpu_shootdown() (flush.h).
 *
 *	static struct xcpu_async job;
 *
 *	old = pte_clear(pt, va);
 *	xcpu_async_add(&job, &s->tlb, va, 4096, NULL);
 *	xcpu_async_defer(&job, 4000000);
 *	...				(much later)
 *	if (xcpu_async_done(&job))
 *		frame_free(old);
 *
 * Who is passed over: CPUs that do not have a space of the request loaded, and
 * lazy ones, which catch up before they use it again; but never a lazy CPU when
 * tables are freed, or the kernel's space is concerned.  A CPU that loads the
 * space later is none of ours: it sees the change.
 *
 * What it never weakens: until it is done nothing is promised, so only what may
 * be late can go this way: unmapping, exit.  Who takes a right away and acts on
 * it (copy-on-write, write protection) shoots down, and waits.  An address must
 * not be mapped anew, to another frame, before the request is done.
 *
 * Pairs that need a lock outside: two uses of one request.  Its owner may change
 * CPUs between the calls.
 */
#ifndef XCPU_ASYNC_H
#define XCPU_ASYNC_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/call.h>
#include <xcpu/cpuset.h>
#include <xcpu/flush.h>
#include <xcpu/space.h>

/* Life of a request. */
enum xcpu_async_state {
	XCPU_ASYNC_OPEN,	/* changes may be added; all zero is open, and empty */
	XCPU_ASYNC_DEFERRED,	/* nobody is asked yet */
	XCPU_ASYNC_ASKED	/* whoever has not passed was kicked */
};

/*
 * One request.  Belongs to the caller, all zero at first; must stay where it is
 * until it is done.  Set `callback` before the start if the end should be
 * announced: see xcpu_async_start().  The rest is private to the library.
 */
struct xcpu_async {
	xcpu_fn *callback;
	void *callback_arg;

	enum xcpu_async_state state;
	bool reach_lazy;		/* tables are freed, or it is the kernel's */
	bool counted;			/* something is, beside the range below */
	uint64_t round;			/* what a CPU must have passed */
	uint64_t since_ns;
	uint64_t bound_ns;		/* until which nobody is kicked; 0: none */
	struct xcpu_flush range;	/* not counted yet; space NULL: none */
	struct xcpu_flush notify;	/* for notifiers; space NULL: nobody */
	struct xcpu_cpuset left;	/* those who may hold old translations */
	struct xcpu_call call;
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_async_add: [start, start + len) of a space has been changed.
 *
 * Neighbours and what overlaps become one range.  As many ranges as a space
 * remembers (XCPU_SPACE_RANGES) are flushed one by one; more are one full flush
 * of the space, on each CPU.  Nothing can overflow.
 *
 * Context: thread, interrupt or handler, doorbell open or masked, host locks
 *          allowed; not NMI.
 * Waits:   never; but as xcpu_shootdown() where a space is past the top of its
 *          generations (space.h), or is the second with a notifier
 *          (notifier.h): it is shot down at once then.
 * Order:   entries written before the call are what everybody sees after the
 *          end  [G1].
 * Cost:    nothing for a neighbour of the last range; else a read-modify-write
 *          of the last space's generation, a full fence and O(words).
 * Returns: 0; -XCPU_EINVAL as xcpu_shootdown(), or job is NULL; -XCPU_EBUSY it
 *          is under way; -XCPU_EPERM from NMI; -XCPU_EAGAIN this CPU is not
 *          ready; -XCPU_ENOSYS the port is below level 3; -XCPU_ETIMEDOUT as
 *          xcpu_shootdown().  After an error but the last the request is as
 *          before.  len 0 is success and adds nothing.
 */
int xcpu_async_add(struct xcpu_async *job, struct xcpu_space *space,
    uint64_t start, uint64_t len, const struct xcpu_flush_opt *opt);

/*
 * xcpu_async_add_all: the whole space has been changed.
 *
 * Context: as xcpu_async_add().
 * Waits:   as xcpu_async_add().
 * Order:   as xcpu_async_add().
 * Cost:    as xcpu_async_add().
 * Returns: as xcpu_async_add().
 */
int xcpu_async_add_all(struct xcpu_async *job, struct xcpu_space *space,
    const struct xcpu_flush_opt *opt);

/*
 * xcpu_async_start: kick whoever must flush, and go on.
 *
 * One kick per CPU, however many spaces and ranges were added; a request that
 * was deferred is asked for now.  With a callback the last CPU to pass runs
 * callback(callback_arg), once, doorbell masked; if nobody is left to ask, it
 * runs here.  xcpu_async_done() is false until it has returned.
 *
 * Context: as xcpu_async_add(), preemption off.
 * Waits:   as xcpu_async_add(); with a callback also for a CPU that is just
 *          leaving and takes no calls any more, as a shootdown would.
 * Order:   as xcpu_async_add().
 * Cost:    a local flush, two read-modify-writes per group of CPUs that have a
 *          space loaded, one kick hook; with a callback also a call to them.
 * Returns: 0; errors as xcpu_async_add(); -XCPU_ENOSPC the callback
 *          cannot be carried, for too many calls are in flight on this CPU: the
 *          request is under way all the same, and xcpu_async_done() or _wait()
 *          will run the callback where it finds the end.
 */
int xcpu_async_start(struct xcpu_async *job);

/*
 * xcpu_async_defer: go on, and kick nobody before bound_ns are over.
 *
 * The bound is looked at in xcpu_async_done(), whose caller then sends the kicks
 * and goes on; 0: never.  Without a clock (port level below 2) the first look
 * is after the bound.
 *
 * Context: as xcpu_async_start().
 * Waits:   as xcpu_async_add().
 * Order:   as xcpu_async_add().
 * Cost:    a local flush, a read-modify-write of the domain's round; one per
 *          group of CPUs that are lazy.
 * Returns: as xcpu_async_add(); -XCPU_EINVAL also with a callback.
 */
int xcpu_async_defer(struct xcpu_async *job, uint64_t bound_ns);

/*
 * xcpu_async_done: has every CPU passed?
 *
 * When it has, the request is open and empty again.  Looks only at those who
 * had not passed before; lets lazy ones pass, unless they must not; kicks the
 * rest, once, when the bound is over.
 *
 * Context: as xcpu_async_start().
 * Waits:   never.
 * Order:   after true, every access through an old translation has happened
 *          [F2].
 * Cost:    a line per CPU that is left, and that CPU's own flush if the caller's
 *          is one of them.
 * Returns: true: done, or empty; false: not yet, or the caller cannot ask.
 */
bool xcpu_async_done(struct xcpu_async *job);

/*
 * xcpu_async_wait: kick whoever is left, and wait.
 *
 * A request with one range that nobody was asked for yet is a shootdown.
 *
 * Context: as xcpu_shootdown(); once it was started with a callback, as
 *          xcpu_call_wait().
 * Waits:   as xcpu_shootdown().
 * Order:   as xcpu_async_done().
 * Cost:    as xcpu_async_start().
 * Returns: 0: done; -XCPU_ETIMEDOUT the stall hook gave up: the request is as
 *          xcpu_async_start() leaves it; -XCPU_EPERM from NMI, -XCPU_EAGAIN this
 *          CPU is not ready; -XCPU_EDEADLK as xcpu_call_wait().
 */
int xcpu_async_wait(struct xcpu_async *job);

/*
 * xcpu_async_pass: this CPU forgets what was changed, and says so.
 *
 * For the host's timer tick, and wherever else a CPU enters the kernel.
 *
 * Context: any but NMI.
 * Waits:   never.
 * Order:   accesses before are over when an owner finds this CPU passed  [F2].
 * Cost:    one load of a line that is written once per request; when it was,
 *          a catch-up of what is loaded.
 * Returns: nothing.
 */
void xcpu_async_pass(void);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_ASYNC_H */
