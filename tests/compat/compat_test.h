/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compat_test.h: a small harness for tests on the threads port.
 *
 * A test runs on CPU 0, in thread context, doorbell open; the other CPUs are
 * idle until it gives them something to do.
 */
#ifndef TESTS_COMPAT_TEST_H
#define TESTS_COMPAT_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

struct compat_test {
	const char *name;
	const char *ids;
	unsigned cpus;		/* that it needs */
	void (*run)(void);
};

struct compat_suite {
	void (*begin)(void);	/* on CPU 0, once all CPUs are online */
	const struct compat_test *tests[4];	/* each ends with a NULL name */
};

/* The program: words cpus=N, and only=TEXT for tests whose name has it. */
int compat_main(int argc, char **argv, const struct compat_suite *suite);

/* From any CPU; a test fails with the first check that does. */
bool compat_check(bool good, const char *what, const char *file, int line);
#define CHECK(cond) compat_check((cond) != 0, #cond, __FILE__, __LINE__)

/* Wait, doorbell as it is, serving what a spinning CPU serves; ten seconds. */
#define AWAIT(cond) do {						\
	uint64_t until_ = mach_now_ns() + UINT64_C(10000000000);	\
	while (!(cond) && mach_now_ns() < until_)			\
		mach_relax();						\
	CHECK(cond);							\
} while (0)

/* Some milliseconds, in which what must not happen would. */
static inline void
linger(void)
{
	uint64_t until_ns = mach_now_ns() + UINT64_C(3000000);

	while (mach_now_ns() < until_ns)	/* ends: the clock goes on */
		mach_relax();
}

/*
 * A stretch of repetitions: `least` of them, and as many more as fit into a
 * sixth of a second, so that a busy machine does less instead of later.
 *
 *	for (struct stint s = { .least = 10 }; stint_on(&s);)
 */
struct stint {
	uint32_t least;
	uint32_t turn;		/* 1, 2, ... */
	uint64_t until_ns;
};

static inline bool
stint_on(struct stint *stint)
{
	if (stint->turn == 0)
		stint->until_ns = mach_now_ns() + UINT64_C(167000000);
	return stint->turn++ < stint->least ||
	    mach_now_ns() < stint->until_ns;
}

/* Run fn(arg) in a thread of another CPU; and wait for the end of that. */
void compat_start(unsigned cpu, void (*fn)(void *arg), void *arg);
void compat_join(unsigned cpu);

/* A CPU that stands with interrupts off until it is told. */
struct held_cpu {
	unsigned cpu;
	uint32_t masked;
	uint32_t release;
};

void hold(struct held_cpu *held, unsigned cpu);
/* For compat_start(): offline from `masked` until it is told. */
void stay_away(void *held);
void let_go(struct held_cpu *held);

/* Work for CPUs 1 and up, all at once, while CPU 0 goes on. */
void start_others(void (*fn)(void *arg), void *arg);
void join_others(void);

/* Words that several CPUs write: counters and flags of the tests. */
static inline uint32_t
seen(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void
say(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline void
count(uint32_t *word)
{
	__atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
}

#endif /* TESTS_COMPAT_TEST_H */
