/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c: what the programs of bugs.h share.
 */
#include "bugs.h"

#include <string.h>

struct bug_table bug;

void
bug_setup(void)
{
	memset(&bug, 0, sizeof(bug));
}

/* A turn of a wait: a step at first, then longer and longer. */
static void
turn(unsigned spins)
{
	if (spins < 64)
		sim_step();
	else
		sim_work_ns((uint64_t)64 << (spins < 84 ? (spins - 64) / 2 :
		    10));
}

void
bug_await(const unsigned *word, unsigned n)
{
	for (unsigned spins = 0; *word < n; spins++)
		turn(spins);
}

void
bug_meet(void)
{
	bug.here++;
	bug_await(&bug.here, sim_ncpu());
}

void
bug_steps(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sim_step();
}

void
bug_count(void *arg)
{
	(void)arg;
	sim_step();
	bug.ran[sim_cpu()]++;
}

void
bug_register(unsigned n)
{
	int id = xcpu_event_register(bug_count, NULL);

	if (id <= 0)
		sim_fail(SIM_ORDER, "no event: error %d", id);
	bug.id[n] = id;
}

void
bug_registered(unsigned n)
{
	for (unsigned spins = 0; bug.id[n] == 0; spins++)
		turn(spins);
}

void
bug_post_and_await(unsigned n, unsigned target)
{
	unsigned before = bug.ran[target];

	bug_expect("post", xcpu_event_post(bug.id[n], target), 0);
	bug_await(&bug.ran[target], before + 1);
}

/* ---- calls ---- */

struct call {
	unsigned work;
	struct xcpu_cpuset asked;
	struct xcpu_cpuset never;	/* the caller knows that it will not run */
	uint8_t began[XCPU_NCPU_MAX];
	uint8_t ended[XCPU_NCPU_MAX];
};

static void
run_call(void *arg)
{
	struct call *c = arg;
	unsigned cpu = sim_cpu();

	if (c->began[cpu]++ != 0 || !xcpu_cpuset_has(&c->asked, cpu) ||
	    xcpu_cpuset_has(&c->never, cpu))
		sim_fail(SIM_ORDER, "a call runs on cpu %u, where it must not",
		    cpu);
	bug_steps(c->work);
	c->ended[cpu]++;
	bug.ran[cpu]++;
}

static struct call *
new_call(const struct xcpu_cpuset *set, unsigned work)
{
	struct call *c = sim_alloc(sizeof(*c));

	c->work = work;
	c->asked = *set;
	return c;
}

static void
judge(struct call *c, const struct xcpu_cpuset *done,
    const struct xcpu_cpuset *never)
{
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++) {
		if (xcpu_cpuset_has(done, cpu) && c->ended[cpu] != 1)
			sim_fail(SIM_EARLY, "a call is over, and cpu %u has "
			    "not run it", cpu);
		if (xcpu_cpuset_has(never, cpu) && c->began[cpu] != 0)
			sim_fail(SIM_ORDER, "a call was taken back from cpu "
			    "%u, which runs it", cpu);
	}
	xcpu_cpuset_or(&c->never, never);
}

int
bug_call_one(unsigned cpu, unsigned work, const struct xcpu_call_opt *opt)
{
	struct xcpu_cpuset set, none;
	struct call *c;
	int error;

	if (opt != NULL) {
		xcpu_cpuset_one(&set, cpu);
		return bug_call_set(&set, work, opt);
	}
	xcpu_cpuset_one(&set, cpu);
	xcpu_cpuset_zero(&none);
	c = new_call(&set, work);
	error = xcpu_call_one(cpu, run_call, c, NULL);
	if (error == 0)
		judge(c, &set, &none);
	else
		judge(c, &none, &set);
	return error;
}

int
bug_call_set(const struct xcpu_cpuset *set, unsigned work,
    const struct xcpu_call_opt *opt)
{
	struct call *c = new_call(set, work);
	struct xcpu_call_opt copy = { .timeout_ns = 0 };
	struct xcpu_call_result result;
	struct xcpu_cpuset never;
	int error;

	if (opt != NULL)
		copy = *opt;
	copy.result = &result;
	error = xcpu_call_set(set, run_call, c, &copy);
	never = result.cancelled;
	xcpu_cpuset_or(&never, &result.not_ready);
	judge(c, &result.done, &never);
	if (opt != NULL && opt->result != NULL)
		*opt->result = result;
	return error;
}

struct xcpu_cpuset
bug_set(unsigned bits)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_zero(&set);
	for (unsigned cpu = 0; cpu < 32 && cpu < XCPU_NCPU_MAX; cpu++)
		if ((bits >> cpu & 1) != 0)
			xcpu_cpuset_add(&set, cpu);
	return set;
}

/* ---- expectations ---- */

void
bug_expect(const char *what, int got, int want)
{
	if (got != want)
		sim_fail(SIM_ORDER, "%s: %d, expected %d", what, got, want);
}

struct xcpu_totals
bug_totals(unsigned cpu)
{
	struct xcpu_totals totals;

	memset(&totals, 0, sizeof(totals));
	if (xcpu_stat_sum(sim_domain(), cpu, &totals) != 0)
		sim_fail(SIM_ORDER, "no counters: build with XCPU_STATS=1");
	return totals;
}

/* ---- memory ---- */

static struct sim_space *
space_of(unsigned n)
{
	return n == ~0u ? sim_space_kernel() : bug.space[n];
}

static void
map_all(struct sim_space *space)
{
	for (unsigned page = 0; page < SIM_PAGES; page++)
		sim_map(space, page, true);
}

void
bug_setup_memory(void)
{
	bug_setup();
	for (unsigned n = 0; n < 2; n++) {
		bug.space[n] = sim_space_new();
		map_all(bug.space[n]);
	}
	map_all(sim_space_kernel());
}

void
bug_load(unsigned n)
{
	bug_expect("a switch of spaces", xcpu_space_switch(n == ~0u ? NULL :
	    sim_space_xcpu(bug.space[n])), 0);
}

void
bug_touch(unsigned space)
{
	for (unsigned page = 0; page < SIM_PAGES; page += SIM_TABLE_PAGES / 2)
		(void)sim_touch(space_of(space), page, false);
}

static void
shoot(unsigned n, unsigned page, bool table, bool all)
{
	struct sim_space *space = space_of(n);
	struct sim_change change;
	int error;

	memset(&change, 0, sizeof(change));
	sim_lock(&bug.lock);
	if (table ? !sim_unmap_table(space, page, &change) :
	    !sim_remap(space, page, &change)) {
		sim_unlock(&bug.lock);
		return;
	}
	sim_unlock(&bug.lock);
	if (all) {
		error = xcpu_shootdown_all(sim_space_xcpu(space), NULL);
		sim_change_done(&change, error);
	} else {
		error = sim_shootdown(&change);
	}
	bug_expect("a shootdown", error, 0);
	if (!table)
		return;
	sim_lock(&bug.lock);
	map_all(space);
	sim_unlock(&bug.lock);
}

void
bug_shoot(unsigned space, unsigned page)
{
	shoot(space, page, false, false);
}

void
bug_shoot_table(unsigned space, unsigned page)
{
	shoot(space, page, true, false);
}

void
bug_shoot_all(unsigned space, unsigned page)
{
	shoot(space, page, false, true);
}
