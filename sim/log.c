/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c: every event of a run: to the digest, to observers, and to a line.
 *
 * Addresses never come this far: functions and spaces have numbers.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "machine.h"

struct sim_observer *sim_observers;
bool sim_observing_accesses;
const struct sim_observer *sim_steps_observer;

static uint64_t digest;

const char *const sim_event_name[SIM_NEV] = {
	[SIM_EV_KICK] = "kick", [SIM_EV_LOST] = "lost",
	[SIM_EV_LATCH] = "latch", [SIM_EV_TAKE] = "take",
	[SIM_EV_TAKEN] = "taken", [SIM_EV_POST] = "post",
	[SIM_EV_CLAIM] = "claim", [SIM_EV_RUN] = "run", [SIM_EV_RAN] = "ran",
	[SIM_EV_WAIT] = "wait", [SIM_EV_WAITED] = "waited",
	[SIM_EV_REKICK] = "rekick", [SIM_EV_STALL] = "stall",
	[SIM_EV_FLUSH] = "flush", [SIM_EV_SWITCH] = "switch",
	[SIM_EV_STATE] = "state", [SIM_EV_HALT] = "halt",
	[SIM_EV_WAKE] = "wake", [SIM_EV_OP] = "op", [SIM_EV_OP_END] = "done",
	[SIM_EV_FAULT] = "fault", [SIM_EV_CHANGE] = "change",
	[SIM_EV_NOTE] = "note",
};

void
log_reset(void)
{
	digest = sim_mix(sim.config->seed ^ sim.ncpu);
}

uint64_t
log_digest(void)
{
	return sim_mix(digest ^ sim.steps);
}

/* ---- words for the columns ---- */

static const char *
lane_state(uint64_t lane)
{
	static const char *const name[] = { "off", "ready", "leaving", "lazy" };

	return name[lane >> 6 & 3];
}

static const char *
classes(uint64_t bits)
{
	static char text[32];
	static const char *const name[] = {
		"STOP ", "FLUSH ", "CALL ", "EVENT ", "MSG "
	};
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < XCPU_NCLASS; i++)
		if ((bits >> i & 1) != 0)
			at += (size_t)snprintf(text + at, sizeof(text) - at,
			    "%s", name[i]);
	if (at != 0)
		text[at - 1] = '\0';
	return text;
}

static void
print_error(uint64_t b)
{
	int error = (int)(int64_t)b;

	if (error < 0)
		printf(" -> %s", xcpu_strerror(error));
	else
		printf(" -> %d", error);
}

static void
print_interrupts(const struct sim_event *ev)
{
	static const char *const taken[] = { "kick", "tick", "NMI" };

	switch (ev->kind) {
	case SIM_EV_KICK:
	case SIM_EV_LOST:
		printf("#%" PRIu64 " to cpu %" PRIu64, ev->b, ev->a);
		break;
	case SIM_EV_LATCH:
		printf("#%" PRIu64 " from cpu %" PRIu64, ev->b, ev->a);
		break;
	case SIM_EV_TAKE:
	case SIM_EV_TAKEN:
		printf("%s", taken[ev->a]);
		break;
	case SIM_EV_POST:
		printf("%s to lanes 0x%02" PRIx64 " of group %" PRIu64,
		    classes(ev->b & 0xff), ev->b >> 8, ev->a);
		break;
	case SIM_EV_CLAIM:
		printf("%s", classes(ev->a));
		break;
	default:
		break;
	}
}

static void
print_waits(const struct sim_event *ev)
{
	printf("%s", xcpu_wait_name((enum xcpu_wait_kind)ev->a));
	if (ev->kind == SIM_EV_WAITED)
		print_error(ev->b);
	else if (ev->kind != SIM_EV_WAIT)
		printf(" for cpu %" PRIu64, ev->b);
}

static void
print_rest(const struct sim_event *ev)
{
	switch (ev->kind) {
	case SIM_EV_RUN:
	case SIM_EV_RAN:
		printf("%s #%" PRIu64, classes(ev->a), ev->b);
		break;
	case SIM_EV_FLUSH:
		printf(ev->b == 0 ? "space %" PRIu64 ", all" :
		    "space %" PRIu64 ", %" PRIu64 " pages", ev->a, ev->b);
		break;
	case SIM_EV_SWITCH:
		printf(ev->a == ~UINT64_C(0) ? "none" : "space %" PRIu64,
		    ev->a);
		break;
	case SIM_EV_STATE:
		printf("%s", lane_state(ev->a));
		break;
	case SIM_EV_OP:
	case SIM_EV_OP_END:
		printf("%s", sim_op_name[ev->a]);
		if (ev->kind == SIM_EV_OP_END)
			print_error(ev->b);
		break;
	case SIM_EV_FAULT:
		printf("%s@%" PRIu64, sim_fault_kind[ev->a].name, ev->b);
		break;
	case SIM_EV_CHANGE:
		printf("space %" PRIu64 ", version %" PRIu64, ev->a, ev->b);
		break;
	case SIM_EV_NOTE:
		printf("%s", ev->text);
		break;
	default:
		break;
	}
}

static void
print_event(const struct sim_event *ev)
{
	printf("%12" PRIu64 " %9" PRIu64 " %4u  %-7s ", ev->ns, ev->step,
	    ev->cpu, sim_event_name[ev->kind]);
	if (ev->kind <= SIM_EV_CLAIM)
		print_interrupts(ev);
	else if (ev->kind >= SIM_EV_WAIT && ev->kind <= SIM_EV_STALL)
		print_waits(ev);
	else
		print_rest(ev);
	putchar('\n');
}

/* ---- events ---- */

static void
emit(const struct sim_event *ev)
{
	digest = sim_mix(digest ^ ev->ns ^ (uint64_t)ev->cpu << 40 ^
	    (uint64_t)ev->kind << 56) + ev->a * 31 + ev->b;
	for (const struct sim_observer *o = sim_observers; o != NULL; o = o->next)
		if (o->event != NULL)
			o->event(ev);
	if (sim.config->log)
		print_event(ev);
}

void
sim_emit_on(unsigned cpu, enum sim_event_kind kind, uint64_t a, uint64_t b)
{
	struct sim_event ev = {
		.ns = sim.now, .step = sim.steps, .kind = kind, .cpu = cpu,
		.a = a, .b = b, .text = NULL,
	};

	emit(&ev);
}

void
sim_emit(enum sim_event_kind kind, uint64_t a, uint64_t b)
{
	sim_emit_on(sim.cpu != NULL ? sim.cpu->index : sim.ncpu, kind, a, b);
}

void
sim_note(const char *format, ...)
{
	char text[160];
	struct sim_event ev = {
		.ns = sim.now, .step = sim.steps, .kind = SIM_EV_NOTE,
		.cpu = sim.cpu != NULL ? sim.cpu->index : sim.ncpu,
		.text = text,
	};
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	for (const char *c = text; *c != '\0'; c++)
		ev.b = sim_mix(ev.b + (unsigned char)*c);
	emit(&ev);
}

/* ---- what the library says of itself ---- */

static void
trace_wait(struct sim_cpu *cpu, unsigned event, uint64_t a, uint64_t b)
{
	switch (event) {
	case XCPU_TRACE_WAIT:
		sim_emit(SIM_EV_WAIT, a, b);
		break;
	case XCPU_TRACE_WAITED:
		sim_emit(SIM_EV_WAITED, a, b);
		break;
	case XCPU_TRACE_REKICK:
		sim_emit(SIM_EV_REKICK, a, b);
		judge_rekick(cpu, (unsigned)b);
		break;
	default:
		sim_emit(SIM_EV_STALL, a, b);
		break;
	}
}

void
sim_trace(unsigned event, uint64_t a, uint64_t b)
{
	struct sim_cpu *cpu = sim.cpu;

	switch (event) {
	case XCPU_TRACE_POST:
		sim_emit(SIM_EV_POST, a, b);
		break;
	case XCPU_TRACE_CLAIM:
		irq_claimed(cpu);
		sim_emit(SIM_EV_CLAIM, a, b);
		break;
	case XCPU_TRACE_RUN:
		sim_emit(SIM_EV_RUN, a, ++sim.runs);
		strike_run(cpu);
		break;
	case XCPU_TRACE_RAN:
		strike_ran(cpu);
		sim_emit(SIM_EV_RAN, a, sim.runs);
		break;
	case XCPU_TRACE_STATE:
		sim_emit(SIM_EV_STATE, a, b);
		break;
	case XCPU_TRACE_WAIT:
	case XCPU_TRACE_WAITED:
	case XCPU_TRACE_REKICK:
	case XCPU_TRACE_STALL:
		trace_wait(cpu, event, a, b);
		break;
	default:	/* kick, flush, switch: the hooks say it better */
		break;
	}
}
