/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.c: ASIDs of the software TLBs, where the build asks for them.
 *
 * As few as will do: two for each CPU, or one more than CPUs for all spaces.
 */
#include "host.h"
#include "mmu.h"

#if HOST_ASIDS

#define SLOTS	2
#define ASIDS	(XCPU_NCPU_MAX + 2)

static struct xcpu_asid_cpu cpus[XCPU_NCPU_MAX];
static struct xcpu_asid_slot slots[XCPU_NCPU_MAX * SLOTS]
    __attribute__((aligned(XCPU_LINE_BYTES)));
static uint64_t used[(ASIDS + 63) / 64];
static struct xcpu_asids asids = {
	.kind = HOST_ASIDS == 1 ? &xcpu_asid_per_cpu : &xcpu_asid_global,
	.cpus = cpus,
	.slots = slots,
	.nslots = SLOTS,
	.used = used,
};

bool
host_asids_init(void)
{
	asids.ncpu = host.ncpu;
	asids.nasids = host.ncpu + 2;
	return xcpu_asids_init(&asids) == 0;
}

void
host_asid_new(struct mach_space *space)
{
	xcpu_asid_init(&asids, &space->asid, space->xcpu);
}

void
host_asid_load(struct mach_space *next, struct xcpu_asid_load *load)
{
	xcpu_asid_load(&asids, next != NULL ? &next->asid : NULL, load);
}

bool
host_asid_flush(const struct xcpu_flush *request, unsigned *tag)
{
	const struct mach_space *space = request->space->host;
	struct xcpu_asid_flush what;
	bool now = xcpu_asid_flush(&asids, request,
	    request->space->kernel ? NULL : &space->asid, &what);

	*tag = what.asid;
	return now;
}

#else /* no ASIDs: each root load drops what is there */

bool
host_asids_init(void)
{
	return true;
}

void
host_asid_new(struct mach_space *space)
{
	(void)space;
}

void
host_asid_load(struct mach_space *next, struct xcpu_asid_load *load)
{
	(void)next;
	*load = (struct xcpu_asid_load){ .flush_all = true };
}

bool
host_asid_flush(const struct xcpu_flush *request, unsigned *tag)
{
	(void)request;
	(void)tag;
	return true;
}

#endif
