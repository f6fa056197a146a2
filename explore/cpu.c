/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu.c: one execution.
 *
 * Each CPU is a fiber.  Before an access that others may see it stops at a
 * scheduling point, says what it is about to do, and lets eng.choose() pick the
 * next step of all CPUs; the fiber of that step's CPU goes on, perhaps its own.
 * An interrupt is a call, made at the point where it hits.
 */
#include "engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE	(64 * 1024)

struct engine eng;

static char stacks[CPUS][STACK_SIZE] __attribute__((aligned(64)));
static bool start_masked[CPUS];

/* ---- the end ---- */

/* Leave the fiber for good, or never to come back. */
void
cpu_abandon(enum ending ending)
{
	static struct fiber gone;

	eng.ending = ending;
	fiber_switch(&gone, &eng.main);
	abort();
}

void
cpu_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(eng.failure, sizeof(eng.failure), fmt, args);
	va_end(args);
	if (eng.main.sp == NULL) {
		fprintf(stderr, "xcpu-explore: %s: setup: %s\n",
		    eng.program->name, eng.failure);
		exit(2);
	}
	cpu_abandon(FAILED);
}

static const char *
stuck_in(const struct cpu *cpu)
{
	switch (cpu->op->kind) {
	case OP_AWAIT:
		return "waits";
	case OP_HALT:
		return "sleeps, and no kick is due";
	default:
		return "is done";
	}
}

enum ending
cpu_all_still(void)
{
	char text[256];
	int n = 0;

	if (state_over())
		return COMPLETE;
	for (unsigned i = 0; i < eng.ncpu; i++) {
		const struct cpu *cpu = &eng.cpu[i];

		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    "; CPU %u %s", i, stuck_in(cpu));
		if (cpu->op->kind == OP_AWAIT && cpu->op->nseen != 0)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
			    " for %s", names_of(cpu->op->seen[0].loc->address));
	}
	cpu_fail("all CPUs wait for ever%s", text);
}

uint64_t
cpu_final_state(void)
{
	uint64_t hash = 0;

	for (unsigned i = 0; i < eng.ncpu; i++)
		hash = (hash ^ eng.cpu[i].notes ^ eng.cpu[i].history) *
		    0x9e3779b97f4a7c15u;
	for (unsigned i = 0; i < eng.nlocs; i++) {
		struct loc *loc = &eng.loc[i];

		hash ^= loc->message[newest(loc)]->value;
		hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u;
	}
	return hash;
}

/* ---- interrupts ---- */

static void
handle(enum what what)
{
	const struct explore_program *program = eng.program;

	if (what == NMI)
		program->on_nmi != NULL ? program->on_nmi() :
		    (void)xcpu_on_nmi();
	else if (what == WALK)
		program->on_walk();
	else
		program->on_kick != NULL ? program->on_kick() : xcpu_on_ipi();
}

static void
interrupt(struct cpu *me, enum what what)
{
	static const char *const names[NWHAT] = {
		"", "interrupt", "spurious interrupt", "NMI", "table walk", ""
	};
	bool masked = me->masked;
	bool nmi = me->nmi;
	bool walking = me->walking;

	if (unlikely(eng.tracing))
		trace_text("--- %s", names[what]);
	me->nested++;
	me->nseen = me->scripted = me->timing = 0;
	me->impure = false;
	me->nmi = me->nmi || what == NMI;
	me->walking = what == WALK;
	me->masked = me->masked || what == IRQ || what == SPURIOUS;
	handle(what);
	me->nmi = nmi;
	me->walking = walking;
	me->masked = masked;
	me->nested--;
	me->window = true;
	/* The turn that was interrupted must be made again. */
	me->nseen = me->scripted = 0;
	me->impure = true;
	if (unlikely(eng.tracing))
		trace_text("--- end of %s", names[what]);
}

/* ---- scheduling ---- */

static void
dispatch(struct cpu *me)
{
	struct cpu *next;

	if (!eng.choose())
		cpu_abandon(eng.ending);
	next = &eng.cpu[eng.step.cpu];
	if (next != me) {
		eng.me = next;
		fiber_switch(&me->fiber, &next->fiber);
	}
}

struct step
cpu_point(struct op *op)
{
	struct cpu *me = eng.me;

	for (;;) {	/* ends with the step that is no interrupt, or with the fiber */
		struct step step;

		me->op = op;
		if (eng.starting)
			fiber_switch(&me->fiber, &eng.main);
		else
			dispatch(me);
		step = eng.step;
		me->window = true;
		if (step.what == DO || step.what == TIME)
			return step;
		interrupt(me, (enum what)step.what);
		if (op->kind == OP_AWAIT || (op->kind == OP_HALT &&
		    (step.what == IRQ || step.what == SPURIOUS)))
			return step;
	}
}

void
cpu_own_point(struct sim_site *site)
{
	struct cpu *me = eng.me;
	struct op op = { .kind = OP_OWN, .site = site };

	if (eng.exploring && !me->walking && ((!me->masked && !me->nmi) ||
	    (me->left[NMI] != 0 && !me->nmi)))
		(void)cpu_point(&op);
}

void
cpu_mask(void)
{
	/* Open, and shut before any access: a kick may come even so. */
	if (!eng.me->masked && !eng.me->window)
		cpu_own_point(NULL);
	eng.me->masked = true;
}

void
cpu_unmask(void)
{
	eng.me->masked = false;
	eng.me->window = false;
}

void
cpu_kick(unsigned cpus)
{
	struct cpu *me = eng.me;
	unsigned self = 1u << me->index;
	struct op op = { .kind = OP_KICK, .cpus = cpus & ~self };

	me->impure = true;
	if ((cpus & self) != 0)
		me->latch = me->self_latched = true;
	if (op.cpus == 0)
		return;
	(void)cpu_point(&op);
	if (unlikely(eng.tracing))
		trace_access(&op, &eng.step, 0, 0);
}

/* ---- one execution ---- */

static void
idle_for_good(void)
{
	struct op idle = { .kind = OP_IDLE };

	for (;;)	/* ends with the execution */
		(void)cpu_point(&idle);
}

void
cpu_die(void)
{
	eng.me->masked = eng.me->nmi = true;
	idle_for_good();
}

static void
run(void *arg)
{
	struct cpu *me = arg;
	struct op end = { .kind = OP_END };

	if (eng.program->cpu[me->index] != NULL)
		eng.program->cpu[me->index]();
	if (me->left[NMI] + me->left[WALK] + me->left[SPURIOUS] != 0)
		(void)cpu_point(&end);
	idle_for_good();
}

static void
check(void *arg)
{
	(void)arg;
	eng.program->check();
	cpu_abandon(COMPLETE);
}

void
cpu_start_masked(unsigned cpu)
{
	start_masked[cpu] = true;
}

static void
reset_cpu(struct cpu *cpu)
{
	const struct explore_program *program = eng.program;
	unsigned i = cpu->index;

	cpu->clock = (steps){ 0 };
	cpu->open_step = cpu->last_irq = 0;
	cpu->masked = start_masked[i];
	cpu->latch = cpu->self_latched = cpu->window = false;
	cpu->nmi = cpu->walking = false;
	cpu->nested = cpu->locked = cpu->nkicks = 0;
	cpu->left[NMI] = program->nmis[i];
	cpu->left[SPURIOUS] = program->spurious[i];
	cpu->left[WALK] = program->walks[i];
	cpu->left[TIME] = program->deadlines[i];
	cpu->impure = cpu->watches = false;
	cpu->turn_at = NULL;
	cpu->timing = cpu->nseen = cpu->scripted = cpu->script_at = 0;
	cpu->now_ns = 0;
	cpu->notes = cpu->history = 0;
	cpu->irqs = 0;
	fiber_start(&cpu->fiber, stacks[i], STACK_SIZE, run, cpu);
}

/* Each CPU to its first point; the last one goes on from there. */
static void
start(void)
{
	for (unsigned i = 0; i < eng.ncpu && eng.ending == RUNNING; i++) {
		eng.starting = i + 1 < eng.ncpu;
		eng.me = &eng.cpu[i];
		fiber_switch(&eng.main, &eng.me->fiber);
	}
}

enum ending
cpu_execute(void)
{
	eng.ending = RUNNING;
	shadow_restore();
	model_reset();
	race_reset();
	tlb_reset();
	depend_reset();
	for (unsigned i = 0; i < eng.ncpu; i++)
		reset_cpu(&eng.cpu[i]);
	eng.exploring = true;
	start();
	eng.exploring = false;
	if (eng.ending == COMPLETE && eng.program->check != NULL) {
		eng.me = &eng.cpu[0];
		fiber_start(&eng.me->fiber, stacks[0], STACK_SIZE, check, NULL);
		fiber_switch(&eng.main, &eng.me->fiber);
	}
	return eng.ending;
}

void
cpu_setup(void)
{
	eng.ncpu = eng.program->ncpu;
	memset(start_masked, 0, sizeof(start_masked));
	for (unsigned i = 0; i < CPUS; i++) {
		eng.cpu[i].index = i;
		eng.cpu[i].masked = eng.cpu[i].nmi = false;
		eng.cpu[i].walking = false;
	}
	eng.main.sp = NULL;
	eng.exploring = false;
	eng.me = &eng.cpu[0];
	tlb_begin();
	names_begin();
	if (eng.program->setup != NULL)
		eng.program->setup();
	tlb_save();
	shadow_save();
}
