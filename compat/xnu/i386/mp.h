/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * i386/mp.h: XNU's signals, calls and rendezvous over xcpu.
 *
 * The names, types and behaviour of XNU on x86_64; a caller compiles unchanged.
 * Put compat/xnu on the include path, add signal.c, call.c and pmap.c (see
 * <i386/pmap.h>), and lapic.c where something sends vectors by hand (see
 * <i386/lapic.h>).  In the kernel:
 *
 *	boot CPU	xcpu_domain_init(), xcpu_sync_init(), xcpu_cpu_online(),
 *			mp_attach(&host)
 *	interrupt	xcpu_on_ipi(), in the place of cpu_signal_handler()
 *
 * Signals are events, calls are calls, rendezvous are rendezvous of xcpu.  What
 * differs from the original is in its favour:
 *
 *	- SYNC waits for this signal, not for a moment without any, and until
 *	  its handler has returned.
 *	- Who waits serves the other CPUs, with interrupts masked too.
 *	- A CPU that is not running is passed over; who asked it to do something
 *	  and be waited for (SYNC) finds that in the log.
 *	- One interrupt serves all signals that it finds; a CPU that has one on
 *	  its way gets no other.
 *	- CPUs above 63, which have no bit in a mask, take part in whatever
 *	  concerns all.
 */
#ifndef XCPU_XNU_I386_MP_H
#define XCPU_XNU_I386_MP_H

#include <stdint.h>

#include <xcpu/config.h>

#include <kern/cpu_number.h>
#include <mach/boolean.h>

struct xcpu_domain;

/* What a CPU can be told; handlers run in this order. */
typedef enum {
	MP_TLB_FLUSH = 0,
	MP_CALL,
	MP_CALL_PM,
	MP_KDP,
	MP_KDB,
	MP_AST,
	MP_IDLE,
	MP_UNIDLE,
	MP_LAST
} mp_event_t;

typedef enum { SYNC, ASYNC, NOSYNC } mp_sync_t;

typedef uint32_t cpu_t;

/*
 * An integer, as callers shift and negate it; so it names the first 64 CPUs
 * only.  All of its bits together name them all, however many there are.
 */
typedef uint64_t cpumask_t;

static inline cpumask_t
cpu_to_cpumask(cpu_t cpu)
{
	return cpu < 64 ? (cpumask_t)1 << cpu : 0;
}

#define CPUMASK_ALL	(~(cpumask_t)0)
#define CPUMASK_SELF	cpu_to_cpumask((cpu_t)cpu_number())
#define CPUMASK_OTHERS	(CPUMASK_ALL & ~CPUMASK_SELF)

/* Trace points: code | start or end, and the CPU that is signalled. */
#define DBG_FUNC_START	1u
#define DBG_FUNC_END	2u
#define TRACE_MP_TLB_FLUSH 0x01410000u

/* How long a SYNC signal waits before it says so, if the host does not. */
#define MP_SYNC_TIMEOUT_NS UINT64_C(1000000000)

/* What the kernel gives; all of it but the domain and ncpus may be zero. */
struct mp_host {
	struct xcpu_domain *domain;
	unsigned int ncpus;		/* of the domain */
	/* Each in interrupt context, doorbell masked, on the CPU signalled. */
	void (*handler[MP_LAST])(void);
	/* A line without its end, and the CPU that it is about; takes no lock. */
	void (*log)(const char *text, int cpu);
	void (*trace)(uint32_t code, int cpu);
	/* As machine_timeout_suspended(): a debugger has been at it. */
	boolean_t (*timeout_suspended)(void);
	uint64_t sync_timeout_ns;	/* 0: MP_SYNC_TIMEOUT_NS */
};

#ifdef __cplusplus
extern "C" {
#endif

extern unsigned int real_ncpus;

/*
 * mp_attach: begin.  *host is copied.
 *
 * Context: thread, on a CPU that is online; once, before all else of <i386/mp.h>
 *          and <i386/pmap.h>.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    MP_LAST events.
 * Returns: nothing; no room for the events panics.
 */
void mp_attach(const struct mp_host *host);

/*
 * i386_signal_cpu, i386_signal_cpus: have an event's handler run on one CPU, or
 * on each of the others.
 *
 * Coalesced while pending.  MP_TLB_FLUSH besides makes the CPU forget whatever
 * translations it was told to.
 *
 * Context: any but NMI (ASYNC: NMI too); preemption disabled.  SYNC in a
 *          handler, or with a host lock held, can serve flushes only: two who
 *          wait for each other there panic.
 * Waits:   SYNC: until the handler has returned.  Each sync_timeout_ns of
 *          silence are logged, unless timeouts are suspended.
 * Order:   all before -> the handler -> all after a SYNC one.
 * Cost:    as xcpu_event_post_set(); SYNC: as xcpu_call_set().
 * Returns: nothing; a CPU that is not running gets nothing, and SYNC logs it.
 */
void i386_signal_cpu(int cpu, mp_event_t event, mp_sync_t mode);
void i386_signal_cpus(mp_event_t event, mp_sync_t mode);

/*
 * i386_active_cpus: how many CPUs are running.
 *
 * Context: any.
 * Waits:   never.
 * Order:   relaxed: it may change at once.
 * Cost:    O(CPUs).
 * Returns: the number.
 */
int i386_active_cpus(void);

/*
 * i386_cpu_IPI: interrupt a CPU; logged if a debugger's event is pending there.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   as xcpu_resched().
 * Cost:    as xcpu_resched().
 * Returns: nothing.
 */
void i386_cpu_IPI(int cpu);

/*
 * mp_cpus_call, mp_cpus_call1: run a function (NULL: none) on the CPUs of a mask.
 *
 * SYNC: one after the other, in ascending order.  ASYNC: all at once.  Both
 * return when all have run it.  NOSYNC: all at once, and nobody waits.  The
 * calling CPU, if it is one of them, runs it before the return.  In *called and
 * *notcalled (may be NULL) stand those of the mask that run it, or do not exist
 * or run.
 *
 * Context: any but NMI; preemption disabled.  In a handler, or with a host lock
 *          held, it can serve flushes only while it waits.
 * Waits:   SYNC, ASYNC: until all have; panics if the stall hook gives up.
 *          NOSYNC: only when MP_CALLS_QUEUED of this CPU's are under way.
 * Order:   all before -> the function -> all after the return, if it waited.
 * Cost:    as xcpu_call_set(), xcpu_call_start().
 * Returns: how many CPUs.
 */
cpu_t mp_cpus_call(cpumask_t cpus, mp_sync_t mode, void (*action_func)(void *),
    void *arg);
cpu_t mp_cpus_call1(cpumask_t cpus, mp_sync_t mode,
    void (*action_func)(void *, void *), void *arg0, void *arg1,
    cpumask_t *called, cpumask_t *notcalled);
#define MP_CALLS_QUEUED	(XCPU_CALL_SLOTS / 2)

/*
 * mp_cpus_kick: interrupt the CPUs of a mask, for no more than that.
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   as xcpu_resched().
 * Cost:    as xcpu_resched(), for each.
 * Returns: nothing.
 */
void mp_cpus_kick(cpumask_t cpus);

/*
 * mp_rendezvous: setup, action and teardown on every CPU; each may be NULL.
 *
 * Nobody's action begins before everybody's setup has ended, nobody's teardown
 * before everybody's action.  _no_intrs: the action alone.  Interrupts are
 * masked in each of them, on every CPU.
 *
 * Context: as xcpu_sync_start(), else it panics.
 * Waits:   as xcpu_sync_rendezvous().
 * Order:   as xcpu_sync_rendezvous().
 * Cost:    as xcpu_sync_rendezvous().
 * Returns: nothing.
 */
void mp_rendezvous(void (*setup_func)(void *), void (*action_func)(void *),
    void (*teardown_func)(void *), void *arg);
void mp_rendezvous_no_intrs(void (*action_func)(void *), void *arg);

/*
 * mp_broadcast: run a function on every CPU, at no particular moment; and wait.
 *
 * Context: thread.
 * Waits:   until all have run it.
 * Order:   as mp_cpus_call().
 * Cost:    as xcpu_call_all().
 * Returns: nothing.
 */
void mp_broadcast(void (*action_func)(void *), void *arg);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_XNU_I386_MP_H */
