/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim.h: a simulated machine that runs the library's own source.
 *
 * One seed is one run, and the same run every time: CPUs are fibers on one
 * thread, every access of src/ is a place where the seed may switch to another
 * CPU, and time is a number.  Nothing here reads a clock of the host, and no
 * decision or line of output depends on an address.
 *
 * A scenario is what the CPUs do.  It calls xcpu_*() as a kernel would, and the
 * functions below for what a kernel has beside it: page tables, accesses
 * through them, locks, idling, going offline.  The machine adds interrupts,
 * NMIs, timer ticks, table walkers that fill on their own, and faults, and it
 * judges: see enum sim_verdict.
 *
 *	static void
 *	hello_main(unsigned cpu)
 *	{
 *		sim_op_begin(SIM_OP_EVENT);
 *		sim_op_end(xcpu_resched((cpu + 1) % sim_ncpu()));
 *	}
 *	SIM_SCENARIO(hello) = {
 *		.name = "hello", .what = "each CPU wakes the next",
 *		.min_cpus = 2, .max_cpus = 8, .main = hello_main,
 *	};
 *
 * Memory is sequentially consistent here: weak memory is the explorer's work.
 * Only stores through page tables may be late ("in flight"), until the next
 * release, fence or flush of their CPU.
 */
#ifndef XCPU_SIM_SIM_H
#define XCPU_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcpu/asid.h>
#include <xcpu/xcpu.h>

#include "fault.h"
#include "sim_atomic.h"
#include "tlbs.h"

/* ---------------------------------------------------------------------
 * Scenarios.
 */
struct sim_scenario {
	const char *name;
	const char *what;		/* one line */
	unsigned min_cpus, max_cpus;
	/* Faults that it knows nothing of: --scenario all spares it these. */
	uint32_t unsuited;
	/* Whoever idles is woken by somebody: ticks may stop in idle CPUs. */
	bool tickless;
	/* XCPU_PORT_EARLY: a claim releases, and shootdowns may end with it. */
	bool early;
	/* So many NMIs, the first ones, get lost on their way. */
	unsigned nmis_lost;
	/* Before any CPU runs: reset your own static data.  May be NULL. */
	void (*setup)(void);
	/* On each CPU: online, in a thread, doorbell open.  Then it idles. */
	void (*main)(unsigned cpu);
	/* In each NMI, after the library had its look.  May be NULL. */
	void (*nmi)(unsigned cpu);
	/* When all have finished, on no CPU: sim_fail() if something is wrong. */
	void (*check)(void);
};

/* Puts a scenario into the program's list; nothing else names it. */
#define SIM_SCENARIO(id)						\
	static const struct sim_scenario sim_scenario_##id;		\
	static const struct sim_scenario *const sim_scenario_ptr_##id	\
	    __attribute__((used, section("sim_scenarios"))) =		\
	    &sim_scenario_##id;						\
	static const struct sim_scenario sim_scenario_##id

/* By name; NULL: there is none. */
const struct sim_scenario *sim_scenario_find(const char *name);
/* The nth in the order of the names; NULL: no more. */
const struct sim_scenario *sim_scenario_nth(unsigned n);

/* ---------------------------------------------------------------------
 * One run.
 */
enum sim_controller {
	SIM_BY_SEED,
	SIM_LAPIC,	/* one latch per CPU; sender's ICR may be busy */
	SIM_GIC,	/* one latch per source: an interrupt for each sender */
	SIM_SSIP	/* one level bit, cleared by the handler */
};

/*
 * Defects of the machine, to show that the oracles see: the port's hooks do
 * less than their contract, or hardware breaks it.
 */
#define SIM_BUGS(X)							\
	X(NONE, "none", "")						\
	X(FLUSH_NOTHING, "flush-nothing", "the flush hook does nothing") \
	X(FLUSH_LEAF, "flush-leaf", "it leaves intermediate entries")	\
	X(FLUSH_LOCAL, "flush-nonglobal", "it leaves global entries")	\
	X(FLUSH_FIRST, "flush-first", "of a range it drops one page")	\
	X(FLUSH_NO_DRAIN, "flush-no-drain",				\
	    "it does not wait for stores in flight")			\
	X(ROOT_NO_FLUSH, "root-no-flush",				\
	    "loading a root drops nothing of it (retained ASIDs)")	\
	X(ONE_FLUSH, "one-flush", "with the erratum, it flushes once")	\
	X(TAG_KEPT, "tag-kept",						\
	    "loading a root flushes nothing under its ASID")		\
	X(TAGS_KEPT, "tags-kept", "after a rollover nothing is flushed") \
	X(USER_HALF, "user-half", "the way out to user code flushes nothing") \
	X(BROADCAST_LATE, "broadcast-late",				\
	    "a broadcast is over before it has reached everybody")	\
	X(BROADCAST_LOADED, "broadcast-loaded",				\
	    "it reaches only those that have the space loaded")		\
	X(BROADCAST_LIES, "broadcast-lies",				\
	    "it fails now and then, and does not say so")		\
	X(GUEST_TORN, "guest-torn",					\
	    "the flag of a virtual CPU is written in two steps")	\
	X(KICK_LOGICAL, "kick-logical",					\
	    "kicks go to hardware numbers as if they were indices")	\
	X(KICK_FIRST, "kick-first", "of a set, only the first is kicked") \
	X(KICK_SECOND, "kick-second", "of a set, the second is not kicked") \
	X(KICK_SAME, "kick-same", "all kicks of a set go to its first")	\
	X(LATE_ACK, "late-ack", "the latch is cleared after the handler") \
	X(HALT_GAP, "halt-gap", "unmasking and halting are two steps")	\
	X(EXIT_EARLY, "exit-early",					\
	    "the kernel's pages are used on the way out to user code")	\
	X(ENTER_LATE, "enter-late",					\
	    "and on the way in, before it is told")			\
	X(ENTER_UNTOLD, "enter-untold",					\
	    "interrupts and NMIs of user code do not tell that they are inside") \
	X(OPEN_CALL, "open-call", "called functions open the doorbell")	\
	X(OPEN_EVENT, "open-event", "handlers of events open it")	\
	X(OPEN_MESSAGE, "open-message", "those of messages do")

enum sim_bug {
#define SIM_BUG_ENUM_(sym, name, what) SIM_BUG_##sym,
	SIM_BUGS(SIM_BUG_ENUM_)
#undef SIM_BUG_ENUM_
	SIM_NBUG
};

struct sim_config {
	uint64_t seed;
	const struct sim_scenario *scenario;
	unsigned ncpu;			/* 0: by seed */
	unsigned ops;			/* for sim_ops(); 0: by seed */
	uint32_t faults;		/* by chance, SIM_FAULT_BIT() */
	/* If not NULL: these instances and no others; `faults` says nothing. */
	const struct sim_inject *inject;
	unsigned ninject;
	enum sim_controller controller;
	bool retain;			/* roots are tagged: entries are kept */
	enum sim_tlb tlb;
	bool flush_nmi;			/* shootdowns ring by NMI */
	bool calm;			/* no ticks, walkers or stores in flight */
	enum sim_bug bug;
	uint64_t limit_steps;		/* 0: default */
	bool log;			/* one line per event, to stdout */
};

enum sim_verdict {
	SIM_OK,
	SIM_STALE,	/* access or walk through what a shootdown ended */
	SIM_LOST_KICK,	/* work stands and nobody was kicked for it */
	SIM_HANG,	/* not finished long after the faults ended */
	SIM_STALL,	/* a wait complained though nothing was wrong */
	SIM_ORDER,	/* a scenario's check: what ran, how often, when */
	SIM_EARLY,	/* a scenario's check: completion before the work */
	SIM_CONTRACT,	/* the library broke the contract of a hook */
	SIM_PANIC,	/* xcpu_port_panic() */
	SIM_NVERDICT
};

extern const char *const sim_verdict_name[SIM_NVERDICT];

struct sim_result {
	enum sim_verdict verdict;
	bool healed;			/* failed after the faults had ended */
	char text[200];			/* what is wrong; no addresses */
	unsigned ncpu;
	enum sim_controller controller;
	uint64_t steps;
	uint64_t ns;			/* when it ended */
	uint64_t healed_ns;		/* when the faults ended; 0: none had begun */
	uint64_t kicks;			/* sent by the library */
	uint64_t stalls;		/* reports of waits */
	uint64_t digest;		/* of all events: equal means same run */
	/* What struck, in order; the first SIM_INJECTED_MAX. */
	unsigned ninjected;
	struct sim_inject injected[];
};

#define SIM_INJECTED_MAX 4096

/* Where results are filled in; room for SIM_INJECTED_MAX instances. */
struct sim_result *sim_result_new(void);

/* Run once.  True: SIM_OK.  Not reentrant. */
bool sim_run(const struct sim_config *config, struct sim_result *result);

/*
 * Remove injected faults from a failing run as long as it fails in the same
 * way (delta debugging).  In `list` comes what is left; answers with its length.
 */
unsigned sim_minimise(const struct sim_config *config,
    const struct sim_result *failed, struct sim_inject *list);

/* ---------------------------------------------------------------------
 * For scenarios, on a CPU unless it says otherwise.
 */

/* Anywhere. */
unsigned sim_ncpu(void);
bool sim_has_bug(enum sim_bug bug);
/* Operations that each CPU should do. */
unsigned sim_ops(void);
/* Virtual time since boot, the same on all CPUs (unlike their own clocks). */
uint64_t sim_now_ns(void);
struct xcpu_domain *sim_domain(void);
/* Have the faults of this run ended? */
bool sim_healed(void);
/* Does the fault strike by chance in this run, or is it in the inject list? */
bool sim_fault_on(enum sim_fault fault);
/* Zeroed memory that lives until the run ends; never NULL. */
void *sim_alloc(size_t bytes);

/* The first failure ends the run, from anywhere; `format` as printf(). */
void sim_fail(enum sim_verdict verdict, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
/* A line of the log, if there is one; part of the digest either way. */
void sim_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

unsigned sim_cpu(void);
/* 0 to n-1, from this CPU's own stream (scheduling and faults have others). */
unsigned sim_random(unsigned n);
/* True one time in n. */
bool sim_one_in(unsigned n);

/* Somewhere others may run, interrupts come, and steps are counted. */
void sim_step(void);
/* What this CPU does is as slow as a fault: from now on waits may complain. */
void sim_slow(void);
/* Work for so long, interruptible. */
void sim_work_ns(uint64_t ns);
/* What the CPU is about; begin nests not.  `error` is noted in the log. */
void sim_op_begin(enum sim_op_kind kind);
void sim_op_end(int error);
/*
 * Between operations, in a thread, without locks: here unplug and suspend
 * strike.  sim_op_end() and sim_idle() contain one.
 */
void sim_safe_point(void);

/*
 * Idle once as a kernel does: until an interrupt, if nothing is pending.  May be
 * called masked, and returns so: mask, test your own flag, sim_idle(), again.
 */
void sim_idle(void);
/*
 * Offline, off for so long, and online again; as a kernel's hot-plug does.  No
 * space is loaded afterwards: the same after any safe point where it struck.
 */
void sim_replug(uint64_t off_ns);
/* Is the CPU dead for good (fault "die")?  Who asks it waits in vain. */
bool sim_dead(unsigned cpu);
bool sim_any_dead(void);
/*
 * In setup(): survivors report the dead (xcpu_cpu_dead()), and no wait is given up.
 * Meanwhile CPUs may neither leave nor return: here they never do.
 */
void sim_report_init(void);
bool sim_reports(void);
/*
 * Has the stall hook given up a wait?  It does for dead CPUs, and now and then
 * with stuck ones.  Until then -XCPU_ETIMEDOUT can only be a deadline's.
 */
bool sim_gave_up(void);

/* Mask and unmask, as a kernel does around its own things. */
unsigned long sim_mask(void);
void sim_unmask(unsigned long state);

/*
 * A host spinlock.  Waiters call xcpu_poll().  A lock whose holder died is
 * taken over.  Zero is free.
 */
struct sim_lock {
	unsigned holder;	/* CPU + 1 */
	unsigned long state;
};
void sim_lock(struct sim_lock *lock);
void sim_unlock(struct sim_lock *lock);

/* ---------------------------------------------------------------------
 * Address spaces.
 *
 * A space has SIM_TABLES tables of SIM_TABLE_PAGES pages each; pages are named
 * by their number, 0 to SIM_PAGES - 1.  Frames and tables that are freed are
 * poisoned, and handed out again at once.  All changes of one space need a lock
 * of the scenario's around them (not around the shootdown).
 */
#define SIM_TABLES	8
#define SIM_TABLE_PAGES	8
#define SIM_PAGES	(SIM_TABLES * SIM_TABLE_PAGES)
#define SIM_SPACES_MAX	32

struct sim_space;

/* An entry or a table that was taken out, until nobody can use it any more. */
struct sim_change {
	struct sim_space *space;
	unsigned page;		/* first ... */
	unsigned npages;	/* ... and how many: what must be shot down */
	bool tables;		/* tables are freed: XCPU_FLUSH_TABLES */
	uint64_t version;	/* of the newest change */
	uint32_t frame[SIM_TABLE_PAGES + 1];	/* to be freed; 0: none */
};

/* NULL when there are SIM_SPACES_MAX already. */
struct sim_space *sim_space_new(void);
/* Its tables and frames are reused at once; false: a CPU has it loaded. */
bool sim_space_free(struct sim_space *space);
/* The kernel's, whose pages all CPUs share, as global entries. */
struct sim_space *sim_space_kernel(void);
struct xcpu_space *sim_space_xcpu(struct sim_space *space);
/* 0 for the kernel's; a number that is never used twice in a run. */
unsigned sim_space_id(const struct sim_space *space);
uint64_t sim_page_va(const struct sim_space *space, unsigned page);

/* A fresh frame, or the page's own if it is mapped, writable or not. */
void sim_map(struct sim_space *space, unsigned page, bool writable);
bool sim_mapped(const struct sim_space *space, unsigned page);
/* Take the entry out; false: there was none. */
bool sim_unmap(struct sim_space *space, unsigned page, struct sim_change *change);
/* Another frame in its place. */
bool sim_remap(struct sim_space *space, unsigned page, struct sim_change *change);
/* Take its right to write; the frame stays. */
bool sim_protect(struct sim_space *space, unsigned page, struct sim_change *change);
/* Take out a whole table, with the pages under it. */
bool sim_unmap_table(struct sim_space *space, unsigned page,
    struct sim_change *change);
/*
 * The shootdown of these changes is over: nobody may use them from here on,
 * and what was behind them is reused.  `error` is what the shootdown returned:
 * unless it is 0, all is kept for ever, and nothing is promised.
 */
void sim_change_done(struct sim_change *change, int error);
/* xcpu_shootdown() of the change, then sim_change_done(); answers its error. */
int sim_shootdown(struct sim_change *change);

/*
 * One access through the loaded root, or of the kernel's pages from anywhere.
 * False: a page fault (not mapped, not writable), or another space is loaded.
 * A lazy CPU must not touch its space.
 */
bool sim_touch(struct sim_space *space, unsigned page, bool write);

/* ---------------------------------------------------------------------
 * User code (user.c).
 */

/* In setup(): the CPUs of this run say when they run user code. */
void sim_user_init(void);
/*
 * In a thread, doorbell open: user code begins and ends.  In between the kernel's
 * pages are out of reach but for interrupts and NMIs, which use some as they come.
 */
void sim_user_begin(void);
void sim_user_end(void);

#endif /* XCPU_SIM_SIM_H */
