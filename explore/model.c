/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.c: what a load may read.
 *
 * C11 without load buffering, by views (Kang et al., A Promising Semantics for
 * Relaxed-Memory Concurrency, POPL 2017, without its promises).  Each shared
 * word has the history of its stores, each with the view of its writer: what
 * somebody who acquires it learns.  A CPU has three views: `cur`, what it knows;
 * `acq`, what it would know after an acquire fence; `rel`, what its relaxed
 * stores publish, which is what it knew at its last fence.
 *
 *	load		any store not older than cur says; coherence moves cur
 *	  acquire	joins the store's view
 *	store		at the end of the history
 *	  release	with cur as its view
 *	read-modify-write	of the newest store, and passes that one's view on
 *			(release sequence: C++20, so a plain store ends it)
 *	sc fence	joins one global view, both ways
 *
 * So the modification order is the order of execution.  A fence joins what it
 * knows of stores only: it makes no happens-before for plain data.
 */
#include "engine.h"

#include <string.h>

static struct message pool[LOCS + MESSAGES];
static unsigned used;
static struct view global;

static void
join(struct view *to, const struct view *from)
{
	for (unsigned i = 0; i < VIEW_BYTES; i++)
		to->at[i] = to->at[i] > from->at[i] ? to->at[i] : from->at[i];
}

void
model_reset(void)
{
	used = LOCS;
	memset(&global, 0, sizeof(global));
	for (unsigned i = 0; i < eng.nlocs; i++) {
		struct loc *loc = &eng.loc[i];

		pool[i].value = raw_load(loc->address, loc->size);
		pool[i].event = 0;
		pool[i].empty = true;
		loc->message[0] = &pool[i];
		loc->n = 1;
		loc->poisoned = false;
		memset(loc->touched, 0, sizeof(loc->touched));
		memset(loc->reader, 0, sizeof(loc->reader));
	}
	for (unsigned i = 0; i < eng.ncpu; i++) {
		struct cpu *cpu = &eng.cpu[i];

		memset(&cpu->cur, 0, sizeof(cpu->cur));
		cpu->cur.at[i] = 1;
		cpu->acq = cpu->cur;
		memset(&cpu->rel, 0, sizeof(cpu->rel));
	}
}

/* Plain accesses from here on are not covered by what was just published. */
static void
tick(struct cpu *cpu)
{
	if (cpu->cur.at[cpu->index] == UINT8_MAX)
		cpu_fail("CPU %u releases more than %d times: make the program "
		    "smaller", cpu->index, UINT8_MAX);
	cpu->acq.at[cpu->index] = ++cpu->cur.at[cpu->index];
}

static void
touch(struct cpu *cpu, struct loc *loc)
{
	if (unlikely(loc->poisoned))
		cpu_fail("%s is used, but its object was its owner's again",
		    names_of(loc->address));
	loc->touched[cpu->index] = cpu->cur.at[cpu->index];
}

static inline bool
acquires(unsigned order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
	    order == __ATOMIC_SEQ_CST;
}

static inline bool
releases(unsigned order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL ||
	    order == __ATOMIC_SEQ_CST;
}

static void
learn(struct cpu *cpu, struct loc *loc, unsigned ts, unsigned order)
{
	const struct message *m = loc->message[ts];

	if (!m->empty) {
		join(&cpu->acq, &m->view);
		if (acquires(order))
			join(&cpu->cur, &m->view);
	}
	/* The newest that this CPU knows of is never older than what it read. */
	if (cpu->cur.at[loc->id] < ts)
		cpu->cur.at[loc->id] = (uint8_t)ts;
	if (cpu->acq.at[loc->id] < ts)
		cpu->acq.at[loc->id] = (uint8_t)ts;
}

uint64_t
model_load(struct cpu *cpu, struct loc *loc, unsigned ts, unsigned order)
{
	touch(cpu, loc);
	learn(cpu, loc, ts, order);
	return loc->message[ts]->value;
}

/* A new store; `after`: the one whose release sequence it continues, or NULL. */
static void
append(struct cpu *cpu, struct loc *loc, uint64_t v, unsigned order,
    const struct message *after)
{
	struct message *m = &pool[used];
	unsigned ts = loc->n;

	if (unlikely(ts == HISTORY || ++used == LOCS + MESSAGES))
		cpu_fail("too many stores: make the program smaller");
	cpu->cur.at[loc->id] = cpu->acq.at[loc->id] = (uint8_t)ts;
	m->value = v;
	m->event = (uint16_t)eng.nevents;
	m->empty = false;
	m->view = releases(order) ? cpu->cur : cpu->rel;
	m->view.at[loc->id] = (uint8_t)ts;
	if (after != NULL && !after->empty)
		join(&m->view, &after->view);
	loc->message[ts] = m;
	loc->n++;
	raw_store(loc->address, loc->size, v);
	if (releases(order))
		tick(cpu);
}

void
model_store(struct cpu *cpu, struct loc *loc, uint64_t v, unsigned order)
{
	touch(cpu, loc);
	append(cpu, loc, v, order, NULL);
}

void
model_rmw(struct cpu *cpu, struct loc *loc, uint64_t v, unsigned order)
{
	const struct message *last = loc->message[newest(loc)];

	touch(cpu, loc);
	learn(cpu, loc, newest(loc), order);
	append(cpu, loc, v, order, last);
}

/* seq_cst; acq_rel and relaxed are what a mutant makes of it. */
void
model_fence(struct cpu *cpu, unsigned order)
{
	if (acquires(order))
		join(&cpu->cur, &cpu->acq);
	if (order == __ATOMIC_SEQ_CST) {
		join(&global, &cpu->cur);
		memset(global.at, 0, CPUS);
		join(&cpu->cur, &global);
		join(&cpu->acq, &cpu->cur);
	}
	if (releases(order)) {
		cpu->rel = cpu->cur;
		tick(cpu);
	}
}

void
model_mark(struct cpu *cpu, struct loc *loc)
{
	static const struct message nothing = { .empty = true };

	touch(cpu, loc);
	append(cpu, loc, loc->n, __ATOMIC_RELAXED, &nothing);
	loc->message[newest(loc)]->empty = true;
}

void
model_await(struct cpu *cpu, struct cpu *other)
{
	unsigned i = other->index;

	if (cpu->cur.at[i] < other->cur.at[i])
		cpu->cur.at[i] = cpu->acq.at[i] = other->cur.at[i];
	tick(other);
}
