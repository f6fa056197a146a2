/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h: a hook at each edge, gone when it is off.
 *
 * Define XCPU_TRACE(event, a, b) in the file named by XCPU_CONFIG_FILE (or on
 * the command line) to record; undefined, it costs nothing, not even its
 * arguments.  It runs with the doorbell masked, in NMI too, on the CPU that it
 * speaks of: it must not wait and must not call xcpu.
 */
#ifndef XCPU_TRACE_H
#define XCPU_TRACE_H

#include <xcpu/config.h>

/* Bumped when the meaning of an event changes. */
#define XCPU_TRACE_VERSION 1

enum xcpu_trace_event {
	XCPU_TRACE_POST,	/* a: group, b: lanes and classes or-ed in */
	XCPU_TRACE_KICK,	/* a: class bit, b: lowest CPU kicked */
	XCPU_TRACE_REKICK,	/* a: wait kind, b: lowest CPU kicked */
	XCPU_TRACE_CLAIM,	/* a: class bits taken, b: 0 */
	XCPU_TRACE_RUN,		/* a: class bit, b: address of the function */
	XCPU_TRACE_RAN,		/* the same, on return */
	XCPU_TRACE_WAIT,	/* a: wait kind, b: lowest CPU waited for */
	XCPU_TRACE_WAITED,	/* a: wait kind, b: result */
	XCPU_TRACE_STALL,	/* a: wait kind, b: lowest CPU missing */
	XCPU_TRACE_FLUSH,	/* a: flags, b: start */
	XCPU_TRACE_SWITCH,	/* a: 0, b: address of the space */
	XCPU_TRACE_STATE	/* a: lane state, b: 0 */
};

#ifndef XCPU_TRACE
/* Named, so that nothing is unused; not evaluated. */
#define XCPU_TRACE(event, a, b) ((void)sizeof(a), (void)sizeof(b))
#endif

#endif /* XCPU_TRACE_H */
