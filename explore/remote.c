/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.c: flushes that reach the TLBs of others, without their help.
 *
 * A broadcast reaches one CPU after the other.  Each time it comes before or
 * after whatever that CPU's TLB does: so both mark a word that stands for the
 * TLB, and the search sees that their order matters.  The mark itself orders no
 * memory.  What a broadcast waits for are the target's accesses so far, and what
 * it brings is the initiator's view of the page tables.
 */
#include "engine.h"

#include <string.h>

static struct xcpu_au64 EXPLORE_DATA bus[CPUS];
static unsigned came[CPUS];

void
remote_begin(void)
{
	memset(came, 0, sizeof(came));
	names_add(bus, sizeof(bus), "tlb");
}

void
remote_reset(void)
{
	memset(came, 0, sizeof(came));
}

unsigned
remote_count(unsigned cpu)
{
	return came[cpu];
}

static void
mark(unsigned cpu)
{
	struct word *word = shadow_word(&bus[cpu]);
	struct op op = { .kind = OP_RMW };

	if (eng.program->on_remote == NULL || !eng.exploring ||
	    shadow_touch(word, &bus[cpu], 8) != WORD_SHARED)
		return;
	op.loc = shadow_loc(word);
	(void)cpu_point(&op);
	model_mark(eng.me, op.loc);
}

void
remote_point(void)
{
	mark(eng.me->index);
}

void
explore_broadcast(unsigned tag, const struct xcpu_flush *request)
{
	for (unsigned cpu = 0; cpu < eng.ncpu; cpu++) {
		mark(cpu);
		came[cpu]++;
		for (unsigned i = 0; i < tlb_npages; i++) {
			tlb_publish(cpu, i);
			if (tlb_entry(cpu, i)->tag == tag &&
			    tlb_in_range(request, tlb_page[i]->va))
				tlb_forget(cpu, i, eng.me);
		}
		if (eng.exploring && cpu != eng.me->index)
			model_await(eng.me, &eng.cpu[cpu]);
	}
	if (unlikely(eng.tracing))
		trace_text("broadcast of tag %u", tag);
}

void
xcpu_port_tlb_remote(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	if (eng.program->on_remote != NULL)
		eng.program->on_remote(request, todo);
}
