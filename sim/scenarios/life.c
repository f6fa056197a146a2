/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life.c: bugs of CPUs that come and go.
 */
#include <string.h>

#include <xcpu/port.h>

#include "bugs.h"

#define TURNS 6

/* CPU 0 leaves and returns; the others do something until it has done so. */
static bool
comes_and_goes(unsigned cpu, uint64_t off_ns)
{
	if (cpu != 0)
		return false;
	for (unsigned i = 0; i < TURNS; i++) {
		sim_replug(off_ns);
		bug_steps(30);
	}
	bug.at[0] = 1;
	return true;
}

/* ---- 12, 13: calls to a CPU that comes and goes. ---- */

static void
calls_to_it(unsigned cpu)
{
	bug_meet();
	if (comes_and_goes(cpu, 1500)) {
		/* It does not idle, for then it would look. */
		bug_await(&bug.at[1], sim_ncpu() - 1);
		return;
	}
	while (bug.at[0] == 0) {	/* ends: CPU 0 has been away enough */
		(void)bug_call_one(0, 20, NULL);
		sim_work_ns(100);
	}
	/* From here on it stays. */
	bug_expect("call", bug_call_one(0, 20, NULL), 0);
	bug.at[1]++;
}

BUG_TEST(12) = {
	.scenario = {
		BUG_PROGRAM(12, 3, "two callers of a CPU that comes and goes",
		    calls_to_it),
	},
	.ids = "BUG-12 INV-C8 INV-E3",
};

BUG_TEST(13) = {
	.scenario = {
		BUG_PROGRAM(13, 2, "refused posts leave bits: they are swept",
		    calls_to_it),
	},
	.ids = "BUG-13 INV-C8",
};

/* ---- 14: a domain that no CPU has joined. ---- */

static void
new_domain(unsigned cpu)
{
	struct xcpu_domain *domain;
	struct xcpu_cpuset set;

	bug_meet();
	if (cpu != 0)
		return;
	domain = sim_alloc(sizeof(*domain));
	bug_expect("init", xcpu_domain_init(domain,
	    sim_alloc(4 * sizeof(struct xcpu_cpu)), 4), 0);
	for (unsigned i = 0; i < 5; i++)
		bug_expect("ready before online", xcpu_cpu_ready(domain, i), 0);
	xcpu_cpu_online_set(domain, &set);
	bug_expect("online before online", xcpu_cpuset_empty(&set), 1);
}

BUG_TEST(14) = {
	.scenario = {
		BUG_PROGRAM(14, 1, "nobody is ready before he came online",
		    new_domain),
	},
	.ids = "BUG-14 INV-C8", .seeds = 1,
};

/* ---- 70, 78, 81: calls to a CPU that is off. ---- */

static void
calls_while_off(unsigned cpu)
{
	struct xcpu_totals before, after;
	uint64_t since_ns;
	int error;

	bug_meet();
	if (comes_and_goes(cpu, 400000))
		return;
	while (bug.at[0] == 0) {	/* ends: CPU 0 has been away enough */
		before = bug_totals(cpu);
		since_ns = sim_now_ns();
		error = bug_call_one(0, 1, NULL);
		since_ns = sim_now_ns() - since_ns;
		after = bug_totals(cpu);
		if (since_ns > 200000)
			sim_fail(SIM_ORDER, "a call to a CPU that is off "
			    "waited for it");
		if (error == -XCPU_ENXIO)
			bug_expect("kicks of a call that was refused",
			    (int)(after.kick_call - before.kick_call), 0);
		sim_work_ns(10000);
	}
}

BUG_TEST(70) = {
	.scenario = {
		BUG_PROGRAM(70, 2, "a call to a CPU that is off is refused",
		    calls_while_off),
	},
	.ids = "BUG-70 INV-C8", .seeds = 10,
};

BUG_TEST(78) = {
	.scenario = {
		BUG_PROGRAM(78, 2, "who is off is not kicked", calls_while_off),
	},
	.ids = "BUG-78 INV-C8", .seeds = 10,
};

/*
 * ---- Of our own: who waits masked until a CPU is ready, while that CPU leaves
 * and wants to be sure that no event of his is on its way.
 */

static void
ready_or_wait(unsigned cpu)
{
	struct xcpu_call_opt opt = { .not_ready = XCPU_WAIT_NOT_READY };
	unsigned long state;

	bug_meet();
	if (comes_and_goes(cpu, 500))
		return;
	while (bug.at[0] == 0) {	/* ends: CPU 0 has been away enough */
		state = sim_mask();
		bug_expect("call", bug_call_one(0, 2, &opt), 0);
		sim_unmask(state);
	}
}

BUG_TEST(ready_leaving) = {
	.scenario = {
		.name = "ready-leaving",
		.what = "a masked wait for a CPU to be ready, as it leaves",
		.min_cpus = 2, .max_cpus = 3, .unsuited = SIM_ALL_FAULTS,
		.setup = bug_setup, .main = ready_or_wait,
	},
	.ids = "INV-C7",
};

static void
sets_with_it(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x5);
	struct xcpu_call_result result;
	struct xcpu_call_opt opt = { .result = &result };

	bug_meet();
	if (comes_and_goes(cpu, 20000))
		return;
	while (cpu == 1 && bug.at[0] == 0) {	/* ends: as above */
		bug_expect("call to a set", bug_call_set(&set, 1, &opt), 0);
		bug_expect("its live member", xcpu_cpuset_has(&result.done, 2),
		    1);
		bug_expect("its other member",
		    xcpu_cpuset_has(&result.done, 0) +
		    xcpu_cpuset_has(&result.not_ready, 0), 1);
	}
}

BUG_TEST(81) = {
	.scenario = {
		BUG_PROGRAM(81, 3, "one of a set is off", sets_with_it),
	},
	.ids = "BUG-81 INV-C8", .seeds = 10,
};

/* ---- 60, 108: whom it may concern. ---- */

static void
bad_cpus(unsigned cpu)
{
	struct xcpu_cpuset set, none;

	bug_meet();
	if (cpu != 0)
		return;
	xcpu_cpuset_zero(&none);
	xcpu_cpuset_one(&set, XCPU_NCPU_MAX - 1);
	bug_register(0);
	for (unsigned n = sim_ncpu(); n < XCPU_NCPU_MAX; n++) {
		bug_expect("call", xcpu_call_one(n, bug_count, NULL, NULL),
		    -XCPU_EINVAL);
		bug_expect("post", xcpu_event_post(bug.id[0], n),
		    -XCPU_EINVAL);
	}
	bug_expect("call far out", xcpu_call_one(~0u, bug_count, NULL, NULL),
	    -XCPU_EINVAL);
	bug_expect("post far out", xcpu_event_post(bug.id[0], ~0u),
	    -XCPU_EINVAL);
	bug_expect("call to a set", xcpu_call_set(&set, bug_count, NULL, NULL),
	    -XCPU_EINVAL);
	bug_expect("post to a set", xcpu_event_post_set(bug.id[0], &set),
	    -XCPU_EINVAL);
	bug_expect("call to nobody", xcpu_call_set(&none, bug_count, NULL,
	    NULL), 0);
	bug_expect("post to nobody", xcpu_event_post_set(bug.id[0], &none), 0);
}

BUG_TEST(60) = {
	.scenario = {
		BUG_PROGRAM(60, 3, "CPUs that there are not", bad_cpus),
	},
	.ids = "BUG-60 INV-C5", .seeds = 1,
};

static void
online_another(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		bug_expect("online of another",
		    xcpu_cpu_online(&sim_domain()->cpus[1]), -XCPU_EINVAL);
}

BUG_TEST(108) = {
	.scenario = {
		BUG_PROGRAM(108, 2, "a CPU comes online by itself only",
		    online_another),
	},
	.ids = "BUG-108 INV-S2", .seeds = 1,
};

/* ---- 79, 85: what a CPU has in its TLB when it comes back. ---- */

static void
touch_and_turn(unsigned cpu, unsigned turns)
{
	bug_meet();
	if (cpu == 0) {
		for (unsigned i = 0; i < turns; i++) {
			bug_touch(~0u);
			sim_replug(3000);
			bug_touch(~0u);
		}
		bug.at[0] = 1;
		return;
	}
	for (unsigned n = 0; bug.at[0] == 0; n++) {	/* ends: as above */
		bug_shoot(~0u, n * 4 % SIM_PAGES);
		/* It may be off its core for long. */
		if (n > 300)
			sim_work_ns(100000);
	}
}

static void
touch_as_it_comes(unsigned cpu)
{
	touch_and_turn(cpu, TURNS);
}

/* Short, so that each of its steps has a run. */
static void
touch_as_it_comes_once(unsigned cpu)
{
	touch_and_turn(cpu, 1);
}

BUG_TEST(79) = {
	.scenario = {
		BUG_MEMORY(79, 2, "a walker fills while its CPU comes online",
		    touch_as_it_comes_once),
	},
	.ids = "BUG-79 INV-C8 INV-S13", .seeds = 20,
	.each = BUG_EACH(PREEMPT), .places = 5000, .walks = true,
};

BUG_TEST(85) = {
	.scenario = {
		BUG_MEMORY(85, 2, "kernel pages change while a CPU is off",
		    touch_as_it_comes),
	},
	.ids = "BUG-85 INV-S13",
};

/* ---- 80: what a handler may do on a CPU that is leaving. ---- */

static void
ask_in_handler(void *arg)
{
	unsigned cpu = sim_cpu();
	bool leaves = !xcpu_cpu_ready(sim_domain(), cpu);
	struct xcpu_cpuset set = bug_set(1u << 1);
	int error;

	(void)arg;
	error = xcpu_call_start(&bug.call[0], &set, bug_count, NULL, NULL);
	if (leaves)
		bug_expect("a call by a CPU that leaves", error, -XCPU_EAGAIN);
	bug.ran[cpu]++;
}

static void
posts_to_it(unsigned cpu)
{
	bug_meet();
	if (cpu == 0)
		bug.id[0] = xcpu_event_register(ask_in_handler, NULL);
	bug_registered(0);
	if (comes_and_goes(cpu, 1000))
		return;
	while (bug.at[0] == 0)		/* ends: CPU 0 has been away enough */
		(void)xcpu_event_post(bug.id[0], 0);
}

BUG_TEST(80) = {
	.scenario = {
		BUG_PROGRAM(80, 3, "a handler asks on a CPU that leaves",
		    posts_to_it),
	},
	.ids = "BUG-80 INV-C8", .seeds = 100,
};

/* ---- 56: the caller's set, with CPUs of it off. ---- */

static void
post_sets(unsigned cpu)
{
	struct xcpu_cpuset set = bug_set(0x7);
	struct xcpu_cpuset copy = set;

	bug_meet();
	if (cpu == 1)
		bug_register(0);
	bug_registered(0);
	if (comes_and_goes(cpu, 5000))
		return;
	while (bug.at[0] == 0) {	/* ends: CPU 0 has been away enough */
		(void)xcpu_event_post_set(bug.id[0], &set);
		bug_expect("the caller's set is as it was",
		    xcpu_cpuset_equal(&set, &copy), 1);
	}
}

BUG_TEST(56) = {
	.scenario = {
		BUG_PROGRAM(56, 3, "the caller's set of a post", post_sets),
	},
	.ids = "BUG-56 INV-C5", .seeds = 10,
};
