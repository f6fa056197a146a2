/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu.c: a CPU: how it comes and goes, masks, idles, spins, and its clock.
 */
#include "machine.h"

/* A turn of a spin loop: short at first, and then longer and longer. */
#define RELAX_SHORT_SPINS	64
#define RELAX_SHORT_NS		60
#define RELAX_LONG_NS		(2 * SIM_MS)

bool sim_port_early;

/* ---- where a CPU stands ---- */

/* These look at the library's words without a step: it is the machine's look. */

unsigned
cpu_lane(const struct sim_cpu *cpu)
{
	const struct xcpu_cpu *block = &sim_block[cpu->index];

	return block->line == NULL ? XCPU_LANE_OFF :
	    (unsigned)(block->line->bell.v_ >> block->lane_shift) & 0xff;
}

unsigned
cpu_waits(const struct sim_cpu *cpu)
{
	return sim_block[cpu->index].waiting.kind.v_;
}

enum sim_state
cpu_state(const struct sim_cpu *cpu)
{
	unsigned lane = cpu_lane(cpu);
	unsigned state = lane & XCPU_LANE_STATE;

	if (state == XCPU_LANE_OFF)
		return SIM_STATE_OFF;
	if (state == XCPU_LANE_LEAVING)
		return SIM_STATE_LEAVING;
	if (cpu->in_nmi)
		return SIM_STATE_NMI;
	if (sim_block[cpu->index].depth != 0)
		return SIM_STATE_HANDLER;
	if (cpu->in_irq)
		return SIM_STATE_DRAIN;
	if (cpu->halted)
		return SIM_STATE_HALTED;
	if ((lane & XCPU_LANE_POLLING) != 0)
		return SIM_STATE_POLLING;
	if (cpu_waits(cpu) != XCPU_WAIT_NONE)
		return SIM_STATE_WAITING;
	if (state == XCPU_LANE_LAZY)
		return SIM_STATE_LAZY;
	if (cpu->user && !cpu->masked)
		return SIM_STATE_USER;
	if (cpu->locks != 0)
		return SIM_STATE_LOCKED;
	return cpu->masked ? SIM_STATE_MASKED : SIM_STATE_OPEN;
}

bool
cpu_can_take(const struct sim_cpu *cpu)
{
	return !cpu->masked && !cpu->in_nmi && cpu->atomic == 0 &&
	    (cpu->nlatched != 0 || cpu->tick);
}

bool
cpu_can_take_nmi(const struct sim_cpu *cpu)
{
	return cpu->nmi && !cpu->in_nmi && cpu->atomic == 0;
}

/* ---- hooks of the port ---- */

void
cpu_check_masked(const struct sim_cpu *cpu, const char *hook)
{
	if (!cpu->masked && !cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "%s with the doorbell open", hook);
}

struct xcpu_cpu *
xcpu_port_self(void)
{
	return sim.cpu != NULL ? &sim_block[sim.cpu->index] : NULL;
}

unsigned long
xcpu_port_irq_save(void)
{
	struct sim_cpu *cpu = sim.cpu;
	unsigned long was;

	sched_step(cpu);
	was = cpu->masked;
	cpu->masked = true;
	return was;
}

void
xcpu_port_irq_restore(unsigned long state)
{
	struct sim_cpu *cpu = sim.cpu;

	cpu->masked = state != 0;
	if (cpu->nlatched != 0 || cpu->tick)
		cpu->attention = true;
	sched_step(cpu);
}

unsigned
xcpu_port_context(void)
{
	const struct sim_cpu *cpu = sim.cpu;

	if (cpu == NULL)
		return 0;
	return (cpu->masked ? XCPU_CTX_MASKED : 0) |
	    (cpu->locks != 0 ? XCPU_CTX_LOCKED : 0) |
	    (cpu->in_nmi ? XCPU_CTX_NMI : 0);
}

void
xcpu_port_relax(unsigned spins)
{
	uint64_t most = RELAX_SHORT_NS;

	if (spins >= RELAX_SHORT_SPINS) {
		unsigned shift = (spins - RELAX_SHORT_SPINS) / 6;

		most = shift < 16 ? most << shift : RELAX_LONG_NS;
	}
	if (most > RELAX_LONG_NS)
		most = RELAX_LONG_NS;
	sched_sleep(sim.cpu, sim.now + 1 +
	    sim_draw_below(&sim.sched, (unsigned)most), SLEEP_RELAX);
	sched_step(sim.cpu);
}

static void
disturb_clock(struct sim_clock *clock)
{
	struct sim_stream *chance = fault_stream();
	uint64_t ns = sim_draw_log(chance, 2 * SIM_S);

	switch (sim_draw_below(chance, 4)) {
	case 0:
		clock->offset += ns;
		break;
	case 1:
		clock->frozen_at = sim.clock_base + sim.now + clock->offset;
		clock->frozen_until = sim.now + ns;
		break;
	default:
		clock->offset -= ns;
		break;
	}
}

uint64_t
xcpu_port_now_ns(void)
{
	struct sim_cpu *cpu = sim.cpu;

	sched_step(cpu);
	if (fault_strikes(SIM_FAULT_CLOCK, cpu))
		disturb_clock(&cpu->clock);
	if (!sim.healed && sim.now < cpu->clock.frozen_until)
		return cpu->clock.frozen_at;
	return sim.clock_base + sim.now + cpu->clock.offset;
}

void
xcpu_port_panic(const char *text, const char *file, int line)
{
	sim_fail(SIM_PANIC, "%s:%d: %s", file, line, text);
}

/* ---- online and offline ---- */

static void
come_up(struct sim_cpu *cpu)
{
	int error;

	cpu->masked = true;
	cpu->power = true;
	cpu->op = SIM_OP_ONLINE;
	error = xcpu_cpu_online(&sim_block[cpu->index]);
	if (error != 0)
		sim_fail(SIM_CONTRACT, "xcpu_cpu_online(): %s",
		    xcpu_strerror(error));
	cpu->op = SIM_OP_NONE;
	xcpu_port_irq_restore(0);
}

void
sim_replug(uint64_t off_ns)
{
	struct sim_cpu *cpu = sim.cpu;
	enum sim_op_kind op = cpu->op;
	bool keeps = cpu->replug_keeps_latch;
	int error;

	cpu->op = SIM_OP_OFFLINE;
	sim_emit(SIM_EV_OP, SIM_OP_OFFLINE, 0);
	/* Interrupts come in between: what they run, runs on a CPU about to leave. */
	sim_work_ns(off_ns % 4096);
	error = xcpu_cpu_offline();
	sim_emit(SIM_EV_OP_END, SIM_OP_OFFLINE, (uint64_t)(int64_t)error);
	if (error != 0 && !(error == -XCPU_ETIMEDOUT && sim_gave_up()))
		sim_fail(SIM_CONTRACT, "xcpu_cpu_offline(): %s",
		    xcpu_strerror(error));
	/* Parked for a moment with its doorbell open, and then without power. */
	sim_work_ns(1 + off_ns % 256);
	xcpu_port_irq_save();
	cpu->power = cpu->vouched = false;
	sched_sleep(cpu, sim.now + off_ns, SLEEP_DEEP);
	if (!keeps) {
		cpu->nlatched = 0;
		xcpu_cpuset_zero(&cpu->latched);
		cpu->tick = cpu->nmi = false;
	}
	come_up(cpu);
	sim.progress_ns = sim.now;
	cpu->op = op;
}

void
sim_safe_point(void)
{
	struct sim_cpu *cpu = sim.cpu;
	uint64_t off_ns = cpu->replug_ns;

	death_safe_point(cpu);
	if (off_ns == 0 || sim.reports || cpu->masked || cpu->locks != 0)
		return;
	cpu->replug_ns = 0;
	sim_replug(off_ns);
}

/* Unmask and halt in one step; back when an interrupt was taken. */
static void
halt(struct sim_cpu *cpu)
{
	bool gap = sim.config->bug == SIM_BUG_HALT_GAP;
	uint64_t until = SIM_NEVER;

	irq_check_lost(cpu);
	if (fault_strikes(SIM_FAULT_HALT, cpu))
		until = sim.now + sim_draw_log(fault_stream(), SIM_MS);
	cpu->masked = false;
	if (gap)
		sched_step(cpu);
	sim_emit(SIM_EV_HALT, 0, 0);
	cpu->halted = true;
	if (gap || !(cpu_can_take(cpu) || cpu_can_take_nmi(cpu)))
		sched_sleep(cpu, until, SLEEP_RELAX);
	cpu->halted = false;
	sim_emit(SIM_EV_WAKE, 0, 0);
	cpu->attention = true;
	irq_take(cpu);
}

void
sim_idle(void)
{
	struct sim_cpu *cpu = sim.cpu;
	enum sim_op_kind op = cpu->op;
	unsigned long state;

	sim_safe_point();
	state = xcpu_port_irq_save();
	cpu->op = SIM_OP_IDLE;
	if (xcpu_on_idle_enter()) {
		if (cpu->finished)
			run_end_if_over(cpu);
		halt(cpu);
	}
	cpu->op = op;
	xcpu_port_irq_restore(state);
}

void
cpu_run(void *arg)
{
	struct sim_cpu *cpu = arg;

	if (cpu->index == 0)
		run_setup(cpu);
	irq_start_ticks(cpu);
	come_up(cpu);
	sim.config->scenario->main(cpu->index);
	cpu->finished = true;
	cpu->op = SIM_OP_NONE;
	sim.unfinished--;
	sim.progress_ns = sim.now;
	for (;;)	/* ends: with the run */
		sim_idle();
}
