/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * async.c: shootdowns that nobody waits for.
 *
 * Actors: the owner of a request; the CPUs that may hold old translations, who
 * serve FLUSH (flush.c), or come by xcpu_async_pass(); switchers (space.c).
 *
 * Shared: nothing of its own.  A request counts generations as a shootdown does,
 * and takes one round of the domain for all of them; a CPU that has `passed` the
 * round has caught up with all that it had loaded (flush.c, I3).  The request
 * itself is its owner's; with a callback, the last CPU's until the call is done.
 *
 * I1  left: every CPU that may hold a translation older than what was added, but
 *     for the range that is not counted yet.  It only shrinks, once closed: who
 *     loads a space after its generation was counted reads the new entries.
 * I2  A CPU leaves it when it has passed the round; when it is no longer online,
 *     for it forgets all before it is again; or when its lane was LAZY as we left
 *     the FLUSH bit there: whoever leaves LAZY with that bit catches up first.
 * I3  The round is taken after the last generation was counted, with a full
 *     fence between: who reads it catches up with all of them.
 *
 * Life of a request: a range that is no neighbour of the last closes that: count,
 * remember, full fence, read the set; start or defer: close the last one, flush
 * here, take a round; start: post to whoever is left; then look at the words that
 * say what each has passed.  With a callback a call takes the place of the post:
 * its function passes, and the last to run it announces the end.
 *
 * Deadlock: as a shootdown; nothing else is waited for.  The end of the call
 * waits for CPUs that were leaving when they were asked, and took the flush, but
 * not the call; they serve FLUSH where they wait.
 *
 * Protocol P9 of the proofs in DESIGN.md ("deferred"); the round takes the place
 * of the word {space, generation} there.
 */
#include <xcpu/async.h>

#include "collect.h"
#include "internal.h"
#include "shootdown.h"

/* Open and empty again: private until it is started anew. */
static void
job_reset(struct xcpu_async *job)
{
	job->state = XCPU_ASYNC_OPEN;
	job->reach_lazy = job->counted = false;
	job->range.space = job->notify.space = NULL;
	xcpu_cpuset_zero(&job->left);
}

void XCPUI_COLD
xcpui_async_init(struct xcpu_async *job)
{
	job->callback = NULL;
	xcpu_store_rlx(&job->call.state, XCPU_CALL_IDLE); /* rlx: private */
	job_reset(job);
}

#if XCPU_PORT_LEVEL >= 3

/* ---- what is left ---- */

static bool
has_passed(const struct xcpu_domain *domain, const struct xcpu_async *job,
    unsigned cpu)
{
	/*
	 * [F2] acquire: the target's flush, and its accesses before.  Pairs
	 * with [F2] in pass_round().
	 * [G4] acquire: or its last one, before it left.  Pairs with [G4] in
	 * xcpu_cpu_offline().
	 */
	return xcpu_load_acq(&domain->cpus[cpu].flush.passed) >= job->round ||
	    (xcpu_load_acq(&domain->online[cpu / 64]) &	/* [G4] as above */
	    xcpu_cpu_bit(cpu)) == 0;
}

static bool
all_passed(const struct xcpu_cpu *self, struct xcpu_async *job)
{
	const struct xcpu_domain *domain = self->domain;

	for (unsigned cpu = xcpu_cpuset_first(&job->left); cpu < domain->ncpu;
	    cpu = xcpu_cpuset_next(&job->left, cpu))
		if (has_passed(domain, job, cpu))
			xcpu_cpuset_del(&job->left, cpu);
	return xcpu_cpuset_empty(&job->left);
}

static bool
job_over(struct xcpui_wait *wait)
{
	return all_passed(xcpu_port_self(), (struct xcpu_async *)wait->what);
}

static void XCPUI_COLD
job_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	*set = ((const struct xcpu_async *)wait->what)->left;
}

static int
wait_for_left(struct xcpu_cpu *self, struct xcpu_async *job)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_FLUSH,
		.timeout_ns = 0,
		.fn = NULL,
		.arg = NULL,
		.over = job_over,
		.missing = job_missing,
		.what = job,
		.cls = XCPU_LANE_FLUSH,
		.also = 0,
	};

	return all_passed(self, job) ? 0 : xcpui_wait(self, &wait);
}

static void
pass_here(struct xcpu_cpu *self)
{
	unsigned long state = xcpu_port_irq_save();

	/* rlx: a hint, both loads; serving reads the round again */
	if (xcpu_load_rlx(&self->domain->flush_round) !=
	    xcpu_load_rlx(&self->flush.passed)) /* rlx: own word */
		xcpui_flush_serve(self, true);
	xcpu_port_irq_restore(state);
}

/* Ask the CPUs of a set, all of them left, to flush. */
static void
post_flush(struct xcpu_cpu *self, struct xcpu_async *job,
    const struct xcpu_cpuset *set, bool reach_lazy)
{
	struct xcpu_cpuset others = *set;
	struct xcpui_post post;

	/* The owner may have come to one of them meanwhile. */
	if (xcpu_cpuset_has(&others, self->index)) {
		xcpui_flush_serve(self, true);
		xcpu_cpuset_del(&others, self->index);
		xcpu_cpuset_del(&job->left, self->index);
	}
	xcpui_post_begin(self, &post, XCPU_LANE_FLUSH);
	post.reach_lazy = reach_lazy;
	xcpui_post_set(self, &post, &others);
	xcpui_post_kick(self, &post);
	/* Off, or lazy and passed over. */
	xcpu_cpuset_andnot(&job->left, &post.refused);
}

static void
ask_left(struct xcpu_cpu *self, struct xcpu_async *job)
{
	unsigned long state = xcpu_port_irq_save();

	/* Who came by meanwhile is not kicked. */
	if (!all_passed(self, job))
		post_flush(self, job, &job->left, job->reach_lazy);
	job->state = XCPU_ASYNC_ASKED;
	xcpu_port_irq_restore(state);
}

/* Whoever has not come by in time: isolated CPUs, and those with much to do. */
static void
ask_late(struct xcpu_cpu *self, struct xcpu_async *job)
{
	unsigned long state = xcpu_port_irq_save();

	XCPUI_ADD(self, late_asked, xcpu_cpuset_count(&job->left));
	ask_left(self, job);
	xcpu_port_irq_restore(state);
}

/*
 * Leave the bit with those who are lazy.  One that no longer is when it gets
 * the bit is kicked, as the bit demands.
 */
static void
pass_lazy_over(struct xcpu_cpu *self, struct xcpu_async *job)
{
	const struct xcpu_domain *domain = self->domain;
	struct xcpu_cpuset lazy;
	unsigned long state;

	if (job->reach_lazy)
		return;
	xcpu_cpuset_zero(&lazy);
	for (unsigned cpu = xcpu_cpuset_first(&job->left); cpu < domain->ncpu;
	    cpu = xcpu_cpuset_next(&job->left, cpu))
		if ((xcpui_lane_look(domain, cpu) & XCPU_LANE_STATE) ==
		    XCPU_LANE_LAZY)
			xcpu_cpuset_add(&lazy, cpu);
	if (xcpu_cpuset_empty(&lazy))
		return;
	state = xcpu_port_irq_save();
	post_flush(self, job, &lazy, false);
	xcpu_port_irq_restore(state);
}

/* ---- beginning and end ---- */

static bool
is_empty(const struct xcpu_async *job)
{
	return job->state == XCPU_ASYNC_OPEN && !job->counted &&
	    job->range.space == NULL;
}

/* What is promised holds from here on. */
static void
job_end(struct xcpu_async *job)
{
	xcpu_fn *callback = job->callback;
	void *arg = job->callback_arg;

	if (job->notify.space != NULL)
		xcpui_notify(&job->notify);
	job_reset(job);
	if (callback != NULL)
		callback(arg);
}

/* No more changes: flush here, and say what the others must pass. */
static int
close_job(struct xcpu_cpu *self, struct xcpu_async *job)
{
	int error = xcpui_collect_close(self, job);
	unsigned long state;

	if (error != 0)
		return error;
	state = xcpu_port_irq_save();
	XCPUI_COUNT(self, shootdown);
	xcpui_flush_catch_up(self);
	xcpu_cpuset_del(&job->left, self->index);
	if (xcpu_cpuset_empty(&job->left))
		XCPUI_COUNT(self, shootdown_alone);
	else
		/* rlx: the fence in xcpui_collect_close() stands before it */
		job->round = xcpu_fetch_add_rlx(&self->domain->flush_round, 1) +
		    1;
	job->state = XCPU_ASYNC_DEFERRED;
	xcpu_port_irq_restore(state);
	return 0;
}

/* ---- the end of a call ---- */

static void
call_pass(void *arg)
{
	(void)arg;
	pass_here(xcpu_port_self());
}

/*
 * On the last CPU of the call.  Who is left was leaving and took no call: it is
 * asked for its flush instead, which it serves to the end.
 */
static void
call_end(void *arg)
{
	struct xcpu_async *job = arg;

	ask_left(xcpu_port_self(), job);
	if (wait_for_left(xcpu_port_self(), job) == 0)
		job_end(job);
}

/*
 * One kick per CPU, for the call alone: its function passes.  From the start of
 * the call the request is the last CPU's.
 */
static int
ask_by_call(struct xcpu_cpu *self, struct xcpu_async *job)
{
	int error;

	pass_here(self);
	pass_lazy_over(self, job);
	if (all_passed(self, job)) {
		job_end(job);
		return 0;
	}
	job->state = XCPU_ASYNC_ASKED;
	job->call.callback = call_end;
	job->call.callback_arg = job;
	error = xcpu_call_start(&job->call, &job->left, call_pass, NULL, NULL);
	if (error == 0)
		return 0;
	ask_left(self, job);
	return error == -XCPU_EAGAIN ? -XCPU_ENOSPC : error;
}

/* ---- the public functions ---- */

/* 0 if changes may be added, or the request started. */
static int
check_open(const struct xcpu_cpu *self, const struct xcpu_async *job)
{
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	if (job == NULL)
		return -XCPU_EINVAL;
	return xcpu_call_done(&job->call) && job->state == XCPU_ASYNC_OPEN ?
	    0 : -XCPU_EBUSY;
}

static int
job_add(struct xcpu_async *job, struct xcpu_flush *more,
    const struct xcpu_flush_opt *opt, bool all)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = check_open(self, job);

	if (error == 0)
		error = xcpui_flush_check(self, more, opt);
	if (error != 0 || (more->len == 0 && !all))
		return error;
	if (all)
		more->flags |= XCPU_FLUSH_FULL;
	if (job->range.space != NULL && xcpui_collect_merge(&job->range, more))
		return 0;
	error = xcpui_collect_close(self, job);
	if (error == 0)
		job->range = *more;
	return error;
}

int
xcpu_async_add(struct xcpu_async *job, struct xcpu_space *space,
    uint64_t start, uint64_t len, const struct xcpu_flush_opt *opt)
{
	struct xcpu_flush more = { .space = space, .start = start, .len = len };

	return job_add(job, &more, opt, false);
}

int
xcpu_async_add_all(struct xcpu_async *job, struct xcpu_space *space,
    const struct xcpu_flush_opt *opt)
{
	struct xcpu_flush more = { .space = space };

	return job_add(job, &more, opt, true);
}

int
xcpu_async_start(struct xcpu_async *job)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = check_open(self, job);

	if (error == 0)
		error = close_job(self, job);
	else if (error == -XCPU_EBUSY && xcpu_call_done(&job->call) &&
	    job->state == XCPU_ASYNC_DEFERRED)
		error = 0;
	if (error != 0)
		return error;
	if (job->callback != NULL)
		return ask_by_call(self, job);
	ask_left(self, job);
	return 0;
}

int
xcpu_async_defer(struct xcpu_async *job, uint64_t bound_ns)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = check_open(self, job);

	if (error == 0 && job->callback != NULL)
		error = -XCPU_EINVAL;
	if (error == 0)
		error = close_job(self, job);
	if (error != 0)
		return error;
	job->bound_ns = bound_ns;
	job->since_ns = xcpui_now();
	pass_lazy_over(self, job);
	return 0;
}

static bool
bound_is_over(const struct xcpu_async *job)
{
	return job->bound_ns != 0 && (XCPU_PORT_LEVEL < 2 ||
	    xcpui_time_left(job->bound_ns, job->since_ns) == 1);
}

bool
xcpu_async_done(struct xcpu_async *job)
{
	struct xcpu_cpu *self = xcpu_port_self();

	if (xcpui_may_ask(self) != 0 || !xcpu_call_done(&job->call))
		return false;
	if (job->state == XCPU_ASYNC_OPEN)
		return is_empty(job);
	pass_here(self);
	if (!all_passed(self, job)) {
		pass_lazy_over(self, job);
		if (job->state == XCPU_ASYNC_DEFERRED && bound_is_over(job))
			ask_late(self, job);
		if (!xcpu_cpuset_empty(&job->left))
			return false;
	}
	job_end(job);
	return true;
}

int
xcpu_async_wait(struct xcpu_async *job)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);

	if (error == 0 && job == NULL)
		error = -XCPU_EINVAL;
	if (error == 0 && !xcpu_call_done(&job->call))
		error = xcpu_call_wait(&job->call, 0);
	if (error == 0 && is_empty(job))
		return 0;
	if (error == 0 && job->state == XCPU_ASYNC_OPEN)
		error = job->counted ? close_job(self, job) :
		    xcpui_collect_shoot(job);
	if (error == 0 && job->state == XCPU_ASYNC_DEFERRED)
		ask_left(self, job);
	if (error == 0)
		error = wait_for_left(self, job);
	if (error == 0)
		job_end(job);
	return error;
}

void
xcpu_async_pass(void)
{
	struct xcpu_cpu *self = xcpu_port_self();

	if (xcpui_may_ask(self) == 0)
		pass_here(self);
}

#else /* XCPU_PORT_LEVEL < 3: no TLB hooks, and nothing to forget */

int
xcpu_async_add(struct xcpu_async *job, struct xcpu_space *space,
    uint64_t start, uint64_t len, const struct xcpu_flush_opt *opt)
{
	(void)job; (void)space; (void)start; (void)len; (void)opt;
	return -XCPU_ENOSYS;
}

int
xcpu_async_add_all(struct xcpu_async *job, struct xcpu_space *space,
    const struct xcpu_flush_opt *opt)
{
	(void)job; (void)space; (void)opt;
	return -XCPU_ENOSYS;
}

int
xcpu_async_start(struct xcpu_async *job)
{
	(void)job;
	return -XCPU_ENOSYS;
}

int
xcpu_async_defer(struct xcpu_async *job, uint64_t bound_ns)
{
	(void)job; (void)bound_ns;
	return -XCPU_ENOSYS;
}

bool
xcpu_async_done(struct xcpu_async *job)
{
	(void)job;
	return false;
}

int
xcpu_async_wait(struct xcpu_async *job)
{
	(void)job;
	return -XCPU_ENOSYS;
}

void
xcpu_async_pass(void)
{
}

#endif
