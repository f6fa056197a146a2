/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_report.c: what a replay did, beside what the recorded kernel did, and
 * whether both may be compared.
 *
 * In strict order everything but the number of probes follows from the file, so
 * the counts must be those that the reader of the text foresaw.
 */
#include "replay.h"

static struct replay_count total;

/* What one form came to, for the table. */
static struct form_row {
	uint64_t kicks, late;		/* late: for what may be late */
	uint64_t transactions;
	struct xcpu_totals xcpu;
} row[WORK_FORMS];

static bool
is_late(enum trace_cause cause)
{
	return cause == TRACE_CAUSE_MUNMAP || cause == TRACE_CAUSE_MADVISE ||
	    cause == TRACE_CAUSE_EXEC || cause == TRACE_CAUSE_EXIT;
}

static void
add(uint64_t *to, const uint64_t *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] += from[i];
}

/* A struct replay_count is nothing but counters, all of one type. */
static void
sum_up(void)
{
	total = (struct replay_count){ 0 };
	for (unsigned cpu = 0; cpu < replay.ncpu; cpu++)
		add((uint64_t *)&total,
		    (const uint64_t *)&replay.cpu[cpu]->count,
		    sizeof(total) / sizeof(uint64_t));
	total.lines[TRACE_IGNORED] =
	    replay.trace.expected.lines[TRACE_IGNORED];
}

static uint64_t
sum_of(const uint64_t *table, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += table[i];
	return sum;
}

static uint64_t
sum_of32(const uint32_t *table, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += table[i];
	return sum;
}

static void
fail(const char *what, uint64_t found, uint64_t wanted)
{
	mach_printf("replay: FAILED: %s: %lu, and should be %lu\n", what,
	    (unsigned long)found, (unsigned long)wanted);
	replay.failed = true;
}

static void
check(const char *what, uint64_t found, uint64_t wanted)
{
	if (found != wanted)
		fail(what, found, wanted);
}

static void
print_head(void)
{
	const struct trace *trace = &replay.trace;

	mach_printf("replay of %s: %u events, %u operations, %u threads, %u "
	    "spaces\n", trace->name, trace->events, trace->records,
	    trace->threads, trace->spaces);
	if (replay.spread)
		mach_printf("  placement  spread: thread k on CPU k mod %u; "
		    "synthetic, not to be held against the recording\n",
		    replay.ncpu);
	else
		mach_printf("  placement  recorded: %u CPUs of %u\n",
		    trace->cpus, replay.ncpu);
	if (work_run.options.form == WORK_FORM_ALL)
		mach_printf("  form       all, one after the other; the numbers "
		    "are the last one's\n");
	else
		mach_printf("  form       %s\n",
		    work_form_name(work_run.options.form));
	mach_printf("  modes      bound %lu us, lazy %s, entry %s\n",
	    (unsigned long)work_run.options.bound_us,
	    work_run.options.lazy ? "on" : "off",
	    work_run.options.entry ? "on" : "off");
	mach_printf("  order      %s\n", replay.strict ?
	    "strict: that of the file" :
	    "free: only fork, exec, exit and migration wait; for stress");
}

static void
print_row(const char *name, uint64_t count, const char *note)
{
	mach_printf("    %-22s %9lu%s\n", name, (unsigned long)count,
	    note);
}

static void
print_lines(void)
{
	const uint64_t *lines = total.lines;

	mach_printf("  lines\n");
	print_row("applied", lines[TRACE_APPLIED], "");
	print_row("implicit", lines[TRACE_IMPLICIT],
	    "  switches that were not recorded");
	print_row("hidden", lines[TRACE_HIDDEN],
	    "  faults on a page that was there");
	print_row("ignored", lines[TRACE_IGNORED], "  no operation");
	print_row("sum", sum_of(lines, TRACE_CLASS_COUNT),
	    sum_of(lines, TRACE_CLASS_COUNT) == replay.trace.events ?
	    "  = the events of the file" : "  but the file has other events");
	mach_printf("  operations\n");
	for (unsigned op = 0; op < TRACE_OP_COUNT; op++) {
		if (total.ops[op] != 0)
			print_row(trace_op_name(op), total.ops[op], "");
	}
	mach_printf("  ignored lines\n");
	for (unsigned kind = 0; kind < TRACE_IGNORED_COUNT; kind++) {
		if (replay.trace.expected.ignored[kind] != 0)
			print_row(trace_ignored_name(kind),
			    replay.trace.expected.ignored[kind], "");
	}
	mach_printf("  noted: %lu hidden unmaps, %lu faults raced, %lu "
	    "copies of a page not seen before, %u forks without a child\n",
	    (unsigned long)(total.hidden - total.raced),
	    (unsigned long)total.raced, (unsigned long)total.cow_absent,
	    replay.trace.expected.fork_ignored);
	if (replay.spread)
		mach_printf("  %lu more switches, between threads that ran at "
		    "once and share a CPU here\n", (unsigned long)total.placed);
}

/* The recording's columns stand only where they may be compared. */
static void
print_cause(const char *name, uint64_t requests, uint64_t recorded_requests,
    uint64_t kicks, uint64_t recorded_kicks)
{
	mach_printf("    %-22s %9lu ", name, (unsigned long)requests);
	if (replay.spread || !replay.strict)
		mach_printf("%9s %9lu %9s\n", "-", (unsigned long)kicks,
		    "-");
	else
		mach_printf("%9lu %9lu %9lu\n",
		    (unsigned long)recorded_requests,
		    (unsigned long)kicks,
		    (unsigned long)recorded_kicks);
}

static void
print_causes(void)
{
	const struct trace_recorded *recorded = &replay.trace.recorded;

	mach_printf("  shootdowns               requests               kicks\n"
	    "    %-22s %9s %9s %9s %9s\n", "cause", "xcpu", "recorded", "xcpu",
	    "recorded");
	for (unsigned i = 0; i < TRACE_CAUSE_COUNT; i++) {
		if (total.requests[i] + recorded->requests[i] != 0)
			print_cause(trace_cause_name(i), total.requests[i],
			    recorded->requests[i], total.kicks[i],
			    recorded->kicks[i]);
	}
	print_cause("sum", sum_of(total.requests, TRACE_CAUSE_COUNT),
	    sum_of32(recorded->requests, TRACE_CAUSE_COUNT),
	    sum_of(total.kicks, TRACE_CAUSE_COUNT),
	    sum_of32(recorded->kicks, TRACE_CAUSE_COUNT));
	if (replay.strict)
		mach_printf("  on this placement %lu kicks are needed, "
		    "Linux's rule sends %lu kicks, a broadcast %lu\n",
		    (unsigned long)total.need.kicks,
		    (unsigned long)total.as_linux.kicks,
		    (unsigned long)total.broadcast.kicks);
	if (total.in_the_way != 0)
		mach_printf("  %lu tickets were waited for, as an address was "
		    "wanted again\n", (unsigned long)total.in_the_way);
	mach_printf("  idle CPUs woken %lu times", (unsigned long)
	    total.wakes);
	if (!replay.spread && replay.strict)
		mach_printf(" (recorded: %u IPIs beside the flush kicks)",
		    recorded->ipis - recorded->ipis_flush);
	mach_printf("\n");
}

static void
print_probes(void)
{
	struct oracle_count probes;

	oracle_sum(&probes);
	mach_printf("  probes     %lu armed, %lu idle; %lu of them after the "
	    "CPU had idled, %lu forgotten\n", (unsigned long)probes.armed,
	    (unsigned long)probes.idle, (unsigned long)total.late,
	    (unsigned long)total.forgotten);
	mach_printf("  reads      %lu while waiting, %lu besides\n",
	    (unsigned long)total.reads, (unsigned long)probes.reads);
	mach_printf("  stale reads %lu\n", (unsigned long)
	    xcpu_load_rlx(&work_run.failures[WORK_STALE]));
}

static void
check_expected(void)
{
	const struct trace_expected *expected = &replay.trace.expected;

	for (unsigned i = 0; i < TRACE_CLASS_COUNT; i++)
		check("lines of a class", total.lines[i], expected->lines[i]);
	for (unsigned i = 0; i < TRACE_OP_COUNT; i++)
		check(trace_op_name(i), total.ops[i], expected->ops[i]);
	for (unsigned i = 0; i < TRACE_CAUSE_COUNT; i++)
		check(trace_cause_name(i), total.requests[i],
		    expected->requests[i]);
	check("hidden", total.hidden, expected->hidden);
	check("raced", total.raced, expected->raced);
	check("absent copies", total.cow_absent, expected->cow_absent);
}

static void
check_all(void)
{
	uint64_t kicks = sum_of(total.kicks, TRACE_CAUSE_COUNT);
	uint64_t limit = sum_of32(replay.trace.recorded.kicks,
	    TRACE_CAUSE_COUNT) + REPLAY_SLACK;

	if (xcpu_load_rlx(&replay.stop) != 0) {
		mach_printf("replay: FAILED: it did not come to its end\n");
		replay.failed = true;
		return;
	}
	check("lines", sum_of(total.lines, TRACE_CLASS_COUNT),
	    replay.trace.events);
	check("frames that came back", total.frames_freed, total.frames_taken);
	if (replay.strict)
		check_expected();
	if (replay.strict && !replay.spread && kicks > limit)
		fail("kicks, at most", kicks, limit);
	/* Nobody needs more than what OPT has: the pairs that are concerned. */
	if (replay.strict && kicks * 100 > total.need.kicks * 102 +
	    100 * REPLAY_SLACK)
		fail("kicks, at most", kicks, total.need.kicks);
	if (work_failures() != 0)
		replay.failed = true;
}

static void
read_totals(struct xcpu_totals *to)
{
	*to = (struct xcpu_totals){ 0 };
	for (unsigned cpu = 0; cpu < replay.ncpu; cpu++)
		(void)xcpu_stat_sum(mach_domain(), cpu, to);
}

static struct xcpu_totals before;

/* The others are parked, here and at the end. */
void
replay_report_begin(void)
{
	read_totals(&before);
}

void
replay_report_end(void)
{
	struct form_row *r = &row[replay.form];

	sum_up();
	read_totals(&r->xcpu);
	r->kicks = sum_of(total.kicks, TRACE_CAUSE_COUNT);
	r->transactions = total.need.transactions;
	r->late = 0;
	for (unsigned i = 0; i < TRACE_CAUSE_COUNT; i++)
		r->late += is_late((enum trace_cause)i) ? total.kicks[i] : 0;
	r->xcpu.flush_range -= before.flush_range;
	r->xcpu.flush_full -= before.flush_full;
	r->xcpu.flush_none -= before.flush_none;
	r->xcpu.avoid_lazy -= before.avoid_lazy;
	check_all();
	work_run.tally.shootdowns += sum_of(total.requests, TRACE_CAUSE_COUNT);
	work_run.tally.background += total.reads;
}

static void
print_rule(const char *name, const struct replay_rule *rule)
{
	mach_printf("  %-12s %9lu %9s %9s %9s %9s %9s %9lu\n", name,
	    (unsigned long)rule->kicks, "-", "-", "-", "-", "-",
	    (unsigned long)rule->transactions);
}

/* The same requests in each form; what the other rules would have sent. */
static void
print_forms(void)
{
	mach_printf("  %-12s %9s %9s %9s %9s %9s %9s %9s\n", "form", "kicks",
	    "may wait", "range", "full", "none", "lazy", "modelled");
	for (unsigned i = 0; i < WORK_FORMS; i++) {
		const struct form_row *r = &row[i];

		mach_printf("  %-12s %9lu %9lu %9lu %9lu %9lu %9lu %9lu\n",
		    work_form_name((enum work_form)i), (unsigned long)r->kicks,
		    (unsigned long)r->late, (unsigned long)r->xcpu.flush_range,
		    (unsigned long)r->xcpu.flush_full,
		    (unsigned long)r->xcpu.flush_none,
		    (unsigned long)r->xcpu.avoid_lazy,
		    (unsigned long)r->transactions);
	}
	total.need.transactions = row[WORK_FORM_SYNC].transactions;
	print_rule("needed", &total.need);
	print_rule("Linux's rule", &total.as_linux);
	print_rule("broadcast", &total.broadcast);
	mach_printf("  modelled: transactions of these requests by the cost "
	    "model of ./x count; not measured, for async and defer at most\n");
}

void
replay_report(void)
{
	print_head();
	print_lines();
	print_causes();
	print_probes();
	if (work_run.options.form == WORK_FORM_ALL)
		print_forms();
	mach_printf("replay: %s\n", replay.failed ? "FAILED" : "ok");
}
