/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c: CPUs in user code, who need not hear of the kernel's translations.
 *
 * Actors: a CPU on its way out and in, and its NMIs; initiators of shootdowns of
 * the kernel's space.
 *
 * Shared, per CPU: `outside`, written by that CPU only.
 *
 * I1  outside = 1 says: this CPU uses no translation of the kernel that may
 *     change, and compares generations before it does.
 * I2  On its way in a CPU takes that back, then reads the generation; an initiator
 *     counts the generation up, then looks who is outside; each with a full fence
 *     between.  So either he asks the CPU, or it sees his change.
 *
 * Deadlock: nobody waits here.
 */
#include <xcpu/entry.h>

#include "internal.h"
#include "shootdown.h"

#if XCPU_PORT_LEVEL >= 3

/* For an initiator, between his count and his posts. */
static void
pass_outside(struct xcpu_cpu *self, struct xcpu_cpuset *set)
{
	const struct xcpu_domain *domain = self->domain;

	for (unsigned cpu = xcpu_cpuset_first(set); cpu < domain->ncpu;
	    cpu = xcpu_cpuset_next(set, cpu))
		/*
		 * [U1] acquire: its accesses before it went out.  Pairs with
		 * [U1] in xcpu_kernel_exit().
		 */
		if (xcpu_load_acq(&domain->cpus[cpu].flush.outside) != 0) {
			xcpu_cpuset_del(set, cpu);
			XCPUI_COUNT(self, avoid_user);
		}
}

int XCPUI_COLD
xcpu_entry_init(struct xcpu_domain *domain)
{
	if (domain == NULL)
		return -XCPU_EINVAL;
	domain->pass_outside = pass_outside;
	return 0;
}

void
xcpu_kernel_exit(void)
{
	struct xcpu_cpu *self = xcpu_port_self();

	if (self != NULL && self->ready)
		/*
		 * [U1] release: all that we did before.  Pairs with [U1] in
		 * pass_outside().
		 */
		xcpu_store_rel(&self->flush.outside, 1);
}

static void XCPUI_COLD
catch_up(struct xcpu_cpu *self)
{
	XCPUI_COUNT_NMI(self, (xcpu_port_context() & XCPU_CTX_NMI) != 0);
	XCPUI_COUNT(self, catch_up_user);
	xcpui_flush_catch_up_kernel(self);
	XCPUI_COUNT_NMI(self, false);
}

bool
xcpu_kernel_enter(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	uint64_t have;
	bool outside;

	if (self == NULL || !self->ready)
		return false;
	outside = xcpu_load_rlx(&self->flush.outside) != 0; /* rlx: own word */
	/* rlx: the fence orders it */
	xcpu_store_rlx(&self->flush.outside, 0);
	/*
	 * [G2] fence: we are inside, before we read the generation.  Pairs with
	 * [G2] in shootdown() and xcpui_collect_close().
	 */
	xcpu_fence_sc();
	have = xcpu_load_rlx(&self->flush.kernel_generation); /* rlx: own */
	/*
	 * Outside or not: an NMI may have come before the code below it has
	 * caught up.  rlx: what we have already brought its tables along
	 */
	if (xcpu_load_rlx(&self->domain->kernel.generation) != have)
		catch_up(self);
	return outside;
}

#else /* XCPU_PORT_LEVEL < 3: no TLB hooks, and nothing to forget */

int
xcpu_entry_init(struct xcpu_domain *domain)
{
	return domain != NULL ? 0 : -XCPU_EINVAL;
}

void
xcpu_kernel_exit(void)
{
}

bool
xcpu_kernel_enter(void)
{
	return false;
}

#endif
