/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dragonfly_sync.c: lwkt_cpusync: each behaviour, and what went wrong, or could,
 * in the original.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dragonfly_test.h"

#define ALL ((cpumask_t)-1)

struct runs {
	uint32_t run[TEST_CPUS];
	uint32_t fin1[TEST_CPUS];
	uint32_t fin2[TEST_CPUS];
	uint32_t wrong;
};

static struct runs runs;

/* Of a table by CPU: is it `value` on the CPUs of the mask, and 0 elsewhere? */
static bool
is_on(const uint32_t *table, cpumask_t mask, uint32_t value)
{
	for (int cpu = 0; cpu < ncpus; cpu++)
		if (seen(&table[cpu]) != ((mask >> cpu & 1) != 0 ? value : 0))
			return false;
	return true;
}

static void
note_run(lwkt_cpusync_t poll)
{
	struct runs *r = poll->cs_data;

	count(&r->run[mycpuid]);
}

static void
note_fin1(lwkt_cpusync_t poll)
{
	struct runs *r = poll->cs_data;

	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		count(&r->wrong);
	count(&r->fin1[mycpuid]);
}

static void
note_fin2(void *data)
{
	struct runs *r = data;

	count(&r->fin2[mycpuid]);
}

/* ---- behaviour ---- */

static void
test_simple(void)
{
	memset(&runs, 0, sizeof(runs));
	lwkt_cpusync_simple(smp_active_mask, note_fin1, &runs);
	CHECK(is_on(runs.fin1, ALL, 1));
	lwkt_cpusync_simple(mycpu->gd_other_cpus, note_fin1, &runs);
	CHECK(seen(&runs.fin1[0]) == 1);
	CHECK(ncpus < 2 || seen(&runs.fin1[1]) == 2);
	lwkt_cpusync_simple(0, note_fin1, &runs);
	CHECK(seen(&runs.fin1[0]) == 1);
}

static void
test_fastdata(void)
{
	memset(&runs, 0, sizeof(runs));
	lwkt_cpusync_fastdata(ALL, note_fin2, &runs);
	AWAIT(is_on(runs.fin2, ALL, 1));
	lwkt_cpusync_fastdata(mycpu->gd_cpumask, note_fin2, &runs);
	AWAIT(seen(&runs.fin2[0]) == 2);
}

static void
test_start_finish(void)
{
	cpumask_t all = smp_active_mask, others = mycpu->gd_other_cpus;
	cpumask_t first = others & 2;
	struct lwkt_cpusync sync;

	memset(&sync, 0xee, sizeof(sync));
	memset(&runs, 0, sizeof(runs));
	sync.cs_run_func = note_run;
	sync.cs_fin1_func = NULL;
	sync.cs_fin2_func = NULL;
	sync.cs_data = &runs;
	lwkt_cpusync_start(first, &sync);
	CHECK(is_on(runs.run, first, 1));
	lwkt_cpusync_add(all, &sync);
	CHECK(is_on(runs.run, all, 1));
	CHECK(sync.cs_mask == all && sync.cs_maxcount == ncpus - 1);
	CHECK(is_on(runs.fin1, 0, 0) && is_on(runs.fin2, 0, 0));
	/* They may be set as late as this. */
	sync.cs_fin1_func = note_fin1;
	sync.cs_fin2_func = note_fin2;
	lwkt_cpusync_finish(&sync);
	CHECK(is_on(runs.fin1, all, 1));
	AWAIT(is_on(runs.fin2, all, 1));
	CHECK(is_on(runs.run, all, 1) && seen(&runs.wrong) == 0);
}

static uint32_t heard;

static void
answer(void *arg)
{
	count((uint32_t *)arg);
}

static void
test_parked_serve(void)
{
	struct lwkt_cpusync sync = { .cs_run_func = NULL };

	heard = 0;
	lwkt_cpusync_start(mycpu->gd_other_cpus, &sync);
	for (int cpu = 1; cpu < ncpus; cpu++) {
		int seq = lwkt_send_ipiq_bycpu(cpu, answer, &heard);

		lwkt_wait_ipiq(globaldata_find(cpu), seq);
		CHECK(seen(&heard) == (uint32_t)cpu);
	}
	lwkt_cpusync_finish(&sync);
}

/* ---- one CPU ---- */

#if XCPU_NCPU_MAX == 1

/* Does it panic?  A single CPU is a single thread, which may fork. */
static bool
panics(void (*fn)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(0);
		fn();
		_exit(0);
	}
	/* Ticks are signals: ends when the child does. */
	while (waitpid(child, &status, 0) != child)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == HOST_EXIT_PANIC;
}

static void
send_to_nobody(void)
{
	lwkt_send_ipiq_bycpu(1, answer, &heard);
}

static void
wait_for_nobody(void)
{
	lwkt_wait_ipiq(globaldata_find(1), 1);
}

static void
test_alone(void)
{
	CHECK(globaldata_find(1) == NULL && mycpu->gd_other_cpus == 0);
	CHECK(panics(send_to_nobody));
	CHECK(panics(wait_for_nobody));
	memset(&runs, 0, sizeof(runs));
	lwkt_cpusync_simple(ALL, note_fin1, &runs);
	lwkt_cpusync_fastdata(ALL, note_fin2, &runs);
	CHECK(runs.fin1[0] == 1 && runs.fin2[0] == 1);
	heard = 0;
	CHECK(lwkt_send_ipiq_mask(ALL, answer, &heard) == 1);
	CHECK(heard == 1);
}
#endif

/* ---- D3, D15: the data of fastdata ---- */

static uint32_t slow_wrong;
static uint32_t slow_ran;

static void
slow_fin2(void *data)
{
	for (int i = 0; i < 50; i++)
		mach_relax();
	if (data != &runs)
		count(&slow_wrong);
	count(&slow_ran);
}

/* The cpusync is gone, and its memory used again, while fin2 still runs. */
static void
test_data_arrives(void)
{
	slow_wrong = slow_ran = 0;
	for (uint32_t i = 1; i <= 20; i++) {
		struct lwkt_cpusync sync;

		memset(&sync, 0, sizeof(sync));
		sync.cs_fin2_func = slow_fin2;
		sync.cs_data = &runs;
		lwkt_cpusync_start(ALL, &sync);
		lwkt_cpusync_finish(&sync);
		memset(&sync, 0xee, sizeof(sync));
	}
	AWAIT(seen(&slow_ran) == 20 * (uint32_t)ncpus);
	lwkt_cpusync_fastdata(ALL, slow_fin2, &runs);
	AWAIT(seen(&slow_ran) == 21 * (uint32_t)ncpus);
	CHECK(seen(&slow_wrong) == 0);
}

/* ---- D5, D10, D11: several initiators ---- */

static struct {
	uint32_t inside;	/* initiators who hold the others parked */
	uint32_t together;
	uint32_t late;
	uint32_t turns;
} exclusive;

static void
count_run(lwkt_cpusync_t poll)
{
	count(&((uint32_t *)poll->cs_data)[mycpuid]);
}

/* Name all others, change what they would see, let them go; counts exact. */
static void
exclude_others(void *unused)
{
	uint32_t ran[TEST_CPUS];

	(void)unused;
	for (uint32_t i = 0; i < exclusive.turns; i++) {
		struct lwkt_cpusync sync = {
			.cs_run_func = count_run,
			.cs_fin1_func = count_run,
			.cs_data = ran,
		};
		cpumask_t half = mycpu->gd_other_cpus & 0x5555555555555555;
		/* Every other one with interrupts off. */
		unsigned long state = i % 2 != 0 ? mach_mask() : 0;

		memset(ran, 0, sizeof(ran));
		lwkt_cpusync_start(half, &sync);
		lwkt_cpusync_add(mycpu->gd_other_cpus, &sync);
		if (__atomic_fetch_add(&exclusive.inside, 1,
		    __ATOMIC_ACQ_REL) != 0)
			count(&exclusive.together);
		mach_relax();
		__atomic_fetch_sub(&exclusive.inside, 1, __ATOMIC_ACQ_REL);
		lwkt_cpusync_finish(&sync);
		if (i % 2 != 0)
			mach_unmask(state);
		if (!is_on(ran, mycpu->gd_other_cpus, 2))
			count(&exclusive.late);
	}
}

static void
all_exclude(int cpus, uint32_t turns)
{
	memset(&exclusive, 0, sizeof(exclusive));
	exclusive.turns = turns;
	for (int cpu = 1; cpu < cpus; cpu++)
		compat_start((unsigned)cpu, exclude_others, NULL);
	exclude_others(NULL);
	for (int cpu = 1; cpu < cpus; cpu++)
		compat_join((unsigned)cpu);
	CHECK(seen(&exclusive.together) == 0);
	CHECK(seen(&exclusive.late) == 0);
}

static void
test_two_initiators(void)
{
	for (struct stint s = { .least = 3 }; stint_on(&s);)
		all_exclude(2, 10);
}

static void
test_all_initiators(void)
{
	for (struct stint s = { .least = 2 }; stint_on(&s);)
		all_exclude(ncpus, 5);
}

/* ---- D9: CPUs that are away, and those above 31 ---- */

static void
test_away(void)
{
	struct held_cpu away = { .cpu = (unsigned)ncpus - 1 };
	cpumask_t rest = smp_active_mask & ~((cpumask_t)1 << away.cpu);

	memset(&runs, 0, sizeof(runs));
	compat_start(away.cpu, stay_away, &away);
	AWAIT(seen(&away.masked));
	lwkt_cpusync_simple(ALL, note_fin1, &runs);
	CHECK(is_on(runs.fin1, rest, 1));
	let_go(&away);
	lwkt_cpusync_simple((cpumask_t)1 << away.cpu, note_fin1, &runs);
	CHECK(is_on(runs.fin1, smp_active_mask, 1));
}

static void
leave_and_return(void *arg)
{
	const uint32_t *stop = arg;

	/* ends: CPU 0 says so, or fails */
	while (!seen(stop)) {
		unsigned long state;

		CHECK(xcpu_cpu_offline() == 0);
		state = mach_mask();
		CHECK(xcpu_cpu_online(mach_cpu_block(1)) == 0);
		mach_unmask(state);
		linger();	/* who leaves and who syncs take turns */
	}
}

/* It was there when the mask was read, and has gone since. */
static void
test_goes_away(void)
{
	uint32_t stop = 0;

	memset(&runs, 0, sizeof(runs));
	compat_start(1, leave_and_return, &stop);
	for (struct stint s = { .least = 10 }; stint_on(&s);) {
		lwkt_cpusync_simple(ALL, note_fin1, &runs);
		CHECK(seen(&runs.fin1[0]) == s.turn);
	}
	say(&stop, 1);
	compat_join(1);
}

static void
test_high_cpus(void)
{
	cpumask_t high = globaldata_find(33)->gd_cpumask |
	    globaldata_find(31)->gd_cpumask | globaldata_find(32)->gd_cpumask;

	memset(&runs, 0, sizeof(runs));
	heard = 0;
	CHECK(lwkt_send_ipiq_mask(high, answer, &heard) == 3);
	AWAIT(seen(&heard) == 3);
	lwkt_cpusync_simple(high, note_fin1, &runs);
	CHECK(is_on(runs.fin1, high, 1));
}

const struct compat_test dragonfly_sync[] = {
	{ "cpusync_simple", "F-D13", 1, test_simple },
	{ "cpusync_fastdata", "F-D14", 1, test_fastdata },
	{ "cpusync_start, _add, _finish", "F-D15", 1, test_start_finish },
	{ "parked CPUs serve messages", "F-D16", 2, test_parked_serve },
#if XCPU_NCPU_MAX == 1
	{ "one CPU: sends panic, cpusync runs here", "F-D18", 1, test_alone },
#endif
	{ "data reach every CPU, and outlive the cpusync",
	    "D3 D15 INV-E8", 1, test_data_arrives },
	{ "two initiators exclude each other",
	    "D5 D10 INV-R8", 2, test_two_initiators },
	{ "all initiators at once", "D5 D10 D11 INV-R3", 3, test_all_initiators },
	{ "a CPU that is away is not waited for",
	    "D9 INV-C5 INV-C8", 2, test_away },
	{ "a CPU that goes away is not waited for", "D9", 2, test_goes_away },
	{ "CPUs above 31", "D9", 34, test_high_cpus },
	{ NULL, NULL, 0, NULL }
};
