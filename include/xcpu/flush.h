/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flush.h: TLB shootdown.
 *
 * The host changes page-table entries, then calls one of these; when it
 * returns, no CPU can use a translation older than the change, or has an access
 * through one in flight: frames and tables may be reused.
 *
 *	old = pte_clear(pt, va);
 *	error = xcpu_shootdown(&s->tlb, va, 4096, NULL);
 *	if (error == 0)
 *		frame_free(old);
 *
 * Pairs that need a lock outside: none; initiators run side by side, and the
 * host's own page-table lock may be held (its waiters should call xcpu_poll()).
 */
#ifndef XCPU_FLUSH_H
#define XCPU_FLUSH_H

#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/space.h>

enum xcpu_flush_flag {
	XCPU_FLUSH_TABLES = 1,	/* page tables are freed: reaches lazy CPUs too */
	XCPU_FLUSH_FULL = 2	/* the whole space; set by the library for hooks */
};

/* All zero is the default, and so is a NULL pointer. */
struct xcpu_flush_opt {
	unsigned flags;		/* XCPU_FLUSH_TABLES */
	unsigned stride_shift;	/* log2 of the page size; 0: 12; 12 to 48 */
};

/* What a TLB hook is asked to forget. */
struct xcpu_flush {
	struct xcpu_space *space;
	uint64_t start;		/* aligned to the stride; meaningless if FULL */
	uint64_t len;		/* bytes, a multiple of the stride, not 0 */
	unsigned stride_shift;
	unsigned flags;
};

/* Interrupts each CPU of a set for a shootdown; as xcpu_port_kick_nmi(). */
typedef void xcpu_flush_kick(const struct xcpu_cpuset *set);

/* A CPU's part of the shootdowns.  Written by its own CPU only.  Private. */
struct xcpu_flush_cpu {
	struct xcpu_aptr loaded;	/* space, bit 0: in the middle of a switch */
	struct xcpu_au64 loaded_generation;
	struct xcpu_au64 kernel_generation;
	struct xcpu_au64 passed;	/* last round this CPU has gone through */
	struct xcpu_au64 outside;	/* 1: in user code; entry.h */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_shootdown: every CPU forgets [start, start + len) of a space.
 *
 * More pages than the ceiling become a full flush.  The top of the address
 * space may be the end of the range.
 *
 * Context: thread, interrupt or handler, doorbell open or masked, host locks
 *          allowed; not NMI.  Preemption must not move the caller.
 * Waits:   until every CPU that may hold an old translation has flushed; serves
 *          STOP and FLUSH meanwhile, and more where it stands in a thread.
 * Order:   entries written before the call are what everybody sees after it
 *          [G1]; accesses through the old ones happened before the return [S2].
 * Cost:    one line per group of CPUs, at most one kick per CPU; none for CPUs
 *          that do not have the space loaded, or are lazy.
 * Returns: 0; -XCPU_EINVAL the range wraps, is not aligned to the stride, or
 *          the stride is out of range; -XCPU_EPERM from NMI; -XCPU_EAGAIN this
 *          CPU is not ready; -XCPU_ETIMEDOUT the stall hook gave up: some CPU
 *          may still use the old translations.  After -XCPU_EINVAL, -EPERM and
 *          -EAGAIN nothing was flushed.  len 0 is success and does nothing.
 */
int xcpu_shootdown(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt);

/*
 * xcpu_shootdown_all: every CPU forgets the whole space.
 *
 * Context: as xcpu_shootdown().
 * Waits:   as xcpu_shootdown().
 * Order:   as xcpu_shootdown().
 * Cost:    as xcpu_shootdown().
 * Returns: as xcpu_shootdown().
 */
int xcpu_shootdown_all(struct xcpu_space *space,
    const struct xcpu_flush_opt *opt);

/*
 * xcpu_flush_self: only the calling CPU forgets [start, start + len).
 *
 * For entries that no other CPU can have cached; it moves no generation.
 *
 * Context: as xcpu_shootdown().
 * Waits:   never.
 * Order:   entries written before are what this CPU uses after it.
 * Cost:    the local flush.
 * Returns: 0; -XCPU_EINVAL, -XCPU_EPERM and -XCPU_EAGAIN as xcpu_shootdown().
 */
int xcpu_flush_self(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt);

/*
 * xcpu_flush_set_ceiling: pages from which a range becomes a full flush.
 *
 * For the whole domain; 0 makes every flush a full one.
 *
 * Context: any but NMI.
 * Waits:   never.
 * Order:   relaxed: shootdowns under way may use the old value.
 * Cost:    one store.
 * Returns: 0; -XCPU_EAGAIN this CPU is not ready.
 */
int xcpu_flush_set_ceiling(uint64_t pages);

/*
 * xcpu_flush_set_kick: what shootdowns interrupt other CPUs by; NULL: the kick.
 *
 * xcpu_port_kick_nmi() reaches those that mask; so does a function of the host
 * under the same contract.  It must make the CPU call xcpu_on_nmi(), where what
 * cannot be done in an NMI is left to a kick of its own.  Where such interrupts
 * get lost, the wait falls back on the kick.
 *
 * Context: thread; for the whole domain, before shootdowns and other work begin.
 * Waits:   never.
 * Order:   none: the host publishes it by starting the CPUs.
 * Cost:    one store.
 * Returns: 0; -XCPU_EAGAIN this CPU is not ready; -XCPU_ENOSYS built without
 *          XCPU_FLUSH_KICK.
 */
int xcpu_flush_set_kick(xcpu_flush_kick *kick);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_FLUSH_H */
