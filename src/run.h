/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.h: before and after a function that somebody else asked for.
 *
 * Inline, for messages come by the hundred, and each is brief.
 */
#ifndef XCPU_RUN_H
#define XCPU_RUN_H

#include "internal.h"

/* Note what runs, where reports can see it. */
static inline void
xcpui_run_begin(struct xcpu_cpu *self, unsigned cls, xcpu_fn *fn, void *arg,
    unsigned source)
{
	XCPU_TRACE(XCPU_TRACE_RUN, cls, (uintptr_t)fn);
	/* rlx: notes for the reports of others, from here to the end */
	xcpu_store_rlx(&self->running.source, source);
	xcpu_store_rlx(&self->running.arg, arg); /* rlx: note */
	xcpu_store_rlx(&self->running.turn,
	    xcpu_load_rlx(&self->running.turn) + 1); /* rlx: note */
	xcpu_store_rlx(&self->running.fn, (void *)(uintptr_t)fn); /* rlx: note */
	(void)cls;
}

/* ... and that nothing does. */
static inline void
xcpui_run_none(struct xcpu_cpu *self)
{
	xcpu_store_rlx(&self->running.fn, NULL); /* rlx: note */
}

/*
 * After a function, or after several messages, of which each alone would cost a
 * fifth more: the one in the notes, or one shortly before it.
 */
static inline void
xcpui_run_masked(void)
{
	XCPU_ASSERT((xcpu_port_context() & XCPU_CTX_MASKED) != 0,
	    "a handler or called function returned with the doorbell open: "
	    "restore interrupts as it found them");
}

/* Returns whether somebody asks for what comes before the next function. */
static inline bool
xcpui_run_end(struct xcpu_cpu *self, unsigned cls, xcpu_fn *fn)
{
	XCPU_TRACE(XCPU_TRACE_RAN, cls, (uintptr_t)fn);
	(void)cls;
	(void)fn;
	return (xcpui_lane_own(self) & (XCPU_LANE_FLUSH | XCPU_LANE_STOP)) != 0;
}

#endif /* XCPU_RUN_H */
