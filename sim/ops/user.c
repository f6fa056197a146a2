/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c: user code, and what the kernel does meanwhile.
 *
 * A CPU goes out, works, uses its own space, and comes back to the kernel's
 * pages, which others have changed without asking it.  The judge is the machine,
 * as in memory.c.
 */
#include "rooms.h"

void
ops_user(void)
{
	const struct room *own = room_loaded();

	sim_op_begin(SIM_OP_USER);
	room_touch(NULL, 2);
	sim_user_begin();
	for (unsigned n = 1 + sim_random(3); n > 0; n--) {
		sim_work_ns(sim_random(4000));
		if (own != NULL)
			room_touch(own, 2);
	}
	sim_user_end();
	xcpu_async_pass();
	room_touch(NULL, 1 + sim_random(4));
	sim_op_end(0);
}
