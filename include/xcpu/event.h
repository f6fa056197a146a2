/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.h: registered handlers, posted by id, coalesced.
 *
 * An event is a bit: posted twice before it is served, its handler runs once,
 * and at least once after every post.  Use it to wake, to nudge, to say "look
 * again"; use call.h when each request must run, or carries an argument.
 *
 *	static void wake(void *arg) { run_queue_check(arg); }
 *
 *	int id = xcpu_event_register(wake, queue);
 *	if (id < 0)
 *		return id;
 *	xcpu_event_post(id, cpu);
 *	...
 *	xcpu_event_unregister(id);
 *
 * Pairs that need a lock outside: none.  Any of these may run at once, on any
 * CPUs, for any ids; two unregisters of one id are one success and one ENOENT.
 */
#ifndef XCPU_EVENT_H
#define XCPU_EVENT_H

#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>

typedef void xcpu_fn(void *arg);

#define XCPU_EVENT_WORDS (XCPU_EVENT_MAX / 64)

/* One entry of the domain's table.  Private to the library. */
struct xcpu_event_slot {
	struct xcpu_au64 state;
	xcpu_fn *fn;
	void *arg;
};

/* A CPU's pending events.  Private to the library. */
struct xcpu_event_cpu {
	struct xcpu_au64 pending[XCPU_EVENT_WORDS];
	struct xcpu_au64 passed;	/* last round this CPU has gone through */
	uint32_t rotor;			/* word to begin the next drain with */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_event_register: give a handler an id.
 *
 * The handler runs with the doorbell masked, on the CPU that was posted to.  It
 * must not sleep; it may post, start calls and shoot down, but not wait for a
 * call.
 *
 * Context: thread or handler, doorbell open or masked; not NMI.
 * Waits:   never.
 * Order:   what was written before is visible to the handler  [E1].
 * Cost:    O(XCPU_EVENT_MAX).
 * Returns: an id (positive); -XCPU_EINVAL fn is NULL; -XCPU_ENOSPC table full;
 *          -XCPU_EPERM from NMI; -XCPU_EAGAIN this CPU is not ready.
 */
int xcpu_event_register(xcpu_fn *fn, void *arg);

/*
 * xcpu_event_unregister: the handler runs nowhere, and never again.
 *
 * Two rounds of all ready CPUs: one until everybody who saw the id alive has
 * posted, one until every bit so posted has been served or dropped.
 *
 * Context: thread, doorbell open or masked, no host lock held.
 * Waits:   for every ready CPU, under the watchdog.
 * Order:   all that the handler did is visible on return  [E3].
 * Cost:    two kicks per CPU.
 * Returns: 0; -XCPU_ENOENT stale id; -XCPU_EDEADLK inside a handler or with a
 *          host lock held; -XCPU_EPERM from NMI; -XCPU_EAGAIN this CPU is not
 *          ready; -XCPU_ETIMEDOUT the stall hook gave up: the id is dead, its
 *          handler may still run, and its slot is lost.
 */
int xcpu_event_unregister(int id);

/*
 * xcpu_event_post: make the handler run on one CPU, the calling one included.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   what was written before is visible to the handler  [E2].
 * Cost:    two read-modify-writes; a kick unless one is under way or the CPU
 *          polls.
 * Returns: 0; -XCPU_ENOENT stale id; -XCPU_EINVAL no such CPU; -XCPU_ENXIO
 *          that CPU is not ready, nothing is posted; -XCPU_EAGAIN the calling
 *          CPU is not ready.
 */
int xcpu_event_post(int id, unsigned cpu);

/*
 * xcpu_event_post_set: the same for each CPU of a set, the caller's own last.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   as xcpu_event_post().
 * Cost:    one read-modify-write per CPU and one per group; one kick hook.
 * Returns: how many CPUs were posted to (those not ready are passed over);
 *          -XCPU_ENOENT, -XCPU_EINVAL, -XCPU_EAGAIN as xcpu_event_post().
 */
int xcpu_event_post_set(int id, const struct xcpu_cpuset *set);

/* xcpu_event_post_all, _others: the same for all ready CPUs, with or without the own.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   as xcpu_event_post().
 * Cost:    as xcpu_event_post_set().
 * Returns: as xcpu_event_post_set().
 */
int xcpu_event_post_all(int id);
int xcpu_event_post_others(int id);

/*
 * xcpu_event_post_self: run the handler here, as soon as the doorbell is open.
 *
 * What a non-maskable interrupt, or code with interrupts off, does to be
 * continued in a saner place (Linux calls it irq_work).
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   as xcpu_event_post().
 * Cost:    two read-modify-writes on own words, one kick to itself.
 * Returns: 0; -XCPU_ENOENT stale id; -XCPU_EAGAIN this CPU is not ready.
 */
int xcpu_event_post_self(int id);

/*
 * xcpu_resched: interrupt a CPU for no more than that.
 *
 * The empty event: on its way out of the interrupt the host looks whether to
 * run something else.  Coalesced like any other.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   what was written before is visible after the interrupt  [E2].
 * Cost:    as xcpu_event_post().
 * Returns: 0; -XCPU_EINVAL, -XCPU_ENXIO, -XCPU_EAGAIN as xcpu_event_post().
 */
int xcpu_resched(unsigned cpu);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_EVENT_H */
