/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stat.h: what each CPU did, and how long its waits took.
 *
 * Each counter is written by its own CPU only, on lines of its own: once with
 * the doorbell masked, once from NMI, so that no increment is an atomic
 * read-modify-write.  XCPU_STATS=0 removes them.
 */
#ifndef XCPU_STAT_H
#define XCPU_STAT_H

#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/doorbell.h>
#include <xcpu/wait.h>

/*
 * Every post to one CPU ends as one of the first seven; the sum of `kick` over
 * the classes, and of `rekick` and `selfkick`, is what the port was asked for.
 */
#define XCPU_STAT_COUNTERS(X)						\
	X(kick_flush, "kicks sent for shootdowns")			\
	X(kick_call, "kicks sent for calls")				\
	X(kick_event, "kicks sent for events")				\
	X(kick_msg, "kicks sent for messages")				\
	X(kick_stop, "kicks sent for stops")				\
	X(avoid_pending, "kicks avoided: one was under way")		\
	X(avoid_polling, "kicks avoided: target was polling")		\
	X(avoid_lazy, "kicks avoided: target was lazy")			\
	X(not_ready, "posts to CPUs that were not ready")		\
	X(rekick, "kicks sent again by a wait")				\
	X(selfkick, "kicks to itself: budget spent, or from a mask")	\
	X(nmi_sent, "NMIs sent by a wait, or for a shootdown")		\
	X(taken, "interrupts taken")					\
	X(taken_nmi, "NMIs that were ours")				\
	X(spurious, "interrupts that found nothing")			\
	X(lost, "kicks found lost by the tick")				\
	X(served_flush, "FLUSH bits served")				\
	X(served_call, "functions run for others")			\
	X(served_event, "event handlers run")				\
	X(served_msg, "messages run")					\
	X(shootdown, "shootdowns started")				\
	X(shootdown_alone, "shootdowns that concerned this CPU only")	\
	X(slot_full, "token slots found busy")				\
	X(flush_range, "local flushes of a range")			\
	X(flush_full, "local flushes of a whole space")			\
	X(flush_none, "flush requests already caught up with")		\
	X(call, "calls made")						\
	X(call_cancelled, "targets cancelled by a deadline")		\
	X(event_post, "events posted")					\
	X(event_dropped, "bits of dead events dropped")			\
	X(msg_sent, "messages sent")					\
	X(msg_passive, "messages sent without a post")			\
	X(msg_full, "messages that met a full ring")			\
	X(msg_dropped, "messages dropped, for their target died")	\
	X(avoid_draining, "posts avoided: target was at the ring, or told") \
	X(wait, "waits")						\
	X(wait_short, "waits over before the clock was read")		\
	X(stall, "stall reports")					\
	X(sync, "rendezvous started")					\
	X(sync_abort, "rendezvous undone")				\
	X(served_sync, "times parked for others")			\
	X(served_stop, "times stopped")					\
	X(budget, "drains that ended by their budget")			\
	X(clock_back, "times the clock went backwards")			\
	X(late_asked, "CPUs asked, for a deferred shootdown took too long") \
	X(avoid_user, "CPUs not asked: they ran user code")		\
	X(catch_up_lazy, "times lazy mode ended with a flush due")	\
	X(catch_up_user, "ways in from user code with a flush due")

struct xcpu_counters {
#define XCPU_STAT_FIELD(name, text) struct xcpu_au64 name;
	XCPU_STAT_COUNTERS(XCPU_STAT_FIELD)
#undef XCPU_STAT_FIELD
};

/* Bucket b counts waits of 2^b to 2^(b+1)-1 ns. */
#define XCPU_STAT_BUCKETS 40

struct xcpu_stat {
	struct xcpu_counters own __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_counters nmi __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_au64 wait_ns[XCPU_WAIT_KINDS][XCPU_STAT_BUCKETS];
#if XCPU_STATS >= 2
	struct xcpu_au64 kicked[XCPU_NCPU_MAX];	/* who interrupts whom */
#endif
};

/* The same as plain numbers. */
struct xcpu_totals {
#define XCPU_STAT_FIELD(name, text) uint64_t name;
	XCPU_STAT_COUNTERS(XCPU_STAT_FIELD)
#undef XCPU_STAT_FIELD
	uint64_t wait_ns[XCPU_WAIT_KINDS][XCPU_STAT_BUCKETS];
};

struct xcpu_domain;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_stat_sum: add the counters of one CPU to *totals.
 *
 * Context: any but NMI; exact once the CPU is quiet.
 * Waits:   never.
 * Order:   relaxed.
 * Cost:    some hundred loads.
 * Returns: 0; -XCPU_EINVAL no such CPU; -XCPU_ENOSYS built without XCPU_STATS.
 */
int xcpu_stat_sum(const struct xcpu_domain *domain, unsigned cpu,
    struct xcpu_totals *totals);

/*
 * xcpu_stat_kicks: all kicks that *totals says the port was asked to send.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    a few additions.
 * Returns: the sum, to be held against the port's own count.
 */
uint64_t xcpu_stat_kicks(const struct xcpu_totals *totals);

/*
 * xcpu_stat_quantile: upper bound, in ns, of the q-th part per thousand of the
 * waits of one kind; q from 0 to 1000.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    XCPU_STAT_BUCKETS additions.
 * Returns: nanoseconds, a power of two; 0 when there were none.
 */
uint64_t xcpu_stat_quantile(const struct xcpu_totals *totals,
    enum xcpu_wait_kind kind, unsigned q);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_STAT_H */
