/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue2005.h: the queues of a kernel of 2005, one for each ordered pair.
 *
 *	send	in a critical section: look how full it is; over half, serve
 *		what others sent here until it is down to a quarter; fill the
 *		slot, then move `windex`; then take the poll interlock with a
 *		locked operation: who gets it interrupts the target
 *	serve	for each queue that leads here: until it is empty, move `rindex`,
 *		run, move `xindex`; then let the interlock go with a locked
 *		operation, look at `windex` again, and start over if it moved
 *
 * Sixteen slots, and the layout, are what comes to the 280 bytes per pair that it
 * is said to take: three indices side by side, functions, arguments, interlock.
 * Its fences are the instructions of the description, though this processor
 * would keep that order without them.  Not here, in its favour: the interrupt;
 * queues of more CPUs than two, all of which it would look at; its statistics,
 * which were words of the whole machine.
 */
#ifndef XCPU_BENCH_QUEUE2005_H
#define XCPU_BENCH_QUEUE2005_H

#include <xcpu/port.h>

#include "rivals.h"

#define QUEUE2005_SLOTS 16

#if defined(__x86_64__)
#define queue2005_sfence()	__builtin_ia32_sfence()
#define queue2005_lfence()	__builtin_ia32_lfence()
#else
#define queue2005_sfence()	__atomic_thread_fence(__ATOMIC_RELEASE)
#define queue2005_lfence()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#endif

struct queue2005 {
	uint32_t rindex __attribute__((aligned(RIVAL_ALIGN)));
	uint32_t xindex;	/* how far messages have been run */
	uint32_t windex;
	xcpu_msg_fn *fn[QUEUE2005_SLOTS];
	void *arg[QUEUE2005_SLOTS];
	uint32_t npoll;
};
_Static_assert(offsetof(struct queue2005, npoll) + 8 == 280, "its size");

static inline uint32_t
queue2005_load(const struct queue2005 *queue)
{
	return queue->windex - __atomic_load_n(&queue->rindex, __ATOMIC_ACQUIRE);
}

/* True when an interrupt would be due: here it comes at once. */
static inline bool
queue2005_is_due(const struct queue2005 *queue)
{
	return queue->rindex != __atomic_load_n(&queue->windex, __ATOMIC_ACQUIRE);
}

/* Masked; true if more came while the interlock was being let go. */
static inline bool
queue2005_drain_once(struct queue2005 *queue)
{
	uint32_t windex = __atomic_load_n(&queue->windex, __ATOMIC_ACQUIRE);

	queue2005_lfence();
	while (queue->rindex != windex) {
		uint32_t slot = queue->rindex % QUEUE2005_SLOTS;
		xcpu_msg_fn *fn = queue->fn[slot];
		void *arg = queue->arg[slot];

		__atomic_store_n(&queue->rindex, queue->rindex + 1,
		    __ATOMIC_RELEASE);
		fn(arg, NULL);
		queue2005_sfence();
		__atomic_store_n(&queue->xindex, queue->rindex,
		    __ATOMIC_RELEASE);
	}
	__atomic_fetch_and(&queue->npoll, 0, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&queue->windex, __ATOMIC_SEQ_CST) != windex;
}

/* The interrupt. */
static inline void
queue2005_drain(struct queue2005 *queue)
{
	unsigned long state = xcpu_port_irq_save();

	/* ends: the sender pauses; it had no other bound, either */
	while (queue2005_drain_once(queue))
		continue;
	xcpu_port_irq_restore(state);
}

/* `back` leads the other way.  True: interrupt the target. */
static inline bool
queue2005_send(struct queue2005 *queue, struct queue2005 *back,
    const struct xcpu_msg *msg)
{
	unsigned long state = xcpu_port_irq_save();
	uint32_t slot = queue->windex % QUEUE2005_SLOTS;
	bool kick;

	if (queue2005_load(queue) > QUEUE2005_SLOTS / 2)
		/* ends: the target serves the queue */
		for (unsigned spins = 0; queue2005_load(queue) >
		    QUEUE2005_SLOTS / 4; spins++) {
			queue2005_drain(back);
			xcpu_port_relax(spins);
		}
	queue->fn[slot] = msg->fn;
	queue->arg[slot] = msg->arg;
	queue2005_sfence();
	__atomic_store_n(&queue->windex, queue->windex + 1, __ATOMIC_RELEASE);
	kick = __atomic_exchange_n(&queue->npoll, 1, __ATOMIC_SEQ_CST) == 0;
	xcpu_port_irq_restore(state);
	return kick;
}

#endif /* XCPU_BENCH_QUEUE2005_H */
