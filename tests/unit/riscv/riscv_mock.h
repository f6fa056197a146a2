/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * riscv_mock.h: the instructions of port/riscv64-sbi, the firmware and the SSWI
 * device behind them.  Stands in for what riscv_insn.h has.
 *
 * Each instruction is written down in the order in which it comes.  Kicks and
 * fences reach the CPUs of the machine, and what SBI forbids, or what breaks on
 * hardware, is counted.
 */
#ifndef XCPU_TESTS_RISCV_MOCK_H
#define XCPU_TESTS_RISCV_MOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/cpuset.h>

#define MOCK_LOG 256
#define MOCK_NONE UINT64_MAX

struct mock_insn {
	const char *name;
	uint64_t va, asid;
};

struct mock_machine {
	/* The machine; set these after mock_reset(). */
	unsigned ncpu;
	uint64_t hart[XCPU_NCPU_MAX];	/* of each CPU */
	uint64_t extension;		/* the one that the firmware has */
	uint64_t refused;		/* a window that it refuses; MOCK_NONE */
	uint64_t status;		/* sstatus */

	/* What came. */
	struct xcpu_cpuset kicked, fenced;
	unsigned twice;			/* beyond the first */
	unsigned calls;			/* of the firmware */
	uint64_t function, start, len, asid;	/* of the last fence */
	struct mock_insn log[MOCK_LOG];
	unsigned n;

	/* What must never be. */
	unsigned unfenced;		/* device written before the stores */
	unsigned malformed;		/* no such hart, or extension, or register */
	bool ordered;
};

extern struct mock_machine mock;

/* A CPU's register of the SSWI device; they are not in the order of CPUs. */
volatile uint32_t *mock_setssip(unsigned cpu);
/* A machine of ncpu CPUs, which are harts 0, 1, 2, ... */
void mock_reset(unsigned ncpu);
/* Forget what came; the machine stays as it is. */
void mock_clear(void);
/* Sum of what must never be. */
unsigned mock_faults(void);
/* The instructions so far are these, in this order: "w_inval page inval_ir". */
void mock_expect(const char *names);

/* In place of riscv_insn.h. */
unsigned long xcpu_riscv_irq_save(void);
void xcpu_riscv_irq_restore(unsigned long status);
bool xcpu_riscv_irq_on(void);
uint64_t xcpu_riscv_rdtime(void);
int64_t xcpu_riscv_ecall(const struct xcpu_sbi_call *call, uint64_t *value);
void xcpu_riscv_fence_device(void);
void xcpu_riscv_fence_pte(void);
void xcpu_riscv_write32(volatile uint32_t *reg, uint32_t value);
void xcpu_riscv_sfence_all(void);
void xcpu_riscv_sfence_asid(unsigned long asid);
void xcpu_riscv_sfence_page(uint64_t va);
void xcpu_riscv_sfence_page_asid(uint64_t va, unsigned long asid);
void xcpu_riscv_sfence_w_inval(void);
void xcpu_riscv_sfence_inval_ir(void);
void xcpu_riscv_sinval_page(uint64_t va);
void xcpu_riscv_sinval_page_asid(uint64_t va, unsigned long asid);

#endif /* XCPU_TESTS_RISCV_MOCK_H */
