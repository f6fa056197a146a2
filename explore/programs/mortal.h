/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mortal.h: CPU 1 dies between any two steps of what it does, and CPU 2 reports
 * it.
 *
 *	.cpu = { ..., mortal..., bury_later }, .on_nmi = die, .mortal = true,
 *	.nmis = { 0, 1 }
 *
 * where the function of CPU 1 ends with die(), if no NMI came.
 */
#ifndef XCPU_EXPLORE_MORTAL_H
#define XCPU_EXPLORE_MORTAL_H

#include "scene.h"

#define DEAD 1

static struct xcpu_au32 EXPLORE_DATA died, buried;

static inline void
name_death(void)
{
	explore_name(&died, sizeof(died), "died");
	explore_name(&buried, sizeof(buried), "buried");
}

/* All before it is visible to who reports the death. */
static inline void
die(void)
{
	xcpu_store_rel(&died, 1);
	explore_die();
}

static inline void
bury_later(void)
{
	struct xcpu_cpuset set = scene_set(1 << DEAD);

	while (xcpu_load_acq(&died) == 0)
		explore_relax();
	explore_assert(xcpu_cpu_dead(&set) == 0, "not buried");
	xcpu_store_rel(&buried, 1);
}

static inline void
await_burial(void)
{
	while (xcpu_load_acq(&buried) == 0)
		explore_relax();
}

#endif /* XCPU_EXPLORE_MORTAL_H */
