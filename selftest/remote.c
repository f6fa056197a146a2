/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.c: making other CPUs do what a test needs of them.
 *
 * All that they use is static, since a CPU that a failed test has lost may
 * come back late.
 */
#include "suite.h"

#define PATIENCE_SPINS	(1u << 28)	/* without a clock */

uint64_t
selftest_now(void)
{
#if XCPU_PORT_LEVEL >= 2
	return xcpu_port_now_ns();
#else
	return 0;
#endif
}

bool
selftest_patient(struct selftest_patience *patience)
{
	if (patience->spins == 0)
		patience->since_ns = selftest_now();
	xcpu_port_relax(patience->spins);
	if (++patience->spins >= PATIENCE_SPINS)
		return false;
	return patience->spins % 64 != 0 ||
	    selftest_now() - patience->since_ns < patience->limit_ns;
}

void
selftest_spend(uint64_t ns)
{
	uint64_t since = selftest_now();

	/* bounded: by the clock, or by the count without one */
	for (unsigned spins = 0; spins < PATIENCE_SPINS; spins++) {
		uint64_t spent = XCPU_PORT_LEVEL >= 2 ?
		    selftest_now() - since : spins;

		if (spent >= ns)
			return;
		xcpu_port_relax(spins);
	}
}

uint64_t
selftest_counter(const struct selftest *t, unsigned cpu, size_t offset)
{
#if XCPU_STATS
	const struct xcpu_stat *stat = &t->host->domain->cpus[cpu].stat;
	const char *own = (const char *)&stat->own;
	const char *nmi = (const char *)&stat->nmi;

	/* rlx: exact once the CPU is quiet, both */
	return xcpu_load_rlx((const struct xcpu_au64 *)(own + offset)) +
	    xcpu_load_rlx((const struct xcpu_au64 *)(nmi + offset)); /* rlx: as above */
#else
	(void)t, (void)cpu, (void)offset;
	return 0;
#endif
}

uint64_t
selftest_counters(const struct selftest *t, size_t offset)
{
	uint64_t sum = 0;

	for_each_cpu (cpu, &t->all)
		sum += selftest_counter(t, cpu, offset);
	return sum;
}

const struct xcpu_totals *
selftest_totals(const struct selftest *t)
{
	static struct xcpu_totals totals;

	totals = (struct xcpu_totals){ 0 };
	for_each_cpu (cpu, &t->all)
		xcpu_stat_sum(t->host->domain, cpu, &totals);
	return &totals;
}

/* ---- CPUs kept inside a function ---- */

void
selftest_hold_fn(void *arg)
{
	struct selftest_hold *hold = arg;

	count_up(&hold->inside);
	(void)AWAIT(count_of(&hold->released) != 0);
}

bool
selftest_hold(struct selftest *t, struct selftest_hold *hold,
    const struct xcpu_cpuset *set)
{
	unsigned n = xcpu_cpuset_count(set);

	xcpu_store_rlx(&hold->inside, 0);
	xcpu_store_rlx(&hold->released, 0);
	hold->call.callback = NULL;
	return EXPECT_EQ(t, xcpu_call_start(&hold->call, set, selftest_hold_fn,
	    hold, NULL), 0) && EXPECT(t, AWAIT(count_of(&hold->inside) == n));
}

bool
selftest_hold_one(struct selftest *t, struct selftest_hold *hold, unsigned cpu)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_one(&set, cpu);
	return selftest_hold(t, hold, &set);
}

bool
selftest_release(struct selftest *t, struct selftest_hold *hold)
{
	flag_set(&hold->released);
	return EXPECT(t, AWAIT(xcpu_call_done(&hold->call)));
}

/* ---- threads ---- */

static struct job {
	xcpu_fn *fn;
	void *arg;
	struct xcpu_au32 running;
} jobs[XCPU_NCPU_MAX];

static void
run_job(void *arg)
{
	struct job *job = arg;

	job->fn(job->arg);
	xcpu_store_rel(&job->running, 0);
}

/* The job before this one said that it is over before its thread was back. */
static int
start_job(struct selftest *t, unsigned cpu, struct job *job)
{
	struct selftest_patience patience = { 0, SELFTEST_PATIENCE_NS, 0 };
	int error;

	do
		error = t->host->thread(cpu, run_job, job);
	while (error == -XCPU_EBUSY && selftest_patient(&patience));
	return error;
}

bool
selftest_thread(struct selftest *t, unsigned cpu, xcpu_fn *fn, void *arg)
{
	struct job *job = &jobs[cpu];
	unsigned outer = t->cpu;
	bool started;

	/* A CPU that an earlier test lost must be back before it is used. */
	t->cpu = cpu;
	started = EXPECT(t, AWAIT(count_of(&job->running) == 0));
	if (started) {
		job->fn = fn;
		job->arg = arg;
		xcpu_store_rlx(&job->running, 1);
		started = EXPECT_EQ(t, start_job(t, cpu, job), 0);
	}
	t->cpu = outer;
	return started;
}

bool
selftest_join(struct selftest *t, unsigned cpu)
{
	unsigned outer = t->cpu;
	bool joined;

	t->cpu = cpu;
	joined = EXPECT(t, AWAIT(count_of(&jobs[cpu].running) == 0));
	t->cpu = outer;
	return joined;
}

bool
selftest_on_each(struct selftest *t, const struct xcpu_cpuset *set,
    xcpu_fn *fn, void *arg)
{
	bool good = true;

	for_each_cpu (cpu, set)
		if (cpu != t->self)
			good &= selftest_thread(t, cpu, fn, arg);
	if (xcpu_cpuset_has(set, t->self))
		fn(arg);
	for_each_cpu (cpu, set)
		if (cpu != t->self)
			good &= selftest_join(t, cpu);
	return good;
}

bool
selftest_on(struct selftest *t, unsigned cpu, xcpu_fn *fn, void *arg)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_one(&set, cpu);
	return selftest_on_each(t, &set, fn, arg);
}

/* ---- NMIs ---- */

static struct {
	xcpu_fn *fn;
	void *arg;
	struct xcpu_au32 ran;
} in_nmi;

static void
run_in_nmi(void *arg)
{
	(void)arg;
	in_nmi.fn(in_nmi.arg);
	flag_set(&in_nmi.ran);
}

bool
selftest_nmi_run(struct selftest *t, unsigned cpu, xcpu_fn *fn, void *arg)
{
	in_nmi.fn = fn;
	in_nmi.arg = arg;
	xcpu_store_rel(&in_nmi.ran, 0);
	t->host->nmi(cpu, run_in_nmi, NULL);
	return EXPECT(t, AWAIT(count_of(&in_nmi.ran) != 0));
}
