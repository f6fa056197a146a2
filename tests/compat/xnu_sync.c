/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xnu_sync.c: what went wrong, or could, in the original's signals: one test
 * each.
 */
#include <string.h>

#include "xnu_test.h"

static struct {
	uint32_t arrived;
	uint32_t stop;
	uint32_t posted;
	uint32_t taken;
	uint32_t wrong;
	uint64_t payload;
} shared;

static void
meet(uint32_t n)
{
	count(&shared.arrived);
	AWAIT(seen(&shared.arrived) >= n);
}

/* ---- X6: SYNC among others who signal the same ---- */

/* Each is followed by the next: there is never none on its way. */
static void
go_on(mp_event_t event)
{
	if (!seen(&shared.stop))
		i386_signal_cpu(1, event, ASYNC);
}

void
test_sync_in_flood(void)
{
	memset(&shared, 0, sizeof(shared));
	clear_signals();
	seen_signals.hook = go_on;
	i386_signal_cpu(1, MP_AST, ASYNC);
	for (struct stint s = { .least = 20 }; stint_on(&s);)
		i386_signal_cpu(1, MP_AST, SYNC);
	say(&shared.stop, 1);
	i386_signal_cpu(1, MP_AST, SYNC);
	clear_signals();
}

/* A signal that came before is none for what is written after it. */
static void
take_payload(mp_event_t event)
{
	(void)event;
	say(&shared.taken,
	    (uint32_t)__atomic_load_n(&shared.payload, __ATOMIC_RELAXED));
}

void
test_sync_is_ours(void)
{
	memset(&shared, 0, sizeof(shared));
	clear_signals();
	seen_signals.hook = take_payload;
	for (struct stint s = { .least = 100 }; stint_on(&s);) {
		i386_signal_cpu(1, MP_AST, ASYNC);
		__atomic_store_n(&shared.payload, s.turn, __ATOMIC_RELAXED);
		i386_signal_cpu(1, MP_AST, SYNC);
		CHECK(seen(&shared.taken) == s.turn);
	}
	clear_signals();
}

/* ---- X7: two who wait for each other, and one for itself ---- */

static void
signal_masked(void *unused)
{
	int partner = 1 - cpu_number();
	unsigned long state;

	(void)unused;
	meet(2);
	state = mach_mask();
	i386_signal_cpu(partner, MP_AST, SYNC);
	i386_signal_cpu(cpu_number(), MP_IDLE, SYNC);
	mach_unmask(state);
}

void
test_both_signal(void)
{
	for (struct stint s = { .least = 5 }; stint_on(&s);) {
		memset(&shared, 0, sizeof(shared));
		clear_signals();
		compat_start(1, signal_masked, NULL);
		signal_masked(NULL);
		compat_join(1);
		for (int cpu = 0; cpu < 2; cpu++)
			CHECK(seen_signals.runs[MP_AST][cpu] == 1 &&
			    seen_signals.runs[MP_IDLE][cpu] == 1);
	}
}

static void
answer_later(void *arg)
{
	unsigned long state = mach_mask();

	say(arg, 1);
	linger();
	mach_unmask(state);
}

/* However fast the machine counts, there is a line for each time that is over. */
void
test_time_is_time(void)
{
	uint64_t start_ns = mach_now_ns(), over_ns;
	uint32_t masked = 0;

	clear_signals();
	compat_start(1, answer_later, &masked);
	AWAIT(seen(&masked));
	i386_signal_cpu(1, MP_AST, SYNC);
	over_ns = mach_now_ns() - start_ns;
	CHECK(seen(&seen_signals.lines) <= over_ns / TEST_TIMEOUT_NS);
	compat_join(1);
}

/* ---- X8: SYNC, and nobody there ---- */

void
test_nobody_there(void)
{
	struct held_cpu away = { .cpu = 1 };

	clear_signals();
	compat_start(1, stay_away, &away);
	AWAIT(seen(&away.masked));
	i386_signal_cpu(1, MP_AST, SYNC);
	CHECK(seen(&seen_signals.lines) == 1 && seen_signals.line_cpu == 1);
	let_go(&away);
	linger();
	CHECK(seen(&seen_signals.runs[MP_AST][1]) == 0);
	i386_signal_cpu(1, MP_AST, SYNC);
	CHECK(seen(&seen_signals.runs[MP_AST][1]) == 1);
	CHECK(seen(&seen_signals.lines) == 1);
}

static void
leave_and_return(void *unused)
{
	(void)unused;
	while (!seen(&shared.stop)) {	/* ends: CPU 0 says so */
		unsigned long state;

		CHECK(xcpu_cpu_offline() == 0);
		state = mach_mask();
		CHECK(xcpu_cpu_online(mach_cpu_block(1)) == 0);
		mach_unmask(state);
		count(&shared.taken);
	}
}

/* Each signal is taken, or said to be not. */
void
test_coming_and_going(void)
{
	memset(&shared, 0, sizeof(shared));
	clear_signals();
	compat_start(1, leave_and_return, NULL);
	AWAIT(seen(&shared.taken) != 0);
	for (struct stint s = { .least = 20 }; stint_on(&s);) {
		uint32_t before = seen(&seen_signals.runs[MP_AST][1]) +
		    seen(&seen_signals.lines);

		i386_signal_cpu(1, MP_AST, SYNC);
		CHECK(seen(&seen_signals.runs[MP_AST][1]) +
		    seen(&seen_signals.lines) > before);
	}
	say(&shared.stop, 1);
	compat_join(1);
}

/* ---- X10: storms ---- */

void
test_no_storm(void)
{
	struct held_cpu held;
	uint64_t before;

	clear_signals();
	hold(&held, 1);
	before = kicks();
	for (unsigned i = 0; i < 300; i++)
		i386_signal_cpu(1, i % 2 == 0 ? MP_KDP : MP_TLB_FLUSH, ASYNC);
	CHECK(kicks() <= before + 1);
	let_go(&held);
	AWAIT(seen(&seen_signals.runs[MP_KDP][1]) == 1);
	AWAIT(seen(&seen_signals.runs[MP_TLB_FLUSH][1]) == 1);
}

/* ---- X11: what was written before the signal ---- */

static void
check_payload(mp_event_t event)
{
	uint32_t posted = seen(&shared.posted);

	(void)event;
	/* What is posted is written, or newer. */
	if (__atomic_load_n(&shared.payload, __ATOMIC_RELAXED) < posted)
		count(&shared.wrong);
	say(&shared.taken,
	    (uint32_t)__atomic_load_n(&shared.payload, __ATOMIC_RELAXED));
	/* What is signalled from here on is for the next. */
	stay(A_LITTLE_NS);
}

/* Whatever was signalled, its payload is taken; none is left behind. */
void
test_payload(void)
{
	memset(&shared, 0, sizeof(shared));
	clear_signals();
	seen_signals.hook = check_payload;
	for (struct stint s = { .least = 100 }; stint_on(&s);) {
		__atomic_store_n(&shared.payload, s.turn, __ATOMIC_RELAXED);
		i386_signal_cpu(1, MP_AST, ASYNC);
		say(&shared.posted, s.turn);
		if (s.turn % 8 < 2)
			AWAIT(seen(&shared.taken) == s.turn);
	}
	i386_signal_cpu(1, MP_AST, SYNC);
	CHECK(seen(&shared.taken) == (uint32_t)shared.payload);
	CHECK(seen(&shared.wrong) == 0);
	clear_signals();
}
