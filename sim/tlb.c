/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb.c: what each CPU has cached of the page tables.
 *
 * A CPU caches translations and pointers to tables.  It fills both when it
 * misses, and by itself (tlb_walk.c), and nothing leaves but by a flush, by a root
 * load unless roots are tagged (tlb_hooks.c), or to make room.
 */
#include "oracle.h"
#include "tlb.h"


static unsigned
victim(struct tlb *tlb, unsigned n)
{
	return tlb->victim++ % n;
}

/* ---- entries ---- */

/* Under which tag this CPU looks a space up: its own, if that is loaded. */
struct tlb_key
tlb_key_of(const struct tlb *tlb, const struct sim_space *space)
{
	bool kernel = space == sim_space_kernel();

	return (struct tlb_key){
		kernel, kernel ? asid_kernel_tag(tlb->tag) : tlb->tag,
	};
}

static bool
belongs(const struct sim_space *space, unsigned tag, struct tlb_key key)
{
	return space != NULL && tag == key.tag &&
	    (space == sim_space_kernel()) == key.kernel;
}

struct tlb_entry *
tlb_entry_find(struct tlb *tlb, struct tlb_key key, unsigned page)
{
	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (belongs(tlb->entry[i].space, tlb->entry[i].tag, key) &&
		    tlb->entry[i].page == page)
			return &tlb->entry[i];
	return NULL;
}

void
tlb_entry_fill(struct tlb *tlb, struct tlb_entry *entry, struct tlb_key key)
{
	struct tlb_entry *to = tlb_entry_find(tlb, key, entry->page);

	for (unsigned i = 0; i < TLB_ENTRIES && to == NULL; i++)
		if (tlb->entry[i].space == NULL)
			to = &tlb->entry[i];
	if (to == NULL)
		to = &tlb->entry[victim(tlb, TLB_ENTRIES)];
	entry->tag = key.tag;
	*to = *entry;
}

void
tlb_entry_drop(struct tlb *tlb, struct tlb_key key, unsigned page)
{
	struct tlb_entry *entry = tlb_entry_find(tlb, key, page);

	if (entry != NULL)
		entry->space = NULL;
}

/* A flush removes it. */
static void
entry_flush(struct tlb_entry *entry)
{
	if (entry->walked) {
		sim_oracle.flushed++;
		sim_oracle.outdated += mmu_outdated(entry);
	}
	entry->space = NULL;
}

void
tlb_page_flush(struct tlb *tlb, struct tlb_key key, unsigned page)
{
	struct tlb_entry *entry = tlb_entry_find(tlb, key, page);

	if (entry != NULL)
		entry_flush(entry);
}

/* ---- pointers to tables ---- */

bool
tlb_table_find(const struct tlb *tlb, struct tlb_key key, unsigned page,
    struct tlb_table *found)
{
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (belongs(tlb->table[i].space, tlb->table[i].tag, key) &&
		    tlb->table[i].table == page / SIM_TABLE_PAGES) {
			*found = tlb->table[i];
			return true;
		}
	return false;
}

void
tlb_table_fill(struct tlb *tlb, struct tlb_table *table, struct tlb_key key)
{
	table->tag = key.tag;
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (tlb->table[i].space == NULL) {
			tlb->table[i] = *table;
			return;
		}
	tlb->table[victim(tlb, TLB_TABLES)] = *table;
}

/* ---- dropping ---- */

void
tlb_drop_tables(struct tlb *tlb, struct tlb_key key,
    const struct xcpu_flush *request, unsigned first, unsigned npages)
{
	if ((request->flags & XCPU_FLUSH_TABLES) == 0 ||
	    sim.config->bug == SIM_BUG_FLUSH_LEAF)
		return;
	for (unsigned i = 0; i < TLB_TABLES; i++) {
		struct tlb_table *table = &tlb->table[i];
		unsigned page = table->table * SIM_TABLE_PAGES;

		if (belongs(table->space, table->tag, key) &&
		    page < first + npages && page + SIM_TABLE_PAGES > first)
			table->space = NULL;
	}
}

void
tlb_drop_entries(struct tlb *tlb, struct tlb_key key)
{
	bool spare = sim.config->bug == SIM_BUG_FLUSH_LOCAL && key.kernel;

	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (belongs(tlb->entry[i].space, tlb->entry[i].tag, key) &&
		    !spare)
			entry_flush(&tlb->entry[i]);
}

/* Everything under a tag, as a root is loaded with it. */
void
tlb_drop_tag(struct sim_cpu *cpu, struct tlb_key key)
{
	static const struct xcpu_flush all = {
		.flags = XCPU_FLUSH_FULL | XCPU_FLUSH_TABLES,
	};

	tlb_drop_tables(&cpu->tlb, key, &all, 0, SIM_PAGES);
	tlb_drop_entries(&cpu->tlb, key);
	/* Kernel entries that are not global are under it, too. */
	if (!key.kernel && asid_kernel_tag(key.tag) == key.tag)
		tlb_drop_tag(cpu, (struct tlb_key){ true, key.tag });
}

void
tlb_drop_everything(struct sim_cpu *cpu, bool global)
{
	struct tlb *tlb = &cpu->tlb;

	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (global || tlb->entry[i].space != sim_space_kernel() ||
		    tlb->entry[i].tag != 0)
			tlb->entry[i].space = NULL;
	for (unsigned i = 0; i < TLB_TABLES; i++)
		if (global || tlb->table[i].space != sim_space_kernel() ||
		    tlb->table[i].tag != 0)
			tlb->table[i].space = NULL;
}

void
tlb_range_of(const struct xcpu_flush *request, unsigned *first,
    unsigned *npages)
{
	const struct sim_space *space = mmu_of(request->space);
	bool all = (request->flags & XCPU_FLUSH_FULL) != 0;

	*first = all ? 0 : mmu_page(space, request->start);
	*npages = (unsigned)(request->len >> 12);
	if (*npages > SIM_PAGES || all)
		*npages = SIM_PAGES;
}

void
tlb_drop(struct sim_cpu *cpu, struct tlb_key key,
    const struct xcpu_flush *request)
{
	unsigned first, npages;

	tlb_range_of(request, &first, &npages);
	tlb_drop_tables(&cpu->tlb, key, request, first, npages);
	for (unsigned i = 0; i < npages; i++)
		tlb_page_flush(&cpu->tlb, key, first + i);
}
