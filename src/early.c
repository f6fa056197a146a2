/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early.c: shootdowns that end with the claim, before the flush.
 *
 * Actors: initiators; targets, who serve FLUSH as ever (flush.c) and know of
 * none of this.
 *
 * Shared: nothing of its own.  The change is counted and remembered as any other
 * (collect.c), and asked for by a round.
 *
 * I1  Whoever claims FLUSH has masked his doorbell, or is in an NMI, and serves it
 *     before he does anything else (drain.c, wait.c, space.c, domain.c).  A dead
 *     CPU's bits go without that (dead.c), and it does nothing else.
 * I2  Our post has set the bit.  So a bit that is gone later was claimed after it,
 *     and that claim reads our round, and by it our generation.
 * I3  A bit that stands says nothing: others may have set it again.  Then what
 *     the CPU has passed tells.
 * I4  No target holds anything of ours after its claim.  A request in a slot
 *     names the space, which the host may free once it is unloaded everywhere;
 *     hence the round, which names none: a target catches up with what it has
 *     loaded, and that nobody may free.
 *
 * Deadlock: as a shootdown; a claim waits for nobody.
 *
 * Section 5 of DESIGN.md says what else it rests on.
 */
#include <xcpu/early.h>

#include "collect.h"
#include "internal.h"
#include "shootdown.h"

#if XCPU_PORT_LEVEL >= 3

/* Looks at the doorbells of a group between two at what a CPU has passed. */
#ifndef XCPUI_EARLY_LOOKS
#define XCPUI_EARLY_LOOKS 64
#endif

struct early {
	struct xcpu_async job;		/* range, round, and who is left, no more */
	const struct xcpu_domain *domain;
	unsigned looks;
};

static bool
has_claimed(const struct early *early, unsigned cpu)
{
	const struct xcpu_line *line = &early->domain->line[xcpui_group(cpu)];
	unsigned shift = cpu % XCPU_LANES_PER_LINE * 8;

	/*
	 * [D5] acquire: what the target did before its claim.  Pairs with [D5]
	 * in take_bits().
	 */
	if ((xcpu_load_acq(&line->bell) >> shift & XCPU_LANE_FLUSH) == 0)
		return true;
	/*
	 * [F2] acquire: the target's flush, and its accesses before.  Pairs
	 * with [F2] in pass_round().
	 */
	return early->looks % XCPUI_EARLY_LOOKS == 0 &&
	    xcpu_load_acq(&early->domain->cpus[cpu].flush.passed) >=
	    early->job.round;
}

static bool
all_claimed(struct xcpui_wait *wait)
{
	struct early *early = wait->what;
	struct xcpu_cpuset *left = &early->job.left;

	early->looks++;
	for (unsigned cpu = xcpu_cpuset_first(left);
	    cpu < early->domain->ncpu; cpu = xcpu_cpuset_next(left, cpu)) {
		if (!has_claimed(early, cpu))
			return false;
		xcpu_cpuset_del(left, cpu);
	}
	return true;
}

static void
claims_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	const struct early *early = wait->what;

	*set = early->job.left;
	for (unsigned cpu = xcpu_cpuset_first(&early->job.left);
	    cpu < early->domain->ncpu;
	    cpu = xcpu_cpuset_next(&early->job.left, cpu))
		if (has_claimed(early, cpu))
			xcpu_cpuset_del(set, cpu);
}

/* Kick those who are left, and flush here meanwhile. */
static void
ask_round(struct xcpu_cpu *self, struct xcpu_async *job)
{
	unsigned long state = xcpu_port_irq_save();
	struct xcpui_post post;

	XCPUI_COUNT(self, shootdown);
	xcpu_cpuset_del(&job->left, self->index);
	if (xcpu_cpuset_empty(&job->left)) {
		XCPUI_COUNT(self, shootdown_alone);
	} else {
		/* rlx: the fence in xcpui_collect_close() stands before it */
		job->round = xcpu_fetch_add_rlx(&self->domain->flush_round, 1) +
		    1;
		xcpui_post_begin(self, &post, XCPU_LANE_FLUSH);
		post.reach_lazy = false;
		xcpui_post_set(self, &post, &job->left);
		xcpui_post_kick(self, &post);
		/* Off: flushes all before it is back.  Lazy: before it uses it. */
		xcpu_cpuset_andnot(&job->left, &post.refused);
	}
	xcpui_flush_catch_up(self);
	xcpu_port_irq_restore(state);
}

static int
shoot_early(struct xcpu_cpu *self, struct early *early)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_FLUSH,
		.timeout_ns = 0,
		.fn = NULL,
		.arg = NULL,
		.over = all_claimed,
		.missing = claims_missing,
		.what = early,
		.cls = XCPU_LANE_FLUSH,
		.also = 0,
	};
	int error = xcpui_collect_close(self, &early->job);

	/* Past the top of its generations the space was shot down, and waited for. */
	if (error != 0 || !early->job.counted)
		return error;
	ask_round(self, &early->job);
	return all_claimed(&wait) ? 0 : xcpui_wait(self, &wait);
}

/* What may end before its flush. */
static bool
is_early_class(const struct xcpu_flush *range)
{
#if XCPU_NOTIFIERS != 0
	if (range->space->notifiers != NULL)
		return false;
#endif
	return XCPU_PORT_EARLY && !range->space->kernel &&
	    (range->flags & XCPU_FLUSH_TABLES) == 0;
}

int
xcpu_shootdown_early(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_flush range = { .space = space, .start = start, .len = len };
	struct early early;
	int error = xcpui_flush_check(self, &range, opt);

	if (error != 0 || len == 0)
		return error;
	if (!is_early_class(&range))
		return xcpu_shootdown(space, start, len, opt);
	early.job.range = range;
	early.job.notify.space = NULL;
	early.job.counted = false;
	xcpu_cpuset_zero(&early.job.left);
	early.domain = self->domain;
	early.looks = 0;
	return shoot_early(self, &early);
}

#else /* XCPU_PORT_LEVEL < 3: no TLB hooks, and nothing to forget */

int
xcpu_shootdown_early(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	(void)space; (void)start; (void)len; (void)opt;
	return -XCPU_ENOSYS;
}

#endif
