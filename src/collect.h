/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect.h: between collect.c, which gathers changes, and async.c.
 */
#ifndef XCPU_COLLECT_H
#define XCPU_COLLECT_H

#include <xcpu/async.h>

#include "internal.h"

/* An empty request, whatever was there before. */
void xcpui_async_init(struct xcpu_async *job);

/* The union in *range, if they touch or overlap. */
bool xcpui_collect_merge(struct xcpu_flush *range,
    const struct xcpu_flush *more);
/* The open range has all its neighbours: count it, and see whom it concerns. */
int xcpui_collect_close(struct xcpu_cpu *self, struct xcpu_async *job);
/* Shoot the open range down, here and now. */
int xcpui_collect_shoot(struct xcpu_async *job);

#endif /* XCPU_COLLECT_H */
