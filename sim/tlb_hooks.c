/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb_hooks.c: the port's hooks that make a CPU forget what it has cached.
 *
 * They do what their contract says and not more: pointers to tables are dropped
 * with XCPU_FLUSH_TABLES only, kernel entries for the kernel's space only.
 */
#include "tlb.h"

static void
drop(struct sim_cpu *cpu, struct tlb_key key, const struct xcpu_flush *request)
{
	bool all = (request->flags & XCPU_FLUSH_FULL) != 0;
	unsigned first, npages;

	tlb_range_of(request, &first, &npages);
	sim_emit(SIM_EV_FLUSH, sim_space_id(mmu_of(request->space)),
	    all ? 0 : npages);
	/* Tables first, or a walk refills through them behind our back. */
	tlb_drop_tables(&cpu->tlb, key, request, first, npages);
	if (all) {
		tlb_drop_entries(&cpu->tlb, key);
		/* Whoever has ASIDs has no way to spare the others. */
		if (key.kernel && asid_on() &&
		    sim.config->bug != SIM_BUG_FLUSH_LOCAL)
			tlb_drop_everything(cpu, true);
		return;
	}
	for (unsigned i = 0; i < npages; i++) {
		tlb_page_flush(&cpu->tlb, key, first + i);
		sched_step(cpu);
		if (sim.config->bug == SIM_BUG_FLUSH_FIRST)
			break;
	}
}

/* Where a request goes; false: nowhere. */
static bool
direct(const struct sim_cpu *cpu, const struct xcpu_flush *request,
    struct tlb_key *key, bool *both)
{
	struct sim_space *space = mmu_of(request->space);
	struct xcpu_asid_flush what = { .asid = sim_space_id(space) };

	if (asid_on() && !asid_flush(request, &what))
		return false;
	*key = tlb_key_of(&cpu->tlb, space);
	if (!key->kernel)
		key->tag = what.asid;
	*both = what.both;
	return true;
}

static void
flush(struct sim_cpu *cpu, const struct xcpu_flush *request)
{
	struct tlb_key key;
	bool both;

	if (!direct(cpu, request, &key, &both))
		return;
	drop(cpu, key, request);
	if (both) {
		key.tag++;
		drop(cpu, key, request);
	}
}

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	struct sim_cpu *cpu = sim.cpu;
	bool twice = sim.erratum && sim.config->bug != SIM_BUG_ONE_FLUSH;

	cpu_check_masked(cpu, "xcpu_port_tlb_flush()");
	cpu->flushes += !cpu->in_nmi;
	if (sim.config->bug != SIM_BUG_FLUSH_NOTHING) {
		flush(cpu, request);
		if (sim.erratum || sim.config->bug == SIM_BUG_FLUSH_NO_DRAIN)
			tlb_stores_escape(&cpu->tlb);
		sched_step(cpu);
		if (twice)
			flush(cpu, request);
		if (twice || cpu->tlb.nstores == 0 || !cpu->tlb.store[0].escaped)
			tlb_land(cpu, LAND_ALL);
	}
	if (request->space->kernel && (request->flags & XCPU_FLUSH_FULL) != 0)
		cpu->vouched = true;
}

/* Whatever is of no use any more, where there are no ASIDs. */
static void
drop_untagged(struct tlb *tlb, const struct sim_space *next)
{
	bool retain = sim.config->retain ||
	    sim.config->bug == SIM_BUG_ROOT_NO_FLUSH;

	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (tlb->entry[i].space != sim_space_kernel() &&
		    (!retain || (tlb->entry[i].space == next &&
		    sim.config->bug != SIM_BUG_ROOT_NO_FLUSH)))
			tlb->entry[i].space = NULL;
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (tlb->table[i].space != sim_space_kernel() &&
		    (!retain || (tlb->table[i].space == next &&
		    sim.config->bug != SIM_BUG_ROOT_NO_FLUSH)))
			tlb->table[i].space = NULL;
}

/* While the old root is still loaded, and its walker still at work. */
static unsigned
load_tagged(struct sim_cpu *cpu, struct xcpu_space *next)
{
	struct xcpu_asid_load load;

	asid_load(next, &load);
	if (load.flush_all && sim.config->bug != SIM_BUG_TAGS_KEPT)
		tlb_drop_everything(cpu, false);
	if (load.flush && sim.config->bug != SIM_BUG_TAG_KEPT)
		tlb_drop_tag(cpu, (struct tlb_key){ false, load.asid });
	sched_step(cpu);
	return load.asid;
}

void
xcpu_port_root_load(struct xcpu_space *xspace)
{
	struct sim_cpu *cpu = sim.cpu;
	struct sim_space *next = xspace != NULL ? mmu_of(xspace) : NULL;
	struct tlb *tlb = &cpu->tlb;
	unsigned tag = next != NULL ? sim_space_id(next) : 0;

	cpu_check_masked(cpu, "xcpu_port_root_load()");
	if (cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "xcpu_port_root_load() in an NMI");
	sched_step(cpu);
	if (asid_on())
		tag = load_tagged(cpu, xspace);
	tlb_land(cpu, LAND_ALL);
	tlb->root = next;
	tlb->root_id = next != NULL ? sim_space_id(next) : 0;
	tlb->tag = tag;
	if (!asid_on())
		drop_untagged(tlb, next);
	sim_emit(SIM_EV_SWITCH, next != NULL ? tlb->root_id : ~UINT64_C(0), 0);
	sched_step(cpu);
}

void
xcpu_port_pte_publish(void)
{
	if (sim.cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "xcpu_port_pte_publish() in an NMI");
	sched_step(sim.cpu);
}
