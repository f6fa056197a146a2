/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hook_test.c: each hook by itself, before anything is built on it.
 *
 * A test here convicts one hook, so it rests only on hooks that were tested
 * before it, and on as little of the library as can be: a kick is seen by the
 * target's count of interrupts, not by work that a tick might have found.  The
 * first that fails ends the run, for all that follows would fail too, and name
 * the wrong one.  hook_tlb_test.c is the same for level 3.
 */
#include "suite.h"

#define HUSH_NS		2000000		/* a kick would have come by then */
#define TRIES		3		/* strangers interrupt now and then */
#define MASKS		8

/* ---- level 0 ---- */

static struct {
	unsigned cpu[XCPU_NCPU_MAX];
	unsigned context[XCPU_NCPU_MAX];
	struct xcpu_au32 ran;
} self;

static void
note_self(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg;

	self.cpu[cpu] = xcpu_cpu_index();
	self.context[cpu] = xcpu_port_context();
	count_up(&self.ran);
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
	unsigned long inner = xcpu_port_irq_save();
	bool still, open, skipped;

	xcpu_port_irq_restore(inner);
	still = says_masked();
	xcpu_port_irq_restore(outer);
	open = !says_masked();
	outer = xcpu_port_irq_save();
	(void)xcpu_port_irq_save();
	xcpu_port_irq_restore(outer);
	skipped = !says_masked();

	/* Who is wrong, who masks or who tells, is seen by a kick: below. */
	if (!masked && XCPU_PORT_LEVEL >= 1 && XCPU_STATS != 0)
		return;
	HOOK(t, "xcpu_port_irq_save", "it masks", masked);
	HOOK(t, "xcpu_port_irq_save", "what it returns tells masked from open",
	    still || outer != inner);
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

/* ---- level 1: kicks, without anything posted ---- */

#if XCPU_PORT_LEVEL >= 1
static uint64_t
taken(struct selftest *t, unsigned cpu)
{
	return STAT_OF(t, cpu, taken);
}

static bool
kicked(struct selftest *t, unsigned cpu, uint64_t before)
{
	return SOON(taken(t, cpu) != before);
}

/* Kick one CPU; the first other that took it, XCPU_NCPU_MAX if none did. */
static unsigned
kick_one(struct selftest *t, unsigned cpu, bool *came)
{
	static uint64_t before[XCPU_NCPU_MAX];
	struct xcpu_cpuset set;

	for_each_cpu (i, &t->all)
		before[i] = taken(t, i);
	xcpu_cpuset_one(&set, cpu);
	xcpu_port_kick(&set);
	*came = kicked(t, cpu, before[cpu]);
	for_each_cpu (i, &t->all)
		if (i != cpu && taken(t, i) != before[i])
			return i;
	return XCPU_NCPU_MAX;
}

static void
hook_kick_one(struct selftest *t)
{
	for_each_cpu (cpu, &t->all) {
		unsigned stray = 0;
		bool came = false;

		t->cpu = cpu;
		for (unsigned i = 0; i < TRIES && stray != XCPU_NCPU_MAX; i++)
			stray = kick_one(t, cpu, &came);
		if (!HOOK(t, "xcpu_port_kick", "the CPU of the set is "
		    "interrupted, not another: is its index mapped to your id?",
		    came || stray == XCPU_NCPU_MAX))
			return;
		HOOK(t, "xcpu_port_kick", "the CPU of the set is "
		    "interrupted: is the vector hung in and open there, and "
		    "does it call xcpu_on_ipi()?",
		    came);
		HOOK(t, "xcpu_port_kick", "no CPU but those of the set is "
		    "interrupted: shorthands?", stray == XCPU_NCPU_MAX);
	}
}

static void
hook_kick_set(struct selftest *t)
{
	static uint64_t before[XCPU_NCPU_MAX];

	for_each_cpu (cpu, &t->all)
		before[cpu] = taken(t, cpu);
	xcpu_port_kick(&t->all);
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		HOOK(t, "xcpu_port_kick", "each CPU of the set is interrupted, "
		    "not only the first", kicked(t, cpu, before[cpu]));
	}
}

static struct {
	struct selftest_hold hold;
	struct xcpu_au32 masked, sent;
} again;

/* The kick of the event finds this CPU masked, and is taken as it opens. */
static void
open_late(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	flag_set(&again.masked);
	(void)AWAIT(count_of(&again.sent) != 0);
	selftest_spend(HUSH_NS / 8);
	xcpu_port_irq_restore(state);
}

/* A kick while another one's xcpu_on_ipi() runs; false: it was lost. */
static bool
kick_inside(struct selftest *t, int id, bool *entered)
{
	struct xcpu_cpuset set;
	uint64_t before;

	xcpu_cpuset_one(&set, t->other);
	xcpu_store_rlx(&again.hold.inside, 0);
	xcpu_store_rlx(&again.hold.released, 0);
	EXPECT_EQ(t, xcpu_event_post(id, t->other), 0);
	flag_set(&again.sent);
	*entered = SOON(count_of(&again.hold.inside) != 0);
	before = taken(t, t->other);
	xcpu_port_kick(&set);
	selftest_spend(HUSH_NS / 8);
	flag_set(&again.hold.released);
	return kicked(t, t->other, before);
}

/* Kills: an acknowledge behind xcpu_on_ipi(); a kick that is "under way". */
static void
hook_kick_again(struct selftest *t)
{
	int id = xcpu_event_register(selftest_hold_fn, &again.hold);
	bool entered, came, came_late = true;

	if (!EXPECT(t, id > 0))
		return;
	came = kick_inside(t, id, &entered);
	xcpu_store_rlx(&again.masked, 0);
	xcpu_store_rlx(&again.sent, 0);
	if (came && t->host->thread != NULL &&
	    selftest_thread(t, t->other, open_late, NULL)) {
		EXPECT(t, AWAIT(count_of(&again.masked) != 0));
		came_late = kick_inside(t, id, &entered);
		selftest_join(t, t->other);
	}
	HOOK(t, "xcpu_port_kick", "the stores before it are seen by the CPU "
	    "that it interrupts", entered);
	HOOK(t, "xcpu_port_kick", "one that comes while xcpu_on_ipi() runs "
	    "interrupts again: acknowledge before, and skip none",
	    came && came_late);
	if (entered)
		EXPECT_EQ(t, xcpu_event_unregister(id), 0);
}

#define AT_ONCE		10		/* looks: no tick comes to help */

/* Is a kick from behind the mask taken as soon as it opens? */
static bool
opens(struct selftest *t, uint64_t hush_ns, bool *held, bool *told)
{
	uint64_t before = taken(t, t->self);
	unsigned long state = xcpu_port_irq_save();
	struct xcpu_cpuset set;

	*told = says_masked();
	xcpu_cpuset_one(&set, t->self);
	xcpu_port_kick(&set);
	selftest_spend(hush_ns);
	*held = taken(t, t->self) == before;
	xcpu_port_irq_restore(state);
	for (unsigned i = 0; i < AT_ONCE; i++)
		if (taken(t, t->self) != before)
			return true;
	return false;
}

/* Kills: save that does not mask, a context that does not tell, a lost kick. */
static void
hook_mask_holds(struct selftest *t)
{
	bool held, told, opened = opens(t, HUSH_NS, &held, &told);

	HOOK(t, "xcpu_port_irq_save", "no kick is taken behind it", held);
	HOOK(t, "xcpu_port_context", "XCPU_CTX_MASKED while kicks are masked",
	    told);
	for (unsigned i = 0; i < MASKS && opened; i++)
		opened = opens(t, HUSH_NS / 8, &held, &told);
	HOOK(t, "xcpu_port_irq_restore", "what came while masked is taken when "
	    "it opens", opened);
}
#else
#define hook_kick_one	NULL
#define hook_kick_set	NULL
#define hook_kick_again	NULL
#define hook_mask_holds	NULL
#endif

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

/* ---- level 4 ---- */

static bool
nmi_came(struct selftest *t, unsigned cpu)
{
	uint32_t before = count_of(&self.ran);

	self.cpu[cpu] = XCPU_NCPU_MAX;
	t->host->nmi(cpu, note_self, (void *)(uintptr_t)cpu);
	return SOON(count_of(&self.ran) != before);
}

static struct {
	struct xcpu_au32 masked, release;
} deaf;

static void
be_deaf(void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	flag_set(&deaf.masked);
	(void)AWAIT(count_of(&deaf.release) != 0);
	xcpu_port_irq_restore(state);
}

static void
do_nothing(void *arg)
{
	(void)arg;
}

/* What an NMI finds where it comes; which way it is sent is the next test's. */
static void
hook_in_nmi(struct selftest *t)
{
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		if (!nmi_came(t, cpu))
			return;
		HOOK(t, "xcpu_port_context", "XCPU_CTX_NMI in an NMI: count "
		    "them per CPU", (self.context[cpu] & XCPU_CTX_NMI) != 0);
		HOOK(t, "xcpu_port_self", "in an NMI, too: is the per-CPU "
		    "register set up there?", self.cpu[cpu] == cpu);
	}
}

/* Kills: an NMI that is an ordinary kick, or goes to another CPU. */
static void
hook_nmi(struct selftest *t)
{
	struct xcpu_cpuset set, done;
	int error;

	xcpu_cpuset_one(&set, t->other);
	xcpu_store_rlx(&deaf.masked, 0);
	xcpu_store_rlx(&deaf.release, 0);
	if (!selftest_thread(t, t->other, be_deaf, NULL))
		return;
	EXPECT(t, AWAIT(count_of(&deaf.masked) != 0));
	error = xcpu_nmi_call(&set, do_nothing, NULL, SELFTEST_SOON_NS, &done);
	flag_set(&deaf.release);
	selftest_join(t, t->other);
	if (error == -XCPU_ENOSYS) {
		t->skip = "the host has no xcpu_stop_init()";
		return;
	}
	HOOK(t, "xcpu_port_kick_nmi", "it reaches a CPU that masks, whose "
	    "handler calls xcpu_on_nmi()", error == 0);
}

static const struct selftest_case cases[] = {
	{ "hook_self", "F-P6", "xcpu_port_self", hook_self, 0, 1, NEED_THREAD },
	{ "hook_mask_nests", "F-P6", "xcpu_port_irq_save", hook_mask_nests, 0,
	    1, 0 },
	{ "hook_lock", "F-P6", "xcpu_port_context", hook_lock, 0, 1, NEED_LOCK },
	{ "hook_relax", "F-P6", "xcpu_port_relax", hook_relax, 0, 2,
	    NEED_THREAD },
	{ "hook_kick_one", "F-P6", "xcpu_port_kick", hook_kick_one, 1, 1,
	    NEED_STATS },
	{ "hook_kick_set", "F-P6", "xcpu_port_kick", hook_kick_set, 1, 1,
	    NEED_STATS },
	{ "hook_mask_holds", "F-P6", "xcpu_port_irq_save", hook_mask_holds, 1,
	    1, NEED_STATS },
	{ "hook_kick_again", "F-P6", "xcpu_port_kick", hook_kick_again,
	    1, 2, NEED_STATS },
	{ "hook_clock", "F-P6", "xcpu_port_now_ns", hook_clock, 2, 1, 0 },
	{ "hook_stall", "F-P6", "xcpu_port_stall", hook_stall, 2, 1,
	    NEED_STALL },
	{ "hook_in_nmi", "F-P6", "xcpu_port_context", hook_in_nmi, 4, 1,
	    NEED_NMI },
	{ "hook_nmi", "F-P6", "xcpu_port_kick_nmi", hook_nmi, 4, 2,
	    NEED_THREAD },
};

SELFTEST_GROUP(selftest_hook, cases);
