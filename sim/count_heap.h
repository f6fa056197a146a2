/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count_heap.h: who is earliest, in a timed run; of equals the lower CPU.
 */
#ifndef XCPU_SIM_COUNT_HEAP_H
#define XCPU_SIM_COUNT_HEAP_H

#include <stdint.h>

#include <xcpu/config.h>

#include "cost.h"
#include "sim_atomic.h"

/* A CPU's turn, or that of a line that it asked for ahead. */
struct count_turn {
	uint64_t when;
	unsigned cpu;
	const struct sim_site *site;	/* NULL: the CPU's own turn */
	struct cost_request ahead;
};

/* A turn per CPU, and its prefetches. */
#define COUNT_TURNS	(32 * XCPU_NCPU_MAX)

struct count_heap {
	unsigned n;
	struct count_turn turn[COUNT_TURNS];
};

void count_push(struct count_heap *heap, const struct count_turn *turn);
struct count_turn count_pop(struct count_heap *heap);

#endif /* XCPU_SIM_COUNT_HEAP_H */
