/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.c: one CPU stops all others, and goes on alone.
 *
 * Actors: who panics, from wherever he is; all other CPUs, who stop as for any
 * stop (stop.c), or on their way online.
 *
 * Shared, of the domain: `panic`, CPU + 1 of whoever panicked, or 0.
 *
 * I1  Who panics first is stopped by nobody, and nobody but he restarts anybody
 *     after it.
 * I2  Every other CPU is WANTED, whether online or not, before he looks who is.
 *     So who comes online later stops there.
 *
 * Deadlock: he takes no lock, and each of his two waits has a bound, by looks
 * where no clock ends it.  Of two who panic the second stops itself.
 *
 * Protocol P11 of the proofs in DESIGN.md ("stop").
 */
#include "internal.h"
#include "stop.h"

/* Looks of who panics, where no clock ends his wait. */
#define PANIC_LOOKS ((uint64_t)1 << 26)

static bool
panic_over(struct xcpui_wait *wait)
{
	struct xcpu_cpu *self = (struct xcpu_cpu *)wait->what;

	(void)xcpui_stop_restarted(wait);
	/*
	 * [P6] acquire: what the other did meanwhile.  Pairs with [P6] in
	 * xcpui_panic_end().
	 */
	return xcpu_load_acq(&self->domain->stop->panic) == 0;
}

/* The first stops all others; the second is one of them. */
static int XCPUI_COLD
panic_alone(struct xcpu_cpu *self)
{
	struct xcpu_stop_room *room = self->domain->stop;
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_STOP,
		.timeout_ns = 0,
		.fn = NULL, .arg = NULL,
		.over = panic_over,
		.missing = NULL,
		.what = self,
		.cls = 0, .also = 0,
	};
	uint32_t owner = 0;

	/*
	 * rlx: a panic before this one, and ended, has stopped us, which orders
	 * it; or has missed us, and then nothing is promised
	 */
	if (xcpu_cas_rlx(&room->panic, &owner, self->index + 1))
		return 0;
	if (owner == self->index + 1)
		return -XCPU_EBUSY;
	/*
	 * [P1] release: all that we did.  Pairs with [P1] in is_stopped().
	 */
	xcpu_fetch_or_rel(&room->state[self->index], WANTED | STOPPED);
	self->depth++;
	(void)xcpui_wait(self, &wait);
	self->depth--;
	return -XCPU_EBUSY;
}

int XCPUI_COLD
xcpu_panic_stop(uint64_t bound_ns, struct xcpu_cpuset *missing)
{
	struct xcpui_stop s;
	unsigned long state;
	int error;

	s.self = xcpu_port_self();
	if (missing != NULL)
		xcpu_cpuset_zero(missing);
	if (s.self == NULL || s.self->domain == NULL)
		return -XCPU_EAGAIN;
	if (s.self->domain->stop == NULL)
		return -XCPU_ENOSYS;
	state = xcpu_port_irq_save();
	XCPUI_COUNT_NMI(s.self, (xcpu_port_context() & XCPU_CTX_NMI) != 0);
	error = panic_alone(s.self);
	if (error != 0) {
		xcpu_port_irq_restore(state);
		return error;
	}
	if (bound_ns == 0)
		bound_ns = XCPUI_STOP_BOUND_NS;
	/* Who comes online later stops there. */
	xcpu_cpuset_fill(&s.left, s.self->domain->ncpu);
	xcpu_cpuset_del(&s.left, s.self->index);
	xcpui_stop_want(&s, WANTED);
	/* [P7] fence: then who is on.  Pairs with [P7] in xcpu_cpu_online(). */
	xcpu_fence_sc();
	xcpu_cpu_online_set(s.self->domain, &s.left);
	xcpu_cpuset_del(&s.left, s.self->index);
	xcpui_stop_post(&s, true);
	s.looks = PANIC_LOOKS;
	if (xcpui_stop_await(&s, bound_ns / 2 + 1, false) != 0 || s.looks == 0) {
		xcpui_stop_hard(&s);
		s.looks = PANIC_LOOKS;
		(void)xcpui_stop_await(&s, bound_ns / 2 + 1, true);
	}
	if (missing != NULL)
		*missing = s.left;
	return xcpu_cpuset_empty(&s.left) ? 0 : -XCPU_ETIMEDOUT;
}

/* Those who came too late for it, too; the set is all. */
int XCPUI_COLD
xcpui_panic_end(struct xcpu_cpu *self)
{
	struct xcpu_stop_room *room = self->domain->stop;
	unsigned long state;
	int n = 0;

	for (unsigned cpu = 0; cpu < self->domain->ncpu; cpu++)
		if (cpu != self->index)
			n += xcpui_stop_let_go(room, cpu);
	/*
	 * [P6] release: all of it before those go on who lost it.  Pairs with
	 * [P6] in panic_over().
	 */
	xcpu_store_rel(&room->panic, 0);
	/* Somebody asked us meanwhile, and was not heard. */
	if (xcpui_stop_wanted(self->domain, self->index)) {
		state = xcpu_port_irq_save();
		xcpui_post_own(self, XCPU_LANE_STOP);
		xcpu_port_irq_restore(state);
	}
	return n;
}
