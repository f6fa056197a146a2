/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.h: what the files of the threads port share, and what a program that
 * brings its own CPUs up needs: host_start(), work by mach_run_all(),
 * host_stop().
 *
 * Files:
 *	signal.c	kicks, ticks and NMIs as signals
 *	faults.c	the same, less reliable
 *	port.c clock.c lock.c	the other hooks
 *	frames.c mmu.c tlb.c	memory, page tables, one software TLB per CPU
 *	machine.c	the threads, and the rest of work/machine.h
 *	selftest.c main.c	the program
 */
#ifndef XCPU_LINUX_HOST_H
#define XCPU_LINUX_HOST_H

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <xcpu/port.h>
#include <xcpu/xcpu.h>

#include "machine.h"

#define HOST_EXIT_USAGE	2
#define HOST_EXIT_PANIC	3

/* ---- the TLB of one CPU ---- */

#define TLB_WAYS	4
#define TLB_SETS	128
#define TLB_STAMPS	1024	/* pages share a counter: on the safe side */

/*
 * 0: loading a root drops what is there.  1: ASIDs of each CPU's own.  2: one per
 * space.  Few, so that they are given away all the time.
 */
#ifndef HOST_ASIDS
#define HOST_ASIDS 0
#endif

struct tlb_entry {
	uint64_t page;		/* page address | tag << 1 | 1; 0: empty */
	uint64_t pte;
};

struct tlb {
	struct tlb_entry entry[TLB_SETS][TLB_WAYS];
	unsigned victim;	/* way to fill next where all are taken */
	struct mach_space *space; /* root loaded; NULL: the kernel's alone */
	unsigned tag;		/* it was loaded with; kernel pages have none */
	/* What was dropped: written here, read by all. */
	uint64_t dropped_user, dropped_all, dropped[TLB_STAMPS];
	uint32_t blind_armed, blind_taken;
};

/* ---- one CPU ---- */

struct host_cpu {
	/* Written by whoever kicks this CPU. */
	uint64_t sent __attribute__((aligned(64)));	/* signals */
	uint64_t nmi_sent;
	uint64_t lost;		/* kicks that an injected fault swallowed */
	uint64_t doubled;	/* and those it sent twice: in `sent`, too */
	uint32_t held;		/* a kick waits for the next one, or for ticks */
	/* Written by its own thread only, doorbell masked; read by all. */
	uint64_t accounted __attribute__((aligned(64)));
	uint64_t taken;
	uint64_t coalesced;
	uint64_t nmi_taken;
	uint64_t ticks;
	unsigned index;
	pid_t tid;
	pthread_t thread;
	timer_t timer;
	/* What to run in thread context; `turn` is the futex it parks on. */
	xcpu_fn *job;
	void *job_arg;
	uint32_t turn;
	uint32_t busy;
	/* What the next NMI runs in the place of xcpu_on_nmi(); NULL: that. */
	xcpu_fn *nmi_fn;
	void *nmi_arg;
	struct tlb tlb __attribute__((aligned(64)));
};

/* How the machine is to be; zero takes the default. */
struct host_config {
	unsigned ncpu;
	unsigned hz;		/* ticks per second and CPU */
	uint64_t memory_bytes;	/* frames and tables */
	uint64_t seed;		/* of the faults */
	const char *faults;	/* NULL: none; see faults.c */
};

typedef enum xcpu_stall_policy host_judge(const struct xcpu_stall *report,
    void *arg);

struct host_machine {
	unsigned ncpu;
	unsigned hz;
	pid_t pid;
	uint32_t entries;	/* what mach_entries() was told */
	unsigned stall_limit;	/* a wait panics at this report; 0: never */
	enum xcpu_stall_policy stall_policy;	/* until then */
	bool (*nmi)(void);	/* the NMI's vector; NULL: xcpu_on_nmi() */
	host_judge *judge;	/* asked instead of both; NULL: nobody */
	void *judge_arg;
	struct xcpu_domain domain;
	struct xcpu_sync_room sync;
	struct xcpu_stop_room stop;
	struct xcpu_cpu block[XCPU_NCPU_MAX];
	struct host_cpu cpu[XCPU_NCPU_MAX];
};

extern struct host_machine host;

/* machine.c */
const char *host_start(const struct host_config *config); /* NULL, or why not */
void host_stop(void);		/* CPUs parked; joins their threads */
/* Start a function on another, parked CPU, in thread context, doorbell open. */
int host_thread(unsigned cpu, xcpu_fn *fn, void *arg);	/* 0, or an error */

/* selftest.c */
int host_selftest(bool brief);	/* how many tests failed; brief: prints these */

/* ---- the way into the kernel, and out; doorbell masked ---- */

static inline bool
host_entry_does(unsigned what)
{
	return (__atomic_load_n(&host.entries, __ATOMIC_RELAXED) & what) != 0;
}

/* By the end of user mode, or a tick. */
static inline void
host_pass(void)
{
	if (host_entry_does(MACH_ENTRY_PASS))
		xcpu_async_pass();
}

static inline void
host_left(void)
{
	if (host_entry_does(MACH_ENTRY_CATCH_UP))
		xcpu_kernel_exit();
}

void host_entered(void);			/* machine.c */

/* signal.c */
const char *host_signals_init(void);
bool host_tick_start(struct host_cpu *cpu);
void host_signals_off(struct host_cpu *cpu);	/* for a thread that ends */
void host_sleep_on(const uint32_t *word, uint32_t value);
void host_nmi(unsigned cpu, xcpu_fn *fn, void *arg);
unsigned long host_instruction_begin(void);
void host_instruction_end(unsigned long state);

/* port.c */
void host_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void host_vprint(const char *fmt, va_list args);
_Noreturn void host_panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* clock.c */
void host_clock_init(void);

/* frames.c */
bool host_frames_init(uint64_t memory_bytes);
uint64_t *host_frame_words(mach_frame frame);	/* NULL: no frame of ours */

/* mmu.c */
bool host_mmu_init(void);

/* ---- faults.c ---- */

enum fault_place { FAULT_AT_KICK, FAULT_AT_TICK, FAULT_AT_FLUSH };
enum fault_fate { FAULT_SEND, FAULT_DROP, FAULT_DOUBLE, FAULT_HOLD };

struct fault_rule {
	uint64_t one_in;	/* 0: not by chance */
	uint64_t at;		/* 0: not by number, which begins with 1 */
};

struct host_faults {
	bool on;		/* any of the others */
	bool deaf;		/* no kick, no NMI, no tick is ever taken */
	bool frozen;
	struct fault_rule rule[FAULT_HOLD + 1];	/* by enum fault_fate */
	uint64_t seed;
	uint64_t kicks;		/* counts all, to number them */
	uint64_t held;
	unsigned frozen_cpu;
	enum fault_place frozen_place;
	uint64_t frozen_visit;	/* freezes when it is there this often */
	uint64_t frozen_visits;
	bool frozen_over;
};

extern struct host_faults host_faults;

const char *faults_parse(const char *text, uint64_t seed, unsigned ncpu);
enum fault_fate faults_fate(void);
bool faults_release(struct host_cpu *cpu);	/* on a tick: a held kick is due */
void faults_freeze(struct host_cpu *cpu, enum fault_place place);
void faults_print(void);

/*
 * ---- locks for a few lines ----
 *
 * Doorbell masked; the holder waits for nobody, so its waiters need not poll.
 */
static inline unsigned long
host_spin_lock(uint32_t *lock)
{
	unsigned long state = xcpu_port_irq_save();
	unsigned spins = 0;

	/* ends: the holder has a few lines to go */
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0)
		xcpu_port_relax(spins++);
	return state;
}

static inline void
host_spin_unlock(uint32_t *lock, unsigned long state)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
	xcpu_port_irq_restore(state);
}

/*
 * ---- lock.c ----
 *
 * The spinlock of this host: it polls while it spins, so that a shootdown by
 * the holder ends.  It does not mask; held locks show in xcpu_port_context().
 */
struct host_lock {
	uint32_t held;
};

void host_lock(struct host_lock *lock);
bool host_trylock(struct host_lock *lock);
void host_unlock(struct host_lock *lock);

#endif /* XCPU_LINUX_HOST_H */
