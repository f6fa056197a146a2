/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seam.c: the library's accesses come in here.
 *
 * Words that one CPU alone touches are read and written in place; the others
 * stop at a scheduling point, and the model says what becomes of them.
 */
#include "engine.h"

/* The word's history, if it has one. */
static inline struct loc *
history(struct sim_site *site, const void *p)
{
	struct word *word;

	site->hits++;
	if (!eng.exploring)
		return NULL;
	word = shadow_word(p);
	switch (shadow_touch(word, p, site->size)) {
	case WORD_SHARED:
		return shadow_loc(word);
	case WORD_OWN:
		/* An interrupt may come first, and see or change it. */
		cpu_own_point(site);
		return NULL;
	default:
		return NULL;
	}
}

uint64_t
sim_load(struct sim_site *site, const void *p)
{
	struct loc *loc = history(site, p);
	struct cpu *me = eng.me;
	struct op op;
	unsigned ts;
	uint64_t v;

	if (likely(loc == NULL))
		return raw_load(p, site->size);
	op = (struct op){ .kind = OP_LOAD, .order = site->order, .site = site,
	    .loc = loc };
	if (!wait_scripted(me, loc, &ts))
		ts = cpu_point(&op).ts;
	v = model_load(me, loc, ts, op.order);
	wait_saw(me, loc, ts);
	if (unlikely(eng.tracing))
		trace_access(&op, &(struct step){ .ts = (uint8_t)ts }, v, v);
	return v;
}

void
sim_store(struct sim_site *site, void *p, uint64_t v)
{
	struct loc *loc = history(site, p);
	struct op op;

	if (likely(loc == NULL)) {
		raw_store(p, site->size, v);
		return;
	}
	op = (struct op){ .kind = OP_STORE, .order = site->order, .site = site,
	    .loc = loc, .value = v };
	eng.me->impure = true;
	(void)cpu_point(&op);
	model_store(eng.me, loc, v, op.order);
	if (unlikely(eng.tracing))
		trace_access(&op, &eng.step, 0, v);
}

static uint64_t
cut(uint64_t v, unsigned size)
{
	return size == 8 ? v : (uint32_t)v;
}

uint64_t
sim_rmw(struct sim_site *site, void *p, uint64_t v)
{
	struct loc *loc = history(site, p);
	struct op op;
	uint64_t old;
	uint64_t new;

	if (likely(loc == NULL)) {
		old = raw_load(p, site->size);
		raw_store(p, site->size, sim_rmw_result(site->op, old, v));
		return old;
	}
	op = (struct op){ .kind = OP_RMW, .order = site->order, .site = site,
	    .loc = loc, .value = v, .rmw = site->op };
	eng.me->impure = true;
	(void)cpu_point(&op);
	old = loc->message[newest(loc)]->value;
	new = cut(sim_rmw_result(site->op, old, v), site->size);
	model_rmw(eng.me, loc, new, op.order);
	if (unlikely(eng.tracing))
		trace_access(&op, &(struct step){
		    .ts = (uint8_t)(newest(loc) - 1) }, old, new);
	return old;
}

/* What a failure is, as a load. */
static unsigned
order_of_failure(unsigned order)
{
	if (order == __ATOMIC_ACQ_REL)
		return __ATOMIC_ACQUIRE;
	return order == __ATOMIC_RELEASE ? __ATOMIC_RELAXED : order;
}

static bool
cas_own(struct sim_site *site, void *p, const uint64_t v[2], uint64_t *found)
{
	*found = raw_load(p, site->size);
	if (*found != v[0])
		return false;
	raw_store(p, site->size, v[1]);
	return true;
}

bool
sim_cas(struct sim_site *site, void *p, uint64_t expected, uint64_t v,
    uint64_t *found)
{
	struct loc *loc = history(site, p);
	struct cpu *me = eng.me;
	struct step step;
	struct op op;
	bool done;

	if (likely(loc == NULL))
		return cas_own(site, p, (uint64_t[]){ expected, v }, found);
	op = (struct op){ .kind = OP_CAS, .order = site->order, .site = site,
	    .loc = loc, .value = v, .expected = expected };
	me->impure = true;
	step = cpu_point(&op);
	done = state_writes(&op, &step);
	*found = loc->message[step.ts]->value;
	if (done)
		model_rmw(me, loc, v, op.order);
	else
		(void)model_load(me, loc, step.ts, order_of_failure(op.order));
	if (unlikely(eng.tracing))
		trace_access(&op, &step, *found, done ? v : *found);
	return done;
}

void
sim_fence(struct sim_site *site)
{
	struct op op = { .kind = OP_FENCE, .order = site->order, .site = site };

	site->hits++;
	if (!eng.exploring)
		return;
	eng.me->impure = true;
	(void)cpu_point(&op);
	model_fence(eng.me, op.order);
	if (unlikely(eng.tracing))
		trace_access(&op, &eng.step, 0, 0);
}

void
sim_own(struct sim_site *site, const void *p)
{
	site->hits++;
	(void)p;
}

uint64_t
sim_plain_load(struct sim_site *site, const void *p)
{
	uint64_t v = raw_load(p, site->size);

	site->hits++;
	if (!eng.exploring)
		return v;
	if (unlikely(eng.tracing))
		trace_plain(p, "reads", v, site);
	race_read(eng.me, p);
	return v;
}

void
sim_plain_store(struct sim_site *site, void *p, uint64_t v)
{
	site->hits++;
	if (eng.exploring) {
		if (unlikely(eng.program->mortal))
			cpu_own_point(site);
		if (unlikely(eng.tracing))
			trace_plain(p, "writes", v, site);
		race_write(eng.me, p);
	}
	raw_store(p, site->size, v);
}
