/* SPDX-License-Identifier: BSD-2-Clause */
/* nmi_test.c: what may be done in a non-maskable interrupt. */
#include "suite.h"

#define NMI_LOOKS	10000u	/* for one that should not be there yet */

enum { CALL_ONE, CALL_SELF, CALL_SET, CALL_START, CALL_WAIT, REGISTER,
	UNREGISTER, OFFLINE, IDLE_POLL, SHOOTDOWN, FLUSH_SELF, SWITCH,
	LAZY_ENTER, LAZY_LEAVE, NREFUSED };

static struct {
	struct xcpu_au32 runs[XCPU_NCPU_MAX];
	struct xcpu_call call;
	struct xcpu_space space;
	const struct selftest *t;
	int got[NREFUSED];
	int id, posted, posted_self;
	bool done, ours;
} seen;

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs[xcpu_cpu_index()]);
}

static void
begin(struct selftest *t)
{
	seen.t = t;
	seen.id = xcpu_event_register(count_run, NULL);
	seen.call = (struct xcpu_call){ .callback = NULL };
	xcpu_space_init(&seen.space, NULL);
	for_each_cpu (cpu, &t->all)
		xcpu_store_rlx(&seen.runs[cpu], 0);
}

static void
try_all(void *arg)
{
	const struct selftest *t = seen.t;

	(void)arg;
	seen.got[CALL_ONE] = xcpu_call_one(t->other, count_run, NULL, NULL);
	seen.got[CALL_SELF] = xcpu_call_self(count_run, NULL);
	seen.got[CALL_SET] = xcpu_call_set(&t->all, count_run, NULL, NULL);
	seen.got[CALL_START] = xcpu_call_start(&seen.call, &t->all, count_run,
	    NULL, NULL);
	seen.got[CALL_WAIT] = xcpu_call_wait(&seen.call, 0);
	seen.got[REGISTER] = xcpu_event_register(count_run, NULL);
	seen.got[UNREGISTER] = xcpu_event_unregister(seen.id);
	seen.got[OFFLINE] = xcpu_cpu_offline();
	seen.got[IDLE_POLL] = xcpu_idle_poll(0);
	seen.got[SHOOTDOWN] = xcpu_shootdown_all(&seen.space, NULL);
	seen.got[FLUSH_SELF] = xcpu_flush_self(&seen.space, 0, 4096, NULL);
	seen.got[SWITCH] = xcpu_space_switch(&seen.space);
	seen.got[LAZY_ENTER] = xcpu_space_lazy_enter();
	seen.got[LAZY_LEAVE] = xcpu_space_lazy_leave();
	seen.done = xcpu_call_done(&seen.call);
}

/* Kills: anything but a post that starts work in an NMI. */
static void
nmi_refuses(struct selftest *t)
{
	begin(t);
	if (!selftest_nmi_run(t, t->self, try_all, NULL))
		return;
	for (unsigned i = 0; i < NREFUSED; i++) {
		t->cpu = i;		/* of the list, here */
		EXPECT_EQ(t, seen.got[i], -XCPU_EPERM);
	}
	t->cpu = XCPU_NCPU_MAX;
	EXPECT_EQ(t, seen.done, true);
	EXPECT(t, xcpu_cpu_ready(t->host->domain, t->self));
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 0);
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

static void
post_both(void *arg)
{
	const struct selftest *t = seen.t;

	(void)arg;
	seen.posted_self = xcpu_event_post_self(seen.id);
	seen.posted = xcpu_event_post(seen.id, t->other);
}

/* Kills: a post in NMI that sets the bit and rings nobody. */
static void
nmi_posts(struct selftest *t)
{
	unsigned long state;

	begin(t);
	state = xcpu_port_irq_save();
	selftest_nmi_run(t, t->self, post_both, NULL);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 0);
	xcpu_port_irq_restore(state);
	EXPECT_EQ(t, seen.posted, 0);
	EXPECT_EQ(t, seen.posted_self, 0);
	EXPECT(t, AWAIT(count_of(&seen.runs[t->self]) >= 1));
	EXPECT(t, AWAIT(count_of(&seen.runs[t->other]) >= 1));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

static void
ask_if_ours(void *arg)
{
	(void)arg;
	seen.ours = xcpu_on_nmi();
}

/* Kills: xcpu_on_nmi() that claims NMIs of others, or serves too much. */
static void
nmi_foreign(struct selftest *t)
{
	unsigned long state;

	begin(t);
	for (unsigned i = 0; i < 3; i++) {
		seen.ours = true;
		selftest_nmi_run(t, t->self, ask_if_ours, NULL);
		EXPECT_EQ(t, seen.ours, false);
	}
	state = xcpu_port_irq_save();
	EXPECT_EQ(t, xcpu_event_post_self(seen.id), 0);
	seen.ours = true;
	selftest_nmi_run(t, t->self, ask_if_ours, NULL);
	EXPECT_EQ(t, seen.ours, false);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 0);
	xcpu_port_irq_restore(state);
	EXPECT(t, AWAIT(count_of(&seen.runs[t->self]) == 1));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

static struct {
	struct xcpu_au32 inner;
	uint32_t inside;		/* of them, before the outer one ended */
} nested;

static void
inner_nmi(void *arg)
{
	(void)arg;
	count_up(&nested.inner);
}

static void
outer_nmi(void *arg)
{
	const struct selftest *t = seen.t;

	(void)arg;
	t->host->nmi(t->self, inner_nmi, NULL);
	for (unsigned i = 0; i < NMI_LOOKS; i++)
		nested.inside += count_of(&nested.inner);
}

/* Kills: a handler that lets the next NMI in, onto its own stack; one lost. */
static void
nmi_in_nmi(struct selftest *t)
{
	begin(t);
	xcpu_store_rlx(&nested.inner, 0);
	nested.inside = 0;
	selftest_nmi_run(t, t->self, outer_nmi, NULL);
	EXPECT_EQ(t, nested.inside, 0);
	EXPECT(t, AWAIT(count_of(&nested.inner) == 1));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

static struct {
	struct xcpu_au32 ready, flushed, returned;
	struct xcpu_au32 nmis, foreign, late;
	int64_t context;
} masked;

static void
flush_by_nmi(void *arg)
{
	(void)arg;
	if (xcpu_on_nmi())
		flag_set(&masked.flushed);
	else
		count_up(&masked.foreign);
	count_up(&masked.nmis);
}

/* One NMI to the calling CPU, taken before this returns. */
static void
nmi_here(void)
{
	uint32_t before = count_of(&masked.nmis);

	seen.t->host->nmi(xcpu_cpu_index(), flush_by_nmi, NULL);
	(void)AWAIT(count_of(&masked.nmis) != before);
}

/*
 * In a thread, with the doorbell masked and the host's lock held, so that
 * neither the interrupt nor anything that takes that lock could be of help.
 */
static void
stay_masked(void *arg)
{
	unsigned long state;

	xcpu_space_switch(arg);
	state = xcpu_port_irq_save();
	seen.t->host->lock();
	nmi_here();
	flag_set(&masked.ready);
	if (!AWAIT((nmi_here(), count_of(&masked.flushed) != 0)))
		flag_set(&masked.late);
	nmi_here();
	if (!AWAIT(count_of(&masked.returned) != 0))
		flag_set(&masked.late);
	masked.context = xcpu_port_context();
	seen.t->host->unlock();
	xcpu_port_irq_restore(state);
	xcpu_space_switch(NULL);
}

/* Kills: xcpu_on_nmi() that does not flush, or answers before it has. */
static void
nmi_flushes(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t taken = STAT_OF(t, t->other, taken_nmi);

	seen.t = t;
	masked.context = 0;
	xcpu_store_rlx(&masked.ready, 0);
	xcpu_store_rlx(&masked.flushed, 0);
	xcpu_store_rlx(&masked.returned, 0);
	xcpu_store_rlx(&masked.late, 0);
	xcpu_store_rlx(&masked.nmis, 0);
	xcpu_store_rlx(&masked.foreign, 0);
	if (!selftest_thread(t, t->other, stay_masked, space))
		return;
	EXPECT(t, AWAIT(count_of(&masked.ready) != 0));
	EXPECT_EQ(t, xcpu_shootdown(space, selftest_page(t, 0), 4096, NULL), 0);
	flag_set(&masked.returned);
	selftest_join(t, t->other);
	EXPECT_EQ(t, count_of(&masked.flushed), 1);
	EXPECT_EQ(t, count_of(&masked.late), 0);
	/* The first and the last were nobody's, and did no harm. */
	EXPECT(t, count_of(&masked.foreign) >= 2);
	EXPECT_EQ(t, masked.context, XCPU_CTX_MASKED | XCPU_CTX_LOCKED);
	if (XCPU_STATS != 0)
		EXPECT_EQ(t, STAT_OF(t, t->other, taken_nmi) - taken, 1);
}

/* In a thread, masked, and asking for nothing: only an NMI comes through. */
static void
stay_deaf(void *space)
{
	unsigned long state;

	xcpu_space_switch(space);
	state = xcpu_port_irq_save();
	flag_set(&masked.ready);
	if (!AWAIT(count_of(&masked.returned) != 0))
		flag_set(&masked.late);
	xcpu_port_irq_restore(state);
	xcpu_space_switch(NULL);
}

/* A port of a lower level has no such hook. */
static int
shoot_by_nmi(void)
{
#if XCPU_PORT_LEVEL >= 4
	return xcpu_flush_set_kick(xcpu_port_kick_nmi);
#else
	return -XCPU_ENOSYS;
#endif
}

/* Kills: a shootdown that waits for the kick of other work. */
static void
nmi_shoots(struct selftest *t)
{
	struct xcpu_space *space = t->host->tlb->space[0];
	uint64_t taken = STAT_OF(t, t->other, taken_nmi);
	uint64_t rekicks = STAT_OF(t, t->self, rekick);
	int error = shoot_by_nmi();

	if (error == -XCPU_ENOSYS) {
		t->skip = "built without XCPU_FLUSH_KICK";
		return;
	}
	begin(t);
	xcpu_store_rlx(&masked.ready, 0);
	xcpu_store_rlx(&masked.returned, 0);
	xcpu_store_rlx(&masked.late, 0);
	if (selftest_thread(t, t->other, stay_deaf, space)) {
		EXPECT(t, AWAIT(count_of(&masked.ready) != 0));
		/* Rung for by a kick, which is not taken. */
		EXPECT_EQ(t, xcpu_event_post(seen.id, t->other), 0);
		EXPECT_EQ(t, xcpu_shootdown(space, selftest_page(t, 0), 4096,
		    NULL), 0);
		EXPECT_EQ(t, count_of(&seen.runs[t->other]), 0);
		flag_set(&masked.returned);
		selftest_join(t, t->other);
		EXPECT(t, AWAIT(count_of(&seen.runs[t->other]) == 1));
	}
	EXPECT_EQ(t, xcpu_flush_set_kick(NULL), 0);
	EXPECT_EQ(t, count_of(&masked.late), 0);
	if (XCPU_STATS != 0) {
		EXPECT_EQ(t, STAT_OF(t, t->other, taken_nmi) - taken, 1);
		EXPECT_EQ(t, STAT_OF(t, t->self, rekick) - rekicks, 0);
	}
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

static const struct selftest_case cases[] = {
	{ "nmi_refuses", "F-B26", "nmi(), xcpu_port_context",
	    nmi_refuses, 4, 1, NEED_NMI },
	{ "nmi_posts", "INV-E1 INV-E6 BUG-121", "xcpu_port_kick in an NMI",
	    nmi_posts, 4, 1, NEED_NMI },
	{ "nmi_foreign", "F-T3 INV-E5", "nmi(), the NMI handler",
	    nmi_foreign, 4, 1, NEED_NMI },
	{ "nmi_in_nmi", "F-T3 F-B19", "nmi(), the end of the NMI handler",
	    nmi_in_nmi, 4, 1, NEED_NMI },
	{ "nmi_flushes", "F-T3 F-T7 INV-S2",
	    "xcpu_port_tlb_flush in an NMI", nmi_flushes, 4, 2,
	    NEED_NMI | NEED_LOCK | NEED_THREAD | NEED_TLB },
	{ "nmi_shoots", "F-T7 INV-S2", "xcpu_port_kick_nmi", nmi_shoots, 4,
	    2, NEED_NMI | NEED_THREAD | NEED_TLB },
};

SELFTEST_GROUP(selftest_nmi, cases);
