/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * misuse_test.c: bad arguments get their error, and nothing else happens.
 *
 * Nothing else: no function ran, no kick was sent, and the doorbell is as it
 * was.
 */
#include "suite.h"

static struct {
	struct xcpu_au32 runs;
	struct xcpu_call call;
	struct xcpu_space space;
	uint64_t kicks;
} seen;

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs);
}

static uint64_t
kicks_of_all(struct selftest *t)
{
	return xcpu_stat_kicks(selftest_totals(t));
}

static void
begin(struct selftest *t)
{
	xcpu_store_rlx(&seen.runs, 0);
	seen.call = (struct xcpu_call){ .callback = NULL };
	seen.kicks = kicks_of_all(t);
}

static void
expect_nothing_happened(struct selftest *t)
{
	EXPECT_EQ(t, kicks_of_all(t), seen.kicks);
	EXPECT_EQ(t, count_of(&seen.runs), 0);
	EXPECT(t, xcpu_call_done(&seen.call));
}

/* Kills: an index used before it is checked. */
static void
misuse_cpu(struct selftest *t)
{
	const unsigned bad[] = { t->ncpu, XCPU_NCPU_MAX, UINT32_MAX };
	int id = xcpu_event_register(count_run, NULL);

	begin(t);
	for (unsigned i = 0; i < 3; i++) {
		unsigned cpu = bad[i];

		EXPECT_EQ(t, xcpu_call_one(cpu, count_run, NULL, NULL),
		    -XCPU_EINVAL);
		EXPECT_EQ(t, xcpu_event_post(id, cpu), -XCPU_EINVAL);
		EXPECT_EQ(t, xcpu_resched(cpu), -XCPU_EINVAL);
	}
	expect_nothing_happened(t);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

/* Kills: a set that is cut to the CPUs there are, in silence. */
static void
misuse_set(struct selftest *t)
{
	int id = xcpu_event_register(count_run, NULL);
	struct xcpu_cpuset set = t->all;

	if (t->ncpu == XCPU_NCPU_MAX) {
		EXPECT_EQ(t, xcpu_event_unregister(id), 0);
		t->skip = "a set cannot name a CPU that there is not";
		return;
	}
	xcpu_cpuset_add(&set, t->ncpu);
	begin(t);
	EXPECT_EQ(t, xcpu_call_set(&set, count_run, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_any(&set, count_run, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &set, count_run, NULL, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_event_post_set(id, &set), -XCPU_EINVAL);
	expect_nothing_happened(t);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

/* Kills: an empty set that is waited for, or kicked for. */
static void
misuse_empty_set(struct selftest *t)
{
	int id = xcpu_event_register(count_run, NULL);
	struct xcpu_cpuset none;

	xcpu_cpuset_zero(&none);
	begin(t);
	EXPECT_EQ(t, xcpu_call_set(&none, count_run, NULL, NULL), 0);
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &none, count_run, NULL, NULL),
	    0);
	EXPECT_EQ(t, xcpu_event_post_set(id, &none), 0);
	EXPECT_EQ(t, xcpu_call_any(&none, count_run, NULL, NULL), -XCPU_ENXIO);
	expect_nothing_happened(t);
	EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

/* Kills: a function pointer that nobody looks at before it is called. */
static void
misuse_null(struct selftest *t)
{
	begin(t);
	EXPECT_EQ(t, xcpu_call_one(t->self, NULL, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_one(t->other, NULL, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_set(&t->all, NULL, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_all(NULL, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_others(NULL, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_self(NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_any(&t->all, NULL, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, NULL, NULL, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_event_register(NULL, NULL), -XCPU_EINVAL);
	expect_nothing_happened(t);
}

static void
expect_bad_option(struct selftest *t, const struct xcpu_call_opt *opt)
{
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, opt),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_set(&t->all, count_run, NULL, opt),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_any(&t->all, count_run, NULL, opt),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, count_run, NULL,
	    opt), -XCPU_EINVAL);
}

/* Kills: options of no meaning, or that a start cannot honour, passed over. */
static void
misuse_options(struct selftest *t)
{
	struct xcpu_call_opt opt = { .flags = 1u << 20 };
	struct xcpu_call_result result;

	begin(t);
	expect_bad_option(t, &opt);
	opt = (struct xcpu_call_opt){
		.not_ready = (enum xcpu_not_ready)(XCPU_FAIL_NOT_READY + 1)
	};
	expect_bad_option(t, &opt);
	/* What only a waiting call can honour. */
	opt = (struct xcpu_call_opt){ .result = &result };
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, count_run, NULL,
	    &opt), -XCPU_EINVAL);
	opt = (struct xcpu_call_opt){ .timeout_ns = 1 };
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, count_run, NULL,
	    &opt), -XCPU_EINVAL);
	if (XCPU_PORT_LEVEL < 2) {
		EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, &opt),
		    -XCPU_ENOSYS);
		EXPECT_EQ(t, xcpu_call_wait(&seen.call, 1), -XCPU_ENOSYS);
	}
	opt = (struct xcpu_call_opt){ .flags = XCPU_CALL_SERIAL };
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, count_run, NULL,
	    &opt), -XCPU_EINVAL);
	opt = (struct xcpu_call_opt){ .not_ready = XCPU_WAIT_NOT_READY };
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, count_run, NULL,
	    &opt), -XCPU_EINVAL);
	expect_nothing_happened(t);
}

/* Kills: a generation that is not compared. */
static void
misuse_event_id(struct selftest *t)
{
	int bad[5] = { 0, 0, -1, INT32_MAX, XCPU_EVENT_MAX };

	/* Nobody else registers: both had the same slot. */
	for (unsigned i = 0; i < 2; i++) {
		bad[i] = xcpu_event_register(count_run, NULL);
		EXPECT_EQ(t, xcpu_event_unregister(bad[i]), 0);
	}
	begin(t);
	for (unsigned i = 0; i < 5; i++) {
		t->cpu = i;		/* of the list, here */
		EXPECT_EQ(t, xcpu_event_post(bad[i], t->self), -XCPU_ENOENT);
		EXPECT_EQ(t, xcpu_event_post_set(bad[i], &t->all),
		    -XCPU_ENOENT);
		EXPECT_EQ(t, xcpu_event_post_all(bad[i]), -XCPU_ENOENT);
		EXPECT_EQ(t, xcpu_event_post_others(bad[i]), -XCPU_ENOENT);
		EXPECT_EQ(t, xcpu_event_post_self(bad[i]), -XCPU_ENOENT);
		EXPECT_EQ(t, xcpu_event_unregister(bad[i]), -XCPU_ENOENT);
	}
	EXPECT_EQ(t, xcpu_event_unregister(0), -XCPU_ENOENT);
	t->cpu = XCPU_NCPU_MAX;
	expect_nothing_happened(t);
}

/* Kills: start + len computed without a look at the carry. */
static void
misuse_range(struct selftest *t)
{
	static const struct { uint64_t start, len; unsigned shift; } bad[] = {
		{ 1, 4096, 0 }, { 4096, 1, 0 }, { 4096, 4097, 0 },
		{ 0, 0x1000, 21 }, { 0x1000, 0x200000, 21 },
		{ UINT64_MAX - 4095, 8192, 0 },
		{ 0x8000000000000000u, 0x8000000000001000u, 0 },
		{ 0, 4096, 11 }, { 0, 4096, 1 }, { 0, 0, 49 }, { 0, 0, 64 },
	};
	struct xcpu_flush_opt opt = { .flags = 1u << 20 };
	uint64_t shootdowns = STAT_OF(t, t->self, shootdown);

	xcpu_space_init(&seen.space, NULL);
	begin(t);
	EXPECT_EQ(t, xcpu_shootdown(&seen.space, 0, 4096, &opt), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_shootdown_all(&seen.space, &opt), -XCPU_EINVAL);
	opt.flags = 0;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t->cpu = i;		/* of the list, here */
		opt.stride_shift = bad[i].shift;
		EXPECT_EQ(t, xcpu_shootdown(&seen.space, bad[i].start,
		    bad[i].len, &opt), -XCPU_EINVAL);
		EXPECT_EQ(t, xcpu_flush_self(&seen.space, bad[i].start,
		    bad[i].len, &opt), -XCPU_EINVAL);
	}
	t->cpu = XCPU_NCPU_MAX;
	EXPECT_EQ(t, xcpu_shootdown(&seen.space, 4096, 0, NULL), 0);
	EXPECT_EQ(t, STAT_OF(t, t->self, shootdown), shootdowns);
	expect_nothing_happened(t);
	/* The last page there is, and nothing behind it. */
	EXPECT_EQ(t, xcpu_shootdown(&seen.space, UINT64_MAX - 4095, 4096,
	    NULL), 0);
	EXPECT_EQ(t, xcpu_space_destroy(&seen.space), 0);
}

/* Kills: the kernel's space taken for one that can be loaded. */
static void
misuse_space(struct selftest *t)
{
	struct xcpu_space *before = xcpu_space_current();

	begin(t);
	EXPECT_EQ(t, xcpu_space_switch(xcpu_space_kernel()), -XCPU_EINVAL);
	EXPECT(t, xcpu_space_current() == before);
	expect_nothing_happened(t);
}

static const struct selftest_case cases[] = {
	{ "misuse_cpu", "F-B26 BUG-60", "nothing of the port",
	    misuse_cpu, 0, 1, 0 },
	{ "misuse_set", "F-B26", "nothing of the port", misuse_set, 0, 1, 0 },
	{ "misuse_empty_set", "F-B26 BUG-55", "nothing of the port",
	    misuse_empty_set, 0, 1, 0 },
	{ "misuse_null", "F-B26", "nothing of the port", misuse_null, 0, 1, 0 },
	{ "misuse_options", "F-B26", "nothing of the port",
	    misuse_options, 0, 1, 0 },
	{ "misuse_event_id", "F-B26 F-N2", "nothing of the port",
	    misuse_event_id, 0, 1, 0 },
	{ "misuse_range", "F-B26 INV-S8", "nothing of the port",
	    misuse_range, 3, 1, 0 },
	{ "misuse_space", "F-B26", "nothing of the port",
	    misuse_space, 3, 1, 0 },
};

SELFTEST_GROUP(selftest_misuse, cases);
