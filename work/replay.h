/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.h: recorded operations of a real kernel, made again on this machine.
 *
 * What each event means is said in traces/README.md, the form of the file in
 * trace.h.  Each CPU goes through all records and makes those that are its own.
 *
 * Strict order: one record at a time, in the order of the file.  Whoever waits
 * for its turn reads pages of its space in user mode, or idles if it did so in
 * the recording; so a kick is needed exactly where it was needed in life.
 * Before a shootdown everybody who has the space reads what will change, and
 * afterwards again: each such probe is armed (oracle.h).  What is shot down
 * while a CPU idles with the space loaded is probed when it comes back.
 *
 * Free order: each CPU makes its records as fast as it can; only fork, exec,
 * the last exit and a thread that changes its CPU are waited for.  For stress.
 */
#ifndef XCPU_WORK_REPLAY_H
#define XCPU_WORK_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle.h"
#include "run.h"
#include "trace.h"

/*
 * Replays the trace in `module` as work_run.options say and prints a report.
 * False: it is no trace, it does not fit, or the report says FAILED.
 */
bool replay_run(const void *module, size_t len);

/* ------------------------------------------------------------------ */
/* Shared by replay*.c only.                                             */

#define REPLAY_LATER	64	/* armed probes kept for a CPU that idles */
#define REPLAY_SLACK	3	/* kicks beyond the recorded ones */
#define REPLAY_HOMES	4	/* addresses that a page may have */

/* Changed only under `busy` in free order, only by whose turn it is else. */
struct replay_page {
	struct xcpu_au32 busy;
	/* Oldest generation that may still be read, and youngest. */
	struct xcpu_au32 settled, newest;
	uint32_t raised;	/* got rights without a flush: not for probes */
	struct xcpu_au32 home;	/* which of its addresses it has */
	uint32_t held[REPLAY_HOMES];	/* by which ticket: replay_late.c */
};

struct replay_space {
	struct mach_space *mach;
	uint32_t index;
	uint32_t first, npages;	/* its pages */
	bool dead;
	struct xcpu_au32 uses;	/* one while alive, one for each CPU */
	struct xcpu_au32 recent;	/* page that changed last */
	struct xcpu_au32 done;	/* records made, in free order */
	struct xcpu_au32 epoch;	/* forks, execs, exits made */
	struct xcpu_cpuset members;	/* as Linux keeps them, for comparison */
};

enum replay_state { REPLAY_FOREIGN, REPLAY_USER, REPLAY_LAZY };

/* What a rule sends; its transactions are a model's (replay_cost.c). */
struct replay_rule {
	uint64_t kicks, transactions;
};

/* What one CPU did. */
struct replay_count {
	uint64_t lines[TRACE_CLASS_COUNT];
	uint64_t ops[TRACE_OP_COUNT];
	uint64_t hidden, raced, cow_absent, placed;
	uint64_t requests[TRACE_CAUSE_COUNT];
	uint64_t kicks[TRACE_CAUSE_COUNT];
	/* Whom it concerns, in this form; and by other rules. */
	struct replay_rule need, as_linux, broadcast;
	uint64_t in_the_way;	/* tickets waited for, for an address */
	uint64_t wakes;		/* of idle CPUs, by us */
	uint64_t reads;		/* while waiting */
	uint64_t late, forgotten;	/* probes after idling; no room for */
	uint64_t frames_taken, frames_freed;
};

struct replay_gather {
	mach_frame frame;
	uint64_t va;
	uint32_t page, generation;
};

/* Written by its own CPU, or by whose turn it is while that one waits. */
struct replay_cpu {
	enum replay_state state;
	struct replay_space *space;	/* loaded */
	uint32_t thread;
	struct xcpu_au32 ask;		/* number of the question put to it */
	uint32_t answered;
	uint32_t cursor;		/* next page to read while waiting */
	struct oracle_batch hot;	/* what it was last asked to read */
	struct replay_space *hot_space;
	uint32_t hot_turn;		/* of that question */
	uint32_t later[REPLAY_LATER];	/* pages to probe when it is back */
	unsigned nlater;
	struct replay_gather *gather;	/* what one operation unmapped */
	struct replay_count count;
} __attribute__((aligned(64)));

/* One question at a time, by whose turn it is. */
enum replay_question { REPLAY_ARM, REPLAY_PROBE, REPLAY_LEAVE };

struct replay_ask {
	uint32_t number;
	struct xcpu_au32 pending;	/* CPUs that have not answered */
	enum replay_question question;
	struct replay_space *space;
	struct oracle_batch batch;
	struct xcpu_cpuset asked, idle;	/* who runs there, who idles there */
	uint32_t kept[XCPU_NCPU_MAX];	/* pages for which a CPU is armed */
};

/* What a record waits for in free order. */
struct replay_order {
	uint32_t thread, space;		/* so many records of these before it */
	uint32_t epoch;
};

struct replay {
	struct trace trace;
	unsigned ncpu;
	bool strict, spread, oracle;
	bool failed;			/* by the report */
	enum work_form form;
	uint64_t now_ns;		/* of the recording */
	struct replay_page *page;
	struct replay_space *space;
	struct replay_cpu *cpu[XCPU_NCPU_MAX];
	struct replay_order *order;
	struct xcpu_au32 *thread_done;
	struct replay_ask ask;
	struct xcpu_au32 turn;		/* the record to be made; in free
					   order, how many have been */
	struct xcpu_au32 stop;		/* something is broken: end */
};

extern struct replay replay;

static inline struct replay_page *
replay_page(const struct replay_space *space, uint32_t page)
{
	return &replay.page[space->first + page];
}

/* What the recording calls it: pages are in the order of these. */
static inline uint64_t
replay_address(const struct replay_space *space, uint32_t page)
{
	return trace_page(&replay.trace, space->first + page);
}

uint64_t replay_home(uint64_t va, uint32_t home);

/* Where the page is; a CPU that only looks may find where it was. */
static inline uint64_t
replay_va(const struct replay_space *space, uint32_t page)
{
	return replay_home(replay_address(space, page),
	    xcpu_load_rlx(&replay_page(space, page)->home));
}

static inline uint64_t
replay_tag(const struct replay_space *space, uint32_t page, uint32_t generation)
{
	return oracle_tag(space->index, page, generation);
}

static inline struct replay_space *
replay_space_of(uint32_t index)
{
	return index == TRACE_NONE ? NULL : &replay.space[index];
}

/* replay.c: set-up, and each CPU's way through the records */
unsigned replay_owner(const struct trace_record *record);
bool replay_enters(const struct trace_record *record);
void replay_stop(void);
bool replay_out_of_memory(void);		/* says so; returns false */

/* replay_wait.c: whose turn it is, and what the others do meanwhile */
bool replay_wait_turn(unsigned cpu, uint32_t record);
void replay_pass_turn(unsigned cpu, uint32_t record);
void replay_put(enum replay_question question, const struct xcpu_cpuset *to);
bool replay_order_init(void);
bool replay_wait_order(unsigned cpu, uint32_t i,
    const struct trace_record *record);
void replay_done_order(const struct trace_record *record);

/* replay_ops.c: the operations */
void replay_apply(unsigned cpu, uint32_t i, const struct trace_record *record);

/* replay_space.c: spaces and pages */
bool replay_space_create(struct replay_space *space);
void replay_space_release(struct replay_space *space);
void replay_load(unsigned cpu, struct replay_space *space);
void replay_go_lazy(unsigned cpu);
void replay_page_lock(struct replay_page *page);
void replay_page_unlock(struct replay_page *page);
bool replay_page_fresh(unsigned cpu, struct replay_space *space, uint32_t page,
    unsigned rights);
unsigned replay_unmap(unsigned cpu, struct replay_space *space, uint32_t first,
    uint32_t n);
void replay_free(unsigned cpu, struct replay_space *space, unsigned gathered);
void replay_space_empty(struct replay_space *space);

/* replay_shoot.c: a shootdown, with probes before and after */
void replay_batch_add(struct oracle_batch *batch,
    const struct replay_space *space, uint32_t page);
void replay_shoot_begin(unsigned cpu, struct replay_space *space,
    struct oracle_batch *batch);
void replay_shoot(unsigned cpu, struct replay_space *space,
    enum trace_cause cause, uint64_t start, uint64_t len);
bool replay_frees_tables(enum trace_cause cause);
uint64_t replay_kicks_of(unsigned cpu);
void replay_probe_later(unsigned cpu, const struct replay_space *space,
    const struct oracle_batch *batch, struct oracle_batch *out, uint32_t *kept);
void replay_probe_after(unsigned cpu, struct replay_space *space,
    const struct oracle_batch *batch, const uint32_t *kept);
void replay_shoot_end(unsigned cpu, struct replay_space *space,
    struct oracle_batch *batch);
void replay_arm(unsigned cpu, const struct oracle_batch *batch);
void replay_arm_ahead(unsigned cpu, uint32_t i);
void replay_probe_late(unsigned cpu);

/* replay_cost.c */
void replay_count_request(unsigned cpu, struct replay_space *space,
    enum trace_cause cause, uint64_t kicks);

/* replay_late.c: what may be late, in the form that was asked for */
bool replay_late_init(void);
bool replay_may_be_late(enum trace_cause cause);
void replay_late(unsigned cpu, struct replay_space *space,
    enum trace_cause cause, unsigned gathered, const struct oracle_batch *probe);
void replay_late_enter(unsigned cpu);
void replay_late_due(unsigned cpu, uint64_t next_ns);
void replay_late_free_page(unsigned cpu, const struct replay_page *page);
void replay_place(const struct replay_space *space, uint32_t first, uint32_t n);

/* replay_report.c */
void replay_report_begin(void);
void replay_report_end(void);
void replay_report(void);

#endif /* XCPU_WORK_REPLAY_H */
