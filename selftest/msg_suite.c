/* SPDX-License-Identifier: BSD-2-Clause */
/* msg_suite.c: rings, and inboxes that judge the order. */
#include "msg_suite.h"

struct selftest_inbox selftest_inbox[XCPU_NCPU_MAX];

/* Enough for all pairs but one of a small machine, so that the last has none. */
#define RINGS_MAX (XCPU_NCPU_MAX < 32 ? XCPU_NCPU_MAX * XCPU_NCPU_MAX : 1024)

static unsigned rings_given;

static unsigned
give_rings(struct selftest *t)
{
#if XCPU_MSG_SLOTS != 0
	static struct xcpu_msg_ring rings[RINGS_MAX];
	unsigned pairs = t->ncpu < 64 ? t->ncpu * t->ncpu : RINGS_MAX;
	unsigned n = pairs < RINGS_MAX ? pairs - (pairs > 1) : RINGS_MAX;

	if (rings_given != 0)
		return rings_given;
	/* The suite alone knows the domain by a pointer to const. */
	return xcpu_msg_pool((struct xcpu_domain *)(uintptr_t)t->host->domain,
	    rings, n) == 0 ? n : 0;
#else
	(void)t;
	return 0;
#endif
}

bool
selftest_msg_start(struct selftest *t)
{
	rings_given = give_rings(t);
	for_each_cpu (cpu, &t->all) {
		struct selftest_inbox *inbox = &selftest_inbox[cpu];

		xcpu_store_rlx(&inbox->runs, 0);
		xcpu_store_rlx(&inbox->wrong, 0);
		for_each_cpu (source, &t->all)
			inbox->last[source] = 0;
	}
	return true;
}

void
selftest_msg_finish(struct selftest *t)
{
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		EXPECT_EQ(t, count_of(&selftest_inbox[cpu].wrong), 0);
	}
	t->cpu = XCPU_NCPU_MAX;
}

unsigned
selftest_msg_rings(void)
{
	return rings_given;
}

void *
selftest_msg_arg(unsigned number)
{
	return (void *)((uintptr_t)xcpu_cpu_index() << 20 | number);
}

void
selftest_msg_fn(void *arg, void *frame)
{
	struct selftest_inbox *inbox = &selftest_inbox[xcpu_cpu_index()];
	uint32_t number = (uint32_t)(uintptr_t)arg & MSG_NUMBERS;
	uint32_t *last = &inbox->last[(uintptr_t)arg >> 20];

	(void)frame;
	if (number != *last + 1 ||
	    (xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		count_up(&inbox->wrong);
	*last = number;
	count_up(&inbox->runs);
}

unsigned
selftest_msg_burst(unsigned cpu, unsigned first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (xcpu_msg_send(cpu, selftest_msg_fn,
		    selftest_msg_arg(first + i), NULL) != 0)
			return i;
	return n;
}

bool
selftest_msg_await(unsigned cpu, unsigned n)
{
	return AWAIT(count_of(&selftest_inbox[cpu].runs) >= n);
}
