/* SPDX-License-Identifier: BSD-2-Clause */
/* xnu_driver.h: what the driver's users call, and what it asks of them. */
#ifndef TESTS_COMPAT_XNU_DRIVER_H
#define TESTS_COMPAT_XNU_DRIVER_H

#include <stdint.h>

#include <mach/boolean.h>
#include <mach/vm_types.h>
#include <i386/pmap.h>

#define SWAP_MAXCPUS	64
#define SWAP_MAXPAGES	64

/* The page tables, and the frames: somebody else's. */
uint64_t pte_clear(pmap_t pmap, vm_map_offset_t va);	/* the frame */
void frame_free(uint64_t frame);
void cpu_halt(void);			/* until the next interrupt */

void swap_out(pmap_t pmap, vm_map_offset_t start, vm_map_offset_t end);
void swap_out_scattered(pmap_t pmap, const vm_map_offset_t *pages, int n);
void sched_run(pmap_t pmap);
void sched_idle(void);
void sched_ast(void);			/* the handler of MP_AST */
void sched_nudge(int cpu, boolean_t wait);
void sched_nudge_all(void);
int sched_asts(int cpu);
void sched_kick(int cpu, int vector);
unsigned int sched_count_cpus(boolean_t in_turn);
unsigned int sched_ask_others(int add);
int sched_asked(int cpu);
int clock_sync(void);
void mtrr_update(uint64_t value);
int mtrr_on(uint64_t value);

#endif /* TESTS_COMPAT_XNU_DRIVER_H */
