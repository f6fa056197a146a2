/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stuck.c: one CPU stays masked for longer than a wait should last.
 *
 * The seed chooses the CPU, where it is stuck (in a thread, in a function called
 * by another CPU, in an event's handler), and what CPU 0 then wants of it (a
 * call, a shootdown, a round).  The stall must be reported, CPU 0 must get
 * what it wants in the end, and the other CPUs must go on meanwhile.
 */
#include "run.h"

#define STUCK_NS	(3 * (uint64_t)XCPU_STALL_NS / 2)

enum place { IN_THREAD, IN_CALL, IN_HANDLER, PLACES };
enum wish { WANT_CALL, WANT_SHOOTDOWN, WANT_ROUND, WISHES };

static struct {
	unsigned victim;
	enum place place;
	enum wish wish;
	int answer;			/* to what CPU 0 wanted */
	struct xcpu_call call;
	struct xcpu_au32 stuck;		/* 1 meanwhile, then 2 */
	struct xcpu_au64 others;	/* calls made meanwhile */
	struct xcpu_au32 done;
} trial;

static void
nothing(void *arg)
{
	(void)arg;
}

static void
be_stuck(void *arg)
{
	uint64_t limit = mach_now_ns() + STUCK_NS;

	(void)arg;
	xcpu_store_rel(&trial.stuck, 1);
	/* ends: time passes */
	while (!work_passed(limit))
		mach_relax();
	xcpu_store_rel(&trial.stuck, 2);
}

static int
want(void)
{
	int answer;

	switch (trial.wish) {
	case WANT_CALL:
		return xcpu_call_one(trial.victim, nothing, NULL, NULL);
	case WANT_SHOOTDOWN:
		return xcpu_shootdown(xcpu_space_kernel(), mach_kernel_base(),
		    MACH_PAGE_SIZE, NULL);
	default:
		answer = xcpu_event_register(nothing, NULL);
		return answer < 0 ? answer : xcpu_event_unregister(answer);
	}
}

/* Gets the victim stuck, wants something of it, and waits. */
static void
conduct(void)
{
	uint64_t limit = mach_now_ns() + WORK_PATIENCE;
	int id = xcpu_event_register(be_stuck, NULL);
	struct xcpu_cpuset set;

	xcpu_cpuset_one(&set, trial.victim);
	if (trial.place == IN_CALL)
		trial.answer = xcpu_call_start(&trial.call, &set, be_stuck,
		    NULL, NULL);
	else if (trial.place == IN_HANDLER)
		trial.answer = id < 0 ? id : xcpu_event_post(id, trial.victim);
	/* ends: the victim is stuck, or with the limit */
	while (trial.answer == 0 && xcpu_load_acq(&trial.stuck) == 0) {
		mach_relax();
		if (work_passed(limit))
			trial.answer = -XCPU_ETIMEDOUT;
	}
	if (trial.answer == 0)
		trial.answer = want();
	if (trial.place == IN_CALL && trial.answer == 0)
		trial.answer = xcpu_call_wait(&trial.call, WORK_PATIENCE);
	if (id >= 0)
		xcpu_event_unregister(id);
	xcpu_store_rel(&trial.done, 1);
}

/* Everybody else calls the next one of them, not the victim. */
static void
go_on(unsigned cpu)
{
	unsigned next = cpu;

	do {
		next = next + 1 < work_run.ncpu ? next + 1 : 1;
	} while (next == trial.victim);
	/* ends: CPU 0 is done, at the latest after its patience */
	while (xcpu_load_acq(&trial.done) == 0) {
		if (next != cpu && xcpu_load_acq(&trial.stuck) == 1 &&
		    xcpu_call_one(next, nothing, NULL, NULL) == 0)
			xcpu_fetch_add_rel(&trial.others, 1);
		mach_relax();
	}
}

static void
stuck_cpu_main(unsigned cpu, void *arg)
{
	unsigned long state;

	(void)arg;
	if (cpu == 0)
		conduct();
	if (cpu == trial.victim && trial.place == IN_THREAD) {
		state = mach_mask();
		be_stuck(NULL);
		mach_unmask(state);
	}
	if (cpu != 0)
		go_on(cpu);
}

static uint64_t
stalls(void)
{
	struct xcpu_totals totals = { 0 };

	for (unsigned cpu = 0; cpu < work_run.ncpu; cpu++)
		xcpu_stat_sum(mach_domain(), cpu, &totals);
	return totals.stall;
}

bool
stuck_run(void)
{
	static const char *const places[] = { "a thread", "a called function",
		"an event handler" };
	static const char *const wishes[] = { "call", "shootdown", "round" };
	uint64_t before = stalls();
	struct work_rng rng;
	bool good;

	if (work_run.ncpu < 2) {
		mach_printf("stuck: needs two CPUs\n");
		return false;
	}
	work_seed(&rng, 5, 0);
	trial.victim = 1 + work_below(&rng, work_run.ncpu - 1);
	trial.place = (enum place)work_below(&rng, PLACES);
	trial.wish = (enum wish)work_below(&rng, WISHES);
	mach_printf("stuck     cpu %u in %s; cpu 0 wants a %s\n", trial.victim,
	    places[trial.place], wishes[trial.wish]);
	mach_run_all(stuck_cpu_main, NULL);
	good = trial.answer == 0 && stalls() > before &&
	    (work_run.ncpu < 4 || xcpu_load_acq(&trial.others) != 0);
	mach_printf("          %lu reports, %lu calls between others meanwhile, "
	    "and then: %s\n", (unsigned long)(stalls() - before),
	    (unsigned long)xcpu_load_acq(&trial.others),
	    xcpu_strerror(trial.answer));
	return good;
}
