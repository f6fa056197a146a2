/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel.h: what the files of the reference kernel share.
 *
 * The kernel is one thread per CPU and no scheduler: a CPU runs its share of
 * the work, goes down to user mode and comes back as if it had called a
 * function, or halts.  kernel/ itself knows no architecture; arch/ARCH/ is all
 * of one.
 */
#ifndef XCPU_KERNEL_H
#define XCPU_KERNEL_H

#include <stdarg.h>

#include "cpu.h"
#include "machine.h"
#include "string.h"

/* What the loader said; physical addresses. */
struct boot_info {
	char command_line[1024];
	uint64_t module_phys, module_len;	/* 0: none */
	uint64_t firmware_table;		/* ACPI's RSDP, or a device tree */
	uint64_t ram_start, ram_end;		/* the memory we are in */
	uint64_t free_start, free_end;		/* behind the image */
};

/* main.c */
_Noreturn void kernel_main(const struct boot_info *boot);
_Noreturn void kernel_main_ap(struct cpu *cpu);
extern bool one_thread;			/* runs all CPUs in turn: mode=single */

/* boot.c */
void boot_command_line(struct boot_info *boot, const char *from);
void boot_keep(struct boot_info *boot, uint64_t phys, uint64_t len);

/* panic.c */
_Noreturn void panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
_Noreturn void panic_at(const struct trap_frame *frame);

/* console.c */
void console_vprintf(const char *fmt, va_list args);

/* frames.c */
void frames_init(uint64_t start, uint64_t end);

/* space.c */
uint64_t *page_entry(uint64_t root, uint64_t va, bool make);
void space_init_kernel(uint64_t root);
uint64_t space_root(const struct mach_space *space);
struct xcpu_asid *space_asid(struct mach_space *space);
extern uint64_t kernel_root;

/* tlb.c */
struct work_options;
bool tlb_set(const struct work_options *options);
void tlb_by_kicks(bool on);

/* asid.c: ASIDs, where the machine has enough of them; else all is under 0 */
struct xcpu_flush;
struct xcpu_asid;
struct xcpu_asid_load;
void asids_limit(uint64_t n);		/* do with fewer; before asids_init() */
void asids_init(void);
void asid_name(struct xcpu_asid *asid, struct xcpu_space *space);
void asid_load(struct xcpu_space *space, struct xcpu_asid_load *load);
bool asid_flush(const struct xcpu_flush *request, unsigned *asid);
unsigned asid_broadcast(const struct xcpu_flush *request);

/* machine.c */
_Noreturn void park(void);		/* the loop that mach_run_all() feeds */
void kernel_left(void);			/* to user mode */
void kernel_entered(void);		/* from there */
void kernel_pass(void);			/* from there, or by a tick */
int thread_start(unsigned cpu, void (*fn)(void *arg), void *arg);

/* xcpu_port.c */
void port_init(void);			/* the domain, for ncpu CPUs */
void port_online(struct cpu *cpu);	/* on that CPU */
void port_offline(struct cpu *cpu);	/* the same; interrupts stay off */
void port_dump(void);
void on_tick(void);			/* called from arch/ARCH/trap.c */
void on_kick(void);
void on_nmi(const struct trap_frame *frame);

/* smp.c */
#define CPU_STACK_BYTES	16384
#define CPU_START_NS	UINT64_C(10000000000)	/* a busy host has it, too */
char *cpu_stack_new(void);		/* the top of it; or a panic */
bool cpu_comes(const struct cpu *cpu, uint64_t within_ns); /* to park() */

/* power.c */
void power_cycle(unsigned times);	/* each other CPU: off, and on again */

/* conform.c */
struct xcpu_stall;
bool conform_run(bool brief);
bool conform_judges(const struct xcpu_stall *stall, unsigned *policy);

/* faults.c */
void faults_set(const struct work_options *options);
bool faults_deaf(void);
void faults_print(void);
enum fault_place {
	FAULT_AT_KICK, FAULT_AT_TICK, FAULT_AT_FLUSH, FAULT_PLACES
};
void faults_visit(enum fault_place place);

#endif /* XCPU_KERNEL_H */
