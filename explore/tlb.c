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

struct tlb {
	const struct xcpu_space *loaded[CPUS];
	unsigned tag[CPUS];
	struct entry entry[CPUS][PAGES];
};

struct explore_word EXPLORE_DATA explore_frame[EXPLORE_FRAMES];

struct explore_page *tlb_page[PAGES];
unsigned tlb_npages;
static bool changed[PAGES];	/* by setup(), after the first value */
static struct message earlier[PAGES];
static struct tlb tlb;
static struct tlb at_start;
static bool reused[EXPLORE_FRAMES];	/* no page may lead there any more */

void
tlb_begin(void)
{
	remote_begin();
	tlb_npages = 0;
	memset(changed, 0, sizeof(changed));
	memset(&tlb, 0, sizeof(tlb));
	memset(&at_start, 0, sizeof(at_start));
}

void
tlb_save(void)
{
	at_start = tlb;
	for (unsigned i = 0; i < tlb_npages; i++)
		if (changed[i])
			shadow_share(shadow_offset(&tlb_page[i]->entry),
			    sizeof(tlb_page[i]->entry));
}

static void
precede(unsigned i)
{
	struct loc *loc = shadow_loc(shadow_word(&tlb_page[i]->entry));

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
	remote_reset();
	tlb = at_start;
	memset(reused, 0, sizeof(reused));
	for (unsigned i = 0; i < tlb_npages; i++)
		if (changed[i])
			precede(i);
}

static unsigned
index_of(const struct explore_page *page)
{
	for (unsigned i = 0; i < tlb_npages; i++)
		if (tlb_page[i] == page)
			return i;
	cpu_fail("a page without explore_page_init()");
}

void
explore_page_init(struct explore_page *page, struct xcpu_space *space,
    uint64_t va, unsigned frame)
{
	if (tlb_npages == PAGES)
		cpu_fail("more than %d pages", PAGES);
	tlb_page[tlb_npages++] = page;
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
	earlier[i].value = tlb_page[i]->entry.v_;
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

/* ---- forgetting ---- */

struct entry *
tlb_entry(unsigned cpu, unsigned i)
{
	return &tlb.entry[cpu][i];
}

void
tlb_forget(unsigned cpu, unsigned i, const struct cpu *with)
{
	struct entry *entry = &tlb.entry[cpu][i];
	const struct word *word = shadow_word(&tlb_page[i]->entry);
	unsigned floor;

	entry->valid = entry->stale = false;
	if (!eng.exploring || word->kind != WORD_SHARED)
		return;
	floor = oldest(with, shadow_loc(word));
	entry->floor = (uint8_t)(floor > entry->least ? floor : entry->least);
}

static void
forget(unsigned i)
{
	tlb_forget(eng.me->index, i, eng.me);
}

/* Walks that begin from now on read nothing older than this CPU would. */
void
tlb_publish(unsigned cpu, unsigned i)
{
	const struct word *word = shadow_word(&tlb_page[i]->entry);
	struct entry *entry = &tlb.entry[cpu][i];
	unsigned least;

	if (!eng.exploring || word->kind != WORD_SHARED)
		return;
	least = oldest(eng.me, shadow_loc(word));
	if (entry->least < least)
		entry->least = (uint8_t)least;
}

bool
tlb_in_range(const struct xcpu_flush *request, uint64_t va)
{
	return (request->flags & XCPU_FLUSH_FULL) != 0 ||
	    va - request->start < request->len;
}

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	bool tagged = eng.program->on_flush != NULL && !request->space->kernel;
	struct xcpu_asid_flush what = { .asid = 0 };

	if (tagged && !eng.program->on_flush(request, &what))
		return;
	remote_point();
	for (unsigned i = 0; i < tlb_npages; i++)
		if (tlb_in_range(request, tlb_page[i]->va) && (tagged ?
		    tlb_entry(eng.me->index, i)->tag == what.asid :
		    tlb_page[i]->space == request->space))
			forget(i);
	if (unlikely(eng.tracing))
		trace_text("TLB flush%s", request->flags & XCPU_FLUSH_FULL ?
		    ", full" : "");
}

void
explore_forget_all(void)
{
	for (unsigned i = 0; i < tlb_npages; i++)
		forget(i);
	if (unlikely(eng.tracing))
		trace_text("TLB forgets all");
}

/*
 * Pages of the space that is loaded next are under its tag; those of others stay
 * under theirs, until it is flushed.  Everything is flushed while the old root is
 * still loaded: that its walker can undo.
 */
static void
load_tagged(const struct xcpu_space *space, const struct xcpu_asid_load *load)
{
	unsigned me = eng.me->index;

	for (unsigned i = 0; i < tlb_npages; i++) {
		struct entry *entry = tlb_entry(me, i);
		bool next = tlb_page[i]->space == space;

		if (load->flush_all || (load->flush && entry->tag == load->asid)) {
			forget(i);
			if (tlb_page[i]->space != tlb.loaded[me])
				entry->tag = 0;
		}
		if (next && entry->tag != load->asid)
			forget(i);
		if (next)
			entry->tag = load->asid;
	}
	tlb.tag[me] = load->asid;
}

void
xcpu_port_root_load(struct xcpu_space *space)
{
	struct xcpu_asid_load load = { .asid = 0 };

	/* An interrupt before it finds the old root. */
	cpu_own_point(NULL);
	if (eng.program->on_root != NULL)
		eng.program->on_root(space, &load);
	remote_point();
	if (eng.program->on_root != NULL)
		load_tagged(space, &load);
	else
		for (unsigned i = 0; i < tlb_npages; i++)
			if (tlb_page[i]->space == space)
				forget(i);
	tlb.loaded[eng.me->index] = space;
	if (unlikely(eng.tracing))
		trace_text("root %s, tag %u%s", space == NULL ? "none" :
		    names_of(space), load.asid, load.flush_all ? ", flush all" :
		    load.flush ? ", flush" : "");
}

/* ---- accesses ---- */

/* Under the loaded tag there must be nothing of anybody else. */
static void
check_foreign(const struct explore_page *page)
{
	unsigned me = eng.me->index;

	for (unsigned i = 0; i < tlb_npages; i++)
		if (tlb.tag[me] != 0 && tlb_page[i]->space != page->space &&
		    tlb_page[i]->va == page->va &&
		    tlb_entry(me, i)->tag == tlb.tag[me])
			cpu_fail("CPU %u may use a foreign translation: what it "
			    "has under tag %u is of %s", me, tlb.tag[me],
			    names_of(tlb_page[i]));
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
	unsigned seen;
	bool cached;
	int frame;

	if (!page->space->kernel && tlb.loaded[me] != page->space)
		cpu_fail("CPU %u uses a page of a space that is not loaded: "
		    "the program is wrong", me);
	check_foreign(page);
	/* The access is one step, and an interrupt before it may flush. */
	if (entry->valid)
		cpu_own_point(NULL);
	do {
		seen = remote_count(me);
		if (!entry->valid)
			fill(page, entry);
		cached = entry->valid;
		remote_point();
		/* ends: flushes, by interrupts or from others, are few */
	} while (seen != remote_count(me) || cached != entry->valid);
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
