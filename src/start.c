/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c: calls that nobody needs to wait for.
 *
 * Actors: the owner of a struct xcpu_call, who starts it; the targets.
 *
 * Shared: `state`, taken by the starter with one compare-and-swap and given
 * back by the last to finish; `pending`, which counts the targets not finished,
 * and the starter until he has posted.
 *
 * I1  Whoever counts `pending` down to 0 announces the end; his store of DONE
 *     is the library's last access to the object.
 * I2  The slot that carries the request outlives that store: it is free when
 *     its open bits are, whatever the object's owner does meanwhile.
 *
 * Deadlock: only xcpu_call_wait() waits, under the rules of call.c.
 */
#include "flight.h"
#include "internal.h"

void
xcpui_call_finish(struct xcpu_cpu *self, struct xcpu_call *call)
{
	/*
	 * [C4] acq_rel: what every target did, before the end is announced by
	 * the last of them.  Pairs with [C4] in xcpui_call_finish() of the
	 * others.
	 */
	if (xcpu_fetch_add_ar(&call->pending, (uint32_t)-1) != 1)
		return;
	if (call->callback != NULL)
		xcpui_run(self, XCPU_LANE_CALL, call->callback,
		    call->callback_arg, self->index);
	/*
	 * [C5] release: all of it before the object is the owner's again.
	 * Pairs with [C5] in xcpu_call_done() and claim_object().
	 */
	xcpu_store_rel(&call->state, XCPU_CALL_DONE);
}

static bool
claim_object(struct xcpu_call *call)
{
	/* rlx: the compare-and-swap decides on this very value */
	uint32_t v = xcpu_load_rlx(&call->state);

	if (v == XCPU_CALL_QUEUED)
		return false;
	/*
	 * [C5] acquire: the last flight is over.  Pairs with [C5] in
	 * xcpui_call_finish().
	 */
	return xcpu_cas_acq(&call->state, &v, XCPU_CALL_QUEUED);
}

/* Publish, post, and count; masked, with the slot held. */
static void
start_flight(struct xcpui_flight *f, struct xcpu_call *call, xcpu_fn *fn, void *arg,
    struct xcpu_cpuset *set)
{
	struct xcpui_request request = { fn, arg, call };
	bool own = xcpu_cpuset_has(set, f->self->index);
	struct xcpu_cpuset others = *set;
	struct xcpu_cpuset refused;

	call->started = *set;
	/* rlx: published with the slot; one more for ourselves */
	xcpu_store_rlx(&call->pending, xcpu_cpuset_count(set) + 1);
	xcpui_carrier_publish(f->self, f->slot, set, &request);
	xcpu_cpuset_del(&others, f->self->index);
	xcpui_flight_post(f, &others, &refused);
	if (own)
		xcpui_post_own(f->self, XCPU_LANE_CALL);
	for (unsigned cpu = xcpu_cpuset_first(&refused);
	    cpu < XCPU_NCPU_MAX; cpu = xcpu_cpuset_next(&refused, cpu)) {
		xcpu_cpuset_del(&call->started, cpu);
		xcpui_call_finish(f->self, call);
	}
	xcpui_call_finish(f->self, call);
}

static int XCPUI_COLD
check_start(const struct xcpu_cpu *self, const struct xcpu_call *call,
    const struct xcpu_cpuset *set, xcpu_fn *fn, const struct xcpu_call_opt *opt)
{
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	if (call == NULL || fn == NULL || set == NULL ||
	    xcpu_cpuset_from(set, self->domain->ncpu) < XCPU_NCPU_MAX)
		return -XCPU_EINVAL;
	if (opt != NULL && (opt->flags != 0 || opt->timeout_ns != 0 ||
	    opt->result != NULL || (opt->not_ready != XCPU_SKIP_NOT_READY &&
	    opt->not_ready != XCPU_FAIL_NOT_READY)))
		return -XCPU_EINVAL;
	return 0;
}

int
xcpu_call_start(struct xcpu_call *call, const struct xcpu_cpuset *set,
    xcpu_fn *fn, void *arg, const struct xcpu_call_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = check_start(self, call, set, fn, opt);
	struct xcpui_flight f;
	struct xcpu_cpuset targets;
	struct xcpu_cpuset not_ready;
	unsigned long state;

	if (error != 0)
		return error;
	targets = *set;
	xcpui_call_predicate(opt, arg, &targets);
	if (opt != NULL && opt->not_ready == XCPU_FAIL_NOT_READY &&
	    !xcpui_call_all_ready(self->domain, &targets, &not_ready))
		return -XCPU_ENXIO;
	f.self = self;
	f.line = NULL;
	state = xcpu_port_irq_save();
	f.slot = xcpui_carrier_hold(self, true);
	if (f.slot < 0) {
		error = xcpu_call_done(call) ? -XCPU_EAGAIN : -XCPU_EBUSY;
	} else if (!claim_object(call)) {
		error = -XCPU_EBUSY;
	} else {
		XCPUI_COUNT(self, call);
		start_flight(&f, call, fn, arg, &targets);
	}
	/* Busy while a target has not answered; nobody holds it any more. */
	if (f.slot >= 0)
		xcpui_carrier_release(self, f.slot);
	xcpu_port_irq_restore(state);
	return error;
}

bool
xcpu_call_done(const struct xcpu_call *call)
{
	/*
	 * [C5] acquire: all that the targets did.  Pairs with [C5] in
	 * xcpui_call_finish().
	 */
	return xcpu_load_acq(&call->state) != XCPU_CALL_QUEUED;
}

static bool
object_over(struct xcpui_wait *wait)
{
	return xcpu_call_done((const struct xcpu_call *)wait->what);
}

static void XCPUI_COLD
object_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	*set = ((const struct xcpu_call *)wait->what)->started;
}

int
xcpu_call_wait(struct xcpu_call *call, uint64_t timeout_ns)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_CALL,
		.timeout_ns = timeout_ns,
		.fn = NULL,
		.arg = NULL,
		.over = object_over,
		.missing = object_missing,
		.what = call,
		.cls = XCPU_LANE_CALL,
		.also = 0,
	};
	int error = xcpui_may_wait(self);

	if (error != 0)
		return error;
	if (call == NULL)
		return -XCPU_EINVAL;
	if (timeout_ns != 0 && XCPU_PORT_LEVEL < 2)
		return -XCPU_ENOSYS;
	return xcpui_wait(self, &wait);
}
