/* SPDX-License-Identifier: BSD-2-Clause */
/* arm_mock.c: the machine behind arm_mock.h. */
#include "unit.h"

#include <string.h>

#include <xcpu/domain.h>

#include "arm_mock.h"

#define AFFINITY	UINT64_C(0xff00ffffff)
#define GICD_SGIR	0xf00u

struct mock_machine mock;
uint32_t mock_distributor[0x400];

void
mock_reset(bool v2, unsigned ncpu)
{
	memset(&mock, 0, sizeof(mock));
	mock.v2 = v2;
	mock.ncpu = ncpu;
	mock.pmr = 0xf0;
	for (unsigned cpu = 0; cpu < ncpu; cpu++)
		mock.id[cpu] = cpu;
}

void
mock_clear(void)
{
	xcpu_cpuset_zero(&mock.got);
	mock.twice = mock.sends = mock.others = mock.n = 0;
	mock.unfenced = mock.malformed = 0;
	mock.fenced = false;
	mock.synced = true;
}

unsigned
mock_faults(void)
{
	return mock.twice + mock.unfenced + mock.malformed + !mock.synced;
}

static void
note(const char *name, uint64_t operand)
{
	if (mock.n < MOCK_LOG)
		mock.log[mock.n] = (struct mock_insn){ name, operand };
	mock.n++;
}

void
mock_expect(const char *names)
{
	char seen[MOCK_LOG * 16] = "";

	assert_in_range(mock.n, 0, MOCK_LOG);
	for (unsigned i = 0; i < mock.n; i++) {
		if (i != 0)
			strcat(seen, " ");
		strcat(seen, mock.log[i].name);
	}
	assert_string_equal(seen, names);
}

/* ---- interrupts ---- */

static void
deliver(unsigned cpu, uint32_t sgi)
{
	if (xcpu_cpuset_has(&mock.got, cpu))
		mock.twice++;
	xcpu_cpuset_add(&mock.got, cpu);
	mock.sgi = sgi;
}

static void
deliver_others(uint32_t sgi)
{
	mock.others++;
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++)
		if (cpu != mock.self)
			deliver(cpu, sgi);
}

/* A list of bits, for the CPUs whose id is first and the fifteen behind. */
static void
deliver_list(uint64_t first, uint32_t list, uint32_t sgi)
{
	uint32_t found = 0;

	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		uint64_t id = mock.id[cpu] & AFFINITY;

		if (id - first < 16 && (list >> (id - first) & 1) != 0) {
			deliver(cpu, sgi);
			found |= 1u << (id - first);
		}
	}
	if (found != list || list == 0)
		mock.malformed++;	/* a bit for nobody */
}

static void
count_send(void)
{
	mock.sends++;
	mock.unfenced += !mock.fenced;
	mock.synced = false;
}

static void
do_sgi1r(uint64_t value)
{
	uint64_t first = (value >> 48 & 0xff) << 32 |
	    (value >> 32 & 0xff) << 16 | (value >> 16 & 0xff) << 8 |
	    (value >> 44 & 0xf) << 4;

	count_send();
	if (mock.v2 || (value & UINT64_C(0xff000e00f0000000)) != 0)
		mock.malformed++;
	if (value >> 40 & 1)
		deliver_others(value >> 24 & 0xf);
	else
		deliver_list(first, value & 0xffff, value >> 24 & 0xf);
}

void
xcpu_arm_write32(volatile uint32_t *reg, uint32_t value)
{
	note("write32", value);
	count_send();
	if (!mock.v2 || reg != &mock_distributor[GICD_SGIR / 4] ||
	    (value & 0xfc00fff0) != 0)
		mock.malformed++;
	if (value >> 24 == 1)
		deliver_others(value & 0xf);
	else
		deliver_list(0, value >> 16 & 0xff, value & 0xf);
}

/* ---- the instructions ---- */

static void
act(const char *name, uint64_t operand)
{
	note(name, operand);
	if (strcmp(name, "sgi1r") == 0)
		do_sgi1r(operand);
	else if (strcmp(name, "dsb_ishst") == 0 ||
	    strcmp(name, "dsb_ish") == 0)
		mock.fenced = true;
	else if (strcmp(name, "isb") == 0)
		mock.synced = true;
	else if (strcmp(name, "irqs_off") == 0)
		mock.daif |= 0x80;
	else if (strcmp(name, "irqs_on") == 0)
		mock.daif &= ~UINT64_C(0x80);
}

#define MOCK_DEFINE(name)						\
	void								\
	xcpu_arm_##name(void)						\
	{								\
		act(#name, 0);						\
	}
#define MOCK_DEFINE_1(name)						\
	void								\
	xcpu_arm_##name(uint64_t operand)				\
	{								\
		act(#name, operand);					\
	}
MOCK_PLAIN(MOCK_DEFINE)
MOCK_WITH_OPERAND(MOCK_DEFINE_1)

uint64_t
xcpu_arm_ctr(void)
{
	return mock.ctr;
}

uint64_t *
mock_register(const char *name)
{
	return strcmp(name, "daif") == 0 ? &mock.daif : &mock.pmr;
}

void
mock_register_write(const char *name, uint64_t value)
{
	note(name, value);
	*mock_register(name) = value;
}

/* In place of the library: the kick hooks ask who they are. */
unsigned
xcpu_cpu_index(void)
{
	return mock.self;
}
