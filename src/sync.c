/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c: the forms of a rendezvous.
 *
 * This file checks, and puts the steps together; gather.c takes them, and has
 * the protocol.
 *
 * Deadlock: waiting is refused where the caller could not be parked itself
 * (xcpui_may_wait()); and who holds CPUs parked counts as inside a function, so
 * that he waits for nobody who may be one of them: but for messages, if those
 * are served.
 */
#include "internal.h"
#include "park.h"

int XCPUI_COLD
xcpu_sync_init(struct xcpu_domain *domain, struct xcpu_sync_room *room)
{
	if (domain == NULL || room == NULL)
		return -XCPU_EINVAL;
	room->park = xcpui_park;
	room->enter = xcpui_park_enter;
	room->hold = xcpui_sync_hold;
	domain->sync = room;
	return 0;
}

static int XCPUI_COLD
check_opt(const struct xcpu_sync_opt *opt, unsigned flags)
{
	if (opt == NULL)
		return 0;
	if ((opt->flags & ~flags) != 0 ||
	    opt->not_ready == XCPU_WAIT_NOT_READY ||
	    opt->not_ready > XCPU_FAIL_NOT_READY ||
	    ((opt->flags & XCPU_SYNC_NO_ENTRY) != 0 &&
	    opt->not_ready != XCPU_SKIP_NOT_READY))
		return -XCPU_EINVAL;
	if (opt->timeout_ns != 0 && XCPU_PORT_LEVEL < 2)
		return -XCPU_ENOSYS;
	return 0;
}

static void
begin_part(struct xcpui_gathering *r, struct xcpu_sync *sync, const struct xcpu_sync_opt *opt)
{
	r->self = xcpu_port_self();
	r->sync = sync;
	r->all = false;
	r->group = 0;
	r->plane = PLANE_OPEN;
	r->limit_ns = opt != NULL ? opt->timeout_ns : 0;
	r->since_ns = r->limit_ns != 0 ? xcpui_now() : 0;
	sync->opt = opt;
	if (opt != NULL && opt->absent != NULL)
		xcpu_cpuset_zero(opt->absent);
}

/* Own the room, for a rendezvous of the caller's. */
static int
open_round(struct xcpui_gathering *r, struct xcpu_sync *sync,
    const struct xcpu_sync_opt *opt)
{
	const struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_wait(self);

	if (error == 0)
		error = check_opt(opt, XCPU_SYNC_MSG | XCPU_SYNC_NO_ENTRY |
		    XCPU_SYNC_NO_EXIT);
	if (error != 0)
		return error;
	if (self->domain->sync == NULL)
		return -XCPU_ENOSYS;
	if (xcpui_sync_owner(self))
		return -XCPU_EDEADLK;
	sync->flags = opt != NULL ? opt->flags : 0;
	sync->own = false;
	xcpu_cpuset_zero(&sync->asked);
	begin_part(r, sync, opt);
	return xcpui_sync_enter_room(r);
}

/* It came to nothing: all of the set are absent. */
static int XCPUI_COLD
nobody(const struct xcpu_cpuset *set, const struct xcpu_sync_opt *opt,
    int error)
{
	if (opt != NULL && opt->absent != NULL)
		*opt->absent = *set;
	return error;
}

static int
open_set(struct xcpui_gathering *r, const struct xcpu_cpuset *set)
{
	struct xcpu_cpuset others = *set;
	int error;

	r->sync->own = xcpu_cpuset_has(set, r->self->index);
	xcpu_cpuset_del(&others, r->self->index);
	error = xcpui_sync_gather(r, &others);
	/* Without an entry barrier there is nothing to be undone. */
	if (error != 0 && (r->sync->flags & XCPU_SYNC_NO_ENTRY) == 0)
		return xcpui_sync_call_off(r, error);
	/* From here on nothing waits here for functions of others. */
	r->self->depth++;
	xcpui_msg_hold(r->self, (r->sync->flags & XCPU_SYNC_MSG) != 0);
	return error;
}

static bool
bad_set(const struct xcpu_cpuset *set)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	return set == NULL || (self != NULL && self->domain != NULL &&
	    xcpu_cpuset_from(set, self->domain->ncpu) < XCPU_NCPU_MAX);
}

int
xcpu_sync_start(struct xcpu_sync *sync, const struct xcpu_cpuset *set,
    const struct xcpu_sync_opt *opt)
{
	struct xcpui_gathering r;
	int error;

	if (sync == NULL || bad_set(set) ||
	    check_opt(opt, XCPU_SYNC_MSG) == -XCPU_EINVAL)
		return -XCPU_EINVAL;
	sync->teardown = NULL;
	error = open_round(&r, sync, opt);
	return error != 0 ? nobody(set, opt, error) : open_set(&r, set);
}

/* 0 if the caller stands between a start and its finish. */
static int
check_owner(const struct xcpu_sync *sync)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	if (self == NULL || self->domain == NULL || sync == NULL)
		return -XCPU_EINVAL;
	if ((xcpu_port_context() & XCPU_CTX_NMI) != 0)
		return -XCPU_EPERM;
	return xcpui_sync_owner(self) ? 0 : -XCPU_EINVAL;
}

int
xcpu_sync_add(struct xcpu_sync *sync, const struct xcpu_cpuset *set,
    const struct xcpu_sync_opt *opt)
{
	int error = check_owner(sync);
	const struct xcpu_sync_opt *first;
	struct xcpu_cpuset more;
	struct xcpui_gathering r;
	bool own;

	if (error == 0 && bad_set(set))
		error = -XCPU_EINVAL;
	if (error == 0)
		error = check_opt(opt, 0);
	if (error != 0)
		return error;
	first = sync->opt;
	more = *set;
	xcpu_cpuset_andnot(&more, &sync->asked);
	begin_part(&r, sync, opt);
	own = sync->own;
	sync->own = !own && xcpu_cpuset_has(set, r.self->index);
	xcpu_cpuset_del(&more, r.self->index);
	error = xcpui_sync_gather(&r, &more);
	if (error != 0)
		error = xcpui_sync_await_begun(&r, &more, error);
	sync->own |= own;
	sync->opt = first;
	return error;
}

static int
close_round(struct xcpu_sync *sync, enum xcpui_decision decision)
{
	struct xcpu_cpu *self = xcpu_port_self();
	const struct xcpu_sync_opt *opt = sync->opt;
	struct xcpui_gathering r;

	xcpui_msg_hold(self, false);
	self->depth--;
	begin_part(&r, sync, NULL);
	sync->opt = opt;
	return xcpui_sync_let_go(&r, decision);
}

int
xcpu_sync_finish(struct xcpu_sync *sync)
{
	int error = check_owner(sync);

	return error != 0 ? error : close_round(sync, DECISION_GO);
}

int
xcpu_sync_abort(struct xcpu_sync *sync)
{
	int error = check_owner(sync);

	return error != 0 ? error : close_round(sync, DECISION_ABORT);
}

/* Field by field: an initializer may become a call of memset. */
static void
no_functions(struct xcpu_sync *sync)
{
	sync->run = sync->fin1 = sync->fin2 = sync->teardown = NULL;
	sync->arg = sync->data = NULL;
}

/* Start and finish in one. */
static int
one_shot(struct xcpu_sync *sync, const struct xcpu_cpuset *set,
    const struct xcpu_sync_opt *opt)
{
	struct xcpui_gathering r;
	int late;
	int error;

	if (bad_set(set))
		return -XCPU_EINVAL;
	error = open_round(&r, sync, opt);
	if (error != 0)
		return nobody(set, opt, error);
	late = open_set(&r, set);
	if (late != 0 && (sync->flags & XCPU_SYNC_NO_ENTRY) == 0)
		return late;
	error = close_round(sync, DECISION_GO);
	return late != 0 ? late : error;
}

int
xcpu_sync_simple(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    const struct xcpu_sync_opt *opt)
{
	struct xcpu_sync sync;

	no_functions(&sync);
	sync.fin1 = fn;
	sync.arg = arg;
	if (fn == NULL || check_opt(opt, XCPU_SYNC_MSG) == -XCPU_EINVAL)
		return -XCPU_EINVAL;
	return one_shot(&sync, set, opt);
}

int
xcpu_sync_fastdata(const struct xcpu_cpuset *set, xcpu_fn *fn, void *data,
    const struct xcpu_sync_opt *opt)
{
	struct xcpu_sync sync;

	no_functions(&sync);
	sync.fin2 = fn;
	sync.data = data;
	if (fn == NULL || check_opt(opt, XCPU_SYNC_MSG) == -XCPU_EINVAL)
		return -XCPU_EINVAL;
	return one_shot(&sync, set, opt);
}

int
xcpu_sync_rendezvous(const struct xcpu_cpuset *set,
    const struct xcpu_sync_stages *stages, const struct xcpu_sync_opt *opt)
{
	struct xcpu_sync sync;

	if (stages == NULL)
		return -XCPU_EINVAL;
	no_functions(&sync);
	sync.run = stages->setup;
	sync.fin1 = stages->action;
	sync.teardown = stages->teardown;
	sync.arg = stages->arg;
	return one_shot(&sync, set, opt);
}

int
xcpu_sync_machine(xcpu_fn *fn, void *arg, const struct xcpu_sync_opt *opt)
{
	struct xcpu_sync sync;
	struct xcpu_sync_room *room;
	struct xcpu_cpuset set;
	unsigned long state;
	struct xcpui_gathering r;
	int error;

	if (fn == NULL || check_opt(opt, XCPU_SYNC_MSG) == -XCPU_EINVAL)
		return -XCPU_EINVAL;
	no_functions(&sync);
	error = open_round(&r, &sync, opt);
	if (error != 0)
		return error;
	room = r.self->domain->sync;
	/* rlx: ordered by the fence, for the set; by the lane, for the rest */
	xcpu_store_rlx(&room->closed, 1);
	/*
	 * [N6] fence: closed, before we read who is online.  Pairs with [N6] in
	 * xcpu_cpu_online().
	 */
	xcpu_fence_sc();
	xcpu_cpu_online_set(r.self->domain, &set);
	xcpu_cpuset_del(&set, r.self->index);
	error = xcpui_sync_gather(&r, &set);
	if (error == 0) {
		sync.own = true;
		state = xcpu_port_irq_save();
		xcpui_sync_run_own(&r, fn, arg);
		sync.own = false;
		xcpu_port_irq_restore(state);
	}
	/*
	 * [N5] release: what was done meanwhile.  Pairs with [N5] in
	 * open_again().
	 */
	xcpu_store_rel(&room->closed, 0);
	return error != 0 ? xcpui_sync_call_off(&r, error) : xcpui_sync_let_go(&r, DECISION_GO);
}
