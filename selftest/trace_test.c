/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_test.c: each edge of the trace, in a library that was built with it.
 */
#include "suite.h"

#ifdef XCPU_SELFTEST_TRACED

static struct xcpu_au32 traced[XCPU_TRACE_STATE + 1];

/* Any context, NMI included. */
void
selftest_traced(unsigned event, uint64_t a, uint64_t b)
{
	(void)a;
	(void)b;
	count_up(&traced[event]);
}

/* How often an event was traced since the last time that somebody asked. */
static uint32_t
since(enum xcpu_trace_event event)
{
	return xcpu_xchg_acq(&traced[event], 0);
}

static void
forget(void)
{
	for (unsigned i = 0; i <= XCPU_TRACE_STATE; i++)
		xcpu_store_rlx(&traced[i], 0);
}

static void
do_nothing(void *arg)
{
	(void)arg;
}

/* Kills: any of the trace points removed. */
static void
trace_points(struct selftest *t)
{

	forget();
	EXPECT_EQ(t, xcpu_call_self(do_nothing, NULL), 0);
	EXPECT_EQ(t, since(XCPU_TRACE_RUN), 1);
	EXPECT_EQ(t, since(XCPU_TRACE_RAN), 1);

	if (t->ncpu > 1) {
		struct xcpu_call_opt opt = { .timeout_ns = 1u << 30 };

		EXPECT_EQ(t, xcpu_call_one(t->other, do_nothing, NULL, &opt),
		    0);
		EXPECT(t, since(XCPU_TRACE_POST) >= 1);
		EXPECT(t, since(XCPU_TRACE_CLAIM) >= 1);
		EXPECT_EQ(t, since(XCPU_TRACE_RUN), 1);
		EXPECT(t, AWAIT(count_of(&traced[XCPU_TRACE_RAN]) == 1));
		EXPECT(t, since(XCPU_TRACE_WAIT) == since(XCPU_TRACE_WAITED));
	}
	if (XCPU_PORT_LEVEL < 3)
		return;
	forget();
	EXPECT_EQ(t, xcpu_space_lazy_enter(), 0);
	EXPECT_EQ(t, xcpu_space_lazy_leave(), 0);
	EXPECT_EQ(t, since(XCPU_TRACE_STATE), 2);
	EXPECT_EQ(t, xcpu_shootdown_all(xcpu_space_kernel(), NULL), 0);
	EXPECT(t, since(XCPU_TRACE_FLUSH) >= 1);
	EXPECT(t, t->ncpu == 1 || since(XCPU_TRACE_KICK) >= 1);
	if (t->host->tlb == NULL)
		return;
	EXPECT_EQ(t, xcpu_space_switch(t->host->tlb->space[0]), 0);
	EXPECT_EQ(t, since(XCPU_TRACE_SWITCH), 1);
	EXPECT_EQ(t, xcpu_space_switch(NULL), 0);
	EXPECT_EQ(t, since(XCPU_TRACE_SWITCH), 1);
}

#else

static void
trace_points(struct selftest *t)
{
	t->skip = "built without traced.h as XCPU_CONFIG_FILE";
}

#endif

static const struct selftest_case cases[] = {
	{ "trace_points", "F-X11 F-B27", "XCPU_TRACE",
	    trace_points, 0, 1, 0 },
};

SELFTEST_GROUP(selftest_trace, cases);
