/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quiesce.h: change page-table entries while nobody uses them.
 *
 * A shootdown ends the use of an old entry some time after it was changed:
 * between the two, some CPUs use the old one and some the new, and a CPU may
 * still write its accessed or dirty bit.  Where that must not be (an entry that
 * is split or joined on a machine which forbids the mix, a frame that moves under
 * its users, a dirty bit that must not be lost), every CPU stands still while the
 * entries change, and forgets them before it goes on.
 *
 *	struct xcpu_quiesce q = {
 *		.space = &s->tlb, .start = va, .len = 2 << 20,
 *		.change = split_entry, .arg = entry,
 *	};
 *
 *	error = xcpu_quiesce(&q, NULL);
 *
 * Who is passed over: nobody.  All CPUs that are online are parked, lazy and
 * idle ones and those in other spaces too, for any of them could load the space
 * just then; a CPU that comes online waits.  The flush passes those over that
 * any shootdown does: they stand, and compare before they use the space.
 *
 * What it never weakens: a parked CPU serves stops and flushes, and its walker
 * may still read entries; NMIs are not parked, so their handlers may not use
 * what is being changed.
 *
 * Pairs that need a lock outside: none.
 */
#ifndef XCPU_QUIESCE_H
#define XCPU_QUIESCE_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/flush.h>
#include <xcpu/space.h>
#include <xcpu/sync.h>

struct xcpu_quiesce {
	struct xcpu_space *space;
	uint64_t start;			/* what the change concerns; ... */
	uint64_t len;			/* ... 0: the whole space */
	const struct xcpu_flush_opt *flush;
	xcpu_fn *change;		/* change(arg): writes the entries */
	void *arg;
	bool changed;			/* out: change has run */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_quiesce: stop all CPUs, run change(arg), flush everywhere, let them go.
 *
 * change runs on the calling CPU, doorbell masked.
 *
 * Context: as xcpu_sync_start().
 * Waits:   as xcpu_sync_machine(), with opt->timeout_ns to stop them; then as
 *          xcpu_shootdown().
 * Order:   all before, on any CPU -> change -> all after, on any CPU: through
 *          the new entries only  [N2] [F2] [N3].
 * Cost:    a rendezvous of all CPUs, and a shootdown.
 * Returns: 0; errors of xcpu_sync_machine(): change has not run; errors of
 *          xcpu_shootdown() when q->changed: it has, and -XCPU_ETIMEDOUT then
 *          means that some CPU may still use the old entries; -XCPU_EINVAL also
 *          for no change function; -XCPU_ENOSYS also below port level 3.
 */
int xcpu_quiesce(struct xcpu_quiesce *q, const struct xcpu_sync_opt *opt);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_QUIESCE_H */
