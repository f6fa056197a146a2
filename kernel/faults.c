/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faults.c: what goes wrong on purpose (faults= on the command line), all of it
 * at the kicks: some are lost on their way, or no CPU hears any, nor its tick.
 */
#include "kernel.h"
#include "options.h"

#define DROP_ONE_IN	1000	/* each costs its waiter XCPU_REKICK_NS */

static uint64_t turns;		/* by atomics */
static bool deaf;

static bool
drop_all(unsigned cpu, uint32_t what)
{
	(void)cpu;
	(void)what;
	return true;
}

/* The n-th kick after the seed: one turn of a counter, well mixed. */
static bool
drop_some(unsigned cpu, uint32_t what)
{
	uint64_t n = __atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED);

	(void)cpu;
	(void)what;
	n = (n ^ n >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	return (n >> 32) % DROP_ONE_IN == 0;
}

bool
faults_deaf(void)
{
	return deaf;
}

void
faults_set(const struct work_options *options)
{
	turns = options->seed << 20;
	deaf = options->faults == WORK_FAULTS_DEAF;
	if (deaf)
		kick_drop(drop_all);
	else if (options->faults == WORK_FAULTS_DROP)
		kick_drop(drop_some);
}
