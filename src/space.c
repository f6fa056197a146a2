/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.c: who has which space loaded.
 *
 * Actors: CPUs that switch; initiators of shootdowns (flush.c), who read the
 * set of a space; the table walkers of the CPUs, which may fill at any time
 * while a root is loaded.
 *
 * Shared, per space: `generation`, counted up by initiators; `range`, the last
 * few changes; `active`, one bit per CPU, changed by that CPU only.
 * Per CPU: `loaded`, `loaded_generation`, written by that CPU only; NMIs of the
 * same CPU read and raise them.
 *
 * I1  A CPU whose walker may use a root has its bit set in that space: set
 *     before the root is loaded, cleared after another one is.
 * I2  loaded_generation = g says: no translation that a change up to g replaced
 *     is in this CPU's TLB.  It may say less than is true, and 0 says nothing:
 *     so it stands while the generation is past the top (shootdown.c), and no
 *     request, the first of which is 2, is taken for the next one to 0.
 * I3  A switcher sets its bit, then reads the generation; an initiator counts
 *     the generation up, then reads the set; each with a full fence between.
 *     So either the initiator sees the bit, or the switcher the generation and,
 *     by its acquire, the page tables behind it.
 * I4  A remembered range is written under a claimed tag; a reader that does not
 *     find the tag it wants, twice, knows nothing and flushes everything.
 *
 * Deadlock: nobody waits here.
 *
 * Protocol P4 of the proofs in DESIGN.md ("flush by generation").
 */
#include "internal.h"

/* Set in `loaded` from before the bit is set until the root is loaded. */
#define SWITCHING ((uintptr_t)1)

/* Claim of a remembered range that is being written: above all generations. */
#define RANGE_BUSY ((uint64_t)1 << 63)

/* A range's start is a multiple of 4 KiB; its low bits say how to flush it. */
#define RANGE_STRIDE	0x3f
#define RANGE_FLAGS	6

void XCPUI_COLD
xcpu_space_init(struct xcpu_space *space, void *host)
{
	/* rlx: nobody else knows the space yet, from here to the end */
	xcpu_store_rlx(&space->generation, 1);
	space->host = host;
	space->kernel = false;
#if XCPU_NOTIFIERS != 0
	space->notifiers = NULL;
#endif
	for (unsigned i = 0; i < XCPU_SPACE_RANGES; i++)
		xcpu_store_rlx(&space->range[i].tag, 0); /* rlx: private */
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		xcpu_store_rlx(&space->active[i], 0); /* rlx: private */
}

int XCPUI_COLD
xcpu_space_destroy(struct xcpu_space *space)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		/*
		 * [G4] acquire: the CPU's last access through the root, before
		 * its tables are reused.  Pairs with [G4] in switch_to().
		 */
		if (xcpu_load_acq(&space->active[i]) != 0)
			return -XCPU_EBUSY;
	return 0;
}

void XCPUI_COLD
xcpu_space_active(const struct xcpu_space *space, struct xcpu_cpuset *set)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	if (space->kernel && self != NULL && self->domain != NULL) {
		xcpu_cpu_online_set(self->domain, set);
		return;
	}
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		/* rlx: a picture */
		set->w[i] = xcpu_load_rlx(&space->active[i]);
}

struct xcpu_space *
xcpui_space_loaded(const struct xcpu_cpu *self)
{
	/* rlx: own word */
	uintptr_t loaded = (uintptr_t)xcpu_load_rlx(&self->flush.loaded);

	return (struct xcpu_space *)(loaded & ~SWITCHING);
}

struct xcpu_space *
xcpu_space_current(void)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	return self != NULL ? xcpui_space_loaded(self) : NULL;
}

struct xcpu_space *
xcpu_space_kernel(void)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	return self != NULL && self->domain != NULL ?
	    &self->domain->kernel : NULL;
}

/* ---- remembered ranges ---- */

void
xcpui_space_note(struct xcpu_space *space, uint64_t gen,
    const struct xcpu_flush *flush)
{
	struct xcpu_space_range *range =
	    &space->range[gen % XCPU_SPACE_RANGES];
	bool full = (flush->flags & XCPU_FLUSH_FULL) != 0;
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t tag = xcpu_load_rlx(&range->tag);

	if (tag > gen)
		return;
	/*
	 * One try: whoever came between us is newer, or readers flush fully.
	 * rlx: the stores that follow release it
	 */
	if (!xcpu_cas_rlx(&range->tag, &tag, gen | RANGE_BUSY))
		return;
	/*
	 * [G5] release: the claim before each word, so that a reader of a new
	 * word finds the tag changed.  Pairs with [G5] in xcpui_space_recall().
	 */
	xcpu_store_rel(&range->start, flush->start |
	    flush->flags << RANGE_FLAGS | flush->stride_shift);
	xcpu_store_rel(&range->len, full ? 0 : flush->len); /* [G5] as above */
	/*
	 * [G6] release: words before tag.  Pairs with [G6] in
	 * xcpui_space_recall().
	 */
	xcpu_store_rel(&range->tag, gen);
}

bool
xcpui_space_recall(const struct xcpu_space *space, uint64_t gen,
    struct xcpu_flush *flush)
{
	const struct xcpu_space_range *range =
	    &space->range[gen % XCPU_SPACE_RANGES];
	uint64_t start;

	/*
	 * [G6] acquire: tag before words.  Pairs with [G6] in
	 * xcpui_space_note().
	 */
	if (xcpu_load_acq(&range->tag) != gen)
		return false;
	/*
	 * [G5] acquire: each word before the second look at the tag.  Pairs
	 * with [G5] in xcpui_space_note().
	 */
	start = xcpu_load_acq(&range->start);
	flush->len = xcpu_load_acq(&range->len); /* [G5] as above */
	/* rlx: ordered by the two acquires */
	if (xcpu_load_rlx(&range->tag) != gen || flush->len == 0)
		return false;
	flush->start = start & ~(uint64_t)0xfff;
	flush->stride_shift = start & RANGE_STRIDE;
	flush->flags = (unsigned)(start & 0xfff) >> RANGE_FLAGS;
	return true;
}

/* ---- switching ---- */

/*
 * What an NMI between two lines sees: SWITCHING, so it leaves the flushes to the
 * interrupt that is still masked.  It could neither vouch for the old space,
 * whose root may still be loaded, nor for the new one.  Until the root is loaded
 * loaded_generation is that of the old space: xcpu_asid_load() puts it down.
 */
static void
switch_to(struct xcpu_cpu *self, struct xcpu_space *next)
{
	struct xcpu_space *prev = xcpui_space_loaded(self);
	uint64_t bit = xcpu_cpu_bit(self->index);
	unsigned word = self->index / 64;
	uint64_t gen = 0;

	/* rlx: own word, read by our NMIs only */
	xcpu_store_rlx(&self->flush.loaded,
	    (void *)((uintptr_t)next | SWITCHING));
	if (next != NULL) {
		/* rlx: the fence orders it */
		xcpu_fetch_or_rlx(&next->active[word], bit);
		/*
		 * [G2] fence: our bit before we read the generation.  Pairs
		 * with [G2] in shootdown(), xcpui_collect_close() and
		 * xcpu_icache_sync().
		 */
		xcpu_fence_sc();
		/*
		 * [G1] acquire: the generation before the tables it speaks of,
		 * for our walker.  Pairs with [G1] in shootdown(),
		 * count_change() and restart().
		 */
		gen = xcpu_load_acq(&next->generation);
	}
#if XCPU_PORT_LEVEL >= 3
	xcpu_port_root_load(next);
#endif
	xcpui_flush_reached(&self->flush.loaded_generation, gen);
	/* rlx: own word */
	xcpu_store_rlx(&self->flush.loaded, next);
	if (prev != NULL)
		/*
		 * [G4] release: the last access through the old root before
		 * the bit goes.  Pairs with [G4] in xcpui_flush_targets(),
		 * xcpu_icache_sync() and xcpu_space_destroy().
		 */
		xcpu_fetch_and_rel(&prev->active[word], ~bit);
	XCPU_TRACE(XCPU_TRACE_SWITCH, 0, (uintptr_t)next);
}

static void
leave_lazy(struct xcpu_cpu *self)
{
	unsigned lane;

	if ((xcpui_lane_own(self) & XCPU_LANE_STATE) != XCPU_LANE_LAZY)
		return;
	lane = xcpui_lane_lazy(self, false);
	XCPUI_ADD(self, catch_up_lazy, (lane & XCPU_LANE_FLUSH) != 0);
	XCPU_TRACE(XCPU_TRACE_STATE, XCPU_LANE_READY, 0);
#if XCPU_PORT_LEVEL >= 3
	/* Without a kick, or with one that is still on its way: now. */
	if ((lane & XCPU_LANE_FLUSH) != 0)
		xcpui_flush_serve(self, true);
#else
	(void)lane;
#endif
}

/* Load a space, and use it. */
static void
go_to(struct xcpu_cpu *self, struct xcpu_space *space)
{
	if (space != xcpui_space_loaded(self))
		switch_to(self, space);
	leave_lazy(self);
}

int
xcpu_space_switch(struct xcpu_space *space)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);
	unsigned long state;

	if (error != 0)
		return error;
	if (space != NULL && space->kernel)
		return -XCPU_EINVAL;
	XCPU_ASSERT(self->depth == 0,
	    "xcpu_space_switch() inside a handler: switch in a thread");
	state = xcpu_port_irq_save();
	go_to(self, space);
	xcpu_port_irq_restore(state);
	return 0;
}

void
xcpui_space_unload(struct xcpu_cpu *self)
{
	go_to(self, NULL);
}

int
xcpu_space_lazy_enter(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);
	unsigned long state;

	if (error != 0)
		return error;
	state = xcpu_port_irq_save();
	xcpui_lane_lazy(self, true);
	XCPU_TRACE(XCPU_TRACE_STATE, XCPU_LANE_LAZY, 0);
	xcpu_port_irq_restore(state);
	return 0;
}

int
xcpu_space_lazy_leave(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	int error = xcpui_may_ask(self);
	unsigned long state;

	if (error != 0)
		return error;
	state = xcpu_port_irq_save();
	go_to(self, xcpui_space_loaded(self));
	xcpu_port_irq_restore(state);
	return 0;
}

bool
xcpui_space_switching(const struct xcpu_cpu *self)
{
	/* rlx: own word */
	return ((uintptr_t)xcpu_load_rlx(&self->flush.loaded) & SWITCHING) != 0;
}
