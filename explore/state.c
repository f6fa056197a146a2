/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.c: which steps are possible.
 *
 * A step is one CPU's next access, with the store that it reads if it reads; or
 * an interrupt in its place.
 */
#include "engine.h"

bool
state_kickable(const struct cpu *cpu)
{
	return (!cpu->masked || cpu->op->kind == OP_HALT) && !cpu->nmi &&
	    !cpu->walking;
}

static unsigned
add(struct step steps[STEPS], unsigned n, struct step step)
{
	if (n == STEPS)
		cpu_fail("more than %d ways to go on at one point", STEPS);
	steps[n] = step;
	return n + 1;
}

static unsigned
add_reads(const struct cpu *cpu, struct step steps[STEPS])
{
	const struct op *op = cpu->op;
	unsigned floor = op->kind == OP_TRANSLATE ? *op->floor :
	    oldest(cpu, op->loc);
	struct step step = { .cpu = (uint8_t)cpu->index, .what = DO };
	unsigned n = 0;

	for (unsigned ts = op->loc->n; ts-- > floor; ) {
		/* A value that is expected, but old, would have to be swapped. */
		if (op->kind == OP_CAS && ts != newest(op->loc) &&
		    op->loc->message[ts]->value == op->expected)
			continue;
		step.ts = (uint8_t)ts;
		n = add(steps, n, step);
	}
	return n;
}

/*
 * The next turn of a wait: one step for each load that could be its first to
 * read something new, and each store that this load could read.
 */
static unsigned
add_turns(const struct cpu *cpu, struct step steps[STEPS])
{
	const struct op *op = cpu->op;
	struct step step = { .cpu = (uint8_t)cpu->index, .what = DO };
	unsigned n = 0;

	for (unsigned pos = 0; pos < op->nseen; pos++) {
		const struct seen *seen = &op->seen[pos];
		unsigned floor = oldest(cpu, seen->loc);

		for (unsigned ts = newest(seen->loc);
		    ts > seen->ts && ts >= floor; ts--) {
			step.pos = (uint8_t)pos;
			step.ts = (uint8_t)ts;
			n = add(steps, n, step);
		}
		/* This one cannot read what it read before: it is the first. */
		if (seen->ts < floor)
			break;
	}
	return n;
}

static unsigned
add_interrupts(const struct cpu *cpu, struct step steps[STEPS], unsigned n)
{
	struct step step = { .cpu = (uint8_t)cpu->index };
	bool idle = cpu->op->kind == OP_IDLE;
	bool possible[NWHAT] = {
		[IRQ] = state_kickable(cpu) && cpu->latch,
		[SPURIOUS] = state_kickable(cpu) && cpu->left[SPURIOUS] != 0 && !idle,
		[NMI] = cpu->left[NMI] != 0 && !cpu->nmi && !cpu->walking && !idle,
		[WALK] = cpu->left[WALK] != 0 && !cpu->walking && !idle,
		[TIME] = cpu->left[TIME] != 0 && cpu->watches &&
		    cpu->op->kind == OP_AWAIT,
	};

	for (step.what = IRQ; step.what < NWHAT; step.what++)
		if (possible[step.what])
			n = add(steps, n, step);
	return n;
}

unsigned
state_steps(const struct cpu *cpu, struct step steps[STEPS])
{
	struct step only = { .cpu = (uint8_t)cpu->index, .what = DO };
	unsigned n = 0;

	switch (cpu->op->kind) {
	case OP_LOAD:
	case OP_CAS:
	case OP_TRANSLATE:
		n = add_reads(cpu, steps);
		break;
	case OP_AWAIT:
		n = add_turns(cpu, steps);
		break;
	case OP_HALT:
	case OP_IDLE:
		break;
	default:
		steps[n++] = only;
		break;
	}
	return add_interrupts(cpu, steps, n);
}

bool
state_writes(const struct op *op, const struct step *step)
{
	if (step->what != DO)
		return false;
	if (op->kind == OP_CAS)
		return step->ts == newest(op->loc) &&
		    op->loc->message[step->ts]->value == op->expected;
	return op->kind == OP_STORE || op->kind == OP_RMW;
}

const struct message *
state_read_by(const struct op *op, const struct step *step)
{
	if (step->what != DO)
		return NULL;
	if (op->kind == OP_AWAIT)
		return op->seen[step->pos].loc->message[step->ts];
	if (op->kind <= OP_TRANSLATE)
		return op->loc->message[step->ts];
	return NULL;
}

/* Is it known that this step leads only where we have been? */
bool
state_asleep(const struct asleep *asleep, const struct step *step)
{
	const struct op *op = eng.cpu[step->cpu].op;
	const struct message *m = state_read_by(op, step);

	if (m != NULL && !state_writes(op, step))
		return m->event < asleep->reads;
	return (asleep->whats >> step->what & 1) != 0;
}

bool
state_over(void)
{
	for (unsigned i = 0; i < eng.ncpu; i++)
		if (eng.cpu[i].op->kind != OP_IDLE)
			return false;
	return true;
}
