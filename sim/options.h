/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h: what xcpu-sim was asked for.
 */
#ifndef XCPU_SIM_OPTIONS_H
#define XCPU_SIM_OPTIONS_H

#include "sim.h"

#define EXIT_FOUND	1	/* a run failed */
#define EXIT_MISUSE	2

struct options {
	struct sim_config config;
	uint64_t first, last;		/* seeds */
	bool all_scenarios;
	bool tap, quiet;
	bool stop;			/* at the first failure */
	bool whole;			/* failures are not minimised */
	const char *faults_text;
	enum sim_fault nth_fault;
	uint64_t nth_stride;		/* 0: no such loop */
	/* Of a plugin, in place of the runs. */
	int (*instead)(const struct sim_config *config);
};

extern struct options opt;

/* Exits where there is nothing left to do. */
void options_parse(int argc, char **argv);
void options_close_plugins(void);

#endif /* XCPU_SIM_OPTIONS_H */
