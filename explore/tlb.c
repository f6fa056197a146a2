/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb.c: pages, and the table walkers.
 *
 * A walker may fill at any time while a root is loaded, and has a view of its
 * own, which catches up with its CPU where the TLB forgets a page.  A fill can
 * be seen only by an access that uses it.  So it is not a step of its own: an
 * access that finds no entry picks any store to the page's entry that the walker
 * could have read between the moment it last caught up with this page and now;
 * whatever it picks was there to be read, and stays until it is forgotten.  Two
 * walks of one page are coherent.
 *
 * What setup() changes has no history; but a CPU that did not forget the page
 * since may have the entry from before.  So that one precedes the others.
 */
#include "engine.h"

#include <string.h>

#define PAGES 4

struct entry {
	bool valid;
	bool stale;		/* from before setup() changed it */
	uint8_t floor;		/* the oldest store that the walker may read */
	uint64_t value;
};

struct tlb {
	const struct xcpu_space *loaded[CPUS];
	struct entry entry[CPUS][PAGES];
};

struct explore_word EXPLORE_DATA explore_frame[EXPLORE_FRAMES];

static struct explore_page *pages[PAGES];
static unsigned npages;
static bool changed[PAGES];	/* by setup(), after the first value */
static struct message earlier[PAGES];
static struct tlb tlb;
static struct tlb at_start;
static bool reused[EXPLORE_FRAMES];	/* no page may lead there any more */

void
tlb_begin(void)
{
	npages = 0;
	memset(changed, 0, sizeof(changed));
	memset(&tlb, 0, sizeof(tlb));
	memset(&at_start, 0, sizeof(at_start));
}

void
tlb_save(void)
{
	at_start = tlb;
	for (unsigned i = 0; i < npages; i++)
		if (changed[i])
			shadow_share(shadow_offset(&pages[i]->entry),
			    sizeof(pages[i]->entry));
}

static void
precede(unsigned i)
{
	struct loc *loc = shadow_loc(shadow_word(&pages[i]->entry));

	loc->message[1] = loc->message[0];
	loc->message[0] = &earlier[i];
	loc->n = 2;
	for (unsigned c = 0; c < eng.ncpu; c++) {
		eng.cpu[c].cur.at[loc->id] = eng.cpu[c].acq.at[loc->id] = 1;
		tlb.entry[c][i].floor = !tlb.entry[c][i].stale;
	}
}

void
tlb_reset(void)
{
	tlb = at_start;
	memset(reused, 0, sizeof(reused));
	for (unsigned i = 0; i < npages; i++)
		if (changed[i])
			precede(i);
}

static unsigned
index_of(const struct explore_page *page)
{
	for (unsigned i = 0; i < npages; i++)
		if (pages[i] == page)
			return i;
	cpu_fail("a page without explore_page_init()");
}

void
explore_page_init(struct explore_page *page, struct xcpu_space *space,
    uint64_t va, unsigned frame)
{
	if (npages == PAGES)
		cpu_fail("more than %d pages", PAGES);
	pages[npages++] = page;
	page->space = space;
	page->va = va;
	/* rlx: setup */
	xcpu_store_rlx(&page->entry, frame + 1);
}

/* In setup(): every walker may have the value that goes. */
static void
keep_earlier(unsigned i)
{
	if (changed[i])
		cpu_fail("setup() changes a page twice: once is modelled");
	changed[i] = true;
	earlier[i].value = pages[i]->entry.v_;
	earlier[i].empty = true;
	for (unsigned c = 0; c < CPUS; c++)
		tlb.entry[c][i].stale = true;
}

void
explore_page_set(struct explore_page *page, int frame)
{
	if (!eng.exploring)
		keep_earlier(index_of(page));
	if (frame >= 0)
		reused[frame] = false;
	/* rlx: the shootdown orders it */
	xcpu_store_rlx(&page->entry, (uint64_t)(frame + 1));
}

/* The walker catches up with its CPU. */
static void
forget(unsigned i)
{
	struct entry *entry = &tlb.entry[eng.me->index][i];
	const struct word *word = shadow_word(&pages[i]->entry);

	entry->valid = entry->stale = false;
	if (eng.exploring && word->kind == WORD_SHARED)
		entry->floor = (uint8_t)oldest(eng.me, shadow_loc(word));
}

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	bool full = (request->flags & XCPU_FLUSH_FULL) != 0;

	for (unsigned i = 0; i < npages; i++)
		if (pages[i]->space == request->space && (full ||
		    pages[i]->va - request->start < request->len))
			forget(i);
	if (unlikely(eng.tracing))
		trace_text("TLB flush%s", full ? ", full" : "");
}

void
xcpu_port_root_load(struct xcpu_space *space)
{
	for (unsigned i = 0; i < npages; i++)
		if (pages[i]->space == space)
			forget(i);
	tlb.loaded[eng.me->index] = space;
	if (unlikely(eng.tracing))
		trace_text("root %s", space == NULL ? "none" : names_of(space));
}

/* A page without an entry: the walker reads one. */
static void
fill(struct explore_page *page, struct entry *entry)
{
	struct word *word = shadow_word(&page->entry);
	struct op op = { .kind = OP_TRANSLATE, .floor = &entry->floor };
	unsigned ts;

	entry->value = page->entry.v_;
	entry->valid = entry->value != 0;
	if (shadow_touch(word, &page->entry, 8) != WORD_SHARED)
		return;
	op.loc = shadow_loc(word);
	ts = cpu_point(&op).ts;
	entry->floor = (uint8_t)ts;
	entry->value = op.loc->message[ts]->value;
	entry->valid = entry->value != 0;
	if (unlikely(eng.tracing))
		trace_access(&op, &(struct step){ .ts = (uint8_t)ts },
		    entry->value, entry->value);
}

static int
translate(struct explore_page *page)
{
	unsigned me = eng.me->index;
	struct entry *entry = &tlb.entry[me][index_of(page)];
	int frame;

	if (!page->space->kernel && tlb.loaded[me] != page->space)
		cpu_fail("CPU %u uses a page of a space that is not loaded: "
		    "the program is wrong", me);
	/* The access is one step, and an interrupt before it may flush. */
	if (entry->valid)
		cpu_own_point(NULL);
	if (!entry->valid)
		fill(page, entry);
	frame = (int)entry->value - 1;
	/* Ordered or not: an access that is no race can be too late, too. */
	if (frame >= 0 && reused[frame])
		cpu_fail("CPU %u uses %s through an old translation of %s: the "
		    "frame is somebody else's", me,
		    names_of(&explore_frame[frame]), names_of(page));
	return frame;
}

int
explore_access(struct explore_page *page)
{
	int frame = translate(page);

	if (frame >= 0)
		(void)explore_read_at(&explore_frame[frame], "(access)", 0);
	return frame;
}

int
explore_access_write(struct explore_page *page, uint64_t value)
{
	int frame = translate(page);

	if (frame >= 0)
		explore_write_at(&explore_frame[frame], value, "(access)", 0);
	return frame;
}

int
explore_translate(struct explore_page *page)
{
	/* Only while the root is loaded does the walker go there at all. */
	if (!page->space->kernel && tlb.loaded[eng.me->index] != page->space)
		return -1;
	return explore_access(page);
}

void
explore_frame_reuse(unsigned frame, uint64_t value)
{
	explore_write_at(&explore_frame[frame], value, "(reuse)", 0);
	reused[frame] = true;
}
