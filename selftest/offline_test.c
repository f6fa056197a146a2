/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * offline_test.c: CPUs that leave and come back.
 *
 * The CPU in question takes a trip: it goes offline in a thread of its own,
 * stays away with its doorbell masked until it is asked back, and comes online.
 */
#include "suite.h"

static struct {
	void (*away)(void);	/* run by the traveller while it is away */
	struct xcpu_au32 packed, leave, gone, come_back;
	int off, on;
	unsigned long open;		/* its doorbell, as it was */
	int asked[8];
} trip;

static struct {
	struct xcpu_au32 runs[XCPU_NCPU_MAX];
	struct xcpu_call call;
	struct xcpu_call_result result;
	int id;
} seen;

static void
travel(void *arg)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state = xcpu_port_irq_save();

	(void)arg;
	trip.open = state;
	flag_set(&trip.packed);
	(void)AWAIT(count_of(&trip.leave) != 0);
	trip.off = xcpu_cpu_offline();
	if (trip.away != NULL)
		trip.away();
	flag_set(&trip.gone);
	(void)AWAIT(count_of(&trip.come_back) != 0);
	trip.on = xcpu_cpu_online(self);
	xcpu_port_irq_restore(state);
}

static void
count_run(void *arg)
{
	(void)arg;
	count_up(&seen.runs[xcpu_cpu_index()]);
}

/* The traveller is ready to go, doorbell masked. */
static bool
pack(struct selftest *t, void (*away)(void))
{
	trip.away = away;
	xcpu_store_rlx(&trip.packed, 0);
	xcpu_store_rlx(&trip.leave, 0);
	xcpu_store_rlx(&trip.gone, 0);
	xcpu_store_rlx(&trip.come_back, 0);
	for_each_cpu (cpu, &t->all)
		xcpu_store_rlx(&seen.runs[cpu], 0);
	return selftest_thread(t, t->other, travel, NULL) &&
	    EXPECT(t, AWAIT(count_of(&trip.packed) != 0));
}

static bool
go(struct selftest *t)
{
	flag_set(&trip.leave);
	return EXPECT(t, AWAIT(count_of(&trip.gone) != 0)) &&
	    EXPECT_EQ(t, trip.off, 0);
}

static void
come_home(struct selftest *t)
{
	flag_set(&trip.come_back);
	selftest_join(t, t->other);
	EXPECT_EQ(t, trip.on, 0);
	EXPECT(t, xcpu_cpu_ready(t->host->domain, t->other));
}

static void
expect_refusals(struct selftest *t)
{
	struct xcpu_call_opt opt = { .result = &seen.result };
	struct xcpu_cpuset away;

	xcpu_cpuset_one(&away, t->other);
	EXPECT(t, !xcpu_cpu_ready(t->host->domain, t->other));
	EXPECT_EQ(t, xcpu_event_post(seen.id, t->other), -XCPU_ENXIO);
	EXPECT_EQ(t, xcpu_resched(t->other), -XCPU_ENXIO);
	EXPECT_EQ(t, xcpu_event_post_set(seen.id, &away), 0);
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, NULL),
	    -XCPU_ENXIO);
	EXPECT_EQ(t, xcpu_call_any(&away, count_run, NULL, NULL), -XCPU_ENXIO);

	EXPECT_EQ(t, xcpu_call_set(&t->all, count_run, NULL, &opt), 0);
	EXPECT_SET(t, &seen.result.not_ready, &away);
	EXPECT_EQ(t, xcpu_cpuset_count(&seen.result.done), t->ncpu - 1);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 1);

	opt.not_ready = XCPU_FAIL_NOT_READY;
	EXPECT_EQ(t, xcpu_call_set(&t->all, count_run, NULL, &opt),
	    -XCPU_ENXIO);
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 1);
	opt.result = NULL;		/* none where nobody waits */
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, count_run, NULL,
	    &opt), -XCPU_ENXIO);
	EXPECT(t, xcpu_call_done(&seen.call));
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 1);

	EXPECT_EQ(t, xcpu_call_start(&seen.call, &t->all, count_run, NULL,
	    NULL), 0);
	EXPECT(t, !xcpu_cpuset_has(&seen.call.started, t->other));
	EXPECT(t, AWAIT(xcpu_call_done(&seen.call)));
	EXPECT_EQ(t, count_of(&seen.runs[t->self]), 2);
}

/* Kills: a CPU that is off and yet waited for; a set that fails as a whole. */
static void
offline_refuses(struct selftest *t)
{
	seen.id = xcpu_event_register(count_run, NULL);
	if (!pack(t, NULL))
		return;
	if (go(t)) {
		expect_refusals(t);
		/* Waits for everybody, but not for a CPU that is off. */
		EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
		EXPECT_EQ(t, count_of(&seen.runs[t->other]), 0);
	}
	come_home(t);
	EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, NULL), 0);
	EXPECT_EQ(t, count_of(&seen.runs[t->other]), 1);
}

/* Kills: a shorthand that reaches CPUs that are not ready; bits left behind. */
static void
offline_broadcast(struct selftest *t)
{
	seen.id = xcpu_event_register(count_run, NULL);
	if (!pack(t, NULL))
		return;
	if (go(t)) {
		EXPECT_EQ(t, xcpu_event_post_all(seen.id), t->ncpu - 1);
		EXPECT_EQ(t, xcpu_call_all(count_run, NULL, NULL), 0);
		EXPECT_EQ(t, xcpu_call_others(count_run, NULL, NULL), 0);
	}
	come_home(t);
	/* What was refused then must not run now, and what is new must. */
	EXPECT_EQ(t, count_of(&seen.runs[t->other]), 0);
	EXPECT_EQ(t, xcpu_call_all(count_run, NULL, NULL), 0);
	EXPECT_EQ(t, xcpu_event_post(seen.id, t->other), 0);
	EXPECT(t, AWAIT(count_of(&seen.runs[t->other]) == 2));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
	EXPECT_EQ(t, count_of(&seen.runs[t->other]), 2);
}

/* Kills: offline without a last drain. */
static void
offline_drains(struct selftest *t)
{
	struct xcpu_cpuset set;

	seen.id = xcpu_event_register(count_run, NULL);
	seen.call = (struct xcpu_call){ .callback = NULL };
	xcpu_cpuset_one(&set, t->other);
	if (!pack(t, NULL))
		return;
	EXPECT_EQ(t, xcpu_event_post(seen.id, t->other), 0);
	EXPECT_EQ(t, xcpu_call_start(&seen.call, &set, count_run, NULL, NULL),
	    0);
	EXPECT_EQ(t, count_of(&seen.runs[t->other]), 0);
	if (go(t)) {
		EXPECT_EQ(t, count_of(&seen.runs[t->other]), 2);
		EXPECT(t, xcpu_call_done(&seen.call));
	}
	come_home(t);
	EXPECT(t, AWAIT(xcpu_call_done(&seen.call)));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
	EXPECT_EQ(t, count_of(&seen.runs[t->other]), 2);
}

static void
ask_while_away(void)
{
	static struct xcpu_space space;
	static struct xcpu_call call;
	struct xcpu_cpuset set;

	xcpu_cpuset_one(&set, 0);
	xcpu_space_init(&space, NULL);
	trip.asked[0] = xcpu_event_post(seen.id, 0);
	trip.asked[1] = xcpu_event_register(count_run, NULL);
	trip.asked[2] = xcpu_call_one(0, count_run, NULL, NULL);
	trip.asked[3] = xcpu_call_start(&call, &set, count_run, NULL, NULL);
	trip.asked[4] = xcpu_cpu_offline();
	trip.asked[5] = xcpu_idle_poll(0);
	trip.asked[6] = xcpu_event_unregister(seen.id);
	trip.asked[7] = XCPU_PORT_LEVEL < 3 ? -XCPU_EAGAIN :
	    xcpu_shootdown_all(&space, NULL);
	xcpu_on_ipi();
	xcpu_on_tick();
	xcpu_poll();
}

/* Kills: a CPU that works for others while it is off, or asks them to. */
static void
offline_asks(struct selftest *t)
{
	unsigned n = sizeof(trip.asked) / sizeof(trip.asked[0]);

	seen.id = xcpu_event_register(count_run, NULL);
	if (!pack(t, ask_while_away))
		return;
	go(t);
	come_home(t);
	for (unsigned i = 0; i < n; i++) {
		t->cpu = i;		/* of what was asked, here */
		EXPECT_EQ(t, trip.asked[i], -XCPU_EAGAIN);
	}
	t->cpu = XCPU_NCPU_MAX;
	EXPECT_EQ(t, count_of(&seen.runs[0]), 0);
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

/* Kills: XCPU_WAIT_NOT_READY that does not wait, or for ever. */
static void
offline_waited_for(struct selftest *t)
{
	struct xcpu_call_opt opt = {
		.timeout_ns = 2000000,
		.not_ready = XCPU_WAIT_NOT_READY,
		.result = &seen.result,
	};

	if (!pack(t, NULL))
		return;
	if (go(t)) {
		EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, &opt),
		    -XCPU_ETIMEDOUT);
		EXPECT(t, xcpu_cpuset_empty(&seen.result.done));
		EXPECT_EQ(t, count_of(&seen.runs[t->other]), 0);
		/* It comes back some time during the next call, or before. */
		flag_set(&trip.come_back);
		opt.timeout_ns = 0;
		EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, &opt), 0);
		EXPECT_EQ(t, count_of(&seen.runs[t->other]), 1);
		EXPECT(t, xcpu_cpuset_has(&seen.result.done, t->other));
	}
	come_home(t);
}

/* Its doorbell open while it is off: whatever is latched comes now. */
static void
take_latched(void)
{
	xcpu_port_irq_restore(trip.open);
	(void)xcpu_port_irq_save();
}

/*
 * A kick that is latched over a suspend: sent before, served by the last drain,
 * and taken while the CPU is off, or when it is back.
 *
 * Kills: a kick that must find something; one that claims what is refused.
 */
static void
offline_latched(struct selftest *t)
{
	seen.id = xcpu_event_register(count_run, NULL);
	for (unsigned early = 0; early < 2; early++) {
		if (!pack(t, early != 0 ? take_latched : NULL))
			break;
		EXPECT_EQ(t, xcpu_event_post(seen.id, t->other), 0);
		if (go(t)) {
			EXPECT_EQ(t, count_of(&seen.runs[t->other]), 1);
			EXPECT_EQ(t, xcpu_event_post(seen.id, t->other),
			    -XCPU_ENXIO);
		}
		come_home(t);
		EXPECT_EQ(t, xcpu_call_one(t->other, count_run, NULL, NULL), 0);
		EXPECT_EQ(t, count_of(&seen.runs[t->other]), 2);
	}
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

/* Kills: a domain that the last CPU cannot leave. */
static void
offline_alone(struct selftest *t)
{
	seen.id = xcpu_event_register(count_run, NULL);
	xcpu_store_rlx(&seen.runs[t->self], 0);
	trip.away = NULL;
	flag_set(&trip.leave);
	flag_set(&trip.come_back);
	travel(NULL);
	EXPECT_EQ(t, trip.off, 0);
	EXPECT_EQ(t, trip.on, 0);
	EXPECT(t, xcpu_cpu_ready(t->host->domain, t->self));
	EXPECT_EQ(t, xcpu_event_post_self(seen.id), 0);
	EXPECT(t, AWAIT(count_of(&seen.runs[t->self]) == 1));
	EXPECT_EQ(t, xcpu_event_unregister(seen.id), 0);
}

static const struct selftest_case cases[] = {
	{ "offline_refuses", "F-B20 F-X10 INV-C8 BUG-81",
	    "thread(), xcpu_port_kick", offline_refuses, 0, 2, NEED_THREAD },
	{ "offline_broadcast", "F-B20 F-X10 INV-C1 BUG-84",
	    "xcpu_port_kick: shorthands", offline_broadcast, 0, 2,
	    NEED_THREAD },
	{ "offline_drains", "F-B20 INV-C8", "thread(), xcpu_port_irq_save",
	    offline_drains, 0, 2, NEED_THREAD },
	{ "offline_asks", "F-B20 F-B26 INV-C8", "thread(), xcpu_port_self",
	    offline_asks, 0, 2, NEED_THREAD },
	{ "offline_waited_for", "F-B20 INV-C8", "xcpu_port_now_ns",
	    offline_waited_for, 2, 2, NEED_THREAD },
	{ "offline_latched", "F-B20 INV-E5 BUG-83", "xcpu_port_irq_save",
	    offline_latched, 0, 2, NEED_THREAD },
	{ "offline_alone", "F-B20", "xcpu_port_root_load",
	    offline_alone, 0, 1, 0 },
};

SELFTEST_GROUP(selftest_offline, cases);
