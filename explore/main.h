/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.h: what the files of the command line know of each other.
 */
#ifndef XCPU_EXPLORE_MAIN_H
#define XCPU_EXPLORE_MAIN_H

#include "engine.h"

#include <stdio.h>

#define WEAKENED 16

struct options {
	const char *self;		/* argv[0] */
	struct limits limits;
	bool by_chance;
	bool unbound;			/* --bound 0: whatever the programs say */
	bool all;
	bool full;
	bool tap;
	bool verbose;
	bool mermaid;
	const char *replay;
	const char *golden;
	const char *golden_write;
	unsigned nweak;
	const char *weak[WEAKENED];
};

extern struct options options;

/* options.c */
char **parse_options(int argc, char **argv);
void usage(FILE *to);

/* main.c */
void load_program(const struct explore_program *program);
void run_program(const struct explore_program *program,
    const struct limits *limits, struct result *result);
bool as_it_should(const struct explore_program *program,
    const struct result *result);

/* weaken.c: lower the order of what stands at FILE:LINE[:acq|:rel|:none] */
bool weaken(const char *spec);
int list_sites(void);

/* golden.c: are there as many executions and states as the file says? */
bool golden_check(const char *file, const char *program,
    const struct result *result);
/* Add the line that says what was found now. */
void golden_write(const char *file, const char *program,
    const struct result *result);

/* litmus/litmus.c */
int run_litmus(void);

#endif /* XCPU_EXPLORE_MAIN_H */
