/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search.c: which step is taken: every one that matters, once.
 *
 * Stateless search in depth: each execution begins anew and repeats the last
 * one's steps up to the deepest node that has something left to try.
 *
 * The reduction is source-set DPOR with sleep sets (Abdulla, Aronis, Jonsson,
 * Sagonas: Optimal Dynamic Partial Order Reduction, POPL 2014, algorithm 1): at
 * a node first one CPU alone is tried, in all its steps; another one is added
 * only when a race is seen further down, between a step taken here and one that
 * could have come before it, and only if no CPU that could begin such an
 * execution (an initial) is there yet.  A CPU that has been tried sleeps in what
 * its siblings lead to, until a step depends on it.
 *
 * Two additions for weak memory, which state.c explains.  Steps, not CPUs,
 * sleep: if a load was tried and a new store comes, only the load of that store
 * is awake, so that each way to read from is visited once.  And races are also
 * seen between steps that are independent, where the later one makes another
 * step possible in the place of the first.
 *
 * REDUCE_SLEEP tries all CPUs at all nodes and must visit as many executions,
 * with more dead ends; REDUCE_NONE visits every interleaving.  The tests compare
 * the final states of the three.
 *
 * With a bound on preemptions nothing is reduced, for what sleeps may be within
 * the bound only where it was not tried.
 */
#include "engine.h"

#include <stdio.h>
#include <string.h>

#define STEP_POOL (EVENTS * 8)

struct node {
	struct asleep asleep[CPUS];
	uint32_t first;		/* its steps, in the pool */
	uint16_t nsteps;
	uint16_t at;		/* the one being tried */
	uint8_t cpu;
	bool fresh;		/* its steps are not listed yet */
	uint8_t backtrack;	/* CPUs to be tried, now or before */
	uint8_t done;
	uint8_t enabled;
	uint16_t preemptions;
};

static struct node nodes[EVENTS + 1];
static struct step pool[STEP_POOL];
static unsigned nnodes;
static unsigned fork_at;	/* the node where this execution leaves the last */
static struct asleep asleep[CPUS];
static const struct limits *limits;

/* ---- races ---- */

/* CPUs that can begin an execution of what is between two events, and the second. */
static unsigned
initials(unsigned first, unsigned second)
{
	const struct event *f = &eng.event[first];
	uint16_t begins[CPUS] = { 0 };
	unsigned result = 0;

	for (unsigned i = first + 1; i <= second; i++) {
		const struct event *e = &eng.event[i];
		unsigned cpu = e->step.cpu;
		bool initial = true;

		if (i != second && e->clock[f->step.cpu] >= f->number)
			continue;
		if (begins[cpu] != 0)
			continue;
		begins[cpu] = e->number;
		for (unsigned c = 0; c < eng.ncpu; c++)
			if (c != cpu && begins[c] != 0 &&
			    e->clock[c] >= begins[c])
				initial = false;
		if (initial)
			result |= 1u << cpu;
	}
	return result;
}

void
search_race(unsigned first, unsigned second)
{
	struct node *node = &nodes[first - 1];
	unsigned who = 1u << eng.event[second].step.cpu;
	unsigned begin;

	if (limits == NULL || limits->reduction != REDUCE_SOURCE ||
	    second <= fork_at || (node->enabled & ~node->backtrack) == 0)
		return;
	begin = initials(first, second);
	if ((begin & node->backtrack) != 0)
		return;
	if ((begin & who) == 0)
		who = begin & -begin;
	node->backtrack |= (uint8_t)who;
}

/* ---- nodes ---- */

/* List the steps of the node's CPU that are news. */
static bool
list_steps(struct node *node)
{
	struct step steps[STEPS];
	unsigned n = state_steps(&eng.cpu[node->cpu], steps);

	node->fresh = false;
	node->nsteps = node->at = 0;
	if (node->first + n > STEP_POOL)
		cpu_fail("an execution with more than %d choices", STEP_POOL);
	for (unsigned i = 0; i < n; i++)
		if (limits->reduction == REDUCE_NONE ||
		    !state_asleep(&node->asleep[node->cpu], &steps[i]))
			pool[node->first + node->nsteps++] = steps[i];
	return node->nsteps != 0;
}

/* All that the CPU could do at the node has been tried. */
static void
put_to_sleep(struct node *node)
{
	struct asleep *a = &node->asleep[node->cpu];

	node->done |= (uint8_t)(1u << node->cpu);
	a->whats = 0xff;
	/* Stores from this node's own step on are news. */
	a->reads = (uint16_t)(node - nodes + 1);
}

/* The node's next CPU with something to do; false: there is none. */
static bool
next_cpu(struct node *node)
{
	for (unsigned cpu = 0; cpu < eng.ncpu; cpu++) {
		if ((node->backtrack & ~node->done & 1u << cpu) == 0)
			continue;
		node->cpu = (uint8_t)cpu;
		if (list_steps(node))
			return true;
		put_to_sleep(node);
	}
	return false;
}

/* CPUs that have a step, and those that have one which is news. */
static void
look_around(struct node *node, unsigned *awake, unsigned *running)
{
	struct step steps[STEPS];

	*awake = *running = node->enabled = 0;
	for (unsigned cpu = 0; cpu < eng.ncpu; cpu++) {
		unsigned n = state_steps(&eng.cpu[cpu], steps);

		for (unsigned i = 0; i < n; i++) {
			if (!state_asleep(&node->asleep[cpu], &steps[i]))
				*awake |= 1u << cpu;
			if (steps[i].what <= IRQ)
				*running |= 1u << cpu;
		}
		if (n != 0)
			node->enabled |= (uint8_t)(1u << cpu);
	}
}

/* What is left of `cpus` if a CPU that could go on is preempted too often. */
static unsigned
within_bound(struct node *node, unsigned cpus, unsigned running)
{
	unsigned last;

	node->preemptions = 0;
	if (node == nodes)
		return cpus;
	last = 1u << node[-1].cpu;
	node->preemptions = node[-1].preemptions;
	if (limits->bound == 0 || (running & last) == 0 ||
	    node->preemptions + 1u < limits->bound)
		return cpus;
	return cpus & last;
}

/* Whoever ran goes on, if he can: executions with few switches come first. */
static unsigned
prefer(const struct node *node, unsigned cpus)
{
	unsigned last = node == nodes ? 1 : 1u << node[-1].cpu;

	return (unsigned)__builtin_ctz((cpus & last) != 0 ? last : cpus);
}

static bool
new_node(void)
{
	struct node *node = &nodes[nnodes];
	unsigned awake;
	unsigned running;

	memcpy(node->asleep, asleep, sizeof(asleep));
	node->first = nnodes == 0 ? 0 :
	    nodes[nnodes - 1].first + nodes[nnodes - 1].nsteps;
	node->done = 0;
	look_around(node, &awake, &running);
	if (node->enabled == 0) {
		eng.ending = cpu_all_still();
		return false;
	}
	if (limits->reduction == REDUCE_NONE)
		awake = within_bound(node, node->enabled, running);
	if (awake == 0) {
		eng.ending = REDUNDANT;
		return false;
	}
	node->cpu = (uint8_t)prefer(node, awake);
	node->backtrack = limits->reduction == REDUCE_SOURCE ?
	    (uint8_t)(1u << node->cpu) : (uint8_t)awake;
	(void)list_steps(node);
	nnodes++;
	return true;
}

/* Whether the step of this node is a preemption shows when its CPU is chosen. */
static void
count_preemption(struct node *node)
{
	const struct node *before = node - 1;
	struct step steps[STEPS];
	unsigned n;

	if (node == nodes || node->cpu == before->cpu || limits->bound == 0)
		return;
	node->preemptions = before->preemptions;
	n = state_steps(&eng.cpu[before->cpu], steps);
	for (unsigned i = 0; i < n; i++)
		if (steps[i].what <= IRQ) {
			node->preemptions++;
			return;
		}
}

static bool
choose(void)
{
	struct node *node = &nodes[eng.nevents];

	if (eng.nevents == nnodes) {
		if (!new_node())
			return false;
	} else if (node->fresh && !next_cpu(node)) {
		nnodes = eng.nevents;
		eng.ending = REDUNDANT;
		return false;
	}
	if (eng.nevents >= fork_at)
		memcpy(asleep, node->asleep, sizeof(asleep));
	count_preemption(node);
	eng.step = pool[node->first + node->at];
	depend_take(&eng.step, asleep);
	return true;
}

/* Go to the deepest node with something left; false: all was visited. */
static bool
backtrack(void)
{
	while (nnodes != 0) {	/* each turn drops a node */
		struct node *node = &nodes[nnodes - 1];

		fork_at = nnodes - 1;
		if (node->at + 1u < node->nsteps) {
			node->at++;
			return true;
		}
		put_to_sleep(node);
		node->fresh = true;
		if ((node->backtrack & ~node->done) != 0)
			return true;
		nnodes--;
	}
	return false;
}

/* ---- the search ---- */

static void
count(struct result *result)
{
	result->steps += eng.nevents;
	if (eng.nevents > result->deepest)
		result->deepest = eng.nevents;
	if (eng.ending == REDUNDANT) {
		result->redundant++;
		return;
	}
	result->executions++;
	if (eng.ending == COMPLETE)
		states_add(cpu_final_state());
}

static void
begin(struct result *result)
{
	memset(result, 0, sizeof(*result));
	memset(asleep, 0, sizeof(asleep));
	states_clear();
	nnodes = 0;
	fork_at = 0;
}

void
search_run(const struct limits *with, struct result *result)
{
	double start = now_seconds();
	bool more = true;

	limits = with;
	eng.choose = choose;
	begin(result);
	while (more) {	/* ends with the tree, the time, or a failure */
		switch (cpu_execute()) {
		case GREW:
			begin(result);
			continue;
		case FAILED:
			result->failed = true;
			snprintf(result->failure, sizeof(result->failure), "%s",
			    eng.failure);
			more = false;
			break;
		default:
			more = backtrack();
			result->exhausted = !more;
			break;
		}
		count(result);
		if ((result->executions & 0xfff) == 0) {
			result->seconds = now_seconds() - start;
			result->states = states_count();
			progress(result);
			if (limits->seconds != 0 &&
			    result->seconds > limits->seconds)
				break;
		}
		if (limits->executions != 0 &&
		    result->executions >= limits->executions)
			break;
	}
	result->seconds = now_seconds() - start;
	result->states = states_count();
	limits = NULL;
}
