/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.c: the library's accesses, each a step of the machine.
 *
 * The step comes before the access: others may run, an interrupt may be taken,
 * and then the access happens, whole.  Memory is sequentially consistent; the
 * orders of the sites matter only to stores through page tables, which a
 * release, and nothing weaker, keeps behind it (tlb_store.c).
 */
#include "machine.h"

static bool
releases(const struct sim_site *site)
{
	switch (site->op) {
	case SIM_LOAD:
	case SIM_OWN:
	case SIM_PLAIN_LOAD:
	case SIM_PLAIN_STORE:
		return false;
	default:
		return site->order == __ATOMIC_RELEASE ||
		    site->order == __ATOMIC_ACQ_REL ||
		    site->order == __ATOMIC_SEQ_CST;
	}
}

static void
step(struct sim_site *site)
{
	struct sim_cpu *cpu = sim.cpu;

	site->hits++;
	if (cpu == NULL)
		return;
	if (site->mark != 0)
		sched_pause(cpu);
	sched_step(cpu);
	if (cpu->tlb.nstores != 0 && releases(site))
		tlb_land(cpu, LAND_ORDERED);
}

static void
observe(const struct sim_site *site, const void *p, bool changed)
{
	struct sim_access access = {
		.ns = sim.now,
		.cpu = sim.cpu != NULL ? sim.cpu->index : XCPU_NCPU_MAX,
		.where = (const char *)p - (const char *)&sim,
		.site = site,
		.changed = changed,
	};

	for (const struct sim_observer *o = sim_observers; o != NULL; o = o->next)
		if (o->access != NULL)
			o->access(&access);
}

#define OBSERVE(site, p, changed)					\
	do {								\
		if (__builtin_expect(sim_observing_accesses, 0))	\
			observe(site, p, changed);			\
	} while (0)

static uint64_t
word_read(const struct sim_site *site, const void *p)
{
	switch (site->size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		return *(const uint16_t *)p;
	case 4:
		return *(const uint32_t *)p;
	default:
		return *(const uint64_t *)p;
	}
}

static void
word_write(const struct sim_site *site, void *p, uint64_t v)
{
	switch (site->size) {
	case 1:
		*(uint8_t *)p = (uint8_t)v;
		break;
	case 2:
		*(uint16_t *)p = (uint16_t)v;
		break;
	case 4:
		*(uint32_t *)p = (uint32_t)v;
		break;
	default:
		*(uint64_t *)p = v;
		break;
	}
}

uint64_t
sim_load(struct sim_site *site, const void *p)
{
	step(site);
	OBSERVE(site, p, false);
	return word_read(site, p);
}

void
sim_store(struct sim_site *site, void *p, uint64_t v)
{
	step(site);
	OBSERVE(site, p, true);
	word_write(site, p, v);
}

uint64_t
sim_rmw(struct sim_site *site, void *p, uint64_t v)
{
	uint64_t old;

	step(site);
	OBSERVE(site, p, true);
	old = word_read(site, p);
	word_write(site, p, sim_rmw_result(site->op, old, v));
	return old;
}

bool
sim_cas(struct sim_site *site, void *p, uint64_t expected, uint64_t v,
    uint64_t *found)
{
	step(site);
	*found = word_read(site, p);
	OBSERVE(site, p, *found == expected);
	if (*found != expected)
		return false;
	word_write(site, p, v);
	return true;
}

void
sim_fence(struct sim_site *site)
{
	step(site);
	OBSERVE(site, &sim, false);
}

void
sim_own(struct sim_site *site, const void *p)
{
	step(site);
	OBSERVE(site, p, false);
}

uint64_t
sim_plain_load(struct sim_site *site, const void *p)
{
	return sim_load(site, p);
}

void
sim_plain_store(struct sim_site *site, void *p, uint64_t v)
{
	sim_store(site, p, v);
}
