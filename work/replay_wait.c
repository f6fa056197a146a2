/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_wait.c: whose turn it is, and what the others do meanwhile.
 *
 * Strict order: `turn` names the record to be made; its CPU moves it on.  A
 * waiting CPU stands as it stood in the recording: in user mode, reading its
 * space, with its doorbell open and not polling; or idle, from where whoever
 * passes the turn wakes it, as the recorded kernel did.
 *
 * Free order: a record waits for the earlier ones of its thread; fork, exec and
 * exit for all earlier ones of their space, and all later ones for them.  Each
 * waits only for what stands before it in the file, and each CPU goes through
 * the file in order: so the first record that is not made can be made.
 */
#include "replay.h"

#define DWELL_READS 8

/* A read is right that finds its own page, of whatever generation. */
static void
judge(unsigned cpu, const struct replay_space *space, uint32_t page,
    const struct mach_access *found)
{
	uint64_t tag = replay_tag(space, page, 0);

	if (found->fault || found->value >> 32 == tag >> 32)
		return;
	WORK_REPORT(WORK_STALE, "stale read: cpu %u space %u page 0x%lx word "
	    "0x%lx (%s), while it waited\n", cpu, space->index,
	    (unsigned long)found->va, (unsigned long)found->value,
	    found->value == MACH_POISON ? "freed frame" :
	    "another page's frame");
}

/* Which pages to read: what it was asked to read last, and the others in turn. */
static unsigned
choose(struct replay_cpu *me, uint32_t page[DWELL_READS])
{
	const struct replay_space *space = me->space;
	unsigned n = 0;

	for (; me->hot_space == space && n < me->hot.n &&
	    n < DWELL_READS; n++)
		page[n] = me->hot.page[n].row - space->first;
	/* Armed, it reads nothing else, that the TLB may keep what it has. */
	if (n > 0 && me->hot_turn == xcpu_load_rlx(&replay.turn))
		return n;
	if (n > DWELL_READS / 2)
		n = DWELL_READS / 2;
	for (; n < DWELL_READS; n++) {
		me->cursor = (me->cursor + 1) % space->npages;
		page[n] = me->cursor;
	}
	return n;
}

static void
dwell(unsigned cpu)
{
	struct replay_cpu *me = replay.cpu[cpu];
	const struct replay_space *space = me->space;
	struct mach_access list[DWELL_READS];
	uint32_t page[DWELL_READS];
	unsigned n = 0;

	mach_relax();
	if (space->npages > 0)
		n = choose(me, page);
	for (unsigned i = 0; i < n; i++)
		list[i] = (struct mach_access){ .op = MACH_READ,
			.va = replay_va(space, page[i]) };
	mach_access(MACH_AS_USER, list, n);
	for (unsigned i = 0; i < n; i++)
		judge(cpu, space, page[i], &list[i]);
	me->count.reads += n;
}

/* Idle unless the turn has come: a wake-up after the look ends the halt. */
static void
idle(uint32_t record)
{
	unsigned long state = mach_mask();

	if (xcpu_load_acq(&replay.turn) != record)
		mach_idle_once();
	mach_unmask(state);
}

static void
answer(unsigned cpu)
{
	struct replay_cpu *me = replay.cpu[cpu];
	struct replay_ask *ask = &replay.ask;
	uint32_t number = xcpu_load_acq(&me->ask);

	if (number == me->answered)
		return;
	me->answered = number;
	switch (ask->question) {
	case REPLAY_ARM:
		me->hot = ask->batch;
		me->hot_space = ask->space;
		me->hot_turn = xcpu_load_rlx(&replay.turn);
		replay_arm(cpu, &ask->batch);
		break;
	case REPLAY_PROBE:
		(void)oracle_probe(cpu, &ask->batch, ask->kept[cpu]);
		break;
	case REPLAY_LEAVE:
		if (work_run.options.entry)
			xcpu_async_pass();
		replay_go_lazy(cpu);
		break;
	}
	(void)xcpu_fetch_add_ar(&ask->pending, UINT32_MAX);
}

/* True: nothing has moved for too long; said once, and the replay ends. */
static bool
hangs(uint64_t since_ns, const char *what, uint32_t record)
{
	struct trace_record r;

	if (mach_now_ns() - since_ns < WORK_PATIENCE)
		return false;
	trace_record(&replay.trace, record, &r);
	WORK_REPORT(WORK_STALLED, "replay stalled: %s at line %u (%s)\n", what,
	    r.line, trace_op_name(r.op));
	replay_stop();
	return true;
}

/* Puts a question to waiting CPUs, and waits for all answers. */
void
replay_put(enum replay_question question, const struct xcpu_cpuset *to)
{
	struct replay_ask *ask = &replay.ask;
	uint64_t since = mach_now_ns();
	uint32_t turn = xcpu_load_rlx(&replay.turn);

	ask->question = question;
	ask->number++;
	xcpu_store_rel(&ask->pending, xcpu_cpuset_count(to));
	for (unsigned cpu = 0; cpu < replay.ncpu; cpu++) {
		if (xcpu_cpuset_has(to, cpu))
			xcpu_store_rel(&replay.cpu[cpu]->ask, ask->number);
	}
	/* ends: all have answered, or one does not for too long */
	while (xcpu_load_acq(&ask->pending) != 0 &&
	    xcpu_load_acq(&replay.stop) == 0 &&
	    !hangs(since, "no answer", turn))
		mach_relax();
}

bool
replay_wait_turn(unsigned cpu, uint32_t record)
{
	struct replay_cpu *me = replay.cpu[cpu];
	uint64_t since = mach_now_ns();
	uint32_t seen = 0, turn;

	for (;;) {	/* ends: its turn comes, or nothing moves for too long */
		turn = xcpu_load_acq(&replay.turn);
		if (turn == record)
			return true;
		if (turn != seen) {
			seen = turn;
			since = mach_now_ns();
		}
		if (xcpu_load_acq(&replay.stop) != 0 ||
		    hangs(since, "no turn", turn))
			return false;
		answer(cpu);
		if (me->state == REPLAY_LAZY)
			idle(record);
		else if (me->state == REPLAY_USER)
			dwell(cpu);
		else
			mach_relax();
	}
}

/* Who idles and must be woken for a record; behind the last one, everybody. */
static void
find_sleepers(uint32_t record, struct xcpu_cpuset *sleepers)
{
	struct trace_record next = { 0 };
	bool all = record == replay.trace.records;

	if (!all)
		trace_record(&replay.trace, record, &next);
	xcpu_cpuset_zero(sleepers);
	for (unsigned cpu = 0; cpu < replay.ncpu; cpu++) {
		if ((all || cpu == replay_owner(&next)) &&
		    replay.cpu[cpu]->state == REPLAY_LAZY)
			xcpu_cpuset_add(sleepers, cpu);
	}
}

void
replay_pass_turn(unsigned cpu, uint32_t record)
{
	struct xcpu_cpuset sleepers;

	/* Before the turn is given away: then states change. */
	find_sleepers(record, &sleepers);
	xcpu_cpuset_del(&sleepers, cpu);
	xcpu_store_rel(&replay.turn, record);
	for (unsigned other = xcpu_cpuset_first(&sleepers);
	    other < replay.ncpu; other = xcpu_cpuset_next(&sleepers, other)) {
		replay.cpu[cpu]->count.wakes++;
		(void)xcpu_resched(other);
	}
}

/* ------------------------------------------------------------------ */
/* Free order.                                                           */

static bool
is_barrier(const struct trace_record *record)
{
	return record->op == TRACE_OP_FORK || record->op == TRACE_OP_EXEC ||
	    record->op == TRACE_OP_EXIT;
}

/* What a record moves on: in `so_far` before the replay, in life during it. */
struct replay_so_far {
	uint32_t *thread, *space, *epoch;
};

static void
note_order(const struct replay_so_far *so_far,
    const struct trace_record *record)
{
	if (record->thread != TRACE_NONE)
		so_far->thread[record->thread]++;
	if (record->op == TRACE_OP_CLONE)
		so_far->thread[record->other]++;
	if (record->space != TRACE_NONE)
		so_far->space[record->space]++;
	if (!is_barrier(record))
		return;
	so_far->epoch[record->space]++;
	if (record->op != TRACE_OP_EXIT)
		so_far->epoch[record->other]++;
}

bool
replay_order_init(void)
{
	const struct trace *trace = &replay.trace;
	struct replay_so_far so_far;
	struct trace_record record;

	replay.order = mach_alloc((trace->records + (size_t)1) *
	    sizeof(replay.order[0]));
	replay.thread_done = mach_alloc((trace->threads + (size_t)1) *
	    sizeof(replay.thread_done[0]));
	so_far.thread = mach_alloc((trace->threads + (size_t)1) *
	    sizeof(uint32_t));
	so_far.space = mach_alloc((trace->spaces + (size_t)1) *
	    sizeof(uint32_t));
	so_far.epoch = mach_alloc((trace->spaces + (size_t)1) *
	    sizeof(uint32_t));
	if (replay.order == NULL || replay.thread_done == NULL ||
	    so_far.thread == NULL || so_far.space == NULL ||
	    so_far.epoch == NULL)
		return false;
	for (uint32_t i = 0; i < trace->records; i++) {
		struct replay_order *order = &replay.order[i];

		trace_record(trace, i, &record);
		if (record.thread != TRACE_NONE)
			order->thread = so_far.thread[record.thread];
		if (record.space != TRACE_NONE) {
			order->space = so_far.space[record.space];
			order->epoch = so_far.epoch[record.space];
		}
		note_order(&so_far, &record);
	}
	return true;
}

static bool
may_go(uint32_t i, const struct trace_record *record)
{
	const struct replay_order *order = &replay.order[i];
	const struct replay_space *space = replay_space_of(record->space);

	if (record->thread != TRACE_NONE &&
	    xcpu_load_acq(&replay.thread_done[record->thread]) != order->thread)
		return false;
	if (space == NULL)
		return true;
	if (is_barrier(record) && xcpu_load_acq(&space->done) != order->space)
		return false;
	return xcpu_load_acq(&space->epoch) == order->epoch;
}

/* Between two records a CPU of free order looks at what changed last. */
static void
glance(unsigned cpu)
{
	const struct replay_space *space = replay.cpu[cpu]->space;
	struct oracle_page page = { 0 };
	uint32_t recent;

	if (space == NULL || space->npages == 0 ||
	    replay.cpu[cpu]->state != REPLAY_USER)
		return;
	recent = xcpu_load_rlx(&space->recent);
	page.va = replay_va(space, recent);
	page.row = space->first + recent;
	page.tag = replay_tag(space, recent, 0);
	oracle_glance(cpu, &page, MACH_AS_USER,
	    &replay_page(space, recent)->settled,
	    &replay_page(space, recent)->newest);
}

bool
replay_wait_order(unsigned cpu, uint32_t i, const struct trace_record *record)
{
	uint64_t since = mach_now_ns();
	uint32_t seen = 0, made;

	glance(cpu);
	while (!may_go(i, record)) {	/* ends: as replay_wait_turn() */
		made = xcpu_load_acq(&replay.turn);
		if (made != seen) {
			seen = made;
			since = mach_now_ns();
		}
		if (xcpu_load_acq(&replay.stop) != 0 ||
		    hangs(since, "no predecessor", i))
			return false;
		if (replay.cpu[cpu]->state == REPLAY_USER)
			dwell(cpu);
		else
			mach_relax();
	}
	return xcpu_load_acq(&replay.stop) == 0;
}

void
replay_done_order(const struct trace_record *record)
{
	if (is_barrier(record)) {
		(void)xcpu_fetch_add_ar(&replay.space[record->space].epoch, 1);
		if (record->op != TRACE_OP_EXIT)
			(void)xcpu_fetch_add_ar(
			    &replay.space[record->other].epoch, 1);
	}
	if (record->space != TRACE_NONE)
		(void)xcpu_fetch_add_ar(&replay.space[record->space].done, 1);
	if (record->op == TRACE_OP_CLONE)
		(void)xcpu_fetch_add_ar(
		    &replay.thread_done[record->other], 1);
	if (record->thread != TRACE_NONE)
		(void)xcpu_fetch_add_ar(
		    &replay.thread_done[record->thread], 1);
	(void)xcpu_fetch_add_ar(&replay.turn, 1);
}
