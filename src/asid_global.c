/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid_global.c: one ASID per space for all CPUs, taken back when all are given.
 *
 * Actors: CPUs that switch; initiators, who name an ASID to all CPUs at once.
 *
 * Shared: a space's `id`, version and ASID in one word; the version in force
 * (`next`); per CPU `active`, the id it loaded last; and under the lock: the map
 * of ASIDs used in this version, per CPU what the last rollover found there
 * (`reserved`), and whether it has flushed since (`pending`).
 *
 * I1  No two spaces have the same ASID in one version; and one whose version is
 *     not in force has none, but for I2.
 * I2  A rollover takes `active` from each CPU and keeps that ASID out of use, for
 *     its walker goes on: it is reserved, until the next rollover finds another
 *     there.  A space that is found reserved keeps its ASID in the new version,
 *     so that a broadcast by its id reaches those who never left it.
 * I3  Between the rollover and its next load a CPU flushes everything.  It comes
 *     to that because `active` is 0: then only the slow path loads, and only
 *     under the lock does `active` leave 0.
 * I4  The fast path changes `active` by compare-and-swap from what is not 0:
 *     either a rollover takes the new value, or the swap fails.
 * I5  The id of a space is settled before its root is loaded, with a full fence
 *     in between; an initiator changes entries, and reads the id after a full
 *     fence.  So either his broadcast names the ASID that a walker fills under,
 *     or that walker finds the new entries.
 *
 * I6  A rollover rests on nothing but `active`, `reserved` and the version, and
 *     each step of handing out leaves these right: it may begin again anywhere.
 *
 * Every CPU keeps one ASID out of use at most, so with one more than CPUs, and
 * one for no space, a rollover leaves a free one.
 *
 * A version has 48 bits.  They do not come round: a space that slept that long
 * would be taken for current.
 *
 * Deadlock: the lock is held with the doorbell masked, and waits for nobody.  Who
 * is stopped by an NMI while he has it keeps others from switching; who dies keeps
 * them until that is reported.  Whoever comes next takes the lock from him, and
 * rolls over, which sets right whatever was left half done (I6).
 *
 * Protocol P10 of the proofs in DESIGN.md.
 */
#include "asid.h"

#define FIRST_VERSION	((uint64_t)1 << XCPUI_ASID_BITS)

/* What a CPU without a space has active: no space's ASID, and not 0. */
#define NO_SPACE	FIRST_VERSION

/* In the lock: the CPU that has it, and 1. */
#define HOLDER		((uint64_t)0xffff)

static bool
same_version(uint64_t a, uint64_t b)
{
	return (a ^ b) < FIRST_VERSION;
}

static unsigned
map_words(const struct xcpu_asids *asids)
{
	return (asids->nasids + 63) / 64;
}

/* All are free, but 0, and what is beyond the last. */
static void XCPUI_COLD
give_back_all(struct xcpu_asids *asids)
{
	unsigned last = map_words(asids) - 1;
	uint64_t beyond = asids->nasids % 64 != 0 ?
	    ~(uint64_t)0 << asids->nasids % 64 : 0;

	for (unsigned i = 0; i <= last; i++)
		xcpu_plain_store(&asids->used[i],
		    (i == last ? beyond : 0) | (i == 0));
}

static int XCPUI_COLD
init_global(struct xcpu_asids *asids)
{
	const unsigned apart = XCPU_ASID_KERNEL_TAGGED | XCPU_ASID_BROADCAST;

	if (asids->used == NULL || asids->nasids > XCPU_ASIDS_MAX ||
	    (asids->flags & apart) == apart)
		return -XCPU_EINVAL;
	if (asids->nasids < asids->ncpu + 2)
		return -XCPU_E2BIG;
	give_back_all(asids);
	for (unsigned i = 0; i < asids->ncpu; i++)
		/* rlx: nobody else knows them yet */
		xcpu_store_rlx(&asids->cpus[i].active, NO_SPACE);
	xcpu_store_rlx(&asids->next, FIRST_VERSION); /* rlx: nor this */
	return 0;
}

/* None yet: its first load finds one. */
static uint64_t XCPUI_COLD
name_global(struct xcpu_asids *asids)
{
	(void)asids;
	return 0;
}

/* ---- the lock ---- */

/*
 * Be the one who hands out; true: in the place of one who died at it.  The count
 * above the holder tells one time that he has it from the next.
 */
static bool
hold_map(struct xcpu_asids *asids)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	/* retry: another CPU has it, and will wait for nobody until it has not */
	for (unsigned spins = 0;; spins++) {
		uint64_t v = xcpu_load_rlx(&asids->lock); /* rlx: a look first */
		unsigned holder = (unsigned)(v & HOLDER);

		/* Who holds it is ready, or dead.  What it did: [L2]. */
		if ((holder == 0 ||
		    xcpui_lane_gone(self->domain, holder - 1, false)) &&
		    /*
		     * [A1] acquire: what the last holder left.  Pairs with [A1]
		     * in release_map().
		     */
		    xcpu_cas_acq(&asids->lock, &v,
		    (v | HOLDER) + 1 + self->index + 1))
			return holder != 0;
		xcpu_port_relax(spins);
	}
}

static void
release_map(struct xcpu_asids *asids)
{
	uint64_t v = xcpu_load_rlx(&asids->lock); /* rlx: ours, as long as we have it */

	/* [A1] release: all that we changed.  Pairs with [A1] in hold_map(). */
	xcpu_store_rel(&asids->lock, v & ~HOLDER);
}

/* ---- handing out, with the lock held ---- */

/* Mark an ASID as used; false: it was already. */
static bool
take_asid(struct xcpu_asids *asids, unsigned asid)
{
	uint64_t *word = &asids->used[asid / 64];
	uint64_t bit = (uint64_t)1 << asid % 64;
	uint64_t used = xcpu_plain_load(word);

	xcpu_plain_store(word, used | bit);
	return (used & bit) == 0;
}

/* One that nobody has, from the hint on; 0: there is none. */
static unsigned
take_any_asid(struct xcpu_asids *asids)
{
	unsigned words = map_words(asids);
	unsigned from = xcpu_plain_load(&asids->hint);

	for (unsigned i = 0; i < words; i++) {
		unsigned word = (from + i) % words;
		uint64_t used = xcpu_plain_load(&asids->used[word]);

		if (used != ~(uint64_t)0) {
			xcpu_plain_store(&asids->hint, word);
			xcpu_plain_store(&asids->used[word], used | (used + 1));
			return word * 64 + xcpui_lowest(~used);
		}
	}
	return 0;
}

/*
 * Reserve what a CPU has active.  Reserved first: should we die in between, both
 * words say it.
 */
static void
take_active(struct xcpu_asid_cpu *cpu)
{
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t active = xcpu_load_rlx(&cpu->active);

	do {
		/* 0: it has not loaded any since the last rollover. */
		if (active == 0)
			return;
		xcpu_plain_store(&cpu->reserved, active);
		/*
		 * rlx: a read-modify-write, as the fast path's is (I4)
		 * retry: each failure is a switch of that CPU
		 */
	} while (!xcpu_cas_rlx(&cpu->active, &active, 0));
}

static uint64_t XCPUI_COLD
roll_over(struct xcpu_asids *asids)
{
	/* rlx: written under the lock only */
	uint64_t version = xcpu_load_rlx(&asids->next) + FIRST_VERSION;

	/* rlx: who reads the old one fails to change its `active` (I4) */
	xcpu_store_rlx(&asids->next, version);
	give_back_all(asids);
	for (unsigned i = 0; i < asids->ncpu; i++) {
		struct xcpu_asid_cpu *cpu = &asids->cpus[i];

		take_active(cpu);
		(void)take_asid(asids,
		    xcpui_asid_of(xcpu_plain_load(&cpu->reserved)));
		xcpu_plain_store(&cpu->pending, 1);
	}
	return version;
}

/*
 * Has some CPU never left this space?  It has the id that the space had when it
 * was loaded there, or an older version of it: nobody else had that ASID since.
 */
static bool
is_reserved(const struct xcpu_asids *asids, uint64_t id)
{
	for (unsigned i = 0; i < asids->ncpu; i++) {
		uint64_t reserved = xcpu_plain_load(&asids->cpus[i].reserved);

		if (xcpui_asid_of(reserved) == xcpui_asid_of(id) &&
		    reserved <= id)
			return true;
	}
	return false;
}

/* An id in the version that is in force, for a space that has none there. */
static uint64_t
new_id(struct xcpu_asids *asids, uint64_t old)
{
	/* rlx: written under the lock only */
	uint64_t version = xcpu_load_rlx(&asids->next);
	unsigned asid = xcpui_asid_of(old);

	if (asid != 0 && (is_reserved(asids, old) || take_asid(asids, asid)))
		return version | asid;
	asid = take_any_asid(asids);
	if (asid == 0) {
		version = roll_over(asids);
		asid = take_any_asid(asids);
	}
	return version | asid;
}

static uint64_t
load_slowly(struct xcpu_asids *asids, struct xcpu_asid_cpu *cpu,
    struct xcpu_asid *next, struct xcpu_asid_load *load)
{
	uint64_t id;

	if (hold_map(asids))
		(void)roll_over(asids);
	id = xcpu_load_rlx(&next->id);	/* rlx: written under the lock only */
	/* rlx: so is this */
	if (!same_version(id, xcpu_load_rlx(&asids->next))) {
		id = new_id(asids, id);
		/* rlx: the fence in choose_global() orders it */
		xcpu_store_rlx(&next->id, id);
	}
	load->flush_all = xcpu_plain_load(&cpu->pending) != 0;
	xcpu_plain_store(&cpu->pending, 0);
	/* rlx: under the lock, so that no rollover comes in between (I3) */
	xcpu_store_rlx(&cpu->active, id);
	release_map(asids);
	return id;
}

/* ---- switching ---- */

/* Unless a rollover has taken `active` from us. */
static bool
change_active(struct xcpu_asid_cpu *cpu, uint64_t id)
{
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t active = xcpu_load_rlx(&cpu->active);

	/* rlx: a read-modify-write, as the rollover's is (I4) */
	return active != 0 && xcpu_cas_rlx(&cpu->active, &active, id);
}

static struct xcpu_asid_slot *
choose_global(struct xcpu_asids *asids, struct xcpu_asid_cpu *cpu,
    struct xcpu_asid *next, struct xcpu_asid_load *load)
{
	struct xcpu_asid_slot *slot;
	uint64_t id;

	load->asid = 0;
	if (next == NULL) {
		(void)change_active(cpu, NO_SPACE);
		return NULL;
	}
	/* rlx: if it is not in force, the slow path looks again */
	id = xcpu_load_rlx(&next->id);
	/* rlx: a rollover makes the swap fail, whatever is read here (I4) */
	if (!same_version(id, xcpu_load_rlx(&asids->next)) ||
	    !change_active(cpu, id))
		id = load_slowly(asids, cpu, next, load);
	/*
	 * [G2] fence: the id before our walker's first look (I5).  Pairs with
	 * [G2] in shootdown().
	 */
	xcpu_fence_sc();
	slot = &cpu->slot[xcpui_asid_of(id) % asids->nslots];
	if (slot->id != id) {
		slot->id = id;
		slot->generation = 0;
	}
	load->asid = xcpui_asid_tag(asids, xcpui_asid_of(id));
	return slot;
}

unsigned
xcpu_asid_broadcast(const struct xcpu_asids *asids,
    const struct xcpu_asid *asid)
{
	/* rlx: after the fence in shootdown() (I5) */
	return xcpui_asid_tag(asids, xcpui_asid_of(xcpu_load_rlx(&asid->id)));
}

const struct xcpu_asid_kind xcpu_asid_global = {
	init_global, name_global, choose_global
};
