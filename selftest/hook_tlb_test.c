/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hook_tlb_test.c: the hooks of level 3, each by itself; see hook_test.c.
 *
 * First on this CPU, where nothing but the hook makes a page read as it should;
 * then on another, where it runs in an interrupt.
 */
#include "suite.h"

#define FEW_PAGES	4	/* a range: far less than the ceiling */
#define ROUNDS		64

/* As the calling CPU reads it; 0: refused. */
static uint64_t
word_at(const struct selftest *t, uint64_t va)
{
	uint64_t value = 0;

	return t->host->tlb->read(va, &value) ? value : 0;
}

static uint64_t
word_on(struct selftest *t, unsigned page)
{
	return word_at(t, selftest_page(t, page));
}

static void
put(struct selftest *t, unsigned space, unsigned page, uint64_t value)
{
	selftest_map(t, t->host->tlb->space[space], selftest_page(t, page),
	    value);
}

/* Kills: a root that is not loaded; one that leaves the old one's behind. */
static void
hook_root_load(struct selftest *t)
{
	struct xcpu_space *const *space = t->host->tlb->space;

	put(t, 0, 0, 10);
	put(t, 1, 0, 20);
	EXPECT_EQ(t, xcpu_space_switch(space[0]), 0);
	HOOK(t, "xcpu_port_root_load", "the space given is translated by from "
	    "here on, by the tables that map() changes", word_on(t, 0) == 10);
	EXPECT_EQ(t, xcpu_space_switch(space[1]), 0);
	HOOK(t, "xcpu_port_root_load", "nothing of the space before is left in "
	    "the TLB", word_on(t, 0) == 20);
	put(t, 0, 0, 11);
	EXPECT_EQ(t, xcpu_shootdown_all(space[0], NULL), 0);
	EXPECT_EQ(t, xcpu_space_switch(space[0]), 0);
	HOOK(t, "xcpu_port_root_load", "what was cached of a space that comes "
	    "back is forgotten", word_on(t, 0) == 11);
	EXPECT_EQ(t, xcpu_space_switch(NULL), 0);
	HOOK(t, "xcpu_port_root_load", "NULL: the kernel's own tables alone",
	    word_on(t, 0) == 0);
}

/* Kills: a root that is taken for loaded, because another CPU has it loaded. */
static void
hook_root_there(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];

	put(t, 0, 0, 30);
	EXPECT_EQ(t, xcpu_space_switch(space), 0);
	selftest_load(t, &t->others, space);
	selftest_look(t, &t->others, selftest_page(t, 0));
	for_each_cpu (cpu, &t->others) {
		t->cpu = cpu;
		HOOK(t, "xcpu_port_root_load", "it loads the root of the CPU "
		    "that calls it, whatever others have loaded",
		    selftest_saw(cpu) == 30);
	}
	selftest_load(t, &t->others, NULL);
	EXPECT_EQ(t, xcpu_space_switch(NULL), 0);
}

/* The pages of a range read one value; then each gets another. */
static void
change(struct selftest *t, unsigned first, uint64_t value)
{
	for (unsigned i = first; i < first + FEW_PAGES; i++) {
		put(t, 0, i, value);
		(void)xcpu_flush_self(t->host->tlb->space[0],
		    selftest_page(t, i), selftest_page_bytes(t), NULL);
		(void)word_on(t, i);
		put(t, 0, i, value + 1);
	}
}

/* Kills: one page of many; strides of another size; a FULL that is a range. */
static void
hook_flush(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t bytes = selftest_page_bytes(t);
	struct xcpu_flush_opt wide = {
		.stride_shift = t->host->tlb->page_shift + 1,
	};

	EXPECT_EQ(t, xcpu_space_switch(space), 0);
	change(t, 0, 1);
	EXPECT_EQ(t, xcpu_flush_self(space, selftest_page(t, 0),
	    FEW_PAGES * bytes, NULL), 0);
	HOOK(t, "xcpu_port_tlb_flush", "it forgets the page at start",
	    word_on(t, 0) == 2);
	HOOK(t, "xcpu_port_tlb_flush", "it forgets [start, start + len), not "
	    "the first page only", word_on(t, 1) == 2);
	HOOK(t, "xcpu_port_tlb_flush", "the last page of the range, too",
	    word_on(t, FEW_PAGES - 1) == 2);
	change(t, 0, 3);
	EXPECT_EQ(t, xcpu_flush_self(space, selftest_page(t, 0),
	    FEW_PAGES * bytes, &wide), 0);
	HOOK(t, "xcpu_port_tlb_flush", "pages are as large as stride_shift "
	    "says", word_on(t, 0) == 4 && word_on(t, 2) == 4);
	change(t, FEW_PAGES, 5);
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	HOOK(t, "xcpu_port_tlb_flush", "XCPU_FLUSH_FULL: the whole space, "
	    "whatever start and len are", word_on(t, FEW_PAGES) == 6 &&
	    word_on(t, 2 * FEW_PAGES - 1) == 6);
	EXPECT_EQ(t, xcpu_space_switch(NULL), 0);
}

/* Kills: global entries that survive. */
static void
hook_flush_kernel(struct selftest *t)
{
	struct xcpu_space *kernel = xcpu_space_kernel();
	uint64_t va = selftest_kernel_page(t, 0), bytes = selftest_page_bytes(t);

	selftest_map(t, kernel, va, 1);
	EXPECT_EQ(t, xcpu_flush_self(kernel, va, bytes, NULL), 0);
	(void)word_at(t, va);
	selftest_map(t, kernel, va, 2);
	EXPECT_EQ(t, xcpu_flush_self(kernel, va, bytes, NULL), 0);
	HOOK(t, "xcpu_port_tlb_flush", "a range of the kernel's space, global "
	    "entries too", word_at(t, va) == 2);
	selftest_map(t, kernel, va, 3);
	EXPECT_EQ(t, xcpu_shootdown_all(kernel, NULL), 0);
	HOOK(t, "xcpu_port_tlb_flush", "XCPU_FLUSH_FULL of the kernel's space: "
	    "global entries too", word_at(t, va) == 3);
}

/* ---- another CPU ---- */

#if XCPU_PORT_LEVEL >= 3 && XCPU_PORT_REMOTE
/* Kills: a broadcast that stays here, and says that it went round. */
static void
hook_remote(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	struct xcpu_flush request = {
		.space = space,
		.start = selftest_page(t, 1),
		.len = selftest_page_bytes(t),
		.stride_shift = t->host->tlb->page_shift,
	};
	struct xcpu_cpuset other, todo;
	unsigned long state;

	xcpu_cpuset_one(&other, t->other);
	todo = other;
	put(t, 0, 1, 1);
	selftest_load(t, &other, space);
	selftest_reads(t, &other, request.start, 1);
	put(t, 0, 1, 2);
	xcpu_port_pte_publish();
	state = xcpu_port_irq_save();
	xcpu_port_tlb_remote(&request, &todo);
	xcpu_port_irq_restore(state);
	if (!xcpu_cpuset_has(&todo, t->other)) {
		selftest_look(t, &other, request.start);
		HOOK(t, "xcpu_port_tlb_remote", "a CPU that it takes out of "
		    "*todo has forgotten, there", selftest_saw(t->other) == 2);
	}
	selftest_load(t, &other, NULL);
}
#else
static void
hook_remote(struct selftest *t)
{
	t->skip = "built without XCPU_PORT_REMOTE";
}
#endif

/* Kills: a flush that always forgets on the same CPU. */
static void
hook_flush_there(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, 2), bytes = selftest_page_bytes(t);

	put(t, 0, 2, 1);
	selftest_load(t, &t->others, space);
	selftest_reads(t, &t->others, va, 1);
	put(t, 0, 2, 2);
	EXPECT_EQ(t, xcpu_shootdown(space, va, bytes, NULL), 0);
	selftest_look(t, &t->others, va);
	for_each_cpu (cpu, &t->others) {
		t->cpu = cpu;
		HOOK(t, "xcpu_port_tlb_flush", "it forgets on the CPU that "
		    "calls it, in an interrupt, too", selftest_saw(cpu) == 2);
	}
	selftest_load(t, &t->others, NULL);
}

static struct {
	uint64_t va;
	struct xcpu_au32 reading, over;
	uint64_t last;			/* plain: read after the join */
	const struct selftest *t;
} reader;

/* Walks the tables again as soon as it was made to forget. */
static void
read_on(void *arg)
{
	(void)arg;
	/* ends: the suite has shot down */
	while (count_of(&reader.over) == 0) {
		(void)word_at(reader.t, reader.va);
		count_up(&reader.reading);
	}
	reader.last = word_at(reader.t, reader.va);
}

/* Kills: entries that are not out before others are told to forget. */
static void
hook_publish(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t bytes = selftest_page_bytes(t);
	struct xcpu_cpuset other;

	reader.t = t;
	reader.va = selftest_page(t, 3);
	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	for (uint64_t value = 1; value <= ROUNDS && t->failures == 0; value++) {
		put(t, 0, 3, value);
		EXPECT_EQ(t, xcpu_shootdown(space, reader.va, bytes, NULL), 0);
		xcpu_store_rlx(&reader.reading, 0);
		xcpu_store_rlx(&reader.over, 0);
		if (!selftest_thread(t, t->other, read_on, NULL))
			break;
		EXPECT(t, AWAIT(count_of(&reader.reading) != 0));
		put(t, 0, 3, value + 1);
		EXPECT_EQ(t, xcpu_shootdown(space, reader.va, bytes, NULL), 0);
		flag_set(&reader.over);
		selftest_join(t, t->other);
		HOOK(t, "xcpu_port_pte_publish", "stores to page tables made "
		    "before it are seen by walks of any CPU after it",
		    reader.last == value + 1);
	}
	selftest_load(t, &other, NULL);
}

static const struct selftest_case cases[] = {
	{ "hook_root_load", "F-P6", "xcpu_port_root_load", hook_root_load, 3, 1,
	    NEED_TLB },
	{ "hook_root_there", "F-P6", "xcpu_port_root_load", hook_root_there, 3,
	    2, NEED_TLB | NEED_THREAD },
	{ "hook_flush", "F-P6", "xcpu_port_tlb_flush", hook_flush, 3, 1,
	    NEED_TLB },
	{ "hook_flush_kernel", "F-P6", "xcpu_port_tlb_flush",
	    hook_flush_kernel, 3, 1, NEED_KERNEL_PAGES },
	{ "hook_remote", "F-P6", "xcpu_port_tlb_remote", hook_remote, 3, 2,
	    NEED_TLB | NEED_THREAD },
	{ "hook_flush_there", "F-P6", "xcpu_port_tlb_flush", hook_flush_there,
	    3, 2, NEED_TLB | NEED_THREAD },
	{ "hook_publish", "F-P6", "xcpu_port_pte_publish", hook_publish, 3, 2,
	    NEED_TLB | NEED_THREAD },
};

SELFTEST_GROUP(selftest_hook_tlb, cases);
