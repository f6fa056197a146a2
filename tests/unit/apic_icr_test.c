/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apic_icr_test.c: port/x86_64-apic where the interrupt command register is
 * busy, or somebody else sends between its two writes.
 *
 * No emulator shows a busy register, and no NMI hits the instruction in
 * between when one wants it to: apic_mock.h does both.  Then the rest of the
 * port: counts, injected loss, misuse, and the hooks that xcpu calls.
 */
#include "unit.h"

#include <xcpu/error.h>
#include <xcpu/port.h>

#include "apic_setup.h"

#define POLLS		10u
#define STEPS_MAX	10000u

static struct xcpu_apic_count counts[XCPU_NCPU_MAX];

/* ---- the pair of writes, and its busy bit ---- */

static void
apic_pair_written_masked(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	apic_setup(false, 8);
	xcpu_apic_down(&apic, 7);
	for (unsigned masked = 0; masked < 2; masked++) {
		xcpu_cpuset_fill(&set, 7);
		mock.masked = masked != 0;
		apic_send_and_check(&set, VECTOR);	/* counts unmasked writes */
		assert_int_equal(mock.masked, masked != 0);
		assert_int_equal(mock.high_writes, 7);
	}
}

static void
apic_busy_polled_before_write(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	apic_setup(false, 8);
	apic.busy_polls = POLLS;
	xcpu_apic_down(&apic, 7);
	xcpu_cpuset_fill(&set, 7);
	for (unsigned reads = 0; reads < POLLS; reads++) {
		mock.busy_left = reads;
		mock.busy_reads = reads;
		apic_send_and_check(&set, VECTOR);	/* counts writes while busy */
		assert_int_equal(mock.reads, 7 * (reads + 1));
		mock.busy_left = 0;
	}
	assert_int_equal(xcpu_load_acq(&apic.busy), 0);
}

static void
apic_busy_forever_is_bounded(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	apic_setup(false, 8);
	apic.busy_polls = POLLS;
	mock.busy_left = MOCK_BUSY_FOREVER;
	xcpu_apic_down(&apic, 7);
	xcpu_cpuset_fill(&set, 7);
	assert_int_equal(apic_send(&set, VECTOR), -XCPU_EBUSY);
	assert_int_equal(mock.reads, POLLS);
	assert_int_equal(mock.sends + mock.high_writes, 0);
	assert_int_equal(mock_faults(), 0);
	assert_false(mock.masked);
	assert_int_equal(xcpu_load_acq(&apic.busy), 1);

	/* One read more than the bound, and it would have been free. */
	mock.busy_left = POLLS;
	assert_int_equal(apic_send(&set, VECTOR), -XCPU_EBUSY);
	assert_int_equal(xcpu_load_acq(&apic.busy), 2);
	apic_send_and_check(&set, VECTOR);

	/* Stuck after the first of seven: the others are not sent. */
	mock.busy_reads = MOCK_BUSY_FOREVER;
	assert_int_equal(apic_send(&set, VECTOR), -XCPU_EBUSY);
	assert_int_equal(mock.sends, 1);
	assert_int_equal(mock_faults(), 0);
}

/* ---- a sender between the two writes ---- */

static struct xcpu_cpuset inner_set;
static uint32_t inner_what;
static int inner_error;

static void
send_inside(void)
{
	inner_error = xcpu_apic_send(&apic, mock.self, &inner_set, inner_what);
}

/* The inner sender at every step of the outer; returns the number of steps. */
static unsigned
at_every_step(const struct xcpu_cpuset *outer, enum mock_handler kind)
{
	struct xcpu_cpuset all;
	unsigned at;

	for (at = 0; at < STEPS_MAX; at++) {
		bool masked = mock.masked;

		mock_clear();
		mock_at(at, kind, send_inside);
		assert_int_equal(xcpu_apic_send(&apic, mock.self, outer,
		    VECTOR), 0);
		if (mock.handler != NULL)
			break;
		assert_int_equal(inner_error, 0);
		assert_int_equal(mock_faults(), 0);
		assert_int_equal(mock.masked, masked);
		all = mock.got;
		xcpu_cpuset_or(&all, &mock.got_nmi);
		xcpu_cpuset_andnot(&all, outer);
		assert_true(xcpu_cpuset_equal(&all, &inner_set));
		all = *outer;
		xcpu_cpuset_andnot(&all, &mock.got);
		assert_true(xcpu_cpuset_empty(&all));
	}
	return at;
}

/* The least that one send to three CPUs takes, so that no test runs empty. */
#define STEPS_OF_THREE	18u

static void
nmi_at_every_step(uint32_t what)
{
	struct xcpu_cpuset outer;

	apic_setup(false, 32);
	xcpu_apic_down(&apic, 31);
	xcpu_cpuset_zero(&outer);
	xcpu_cpuset_zero(&inner_set);
	for (unsigned cpu = 1; cpu < 4; cpu++) {
		xcpu_cpuset_add(&outer, cpu);
		xcpu_cpuset_add(&inner_set, 10 * cpu);
	}
	inner_what = what | XCPU_APIC_FROM_NMI;
	for (unsigned reads = 0; reads < 4; reads++) {
		mock.busy_reads = reads;
		mock.masked = reads % 2 != 0;
		assert_true(at_every_step(&outer, MOCK_NMI) >= STEPS_OF_THREE);
	}
}

static void
apic_nmi_sends_vector_between_writes(void **unused)
{
	(void)unused;
	nmi_at_every_step(VECTOR);
}

static void
apic_nmi_sends_nmi_between_writes(void **unused)
{
	(void)unused;
	nmi_at_every_step(XCPU_APIC_NMI);
}

static void
apic_interrupt_never_between_writes(void **unused)
{
	struct xcpu_cpuset outer;

	(void)unused;
	apic_setup(false, 32);
	xcpu_apic_down(&apic, 31);
	xcpu_cpuset_fill(&outer, 3);
	xcpu_cpuset_one(&inner_set, 17);
	inner_what = VECTOR;
	for (unsigned reads = 0; reads < 4; reads++) {
		mock.busy_reads = reads;
		assert_true(at_every_step(&outer, MOCK_INTERRUPT) >=
		    STEPS_OF_THREE);
	}
}

/* It cannot wait, it cannot send, and yet nothing must go to the wrong CPU. */
static void
apic_nmi_on_stuck_icr_restores(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	apic_setup(false, 32);
	apic.busy_polls = POLLS;
	xcpu_apic_down(&apic, 31);
	xcpu_cpuset_one(&set, 9);
	mock.masked = true;
	mock.high = 21u << 24;

	mock.busy_left = MOCK_BUSY_FOREVER;
	assert_int_equal(apic_send(&set, VECTOR | XCPU_APIC_FROM_NMI), -XCPU_EBUSY);
	assert_int_equal(mock.sends, 0);
	assert_int_equal(mock.high, 21u << 24);
	assert_true(mock.reads <= 1 + 2 * POLLS);

	for (unsigned cpu = 9; cpu < 11; cpu++) {	/* one, then two */
		xcpu_cpuset_add(&set, cpu);
		mock.busy_left = 0;
		mock.busy_reads = MOCK_BUSY_FOREVER;
		assert_int_equal(apic_send(&set, VECTOR | XCPU_APIC_FROM_NMI),
		    cpu == 9 ? 0 : -XCPU_EBUSY);
		assert_int_equal(mock.sends, 1);
		assert_int_equal(mock.high, 21u << 24);
		assert_true(mock.reads <= 2 + 2 * POLLS);
	}
}

static void
apic_x2apic_nmi_at_every_step(void **unused)
{
	struct xcpu_cpuset outer;

	(void)unused;
	apic_setup(true, 100);
	xcpu_apic_down(&apic, 99);
	xcpu_cpuset_zero(&outer);
	for (unsigned cpu = 1; cpu < 90; cpu += 16)
		xcpu_cpuset_add(&outer, cpu);
	xcpu_cpuset_one(&inner_set, 50);
	inner_what = XCPU_APIC_NMI | XCPU_APIC_FROM_NMI;
	assert_int_equal(at_every_step(&outer, MOCK_NMI), 1 + 6);
}

/* ---- counts, loss, misuse, the hooks ---- */

static bool
drop_odd(unsigned cpu, uint32_t what)
{
	return cpu % 2 != 0 && what == VECTOR;
}

static bool
drop_odd_nmi(unsigned cpu, uint32_t what)
{
	return what == XCPU_APIC_NMI && cpu % 2 == 1;
}

static void
apic_counts_and_drops_each_target(void **unused)
{
	struct xcpu_cpuset set, even;

	(void)unused;
	apic_setup(false, 100);
	assert_int_equal(xcpu_apic_sent(&apic, 4, false), 0);
	apic.count = counts;
	apic.drop = drop_odd;
	set = even = apic_others();
	for (unsigned cpu = 1; cpu < mock.ncpu; cpu += 2)
		xcpu_cpuset_del(&even, cpu);
	assert_int_equal(apic_send(&set, VECTOR), 0);
	apic_check_sent(&even, VECTOR);
	assert_int_equal(mock.shorthands, 0);
	apic_send_and_check(&set, XCPU_APIC_NMI);
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		assert_int_equal(xcpu_apic_sent(&apic, cpu, false),
		    xcpu_cpuset_has(&even, cpu));
		assert_int_equal(xcpu_apic_sent(&apic, cpu, true), cpu != 0);
	}
	assert_int_equal(xcpu_apic_sent(&apic, mock.ncpu, true), 0);
	assert_int_equal(xcpu_apic_sent(&apic, XCPU_NCPU_MAX, true), 0);
	assert_int_equal(xcpu_load_acq(&apic.dropped.fixed), 50);
	assert_int_equal(xcpu_load_acq(&apic.dropped.nmi), 0);
	apic.drop = drop_odd_nmi;
	assert_int_equal(apic_send(&set, XCPU_APIC_NMI), 0);
	assert_int_equal(xcpu_load_acq(&apic.dropped.fixed), 50);
	assert_int_equal(xcpu_load_acq(&apic.dropped.nmi), 50);
}

static void
apic_refuses_bad_ids_and_targets(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	apic_setup(false, 4);
	assert_int_equal(xcpu_apic_add(&apic, 5, 255), -XCPU_EINVAL);
	assert_int_equal(xcpu_apic_add(&apic, 5, 256), -XCPU_EINVAL);
	assert_int_equal(xcpu_apic_add(&apic, 5, 3), -XCPU_EINVAL);
	assert_int_equal(xcpu_apic_add(&apic, 3, 9), -XCPU_EINVAL);
	assert_int_equal(xcpu_apic_add(&apic, XCPU_NCPU_MAX, 9), -XCPU_EINVAL);
	xcpu_cpuset_fill(&set, 6);
	assert_int_equal(apic_send(&set, VECTOR), -XCPU_EINVAL);
	assert_int_equal(mock.sends, 0);
	xcpu_apic_up(&apic, 5);		/* ignored: all that are known are up */
	xcpu_apic_down(&apic, XCPU_NCPU_MAX);
	set = apic_others();
	apic_send_and_check(&set, VECTOR);
	assert_int_equal(mock.shorthands, 1);

	apic_setup(true, 4);
	assert_int_equal(xcpu_apic_add(&apic, 5, UINT32_MAX), -XCPU_EINVAL);
	assert_int_equal(xcpu_apic_add(&apic, 5, UINT32_MAX - 1), 0);
}

static void
apic_kick_hooks(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	apic_setup(false, 8);
	xcpu_port_x86.apic = &apic;
	xcpu_port_x86.vector = VECTOR;
	xcpu_cpuset_one(&set, 6);
	mock.high = 3u << 24;
	mock_clear();
	xcpu_port_kick(&set);
	apic_check_sent(&set, VECTOR);
	assert_int_equal(mock.high, 6u << 24);
	mock_clear();
	xcpu_port_kick_nmi(&set);
	apic_check_sent(&set, XCPU_APIC_NMI);

	/* From NMI both leave the upper half as it was. */
	mock.context = XCPU_CTX_MASKED | XCPU_CTX_NMI;
	mock.masked = true;
	mock.high = 3u << 24;
	xcpu_cpuset_add(&set, 5);
	mock_clear();
	xcpu_port_kick(&set);
	apic_check_sent(&set, VECTOR);
	assert_int_equal(mock.high, 3u << 24);
	mock_clear();
	xcpu_port_kick_nmi(&set);
	apic_check_sent(&set, XCPU_APIC_NMI);
	assert_int_equal(mock.high, 3u << 24);
}

static void
apic_clock_is_scaled(void **unused)
{
	uint64_t first, second;

	(void)unused;
	xcpu_port_x86.ns_scale = 0;
	assert_true(xcpu_port_now_ns() == 0);
	xcpu_port_x86.ns_scale = UINT64_C(1) << 32;
	first = xcpu_x86_rdtsc();
	second = xcpu_port_now_ns();
	assert_true(second >= first && second <= xcpu_x86_rdtsc());
	xcpu_port_x86.ns_scale = UINT64_C(1) << 31;
	first = xcpu_x86_rdtsc() / 2;
	second = xcpu_port_now_ns();
	assert_true(second >= first && second <= xcpu_x86_rdtsc() / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(apic_pair_written_masked, "F-X12"),
		UNIT(apic_busy_polled_before_write, "F-X12 INV-E9"),
		UNIT(apic_busy_forever_is_bounded,
		    "F-X12 BUG-47 BUG-112 INV-E9"),
		UNIT(apic_nmi_sends_vector_between_writes, "BUG-113 INV-E9"),
		UNIT(apic_nmi_sends_nmi_between_writes, "BUG-113 INV-E9"),
		UNIT(apic_interrupt_never_between_writes, "F-X12"),
		UNIT(apic_nmi_on_stuck_icr_restores, "BUG-112 BUG-113 INV-E9"),
		UNIT(apic_x2apic_nmi_at_every_step, "BUG-113"),
		UNIT_PLAIN(apic_counts_and_drops_each_target),
		UNIT_PLAIN(apic_refuses_bad_ids_and_targets),
		UNIT(apic_kick_hooks, "F-X12 BUG-113"),
		UNIT_PLAIN(apic_clock_is_scaled),
	};

	return cmocka_run_group_tests_name("apic icr", tests, NULL, NULL);
}
