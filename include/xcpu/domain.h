/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain.h: the state of it all, and how a CPU joins and leaves.
 *
 * A domain is one set of CPUs that work together.  Its memory is the caller's:
 * one struct xcpu_domain and an array of struct xcpu_cpu, zeroed, which live as
 * long as any of the CPUs is online.  There may be several; they do not meet.
 *
 *	static struct xcpu_domain domain;
 *	static struct xcpu_cpu cpus[64];
 *
 *	xcpu_domain_init(&domain, cpus, ncpu);	(once, before the others start)
 *	...
 *	set_self(&cpus[n]);			(what xcpu_port_self() returns)
 *	xcpu_cpu_online(&cpus[n]);		(on each CPU)
 */
#ifndef XCPU_DOMAIN_H
#define XCPU_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/call.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/doorbell.h>
#include <xcpu/error.h>
#include <xcpu/event.h>
#include <xcpu/flush.h>
#include <xcpu/msg.h>
#include <xcpu/space.h>
#include <xcpu/stat.h>
#include <xcpu/wait.h>

/* What a CPU runs for xcpu, for reports by others.  Private. */
struct xcpu_running {
	struct xcpu_aptr fn;
	struct xcpu_aptr arg;
	struct xcpu_au32 source;
	struct xcpu_au32 turn;	/* counts what it ran: a clock costs too much */
};

/* What a CPU waits for, for reports by others.  Private. */
struct xcpu_waiting {
	struct xcpu_au32 kind;
	struct xcpu_au32 target;
	struct xcpu_au64 since_ns;
};

/* What it waits for, once that has lasted long: see cycle.c.  Private. */
struct xcpu_stalled {
	struct xcpu_au64 since_ns;	/* the wait it was written for */
	struct xcpu_au64 first, newest;	/* by the domain's count of such notes */
	struct xcpu_au32 answers;	/* requests, meanwhile: its doorbell is open */
	struct xcpu_au64 missing[XCPU_CPUSET_WORDS];
};

/* One CPU's block.  Private to the library; its address is the CPU's name. */
struct xcpu_cpu {
	/* Read by its own CPU only, once it is online. */
	struct xcpu_domain *domain;
	struct xcpu_line *line;
	struct xcpu_counters *count;	/* those of where it stands, NMI or not */
	uint32_t index;
	uint32_t lane_shift;
	uint32_t depth;		/* handlers and functions being run */
	uint32_t polling;	/* inside xcpu_poll() */
	bool ready;		/* what its lane says, READY or LAZY, without a look */
	bool settled;		/* and past its first drain */
	uint64_t tick_claims;
	uint32_t tick_stood;
	uint32_t tick_lane;
	/* Written by its own CPU, read by reports. */
	struct xcpu_au64 claims __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_au32 posting;	/* between a post and its kick */
	struct xcpu_au32 burying;	/* no NMI stops it now: dead.c */
	struct xcpu_running running;
	struct xcpu_waiting waiting;
	struct xcpu_flush_cpu flush __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_event_cpu event __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_call_cpu call __attribute__((aligned(XCPU_LINE_BYTES)));
#if XCPU_MSG_SLOTS != 0
	struct xcpu_msg_cpu msg __attribute__((aligned(XCPU_LINE_BYTES)));
#endif
	struct xcpu_au64 died;	/* its claims when it did, and 1; see dead.c */
	/* Written by its own CPU when a report is due. */
	struct xcpu_stalled stalled __attribute__((aligned(XCPU_LINE_BYTES)));
#if XCPU_STATS
	struct xcpu_stat stat;
#endif
} __attribute__((aligned(XCPU_LINE_BYTES)));

struct xcpu_sync_room;
struct xcpu_stop_room;

/* Private to the library. */
struct xcpu_domain {
	struct xcpu_cpu *cpus;
	uint32_t ncpu;
	uint32_t nwords;	/* of 64 CPUs */
	uint32_t ngroups;	/* of XCPU_LANES_PER_LINE CPUs */
	/* Set before any CPU is online, or NULL for ever: sync.h, stop.h. */
	struct xcpu_sync_room *sync;
	struct xcpu_stop_room *stop;
	xcpu_flush_kick *flush_kick;	/* NULL: that of all others; flush.h */
	/* The same: entry.h. */
	void (*pass_outside)(struct xcpu_cpu *self, struct xcpu_cpuset *set);
	struct xcpu_au64 ceiling;
	struct xcpu_aptr obituary;	/* NULL until a CPU has died: dead.c */
	struct xcpu_au32 burying;	/* CPU + 1 that reports a death; 0: none */
	struct xcpu_msg_ring *rings;	/* the pool, given once */
	uint32_t nrings;
	struct xcpu_au32 rings_used;
	struct xcpu_au32 msg_always_tell;
	struct xcpu_au64 online[XCPU_CPUSET_WORDS]
	    __attribute__((aligned(XCPU_LINE_BYTES)));
	/* Rounds: every CPU that is asked goes through them; see flush.c, event.c. */
	struct xcpu_au64 flush_round __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_au64 event_round __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_au64 stalled;	/* notes written by CPUs whose waits last */
	struct xcpu_space kernel;
	struct xcpu_event_slot event[XCPU_EVENT_MAX];
	struct xcpu_line line[XCPU_GROUPS];
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_domain_init: prepare a domain of ncpu CPUs, all offline.
 *
 * `cpus` has ncpu entries; both memories are zeroed.  Use the macro: it passes
 * the options the caller was compiled with, which must be the library's.
 *
 * Context: any; before any CPU is online.
 * Waits:   never.
 * Order:   none: the host publishes the domain by starting the CPUs.
 * Cost:    O(ncpu).
 * Returns: 0; -XCPU_E2BIG ncpu above XCPU_NCPU_MAX; -XCPU_EINVAL no CPU, a NULL
 *          pointer, or the caller was built with other options.
 */
int xcpu_domain_init_checked(struct xcpu_domain *domain, struct xcpu_cpu *cpus,
    unsigned ncpu, uint64_t config_hash);
#define xcpu_domain_init(domain, cpus, ncpu)				\
	xcpu_domain_init_checked(domain, cpus, ncpu, XCPU_CONFIG_HASH)

/*
 * xcpu_cpu_online: the calling CPU joins.
 *
 * From the first instruction on, others wait for it; then it forgets every
 * translation and serves what was posted meanwhile.  Its doorbell works: the
 * interrupt vector calls xcpu_on_ipi().
 *
 * Context: the CPU itself, doorbell masked; xcpu_port_self() returns `cpu`.
 * Waits:   while xcpu_sync_machine() is under way; else never.
 * Order:   nothing translated before is used after it  [L1].
 * Cost:    a full flush.
 * Returns: 0; -XCPU_EBUSY it is online; -XCPU_EINVAL not the calling CPU's block.
 */
int xcpu_cpu_online(struct xcpu_cpu *cpu);

/*
 * xcpu_cpu_offline: the calling CPU leaves.
 *
 * Runs all that was accepted for it; what is posted later is refused.  Its
 * space is unloaded.  On return the CPU may be parked or switched off.
 *
 * Context: thread, on the CPU itself, doorbell open or masked, no host lock
 *          held, no wait of its own under way.
 * Waits:   until every other ready CPU has been through one drain, so that no
 *          event is still on its way to this one; and for rendezvous.
 * Order:   all it did for others happened before they see it gone  [L2].
 * Cost:    a drain, and a kick to every ready CPU.
 * Returns: 0; -XCPU_EAGAIN it is not ready; -XCPU_EDEADLK inside a handler, or
 *          with a host lock held; -XCPU_EPERM from NMI; -XCPU_ETIMEDOUT the
 *          stall hook gave up waiting: it is offline all the same, but an event
 *          posted just now may be served only when it comes back.
 */
int xcpu_cpu_offline(void);

/*
 * xcpu_cpu_dead: CPUs that the host knows to be dead are waited for no longer.
 *
 * The host says that each of them has executed its last instruction, until it
 * is started anew, and that all its stores are visible to the calling CPU; it
 * may have died anywhere, in the library too.  It must not be started before
 * this has returned 0; then it comes back by xcpu_cpu_online(), as a fresh CPU.
 * Nor may any other CPU come online or leave meanwhile: the host has one lock for
 * all changes of that kind.
 * Report together what died together: a death that nobody reports holds this
 * up, and so does a CPU that is stopped or parked.  At a stall report whoever is
 * known to be dead, even if the wait misses others: those may be stopped by him,
 * or wait for him.  Who is stopped tells of no stall: a CPU that stops all
 * others must outlive it, and so must one that stops a reporter.
 *
 * From its first steps on:
 *	- the CPU is offline: calls, events and messages are refused;
 *	- shootdowns, rounds, stops and rendezvous go on without it; a rendezvous
 *	  that it led is called off, and CPUs that it had stopped go on;
 *	- a call that waits for it ends with -XCPU_ECANCELED, and has it among
 *	  those that run: whether the function ran there is not known.
 * When it returns 0 besides:
 *	- a started call (struct xcpu_call) counts it as finished; but if it died
 *	  in the callback, or in the few instructions around such a function, the
 *	  object stays queued for good;
 *	- messages and events for it are dropped (counted: msg_dropped), and a
 *	  ticket of theirs is done; those that it had sent are delivered;
 *	- calls that it made run where they were found, or never; objects that it
 *	  had started may stay queued;
 *	- the space that it had loaded is loaded there no longer; one that it was
 *	  just leaving is, until xcpu_space_forget().
 * Lost for good are at most an event that it was registering or ending, a ring
 * that it was attaching, and the start anew of a space's generations.
 *
 * Context: as xcpu_cpu_offline(), on any other CPU; and in xcpu_port_stall(),
 *          wherever the wait that stalled is: where the caller must not wait, in
 *          a handler, with a host lock held or while it keeps others parked or
 *          stopped, only the first steps are done.
 * Waits:   until every CPU that is ready has served one call.
 * Order:   all that a dead CPU did -> the return  [C1] [L2].
 * Cost:    O(ncpu) per dead CPU, and a call of everybody.
 * Returns: 0; -XCPU_EINVAL no CPU, none such, or the calling one; -XCPU_EBUSY
 *          another CPU reports a death: again later; -XCPU_EPERM from NMI;
 *          -XCPU_EAGAIN this CPU is not ready.  After the first steps:
 *          -XCPU_EDEADLK must not wait here; -XCPU_EAGAIN all call slots are
 *          taken; -XCPU_ETIMEDOUT the stall hook gave up; -XCPU_ECANCELED another
 *          CPU died meanwhile: call again, for all of them.
 */
int xcpu_cpu_dead(const struct xcpu_cpuset *dead);

/*
 * xcpu_cpu_ready: does a CPU take work now?
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   relaxed: it may change at once; the functions that post know better.
 * Cost:    one load.
 * Returns: true or false; false for an index out of range.
 */
bool xcpu_cpu_ready(const struct xcpu_domain *domain, unsigned cpu);

/*
 * xcpu_cpu_online_set: all CPUs that are online.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   relaxed.
 * Cost:    O(words).
 * Returns: the set in *set.
 */
void xcpu_cpu_online_set(const struct xcpu_domain *domain,
    struct xcpu_cpuset *set);

/*
 * xcpu_cpu_index: the number of the calling CPU.
 *
 * Context: any, NMI included; pinned, or it may be old news.
 * Waits:   never.
 * Order:   none.
 * Cost:    two loads.
 * Returns: 0 to ncpu-1, or XCPU_NCPU_MAX where xcpu_port_self() is NULL.
 */
unsigned xcpu_cpu_index(void);

/*
 * xcpu_dump: print the doorbells, waiters, slots and last looks of all CPUs.
 *
 * Takes no lock and waits for nobody: for panics and debuggers.  `line` gets
 * one line at a time, without a newline.
 *
 * Context: any, NMI included, any CPU stopped anywhere.
 * Waits:   never.
 * Order:   relaxed: what one look saw.
 * Cost:    O(ncpu) lines of at most 120 characters.
 * Returns: nothing.
 */
void xcpu_dump(const struct xcpu_domain *domain,
    void (*line)(void *to, const char *text), void *to);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_DOMAIN_H */
