/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.c: the ASIDs of --tlb, from the library, and few enough to run out.
 */
#include "machine.h"

#include <string.h>

#define SLOTS	4
#define ASIDS	(XCPU_NCPU_MAX + 3)

static struct xcpu_asids asids;
static struct xcpu_asid_cpu cpus[XCPU_NCPU_MAX];
static struct xcpu_asid_slot slots[XCPU_NCPU_MAX * SLOTS]
    __attribute__((aligned(XCPU_LINE_BYTES)));
static uint64_t used[(ASIDS + 63) / 64];

static bool
is_global(void)
{
	return sim.config->tlb == SIM_TLB_GLOBAL ||
	    sim.config->tlb == SIM_TLB_BROADCAST ||
	    sim.config->tlb == SIM_TLB_FLAKY;
}

static unsigned
flags(void)
{
	switch (sim.config->tlb) {
	case SIM_TLB_TAGGED:
		return XCPU_ASID_KERNEL_TAGGED;
	case SIM_TLB_SPLIT:
		return XCPU_ASID_SPLIT;
	case SIM_TLB_BROADCAST:
		return XCPU_ASID_BROADCAST;
	default:
		return 0;
	}
}

bool
asid_on(void)
{
	return sim.config->tlb != SIM_TLB_PLAIN;
}

bool
asid_split(void)
{
	return sim.config->tlb == SIM_TLB_SPLIT;
}

void
asid_reset(void)
{
	if (!asid_on())
		return;
	memset(cpus, 0, sizeof(cpus));
	memset(slots, 0, sizeof(slots));
	asids = (struct xcpu_asids){
		.kind = is_global() ? &xcpu_asid_global : &xcpu_asid_per_cpu,
		.flags = flags(),
		.ncpu = sim.ncpu,
		.cpus = cpus,
		.slots = slots,
		/* By seed: as few as will do, or one more. */
		.nslots = 2 + (unsigned)sim.config->seed % 2,
		.used = used,
		.nasids = sim.ncpu + 2 + (unsigned)sim.config->seed / 2 % 2,
	};
	if (xcpu_asids_init(&asids) != 0)
		sim_fail(SIM_CONTRACT, "xcpu_asids_init() refuses");
}

void
asid_space_init(struct xcpu_asid *asid, struct xcpu_space *space)
{
	if (asid_on())
		xcpu_asid_init(&asids, asid, space);
}

void
asid_load(struct xcpu_space *next, struct xcpu_asid_load *load)
{
	xcpu_asid_load(&asids, next != NULL ? mmu_asid(mmu_of(next)) : NULL,
	    load);
}

bool
asid_flush(const struct xcpu_flush *request, struct xcpu_asid_flush *what)
{
	struct sim_space *space = mmu_of(request->space);

	return xcpu_asid_flush(&asids, request,
	    request->space->kernel ? NULL : mmu_asid(space), what);
}

unsigned
asid_kernel_tag(unsigned tag)
{
	return sim.config->tlb == SIM_TLB_TAGGED ? tag : 0;
}

unsigned
asid_broadcast(const struct xcpu_space *space)
{
	return xcpu_asid_broadcast(&asids, mmu_asid(mmu_of(space)));
}

void
asid_user(struct xcpu_asid_load *load)
{
	xcpu_asid_user(&asids, load);
}

bool
asid_locked(void)
{
	return (asids.lock.v_ & 0xffff) != 0;
}
