/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle.c: one row per CPU and page.
 *
 * A row is written by its own CPU.  An initiator reads the stamp of another
 * CPU's row only between that CPU's answer and its own next request, so the
 * words need no order of their own.
 */
#include "oracle.h"
#include "run.h"

#define USER_READS	16	/* of one page: a program stays in user mode */

struct row {
	uint64_t tag;		/* last found there */
	uint64_t stamp;		/* drops before it was armed */
	uint64_t reads;		/* this CPU's count at that time */
};

static struct {
	unsigned rows;
	struct row *row[XCPU_NCPU_MAX];
	struct oracle_count *count[XCPU_NCPU_MAX];
} oracle;

static struct row *
row_of(unsigned cpu, const struct oracle_page *page)
{
	return &oracle.row[cpu][page->row];
}

bool
oracle_init(unsigned rows)
{
	if (oracle.rows >= rows)
		return true;	/* old rows do no harm: each arming rewrites its own */
	for (unsigned cpu = 0; cpu < work_run.ncpu; cpu++) {
		oracle.row[cpu] = mach_alloc(rows * sizeof(struct row));
		if (oracle.count[cpu] == NULL)
			oracle.count[cpu] =
			    mach_alloc(sizeof(struct oracle_count));
		if (oracle.row[cpu] == NULL || oracle.count[cpu] == NULL) {
			WORK_REPORT(WORK_SHORT, "no memory: the oracle wants %u "
			    "KiB for each CPU\n",
			    (unsigned)(rows * sizeof(struct row) / 1024) + 4);
			return false;
		}
	}
	oracle.rows = rows;
	return true;
}

/* Says what a wrong read found, in the words of the page that it expected. */
static void
report_stale(unsigned cpu, const struct oracle_page *page,
    const struct mach_access *found, unsigned generation)
{
	bool write = found->op == MACH_STORE;
	const char *how = "older generation";

	if (!work_failed(write ? WORK_STALE_WRITE : WORK_STALE))
		return;
	if (write)
		how = "right lost before";
	else if (found->value == MACH_POISON)
		how = "freed frame";
	else if (found->value >> 32 != page->tag >> 32)
		how = "another page's frame";
	mach_printf("REPORT stale %s: cpu %u space %u page 0x%lx generation %u "
	    "expected %u (%s, word 0x%lx)\n", write ? "write" : "read", cpu,
	    (unsigned)(page->tag >> 48), (unsigned long)page->va, generation,
	    (unsigned)page->tag, how, (unsigned long)found->value);
}

/* The last generation that this CPU saw there: what it holds on to. */
static unsigned
held_generation(unsigned cpu, const struct oracle_page *page,
    const struct mach_access *found)
{
	if (found->op == MACH_READ && found->value >> 32 == page->tag >> 32)
		return (unsigned)found->value;
	return (unsigned)row_of(cpu, page)->tag;
}

/* True: the access was stale. */
static bool
judge(unsigned cpu, const struct oracle_page *page,
    const struct mach_access *found, bool quiet)
{
	if (found->fault && page->refused)
		return false;
	if (found->fault) {
		WORK_REPORT(WORK_STALE, "refused access: cpu %u space %u page "
		    "0x%lx generation %u is there, and faults\n", cpu,
		    (unsigned)(page->tag >> 48), (unsigned long)page->va,
		    (unsigned)page->tag);
		return false;
	}
	if (!page->refused && (found->op == MACH_STORE ||
	    found->value == page->tag))
		return false;
	if (!quiet)
		report_stale(cpu, page, found,
		    held_generation(cpu, page, found));
	return true;
}

/* Where it is meanwhile is noted, for others, and for functions that they call. */
static void
access_noted(unsigned cpu, enum mach_access_mode mode,
    struct mach_access *list, unsigned n)
{
	struct oracle_count *count = oracle.count[cpu];

	count->in_kernel = mode == MACH_AS_KERNEL;
	xcpu_store_rel(&count->in_user, mode == MACH_AS_USER);
	mach_access(mode, list, n);
	xcpu_store_rel(&count->in_user, 0);
	count->in_kernel = false;
}

void
oracle_access(unsigned cpu, enum mach_access_mode mode,
    struct mach_access *list, unsigned n)
{
	access_noted(cpu, mode, list, n);
	oracle.count[cpu]->reads += n;
}

bool
oracle_in_user(unsigned cpu)
{
	return xcpu_load_acq(&oracle.count[cpu]->in_user) != 0;
}

static void
access_all(unsigned cpu, const struct oracle_batch *batch,
    struct mach_access *list)
{
	/* Any word of the frame will do; a different one each time is better. */
	uint64_t word = oracle.count[cpu]->reads % (MACH_PAGE_SIZE / 8) * 8;

	for (unsigned i = 0; i < batch->n; i++)
		list[i] = (struct mach_access){ .op = (uint8_t)batch->op,
			.va = batch->page[i].va + word,
			.value = batch->page[i].tag };
	oracle_access(cpu, batch->mode, list, batch->n);
}

unsigned
oracle_arm(unsigned cpu, const struct oracle_batch *batch)
{
	struct mach_access list[ORACLE_BATCH];
	unsigned stale = 0;

	/* Stamps first: a drop between stamp and read then counts against us. */
	for (unsigned i = 0; i < batch->n; i++)
		row_of(cpu, &batch->page[i])->stamp =
		    mach_drop_stamp(cpu, batch->page[i].va);
	access_all(cpu, batch, list);
	for (unsigned i = 0; i < batch->n; i++) {
		struct row *row = row_of(cpu, &batch->page[i]);

		stale += judge(cpu, &batch->page[i], &list[i], batch->quiet);
		row->tag = batch->page[i].tag;
		row->reads = oracle.count[cpu]->reads;
	}
	return stale;
}

unsigned
oracle_kept(unsigned cpu, const struct oracle_batch *batch, unsigned slack)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < batch->n; i++) {
		const struct oracle_page *page = &batch->page[i];

		if (mach_drop_stamp(cpu, page->va) -
		    row_of(cpu, page)->stamp <= slack)
			kept |= 1u << i;
	}
	return kept;
}

unsigned
oracle_probe(unsigned cpu, const struct oracle_batch *batch, unsigned kept)
{
	struct oracle_count *count = oracle.count[cpu];
	struct mach_access list[ORACLE_BATCH];
	uint64_t reads = count->reads;
	unsigned stale = 0;

	access_all(cpu, batch, list);
	for (unsigned i = 0; i < batch->n; i++) {
		const struct oracle_page *page = &batch->page[i];
		bool near = reads + i - row_of(cpu, page)->reads <= ORACLE_WINDOW;

		if (!batch->quiet && near && (kept & 1u << i) != 0)
			count->armed++;
		else if (!batch->quiet)
			count->idle++;
		stale += judge(cpu, page, &list[i], batch->quiet);
	}
	return stale;
}

void
oracle_glance(unsigned cpu, const struct oracle_page *page,
    enum mach_access_mode mode, const struct xcpu_au32 *settled,
    const struct xcpu_au32 *newest)
{
	unsigned n = mode == MACH_AS_USER ? USER_READS : 1;
	struct mach_access found[USER_READS];
	struct oracle_page expected = *page;
	uint32_t low = xcpu_load_acq(settled);
	uint32_t high;

	for (unsigned i = 0; i < n; i++)
		found[i] = (struct mach_access){ .va = page->va,
			.op = MACH_READ };
	access_noted(cpu, mode, found, n);
	oracle.count[cpu]->reads++;	/* the same page: a TLB has it */
	high = xcpu_load_acq(newest);
	expected.tag = (page->tag & ~(uint64_t)UINT32_MAX) | low;
	for (unsigned i = 0; i < n; i++) {
		uint32_t got = (uint32_t)found[i].value;

		if (!found[i].fault && (found[i].value >> 32 !=
		    page->tag >> 32 || got - low >= 1u << 31 ||
		    high - got >= 1u << 31))
			report_stale(cpu, &expected, &found[i],
			    held_generation(cpu, page, &found[i]));
	}
}

void
oracle_look(unsigned cpu, const struct oracle_page *page,
    const struct xcpu_au32 *over)
{
	struct mach_access found = { .va = page->va, .op = MACH_READ };
	bool strict;

	if (oracle.count[cpu]->in_kernel)
		return;
	strict = xcpu_load_acq(over) != 0;
	mach_access(MACH_AS_KERNEL, &found, 1);
	if (strict)
		judge(cpu, page, &found, false);
}

void
oracle_sum(struct oracle_count *sum)
{
	*sum = (struct oracle_count){ 0 };
	for (unsigned cpu = 0; oracle.rows != 0 && cpu < work_run.ncpu; cpu++) {
		sum->armed += oracle.count[cpu]->armed;
		sum->idle += oracle.count[cpu]->idle;
		sum->reads += oracle.count[cpu]->reads;
		sum->cpus += oracle.count[cpu]->armed != 0;
	}
}
