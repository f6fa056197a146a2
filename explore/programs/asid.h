/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.h: spaces under ASIDs, each with a page at the same address.
 *
 * Page n is that of space n, mapped to frame n, and to frame n + 4 when it has
 * been replaced, as in pages.h.  Under one tag there is room for one of them, so
 * that besides what is old, what is foreign is found.
 */
#ifndef XCPU_EXPLORE_ASID_H
#define XCPU_EXPLORE_ASID_H

#include <xcpu/asid.h>

#include "scene.h"

#define SPACES		7		/* the first four have a page */
#define PAGES		4
#define PAGE_BYTES	4096u
#define NEW_FRAME	4
#define SLOTS		4
#define CPUS		3

struct tagged {
	struct xcpu_space space;
	struct xcpu_asid asid;
};

static struct tagged EXPLORE_DATA tagged[SPACES];
static struct explore_page EXPLORE_DATA page[PAGES];
static struct xcpu_asids EXPLORE_DATA asids;
static struct xcpu_asid_cpu EXPLORE_DATA asid_cpus[CPUS];
static struct xcpu_asid_slot EXPLORE_DATA asid_slots[CPUS * SLOTS];
static uint64_t EXPLORE_DATA asid_used[1];

/* ---- hooks ---- */

static inline void
asid_root(struct xcpu_space *space, struct xcpu_asid_load *load)
{
	struct tagged *next = space != NULL ? space->host : NULL;

	xcpu_asid_load(&asids, next != NULL ? &next->asid : NULL, load);
}

static inline bool
asid_flush(const struct xcpu_flush *request, struct xcpu_asid_flush *what)
{
	struct tagged *of = request->space->host;

	return xcpu_asid_flush(&asids, request, &of->asid, what);
}

static inline void
asid_remote(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	const struct tagged *of = request->space->host;
	unsigned asid = xcpu_asid_broadcast(&asids, &of->asid);

	if (asid != 0)
		explore_broadcast(asid, request);
	xcpu_cpuset_zero(todo);
}

/* ---- setup ---- */

/* With as few ASIDs as will do: one for each CPU, and one more. */
static inline void
asid_boot(unsigned ncpu, const struct xcpu_asid_kind *kind, unsigned flags,
    unsigned nslots)
{
	asids.kind = kind;
	asids.flags = flags;
	asids.ncpu = ncpu;
	asids.cpus = asid_cpus;
	asids.slots = asid_slots;
	asids.nslots = nslots;
	asids.used = asid_used;
	asids.nasids = ncpu + 2;
	if (xcpu_asids_init(&asids) != 0)
		explore_fail("xcpu_asids_init() fails", __FILE__, __LINE__);
	explore_boot(ncpu);
	for (unsigned n = 0; n < SPACES; n++) {
		xcpu_space_init(&tagged[n].space, &tagged[n]);
		xcpu_asid_init(&asids, &tagged[n].asid, &tagged[n].space);
		if (n < PAGES)
			explore_page_init(&page[n], &tagged[n].space, 0, n);
	}
	explore_name(tagged, sizeof(tagged), "space");
	explore_name(page, sizeof(page), "page");
	explore_name(&asids, sizeof(asids), "asids");
	explore_name(asid_cpus, sizeof(asid_cpus), "asid_cpu");
}

/* ---- on a CPU ---- */

static inline void
asid_switch(unsigned n)
{
	explore_assert(xcpu_space_switch(&tagged[n].space) == 0, "refused");
}

/* In setup(): this CPU loads these, one after the other. */
static inline void
asid_loads(unsigned cpu, const char *spaces)
{
	explore_become(cpu);
	for (; *spaces != '\0'; spaces++)
		asid_switch((unsigned)(*spaces - 'A'));
	explore_become(0);
}

/* Map the page of space n anew; its old frame is ours then. */
static inline void
asid_replace(unsigned n)
{
	explore_page_set(&page[n], (int)(n + NEW_FRAME));
	explore_assert(xcpu_shootdown(&tagged[n].space, 0, PAGE_BYTES, NULL) == 0,
	    "refused");
	explore_frame_reuse(n, 1);
}

static inline void
asid_use(unsigned n)
{
	explore_note((uint64_t)explore_access(&page[n]));
}

static inline void
asid_switch_and_use(unsigned n)
{
	asid_switch(n);
	asid_use(n);
}

#endif /* XCPU_EXPLORE_ASID_H */
