/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop_test.c: stopping CPUs and calling them by NMI.
 *
 * What a stopped CPU would do is counted by an event: it is not served before
 * the restart.
 */
#include "suite.h"

#define SHORT_NS 20000000u
#define LONG_NS 5000000000u

static struct {
	struct xcpu_au32 handled, waiting, errors, spinning, enough;
	uint32_t ran[XCPU_NCPU_MAX];
	const struct selftest *t;
	unsigned third;
	int error;
	int id;
} seen;

static struct selftest_hold held;

static void
handle(void *arg)
{
	(void)arg;
	count_up(&seen.handled);
}

static bool
set_up(struct selftest *t)
{
	if (t->host->domain->stop == NULL) {
		t->skip = "the host has no xcpu_stop_init()";
		return false;
	}
	for_each_cpu (cpu, &t->all)
		seen.ran[cpu] = 0;
	xcpu_store_rlx(&seen.handled, 0);
	xcpu_store_rlx(&seen.waiting, 0);
	xcpu_store_rlx(&seen.errors, 0);
	xcpu_store_rlx(&seen.spinning, 0);
	xcpu_store_rlx(&seen.enough, 0);
	seen.t = t;
	seen.id = xcpu_event_register(handle, NULL);
	return EXPECT(t, seen.id > 0);
}

static void
tear_down(struct selftest *t)
{
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

static void
expect_stopped(struct selftest *t, const struct xcpu_cpuset *set, bool stopped)
{
	unsigned outer = t->cpu;

	for_each_cpu (cpu, set) {
		t->cpu = cpu;
		EXPECT_EQ(t, xcpu_stopped(t->host->domain, cpu), stopped);
	}
	t->cpu = outer;
}

/* Kills: a stopped CPU that goes on; a stop that waits for who is stopped. */
static void
stop_others(struct selftest *t)
{
	struct xcpu_cpuset stopped;
	struct xcpu_stop_opt opt = { .stopped = &stopped };

	if (!set_up(t))
		return;
	expect_stopped(t, &t->all, false);
	for (unsigned i = 0; i < 10; i++) {
		static struct xcpu_call call;
		uint32_t handled = count_of(&seen.handled);

		EXPECT_EQ(t, xcpu_stop_others(&opt), 0);
		EXPECT_SET(t, &stopped, &t->others);
		expect_stopped(t, &t->others, true);
		/* Once more: they are. */
		EXPECT_EQ(t, xcpu_stop_others(NULL), 0);
		(void)xcpu_event_post_set(seen.id, &t->others);
		EXPECT_EQ(t, xcpu_call_start(&call, &t->others, handle, NULL,
		    NULL), 0);
		selftest_spend(200000);
		EXPECT_EQ(t, count_of(&seen.handled), handled);
		EXPECT_EQ(t, xcpu_restart(NULL), t->ncpu - 1);
		expect_stopped(t, &t->all, false);
		EXPECT_EQ(t, xcpu_restart(NULL), 0);
		if (!EXPECT(t, AWAIT(count_of(&seen.handled) == handled +
		    2 * (t->ncpu - 1))) ||
		    !EXPECT(t, AWAIT(xcpu_call_done(&call))))
			break;
	}
	tear_down(t);
}

/* Kills: a set that is taken for all. */
static void
stop_one(struct selftest *t)
{
	struct xcpu_cpuset one;

	if (!set_up(t))
		return;
	xcpu_cpuset_one(&one, t->other);
	EXPECT_EQ(t, xcpu_stop(&one, NULL), 0);
	for_each_cpu (cpu, &t->others)
		EXPECT_EQ(t, xcpu_stopped(t->host->domain, cpu),
		    cpu == t->other);
	EXPECT_EQ(t, xcpu_restart(&one), 1);
	EXPECT_EQ(t, xcpu_call_one(t->other, handle, NULL, NULL), 0);
	tear_down(t);
}

/* ---- stopped in a wait ---- */

static void
call_third(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	flag_set(&seen.waiting);
	seen.error = xcpu_call_one(seen.third, handle, NULL, NULL);
	xcpu_port_irq_restore(state);
}

/* Kills: a wait that looks at its answer only. */
static void
stop_waiter(struct selftest *t)
{
	struct xcpu_stop_opt opt = { .timeout_ns = LONG_NS };
	struct xcpu_cpuset one;

	if (!set_up(t))
		return;
	seen.third = (t->other + 1) % t->ncpu;
	xcpu_cpuset_one(&one, t->other);
	if (!selftest_hold_one(t, &held, seen.third) ||
	    !selftest_thread(t, t->other, call_third, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&seen.waiting) != 0));
	EXPECT_EQ(t, xcpu_stop(&one, &opt), 0);
	/* The answer comes while it stands. */
	selftest_release(t, &held);
	EXPECT(t, AWAIT(count_of(&seen.handled) == 1));
	expect_stopped(t, &one, true);
	EXPECT_EQ(t, xcpu_restart(&one), 1);
	selftest_join(t, t->other);
	EXPECT_EQ(t, seen.error, 0);
	tear_down(t);
}

static void
spin_and_poll(void *arg)
{
	const struct selftest *t = arg;

	t->host->lock();
	flag_set(&seen.spinning);
	(void)AWAIT((xcpu_poll(), count_of(&seen.enough) != 0));
	t->host->unlock();
}

/* Kills: a poll that serves flushes only. */
static void
stop_poller(struct selftest *t)
{
	struct xcpu_stop_opt opt = { .timeout_ns = LONG_NS };
	struct xcpu_cpuset one;

	if (!set_up(t))
		return;
	xcpu_cpuset_one(&one, t->other);
	if (!selftest_thread(t, t->other, spin_and_poll, t))
		return;
	EXPECT(t, AWAIT(count_of(&seen.spinning) != 0));
	EXPECT_EQ(t, xcpu_stop(&one, &opt), 0);
	expect_stopped(t, &one, true);
	EXPECT_EQ(t, xcpu_restart(&one), 1);
	flag_set(&seen.enough);
	selftest_join(t, t->other);
	tear_down(t);
}

/* Each stops the next, and lets it go. */
static void
stop_next(void *arg)
{
	unsigned cpu = xcpu_cpu_index();
	struct xcpu_cpuset one;

	(void)arg;
	xcpu_cpuset_one(&one, (cpu + 1) % seen.t->ncpu);
	for (unsigned i = 0; i < selftest_rounds(seen.t->ncpu); i++) {
		unsigned long state = i % 2 == 0 ? xcpu_port_irq_save() : 0;

		if (xcpu_stop(&one, NULL) != 0)
			count_up(&seen.errors);
		if (xcpu_restart(&one) < 0)
			count_up(&seen.errors);
		if (i % 2 == 0)
			xcpu_port_irq_restore(state);
	}
}

/* Kills: two stoppers that both stop; an answer of an earlier stop. */
static void
stop_mutual(struct selftest *t)
{
	if (!set_up(t))
		return;
	selftest_on_each(t, &t->sample, stop_next, NULL);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	expect_stopped(t, &t->all, false);
	tear_down(t);
}

/* Kills: a stopped CPU that serves no flushes. */
static void
stop_flushes(struct selftest *t)
{
	struct xcpu_space *space;
	uint64_t va = selftest_page(t, 0);

	if (!set_up(t))
		return;
	space = t->host->tlb->space[0];
	selftest_load(t, &t->all, space);
	selftest_map(t, space, va, 51);
	EXPECT_EQ(t, xcpu_shootdown(space, va, selftest_page_bytes(t), NULL),
	    0);
	selftest_reads(t, &t->all, va, 51);
	EXPECT_EQ(t, xcpu_stop_others(NULL), 0);
	selftest_map(t, space, va, 52);
	EXPECT_EQ(t, xcpu_shootdown(space, va, selftest_page_bytes(t), NULL),
	    0);
	EXPECT_EQ(t, xcpu_restart(NULL), t->ncpu - 1);
	selftest_reads(t, &t->all, va, 52);
	selftest_load(t, &t->all, NULL);
	tear_down(t);
}

/* ---- CPUs that mask their doorbells ---- */

/* Kills: a late CPU that stops when nobody expects it any more. */
static void
stop_deadline(struct selftest *t)
{
	struct xcpu_cpuset stopped, one;
	struct xcpu_stop_opt opt = { .timeout_ns = SHORT_NS,
		.stopped = &stopped };

	if (!set_up(t) || !selftest_hold_one(t, &held, t->other))
		return;
	xcpu_cpuset_one(&one, t->other);
	EXPECT_EQ(t, xcpu_stop(&one, &opt), -XCPU_ETIMEDOUT);
	EXPECT(t, xcpu_cpuset_empty(&stopped));
	selftest_release(t, &held);
	EXPECT_EQ(t, xcpu_call_one(t->other, handle, NULL, NULL), 0);
	expect_stopped(t, &one, false);
	tear_down(t);
}

/* Kills: no NMI after the bound; an NMI that stops nobody. */
static void
stop_hard(struct selftest *t)
{
	struct xcpu_cpuset one;
	struct xcpu_stop_opt opt = { .timeout_ns = LONG_NS,
		.nmi_after_ns = SHORT_NS };

	if (!set_up(t) || !selftest_hold_one(t, &held, t->other))
		return;
	xcpu_cpuset_one(&one, t->other);
	EXPECT_EQ(t, xcpu_stop(&one, &opt), 0);
	expect_stopped(t, &one, true);
	EXPECT(t, !xcpu_call_done(&held.call));
	flag_set(&held.released);
	selftest_spend(SHORT_NS);
	EXPECT(t, !xcpu_call_done(&held.call));
	EXPECT_EQ(t, xcpu_restart(&one), 1);
	EXPECT(t, AWAIT(xcpu_call_done(&held.call)));
	tear_down(t);
}

static void
note_nmi(void *arg)
{
	unsigned cpu = xcpu_cpu_index();

	if (cpu != *(const unsigned *)arg &&
	    (xcpu_port_context() & XCPU_CTX_NMI) == 0)
		count_up(&seen.errors);
	seen.ran[cpu]++;
}

/* Kills: a call that waits for who masks; an answer before the function. */
static void
stop_nmi_call(struct selftest *t)
{
	static unsigned self;
	struct xcpu_cpuset done;

	self = t->self;
	if (!set_up(t) || !selftest_hold_one(t, &held, t->other))
		return;
	for (uint32_t i = 1; i <= 5; i++) {
		EXPECT_EQ(t, xcpu_nmi_call(&t->all, note_nmi, &self, LONG_NS,
		    &done), 0);
		EXPECT_SET(t, &done, &t->all);
		for_each_cpu (cpu, &t->all)
			EXPECT_EQ(t, seen.ran[cpu], i);
	}
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT(t, !xcpu_call_done(&held.call));
	selftest_release(t, &held);
	tear_down(t);
}

/* ---- panic ---- */

/* All of a panic: the others stand, whatever they hold, and are let go. */
static void
panic_and_go_on(void *arg)
{
	const struct selftest *t = arg;
	unsigned long state = xcpu_port_irq_save();
	struct xcpu_cpuset missing;
	int error = xcpu_panic_stop(LONG_NS, &missing);

	if (error == 0) {
		count_up(&seen.waiting);
		seen.ran[0]++;
		for_each_cpu (cpu, &t->all)
			if (cpu != xcpu_cpu_index() &&
			    !xcpu_stopped(t->host->domain, cpu))
				count_up(&seen.errors);
		if (xcpu_panic_stop(LONG_NS, NULL) != -XCPU_EBUSY ||
		    xcpu_restart(NULL) != (int)t->ncpu - 1)
			count_up(&seen.errors);
	} else if (error == -XCPU_EBUSY) {
		count_up(&seen.spinning);
	} else {
		count_up(&seen.errors);
	}
	xcpu_port_irq_restore(state);
}

/* Kills: a panic that stops nobody, or is stopped itself. */
static void
stop_panic(struct selftest *t)
{
	if (!set_up(t))
		return;
	for (unsigned i = 0; i < 5; i++)
		panic_and_go_on(t);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT_EQ(t, count_of(&seen.waiting), 5);
	expect_stopped(t, &t->all, false);
	tear_down(t);
}

/* Kills: no NMI for who masks. */
static void
stop_panic_held(struct selftest *t)
{
	unsigned long state;

	if (!set_up(t) || !selftest_hold_one(t, &held, t->other))
		return;
	state = xcpu_port_irq_save();
	/* Half of this passes before the NMIs. */
	EXPECT_EQ(t, xcpu_panic_stop(40 * SHORT_NS, NULL), 0);
	EXPECT(t, xcpu_stopped(t->host->domain, t->other));
	EXPECT(t, !xcpu_call_done(&held.call));
	EXPECT_EQ(t, xcpu_restart(NULL), t->ncpu - 1);
	xcpu_port_irq_restore(state);
	selftest_release(t, &held);
	tear_down(t);
}

/* Kills: losers who go on, or wait for each other. */
static void
stop_panic_all(struct selftest *t)
{
	if (!set_up(t))
		return;
	selftest_on_each(t, &t->all, panic_and_go_on, t);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT_EQ(t, count_of(&seen.waiting) + count_of(&seen.spinning),
	    t->ncpu);
	EXPECT_EQ(t, seen.ran[0], count_of(&seen.waiting));
	tear_down(t);
}

static void
stop_panic_nmi(struct selftest *t)
{
	if (!set_up(t))
		return;
	selftest_nmi_run(t, t->self, panic_and_go_on, t);
	EXPECT_EQ(t, count_of(&seen.errors), 0);
	EXPECT_EQ(t, count_of(&seen.waiting), 1);
	tear_down(t);
}

static void
stop_in_nmi(void *arg)
{
	const struct selftest *t = arg;

	seen.error = xcpu_stop(&t->others, NULL);
	if (xcpu_nmi_call(&t->others, note_nmi, NULL, 1, NULL) != -XCPU_EPERM)
		seen.error = 0;
}

static void
stop_misuse(struct selftest *t)
{
	struct xcpu_cpuset set;

	if (!set_up(t))
		return;
	EXPECT_EQ(t, xcpu_stop(&t->all, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_stop(NULL, NULL), -XCPU_EINVAL);
	xcpu_cpuset_zero(&set);
	EXPECT_EQ(t, xcpu_stop(&set, NULL), 0);
	if (t->ncpu < XCPU_NCPU_MAX) {
		xcpu_cpuset_one(&set, t->ncpu);
		EXPECT_EQ(t, xcpu_stop(&set, NULL), -XCPU_EINVAL);
		EXPECT_EQ(t, xcpu_restart(&set), -XCPU_EINVAL);
		EXPECT(t, !xcpu_stopped(t->host->domain, t->ncpu));
	}
	EXPECT_EQ(t, xcpu_restart(&t->all), 0);
	EXPECT_EQ(t, xcpu_nmi_call(&t->all, NULL, NULL, 1, NULL),
	    XCPU_PORT_LEVEL < 4 ? -XCPU_ENOSYS : -XCPU_EINVAL);
	if (t->host->nmi != NULL && XCPU_PORT_LEVEL >= 4) {
		selftest_nmi_run(t, t->self, stop_in_nmi, t);
		EXPECT_EQ(t, seen.error, -XCPU_EPERM);
	}
	tear_down(t);
}

static const struct selftest_case cases[] = {
	{ "stop_others", "F-B19 INV-C12 BUG-73 BUG-118", "xcpu_port_kick",
	    stop_others, 1, 2, 0 },
	{ "stop_one", "F-B19", "xcpu_port_kick", stop_one, 1, 2, 0 },
	{ "stop_waiter", "F-B19 INV-C12 BUG-117", "xcpu_port_relax",
	    stop_waiter, 2, 3, NEED_THREAD },
	{ "stop_poller", "F-B19 F-B24 BUG-116", "xcpu_port_context",
	    stop_poller, 2, 2, NEED_THREAD | NEED_LOCK },
	{ "stop_mutual", "F-B19 INV-C12 BUG-73 BUG-117", "xcpu_port_relax",
	    stop_mutual, 1, 2, NEED_THREAD },
	{ "stop_flushes", "F-B19 INV-R6", "xcpu_port_tlb_flush", stop_flushes,
	    3, 2, NEED_THREAD | NEED_TLB },
	{ "stop_deadline", "F-B19 INV-R9 BUG-114", "xcpu_port_now_ns",
	    stop_deadline, 2, 2, 0 },
	{ "stop_hard", "F-B19 INV-R9 BUG-115 BUG-116", "xcpu_port_kick_nmi",
	    stop_hard, 4, 2, NEED_NMI },
	{ "stop_nmi_call", "F-B19", "xcpu_port_kick_nmi", stop_nmi_call, 4, 2,
	    NEED_NMI },
	{ "stop_panic", "F-B19 INV-C12 BUG-116 BUG-120", "xcpu_port_kick",
	    stop_panic, 1, 2, 0 },
	{ "stop_panic_held", "F-B19 BUG-115 BUG-116", "xcpu_port_kick_nmi",
	    stop_panic_held, 4, 2, NEED_NMI },
	{ "stop_panic_all", "F-B19 INV-C12 BUG-117", "xcpu_port_relax",
	    stop_panic_all, 1, 2, NEED_THREAD },
	{ "stop_panic_nmi", "F-B19 BUG-120", "xcpu_port_kick", stop_panic_nmi,
	    4, 2, NEED_NMI },
	{ "stop_misuse", "F-B26 BUG-120", "xcpu_port_context", stop_misuse, 0,
	    2, 0 },
};

SELFTEST_GROUP(selftest_stop, cases);
