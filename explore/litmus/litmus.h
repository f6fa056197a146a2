/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * litmus.h: tests of the explorer itself, each with the exact set of its outcomes.
 *
 * They use the library's accessors on words x, y, z and leave what they saw in
 * reg[].  An outcome is the registers' digits, "10"; `allowed` lists all there
 * are.  One that is missing is as much a failure as one too many, and each test
 * runs under every reduction.
 */
#ifndef XCPU_EXPLORE_LITMUS_H
#define XCPU_EXPLORE_LITMUS_H

#include "../program.h"

#define LITMUS_REGS 4

struct litmus {
	struct explore_program program;
	unsigned nregs;
	const char *allowed;		/* "00 01 11"; NULL: must_fail says it */
};

extern struct xcpu_au64 litmus_x, litmus_y, litmus_z;
extern struct explore_word litmus_data;
extern uint64_t litmus_reg[LITMUS_REGS];

#define X (&litmus_x)
#define Y (&litmus_y)
#define Z (&litmus_z)
#define R litmus_reg

/* check(): the outcome is what the registers say. */
void litmus_saw(void);
/* The same, with the final values of x and y in the last two. */
void litmus_saw_final(void);

/* Each is ended by a test without a name. */
extern const struct litmus litmus_memory[];
extern const struct litmus litmus_fences[];
extern const struct litmus litmus_waits[];
extern const struct litmus litmus_interrupts[];
extern const struct litmus litmus_pages[];

#endif /* XCPU_EXPLORE_LITMUS_H */
