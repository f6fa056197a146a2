/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * depend.c: a step is taken; what depends on it, and what is in a race with it.
 *
 * Two steps of different CPUs are dependent if
 *
 *	both write the same word (the order of execution is the modification
 *	order), or both are fences, or one kicks a CPU and the other is that
 *	CPU's interrupt;
 *	or one makes the other possible: a store and a read of that very store,
 *	a kick and the interrupt.
 *
 * A read of an older store and a later store are independent: they commute.  But
 * the store makes another step of the reader possible, one that reads it.  So
 * such a pair is no dependence and yet a race: the search must let the store go
 * first, and then only the read of that store is news (asleep.reads says since
 * when).  In the same way each step of a CPU with an open doorbell races with
 * every kick that comes later, for the interrupt could have come before it.
 */
#include "engine.h"

void
depend_reset(void)
{
	eng.nevents = 0;
	eng.last_fence = eng.fences = 0;
}

/* ---- order ---- */

static inline void
join(steps *to, steps from)
{
	steps more = (steps)(from > *to);

	*to = (from & more) | (*to & ~more);
}

/* Events that the new one is in a race with. */
struct races {
	unsigned n;
	unsigned first[CPUS * CPUS + 16];
};

/* `clock` says what is known to come before. */
static void
race_unless_known(struct races *races, const struct cpu *cpu, steps clock,
    unsigned number)
{
	const struct event *e = &eng.event[number];

	if (number != 0 && e->step.cpu != cpu->index &&
	    clock[e->step.cpu] < e->number)
		races->first[races->n++] = number;
}

static void
order_write(struct cpu *cpu, struct loc *loc, steps *clock, struct races *races)
{
	unsigned last = loc->message[newest(loc)]->event;

	race_unless_known(races, cpu, *clock, last);
	join(clock, eng.event[last].clock);
	for (unsigned i = 0; i < eng.ncpu; i++)
		race_unless_known(races, cpu, *clock, loc->reader[i]);
}

static void
order_kick(struct cpu *cpu, unsigned cpus, steps *clock, struct races *races)
{
	for (unsigned i = 0; i < eng.ncpu; i++) {
		struct cpu *other = &eng.cpu[i];

		if ((cpus >> i & 1) == 0)
			continue;
		race_unless_known(races, cpu, *clock, other->last_irq);
		join(clock, eng.event[other->last_irq].clock);
		race_unless_known(races, cpu, *clock, other->open_step);
	}
}

/*
 * A compare-and-swap that fails could have succeeded before any store that
 * took away what it expects.
 */
static void
order_failure(struct cpu *cpu, const struct op *op, steps *clock,
    struct races *races)
{
	const struct loc *loc = op->loc;

	for (unsigned ts = newest(loc); ts > oldest(cpu, loc); ts--) {
		if (loc->message[ts - 1]->value != op->expected)
			continue;
		race_unless_known(races, cpu, *clock, loc->message[ts]->event);
		if (races->n == CPUS)
			return;
	}
}

/* Of several kicks that became one interrupt, any could have come after it. */
static void
order_irq(struct cpu *cpu, steps *clock, struct races *races)
{
	steps before = *clock;

	for (unsigned i = 0; i < cpu->nkicks; i++) {
		if (cpu->nkicks + cpu->self_latched > 1)
			race_unless_known(races, cpu, before, cpu->kicks[i]);
		join(clock, eng.event[cpu->kicks[i]].clock);
	}
}

static void
order_step(struct cpu *cpu, const struct step *step, steps *clock,
    struct races *races)
{
	const struct op *op = cpu->op;
	const struct message *m = state_read_by(op, step);

	if (step->what == IRQ)
		order_irq(cpu, clock, races);
	else if (state_writes(op, step))
		order_write(cpu, op->loc, clock, races);
	else if (m != NULL) {
		if (op->kind == OP_CAS)
			order_failure(cpu, op, clock, races);
		join(clock, eng.event[m->event].clock);
	} else if (step->what == DO && op->kind == OP_KICK)
		order_kick(cpu, op->cpus, clock, races);
	else if (step->what == DO && op->kind == OP_FENCE) {
		race_unless_known(races, cpu, *clock, eng.last_fence);
		join(clock, eng.event[eng.last_fence].clock);
	}
}

/* ---- effects, as far as they are no access ---- */

static void
latch(unsigned cpus, unsigned number)
{
	for (unsigned i = 0; i < eng.ncpu; i++) {
		struct cpu *cpu = &eng.cpu[i];

		if ((cpus >> i & 1) == 0)
			continue;
		cpu->latch = true;
		if (cpu->nkicks == sizeof(cpu->kicks) / sizeof(cpu->kicks[0]))
			cpu_fail("too many kicks that nobody takes");
		cpu->kicks[cpu->nkicks++] = (uint16_t)number;
	}
}

static void
leave_marks(struct cpu *cpu, const struct step *step, unsigned number)
{
	const struct op *op = cpu->op;

	/* Even if it was interrupted first: it could have read before that. */
	if (op->kind == OP_AWAIT)
		for (unsigned i = 0; i < op->nseen; i++)
			op->seen[i].loc->reader[cpu->index] = (uint16_t)number;
	else if (op->kind <= OP_TRANSLATE)
		op->loc->reader[cpu->index] = (uint16_t)number;
	if (state_kickable(cpu) && !cpu->latch)
		cpu->open_step = (uint16_t)number;
	if (step->what == IRQ) {
		cpu->latch = cpu->self_latched = false;
		cpu->nkicks = 0;
		cpu->last_irq = (uint16_t)number;
	} else if (step->what != DO) {
		cpu->left[step->what]--;
	} else if (op->kind == OP_FENCE) {
		eng.last_fence = number;
	} else if (op->kind == OP_KICK) {
		latch(op->cpus, number);
	}
}

/* The step may do what another CPU's next step could only do otherwise. */
static void
wake(struct asleep asleep[CPUS], const struct cpu *cpu, const struct step *step)
{
	const struct op *op = cpu->op;
	bool writes = state_writes(op, step);

	for (unsigned i = 0; i < eng.ncpu; i++) {
		const struct op *other = eng.cpu[i].op;
		bool same_word = other->loc == op->loc && (other->kind == OP_STORE ||
		    other->kind == OP_RMW || other->kind == OP_CAS);

		if ((writes && same_word) ||
		    (step->what == DO && op->kind == OP_FENCE &&
		    other->kind == OP_FENCE) ||
		    (step->what == IRQ && other->kind == OP_KICK &&
		    (other->cpus >> cpu->index & 1) != 0))
			asleep[i].whats &= (uint8_t)~(1u << DO);
		if (step->what == DO && op->kind == OP_KICK &&
		    (op->cpus >> i & 1) != 0)
			asleep[i].whats &= (uint8_t)~(1u << IRQ);
	}
	asleep[cpu->index].whats = 0;
	asleep[cpu->index].reads = 0;
}

/* What equivalent executions have in common, hashed for each CPU. */
static void
write_history(struct cpu *cpu, const struct step *step)
{
	const struct op *op = cpu->op;
	uint64_t what = (uint64_t)op->kind << 8 | step->what;
	uint64_t which = 0;

	if (step->what == IRQ)
		which = cpu->irqs++ * 64 + cpu->nkicks;
	else if (step->what == DO && op->kind == OP_AWAIT)
		which = (uint64_t)op->seen[step->pos].loc->id << 16 |
		    step->pos * 256u | step->ts;
	else if (step->what == DO && op->loc != NULL)
		which = (uint64_t)op->loc->id << 16 |
		    (state_writes(op, step) ? op->loc->n : step->ts);
	else if (step->what == DO && op->kind == OP_FENCE)
		which = ++eng.fences;
	else if (step->what == DO && op->kind == OP_KICK)
		for (unsigned i = 0; i < eng.ncpu; i++)
			which = which * 64 + ((op->cpus >> i & 1) != 0 ?
			    eng.cpu[i].irqs : 0);
	cpu->history = (cpu->history ^ (what << 32 | which)) *
	    0x9e3779b97f4a7c15u;
	cpu->history ^= cpu->history >> 32;
}

void
depend_take(const struct step *step, struct asleep asleep[CPUS])
{
	struct cpu *cpu = &eng.cpu[step->cpu];
	struct races races = { .n = 0 };
	unsigned number = ++eng.nevents;
	struct event *e = &eng.event[number];

	if (number == EVENTS)
		cpu_fail("an execution of more than %d steps: some loop has no "
		    "end", EVENTS);
	e->step = *step;
	e->clock = cpu->clock;
	order_step(cpu, step, &e->clock, &races);
	e->number = (uint16_t)(e->clock[cpu->index] + 1);
	e->clock[cpu->index] = e->number;
	cpu->clock = e->clock;
	wake(asleep, cpu, step);
	if (unlikely(eng.histories))
		write_history(cpu, step);
	leave_marks(cpu, step, number);
	for (unsigned i = 0; i < races.n; i++)
		search_race(races.first[i], number);
}
