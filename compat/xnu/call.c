/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.c: XNU's calls, broadcasts and rendezvous over those of xcpu.
 *
 * What is left to do: masks of 64 bits, functions of two arguments, and memory
 * for the calls that nobody waits for.  Each CPU has a few of these, which it
 * takes and starts with its doorbell masked, so that only it itself does; they
 * are its own again when the call says that it is done.
 *
 * Deadlock: xcpu's waits where the caller may wait; compat_be_patient() where
 * it may not.
 */
#include <stdbool.h>

#include <xcpu/call.h>
#include <xcpu/domain.h>
#include <xcpu/sync.h>

#include "../patience.h"
#include "mp_host.h"

/* A function of one argument or of two; neither: nothing to run. */
struct action {
	void (*one)(void *);
	void (*two)(void *, void *);
	void *arg0, *arg1;
};

static struct queued_call {
	struct xcpu_call call;
	struct action action;
} queued[XCPU_NCPU_MAX][MP_CALLS_QUEUED];

static void
run_action(void *arg)
{
	const struct action *action = (const struct action *)arg;

	if (action->two != NULL)
		action->two(action->arg0, action->arg1);
	else if (action->one != NULL)
		action->one(action->arg0);
}

/* ---- masks ---- */

static void
to_set(cpumask_t cpus, struct xcpu_cpuset *set)
{
	if (cpus == CPUMASK_ALL) {
		xcpu_cpuset_fill(set, real_ncpus);
		return;
	}
	xcpu_cpuset_zero(set);
	for (unsigned cpu = 0; cpu < real_ncpus && cpu < 64; cpu++)
		if ((cpus & cpu_to_cpumask(cpu)) != 0)
			xcpu_cpuset_add(set, cpu);
}

/* Those that have a bit. */
static cpumask_t
to_mask(const struct xcpu_cpuset *set)
{
	return set->w[0];
}

/* ---- waiting ---- */

static bool
take_self(struct xcpu_cpuset *set)
{
	unsigned self = xcpu_cpu_index();
	bool in = self < XCPU_NCPU_MAX && xcpu_cpuset_has(set, self);

	if (in)
		xcpu_cpuset_del(set, self);
	return in;
}

struct xcpu_cpuset
mp_call_patiently(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    const char *text)
{
	struct compat_patience patience = { 0 };
	struct xcpu_call call = { .callback = NULL };
	struct xcpu_cpuset others = *set;
	bool own = take_self(&others);
	int error;

	/* ends: a call of this CPU's is over, or patience is */
	while ((error = xcpu_call_start(&call, &others, fn, arg, NULL)) ==
	    -XCPU_EAGAIN)
		compat_be_patient(&patience, text);
	mp_must(error, text);
	if (own)
		mp_must(xcpu_call_self(fn, arg), text);
	/* ends: all have run it, or patience is over */
	while (!xcpu_call_done(&call))
		compat_be_patient(&patience, text);
	others = call.started;
	if (own)
		xcpu_cpuset_add(&others, xcpu_cpu_index());
	return others;
}

static const char no_answer[] = "mp_cpus_call: no answer";

/* One after the other where xcpu would not wait. */
static struct xcpu_cpuset
call_serially(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg)
{
	struct xcpu_cpuset ran, one;

	xcpu_cpuset_zero(&ran);
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < real_ncpus;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		xcpu_cpuset_one(&one, cpu);
		one = mp_call_patiently(&one, fn, arg, no_answer);
		xcpu_cpuset_or(&ran, &one);
	}
	return ran;
}

static struct xcpu_cpuset
call_and_wait(const struct xcpu_cpuset *set, mp_sync_t mode, xcpu_fn *fn,
    void *arg)
{
	struct xcpu_call_result result;
	struct xcpu_call_opt opt = {
		.flags = mode == SYNC ? XCPU_CALL_SERIAL : 0,
		.result = &result,
	};
	int error = xcpu_call_set(set, fn, arg, &opt);

	if (error == -XCPU_EDEADLK || error == -XCPU_EAGAIN)
		return mode == SYNC ? call_serially(set, fn, arg) :
		    mp_call_patiently(set, fn, arg, no_answer);
	/* Of one that died nobody knows, and nothing runs there any more. */
	if (error != -XCPU_ECANCELED)
		mp_must(error, no_answer);
	return result.done;
}

/* ---- not waiting ---- */

/* False: all that this CPU has are under way.  *started: who will run it. */
static bool
start_queued(const struct xcpu_cpuset *set, const struct action *action,
    struct xcpu_cpuset *started)
{
	unsigned long state = xcpu_port_irq_save();
	bool done = false;

	xcpu_cpuset_zero(started);
	for (unsigned i = 0; i < MP_CALLS_QUEUED && !done; i++) {
		struct queued_call *q = &queued[xcpu_cpu_index()][i];

		if (!xcpu_call_done(&q->call))
			continue;
		q->action = *action;
		done = xcpu_call_start(&q->call, set, run_action, &q->action,
		    NULL) == 0;
		if (done)
			*started = q->call.started;
	}
	xcpu_port_irq_restore(state);
	return done;
}

static struct xcpu_cpuset
call_and_go(const struct xcpu_cpuset *set, const struct action *action)
{
	struct xcpu_cpuset others = *set, ran;
	bool own = take_self(&others);

	/* No room: then it is over when we return, which is no later. */
	if (!start_queued(&others, action, &ran))
		ran = call_and_wait(&others, ASYNC, run_action,
		    (void *)(uintptr_t)action);
	if (own) {
		mp_must(xcpu_call_self(run_action, (void *)(uintptr_t)action),
		    no_answer);
		xcpu_cpuset_add(&ran, xcpu_cpu_index());
	}
	return ran;
}

/* ---- the interface ---- */

cpu_t
mp_cpus_call(cpumask_t cpus, mp_sync_t mode, void (*action_func)(void *),
    void *arg)
{
	struct action action = { .one = action_func, .arg0 = arg };
	struct xcpu_cpuset set, ran;

	to_set(cpus, &set);
	if (mode == NOSYNC)
		ran = call_and_go(&set, &action);
	else if (action_func != NULL)	/* reports name the function itself */
		ran = call_and_wait(&set, mode, action_func, arg);
	else
		ran = call_and_wait(&set, mode, run_action, &action);
	return (cpu_t)xcpu_cpuset_count(&ran);
}

cpu_t
mp_cpus_call1(cpumask_t cpus, mp_sync_t mode,
    void (*action_func)(void *, void *), void *arg0, void *arg1,
    cpumask_t *called, cpumask_t *notcalled)
{
	struct action action = {
		.two = action_func, .arg0 = arg0, .arg1 = arg1
	};
	struct xcpu_cpuset set, ran;

	to_set(cpus, &set);
	if (mode == NOSYNC)
		ran = call_and_go(&set, &action);
	else
		ran = call_and_wait(&set, mode, run_action, &action);
	if (called != NULL)
		*called = to_mask(&ran);
	if (notcalled != NULL)
		*notcalled = cpus & ~to_mask(&ran);
	return (cpu_t)xcpu_cpuset_count(&ran);
}

void
mp_broadcast(void (*action_func)(void *), void *arg)
{
	(void)mp_cpus_call(CPUMASK_ALL, ASYNC, action_func, arg);
}

void
mp_rendezvous(void (*setup_func)(void *), void (*action_func)(void *),
    void (*teardown_func)(void *), void *arg)
{
	struct xcpu_sync_stages stages = {
		setup_func, action_func, teardown_func, arg
	};
	struct xcpu_cpuset set;

	xcpu_cpuset_fill(&set, real_ncpus);
	mp_must(xcpu_sync_rendezvous(&set, &stages, NULL), "mp_rendezvous: "
	    "inside another, in a handler, with a lock held, or no answer");
}

/* Every part of a rendezvous is run masked, the own one too. */
void
mp_rendezvous_no_intrs(void (*action_func)(void *), void *arg)
{
	mp_rendezvous(NULL, action_func, NULL, arg);
}
