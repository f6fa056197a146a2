/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flight.c: one request under way to a set of CPUs, however it is carried.
 *
 * In the token line of its target when there is one target and the line's slot
 * is free (slot.c: one line for request and answer), else in a slot of the
 * caller's own block (carrier.c).  Neither points into the caller's stack, so
 * that a deadline leaves nothing behind.
 */
#include "flight.h"
#include "internal.h"

bool
xcpui_flight_over(struct xcpui_wait *wait)
{
	const struct xcpui_flight *f = (const struct xcpui_flight *)wait->what;

	/*
	 * Who calls often writes the line next: one transfer, not two; unless
	 * we look before the answer, and take it from the target.
	 */
	if (!f->polled)
		xcpu_own(f->line != NULL ? &f->line->slot :
		    &f->self->call.slot[f->slot].part[0].open);
	if (f->line != NULL)
		return xcpui_slot_open(f->line, f->id) == 0;
	return xcpui_carrier_idle(f->self, f->slot);
}

void XCPUI_COLD
xcpui_flight_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	const struct xcpui_flight *f = (const struct xcpui_flight *)wait->what;

	if (f->line != NULL) {
		xcpu_cpuset_zero(set);
		xcpui_group_add(set, f->group,
		    xcpui_slot_open(f->line, f->id));
	} else {
		xcpui_carrier_open(f->self, f->slot, set);
	}
}

/* Into the token line of the one target, if it is free.  Masked. */
bool
xcpui_flight_token(struct xcpui_flight *f, unsigned cpu,
    const struct xcpui_request *request)
{
	enum xcpui_slot_kind kind = f->bare ? XCPUI_SLOT_BARE : XCPUI_SLOT_CALL;
	unsigned group = xcpui_group(cpu);
	struct xcpu_line *line = &f->self->domain->line[group];
	uint64_t id = xcpui_slot_id(f->self);

	if (!xcpui_slot_take(line, id, kind)) {
		XCPUI_COUNT(f->self, slot_full);
		return false;
	}
	xcpu_plain_store(&line->body[0], (uint64_t)(uintptr_t)request->fn);
	xcpu_plain_store(&line->body[1], (uint64_t)(uintptr_t)request->arg);
	xcpui_slot_publish(line, id, kind,
	    1u << cpu % XCPU_LANES_PER_LINE);
	f->line = line;
	f->id = id;
	f->group = group;
	return true;
}

/*
 * Take the request back from those not ready; *refused comes back as those
 * that it was taken from.  Masked.
 */
void XCPUI_COLD
xcpui_flight_take_back(struct xcpui_flight *f, struct xcpu_cpuset *refused)
{
	unsigned lanes;

	if (f->line == NULL) {
		xcpui_carrier_withdraw(f->self, f->slot, refused);
		return;
	}
	lanes = xcpui_slot_withdraw(f->line, f->id,
	    xcpui_group_lanes(refused, f->group));
	xcpu_cpuset_zero(refused);
	xcpui_group_add(refused, f->group, lanes);
}

/* Post to the set, none of it the own CPU; *refused: who does not run it. */
void
xcpui_flight_post(struct xcpui_flight *f, const struct xcpu_cpuset *set,
    struct xcpu_cpuset *refused)
{
	struct xcpui_post post;

	xcpui_post_begin(f->self, &post, XCPU_LANE_CALL);
	xcpui_post_set(f->self, &post, set);
	xcpui_post_kick(f->self, &post);
	f->polled = !post.kicks;
	f->targets = *set;
	*refused = post.refused;
	if (post.refusals) {
		xcpui_flight_take_back(f, refused);
		xcpu_cpuset_andnot(&f->targets, refused);
	}
}

/* With FAIL: nothing is sent if somebody is seen not to be ready. */
bool XCPUI_COLD
xcpui_call_all_ready(const struct xcpu_domain *domain,
    const struct xcpu_cpuset *set, struct xcpu_cpuset *not_ready)
{
	xcpu_cpuset_zero(not_ready);
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < domain->ncpu;
	    cpu = xcpu_cpuset_next(set, cpu))
		if (!xcpui_lane_takes(xcpui_lane_look(domain, cpu)))
			xcpu_cpuset_add(not_ready, cpu);
	return xcpu_cpuset_empty(not_ready);
}

void XCPUI_COLD
xcpui_call_predicate(const struct xcpu_call_opt *opt, void *arg,
    struct xcpu_cpuset *set)
{
	if (opt == NULL || opt->predicate == NULL)
		return;
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu))
		if (!opt->predicate(cpu, arg))
			xcpu_cpuset_del(set, cpu);
}
