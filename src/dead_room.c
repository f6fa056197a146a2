/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_room.c: rendezvous and stops without a CPU that died.
 *
 * Shared: the words of gather.c and stop.c.  The dead one's own bits are cleared
 * for it, and so is what only it would have cleared: of those that it led, who
 * has not begun is taken back, and who has is released.
 *
 * I1  Who has not begun is told by a read-modify-write of his bit, as ever: he
 *     takes it, or we do.
 * I2  The room is given up last: its next owner finds nothing half done.
 * I3  Who leaves the room may just be handing it to the dead one, masked: so it
 *     is looked at once more when every CPU has been called.
 *
 * Deadlock: nobody waits here.
 */
#include "dead.h"
#include "park.h"
#include "stop.h"

/* Call off whatever the owner of the room had begun. */
static void XCPUI_COLD
call_off(struct xcpu_domain *domain, struct xcpu_cpu *dead)
{
	struct xcpu_sync_room *room = domain->sync;
	const unsigned all = (1u << XCPU_LANES_PER_LINE) - 1;

	for (unsigned group = 0; group < domain->ngroups; group++) {
		(void)xcpui_take_back(&domain->line[group], all);
		xcpui_release_orphans(room, &room->line[group]);
	}
	xcpu_store_rlx(&room->closed, 0); /* rlx: nothing was done meanwhile */
	/* The next one waits until those are out of it who had begun. */
	room->strays = true;
	(void)room->hold(dead, false);
}

void XCPUI_COLD
xcpui_dead_sync(struct xcpu_cpu *self, struct xcpu_cpu *dead)
{
	struct xcpu_sync_room *room = self->domain->sync;
	unsigned lane = 1u << dead->index % XCPU_LANES_PER_LINE;

	if (room == NULL)
		return;
	/* rlx: the fence in at_once() stands before it */
	xcpu_fetch_and_rlx(&dead->line->sync, ~xcpui_in_all_planes(lane));
	/* rlx: it waits no longer; who has just chosen it is found at last */
	xcpu_fetch_and_rlx(&room->waiting[dead->index / 64],
	    ~xcpu_cpu_bit(dead->index));
	if (xcpu_load_rlx(&room->owner) == dead->index + 1) /* rlx: its own */
		call_off(self->domain, dead);
}

/* Its NMI call: who has not begun never will. */
static void XCPUI_COLD
end_nmi_call(const struct xcpu_domain *domain)
{
	struct xcpu_stop_room *room = domain->stop;

	for (unsigned i = 0; i < domain->nwords; i++)
		/* rlx: who never began has touched nothing, both */
		xcpu_fetch_and_rlx(&room->open[i], /* rlx: as above */
		    ~xcpu_xchg_rlx(&room->todo[i], 0));
	xcpui_stop_unlock(&room->caller);
}

/* Whom it had stopped, or was about to, goes on. */
static void XCPUI_COLD
end_stops(const struct xcpu_domain *domain)
{
	struct xcpu_stop_room *room = domain->stop;

	for (unsigned cpu = 0; cpu < domain->ncpu; cpu++)
		/* rlx: the fence in at_once() stands before it */
		xcpu_fetch_and_rlx(&room->state[cpu], 0);
	xcpu_cpuset_zero(&room->held);
	xcpui_stop_unlock(&room->owner);
}

void XCPUI_COLD
xcpui_dead_stop(struct xcpu_cpu *self, const struct xcpu_cpu *dead)
{
	struct xcpu_stop_room *room = self->domain->stop;
	uint64_t bit = xcpu_cpu_bit(dead->index);
	unsigned word = dead->index / 64;

	if (room == NULL)
		return;
	/* rlx: it answers nothing, both; the bit of todo is its own */
	xcpu_fetch_and_rlx(&room->todo[word], ~bit);
	/* rlx: the fence in at_once() stands before it */
	xcpu_fetch_and_rlx(&room->open[word], ~bit);
	if (xcpu_load_rlx(&room->caller) == dead->index + 1) /* rlx: its own */
		end_nmi_call(self->domain);
	/* After a panic CPUs stand for good, whoever dies. */
	if (xcpu_load_rlx(&room->panic) != 0) /* rlx: it stands */
		return;
	xcpu_store_rlx(&room->state[dead->index], 0); /* rlx: nobody is there */
	if (xcpu_load_rlx(&room->owner) == dead->index + 1) /* rlx: its own */
		end_stops(self->domain);
}
