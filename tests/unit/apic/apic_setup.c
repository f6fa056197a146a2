/* SPDX-License-Identifier: BSD-2-Clause */
/* apic_setup.c: see apic_setup.h. */
#include "unit.h"

#include <xcpu/domain.h>

#include "apic_setup.h"

struct xcpu_apic apic;

static uint32_t registers[256];


void
apic_setup_ids(void)
{
	xcpu_apic_init(&apic, mock.x2apic ? NULL : registers);
	for (unsigned cpu = mock.ncpu; cpu-- > 0;) {	/* any order will do */
		assert_int_equal(xcpu_apic_add(&apic, cpu, mock.id[cpu]), 0);
		xcpu_apic_up(&apic, cpu);
	}
}

void
apic_setup(bool x2apic, unsigned ncpu)
{
	mock_reset(x2apic, ncpu);
	apic_setup_ids();
}

int
apic_send(const struct xcpu_cpuset *set, uint32_t what)
{
	mock_clear();
	return xcpu_apic_send(&apic, mock.self, set, what);
}

void
apic_check_sent(const struct xcpu_cpuset *set, uint32_t what)
{
	bool nmi = (what & XCPU_APIC_NMI) != 0;

	assert_true(xcpu_cpuset_equal(nmi ? &mock.got_nmi : &mock.got, set));
	assert_true(xcpu_cpuset_empty(nmi ? &mock.got : &mock.got_nmi));
	assert_int_equal(mock_faults(), 0);
	if (!nmi && !xcpu_cpuset_empty(set))
		assert_int_equal(mock.vector, what);
}

void
apic_send_and_check(const struct xcpu_cpuset *set, uint32_t what)
{
	assert_int_equal(apic_send(set, what), 0);
	apic_check_sent(set, what);
}

struct xcpu_cpuset
apic_others(void)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_fill(&set, mock.ncpu);
	xcpu_cpuset_del(&set, mock.self);
	return set;
}

struct xcpu_cpuset
apic_random_set(uint64_t *state)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_zero(&set);
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++)
		if (unit_random(state) >> 62 == 0)
			xcpu_cpuset_add(&set, cpu);
	return set;
}

/* In place of the library: the kick hooks ask who they are. */
unsigned
xcpu_cpu_index(void)
{
	return mock.self;
}
