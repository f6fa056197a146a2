/* SPDX-License-Identifier: BSD-2-Clause */
/* call_test.c: a function run on one CPU, on some, on all; and waited for. */
#include "suite.h"

/* Plain: each word is written by its CPU in the call, and read after it. */
static struct {
	uint32_t runs[XCPU_NCPU_MAX];
	uint32_t context[XCPU_NCPU_MAX];
	uint64_t noted[XCPU_NCPU_MAX];
	uint64_t note;
} seen;

static void
note_run(void *arg)
{
	unsigned cpu = xcpu_cpu_index();

	seen.runs[cpu]++;
	seen.context[cpu] = xcpu_port_context();
	seen.noted[cpu] = *(const uint64_t *)arg;
}

static void
reset(const struct selftest *t)
{
	for_each_cpu (cpu, &t->all)
		seen.runs[cpu] = 0;
	seen.note++;
}

/* Exactly the set ran it, once each, masked, and saw the note. */
static void
expect_ran(struct selftest *t, const struct xcpu_cpuset *set)
{
	unsigned outer = t->cpu;

	for_each_cpu (cpu, &t->all) {
		bool in = xcpu_cpuset_has(set, cpu);

		t->cpu = cpu;
		EXPECT_EQ(t, seen.runs[cpu], in ? 1 : 0);
		if (!in)
			continue;
		EXPECT_EQ(t, seen.noted[cpu], seen.note);
		EXPECT_EQ(t, seen.context[cpu], XCPU_CTX_MASKED);
	}
	t->cpu = outer;
}

/* Kills: the completion written before the function ran; a wrong target. */
static void
call_one(struct selftest *t)
{
	for_each_cpu (cpu, &t->all) {
		struct xcpu_cpuset set;

		reset(t);
		t->cpu = cpu;
		xcpu_cpuset_one(&set, cpu);
		EXPECT_EQ(t, xcpu_call_one(cpu, note_run, &seen.note, NULL), 0);
		if (!EXPECT_EQ(t, seen.runs[cpu], 1))
			return;
		expect_ran(t, &set);
	}
}

/* Some sets that differ in form; false when there are no more. */
static bool
pattern(const struct selftest *t, unsigned n, struct xcpu_cpuset *set)
{
	xcpu_cpuset_zero(set);
	for_each_cpu (cpu, &t->all) {
		bool in = t->ncpu <= 5 ? (n >> cpu & 1) != 0 :	/* each subset */
		    n == 0 ? false :
		    n == 1 ? cpu % 2 == 0 :
		    n == 2 ? cpu == 0 || cpu == t->ncpu - 1 :
		    n == 3 ? cpu % 8 == 7 || cpu % 8 == 0 :
		    n == 4 ? cpu % 64 == 63 || cpu % 64 == 0 :
		    n == 5 ? cpu != t->self : true;

		if (in)
			xcpu_cpuset_add(set, cpu);
	}
	return n < (t->ncpu <= 5 ? 1u << t->ncpu : 7);
}

/* Kills: a lane shifted by one; the caller forgotten; a shorthand too many. */
static void
call_set(struct selftest *t)
{
	struct xcpu_cpuset set;

	for (unsigned n = 0; pattern(t, n, &set); n++) {
		struct xcpu_call_result result;
		struct xcpu_call_opt opt = { .result = &result };

		reset(t);
		EXPECT_EQ(t, xcpu_call_set(&set, note_run, &seen.note, &opt), 0);
		expect_ran(t, &set);
		EXPECT_SET(t, &result.done, &set);
		EXPECT(t, xcpu_cpuset_empty(&result.cancelled));
		EXPECT(t, xcpu_cpuset_empty(&result.running));
		EXPECT(t, xcpu_cpuset_empty(&result.not_ready));
	}
}

/* Kills: xcpu_call_others() that runs here too. */
static void
call_all_others_self(struct selftest *t)
{
	struct xcpu_cpuset self;

	xcpu_cpuset_one(&self, t->self);
	reset(t);
	EXPECT_EQ(t, xcpu_call_all(note_run, &seen.note, NULL), 0);
	expect_ran(t, &t->all);
	reset(t);
	EXPECT_EQ(t, xcpu_call_others(note_run, &seen.note, NULL), 0);
	expect_ran(t, &t->others);
	reset(t);
	EXPECT_EQ(t, xcpu_call_self(note_run, &seen.note), 0);
	expect_ran(t, &self);
}

/* Kills: one kick or one doorbell word for 64 CPUs only. */
static void
call_above_64(struct selftest *t)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_zero(&set);
	for_each_cpu (cpu, &t->all)
		if (cpu >= 63)
			xcpu_cpuset_add(&set, cpu);
	reset(t);
	EXPECT_EQ(t, xcpu_call_set(&set, note_run, &seen.note, NULL), 0);
	expect_ran(t, &set);
	reset(t);
	EXPECT_EQ(t, xcpu_call_all(note_run, &seen.note, NULL), 0);
	expect_ran(t, &t->all);
}

#define MEET_MAX 16

static struct {
	struct xcpu_au32 arrived;
	struct xcpu_au32 alone;
	unsigned n;
} meeting;

static void
meet(void *arg)
{
	(void)arg;
	count_up(&meeting.arrived);
	if (!AWAIT(count_of(&meeting.arrived) == meeting.n))
		flag_set(&meeting.alone);
}

/* Kills: the caller's own share run before the others are asked, or after. */
static void
call_all_at_once(struct selftest *t)
{
	struct xcpu_cpuset set;

	meeting.n = t->ncpu < MEET_MAX ? t->ncpu : MEET_MAX;
	xcpu_cpuset_fill(&set, meeting.n);
	if (!xcpu_cpuset_has(&set, t->self)) {
		xcpu_cpuset_del(&set, 0);
		xcpu_cpuset_add(&set, t->self);
	}
	xcpu_store_rlx(&meeting.arrived, 0);
	xcpu_store_rlx(&meeting.alone, 0);
	EXPECT_EQ(t, xcpu_call_set(&set, meet, NULL, NULL), 0);
	EXPECT_EQ(t, count_of(&meeting.arrived), meeting.n);
	EXPECT_EQ(t, count_of(&meeting.alone), 0);
}

/* Plain on purpose: each CPU is ordered after the one before it. */
static struct {
	unsigned last;
	unsigned order_broken;
	unsigned n;
} serial;

static void
go_in_order(void *arg)
{
	unsigned cpu = xcpu_cpu_index();

	(void)arg;
	if (serial.n != 0 && cpu <= serial.last)
		serial.order_broken++;
	serial.last = cpu;
	serial.n++;
}

/* Kills: XCPU_CALL_SERIAL ignored. */
static void
call_serial(struct selftest *t)
{
	struct xcpu_call_opt opt = { .flags = XCPU_CALL_SERIAL };

	serial.n = serial.order_broken = serial.last = 0;
	EXPECT_EQ(t, xcpu_call_all(go_in_order, NULL, &opt), 0);
	EXPECT_EQ(t, serial.n, t->ncpu);
	EXPECT_EQ(t, serial.order_broken, 0);
}

static struct {
	unsigned asked[XCPU_NCPU_MAX];
	unsigned elsewhere;
	unsigned asker;
} choice;

static bool
is_even(unsigned cpu, void *arg)
{
	(void)arg;
	choice.asked[cpu]++;
	choice.elsewhere += xcpu_cpu_index() != choice.asker;
	return cpu % 2 == 0;
}

/* Kills: a predicate asked at the target, or twice. */
static void
call_predicate(struct selftest *t)
{
	struct xcpu_call_result result;
	struct xcpu_call_opt opt = { .predicate = is_even, .result = &result };
	struct xcpu_cpuset even;

	xcpu_cpuset_zero(&even);
	for_each_cpu (cpu, &t->all) {
		choice.asked[cpu] = 0;
		if (cpu % 2 == 0)
			xcpu_cpuset_add(&even, cpu);
	}
	choice.elsewhere = 0;
	choice.asker = t->self;
	reset(t);
	EXPECT_EQ(t, xcpu_call_all(note_run, &seen.note, &opt), 0);
	expect_ran(t, &even);
	EXPECT_SET(t, &result.done, &even);
	EXPECT_EQ(t, choice.elsewhere, 0);
	for_each_cpu (cpu, &t->all) {
		t->cpu = cpu;
		EXPECT_EQ(t, choice.asked[cpu], 1);
	}
}

/* Kills: xcpu_call_any() that runs on more than one, or outside the set. */
static void
call_any(struct selftest *t)
{
	struct xcpu_cpuset ran;
	int cpu;

	reset(t);
	EXPECT_EQ(t, xcpu_call_any(&t->all, note_run, &seen.note, NULL),
	    t->self);
	xcpu_cpuset_one(&ran, t->self);
	expect_ran(t, &ran);

	xcpu_cpuset_zero(&ran);
	EXPECT_EQ(t, xcpu_call_any(&ran, note_run, &seen.note, NULL),
	    -XCPU_ENXIO);
	if (t->ncpu == 1)
		return;
	reset(t);
	cpu = xcpu_call_any(&t->others, note_run, &seen.note, NULL);
	if (!EXPECT(t, cpu >= 0 && cpu < (int)t->ncpu))
		return;
	xcpu_cpuset_one(&ran, (unsigned)cpu);
	expect_ran(t, &ran);
	EXPECT(t, xcpu_cpuset_has(&t->others, (unsigned)cpu));
}

/* Kills: a call that opens the doorbell, or that waits for the interrupt. */
static void
call_masked(struct selftest *t)
{
	unsigned long state = xcpu_port_irq_save();

	reset(t);
	EXPECT_EQ(t, xcpu_call_all(note_run, &seen.note, NULL), 0);
	EXPECT_EQ(t, xcpu_port_context(), XCPU_CTX_MASKED);
	xcpu_port_irq_restore(state);
	expect_ran(t, &t->all);
}

static const struct selftest_case cases[] = {
	{ "call_one", "F-N6 F-N9 F-B16 INV-C1 INV-C2 BUG-15 BUG-19",
	    "xcpu_port_kick: which CPU does it reach?", call_one, 0, 1, 0 },
	{ "call_set", "F-N7 F-B16 INV-C1 INV-C2 BUG-15 BUG-55",
	    "xcpu_port_kick: sets and shorthands", call_set, 0, 1, 0 },
	{ "call_all_others_self", "F-N8 F-B16 INV-C1 INV-C10",
	    "xcpu_port_kick: shorthands", call_all_others_self, 0, 1, 0 },
	{ "call_above_64", "F-B22 INV-C1", "xcpu_port_kick: above 64 CPUs",
	    call_above_64, 0, 65, 0 },
	{ "call_all_at_once", "F-B16 INV-C9 BUG-71", "xcpu_port_kick",
	    call_all_at_once, 0, 2, 0 },
	{ "call_serial", "F-B16", "xcpu_port_kick", call_serial, 0, 1, 0 },
	{ "call_predicate", "F-B16 INV-C1", "xcpu_port_kick",
	    call_predicate, 0, 1, 0 },
	{ "call_any", "F-B16", "xcpu_port_near, xcpu_port_kick",
	    call_any, 0, 1, 0 },
	{ "call_masked", "INV-C10", "xcpu_port_irq_save, xcpu_port_relax",
	    call_masked, 0, 1, 0 },
};

SELFTEST_GROUP(selftest_call, cases);
