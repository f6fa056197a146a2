/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_late.c: munmap, madvise, exec and exit in the forms of form=.
 *
 * A ticket is one of these on its way: a batch with what it unmapped.  Nobody
 * may have its frames, its tables or its addresses before it is done; until
 * then whoever runs in the space may still read the old frames, and does.
 *
 * Deferred, a ticket waits for the kernel entries of the recording, and for no
 * other: whoever makes a record passes first.  When the time of the recording
 * goes beyond the bound, whoever has the turn kicks the CPUs that are left, just
 * before the first record that is later: each of them stands as it stood then.
 *
 * An address of a ticket is not given out again: a mapping that the kernel may
 * place moves aside, to another of the homes that each page has.  Where the
 * program says where (a fixed mapping, a page that it had thrown away), the
 * ticket is waited for instead.
 *
 * All of it is done in strict order, by whose turn it is; only frames and tables
 * come back on whichever CPU is the last to pass.
 */
#include "replay.h"

#define SMALL_TICKETS	60
#define LARGE_TICKETS	4
#define TICKETS		(SMALL_TICKETS + LARGE_TICKETS)
#define SMALL_ROOM	64		/* frames */
#define WHOLE_SPACE	(UINT64_C(1) << 47)
#define HOMES_FROM	(UINT64_C(0x70) << 40)	/* where mmap() places */
#define HOME_BITS	6		/* of an address, the topmost */
#define AT_THE_END	(UINT64_MAX - 1)

struct replay_ticket {
	struct xcpu_batch batch;
	uint64_t *item;
	uint32_t room;
	uint32_t number;		/* by age; 0: free */
	uint64_t due_ns;		/* of the recording */
	struct replay_space *space;
	enum trace_cause cause;
	uint64_t freed;			/* frames; the last CPU's until done */
	struct oracle_batch probe;	/* what to find when it is done */
	uint32_t kept[XCPU_NCPU_MAX];	/* who was armed for it */
};

static struct {
	struct replay_ticket ticket[TICKETS];
	uint32_t numbers;
} late;

bool
replay_late_init(void)
{
	for (unsigned i = 0; i < TICKETS; i++) {
		struct replay_ticket *t = &late.ticket[i];

		/* One more: the tables. */
		t->room = 1 + (i < SMALL_TICKETS ? SMALL_ROOM :
		    replay.trace.range_pages);
		if (t->item == NULL)
			t->item = mach_alloc(t->room * sizeof(t->item[0]));
		if (t->item == NULL)
			return false;
	}
	return true;
}

bool
replay_may_be_late(enum trace_cause cause)
{
	return replay.strict && replay.form != WORK_FORM_SYNC &&
	    (cause == TRACE_CAUSE_MUNMAP || cause == TRACE_CAUSE_MADVISE ||
	    cause == TRACE_CAUSE_EXEC || cause == TRACE_CAUSE_EXIT);
}

/* ------------------------------------------------------------------ */
/* Addresses.                                                            */

/*
 * The address of a page in its n-th home.  Folded, two addresses of a program
 * could be one; those of the recorded ones are not, or their replays would fail.
 */
uint64_t
replay_home(uint64_t va, uint32_t home)
{
	unsigned bits = mach_user_bits();

	return (va & ((UINT64_C(1) << bits) - 1)) ^
	    (uint64_t)home << (bits - HOME_BITS);
}

static bool
is_live(uint32_t number)
{
	for (unsigned i = 0; number != 0 && i < TICKETS; i++) {
		if (late.ticket[i].number == number)
			return true;
	}
	return false;
}

/* Whether no page of a range has a ticket on its address in that home. */
static bool
home_is_free(const struct replay_space *space, uint32_t first, uint32_t n,
    uint32_t home)
{
	for (uint32_t page = first; page < first + n; page++) {
		if (is_live(replay_page(space, page)->held[home]))
			return false;
	}
	return true;
}

/* A mapping is placed, by the kernel: where no ticket has an address. */
void
replay_place(const struct replay_space *space, uint32_t first, uint32_t n)
{
	uint32_t home = 0;

	if (!replay.strict || n == 0 || trace_page(&replay.trace,
	    space->first + first) < HOMES_FROM)
		return;
	while (home < REPLAY_HOMES && !home_is_free(space, first, n, home))
		home++;
	if (home == REPLAY_HOMES)
		return;		/* the first fault will wait */
	for (uint32_t page = first; page < first + n; page++) {
		/* A page that is there stays: its unmap was not recorded. */
		if (mach_lookup(space->mach, replay_va(space, page),
		    NULL) == 0)
			/* rlx: who reads it meanwhile may find either */
			xcpu_store_rlx(&replay_page(space, page)->home, home);
	}
}

/* ------------------------------------------------------------------ */
/* The end of a ticket.                                                  */

static void
give_back(void *host, uint64_t item, enum xcpu_batch_kind kind)
{
	struct replay_ticket *t = host;

	if (kind == XCPU_BATCH_TABLE) {
		replay_space_release(t->space);
		return;
	}
	mach_frame_free(item);
	t->freed++;
}

static void
finish(unsigned cpu, struct replay_ticket *t)
{
	t->number = 0;
	replay.cpu[cpu]->count.frames_freed += t->freed;
	replay_probe_after(cpu, t->space, &t->probe, t->kept);
}

static void
refuse(const char *what, int error)
{
	WORK_REPORT(WORK_ANSWER, "%s refused: %s\n", what,
	    xcpu_strerror(error));
	replay_stop();
}

/* Kicks whoever has not come by, and waits. */
static void
settle(unsigned cpu, struct replay_ticket *t)
{
	struct replay_count *count = &replay.cpu[cpu]->count;
	uint64_t before = replay_kicks_of(cpu);
	int error = xcpu_batch_flush(&t->batch);

	count->kicks[t->cause] += replay_kicks_of(cpu) - before;
	if (error != 0)
		refuse("flush of a batch", error);
	finish(cpu, t);
}

/* A free one with room for n frames; NULL: there is none. */
static struct replay_ticket *
find_free(uint32_t n)
{
	for (unsigned i = 0; i < TICKETS; i++) {
		if (late.ticket[i].number == 0 && late.ticket[i].room > n)
			return &late.ticket[i];
	}
	return NULL;
}

static struct replay_ticket *
oldest(void)
{
	struct replay_ticket *found = NULL;

	for (unsigned i = 0; i < TICKETS; i++) {
		struct replay_ticket *t = &late.ticket[i];

		if (t->number != 0 &&
		    (found == NULL || t->number < found->number))
			found = t;
	}
	return found;
}

/*
 * Before the time of the recording goes on to `next_ns`: kicks for what would
 * be too late.  One ticket is always free, so that nobody needs to make room in
 * the middle of a record.
 */
void
replay_late_due(unsigned cpu, uint64_t next_ns)
{
	struct replay_ticket *t = oldest();

	/* ends: one less each time */
	while (t != NULL && (t->due_ns < next_ns ||
	    find_free(replay.trace.range_pages) == NULL)) {
		settle(cpu, t);
		t = oldest();
	}
}

/* In the kernel, for a record: pass, and see which tickets are done. */
void
replay_late_enter(unsigned cpu)
{
	if (!work_run.options.entry)
		return;		/* it would pass by asking */
	xcpu_async_pass();
	for (unsigned i = 0; i < TICKETS; i++) {
		struct replay_ticket *t = &late.ticket[i];

		if (t->number != 0 && xcpu_batch_done(&t->batch))
			finish(cpu, t);
	}
}

/* A page is about to be mapped: not where a ticket has its address. */
void
replay_late_free_page(unsigned cpu, const struct replay_page *page)
{
	/* rlx: written by whose turn it is */
	uint32_t number = page->held[xcpu_load_rlx(&page->home)];

	for (unsigned i = 0; number != 0 && i < TICKETS; i++) {
		if (late.ticket[i].number != number)
			continue;
		replay.cpu[cpu]->count.in_the_way++;
		settle(cpu, &late.ticket[i]);
	}
}

/* ------------------------------------------------------------------ */
/* Its beginning.                                                        */

/* What was gathered, neighbours as one range. */
static int
add_pages(struct replay_ticket *t, const struct replay_gather *gather,
    unsigned n)
{
	struct xcpu_space *target = mach_space_xcpu(t->space->mach);
	int error = 0;

	for (unsigned i = 0; i < n && error == 0; i++) {
		struct replay_page *p = replay_page(t->space, gather[i].page);

		p->held[xcpu_load_rlx(&p->home)] = t->number; /* rlx: ours */
		/* Holes have no translations, and cost less than ranges. */
		if (i == 0 || gather[i].va < gather[i - 1].va)
			error = xcpu_batch_range(&t->batch, target,
			    gather[i].va, MACH_PAGE_SIZE, NULL);
		else
			error = xcpu_batch_range(&t->batch, target,
			    gather[i - 1].va, gather[i].va -
			    gather[i - 1].va + MACH_PAGE_SIZE, NULL);
		if (error == 0)
			error = xcpu_batch_frame(&t->batch, gather[i].frame);
	}
	return error;
}

static int
go(struct replay_ticket *t)
{
	switch (replay.form) {
	case WORK_FORM_ASYNC:
		return xcpu_batch_start(&t->batch);
	case WORK_FORM_DEFER:
		return xcpu_batch_defer(&t->batch, 0);
	default:
		return xcpu_batch_flush(&t->batch);
	}
}

void
replay_late(unsigned cpu, struct replay_space *space, enum trace_cause cause,
    unsigned gathered, const struct oracle_batch *probe)
{
	const struct replay_cpu *me = replay.cpu[cpu];
	struct replay_ticket *t = find_free(gathered);
	uint64_t before = replay_kicks_of(cpu);
	int error;

	error = xcpu_batch_init(&t->batch, t->item, t->room, give_back, t);
	t->number = ++late.numbers;
	t->due_ns = replay.form != WORK_FORM_DEFER ? AT_THE_END :
	    replay.now_ns + work_run.options.bound_us * 1000;
	t->space = space;
	t->cause = cause;
	t->freed = 0;
	replay_probe_later(cpu, space, probe, &t->probe, t->kept);
	if (error == 0)
		error = add_pages(t, me->gather, gathered);
	if (error == 0 && replay_frees_tables(cause))
		error = xcpu_batch_table(&t->batch,
		    mach_space_xcpu(space->mach), 0, WHOLE_SPACE, 0);
	if (error == 0)
		error = go(t);
	if (error != 0)
		refuse("batch", error);
	replay_count_request(cpu, space, cause,
	    replay_kicks_of(cpu) - before);
	if (replay.form == WORK_FORM_GATHER)
		finish(cpu, t);
}
