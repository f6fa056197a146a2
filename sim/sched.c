/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched.c: who runs, and what time it is.
 *
 * A CPU runs for a burst of steps, then chance picks another among those that
 * are ready.  Time is counted in the steps of all CPUs together; when nobody is
 * ready it jumps to the next moment at which somebody is, or something arrives,
 * so that a wait of a second costs no more than its looks.
 *
 * Races hide in windows of a few instructions, and bursts step over them.  So
 * each run also marks a few sites of the library at random, and whoever comes by
 * there is often held for some microseconds.
 */
#include "machine.h"

#define MARKED_SITES	3
#define PAUSE_NS	(30 * SIM_US)

/* Virtual time without an operation that ends, faults being over. */
#define HANG_NS		(60 * SIM_S)

static struct sim_site *marked[MARKED_SITES];

static void
mark_sites(void)
{
	size_t n = (size_t)(__stop_sim_sites - __start_sim_sites);

	for (unsigned i = 0; i < MARKED_SITES; i++) {
		if (marked[i] != NULL)
			marked[i]->mark = 0;
		marked[i] = NULL;
	}
	if (sim.config->calm || sim_draw_below(&sim.sched, 2) == 0)
		return;
	for (unsigned i = 0; i < MARKED_SITES; i++) {
		marked[i] = &__start_sim_sites[sim_draw_below(&sim.sched,
		    (unsigned)n)];
		marked[i]->mark = 1;
	}
}

void
sched_reset(void)
{
	static const unsigned means[] = { 1, 2, 4, 8, 16, 64 };

	sim_stream_init(&sim.sched, sim.config->seed, 1);
	sim.burst_mean = means[sim_draw_below(&sim.sched, 6)];
	sim.burst_end = 0;
	sim.look_step = sim.look_ns = 0;
	mark_sites();
}

void
sched_look_at(uint64_t ns)
{
	if (ns < sim.look_ns)
		sim.look_ns = ns;
}

/* ---- time ---- */

static void __attribute__((noreturn))
hang(void)
{
	for (unsigned i = 0; i < sim.ncpu; i++) {
		const struct sim_cpu *cpu = &sim.cpus[i];

		if (cpu->finished || cpu->dead)
			continue;
		sim_fail(SIM_HANG, "CPU %u does not finish its %s (%s, waits in "
		    "a %s)", i, sim_op_name[cpu->op],
		    sim_state_name[cpu_state(cpu)],
		    xcpu_wait_name((enum xcpu_wait_kind)cpu_waits(cpu)));
	}
	sim_fail(SIM_HANG, "all have finished, but work stands");
}

static void
time_passes(void)
{
	uint64_t since = sim.progress_ns > sim.heal_ns ? sim.progress_ns :
	    sim.heal_ns;

	while (queue_next() <= sim.now) {	/* ends: each comes later */
		struct timed timed = queue_take();

		irq_arrive(&timed);
	}
	if (!sim.healed && sim.now >= sim.heal_ns)
		strike_heal();
	if (sim.steps >= sim.limit_steps || sim.now > since + HANG_NS)
		hang();
}

/* To the next moment at which somebody is ready or something arrives. */
static void
time_jumps(void)
{
	uint64_t next = queue_next();

	for (unsigned i = 0; i < sim.ncpu; i++)
		if (sim.ready_at[i] < next)
			next = sim.ready_at[i];
	if (!sim.healed && sim.heal_ns < next)
		next = sim.heal_ns;
	if (next == SIM_NEVER)
		hang();
	sim.now = next;
	time_passes();
}

/* ---- turns ---- */

static struct sim_cpu *
pick(void)
{
	static uint16_t ready[XCPU_NCPU_MAX];
	unsigned n = 0;

	for (;;) {	/* ends: with somebody, or as a hang */
		for (unsigned i = 0; i < sim.ncpu; i++)
			if (sim.ready_at[i] <= sim.now)
				ready[n++] = (uint16_t)i;
		if (n != 0)
			break;
		time_jumps();
	}
	return &sim.cpus[ready[sim_draw_below(&sim.sched, n)]];
}

static void
set_look(void)
{
	uint64_t step = fault_next_step();

	sim.look_step = step < sim.burst_end ? step : sim.burst_end;
	sim.look_ns = queue_next();
	if (!sim.healed && sim.heal_ns < sim.look_ns)
		sim.look_ns = sim.heal_ns;
}

static void
switch_from(struct fiber *from)
{
	struct sim_cpu *next = pick();

	sim.burst_end = sim.steps + 1 +
	    sim_draw_below(&sim.sched, 2 * sim.burst_mean);
	set_look();
	if (from == &next->fiber)
		return;
	sim.cpu = next;
	fiber_switch(from, &next->fiber);
}

static void
look(struct sim_cpu *cpu)
{
	time_passes();
	if (sim.steps >= fault_next_step())
		strike_step(cpu);
	if (cpu->tlb.nstores != 0)
		tlb_land(cpu, LAND_DUE);
	if (sim.steps >= sim.burst_end || sim.ready_at[cpu->index] > sim.now)
		switch_from(&cpu->fiber);
	else
		set_look();
}

void
sched_step(struct sim_cpu *cpu)
{
	sim.steps++;
	sim.now += SIM_STEP_NS;
	if (__builtin_expect(sim_steps_observer != NULL, 0))
		sim_steps_observer->step(cpu->index);
	if (sim.steps >= sim.look_step || sim.now >= sim.look_ns)
		look(cpu);
	if (cpu->attention && cpu->atomic == 0)
		irq_take(cpu);
}

void
sched_attention(struct sim_cpu *cpu)
{
	bool wake;

	cpu->attention = true;
	if (cpu->sleep == SLEEP_RELAX)
		wake = cpu_can_take(cpu) || cpu_can_take_nmi(cpu);
	else
		wake = cpu->sleep == SLEEP_STUCK && cpu_can_take_nmi(cpu);
	if (wake && sim.ready_at[cpu->index] > sim.now)
		sim.ready_at[cpu->index] = sim.now;
}

void
sched_sleep(struct sim_cpu *cpu, uint64_t until, enum sim_sleep sleep)
{
	if (until <= sim.now)
		return;
	sim.ready_at[cpu->index] = until;
	cpu->sleep = sleep;
	if (cpu->attention)
		sched_attention(cpu);
	switch_from(&cpu->fiber);
	cpu->sleep = SLEEP_DEEP;
}

void
sched_pause(struct sim_cpu *cpu)
{
	if (sim_draw_below(&sim.sched, 3) == 0)
		sched_sleep(cpu, sim.now + sim_draw_log(&sim.sched, PAUSE_NS),
		    SLEEP_DEEP);
}

void
sched_start(void)
{
	for (unsigned i = 1; i < sim.ncpu; i++)
		sim.ready_at[i] = 1 + sim_draw_below(&sim.sched, 2000);
	switch_from(&sim.engine);
}
