/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hook_kick_test.c: the hooks that interrupt, each by itself, and the mask that
 * keeps kicks off; see hook_test.c.
 *
 * A kick is seen by the target's count of interrupts, not by work that a tick
 * might have found.
 */
#include "suite.h"

#define HUSH_NS		2000000		/* a kick would have come by then */
#define TRIES		3		/* strangers interrupt now and then */
#define MASKS		8

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
		if (t->failures != 0)
			return;
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
		if (!HOOK(t, "xcpu_port_kick", "each CPU of the set is "
		    "interrupted, not only the first",
		    kicked(t, cpu, before[cpu])))
			return;
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

	*told = (xcpu_port_context() & XCPU_CTX_MASKED) != 0;
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

/* ---- level 4 ---- */

static struct {
	unsigned cpu, context;
	struct xcpu_au32 ran;
} found;

static void
note_nmi(void *arg)
{
	(void)arg;
	found.cpu = xcpu_cpu_index();
	found.context = xcpu_port_context();
	count_up(&found.ran);
}

static bool
nmi_came(struct selftest *t, unsigned cpu)
{
	uint32_t before = count_of(&found.ran);

	t->host->nmi(cpu, note_nmi, NULL);
	return SOON(count_of(&found.ran) != before);
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
		    "them per CPU", (found.context & XCPU_CTX_NMI) != 0);
		HOOK(t, "xcpu_port_self", "in an NMI, too: is the per-CPU "
		    "register set up there?", found.cpu == cpu);
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
	{ "hook_kick_one", "F-P6", "xcpu_port_kick", hook_kick_one, 1, 1,
	    NEED_STATS },
	{ "hook_kick_set", "F-P6", "xcpu_port_kick", hook_kick_set, 1, 1,
	    NEED_STATS },
	{ "hook_mask_holds", "F-P6", "xcpu_port_irq_save", hook_mask_holds, 1,
	    1, NEED_STATS },
	{ "hook_kick_again", "F-P6", "xcpu_port_kick", hook_kick_again, 1, 2,
	    NEED_STATS },
	{ "hook_in_nmi", "F-P6", "xcpu_port_context", hook_in_nmi, 4, 1,
	    NEED_NMI },
	{ "hook_nmi", "F-P6", "xcpu_port_kick_nmi", hook_nmi, 4, 2,
	    NEED_THREAD },
};

SELFTEST_GROUP(selftest_hook_kick, cases);
