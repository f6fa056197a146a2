/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cached.h: a queue of one producer and one consumer with cached indices: the
 * ceiling.  It moves messages and does nothing else: nobody is told of them, a
 * target that sleeps would never wake, and two senders on one CPU would break
 * it.  With a full fence after each push it has what every queue needs that
 * decides without a lock whether its target must be told.
 *
 * Each side keeps a copy of the other's index, and looks at the index itself
 * only when the queue seems full, or empty (Lamport's queue, with that addition).
 */
#ifndef XCPU_BENCH_CACHED_H
#define XCPU_BENCH_CACHED_H

#include "rivals.h"

struct cached {
	/* The producer's line. */
	uint64_t tail __attribute__((aligned(RIVAL_ALIGN)));
	uint64_t seen_head;
	/* The consumer's line. */
	uint64_t head __attribute__((aligned(RIVAL_ALIGN)));
	uint64_t seen_tail;
	struct xcpu_msg slot[RIVAL_SLOTS] __attribute__((aligned(RIVAL_ALIGN)));
};

/* Returns how many of n there was room for; they are published at once. */
static inline unsigned
cached_push(struct cached *queue, const struct xcpu_msg *msgs, unsigned n)
{
	uint64_t tail = queue->tail;

	if (RIVAL_SLOTS - (tail - queue->seen_head) < n)
		queue->seen_head =
		    __atomic_load_n(&queue->head, __ATOMIC_ACQUIRE);
	if (RIVAL_SLOTS - (tail - queue->seen_head) < n)
		n = (unsigned)(RIVAL_SLOTS - (tail - queue->seen_head));
	for (unsigned i = 0; i < n; i++)
		queue->slot[(tail + i) % RIVAL_SLOTS] = msgs[i];
	if (n != 0)
		__atomic_store_n(&queue->tail, tail + n, __ATOMIC_RELEASE);
	return n;
}

/* Runs what is there. */
static inline void
cached_drain(struct cached *queue)
{
	uint64_t head = queue->head;

	queue->seen_tail = __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE);
	while (head != queue->seen_tail) {
		struct xcpu_msg msg = queue->slot[head % RIVAL_SLOTS];

		__atomic_store_n(&queue->head, ++head, __ATOMIC_RELEASE);
		msg.fn(msg.arg, NULL);
	}
}

#endif /* XCPU_BENCH_CACHED_H */
