/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c: what every workload needs: failures, random numbers, pauses, and a CPU
 * that leaves and comes back.
 */
#include "run.h"

#define PRINTED_MAX	16

struct work_run work_run;

bool
work_failed(enum work_failure failure)
{
	return xcpu_fetch_add_ar(&work_run.failures[failure], 1) < PRINTED_MAX;
}

uint64_t
work_failures(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WORK_FAILURES; i++)
		sum += xcpu_load_acq(&work_run.failures[i]);
	return sum;
}

void
work_seed(struct work_rng *rng, unsigned stream, unsigned cpu)
{
	/* Odd factors, so that neighbours share nothing; never 0. */
	rng->state = (work_run.options.seed + 1) *
	    UINT64_C(0x9e3779b97f4a7c15) ^
	    (uint64_t)(stream * 4096 + cpu + 1) * UINT64_C(0xbf58476d1ce4e5b9);
	if (rng->state == 0)
		rng->state = 1;
	for (unsigned i = 0; i < 4; i++)
		work_random(rng);
}

void
work_yield(struct work_rng *rng)
{
	for (unsigned n = work_below(rng, work_run.options.relax + 1) + 1;
	    n > 0; n--)
		mach_relax();
}

void
work_time(struct work_times *times, uint64_t ns)
{
	unsigned bucket = 0;

	while (bucket < XCPU_STAT_BUCKETS - 1 && ns >> bucket > 1)
		bucket++;
	times->ns[bucket]++;
}

void
work_times_add(enum work_timed which, struct work_times *times)
{
	for (unsigned i = 0; i < XCPU_STAT_BUCKETS; i++)
		work_run.times[which].ns[i] += times->ns[i];
	*times = (struct work_times){ 0 };
}

void
work_leave_and_return(unsigned cpu, struct work_rng *rng)
{
	int error = xcpu_cpu_offline();
	unsigned long state;

	if (error != 0) {
		WORK_REPORT(WORK_ANSWER, "answer: xcpu_cpu_offline() on cpu "
		    "%u: %s\n", cpu, xcpu_strerror(error));
		return;
	}
	for (unsigned n = work_below(rng, 64); n > 0; n--)
		mach_relax();
	state = mach_mask();
	error = xcpu_cpu_online(mach_cpu_block(cpu));
	mach_unmask(state);
	if (error != 0)
		WORK_REPORT(WORK_ANSWER, "answer: xcpu_cpu_online() on cpu "
		    "%u: %s\n", cpu, xcpu_strerror(error));
}

const char *
work_duration(uint64_t ns, char *to)
{
	static const char *const units[] = { " ns", " us", " ms", " s" };
	unsigned unit = 0;
	unsigned i = 0;
	const char *digits;
	char number[WORK_NUMBER];

	for (; ns >= 10000 && unit < 3; unit++)
		ns /= 1000;
	digits = work_number(ns, number);
	for (; *digits != '\0'; digits++)
		to[i++] = *digits;
	for (digits = units[unit]; *digits != '\0'; digits++)
		to[i++] = *digits;
	to[i] = '\0';
	return to;
}

const char *
work_number(uint64_t n, char *to)
{
	char *p = to + WORK_NUMBER - 1;
	unsigned digits = 0;

	*p = '\0';
	do {
		if (digits != 0 && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + n % 10);
		n /= 10;
		digits++;
	} while (n != 0);
	return p;
}
