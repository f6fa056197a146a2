/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hook_test.c: each hook by itself, before anything is built on it; here those
 * of levels 0 and 2.
 *
 * Such a test convicts one hook, so it rests only on hooks that were tested
 * before it, and on as little of the library as can be.  The first that fails
 * ends the run, for all that follows would fail too, and name the wrong one.
 */
#include "suite.h"

/* ---- level 0 ---- */

static struct {
	unsigned cpu[XCPU_NCPU_MAX];
	unsigned context[XCPU_NCPU_MAX];
} self;

static void
note_self(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg;

	self.cpu[cpu] = xcpu_cpu_index();
	self.context[cpu] = xcpu_port_context();
}

static void
hook_self(struct selftest *t)
{
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		self.cpu[cpu] = XCPU_NCPU_MAX;
		if (!selftest_on(t, cpu, note_self, (void *)(uintptr_t)cpu))
			return;
		HOOK(t, "xcpu_port_self", "each CPU finds its own block, in a "
		    "thread that thread() started there",
		    self.cpu[cpu] == cpu);
		HOOK(t, "xcpu_port_context", "it is 0 in a thread that holds "
		    "nothing: is a count not taken back?",
		    self.context[cpu] == 0);
	}
}

static bool
says_masked(void)
{
	return (xcpu_port_context() & XCPU_CTX_MASKED) != 0;
}

/* Kills: states that are all the same; a restore that opens, counts, or does not. */
static void
hook_mask_nests(struct selftest *t)
{
	unsigned long outer = xcpu_port_irq_save();
	bool masked = says_masked();
	unsigned long inner = xcpu_port_irq_save(), again;
	bool still, open, skipped;

	xcpu_port_irq_restore(inner);
	still = says_masked();
	xcpu_port_irq_restore(outer);
	open = !says_masked();
	again = xcpu_port_irq_save();
	(void)xcpu_port_irq_save();
	xcpu_port_irq_restore(again);
	skipped = !says_masked();

	/* Who is wrong, who masks or who tells, is seen by a kick: later. */
	if (!masked && XCPU_PORT_LEVEL >= 1 && XCPU_STATS != 0)
		return;
	HOOK(t, "xcpu_port_irq_save", "it masks", masked);
	HOOK(t, "xcpu_port_irq_save", "what it returns tells masked from open: "
	    "how it was before", outer != inner);
	HOOK(t, "xcpu_port_irq_restore", "it stays masked where the state "
	    "given was masked", still);
	HOOK(t, "xcpu_port_irq_restore", "it opens where the state given was "
	    "open", open);
	HOOK(t, "xcpu_port_irq_restore", "it puts back the state given, not "
	    "one level less", skipped);
}

static void
hook_lock(struct selftest *t)
{
	bool locked;

	t->host->lock();
	locked = (xcpu_port_context() & XCPU_CTX_LOCKED) != 0;
	t->host->unlock();
	HOOK(t, "xcpu_port_context", "XCPU_CTX_LOCKED while a spinlock is "
	    "held: count them per CPU", locked);
	HOOK(t, "xcpu_port_context", "no XCPU_CTX_LOCKED after the unlock",
	    (xcpu_port_context() & XCPU_CTX_LOCKED) == 0);
}

static struct {
	struct xcpu_au32 looks, over;
	bool locked;			/* plain: read after the join */
} onlooker;

static void
look_on(void *arg)
{
	(void)arg;
	/* ends: the lock was held for a whole look */
	for (unsigned spins = 0; count_of(&onlooker.over) == 0; spins++) {
		if ((xcpu_port_context() & XCPU_CTX_LOCKED) != 0)
			onlooker.locked = true;
		count_up(&onlooker.looks);
		xcpu_port_relax(spins);
	}
}

/* Kills: one count of spinlocks for all CPUs. */
static void
hook_lock_there(struct selftest *t)
{
	uint32_t looks;

	onlooker.locked = false;
	xcpu_store_rlx(&onlooker.looks, 0);
	xcpu_store_rlx(&onlooker.over, 0);
	if (!selftest_thread(t, t->other, look_on, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&onlooker.looks) != 0));
	t->host->lock();
	looks = count_of(&onlooker.looks);
	EXPECT(t, AWAIT(count_of(&onlooker.looks) - looks > 1));
	t->host->unlock();
	flag_set(&onlooker.over);
	selftest_join(t, t->other);
	t->cpu = t->other;
	HOOK(t, "xcpu_port_context", "no XCPU_CTX_LOCKED for spinlocks that "
	    "other CPUs hold", !onlooker.locked);
}

#if XCPU_PORT_NEAR
static void
hook_near(struct selftest *t)
{
	struct xcpu_cpuset one;
	unsigned near = xcpu_port_near(t->self, &t->others);

	HOOK(t, "xcpu_port_near", "the CPU that it answers is one of the set",
	    near < t->ncpu && xcpu_cpuset_has(&t->others, near));
	for_each_cpu (cpu, &t->others) {
		t->cpu = cpu;
		xcpu_cpuset_one(&one, cpu);
		HOOK(t, "xcpu_port_near", "the only CPU of a set is the "
		    "nearest one", xcpu_port_near(t->self, &one) == cpu);
	}
}
#else
static void
hook_near(struct selftest *t)
{
	t->skip = "built without XCPU_PORT_NEAR";
}
#endif

#define TURNS		16
#define TURN_SPINS	2000		/* a slice of time is many more */
#define BURSTS		40

static struct {
	struct xcpu_au32 ball;		/* odd: the other's turn */
	struct xcpu_au32 over;
} game;

static void
answer(void *arg)
{
	unsigned spins = 0;

	(void)arg;
	/* ends: the suite has seen enough */
	while (count_of(&game.over) == 0) {
		uint32_t ball = count_of(&game.ball);

		if (ball % 2 != 0) {
			xcpu_store_rel(&game.ball, ball + 1);
			spins = 0;
		}
		xcpu_port_relax(spins++);
	}
}

/* Did some turns take few spins in all? */
static bool
play(void)
{
	unsigned spent = 0;

	for (unsigned i = 0; i < TURNS; i++) {
		uint32_t ball = count_of(&game.ball) + 1;

		xcpu_store_rel(&game.ball, ball);
		for (unsigned spins = 0; count_of(&game.ball) == ball &&
		    spent <= TURNS * TURN_SPINS; spins++, spent++)
			xcpu_port_relax(spins);
		if (spent > TURNS * TURN_SPINS) {
			(void)SOON(count_of(&game.ball) != ball);
			return false;
		}
	}
	return true;
}

/*
 * Two CPUs wait for each other in turn.  Where they share a core, of a host or
 * of an emulator, whoever waits spins for a slice of time unless relax() gives
 * it away.  Counted are spins, not time, and the best of many tries: both are
 * free of what else the machine does.
 */
static void
hook_relax(struct selftest *t)
{
	bool quick = false;

	xcpu_store_rlx(&game.ball, 0);
	xcpu_store_rlx(&game.over, 0);
	if (!selftest_thread(t, t->other, answer, NULL))
		return;
	for (unsigned i = 0; i < BURSTS && !quick; i++)
		quick = play();
	flag_set(&game.over);
	selftest_join(t, t->other);
	HOOK(t, "xcpu_port_relax", "the CPU that is waited for gets on: pause, "
	    "and where CPUs share a core, yield it now and then", quick);
}

/* ---- level 2 ---- */

#if XCPU_PORT_LEVEL >= 2
/* The clock goes on for a while; false: it went back. */
static bool
clock_runs(uint64_t *spent_ns, uint64_t *reads)
{
	uint64_t first = xcpu_port_now_ns(), last = first, next;

	*reads = 0;
	/* bounded: a clock that stands still */
	for (; *reads < 1u << 24 && last - first < 1000000; ++*reads) {
		next = xcpu_port_now_ns();
		if (next < last)
			return false;
		last = next;
	}
	*spent_ns = last - first;
	return true;
}

/* No processor reads a clock four times in a nanosecond. */
static void
hook_clock(struct selftest *t)
{
	uint64_t spent = 0, reads = 0;
	unsigned long state;
	bool good;

	if (!HOOK(t, "xcpu_port_now_ns", "it never goes back on one CPU",
	    clock_runs(&spent, &reads)))
		return;
	HOOK(t, "xcpu_port_now_ns", "it counts nanoseconds; this one counts "
	    "far less", spent >= 1000000 && reads < spent * 4);
	state = xcpu_port_irq_save();
	good = clock_runs(&spent, &reads);
	xcpu_port_irq_restore(state);
	HOOK(t, "xcpu_port_now_ns", "it goes on while interrupts are masked",
	    good && spent >= 1000000);
}

static enum xcpu_stall_policy
echo(const struct xcpu_stall *report, void *arg)
{
	(void)report;
	return *(enum xcpu_stall_policy *)arg;
}

static void
hook_stall(struct selftest *t)
{
	struct xcpu_stall report = { .waiter = t->self,
		.kind = XCPU_WAIT_CALL, .report = 1 };

	for (unsigned n = XCPU_STALL_CONTINUE; n <= XCPU_STALL_GIVE_UP; n++) {
		enum xcpu_stall_policy policy = (enum xcpu_stall_policy)n, got;

		t->host->stall(echo, &policy);
		got = xcpu_port_stall(&report);
		t->host->stall(NULL, NULL);
		HOOK(t, "xcpu_port_stall", "it returns the policy that is asked "
		    "for, and stall()'s judge's meanwhile", got == policy);
	}
}
#else
#define hook_clock	NULL
#define hook_stall	NULL
#endif

static const struct selftest_case cases[] = {
	{ "hook_self", "F-P6", "xcpu_port_self", hook_self, 0, 1, NEED_THREAD },
	{ "hook_mask_nests", "F-P6", "xcpu_port_irq_save", hook_mask_nests, 0,
	    1, 0 },
	{ "hook_lock", "F-P6", "xcpu_port_context", hook_lock, 0, 1, NEED_LOCK },
	{ "hook_lock_there", "F-P6", "xcpu_port_context", hook_lock_there, 0, 2,
	    NEED_LOCK | NEED_THREAD },
	{ "hook_near", "F-P6 F-B16", "xcpu_port_near", hook_near, 0, 2, 0 },
	{ "hook_relax", "F-P6", "xcpu_port_relax", hook_relax, 0, 2,
	    NEED_THREAD },
	{ "hook_clock", "F-P6", "xcpu_port_now_ns", hook_clock, 2, 1, 0 },
	{ "hook_stall", "F-P6", "xcpu_port_stall", hook_stall, 2, 1,
	    NEED_STALL },
};

SELFTEST_GROUP(selftest_hook, cases);
