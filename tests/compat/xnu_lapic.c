/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xnu_lapic.c: vectors by hand, on registers in memory.
 */
#include <i386/lapic.h>

#include <apic.h>

#include "apic_mock.h"
#include "xnu_test.h"

#define APICS	(XCPU_NCPU_MAX < 8 ? XCPU_NCPU_MAX : 8)
#define POLLS	10
#define STEPS	20	/* accesses of one send, at most */
#define OTHER	(APICS - 1 < 1 ? 0 : 1)	/* not this one, if there is one */

static struct xcpu_apic apic;
static volatile uint32_t registers[1024];

static void
begin_lapic(bool x2apic)
{
	mock_reset(x2apic, APICS);
	xcpu_apic_init(&apic, x2apic ? NULL : registers);
	apic.busy_polls = POLLS;
	for (unsigned cpu = 0; cpu < APICS; cpu++)
		CHECK(xcpu_apic_add(&apic, cpu, cpu) == 0);
	lapic_attach(&apic);
}

static bool
got_one(unsigned cpu, int vector)
{
	return xcpu_cpuset_count(&mock.got) == 1 &&
	    xcpu_cpuset_has(&mock.got, cpu) && mock.vector == (uint32_t)vector;
}

static void
send_to_all(void)
{
	for (int cpu = 0; cpu < APICS; cpu++) {
		mock_clear();
		lapic_send_ipi(cpu, LAPIC_TIMER_INTERRUPT);
		CHECK(got_one((unsigned)cpu, LAPIC_VECTOR(TIMER)));
		mock_clear();
		lapic_send_ipi(cpu, 0xfe);
		CHECK(got_one((unsigned)cpu, 0xfe));
		CHECK(mock_faults() == 0 && !mock.masked);
	}
	mock_clear();
	lapic_send_ipi(-1, 0xfe);
	lapic_send_ipi(APICS, 0xfe);
	lapic_send_ipi(0, 0x100);
	CHECK(mock.sends == 0);
}

void
test_lapic_send(void)
{
	for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
		begin_lapic(x2apic != 0);
		send_to_all();
		lapic_interrupt_base = 0x50;
		mock_clear();
		lapic_send_ipi(0, LAPIC_INTERPROCESSOR_INTERRUPT);
		CHECK(got_one(0, 0x5e));
		lapic_interrupt_base = LAPIC_DEFAULT_INTERRUPT_BASE;
	}
}

void
test_lapic_busy(void)
{
	begin_lapic(false);
	/* For a while: it waits. */
	mock.busy_left = POLLS / 2;
	lapic_send_ipi(0, 0xfe);
	CHECK(got_one(0, 0xfe) && mock_faults() == 0);
	/* For ever: it does not, and never writes what is still in use. */
	mock_clear();
	mock.busy_left = MOCK_BUSY_FOREVER;
	lapic_send_ipi(0, 0xfe);
	CHECK(mock.sends == 0 && mock.reads <= POLLS + 1);
	CHECK(mock_faults() == 0 && !mock.masked);
	/* rlx: alone */
	CHECK(xcpu_load_rlx(&apic.busy) == 1);
}

static void
send_from_nmi(void)
{
	xcpu_linux_self.nmi++;
	lapic_send_ipi(APICS - 1, 0xf1);
	xcpu_linux_self.nmi--;
}

void
test_lapic_nmi(void)
{
	unsigned step = 0;

	do {
		begin_lapic(false);
		mock_at(step, MOCK_NMI, send_from_nmi);
		lapic_send_ipi(OTHER, 0xfe);
		CHECK(xcpu_cpuset_has(&mock.got, OTHER));
		CHECK(mock.written_busy == 0 && mock.malformed == 0);
		CHECK(mock.handler != NULL ||
		    xcpu_cpuset_has(&mock.got, APICS - 1));
		CHECK(mock.handler != NULL || APICS == 1 || mock.twice == 0);
	} while (mock.handler == NULL && ++step < STEPS);
	CHECK(step > 1 && step < STEPS);
}
