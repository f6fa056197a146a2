/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early_test.c: shootdowns that end with the claim.
 *
 * That the end comes before the flush is nothing that a test on real CPUs can
 * hold still; but who was early asked for a round of the domain, and who waited
 * for the flush did so by a slot.
 */
#include "suite.h"

#define ROUNDS 20

static struct {
	struct xcpu_au32 stop, reading, stale;
	struct xcpu_au64 newest;
	const struct selftest *t;
} seen;

static uint64_t
rounds_taken(void)
{
	/* rlx: nobody else shoots down */
	return xcpu_load_rlx(&xcpu_port_self()->domain->flush_round);
}

static int
shoot(struct selftest *t, struct xcpu_space *space, unsigned page, unsigned flags)
{
	struct xcpu_flush_opt opt = { .flags = flags };

	return xcpu_shootdown_early(space, selftest_page(t, page),
	    selftest_page_bytes(t), &opt);
}

/* Kills: an end before the other CPU's next access; one that leaves us out. */
static void
early_ends(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t before;

	selftest_load(t, &t->all, space);
	selftest_below_top(t, space);
	before = rounds_taken();
	for (uint64_t value = 1; value <= ROUNDS; value++) {
		selftest_map(t, space, selftest_page(t, 2), value);
		EXPECT_EQ(t, shoot(t, space, 2, 0), 0);
		selftest_reads(t, &t->all, selftest_page(t, 2), value);
	}
	EXPECT(t, t->ncpu == 1 || XCPU_PORT_EARLY == 0 ||
	    rounds_taken() - before >= ROUNDS);
	selftest_load(t, &t->all, NULL);
}

static bool
read_and_look(void)
{
	/* [selftest] acquire: whose shootdown is over. */
	uint64_t least = xcpu_load_acq(&seen.newest), value = 0;

	if (!seen.t->host->tlb->read(selftest_page(seen.t, 4), &value) ||
	    value < least)
		count_up(&seen.stale);
	return count_of(&seen.stop) != 0;
}

/* What it reads is as new as the last shootdown that it knows to be over. */
static void
read_on(void *space)
{
	(void)xcpu_space_switch(space);
	flag_set(&seen.reading);
	(void)AWAIT(read_and_look());
	(void)xcpu_space_switch(NULL);
}

/* Kills: a claim that leaves the flush for later, while the user runs on. */
static void
early_under_use(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];

	seen.t = t;
	xcpu_store_rlx(&seen.stop, 0);
	xcpu_store_rlx(&seen.reading, 0);
	xcpu_store_rlx(&seen.stale, 0);
	xcpu_store_rlx(&seen.newest, 1);
	selftest_map(t, space, selftest_page(t, 4), 1);
	EXPECT_EQ(t, shoot(t, space, 4, 0), 0);
	if (!selftest_thread(t, t->other, read_on, space))
		return;
	EXPECT(t, AWAIT(count_of(&seen.reading) != 0));
	for (uint64_t value = 2; value <= 10 * ROUNDS; value++) {
		selftest_map(t, space, selftest_page(t, 4), value);
		EXPECT_EQ(t, shoot(t, space, 4, 0), 0);
		xcpu_store_rel(&seen.newest, value);
	}
	flag_set(&seen.stop);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.stale), 0);
}

/* Kills: tables, or what is the kernel's, that are early. */
static void
early_not_for_all(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	struct xcpu_flush_opt tables = { .flags = XCPU_FLUSH_TABLES };
	uint64_t before, kernel = selftest_kernel_page(t, 1);

	selftest_load(t, &t->all, space);
	selftest_below_top(t, space);
	selftest_below_top(t, xcpu_space_kernel());
	before = rounds_taken();
	EXPECT_EQ(t, xcpu_shootdown_early(space, selftest_page(t, 1),
	    selftest_page_bytes(t), &tables), 0);
	selftest_map(t, xcpu_space_kernel(), kernel, 9);
	EXPECT_EQ(t, xcpu_shootdown_early(xcpu_space_kernel(), kernel,
	    selftest_page_bytes(t), NULL), 0);
	EXPECT_EQ(t, rounds_taken() - before, 0);
	selftest_reads(t, &t->all, kernel, 9);
	selftest_load(t, &t->all, NULL);
}

/* Kills: a range or flags that are taken as they come. */
static void
early_misuse(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];

	EXPECT_EQ(t, xcpu_shootdown_early(NULL, 0, 4096, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_shootdown_early(space, 1, 4096, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, shoot(t, space, 0, XCPU_FLUSH_FULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_shootdown_early(space, 0, 0, NULL), 0);
}

static const struct selftest_case cases[] = {
	{ "early_ends", ID_EARLY " INV-S1", "xcpu_port_tlb_flush",
	    early_ends, 3, 1, NEED_TLB | NEED_THREAD },
	{ "early_under_use", ID_EARLY " INV-S1 INV-S10", "xcpu_port_tlb_flush",
	    early_under_use, 3, 2, NEED_TLB | NEED_THREAD },
	{ "early_not_for_all", ID_EARLY " F-B5", "xcpu_port_tlb_flush",
	    early_not_for_all, 3, 2, NEED_TLB | NEED_THREAD |
	    NEED_KERNEL_PAGES },
	{ "early_misuse", "F-B26", "xcpu_port_tlb_flush",
	    early_misuse, 3, 1, NEED_TLB },
};

SELFTEST_GROUP(selftest_early, cases);
