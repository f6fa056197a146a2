/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fiber.h: stacks that take turns on one thread; each simulated CPU is one.
 */
#ifndef XCPU_SIM_FIBER_H
#define XCPU_SIM_FIBER_H

#include <stddef.h>

struct fiber {
	void *sp;
};

/* The next switch to `f` calls run(arg) on the stack; run must not return. */
void fiber_start(struct fiber *f, void *stack, size_t size,
    void (*run)(void *arg), void *arg);

/* Save where we are in `from`, and go on where `to` was left. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif /* XCPU_SIM_FIBER_H */
