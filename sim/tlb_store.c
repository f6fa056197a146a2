/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb_store.c: stores that have been translated and not yet happened.
 *
 * A store waits in flight, in order, until a release of its CPU, a flush that
 * waits for it, or its time.
 */
#include "tlb.h"

#define STORE_STEPS	48
#define LINGER_STEPS	20000
#define ESCAPE_STEPS	400

void
tlb_land(struct sim_cpu *cpu, enum tlb_land which)
{
	struct tlb *tlb = &cpu->tlb;
	unsigned kept = 0;

	for (unsigned i = 0; i < tlb->nstores; i++) {
		const struct tlb_store *store = &tlb->store[i];

		if (store->land_step > sim.steps && which != LAND_ALL &&
		    (which == LAND_DUE || store->escaped)) {
			tlb->store[kept++] = *store;
			continue;
		}
		mmu_check(cpu, &store->by,
		    "has a store in flight, which now lands, to");
		mmu_write(&store->by);
	}
	tlb->nstores = kept;
}

/* A flush did not wait for these: they happen when they like. */
void
tlb_stores_escape(struct tlb *tlb)
{
	for (unsigned i = 0; i < tlb->nstores; i++) {
		tlb->store[i].escaped = true;
		tlb->store[i].land_step += sim_draw_below(&sim.sched,
		    ESCAPE_STEPS);
	}
}

void
tlb_store_begin(struct sim_cpu *cpu, const struct tlb_entry *by)
{
	struct tlb *tlb = &cpu->tlb;
	uint64_t steps = 1 + sim_draw_below(&sim.sched, STORE_STEPS);

	if (sim.config->calm) {
		mmu_write(by);
		return;
	}
	if (tlb->nstores == STORES_MAX)
		tlb_land(cpu, LAND_ALL);
	if (fault_strikes(SIM_FAULT_LINGER, cpu))
		steps = sim_draw_log(fault_stream(), LINGER_STEPS);
	tlb->store[tlb->nstores++] = (struct tlb_store){
		.by = *by, .land_step = sim.steps + steps,
	};
}
