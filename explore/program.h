/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program.h: what the explorer can run.
 *
 * A program is one function per CPU over the library's own objects, small
 * enough that every execution of it can be visited.  The explorer runs it again
 * and again, each time in another way: another CPU goes on, a load reads an
 * older store that it may still see, a kick arrives one access later, a
 * non-maskable interrupt hits.  Whatever fails in one of them is reported.
 *
 * Memory.  All that a program changes lives in variables marked EXPLORE_DATA;
 * they are put back before each execution to what they were when setup() was
 * through.  The domain and its CPUs, explore_domain and explore_cpu[], are
 * there already.  An atomic access elsewhere is an error, so a struct xcpu_call
 * is an EXPLORE_DATA variable, not one on the stack.
 *
 *	static int EXPLORE_DATA word;		(plain, through explore_read())
 *	static struct xcpu_au64 EXPLORE_DATA flag;	(through xcpu_load_acq())
 *
 * Nothing else of the host may carry over from one execution to the next: no
 * static without the mark, no clock, no allocation, no output.
 *
 * Example, as small as they come:
 *
 *	static struct explore_word EXPLORE_DATA ran;
 *	static int EXPLORE_DATA id;
 *
 *	static void handler(void *arg) { (void)arg; explore_write(&ran, 1); }
 *	static void setup(void)
 *	{
 *		explore_boot(2);
 *		explore_become(0);
 *		id = xcpu_event_register(handler, NULL);
 *	}
 *	static void poster(void) { explore_note((uint64_t)-xcpu_event_post(id, 1)); }
 *	static void target(void) { explore_open(); }
 *	static void check(void)
 *	{
 *		explore_assert(explore_peek(&ran) == 1, "the handler never ran");
 *	}
 *
 *	static const struct explore_program post_one = {
 *		.name = "event-post",
 *		.what = "one event from CPU 0 to CPU 1",
 *		.ids = "F-N1 INV-E1",
 *		.ncpu = 2,
 *		.setup = setup,
 *		.cpu = { poster, target },
 *		.check = check,
 *		.nmis = { 0, 1 },
 *	};
 *	const struct explore_program *const post_programs[] = { &post_one, NULL };
 *
 * programs/table.c lists these arrays, and so the engine finds them:
 *
 *	const struct explore_program *const *const explore_tables[] = {
 *		post_programs, ..., NULL
 *	};
 */
#ifndef XCPU_EXPLORE_PROGRAM_H
#define XCPU_EXPLORE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcpu/asid.h>
#include <xcpu/xcpu.h>

#define EXPLORE_CPUS 4

/* Memory that is put back before each execution. */
#define EXPLORE_DATA __attribute__((section("explore_data"), aligned(8)))

struct explore_program {
	const char *name;		/* "event-post"; unique */
	const char *what;		/* one line */
	const char *ids;		/* for the TAP line: "F-N1 BUG-20"; or NULL */
	unsigned ncpu;			/* 1 to EXPLORE_CPUS */

	/*
	 * Runs once, on nobody's time: accesses are not explored.  Afterwards
	 * each CPU starts with its doorbell masked as explore_become() left it:
	 * open unless the program closed it.
	 */
	void (*setup)(void);
	/*
	 * The CPUs.  A CPU whose function has returned idles: it takes kicks
	 * and nothing else, if it returned with its doorbell open.  NULL: it
	 * idles from the start.
	 */
	void (*cpu[EXPLORE_CPUS])(void);
	/* At the end of each execution, when all have returned and no kick is due.
	 * Sees the newest values.  NULL: nothing to check. */
	void (*check)(void);

	/* What a kick and an NMI call; NULL: xcpu_on_ipi(), xcpu_on_nmi(). */
	void (*on_kick)(void);
	void (*on_nmi)(void);
	/*
	 * A speculative walk of this CPU's table walker, at any step, masked or
	 * not: a function that calls explore_translate() and no more.
	 */
	void (*on_walk)(void);
	/*
	 * TLBs with tags: under which one a root is loaded, and where a flush
	 * goes (false: nowhere).  NULL: a root load forgets its space.
	 */
	void (*on_root)(struct xcpu_space *space, struct xcpu_asid_load *load);
	bool (*on_flush)(const struct xcpu_flush *request,
	    struct xcpu_asid_flush *what);
	/* xcpu_port_tlb_remote(); NULL: it does nothing. */
	void (*on_remote)(const struct xcpu_flush *request,
	    struct xcpu_cpuset *todo);

	/* How often each CPU may be hit, in one execution: at any step. */
	uint8_t nmis[EXPLORE_CPUS];
	uint8_t spurious[EXPLORE_CPUS];	/* kicks that nobody sent */
	uint8_t walks[EXPLORE_CPUS];
	/* XCPU_PORT_EARLY: shootdowns may end with the claim, which releases. */
	bool early;
	/* An NMI may hit before plain stores of the library, too. */
	bool mortal;
	/*
	 * How many waits of each CPU may see the clock jump by
	 * EXPLORE_JUMP_NS; it stands still otherwise.  Timeouts must be
	 * shorter than that.  A jump ends no wait without a timeout.
	 */
	uint8_t deadlines[EXPLORE_CPUS];

	/*
	 * 0: every execution.  n: those with at most n - 1 preemptions
	 * (a switch away from a CPU that could have gone on); for programs too
	 * large to be exhausted.
	 */
	unsigned bound;
	/* Only with --full: too long for every day. */
	bool full_only;
	/* Must fail: every run of it says so, or it is an error.  For litmus
	 * tests of the checker, and for programs that misuse the library. */
	const char *must_fail;		/* part of the expected text; or NULL */
};

/* Each is ended by NULL. */
extern const struct explore_program *const *const explore_tables[];

/* Far beyond every timeout, far below XCPU_REKICK_NS. */
#define EXPLORE_JUMP_NS 1000000u

extern struct xcpu_domain explore_domain;
extern struct xcpu_cpu explore_cpu[EXPLORE_CPUS];

/* ---- in setup() ---- */

/* Initialise the domain for ncpu CPUs. */
void explore_domain_init(unsigned ncpu);
/* From here on setup() speaks for this CPU: xcpu_port_self() is its block. */
void explore_become(unsigned cpu);
/* explore_domain_init(), and bring all CPUs online; ends as CPU 0. */
void explore_boot(unsigned ncpu);
/* What the tables call a piece of EXPLORE_DATA; the domain's words have names. */
void explore_name(const void *object, size_t size, const char *name);
/* CPU `cpu` starts with its doorbell masked. */
void explore_start_masked(unsigned cpu);

/* ---- on a CPU ---- */

/* Which one this is. */
unsigned explore_self(void);

/* Fails the execution, with the text, unless `cond`.  Also in check(). */
#define explore_assert(cond, text)					\
	do {								\
		if (!(cond))						\
			explore_fail(text, __FILE__, __LINE__);		\
	} while (0)
void explore_fail(const char *text, const char *file, int line)
    __attribute__((noreturn));

/*
 * A value that belongs to the outcome: executions that differ in what was noted
 * on some CPU (or in what a shared word ends as) count as distinct.
 */
void explore_note(uint64_t value);

/* Mask and unmask kicks. */
void explore_close(void);
void explore_open(void);
/*
 * Sleep until a kick: unmask and halt in one step; the kick is taken before
 * this returns, masked or open as it was called.  Sleeping for ever is an error.
 */
void explore_halt(void);

/*
 * This CPU executes nothing from here on, neither kicks nor NMIs.  In on_nmi() it
 * has died between any two steps of what the NMI has interrupted.
 */
void explore_die(void);

/* A host spinlock's context: xcpu_port_context() says LOCKED.  Nests. */
void explore_lock(void);
void explore_unlock(void);

/*
 * One turn of a loop that waits for another CPU, after the loads that say "not
 * yet": the CPU sleeps until one of the words loaded since the last turn has a
 * newer store.  Never waking up again is an error.
 *
 *	while (xcpu_load_acq(&flag) == 0)
 *		explore_relax();
 */
void explore_relax(void);

/* ---- plain shared data: two accesses in a race are an error ---- */

struct explore_word {
	uint64_t v_;
};

uint64_t explore_read_at(const struct explore_word *word, const char *file,
    int line);
void explore_write_at(struct explore_word *word, uint64_t value,
    const char *file, int line);
#define explore_read(word)	explore_read_at(word, __FILE__, __LINE__)
#define explore_write(word, value)					\
	explore_write_at(word, value, __FILE__, __LINE__)
/* Without the check: in setup() and check(). */
static inline uint64_t
explore_peek(const struct explore_word *word)
{
	return word->v_;
}

/*
 * The caller's object is done with: from here on no access of the library to it
 * is right, and those before must have happened before (an access that is not
 * ordered before this call is a race with it).  The memory is overwritten.
 */
void explore_poison(void *object, size_t size);

/* ---- pages, frames and the table walker ---- */

/*
 * A page of a space, mapped by one entry, to one of a few frames.  Each CPU has
 * a TLB entry for it and a walker with a view of its own, which catches up with
 * its CPU only where the TLB forgets the page: a flush that covers it, or the
 * load of the root.  Between two such moments the walker may fill at any time:
 * so an access without an entry uses any entry value that the walker may have
 * seen since.
 */
struct explore_page {
	struct xcpu_au64 entry;		/* 0: not present; n: frame n - 1 */
	struct xcpu_space *space;	/* &explore_domain.kernel: always loaded */
	uint64_t va;
};

#define EXPLORE_FRAMES 8
extern struct explore_word explore_frame[EXPLORE_FRAMES];

/* In setup(): at most 4 pages.  Maps it to the frame. */
void explore_page_init(struct explore_page *page, struct xcpu_space *space,
    uint64_t va, unsigned frame);
/* Page-table store, relaxed; frame -1: not present.  Flushes nothing. */
void explore_page_set(struct explore_page *page, int frame);
/*
 * Access through the TLB: reads a word of the frame, as plain data; so a frame
 * that is written elsewhere without order is reported.  The frame's number, or
 * -1: page fault.  The space must be loaded.
 */
int explore_access(struct explore_page *page);
/* The same write: user code that stores through the translation. */
int explore_access_write(struct explore_page *page, uint64_t value);
/*
 * In on_remote(): a broadcast invalidation of the request's range, under a tag,
 * which reaches one CPU after the other, and is over when this returns.
 */
void explore_broadcast(unsigned tag, const struct xcpu_flush *request);
/* This CPU's TLB forgets all that it has, as that of a virtual CPU may. */
void explore_forget_all(void);
/* The walker alone, in on_walk(): the page is a table page that it reads. */
int explore_translate(struct explore_page *page);
/* The frame is somebody else's now: write to it.  Race-checked. */
void explore_frame_reuse(unsigned frame, uint64_t value);

#endif /* XCPU_EXPLORE_PROGRAM_H */
