/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_config.h: XCPU_CONFIG_FILE of the simulated machine: its trace hook.
 */
#ifndef XCPU_SIM_CONFIG_H
#define XCPU_SIM_CONFIG_H

#include <stdint.h>

/* enum xcpu_trace_event, and its two words. */
void sim_trace(unsigned event, uint64_t a, uint64_t b);

#define XCPU_TRACE(event, a, b)						\
	sim_trace(event, (uint64_t)(a), (uint64_t)(b))

#endif /* XCPU_SIM_CONFIG_H */
