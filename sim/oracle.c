/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle.c: --oracle, how much the oracle of stale accesses has seen.
 *
 * That nothing stale was found says little by itself: it must have been there to
 * be found.  So the walkers' own fills are counted, and those that were old when
 * a flush took them away: each would have been a stale access, had there been one.
 */
#include <inttypes.h>
#include <stdio.h>

#include "observer.h"
#include "oracle.h"
#include "sim.h"

struct sim_oracle sim_oracle;

static bool
open_oracle(const char *arg)
{
	(void)arg;
	return true;
}

static void
close_oracle(void)
{
	printf("oracle: %" PRIu64 " shootdowns over, %" PRIu64 " accesses "
	    "judged, %" PRIu64 " speculative fills, %" PRIu64 " removed by a "
	    "flush, %" PRIu64 " of them outdated\n", sim_oracle.shootdowns,
	    sim_oracle.accesses, sim_oracle.walked, sim_oracle.flushed,
	    sim_oracle.outdated);
}

SIM_PLUGIN(oracle) = {
	.name = "oracle",
	.help = "say how much the oracle of stale accesses has seen",
	.open = open_oracle, .close = close_oracle,
};
