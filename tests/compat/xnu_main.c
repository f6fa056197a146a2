/* SPDX-License-Identifier: BSD-2-Clause */
/* xnu_main.c: the program, its host, and the driver. */
#include <string.h>

#include "xnu_driver.h"
#include "xnu_test.h"

struct signal_log seen_signals;

void
clear_signals(void)
{
	memset(&seen_signals, 0, sizeof(seen_signals));
}

void
stay(uint64_t ns)
{
	uint64_t until_ns = mach_now_ns() + ns;

	while (mach_now_ns() < until_ns)	/* ends: the clock goes on */
		mach_relax();
}

/* ---- the host ---- */

static void
note(mp_event_t event)
{
	void (*hook)(mp_event_t event) = seen_signals.hook;

	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		count(&seen_signals.unmasked);
	if (hook != NULL)
		hook(event);
	if (cpu_number() < TEST_CPUS)
		count(&seen_signals.runs[event][cpu_number()]);
}

#define HANDLER(name) static void on_##name(void) { note(name); }
HANDLER(MP_TLB_FLUSH)
HANDLER(MP_CALL)
HANDLER(MP_CALL_PM)
HANDLER(MP_KDP)
HANDLER(MP_IDLE)
HANDLER(MP_UNIDLE)

static void
on_MP_AST(void)
{
	sched_ast();
	note(MP_AST);
}

static void
take_line(const char *text, int cpu)
{
	count(&seen_signals.lines);
	if (strstr(text, "debugger") != NULL)
		count(&seen_signals.debugger);
	seen_signals.line_cpu = cpu;
}

static void
take_point(uint32_t code, int cpu)
{
	(void)cpu;
	if ((code & 3) == DBG_FUNC_START)
		count(&seen_signals.starts);
	if ((code & 3) == DBG_FUNC_END)
		count(&seen_signals.ends);
	say(&seen_signals.trace_code, code & ~3u);
}

static boolean_t
suspended(void)
{
	return seen(&seen_signals.suspended) != 0;
}

static void
begin(void)
{
	const struct mp_host mp = {
		.domain = mach_domain(),
		.ncpus = mach_ncpu(),
		.handler = {	/* none for MP_KDB */
			[MP_TLB_FLUSH] = on_MP_TLB_FLUSH,
			[MP_CALL] = on_MP_CALL,
			[MP_CALL_PM] = on_MP_CALL_PM,
			[MP_KDP] = on_MP_KDP,
			[MP_AST] = on_MP_AST,
			[MP_IDLE] = on_MP_IDLE,
			[MP_UNIDLE] = on_MP_UNIDLE,
		},
		.log = take_line,
		.trace = take_point,
		.timeout_suspended = suspended,
		.sync_timeout_ns = TEST_TIMEOUT_NS,
	};

	mp_attach(&mp);
}

/* ---- the driver ---- */

static struct memory paged;
static uint32_t halted;

uint64_t
pte_clear(pmap_t pmap, vm_map_offset_t va)
{
	CHECK(pmap == &paged.pmap);
	return page_take(paged.space, va);
}

void
frame_free(uint64_t frame)
{
	mach_frame_free(frame);
}

void
cpu_halt(void)
{
	count(&halted);
	mach_idle_once();
}

static void
run_paged(void *unused)
{
	(void)unused;
	sched_run(&paged.pmap);
	for (unsigned i = 0; i < 8; i++)
		CHECK(peek(VA(i)) == i + 1);
}

static void
idle_once(void *unused)
{
	(void)unused;
	sched_idle();
}

static void
test_pager(void)
{
	static const vm_map_offset_t some[] = { VA(4), VA(7) };

	memory_new(&paged);
	for (unsigned i = 0; i < 8; i++)
		page_new(paged.space, VA(i), i + 1);
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++)
		run_on(cpu, run_paged, NULL);
	halted = 0;
	start_others(idle_once, NULL);
	AWAIT(seen(&halted) == host.ncpu - 1);
	swap_out(&paged.pmap, VA(0), VA(3));
	swap_out_scattered(&paged.pmap, some, 2);
	sched_nudge_all();
	join_others();
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++)
		for (unsigned i = 0; i < 8; i++)
			CHECK(peek_on(cpu, VA(i)) == (i < 3 || i == 4 ||
			    i == 7 ? FAULTED : i + 1));
	swap_out(&paged.pmap, VA(3), VA(4));
	swap_out(&paged.pmap, VA(5), VA(7));
	memory_free(&paged);
}

static void
test_scheduler(void)
{
	unsigned ncpu = host.ncpu < SWAP_MAXCPUS ? host.ncpu : SWAP_MAXCPUS;
	uint64_t before;

	for (int cpu = 0; cpu < (int)ncpu; cpu++) {
		int asts = sched_asts(cpu);

		sched_nudge(cpu, TRUE);
		CHECK(sched_asts(cpu) == asts + 1);
		sched_nudge(cpu, FALSE);
		AWAIT(sched_asts(cpu) == asts + 2);
	}
	before = kicks();
	sched_kick((int)ncpu - 1, 0);
	CHECK(kicks() == before + 1);
	CHECK(sched_count_cpus(FALSE) == host.ncpu);
	CHECK(sched_count_cpus(TRUE) == host.ncpu);
	CHECK(sched_ask_others(7) == ncpu - 1);
	for (int cpu = 0; cpu < (int)ncpu; cpu++)
		AWAIT(sched_asked(cpu) == (cpu == 0 ? 0 : 7));
	CHECK(clock_sync() == (int)host.ncpu);
	mtrr_update(3);
	CHECK(mtrr_on(3) == (int)ncpu);
}

static const struct compat_test driver[] = {
	{ "a pager written from the description", "F-X14", 1, test_pager },
	{ "a scheduler written from the description",
	    "F-X14", 1, test_scheduler },
	{ "mp_cpus_call ASYNC: all at once", "F-X14", 2, test_calls_parallel },
	{ "mp_cpus_call SYNC: one after the other, in order",
	    "F-X14", 1, test_calls_in_turn },
	{ "mp_cpus_call NOSYNC: nobody waits", "F-X14", 2, test_calls_queued },
	{ "mp_cpus_call1: who was called, and who was not",
	    "F-X14 F-X10", 2, test_calls_masks },
	{ "mp_cpus_call NOSYNC: more than fit",
	    "F-X14", 2, test_calls_overflow },
	{ "calls and SYNC signals in a handler",
	    "F-X14 F-X8", 2, test_calls_in_handler },
	{ "mp_rendezvous: no stage before the end of the last",
	    "F-X14", 1, test_rendezvous },
	{ "mp_rendezvous_no_intrs: everybody masked",
	    "F-X14", 1, test_no_intrs },
	{ "mp_broadcast: everybody", "F-X14", 1, test_broadcast },
	{ "lapic_send_ipi: base, mask, destination",
	    "F-X12", 1, test_lapic_send },
	{ "lapic_send_ipi: an ICR that stays busy",
	    "F-X12 X9 BUG-112", 1, test_lapic_busy },
	{ "lapic_send_ipi: an NMI between its two writes",
	    "F-X12 X9 BUG-113", 1, test_lapic_nmi },
	{ NULL, NULL, 0, NULL }
};

int
main(int argc, char **argv)
{
	static const struct compat_suite suite = {
		.begin = begin,
		.tests = { xnu_flush, driver, xnu_signals, xnu_defects },
	};

	return compat_main(argc, argv, &suite);
}
