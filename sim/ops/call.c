/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.c: calls in all their forms, and who ran what.
 *
 * Each call has a ticket, in memory that is never used for another: so a
 * function that runs late, twice or on the wrong CPU is seen whenever it does.
 * The set, the options and the result that the library gets lie in the ticket,
 * too; what it does to them after the return is seen at the end.
 */
#include "ops.h"

#include <string.h>

#include <xcpu/port.h>

#define OBJECTS 3
#define PATIENCE_NS 10000000

struct ticket {
	struct ticket *next;
	unsigned number;
	unsigned caller;
	struct xcpu_cpuset asked;
	struct xcpu_cpuset set;
	struct xcpu_call_opt opt;
	struct xcpu_call_result result;
	/* Copies, made when the library had given them back. */
	struct xcpu_cpuset set_then;
	struct xcpu_call_opt opt_then;
	struct xcpu_call_result result_then;
	struct xcpu_cpuset started;	/* of a call that nobody waits for */
	bool closed;			/* the caller knows how it ended */
	struct xcpu_cpuset may_run;	/* and who may run it all the same */
	unsigned announced;		/* runs of the callback */
	bool trivial;			/* the function does nothing more */
	uint8_t began[XCPU_NCPU_MAX];
	uint8_t ended[XCPU_NCPU_MAX];
};

/* A call object, used again and again by its CPU. */
struct object {
	struct xcpu_call call;
	struct xcpu_call then;		/* as it was when it was done */
	struct ticket *ticket;		/* of the call in flight; NULL: none */
};

static struct ticket *tickets;
static unsigned ntickets;
static struct object object[XCPU_NCPU_MAX][OBJECTS];

void
ops_call_reset(void)
{
	tickets = NULL;
	ntickets = 0;
	memset(object, 0, sizeof(object));
}

static struct ticket *
ticket_new(void)
{
	struct ticket *t = sim_alloc(sizeof(*t));

	t->number = ++ntickets;
	t->caller = sim_cpu();
	t->opt.result = &t->result;
	t->trivial = sim_one_in(2);
	t->next = tickets;
	tickets = t;
	return t;
}

/* The function of every call. */
static void
run_ticket(void *arg)
{
	struct ticket *t = arg;
	unsigned cpu = sim_cpu();

	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		sim_fail(SIM_ORDER, "call %u runs on cpu %u with the doorbell "
		    "open", t->number, cpu);
	if (!xcpu_cpuset_has(&t->asked, cpu))
		sim_fail(SIM_ORDER, "call %u runs on cpu %u, which was not "
		    "asked", t->number, cpu);
	if (t->began[cpu]++ != 0)
		sim_fail(SIM_ORDER, "call %u runs twice on cpu %u", t->number,
		    cpu);
	if (t->closed && !xcpu_cpuset_has(&t->may_run, cpu))
		sim_fail(SIM_ORDER, "call %u runs on cpu %u after it was said "
		    "that it would not", t->number, cpu);
	sim_step();
	if (!t->trivial)
		ops_inside();
	t->ended[cpu] = 1;
	ops_return(SIM_BUG_OPEN_CALL);
}

static void
run_callback(void *arg)
{
	struct ticket *t = arg;

	if (t->announced++ != 0)
		sim_fail(SIM_ORDER, "call %u is announced twice", t->number);
	sim_step();
}

/* ---- judging ---- */

static void
judge_ended(const struct ticket *t, const struct xcpu_cpuset *set)
{
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (xcpu_cpuset_has(set, cpu) && !t->ended[cpu])
			sim_fail(SIM_EARLY, "call %u is done on cpu %u, where "
			    "the function has not ended", t->number, cpu);
}

static void
judge_untouched(const struct ticket *t, const struct xcpu_cpuset *set,
    const char *why)
{
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (xcpu_cpuset_has(set, cpu) && t->began[cpu])
			sim_fail(SIM_ORDER, "call %u is said to be %s on cpu "
			    "%u, where it ran", t->number, why, cpu);
}

/* Disjoint; and all that was asked, if `whole`. */
static void
judge_sum(const struct ticket *t, bool whole)
{
	const struct xcpu_call_result *r = &t->result;
	unsigned n = xcpu_cpuset_count(&r->done) +
	    xcpu_cpuset_count(&r->cancelled) + xcpu_cpuset_count(&r->running) +
	    xcpu_cpuset_count(&r->not_ready);
	struct xcpu_cpuset all = r->done;

	xcpu_cpuset_or(&all, &r->cancelled);
	xcpu_cpuset_or(&all, &r->running);
	xcpu_cpuset_or(&all, &r->not_ready);
	if (n != xcpu_cpuset_count(&all))
		sim_fail(SIM_ORDER, "call %u: a CPU is in two of the four "
		    "sets of the result", t->number);
	xcpu_cpuset_andnot(&all, &t->asked);
	if (!xcpu_cpuset_empty(&all))
		sim_fail(SIM_ORDER, "call %u: the result has a CPU that was "
		    "not asked", t->number);
	if (whole && n != xcpu_cpuset_count(&t->asked))
		sim_fail(SIM_ORDER, "call %u: the result tells of %u CPUs, "
		    "%u were asked", t->number, n,
		    xcpu_cpuset_count(&t->asked));
}

/* From here on the library has nothing to do with it, but what still runs. */
static void
ticket_close(struct ticket *t)
{
	t->closed = true;
	t->set_then = t->set;
	t->opt_then = t->opt;
	t->result_then = t->result;
}

static void
judge_result(struct ticket *t, bool whole)
{
	judge_sum(t, whole);
	judge_ended(t, &t->result.done);
	judge_untouched(t, &t->result.cancelled, "cancelled");
	judge_untouched(t, &t->result.not_ready, "not ready");
	t->may_run = t->result.running;
	ticket_close(t);
}

/* ---- one CPU, no options ---- */

static void
call_bare(struct ticket *t)
{
	unsigned cpu = sim_random(sim_ncpu());
	int error;

	xcpu_cpuset_one(&t->asked, cpu);
	error = xcpu_call_one(cpu, run_ticket, t, NULL);
	sim_op_end(error);
	if (error == 0)
		t->result.done = t->asked;
	else if (error == -XCPU_ETIMEDOUT || ops_died(error, cpu))
		t->result.running = t->asked;
	else if (error == -XCPU_ENXIO || error == -XCPU_EAGAIN)
		t->result.not_ready = t->asked;
	else
		sim_fail(SIM_ORDER, "call %u to cpu %u: error %d", t->number,
		    cpu, error);
	ops_allow_timeout(error, "a call without options");
	judge_result(t, true);
}

/* ---- all other forms ---- */

static bool
even_only(unsigned cpu, void *arg)
{
	(void)arg;
	return cpu % 2 == 0;
}

static int
call_form(struct ticket *t, bool *exact)
{
	unsigned cpu;
	int error;

	*exact = true;
	ops_random_set(&t->set);
	t->asked = t->set;
	switch (sim_random(8)) {
	case 0:
		cpu = xcpu_cpuset_first(&t->set);
		xcpu_cpuset_one(&t->asked, cpu);
		return xcpu_call_one(cpu, run_ticket, t, &t->opt);
	case 1:
		*exact = false;
		xcpu_cpuset_fill(&t->asked, sim_ncpu());
		return xcpu_call_all(run_ticket, t, &t->opt);
	case 2:
		*exact = false;
		xcpu_cpuset_fill(&t->asked, sim_ncpu());
		xcpu_cpuset_del(&t->asked, sim_cpu());
		return xcpu_call_others(run_ticket, t, &t->opt);
	case 3:
		*exact = false;
		t->opt.not_ready = XCPU_SKIP_NOT_READY;
		error = xcpu_call_any(&t->set, run_ticket, t, &t->opt);
		return error > 0 ? 0 : error;
	case 4:
		t->opt.flags |= XCPU_CALL_SERIAL;
		break;
	case 5:
		t->opt.predicate = even_only;
		for (cpu = 1; cpu < sim_ncpu(); cpu += 2)
			xcpu_cpuset_del(&t->asked, cpu);
		break;
	default:
		break;
	}
	return xcpu_call_set(&t->set, run_ticket, t, &t->opt);
}

static void
call_with_options(struct ticket *t)
{
	bool exact;
	int error = call_form(t, &exact);

	sim_op_end(error);
	if (error == -XCPU_EAGAIN && !exact)
		error = -XCPU_ENXIO;
	if (error == -XCPU_ETIMEDOUT && t->opt.timeout_ns == 0)
		ops_allow_timeout(error, "a call");
	else if (error != 0 && error != -XCPU_ETIMEDOUT &&
	    error != -XCPU_ENXIO && error != -XCPU_EAGAIN &&
	    !(error == -XCPU_ECANCELED && sim_any_dead()))
		sim_fail(SIM_ORDER, "call %u: error %d", t->number, error);
	/* Refused at first sight, it says only who was not ready. */
	judge_result(t, exact && (error == 0 || error == -XCPU_ETIMEDOUT));
}

void
ops_call(void)
{
	struct ticket *t = ticket_new();
	unsigned long state = 0;
	bool masked = sim_one_in(3);

	if (masked)
		state = sim_mask();
	sim_op_begin(SIM_OP_CALL);
	if (sim_one_in(2)) {
		call_bare(t);
	} else {
		t->opt.not_ready = sim_one_in(4) ? XCPU_FAIL_NOT_READY :
		    XCPU_SKIP_NOT_READY;
		call_with_options(t);
	}
	if (masked)
		sim_unmask(state);
}

void
ops_deadline(void)
{
	static const uint64_t limit_ns[] = { 1, 200, 2000, 20000, 200000,
		200000000 };
	struct ticket *t = ticket_new();
	unsigned long state = 0;
	bool masked = sim_one_in(3);

	t->opt.timeout_ns = limit_ns[sim_random(6)];
	t->opt.not_ready = (enum xcpu_not_ready)sim_random(3);
	if (sim_one_in(4))
		t->opt.flags = XCPU_CALL_SETTLE;
	if (masked)
		state = sim_mask();
	sim_op_begin(SIM_OP_DEADLINE);
	call_with_options(t);
	if (masked)
		sim_unmask(state);
}

/* ---- calls that nobody waits for ---- */

static void
judge_object(struct object *o)
{
	struct ticket *t = o->ticket;
	struct xcpu_cpuset living = t->started, rest = t->asked;

	/* For a CPU whose death was reported it counts as finished. */
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (sim_dead(cpu))
			xcpu_cpuset_del(&living, cpu);
	judge_ended(t, &living);
	xcpu_cpuset_andnot(&rest, &t->started);
	judge_untouched(t, &rest, "not ready");
	if (o->call.callback != NULL && t->announced != 1)
		sim_fail(SIM_EARLY, "call %u is done, and its end was "
		    "announced %u times", t->number, t->announced);
	xcpu_cpuset_zero(&t->may_run);
	ticket_close(t);
	o->then = o->call;
	o->ticket = NULL;
}

static void
start_object(struct object *o)
{
	struct ticket *t = ticket_new();
	int error;

	if (memcmp(&o->call, &o->then, sizeof(o->call)) != 0)
		sim_fail(SIM_EARLY, "an object was written after its call was "
		    "done, before call %u", t->number);
	ops_random_set(&t->set);
	t->asked = t->set;
	t->opt.result = NULL;
	t->opt.not_ready = sim_one_in(4) ? XCPU_FAIL_NOT_READY :
	    XCPU_SKIP_NOT_READY;
	o->call.callback = sim_one_in(2) ? run_callback : NULL;
	o->call.callback_arg = t;
	error = xcpu_call_start(&o->call, &t->set, run_ticket, t, &t->opt);
	sim_op_end(error);
	if (error == 0) {
		t->started = o->call.started;
		o->ticket = t;
		return;
	}
	o->then = o->call;
	ticket_close(t);
	if (error != -XCPU_EAGAIN && error != -XCPU_ENXIO)
		sim_fail(SIM_ORDER, "call %u is not started: error %d",
		    t->number, error);
}

/*
 * Start it again, with no targets: refused while it is in flight.  If that came
 * to its end just now, this one has, too.
 */
static void
start_again(struct object *o)
{
	struct xcpu_cpuset none;
	int error;

	xcpu_cpuset_zero(&none);
	error = xcpu_call_start(&o->call, &none, run_ticket, o->ticket, NULL);
	sim_op_end(error);
	if (error == 0)
		judge_object(o);
	else if (error != -XCPU_EBUSY && error != -XCPU_EAGAIN)
		sim_fail(SIM_ORDER, "a second start: error %d", error);
}

/* An object in flight: is it refused, is it waited for, is it left alone? */
static void
await_object(struct object *o)
{
	unsigned choice = sim_random(3);
	int error = 0;

	if (choice == 0 && o->call.callback == NULL) {
		start_again(o);
		return;
	}
	if (choice == 1)
		error = xcpu_call_wait(&o->call, 1 + sim_random(30000));
	sim_op_end(error);
	if (xcpu_call_done(&o->call))
		judge_object(o);
	else if (choice == 1 && error == 0)
		sim_fail(SIM_EARLY, "a wait is over, and its call is not");
}

void
ops_start(void)
{
	struct object *o = &object[sim_cpu()][sim_random(OBJECTS)];
	unsigned long state = 0;
	bool masked = sim_one_in(3);

	if (masked)
		state = sim_mask();
	sim_op_begin(SIM_OP_START);
	if (o->ticket == NULL)
		start_object(o);
	else if (xcpu_call_done(&o->call)) {
		sim_op_end(0);
		judge_object(o);
	} else
		await_object(o);
	if (masked)
		sim_unmask(state);
}

/* ---- the end ---- */

/* Somebody died while he ran it, and perhaps just where nobody can tell. */
static bool
may_stay_queued(const struct ticket *t)
{
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (sim_dead(cpu) && xcpu_cpuset_has(&t->started, cpu))
			return true;
	return false;
}

static int
await_end(struct object *o)
{
	int error;

	do	/* ends: the machine's limit, which is a hang */
		error = xcpu_call_wait(&o->call, sim_reports() ? PATIENCE_NS :
		    0);
	while (error == -XCPU_ETIMEDOUT && sim_reports() &&
	    !may_stay_queued(o->ticket));
	if (!sim_reports())
		ops_allow_timeout(error, "the wait for a started call");
	return error;
}

void
ops_call_settle(void)
{
	for (unsigned i = 0; i < OBJECTS; i++) {
		struct object *o = &object[sim_cpu()][i];
		int error;

		if (o->ticket == NULL)
			continue;
		sim_op_begin(SIM_OP_START);
		error = await_end(o);
		sim_op_end(error);
		if (error == 0)
			judge_object(o);
	}
}

static bool
caller_lost(const struct ticket *t)
{
	return sim_dead(t->caller);
}

void
ops_call_check(void)
{
	for (const struct ticket *t = tickets; t != NULL; t = t->next) {
		for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
			if (t->began[cpu] && !t->ended[cpu] && !sim_dead(cpu))
				sim_fail(SIM_ORDER, "call %u began on cpu %u "
				    "and never ended", t->number, cpu);
		if (!t->closed || caller_lost(t))
			continue;
		if (memcmp(&t->set, &t->set_then, sizeof(t->set)) != 0 ||
		    memcmp(&t->opt, &t->opt_then, sizeof(t->opt)) != 0 ||
		    memcmp(&t->result, &t->result_then,
		    sizeof(t->result)) != 0)
			sim_fail(SIM_ORDER, "call %u: the caller's memory was "
			    "written after the return", t->number);
	}
}
