/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * i386/lapic.h: XNU's way to send a vector by hand, over port/x86_64-apic.
 *
 * xcpu sends its own interrupts itself; this is for the other vectors.
 */
#ifndef XCPU_XNU_I386_LAPIC_H
#define XCPU_XNU_I386_LAPIC_H

struct xcpu_apic;

/* Vectors below the base are numbered from it. */
#define LAPIC_DEFAULT_INTERRUPT_BASE	0xd0
#define LAPIC_PERFCNT_INTERRUPT		0xf
#define LAPIC_INTERPROCESSOR_INTERRUPT	0xe
#define LAPIC_TIMER_INTERRUPT		0xd

#ifdef __cplusplus
extern "C" {
#endif

/* LAPIC_DEFAULT_INTERRUPT_BASE unless the host sets it. */
extern int lapic_interrupt_base;
#define LAPIC_VECTOR(src) (lapic_interrupt_base + LAPIC_##src##_INTERRUPT)

/*
 * lapic_attach: the APIC, all of its CPUs added.
 *
 * Context: any; once, before lapic_send_ipi().
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    a store.
 * Returns: nothing.
 */
void lapic_attach(struct xcpu_apic *apic);

/*
 * lapic_send_ipi: interrupt a CPU by a vector, fixed delivery.
 *
 * Interrupts are off meanwhile, and then as they were; xAPIC and x2APIC.
 *
 * Context: any, NMI included.
 * Waits:   for the previous send to leave the ICR, at most busy_polls reads.
 * Order:   as xcpu_apic_send().
 * Cost:    as xcpu_apic_send().
 * Returns: nothing; an ICR that stays busy is counted in the xcpu_apic, and
 *          nothing is sent; a CPU or vector that does not exist, either.
 */
void lapic_send_ipi(int cpu, int vector);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_XNU_I386_LAPIC_H */
