/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_test.c: CPUs that die, are reported, and are started anew.
 *
 * The CPU in question dies in a thread of its own, masked: it does something
 * that others will wait for, then nothing more, until it is asked to come back
 * by xcpu_cpu_online().  Its old interrupts may reach it then, and are harmless.
 */
#include "suite.h"

static struct {
	void (*last_deed)(struct selftest *t);
	struct xcpu_au32 died, start;
	int deed, on;
} grave;

static struct {
	struct xcpu_au32 runs, waiting, back, finished;
	struct xcpu_call call;
	struct xcpu_call_result result;
	struct xcpu_sync sync;
	int error;
} seen;

static void
die(void *arg)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state = xcpu_port_irq_save();

	if (grave.last_deed != NULL)
		grave.last_deed(arg);
	flag_set(&grave.died);
	(void)AWAIT(count_of(&grave.start) != 0);
	grave.on = xcpu_cpu_online(self);
	xcpu_port_irq_restore(state);
}

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs);
}

static unsigned
third_of(const struct selftest *t)
{
	return (t->other + 1) % t->ncpu;
}

static bool
kill_other(struct selftest *t, void (*last_deed)(struct selftest *t))
{
	grave.last_deed = last_deed;
	grave.deed = 0;
	xcpu_store_rlx(&grave.died, 0);
	xcpu_store_rlx(&grave.start, 0);
	xcpu_store_rlx(&seen.runs, 0);
	xcpu_store_rlx(&seen.waiting, 0);
	xcpu_store_rlx(&seen.back, 0);
	xcpu_store_rlx(&seen.finished, 0);
	return selftest_thread(t, t->other, die, t) &&
	    EXPECT(t, AWAIT(count_of(&grave.died) != 0)) &&
	    EXPECT_EQ(t, grave.deed, 0);
}

static void
bury(struct selftest *t)
{
	struct xcpu_cpuset dead;

	xcpu_cpuset_one(&dead, t->other);
	EXPECT_EQ(t, xcpu_cpu_dead(&dead), 0);
	EXPECT(t, !xcpu_cpu_ready(t->host->domain, t->other));
}

/* It comes back, and works as if it had never been there. */
static void
start_anew(struct selftest *t)
{
	uint32_t runs = count_of(&seen.runs);

	flag_set(&grave.start);
	selftest_join(t, t->other);
	EXPECT_EQ(t, grave.on, 0);
	EXPECT(t, xcpu_cpu_ready(t->host->domain, t->other));
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, NULL), 0);
	EXPECT_EQ(t, xcpu_call_others(count_run, NULL, NULL), 0);
	EXPECT_EQ(t, count_of(&seen.runs), runs + t->ncpu);
}

/* Kills: a death that is not checked; one of a CPU that is none. */
static void
dead_refused(struct selftest *t)
{
	struct xcpu_cpuset set;

	EXPECT_EQ(t, xcpu_cpu_dead(NULL), -XCPU_EINVAL);
	xcpu_cpuset_zero(&set);
	EXPECT_EQ(t, xcpu_cpu_dead(&set), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_cpu_dead(&t->all), -XCPU_EINVAL);
	xcpu_cpuset_one(&set, t->self);
	EXPECT_EQ(t, xcpu_cpu_dead(&set), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_space_forget(NULL, t->self), -XCPU_EINVAL);
}

static void
count_end(void *arg)
{
	(void)arg;
	count_up(&seen.finished);
}

static void
call_other(void *arg)
{
	const struct selftest *t = arg;

	count_up(&seen.waiting);
	seen.error = xcpu_call_one(t->other, count_run, NULL, NULL);
	count_up(&seen.back);
}

/*
 * Calls to a dead CPU: one that nobody waits for, and one that a third CPU waits
 * for.
 *
 * Kills: a wait that never ends; a function that never ran and is said to have;
 * one that runs when the CPU comes back.
 */
static void
dead_called(struct selftest *t)
{
	struct xcpu_cpuset other;
	bool waits = t->ncpu > 2 && t->host->thread != NULL;

	xcpu_cpuset_one(&other, t->other);
	if (!kill_other(t, NULL))
		return;
	seen.call.callback = count_end;
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &other, count_run, NULL, NULL),
	    0);
	if (waits && selftest_thread(t, third_of(t), call_other, t))
		(void)AWAIT(count_of(&seen.waiting) != 0);
	bury(t);
	EXPECT(t, xcpu_call_done(&seen.call));
	EXPECT_EQ(t, count_of(&seen.finished), 1);
	seen.call.callback = NULL;
	if (waits) {
		EXPECT(t, AWAIT(count_of(&seen.back) != 0));
		selftest_join(t, third_of(t));
		/* Not ready, if it looked too late to wait. */
		EXPECT(t, seen.error == -XCPU_ECANCELED ||
		    seen.error == -XCPU_ENXIO);
	}
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, NULL),
	    -XCPU_ENXIO);
	EXPECT_EQ(t, xcpu_resched(t->other), -XCPU_ENXIO);
	EXPECT_EQ(t, count_of(&seen.runs), 0);
	start_anew(t);
}

static enum xcpu_stall_policy
bury_in_stall(const struct xcpu_stall *report, void *arg)
{
	const struct selftest *t = arg;
	struct xcpu_cpuset dead;

	/* On a busy machine others may be late, too. */
	xcpu_cpuset_one(&dead, t->other);
	if (xcpu_cpuset_has(&report->missing, t->other))
		seen.error = xcpu_cpu_dead(&dead);
	return XCPU_STALL_CONTINUE;
}

/* Kills: a waiter that cannot report what it waits for; a result that says done. */
static void
dead_in_stall(struct selftest *t)
{
	struct xcpu_call_opt opt = { .result = &seen.result };

	if (!kill_other(t, NULL))
		return;
	seen.error = 1;
	t->host->stall(bury_in_stall, t);
	EXPECT_EQ(t, xcpu_call_others(count_run, NULL, &opt), -XCPU_ECANCELED);
	t->host->stall(NULL, NULL);
	EXPECT_EQ(t, seen.error, 0);
	EXPECT(t, xcpu_cpuset_has(&seen.result.running, t->other));
	EXPECT(t, !xcpu_cpuset_has(&seen.result.done, t->other));
	EXPECT_EQ(t, xcpu_cpuset_count(&seen.result.done), t->ncpu - 2);
	EXPECT_EQ(t, count_of(&seen.runs), t->ncpu - 2);
	start_anew(t);
}

static void
use_space(struct selftest *t)
{
	grave.deed = xcpu_space_switch(t->host->tlb->space[0]);
}

static void
use_space_lazily(struct selftest *t)
{
	use_space(t);
	grave.deed |= xcpu_space_lazy_enter();
}

/* Kills: a shootdown that waits for the dead; a space that stays in use. */
static void
dead_with_space(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];

	for (unsigned lazy = 0; lazy < 2; lazy++) {
		if (!kill_other(t, lazy != 0 ? use_space_lazily : use_space))
			return;
		EXPECT_EQ(t, xcpu_space_destroy(space), -XCPU_EBUSY);
		EXPECT_EQ(t, xcpu_space_forget(space, t->other), -XCPU_EBUSY);
		bury(t);
		EXPECT_EQ(t, xcpu_space_destroy(space), 0);
		EXPECT_EQ(t, xcpu_space_forget(space, t->other), 0);
		EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
		EXPECT_EQ(t, xcpu_shootdown_all(xcpu_space_kernel(), NULL), 0);
		start_anew(t);
		EXPECT_EQ(t, xcpu_shootdown_all(space, NULL), 0);
	}
}

static void
park_third(struct selftest *t)
{
	struct xcpu_cpuset third;

	xcpu_cpuset_one(&third, third_of(t));
	seen.sync.fin1 = count_run;
	grave.deed = xcpu_sync_start(&seen.sync, &third, NULL);
}

static void
stop_third(struct selftest *t)
{
	struct xcpu_cpuset third;

	xcpu_cpuset_one(&third, third_of(t));
	grave.deed = xcpu_stop(&third, NULL);
}

/* Kills: CPUs parked or stopped for ever; a room that nobody gets any more. */
static void
dead_leader(struct selftest *t)
{
	struct xcpu_cpuset third;

	xcpu_cpuset_one(&third, third_of(t));
	if (t->host->domain->sync == NULL || t->host->domain->stop == NULL) {
		t->skip = "no rendezvous, or no stops";
		return;
	}
	if (!kill_other(t, park_third))
		return;
	bury(t);
	EXPECT_EQ(t, count_of(&seen.runs), 0);
	EXPECT_EQ(t, xcpu_sync_simple(&third, count_run, NULL, NULL), 0);
	EXPECT_EQ(t, count_of(&seen.runs), 1);
	start_anew(t);
	if (!kill_other(t, stop_third))
		return;
	EXPECT(t, xcpu_stopped(t->host->domain, third_of(t)));
	bury(t);
	EXPECT(t, !xcpu_stopped(t->host->domain, third_of(t)));
	EXPECT_EQ(t, xcpu_stop(&third, NULL), 0);
	EXPECT_EQ(t, xcpu_restart(&third), 1);
	start_anew(t);
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, count_run, NULL, NULL), 0);
}

/* Kills: an initiator that waits for the dead to be parked, or to stop. */
static void
dead_led(struct selftest *t)
{
	struct xcpu_cpuset other;

	xcpu_cpuset_one(&other, t->other);
	if (t->host->domain->sync == NULL) {
		t->skip = "no rendezvous";
		return;
	}
	if (!kill_other(t, NULL))
		return;
	t->host->stall(bury_in_stall, t);
	EXPECT_EQ(t, xcpu_sync_simple(&t->others, count_run, NULL, NULL), 0);
	t->host->stall(NULL, NULL);
	EXPECT_EQ(t, count_of(&seen.runs), t->ncpu - 2);
	/* Those who are parked cannot be asked. */
	EXPECT_EQ(t, seen.error, -XCPU_EDEADLK);
	bury(t);
	start_anew(t);
	EXPECT_EQ(t, xcpu_sync_simple(&other, count_run, NULL, NULL), 0);
}

static const struct selftest_case cases[] = {
	{ "dead_refused", "F-B20 F-B26", "nothing of the port", dead_refused,
	    1, 1, 0 },
	{ "dead_called", "F-B20 INV-C1 INV-C8", "xcpu_port_irq_save",
	    dead_called, 1, 2, NEED_THREAD },
	{ "dead_in_stall", "F-B20 F-T5 INV-C1 INV-C8", "xcpu_port_stall",
	    dead_in_stall, 2, 2, NEED_THREAD | NEED_STALL },
	{ "dead_with_space", "F-B20 INV-S4 INV-S13", "xcpu_port_irq_save",
	    dead_with_space, 3, 2, NEED_THREAD | NEED_TLB },
	{ "dead_leader", "F-B20 F-B18 F-B19 INV-R10", "xcpu_port_irq_save",
	    dead_leader, 1, 3, NEED_THREAD },
	{ "dead_led", "F-B20 F-B18 INV-R10", "xcpu_port_stall", dead_led, 2, 2,
	    NEED_THREAD | NEED_STALL },
};

SELFTEST_GROUP(selftest_dead, cases);
