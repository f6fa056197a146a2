/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain.c: how CPUs join and leave.
 *
 * Online: READY first, then a full local flush, then a claim, then first use.
 * Flushing before READY would leave a window: the walker refills an entry that
 * an initiator changes next, who finds this CPU not ready and goes on.  After
 * READY initiators wait for its answer, which comes after the flush.
 *
 * Offline: LEAVING and the claim of all that was accepted are one step.  Calls
 * are refused from then on; flushes are served until the step to OFF, which is
 * a claim too; events are swept after a round of all others (event.c, I3).
 *
 * Protocol P1 of the proofs in DESIGN.md ("life cycle").
 */
#include "internal.h"

/* 0, or why the caller can neither ask nor, if `waits`, wait. */
static inline int
refusal(const struct xcpu_cpu *self, bool waits)
{
	unsigned context = xcpu_port_context();

	if (self == NULL || self->domain == NULL)
		return -XCPU_EAGAIN;
	if ((context & XCPU_CTX_NMI) != 0)
		return -XCPU_EPERM;
	if (!self->ready)
		return -XCPU_EAGAIN;
	if (waits && (self->depth != 0 || self->polling != 0 ||
	    (context & XCPU_CTX_LOCKED) != 0))
		return -XCPU_EDEADLK;
	return 0;
}

int
xcpui_may_ask(const struct xcpu_cpu *self)
{
	return refusal(self, false);
}

int
xcpui_may_wait(const struct xcpu_cpu *self)
{
	return refusal(self, true);
}

static void
init_cpu(struct xcpu_domain *domain, unsigned index)
{
	struct xcpu_cpu *cpu = &domain->cpus[index];

	cpu->domain = domain;
	cpu->line = &domain->line[xcpui_group(index)];
	cpu->index = index;
	XCPUI_COUNT_NMI(cpu, false);
	cpu->lane_shift = 8 * (index % XCPU_LANES_PER_LINE);
}

int XCPUI_COLD
xcpu_domain_init_checked(struct xcpu_domain *domain, struct xcpu_cpu *cpus,
    unsigned ncpu, uint64_t config_hash)
{
	if (domain == NULL || cpus == NULL || ncpu == 0 ||
	    config_hash != XCPU_CONFIG_HASH)
		return -XCPU_EINVAL;
	if (ncpu > XCPU_NCPU_MAX)
		return -XCPU_E2BIG;
	domain->cpus = cpus;
	domain->ncpu = ncpu;
	domain->nwords = (ncpu + 63) / 64;
	domain->ngroups = (ncpu + XCPU_LANES_PER_LINE - 1) /
	    XCPU_LANES_PER_LINE;
	/* rlx: no other CPU knows the domain yet */
	xcpu_store_rlx(&domain->ceiling, XCPU_FLUSH_CEILING);
	xcpu_space_init(&domain->kernel, NULL);
	domain->kernel.kernel = true;
	for (unsigned i = 0; i < ncpu; i++)
		init_cpu(domain, i);
	return 0;
}

/* Forget every translation that was made before we were READY. */
static void
flush_everything(struct xcpu_cpu *cpu)
{
#if XCPU_PORT_LEVEL >= 3
	struct xcpu_flush flush = {
		.space = &cpu->domain->kernel,
		.stride_shift = 12,
		.flags = XCPU_FLUSH_FULL | XCPU_FLUSH_TABLES,
	};
	/*
	 * [G1] acquire: the generation, read before the flush, and the tables
	 * that it speaks of.  Pairs with [G1] in shootdown(), restart() and
	 * count_change().
	 */
	uint64_t gen = xcpu_load_acq(&cpu->domain->kernel.generation);

	xcpu_port_tlb_flush(&flush);
	xcpui_flush_reached(&cpu->flush.kernel_generation, gen);
#else
	(void)cpu;
#endif
}

int XCPUI_COLD
xcpu_cpu_online(struct xcpu_cpu *cpu)
{
	unsigned long state;

	if (cpu == NULL || cpu->domain == NULL || cpu != xcpu_port_self())
		return -XCPU_EINVAL;
	if ((xcpui_lane_own(cpu) & XCPU_LANE_STATE) != XCPU_LANE_OFF)
		return -XCPU_EBUSY;
	state = xcpu_port_irq_save();
	/* rlx: the fence orders it; it may have died in user code */
	xcpu_store_rlx(&cpu->flush.outside, 0);
	/* rlx: the fence orders it */
	xcpu_fetch_or_rlx(&cpu->domain->online[cpu->index / 64],
	    xcpu_cpu_bit(cpu->index));
	/*
	 * [G2] fence: our bit before our flush: an initiator who does not see
	 * it has changed his entries before we flush.  Pairs with [G2] in
	 * shootdown() and xcpui_collect_close().
	 * [N6] fence: and before we look whether the machine stands still.
	 * Pairs with [N6] in xcpu_sync_machine().
	 * [P7] fence: and before we look whether somebody has panicked.  Pairs
	 * with [P7] in xcpu_panic_stop().
	 */
	xcpu_fence_sc();
	xcpui_lane_ready(cpu);
	cpu->ready = true;
	flush_everything(cpu);
	/* Functions of others run here, but not while the machine stands. */
	if (cpu->domain->sync != NULL)
		cpu->domain->sync->enter(cpu);
	/* All classes, whatever bits are left: see slot.c, I3. */
	xcpui_serve(cpu, xcpui_claim(cpu, XCPU_LANE_CLASSES),
	    XCPU_LANE_CLASSES);
	cpu->settled = true;
	xcpu_port_irq_restore(state);
	return 0;
}

static void XCPUI_COLD
serve_last(struct xcpu_cpu *self, unsigned lane)
{
	unsigned budget = XCPU_EVENT_MAX;

#if XCPU_PORT_LEVEL >= 3
	if ((lane & XCPU_LANE_FLUSH) != 0)
		xcpui_flush_serve(self, true);
#endif
	(void)lane;
	xcpui_stop_serve(self);
	xcpui_event_serve(self, &budget);
	xcpui_msg_serve_all(self);
}

int XCPUI_COLD
xcpu_cpu_offline(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_wait(self);
	unsigned long state;
	unsigned lane;
	bool held;

	if (error != 0)
		return error;
	/* Nobody stands still while we are on our way. */
	held = self->domain->sync != NULL &&
	    self->domain->sync->hold(self, true) == 0;
	state = xcpu_port_irq_save();
	xcpui_space_unload(self);
	self->ready = self->settled = false;
	lane = xcpui_lane_leaving(self);
	serve_last(self, lane);
	xcpui_call_serve_all(self);
	/* Whoever saw us ready has set his bits when this is over. */
	error = xcpui_event_round(self, true);
	serve_last(self, 0);
	/*
	 * [G4] release: our last access before we leave the kernel's set.
	 * Pairs with [G4] in xcpui_flush_targets() and has_passed().
	 */
	xcpu_fetch_and_rel(&self->domain->online[self->index / 64],
	    ~xcpu_cpu_bit(self->index));
	lane = xcpui_lane_off(self);
#if XCPU_PORT_LEVEL >= 3
	/* Asked while we were leaving: they wait for this answer. */
	if ((lane & XCPU_LANE_FLUSH) != 0)
		xcpui_flush_serve(self, true);
#endif
	if (held)
		(void)self->domain->sync->hold(self, false);
	xcpu_port_irq_restore(state);
	return error;
}

bool
xcpu_cpu_ready(const struct xcpu_domain *domain, unsigned cpu)
{
	return cpu < domain->ncpu &&
	    xcpui_lane_takes(xcpui_lane_look(domain, cpu));
}

void
xcpu_cpu_online_set(const struct xcpu_domain *domain, struct xcpu_cpuset *set)
{
	xcpu_cpuset_zero(set);
	for (unsigned i = 0; i < domain->nwords; i++)
		/* rlx: who acts on it decides by the lane */
		set->w[i] = xcpu_load_rlx(&domain->online[i]);
}

unsigned
xcpu_cpu_index(void)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	return self != NULL ? self->index : XCPU_NCPU_MAX;
}
