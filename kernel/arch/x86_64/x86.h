/* SPDX-License-Identifier: BSD-2-Clause */
/* x86.h: what the files of this folder share among themselves. */
#ifndef XCPU_KERNEL_X86_H
#define XCPU_KERNEL_X86_H

#include "../../kernel.h"
#include "io.h"

/* acpi.c */
struct acpi_info {
	uint8_t apic_ids[CPUS_MAX + 1];
	unsigned n;
	unsigned left_out;	/* CPUs whose identifier xAPIC cannot name */
	uint16_t pm_timer;	/* I/O port; 0: none */
};
void acpi_read(uint64_t rsdp, struct acpi_info *info);

/* apic.c: the local APIC, in xAPIC mode */
#define APIC_ID		0x020
#define APIC_EOI	0x0b0
#define APIC_TIMER	0x320
#define APIC_COUNT_INIT	0x380
#define APIC_COUNT	0x390
#define APIC_DIVIDE	0x3e0
#define ICR_FIXED	0x00000
#define ICR_NMI		0x00400
#define ICR_INIT	0x04500		/* level, assert */
#define ICR_STARTUP	0x04600
#define ICR_OTHERS	0xc0000		/* shorthand: all but self */
void apic_map(void);			/* once, before anything else here */
void apic_enable(void);			/* on every CPU */
uint32_t apic_read(unsigned reg);
void apic_write(unsigned reg, uint32_t value);
void apic_send(uint32_t apic_id, uint32_t command);

/* descriptors.c */
void descriptors_load(struct cpu *cpu);

/* paging.c */
void paging_map_list(unsigned index, const void *page);

/* clock.c */
extern uint16_t pm_timer_port;
void wait_us(unsigned us);

/* entry.S, access.S, boot.S */
void downcall(uint64_t rip, uint64_t list, uint64_t end);
extern char trap_stubs[], downcall_return[], ap_start[], ap_end[];
extern char window_start[];
extern char user_loop[], user_load[], user_store[], user_fault[];
extern char kernel_load[], kernel_store[], kernel_fault[];
void kernel_loop(struct mach_access *list, struct mach_access *end);

#endif /* XCPU_KERNEL_X86_H */
