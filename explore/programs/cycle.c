/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cycle.c: which CPUs are said to wait for each other in a ring (src/cycle.c).
 *
 * Nobody waits here: setup() writes the notes that long waits leave, and a CPU
 * searches them as for a report of its own.
 */
#include "scene.h"

/* CPU `cpu` waits in that way for those whose bits are set, as noted `when`. */
static void
wait_for(unsigned cpu, enum xcpu_wait_kind kind, unsigned cpus, uint64_t when)
{
	struct xcpu_cpu *block = &explore_cpu[cpu];

	/* rlx: setup, from here to the end */
	xcpu_store_rlx(&block->waiting.kind, kind);
	xcpu_store_rlx(&block->waiting.since_ns, cpu + 1); /* rlx: setup */
	xcpu_store_rlx(&block->stalled.first, when); /* rlx: setup */
	xcpu_store_rlx(&block->stalled.newest, when); /* rlx: setup */
	xcpu_store_rlx(&block->stalled.missing[0], cpus); /* rlx: setup */
	xcpu_store_rlx(&block->stalled.since_ns, cpu + 1); /* rlx: setup */
	if (xcpu_load_rlx(&explore_domain.stalled) < when) /* rlx: setup */
		xcpu_store_rlx(&explore_domain.stalled, when); /* rlx: setup */
}

/* Search, as the report of a wait for those CPUs does. */
static unsigned
report(unsigned cpus, struct xcpu_cycle *cycle)
{
	struct xcpu_stall stall;

	stall.waiter = explore_self();
	stall.missing = scene_set(cpus);
	return xcpu_stall_cycle(&stall, cycle);
}

static void
find_none(void)
{
	struct xcpu_cycle cycle;

	explore_assert(report(1 << 1, &cycle) == 0, "a ring that is none");
}

/* ---- what there is is found ---- */

static void
setup_ring(void)
{
	explore_boot(3);
	wait_for(0, XCPU_WAIT_CALL, 1 << 1, 1);
	wait_for(1, XCPU_WAIT_FLUSH, 1 << 2, 3);
	wait_for(2, XCPU_WAIT_LOCK, 1 << 0, 2);
}

static void
find_ring(void)
{
	struct xcpu_cycle cycle;

	explore_assert(report(1 << 1, &cycle) == 3, "a ring not found");
	explore_assert(cycle.wait[0].cpu == 0 && cycle.wait[1].cpu == 1 &&
	    cycle.wait[2].cpu == 2, "other CPUs than those of the ring");
	explore_assert(cycle.wait[0].kind == XCPU_WAIT_CALL &&
	    cycle.wait[1].kind == XCPU_WAIT_FLUSH &&
	    cycle.wait[2].kind == XCPU_WAIT_LOCK, "other waits than those");
}

static const struct explore_program cycle_ring = {
	.name = "cycle-ring",
	.what = "three CPUs wait for each other: a call, a shootdown, a lock",
	.ids = "F-P1 INV-C-L2",
	.ncpu = 3,
	.setup = setup_ring,
	.cpu = { find_ring, NULL, NULL },
};

/* The lowest CPU of a set leads nowhere; another one closes the ring. */
static void
setup_fork(void)
{
	explore_boot(3);
	wait_for(0, XCPU_WAIT_CALL, 1 << 1 | 1 << 2, 1);
	wait_for(1, XCPU_WAIT_LOCK, 0, 1);
	wait_for(2, XCPU_WAIT_LOCK, 1 << 0, 1);
}

static void
find_branch(void)
{
	struct xcpu_cycle cycle;

	explore_assert(report(1 << 1 | 1 << 2, &cycle) == 2 &&
	    cycle.wait[1].cpu == 2, "the ring of a branch not found");
}

static const struct explore_program cycle_fork = {
	.name = "cycle-fork",
	.what = "a CPU waits for two, one of which waits for it",
	.ids = "F-P1 INV-C-L2",
	.ncpu = 3,
	.setup = setup_fork,
	.cpu = { find_branch, NULL, NULL },
};

/* ---- and nothing else ---- */

static void
setup_chain(void)
{
	explore_boot(3);
	wait_for(0, XCPU_WAIT_CALL, 1 << 1, 1);
	wait_for(1, XCPU_WAIT_LOCK, 1 << 2, 1);
	/* It did, for the first one. */
	wait_for(2, XCPU_WAIT_LOCK, 1 << 0, 2);
	xcpu_store_rlx(&explore_cpu[2].waiting.kind, XCPU_WAIT_NONE); /* rlx: setup */
}

static const struct explore_program cycle_chain = {
	.name = "cycle-chain",
	.what = "a CPU waits for one that waits for one that no longer waits",
	.ids = "F-P1",
	.ncpu = 3,
	.setup = setup_chain,
	.cpu = { find_none, NULL, NULL },
};

static void
setup_open(void)
{
	explore_boot(2);
	wait_for(0, XCPU_WAIT_CALL, 1 << 1, 1);
	wait_for(1, XCPU_WAIT_LOCK, 1 << 0, 1);
	xcpu_store_rlx(&explore_cpu[1].stalled.answers, 1); /* rlx: setup */
}

static const struct explore_program cycle_open = {
	.name = "cycle-open",
	.what = "a call to a CPU that spins for a lock with its doorbell open",
	.ids = "F-P1",
	.ncpu = 2,
	.setup = setup_open,
	.cpu = { find_none, NULL },
};

/* CPU 1 noted its wait before CPU 0's began: it may have been answered since. */
static void
setup_old(void)
{
	explore_boot(2);
	wait_for(1, XCPU_WAIT_CALL, 1 << 0, 1);
	/* rlx: setup, both */
	xcpu_store_rlx(&explore_cpu[0].waiting.kind, XCPU_WAIT_CALL);
	xcpu_store_rlx(&explore_cpu[0].waiting.since_ns, 1); /* rlx: setup */
}

static const struct explore_program cycle_old = {
	.name = "cycle-old",
	.what = "a wait that was noted before the other one lasted",
	.ids = "F-P1",
	.ncpu = 2,
	.setup = setup_old,
	.cpu = { find_none, NULL },
};

/*
 * CPU 1 has waited for CPU 0 once; now it waits for nobody, and says so.  A note
 * that is seen before what it says would be the old one.
 */
static void
setup_note(void)
{
	explore_boot(2);
	wait_for(0, XCPU_WAIT_CALL, 1 << 1, 2);
	wait_for(1, XCPU_WAIT_LOCK, 1 << 0, 1);
	xcpu_store_rlx(&explore_cpu[1].waiting.since_ns, 9); /* rlx: setup */
}

static void
note_nobody(void)
{
	struct xcpu_cycle cycle;

	explore_assert(report(0, &cycle) == 0, "a ring of nobody");
}

static const struct explore_program cycle_note = {
	.name = "cycle-note",
	.what = "a search while another CPU notes a new wait",
	.ids = "F-P1 F-P4",
	.ncpu = 2,
	.setup = setup_note,
	.cpu = { find_none, note_nobody },
};

const struct explore_program *const cycle_programs[] = {
	&cycle_ring, &cycle_fork, &cycle_chain, &cycle_open, &cycle_old,
	&cycle_note, NULL
};
