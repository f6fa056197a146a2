/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icache.c: instructions that were changed.
 *
 * Actors: who changes code; CPUs that switch to the space.
 *
 * Shared: `stale`, one bit per CPU: set by all who change code, cleared by its
 * own CPU before it synchronises.
 *
 * I1  A bit is set, or its CPU synchronised after the last change, or is about
 *     to before it runs code of the space.
 * I2  Who changes code sets the bits, then reads who has the space loaded; a
 *     switcher joins these (space.c), then looks at its bit; each with a full
 *     fence between.  So he is called, or finds the bit.
 *
 * Deadlock: only the call waits, under the rules of call.c.
 */
#include <xcpu/icache.h>

#include "internal.h"

int XCPUI_COLD
xcpu_icache_init(struct xcpu_icache *icache, struct xcpu_space *space,
    xcpu_icache_fn *sync)
{
	if (icache == NULL || space == NULL || sync == NULL || space->kernel)
		return -XCPU_EINVAL;
	icache->space = space;
	icache->sync = sync;
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		xcpu_store_rlx(&icache->stale[i], 0); /* rlx: private */
	return 0;
}

/* Doorbell masked. */
static void
sync_here(struct xcpu_icache *icache, unsigned cpu)
{
	/*
	 * First: a mark that is set from here on is for a later change.
	 * [I1] acquire: whose mark is taken, his instructions are seen: he may
	 * find us gone when he looks, and back when nobody marks us any more.
	 * Pairs with [I1] in xcpu_icache_sync().
	 */
	xcpu_fetch_and_acq(&icache->stale[cpu / 64], ~xcpu_cpu_bit(cpu));
	icache->sync();
}

static void
called_to_sync(void *arg)
{
	sync_here(arg, xcpu_port_self()->index);
}

int
xcpu_icache_sync(struct xcpu_icache *icache)
{
	const struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_wait(self);
	struct xcpu_cpuset all, set;

	if (error != 0)
		return error;
	if (icache == NULL)
		return -XCPU_EINVAL;
	xcpu_cpuset_fill(&all, self->domain->ncpu);
	xcpu_cpuset_zero(&set);
	for (unsigned i = 0; i < self->domain->nwords; i++)
		/*
		 * [I1] release: the instructions before the mark.  Pairs with
		 * [I1] in sync_here().
		 */
		xcpu_fetch_or_rel(&icache->stale[i], all.w[i]);
	/*
	 * [G2] fence: the marks before we read the set.  Pairs with [G2] in
	 * switch_to().
	 */
	xcpu_fence_sc();
	for (unsigned i = 0; i < self->domain->nwords; i++)
		/*
		 * [G4] acquire: a CPU that is no longer in it has run its last
		 * instruction of the space.  Pairs with [G4] in switch_to().
		 */
		set.w[i] = xcpu_load_acq(&icache->space->active[i]);
	return xcpu_call_set(&set, called_to_sync, icache, NULL);
}

/* By value: the function may outlive a call that was given up. */
static void
called_to_run(void *arg)
{
	((xcpu_icache_fn *)(uintptr_t)arg)();
}

int
xcpu_icache_sync_set(const struct xcpu_cpuset *set, xcpu_icache_fn *sync)
{
	if (sync == NULL)
		return -XCPU_EINVAL;
	return xcpu_call_set(set, called_to_run, (void *)(uintptr_t)sync, NULL);
}

void
xcpu_icache_enter(struct xcpu_icache *icache)
{
	const struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state;

	/* rlx: the fence of the switch stands before it, [G2] */
	if (self == NULL || (xcpu_load_rlx(&icache->stale[self->index / 64]) &
	    xcpu_cpu_bit(self->index)) == 0)
		return;
	state = xcpu_port_irq_save();
	sync_here(icache, self->index);
	xcpu_port_irq_restore(state);
}
