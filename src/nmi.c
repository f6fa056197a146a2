/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nmi.c: run a function on other CPUs whatever they do, by NMI.
 *
 * Actors: a caller, who owns the request of the domain; the CPUs called.
 *
 * Shared: the request in the room of stop.h, with a bit per CPU in `todo` and
 * in `open`, as in carrier.c.
 *
 * I1  The request is written only by its owner, when every open word is 0.
 * I2  A bit of todo leaves once: by its CPU, who then runs the function, or by
 *     the owner, who took it back.
 * I3  Clearing its open bit is a CPU's last access to the request.
 * I4  A CPU that is OFF has no bits: the owner looks at its lane in the masked
 *     section in which it sets them, and a CPU that leaves sweeps after a round
 *     of such sections (domain.c).
 *
 * Life of a call: own it; wait until the last call's late ones are out of it;
 * fill; open; todo; NMIs; each takes its bit, runs, clears its open bit.  After
 * the deadline those that run are left to themselves.
 *
 * Deadlock: every wait has a bound.  NMIs are taken in waits of all kinds.
 */
#include "internal.h"
#include "stop.h"

static inline bool
marked(const struct xcpu_au64 *words, unsigned cpu)
{
	/* rlx: a hint; who acts on it takes it by a read-modify-write */
	return (xcpu_load_rlx(&words[cpu / 64]) & xcpu_cpu_bit(cpu)) != 0;
}

/* Run what an NMI call has for this CPU. */
bool
xcpui_nmi_answer(struct xcpu_cpu *self)
{
	struct xcpu_stop_room *room = self->domain->stop;
	uint64_t bit = xcpu_cpu_bit(self->index);
	unsigned word = self->index / 64;

	if (!marked(room->todo, self->index))
		return false;
	/*
	 * [P4] acquire: the bit before the function.  Pairs with [P4] in
	 * publish_call().
	 */
	if ((xcpu_fetch_and_acq(&room->todo[word], ~bit) & bit) == 0)
		return false;
	xcpu_plain_load(&room->fn)(xcpu_plain_load(&room->arg));
	/*
	 * [P5] release: the function, and our reads of the request.  Pairs with
	 * [P5] in calls_open() and cancel_calls().
	 */
	xcpu_fetch_and_rel(&room->open[word], ~bit);
	return true;
}

#if XCPU_PORT_LEVEL >= 4

static bool
calls_open(struct xcpui_wait *wait)
{
	const struct xcpui_stop *s = (const struct xcpui_stop *)wait->what;
	const struct xcpu_domain *domain = s->self->domain;

	for (unsigned i = 0; i < domain->nwords; i++)
		/*
		 * [P5] acquire: what the functions did, and their reads of the
		 * request.  Pairs with [P5] in xcpui_nmi_answer().
		 */
		if (xcpu_load_acq(&domain->stop->open[i]) != 0)
			return false;
	return true;
}

static void XCPUI_COLD
calls_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	const struct xcpui_stop *s = (const struct xcpui_stop *)wait->what;

	xcpu_cpuset_zero(set);
	for (unsigned i = 0; i < s->self->domain->nwords; i++)
		/* rlx: for reports */
		set->w[i] = xcpu_load_rlx(&s->self->domain->stop->open[i]);
}

static int XCPUI_COLD
await_calls(struct xcpui_stop *s)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_STOP,
		.timeout_ns = xcpui_time_left(s->limit_ns, s->since_ns),
		.fn = NULL,
		.arg = NULL,
		.over = calls_open,
		.missing = calls_missing,
		.what = s,
		.cls = XCPU_LANE_STOP | XCPUI_BY_NMI,
		.also = 0,
	};

	return xcpui_wait(s->self, &wait);
}

static void XCPUI_COLD
leave_out_absent(struct xcpui_stop *s)
{
	for (unsigned cpu = xcpu_cpuset_first(&s->left); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(&s->left, cpu))
		if (!xcpu_cpu_ready(s->self->domain, cpu))
			xcpu_cpuset_del(&s->left, cpu);
}

static void XCPUI_COLD
publish_call(struct xcpui_stop *s, xcpu_fn *fn, void *arg)
{
	struct xcpu_stop_room *room = s->self->domain->stop;
	unsigned long state = xcpu_port_irq_save();

	leave_out_absent(s);
	xcpu_plain_store(&room->fn, fn);
	xcpu_plain_store(&room->arg, arg);
	for (unsigned i = 0; i < s->self->domain->nwords; i++) {
		/* rlx: ordered by todo, which follows */
		xcpu_store_rlx(&room->open[i], s->left.w[i]);
		/*
		 * [P4] release: the function, and open, before todo.  Pairs
		 * with [P4] in xcpui_nmi_answer().
		 */
		xcpu_store_rel(&room->todo[i], s->left.w[i]);
	}
	XCPUI_ADD(s->self, nmi_sent, xcpu_cpuset_count(&s->left));
	if (!xcpu_cpuset_empty(&s->left))
		xcpu_port_kick_nmi(&s->left);
	xcpu_port_irq_restore(state);
}

/* Those that have not begun never will; *set: those that are not done. */
static void XCPUI_COLD
cancel_calls(struct xcpui_stop *s, struct xcpu_cpuset *set)
{
	struct xcpu_stop_room *room = s->self->domain->stop;

	for (unsigned i = 0; i < s->self->domain->nwords; i++) {
		/* rlx: who never began has touched nothing */
		uint64_t todo = xcpu_xchg_rlx(&room->todo[i], 0);

		/*
		 * [P5] acquire: what those did who are done.  Pairs with [P5]
		 * in xcpui_nmi_answer().
		 */
		set->w[i] = xcpu_fetch_and_acq(&room->open[i], ~todo);
	}
}

static int XCPUI_COLD
call_by_nmi(struct xcpui_stop *s, xcpu_fn *fn, void *arg, struct xcpu_cpuset *late)
{
	struct xcpu_stop_room *room = s->self->domain->stop;
	int error = xcpui_stop_lock(s, &room->caller);

	*late = s->left;
	if (error != 0)
		return error;
	/* Who was late for the call before this one must be out of it. */
	error = await_calls(s);
	if (error == 0) {
		publish_call(s, fn, arg);
		error = await_calls(s);
		xcpu_cpuset_zero(late);
		if (error != 0)
			cancel_calls(s, late);
		/* Just in time after all? */
		if (xcpu_cpuset_empty(late))
			error = 0;
	}
	xcpui_stop_unlock(&room->caller);
	return error;
}

int XCPUI_COLD
xcpu_nmi_call(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    uint64_t timeout_ns, struct xcpu_cpuset *done)
{
	struct xcpui_stop s;
	int error;
	struct xcpu_cpuset late;

	s.self = xcpu_port_self();
	s.looks = 0;
	error = xcpui_stop_check(s.self, set);
	if (error != 0)
		return error;
	if (fn == NULL)
		return -XCPU_EINVAL;
	s.limit_ns = timeout_ns != 0 ? timeout_ns : XCPUI_STOP_BOUND_NS;
	s.since_ns = xcpui_now();
	s.left = *set;
	xcpu_cpuset_del(&s.left, s.self->index);
	xcpu_cpuset_zero(&late);
	if (!xcpu_cpuset_empty(&s.left))
		error = call_by_nmi(&s, fn, arg, &late);
	if (xcpu_cpuset_has(set, s.self->index))
		fn(arg);
	if (done == NULL)
		return error;
	*done = s.left;
	xcpu_cpuset_andnot(done, &late);
	if (xcpu_cpuset_has(set, s.self->index))
		xcpu_cpuset_add(done, s.self->index);
	return error;
}

#else /* XCPU_PORT_LEVEL < 4: no NMIs */

int XCPUI_COLD
xcpu_nmi_call(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    uint64_t timeout_ns, struct xcpu_cpuset *done)
{
	(void)set; (void)fn; (void)arg; (void)timeout_ns; (void)done;
	return -XCPU_ENOSYS;
}

#endif
