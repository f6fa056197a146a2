/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect.c: changes of page tables, gathered before anybody is asked.
 *
 * A range is kept open as long as neighbours come; then its generation is
 * counted, it is remembered by its space, and the CPUs that it concerns join
 * those of the ranges before it.  From then on nothing of it needs to be kept:
 * who catches up finds what changed in the space, or flushes it all.
 *
 * Protocol P9 of the proofs in DESIGN.md ("deferred": the ticket); async.c has
 * the rest.
 */
#include "collect.h"

#include "internal.h"
#include "shootdown.h"

#if XCPU_PORT_LEVEL >= 3

/*
 * Count a change, but never to the top, which is for those who then see to it
 * (shootdown.c).  Masked: between here and the note no round may end.
 */
static bool
count_change(struct xcpu_space *space, const struct xcpu_flush *flush)
{
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t gen = xcpu_load_rlx(&space->generation);

	do {
		if (gen + 1 >= XCPU_SPACE_TOP)
			return false;
		/*
		 * [G1] release: the page tables before the generation.  Pairs
		 * with [G1] in switch_to(), catch_up_space() and
		 * flush_everything().
		 * retry: fails only if another initiator has counted.
		 */
	} while (!xcpu_cas_rel(&space->generation, &gen, gen + 1));
	xcpui_space_note(space, gen + 1, flush);
	return true;
}

int XCPUI_COLD
xcpui_collect_shoot(struct xcpu_async *job)
{
	const struct xcpu_flush *range = &job->range;
	struct xcpu_flush_opt opt = {
		.flags = range->flags & XCPU_FLUSH_TABLES,
		.stride_shift = range->stride_shift,
	};
	int error = (range->flags & XCPU_FLUSH_FULL) != 0 ?
	    xcpu_shootdown_all(range->space, &opt) :
	    xcpu_shootdown(range->space, range->start, range->len, &opt);

	if (error == 0)
		job->range.space = NULL;
	return error;
}

/*
 * Who else caches translations of the space is told at the end: all of it, if it
 * was more than one range.  False: the request has no room for another space.
 */
static bool
notify_later(struct xcpu_async *job, const struct xcpu_flush *range)
{
#if XCPU_NOTIFIERS != 0
	struct xcpu_flush *notify = &job->notify;

	if (range->space->notifiers == NULL)
		return true;
	if (notify->space == NULL) {
		*notify = *range;
		return true;
	}
	if (notify->space != range->space)
		return false;
	notify->flags |= range->flags | XCPU_FLUSH_FULL;
	return true;
#else
	(void)job; (void)range;
	return true;
#endif
}

/* The range has all its neighbours: count it, and see whom it concerns. */
int
xcpui_collect_close(struct xcpu_cpu *self, struct xcpu_async *job)
{
	struct xcpu_flush *range = &job->range;
	struct xcpu_space *space = range->space;
	struct xcpu_cpuset set;
	unsigned long state;

	if (space == NULL)
		return 0;
	if (!notify_later(job, range))
		return xcpui_collect_shoot(job);
	state = xcpu_port_irq_save();
	xcpu_port_pte_publish();
	if (!count_change(space, range)) {
		xcpu_port_irq_restore(state);
		return xcpui_collect_shoot(job);
	}
	/*
	 * [G2] fence: our generation before we read the set.  Pairs with [G2]
	 * in switch_to(), xcpu_cpu_online() and xcpu_kernel_enter() and [K1]
	 * in xcpu_notifier_register().
	 * [F1] fence: and before the round.  Pairs with [F1] in
	 * xcpui_flush_serve().
	 */
	xcpu_fence_sc();
	xcpui_flush_targets(self, range, &set);
#if XCPU_PORT_REMOTE
	xcpui_flush_widen(self->domain, range);
	xcpu_cpuset_del(&set, self->index);
	xcpu_port_tlb_remote(range, &set);
	xcpu_cpuset_add(&set, self->index);
#endif
	xcpu_cpuset_or(&job->left, &set);
	if (space->kernel || (range->flags & XCPU_FLUSH_TABLES) != 0)
		job->reach_lazy = true;
	job->counted = true;
	range->space = NULL;
	xcpu_port_irq_restore(state);
	return 0;
}

/* The union, if they touch or overlap. */
bool
xcpui_collect_merge(struct xcpu_flush *range, const struct xcpu_flush *more)
{
	uint64_t last = range->start + (range->len - 1);
	uint64_t more_last = more->start + (more->len - 1);

	if (range->space != more->space ||
	    range->stride_shift != more->stride_shift)
		return false;
	if (((range->flags | more->flags) & XCPU_FLUSH_FULL) == 0) {
		/* Addresses, not ends: the end may be beyond the top. */
		if ((more->start > last && more->start - last > 1) ||
		    (range->start > more_last && range->start - more_last > 1))
			return false;
		if (more->start < range->start)
			range->start = more->start;
		if (more_last > last)
			last = more_last;
		range->len = last - range->start + 1;
		if (range->len == 0)
			range->flags |= XCPU_FLUSH_FULL;
	}
	range->flags |= more->flags;
	return true;
}

#endif /* XCPU_PORT_LEVEL >= 3 */
