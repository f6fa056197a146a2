/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rivals.h: what the other queues of the benchmark share.
 *
 * Each is written from the description of its algorithm, not from its source,
 * carries the same two words, and is compiled into its callers.  Where a rival
 * would interrupt its target, it counts: an interrupt costs it nothing and takes
 * no time, for its target looks all the while.
 */
#ifndef XCPU_BENCH_RIVALS_H
#define XCPU_BENCH_RIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcpu/msg.h>

#define RIVAL_SLOTS	XCPU_MSG_SLOTS
#define RIVAL_ALIGN	128	/* some machines fetch lines in pairs */

#endif /* XCPU_BENCH_RIVALS_H */
