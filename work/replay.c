/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.c: a replay from its module to its end; see replay.h.
 *
 * All memory is taken at the beginning, by the sizes in the trace's header, so
 * that a trace larger than the machine is refused before anything has happened.
 * Frames alone can still run out later: page tables are made of them too.
 */
#include "replay.h"

struct replay replay;

void
replay_stop(void)
{
	xcpu_store_rel(&replay.stop, 1);
}

bool
replay_out_of_memory(void)
{
	WORK_REPORT(WORK_SHORT, "no memory: the trace wants %lu frames besides "
	    "its page tables; frames left %lu\n",
	    (unsigned long)replay.trace.frames,
	    (unsigned long)mach_frames_left());
	replay_stop();
	return false;
}

/* The CPU that makes a record. */
unsigned
replay_owner(const struct trace_record *record)
{
	if (!replay.spread)
		return record->cpu;
	if (record->thread != TRACE_NONE)
		return record->thread % replay.ncpu;
	/* A thread leaves its CPU, and nobody of the trace comes. */
	return record->other != TRACE_NONE ? record->other % replay.ncpu : 0;
}

/*
 * Whether the CPU that makes a record is in the kernel for it: not if nobody of
 * the trace comes or leaves, on a placement that knows only threads.
 */
bool
replay_enters(const struct trace_record *record)
{
	return !replay.spread || record->thread != TRACE_NONE ||
	    record->other != TRACE_NONE;
}

static void
space_init(uint32_t index)
{
	struct trace_space list;

	trace_space(&replay.trace, index, &list);
	replay.space[index] = (struct replay_space){ .index = index,
		.first = list.first, .npages = list.npages };
}

/* Spaces that come from no fork or exec are there from the beginning. */
static bool
spaces_init(void)
{
	struct trace_record record;
	uint32_t i;

	for (i = 0; i < replay.trace.spaces; i++)
		space_init(i);
	/* `dead` notes for a moment which ones come later. */
	for (i = 0; i < replay.trace.records; i++) {
		trace_record(&replay.trace, i, &record);
		if (record.op == TRACE_OP_FORK || record.op == TRACE_OP_EXEC)
			replay.space[record.other].dead = true;
	}
	for (i = 0; i < replay.trace.spaces; i++) {
		struct replay_space *space = &replay.space[i];

		if (!space->dead && !replay_space_create(space))
			return replay_out_of_memory();
		space->dead = false;
	}
	return true;
}

static bool
cpu_alloc(unsigned cpu)
{
	uint64_t gather = replay.trace.range_pages + (uint64_t)1;
	struct replay_cpu *me = mach_alloc(sizeof(*me));

	replay.cpu[cpu] = me;
	if (me != NULL)
		me->gather = mach_alloc(gather * sizeof(me->gather[0]));
	return me != NULL && me->gather != NULL;
}

/* Until its first record a CPU idles, with no space. */
static void
cpu_init(unsigned cpu)
{
	struct replay_cpu *me = replay.cpu[cpu];
	struct replay_gather *gather = me->gather;

	*me = (struct replay_cpu){ .state = REPLAY_LAZY, .thread = TRACE_NONE,
		.gather = gather };
}

static bool
tables_init(void)
{
	const struct trace *trace = &replay.trace;
	uint64_t page = (trace->pages + (uint64_t)1) * sizeof(replay.page[0]);
	uint64_t space = (trace->spaces + (uint64_t)1) * sizeof(replay.space[0]);
	bool good;

	replay.page = mach_alloc(page);
	replay.space = mach_alloc(space);
	good = replay.page != NULL && replay.space != NULL;
	for (unsigned cpu = 0; cpu < replay.ncpu; cpu++)
		good = good && cpu_alloc(cpu);
	good = good && (replay.strict ? replay_late_init() :
	    replay_order_init());
	if (!good || mach_frames_left() < trace->frames + replay.ncpu) {
		WORK_REPORT(WORK_SHORT, "no memory: the trace '%s' is larger than "
		    "memory: it wants %lu frames, %lu KiB of tables and %lu "
		    "KiB for each of %u CPUs; frames left %lu\n", trace->name,
		    (unsigned long)trace->frames,
		    (unsigned long)(page + space) / 1024 + 1,
		    (unsigned long)(trace->range_pages *
		    sizeof(struct replay_gather) + sizeof(struct replay_cpu)) /
		    1024 + 1, replay.ncpu,
		    (unsigned long)mach_frames_left());
		return false;
	}
	return oracle_init(trace->pages + 1);
}

static bool
settings_init(const void *module, size_t len)
{
	const struct work_options *options = &work_run.options;
	int error;

	if (module == NULL) {
		mach_printf("replay: no trace was given\n");
		return false;
	}
	error = trace_open(&replay.trace, module, len);
	if (error != 0) {
		mach_printf("replay: bad trace: %s\n", trace_strerror(error));
		return false;
	}
	replay.ncpu = work_run.ncpu;
	replay.strict = options->order == WORK_ORDER_STRICT;
	replay.spread = options->place == WORK_PLACE_SPREAD;
	replay.oracle = options->oracle && replay.strict;
	if (!replay.strict && options->form != WORK_FORM_SYNC) {
		mach_printf("replay: form=%s needs order=strict: nobody looks "
		    "at its tickets else\n", work_form_name(options->form));
		return false;
	}
	if (!replay.spread && replay.trace.cpus > replay.ncpu) {
		mach_printf("replay: recorded on %u CPUs, and here are %u: use "
		    "more CPUs, or place=spread\n", replay.trace.cpus,
		    replay.ncpu);
		return false;
	}
	return true;
}

/* This CPU's turn: what became due before was seen to by whoever had it. */
static void
make_in_order(unsigned cpu, uint32_t i, const struct trace_record *record)
{
	struct trace_record next = { .time_ns = UINT64_MAX };

	replay.now_ns = record->time_ns;
	if (replay_enters(record))
		replay_late_enter(cpu);
	replay_apply(cpu, i, record);
	if (i + 1 < replay.trace.records)
		trace_record(&replay.trace, i + 1, &next);
	replay_late_due(cpu, next.time_ns);
	replay_pass_turn(cpu, i + 1);
}

/* One CPU's way through the records. */
static void
replay_main(unsigned cpu, void *arg)
{
	const struct trace *trace = &replay.trace;
	struct trace_record record;
	uint32_t i;

	(void)arg;
	for (i = 0; i < trace->records; i++) {
		trace_record(trace, i, &record);
		if (replay_owner(&record) != cpu)
			continue;
		if (replay.strict ? !replay_wait_turn(cpu, i) :
		    !replay_wait_order(cpu, i, &record))
			break;
		if (replay.strict) {
			make_in_order(cpu, i, &record);
			continue;
		}
		replay_apply(cpu, i, &record);
		replay_done_order(&record);
	}
	/* Others may still ask this CPU to read. */
	if (replay.strict)
		replay_wait_turn(cpu, trace->records);
	replay_load(cpu, NULL);
}

/* All of it once, in one form; what an earlier run left is not looked at. */
static bool
run_once(enum work_form form)
{
	uint32_t i;

	replay.form = form;
	for (unsigned cpu = 0; cpu < replay.ncpu; cpu++)
		cpu_init(cpu);
	replay.ask = (struct replay_ask){ 0 };
	xcpu_store_rlx(&replay.turn, 0);	/* rlx: the others are parked */
	if (!spaces_init())
		return false;
	replay_report_begin();
	/* What is deferred waits for the entries of the recording. */
	mach_entries(work_run.options.entry ? MACH_ENTRY_CATCH_UP : 0);
	mach_run_all(replay_main, NULL);
	mach_entries(0);
	for (i = 0; i < replay.trace.spaces; i++) {
		if (replay.space[i].mach != NULL)
			replay_space_empty(&replay.space[i]);
	}
	replay_report_end();
	return true;
}

bool
replay_run(const void *module, size_t len)
{
	enum work_form form = work_run.options.form;
	bool all = form == WORK_FORM_ALL;

	if (!settings_init(module, len) || !tables_init())
		return false;
	for (unsigned i = 0; i < (all ? WORK_FORMS : 1); i++) {
		if (!run_once(all ? (enum work_form)i : form))
			return false;
	}
	replay_report();
	return !replay.failed;
}
