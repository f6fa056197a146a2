/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deadline_test.c: after a deadline the caller's memory is the caller's.
 *
 * Everything that a call was given lies in one frame, which is poisoned when
 * the call returns and must still be so when the late CPU is back.
 */
#include "msg_suite.h"

#define SHORT_NS 2000000u
#define LONG_NS 500000000u	/* CPUs in reach have answered by then */
#define POISON 0xa5

static struct {
	struct frame {
		struct xcpu_cpuset set;
		struct xcpu_call_opt opt;
		struct xcpu_call_result result;
		struct xcpu_au32 arg;
		struct xcpu_sync sync;
		struct xcpu_sync_opt sync_opt;
		struct xcpu_cpuset absent;
		struct xcpu_ticket ticket;
		struct xcpu_stop_opt stop_opt;
	} frame;
	uint32_t runs[XCPU_NCPU_MAX];
	struct xcpu_au32 inside, released, finished;
} seen;

static void
poison(void)
{
	unsigned char *bytes = (unsigned char *)&seen.frame;

	for (unsigned i = 0; i < sizeof(seen.frame); i++)
		bytes[i] = POISON;
}

static unsigned
bytes_touched(void)
{
	const unsigned char *bytes = (const unsigned char *)&seen.frame;
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(seen.frame); i++)
		n += bytes[i] != POISON;
	return n;
}

static void
set_up(struct selftest *t)
{
	for_each_cpu (cpu, &t->all)
		seen.runs[cpu] = 0;
	xcpu_store_rlx(&seen.inside, 0);
	xcpu_store_rlx(&seen.released, 0);
	xcpu_store_rlx(&seen.finished, 0);
	seen.frame.set = t->all;
	seen.frame.opt = (struct xcpu_call_opt){
		.timeout_ns = SHORT_NS,
		.result = &seen.frame.result,
	};
}

static void
touch_arg(void *arg)
{
	seen.runs[xcpu_cpu_index()]++;
	count_up((struct xcpu_au32 *)arg);
}

/* Kills: a cancelled target that runs; results written after the return. */
static void
deadline_cancels(struct selftest *t)
{
	static struct selftest_hold hold;
	struct xcpu_cpuset late, rest;

	/* The late one, and a few that surely answer in time. */
	xcpu_cpuset_one(&late, t->other);
	xcpu_cpuset_one(&rest, t->self);
	for (unsigned i = 2; i < 4; i++)
		xcpu_cpuset_add(&rest, (t->self + i) % t->ncpu);
	xcpu_cpuset_del(&rest, t->other);
	set_up(t);
	seen.frame.set = rest;
	xcpu_cpuset_or(&seen.frame.set, &late);
	seen.frame.opt.timeout_ns = LONG_NS;
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT_EQ(t, xcpu_call_set(&seen.frame.set, touch_arg,
	    &seen.frame.arg, &seen.frame.opt), -XCPU_ETIMEDOUT);
	EXPECT_SET(t, &seen.frame.result.cancelled, &late);
	EXPECT_SET(t, &seen.frame.result.done, &rest);
	EXPECT(t, xcpu_cpuset_empty(&seen.frame.result.running));
	EXPECT(t, xcpu_cpuset_empty(&seen.frame.result.not_ready));
	poison();
	selftest_release(t, &hold);
	/* A call that is served after it says that it had its chance. */
	EXPECT_EQ(t, xcpu_call_one(t->other, selftest_hold_fn, &hold, NULL),
	    0);
	EXPECT_EQ(t, bytes_touched(), 0);
	EXPECT_EQ(t, seen.runs[t->other], 0);
}

/* Runs until it is released, and uses only what is not the caller's frame. */
static void
stay(void *arg)
{
	if (xcpu_cpu_index() != *(const unsigned *)arg)
		return;
	count_up(&seen.inside);
	(void)AWAIT(count_of(&seen.released) != 0);
	count_up(&seen.finished);
}

/* Kills: RUNNING reported as cancelled; an ack through the caller's frame. */
static void
deadline_leaves_running(struct selftest *t)
{
	static unsigned who;

	who = t->other;
	set_up(t);
	xcpu_cpuset_one(&seen.frame.set, who);
	seen.frame.opt.timeout_ns = LONG_NS;
	EXPECT_EQ(t, xcpu_call_set(&seen.frame.set, stay, &who,
	    &seen.frame.opt), -XCPU_ETIMEDOUT);
	EXPECT(t, xcpu_cpuset_has(&seen.frame.result.running, who));
	EXPECT_EQ(t, xcpu_cpuset_count(&seen.frame.result.running), 1);
	EXPECT(t, xcpu_cpuset_empty(&seen.frame.result.done));
	EXPECT(t, xcpu_cpuset_empty(&seen.frame.result.cancelled));
	EXPECT_EQ(t, count_of(&seen.inside), 1);
	EXPECT_EQ(t, count_of(&seen.finished), 0);
	poison();
	flag_set(&seen.released);
	EXPECT(t, AWAIT(count_of(&seen.finished) == 1));
	EXPECT_EQ(t, xcpu_call_one(who, touch_arg, &seen.released, NULL), 0);
	EXPECT_EQ(t, bytes_touched(), 0);
	EXPECT_EQ(t, count_of(&seen.finished), 1);
}

/* Late by a multiple of any deadline used here; plain: SETTLE orders it. */
static void
be_late(void *arg)
{
	selftest_spend(*(const uint64_t *)arg);
	seen.runs[xcpu_cpu_index()]++;
}

/*
 * Kills: XCPU_CALL_SETTLE ignored.
 *
 * A virtual CPU may be away while the deadline passes and the function ends, and
 * then find the call done in time: so later each time, until it is not.
 */
static void
deadline_settles(struct selftest *t)
{
	static uint64_t late_ns;
	uint32_t ended = 0;
	int error = 0;

	set_up(t);
	xcpu_cpuset_one(&seen.frame.set, t->other);
	seen.frame.opt.flags = XCPU_CALL_SETTLE;
	late_ns = 20 * SHORT_NS;
	for (unsigned i = 0; i < 8 && error == 0; i++) {
		error = xcpu_call_set(&seen.frame.set, be_late, &late_ns,
		    &seen.frame.opt);
		/* It had begun, or it was cancelled; it does not run any more. */
		ended += xcpu_cpuset_count(&seen.frame.result.cancelled);
		EXPECT_EQ(t, ended + seen.runs[t->other], i + 1);
		late_ns *= 2;
	}
	EXPECT_EQ(t, error, -XCPU_ETIMEDOUT);
}

/* Kills: a wait with a deadline that gives the object up. */
static void
deadline_of_wait(struct selftest *t)
{
	static struct selftest_hold hold;

	set_up(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT_EQ(t, xcpu_call_wait(&hold.call, SHORT_NS), -XCPU_ETIMEDOUT);
	EXPECT(t, !xcpu_call_done(&hold.call));
	EXPECT_EQ(t, xcpu_call_start(&hold.call, &t->all, touch_arg,
	    &seen.released, NULL), -XCPU_EBUSY);
	flag_set(&hold.released);
	EXPECT_EQ(t, xcpu_call_wait(&hold.call, 0), 0);
	EXPECT(t, xcpu_call_done(&hold.call));
}

static void
act(void *arg)
{
	(void)arg;
	count_up(&seen.finished);
}

/*
 * Kills: a CPU that is absent, and takes part.
 *
 * It is in its first function when the deadline passes.
 */
static void
deadline_of_add(struct selftest *t)
{
	static uint64_t late_ns = 20 * SHORT_NS;
	struct xcpu_sync sync = { .run = be_late, .fin1 = act,
		.arg = &late_ns };
	struct xcpu_sync_opt opt = { .timeout_ns = SHORT_NS,
		.absent = &seen.frame.result.cancelled };
	bool came;
	int error;

	if (t->host->domain->sync == NULL) {
		t->skip = "the host has no xcpu_sync_init()";
		return;
	}
	set_up(t);
	xcpu_cpuset_zero(&seen.frame.set);
	EXPECT_EQ(t, xcpu_sync_start(&sync, &seen.frame.set, NULL), 0);
	xcpu_cpuset_one(&seen.frame.set, t->other);
	error = xcpu_sync_add(&sync, &seen.frame.set, &opt);
	came = !xcpu_cpuset_has(opt.absent, t->other);
	EXPECT_EQ(t, error, came ? 0 : -XCPU_ETIMEDOUT);
	EXPECT_EQ(t, seen.runs[t->other], came);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	EXPECT_EQ(t, count_of(&seen.finished), came);
	EXPECT_EQ(t, seen.runs[t->other], came);
}

/* Kills: a slot that a detached call never gives back. */
static void
deadline_many(struct selftest *t)
{
	static struct selftest_hold hold;
	struct xcpu_call_opt opt = { .timeout_ns = 1000 };

	set_up(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	for (unsigned i = 0; i < 4 * XCPU_CALL_SLOTS; i++)
		EXPECT_EQ(t, xcpu_call_one(t->other, touch_arg,
		    &seen.frame.arg, &opt), -XCPU_ETIMEDOUT);
	selftest_release(t, &hold);
	EXPECT_EQ(t, xcpu_call_one(t->other, touch_arg, &seen.released, NULL),
	    0);
	EXPECT_EQ(t, seen.runs[t->other], 1);
}

/* The late CPU is back, and has served all that it was asked. */
static void
expect_untouched(struct selftest *t, struct selftest_hold *hold)
{
	selftest_release(t, hold);
	EXPECT_EQ(t, xcpu_call_one(t->other, selftest_hold_fn, hold, NULL), 0);
	EXPECT_EQ(t, bytes_touched(), 0);
	EXPECT_EQ(t, seen.runs[t->other], 0);
}

/* Kills: a late CPU that parks, and runs what lies in the frame. */
static void
deadline_of_sync(struct selftest *t)
{
	static struct selftest_hold hold;

	set_up(t);
	if (t->host->domain->sync == NULL) {
		t->skip = "no rendezvous";
		return;
	}
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	xcpu_cpuset_one(&seen.frame.set, t->other);
	seen.frame.sync = (struct xcpu_sync){
		.run = touch_arg, .fin1 = touch_arg, .fin2 = touch_arg,
		.arg = &seen.frame.arg, .data = &seen.frame.arg,
	};
	seen.frame.sync_opt = (struct xcpu_sync_opt){
		.timeout_ns = SHORT_NS, .absent = &seen.frame.absent,
	};
	EXPECT_EQ(t, xcpu_sync_start(&seen.frame.sync, &seen.frame.set,
	    &seen.frame.sync_opt), -XCPU_ETIMEDOUT);
	EXPECT_SET(t, &seen.frame.absent, &seen.frame.set);
	poison();
	expect_untouched(t, &hold);
}

/* Kills: a late CPU that stops when nobody will restart it. */
static void
deadline_of_stop(struct selftest *t)
{
	static struct selftest_hold hold;

	set_up(t);
	if (t->host->domain->stop == NULL) {
		t->skip = "no stops";
		return;
	}
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	xcpu_cpuset_one(&seen.frame.set, t->other);
	seen.frame.stop_opt = (struct xcpu_stop_opt){
		.timeout_ns = SHORT_NS, .stopped = &seen.frame.absent,
	};
	EXPECT_EQ(t, xcpu_stop(&seen.frame.set, &seen.frame.stop_opt),
	    -XCPU_ETIMEDOUT);
	EXPECT(t, xcpu_cpuset_empty(&seen.frame.absent));
	poison();
	expect_untouched(t, &hold);
}

/* Kills: a ticket that somebody still looks at. */
static void
deadline_of_ticket(struct selftest *t)
{
	static struct selftest_hold hold;

	set_up(t);
	selftest_msg_start(t);
	if (!selftest_hold_one(t, &hold, t->other))
		return;
	EXPECT_EQ(t, xcpu_msg_send(t->other, selftest_msg_fn,
	    selftest_msg_arg(1), &seen.frame.ticket), 0);
	EXPECT_EQ(t, xcpu_msg_wait(&seen.frame.ticket, SHORT_NS),
	    -XCPU_ETIMEDOUT);
	poison();
	expect_untouched(t, &hold);
	/* The message itself is not taken back. */
	EXPECT(t, selftest_msg_await(t->other, 1));
	selftest_msg_finish(t);
}

static const struct selftest_case cases[] = {
	{ "deadline_cancels", "F-P2 F-B16 INV-C3 BUG-53",
	    "xcpu_port_now_ns, xcpu_port_relax", deadline_cancels, 2, 2, 0 },
	{ "deadline_leaves_running", "F-P2 INV-C3 BUG-53",
	    "xcpu_port_now_ns, xcpu_port_relax",
	    deadline_leaves_running, 2, 2, 0 },
	{ "deadline_settles", "F-P2 F-B16", "xcpu_port_now_ns",
	    deadline_settles, 2, 2, 0 },
	{ "deadline_of_wait", "F-B17", "xcpu_port_now_ns",
	    deadline_of_wait, 2, 2, NEED_SLOTS },
	{ "deadline_of_add", "F-D15 INV-R9", "xcpu_port_now_ns",
	    deadline_of_add, 2, 2, 0 },
	{ "deadline_many", "F-P2", "xcpu_port_now_ns", deadline_many, 2, 2, 0 },
	{ "deadline_of_sync", "F-P2 F-B18 INV-R9", "xcpu_port_now_ns",
	    deadline_of_sync, 2, 2, 0 },
	{ "deadline_of_stop", "F-P2 F-B19", "xcpu_port_now_ns",
	    deadline_of_stop, 2, 2, 0 },
	{ "deadline_of_ticket", "F-P2 F-D9", "xcpu_port_now_ns",
	    deadline_of_ticket, 2, 2, NEED_MSG },
};

SELFTEST_GROUP(selftest_deadline, cases);
