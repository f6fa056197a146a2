/* SPDX-License-Identifier: BSD-2-Clause */
/* compat_test.c: see compat_test.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat_test.h"

#define CPUS_DEFAULT	4
#define STALL_LIMIT	3	/* reports, seven seconds: a test hangs */

static struct {
	const struct compat_suite *suite;
	const char *only;
	unsigned failed_tests;
	/* Of the test that runs. */
	uint32_t failures;
	const char *what;
	const char *file;
	int line;
} state;

bool
compat_check(bool good, const char *what, const char *file, int line)
{
	if (!good && __atomic_fetch_add(&state.failures, 1,
	    __ATOMIC_ACQ_REL) == 0) {
		state.what = what;
		state.file = file;
		state.line = line;
	}
	return good;
}

void
compat_start(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	/* ends: it is on its way out of its last job */
	while (host_thread(cpu, fn, arg) == -XCPU_EBUSY)
		mach_relax();
}

void
compat_join(unsigned cpu)
{
	AWAIT(__atomic_load_n(&host.cpu[cpu].busy, __ATOMIC_ACQUIRE) == 0);
}

static void
stand_masked(void *arg)
{
	struct held_cpu *held = arg;
	unsigned long state = mach_mask();

	say(&held->masked, 1);
	AWAIT(seen(&held->release));
	mach_unmask(state);
}

void
hold(struct held_cpu *held, unsigned cpu)
{
	*held = (struct held_cpu){ .cpu = cpu };
	compat_start(cpu, stand_masked, held);
	AWAIT(seen(&held->masked));
}

void
stay_away(void *arg)
{
	struct held_cpu *held = arg;
	unsigned long state;

	CHECK(xcpu_cpu_offline() == 0);
	say(&held->masked, 1);
	AWAIT(seen(&held->release));
	state = mach_mask();
	CHECK(xcpu_cpu_online(mach_cpu_block(held->cpu)) == 0);
	mach_unmask(state);
}

void
let_go(struct held_cpu *held)
{
	say(&held->release, 1);
	compat_join(held->cpu);
}

void
start_others(void (*fn)(void *arg), void *arg)
{
	for (unsigned cpu = 1; cpu < host.ncpu; cpu++)
		compat_start(cpu, fn, arg);
}

void
join_others(void)
{
	for (unsigned cpu = 1; cpu < host.ncpu; cpu++)
		compat_join(cpu);
}

static bool
wanted(const struct compat_test *test)
{
	return state.only == NULL || strstr(test->name, state.only) != NULL;
}

static void
run_test(const struct compat_test *test, unsigned number)
{
	state.failures = 0;
	if (test->cpus > host.ncpu) {
		mach_printf("ok %u - %s # SKIP needs %u CPUs\n", number,
		    test->name, test->cpus);
		return;
	}
	test->run();
	CHECK(xcpu_port_context() == 0);
	mach_printf("%sok %u - %s # %s\n", state.failures != 0 ? "not " : "",
	    number, test->name, test->ids);
	if (state.failures != 0) {
		state.failed_tests++;
		mach_printf("#   %s:%d: not so: %s\n", state.file, state.line,
		    state.what);
	}
}

static void
run_suite(void)
{
	const struct compat_suite *suite = state.suite;
	unsigned planned = 0, number = 0;

	for (unsigned i = 0; i < 4 && suite->tests[i] != NULL; i++)
		for (const struct compat_test *t = suite->tests[i];
		    t->name != NULL; t++)
			planned += wanted(t);
	mach_printf("1..%u\n", planned);
	suite->begin();
	for (unsigned i = 0; i < 4 && suite->tests[i] != NULL; i++)
		for (const struct compat_test *t = suite->tests[i];
		    t->name != NULL; t++)
			if (wanted(t))
				run_test(t, ++number);
}

int
compat_main(int argc, char **argv, const struct compat_suite *suite)
{
	struct host_config config = { .ncpu = CPUS_DEFAULT };
	const char *why;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "cpus=", 5) == 0) {
			config.ncpu = (unsigned)atoi(argv[i] + 5);
		} else if (strncmp(argv[i], "only=", 5) == 0) {
			state.only = argv[i] + 5;
		} else {
			fprintf(stderr, "usage: %s [cpus=N] [only=TEXT]\n",
			    argv[0]);
			return HOST_EXIT_USAGE;
		}
	}
	why = host_start(&config);
	if (why != NULL) {
		fprintf(stderr, "%s: %s\n", argv[0], why);
		return 1;
	}
	host.stall_limit = STALL_LIMIT;
	state.suite = suite;
	run_suite();
	host_stop();
	return state.failed_tests != 0;
}
