/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xnu_signals.c: each behaviour of i386_signal_cpu and i386_cpu_IPI, one test.
 */
#include <string.h>

#include "xnu_test.h"

#define CPUS ((int)(host.ncpu < TEST_CPUS ? host.ncpu : TEST_CPUS))

static uint32_t
runs(mp_event_t event, int cpu)
{
	return seen(&seen_signals.runs[event][cpu]);
}

static bool
ran_nowhere_but(mp_event_t event, int there)
{
	for (int e = 0; e < MP_LAST; e++)
		for (int cpu = 0; cpu < CPUS; cpu++)
			if ((e != (int)event || cpu != there) &&
			    runs((mp_event_t)e, cpu) != 0)
				return false;
	return seen(&seen_signals.unmasked) == 0;
}

/* ---- sending ---- */

static void
test_each(void)
{
	for (int event = 0; event < MP_LAST; event++) {
		if (event == MP_KDB)	/* has no handler here */
			continue;
		for (int cpu = 0; cpu < CPUS; cpu++) {
			clear_signals();
			i386_signal_cpu(cpu, (mp_event_t)event, ASYNC);
			AWAIT(runs((mp_event_t)event, cpu) == 1);
			CHECK(ran_nowhere_but((mp_event_t)event, cpu));
		}
	}
	clear_signals();
	i386_signal_cpu(0, MP_KDB, SYNC);
	i386_signal_cpu(0, MP_KDB, ASYNC);
	CHECK(ran_nowhere_but(MP_KDB, 0) && seen_signals.lines == 0);
	i386_signal_cpu(-1, MP_AST, SYNC);
	i386_signal_cpu((int)host.ncpu, MP_AST, SYNC);
	i386_signal_cpu(0, MP_LAST, SYNC);
	CHECK(seen(&seen_signals.lines) == 3);
}

static uint32_t slow_over;

static void
be_slow(mp_event_t event)
{
	(void)event;
	linger();
	say(&slow_over, 1);
}

static void
test_sync(void)
{
	for (int cpu = 0; cpu < CPUS; cpu++) {
		clear_signals();
		slow_over = 0;
		seen_signals.hook = be_slow;
		i386_signal_cpu(cpu, MP_AST, SYNC);
		CHECK(seen(&slow_over) && runs(MP_AST, cpu) == 1);
		CHECK(ran_nowhere_but(MP_AST, cpu));
	}
}

static void
test_all_others(void)
{
	clear_signals();
	i386_signal_cpus(MP_IDLE, SYNC);
	for (int cpu = 0; cpu < CPUS; cpu++)
		CHECK(runs(MP_IDLE, cpu) == (cpu != 0));
	i386_signal_cpus(MP_UNIDLE, ASYNC);
	for (int cpu = 0; cpu < CPUS; cpu++)
		AWAIT(runs(MP_UNIDLE, cpu) == (cpu != 0));
	CHECK(i386_active_cpus() == (int)host.ncpu);
}

static struct {
	uint32_t n;
	mp_event_t order[MP_LAST];
} taken;

static void
note_order(mp_event_t event)
{
	taken.order[taken.n++ % MP_LAST] = event;
}

/* While it does not look, they add up to one of each; then in their order. */
static void
test_coalesced(void)
{
	static const mp_event_t sent[] = { MP_UNIDLE, MP_AST, MP_KDP, MP_CALL };
	struct held_cpu held;
	uint64_t before;

	clear_signals();
	memset(&taken, 0, sizeof(taken));
	hold(&held, 1);
	seen_signals.hook = note_order;
	before = kicks();
	for (unsigned i = 0; i < 100; i++)
		i386_signal_cpu(1, sent[i % 4], ASYNC);
	CHECK(kicks() <= before + 1);
	let_go(&held);
	AWAIT(runs(MP_UNIDLE, 1) != 0);
	CHECK(taken.n == 4);
	for (unsigned i = 0; i < 4; i++)
		CHECK(taken.order[i] == sent[3 - i]);
}

/* ---- what is late, and who is not there ---- */

/* When that was said, or when it would have been. */
static void
answer_late(void *arg)
{
	unsigned long state = mach_mask();

	say(arg, 1);
	if (seen(&seen_signals.suspended))
		stay(3 * TEST_TIMEOUT_NS);
	else
		AWAIT(seen(&seen_signals.lines) > 0);
	mach_unmask(state);
}

static void
test_timeout(void)
{
	uint32_t masked = 0;

	clear_signals();
	compat_start(1, answer_late, &masked);
	AWAIT(seen(&masked));
	i386_signal_cpu(1, MP_AST, SYNC);
	CHECK(runs(MP_AST, 1) == 1);
	CHECK(seen(&seen_signals.lines) > 0 && seen_signals.line_cpu == 1);
	compat_join(1);
}

static void
test_suspended(void)
{
	uint32_t masked = 0;

	clear_signals();
	seen_signals.suspended = 1;
	compat_start(1, answer_late, &masked);
	AWAIT(seen(&masked));
	i386_signal_cpu(1, MP_AST, SYNC);
	CHECK(runs(MP_AST, 1) == 1);
	CHECK(seen(&seen_signals.lines) == 0);
	compat_join(1);
	clear_signals();
}

static void
test_not_running(void)
{
	struct held_cpu away = { .cpu = 1 };
	uint64_t before;

	clear_signals();
	compat_start(1, stay_away, &away);
	AWAIT(seen(&away.masked));
	before = kicks();
	CHECK(i386_active_cpus() == (int)host.ncpu - 1);
	i386_signal_cpu(1, MP_AST, ASYNC);
	i386_cpu_IPI(1);
	CHECK(kicks() == before);
	let_go(&away);
	linger();
	CHECK(runs(MP_AST, 1) == 0);
	i386_signal_cpu(1, MP_KDP, SYNC);
	CHECK(ran_nowhere_but(MP_KDP, 1));
}

/* ---- what can be seen of it ---- */

static void
test_trace(void)
{
	clear_signals();
	i386_signal_cpu(0, MP_AST, SYNC);
	CHECK(seen_signals.starts == 0 && seen_signals.ends == 0);
	i386_signal_cpu(0, MP_TLB_FLUSH, ASYNC);
	CHECK(seen_signals.starts == 1 && seen_signals.ends == 1);
	CHECK(seen_signals.trace_code == TRACE_MP_TLB_FLUSH);
	i386_signal_cpus(MP_TLB_FLUSH, SYNC);
	CHECK(seen_signals.starts == 1 + (host.ncpu > 1));
	pmap_flush_tlbs(kernel_pmap, KERNEL_VA(0), KERNEL_VA(1), 0, NULL);
	CHECK(seen_signals.trace_code == PMAP__FLUSH_TLBS);
	CHECK(seen_signals.starts == seen_signals.ends);
}

static uint64_t
taken_by(unsigned cpu)
{
	struct xcpu_totals totals;

	memset(&totals, 0, sizeof(totals));
	CHECK(xcpu_stat_sum(mach_domain(), cpu, &totals) == 0);
	return totals.taken;
}

static void
test_debugger(void)
{
	struct held_cpu held;
	uint64_t before;

	clear_signals();
	before = taken_by(1);
	i386_cpu_IPI(1);
	AWAIT(taken_by(1) > before);
	CHECK(seen(&seen_signals.lines) == 0);
	hold(&held, 1);
	i386_signal_cpu(1, MP_AST, ASYNC);
	i386_cpu_IPI(1);
	CHECK(seen(&seen_signals.debugger) == 0);
	i386_signal_cpu(1, MP_KDP, ASYNC);
	i386_cpu_IPI(1);
	CHECK(seen(&seen_signals.debugger) == 1 && seen_signals.line_cpu == 1);
	let_go(&held);
	AWAIT(runs(MP_KDP, 1) == 1);
	i386_cpu_IPI(1);
	CHECK(seen(&seen_signals.debugger) == 1);
	i386_cpu_IPI(-1);
	before = taken_by(1);
	mp_cpus_kick(cpu_to_cpumask(1) | cpu_to_cpumask(63));
	AWAIT(taken_by(1) > before);
}

const struct compat_test xnu_signals[] = {
	{ "i386_signal_cpu ASYNC: that handler, on that CPU, masked",
	    "F-X8 INV-E1", 1, test_each },
	{ "i386_signal_cpu SYNC: until the handler has returned",
	    "F-X8", 1, test_sync },
	{ "i386_signal_cpus: all but this one", "F-X8", 1, test_all_others },
	{ "signals coalesce, and keep the order of their numbers",
	    "F-X8 INV-E3", 2, test_coalesced },
	{ "a late answer to SYNC is logged, and waited for",
	    "F-X9", 2, test_timeout },
	{ "with timeouts suspended nothing is logged",
	    "F-X9", 2, test_suspended },
	{ "a CPU that is not running gets no signal, nor later",
	    "F-X10 INV-C8", 2, test_not_running },
	{ "trace points around TLB-flush signals", "F-X11", 1, test_trace },
	{ "i386_cpu_IPI: says if a debugger waits", "F-X13", 2, test_debugger },
	{ NULL, NULL, 0, NULL }
};
