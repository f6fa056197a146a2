/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lapic.c: one vector to one CPU, through port/x86_64-apic, which masks, waits
 * for the ICR with a bound, and orders the caller's stores before the write.
 */
#include <xcpu/cpuset.h>
#include <xcpu/domain.h>
#include <xcpu/port.h>

#include <apic.h>

#include <i386/lapic.h>

/* Vectors below are exceptions. */
#define VECTOR_MIN	32
#define VECTOR_MAX	255

int lapic_interrupt_base = LAPIC_DEFAULT_INTERRUPT_BASE;
static struct xcpu_apic *lapic;

void
lapic_attach(struct xcpu_apic *apic)
{
	lapic = apic;
}

void
lapic_send_ipi(int cpu, int vector)
{
	bool nmi = (xcpu_port_context() & XCPU_CTX_NMI) != 0;
	struct xcpu_cpuset set;

	if (vector < lapic_interrupt_base)
		vector += lapic_interrupt_base;
	if (cpu < 0 || cpu >= XCPU_NCPU_MAX || vector < VECTOR_MIN ||
	    vector > VECTOR_MAX)
		return;
	xcpu_cpuset_one(&set, (unsigned)cpu);
	(void)xcpu_apic_send(lapic, xcpu_cpu_index(), &set,
	    (uint32_t)vector | (nmi ? XCPU_APIC_FROM_NMI : 0));
}
