/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.c: what will happen, by time; a binary heap.
 */
#include "machine.h"

#define QUEUE_MAX	(4 * XCPU_NCPU_MAX + 16384)

static struct {
	unsigned n;
	uint64_t order;
	struct timed heap[QUEUE_MAX];
} queue;

void
queue_reset(void)
{
	queue.n = 0;
	queue.order = 0;
}

static bool
before(const struct timed *a, const struct timed *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void
swap(unsigned i, unsigned j)
{
	struct timed t = queue.heap[i];

	queue.heap[i] = queue.heap[j];
	queue.heap[j] = t;
}

void
queue_add(const struct timed *timed)
{
	unsigned i = queue.n;

	if (queue.n == QUEUE_MAX)
		sim_fail(SIM_PANIC, "the machine's queue of events is full");
	queue.heap[i] = *timed;
	queue.heap[i].order = queue.order++;
	queue.n++;
	for (; i > 0 && before(&queue.heap[i], &queue.heap[(i - 1) / 2]);
	    i = (i - 1) / 2)
		swap(i, (i - 1) / 2);
	sched_look_at(timed->at);
}

uint64_t
queue_next(void)
{
	return queue.n != 0 ? queue.heap[0].at : SIM_NEVER;
}

/* Which of a node and its children comes first. */
static unsigned
first_of(unsigned i)
{
	unsigned first = i;

	for (unsigned child = 2 * i + 1; child <= 2 * i + 2; child++)
		if (child < queue.n &&
		    before(&queue.heap[child], &queue.heap[first]))
			first = child;
	return first;
}

struct timed
queue_take(void)
{
	struct timed taken = queue.heap[0];
	unsigned i = 0;

	queue.heap[0] = queue.heap[--queue.n];
	/* ends: at a leaf */
	for (unsigned first = first_of(i); first != i; first = first_of(i)) {
		swap(i, first);
		i = first;
	}
	return taken;
}
