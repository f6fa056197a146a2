/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faults.c: what goes wrong on purpose, by the words faults= and seed=.
 *
 *	drop	one kick in DROP_ONE_IN is lost on its way, and one NMI in
 *		DROP_NMI_ONE_IN
 *	deaf	every kick and NMI is lost, and no tick is heard
 *	stuck	one CPU stops for STUCK_NS with its doorbell masked; which,
 *		where and when is the seed's
 */
#include "kernel.h"
#include "options.h"

#define DROP_ONE_IN	1000	/* each costs its waiter XCPU_REKICK_NS */
#define DROP_NMI_ONE_IN	10	/* there are few of them */
#define STUCK_NS	UINT64_C(2500000000)	/* two stall reports long */
#define STUCK_VISITS	64	/* at most so many pass the place before */

static uint64_t kicks;		/* by atomics */
static uint64_t seed;
static bool deaf;

static struct {
	bool armed;
	unsigned cpu, place, visits;
} stuck;

/* splitmix64: neighbouring numbers give unrelated ones. */
static uint64_t
scramble(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static bool
drop_all(unsigned cpu, uint32_t what)
{
	(void)cpu;
	(void)what;
	return true;
}

static bool
drop_some(unsigned cpu, uint32_t what)
{
	uint64_t n = __atomic_fetch_add(&kicks, 1, __ATOMIC_RELAXED);

	(void)cpu;
	return scramble(seed ^ scramble(n)) %
	    (kick_is_nmi(what) ? DROP_NMI_ONE_IN : DROP_ONE_IN) == 0;
}

bool
faults_deaf(void)
{
	return deaf;
}

/* Stops here, if this is the CPU, the place and the time. */
void
faults_visit(enum fault_place place)
{
	static const char *const name[] = {
		"before it answers a kick", "in its tick", "in a TLB flush"
	};
	unsigned cpu = cpu_self()->index;
	uint64_t end;

	if (!stuck.armed || stuck.cpu != cpu || stuck.place != place ||
	    stuck.visits-- != 0)
		return;
	stuck.armed = false;
	mach_printf("faults: CPU %u is stuck %s\n", cpu, name[place]);
	end = mach_now_ns() + STUCK_NS;
	while (mach_now_ns() < end)	/* ends: time passes */
		cpu_pause();
	mach_printf("faults: CPU %u goes on\n", cpu);
}

void
faults_print(void)
{
	uint64_t lost = kicks_lost(false), nmis = kicks_lost(true);

	if (lost + nmis != 0)
		mach_printf("faults: %lu kicks and %lu NMIs lost\n", lost, nmis);
}

void
faults_set(const struct work_options *options)
{
	seed = scramble(options->seed);
	switch (options->faults) {
	case WORK_FAULTS_DROP:
		kick_drop(drop_some);
		break;
	case WORK_FAULTS_DEAF:
		deaf = true;
		kick_drop(drop_all);
		break;
	case WORK_FAULTS_STUCK:
		stuck.cpu = (unsigned)(seed % ncpu);
		stuck.place = (unsigned)(seed >> 32) % FAULT_PLACES;
		stuck.visits = (unsigned)(seed >> 48) % STUCK_VISITS;
		stuck.armed = true;
		break;
	default:
		break;
	}
}
