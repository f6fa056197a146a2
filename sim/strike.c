/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strike.c: what the faults do that strike at a step, or around a function that
 * the library runs; the others are where their opportunity is.
 *
 * All end when the faults end ("heal"), but death.
 */
#include "machine.h"

#define STUCK_NS	(2 * SIM_S)
#define PREEMPT_NS	(300 * SIM_MS)
#define OVERRUN_NS	(2 * SIM_S)
#define UNPLUG_NS	(5 * SIM_MS)
#define SUSPEND_NS	(2 * SIM_S)
#define STORM_MOST	60

static struct sim_lock trap_lock;
static unsigned trapped;		/* CPU + 1 that holds it */

/* Standing still with the doorbell masked; NMIs are taken. */
static void
stand_still(struct sim_cpu *cpu, uint64_t ns)
{
	uint64_t until = sim.now + ns;
	bool masked = cpu->masked;

	cpu->masked = true;
	while (sim.now < until && !sim.healed) {	/* ends: time passes */
		sched_sleep(cpu, until, SLEEP_STUCK);
		if (cpu->atomic == 0)
			irq_take(cpu);
	}
	cpu->masked = masked;
	if (cpu->nlatched != 0 || cpu->tick)
		cpu->attention = true;
}

/*
 * Somebody must be left to tell; and whoever is stopped stays so if he dies who
 * stopped him, for he alone knows why.  And nobody reports the dead here: whoever
 * wants the lock of the ASIDs would wait for one that has it.
 */
bool
strike_may_die(const struct sim_cpu *cpu)
{
	if (sim.ndead + 2 > sim.ncpu || sim.ndead >= 2)
		return false;
	return sim.reports || (sim_domain_.stop->owner.v_ != cpu->index + 1 && !asid_locked());
}

static void
die(struct sim_cpu *cpu)
{
	sim.ndead++;
	if (!cpu->finished)
		sim.unfinished--;
	cpu->dead = true;
	for (;;)	/* ends: with the run */
		sched_sleep(cpu, SIM_NEVER, SLEEP_DEEP);
}

static void
storm(unsigned victim)
{
	struct sim_stream *chance = fault_stream();
	unsigned n = 1 + sim_draw_below(chance, STORM_MOST);

	for (unsigned i = 0; i < n; i++)
		irq_spurious(victim, sim_draw_log(chance, 100 * SIM_US));
}

/* Does it strike any CPU, or the one that runs at this step? */
bool
fault_strikes_any(enum sim_fault fault)
{
	return fault == SIM_FAULT_SPURIOUS || fault == SIM_FAULT_STORM ||
	    fault == SIM_FAULT_WALK;
}

static void
strike_any(enum sim_fault fault)
{
	struct sim_stream *chance = fault_stream();
	struct sim_cpu *victim = &sim.cpus[sim_draw_below(chance, sim.ncpu)];

	fault_hits(fault, victim);
	if (fault == SIM_FAULT_STORM)
		storm(victim->index);
	else if (fault == SIM_FAULT_SPURIOUS)
		irq_spurious(victim->index, 0);
	else if (victim->power && !victim->dead && !guest_away(victim))
		tlb_walk(victim, chance);
}

/* Faults of the CPU that runs. */
static void
strike_own(struct sim_cpu *cpu, enum sim_fault fault)
{
	struct sim_stream *chance = fault_stream();

	if (fault == SIM_FAULT_DIE && !strike_may_die(cpu))
		return;
	fault_hits(fault, cpu);
	/* The kick that a poster has not sent yet is late, too. */
	if ((fault == SIM_FAULT_STUCK || fault == SIM_FAULT_PREEMPT) &&
	    sim_block[cpu->index].posting.v_ != 0)
		sim.disturbed++;
	switch (fault) {
	case SIM_FAULT_STUCK:
		stand_still(cpu, sim_draw_log(chance, STUCK_NS));
		break;
	case SIM_FAULT_DIE:
		die(cpu);
		break;
	case SIM_FAULT_NMI:
		cpu->nmi = true;
		sched_attention(cpu);
		break;
	case SIM_FAULT_PREEMPT:
		guest_leave(cpu);
		sched_sleep(cpu, sim.now + sim_draw_log(chance, PREEMPT_NS),
		    SLEEP_DEEP);
		guest_enter(cpu);
		break;
	case SIM_FAULT_UNPLUG:
		cpu->replug_ns = sim_draw_log(chance, UNPLUG_NS);
		cpu->replug_keeps_latch = false;
		break;
	default:
		cpu->replug_ns = sim_draw_log(chance, SUSPEND_NS);
		cpu->replug_keeps_latch = true;
		break;
	}
}

void
strike_step(struct sim_cpu *cpu)
{
	for (unsigned f = 0; f < SIM_NFAULT; f++) {
		if (!fault_due_now((enum sim_fault)f))
			continue;
		if (fault_strikes_any((enum sim_fault)f))
			strike_any((enum sim_fault)f);
		else
			strike_own(cpu, (enum sim_fault)f);
	}
}

/* The library is about to run a function. */
void
strike_run(struct sim_cpu *cpu)
{
	if (fault_strikes(SIM_FAULT_OVERRUN, cpu))
		stand_still(cpu, sim_draw_log(fault_stream(), OVERRUN_NS));
	/* Whoever stands still for others may hold no lock meanwhile. */
	if (fault_strikes(SIM_FAULT_TRAP, cpu) && trapped != cpu->index + 1 &&
	    cpu->locks == 0 && sim_domain_.sync->owner.v_ == 0) {
		sim_lock(&trap_lock);
		trapped = cpu->index + 1;
	}
}

/* It has run it. */
void
strike_ran(struct sim_cpu *cpu)
{
	if (trapped != cpu->index + 1)
		return;
	trapped = 0;
	sim_unlock(&trap_lock);
}

void
strike_reset(void)
{
	trap_lock = (struct sim_lock){ 0, 0 };
	trapped = 0;
}

void
strike_heal(void)
{
	sim.healed = true;
	sim.result->healed_ns = sim.now;
	for (unsigned i = 0; i < sim.ncpu; i++) {
		struct sim_cpu *cpu = &sim.cpus[i];

		cpu->lose_more = 0;
		cpu->replug_ns = 0;
		if (!cpu->dead && !cpu->halted && sim.ready_at[i] > sim.now)
			sim.ready_at[i] = sim.now;
	}
}
