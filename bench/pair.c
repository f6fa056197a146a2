/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair.c: two threads, each on a core of its own, that run rounds against each
 * other.
 *
 * They are the first two CPUs of the threads port.  Between runs the second one
 * waits for the next order in the line below; nothing else of this file is
 * touched while rounds are run.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/resource.h>

#include "bench.h"
#include "host.h"

#define REALTIME_PRIORITY 20
#define REALTIME_LIMIT_US 30000000

static struct {
	/* Written by the first CPU. */
	uint32_t turn;
	const struct measure *measure;	/* NULL: it is over */
	uint64_t rounds;
	/* Written by the second. */
	uint32_t ready __attribute__((aligned(128)));
	uint32_t done;
	long switches;		/* times that this turn was preempted */
} order __attribute__((aligned(128)));

static cpu_set_t cores;
static bool realtime;

/* Times that the kernel took the core away from this thread. */
static long
switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

/*
 * True when nothing but the kernel itself can preempt this thread.  Two threads
 * that spin for ever at such a priority take the machine with them, so the
 * kernel is told to end them.
 */
static bool
become_realtime(void)
{
	struct sched_param param = { .sched_priority = REALTIME_PRIORITY };
	struct rlimit limit = { REALTIME_LIMIT_US, REALTIME_LIMIT_US };

	return realtime && setrlimit(RLIMIT_RTTIME, &limit) == 0 &&
	    sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}

static void
become_normal(void)
{
	struct sched_param param = { 0 };

	sched_setscheduler(0, SCHED_OTHER, &param);
}

/* The calling thread on the n-th of the cores that were ours at the start. */
static bool
pin(unsigned n)
{
	cpu_set_t one;

	for (int core = 0; core < CPU_SETSIZE; core++) {
		if (!CPU_ISSET(core, &cores) || n-- != 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(core, &one);
		return sched_setaffinity(0, sizeof(one), &one) == 0;
	}
	return false;
}

static void
wait_for(const uint32_t *word, uint32_t value)
{
	/* ends: the other thread comes to this turn */
	for (unsigned spins = 0; __atomic_load_n(word, __ATOMIC_ACQUIRE) !=
	    value; spins++)
		xcpu_port_relax(spins);
}

static void
second_main(void *unused)
{
	(void)unused;
	if (pin(1))
		become_realtime();
	for (uint32_t turn = 1;; turn++) {	/* ends: an order of NULL */
		long before;

		wait_for(&order.turn, turn);
		if (order.measure == NULL)
			break;
		before = switches();
		__atomic_store_n(&order.ready, turn, __ATOMIC_RELEASE);
		order.measure->second(order.rounds);
		order.switches = switches() - before;
		__atomic_store_n(&order.done, turn, __ATOMIC_RELEASE);
	}
	become_normal();
	__atomic_store_n(&order.done, order.turn, __ATOMIC_RELEASE);
}

static uint32_t
give(const struct measure *measure, uint64_t rounds)
{
	uint32_t turn = order.turn + 1;

	order.measure = measure;
	order.rounds = rounds;
	__atomic_store_n(&order.turn, turn, __ATOMIC_RELEASE);
	return turn;
}

static uint64_t
kicks(void)
{
	struct mach_counts counts;

	mach_counts(&counts);
	return counts.kicks_sent;
}

static uint64_t
rings(const struct measure *measure)
{
	return measure->rings != NULL ? measure->rings() : 0;
}

void
pair_run(const struct measure *measure, uint64_t rounds, struct run *run)
{
	uint64_t kicks_before = kicks();
	uint64_t rings_before = rings(measure);
	long before = switches();
	uint32_t turn = give(measure, rounds);
	uint64_t start;

	wait_for(&order.ready, turn);
	start = xcpu_port_now_ns();
	run->ns = measure->first(rounds) - start;
	wait_for(&order.done, turn);
	run->preempted = order.switches != 0 || switches() != before;
	run->kicks = kicks() - kicks_before;
	run->rings = rings(measure) - rings_before;
	run->exact = measure->seen == NULL || measure->seen() == rounds;
}

/* ---- a rest: who sleeps is not the one who spins for ever ---- */

#define REST_NS 1000000

static uint64_t
rest_first(uint64_t rounds)
{
	struct timespec time = { .tv_nsec = REST_NS };

	(void)rounds;
	nanosleep(&time, NULL);
	return xcpu_port_now_ns();
}

static void
rest_second(uint64_t rounds)
{
	(void)rest_first(rounds);
}

void
pair_rest(void)
{
	static const struct measure rest = {
		"rest", "rest", rest_first, rest_second, NULL, NULL
	};
	struct run run;

	pair_run(&rest, 1, &run);
}

bool
pair_realtime(void)
{
	return realtime;
}

const char *
pair_begin(bool want_realtime)
{
	struct host_config config = {
		.ncpu = 2,
		.hz = 1,	/* a tick is an interruption here */
		.memory_bytes = 1 << 20,
	};
	const char *why;

	if (sched_getaffinity(0, sizeof(cores), &cores) != 0 ||
	    CPU_COUNT(&cores) < 2)
		return "two cores are needed, and this process may use one";
	realtime = want_realtime;
	why = host_start(&config);
	if (why != NULL)
		return why;
	if (host_thread(1, second_main, NULL) != 0)
		return "the second thread takes no work";
	realtime = pin(0) && become_realtime();
	if ((why = rounds_begin()) == NULL && (why = messages_begin()) == NULL)
		why = kicks_begin();
	return why;
}

void
pair_end(void)
{
	uint32_t turn = give(NULL, 0);

	wait_for(&order.done, turn);
	become_normal();
	host_stop();
}
