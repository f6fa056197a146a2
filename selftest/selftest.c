/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selftest.c: runs the tables of tests and prints what came of each.
 *
 * The hooks come first, each by itself, and the run ends with one that is wrong:
 * it is convicted by name.  Then come the lower levels before the higher ones.
 * A failure there says which hook its test leans on most.
 */
#include "suite.h"
#include "tap.h"

static const struct selftest_group *const groups[] = {
	&selftest_hook, &selftest_hook_kick, &selftest_hook_tlb,
	&selftest_event, &selftest_unregister, &selftest_call,
	&selftest_start, &selftest_drain, &selftest_idle, &selftest_nested,
	&selftest_msg, &selftest_msg_wait, &selftest_deadline, &selftest_life,
	&selftest_offline, &selftest_misuse, &selftest_context, &selftest_space, &selftest_flush,
	&selftest_shootdown, &selftest_lazy, &selftest_nmi, &selftest_stat,
	&selftest_trace, &selftest_sync, &selftest_sync_msg, &selftest_sync_room,
	&selftest_stop,
	&selftest_async, &selftest_defer, &selftest_batch, &selftest_early, &selftest_quiesce,
	&selftest_icache, &selftest_notifier, &selftest_entry,
	&selftest_stall, &selftest_cycle, &selftest_dead,
};

#define SAMPLE		16

#define NGROUPS (sizeof(groups) / sizeof(groups[0]))

bool
selftest_check(struct selftest *t, const char *what, int64_t got, int64_t want)
{
	if (got == want)
		return true;
	if (t->failures++ == 0) {
		t->what = what;
		t->got = got;
		t->want = want;
		t->failed_cpu = t->cpu;
	}
	return false;
}

bool
selftest_convict(struct selftest *t, const char *hook, const char *rule,
    bool good)
{
	if (!good && t->failures == 0)
		t->hook = hook;
	return selftest_check(t, rule, good, 1);
}

/* Reports the lowest CPU that is in one set and not in the other. */
bool
selftest_check_set(struct selftest *t, const char *what,
    const struct xcpu_cpuset *got, const struct xcpu_cpuset *want)
{
	unsigned outer = t->cpu;

	for (unsigned cpu = 0; cpu < XCPU_NCPU_MAX; cpu++) {
		t->cpu = cpu;
		if (!selftest_check(t, what, xcpu_cpuset_has(got, cpu),
		    xcpu_cpuset_has(want, cpu)))
			break;
	}
	t->cpu = outer;
	return xcpu_cpuset_equal(got, want);
}

/* In the order of enum selftest_need. */
static const char *const lacking[] = {
	"the host has no thread()",
	"the host has no lock()",
	"the host has no nmi()",
	"the host has no stall()",
	"the host has no kicks()",
	"the host has no tlb",
	"the host has no kernel pages to spare",
	"built without XCPU_STATS",
	"built with too few XCPU_CALL_SLOTS",
	"built without messages",
};

#define NNEEDS (sizeof(lacking) / sizeof(lacking[0]))

/* Which needs are met; a sum of enum selftest_need. */
static unsigned
abilities(const struct xcpu_selftest_host *host)
{
	/* A single CPU is its own thread. */
	return (host->thread != NULL || host->ncpu == 1 ? NEED_THREAD : 0) |
	    (host->lock != NULL ? NEED_LOCK : 0) |
	    (host->nmi != NULL ? NEED_NMI : 0) |
	    (host->stall != NULL ? NEED_STALL : 0) |
	    (host->kicks != NULL ? NEED_KICKS : 0) |
	    (host->tlb != NULL ? NEED_TLB : 0) |
	    (host->tlb != NULL && host->tlb->kernel_va != 0 ?
	    NEED_KERNEL_PAGES : 0) |
	    (XCPU_STATS != 0 ? NEED_STATS : 0) |
	    (XCPU_CALL_SLOTS >= 4 ? NEED_SLOTS : 0) |
	    (XCPU_MSG_SLOTS != 0 ? NEED_MSG : 0);
}

/* Why a test cannot run here; NULL when it can. */
static const char *
why_not(const struct selftest *t, const struct selftest_case *test,
    unsigned level)
{
	unsigned lacks = test->needs & ~abilities(t->host);

	if (test->level > level)
		return "the port is of a lower level";
	if (test->cpus > t->ncpu)
		return test->cpus > 64 ? "needs more than 64 CPUs" :
		    test->cpus > 2 ? "needs a third CPU" :
		    "needs a second CPU";
	for (unsigned i = 0; i < NNEEDS; i++)
		if ((lacks >> i & 1) != 0)
			return lacking[i];
	return NULL;
}

static void
print_result(const struct selftest *t, const struct selftest_case *test,
    unsigned number, const char *skip)
{
	struct tap_line line = { .len = 0 };

	selftest_text(&line, t->failures != 0 ? "not ok " : "ok ");
	selftest_number(&line, number);
	selftest_text(&line, " - ");
	selftest_text(&line, test->name);
	if (skip != NULL)
		selftest_text(&line, " # SKIP ");
	else if (test->ids[0] != '\0')
		selftest_text(&line, " # ");
	selftest_text(&line, skip != NULL ? skip : test->ids);
	t->host->line(t->host->to, line.text);
}

/* A hook that failed its own test. */
static void
print_conviction(const struct selftest *t)
{
	struct tap_line line = { .len = 0 };

	selftest_text(&line, "# ");
	selftest_text(&line, t->hook);
	selftest_text(&line, " is wrong");
	if (t->failed_cpu != XCPU_NCPU_MAX) {
		selftest_text(&line, ", CPU ");
		selftest_number(&line, t->failed_cpu);
	}
	selftest_text(&line, "; the contract: ");
	selftest_text(&line, t->what);
	t->host->line(t->host->to, line.text);
}

static void
print_failure(const struct selftest *t, const struct selftest_case *test)
{
	struct tap_line line = { .len = 0 };

	selftest_text(&line, "# ");
	selftest_text(&line, t->what);
	if (t->failed_cpu != XCPU_NCPU_MAX) {
		selftest_text(&line, ", CPU ");
		selftest_number(&line, t->failed_cpu);
	}
	selftest_text(&line, ": ");
	selftest_number(&line, t->got);
	selftest_text(&line, ", expected ");
	selftest_number(&line, t->want);
	t->host->line(t->host->to, line.text);

	line.len = 0;
	selftest_text(&line, "# ");
	if (t->failures > 1) {
		selftest_number(&line, t->failures - 1);
		selftest_text(&line, " more failed; ");
	}
	selftest_text(&line, "the hooks passed; this leans on ");
	selftest_text(&line, test->look);
	t->host->line(t->host->to, line.text);
}

/*
 * What a clock does that goes round is found where it does, and not by a test of
 * its own, which would have to wait for it; whatever failed meanwhile says less.
 */
static void
check_clock(struct selftest *t, uint64_t begun_ns)
{
	if (selftest_now() >= begun_ns)
		return;
	t->failures = 0;
	HOOK(t, "xcpu_port_now_ns", "it never goes back on one CPU: is it as "
	    "wide as its type?", false);
}

static bool
run_case(struct selftest *t, const struct selftest_case *test, unsigned level,
    unsigned number)
{
	const char *skip = why_not(t, test, level);
	uint64_t begun_ns = selftest_now();

	t->failures = 0;
	t->hook = NULL;
	t->cpu = XCPU_NCPU_MAX;
	t->skip = NULL;
	if (skip == NULL) {
		test->run(t);
		/* A test, or xcpu, that leaves a trace behind spoils the rest. */
		t->cpu = XCPU_NCPU_MAX;
		EXPECT_EQ(t, xcpu_port_context(), 0);
		check_clock(t, begun_ns);
		skip = t->failures == 0 ? t->skip : NULL;
	}
	print_result(t, test, number, skip);
	if (t->hook != NULL)
		print_conviction(t);
	else if (t->failures != 0)
		print_failure(t, test);
	return t->failures == 0;
}

static void
print_plan(const struct selftest *t, unsigned total)
{
	struct tap_line line = { .len = 0 };

	selftest_text(&line, "1..");
	selftest_number(&line, total);
	t->host->line(t->host->to, line.text);
}

/* How many failed.  What is built on a wrong hook hangs, or names another. */
static int
run_all(struct selftest *t, unsigned level)
{
	unsigned number = 0;
	int failed = 0;

	for (unsigned i = 0; i < NGROUPS; i++) {
		for (unsigned j = 0; j < groups[i]->n; j++) {
			failed += !run_case(t, &groups[i]->cases[j], level,
			    ++number);
			if (t->hook != NULL) {
				t->host->line(t->host->to, "Bail out! mend that "
				    "hook first: all else rests on it");
				return failed;
			}
		}
	}
	return failed;
}

/* The library has run already: a wrong hook may be why. */
static void
print_refusal(const struct xcpu_selftest_host *host)
{
	struct tap_line line = { .len = 0 };

	selftest_text(&line, "Bail out! it begins on a CPU that is ready, with nothing "
	    "held or masked: here CPU ");
	selftest_number(&line, xcpu_cpu_index());
	selftest_text(&line, ", context() ");
	selftest_number(&line, xcpu_port_context());
	host->line(host->to, line.text);
	if (xcpu_port_context() == 0)
		return;
	line.len = 0;
	selftest_text(&line, "# 1: masked, 2: a spinlock is held, 4: in an NMI; where "
	    "the caller is not, look whether irq_restore() puts back what "
	    "irq_save() found, and context() counts right");
	host->line(host->to, line.text);
}

/* From all over the machine. */
static void
choose_sample(struct selftest *t)
{
	unsigned step = t->ncpu < SELFTEST_MANY ? 1 : t->ncpu / SAMPLE;

	xcpu_cpuset_zero(&t->sample);
	for (unsigned cpu = 0; cpu < t->ncpu; cpu += step)
		xcpu_cpuset_add(&t->sample, cpu);
	t->nsample = xcpu_cpuset_count(&t->sample);
}

int
xcpu_selftest_run(const struct xcpu_selftest_host *host, unsigned level)
{
	static struct selftest t;	/* the others may look at it late */
	unsigned total = 0;

	if (host->line == NULL || host->domain == NULL || host->ncpu == 0)
		return -XCPU_EINVAL;
	if (xcpu_port_context() != 0 || xcpu_cpu_index() >= host->ncpu) {
		print_refusal(host);
		return -XCPU_EAGAIN;
	}
	if (level > XCPU_PORT_LEVEL)
		level = XCPU_PORT_LEVEL;
	t.host = host;
	t.ncpu = host->ncpu;
	t.self = xcpu_cpu_index();
	t.other = (t.self + 1) % t.ncpu;
	xcpu_cpuset_fill(&t.all, t.ncpu);
	t.others = t.all;
	xcpu_cpuset_del(&t.others, t.self);
	choose_sample(&t);

	for (unsigned i = 0; i < NGROUPS; i++)
		total += groups[i]->n;
	print_plan(&t, total);
	return run_all(&t, level);
}
