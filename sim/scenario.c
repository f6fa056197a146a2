/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenario.c: what a scenario does beside the library: questions to the machine,
 * steps, operations, locks.
 */
#include "machine.h"

unsigned
sim_ncpu(void)
{
	return sim.ncpu;
}

bool
sim_has_bug(enum sim_bug bug)
{
	return sim.config->bug == bug;
}

unsigned
sim_ops(void)
{
	return sim.ops;
}

uint64_t
sim_now_ns(void)
{
	return sim.now;
}

struct xcpu_domain *
sim_domain(void)
{
	return &sim_domain_;
}

bool
sim_healed(void)
{
	return sim.healed;
}

unsigned
sim_cpu(void)
{
	return sim.cpu->index;
}

unsigned
sim_random(unsigned n)
{
	return sim_draw_below(&sim.cpu->stream, n);
}

bool
sim_one_in(unsigned n)
{
	return sim_random(n) == 0;
}

void
sim_op_begin(enum sim_op_kind kind)
{
	sim.cpu->op = kind;
	sim_emit(SIM_EV_OP, kind, 0);
	sched_step(sim.cpu);
}

void
sim_op_end(int error)
{
	struct sim_cpu *cpu = sim.cpu;

	sim_emit(SIM_EV_OP_END, cpu->op, (uint64_t)(int64_t)error);
	cpu->op = SIM_OP_NONE;
	sim.progress_ns = sim.now;
	sim_safe_point();
}

bool
sim_dead(unsigned cpu)
{
	return sim.cpus[cpu].dead;
}

bool
sim_any_dead(void)
{
	return sim.ndead != 0;
}

bool
sim_gave_up(void)
{
	return sim.gave_up != 0;
}

unsigned long
sim_mask(void)
{
	return xcpu_port_irq_save();
}

void
sim_unmask(unsigned long state)
{
	xcpu_port_irq_restore(state);
}

void
sim_step(void)
{
	sched_step(sim.cpu);
}

void
sim_slow(void)
{
	sim.slowed++;
}

void
sim_work_ns(uint64_t ns)
{
	struct sim_cpu *cpu = sim.cpu;
	uint64_t until = sim.now + ns;

	while (sim.now < until) {	/* ends: time passes */
		sched_sleep(cpu, until, SLEEP_RELAX);
		sched_step(cpu);
	}
}

/* The look and the taking are one step: this is not what is being tested. */
static bool
lock_take(struct sim_lock *lock, const struct sim_cpu *cpu)
{
	unsigned holder = lock->holder;

	if (holder != 0 && !sim.cpus[holder - 1].dead)
		return false;
	lock->holder = cpu->index + 1;
	return true;
}

void
sim_lock(struct sim_lock *lock)
{
	struct sim_cpu *cpu = sim.cpu;
	unsigned long state = xcpu_port_irq_save();

	cpu->locks++;
	/* ends: the holder lets go, or is dead */
	for (unsigned spins = 0; !lock_take(lock, cpu); spins++) {
		xcpu_poll();
		xcpu_port_relax(spins);
	}
	lock->state = state;
}

void
sim_unlock(struct sim_lock *lock)
{
	struct sim_cpu *cpu = sim.cpu;
	unsigned long state = lock->state;

	sched_step(cpu);
	lock->holder = 0;
	cpu->locks--;
	xcpu_port_irq_restore(state);
}
