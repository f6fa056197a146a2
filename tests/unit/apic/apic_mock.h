/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apic_mock.h: a local APIC and the machine around it, as far as a sender sees
 * them.  Stands in for port/x86_64-apic/apic_regs.h.
 *
 * It delivers what the ICR says to the CPUs of the machine, and writes down
 * each thing that the hardware manual forbids or that breaks on hardware.
 * Before any access it can run a handler, as an NMI or an interrupt would.
 */
#ifndef XCPU_TESTS_APIC_MOCK_H
#define XCPU_TESTS_APIC_MOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/cpuset.h>

#define MOCK_BUSY_FOREVER UINT32_MAX

enum mock_handler { MOCK_NMI, MOCK_INTERRUPT };

struct mock_machine {
	/* The machine; set these after mock_reset(). */
	bool x2apic;
	unsigned ncpu;			/* parked ones included */
	unsigned self;			/* whose APIC this is */
	uint32_t id[XCPU_NCPU_MAX];
	uint32_t busy_reads;		/* an ICR stays busy for, after a send */
	bool masked;			/* interrupts, on the sending CPU */
	unsigned context;		/* what xcpu_port_context() says */

	/* What was delivered. */
	struct xcpu_cpuset got, got_nmi;
	unsigned twice;			/* deliveries beyond the first */
	uint32_t vector;		/* of the last fixed one */

	/* What was done. */
	unsigned sends;			/* writes that made the APIC send */
	unsigned shorthands, self_ipis;
	unsigned reads, high_writes, fences;

	/* What must never be. */
	unsigned written_busy;		/* ICR written while delivering */
	unsigned split_unmasked;	/* a half of it with interrupts on */
	unsigned unfenced;		/* x2APIC written before the stores */
	unsigned malformed;		/* reserved bits, bad modes, no such CPU */

	/* The handler to come. */
	void (*handler)(void);
	enum mock_handler kind;
	unsigned at_step, step;

	uint32_t low, high, busy_left;
	bool fenced;
};

extern struct mock_machine mock;

/* A quiet machine of ncpu CPUs with ids 0, 1, 2, ...; CPU 0 sends. */
void mock_reset(bool x2apic, unsigned ncpu);
/* Forget deliveries and counts; the machine stays as it is. */
void mock_clear(void);
/* Run `handler` once, before access number `at_step` of those that follow. */
void mock_at(unsigned at_step, enum mock_handler kind, void (*handler)(void));
/* Sum of what must never be. */
unsigned mock_faults(void);

/* In place of apic_regs.h. */
struct xcpu_apic;
uint32_t xcpu_apic_read(const struct xcpu_apic *apic, unsigned reg);
void xcpu_apic_write(struct xcpu_apic *apic, unsigned reg, uint32_t value);
void xcpu_apic_wrmsr(uint32_t msr, uint64_t value);
void xcpu_apic_fence(void);
unsigned long xcpu_apic_irq_save(void);
void xcpu_apic_irq_restore(unsigned long flags);
void xcpu_apic_pause(void);

#endif /* XCPU_TESTS_APIC_MOCK_H */
