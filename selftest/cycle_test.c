/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cycle_test.c: CPUs that wait for each other in a ring are named, and others
 * are not.
 *
 * The lock is none: whoever spins for it says who has it, and a report lets
 * everybody go on.  Each of these takes XCPU_STALL_NS or more.
 */
#include "suite.h"

/* One CPU that spins for a lock until it is released. */
struct spinner {
	unsigned holder;
	struct xcpu_au32 inside, released;
};

static struct {
	struct spinner spinner[2];
	struct selftest_hold hold;
	struct xcpu_cycle found[2];	/* by the first two reports */
	struct xcpu_au32 reports;
	enum xcpu_wait_kind waits;	/* of the first CPU, as reported */
	unsigned waits_for;
	bool third;			/* a third CPU joins after the first report */
	unsigned lines;
} seen;

static void
spin(void *arg)
{
	struct spinner *spinner = arg;
	struct xcpu_lock_wait wait = { 0 };
	struct selftest_patience patience = { 0, SELFTEST_PATIENCE_NS, 0 };

	flag_set(&spinner->inside);
	/* ends: released, or patience ends */
	while (count_of(&spinner->released) == 0 && selftest_patient(&patience))
		xcpu_on_lock_wait(&wait, spinner->holder);
	xcpu_on_lock_wait_over(&wait);
}

static void
spin_masked(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	spin(arg);
	xcpu_port_irq_restore(state);
}

static void
count_line(void *to, const char *text)
{
	unsigned *lines = to;

	*lines += text[0] == 'c' && text[1] == 'y';
}

static void
release_all(void)
{
	for (unsigned i = 0; i < 2; i++)
		flag_set(&seen.spinner[i].released);
	flag_set(&seen.hold.released);
}

static enum xcpu_stall_policy
judge(const struct xcpu_stall *report, void *arg)
{
	struct selftest *t = arg;
	uint32_t n = count_of(&seen.reports);

	if (n < 2)
		(void)xcpu_stall_cycle(report, &seen.found[n]);
	if (n == 0) {
		seen.waits = report->first.waits;
		seen.waits_for = report->first.waits_for;
		xcpu_dump_cycle(t->host->domain, count_line, &seen.lines);
	}
	count_up(&seen.reports);
	if (seen.third && n == 0)
		selftest_thread(t, (t->other + 1) % t->ncpu, spin_masked,
		    &seen.spinner[1]);
	else
		release_all();
	return XCPU_STALL_CONTINUE;
}

static void
begin(struct selftest *t, bool third)
{
	for (unsigned i = 0; i < 2; i++) {
		xcpu_store_rlx(&seen.spinner[i].inside, 0);
		xcpu_store_rlx(&seen.spinner[i].released, 0);
		seen.spinner[i].holder = t->self;
		seen.found[i].n = 99;
	}
	xcpu_store_rlx(&seen.reports, 0);
	seen.third = third;
	seen.lines = 0;
	t->host->stall(judge, t);
}

static void
end(struct selftest *t)
{
	release_all();
	t->host->stall(NULL, NULL);
}

static void
expect_member(struct selftest *t, const struct xcpu_cycle *cycle, unsigned i,
    unsigned cpu, enum xcpu_wait_kind kind)
{
	EXPECT(t, cycle->n > i);
	EXPECT_EQ(t, cycle->wait[i].cpu, cpu);
	EXPECT_EQ(t, cycle->wait[i].kind, kind);
}

/*
 * The holder of a lock calls a CPU whose handler spins for it.
 *
 * Kills: a lock that is no wait; a ring that begins with somebody else.
 */
static void
cycle_lock(struct selftest *t)
{
	begin(t, false);
	EXPECT_EQ(t, xcpu_call_one(t->other, spin, &seen.spinner[0], NULL), 0);
	end(t);
	EXPECT_EQ(t, count_of(&seen.reports), 1);
	EXPECT_EQ(t, seen.waits, XCPU_WAIT_LOCK);
	EXPECT_EQ(t, seen.waits_for, t->self);
	EXPECT_EQ(t, seen.found[0].n, 2);
	expect_member(t, &seen.found[0], 0, t->self, XCPU_WAIT_CALL);
	expect_member(t, &seen.found[0], 1, t->other, XCPU_WAIT_LOCK);
	EXPECT_EQ(t, seen.lines, 2);
	/* It is over: whatever was noted means nothing any more. */
	seen.lines = 0;
	xcpu_dump_cycle(t->host->domain, count_line, &seen.lines);
	EXPECT_EQ(t, seen.lines, 0);
}

/*
 * A chain at the first report, which the third CPU closes before the second.
 *
 * Kills: a chain that is taken for a ring; a ring of three that is not found.
 */
static void
cycle_chain(struct selftest *t)
{
	unsigned third = (t->other + 1) % t->ncpu;

	begin(t, true);
	seen.spinner[0].holder = third;
	EXPECT_EQ(t, xcpu_call_one(t->other, spin, &seen.spinner[0], NULL), 0);
	end(t);
	selftest_join(t, third);
	EXPECT_EQ(t, seen.found[0].n, 0);
	EXPECT_EQ(t, seen.found[1].n, 3);
	expect_member(t, &seen.found[1], 0, t->self, XCPU_WAIT_CALL);
	expect_member(t, &seen.found[1], 1, t->other, XCPU_WAIT_LOCK);
	expect_member(t, &seen.found[1], 2, third, XCPU_WAIT_LOCK);
}

/*
 * Who spins with his doorbell open answers calls: here one that lasts.
 *
 * Kills: every lock counted; a wait that is over and still noted.
 */
static void
cycle_open(struct selftest *t)
{
	begin(t, false);
	if (!selftest_thread(t, t->other, spin, &seen.spinner[0]))
		return;
	EXPECT(t, AWAIT(count_of(&seen.spinner[0].inside) != 0));
	/* Long enough to be noted, were it not open. */
	selftest_spend(XCPU_STALL_NS * (uint64_t)3 / 4);
	xcpu_store_rlx(&seen.hold.inside, 0);
	xcpu_store_rlx(&seen.hold.released, 0);
	EXPECT_EQ(t, xcpu_call_one(t->other, selftest_hold_fn, &seen.hold,
	    NULL), 0);
	end(t);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&seen.reports), 1);
	EXPECT_EQ(t, seen.waits, XCPU_WAIT_LOCK);
	EXPECT_EQ(t, seen.found[0].n, 0);
	EXPECT_EQ(t, seen.lines, 0);
}

static const struct selftest_case cases[] = {
	{ "cycle_lock", "F-P1 F-T5 INV-C-L2 BUG-33 BUG-34",
	    "xcpu_port_stall", cycle_lock, 2, 2, NEED_STALL },
	{ "cycle_chain", "F-P1 F-T5 INV-C-L2", "xcpu_port_stall", cycle_chain,
	    2, 3, NEED_STALL | NEED_THREAD },
	{ "cycle_open", "F-P1 F-T5", "xcpu_port_stall", cycle_open, 2, 2,
	    NEED_STALL | NEED_THREAD },
};

SELFTEST_GROUP(selftest_cycle, cases);
