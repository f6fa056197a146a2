/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg.h: messages that nobody waits for, in order.
 *
 * A message is a function and its argument, copied; it runs once on its target,
 * doorbell masked.  Messages from one CPU to another start in the order in which
 * they were sent, whatever the context; between different pairs there is no
 * order.  A burst costs one kick: while the target empties a ring it needs none.
 *
 * Each ordered pair that talks has a ring, taken from the host's pool at its
 * first message and kept.  The memory is XCPU_MSG_RING_BYTES per pair that
 * talks: ncpu * ncpu rings are never exhausted, and far fewer do in practice.
 *
 *	static struct xcpu_msg_ring rings[256];
 *
 *	xcpu_msg_pool(&domain, rings, 256);	(after xcpu_domain_init())
 *	...
 *	struct xcpu_ticket ticket;
 *	int error = xcpu_msg_send(owner, give_back, page, &ticket);
 *
 *	if (error == 0 && must_be_gone)
 *		error = xcpu_msg_wait(&ticket, 0);
 */
#ifndef XCPU_MSG_H
#define XCPU_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>

/*
 * What a message runs.  `frame` is what the host gave to xcpu_on_ipi_frame() or
 * xcpu_msg_process(), for code that looks at what was interrupted; else NULL.
 */
typedef void xcpu_msg_fn(void *arg, void *frame);

struct xcpu_msg {
	xcpu_msg_fn *fn;
	void *arg;
};

/* Names one message; what it names is over when all sent before it are, too. */
struct xcpu_ticket {
	uint32_t target;
	uint64_t sequence;
};

#if XCPU_MSG_SLOTS != 0

/* A message; `fn` is NULL in the slot after the last one. */
struct xcpu_msg_slot {
	struct xcpu_aptr fn;
	void *arg;
};

/* Messages of one ordered pair.  Private, and all zero at first. */
struct xcpu_msg_ring {
	/* The sender's own, masked. */
	uint64_t tail __attribute__((aligned(XCPU_LINE_BYTES)));
	uint64_t seen_head;	/* how far the target had come at our last look */
	struct xcpu_msg_slot *fill;	/* the empty slot */
	uint64_t told;		/* up to which message it has been told */
	/* Written by the target, masked, once in a while. */
	struct xcpu_au64 head __attribute__((aligned(XCPU_LINE_BYTES)));
	/* Written by the target, masked, with each message. */
	struct xcpu_au64 done __attribute__((aligned(XCPU_LINE_BYTES)));
	uint64_t taken;		/* what `head` is going to be */
	struct xcpu_msg_slot *oldest;	/* where the next one is, or will be */
	uint32_t depth;		/* frames that are in this ring */
	uint32_t pauses;	/* between two looks at it */
	/*
	 * Read by both with each message; `draining` is written by the target,
	 * masked, when it begins and when it ends, the others once.
	 */
	struct xcpu_au32 draining __attribute__((aligned(XCPU_LINE_BYTES)));
	uint32_t target;
	struct xcpu_aptr next;	/* another ring of this sender */
	/* Written by the sender, masked. */
	struct xcpu_msg_slot slot[XCPU_MSG_SLOTS + 1]
	    __attribute__((aligned(XCPU_LINE_BYTES)));
};

#define XCPU_MSG_RING_BYTES sizeof(struct xcpu_msg_ring)

/* A sender finds its ring by the target's index modulo this. */
#define XCPU_MSG_BUCKETS (XCPU_NCPU_MAX < 64 ? XCPU_NCPU_MAX : 64)

/* A set of source CPUs that others add to.  Private to the library. */
struct xcpu_sources {
	struct xcpu_au64 word[XCPU_CPUSET_WORDS];
	struct xcpu_au64 words;	/* which of them; unused up to 64 CPUs */
};

/* A CPU's part of the messages.  Private to the library. */
struct xcpu_msg_cpu {
	/* Written by all. */
	struct xcpu_sources active;	/* posted for */
	struct xcpu_sources passive;	/* to be looked at some time */
	/* Written by its own CPU, masked; `asleep` is read by passive senders. */
	struct xcpu_au32 asleep __attribute__((aligned(XCPU_LINE_BYTES)));
	uint32_t nest;			/* waits for room inside handlers */
	uint32_t holds;			/* 1: CPUs parked, who serve messages */
	uint32_t rotor;			/* source whose turn it is */
	bool looking;			/* in the idle poll */
	uint32_t watched_source;
	struct xcpu_msg_ring *watched;	/* ring it looks at there; or NULL */
	void *frame;
	struct xcpu_cpuset hand;	/* sources taken, not seen empty since */
	/* Rings that it sends by: written once each, read by their targets. */
	struct xcpu_aptr out[XCPU_MSG_BUCKETS]
	    __attribute__((aligned(XCPU_LINE_BYTES)));
};

#else
struct xcpu_msg_ring;
#endif

struct xcpu_domain;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_msg_pool: the rings that a domain may use.
 *
 * Without it every send fails with -XCPU_ENOSPC.  Built with XCPU_MSG_SLOTS 0,
 * this and all that follow answer -XCPU_ENOSYS, or do nothing.
 *
 * Context: any; once, after xcpu_domain_init() and before any CPU is online.
 * Waits:   never.
 * Order:   none: the host publishes it by starting the CPUs.
 * Cost:    a few stores.
 * Returns: 0; -XCPU_EINVAL a NULL pointer or no ring; -XCPU_EBUSY it has one.
 */
int xcpu_msg_pool(struct xcpu_domain *domain, struct xcpu_msg_ring *rings,
    unsigned nrings);

/*
 * xcpu_msg_send: send fn(arg) to a CPU, waiting for room if need be.
 *
 * To the calling CPU itself: runs before this returns, unless it is sent from
 * a message to itself; then after that one.  Over half full, a sender in a
 * thread serves what others want of it until the ring is down to a quarter.
 *
 * Context: any but NMI; preemption must not move the caller.
 * Waits:   for room: in a thread without host locks until there is some; in a
 *          handler too, serving messages of others, in at most XCPU_MSG_NEST
 *          levels, and not while its CPU is asked to a rendezvous or gathers
 *          one; with a host lock held never.
 * Order:   all before the send -> fn; sends of one CPU to another start in
 *          order  [M2].
 * Cost:    a store to the ring and a full fence; a kick when the target is not
 *          emptying the ring already.
 * Returns: 0, and in *ticket (unless NULL) the message's name;
 *          -XCPU_EINVAL no function or no such CPU; -XCPU_ENXIO it is not ready;
 *          -XCPU_EAGAIN the ring is full and the caller must not wait, or this
 *          CPU is not ready; -XCPU_ENOSPC no ring is left for this pair;
 *          -XCPU_ETIMEDOUT the stall hook gave up; -XCPU_EPERM from NMI.
 *          After an error nothing was sent.
 */
int xcpu_msg_send(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket);

/*
 * xcpu_msg_try: the same, and never waits.
 *
 * Leaves the last third of the ring to those who do.
 *
 * Context: any but NMI.
 * Waits:   never.
 * Order:   as xcpu_msg_send().
 * Cost:    as xcpu_msg_send().
 * Returns: as xcpu_msg_send(); -XCPU_EAGAIN two thirds full.
 */
int xcpu_msg_try(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket);

/*
 * xcpu_msg_passive: the same without a kick.
 *
 * Runs with the target's next drain, tick, or look before it halts; a target
 * that has halted already is kicked.  So the bound is one tick.
 *
 * Context: any but NMI.
 * Waits:   never.
 * Order:   as xcpu_msg_send(): passive and other messages are one sequence.
 * Cost:    two read-modify-writes, a full fence; no kick.
 * Returns: as xcpu_msg_try().
 */
int xcpu_msg_passive(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket);

/*
 * xcpu_msg_batch: send n messages to one CPU with one fence and one kick.
 *
 * Context: any but NMI.
 * Waits:   never: sends as many as there is room for.
 * Order:   as xcpu_msg_send().
 * Cost:    as one send, and two stores each.
 * Returns: how many were sent, from the first on; *ticket names the last of
 *          them.  An error as xcpu_msg_send() when none was.
 */
int xcpu_msg_batch(unsigned cpu, const struct xcpu_msg *msgs, unsigned n,
    struct xcpu_ticket *ticket);

/*
 * xcpu_msg_set: send fn(arg) to each CPU of a set that is ready.
 *
 * Context: as xcpu_msg_send().
 * Waits:   as xcpu_msg_send(), for one after the other.
 * Order:   as xcpu_msg_send(), for each pair.
 * Cost:    one send each.
 * Returns: how many were sent; *sent (unless NULL) says to whom.  -XCPU_EINVAL
 *          NULL, or a CPU above those of the domain: nothing was sent.
 */
int xcpu_msg_set(const struct xcpu_cpuset *set, xcpu_msg_fn *fn, void *arg,
    struct xcpu_cpuset *sent);

/*
 * xcpu_msg_done: has a message, and all before it, finished?
 *
 * Only on the CPU that sent it.
 *
 * Context: any but NMI.
 * Waits:   never.
 * Order:   true: all that they did is visible  [M6].
 * Cost:    one load.
 * Returns: true or false; true for a ticket that names nothing.
 */
bool xcpu_msg_done(const struct xcpu_ticket *ticket);

/*
 * xcpu_msg_wait: wait until it has; timeout_ns 0: without a deadline.
 *
 * Context: thread, no host lock held, on the CPU that sent it.
 * Waits:   until then, serving what others need, messages too.
 * Order:   as xcpu_msg_done().
 * Cost:    a load per look.
 * Returns: 0; -XCPU_ETIMEDOUT; -XCPU_EDEADLK inside a handler or with a host
 *          lock held; -XCPU_EPERM from NMI; -XCPU_EAGAIN this CPU is not ready;
 *          -XCPU_ENOSYS a timeout without a clock.
 */
int xcpu_msg_wait(const struct xcpu_ticket *ticket, uint64_t timeout_ns);

/*
 * xcpu_msg_last: the newest message that this CPU sent to another.
 *
 * Context: any but NMI.
 * Waits:   never.
 * Order:   none.
 * Cost:    a lookup.
 * Returns: its ticket; sequence 0, which is done, when there was none.
 */
struct xcpu_ticket xcpu_msg_last(unsigned cpu);

/*
 * xcpu_msg_process: run what has come, passive messages included.
 *
 * For places the host knows to be quiet: on the way back to user mode, in the
 * idle loop.  `frame` is handed to the messages.
 *
 * Context: thread or interrupt, doorbell open or masked, no host lock held.
 * Waits:   never itself.
 * Order:   as xcpu_on_ipi().
 * Cost:    a few loads when there is nothing.
 * Returns: nothing.
 */
void xcpu_msg_process(void *frame);

/*
 * xcpu_msg_elide: may kicks be left out while the target empties the ring?
 *
 * On at first; off, every send posts, as calls and events do.  For
 * measurements, and for whoever suspects the rule.
 *
 * Context: any.
 * Waits:   never.
 * Order:   relaxed: sends that are under way follow either.
 * Cost:    one store.
 * Returns: nothing.
 */
void xcpu_msg_elide(struct xcpu_domain *domain, bool on);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_MSG_H */
