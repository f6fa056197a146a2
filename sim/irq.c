/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * irq.c: the interrupt controller.
 *
 * Three kinds.  LAPIC: one latch per CPU and vector, so that kicks that meet
 * there become one; the sender's command register may be busy.  GIC: a latch per
 * source, so that each sender causes an interrupt of its own, in any order.
 * SSIP: one level bit that the handler clears.  All acknowledge before the
 * library looks: a kick that arrives after that interrupts again.
 *
 * The oracle here is the doorbell's own promise (doorbell.c, I1): where a CPU
 * stands with its doorbell open and work in its lane, a kick is on its way, or
 * somebody stands between post and kick, or it polls; unless a fault took the
 * kick.
 */
#include "machine.h"

#define TICK_NS		(4 * SIM_MS)
#define KICK_NS		100	/* that a kick takes at least */
#define LATENCY_NS	1000	/* and more, by chance */
#define BUSY_NS		(50 * SIM_US)
#define LATE_NS		(20 * SIM_MS)

/* Kicks lost in a row at most. */
#define LOST_IN_A_ROW	3

/* ---- arrival ---- */

static void
latch(struct sim_cpu *cpu, unsigned source)
{
	if (!xcpu_cpuset_has(&cpu->latched, source)) {
		xcpu_cpuset_add(&cpu->latched, source);
		cpu->nlatched++;
	}
	sched_attention(cpu);
}

static void
add(enum timed_kind kind, unsigned cpu, unsigned source, uint64_t at)
{
	struct timed timed = {
		.at = at, .kind = kind, .cpu = cpu, .source = source,
		.number = sim.kicks,
	};

	queue_add(&timed);
}

void
irq_arrive(const struct timed *timed)
{
	struct sim_cpu *cpu = &sim.cpus[timed->cpu];

	switch (timed->kind) {
	case TIMED_TICK:
		add(TIMED_TICK, timed->cpu, 0, timed->at + TICK_NS);
		if (!cpu->power || cpu->dead || (cpu->halted && sim.tickless))
			break;
		cpu->tick = true;
		sched_attention(cpu);
		break;
	case TIMED_NMI:
		cpu->nmis_on_way--;
		cpu->nmi = true;
		sched_attention(cpu);
		break;
	case TIMED_KICK:
		cpu->on_way--;
		/* FALLTHROUGH */
	default:
		sim_emit_on(timed->cpu, SIM_EV_LATCH, timed->source,
		    timed->number);
		latch(cpu, timed->source);
		break;
	}
}

void
irq_start_ticks(struct sim_cpu *cpu)
{
	if (!sim.config->calm)
		add(TIMED_TICK, cpu->index, 0, sim.now + 1 +
		    sim_draw_below(&sim.sched, (unsigned)TICK_NS));
}

bool
irq_quiet(const struct sim_cpu *cpu)
{
	return cpu->on_way == 0 && cpu->nlatched == 0;
}

void
irq_spurious(unsigned cpu, uint64_t ns)
{
	add(TIMED_SPURIOUS, cpu, cpu, sim.now + ns);
}

/* ---- sending ---- */

static void
lose(struct sim_cpu *target)
{
	target->excused++;
	sim.disturbed++;
	sim_emit(SIM_EV_LOST, target->index, sim.kicks);
}

/* True when the kick is lost on its way, or never leaves. */
static bool
is_lost(struct sim_cpu *sender, struct sim_cpu *target)
{
	if (fault_strikes(SIM_FAULT_BUSY, sender)) {
		struct sim_stream *chance = fault_stream();

		if (sim_draw_below(chance, 4) == 0)
			return true;
		/* Spinning on the busy bit; not even its own NMIs help. */
		sched_sleep(sender, sim.now + sim_draw_log(chance, BUSY_NS),
		    SLEEP_DEEP);
	}
	if (fault_strikes(SIM_FAULT_LOSE, target)) {
		target->lose_more = sim_draw_below(fault_stream(),
		    LOST_IN_A_ROW);
		return true;
	}
	if (target->lose_more == 0 || sim.healed)
		return false;
	target->lose_more--;
	return true;
}

static void
send_one(struct sim_cpu *sender, struct sim_cpu *target)
{
	uint64_t at = sim.now + KICK_NS +
	    sim_draw_below(&sim.sched, LATENCY_NS);

	sim.kicks++;
	sim_emit(SIM_EV_KICK, target->index, sim.kicks);
	if (is_lost(sender, target)) {
		lose(target);
		return;
	}
	if (fault_strikes(SIM_FAULT_DELAY, target)) {
		sim.disturbed++;
		at += sim_draw_log(fault_stream(), LATE_NS);
	}
	if (fault_strikes(SIM_FAULT_DUPLICATE, target))
		irq_spurious(target->index, sim_draw_log(fault_stream(),
		    SIM_MS));
	if (fault_strikes(SIM_FAULT_BROADCAST, target))
		for (unsigned i = 0; i < sim.ncpu; i++)
			if (i != sender->index)
				irq_spurious(i, LATENCY_NS);
	target->on_way++;
	add(TIMED_KICK, target->index, sender->index, at);
}

/* The CPU that has a hardware number; NULL: nobody, and the kick vanishes. */
static struct sim_cpu *
by_hardware(unsigned hw)
{
	for (unsigned i = 0; i < sim.ncpu; i++)
		if (sim.hw_of[i] == hw)
			return &sim.cpus[i];
	return NULL;
}

/* A port maps the library's numbers to the hardware's, and the controller back. */
static struct sim_cpu *
target_of(unsigned index)
{
	unsigned hw = sim.hw_of[index];

	if (sim.config->bug == SIM_BUG_KICK_LOGICAL)
		return by_hardware(index);
	return hw == index ? &sim.cpus[index] : by_hardware(hw);
}

/* Defects of the port: the nth of a set. */
static bool
kick_forgotten(unsigned n)
{
	enum sim_bug bug = sim.config->bug;

	return (bug == SIM_BUG_KICK_FIRST && n > 0) ||
	    (bug == SIM_BUG_KICK_SECOND && n == 1);
}

void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
	struct sim_cpu *cpu = sim.cpu;
	unsigned first = xcpu_cpuset_first(set), sent = 0;

	cpu_check_masked(cpu, "xcpu_port_kick()");
	for (unsigned i = first; i < sim.ncpu; i = xcpu_cpuset_next(set, i)) {
		struct sim_cpu *target = target_of(
		    sim.config->bug == SIM_BUG_KICK_SAME ? first : i);

		sim.kicks_asked++;
		sched_step(cpu);
		if (target != NULL && !kick_forgotten(sent++))
			send_one(cpu, target);
	}
}

void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
	struct sim_cpu *cpu = sim.cpu;

	cpu_check_masked(cpu, "xcpu_port_kick_nmi()");
	for (unsigned i = xcpu_cpuset_first(set); i < sim.ncpu;
	    i = xcpu_cpuset_next(set, i)) {
		sched_step(cpu);
		if (sim.nmis_asked++ < sim.config->scenario->nmis_lost) {
			sim.slowed++;
			continue;
		}
		sim.cpus[i].nmis_on_way++;
		add(TIMED_NMI, i, cpu->index, sim.now + KICK_NS +
		    sim_draw_below(&sim.sched, LATENCY_NS));
	}
}

/* ---- taking ---- */

/* Clears what this interrupt was for. */
static void
acknowledge(struct sim_cpu *cpu)
{
	unsigned skip, source;

	if (sim.controller != SIM_GIC) {
		xcpu_cpuset_zero(&cpu->latched);
		cpu->nlatched = 0;
		return;
	}
	skip = sim_draw_below(&sim.sched, cpu->nlatched);
	source = xcpu_cpuset_first(&cpu->latched);
	for (; skip > 0; skip--)
		source = xcpu_cpuset_next(&cpu->latched, source);
	xcpu_cpuset_del(&cpu->latched, source);
	cpu->nlatched--;
}

static void
take_kick(struct sim_cpu *cpu)
{
	bool late = sim.config->bug == SIM_BUG_LATE_ACK;

	if (!late)
		acknowledge(cpu);
	sched_step(cpu);
	if (fault_strikes(SIM_FAULT_CONSUME, cpu))
		lose(cpu);
	else
		xcpu_on_ipi();
	if (late && cpu->nlatched != 0)
		acknowledge(cpu);
}

static void
take_tick(struct sim_cpu *cpu)
{
	cpu->tick = false;
	irq_check_lost(cpu);
	/* Two at once, for it stood still: a kick may be younger than the first. */
	if (sim.now - cpu->ticked < KICK_NS + LATENCY_NS)
		sim.disturbed++;
	xcpu_on_tick();
	cpu->ticked = sim.now;
}

static void
take_irq(struct sim_cpu *cpu)
{
	bool kick = cpu->nlatched != 0;
	bool outside;

	cpu->masked = cpu->in_irq = true;
	sim_emit(SIM_EV_TAKE, kick ? 0 : 1, 0);
	outside = user_irq_enter(cpu);
	if (kick)
		take_kick(cpu);
	else
		take_tick(cpu);
	user_irq_leave(outside);
	sim_emit(SIM_EV_TAKEN, kick ? 0 : 1, 0);
	cpu->in_irq = cpu->masked = false;
	cpu->attention = true;
}

static void
take_nmi(struct sim_cpu *cpu)
{
	bool outside;

	cpu->nmi = false;
	cpu->in_nmi = true;
	sim_emit(SIM_EV_TAKE, 2, 0);
	sched_step(cpu);
	outside = user_nmi_enter(cpu);
	(void)xcpu_on_nmi();
	if (sim.config->scenario->nmi != NULL)
		sim.config->scenario->nmi(cpu->index);
	user_nmi_leave(outside);
	sim_emit(SIM_EV_TAKEN, 2, 0);
	cpu->in_nmi = false;
	cpu->attention = true;
}

void
irq_take(struct sim_cpu *cpu)
{
	while (cpu->attention) {	/* ends: nothing is latched */
		if (cpu_can_take_nmi(cpu))
			take_nmi(cpu);
		else if (cpu_can_take(cpu))
			take_irq(cpu);
		else
			cpu->attention = false;
	}
}

/* ---- the oracle ---- */

void
irq_claimed(struct sim_cpu *cpu)
{
	if ((cpu_lane(cpu) & XCPU_LANE_CLASSES) == 0)
		cpu->excused = 0;
}

static bool
somebody_posts(void)
{
	for (unsigned i = 0; i < sim.ncpu; i++)
		if (sim_block[i].posting.v_ != 0)
			return true;
	return false;
}

void
irq_check_lost(const struct sim_cpu *cpu)
{
	unsigned lane = cpu_lane(cpu);
	unsigned bits = lane & XCPU_LANE_CLASSES;

	if ((lane & XCPU_LANE_STATE) == XCPU_LANE_LAZY)
		bits &= ~(unsigned)XCPU_LANE_FLUSH;
	else if ((lane & XCPU_LANE_STATE) != XCPU_LANE_READY)
		return;
	/*
	 * The FLUSH bit's own bell, on which the kicks of others rely, too, and
	 * go on to do so when that bit has been claimed without it.
	 */
	if (sim.config->flush_nmi && (cpu->nmi || cpu->nmis_on_way != 0))
		return;
	if (bits == 0 || (lane & XCPU_LANE_POLLING) != 0 ||
	    cpu->excused != 0 || !irq_quiet(cpu) || somebody_posts())
		return;
	sim_fail(SIM_LOST_KICK, "CPU %u has work (lane 0x%02x) that nobody "
	    "kicked it for", cpu->index, lane);
}
