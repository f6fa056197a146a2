/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c: which opportunity of which fault strikes.
 *
 * By chance, or by a list of instances; either way each fault knows the number
 * of the next opportunity at which it strikes, so that the common case is one
 * compare.  With several faults asked for, each run takes some of them, at rates
 * of its own: what only rare company brings about is found that way, and what
 * only happens undisturbed as well.
 */
#include "machine.h"

struct source {
	bool on;
	unsigned odds;
	uint64_t seen;		/* opportunities so far; steps: sim.steps */
	uint64_t next;		/* strikes at this one */
	struct sim_stream gaps;
};

static struct source source[SIM_NFAULT];
static struct sim_stream chance;
static uint64_t next_step;

const struct sim_fault_kind sim_fault_kind[SIM_NFAULT] = {
#define KIND(sym, number, name, per, odds, what)			\
	{ name, what, number, SIM_PER_##per, odds },
	SIM_FAULTS(KIND)
#undef KIND
};

uint64_t sim_hits[SIM_NFAULT][SIM_NOP_KIND][SIM_NSTATE];

static bool
counts_steps(enum sim_fault fault)
{
	return sim_fault_kind[fault].per == SIM_PER_STEP;
}

static uint64_t
next_listed(enum sim_fault fault, uint64_t after)
{
	uint64_t next = SIM_NEVER;

	for (unsigned i = 0; i < sim.config->ninject; i++) {
		const struct sim_inject *one = &sim.config->inject[i];

		if (one->fault == fault && one->nth > after && one->nth < next)
			next = one->nth;
	}
	return next;
}

static void
set_next(enum sim_fault fault, uint64_t after)
{
	struct source *s = &source[fault];

	if (sim.config->inject != NULL)
		s->next = next_listed(fault, after);
	else if (s->on)
		s->next = after + 1 + sim_draw_below(&s->gaps, 2 * s->odds - 1);
	else
		s->next = SIM_NEVER;
}

static void
set_next_step(void)
{
	next_step = SIM_NEVER;
	for (unsigned f = 0; f < SIM_NFAULT; f++)
		if (counts_steps((enum sim_fault)f) &&
		    source[f].next < next_step)
			next_step = source[f].next;
}

/* Some of many, more or less of each; one that is alone as it is. */
static void
choose(struct source *s, unsigned fault, struct sim_stream *swarm)
{
	static const unsigned rate[] = { 1, 2, 4, 8, 16 };	/* quarters */
	uint32_t asked = sim.config->faults;
	bool alone = (asked & (asked - 1)) == 0;
	unsigned coin = sim_draw_below(swarm, 2);
	unsigned quarters = rate[sim_draw_below(swarm, 5)];
	unsigned odds = sim_fault_kind[fault].odds;

	s->on = (asked & SIM_FAULT_BIT(fault)) != 0 && (alone || coin != 0);
	s->odds = alone ? odds : odds * quarters / 4;
	if (s->odds == 0)
		s->odds = 1;
}

void
fault_reset(void)
{
	struct sim_stream swarm;

	sim_stream_init(&swarm, sim.config->seed, 2);
	for (unsigned f = 0; f < SIM_NFAULT; f++) {
		source[f].seen = 0;
		sim_stream_init(&source[f].gaps, sim.config->seed, 100 + f);
		choose(&source[f], f, &swarm);
		set_next((enum sim_fault)f, 0);
	}
	set_next_step();
}

uint64_t
fault_next_step(void)
{
	return sim.healed ? sim.limit_steps : next_step;
}

uint64_t
sim_opportunities(enum sim_fault fault)
{
	return counts_steps(fault) ? sim.steps : source[fault].seen;
}

bool
sim_fault_on(enum sim_fault fault)
{
	if (sim.config->inject != NULL)
		return next_listed(fault, 0) != SIM_NEVER;
	return source[fault].on;
}

/* Faults after which a wait may be long with all in order. */
#define SLOW	(SIM_FAULT_BIT(SIM_FAULT_LOSE) | SIM_FAULT_BIT(SIM_FAULT_DELAY) | \
	SIM_FAULT_BIT(SIM_FAULT_BUSY) | SIM_FAULT_BIT(SIM_FAULT_STUCK) |	\
	SIM_FAULT_BIT(SIM_FAULT_DIE) | SIM_FAULT_BIT(SIM_FAULT_PREEMPT) |	\
	SIM_FAULT_BIT(SIM_FAULT_CLOCK) | SIM_FAULT_BIT(SIM_FAULT_CONSUME) |	\
	SIM_FAULT_BIT(SIM_FAULT_OVERRUN))

static void
record(enum sim_fault fault, uint64_t nth)
{
	struct sim_result *result = sim.result;

	if ((SLOW & SIM_FAULT_BIT(fault)) != 0)
		sim.slowed++;

	if (result->ninjected < SIM_INJECTED_MAX)
		result->injected[result->ninjected++] =
		    (struct sim_inject){ fault, nth };
	sim_stream_init(&chance, sim_mix(sim.config->seed + nth), 200 + fault);
}

void
fault_hits(enum sim_fault fault, const struct sim_cpu *victim)
{
	sim_hits[fault][victim->op][cpu_state(victim)]++;
	sim_emit_on(victim->index, SIM_EV_FAULT, fault,
	    counts_steps(fault) ? sim.steps : source[fault].seen);
}

bool
fault_strikes(enum sim_fault fault, const struct sim_cpu *victim)
{
	struct source *s = &source[fault];

	s->seen++;
	if (__builtin_expect(sim_steps_observer != NULL, 0) && !sim.healed)
		sim_steps_observer->opportunity(fault, victim->index, s->seen);
	if (s->seen != s->next)
		return false;
	set_next(fault, s->next);
	if (sim.healed)
		return false;
	record(fault, s->seen);
	fault_hits(fault, victim);
	return true;
}

/* The same for those that count steps; whom it hits is to be said. */
bool
fault_due_now(enum sim_fault fault)
{
	uint64_t due = source[fault].next;

	if (!counts_steps(fault) || due > sim.steps || sim.healed)
		return false;
	set_next(fault, sim.steps > due ? sim.steps : due);
	set_next_step();
	record(fault, sim.steps);
	return true;
}

unsigned
fault_victim(enum sim_fault fault, uint64_t nth)
{
	struct sim_stream stream;

	sim_stream_init(&stream, sim_mix(sim.config->seed + nth), 200 + fault);
	return sim_draw_below(&stream, sim.ncpu);
}

struct sim_stream *
fault_stream(void)
{
	return &chance;
}
