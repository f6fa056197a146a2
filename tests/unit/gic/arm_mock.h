/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm_mock.h: the instructions of port/aarch64-gic, and the machine around a
 * sender as far as they reach it.  Stands in for what arm_insn.h has.
 *
 * Each is written down in the order in which it comes.  SGIs are delivered to
 * the CPUs of the machine, and what the architecture forbids, or what breaks on
 * hardware, is counted.
 */
#ifndef XCPU_TESTS_ARM_MOCK_H
#define XCPU_TESTS_ARM_MOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/cpuset.h>

#define MOCK_LOG 256

struct mock_insn {
	const char *name;
	uint64_t operand;
};

struct mock_machine {
	/* The machine; set these after mock_reset(). */
	bool v2;
	unsigned ncpu;			/* parked ones included */
	unsigned self;			/* whose instructions these are */
	uint64_t id[XCPU_NCPU_MAX];
	uint64_t pmr, daif, ctr;
	unsigned context;		/* what xcpu_port_context() says */

	/* What was delivered. */
	struct xcpu_cpuset got;
	unsigned twice;			/* deliveries beyond the first */
	uint32_t sgi;			/* the last one */

	/* What was done. */
	unsigned sends, others;		/* writes; those to all but self */
	struct mock_insn log[MOCK_LOG];
	unsigned n;

	/* What must never be. */
	unsigned unfenced;		/* sent before the stores were visible */
	unsigned malformed;		/* reserved bits, no such CPU */
	bool fenced, synced;
};

extern struct mock_machine mock;
extern uint32_t mock_distributor[0x400];

/* A quiet machine of ncpu CPUs with ids 0, 1, 2, ...; CPU 0 sends. */
void mock_reset(bool v2, unsigned ncpu);
/* Forget deliveries and the log; the machine stays as it is. */
void mock_clear(void);
/* Sum of what must never be. */
unsigned mock_faults(void);
/* The instructions so far are these, in this order: "tlbi_vae1 dsb_nsh isb". */
void mock_expect(const char *names);

/* In place of arm_insn.h. */
#define MOCK_PLAIN(X)							\
	X(isb) X(yield) X(irqs_off) X(irqs_on) X(dsb_wfi)		\
	X(dsb_ish) X(dsb_ishst) X(dsb_nsh)
#define MOCK_WITH_OPERAND(X)						\
	X(sgi1r) X(dc_cvau) X(ic_ivau)					\
	X(tlbi_vae1) X(tlbi_vale1) X(tlbi_vaae1) X(tlbi_vaale1)		\
	X(tlbi_aside1) X(tlbi_vmalle1)					\
	X(tlbi_vae1is) X(tlbi_vale1is) X(tlbi_vaae1is)			\
	X(tlbi_vaale1is) X(tlbi_aside1is) X(tlbi_vmalle1is)
#define MOCK_DECLARE(name) void xcpu_arm_##name(void);
#define MOCK_DECLARE_1(name) void xcpu_arm_##name(uint64_t operand);
MOCK_PLAIN(MOCK_DECLARE)
MOCK_WITH_OPERAND(MOCK_DECLARE_1)
void xcpu_arm_write32(volatile uint32_t *reg, uint32_t value);
uint64_t xcpu_arm_ctr(void);

#define XCPU_ARM_ICC_PMR	"pmr"
uint64_t *mock_register(const char *name);
#define XCPU_ARM_READ(name)	(*mock_register(name))
void mock_register_write(const char *name, uint64_t value);
#define XCPU_ARM_WRITE(name, value) mock_register_write(name, value)

#endif /* XCPU_TESTS_ARM_MOCK_H */
