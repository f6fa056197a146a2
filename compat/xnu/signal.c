/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal.c: XNU's signals over events.
 *
 * Actors: CPUs that signal; the CPU signalled.
 *
 * Shared, per CPU and event: `asked`, counted up by those who signal; `served`,
 * written by that CPU: how far it was counted as its last handler began.
 *
 * I1  A handler that begins with `asked` = n comes after all that was written
 *     before the first n were asked.  So a signal is served when `served` has
 *     reached its number, and whoever finds the two equal has nothing to do.
 *
 * Life of a signal: count; ASYNC: post the event, whose handler takes what was
 * asked; SYNC: call the very function, and wait for its end.  Whichever comes
 * first serves both.  A number that was counted for a CPU that was not running
 * stays; the next signal of its kind serves it, too, and nothing else does.
 *
 * Deadlock: xcpu's waits where the caller may wait; compat_be_patient() where
 * it may not.
 */
#include <xcpu/call.h>
#include <xcpu/domain.h>

#include <i386/pmap.h>

#include "mp_host.h"

/* Written by all, and by the CPU itself. */
struct mp_signal {
	struct xcpu_au64 asked;
	struct xcpu_au64 served;
};

static struct {
	struct mp_signal event[MP_LAST];
} __attribute__((aligned(XCPU_LINE_BYTES))) signals[XCPU_NCPU_MAX];

struct mp_host mp_host;
unsigned int real_ncpus;
static int event_id[MP_LAST];

/* ---- the CPU signalled ---- */

static void
take(void *arg)
{
	mp_event_t event = (mp_event_t)(uintptr_t)arg;
	struct mp_signal *signal = &signals[cpu_number()].event[event];
	/*
	 * [Z1] acquire: the number before what was written for it.  Pairs with
	 * [Z1] in ask().
	 */
	uint64_t asked = xcpu_load_acq(&signal->asked);

	/* rlx: own word, both */
	if (asked == xcpu_load_rlx(&signal->served))
		return;
	if (event == MP_TLB_FLUSH)
		pmap_update_interrupt();
	if (mp_host.handler[event] != NULL)
		mp_host.handler[event]();
	/* A handler that let itself be entered again has served more. */
	if (asked > xcpu_load_rlx(&signal->served)) /* rlx: own word */
		xcpu_store_rlx(&signal->served, asked); /* rlx: as above */
}

void
mp_attach(const struct mp_host *host)
{
	mp_host = *host;
	if (mp_host.sync_timeout_ns == 0)
		mp_host.sync_timeout_ns = MP_SYNC_TIMEOUT_NS;
	real_ncpus = mp_host.ncpus;
	for (unsigned event = 0; event < MP_LAST; event++) {
		event_id[event] = xcpu_event_register(take,
		    (void *)(uintptr_t)event);
		if (event_id[event] < 0)
			mp_must(event_id[event], "");
	}
	pmap_attach_kernel();
}

/* ---- signalling ---- */

/* From here on they may be served. */
static void
ask(const struct xcpu_cpuset *set, mp_event_t event)
{
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < real_ncpus;
	    cpu = xcpu_cpuset_next(set, cpu))
		/*
		 * [Z1] release: what the caller wrote before the number.  Pairs
		 * with [Z1] in take().
		 */
		xcpu_fetch_add_rel(&signals[cpu].event[event].asked, 1);
}

static uint64_t
timeout(void)
{
	boolean_t suspended = mp_host.timeout_suspended != NULL &&
	    mp_host.timeout_suspended();

	return XCPU_PORT_LEVEL < 2 || suspended ? 0 : mp_host.sync_timeout_ns;
}

/* Each CPU of the set takes the event before this returns, if it runs. */
static void
take_there(struct xcpu_cpuset *set, mp_event_t event)
{
	void *arg = (void *)(uintptr_t)event;
	struct xcpu_call_result result;
	int error;

	do {
		struct xcpu_call_opt opt = {
			.timeout_ns = timeout(),
			.result = &result,
		};

		error = xcpu_call_set(set, take, arg, &opt);
		if (error == -XCPU_EDEADLK || error == -XCPU_EAGAIN) {
			mp_call_patiently(set, take, arg, "i386_signal_cpu: in "
			    "a handler, or with a lock held, and no answer");
			return;
		}
		if (error == -XCPU_ETIMEDOUT) {
			*set = result.cancelled;
			xcpu_cpuset_or(set, &result.running);
			mp_log("i386_signal_cpu: no answer yet",
			    (int)xcpu_cpuset_first(set));
		}
	} while (error == -XCPU_ETIMEDOUT);	/* ends: it answers, or dies */
	/* One that died is running nowhere else. */
	if (error != -XCPU_ECANCELED)
		mp_must(error, "");
	if (!xcpu_cpuset_empty(&result.not_ready))
		mp_log("i386_signal_cpu: not running",
		    (int)xcpu_cpuset_first(&result.not_ready));
}

static void
signal_set(struct xcpu_cpuset *set, mp_event_t event, mp_sync_t mode)
{
	int first = (int)xcpu_cpuset_first(set);

	if (event == MP_TLB_FLUSH)
		mp_trace(TRACE_MP_TLB_FLUSH | DBG_FUNC_START, first);
	ask(set, event);
	if (mode == SYNC)
		take_there(set, event);
	else
		xcpu_event_post_set(event_id[event], set);
	if (event == MP_TLB_FLUSH)
		mp_trace(TRACE_MP_TLB_FLUSH | DBG_FUNC_END, first);
}

void
i386_signal_cpu(int cpu, mp_event_t event, mp_sync_t mode)
{
	struct xcpu_cpuset set;

	if (cpu < 0 || (unsigned)cpu >= real_ncpus || event >= MP_LAST) {
		mp_log("i386_signal_cpu: no such CPU, or event", cpu);
		return;
	}
	xcpu_cpuset_one(&set, (unsigned)cpu);
	signal_set(&set, event, mode);
}

void
i386_signal_cpus(mp_event_t event, mp_sync_t mode)
{
	struct xcpu_cpuset set;

	xcpu_cpu_online_set(mp_host.domain, &set);
	xcpu_cpuset_del(&set, (unsigned)cpu_number());
	if (event < MP_LAST && !xcpu_cpuset_empty(&set))
		signal_set(&set, event, mode);
}

int
i386_active_cpus(void)
{
	struct xcpu_cpuset set;

	xcpu_cpu_online_set(mp_host.domain, &set);
	return (int)xcpu_cpuset_count(&set);
}

/* ---- by hand ---- */

/* A picture, for a line of the log. */
static boolean_t
is_pending(unsigned cpu, mp_event_t event)
{
	const struct mp_signal *signal = &signals[cpu].event[event];

	/* rlx: both */
	return xcpu_load_rlx(&signal->served) != xcpu_load_rlx(&signal->asked);
}

void
i386_cpu_IPI(int cpu)
{
	if (cpu < 0 || (unsigned)cpu >= real_ncpus)
		return;
	if (is_pending((unsigned)cpu, MP_KDP) ||
	    is_pending((unsigned)cpu, MP_KDB))
		mp_log("i386_cpu_IPI: a debugger waits for it", cpu);
	(void)xcpu_resched((unsigned)cpu);
}

void
mp_cpus_kick(cpumask_t cpus)
{
	for (unsigned cpu = 0; cpu < real_ncpus && cpu < 64; cpu++)
		if ((cpus & cpu_to_cpumask(cpu)) != 0)
			(void)xcpu_resched(cpu);
}
