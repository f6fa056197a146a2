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

#ifdef __cplusplus
}
#endif

#endif /* XCPU_WAIT_H */
