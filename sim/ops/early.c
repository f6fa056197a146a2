/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early.c: shootdowns that end with the claim.
 *
 * The frames go at once, as after any other, while some CPUs still have their
 * flush before them; the judge is the machine (memory.c): what counts is that
 * nobody accesses, not that nobody could.  Tables and the kernel's pages are
 * among the changes, for those must not be early.
 */
#include "rooms.h"

static int
change_early(struct room *r)
{
	struct xcpu_flush_opt opt = { 0, 0 };
	struct changes c;
	uint64_t start, len;
	int error;

	sim_lock(&r->lock);
	room_change(r, sim_one_in(6), &c);
	sim_unlock(&r->lock);
	if (c.n == 0)
		return 0;
	start = room_range(r, &c, &len);
	opt.flags = c.one[0].tables ? XCPU_FLUSH_TABLES : 0;
	error = xcpu_shootdown_early(sim_space_xcpu(r->space), start, len, &opt);
	room_changed(r, &c, error);
	ops_allow_timeout(error, "an early shootdown");
	return error;
}

void
ops_early(void)
{
	struct room *r = sim_one_in(8) ? room_kernel() : room_some();
	bool masked = sim_one_in(3);
	unsigned long state = 0;

	if (masked)
		state = sim_mask();
	sim_op_begin(SIM_OP_FLUSH);
	sim_op_end(change_early(r));
	if (sim_one_in(2))
		room_repair(r);
	if (masked)
		sim_unmask(state);
}
