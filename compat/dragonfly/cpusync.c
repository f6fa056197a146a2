/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpusync.c: DragonFly's lwkt_cpusync over rendezvous.
 *
 * The functions get the cpusync, not its data, so they go through two that know
 * both; fin2 may run when the cpusync is gone, and gets the data itself.
 *
 * Deadlock: xcpu's waits only.
 */
#include <sys/globaldata.h>
#include <sys/thread.h>

#include <xcpu/cpuset.h>
#include <xcpu/error.h>
#include <xcpu/port.h>
#include <xcpu/sync.h>

/* Parked CPUs serve messages. */
static const struct xcpu_sync_opt cpusync_opt = { .flags = XCPU_SYNC_MSG };

/* The interface has no way to fail. */
static void
must(int error, const char *text)
{
	if (error != 0)
		xcpu_port_panic(error == -XCPU_EDEADLK ? text :
		    xcpu_strerror(error), __FILE__, __LINE__);
}

static void
to_set(cpumask_t mask, struct xcpu_cpuset *set)
{
	xcpu_cpuset_zero(set);
	for (int cpu = 0; cpu < ncpus && cpu < 64; cpu++)
		if ((mask >> cpu & 1) != 0)
			xcpu_cpuset_add(set, (unsigned)cpu);
}

static void
run_stage(void *arg)
{
	lwkt_cpusync_t poll = (lwkt_cpusync_t)arg;

	poll->cs_run_func(poll);
}

static void
fin1_stage(void *arg)
{
	lwkt_cpusync_t poll = (lwkt_cpusync_t)arg;

	poll->cs_fin1_func(poll);
}

static void
note_parked(lwkt_cpusync_t poll, cpumask_t mask)
{
	poll->cs_mask = mask;
	poll->cs_maxcount = (int)xcpu_cpuset_count(&poll->cs_sync.asked);
	poll->cs_count = poll->cs_maxcount;
}

void
lwkt_cpusync_start(cpumask_t mask, lwkt_cpusync_t poll)
{
	struct xcpu_cpuset set;

	to_set(mask, &set);
	poll->cs_sync = (struct xcpu_sync){
		.run = poll->cs_run_func != NULL ? run_stage : NULL,
		.arg = poll,
	};
	must(xcpu_sync_start(&poll->cs_sync, &set, &cpusync_opt),
	    "lwkt_cpusync_start: inside another, in a handler, or with a lock "
	    "held");
	note_parked(poll, mask);
}

void
lwkt_cpusync_add(cpumask_t mask, lwkt_cpusync_t poll)
{
	struct xcpu_cpuset set;

	to_set(mask & ~poll->cs_mask, &set);
	must(xcpu_sync_add(&poll->cs_sync, &set, NULL),
	    "lwkt_cpusync_add: in a handler, or with a lock held");
	note_parked(poll, poll->cs_mask | mask);
}

void
lwkt_cpusync_finish(lwkt_cpusync_t poll)
{
	poll->cs_sync.fin1 = poll->cs_fin1_func != NULL ? fin1_stage : NULL;
	poll->cs_sync.fin2 = poll->cs_fin2_func;
	poll->cs_sync.data = poll->cs_data;
	must(xcpu_sync_finish(&poll->cs_sync),
	    "lwkt_cpusync_finish: in a handler, or with a lock held");
	poll->cs_count = 0;
}

void
lwkt_cpusync_simple(cpumask_t mask, cpusync_func_t func, void *data)
{
	struct lwkt_cpusync poll = {
		.cs_fin1_func = func,
		.cs_data = data,
	};

	lwkt_cpusync_start(mask, &poll);
	lwkt_cpusync_finish(&poll);
}

void
lwkt_cpusync_fastdata(cpumask_t mask, cpusync_func2_t func, void *data)
{
	struct lwkt_cpusync poll = {
		.cs_fin2_func = func,
		.cs_data = data,
	};

	lwkt_cpusync_start(mask, &poll);
	lwkt_cpusync_finish(&poll);
}
