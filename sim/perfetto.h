/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perfetto.h: write a trace that ui.perfetto.dev and chrome://tracing open.
 *
 * A track per CPU.  What a CPU does is a slice, a kick is an arrow from the
 * sender's slice to the receiver's, a wait is a span above the track: spans of
 * one CPU may overlap, slices may only nest.  Times are in whatever unit the
 * simulation has; the viewer shows them as nanoseconds.
 */
#ifndef XCPU_SIM_PERFETTO_H
#define XCPU_SIM_PERFETTO_H

#include <stdbool.h>
#include <stdint.h>

struct perfetto;

/* NULL after saying on stderr why not; "-" is standard output. */
struct perfetto *perfetto_open(const char *path, const char *process,
    unsigned ncpu);
/* False when not all could be written. */
bool perfetto_close(struct perfetto *p);

void perfetto_slice(struct perfetto *p, unsigned cpu, const char *name,
    uint64_t start, uint64_t length);
void perfetto_instant(struct perfetto *p, unsigned cpu, const char *name,
    uint64_t when);
void perfetto_flow(struct perfetto *p, unsigned from, uint64_t sent,
    unsigned to, uint64_t arrived);
void perfetto_wait(struct perfetto *p, unsigned cpu, const char *name,
    uint64_t start, uint64_t end);
void perfetto_counter(struct perfetto *p, const char *name, uint64_t when,
    uint64_t value);

#endif /* XCPU_SIM_PERFETTO_H */
