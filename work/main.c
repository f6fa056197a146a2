/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: which workloads, in which order, how much of each.
 */
#include <xcpu/port.h>

#include "replay.h"
#include "run.h"
#include "work.h"

#define CONTROL_TRIALS	20

/* What is enough for a table, and what a run may take in all. */
#define SHOOTDOWNS	20000
#define CALLS		200000
#define EVENTS		200000
#define MESSAGES	500000
#define SYNCS		50000
#define SECONDS		32
#define SECONDS_MULTI	16	/* real threads of emulation are slow */
#define LEAST		8	/* percent of it, for each workload */

/* Above eight CPUs each operation concerns more of them: do fewer. */
static uint64_t
scaled(uint64_t ops)
{
	return work_run.ncpu <= 8 ? ops : ops * 8 / work_run.ncpu;
}

/*
 * A workload ends at `percent` of the run's time, so that it has what those
 * before it left, too, and a little even if they have left nothing; alone, it has
 * all.
 */
static struct work_goal
goal(uint64_t ops, unsigned percent)
{
	const struct work_options *o = &work_run.options;
	uint64_t seconds = o->seconds;
	uint64_t least_ns;
	struct work_goal goal = { .ops = scaled(ops) };

	if (o->ops != 0)
		goal.ops = o->ops;
	else if (o->seconds != 0)
		goal.ops = UINT64_MAX;
	else
		seconds = o->mode == WORK_MODE_MULTI ? SECONDS_MULTI : SECONDS;
	if (o->work != WORK_ALL)
		percent = 100;
	if (seconds == 0)
		return goal;
	goal.limit_ns = work_run.begun_ns +
	    seconds * percent * (WORK_SECOND / 100);
	least_ns = mach_now_ns() + seconds * LEAST * (WORK_SECOND / 100);
	if (goal.limit_ns < least_ns)
		goal.limit_ns = least_ns;
	return goal;
}

static uint64_t begun_ns;

static void
say_begun(const char *what)
{
	mach_printf("%-9s ...\n", what);
	begun_ns = mach_now_ns();
}

static void
say_done(uint64_t n, const char *what)
{
	uint64_t ms = (mach_now_ns() - begun_ns) / 1000000;
	char number[WORK_NUMBER];

	mach_printf("          %s %s in %lu.%lu s\n", work_number(n, number),
	    what, (unsigned long)(ms / 1000), (unsigned long)(ms % 1000 / 100));
}

static bool
wants(enum work_kind kind)
{
	enum work_kind work = work_run.options.work;

	return work == kind || (work == WORK_ALL && kind != WORK_REPLAY);
}

static void
run_storms(void)
{
	struct work_tally *tally = &work_run.tally;
	struct work_goal g;

	if (wants(WORK_STORM)) {
		say_begun("storm");
		g = goal(SHOOTDOWNS, 45);
		storm_run(&g);
		say_done(tally->shootdowns, "shootdowns");
	}
	if (wants(WORK_CALLS)) {
		say_begun("calls");
		g = goal(CALLS, 60);
		calls_run(&g);
		say_done(tally->calls, "calls");
	}
	if (wants(WORK_EVENTS)) {
		say_begun("events");
		g = goal(EVENTS, 70);
		events_run(&g);
		say_done(tally->events, "events");
	}
	if (wants(WORK_MESSAGES)) {
		say_begun("messages");
		g = goal(MESSAGES, 85);
		messages_run(&g);
		say_done(tally->messages, "messages");
	}
	if (wants(WORK_SYNC)) {
		say_begun("sync");
		g = goal(SYNCS, 98);
		sync_run(&g);
		say_done(tally->rendezvous, "rendezvous");
		say_done(tally->stops, "stops");
	}
}

/* After any storm, for the oracle must have been awake in it. */
static void
run_control(void)
{
	struct work_tally *tally = &work_run.tally;

	if (!wants(WORK_CONTROL) && !wants(WORK_STORM) && !wants(WORK_REPLAY))
		return;
	if (work_failures() != 0)
		return;
	say_begun("control");
	control_run(CONTROL_TRIALS);
	mach_printf("          control: %lu of %lu seen\n",
	    (unsigned long)tally->control_seen,
	    (unsigned long)tally->control_asked);
}

static bool
run_detector(void)
{
	if (!wants(WORK_DETECTOR))
		return true;
	say_begun("detector");
	return detector_run();
}

/* A stuck CPU is what the workloads do to themselves, after the storms. */
static bool
run_faults(void)
{
	return work_run.options.faults != WORK_FAULTS_STUCK || stuck_run();
}

static bool
run_replay(const void *module, size_t module_len)
{
	if (!wants(WORK_REPLAY))
		return true;
	if (module != NULL)
		return replay_run(module, module_len);
	mach_printf("work=replay needs a trace: ./x run --trace FILE\n");
	return false;
}

/* Shootdowns interrupt by NMI from here on; false: they cannot. */
static bool
ring_by_nmi(void)
{
#if XCPU_PORT_LEVEL >= 4
	return xcpu_flush_set_kick(xcpu_port_kick_nmi) == 0;
#else
	return false;
#endif
}

int
work_main(const char *words, const void *module, size_t module_len)
{
	bool good;

	if (work_options_parse(words, &work_run.options) != 0)
		return 2;
	if (work_run.options.form == WORK_FORM_ALL && !wants(WORK_REPLAY)) {
		mach_printf("form=all is for work=replay\n");
		return 2;
	}
	if (work_run.options.kick_nmi && !ring_by_nmi()) {
		mach_printf("kick=nmi needs XCPU_FLUSH_KICK, and NMIs\n");
		return 2;
	}
	work_run.ncpu = mach_ncpu();
	work_run.begun_ns = mach_now_ns();
	table_begin();
	good = run_detector();
	run_storms();
	good &= run_faults();
	good &= run_replay(module, module_len);
	run_control();
	if (work_run.options.work == WORK_DETECTOR)
		return good ? 0 : 1;
	return table_print(good) ? 0 : 1;
}
