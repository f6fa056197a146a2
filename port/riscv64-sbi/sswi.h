/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sswi.h: interrupt other CPUs without the firmware: the SSWI device of RISC-V's
 * ACLINT, where the machine has one.
 *
 * The device has a register for each hart; writing 1 to it sets that hart's
 * SSIP bit, as SBI's IPI does.  Which register is whose, the device tree says: a
 * machine may have several such devices, and their registers are not in the
 * order of hart ids.
 *
 *	static struct xcpu_sswi sswi;
 *
 *	xcpu_sswi_add(&sswi, cpu, &registers[n]);	(each CPU)
 *
 * Pairs that need a lock outside: add against anything else.
 */
#ifndef XCPU_SSWI_H
#define XCPU_SSWI_H

#include <stdint.h>

#include <xcpu/cpuset.h>

/* All zero at first. */
struct xcpu_sswi {
	volatile uint32_t *reg[XCPU_NCPU_MAX];	/* NULL: not reached */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_sswi_add: this register, mapped on every CPU, interrupts CPU `cpu`.
 *
 * Context: any; before the first kick.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    one store.
 * Returns: 0; -XCPU_EINVAL the CPU is out of range, or was added before.
 */
int xcpu_sswi_add(struct xcpu_sswi *sswi, unsigned cpu,
    volatile uint32_t *reg);

/*
 * xcpu_sswi_kick: interrupt each CPU of a set.
 *
 * Context: any; the set may hold the caller.
 * Waits:   never.
 * Order:   every store made before is visible to the interrupted CPU.
 * Cost:    a fence, and a store to the device for each CPU.
 * Returns: 0; -XCPU_EINVAL the set has a CPU that was not added, nothing was
 *          sent.
 */
int xcpu_sswi_kick(const struct xcpu_sswi *sswi,
    const struct xcpu_cpuset *set);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_SSWI_H */
