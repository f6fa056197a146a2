/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge.c: what the machine thinks of what it sees, beside irq.c (lost kicks)
 * and mmu_walk.c (stale translations): complaints of waits, and the end of a run.
 */
#include <inttypes.h>

#include "machine.h"

/*
 * A wait was silent for XCPU_REKICK_NS.  Without any fault, nothing in a
 * scenario lasts so long: a kick was not sent, or somebody waits for himself.
 */
void
judge_rekick(const struct sim_cpu *cpu, unsigned missing)
{
	if (sim.slowed == 0)
		sim_fail(SIM_LOST_KICK, "CPU %u kicks CPU %u again, and no "
		    "fault slows anything", cpu->index, missing);
}

static enum xcpu_stall_policy
policy(const struct xcpu_stall *report)
{
	if (death_is_due())
		return death_stalls(sim.cpu, report->kind);
	for (unsigned i = xcpu_cpuset_first(&report->missing); i < sim.ncpu;
	    i = xcpu_cpuset_next(&report->missing, i))
		if (sim.cpus[i].dead)
			return sim.reports ? death_stalls(sim.cpu, report->kind) :
			    XCPU_STALL_GIVE_UP;
	if (!sim.healed && !sim.reports && sim_draw_below(&sim.sched, 16) == 0)
		return XCPU_STALL_GIVE_UP;
	switch (sim_draw_below(&sim.sched, 3)) {
	case 0:
		return XCPU_STALL_CONTINUE;
	case 1:
		return XCPU_STALL_REKICK;
	default:
		return XCPU_STALL_NMI;
	}
}

enum xcpu_stall_policy
xcpu_port_stall(const struct xcpu_stall *report)
{
	enum xcpu_stall_policy answer = policy(report);

	sim.result->stalls++;
	if (sim.slowed == 0)
		sim_fail(SIM_STALL, "CPU %u has waited %" PRIu64 " ms in a %s "
		    "for CPU %u, and no fault slows anything", report->waiter,
		    report->waited_ns / SIM_MS, xcpu_wait_name(report->kind),
		    report->first.cpu);
	if (!xcpu_cpuset_has(&report->missing, report->first.cpu))
		sim_fail(SIM_ORDER, "a stall report describes CPU %u, which "
		    "is not missing", report->first.cpu);
	if (answer == XCPU_STALL_GIVE_UP && !sim.reports)
		sim.gave_up++;
	return answer;
}

/* The counters agree with what the machine saw. */
static void
check_counters(void)
{
	struct xcpu_totals totals = { 0 };

	for (unsigned i = 0; i < sim.ncpu; i++)
		(void)xcpu_stat_sum(&sim_domain_, i, &totals);
	if (sim.ndead != 0)
		return;
	if (xcpu_stat_kicks(&totals) != sim.kicks_asked)
		sim_fail(SIM_ORDER, "the counters say %" PRIu64 " kicks, the "
		    "port was asked for %" PRIu64, xcpu_stat_kicks(&totals),
		    sim.kicks_asked);
	if (totals.lost != 0 && sim.disturbed == 0)
		sim_fail(SIM_LOST_KICK, "a tick found %" PRIu64 " kicks lost, "
		    "and none was lost or late by a fault", totals.lost);
}

/* Everybody has finished: is there anything left? */
bool
judge_quiet(const struct sim_cpu *self)
{
	for (unsigned i = 0; i < sim.ncpu; i++) {
		const struct sim_cpu *cpu = &sim.cpus[i];
		unsigned lane = cpu_lane(cpu);
		unsigned bits = lane & XCPU_LANE_CLASSES;

		if (cpu->dead)
			continue;
		if ((lane & XCPU_LANE_STATE) == XCPU_LANE_LAZY)
			bits &= ~(unsigned)XCPU_LANE_FLUSH;
		if (bits != 0 || !irq_quiet(cpu) || !cpu->finished ||
		    (cpu != self && !cpu->halted))
			return false;
	}
	return true;
}

void
judge_end(void)
{
	check_counters();
	if (sim.config->scenario->check != NULL)
		sim.config->scenario->check();
}
