/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stall_test.c: a wait that lasts too long says so, and does as it is told.
 *
 * Each of these takes XCPU_STALL_NS.
 */
#include "suite.h"

static struct {
	struct xcpu_stall report;	/* the first */
	struct xcpu_au32 reports;
	enum xcpu_stall_policy policy;
	struct selftest_hold hold;
	struct xcpu_au32 opened;	/* by the CPU that stays masked */
	uint32_t runs;
} seen;

static enum xcpu_stall_policy
judge(const struct xcpu_stall *report, void *arg)
{
	struct selftest_hold *release = arg;

	if (count_of(&seen.reports) == 0)
		seen.report = *report;
	count_up(&seen.reports);
	if (release != NULL)
		flag_set(&release->released);
	return seen.policy;
}

static void
ask_judge(struct selftest *t, enum xcpu_stall_policy policy, void *release)
{
	xcpu_store_rlx(&seen.reports, 0);
	seen.runs = 0;
	seen.policy = policy;
	t->host->stall(judge, release);
}

static bool
begin(struct selftest *t, enum xcpu_stall_policy policy, void *release)
{
	if (!selftest_hold_one(t, &seen.hold, t->other))
		return false;
	ask_judge(t, policy, release);
	return true;
}

static void
end(struct selftest *t)
{
	t->host->stall(NULL, NULL);
	selftest_release(t, &seen.hold);
}

static void
expect_report(struct selftest *t, enum xcpu_wait_kind kind, unsigned cls)
{
	const struct xcpu_stall *r = &seen.report;

	EXPECT_EQ(t, count_of(&seen.reports), 1);
	EXPECT_EQ(t, r->waiter, t->self);
	EXPECT_EQ(t, r->kind, kind);
	EXPECT_EQ(t, r->report, 1);
	EXPECT(t, r->waited_ns >= XCPU_STALL_NS);
	EXPECT_EQ(t, r->nmissing, 1);
	EXPECT(t, xcpu_cpuset_has(&r->missing, t->other));
	EXPECT_EQ(t, r->first.cpu, t->other);
	EXPECT(t, r->first.fn == selftest_hold_fn);
	EXPECT(t, r->first.arg == &seen.hold);
	EXPECT_EQ(t, r->first.source, t->self);
	/* At least: what the waiter saw with its own clock. */
	EXPECT(t, r->first.running_ns <= r->waited_ns);
	EXPECT_EQ(t, r->first.lane & XCPU_LANE_STATE, XCPU_LANE_READY);
	EXPECT_EQ(t, r->first.lane & cls, cls);
}

static void
count_run(void *arg)
{
	*(uint32_t *)arg += 1;
}

/* Kills: a report of the waiter instead of the silent CPU; GIVE_UP ignored. */
static void
stall_call_gives_up(struct selftest *t)
{
	struct xcpu_call_result result;
	struct xcpu_call_opt opt = {
		.timeout_ns = 16 * (uint64_t)XCPU_STALL_NS,
		.result = &result,
	};

	if (!begin(t, XCPU_STALL_GIVE_UP, NULL))
		return;
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, &seen.runs, &opt),
	    -XCPU_ETIMEDOUT);
	expect_report(t, XCPU_WAIT_CALL, XCPU_LANE_CALL);
	EXPECT(t, seen.report.fn == count_run);
	EXPECT(t, seen.report.arg == &seen.runs);
	EXPECT(t, xcpu_cpuset_has(&result.cancelled, t->other));
	end(t);
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, &seen.runs, NULL), 0);
	EXPECT_EQ(t, seen.runs, 1);
}

/*
 * Without a deadline nothing is taken back: the function may run later.
 *
 * Kills: a late target that runs it twice, or is reported as cancelled.
 */
static void
stall_bare_call_gives_up(struct selftest *t)
{
	struct xcpu_call_result result;
	struct xcpu_call_opt opt = { .result = &result };
	bool late;

	if (!begin(t, XCPU_STALL_GIVE_UP, NULL))
		return;
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, &seen.runs, &opt),
	    -XCPU_ETIMEDOUT);
	late = xcpu_cpuset_has(&result.running, t->other);
	EXPECT(t, late || xcpu_cpuset_has(&result.cancelled, t->other));
	EXPECT_EQ(t, count_of(&seen.reports), 1);
	end(t);
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, &seen.runs, NULL), 0);
	EXPECT_EQ(t, seen.runs, late ? 2 : 1);
}

/* Kills: a shootdown that waits without a bound; CONTINUE taken for GIVE_UP. */
static void
stall_shootdown_goes_on(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	if (!begin(t, XCPU_STALL_CONTINUE, &seen.hold))
		return;
	EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	expect_report(t, XCPU_WAIT_FLUSH, XCPU_LANE_FLUSH);
	EXPECT(t, seen.report.fn == NULL);
	end(t);
	selftest_load(t, &other, NULL);
}

/* Kills: a report of CPUs that have answered, or claimed, long ago. */
static void
stall_shootdown_names_one(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];

	selftest_load(t, &t->others, space);
	for (unsigned early = 0; early < 2; early++) {
		selftest_below_top(t, space);
		if (!begin(t, XCPU_STALL_CONTINUE, &seen.hold))
			return;
		EXPECT_EQ(t, early != 0 ? xcpu_shootdown_early(space,
		    selftest_page(t, 0), selftest_page_bytes(t), NULL) :
		    xcpu_shootdown_all(space, NULL), 0);
		expect_report(t, XCPU_WAIT_FLUSH, XCPU_LANE_FLUSH);
		end(t);
	}
	selftest_load(t, &t->others, NULL);
}

/* Keeps its CPU masked in a thread, where nothing runs for anybody. */
static void
stay_masked(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	selftest_hold_fn(arg);
	flag_set(&seen.opened);
	xcpu_port_irq_restore(state);
}

/* Kills: a policy of NMI that sends none, or one that is not served. */
static void
stall_shootdown_by_nmi(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t va = selftest_page(t, 0), bytes = selftest_page_bytes(t);
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	selftest_load(t, &other, space);
	selftest_map(t, space, va, 1);
	EXPECT_EQ(t, xcpu_shootdown(space, va, bytes, NULL), 0);
	selftest_reads(t, &other, va, 1);
	selftest_map(t, space, va, 2);
	xcpu_store_rlx(&seen.hold.inside, 0);
	xcpu_store_rlx(&seen.hold.released, 0);
	xcpu_store_rlx(&seen.opened, 0);
	if (!selftest_thread(t, t->other, stay_masked, &seen.hold))
		return;
	EXPECT(t, AWAIT(count_of(&seen.hold.inside) != 0));
	ask_judge(t, XCPU_STALL_NMI, NULL);
	/* It returns although that CPU does not open its doorbell. */
	EXPECT_EQ(t, xcpu_shootdown(space, va, bytes, NULL), 0);
	EXPECT_EQ(t, count_of(&seen.opened), 0);
	t->host->stall(NULL, NULL);
	EXPECT_EQ(t, count_of(&seen.reports), 1);
	EXPECT(t, seen.report.first.fn == NULL);
	flag_set(&seen.hold.released);
	selftest_join(t, t->other);
	selftest_reads(t, &other, va, 2);
	selftest_load(t, &other, NULL);
}

static const struct selftest_case cases[] = {
	{ "stall_call_gives_up", "F-P1 F-T5 F-X9", "xcpu_port_stall",
	    stall_call_gives_up, 2, 2, NEED_STALL },
	{ "stall_bare_call_gives_up", "F-T5 INV-C1", "xcpu_port_stall",
	    stall_bare_call_gives_up, 2, 2, NEED_STALL },
	{ "stall_shootdown_goes_on", "F-P1 F-T5 F-X9", "xcpu_port_stall",
	    stall_shootdown_goes_on, 3, 2,
	    NEED_STALL | NEED_TLB | NEED_THREAD },
	{ "stall_shootdown_names_one", ID_EARLY " F-T5 F-X9", "xcpu_port_stall",
	    stall_shootdown_names_one, 3, 3,
	    NEED_STALL | NEED_TLB | NEED_THREAD },
	{ "stall_shootdown_by_nmi", "F-T5 INV-S1",
	    "xcpu_port_kick_nmi, the NMI handler", stall_shootdown_by_nmi,
	    4, 2, NEED_STALL | NEED_TLB | NEED_THREAD },
};

SELFTEST_GROUP(selftest_stall, cases);
