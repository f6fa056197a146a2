/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * patience.h: to wait where xcpu would rather not.
 *
 * The interfaces here promise to come back with the thing done, and have no way
 * to say that they did not.  In a handler, or with a host lock held, xcpu
 * refuses to wait, for two CPUs that stand so may wait for each other.  Callers
 * of the originals do it all the same, and mostly it ends: so serve flushes, and
 * call it a deadlock after a long time only.
 */
#ifndef XCPU_COMPAT_PATIENCE_H
#define XCPU_COMPAT_PATIENCE_H

#include <stdint.h>

#include <xcpu/config.h>
#include <xcpu/doorbell.h>
#include <xcpu/port.h>

#define COMPAT_PATIENCE_NS (UINT64_C(64) * XCPU_STALL_NS)

/* All zero at first. */
struct compat_patience {
	unsigned turn;
	uint64_t since_ns;
};

/* One turn of such a wait; panics with `text` when patience is over. */
static inline void
compat_be_patient(struct compat_patience *patience, const char *text)
{
	xcpu_poll();
	xcpu_port_relax(patience->turn++);
#if XCPU_PORT_LEVEL >= 2
	if (patience->since_ns == 0)
		patience->since_ns = xcpu_port_now_ns();
	else if (xcpu_port_now_ns() - patience->since_ns > COMPAT_PATIENCE_NS)
		xcpu_port_panic(text, __FILE__, __LINE__);
#else
	(void)text;
#endif
}

#endif /* XCPU_COMPAT_PATIENCE_H */
