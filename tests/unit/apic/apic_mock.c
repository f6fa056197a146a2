/* SPDX-License-Identifier: BSD-2-Clause */
/* apic_mock.c: the register file behind apic_mock.h. */
#include <string.h>

#include "apic_mock.h"

#define REG_ICR_LOW	0x300u
#define REG_ICR_HIGH	0x310u
#define MSR_ICR		0x830u
#define MSR_SELF_IPI	0x83fu

/* Fields of the lower half, as the processor manual has them. */
#define VECTOR		0x000ffu
#define MODE		0x00700u
#define MODE_FIXED	0x00000u
#define MODE_NMI	0x00400u
#define LOGICAL		0x00800u
#define BUSY		0x01000u
#define ASSERT		0x04000u
#define SHORTHAND	0xc0000u
#define SHORTHAND_SELF	0x40000u
#define SHORTHAND_ALL	0x80000u
#define RESERVED	0xfff32000u

struct mock_machine mock;

void
mock_reset(bool x2apic, unsigned ncpu)
{
	memset(&mock, 0, sizeof(mock));
	mock.x2apic = x2apic;
	mock.ncpu = ncpu;
	for (unsigned cpu = 0; cpu < ncpu; cpu++)
		mock.id[cpu] = cpu;
}

void
mock_clear(void)
{
	xcpu_cpuset_zero(&mock.got);
	xcpu_cpuset_zero(&mock.got_nmi);
	mock.twice = mock.vector = mock.sends = mock.shorthands = 0;
	mock.self_ipis = mock.reads = mock.high_writes = mock.fences = 0;
	mock.written_busy = mock.split_unmasked = 0;
	mock.unfenced = mock.malformed = 0;
	mock.handler = NULL;
	mock.step = 0;
	mock.fenced = false;
}

void
mock_at(unsigned at_step, enum mock_handler kind, void (*handler)(void))
{
	mock.handler = handler;
	mock.kind = kind;
	mock.at_step = at_step;
	mock.step = 0;
}

unsigned
mock_faults(void)
{
	return mock.twice + mock.written_busy + mock.split_unmasked +
	    mock.unfenced + mock.malformed;
}

/* A masked interrupt stays pending; an NMI does not ask. */
static void
step(void)
{
	void (*handler)(void) = mock.handler;
	bool masked = mock.masked;

	if (handler == NULL || mock.step++ < mock.at_step)
		return;
	if (mock.kind == MOCK_INTERRUPT && masked)
		return;
	mock.handler = NULL;
	mock.masked = true;
	handler();
	mock.masked = masked;
}

static void
deliver(unsigned cpu, uint32_t low)
{
	bool nmi = (low & MODE) == MODE_NMI;
	struct xcpu_cpuset *got = nmi ? &mock.got_nmi : &mock.got;

	if (xcpu_cpuset_has(got, cpu))
		mock.twice++;
	xcpu_cpuset_add(got, cpu);
	if (!nmi)
		mock.vector = low & VECTOR;
}

static bool
is_destination(uint32_t id, uint32_t to, uint32_t low)
{
	if ((low & LOGICAL) == 0)
		return to == id;
	return to >> 16 == (id >> 4 & 0xffff) && (to >> id % 16 & 1) != 0;
}

static void
send_by_id(uint32_t to, uint32_t low)
{
	unsigned receivers = 0;

	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		if (is_destination(mock.id[cpu], to, low)) {
			deliver(cpu, low);
			receivers++;
		}
	}
	if (receivers == 0 || to == (mock.x2apic ? UINT32_MAX : 0xff))
		mock.malformed++;
	if (!mock.x2apic && (low & LOGICAL) != 0)
		mock.malformed++;	/* needs registers nobody set up */
}

static void
send_by_shorthand(uint32_t low)
{
	uint32_t which = low & SHORTHAND;

	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		bool wanted = which == SHORTHAND_ALL ||
		    (which == SHORTHAND_SELF) == (cpu == mock.self);

		if (wanted)
			deliver(cpu, low);
	}
	if (which == SHORTHAND_SELF)
		mock.self_ipis++;
	else
		mock.shorthands++;
	/* The manual allows an NMI by the shorthand "all others" alone. */
	if ((low & MODE) == MODE_NMI && which != SHORTHAND)
		mock.malformed++;
}

static void
send(uint32_t to, uint32_t low)
{
	uint32_t mode = low & MODE;

	mock.sends++;
	if ((low & (RESERVED | BUSY)) != 0 || (low & ASSERT) == 0 ||
	    (mode != MODE_FIXED && mode != MODE_NMI) ||
	    (mode == MODE_FIXED && (low & VECTOR) < 32))
		mock.malformed++;
	if ((low & SHORTHAND) != 0)
		send_by_shorthand(low);
	else
		send_by_id(to, low);
}

uint32_t
xcpu_apic_read(const struct xcpu_apic *apic, unsigned reg)
{
	(void)apic;
	step();
	mock.reads++;
	if (mock.x2apic || (reg != REG_ICR_LOW && reg != REG_ICR_HIGH))
		mock.malformed++;
	if (reg == REG_ICR_HIGH)
		return mock.high;
	if (mock.busy_left == 0)
		return mock.low;
	if (mock.busy_left != MOCK_BUSY_FOREVER)
		mock.busy_left--;
	return mock.low | BUSY;
}

void
xcpu_apic_write(struct xcpu_apic *apic, unsigned reg, uint32_t value)
{
	(void)apic;
	step();
	if (mock.x2apic || (reg != REG_ICR_LOW && reg != REG_ICR_HIGH))
		mock.malformed++;
	if (mock.busy_left != 0)
		mock.written_busy++;
	if (!mock.masked)
		mock.split_unmasked++;
	if (reg == REG_ICR_HIGH) {
		mock.high_writes++;
		mock.high = value;
		return;
	}
	mock.low = value;
	send(mock.high >> 24, value);
	mock.busy_left = mock.busy_reads;
}

void
xcpu_apic_wrmsr(uint32_t msr, uint64_t value)
{
	step();
	if (!mock.x2apic || (msr != MSR_ICR && msr != MSR_SELF_IPI))
		mock.malformed++;
	if (!mock.fenced)
		mock.unfenced++;
	if (msr == MSR_SELF_IPI) {
		if (value > VECTOR)
			mock.malformed++;
		mock.sends++;
		mock.self_ipis++;
		deliver(mock.self, (uint32_t)value);
	} else {
		send((uint32_t)(value >> 32), (uint32_t)value);
	}
}

void
xcpu_apic_fence(void)
{
	step();
	mock.fences++;
	mock.fenced = true;
}

unsigned long
xcpu_apic_irq_save(void)
{
	bool masked;

	step();
	masked = mock.masked;
	mock.masked = true;
	return masked;
}

void
xcpu_apic_irq_restore(unsigned long flags)
{
	step();
	mock.masked = flags != 0;
	step();			/* what was pending comes now */
}

void
xcpu_apic_pause(void)
{
	step();
}
