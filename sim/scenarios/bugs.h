/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bugs.h: one small program for each bug of the catalogue (bugs.tsv).
 *
 * A program is a scenario like any other, so that `xcpu-sim --scenario bug-04
 * --seed 3 --log` shows what it does.  Beside it stands how it is run as a test:
 * with how many seeds, and against which fault at every place where that fault
 * can strike.  Each must fail under tests/mutants/bug-NN.patch.
 */
#ifndef XCPU_SIM_BUGS_H
#define XCPU_SIM_BUGS_H

#include "../sim.h"

struct bug_test {
	struct sim_scenario scenario;
	const char *ids;		/* for the TAP line */
	unsigned seeds;			/* 0: 40 */
	uint32_t faults;		/* by chance; not together with `each` */
	/*
	 * Of the fault each - 1, if each is not 0: one run per seed for each
	 * place where it can strike, `places` at most (0: 400).
	 */
	unsigned each;
	unsigned places;
	bool walks;			/* the walkers fill often after it */
	bool calm;			/* no ticks, no walkers */
	uint64_t limit_steps;		/* 0: as the machine has it */
	enum sim_verdict expect;	/* SIM_OK, or how it must end */
};

#define BUG_EACH(fault) (SIM_FAULT_##fault + 1)

#define BUG_TEST(nn)							\
	static const struct bug_test bug_##nn;				\
	static const struct sim_scenario *const bug_scenario_##nn	\
	    __attribute__((used, section("sim_scenarios"))) =		\
	    &bug_##nn.scenario;						\
	static const struct bug_test *const bug_test_##nn		\
	    __attribute__((used, section("sim_bugs"))) = &bug_##nn;	\
	static const struct bug_test bug_##nn

/* For what must end badly: not in the list of scenarios. */
#define BUG_ENDS_BADLY(nn)						\
	static const struct bug_test bug_##nn;				\
	static const struct bug_test *const bug_test_##nn		\
	    __attribute__((used, section("sim_bugs"))) = &bug_##nn;	\
	static const struct bug_test bug_##nn

/*
 * The fields of a scenario that nearly all have alike.  A program expects what
 * comes of its own fault, and of no other.
 */
#define BUG_NAMED(id, n, text, program)					\
	.name = id, .what = text, .min_cpus = n, .max_cpus = n,		\
	.unsuited = SIM_ALL_FAULTS, .main = program
#define BUG_FIELDS(nn, n, text, program)				\
	BUG_NAMED("bug-" #nn, n, text, program)
#define BUG_PROGRAM(nn, n, text, program)				\
	BUG_FIELDS(nn, n, text, program), .setup = bug_setup
#define BUG_MEMORY(nn, n, text, program)				\
	BUG_FIELDS(nn, n, text, program), .setup = bug_setup_memory

/* What the CPUs of a program share; zeroed before each run. */
#define BUG_OBJECTS 16
#define BUG_EVENTS 4

struct bug_table {
	unsigned here;			/* CPUs that have come online */
	unsigned at[8];			/* how far they are: only counts up */
	unsigned ran[XCPU_NCPU_MAX];	/* runs of bug_count() */
	unsigned sent[XCPU_NCPU_MAX];
	int id[BUG_EVENTS];
	struct xcpu_call call[BUG_OBJECTS];
	struct xcpu_cpuset set;
	struct sim_lock lock;
	struct sim_space *space[2];
};

extern struct bug_table bug;

void bug_setup(void);

/* First of all: wait until every CPU is here. */
void bug_meet(void);
/* ends: another CPU gets there, or the machine's limit, which is a hang */
void bug_await(const unsigned *word, unsigned n);
/* Let others run for a while. */
void bug_steps(unsigned n);

/* A handler or function: bug.ran[cpu]++, after a step. */
xcpu_fn bug_count;
/* Register it as event n, or wait until somebody has: bug.id[n]. */
void bug_register(unsigned n);
void bug_registered(unsigned n);
/* Post event n to a CPU, and wait until it has run there once more. */
void bug_post_and_await(unsigned n, unsigned target);

/*
 * Calls that judge themselves: what has returned has run, once, there; what
 * was refused never runs.  `work` is how many steps the function takes.
 */
int bug_call_one(unsigned cpu, unsigned work, const struct xcpu_call_opt *opt);
int bug_call_set(const struct xcpu_cpuset *set, unsigned work,
    const struct xcpu_call_opt *opt);
/* The set of the CPUs a, b, ...: bits. */
struct xcpu_cpuset bug_set(unsigned bits);

/* Fails unless `got` is `want`. */
void bug_expect(const char *what, int got, int want);
/* The counters of a CPU, now. */
struct xcpu_totals bug_totals(unsigned cpu);

/* ---- memory ---- */

/* For setup(): bug.space[0] and [1], and the kernel's, all pages mapped. */
void bug_setup_memory(void);
/* Load space n here; ~0: none. */
void bug_load(unsigned n);
/* Each page of a space, or of the kernel (space ~0), read once. */
void bug_touch(unsigned space);
/* One page, its whole table: taken out, shot down, reused, put back. */
void bug_shoot(unsigned space, unsigned page);
void bug_shoot_table(unsigned space, unsigned page);
/* The same by a full flush. */
void bug_shoot_all(unsigned space, unsigned page);

#endif /* XCPU_SIM_BUGS_H */
