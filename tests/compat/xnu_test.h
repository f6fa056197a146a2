/* SPDX-License-Identifier: BSD-2-Clause */
/* xnu_test.h: what the files of the XNU tests share. */
#ifndef TESTS_XNU_TEST_H
#define TESTS_XNU_TEST_H

#include <kern/cpu_number.h>
#include <mach/vm_types.h>
#include <i386/mp.h>
#include <i386/pmap.h>

#include "compat_test.h"

#define TEST_CPUS	64	/* that the tests keep records of */

/* ---- memory, xnu_memory.c ---- */

/* A space of the threads port, and its pmap. */
struct memory {
	struct mach_space *space;
	struct pmap pmap;
};

#define VA(page)	(UINT64_C(0x40000000) + (page) * (uint64_t)PAGE_SIZE)
#define KERNEL_VA(page)	(mach_kernel_base() + (page) * (uint64_t)PAGE_SIZE)

void memory_new(struct memory *memory);
/* All CPUs leave it first. */
void memory_free(struct memory *memory);

/* Map a page to a frame of its own, whose words say `tag`. */
void page_new(struct mach_space *space, uint64_t va, uint64_t tag);
/* Unmap it; the frame is given out anew when it is freed. */
mach_frame page_take(struct mach_space *space, uint64_t va);

#define FAULTED	UINT64_MAX

/* Read as the kernel does, through this CPU's TLB. */
uint64_t peek(uint64_t va);
/* The same on another CPU, which has a root loaded or not. */
uint64_t peek_on(unsigned cpu, uint64_t va);
/* Load a pmap on a CPU, this one too; that of the kernel: none. */
void switch_on(unsigned cpu, pmap_t pmap);
/* Run fn(arg) in a thread of a CPU, this one too, and wait. */
void run_on(unsigned cpu, void (*fn)(void *arg), void *arg);

/*
 * Kicks that were sent so far, but for those that a wait sent again: on a busy
 * machine waits are long.
 */
uint64_t kicks(void);

/* ---- the host, xnu_main.c ---- */

struct signal_log {
	uint32_t runs[MP_LAST][TEST_CPUS];
	uint32_t unmasked;
	uint32_t lines;		/* of the log */
	uint32_t debugger;	/* of these, the ones of i386_cpu_IPI() */
	int line_cpu;		/* the CPU of the last */
	uint32_t starts, ends;	/* of trace points */
	uint32_t trace_code;
	uint32_t suspended;	/* timeouts */
	void (*hook)(mp_event_t event);	/* each handler; NULL: nothing */
};

extern struct signal_log seen_signals;

/* Forget all of it; nothing is under way. */
void clear_signals(void);
/* How long a SYNC signal waits before it says so. */
#define TEST_TIMEOUT_NS UINT64_C(20000000)
/* Go on with something else for so long. */
void stay(uint64_t ns);
/* About as long as a few flushes take. */
#define A_LITTLE_NS 30000

/* ---- tests ---- */

extern const struct compat_test xnu_flush[];
extern const struct compat_test xnu_signals[];
extern const struct compat_test xnu_defects[];

void test_idle(void);
void test_inactive(void);
void test_kernel_root(void);
void test_user_code(void);
void test_ends_flushed(void);
void test_ends_inactive(void);
void test_ends_stopped(void);
void test_ends_by_nmi(void);
void test_sync_in_flood(void);
void test_sync_is_ours(void);
void test_both_signal(void);
void test_time_is_time(void);
void test_nobody_there(void);
void test_coming_and_going(void);
void test_no_storm(void);
void test_payload(void);
void test_lapic_send(void);
void test_lapic_busy(void);
void test_lapic_nmi(void);
void test_calls_parallel(void);
void test_calls_in_turn(void);
void test_calls_queued(void);
void test_calls_masks(void);
void test_calls_overflow(void);
void test_calls_in_handler(void);
void test_rendezvous(void);
void test_no_intrs(void);
void test_broadcast(void);

#endif /* TESTS_XNU_TEST_H */
