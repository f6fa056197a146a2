/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c: one run, from power-on to the verdict.
 *
 * A run has three parts: chaos, while faults strike; from heal_ns on they are
 * over ("heal"), whoever stood still goes on, and everything must come to its
 * end; when all CPUs have finished and nothing is on its way, the counters and
 * the scenario are checked.  Dead CPUs stay dead.
 *
 * The verdict is found on some CPU's stack, anywhere inside the library: it
 * switches back to the engine, and the stacks are simply abandoned.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define LIMIT_STEPS	UINT64_C(40000000)
#define POOL_BYTES	(256 * 1024)

struct sim_machine sim;
struct xcpu_domain sim_domain_;
static struct xcpu_sync_room sync_room;
static struct xcpu_stop_room stop_room;
struct xcpu_cpu sim_block[XCPU_NCPU_MAX];

static char stack[XCPU_NCPU_MAX][SIM_STACK] __attribute__((aligned(64)));

static struct {
	size_t used;
	char bytes[POOL_BYTES] __attribute__((aligned(64)));
} pool;

/* ---- the end ---- */

void
run_end(enum sim_verdict verdict)
{
	static struct fiber nobody;
	struct sim_result *result = sim.result;

	result->verdict = verdict;
	result->healed = sim.healed;
	result->steps = sim.steps;
	result->ns = sim.now;
	result->kicks = sim.kicks_asked;
	result->digest = log_digest();
	sim.cpu = NULL;
	fiber_switch(&nobody, &sim.engine);
	abort();	/* nobody comes back here */
}

void
sim_fail(enum sim_verdict verdict, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(sim.result->text, sizeof(sim.result->text), format, list);
	va_end(list);
	sim_note("FAILED %s: %s", sim_verdict_name[verdict], sim.result->text);
	run_end(verdict);
}

void
run_end_if_over(const struct sim_cpu *cpu)
{
	if (sim.unfinished != 0 || !judge_quiet(cpu))
		return;
	sim.cpu = NULL;
	judge_end();
	run_end(SIM_OK);
}

/* ---- the beginning ---- */

void
run_setup(struct sim_cpu *cpu)
{
	sim.cpu = NULL;
	if (sim.config->scenario->setup != NULL)
		sim.config->scenario->setup();
	sim.cpu = cpu;
}

static unsigned
choose_ncpu(struct sim_stream *shape)
{
	const struct sim_scenario *s = sim.config->scenario;
	unsigned ncpu = s->min_cpus +
	    sim_draw_below(shape, s->max_cpus - s->min_cpus + 1);

	return sim.config->ncpu != 0 ? sim.config->ncpu : ncpu;
}

static void
begin_cpu(unsigned index)
{
	struct sim_cpu *cpu = &sim.cpus[index];

	memset(cpu, 0, sizeof(*cpu));
	memset(&sim_block[index], 0, sizeof(sim_block[index]));
	cpu->index = index;
	cpu->sleep = SLEEP_DEEP;
	sim.ready_at[index] = 0;
	sim.hw_of[index] = index;
	sim_stream_init(&cpu->stream, sim.config->seed, 1000 + index);
	fiber_start(&cpu->fiber, stack[index], SIM_STACK, cpu_run, cpu);
}

/* Hardware numbers with gaps, in any order. */
static void
permute(struct sim_stream *chance)
{
	for (unsigned i = 0; i < sim.ncpu; i++)
		sim.hw_of[i] = i * 3 + 1;
	for (unsigned i = sim.ncpu - 1; i > 0; i--) {
		unsigned j = sim_draw_below(chance, i + 1);
		unsigned hw = sim.hw_of[i];

		sim.hw_of[i] = sim.hw_of[j];
		sim.hw_of[j] = hw;
	}
}

/* What differs between machines, by seed. */
static void
choose_machine(struct sim_stream *shape)
{
	sim.controller = sim.config->controller != SIM_BY_SEED ?
	    sim.config->controller :
	    (enum sim_controller)(1 + sim_draw_below(shape, 3));
	sim.ops = sim.config->ops != 0 ? sim.config->ops :
	    4 + sim_draw_below(shape, 24);
	sim.heal_ns = SIM_MS + sim_draw_log(shape, 4 * SIM_S);
	/* Some clocks begin just before they wrap. */
	sim.clock_base = sim_draw_below(shape, 4) == 0 ?
	    -sim_draw_log(shape, SIM_S) : sim_draw_log(shape, SIM_S);
	for (unsigned i = 0; i < sim.ncpu; i++)
		sim.cpus[i].clock.offset = sim_draw_log(shape, SIM_S);
	if (fault_strikes(SIM_FAULT_PERMUTE, &sim.cpus[0]))
		permute(fault_stream());
	/* Idle for ever is where a lost kick cannot be made good. */
	sim.tickless = sim.config->scenario->tickless &&
	    sim_draw_below(shape, 3) == 0 &&
	    !sim_fault_on(SIM_FAULT_LOSE) && !sim_fault_on(SIM_FAULT_BUSY) &&
	    !sim_fault_on(SIM_FAULT_CONSUME) && !sim_fault_on(SIM_FAULT_DIE);
	sim.erratum = fault_strikes(SIM_FAULT_ERRATUM, &sim.cpus[0]);
}

static void
begin(const struct sim_config *config, struct sim_result *result)
{
	struct sim_stream shape;

	memset(&sim, 0, offsetof(struct sim_machine, hw_of));
	memset(result, 0, offsetof(struct sim_result, injected));
	memset(&sim_domain_, 0, sizeof(sim_domain_));
	memset(&sync_room, 0, sizeof(sync_room));
	memset(&stop_room, 0, sizeof(stop_room));
	memset(pool.bytes, 0, pool.used);
	pool.used = 0;
	sim.config = config;
	sim.result = result;
	sim_stream_init(&shape, config->seed, 3);
	sim.ncpu = choose_ncpu(&shape);
	sim.unfinished = sim.ncpu;
	sim.limit_steps = config->limit_steps != 0 ? config->limit_steps :
	    LIMIT_STEPS;
	for (unsigned i = 0; i < sim.ncpu; i++)
		begin_cpu(i);
	(void)xcpu_domain_init(&sim_domain_, sim_block, sim.ncpu);
	if (config->flush_nmi)
		sim_domain_.flush_kick = xcpu_port_kick_nmi;
	(void)xcpu_sync_init(&sim_domain_, &sync_room);
	(void)xcpu_stop_init(&sim_domain_, &stop_room);
	log_reset();
	queue_reset();
	asid_reset();
	mmu_reset();
	strike_reset();
	fault_reset();
	choose_machine(&shape);
	sim_port_early = config->scenario->early;
	sched_reset();
}

bool
sim_run(const struct sim_config *config, struct sim_result *result)
{
	begin(config, result);
	result->ncpu = sim.ncpu;
	result->controller = sim.controller;
	for (struct sim_observer *o = sim_observers; o != NULL; o = o->next)
		if (o->begin != NULL)
			o->begin(config, sim.ncpu);
	sched_start();
	for (struct sim_observer *o = sim_observers; o != NULL; o = o->next)
		if (o->end != NULL)
			o->end(result);
	return result->verdict == SIM_OK;
}

struct sim_result *
sim_result_new(void)
{
	struct sim_result *result = calloc(1, sizeof(*result) +
	    SIM_INJECTED_MAX * sizeof(result->injected[0]));

	if (result == NULL) {
		perror("xcpu-sim");
		exit(2);
	}
	return result;
}

/* ---- what scenarios ask of the run ---- */

void *
sim_alloc(size_t bytes)
{
	char *at = pool.bytes + pool.used;

	bytes = (bytes + 63) & ~(size_t)63;
	if (pool.used + bytes > POOL_BYTES)
		sim_fail(SIM_PANIC, "sim_alloc(): the pool is empty");
	pool.used += bytes;
	return at;
}

void
sim_observe(struct sim_observer *observer)
{
	observer->next = sim_observers;
	sim_observers = observer;
	if (observer->access != NULL)
		sim_observing_accesses = true;
	if (observer->step != NULL)
		sim_steps_observer = observer;
}

/* ---- names of places ---- */

static bool
inside(const char *p, const void *object, size_t size, int64_t *offset)
{
	*offset = p - (const char *)object;
	return *offset >= 0 && *offset < (int64_t)size;
}

void
sim_where_name(int64_t where, char *text, size_t size)
{
	const char *p = (const char *)&sim + where;
	int64_t at;

	if (inside(p, &sim_domain_, sizeof(sim_domain_), &at))
		snprintf(text, size, "domain+0x%llx", (unsigned long long)at);
	else if (inside(p, sim_block, sizeof(sim_block), &at))
		snprintf(text, size, "cpu%llu+0x%llx",
		    (unsigned long long)at / sizeof(sim_block[0]),
		    (unsigned long long)at % sizeof(sim_block[0]));
	else if (inside(p, stack, sizeof(stack), &at))
		snprintf(text, size, "stack%llu+0x%llx",
		    (unsigned long long)at / SIM_STACK,
		    (unsigned long long)at % SIM_STACK);
	else if (inside(p, &pool, sizeof(pool), &at))
		snprintf(text, size, "pool+0x%llx", (unsigned long long)at);
	else
		snprintf(text, size, "static%+lld", (long long)where);
}
