/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_ops.c: each operation of a trace, made with the pages of this machine.
 *
 * Every old frame is freed, and so poisoned and reissued, right after the
 * shootdown.  A frame belongs to one page of one space: a fork copies at once.
 */
#include "replay.h"

/* The record's rights, in the machine's words. */
static unsigned
rights_of(const struct trace_record *record)
{
	return (record->rights & TRACE_RIGHT_USER ? MACH_USER : 0) |
	    (record->rights & TRACE_RIGHT_WRITE ? MACH_WRITE : 0);
}

/* Up to a batch of the present pages of a range that have all of `rights`. */
static void
sample(struct oracle_batch *batch, const struct replay_space *space,
    uint32_t first, uint32_t n, unsigned rights)
{
	uint32_t wanted = 0, seen = 0, step, page;
	unsigned has;

	if (!replay.oracle)
		return;
	for (page = first; page < first + n; page++) {
		if (mach_lookup(space->mach, replay_va(space, page), &has) != 0 &&
		    (has & rights) == rights)
			wanted++;
	}
	step = wanted / ORACLE_BATCH + 1;
	for (page = first; page < first + n; page++) {
		if (mach_lookup(space->mach, replay_va(space, page), &has) != 0 &&
		    (has & rights) == rights && seen++ % step == 0)
			replay_batch_add(batch, space, page);
	}
}

/* A new frame in the place of what is there, which is shot down and freed. */
static void
replace(unsigned cpu, struct replay_space *space, uint32_t page,
    unsigned rights, enum trace_cause cause)
{
	struct oracle_batch batch = { .op = MACH_READ };
	struct replay_page *p = replay_page(space, page);
	unsigned gathered;
	bool good;

	replay_batch_add(&batch, space, page);
	replay_shoot_begin(cpu, space, &batch);
	gathered = replay_unmap(cpu, space, page, 1);
	replay_page_lock(p);
	/* In free order somebody may have been faster. */
	good = mach_lookup(space->mach, replay_va(space, page), NULL) != 0 ||
	    replay_page_fresh(cpu, space, page, rights);
	replay_page_unlock(p);
	if (!good)
		return;
	replay_shoot(cpu, space, cause, replay_va(space, page), MACH_PAGE_SIZE);
	replay_free(cpu, space, gathered);
	replay_shoot_end(cpu, space, &batch);
}

static void
op_fault(unsigned cpu, const struct trace_record *record)
{
	struct replay_count *count = &replay.cpu[cpu]->count;
	struct replay_space *space = replay_space_of(record->space);
	struct replay_page *p = replay_page(space, record->page);
	bool present;

	replay_page_lock(p);
	present = mach_lookup(space->mach, replay_va(space, record->page),
	    NULL) != 0;
	if (!present)
		(void)replay_page_fresh(cpu, space, record->page,
		    rights_of(record));
	replay_page_unlock(p);
	if (!present)
		return;

	count->hidden++;
	count->lines[TRACE_APPLIED] -= record->lines;
	count->lines[TRACE_HIDDEN] += record->lines;
	if (record->flags & TRACE_FLAG_RACED)
		count->raced++;
	else
		replace(cpu, space, record->page, rights_of(record),
		    TRACE_CAUSE_HIDDEN);
}

static void
op_cow(unsigned cpu, const struct trace_record *record)
{
	struct replay_space *space = replay_space_of(record->space);
	struct replay_page *p = replay_page(space, record->page);
	bool good = true;

	replay_page_lock(p);
	if (mach_lookup(space->mach, replay_va(space, record->page),
	    NULL) == 0) {
		replay.cpu[cpu]->count.cow_absent++;
		good = replay_page_fresh(cpu, space, record->page, MACH_USER);
	}
	replay_page_unlock(p);
	if (good)
		replace(cpu, space, record->page, rights_of(record),
		    TRACE_CAUSE_COW);
}

/* The least range that has all pages gathered; returns where it starts. */
static uint64_t
span(const struct replay_gather *gather, unsigned n, uint64_t *len)
{
	uint64_t low = gather[0].va, high = gather[0].va;

	for (unsigned i = 1; i < n; i++) {
		if (gather[i].va < low)
			low = gather[i].va;
		if (gather[i].va > high)
			high = gather[i].va;
	}
	*len = high - low + MACH_PAGE_SIZE;
	return low;
}

/* munmap, madvise, and mmap where something was. */
static void
op_unmap(unsigned cpu, const struct trace_record *record,
    enum trace_cause cause)
{
	struct replay_space *space = replay_space_of(record->space);
	struct oracle_batch batch = { .op = MACH_READ };
	unsigned gathered;
	uint64_t start, len;

	sample(&batch, space, record->page, record->npages, 0);
	replay_shoot_begin(cpu, space, &batch);
	gathered = replay_unmap(cpu, space, record->page, record->npages);
	if (gathered == 0)
		return;
	if (replay_may_be_late(cause)) {
		replay_late(cpu, space, cause, gathered, &batch);
		return;
	}
	start = span(replay.cpu[cpu]->gather, gathered, &len);
	replay_shoot(cpu, space, cause, start, len);
	replay_free(cpu, space, gathered);
	replay_shoot_end(cpu, space, &batch);
}

/* Gives a present page these rights; returns those that it lost. */
static unsigned
protect(struct replay_space *space, uint32_t page, unsigned rights)
{
	struct replay_page *p = replay_page(space, page);
	uint64_t va = replay_va(space, page);
	unsigned old = 0;

	replay_page_lock(p);
	if (mach_lookup(space->mach, va, &old) == 0) {
		old = rights;
	} else {
		mach_protect(space->mach, va, rights);
		if (rights & ~old)
			p->raised = 1;
	}
	replay_page_unlock(p);
	return old & ~rights;
}

static void
op_mprotect(unsigned cpu, const struct trace_record *record)
{
	struct replay_space *space = replay_space_of(record->space);
	unsigned rights = rights_of(record);
	struct oracle_batch batch = { .op = MACH_READ };
	uint64_t start = UINT64_MAX, end = 0;

	/* Probe what is lost: every access, or writing. */
	batch.op = rights & MACH_USER ? MACH_STORE : MACH_READ;
	if (!(rights & MACH_USER))
		sample(&batch, space, record->page, record->npages, MACH_USER);
	else if (!(rights & MACH_WRITE))
		sample(&batch, space, record->page, record->npages,
		    MACH_USER | MACH_WRITE);
	replay_shoot_begin(cpu, space, &batch);
	for (uint32_t i = 0; i < record->npages; i++) {
		uint64_t va = replay_va(space, record->page + i);

		if (protect(space, record->page + i, rights) == 0)
			continue;
		if (va < start)
			start = va;
		if (va + MACH_PAGE_SIZE > end)
			end = va + MACH_PAGE_SIZE;
	}
	if (end == 0)
		return;
	replay_shoot(cpu, space, TRACE_CAUSE_MPROTECT, start, end - start);
	replay_shoot_end(cpu, space, &batch);
}

/* Copies the parent's present pages; both lists are in order of address. */
static bool
fork_pages(unsigned cpu, struct replay_space *parent,
    struct replay_space *child)
{
	uint32_t to = 0;

	for (uint32_t page = 0; page < parent->npages; page++) {
		uint64_t va = replay_address(parent, page);
		unsigned rights;

		if (mach_lookup(parent->mach, replay_va(parent, page),
		    &rights) == 0)
			continue;
		while (to < child->npages && replay_address(child, to) < va)
			to++;
		if (to == child->npages || replay_address(child, to) != va)
			continue;
		xcpu_store_rlx(&replay_page(child, to)->home,	/* rlx: unused */
		    xcpu_load_rlx(&replay_page(parent, page)->home));
		(void)protect(parent, page, rights & ~(unsigned)MACH_WRITE);
		if (!replay_page_fresh(cpu, child, to,
		    rights & ~(unsigned)MACH_WRITE))
			return false;
	}
	return true;
}

static void
op_fork(unsigned cpu, const struct trace_record *record)
{
	struct replay_space *parent = replay_space_of(record->space);
	struct replay_space *child = replay_space_of(record->other);
	struct oracle_batch batch = { .op = MACH_STORE };

	if (!replay_space_create(child)) {
		(void)replay_out_of_memory();
		return;
	}
	sample(&batch, parent, 0, parent->npages, MACH_USER | MACH_WRITE);
	replay_shoot_begin(cpu, parent, &batch);
	if (!fork_pages(cpu, parent, child))
		return;
	replay_shoot(cpu, parent, TRACE_CAUSE_FORK, 0, 0);
	replay_shoot_end(cpu, parent, &batch);
}

/* A whole space goes, its tables too once no CPU has it loaded. */
static void
drop(unsigned cpu, struct replay_space *space, enum trace_cause cause)
{
	struct oracle_batch batch = { .op = MACH_READ };
	unsigned gathered;

	sample(&batch, space, 0, space->npages, 0);
	replay_shoot_begin(cpu, space, &batch);
	gathered = replay_unmap(cpu, space, 0, space->npages);
	if (replay_may_be_late(cause)) {
		space->dead = true;
		replay_late(cpu, space, cause, gathered, &batch);
		return;
	}
	replay_shoot(cpu, space, cause, 0, 0);
	replay_free(cpu, space, gathered);
	space->dead = true;
	replay_shoot_end(cpu, space, &batch);
	replay_space_release(space);
}

static void
op_exec(unsigned cpu, const struct trace_record *record)
{
	struct replay_space *new = replay_space_of(record->other);

	if (!replay_space_create(new)) {
		(void)replay_out_of_memory();
		return;
	}
	replay_load(cpu, new);
	drop(cpu, replay_space_of(record->space), TRACE_CAUSE_EXEC);
}

/* A thread of the trace leaves a CPU, and none comes. */
static void
op_switch_away(unsigned cpu, uint32_t i, const struct trace_record *record)
{
	struct replay_cpu *me = replay.cpu[cpu];

	/* Placed elsewhere, it may have been followed by another already. */
	if (replay.spread && me->thread != record->other)
		return;
	if (record->op == TRACE_OP_SWITCH_FOREIGN) {
		replay_load(cpu, NULL);
		me->thread = TRACE_NONE;
		return;
	}
	if (replay.oracle)
		replay_arm_ahead(cpu, i);
	replay_go_lazy(cpu);
}

static void
op_switch(unsigned cpu, const struct trace_record *record)
{
	struct xcpu_cpuset leaves;
	unsigned other;

	/* Placed on another CPU, the thread that leaves makes that one idle. */
	if (replay.spread && replay.strict && record->other != TRACE_NONE &&
	    record->op == TRACE_OP_SWITCH_USER) {
		other = record->other % replay.ncpu;
		if (other != cpu && replay.cpu[other]->thread == record->other) {
			xcpu_cpuset_one(&leaves, other);
			replay_put(REPLAY_LEAVE, &leaves);
		}
	}
	replay_load(cpu, replay_space_of(record->space));
	replay.cpu[cpu]->thread = record->thread;
}

static void
dispatch(unsigned cpu, uint32_t i, const struct trace_record *record)
{
	switch (record->op) {
	case TRACE_OP_IMPLICIT:
	case TRACE_OP_SWITCH_USER:
		op_switch(cpu, record);
		break;
	case TRACE_OP_SWITCH_LAZY:
	case TRACE_OP_SWITCH_FOREIGN:
		op_switch_away(cpu, i, record);
		break;
	case TRACE_OP_FAULT:
		op_fault(cpu, record);
		break;
	case TRACE_OP_COW:
		op_cow(cpu, record);
		break;
	case TRACE_OP_MMAP:
		if (record->flags & TRACE_FLAG_FIXED)
			op_unmap(cpu, record, TRACE_CAUSE_MMAP);
		else
			replay_place(replay_space_of(record->space),
			    record->page, record->npages);
		break;
	case TRACE_OP_MUNMAP:
		op_unmap(cpu, record, TRACE_CAUSE_MUNMAP);
		break;
	case TRACE_OP_MADVISE:
		op_unmap(cpu, record, TRACE_CAUSE_MADVISE);
		break;
	case TRACE_OP_MPROTECT:
		op_mprotect(cpu, record);
		break;
	case TRACE_OP_FORK:
		op_fork(cpu, record);
		break;
	case TRACE_OP_EXEC:
		op_exec(cpu, record);
		break;
	case TRACE_OP_EXIT:
		replay_load(cpu, NULL);
		drop(cpu, replay_space_of(record->space), TRACE_CAUSE_EXIT);
		break;
	case TRACE_OP_CLONE:
	case TRACE_OP_ENTER:
		break;
	}
}

void
replay_apply(unsigned cpu, uint32_t i, const struct trace_record *record)
{
	struct replay_cpu *me = replay.cpu[cpu];
	bool switches = record->op <= TRACE_OP_SWITCH_FOREIGN;

	me->count.ops[record->op]++;
	me->count.lines[record->op == TRACE_OP_IMPLICIT ? TRACE_IMPLICIT :
	    TRACE_APPLIED] += record->lines;
	/* Threads that ran at once may share a CPU in another placement. */
	if (!switches && me->thread != record->thread) {
		me->count.placed++;
		replay_load(cpu, replay_space_of(record->space));
		me->thread = record->thread;
	}
	dispatch(cpu, i, record);
}
