/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.c: ASIDs, by xcpu/asid.h: a space has the same one on every CPU, which is
 * what broadcast invalidations want.  A machine without, or with too few, files
 * everything under 0 and forgets it at each load of a root.
 *
 * Not promised: XCPU_ASID_BROADCAST.  The oracle's control makes flushes fail.
 */
#include <xcpu/asid.h>

#include "kernel.h"

#define SLOTS	4		/* spaces that a CPU remembers */

static struct xcpu_asids asids;
static bool on;
static uint64_t limit = XCPU_ASIDS_MAX;

void
asids_limit(uint64_t n)
{
	limit = n;
}

void
asids_init(void)
{
	unsigned n = asids_count();

	asids.kind = &xcpu_asid_global;
	asids.ncpu = ncpu;
	asids.nasids = n < limit ? n : (unsigned)limit;
	asids.nslots = SLOTS;
	if (asids.nasids == 0)
		return;
	asids.cpus = mach_alloc(ncpu * sizeof(*asids.cpus));
	asids.slots = mach_alloc(ncpu * SLOTS * sizeof(*asids.slots));
	asids.used = mach_alloc((asids.nasids + 63) / 64 * sizeof(uint64_t));
	if (asids.cpus == NULL || asids.slots == NULL || asids.used == NULL)
		panic("no memory for ASIDs");
	on = xcpu_asids_init(&asids) == 0;
}

void
asid_name(struct xcpu_asid *asid, struct xcpu_space *space)
{
	if (on)
		xcpu_asid_init(&asids, asid, space);
}

static struct xcpu_asid *
asid_of(const struct xcpu_space *space)
{
	return space == NULL || space->kernel ? NULL : space_asid(space->host);
}

void
asid_load(struct xcpu_space *space, struct xcpu_asid_load *load)
{
	if (on)
		xcpu_asid_load(&asids, asid_of(space), load);
	else
		*load = (struct xcpu_asid_load){ .flush = true };
}

/* Whether this CPU has to forget it now, and under which one. */
bool
asid_flush(const struct xcpu_flush *request, unsigned *asid)
{
	struct xcpu_asid_flush what = { .asid = 0 };
	bool now = !on || xcpu_asid_flush(&asids, request,
	    asid_of(request->space), &what);

	*asid = what.asid;
	return now;
}

unsigned
asid_broadcast(const struct xcpu_flush *request)
{
	const struct xcpu_asid *asid = asid_of(request->space);

	return on && asid != NULL ? xcpu_asid_broadcast(&asids, asid) : 0;
}
