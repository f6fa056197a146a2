/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/ipi.h: NetBSD's ipi(9) over xcpu.
 *
 * The names, types and behaviour of the manual page; a caller compiles
 * unchanged.  Put compat/netbsd on the include path, add ipi.c (and cpu.c, see
 * <sys/cpu.h>), and in the kernel:
 *
 *	boot CPU	xcpu_domain_init(), xcpu_cpu_online(), ipi_sysinit()
 *	CPUs counted	cpu_infos_init(ncpu), ipi_percpu_init()
 *	interrupt	ipi_cpu_handler(), or xcpu_on_ipi() as before
 *
 * Asynchronous IPIs are events, synchronous messages are calls, and share the
 * limits and counters of both.  What differs from the original is in its
 * favour:
 *
 *	- A CPU that is not running is passed over, not waited for.
 *	- Who waits, for a message or for room, serves the other CPUs, with
 *	  interrupts masked too; a wait that lasts is reported.
 *	- After ipi_unregister() the handler runs nowhere, and a trigger that
 *	  uses the old id does nothing.
 *	- A CPU may trigger, and send to, itself.
 *
 * Messages of one CPU that are in flight at once may run in any order, as
 * there: who needs an order waits for the first.
 */
#ifndef XCPU_NETBSD_SYS_IPI_H
#define XCPU_NETBSD_SYS_IPI_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/call.h>
#include <xcpu/config.h>
#include <xcpu/event.h>

#include <sys/cpu.h>
#include <sys/kcpuset.h>

/* Ids are 1 to IPI_MAXREG - 1. */
#define IPI_BITWORDS	(XCPU_EVENT_MAX / 32)
#define IPI_MAXREG	(IPI_BITWORDS * 32)

#ifndef CACHE_LINE_SIZE
#define CACHE_LINE_SIZE	XCPU_LINE_BYTES
#endif

typedef void (*ipi_func_t)(void *);

/* The caller's, from the send to the end of ipi_wait(); set func and arg. */
typedef struct {
	ipi_func_t func;
	void *arg;
	struct xcpu_call _call;
} ipi_msg_t;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * ipi_sysinit, ipi_percpu_init: prepare.
 *
 * Until ipi_percpu_init() nothing is sent to a set but to oneself.
 *
 * Context: thread; each once, the first before other CPUs are online.
 * Waits:   never.
 * Order:   none: the host publishes it by starting the CPUs.
 * Cost:    O(IPI_MAXREG).
 * Returns: nothing.
 */
void ipi_sysinit(void);
void ipi_percpu_init(void);

/*
 * ipi_register: give a handler an id; it runs at IPL_HIGH, doorbell masked.
 *
 * Context: as xcpu_event_register().
 * Waits:   never.
 * Order:   as xcpu_event_register().
 * Cost:    O(IPI_MAXREG).
 * Returns: the id, or 0 when the table is full: then ipi_console() says so.
 */
u_int ipi_register(ipi_func_t func, void *arg);

/*
 * ipi_unregister: no CPU runs the handler, or ever will again.
 *
 * Context: as xcpu_event_unregister(), else the kernel panics.
 * Waits:   for every running CPU.
 * Order:   as xcpu_event_unregister().
 * Cost:    two kicks per CPU.
 * Returns: nothing; an id that is not registered is passed over.
 */
void ipi_unregister(u_int id);

/*
 * ipi_trigger, _multi, _broadcast: have the handler run on one CPU, a set, all.
 *
 * Coalesced while pending.  Where the set holds the calling CPU its handler
 * runs before this returns, after the others were asked, doorbell masked; no
 * other work is done there.
 *
 * Context: any; preemption disabled.
 * Waits:   never.
 * Order:   as xcpu_event_post().
 * Cost:    as xcpu_event_post_set().
 * Returns: nothing.
 */
void ipi_trigger(u_int id, struct cpu_info *ci);
void ipi_trigger_multi(u_int id, const kcpuset_t *target);
void ipi_trigger_broadcast(u_int id, bool skip_self);

/*
 * ipi_unicast, _multicast, _broadcast: run msg->func on one CPU, a set, all.
 *
 * Where the set holds the calling CPU the function runs there before this
 * returns, after the others were asked.
 *
 * Context: any but NMI; preemption disabled.
 * Waits:   only when XCPU_CALL_SLOTS / 2 messages of this CPU are in flight:
 *          then for room, serving other CPUs.  In a handler, or with a host
 *          lock held, it can serve flushes only: send no more than that there.
 * Order:   all before the send -> func -> all after ipi_wait().
 * Cost:    as xcpu_call_start().
 * Returns: nothing; ipi_wait() must follow.
 */
void ipi_unicast(ipi_msg_t *msg, struct cpu_info *ci);
void ipi_multicast(ipi_msg_t *msg, const kcpuset_t *target);
void ipi_broadcast(ipi_msg_t *msg, bool skip_self);

/*
 * ipi_wait: wait until the function has run everywhere.
 *
 * Context: any but NMI, on any CPU.  In a handler, or with a host lock held, it
 *          can serve flushes only: two who wait for each other there panic.
 * Waits:   until then, serving other CPUs; the watchdog reports.
 * Order:   all that the function did is visible.
 * Cost:    polling.
 * Returns: nothing.
 */
void ipi_wait(ipi_msg_t *msg);

/*
 * ipi_cpu_handler: the interrupt.  The same as xcpu_on_ipi(): its contract.
 *
 * Context: interrupt, doorbell masked.
 * Waits:   never itself.
 * Order:   as xcpu_on_ipi().
 * Cost:    as xcpu_on_ipi().
 * Returns: nothing.
 */
void ipi_cpu_handler(void);

/*
 * ipi_mboxfull: how often a sender found no room (event counter "ipi full").
 *
 * Context: any.
 * Waits:   never.
 * Order:   relaxed.
 * Cost:    one load.
 * Returns: the count, over all CPUs.
 */
uint64_t ipi_mboxfull(void);

/* Where warnings go, a line without its end; NULL (the default): nowhere. */
extern void (*ipi_console)(const char *text);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_NETBSD_SYS_IPI_H */
