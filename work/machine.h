/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h: what a workload needs of the world it runs in.
 *
 * The storms, the replay and their oracle are written once, against this page.
 * The reference kernel implements it with real page tables, ring 3 and a real
 * interrupt controller; the threads port with software page tables and one
 * software TLB per CPU.  Neither the workloads nor this page know which.
 *
 * A machine owns memory, page tables and user mode.  It never decides when to
 * shoot down: that is what the workloads and xcpu are here to show.
 */
#ifndef XCPU_WORK_MACHINE_H
#define XCPU_WORK_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcpu/xcpu.h>

#define MACH_PAGE_SHIFT 12
#define MACH_PAGE_SIZE	((uint64_t)1 << MACH_PAGE_SHIFT)

/* ------------------------------------------------------------------ */
/* The machine as a whole.                                             */

unsigned mach_ncpu(void);	/* CPUs found; indices 0 .. ncpu-1 */
#define MACH_CPUS_FEW 64	/* each has its turn soon, also in emulation */
uint64_t mach_now_ns(void);	/* monotonic, machine-wide */
struct xcpu_domain *mach_domain(void);	/* that all CPUs are in */
struct xcpu_cpu *mach_cpu_block(unsigned cpu);	/* for xcpu_cpu_online() */

/* printf subset: %s %c %d %u %x %p %%, l, ll and z, width, '-' and '0'. */
void mach_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Memory for tables, zeroed, page aligned, never given back.  NULL when there
 * is none left: the workload then says how much it wanted and ends.
 */
void *mach_alloc(size_t len_bytes);

/* Mask kicks on the calling CPU, and put it back as it was; nests. */
unsigned long mach_mask(void);
void mach_unmask(unsigned long state);

/*
 * What the interrupt controller saw, over all CPUs; exact when all are quiet:
 * then kicks_sent is taken + coalesced.
 */
struct mach_counts {
	uint64_t kicks_sent;	/* targets kicked, each counted once per send */
	uint64_t taken;		/* kick interrupts taken */
	uint64_t coalesced;	/* sent while an earlier one was still latched */
	uint64_t nmi_sent;
	uint64_t nmi_taken;
};
void mach_counts(struct mach_counts *counts);

/* Runs once on every CPU, CPU 0 last to return; each CPU has its doorbell open. */
typedef void mach_main_fn(unsigned cpu, void *arg);
void mach_run_all(mach_main_fn *fn, void *arg);

/* One step of a wait for another CPU's progress: PAUSE, yield; doorbell open. */
void mach_relax(void);

/* Idle until a kick or a tick: halts when xcpu_on_idle_enter() allows it. */
void mach_idle_once(void);

/* ------------------------------------------------------------------ */
/* Frames.  A freed frame is poisoned at once and is the next one given out. */

#define MACH_POISON UINT64_C(0xdeadf4a3dead0000)

typedef uint64_t mach_frame;	/* physical address; 0 is "none" */

mach_frame mach_frame_take(uint64_t tag);	/* tag in each of its words */
void mach_frame_free(mach_frame frame);		/* poisons, then reissues first */
uint64_t mach_frames_left(void);

/* ------------------------------------------------------------------ */
/* Spaces and pages.  Changing a page never flushes anything.             */

struct mach_space;		/* holds a struct xcpu_space */

struct mach_space *mach_space_new(void);	/* NULL: out of memory */
void mach_space_free(struct mach_space *space);	/* tables go back; loaded nowhere */
struct xcpu_space *mach_space_xcpu(struct mach_space *space);
struct mach_space *mach_space_kernel(void);	/* pages at mach_kernel_base() */
uint64_t mach_kernel_base(void);		/* first of 1 GiB of spare kernel addresses */

/* User addresses are below 1 << this; a program of a larger machine is folded. */
unsigned mach_user_bits(void);

/*
 * Load this space on the calling CPU, through xcpu_space_switch(); NULL: no
 * space (a foreign, empty one).  Doorbell masked inside.
 */
void mach_switch(struct mach_space *space);

enum { MACH_WRITE = 1, MACH_USER = 2 };

/* Entry of one page; a page is identified by its address.  -XCPU_EAGAIN: no memory for tables. */
int mach_map(struct mach_space *space, uint64_t va, mach_frame frame,
    unsigned rights);
mach_frame mach_lookup(struct mach_space *space, uint64_t va, unsigned *rights);
mach_frame mach_unmap(struct mach_space *space, uint64_t va);
void mach_protect(struct mach_space *space, uint64_t va, unsigned rights);

/*
 * Unlinks the table that holds the last entries around va, none of which is
 * in use or will be before it is freed, and returns its frame; 0: there is none.
 * A CPU may walk through it until what it translated is shot down, with
 * XCPU_FLUSH_TABLES.
 */
mach_frame mach_table_unlink(struct mach_space *space, uint64_t va);
#define MACH_TABLE_SPAN	(MACH_PAGE_SIZE << 9)	/* addresses of one table */

/*
 * What the way into the kernel does from now on, of these; nothing at first.
 * Called while no CPU is in user mode.
 *
 *	MACH_ENTRY_CATCH_UP	CPUs in user mode are left alone when pages of the
 *				kernel change, and catch up as they come back
 *				(xcpu/entry.h)
 *	MACH_ENTRY_PASS		each entry from user mode, and each tick, passes
 *				what was deferred (xcpu_async_pass())
 */
enum { MACH_ENTRY_CATCH_UP = 1, MACH_ENTRY_PASS = 2 };
void mach_entries(unsigned what);

/* ------------------------------------------------------------------ */
/* Accesses, made as a program would: through the calling CPU's own TLB.  */

enum mach_access_op { MACH_READ, MACH_STORE };
enum mach_access_mode { MACH_AS_USER, MACH_AS_KERNEL };

struct mach_access {
	uint64_t va;
	uint64_t value;		/* out: word read; in: word to store */
	uint8_t op;
	uint8_t fault;		/* out: 1 when the access was refused */
};

/*
 * Makes n accesses in order, in user mode (ring 3) or in the kernel, with the
 * doorbell open and a PAUSE after each; an access that faults is marked and
 * passed over.  Interrupts are taken between any two.
 */
void mach_access(enum mach_access_mode mode, struct mach_access *list,
    unsigned n);

/*
 * How often this CPU's TLB has dropped a translation of va in the space it has
 * loaded (or of the kernel), for whatever reason: page flush, range, full
 * flush, root load.  Two equal stamps say that nothing was dropped in between.
 */
uint64_t mach_drop_stamp(unsigned cpu, uint64_t va);

/*
 * Whether each flush, of one page too, drops all that a CPU has: what is kept
 * for one shootdown then does not outlive another.
 */
bool mach_drops_all(void);

/*
 * Whether another CPU's flush takes effect here without a step of this CPU:
 * at any time, then, also between two of its reads.
 */
bool mach_flushes_at_once(void);

/*
 * The control of the oracle: on the calling CPU, the next flush that xcpu asks
 * of the TLB hooks is left out, once.  Returns by mach_blind_taken() whether it
 * happened.
 */
void mach_blind_arm(unsigned cpu);
bool mach_blind_taken(unsigned cpu);

#endif /* XCPU_WORK_MACHINE_H */
