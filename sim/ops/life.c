/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life.c: idling, polling, leaving and coming back; and what all operations
 * share.
 */
#include <xcpu/port.h>

#include "ops.h"

void
ops_idle(void)
{
	sim_op_begin(SIM_OP_IDLE);
	sim_op_end(0);
	sim_idle();
}

void
ops_poll(void)
{
	int served;

	sim_op_begin(SIM_OP_POLL);
	served = xcpu_idle_poll(sim_one_in(4) ? 0 : 1 + sim_random(8000));
	sim_op_end(served < 0 ? served : 0);
	if (served < 0)
		sim_fail(SIM_ORDER, "polling in a thread: error %d", served);
}

void
ops_replug(void)
{
	sim_replug(sim_random(20000));
}

/* ---- inside a called function or handler ---- */

static void
wait_where_not_allowed(void)
{
	int error = xcpu_call_one(ops_other(), NULL, NULL, NULL);

	/* In the last drain of all the CPU is no longer ready. */
	if (error != -XCPU_EDEADLK && error != -XCPU_EAGAIN)
		sim_fail(SIM_ORDER, "a call inside a handler: error %d", error);
}

void
ops_brief(void)
{
	switch (sim_random(4)) {
	case 0:
		sim_work_ns(sim_random(4000));
		break;
	case 1:
		(void)xcpu_resched(sim_random(sim_ncpu()));
		break;
	case 2:
		wait_where_not_allowed();
		break;
	default:
		sim_step();
		break;
	}
}

void
ops_inside_brief(void)
{
	ops_stands("a function or handler");
	ops_brief();
}

void
ops_inside(void)
{
	if (sim_one_in(4))
		ops_shoot_here();
	else
		ops_inside_brief();
}

void
ops_return(enum sim_bug bug)
{
	if (sim_has_bug(bug) && sim_one_in(8))
		xcpu_port_irq_restore(0);
}

/* ---- words for all ---- */

void
ops_allow_timeout(int error, const char *what)
{
	if (error == -XCPU_ETIMEDOUT && !sim_gave_up())
		sim_fail(SIM_ORDER, "%s ended by itself: timed out", what);
}

bool
ops_died(int error, unsigned cpu)
{
	return error == -XCPU_ECANCELED && sim_dead(cpu);
}

unsigned
ops_other(void)
{
	unsigned n = sim_ncpu();

	return n == 1 ? 0 : (sim_cpu() + 1 + sim_random(n - 1)) % n;
}

void
ops_random_set(struct xcpu_cpuset *set)
{
	xcpu_cpuset_zero(set);
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (sim_one_in(2))
			xcpu_cpuset_add(set, cpu);
	if (xcpu_cpuset_empty(set))
		xcpu_cpuset_add(set, sim_random(sim_ncpu()));
}
