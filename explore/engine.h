/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine.h: what the files of the explorer know of each other.
 *
 *	seam.c		the library's accesses come in here
 *	shadow.c	which words are shared, and the memory image
 *	model.c		store histories, views, fences: what a load may read
 *	race.c		plain data, poisoned objects
 *	cpu.c		one execution: fibers, interrupts, its end
 *	wait.c		loops that wait
 *	port.c		the hooks of <xcpu/port.h>, and explore_*() of program.h
 *	tlb.c		pages and walkers
 *	remote.c	flushes that reach the TLBs of others
 *	state.c		which steps are possible
 *	depend.c	what depends on what
 *	search.c	which step is taken: every one that matters, once
 *	chance.c	the same by chance, by priorities, by an id
 *	trace.c		an execution, as a table and as a diagram
 *	names.c		what words are called
 */
#ifndef XCPU_EXPLORE_ENGINE_H
#define XCPU_EXPLORE_ENGINE_H

#include "fiber.h"
#include "program.h"
#include "sim_atomic.h"

#include <xcpu/port.h>

#define CPUS		EXPLORE_CPUS
#define VIEW_BYTES	128	/* CPUS clocks, then a place per shared word */
#define LOCS		(VIEW_BYTES - CPUS)
#define HISTORY		255	/* stores to one word, in one execution */
#define MESSAGES	4096	/* stores to all */
#define EVENTS		4096	/* steps of one execution */
#define SEEN		48	/* loads in one turn of a wait */

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

/* ---- model.c ---- */

/*
 * What somebody knows of memory: for each word the oldest store that he may
 * still read, and in the first places, for each CPU, how far its plain accesses
 * have happened before.
 */
struct view {
	uint8_t at[VIEW_BYTES];
} __attribute__((aligned(64)));

struct message {
	uint64_t value;
	uint16_t event;		/* of the store; 0: it was there at the start */
	bool empty;		/* the view says nothing */
	struct view view;	/* what an acquire of it learns */
};

struct loc {
	uint8_t id;		/* place in views */
	uint8_t size;
	bool poisoned;
	unsigned n;		/* stores so far; message[n - 1] is the newest */
	char *address;
	uint8_t touched[CPUS];	/* clock of each CPU's last access */
	uint16_t reader[CPUS];	/* its last event that could have read the word */
	struct message *message[HISTORY];
};

/* ---- steps ---- */

enum op_kind {
	/* Reads: there is a step for each store that may be read. */
	OP_LOAD, OP_CAS, OP_AWAIT, OP_TRANSLATE,
	/* The others have one. */
	OP_STORE, OP_RMW, OP_FENCE, OP_KICK,
	OP_OWN,		/* on the CPU's own words: interrupts see the difference */
	OP_HALT,	/* none: an interrupt ends it */
	OP_END,		/* the CPU's function is over */
	OP_IDLE		/* none: and there may never be one */
};

struct seen {
	struct loc *loc;
	unsigned ts;
};

/* What a CPU does next. */
struct op {
	enum op_kind kind;
	unsigned order;
	unsigned rmw;			/* enum sim_op */
	unsigned cpus;			/* KICK: bits of other CPUs */
	const uint8_t *floor;		/* TRANSLATE: oldest entry to be had */
	struct sim_site *site;		/* NULL: the program's */
	const char *file;
	int line;
	struct loc *loc;
	uint64_t value;
	uint64_t expected;
	const struct seen *seen;	/* AWAIT: the loads of the last turn */
	unsigned nseen;
};

enum what { DO, IRQ, SPURIOUS, NMI, WALK, TIME, NWHAT };

/* One step: of which CPU, its op or what interrupts it, and what a read reads. */
struct step {
	uint8_t cpu;
	uint8_t what;
	uint8_t pos;		/* AWAIT: which of its loads is the first new one */
	uint8_t ts;
};

/* Clocks of steps: how many steps of each CPU are known to come before. */
typedef uint16_t steps __attribute__((vector_size(2 * CPUS)));

struct event {
	steps clock;
	struct step step;
	uint16_t number;	/* among its CPU's */
};

struct interrupted {
	bool masked;
	bool impure;
	unsigned nseen;
};

struct cpu {
	unsigned index;
	struct op *op;
	steps clock;
	uint16_t open_step;	/* last event that a kick could have preceded */
	bool masked;
	bool latch;		/* a kick is due */
	bool self_latched;	/* by itself */
	bool window;		/* open, and there was a step since */
	bool nmi;		/* in one */
	bool walking;		/* its walker is at work, nothing else */
	unsigned nested;	/* handlers */
	unsigned locked;
	uint8_t left[NWHAT];	/* budgets */
	uint16_t kicks[8];	/* events that latched it */
	unsigned nkicks;
	uint16_t last_irq;
	/* waiting */
	bool impure;		/* the turn did more than load */
	const char *turn_at;	/* of the stack: where the last turn was made */
	bool watches;		/* the wait looks at its clock */
	unsigned timing;	/* turns until it must have looked */
	unsigned nseen;
	unsigned scripted;	/* loads of the next turn that are settled */
	unsigned script_at;
	struct seen seen[SEEN];
	struct seen script[SEEN];
	uint64_t now_ns;
	uint64_t notes;		/* hash of what it noted */
	uint64_t history;	/* hash of what it did and read, all of it */
	unsigned irqs;
	struct fiber fiber;
	struct view cur, acq, rel;
};

enum ending {
	RUNNING,
	COMPLETE,
	FAILED,
	REDUNDANT,	/* what follows was visited before */
	BEYOND,		/* more preemptions than the bound allows */
	GREW		/* a word turned out to be shared: start again */
};

enum reduction { REDUCE_NONE, REDUCE_SLEEP, REDUCE_SOURCE };

struct engine {
	const struct explore_program *program;
	bool exploring;
	bool starting;
	bool tracing;
	bool histories;		/* executions differ by all that was read */
	enum ending ending;
	struct cpu *me;
	struct cpu cpu[CPUS];
	unsigned ncpu;
	unsigned nevents;	/* events are numbered from 1 */
	unsigned last_fence;
	unsigned fences;
	struct step step;	/* the one chosen */
	struct fiber main;
	struct loc loc[LOCS];
	unsigned nlocs;
	struct event event[EVENTS + 1];
	char failure[512];
	/* Takes the next step, by filling in `step`; false: the end. */
	bool (*choose)(void);
};

extern struct engine eng;

/* ---- shadow.c ---- */

enum word_kind { WORD_PRIVATE, WORD_OWN, WORD_SHARED };

struct word {
	uint16_t touched;	/* by which CPUs, in which contexts */
	uint8_t kind;
	uint8_t loc;
	bool watched;		/* part of an object that gets poisoned */
};

struct word *shadow_word(const void *p);
/* What kind of word this is; does not return if that is news. */
enum word_kind shadow_touch(struct word *word, const void *p, unsigned size);
struct loc *shadow_loc(const struct word *word);
void shadow_watch(const char *object, size_t size);
void shadow_begin(void);	/* a new program: nothing is known */
void shadow_blank(void);	/* before setup() */
void shadow_save(void);		/* after it */
void shadow_restore(void);	/* before each execution */
unsigned shadow_count(void);	/* how often something was news */
bool shadow_has(const void *p);
size_t shadow_offset(const void *p);
void shadow_share(size_t offset, unsigned size);

/* Own words of the image, as they are. */
uint64_t raw_load(const void *p, unsigned size);
void raw_store(void *p, unsigned size, uint64_t v);

/* ---- model.c ---- */

void model_reset(void);
uint64_t model_load(struct cpu *cpu, struct loc *loc, unsigned ts,
    unsigned order);
void model_store(struct cpu *cpu, struct loc *loc, uint64_t v, unsigned order);
/* Also a compare-and-swap that succeeds. */
void model_rmw(struct cpu *cpu, struct loc *loc, uint64_t v, unsigned order);
void model_fence(struct cpu *cpu, unsigned order);
/* Takes its place among the accesses to the word, and orders nothing. */
void model_mark(struct cpu *cpu, struct loc *loc);
/* What `other` has done so far happened before what `cpu` does next. */
void model_await(struct cpu *cpu, struct cpu *other);

static inline unsigned
newest(const struct loc *loc)
{
	return loc->n - 1;
}

static inline unsigned
oldest(const struct cpu *cpu, const struct loc *loc)
{
	return cpu->cur.at[loc->id];
}

/* ---- race.c ---- */

void race_reset(void);
void race_read(struct cpu *cpu, const void *p);
void race_write(struct cpu *cpu, const void *p);
void race_poison(struct cpu *cpu, char *object, size_t size);

/* ---- cpu.c ---- */

/* A scheduling point: returns when `op` is to be done, and how. */
struct step cpu_point(struct op *op);
/* A point for interrupts alone, before something that only they can see. */
void cpu_own_point(struct sim_site *site);
void cpu_mask(void);
void cpu_unmask(void);
void cpu_kick(unsigned cpus);
/* This CPU takes no step any more. */
void cpu_die(void);
/* Run one execution of eng.program, steps by eng.choose. */
enum ending cpu_execute(void);
void cpu_setup(void);
void cpu_start_masked(unsigned cpu);
void cpu_abandon(enum ending ending) __attribute__((noreturn));
void cpu_fail(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));
/* No CPU has a step: is that the end, or does somebody wait for ever? */
enum ending cpu_all_still(void);
/* Of the execution that just completed: what it ended as. */
uint64_t cpu_final_state(void);

/* ---- wait.c ---- */

/* One turn of a wait is over; `counts`: `spins` says which one. */
void wait_turn(unsigned spins, bool counts);
void wait_saw(struct cpu *cpu, struct loc *loc, unsigned ts);
/* A load whose store is settled already; no step of its own. */
bool wait_scripted(struct cpu *cpu, struct loc *loc, unsigned *ts);

/* ---- tlb.c ---- */

#define PAGES 4

/* What a CPU may have of a page. */
struct entry {
	bool valid;
	bool stale;		/* from before setup() changed it */
	uint8_t floor;		/* the oldest store that the walker may read */
	uint8_t least;		/* what a broadcast has made of that, for good */
	unsigned tag;		/* filled under; 0: nothing */
	uint64_t value;
};

extern struct explore_page *tlb_page[PAGES];
extern unsigned tlb_npages;
struct entry *tlb_entry(unsigned cpu, unsigned page);
/* The walker catches up with a CPU: its own, or one that broadcasts. */
void tlb_forget(unsigned cpu, unsigned page, const struct cpu *with);
void tlb_publish(unsigned cpu, unsigned page);
bool tlb_in_range(const struct xcpu_flush *request, uint64_t va);

/* ---- remote.c ---- */

/* This CPU's TLB does something; who broadcasts comes before or after. */
void remote_point(void);
/* Counts what came from others. */
unsigned remote_count(unsigned cpu);
void remote_begin(void);
void remote_reset(void);

/* ---- tlb.c again ---- */

void tlb_begin(void);
void tlb_save(void);
void tlb_reset(void);

/* ---- state.c ---- */

#define STEPS 256		/* at one point, of one CPU */

/* What the search knows to be no news, per CPU. */
struct asleep {
	uint8_t whats;		/* bits of enum what; DO: but for reads */
	uint16_t reads;		/* stores older than this event are no news */
};

/* The steps that a CPU could take now. */
unsigned state_steps(const struct cpu *cpu, struct step steps[STEPS]);
bool state_asleep(const struct asleep *asleep, const struct step *step);
/* The store that a step reads, or NULL. */
const struct message *state_read_by(const struct op *op,
    const struct step *step);
bool state_writes(const struct op *op, const struct step *step);
/* Would a kick be taken here? */
bool state_kickable(const struct cpu *cpu);
/* Can all CPUs be said to be done? */
bool state_over(void);

/* ---- depend.c ---- */

void depend_reset(void);
/* `step` is taken: number it, order it, and wake whom it concerns. */
void depend_take(const struct step *step, struct asleep asleep[CPUS]);

/* A race: what comes second could have come before `first`. */
void search_race(unsigned first, unsigned second);

/* ---- search.c, chance.c ---- */

struct limits {
	enum reduction reduction;
	unsigned bound;			/* preemptions + 1; 0: any number */
	uint64_t executions;		/* 0: all */
	double seconds;			/* 0: no limit */
	unsigned pct;			/* depth; 0: uniform */
	uint64_t seed;
};

struct result {
	uint64_t executions;
	uint64_t redundant;
	uint64_t beyond;
	uint64_t steps;
	uint64_t states;
	unsigned deepest;
	double seconds;
	bool exhausted;
	bool failed;
	char failure[512];
	char id[4096];
};

/*
 * With `eng.histories` final states tell apart what is not equivalent, so that
 * each reduction must find as many as executions, and REDUCE_NONE no more.
 */
void search_run(const struct limits *limits, struct result *result);
void chance_run(const struct limits *limits, struct result *result);
bool chance_replay(const char *id, struct result *result);
/* Learn which words are shared, in the same way each time. */
void chance_warm_up(void);
/* The id of the steps taken, and one more execution of them, recorded. */
void chance_record(struct result *result);
double now_seconds(void);
void progress(const struct result *result);

bool states_add(uint64_t state);
void states_clear(void);
uint64_t states_count(void);

/* ---- trace.c, names.c ---- */

void trace_begin(void);
/* One line, in the column of the CPU that runs; fmt says what it did. */
void trace_access(const struct op *op, const struct step *step,
    uint64_t before, uint64_t after);
void trace_plain(const void *p, const char *what, uint64_t v,
    const struct sim_site *site);
void trace_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void trace_at(const char *file, int line);
void trace_table(void);
void trace_mermaid(void);

void names_begin(void);
void names_add(const void *object, size_t size, const char *name);
const char *names_of(const void *p);

#endif /* XCPU_EXPLORE_ENGINE_H */
