/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_shoot.c: one shootdown, who would have had to be kicked for it, and
 * the probes around it.
 *
 * In strict order exactly one CPU acts, so it knows what every other one has
 * loaded.  Those that run in the space are asked to read; those that idle with
 * it cannot: they read ahead what will change (replay_arm_ahead), and probe it
 * when they come back (replay_probe_late).
 */
#include "replay.h"

static bool
writable(unsigned rights)
{
	return (rights & (MACH_USER | MACH_WRITE)) == (MACH_USER | MACH_WRITE);
}

/* What an access to each page of the batch must find now. */
static void
look(struct oracle_batch *batch, const struct replay_space *space)
{
	for (unsigned i = 0; i < batch->n; i++) {
		struct oracle_page *out = &batch->page[i];
		uint32_t page = out->row - space->first;
		unsigned rights = 0;

		if (mach_lookup(space->mach, out->va, &rights) == 0)
			rights = 0;
		out->refused = batch->op == MACH_READ ?
		    !(rights & MACH_USER) : !writable(rights);
		out->tag = replay_tag(space, page,
		    xcpu_load_rlx(&replay_page(space, page)->newest));
	}
}

void
replay_batch_add(struct oracle_batch *batch, const struct replay_space *space,
    uint32_t page)
{
	struct oracle_page *out = &batch->page[batch->n];

	/* Where rights were added without a flush, a refusal proves nothing. */
	if (batch->n == ORACLE_BATCH || replay_page(space, page)->raised)
		return;
	out->va = replay_va(space, page);
	out->row = space->first + page;
	batch->n++;
}

/*
 * Reads what will be shot down.  A TLB that drops one entry to take another may
 * do so at the first read; at the second it has them all.
 */
void
replay_arm(unsigned cpu, const struct oracle_batch *batch)
{
	(void)oracle_arm(cpu, batch);
	if (oracle_kept(cpu, batch, 0) != (1u << batch->n) - 1)
		(void)oracle_arm(cpu, batch);
}

/* Who runs in the space, and who idles with it, but the calling CPU. */
static void
find_holders(unsigned cpu, const struct replay_space *space)
{
	xcpu_cpuset_zero(&replay.ask.asked);
	xcpu_cpuset_zero(&replay.ask.idle);
	for (unsigned other = 0; other < replay.ncpu; other++) {
		const struct replay_cpu *it = replay.cpu[other];

		if (other == cpu || it->space != space)
			continue;
		xcpu_cpuset_add(it->state == REPLAY_LAZY ? &replay.ask.idle :
		    &replay.ask.asked, other);
	}
}

/* Which pages each holder is armed for; `slack` drops are forgiven. */
static void
note_kept(unsigned cpu, const struct replay_space *space, unsigned slack)
{
	struct replay_ask *ask = &replay.ask;

	for (unsigned other = 0; other < replay.ncpu; other++) {
		bool holds = other == cpu ? replay.cpu[cpu]->space == space :
		    xcpu_cpuset_has(&ask->asked, other) ||
		    xcpu_cpuset_has(&ask->idle, other);

		if (slack == 0)
			ask->kept[other] = UINT32_MAX;
		if (holds)
			ask->kept[other] &= oracle_kept(other, &ask->batch,
			    slack);
	}
}

void
replay_shoot_begin(unsigned cpu, struct replay_space *space,
    struct oracle_batch *batch)
{
	if (!replay.strict)
		return;
	find_holders(cpu, space);
	if (!replay.oracle || batch->n == 0)
		return;
	batch->mode = MACH_AS_USER;
	look(batch, space);
	replay.ask.batch = *batch;
	replay.ask.space = space;
	replay_put(REPLAY_ARM, &replay.ask.asked);
	if (replay.cpu[cpu]->space == space)
		replay_arm(cpu, batch);
	note_kept(cpu, space, 0);
}

/* What a CPU that idles, armed, must look at when it is back in the space. */
static void
leave_for_later(struct replay_cpu *it, uint32_t page)
{
	for (unsigned i = 0; i < it->nlater; i++) {
		if (it->later[i] == page)
			return;
	}
	if (it->nlater == REPLAY_LATER) {
		it->count.forgotten++;
		return;
	}
	it->later[it->nlater++] = page;
}

/* The holders read again what they were armed for, as far as they kept it. */
static void
probe(unsigned cpu, struct replay_space *space,
    const struct oracle_batch *batch)
{
	struct replay_ask *ask = &replay.ask;

	note_kept(cpu, space, 1);
	ask->batch = *batch;
	replay_put(REPLAY_PROBE, &ask->asked);
	if (replay.cpu[cpu]->space == space)
		(void)oracle_probe(cpu, batch, ask->kept[cpu]);
	for (unsigned other = 0; !space->dead && other < replay.ncpu; other++) {
		if (!xcpu_cpuset_has(&ask->idle, other))
			continue;
		for (unsigned i = 0; i < batch->n; i++) {
			if (ask->kept[other] & 1u << i)
				leave_for_later(replay.cpu[other],
				    batch->page[i].row - space->first);
		}
	}
}

void
replay_shoot_end(unsigned cpu, struct replay_space *space,
    struct oracle_batch *batch)
{
	if (!replay.oracle || batch->n == 0)
		return;
	look(batch, space);
	probe(cpu, space, batch);
}

/* A shootdown that will be over later: what to find then, and who is armed. */
void
replay_probe_later(unsigned cpu, const struct replay_space *space,
    const struct oracle_batch *batch, struct oracle_batch *out, uint32_t *kept)
{
	const struct replay_ask *ask = &replay.ask;

	out->n = 0;
	if (!replay.oracle || batch->n == 0)
		return;
	*out = *batch;
	for (unsigned i = 0; i < out->n; i++)
		out->page[i].refused = true;
	for (unsigned other = 0; other < replay.ncpu; other++) {
		bool holds = xcpu_cpuset_has(&ask->asked, other) ||
		    xcpu_cpuset_has(&ask->idle, other) ||
		    (other == cpu && replay.cpu[cpu]->space == space);

		kept[other] = holds ? ask->kept[other] : 0;
	}
}

void
replay_probe_after(unsigned cpu, struct replay_space *space,
    const struct oracle_batch *batch, const uint32_t *kept)
{
	if (batch->n == 0)
		return;
	find_holders(cpu, space);
	for (unsigned other = 0; other < replay.ncpu; other++)
		replay.ask.kept[other] = kept[other];
	replay.ask.space = space;
	probe(cpu, space, batch);
}

/* Kicks that this CPU has sent for shootdowns, of any form, so far. */
uint64_t
replay_kicks_of(unsigned cpu)
{
	struct xcpu_totals totals = { 0 };

	(void)xcpu_stat_sum(mach_domain(), cpu, &totals);
	return totals.kick_flush + totals.kick_call;
}

bool
replay_frees_tables(enum trace_cause cause)
{
	return cause == TRACE_CAUSE_EXEC || cause == TRACE_CAUSE_EXIT;
}

/* Where a replay calls for a shootdown and waits; len 0: the whole space. */
void
replay_shoot(unsigned cpu, struct replay_space *space, enum trace_cause cause,
    uint64_t start, uint64_t len)
{
	struct xcpu_flush_opt opt = {
		.flags = replay_frees_tables(cause) ? XCPU_FLUSH_TABLES : 0,
	};
	struct xcpu_space *target = mach_space_xcpu(space->mach);
	uint64_t before = replay_kicks_of(cpu);
	int error;

	error = len == 0 ? xcpu_shootdown_all(target, &opt) :
	    xcpu_shootdown(target, start, len, &opt);
	replay_count_request(cpu, space, cause, replay_kicks_of(cpu) - before);
	if (error != 0) {
		WORK_REPORT(WORK_ANSWER, "shootdown refused: %s\n",
		    xcpu_strerror(error));
		replay_stop();
	}
}

/* The pages that a record will shoot down. */
static void
add_coming(struct oracle_batch *batch, const struct replay_space *space,
    const struct trace_record *record)
{
	switch (record->op) {
	case TRACE_OP_MMAP:
		if (!(record->flags & TRACE_FLAG_FIXED))
			return;
		break;
	case TRACE_OP_COW:
	case TRACE_OP_MUNMAP:
	case TRACE_OP_MADVISE:
	case TRACE_OP_MPROTECT:
		break;
	default:
		return;
	}
	for (uint32_t i = 0; i < record->npages; i++) {
		uint64_t va = replay_va(space, record->page + i);

		if (mach_lookup(space->mach, va, NULL) != 0)
			replay_batch_add(batch, space, record->page + i);
	}
}

#define LOOK_AHEAD	256	/* records; a longer idle time is armed in part */
#define ARM_AHEAD	(ORACLE_WINDOW / ORACLE_BATCH - 1)	/* batches */

/* The next pages of its space that others change before its own next record. */
static uint32_t
find_coming(unsigned cpu, struct oracle_batch *batch, uint32_t i, uint32_t end)
{
	const struct replay_space *space = replay.cpu[cpu]->space;
	struct trace_record record;

	for (; i < end && batch->n < ORACLE_BATCH; i++) {
		trace_record(&replay.trace, i, &record);
		if (replay_owner(&record) == cpu)
			return end;
		if (record.space == space->index)
			add_coming(batch, space, &record);
	}
	return i;
}

/* Before it idles, a CPU reads what others will change while it does. */
void
replay_arm_ahead(unsigned cpu, uint32_t i)
{
	const struct replay_cpu *me = replay.cpu[cpu];
	uint32_t end = i + LOOK_AHEAD;

	if (me->space == NULL || me->state != REPLAY_USER)
		return;
	if (end > replay.trace.records)
		end = replay.trace.records;
	i++;
	for (unsigned n = 0; n < ARM_AHEAD && i < end; n++) {
		struct oracle_batch batch = { .mode = MACH_AS_USER,
			.op = MACH_READ };

		i = find_coming(cpu, &batch, i, end);
		look(&batch, me->space);
		if (batch.n > 0)
			replay_arm(cpu, &batch);
	}
}

/* Back in the space: probe what was shot down meanwhile. */
void
replay_probe_late(unsigned cpu)
{
	struct replay_cpu *me = replay.cpu[cpu];

	for (unsigned next = 0; next < me->nlater; ) {
		struct oracle_batch batch = { .mode = MACH_AS_USER,
			.op = MACH_READ };

		for (; next < me->nlater && batch.n < ORACLE_BATCH; next++)
			replay_batch_add(&batch, me->space, me->later[next]);
		look(&batch, me->space);
		(void)oracle_probe(cpu, &batch, UINT32_MAX);
		me->count.late += batch.n;
	}
}
