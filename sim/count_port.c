/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count_port.c: the library's accesses and port hooks, in the world of
 * xcpu-count.
 *
 * Fibers take turns on one thread, so an access is what it says, and its order
 * means nothing here: explore/ is where orders matter.  The clock stands still:
 * nothing in this world waits long enough for it to be wanted.
 */
#include <stdio.h>
#include <stdlib.h>

#include <xcpu/port.h>

#include "count.h"

static uint64_t
get(const struct sim_site *site, const void *p)
{
	return site->size == 4 ? *(const uint32_t *)p : *(const uint64_t *)p;
}

static void
put(const struct sim_site *site, void *p, uint64_t v)
{
	if (site->size == 4)
		*(uint32_t *)p = (uint32_t)v;
	else
		*(uint64_t *)p = v;
}

uint64_t
sim_load(struct sim_site *site, const void *p)
{
	count_access(site, COST_LOAD, p);
	return get(site, p);
}

void
sim_store(struct sim_site *site, void *p, uint64_t v)
{
	count_access(site, COST_STORE, p);
	put(site, p, v);
}

uint64_t
sim_rmw(struct sim_site *site, void *p, uint64_t v)
{
	uint64_t old;

	count_access(site, COST_RMW, p);
	old = get(site, p);
	put(site, p, sim_rmw_result(site->op, old, v));
	return old;
}

/* One that fails has fetched the line for writing all the same. */
bool
sim_cas(struct sim_site *site, void *p, uint64_t expected, uint64_t v,
    uint64_t *found)
{
	count_access(site, COST_RMW, p);
	*found = get(site, p);
	if (*found != expected)
		return false;
	put(site, p, v);
	return true;
}

void
sim_fence(struct sim_site *site)
{
	(void)site;
	count_fence_seen();
}

void
sim_own(struct sim_site *site, const void *p)
{
	count_access(site, COST_OWN, p);
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

/* ---- hooks ---- */

struct xcpu_cpu *
xcpu_port_self(void)
{
	return count_block();
}

unsigned long
xcpu_port_irq_save(void)
{
	return count_mask(true);
}

void
xcpu_port_irq_restore(unsigned long state)
{
	(void)count_mask(state != 0);
}

unsigned
xcpu_port_context(void)
{
	unsigned long masked = count_mask(true);

	(void)count_mask(masked != 0);
	return masked != 0 ? XCPU_CTX_MASKED : 0;
}

void
xcpu_port_relax(unsigned spins)
{
	(void)spins;
	count_relax();
}

uint64_t
xcpu_port_now_ns(void)
{
	return 0;
}

void
xcpu_port_pte_publish(void)
{
}

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	(void)request;
	count_flush_seen();
}

void
xcpu_port_root_load(struct xcpu_space *space)
{
	(void)space;
}

void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
	count_kick(set);
}

static void __attribute__((noreturn))
give_up(const char *text, const char *file, int line)
{
	fprintf(stderr, "xcpu-count: CPU %u: %s (%s:%d)\n", count_self(), text,
	    file, line);
	exit(2);
}

void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
	(void)set;
	give_up("an NMI was asked for, and nothing here is lost", __FILE__,
	    __LINE__);
}

enum xcpu_stall_policy
xcpu_port_stall(const struct xcpu_stall *report)
{
	(void)report;
	give_up("a wait stalled", __FILE__, __LINE__);
}

void
xcpu_port_panic(const char *text, const char *file, int line)
{
	give_up(text, file, line);
}
