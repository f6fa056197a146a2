/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port.h: the port of the ASID tests: CPUs that take turns on one thread.
 */
#ifndef XCPU_PORT_ASID_H
#define XCPU_PORT_ASID_H

#define XCPU_PORT_CONTRACT 1

struct xcpu_cpu *asid_machine_self(void);
extern unsigned asid_machine_masked;
extern unsigned asid_machine_context;

static inline struct xcpu_cpu *
xcpu_port_self(void)
{
	return asid_machine_self();
}

static inline unsigned long
xcpu_port_irq_save(void)
{
	return asid_machine_masked++;
}

static inline void
xcpu_port_irq_restore(unsigned long state)
{
	asid_machine_masked = (unsigned)state;
}

static inline unsigned
xcpu_port_context(void)
{
	return asid_machine_context | (asid_machine_masked ? XCPU_CTX_MASKED : 0);
}

static inline void
xcpu_port_relax(unsigned spins)
{
	(void)spins;
}

static inline uint64_t
xcpu_port_now_ns(void)
{
	return 0;
}

static inline void
xcpu_port_pte_publish(void)
{
}

#endif /* XCPU_PORT_ASID_H */
