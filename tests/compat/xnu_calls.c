/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xnu_calls.c: mp_cpus_call and its relatives, rendezvous, broadcast.
 */
#include <string.h>

#include "xnu_test.h"

#define CPUS (host.ncpu < TEST_CPUS ? host.ncpu : TEST_CPUS)

static struct {
	uint32_t inside;
	uint32_t next;		/* CPU whose turn it is */
	uint32_t wrong;
	uint32_t runs[TEST_CPUS];
	uint32_t stage[3];
} calls;

static void
note_run(void *arg)
{
	(void)arg;
	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		count(&calls.wrong);
	if (cpu_number() < TEST_CPUS)
		count(&calls.runs[cpu_number()]);
}

static bool
ran_once_each(unsigned but)
{
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		if (seen(&calls.runs[cpu]) != (cpu != but))
			return false;
	return seen(&calls.wrong) == 0;
}

#define NOBODY TEST_CPUS

/* ---- waiting ---- */

static void
meet_all(void *arg)
{
	note_run(arg);
	count(&calls.inside);
	AWAIT(seen(&calls.inside) == host.ncpu);
}

void
test_calls_parallel(void)
{
	memset(&calls, 0, sizeof(calls));
	CHECK(mp_cpus_call(CPUMASK_ALL, ASYNC, meet_all, NULL) == host.ncpu);
	CHECK(ran_once_each(NOBODY));
	CHECK(mp_cpus_call(CPUMASK_ALL, ASYNC, NULL, NULL) == host.ncpu);
	CHECK(mp_cpus_call(0, ASYNC, note_run, NULL) == 0);
}

static void
be_next(void *arg)
{
	note_run(arg);
	if (seen(&calls.next) != (uint32_t)cpu_number())
		count(&calls.wrong);
	count(&calls.inside);
	if (seen(&calls.inside) != 1)
		count(&calls.wrong);
	say(&calls.inside, 0);
	count(&calls.next);
}

void
test_calls_in_turn(void)
{
	memset(&calls, 0, sizeof(calls));
	CHECK(mp_cpus_call(CPUMASK_ALL, SYNC, be_next, NULL) == host.ncpu);
	CHECK(seen(&calls.next) == host.ncpu && ran_once_each(NOBODY));
}

/* ---- not waiting ---- */

void
test_calls_queued(void)
{
	struct held_cpu held;

	memset(&calls, 0, sizeof(calls));
	hold(&held, 1);
	CHECK(mp_cpus_call(CPUMASK_ALL, NOSYNC, note_run, NULL) == host.ncpu);
	/* Here at once, there when it looks. */
	CHECK(seen(&calls.runs[0]) == 1 && seen(&calls.runs[1]) == 0);
	let_go(&held);
	AWAIT(ran_once_each(NOBODY));
}

static void
add_two(void *arg0, void *arg1)
{
	note_run(NULL);
	__atomic_fetch_add((uint32_t *)arg0, (uint32_t)(uintptr_t)arg1,
	    __ATOMIC_ACQ_REL);
}

/* Twice as many as fit; each carries arguments of its own. */
void
test_calls_overflow(void)
{
	static uint32_t sums[2 * MP_CALLS_QUEUED];
	cpumask_t one = cpu_to_cpumask(1);

	memset(&calls, 0, sizeof(calls));
	memset(sums, 0, sizeof(sums));
	for (struct stint s = { .least = 10 }; stint_on(&s);) {
		for (unsigned i = 0; i < 2 * MP_CALLS_QUEUED; i++)
			CHECK(mp_cpus_call1(one, NOSYNC, add_two, &sums[i],
			    (void *)(uintptr_t)(i + 1), NULL, NULL) == 1);
		for (unsigned i = 0; i < 2 * MP_CALLS_QUEUED; i++)
			AWAIT(seen(&sums[i]) == s.turn * (i + 1));
	}
	CHECK(seen(&calls.wrong) == 0);
}

void
test_calls_masks(void)
{
	struct held_cpu away = { .cpu = CPUS - 1 };
	cpumask_t gone = cpu_to_cpumask((cpu_t)away.cpu);
	cpumask_t called, notcalled, none = cpu_to_cpumask(63);
	uint32_t sum = 0;

	memset(&calls, 0, sizeof(calls));
	compat_start(away.cpu, stay_away, &away);
	AWAIT(seen(&away.masked));
	for (unsigned mode = SYNC; mode <= NOSYNC; mode++) {
		uint32_t before = seen(&sum);

		CHECK(mp_cpus_call1(CPUMASK_SELF | gone | none,
		    (mp_sync_t)mode, add_two, &sum, (void *)(uintptr_t)5,
		    &called, &notcalled) == 1);
		CHECK(called == CPUMASK_SELF && notcalled == (gone | none));
		CHECK(seen(&sum) == before + 5);
	}
	let_go(&away);
	CHECK(seen(&sum) == 15);
	CHECK(mp_cpus_call1(gone, SYNC, add_two, &sum, (void *)(uintptr_t)5,
	    &called, &notcalled) == 1);
	CHECK(called == gone && notcalled == 0 && seen(&sum) == 20);
	CHECK(cpu_to_cpumask(40) == UINT64_C(1) << 40);
	CHECK(cpu_to_cpumask(64) == 0);
}

/* ---- where xcpu would rather not wait ---- */

static uint32_t handled[4];

static void
count_it(void *counter)
{
	count(counter);
}

/* Of CPU 1, while CPU 0 has its doorbell open. */
static void
call_from_handler(mp_event_t event)
{
	cpumask_t both = cpu_to_cpumask(0) | cpu_to_cpumask(1);

	if (event != MP_UNIDLE || cpu_number() != 1)
		return;
	CHECK(mp_cpus_call(both, ASYNC, count_it, &handled[0]) == 2);
	CHECK(mp_cpus_call(both, SYNC, count_it, &handled[1]) == 2);
	CHECK(seen(&handled[0]) == 2 && seen(&handled[1]) == 2);
	for (unsigned i = 0; i < 2 * MP_CALLS_QUEUED; i++)
		CHECK(mp_cpus_call(both, NOSYNC, count_it, &handled[2]) == 2);
	i386_signal_cpu(0, MP_IDLE, SYNC);
	CHECK(seen(&seen_signals.runs[MP_IDLE][0]) == 1);
	say(&handled[3], 1);
}

void
test_calls_in_handler(void)
{
	memset(handled, 0, sizeof(handled));
	clear_signals();
	seen_signals.hook = call_from_handler;
	i386_signal_cpu(1, MP_UNIDLE, ASYNC);
	AWAIT(seen(&handled[3]));
	AWAIT(seen(&handled[2]) == 4 * MP_CALLS_QUEUED);
	AWAIT(seen(&seen_signals.runs[MP_UNIDLE][1]) == 1);
	clear_signals();
}

/* ---- everybody ---- */

static void
setup(void *arg)
{
	(void)arg;
	count(&calls.stage[0]);
}

static void
act(void *arg)
{
	note_run(arg);
	if (seen(&calls.stage[0]) != host.ncpu)
		count(&calls.wrong);
	count(&calls.stage[1]);
}

static void
teardown(void *arg)
{
	(void)arg;
	if (seen(&calls.stage[1]) != host.ncpu)
		count(&calls.wrong);
	count(&calls.stage[2]);
}

void
test_rendezvous(void)
{
	for (struct stint s = { .least = 5 }; stint_on(&s);) {
		memset(&calls, 0, sizeof(calls));
		mp_rendezvous(setup, act, teardown, NULL);
		CHECK(seen(&calls.stage[2]) == host.ncpu);
		CHECK(ran_once_each(NOBODY));
	}
	mp_rendezvous(NULL, NULL, NULL, NULL);
}

void
test_no_intrs(void)
{
	memset(&calls, 0, sizeof(calls));
	mp_rendezvous_no_intrs(note_run, NULL);
	CHECK(ran_once_each(NOBODY));
	CHECK((xcpu_port_context() & XCPU_CTX_MASKED) == 0);
}

void
test_broadcast(void)
{
	memset(&calls, 0, sizeof(calls));
	mp_broadcast(note_run, NULL);
	CHECK(ran_once_each(NOBODY));
}
