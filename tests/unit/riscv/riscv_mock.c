/* SPDX-License-Identifier: BSD-2-Clause */
/* riscv_mock.c: the machine behind riscv_mock.h. */
#include "unit.h"

#include <string.h>

#include <riscv_insn.h>

/* As SBI's specification has them. */
#define EXT_BASE	0x10u
#define EXT_IPI		0x735049u
#define EXT_RFENCE	0x52464e43u
#define ERR_INVALID	(-3)
#define SSTATUS_SIE	0x2u

struct mock_machine mock;
static volatile uint32_t setssip[XCPU_NCPU_MAX];

void
mock_reset(unsigned ncpu)
{
	memset(&mock, 0, sizeof(mock));
	mock.ncpu = ncpu;
	mock.refused = MOCK_NONE;
	for (unsigned cpu = 0; cpu < ncpu; cpu++)
		mock.hart[cpu] = cpu;
}

void
mock_clear(void)
{
	xcpu_cpuset_zero(&mock.kicked);
	xcpu_cpuset_zero(&mock.fenced);
	mock.twice = mock.calls = mock.n = 0;
	mock.unfenced = mock.malformed = 0;
	mock.ordered = false;
}

unsigned
mock_faults(void)
{
	return mock.twice + mock.unfenced + mock.malformed;
}

static void
note(const char *name, uint64_t va, uint64_t asid)
{
	if (mock.n < MOCK_LOG)
		mock.log[mock.n] = (struct mock_insn){ name, va, asid };
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

static void
deliver(struct xcpu_cpuset *to, unsigned cpu)
{
	if (xcpu_cpuset_has(to, cpu))
		mock.twice++;
	xcpu_cpuset_add(to, cpu);
}

/* ---- the firmware ---- */

static int64_t
reach(const struct xcpu_sbi_call *call, struct xcpu_cpuset *to)
{
	uint64_t mask = call->arg[0], base = call->arg[1], found = 0;

	if (base == mock.refused)
		return ERR_INVALID;
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		uint64_t bit = mock.hart[cpu] - base;

		if (bit >= 64 || (mask >> bit & 1) == 0)
			continue;
		found |= UINT64_C(1) << bit;
		deliver(to, cpu);
	}
	mock.malformed += found != mask || mask == 0;	/* a bit for nobody */
	return 0;
}

int64_t
xcpu_riscv_ecall(const struct xcpu_sbi_call *call, uint64_t *value)
{
	mock.calls++;
	if (call->extension == EXT_BASE && call->function == 3) {
		*value = call->arg[0] == mock.extension ? 7 : 0;
		return 0;
	}
	if (call->extension == EXT_IPI && call->function == 0)
		return reach(call, &mock.kicked);
	if (call->extension != EXT_RFENCE || call->function < 1 ||
	    call->function > 2) {
		mock.malformed++;
		return ERR_INVALID;
	}
	mock.function = call->function;
	mock.start = call->arg[2];
	mock.len = call->arg[3];
	mock.asid = call->function == 2 ? call->arg[4] : MOCK_NONE;
	return reach(call, &mock.fenced);
}

/* ---- the device ---- */

volatile uint32_t *
mock_setssip(unsigned cpu)
{
	return &setssip[XCPU_NCPU_MAX - 1 - cpu];
}

void
xcpu_riscv_fence_device(void)
{
	mock.ordered = true;
}

void
xcpu_riscv_write32(volatile uint32_t *reg, uint32_t value)
{
	unsigned cpu = XCPU_NCPU_MAX - 1 - (unsigned)(reg - setssip);

	mock.unfenced += !mock.ordered;
	if (cpu >= mock.ncpu || value != 1)
		mock.malformed++;
	else
		deliver(&mock.kicked, cpu);
}

/* ---- the instructions ---- */

unsigned long
xcpu_riscv_irq_save(void)
{
	unsigned long status = mock.status;

	mock.status &= ~(uint64_t)SSTATUS_SIE;
	return status;
}

void
xcpu_riscv_irq_restore(unsigned long status)
{
	mock.status |= status & SSTATUS_SIE;
}

bool
xcpu_riscv_irq_on(void)
{
	return (mock.status & SSTATUS_SIE) != 0;
}

uint64_t
xcpu_riscv_rdtime(void)
{
	return 0;
}

void
xcpu_riscv_fence_pte(void)
{
	note("fence_pte", MOCK_NONE, MOCK_NONE);
}

void
xcpu_riscv_sfence_all(void)
{
	note("all", MOCK_NONE, MOCK_NONE);
}

void
xcpu_riscv_sfence_asid(unsigned long asid)
{
	note("asid", MOCK_NONE, asid);
}

void
xcpu_riscv_sfence_page(uint64_t va)
{
	note("page", va, MOCK_NONE);
}

void
xcpu_riscv_sfence_page_asid(uint64_t va, unsigned long asid)
{
	note("page_asid", va, asid);
}

void
xcpu_riscv_sfence_w_inval(void)
{
	note("w_inval", MOCK_NONE, MOCK_NONE);
}

void
xcpu_riscv_sfence_inval_ir(void)
{
	note("inval_ir", MOCK_NONE, MOCK_NONE);
}

void
xcpu_riscv_sinval_page(uint64_t va)
{
	note("sinval", va, MOCK_NONE);
}

void
xcpu_riscv_sinval_page_asid(uint64_t va, unsigned long asid)
{
	note("sinval_asid", va, asid);
}
