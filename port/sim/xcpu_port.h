/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port.h: the hot hooks where an engine plays the machine.
 *
 * None is inline: which CPU runs, what it masks and what its clock says is known
 * to the engine alone.  explore/ and sim/ each define these and the hooks of
 * <xcpu/port.h>.
 */
#ifndef XCPU_SIM_PORT_H
#define XCPU_SIM_PORT_H

#include <stdbool.h>
#include <stdint.h>

#define XCPU_PORT_CONTRACT 1

struct xcpu_cpu;

/* XCPU_PORT_EARLY: a run may have it or not. */
extern bool sim_port_early;

struct xcpu_cpu *xcpu_port_self(void);
unsigned long xcpu_port_irq_save(void);
void xcpu_port_irq_restore(unsigned long state);
unsigned xcpu_port_context(void);
void xcpu_port_relax(unsigned spins);
uint64_t xcpu_port_now_ns(void);
void xcpu_port_pte_publish(void);

#endif /* XCPU_SIM_PORT_H */
