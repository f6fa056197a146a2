/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.c: what a CPU may still have under an ASID that is not loaded.
 *
 * Actors: a CPU that switches, flushes and leaves for user code, and its NMIs.
 * Nothing here is shared with other CPUs, but for the generation of a space.
 *
 * Per CPU: a slot for each ASID that it knows something of; `asid`, the tag that
 * is loaded; `kernel_changes`, a count of flushes that reached the loaded tag
 * alone; `user_behind`, the slots whose user half was not flushed with the other.
 *
 * I1  A slot that is not loaded says: no translation of its space that a change
 *     up to `generation` replaced is under its ASID here (space.c, I2: this is
 *     what the CPU's progress was when it left the space), and none of the
 *     kernel that a flush up to `stamp` was for.
 * I2  A space is loaded without a flush only if its slot says that nothing has
 *     changed since.  The generation is read in the switch, after the one that
 *     space.c read there, so it is no older: relaxed will do, for what is newer
 *     than that is flushed.
 * I3  A slot changes its owner only as it is loaded, and then with a flush.
 * I4  Two invalidities, apart: that of one space is its generation; that of the
 *     kernel, whose entries are under all ASIDs, is the stamp.
 * I5  Numbers of a space that begins again (shootdown.c) are not taken for the
 *     old: every CPU that is online passes two rounds before that, which count in
 *     the stamp.  A CPU that comes online has forgotten everything.
 *
 * Both summands of a stamp only grow, so equal sums are equal summands.
 *
 * Deadlock: nobody waits here.
 */
#include "asid.h"
#include "shootdown.h"

static struct xcpu_asid_cpu *
own(const struct xcpu_asids *asids, const struct xcpu_cpu *self)
{
	return &asids->cpus[self->index];
}

static uint64_t
stamp_now(const struct xcpu_cpu *self, const struct xcpu_asid_cpu *cpu)
{
	/* rlx: own words */
	return xcpu_load_rlx(&cpu->kernel_changes) +
	    xcpu_load_rlx(&self->flush.passed) / XCPUI_ROUND_RESTART;
}

static uint64_t
slot_bit(const struct xcpu_asid_cpu *cpu, const struct xcpu_asid_slot *slot)
{
	return (uint64_t)1 << (slot - cpu->slot);
}

int XCPUI_COLD
xcpu_asids_init(struct xcpu_asids *asids)
{
	if (asids->kind == NULL || asids->cpus == NULL ||
	    asids->slots == NULL || asids->ncpu == 0 ||
	    asids->ncpu > XCPU_NCPU_MAX || asids->nslots < 2 ||
	    asids->nslots > XCPU_ASID_SLOTS_MAX)
		return -XCPU_EINVAL;
	for (unsigned i = 0; i < asids->ncpu; i++)
		asids->cpus[i].slot = &asids->slots[i * asids->nslots];
	return asids->kind->init(asids);
}

void XCPUI_COLD
xcpu_asid_init(struct xcpu_asids *asids, struct xcpu_asid *asid,
    struct xcpu_space *space)
{
	asid->space = space;
	/* rlx: nobody else knows the space yet */
	xcpu_store_rlx(&asid->id, asids->kind->name(asids));
}

/* ---- switching ---- */

/* Put down how far this CPU is with what it is about to leave. */
static void
leave(const struct xcpu_asids *asids, const struct xcpu_cpu *self,
    struct xcpu_asid_cpu *cpu)
{
	struct xcpu_asid_slot *slot = cpu->loaded;

	if (slot != NULL) {
		/* rlx: own word, still that of the old space */
		slot->generation =
		    xcpu_load_rlx(&self->flush.loaded_generation);
		slot->stamp = stamp_now(self, cpu);
	} else if ((asids->flags & XCPU_ASID_BROADCAST) == 0) {
		cpu->stamp = stamp_now(self, cpu);
	}
}

/* Could there be something under the slot's ASID that was shot down? */
static bool
is_behind(const struct xcpu_asid_slot *slot, const struct xcpu_asid *next,
    uint64_t stamp)
{
	return slot->generation == 0 || slot->stamp != stamp ||
	    /* rlx: see I2 */
	    slot->generation != xcpu_load_rlx(&next->space->generation);
}

static void
arrive(const struct xcpu_asids *asids, const struct xcpu_cpu *self,
    struct xcpu_asid_cpu *cpu, const struct xcpu_asid *next,
    struct xcpu_asid_load *load)
{
	uint64_t stamp = stamp_now(self, cpu);

	if ((asids->flags & XCPU_ASID_BROADCAST) != 0) {
		/* What begins again is not broadcast (I5): all tags, once. */
		load->flush_all |= cpu->stamp != stamp;
		cpu->stamp = stamp;
	} else if (next == NULL) {
		load->flush = cpu->stamp != stamp;
	} else {
		load->flush = is_behind(cpu->loaded, next, stamp);
		cpu->loaded->used = ++cpu->clock;
	}
	if (load->flush && next != NULL)
		/* rlx: own word, read by xcpu_asid_user() */
		xcpu_fetch_or_rlx(&cpu->user_behind,
		    slot_bit(cpu, cpu->loaded));
}

void
xcpu_asid_load(struct xcpu_asids *asids, struct xcpu_asid *next,
    struct xcpu_asid_load *load)
{
	const struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_asid_cpu *cpu = own(asids, self);

	load->flush = load->flush_all = false;
	leave(asids, self, cpu);
	cpu->loaded = asids->kind->choose(asids, cpu, next, load);
	arrive(asids, self, cpu, next, load);
	/* rlx: own word, read by our flushes */
	xcpu_store_rlx(&cpu->asid, load->asid);
}

/* ---- flushing ---- */

/* Of a space that is not loaded: as it is loaded next. */
static bool
flush_later(const struct xcpu_asids *asids, struct xcpu_asid_cpu *cpu,
    const struct xcpu_asid *asid, struct xcpu_asid_flush *what)
{
	/* rlx: a newer one is under an ASID that is flushed first */
	uint64_t id = xcpu_load_rlx(&asid->id);

	if ((asids->flags & XCPU_ASID_BROADCAST) != 0) {
		what->asid = xcpui_asid_tag(asids, xcpui_asid_of(id));
		return true;
	}
	for (unsigned i = 0; i < asids->nslots; i++)
		if (cpu->slot[i].id == id)
			cpu->slot[i].generation = 0;
	return false;
}

/* The other half of the loaded tag: now, or on the way out. */
static void
flush_user_half(const struct xcpu_asids *asids, struct xcpu_asid_cpu *cpu,
    struct xcpu_asid_flush *what)
{
	if ((asids->flags & XCPU_ASID_SPLIT) == 0 || cpu->loaded == NULL)
		return;
	/* An NMI may have come when the way out has looked already. */
	if ((asids->flags & XCPU_ASID_BROADCAST) != 0 ||
	    (xcpu_port_context() & XCPU_CTX_NMI) != 0)
		what->both = true;
	else
		/* rlx: own word */
		xcpu_fetch_or_rlx(&cpu->user_behind,
		    slot_bit(cpu, cpu->loaded));
}

bool
xcpu_asid_flush(struct xcpu_asids *asids, const struct xcpu_flush *request,
    const struct xcpu_asid *asid, struct xcpu_asid_flush *what)
{
	const struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_asid_cpu *cpu = own(asids, self);

	what->asid = (unsigned)xcpu_load_rlx(&cpu->asid); /* rlx: own word */
	what->both = false;
	if (!request->space->kernel &&
	    request->space != xcpui_space_loaded(self)) {
		what->both = (asids->flags & XCPU_ASID_SPLIT) != 0;
		return flush_later(asids, cpu, asid, what);
	}
	if (request->space->kernel) {
		/* A full one forgets everything; a global one is under no tag. */
		if ((request->flags & XCPU_FLUSH_FULL) != 0 ||
		    (asids->flags & XCPU_ASID_KERNEL_TAGGED) == 0)
			return true;
		/* rlx: own word, which our NMIs may count up as well */
		xcpu_fetch_add_rlx(&cpu->kernel_changes, 1);
	}
	flush_user_half(asids, cpu, what);
	return true;
}

void
xcpu_asid_user(struct xcpu_asids *asids, struct xcpu_asid_load *load)
{
	struct xcpu_asid_cpu *cpu = own(asids, xcpu_port_self());
	uint64_t bit;

	XCPU_ASSERT(cpu->loaded != NULL &&
	    (asids->flags & XCPU_ASID_SPLIT) != 0,
	    "xcpu_asid_user() without a space, or where tables are not split");
	bit = slot_bit(cpu, cpu->loaded);
	load->asid = (unsigned)xcpu_load_rlx(&cpu->asid) + 1; /* rlx: own */
	/* rlx: own word, which our NMIs change as well */
	load->flush = (xcpu_fetch_and_rlx(&cpu->user_behind, ~bit) & bit) != 0;
	load->flush_all = false;
}
