/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * round.c: wait until every other CPU has drained once from here on.
 *
 * Actors: whoever ends an event, or leaves; the drains of all others.
 *
 * Shared: the domain's `event_round`, counted up by who starts a round; each
 * CPU's `passed`, written by its own drain (event.c, I4).
 *
 * I1  The number of a round is published before its posts; a drain reads the
 *     newest number before it takes any bit, and vouches for no other.
 * I2  A CPU that is OFF is not waited for: what it did is over, and when it
 *     comes back it reads our words through its lane.
 *
 * Deadlock: the waiter stands in a thread and serves everything meanwhile,
 * rounds of others included.
 */
#include "internal.h"

struct round {
	const struct xcpu_domain *domain;
	uint64_t number;
	bool leaving_counts;		/* LEAVING is as good as OFF */
	struct xcpu_cpuset left;	/* CPUs that have not passed */
};

static bool
round_passed(const struct round *round, unsigned cpu)
{
	const struct xcpu_event_cpu *event = &round->domain->cpus[cpu].event;

	/*
	 * [E3] acquire: all that the CPU's handlers did.  Pairs with [E3] in
	 * xcpui_event_serve().
	 */
	if (xcpu_load_acq(&event->passed) >= round->number)
		return true;
	return xcpui_lane_gone(round->domain, cpu, round->leaving_counts);
}

static bool
round_over(struct xcpui_wait *wait)
{
	struct round *round = (struct round *)wait->what;

	for (unsigned cpu = xcpu_cpuset_first(&round->left);
	    cpu < round->domain->ncpu;
	    cpu = xcpu_cpuset_next(&round->left, cpu)) {
		if (!round_passed(round, cpu))
			return false;
		xcpu_cpuset_del(&round->left, cpu);
	}
	return true;
}

static void XCPUI_COLD
round_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	*set = ((struct round *)wait->what)->left;
}

/*
 * Wait until every other CPU that is ready has drained once from here on.
 * `leaving_counts`: do not wait for CPUs that are leaving (a CPU that leaves
 * itself: two would wait for each other).
 */
int XCPUI_COLD
xcpui_event_round(struct xcpu_cpu *self, bool leaving_counts)
{
	struct round round;
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_ROUND,
		.timeout_ns = 0,
		.fn = NULL,
		.arg = NULL,
		.over = round_over,
		.missing = round_missing,
		.what = &round,
		.cls = XCPU_LANE_EVENT,
		.also = 0,
	};
	struct xcpui_post post;
	unsigned long state = xcpu_port_irq_save();

	round.domain = self->domain;
	round.leaving_counts = leaving_counts;
	/*
	 * [E3] release: what the round is about, before its number.  Pairs with
	 * [E3] in xcpui_event_serve().
	 */
	round.number = xcpu_fetch_add_rel(&self->domain->event_round, 1) + 1;
	/* Whoever is off says so by his lane, and sees our words as he returns. */
	xcpu_cpuset_fill(&round.left, self->domain->ncpu);
	xcpu_cpuset_del(&round.left, self->index);
	xcpui_post_begin(self, &post, XCPU_LANE_EVENT);
	xcpui_post_set(self, &post, &round.left);
	xcpu_cpuset_andnot(&round.left, &post.refused);
	xcpui_post_kick(self, &post);
	xcpu_port_irq_restore(state);
	return xcpui_wait(self, &wait);
}
