/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.c: run a function on other CPUs, and wait.
 *
 * This file only asks, waits, and says what became of each target; flight.c
 * carries the requests.
 *
 * Deadlock: waiting is refused where the caller could not serve calls itself
 * (xcpui_may_wait()); everywhere else a waiter does.
 */
#include "flight.h"
#include "internal.h"

/* A WAIT_NOT_READY call follows a CPU that comes and goes this often. */
#define READY_TRIES 1000

struct plan {
	struct xcpu_cpu *self;
	struct xcpui_request request;
	uint64_t timeout_ns;
	uint64_t start_ns;
	enum xcpu_not_ready not_ready;
	unsigned flags;
	struct xcpu_call_result *result;
};

/* What is left of the deadline, as a wait takes it. */
static uint64_t
time_left(const struct plan *plan)
{
	return xcpui_time_left(plan->timeout_ns, plan->start_ns);
}

/* Deadline: sort the targets into done, cancelled and running. */
static void XCPUI_COLD
give_up(struct plan *plan, struct xcpui_flight *f, struct xcpui_wait *wait)
{
	struct xcpu_call_result *result = plan->result;
	struct xcpu_cpuset cancelled = f->targets;
	struct xcpu_cpuset running;

	if (f->line != NULL) {
		xcpui_flight_take_back(f, &cancelled);
		xcpui_flight_missing(wait, &running);
	} else {
		xcpui_carrier_cancel(f->self, f->slot, &cancelled, &running);
	}
	XCPUI_ADD(f->self, call_cancelled, xcpu_cpuset_count(&cancelled));
	xcpu_cpuset_andnot(&f->targets, &cancelled);
	xcpu_cpuset_or(&result->cancelled, &cancelled);
	if ((plan->flags & XCPU_CALL_SETTLE) != 0 &&
	    !xcpu_cpuset_empty(&running)) {
		wait->timeout_ns = 0;
		if (xcpui_wait(f->self, wait) == 0)
			return;
		xcpui_flight_missing(wait, &running);
	}
	xcpu_cpuset_andnot(&f->targets, &running);
	xcpu_cpuset_or(&result->running, &running);
}

/* They have answered; or somebody else has, for those who died. */
static int
look_for_dead(struct xcpui_flight *f, struct xcpu_cpuset *lost, int error)
{
	/* rlx: whoever answered for a dead CPU has released it */
	xcpui_obituary *obituary = (xcpui_obituary *)(uintptr_t)
	    xcpu_load_rlx(&f->self->domain->obituary);

	return obituary == NULL ? error : obituary(f, lost, error);
}

static int
await_flight(struct plan *plan, struct xcpui_flight *f)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_CALL,
		.timeout_ns = time_left(plan),
		.fn = plan->request.fn,
		.arg = plan->request.arg,
		.over = xcpui_flight_over,
		.missing = xcpui_flight_missing,
		.what = f,
		.cls = XCPU_LANE_CALL,
		.also = 0,
	};
	int error = 0;

	if (!xcpu_cpuset_empty(&f->targets))
		error = xcpui_wait(f->self, &wait);
	if (error != 0)
		give_up(plan, f, &wait);
	if (f->line == NULL)
		xcpui_carrier_release(f->self, f->slot);
	error = look_for_dead(f, &plan->result->running, error);
	xcpu_cpuset_or(&plan->result->done, &f->targets);
	return error;
}

static void
run_here(struct plan *plan)
{
	xcpui_run(plan->self, XCPU_LANE_CALL, plan->request.fn,
	    plan->request.arg, plan->self->index);
	xcpu_cpuset_add(&plan->result->done, plan->self->index);
}

static bool
is_single(const struct xcpu_cpuset *set)
{
	return xcpu_cpuset_next(set, xcpu_cpuset_first(set)) >= XCPU_NCPU_MAX;
}

/* Ask all of a set at once, and wait; *set comes back as those not ready. */
static int
call_once(struct plan *plan, struct xcpu_cpuset *set)
{
	struct xcpui_flight f;
	unsigned long state = xcpu_port_irq_save();
	bool own = xcpu_cpuset_has(set, plan->self->index);
	bool others;

	f.self = plan->self;
	f.line = NULL;
	f.bare = false;
	f.slot = -1;
	xcpu_cpuset_del(set, plan->self->index);
	others = !xcpu_cpuset_empty(set);
	if (others && !(is_single(set) && xcpui_flight_token(&f,
	    xcpu_cpuset_first(set), &plan->request))) {
		f.slot = xcpui_carrier_hold(plan->self, false);
		if (f.slot < 0) {
			xcpu_port_irq_restore(state);
			return -XCPU_EAGAIN;
		}
		xcpui_carrier_publish(plan->self, f.slot, set, &plan->request);
	}
	if (others) {
		struct xcpu_cpuset asked = *set;

		xcpui_flight_post(&f, &asked, set);
	}
	if (own)
		run_here(plan);
	xcpu_port_irq_restore(state);
	return others ? await_flight(plan, &f) : 0;
}

struct ready_wait {
	const struct xcpu_domain *domain;
	struct xcpu_cpuset set;
};

static bool
some_ready(struct xcpui_wait *wait)
{
	const struct ready_wait *r = (const struct ready_wait *)wait->what;

	for (unsigned cpu = xcpu_cpuset_first(&r->set); cpu < r->domain->ncpu;
	    cpu = xcpu_cpuset_next(&r->set, cpu))
		if (xcpui_lane_takes(xcpui_lane_look(r->domain, cpu)))
			return true;
	return false;
}

static void
ready_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	*set = ((const struct ready_wait *)wait->what)->set;
}

static int XCPUI_COLD
await_ready(struct plan *plan, const struct xcpu_cpuset *set)
{
	struct ready_wait ready = { .domain = plan->self->domain, .set = *set };
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_READY,
		.timeout_ns = time_left(plan),
		.fn = plan->request.fn,
		.arg = plan->request.arg,
		.over = some_ready,
		.missing = ready_missing,
		.what = &ready,
		.cls = 0,
		.also = 0,
	};

	return xcpui_wait(plan->self, &wait);
}

/* Ask a set, and those not ready again and again if that is the policy. */
static int
call_until_ready(struct plan *plan, struct xcpu_cpuset *set)
{
	int error = 0;

	for (unsigned tries = 0; tries < READY_TRIES; tries++) {
		error = call_once(plan, set);
		if (error != 0 || xcpu_cpuset_empty(set) ||
		    plan->not_ready != XCPU_WAIT_NOT_READY)
			break;
		error = await_ready(plan, set);
		if (error != 0)
			break;
	}
	if (error == -XCPU_EAGAIN)
		return error;
	xcpu_cpuset_or(&plan->result->not_ready, set);
	if (error == 0 && !xcpu_cpuset_empty(set) &&
	    plan->not_ready != XCPU_SKIP_NOT_READY)
		error = -XCPU_ENXIO;
	return error;
}

static int XCPUI_COLD
call_serially(struct plan *plan, const struct xcpu_cpuset *set)
{
	int error = 0;

	for (unsigned cpu = xcpu_cpuset_first(set);
	    cpu < plan->self->domain->ncpu && error == 0;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		struct xcpu_cpuset one;

		xcpu_cpuset_one(&one, cpu);
		error = call_until_ready(plan, &one);
	}
	return error;
}

/* A serial call that ended early: the rest will never run it. */
static void XCPUI_COLD
cancel_rest(struct plan *plan, const struct xcpu_cpuset *set)
{
	struct xcpu_cpuset rest = *set;

	xcpu_cpuset_andnot(&rest, &plan->result->done);
	xcpu_cpuset_andnot(&rest, &plan->result->running);
	xcpu_cpuset_andnot(&rest, &plan->result->not_ready);
	xcpu_cpuset_or(&plan->result->cancelled, &rest);
}

static void
clear_result(struct xcpu_call_result *result)
{
	xcpu_cpuset_zero(&result->done);
	xcpu_cpuset_zero(&result->cancelled);
	xcpu_cpuset_zero(&result->running);
	xcpu_cpuset_zero(&result->not_ready);
}

static int XCPUI_COLD
check_call(const struct xcpu_cpu *self, const struct xcpu_cpuset *set,
    xcpu_fn *fn, const struct xcpu_call_opt *opt)
{
	int error = xcpui_may_wait(self);

	if (error != 0)
		return error;
	if (fn == NULL || set == NULL ||
	    xcpu_cpuset_from(set, self->domain->ncpu) < XCPU_NCPU_MAX)
		return -XCPU_EINVAL;
	if (opt == NULL)
		return 0;
	if (opt->not_ready > XCPU_FAIL_NOT_READY ||
	    (opt->flags & ~(unsigned)(XCPU_CALL_SERIAL | XCPU_CALL_SETTLE)) != 0)
		return -XCPU_EINVAL;
	if (opt->timeout_ns != 0 && XCPU_PORT_LEVEL < 2)
		return -XCPU_ENOSYS;
	return 0;
}

int
xcpu_call_set(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    const struct xcpu_call_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_call_result unwanted;
	struct plan plan = { .self = self, .request = { fn, arg, NULL } };
	int error = check_call(self, set, fn, opt);
	struct xcpu_cpuset targets;

	if (error != 0)
		return error;
	plan.result = opt != NULL && opt->result != NULL ? opt->result :
	    &unwanted;
	clear_result(plan.result);
	if (opt != NULL) {
		plan.timeout_ns = opt->timeout_ns;
		plan.not_ready = opt->not_ready;
		plan.flags = opt->flags;
		plan.start_ns = opt->timeout_ns != 0 ? xcpui_now() : 0;
	}
	targets = *set;
	xcpui_call_predicate(opt, arg, &targets);
	if (plan.not_ready == XCPU_FAIL_NOT_READY && !xcpui_call_all_ready(
	    self->domain, &targets, &plan.result->not_ready))
		return -XCPU_ENXIO;
	XCPUI_COUNT(self, call);
	if ((plan.flags & XCPU_CALL_SERIAL) == 0)
		return call_until_ready(&plan, &targets);
	error = call_serially(&plan, &targets);
	if (error != 0)
		cancel_rest(&plan, &targets);
	return error;
}

/*
 * The short way: one other CPU, no options, its token line free.  -XCPU_EAGAIN:
 * the line is taken, nothing was done.
 */
static int
call_by_token(struct xcpu_cpu *self, unsigned cpu, xcpu_fn *fn, void *arg)
{
	struct xcpui_request request = { fn, arg, NULL };
	struct xcpui_flight f;
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_CALL,
		.timeout_ns = 0,
		.fn = fn,
		.arg = arg,
		.over = xcpui_flight_over,
		.missing = xcpui_flight_missing,
		.what = &f,
		.cls = XCPU_LANE_CALL,
		.also = 0,
	};
	unsigned long state = xcpu_port_irq_save();
	bool ready = false;

	f.self = self;
	f.line = NULL;
	f.bare = true;
	f.slot = (int)cpu;
	if (xcpui_flight_token(&f, cpu, &request)) {
		XCPUI_COUNT(self, call);
		ready = xcpui_post_one(self, cpu, XCPU_LANE_CALL, &f.polled);
	}
	xcpu_port_irq_restore(state);
	if (f.line == NULL)
		return -XCPU_EAGAIN;
	/* Not ready, but if it has taken the request it runs it. */
	if (!ready && xcpui_slot_withdraw(f.line, f.id,
	    1u << cpu % XCPU_LANES_PER_LINE) != 0)
		return -XCPU_ENXIO;
	/* Should the host give up, there is nothing that could be taken back. */
	return look_for_dead(&f, NULL, xcpui_wait(self, &wait));
}

/* Field by field: a structure's copy may become a call of memcpy. */
static void XCPUI_COLD
copy_options(struct xcpu_call_opt *copy, const struct xcpu_call_opt *opt)
{
	copy->timeout_ns = opt != NULL ? opt->timeout_ns : 0;
	copy->not_ready = opt != NULL ? opt->not_ready : XCPU_SKIP_NOT_READY;
	copy->flags = opt != NULL ? opt->flags : 0;
	copy->predicate = opt != NULL ? opt->predicate : NULL;
	copy->result = opt != NULL ? opt->result : NULL;
}

/* The long way, with options or to oneself. */
static int XCPUI_COLD
call_one(unsigned cpu, xcpu_fn *fn, void *arg, const struct xcpu_call_opt *opt)
{
	struct xcpu_call_opt copy;
	struct xcpu_call_result result;
	struct xcpu_cpuset set;
	int error;

	copy_options(&copy, opt);
	if (copy.result == NULL)
		copy.result = &result;
	xcpu_cpuset_one(&set, cpu);
	error = xcpu_call_set(&set, fn, arg, &copy);
	if (error == 0 && !xcpu_cpuset_empty(&copy.result->not_ready))
		return -XCPU_ENXIO;
	return error;
}

int
xcpu_call_one(unsigned cpu, xcpu_fn *fn, void *arg,
    const struct xcpu_call_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_wait(self);

	if (error != 0)
		return error;
	if (fn == NULL || cpu >= self->domain->ncpu)
		return -XCPU_EINVAL;
	if (opt == NULL && cpu != self->index) {
		error = call_by_token(self, cpu, fn, arg);
		if (error != -XCPU_EAGAIN)
			return error;
	}
	return call_one(cpu, fn, arg, opt);
}

static int XCPUI_COLD
call_online(bool own, xcpu_fn *fn, void *arg, const struct xcpu_call_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_wait(self);
	struct xcpu_cpuset set;

	if (error != 0)
		return error;
	xcpu_cpu_online_set(self->domain, &set);
	if (!own)
		xcpu_cpuset_del(&set, self->index);
	return xcpu_call_set(&set, fn, arg, opt);
}

int
xcpu_call_all(xcpu_fn *fn, void *arg, const struct xcpu_call_opt *opt)
{
	return call_online(true, fn, arg, opt);
}

int
xcpu_call_others(xcpu_fn *fn, void *arg, const struct xcpu_call_opt *opt)
{
	return call_online(false, fn, arg, opt);
}

int
xcpu_call_self(xcpu_fn *fn, void *arg)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);
	unsigned long state;

	if (error != 0)
		return error;
	if (fn == NULL)
		return -XCPU_EINVAL;
	state = xcpu_port_irq_save();
	xcpui_run(self, XCPU_LANE_CALL, fn, arg, self->index);
	xcpu_port_irq_restore(state);
	return 0;
}

static unsigned
nearest(const struct xcpu_cpu *self, const struct xcpu_cpuset *set)
{
	unsigned cpu;

	if (xcpu_cpuset_has(set, self->index))
		return self->index;
#if XCPU_PORT_NEAR
	cpu = xcpu_port_near(self->index, set);
	if (cpu < self->domain->ncpu && xcpu_cpuset_has(set, cpu))
		return cpu;
#endif
	cpu = xcpu_cpuset_next(set, self->index);
	return cpu < XCPU_NCPU_MAX ? cpu : xcpu_cpuset_first(set);
}

int XCPUI_COLD
xcpu_call_any(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    const struct xcpu_call_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = check_call(self, set, fn, opt);
	struct xcpu_call_opt copy;
	struct xcpu_cpuset left;

	if (error != 0)
		return error;
	copy_options(&copy, opt);
	copy.not_ready = XCPU_SKIP_NOT_READY;
	copy.predicate = NULL;
	left = *set;
	xcpui_call_predicate(opt, arg, &left);
	for (unsigned tries = 0; tries < self->domain->ncpu; tries++) {
		unsigned cpu = nearest(self, &left);

		if (cpu >= self->domain->ncpu)
			break;
		error = xcpu_call_one(cpu, fn, arg, &copy);
		if (error == 0)
			return (int)cpu;
		if (error != -XCPU_ENXIO)
			return error;
		xcpu_cpuset_del(&left, cpu);
	}
	return -XCPU_ENXIO;
}
