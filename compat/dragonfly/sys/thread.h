/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/thread.h: DragonFly's lwkt_ipiq and lwkt_cpusync over xcpu.
 *
 * The names, types and behaviour of 2005, kernel and user space; a caller
 * compiles unchanged.  Put compat/dragonfly on the include path, add ipiq.c and
 * cpusync.c (and globaldata.c, see <sys/globaldata.h>), and in the kernel:
 *
 *	boot CPU	xcpu_domain_init(), xcpu_sync_init(),
 *			globaldata_init(ncpu), lwkt_ipiq_init(rings)
 *	interrupt	lwkt_process_ipiq_frame(frame), or xcpu_on_ipi_frame()
 *	quiet places	lwkt_process_ipiq(): passive messages
 *
 * Messages are xcpu's: one FIFO per pair of CPUs that talk, of XCPU_MSG_SLOTS.
 * What differs from the original is in its favour:
 *
 *	- A drain inside a drain neither loses nor repeats a message, and
 *	  lwkt_wait_ipiq() does not return while the message runs.
 *	- A full queue neither opens the doorbell nor nests without end.
 *	- To oneself, messages keep their order and run masked.
 *	- Two cpusyncs never believe both that the other's CPU is parked.
 *	- A CPU that is not running is passed over, not waited for.
 *	- Waits are bounded in time, and reported, not in turns.
 */
#ifndef XCPU_DRAGONFLY_SYS_THREAD_H
#define XCPU_DRAGONFLY_SYS_THREAD_H

#include <stdint.h>

#include <xcpu/config.h>
#include <xcpu/msg.h>
#include <xcpu/sync.h>

#include <sys/globaldata.h>

#define MAXCPUFIFO	XCPU_MSG_SLOTS
#define MAXCPUFIFO_MASK	(MAXCPUFIFO - 1)

struct intrframe;

/*
 * Registered as the first; called as the second, with the interrupted frame or
 * NULL, which a function of one argument never sees: every calling convention
 * of the kernels we know allows that.
 */
typedef void (*ipifunc_t)(void *arg);
typedef void (*ipifunc2_t)(void *arg, struct intrframe *frame);

typedef struct lwkt_cpusync *lwkt_cpusync_t;
typedef void (*cpusync_func_t)(lwkt_cpusync_t poll);
typedef void (*cpusync_func2_t)(void *data);

/* The caller's, from start to finish; the functions and data may be NULL. */
struct lwkt_cpusync {
	cpusync_func_t cs_run_func;	/* on arrival, before the start returns */
	cpusync_func_t cs_fin1_func;	/* before the finish returns */
	cpusync_func2_t cs_fin2_func;	/* in tandem with that return */
	void *cs_data;
	/* Set by us, for those who look: */
	int cs_maxcount;		/* CPUs asked, but the own one */
	volatile int cs_count;		/* CPUs parked */
	cpumask_t cs_mask;		/* CPUs named so far */
	struct xcpu_sync cs_sync;
};

/* What sysctl lwkt.ipiq_* showed, over all CPUs. */
struct lwkt_ipiq_stats {
	int64_t ipiq_count;		/* messages sent */
	int64_t ipiq_fifofull;		/* sends that met a full queue */
	int64_t ipiq_avoided;		/* sends without a kick: it was draining */
	int64_t ipiq_passive;		/* passive ones */
	int64_t ipiq_cscount;		/* cpusyncs started */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * lwkt_ipiq_init: the domain, and the queues that it may use.
 *
 * One ring per ordered pair of CPUs that ever talk, oneself included: to be
 * sure, ncpus * ncpus.  A pair that finds none left panics.
 *
 * Context: any; once, before any CPU is online.
 * Waits:   never.
 * Order:   none: the host publishes it by starting the CPUs.
 * Cost:    a few stores.
 * Returns: nothing.
 */
void lwkt_ipiq_init(struct xcpu_domain *domain, struct xcpu_msg_ring *rings,
    unsigned nrings);

/*
 * lwkt_send_ipiq: run func(arg) on a CPU, in the order of sending.
 *
 * To oneself: at once, or after the message to oneself that runs just now.
 *
 * Context: any but NMI; in a critical section.
 * Waits:   over half full, until it is down to a quarter, serving others; in a
 *          handler, or with a lock held, only when it is full.
 * Order:   as xcpu_msg_send().
 * Cost:    as xcpu_msg_send().
 * Returns: a sequence for lwkt_wait_ipiq(); 0 to oneself.  A CPU that is not
 *          running gets nothing.
 */
int lwkt_send_ipiq(globaldata_t target, ipifunc_t func, void *arg);
int lwkt_send_ipiq_bycpu(int cpu, ipifunc_t func, void *arg);

/*
 * lwkt_send_ipiq_passive: the same without a kick, when there is room.
 *
 * Context: as lwkt_send_ipiq().
 * Waits:   as lwkt_send_ipiq(), when it is two thirds full.
 * Order:   one sequence with the other messages.
 * Cost:    as xcpu_msg_passive().
 * Returns: as lwkt_send_ipiq().
 */
int lwkt_send_ipiq_passive(globaldata_t target, ipifunc_t func, void *arg);

/*
 * lwkt_send_ipiq_nowait: the same if there is room, and never waits.
 *
 * Context: as lwkt_send_ipiq().
 * Waits:   never.
 * Order:   as lwkt_send_ipiq().
 * Cost:    as xcpu_msg_try().
 * Returns: 0; ENOENT when two thirds full, or that CPU is not running.
 */
int lwkt_send_ipiq_nowait(globaldata_t target, ipifunc_t func, void *arg);

/*
 * lwkt_send_ipiq_mask: the same to each running CPU of a mask, oneself last.
 *
 * Context: as lwkt_send_ipiq().
 * Waits:   as lwkt_send_ipiq().
 * Order:   as lwkt_send_ipiq(), for each pair.
 * Cost:    a send each.
 * Returns: to how many.
 */
int lwkt_send_ipiq_mask(cpumask_t mask, ipifunc_t func, void *arg);

/*
 * lwkt_wait_ipiq: all messages up to seq that this CPU sent there are over.
 *
 * Context: thread, on the CPU that sent them.
 * Waits:   until then, serving others; the watchdog reports.
 * Order:   all that they did is visible.
 * Cost:    a load per look.
 * Returns: nothing; at once for one's own CPU.
 */
void lwkt_wait_ipiq(globaldata_t target, int seq);

/* The newest message sent there. */
int lwkt_seq_ipiq(globaldata_t target);

/*
 * lwkt_process_ipiq: run what has come; _frame: the interrupt, which hands its
 * frame to the messages.
 *
 * Context: thread or interrupt, no lock held; _frame: interrupt, masked.
 * Waits:   never itself.
 * Order:   as xcpu_on_ipi().
 * Cost:    a few loads when there is nothing.
 * Returns: nothing.
 */
void lwkt_process_ipiq(void);
void lwkt_process_ipiq_frame(struct intrframe *frame);

/* The counters; and the tunable ipiq_optimized: 0 is to kick always. */
void lwkt_ipiq_stats(struct lwkt_ipiq_stats *stats);
void lwkt_ipiq_set_optimized(int on);

/*
 * lwkt_cpusync_start, _add, _finish: CPUs stand still, serving messages.
 *
 * The first returns when all running CPUs of the mask are parked and have run
 * cs_run_func; the second parks more; the third releases them: each has run
 * cs_fin1_func(poll) when it returns, and runs cs_fin2_func(cs_data) then or
 * later.  The calling CPU, if it is in the mask, runs its part itself.
 *
 * Context: as xcpu_sync_start(), else panic.
 * Waits:   as xcpu_sync_start(), and _finish().
 * Order:   as there.
 * Cost:    as there.
 * Returns: nothing.
 */
void lwkt_cpusync_start(cpumask_t mask, lwkt_cpusync_t poll);
void lwkt_cpusync_add(cpumask_t mask, lwkt_cpusync_t poll);
void lwkt_cpusync_finish(lwkt_cpusync_t poll);

/*
 * lwkt_cpusync_simple: func on each CPU, synchronously; data is in cs_data.
 * lwkt_cpusync_fastdata: func(data) on each, in tandem with the return: so data
 * must last.
 *
 * Context: as lwkt_cpusync_start().
 * Waits:   as lwkt_cpusync_start().
 * Order:   as xcpu_sync_simple() and xcpu_sync_fastdata().
 * Cost:    start and finish.
 * Returns: nothing.
 */
void lwkt_cpusync_simple(cpumask_t mask, cpusync_func_t func, void *data);
void lwkt_cpusync_fastdata(cpumask_t mask, cpusync_func2_t func, void *data);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_DRAGONFLY_SYS_THREAD_H */
