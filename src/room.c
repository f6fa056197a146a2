/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * room.c: one initiator at a time, and each in his turn.
 *
 * Actors: initiators, and CPUs that leave the machine: threads, one per CPU.
 *
 * Shared: the room's `owner`, and `waiting`, a bit for each CPU that waits for it.
 *
 * I1  Who finds no owner becomes it by compare-and-swap; who is owner alone says
 *     who is next.
 * I2  A CPU sets its own bit, and clears it when it gives up.  An owner who
 *     leaves clears one bit, and then hands the room to that CPU: so who gives
 *     up and finds his bit cleared gets the room, sooner than he can be gone.
 * I3  An owner looks for the next one from his own number upwards, and round.
 *     So a CPU whose bit he sees waits for each other CPU once, and for one
 *     more at most, who found no owner just before.
 *
 * A handover goes to a CPU, not to whoever is quickest: with the machine
 * overcommitted that costs time, which a rendezvous of those CPUs needs anyway;
 * without it a CPU that was last loses the race again and again.
 *
 * Deadlock: who waits serves all classes (wait.c), so the owner may park him.  Of
 * overlapping rendezvous one is first, whatever sets they name: there is one
 * room, not a queue per CPU.
 */
#include "internal.h"
#include "park.h"

static inline struct xcpu_au64 *
waiting_word(const struct xcpui_gathering *r)
{
	return &r->self->domain->sync->waiting[r->self->index / 64];
}

static inline uint64_t
waiting_bit(const struct xcpui_gathering *r)
{
	return xcpu_cpu_bit(r->self->index);
}

static uint32_t
owner_now(const struct xcpui_gathering *r)
{
	/*
	 * [N4] acquire: the rendezvous before ours.  Pairs with [N4] in
	 * xcpui_room_leave().
	 */
	return xcpu_load_acq(&r->self->domain->sync->owner);
}

static bool
room_taken(struct xcpui_wait *wait)
{
	struct xcpui_gathering *r = (struct xcpui_gathering *)wait->what;
	uint32_t owner = owner_now(r);

	if (owner == r->self->index + 1)
		return true;
	if (owner == 0)
		/*
		 * [N4] acquire: as above.  Pairs with [N4] in
		 * xcpui_room_leave().
		 */
		return xcpu_cas_acq(&r->self->domain->sync->owner, &owner,
		    r->self->index + 1);
	if (!r->queued)
		/* rlx: says nothing about data */
		xcpu_fetch_or_rlx(waiting_word(r), waiting_bit(r));
	r->queued = true;
	return false;
}

/* The owner who cleared our bit has handed the room over, or has died. */
static bool XCPUI_COLD
owner_changed(struct xcpui_wait *wait)
{
	struct xcpui_gathering *r = (struct xcpui_gathering *)wait->what;

	return owner_now(r) != r->owner;
}

static void XCPUI_COLD
room_owner(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	xcpui_park_owner(((const struct xcpui_gathering *)wait->what)->self, set);
}

static int
await_owner(struct xcpui_gathering *r, bool (*over)(struct xcpui_wait *),
    uint64_t timeout_ns)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_SYNC,
		.timeout_ns = timeout_ns,
		.fn = r->sync->run,
		.arg = NULL,
		.over = over,
		.missing = room_owner,
		.what = r,
		.cls = 0,
		.also = 0,
	};

	return xcpui_wait(r->self, &wait);
}

/* Wait no longer; true: the room is ours all the same. */
static bool XCPUI_COLD
stop_waiting(struct xcpui_gathering *r)
{
	/* rlx: says nothing about data; a handover is seen by the owner */
	if ((xcpu_fetch_and_rlx(waiting_word(r), ~waiting_bit(r)) &
	    waiting_bit(r)) != 0)
		return false;
	r->owner = owner_now(r);
	/* He is between two instructions: no deadline is shorter. */
	if (r->owner != r->self->index + 1)
		(void)await_owner(r, owner_changed, 0);
	return owner_now(r) == r->self->index + 1;
}

/* Be the owner; or an error, and then it is not to be had. */
int
xcpui_room_await(struct xcpui_gathering *r)
{
	int error;

	r->queued = false;
	error = await_owner(r, room_taken,
	    xcpui_time_left(r->limit_ns, r->since_ns));
	if (!r->queued)
		return error;
	if (error != 0)
		return stop_waiting(r) ? 0 : error;
	/* rlx: says nothing about data; nobody hands over to an owner */
	xcpu_fetch_and_rlx(waiting_word(r), ~waiting_bit(r));
	return 0;
}

/* Clear one of these bits of a word; its CPU + 1, or 0: they are all gone. */
static uint32_t
clear_one(const struct xcpu_domain *domain, unsigned word, uint64_t among)
{
	struct xcpu_au64 *waiting = &domain->sync->waiting[word];
	/* rlx: a hint; who sets his bit now will find no owner */
	uint64_t bits = xcpu_load_rlx(waiting) & among;

	for (; bits != 0; bits &= bits - 1) {
		uint64_t bit = bits & -bits;
		unsigned cpu = word * 64 + xcpui_lowest(bit);

		/* rlx: says nothing about data */
		if ((xcpu_fetch_and_rlx(waiting, ~bit) & bit) != 0 &&
		    xcpui_lane_takes(xcpui_lane_look(domain, cpu)))
			return cpu + 1;
	}
	return 0;
}

static uint32_t
next_owner(const struct xcpu_cpu *self)
{
	const struct xcpu_domain *domain = self->domain;
	unsigned first = self->index / 64;
	uint64_t below = xcpu_cpu_bit(self->index) - 1;
	uint32_t next = clear_one(domain, first, ~below);

	for (unsigned n = 1; next == 0 && n < domain->nwords; n++)
		next = clear_one(domain, (first + n) % domain->nwords,
		    ~(uint64_t)0);
	return next != 0 ? next : clear_one(domain, first, below);
}

void
xcpui_room_leave(struct xcpui_gathering *r)
{
	/* In one step for calls: dead.c looks again when all have run one. */
	unsigned long state = xcpu_port_irq_save();
	uint32_t next = next_owner(r->self);

	/*
	 * [N4] release: what we read and wrote in the room.  Pairs with [N4] in
	 * owner_now() and room_taken().
	 */
	xcpu_store_rel(&r->self->domain->sync->owner, next);
	xcpu_port_irq_restore(state);
}

/* Take over from an owner whom the host knows to be dead. */
bool XCPUI_COLD
xcpui_room_inherit(struct xcpui_gathering *r)
{
	const struct xcpu_sync_opt *opt = r->sync->opt;
	struct xcpu_sync_room *room = r->self->domain->sync;
	/* rlx: the compare-and-swap decides on this very value */
	uint32_t owner = xcpu_load_rlx(&room->owner);

	return opt != NULL && opt->dead != NULL && owner != 0 &&
	    opt->dead(owner - 1, opt->dead_arg) &&
	    /* rlx: the host knows of the dead, who had all before him */
	    xcpu_cas_rlx(&room->owner, &owner, r->self->index + 1);
}

int XCPUI_COLD
xcpui_sync_hold(struct xcpu_cpu *self, bool on)
{
	struct xcpu_sync nothing;
	struct xcpui_gathering r = { .self = self, .sync = &nothing };

	nothing.run = NULL;
	nothing.opt = NULL;
	if (on)
		return xcpui_room_await(&r);
	xcpui_room_leave(&r);
	return 0;
}
