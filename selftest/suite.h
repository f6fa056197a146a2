/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suite.h: what the files of the self-test share.
 *
 * A test is a function; a file of tests exports one table.  Checks are made on
 * the CPU that runs the suite only; what other CPUs see they write down, with
 * plain stores where xcpu promises that they are visible (so that a race
 * detector judges the promise), else with atomics.
 *
 * Whatever another CPU may still touch after a failed test is static.
 */
#ifndef XCPU_SELFTEST_SUITE_H
#define XCPU_SELFTEST_SUITE_H

#include <stddef.h>

#include <xcpu/port.h>
#include <xcpu/xcpu.h>

#include "selftest.h"

/* So many CPUs, or more: what all of them do by turns takes too long. */
#define SELFTEST_MANY 65

/* What a test needs of the host. */
enum selftest_need {
	NEED_THREAD = 1,
	NEED_LOCK = 2,
	NEED_NMI = 4,
	NEED_STALL = 8,
	NEED_KICKS = 16,
	NEED_TLB = 32,
	NEED_KERNEL_PAGES = 64,
	NEED_STATS = 128,
	NEED_SLOTS = 256,	/* two started calls at once */
	NEED_MSG = 512
};

/* The run, and the first failure of the test under way. */
struct selftest {
	const struct xcpu_selftest_host *host;
	unsigned self;			/* the CPU of the suite */
	unsigned ncpu;
	unsigned other;			/* the next CPU; self if there is one */
	struct xcpu_cpuset all;
	struct xcpu_cpuset others;
	/* All CPUs; or, of very many, some: for what they do by turns. */
	struct xcpu_cpuset sample;
	unsigned nsample;
	unsigned cpu;			/* under test; XCPU_NCPU_MAX: none */
	const char *skip;		/* set by a test that found a reason */
	unsigned failures;
	const char *what;
	const char *hook;		/* convicted; NULL: none */
	int64_t got, want;
	unsigned failed_cpu;
};

struct selftest_case {
	const char *name;
	const char *ids;
	const char *look;		/* the hook to look at first */
	void (*run)(struct selftest *t);
	unsigned level;
	unsigned cpus;			/* at least */
	unsigned needs;
};

struct selftest_group {
	const struct selftest_case *cases;
	unsigned n;
};

#define SELFTEST_GROUP(name, cases)					\
	const struct selftest_group name = {				\
		cases, sizeof(cases) / sizeof((cases)[0])		\
	}

extern const struct selftest_group selftest_hook, selftest_hook_kick,
    selftest_hook_tlb, selftest_event,
    selftest_unregister, selftest_call, selftest_start, selftest_deadline,
    selftest_stall, selftest_drain, selftest_idle, selftest_nested,
    selftest_life, selftest_offline, selftest_misuse, selftest_context,
    selftest_nmi, selftest_space, selftest_flush, selftest_shootdown,
    selftest_lazy, selftest_entry, selftest_stat, selftest_trace, selftest_msg,
    selftest_msg_wait, selftest_sync, selftest_sync_msg, selftest_sync_room,
    selftest_stop, selftest_cycle, selftest_dead;
extern const struct selftest_group selftest_async, selftest_defer,
    selftest_batch, selftest_early, selftest_quiesce, selftest_icache, selftest_notifier;

/* ---- ids that say more on one port than on another ---- */

/* Who does not end early waits for the flush. */
#if XCPU_PORT_EARLY
#define ID_EARLY "F-B4"
#else
#define ID_EARLY ""
#endif

/* ---- checks ---- */

#define SELFTEST_TEXT_(x) #x
#define SELFTEST_TEXT(x) SELFTEST_TEXT_(x)
#define SELFTEST_AT(what) __FILE__ ":" SELFTEST_TEXT(__LINE__) ": " what

bool selftest_check(struct selftest *t, const char *what, int64_t got,
    int64_t want);
bool selftest_check_set(struct selftest *t, const char *what,
    const struct xcpu_cpuset *got, const struct xcpu_cpuset *want);

/* True when it holds; the first that does not is reported. */
#define EXPECT_EQ(t, got, want)						\
	selftest_check(t, SELFTEST_AT(#got), (int64_t)(got), (int64_t)(want))
#define EXPECT(t, cond)	EXPECT_EQ(t, (cond) ? 1 : 0, 1)
#define EXPECT_SET(t, got, want)					\
	selftest_check_set(t, SELFTEST_AT(#got), got, want)
/*
 * Else this hook of the port is wrong, for nothing else can be: `rule` says what
 * it owes.  The run ends with this test.
 */
#define HOOK(t, hook, rule, cond) selftest_convict(t, hook, rule, (cond) ? 1 : 0)
bool selftest_convict(struct selftest *t, const char *hook, const char *rule,
    bool good);

/* ---- waiting for another CPU, within a bound ---- */

struct selftest_patience {
	uint64_t since_ns, limit_ns;
	unsigned spins;
};

bool selftest_patient(struct selftest_patience *patience);

/* ends: the condition holds, or patience ends */
#define AWAIT(cond) SELFTEST_AWAIT(cond, SELFTEST_PATIENCE_NS)
/* What a hook does by itself; a wrong one is not waited for that long. */
#define SOON(cond) SELFTEST_AWAIT(cond, SELFTEST_SOON_NS)
#define SELFTEST_PATIENCE_NS 20000000000u
#define SELFTEST_SOON_NS 5000000000u

#define SELFTEST_AWAIT(cond, limit_ns) __extension__ ({			\
	struct selftest_patience patience_ = { 0, limit_ns, 0 };	\
	while (!(cond) && selftest_patient(&patience_))			\
		continue;						\
	(cond);								\
})

/* The port's clock; 0 where it has none. */
uint64_t selftest_now(void);

/* Be busy for about that long, without serving anything. */
void selftest_spend(uint64_t ns);

/* ---- small words for what tests do all the time ---- */

static inline uint32_t
count_of(const struct xcpu_au32 *count)
{
	return xcpu_load_acq(count);
}

static inline void
count_up(struct xcpu_au32 *count)
{
	xcpu_fetch_add_ar(count, 1);
}

static inline void
flag_set(struct xcpu_au32 *flag)
{
	xcpu_store_rel(flag, 1);
}

#define for_each_cpu(cpu, set)						\
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;	\
	    cpu = xcpu_cpuset_next(set, cpu))

/* A counter of one CPU; its sum over all of them, which must be quiet. */
#define STAT_OF(t, cpu, field)						\
	selftest_counter(t, cpu, offsetof(struct xcpu_counters, field))
#define STAT_SUM(t, field)						\
	selftest_counters(t, offsetof(struct xcpu_counters, field))
uint64_t selftest_counter(const struct selftest *t, unsigned cpu, size_t offset);
uint64_t selftest_counters(const struct selftest *t, size_t offset);
/* All counters of all CPUs: hundreds of loads for each of them. */
const struct xcpu_totals *selftest_totals(const struct selftest *t);

/* ---- remote.c: other CPUs at work ---- */

/* CPUs kept inside a function, doorbell masked, until released. */
struct selftest_hold {
	struct xcpu_call call;
	struct xcpu_au32 inside;
	struct xcpu_au32 released;
};

bool selftest_hold(struct selftest *t, struct selftest_hold *hold,
    const struct xcpu_cpuset *set);
bool selftest_hold_one(struct selftest *t, struct selftest_hold *hold,
    unsigned cpu);
bool selftest_release(struct selftest *t, struct selftest_hold *hold);
xcpu_fn selftest_hold_fn;

/* Thread context on another CPU; join says whether it came back. */
bool selftest_thread(struct selftest *t, unsigned cpu, xcpu_fn *fn, void *arg);
bool selftest_join(struct selftest *t, unsigned cpu);
/* The same on each CPU of a set, the own included, and wait for all. */
bool selftest_on_each(struct selftest *t, const struct xcpu_cpuset *set,
    xcpu_fn *fn, void *arg);
bool selftest_on(struct selftest *t, unsigned cpu, xcpu_fn *fn, void *arg);

/* How often each does what all queue for: enough in all, with many CPUs few. */
static inline unsigned
selftest_rounds(unsigned ncpu)
{
	return ncpu <= 8 ? 50 : 400 / ncpu + 1;
}

/* Run fn(arg) in an NMI of a CPU, and wait until it has. */
bool selftest_nmi_run(struct selftest *t, unsigned cpu, xcpu_fn *fn, void *arg);

/* ---- pages.c: reading through the TLBs of other CPUs ---- */

uint64_t selftest_page(const struct selftest *t, unsigned page);
uint64_t selftest_kernel_page(const struct selftest *t, unsigned page);
uint64_t selftest_page_bytes(const struct selftest *t);
bool selftest_map(struct selftest *t, struct xcpu_space *space, uint64_t va,
    uint64_t value);
/* Load a space on each CPU of a set; NULL: none. */
bool selftest_load(struct selftest *t, const struct xcpu_cpuset *set,
    struct xcpu_space *space);
/*
 * The next few changes of a space that nobody changes now will not begin its
 * generations again, which would wait for CPUs that the test holds.
 */
void selftest_below_top(struct selftest *t, struct xcpu_space *space);
/* Does each CPU of the set read `value` there?  0: is each refused? */
bool selftest_reads(struct selftest *t, const struct xcpu_cpuset *set,
    uint64_t va, uint64_t value);
/* Let each CPU of a set read there; then, what it has read; 0: it was refused. */
bool selftest_look(struct selftest *t, const struct xcpu_cpuset *set,
    uint64_t va);
uint64_t selftest_saw(unsigned cpu);

#endif /* XCPU_SELFTEST_SUITE_H */
