/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.c: --trace FILE: the first run, for ui.perfetto.dev.
 *
 * Operations, interrupts, functions and halts are slices of their CPU and nest
 * as they do; a kick is an arrow from its sender to the interrupt in which it
 * was taken; waits are spans above the track; what is left are marks.
 */
#include <stdio.h>

#include "perfetto.h"
#include "observer.h"

#define DEPTH_MAX	16
#define KICKS_KEPT	4096

struct slice {
	const char *name;
	uint64_t start;
};

/* What a CPU is in the midst of. */
struct track {
	unsigned depth;
	struct slice slice[DEPTH_MAX];
	unsigned nwaits;
	uint64_t wait_start[DEPTH_MAX];
	unsigned nlatched;
	uint64_t latched[XCPU_NCPU_MAX];	/* numbers of kicks */
};

static struct perfetto *out;
static const char *path;
static bool over;			/* the first run is */
static struct track track[XCPU_NCPU_MAX];
static struct {
	unsigned sender;
	uint64_t sent;
} kick[KICKS_KEPT];

static void
begin_slice(unsigned cpu, const char *name, uint64_t ns)
{
	struct track *t = &track[cpu];

	if (t->depth < DEPTH_MAX)
		t->slice[t->depth] = (struct slice){ name, ns };
	t->depth++;
}

static void
end_slice(unsigned cpu, uint64_t ns)
{
	struct track *t = &track[cpu];

	if (t->depth == 0 || t->depth-- > DEPTH_MAX)
		return;
	perfetto_slice(out, cpu, t->slice[t->depth].name,
	    t->slice[t->depth].start, ns - t->slice[t->depth].start);
}

static void
taken(const struct sim_event *ev)
{
	struct track *t = &track[ev->cpu];

	for (unsigned i = 0; i < t->nlatched; i++) {
		unsigned n = (unsigned)(t->latched[i] % KICKS_KEPT);

		perfetto_flow(out, kick[n].sender, kick[n].sent, ev->cpu,
		    ev->ns);
	}
	t->nlatched = 0;
}

static void
on_interrupt(const struct sim_event *ev)
{
	static const char *const name[] = { "kick", "tick", "NMI" };
	struct track *t = &track[ev->cpu];

	switch (ev->kind) {
	case SIM_EV_KICK:
		kick[ev->b % KICKS_KEPT].sender = ev->cpu;
		kick[ev->b % KICKS_KEPT].sent = ev->ns;
		break;
	case SIM_EV_LATCH:
		if (t->nlatched < XCPU_NCPU_MAX && ev->b != 0)
			t->latched[t->nlatched++] = ev->b;
		break;
	case SIM_EV_TAKE:
		begin_slice(ev->cpu, name[ev->a], ev->ns);
		if (ev->a == 0)
			taken(ev);
		break;
	default:
		end_slice(ev->cpu, ev->ns);
		break;
	}
}

static void
on_wait(const struct sim_event *ev)
{
	struct track *t = &track[ev->cpu];

	if (ev->kind == SIM_EV_WAIT) {
		if (t->nwaits < DEPTH_MAX)
			t->wait_start[t->nwaits] = ev->ns;
		t->nwaits++;
	} else if (t->nwaits != 0 && t->nwaits-- <= DEPTH_MAX) {
		perfetto_wait(out, ev->cpu,
		    xcpu_wait_name((enum xcpu_wait_kind)ev->a),
		    t->wait_start[t->nwaits], ev->ns);
	}
}

static void
on_event(const struct sim_event *ev)
{
	char text[64];

	if (over || ev->cpu >= XCPU_NCPU_MAX)
		return;
	switch (ev->kind) {
	case SIM_EV_KICK:
	case SIM_EV_LATCH:
	case SIM_EV_TAKE:
	case SIM_EV_TAKEN:
		on_interrupt(ev);
		break;
	case SIM_EV_WAIT:
	case SIM_EV_WAITED:
		on_wait(ev);
		break;
	case SIM_EV_OP:
		begin_slice(ev->cpu, sim_op_name[ev->a], ev->ns);
		break;
	case SIM_EV_RUN:
		begin_slice(ev->cpu, "function", ev->ns);
		break;
	case SIM_EV_HALT:
		begin_slice(ev->cpu, "halted", ev->ns);
		break;
	case SIM_EV_OP_END:
	case SIM_EV_RAN:
	case SIM_EV_WAKE:
		end_slice(ev->cpu, ev->ns);
		break;
	case SIM_EV_FAULT:
		snprintf(text, sizeof(text), "fault %s",
		    sim_fault_kind[ev->a].name);
		perfetto_instant(out, ev->cpu, text, ev->ns);
		break;
	default:
		perfetto_instant(out, ev->cpu, ev->kind == SIM_EV_NOTE ?
		    ev->text : sim_event_name[ev->kind], ev->ns);
		break;
	}
}

static void
on_begin(const struct sim_config *config, unsigned ncpu)
{
	(void)config;
	if (!over)
		out = perfetto_open(path, "xcpu-sim", ncpu);
	if (out == NULL)
		over = true;
}

/* What is not over yet ends here. */
static void
on_end(const struct sim_result *result)
{
	if (over)
		return;
	for (unsigned cpu = 0; cpu < result->ncpu; cpu++)
		while (track[cpu].depth != 0)	/* ends: each ends one */
			end_slice(cpu, result->ns);
	if (!perfetto_close(out))
		fprintf(stderr, "xcpu-sim: %s: not all was written\n", path);
	over = true;
}

static struct sim_observer observer = {
	.begin = on_begin, .event = on_event, .end = on_end,
};

static bool
open_trace(const char *arg)
{
	path = arg;
	sim_observe(&observer);
	return true;
}

SIM_PLUGIN(trace) = {
	.name = "trace", .arg = "FILE",
	.help = "write the first run as JSON for ui.perfetto.dev",
	.open = open_trace,
};
