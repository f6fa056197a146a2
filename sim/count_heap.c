/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count_heap.c: see count_heap.h.
 */
#include "count_heap.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool
before(const struct count_turn *a, const struct count_turn *b)
{
	return a->when != b->when ? a->when < b->when : a->cpu < b->cpu;
}

void
count_push(struct count_heap *heap, const struct count_turn *turn)
{
	struct count_turn *t = heap->turn;
	unsigned i = heap->n++;

	if (i == COUNT_TURNS) {
		fprintf(stderr, "xcpu-count: too many prefetches under way\n");
		exit(2);
	}
	for (; i > 0 && before(turn, &t[(i - 1) / 2]); i = (i - 1) / 2)
		t[i] = t[(i - 1) / 2];
	t[i] = *turn;
}

struct count_turn
count_pop(struct count_heap *heap)
{
	struct count_turn *t = heap->turn;
	struct count_turn first = t[0];
	struct count_turn last = t[--heap->n];
	unsigned i = 0;

	for (unsigned child = 1; child < heap->n; child = 2 * i + 1) {
		if (child + 1 < heap->n && before(&t[child + 1], &t[child]))
			child++;
		if (!before(&t[child], &last))
			break;
		t[i] = t[child];
		i = child;
	}
	t[i] = last;
	return first;
}
