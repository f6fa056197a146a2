/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inflight.c: does a target answer a shootdown before it has flushed?
 *
 * What it reads after its interrupt cannot tell: by then it has flushed, too
 * late or not.  But functions that were called before run in the same drain.  So
 * the initiator calls one on every CPU between his change and his shootdown; it
 * reads the page, and must find the new frame if the shootdown is over by then.
 * Nobody waits for it until the operation ends.
 */
#include "storm.h"

static void
look(void *arg)
{
	struct storm_inflight *inflight = arg;

	oracle_look(xcpu_cpu_index(), &inflight->page, &inflight->over);
}

/* The page is a kernel's that has been mapped anew, and is not yet shot down. */
void
inflight_begin(struct storm_cpu *me, unsigned page)
{
	struct storm_inflight *inflight = &me->inflight;
	struct xcpu_cpuset others;

	storm_describe(me->request.space, page, &inflight->page);
	xcpu_store_rlx(&inflight->over, 0);
	xcpu_cpuset_fill(&others, storm.ncpu);
	xcpu_cpuset_del(&others, xcpu_cpu_index());
	/* Refused if this CPU has many calls under way: then there is no look. */
	(void)xcpu_call_start(&inflight->call, &others, look, inflight, NULL);
}

/* The shootdown has returned. */
void
inflight_over(struct storm_cpu *me)
{
	xcpu_store_rel(&me->inflight.over, 1);
}
