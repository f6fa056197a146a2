/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.h: what the library says about a wait that lasts too long.
 *
 * Every wait inside xcpu is the same routine.  It serves what other CPUs need
 * of the waiter, sends its kicks again after XCPU_REKICK_NS of silence, and
 * after XCPU_STALL_NS (doubling each time) gives a report to the hook
 * xcpu_port_stall(), whose answer is the policy.  Only a deadline that the
 * caller asked for, or that answer, ends it.
 */
#ifndef XCPU_WAIT_H
#define XCPU_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/cpuset.h>

/* What a wait is for. */
enum xcpu_wait_kind {
	XCPU_WAIT_NONE,
	XCPU_WAIT_CALL,		/* a function to finish on other CPUs */
	XCPU_WAIT_FLUSH,	/* a shootdown */
	XCPU_WAIT_ROUND,	/* an event's last posters and handlers */
	XCPU_WAIT_READY,	/* a CPU to come online */
	XCPU_WAIT_MSG,		/* a message to finish, or room for one */
	XCPU_WAIT_SYNC,		/* CPUs to be parked, or to leave */
	XCPU_WAIT_PARK,		/* parked, until the initiator releases it */
	XCPU_WAIT_STOP,		/* CPUs to stop; stopped itself */
	XCPU_WAIT_LOCK,		/* a lock of the host: xcpu_on_lock_wait() */
	XCPU_WAIT_KINDS
};

/* What xcpu_port_stall() may answer. */
enum xcpu_stall_policy {
	XCPU_STALL_CONTINUE,	/* go on waiting */
	XCPU_STALL_REKICK,	/* send the kicks again, whatever the doorbells say */
	XCPU_STALL_NMI,		/* send NMIs (level 4; else as REKICK) */
	XCPU_STALL_GIVE_UP,	/* the wait ends with XCPU_ETIMEDOUT */
	XCPU_STALL_PANIC	/* xcpu_port_panic() */
};

/*
 * One CPU that has not answered, as the waiter sees it.  `fn` is what it runs
 * for xcpu (NULL: nothing), for `running_ns` at least; `waits` is what it waits for
 * itself, and `waits_for` the lowest CPU it waits for.  `lane` is its doorbell:
 * a class bit still set says that the kick was not taken.
 */
struct xcpu_stall_target {
	unsigned cpu;
	unsigned lane;
	unsigned source;		/* who asked for what it runs */
	uint64_t claims;		/* times it looked so far */
	uint64_t running_ns;
	uint64_t waiting_ns;
	void (*fn)(void *arg);
	void *arg;
	enum xcpu_wait_kind waits;
	unsigned waits_for;		/* XCPU_NCPU_MAX: nobody */
};

/* Filled without locks; the values are those of one look, not of one instant. */
struct xcpu_stall {
	unsigned waiter;
	enum xcpu_wait_kind kind;
	unsigned report;		/* 1, 2, ... of this wait */
	unsigned rekicks;
	uint64_t since_ns;		/* clock at the start of the wait */
	uint64_t waited_ns;
	void (*fn)(void *arg);		/* a call's function, else NULL */
	void *arg;
	struct xcpu_cpuset missing;
	unsigned nmissing;
	struct xcpu_stall_target first;	/* the lowest CPU of `missing` */
};

#define XCPU_CYCLE_MAX 8

/*
 * CPUs each of which waits for the next one, and the last for the first: the
 * first XCPU_CYCLE_MAX of n.
 */
struct xcpu_cycle {
	unsigned n;
	struct {
		unsigned cpu;
		enum xcpu_wait_kind kind;
	} wait[XCPU_CYCLE_MAX];
};

/* One wait for a lock of the host; all zero at first.  Private. */
struct xcpu_lock_wait {
	bool noted;
	uint32_t outer_kind;		/* what this CPU waited for before */
	uint32_t outer_target;
	uint64_t outer_since_ns;
};

struct xcpu_domain;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_wait_name: the word for a kind of wait, for reports.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   none.
 * Cost:    a compare.
 * Returns: a constant string.
 */
const char *xcpu_wait_name(enum xcpu_wait_kind kind);

/*
 * xcpu_stall_cycle: do CPUs wait for each other in a ring?
 *
 * For xcpu_port_stall(): searches what has been noted by all whose waits have
 * lasted long, the waiter's own included, at most ncpu times over.  A ring
 * that the waiter does not belong to is found as well, if that is what it
 * waits for in the end.  It may take a second report: some CPU of the ring
 * must have had its own report after the next one's wait had lasted long.
 *
 * Context: xcpu_port_stall(), with the report it was given.
 * Waits:   never.
 * Order:   relaxed; all of these waits went on at one moment of the search.
 * Cost:    O(ncpu^2) at worst.
 * Returns: the number of CPUs in the ring, and which in *cycle, the waiter
 *          first if it is one of them; 0: there is none.
 */
unsigned xcpu_stall_cycle(const struct xcpu_stall *report,
    struct xcpu_cycle *cycle);

/*
 * xcpu_dump_cycle: print a ring of CPUs that wait for each other, if there is one.
 *
 * Context: as xcpu_dump().
 * Waits:   never.
 * Order:   as xcpu_stall_cycle().
 * Cost:    as xcpu_stall_cycle(); a line per CPU of the ring.
 * Returns: nothing.
 */
void xcpu_dump_cycle(const struct xcpu_domain *domain,
    void (*line)(void *to, const char *text), void *to);

/*
 * xcpu_on_lock_wait: this CPU spins for a lock of the host that CPU `holder` has.
 *
 * For spinlocks that know their holder; beside xcpu_poll() in the loop, in each
 * turn, with whoever has it now, for only a wait that has lasted XCPU_STALL_NS / 2
 * by this CPU's own clock takes part in a ring.  Until then, and after, reports
 * about this CPU say that it waits for a lock.
 *
 *	struct xcpu_lock_wait wait = { 0 };
 *
 *	while (!try(lock)) {
 *		xcpu_poll();
 *		xcpu_on_lock_wait(&wait, lock->holder);
 *	}
 *	xcpu_on_lock_wait_over(&wait);
 *
 * Context: any but NMI; *wait stays the caller's, on its stack.
 * Waits:   never.
 * Order:   none.
 * Cost:    a look at the clock.
 * Returns: nothing; a holder out of range is nobody.
 */
void xcpu_on_lock_wait(struct xcpu_lock_wait *wait, unsigned holder);

/*
 * xcpu_on_lock_wait_over: no longer; harmless where it never waited.
 *
 * Context: as xcpu_on_lock_wait(), on the same CPU.
 * Waits:   never.
 * Order:   none.
 * Cost:    three stores.
 * Returns: nothing.
 */
void xcpu_on_lock_wait_over(struct xcpu_lock_wait *wait);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_WAIT_H */
