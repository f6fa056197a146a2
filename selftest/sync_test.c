/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync_test.c: rendezvous.
 *
 * What the parked CPUs write, and what is written while they are parked, is
 * plain: a race detector judges that they stand still.
 */
#include "suite.h"

#define SHORT_NS 20000000u

static struct {
	uint32_t run[XCPU_NCPU_MAX], fin1[XCPU_NCPU_MAX];
	uint32_t action[XCPU_NCPU_MAX], teardown[XCPU_NCPU_MAX];
	struct xcpu_au32 fin2, handled, early;
	uint32_t table;			/* written while all stand still */
	uint32_t read[XCPU_NCPU_MAX];
	int id;
	int error;
	unsigned ncpu;
} seen;

static bool
set_up(struct selftest *t)
{
	if (t->host->domain->sync == NULL) {
		t->skip = "the host has no xcpu_sync_init()";
		return false;
	}
	for_each_cpu (cpu, &t->all) {
		seen.run[cpu] = seen.fin1[cpu] = seen.read[cpu] = 0;
		seen.action[cpu] = seen.teardown[cpu] = 0;
	}
	xcpu_store_rlx(&seen.fin2, 0);
	xcpu_store_rlx(&seen.handled, 0);
	xcpu_store_rlx(&seen.early, 0);
	seen.table = 0;
	seen.ncpu = t->ncpu;
	return true;
}

static void
run(void *arg)
{
	(void)arg;
	seen.run[xcpu_cpu_index()]++;
}

static void
fin1(void *arg)
{
	unsigned cpu = xcpu_cpu_index();

	(void)arg;
	seen.fin1[cpu]++;
	seen.read[cpu] = seen.table;
}

static void
fin2(void *data)
{
	if (*(const uint32_t *)data != 77)
		count_up(&seen.early);
	count_up(&seen.fin2);
}

static void
handle(void *arg)
{
	(void)arg;
	count_up(&seen.handled);
}

static void
expect_each(struct selftest *t, const uint32_t *counts,
    const struct xcpu_cpuset *set, uint32_t want)
{
	unsigned outer = t->cpu;

	for_each_cpu (cpu, set) {
		t->cpu = cpu;
		EXPECT_EQ(t, counts[cpu], want);
	}
	t->cpu = outer;
}

/* Kills: no wait for arrivals; a parked CPU that serves events; fin1 lost. */
static void
sync_parks(struct selftest *t)
{
	static uint32_t data = 77;
	struct xcpu_sync sync = { .run = run, .fin1 = fin1, .fin2 = fin2,
		.data = &data };

	if (!set_up(t))
		return;
	seen.id = xcpu_event_register(handle, NULL);
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->all, NULL), 0);
	expect_each(t, seen.run, &t->all, 1);
	EXPECT_EQ(t, xcpu_event_post_set(seen.id, &t->others), t->ncpu - 1);
	seen.table = 5;
	selftest_spend(2000000);
	EXPECT_EQ(t, count_of(&seen.handled), 0);
	expect_each(t, seen.fin1, &t->all, 0);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	expect_each(t, seen.fin1, &t->all, 1);
	expect_each(t, seen.read, &t->all, 5);
	expect_each(t, seen.run, &t->all, 1);
	EXPECT(t, AWAIT(count_of(&seen.fin2) == t->ncpu));
	EXPECT_EQ(t, count_of(&seen.early), 0);
	EXPECT(t, AWAIT(count_of(&seen.handled) == t->ncpu - 1));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

/* Kills: an own part that is left out; a return before all have run. */
static void
sync_simple(struct selftest *t)
{
	if (!set_up(t))
		return;
	for (uint32_t i = 1; i <= 20; i++) {
		seen.table = i;
		EXPECT_EQ(t, xcpu_sync_simple(&t->all, fin1, NULL, NULL), 0);
		expect_each(t, seen.read, &t->all, i);
	}
	expect_each(t, seen.fin1, &t->all, 20);
	EXPECT_EQ(t, xcpu_sync_simple(&t->others, fin1, NULL, NULL), 0);
	expect_each(t, seen.fin1, &t->others, 21);
	EXPECT_EQ(t, seen.fin1[t->self], 20);
}

/* Kills: data that reaches the caller's CPU only (DragonFly's of 2005). */
static void
sync_fastdata(struct selftest *t)
{
	static uint32_t data = 77;

	if (!set_up(t))
		return;
	EXPECT_EQ(t, xcpu_sync_fastdata(&t->all, fin2, &data, NULL), 0);
	EXPECT(t, AWAIT(count_of(&seen.fin2) == t->ncpu));
	EXPECT_EQ(t, count_of(&seen.early), 0);
}

/* Kills: an add() that asks again who is parked, or forgets somebody. */
static void
sync_adds(struct selftest *t)
{
	struct xcpu_sync sync = { .run = run, .fin1 = fin1 };
	struct xcpu_cpuset one;

	if (!set_up(t))
		return;
	xcpu_cpuset_one(&one, t->other);
	EXPECT_EQ(t, xcpu_sync_start(&sync, &one, NULL), 0);
	EXPECT_EQ(t, seen.run[t->other], 1);
	EXPECT_EQ(t, seen.run[t->self], 0);
	EXPECT_EQ(t, xcpu_sync_add(&sync, &t->all, NULL), 0);
	expect_each(t, seen.run, &t->all, 1);
	EXPECT_EQ(t, xcpu_sync_add(&sync, &t->others, NULL), 0);
	seen.table = 9;
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	expect_each(t, seen.run, &t->all, 1);
	expect_each(t, seen.read, &t->all, 9);
}

/* Kills: an abort that runs fin1. */
static void
sync_aborts(struct selftest *t)
{
	struct xcpu_sync sync = { .run = run, .fin1 = fin1, .fin2 = fin2 };

	if (!set_up(t))
		return;
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->all, NULL), 0);
	EXPECT_EQ(t, xcpu_sync_abort(&sync), 0);
	expect_each(t, seen.run, &t->all, 1);
	expect_each(t, seen.fin1, &t->all, 0);
	EXPECT_EQ(t, count_of(&seen.fin2), 0);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), -XCPU_EINVAL);
}

/* ---- setup, action, teardown ---- */

/* Plain: the barriers order it. */
static void
count_all(const uint32_t *counts, uint32_t want)
{
	for (unsigned cpu = 0; cpu < seen.ncpu; cpu++)
		if (counts[cpu] != want)
			count_up(&seen.early);
}

static void
act(void *arg)
{
	count_all(seen.run, *(const uint32_t *)arg);
	seen.action[xcpu_cpu_index()]++;
}

static void
tear_down(void *arg)
{
	count_all(seen.action, *(const uint32_t *)arg);
	seen.teardown[xcpu_cpu_index()]++;
}

/* Kills: no entry barrier; no exit barrier. */
static void
sync_stages(struct selftest *t)
{
	static uint32_t round;
	struct xcpu_sync_stages stages = { .setup = run, .action = act,
		.teardown = tear_down, .arg = &round };

	if (!set_up(t))
		return;
	for (round = 1; round <= 10; round++)
		EXPECT_EQ(t, xcpu_sync_rendezvous(&t->all, &stages, NULL), 0);
	expect_each(t, seen.teardown, &t->all, 10);
	EXPECT_EQ(t, count_of(&seen.early), 0);
}

static struct selftest_hold held;

static void
act_and_release(void *arg)
{
	(void)arg;
	seen.action[xcpu_cpu_index()]++;
	flag_set(&held.released);
}

/* The held CPU comes only when an action has run elsewhere. */
static void
sync_no_entry(struct selftest *t)
{
	struct xcpu_sync_opt opt = { .flags = XCPU_SYNC_NO_ENTRY };
	struct xcpu_sync_stages stages = { .setup = run,
		.action = act_and_release, .teardown = run };

	if (!set_up(t) || !selftest_hold_one(t, &held, t->other))
		return;
	EXPECT_EQ(t, xcpu_sync_rendezvous(&t->all, &stages, &opt), 0);
	expect_each(t, seen.action, &t->all, 1);
	expect_each(t, seen.run, &t->all, 2);
	EXPECT(t, AWAIT(xcpu_call_done(&held.call)));
}

static void
act_slowly(void *arg)
{
	unsigned cpu = xcpu_cpu_index();

	if (cpu == *(const unsigned *)arg)
		(void)AWAIT(count_of(&seen.handled) != 0);
	seen.action[cpu]++;
}

static void
tear_down_early(void *arg)
{
	unsigned cpu = xcpu_cpu_index();

	if (cpu != *(const unsigned *)arg)
		count_up(&seen.handled);
	seen.teardown[cpu]++;
}

/* One CPU's action ends only after another's teardown. */
static void
sync_no_exit(struct selftest *t)
{
	static unsigned slow;
	struct xcpu_sync_opt opt = { .flags = XCPU_SYNC_NO_EXIT };
	struct xcpu_sync_stages stages = { .action = act_slowly,
		.teardown = tear_down_early, .arg = &slow };

	if (!set_up(t))
		return;
	slow = t->other;
	EXPECT_EQ(t, xcpu_sync_rendezvous(&t->all, &stages, &opt), 0);
	expect_each(t, seen.action, &t->all, 1);
	expect_each(t, seen.teardown, &t->all, 1);
	opt.flags = XCPU_SYNC_NO_EXIT | XCPU_SYNC_NO_ENTRY;
	EXPECT_EQ(t, xcpu_sync_rendezvous(&t->all, &stages, &opt), 0);
	expect_each(t, seen.teardown, &t->all, 2);
}

/* ---- the machine stands still ---- */

static void
alone(void *arg)
{
	const struct selftest *t = arg;

	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		count_up(&seen.early);
	(void)xcpu_event_post_set(seen.id, &t->others);
	seen.table++;
	selftest_spend(1000000);
	if (count_of(&seen.handled) != 0)
		count_up(&seen.early);
}

/* Kills: a machine that does not stop, or runs with the doorbell open. */
static void
sync_machine(struct selftest *t)
{
	if (!set_up(t))
		return;
	seen.id = xcpu_event_register(handle, NULL);
	EXPECT_EQ(t, xcpu_sync_machine(alone, t, NULL), 0);
	EXPECT_EQ(t, seen.table, 1);
	EXPECT_EQ(t, count_of(&seen.early), 0);
	EXPECT(t, AWAIT(count_of(&seen.handled) == t->ncpu - 1));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

/* ---- several at once ---- */

/* Each parks the next one, in a ring: no order of queues would do. */
static void
park_next(void *arg)
{
	struct xcpu_sync sync = { .fin1 = NULL };
	unsigned cpu = xcpu_cpu_index();
	struct xcpu_cpuset set;

	(void)arg;
	xcpu_cpuset_one(&set, cpu);
	xcpu_cpuset_add(&set, (cpu + 1) % seen.ncpu);
	for (unsigned i = 0; i < selftest_rounds(seen.ncpu); i++) {
		unsigned long state = i % 2 == 0 ? xcpu_port_irq_save() : 0;

		if (xcpu_sync_start(&sync, &set, NULL) != 0)
			count_up(&seen.early);
		seen.table++;
		if (xcpu_sync_finish(&sync) != 0)
			count_up(&seen.early);
		if (i % 2 == 0)
			xcpu_port_irq_restore(state);
	}
}

/*
 * Kills: a loser who does not serve; two who both believe that the other is
 * parked.
 */
static void
sync_overlaps(struct selftest *t)
{
	if (!set_up(t))
		return;
	selftest_on_each(t, &t->sample, park_next, NULL);
	EXPECT_EQ(t, count_of(&seen.early), 0);
	EXPECT_EQ(t, seen.table, selftest_rounds(t->ncpu) * t->nsample);
}

/* Kills: a parked CPU that serves no flushes. */
static void
sync_flushes(struct selftest *t)
{
	struct xcpu_space *space;
	struct xcpu_sync sync = { .fin1 = NULL };
	uint64_t va = selftest_page(t, 0);

	if (!set_up(t))
		return;
	space = t->host->tlb->space[0];
	selftest_load(t, &t->all, space);
	selftest_map(t, space, va, 41);
	EXPECT_EQ(t, xcpu_shootdown(space, va, selftest_page_bytes(t), NULL),
	    0);
	selftest_reads(t, &t->all, va, 41);
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->others, NULL), 0);
	selftest_map(t, space, va, 42);
	EXPECT_EQ(t, xcpu_shootdown(space, va, selftest_page_bytes(t), NULL),
	    0);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	selftest_reads(t, &t->all, va, 42);
	selftest_load(t, &t->all, NULL);
}

/* ---- deadlines ---- */

/* Kills: an abort that is not all or nothing; a late CPU that counts later. */
static void
sync_deadline(struct selftest *t)
{
	struct xcpu_cpuset absent, late;
	struct xcpu_sync_opt opt = { .timeout_ns = SHORT_NS,
		.absent = &absent };

	if (!set_up(t) || !selftest_hold_one(t, &held, t->other))
		return;
	xcpu_cpuset_one(&late, t->other);
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, fin1, NULL, &opt),
	    -XCPU_ETIMEDOUT);
	EXPECT(t, xcpu_cpuset_has(&absent, t->other));
	expect_each(t, seen.fin1, &t->all, 0);
	selftest_release(t, &held);
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, fin1, NULL, NULL), 0);
	expect_each(t, seen.fin1, &t->all, 1);
}

static bool
is_dead(unsigned cpu, void *arg)
{
	return cpu == *(const unsigned *)arg;
}

/* Kills: a dead CPU that stops the others for ever, or counts as there. */
static void
sync_dead(struct selftest *t)
{
	static unsigned dead;
	struct xcpu_cpuset absent, late, rest = t->all;
	struct xcpu_sync_opt opt = { .timeout_ns = SHORT_NS * 10,
		.absent = &absent, .dead = is_dead, .dead_arg = &dead };

	dead = t->other;
	if (!set_up(t) || !selftest_hold_one(t, &held, t->other))
		return;
	xcpu_cpuset_one(&late, t->other);
	xcpu_cpuset_del(&rest, t->other);
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, fin1, NULL, &opt), 0);
	EXPECT_SET(t, &absent, &late);
	expect_each(t, seen.fin1, &rest, 1);
	selftest_release(t, &held);
	EXPECT_EQ(t, xcpu_call_one(t->other, handle, NULL, NULL), 0);
	EXPECT_EQ(t, seen.fin1[t->other], 0);
}

/* ---- CPUs that are not there ---- */

static struct {
	struct xcpu_au32 gone, come_back;
	int off, on;
} trip;

static void
travel(void *arg)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	trip.off = xcpu_cpu_offline();
	flag_set(&trip.gone);
	(void)AWAIT(count_of(&trip.come_back) != 0);
	trip.on = xcpu_cpu_online(self);
	xcpu_port_irq_restore(state);
}

/* Kills: a wait for a CPU that is off; FAIL that parks somebody. */
static void
sync_not_ready(struct selftest *t)
{
	struct xcpu_cpuset absent, away, rest = t->all;
	struct xcpu_sync_opt opt = { .absent = &absent };

	if (!set_up(t))
		return;
	xcpu_cpuset_one(&away, t->other);
	xcpu_cpuset_del(&rest, t->other);
	xcpu_store_rlx(&trip.gone, 0);
	xcpu_store_rlx(&trip.come_back, 0);
	if (!selftest_thread(t, t->other, travel, NULL) ||
	    !EXPECT(t, AWAIT(count_of(&trip.gone) != 0)))
		return;
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, fin1, NULL, &opt), 0);
	EXPECT_SET(t, &absent, &away);
	expect_each(t, seen.fin1, &rest, 1);
	EXPECT_EQ(t, seen.fin1[t->other], 0);
	opt.not_ready = XCPU_FAIL_NOT_READY;
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, fin1, NULL, &opt),
	    -XCPU_ENXIO);
	expect_each(t, seen.fin1, &rest, 1);
	flag_set(&trip.come_back);
	selftest_join(t, t->other);
	EXPECT_EQ(t, trip.off, 0);
	EXPECT_EQ(t, trip.on, 0);
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, fin1, NULL, &opt), 0);
	EXPECT_EQ(t, seen.fin1[t->other], 1);
}

/* ---- misuse ---- */

static void
sync_inside(void *arg)
{
	(void)arg;
	seen.error = xcpu_sync_simple(&((struct selftest *)arg)->all, fin1,
	    NULL, NULL);
}

static void
sync_misuse(struct selftest *t)
{
	struct xcpu_sync sync = { .run = sync_inside, .arg = t };
	struct xcpu_sync second = { .run = NULL };
	struct xcpu_sync_opt opt = { .not_ready = XCPU_WAIT_NOT_READY };
	struct xcpu_cpuset set;

	if (!set_up(t))
		return;
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->all, &opt), -XCPU_EINVAL);
	opt.not_ready = XCPU_SKIP_NOT_READY;
	opt.flags = XCPU_SYNC_NO_ENTRY;
	EXPECT_EQ(t, xcpu_sync_start(&sync, &t->all, &opt), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_sync_start(NULL, &t->all, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_sync_start(&sync, NULL, NULL), -XCPU_EINVAL);
	if (t->ncpu < XCPU_NCPU_MAX) {
		xcpu_cpuset_one(&set, t->ncpu);
		EXPECT_EQ(t, xcpu_sync_start(&sync, &set, NULL),
		    -XCPU_EINVAL);
	}
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, NULL, NULL, NULL),
	    -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_sync_machine(NULL, NULL, NULL), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_sync_add(&sync, &t->all, NULL), -XCPU_EINVAL);

	/* In a function, then between start and finish. */
	xcpu_cpuset_one(&set, t->other);
	EXPECT_EQ(t, xcpu_sync_start(&sync, &set, NULL), 0);
	EXPECT_EQ(t, seen.error, -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_sync_start(&second, &set, NULL), -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_call_one(t->self, run, NULL, NULL), -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_cpu_offline(), -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_sync_finish(&sync), 0);
	EXPECT_EQ(t, xcpu_call_self(sync_inside, t), 0);
	EXPECT_EQ(t, seen.error, -XCPU_EDEADLK);
	EXPECT_EQ(t, xcpu_call_one(t->other, run, NULL, NULL), 0);
}

static void
sync_locked(struct selftest *t)
{
	if (!set_up(t))
		return;
	t->host->lock();
	sync_inside(t);
	t->host->unlock();
	EXPECT_EQ(t, seen.error, -XCPU_EDEADLK);
}

static void
sync_counts(struct selftest *t)
{
	uint64_t started, parked;

	if (!set_up(t))
		return;
	started = STAT_SUM(t, sync);
	parked = STAT_SUM(t, served_sync);
	EXPECT_EQ(t, xcpu_sync_simple(&t->all, fin1, NULL, NULL), 0);
	EXPECT_EQ(t, STAT_SUM(t, sync), started + 1);
	EXPECT_EQ(t, STAT_SUM(t, served_sync), parked + t->ncpu - 1);
}

static const struct selftest_case cases[] = {
	{ "sync_parks", "F-D15 F-B18 INV-R1 BUG-74", "xcpu_port_kick",
	    sync_parks, 0, 1, 0 },
	{ "sync_simple", "F-D13 INV-R2 INV-R3 BUG-69 BUG-73", "xcpu_port_kick",
	    sync_simple, 0, 1, 0 },
	{ "sync_fastdata", "F-D14", "xcpu_port_kick", sync_fastdata, 0, 1, 0 },
	{ "sync_adds", "F-D15", "xcpu_port_kick", sync_adds, 0, 2, 0 },
	{ "sync_aborts", "F-D15 INV-R9 BUG-75", "xcpu_port_kick",
	    sync_aborts, 0, 1, 0 },
	{ "sync_stages", "F-B18 INV-R1 INV-R2 BUG-71 BUG-74",
	    "xcpu_port_kick", sync_stages, 0, 1, 0 },
	{ "sync_no_entry", "F-B18", "xcpu_port_kick", sync_no_entry, 0, 2, 0 },
	{ "sync_no_exit", "F-B18", "xcpu_port_kick", sync_no_exit, 0, 2, 0 },
	{ "sync_machine", "F-B18 INV-R1", "xcpu_port_irq_save",
	    sync_machine, 0, 1, 0 },
	{ "sync_overlaps", "F-D15 INV-R5 INV-R8 BUG-39 BUG-40 BUG-44",
	    "xcpu_port_relax, xcpu_port_context", sync_overlaps, 1, 2,
	    NEED_THREAD },
	{ "sync_flushes", "F-B18 INV-R6", "xcpu_port_tlb_flush", sync_flushes,
	    3, 2, NEED_THREAD | NEED_TLB },
	{ "sync_deadline", "F-B18 INV-R9 BUG-43", "xcpu_port_now_ns",
	    sync_deadline, 2, 2, 0 },
	{ "sync_dead", "F-B20 INV-R10 BUG-118", "xcpu_port_now_ns", sync_dead,
	    2, 2, 0 },
	{ "sync_not_ready", "F-B20 INV-R4 INV-C8 BUG-84", "xcpu_port_kick",
	    sync_not_ready, 1, 2, NEED_THREAD },
	{ "sync_misuse", "F-B26 INV-R7 BUG-38", "xcpu_port_context",
	    sync_misuse, 0, 2, 0 },
	{ "sync_locked", "F-B26 BUG-42", "xcpu_port_context", sync_locked, 0,
	    1, NEED_LOCK },
	{ "sync_counts", "F-B27", "", sync_counts, 0, 1, NEED_STATS },
};

SELFTEST_GROUP(selftest_sync, cases);
