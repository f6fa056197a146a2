/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quiesce.c: page-table entries that change while all CPUs stand still.
 *
 * A shootdown inside a rendezvous: parked CPUs serve FLUSH where they stand, so
 * each has forgotten the old entries before it is let go, and none has run
 * anything between the change and that.  Nobody can load the space meanwhile,
 * for everybody stands; so the set of the space is that of the change.
 *
 * Deadlock: as gather.c and flush.c; a shootdown waits for parked CPUs only in
 * what they serve.
 */
#include <xcpu/quiesce.h>

#include "internal.h"
#include "shootdown.h"

#if XCPU_PORT_LEVEL >= 3

struct quiesced {
	struct xcpu_quiesce *q;
	int error;
};

static void
change_alone(void *arg)
{
	struct quiesced *alone = arg;
	struct xcpu_quiesce *q = alone->q;

	q->change(q->arg);
	q->changed = true;
	alone->error = q->len == 0 ? xcpu_shootdown_all(q->space, q->flush) :
	    xcpu_shootdown(q->space, q->start, q->len, q->flush);
}

int
xcpu_quiesce(struct xcpu_quiesce *q, const struct xcpu_sync_opt *opt)
{
	struct quiesced alone = { .q = q, .error = 0 };
	struct xcpu_flush range;
	int error;

	if (q == NULL || q->change == NULL)
		return -XCPU_EINVAL;
	q->changed = false;
	range.space = q->space;
	range.start = q->len == 0 ? 0 : q->start;
	range.len = q->len;
	/* Before anything has changed. */
	error = xcpui_flush_check(xcpu_port_self(), &range, q->flush);
	if (error == 0)
		error = xcpu_sync_machine(change_alone, &alone, opt);
	return error != 0 ? error : alone.error;
}

#else /* XCPU_PORT_LEVEL < 3: no TLB hooks, and nothing to forget */

int
xcpu_quiesce(struct xcpu_quiesce *q, const struct xcpu_sync_opt *opt)
{
	(void)q; (void)opt;
	return -XCPU_ENOSYS;
}

#endif
