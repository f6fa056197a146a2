/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h: what the files of the machine know of each other; scenarios and
 * observers see sim.h only.
 *
 * There is one machine, and it is one static structure: a run begins by zeroing
 * it.  `sim.cpu` is the CPU whose fiber runs, NULL between runs and in the
 * scenario's setup() and check().
 */
#ifndef XCPU_SIM_MACHINE_H
#define XCPU_SIM_MACHINE_H

#include <xcpu/port.h>
#include <xcpu/trace.h>

#include "fiber.h"
#include "observer.h"

#define SIM_NEVER	UINT64_MAX
#define SIM_US		UINT64_C(1000)
#define SIM_MS		UINT64_C(1000000)
#define SIM_S		UINT64_C(1000000000)

/* Virtual time that one access takes. */
#define SIM_STEP_NS	4

#ifndef SIM_STACK
#define SIM_STACK	(48 * 1024)
#endif

/* ---- chance: draw.c ---- */

struct sim_stream {
	uint64_t state;
};

uint64_t sim_mix(uint64_t x);
void sim_stream_init(struct sim_stream *stream, uint64_t seed, uint64_t which);
uint64_t sim_draw(struct sim_stream *stream);
/* 0 to n-1 */
unsigned sim_draw_below(struct sim_stream *stream, unsigned n);
/* 1 to max, each power of two as likely as the next */
uint64_t sim_draw_log(struct sim_stream *stream, uint64_t max);

/* ---- TLBs ---- */

#define TLB_ENTRIES	16
#define TLB_TABLES	4
#define STORES_MAX	4

/* A cached translation; valid: space != NULL. */
struct tlb_entry {
	struct sim_space *space;
	unsigned space_id;
	unsigned page;
	uint32_t frame;
	uint32_t life;		/* of the frame, when it was filled */
	uint64_t version;	/* of the page table entry */
	bool writable, dirty;
	bool walked;		/* filled by a walker on its own */
	unsigned tag;		/* it is filed under */
};

/* A cached pointer to a table. */
struct tlb_table {
	struct sim_space *space;
	unsigned space_id;
	unsigned table;
	uint32_t frame;
	uint32_t life;
	uint64_t version;
	unsigned tag;
};

/* A store that has been translated and not yet happened. */
struct tlb_store {
	struct tlb_entry by;
	uint64_t land_step;
	bool escaped;		/* a flush that did not wait: no release does */
};

struct tlb {
	struct sim_space *root;
	unsigned root_id;
	unsigned tag;		/* of what is loaded */
	unsigned victim;
	unsigned nstores;
	struct tlb_entry entry[TLB_ENTRIES];
	struct tlb_table table[TLB_TABLES];
	struct tlb_store store[STORES_MAX];
};

/* ---- CPUs ---- */

/* What ends the time that a CPU is not scheduled. */
enum sim_sleep {
	SLEEP_RELAX,	/* an interrupt it may take */
	SLEEP_STUCK,	/* an NMI */
	SLEEP_DEEP	/* nothing but time */
};

struct sim_clock {
	uint64_t offset;
	uint64_t frozen_until;	/* machine time */
	uint64_t frozen_at;
};

struct sim_cpu {
	struct fiber fiber;
	unsigned index;
	/* Where it stands. */
	bool power;		/* its table walker works */
	bool finished;		/* its main() has returned */
	bool dead;
	bool masked;
	bool in_irq, in_nmi;
	bool halted;
	bool user;		/* its thread is in user code */
	unsigned flushes;	/* by no NMI, since it began to come in */
	unsigned atomic;	/* in the middle of an instruction */
	unsigned locks;
	enum sim_op_kind op;
	bool vouched;		/* it has flushed all since it came up */
	enum sim_sleep sleep;	/* until sim.ready_at[] */
	/* Interrupt controller. */
	bool attention;		/* look whether something is to be taken */
	bool tick, nmi;		/* latched */
	unsigned nmis_on_way;	/* sent, and not latched yet */
	uint64_t ticked;	/* when the last tick's handler returned */
	unsigned nlatched;
	struct xcpu_cpuset latched;	/* kicks, by source */
	struct xcpu_au32 guest;	/* enum guest_flag: see remote.c */
	unsigned on_way;	/* kicks on their way */
	unsigned excused;	/* kicks lost by a fault since all was served */
	unsigned lose_more;	/* kicks to be lost after the last */
	/* Requests of faults for the next safe point. */
	uint64_t replug_ns;
	bool replug_keeps_latch;
	struct sim_clock clock;
	struct sim_stream stream;	/* the scenario's */
	struct tlb tlb;
};

/* ---- events in time: queue.c ---- */

enum timed_kind { TIMED_KICK, TIMED_TICK, TIMED_NMI, TIMED_SPURIOUS };

struct timed {
	uint64_t at;
	uint64_t order;		/* of insertion: ties are first come first served */
	enum timed_kind kind;
	unsigned cpu, source;
	uint64_t number;
};

void queue_reset(void);
void queue_add(const struct timed *timed);
/* When the first is due; SIM_NEVER: none. */
uint64_t queue_next(void);
struct timed queue_take(void);

/* ---- the machine ---- */

struct sim_machine {
	const struct sim_config *config;
	struct sim_result *result;
	struct sim_cpu *cpu;		/* whose fiber runs */
	struct fiber engine;
	unsigned ncpu, ops;
	enum sim_controller controller;
	unsigned unfinished;
	unsigned ndead;
	unsigned nreported;		/* dead CPUs that the library knows of */
	unsigned gave_up;
	uint64_t now, steps;
	/* Nothing of interest happens before both of these. */
	uint64_t look_step, look_ns;
	uint64_t burst_end;
	uint64_t heal_ns;
	bool healed;
	uint64_t progress_ns;		/* an operation ended */
	uint64_t limit_steps;
	struct sim_stream sched;
	unsigned burst_mean;
	uint64_t clock_base;
	uint64_t kicks;			/* numbers them */
	uint64_t kicks_asked;		/* by the library */
	uint64_t nmis_asked;
	uint64_t disturbed;		/* kicks lost or late by faults */
	uint64_t slowed;		/* faults after which a wait may be long */
	uint64_t runs;			/* numbers functions run */
	bool erratum;
	bool tickless;			/* a CPU that halts has no tick */
	bool reports;			/* survivors report the dead */
	bool users;			/* CPUs say when they run user code */
	unsigned hw_of[XCPU_NCPU_MAX];
	uint64_t ready_at[XCPU_NCPU_MAX];	/* not scheduled before */
	struct sim_cpu cpus[XCPU_NCPU_MAX];
};

extern struct sim_machine sim;
extern struct xcpu_domain sim_domain_;
extern struct xcpu_cpu sim_block[XCPU_NCPU_MAX];

/* ---- run.c ---- */
/* Ends the run: does not return. */
void run_end(enum sim_verdict verdict) __attribute__((noreturn));
/* The last CPU to finish ends the run, if all is quiet. */
void run_end_if_over(const struct sim_cpu *cpu);
/* The first CPU prepares the scenario. */
void run_setup(struct sim_cpu *cpu);

/* ---- sched.c ---- */
void sched_reset(void);
void sched_step(struct sim_cpu *cpu);
/* Give others a turn until `until`, or what `sleep` says. */
void sched_sleep(struct sim_cpu *cpu, uint64_t until, enum sim_sleep sleep);
/* Somebody is interested in this moment. */
void sched_look_at(uint64_t ns);
/* A latch or a mask of this CPU has changed: it may have to wake up. */
void sched_attention(struct sim_cpu *cpu);
/* Runs the CPUs; comes back when the run has ended. */
void sched_start(void);
/* A pause at an unlucky place; not a fault, but chance. */
void sched_pause(struct sim_cpu *cpu);

/* ---- cpu.c ---- */
void cpu_run(void *cpu);
bool cpu_can_take(const struct sim_cpu *cpu);
bool cpu_can_take_nmi(const struct sim_cpu *cpu);
enum sim_state cpu_state(const struct sim_cpu *cpu);
unsigned cpu_lane(const struct sim_cpu *cpu);
/* What it waits for inside the library: enum xcpu_wait_kind. */
unsigned cpu_waits(const struct sim_cpu *cpu);
/* Fails in a hook that wants the doorbell masked. */
void cpu_check_masked(const struct sim_cpu *cpu, const char *hook);

/* ---- irq.c ---- */
void irq_take(struct sim_cpu *cpu);
void irq_arrive(const struct timed *timed);
/* Nothing latched, nothing on its way. */
bool irq_quiet(const struct sim_cpu *cpu);
void irq_start_ticks(struct sim_cpu *cpu);
/* Fails if work stands and nobody was kicked for it; doorbell open. */
void irq_check_lost(const struct sim_cpu *cpu);
void irq_claimed(struct sim_cpu *cpu);
/* An interrupt that nobody sent. */
void irq_spurious(unsigned cpu, uint64_t ns);

/* ---- fault.c ---- */
void fault_reset(void);
/* Counts an opportunity; true: it strikes, at `victim`. */
bool fault_strikes(enum sim_fault fault, const struct sim_cpu *victim);
/* Chance of the last instance that struck. */
struct sim_stream *fault_stream(void);
/* Whom a fault that strikes anybody strikes: the first that it draws. */
unsigned fault_victim(enum sim_fault fault, uint64_t nth);
bool fault_strikes_any(enum sim_fault fault);
/* First step at which a fault strikes that counts steps. */
uint64_t fault_next_step(void);
bool fault_due_now(enum sim_fault fault);
/* Whom an instance of these has struck; the others know. */
void fault_hits(enum sim_fault fault, const struct sim_cpu *victim);

/* ---- death.c ---- */
void death_safe_point(struct sim_cpu *cpu);
bool death_is_due(void);
enum xcpu_stall_policy death_stalls(const struct sim_cpu *cpu,
    enum xcpu_wait_kind kind);

/* ---- user.c ---- */
/* Around what an interrupt or an NMI runs: was the CPU outside? */
bool user_irq_enter(struct sim_cpu *cpu);
bool user_nmi_enter(struct sim_cpu *cpu);
void user_irq_leave(bool outside);
/* User code has no business with the kernel's pages. */
void user_check(const struct sim_cpu *cpu, const struct sim_space *space);
void user_nmi_leave(bool outside);

/* ---- strike.c: faults that strike at steps and functions ---- */
void strike_step(struct sim_cpu *cpu);
void strike_run(struct sim_cpu *cpu);
void strike_ran(struct sim_cpu *cpu);
bool strike_may_die(const struct sim_cpu *cpu);
void strike_reset(void);
void strike_heal(void);

/* ---- mmu.c: frames and spaces ---- */
void mmu_reset(void);
struct sim_space *mmu_of(const struct xcpu_space *space);
struct xcpu_asid *mmu_asid(struct sim_space *space);
/* Is it the space that had this number? */
bool mmu_same(const struct sim_space *space, unsigned id);
/* Page of an address, and whether it is one of the space's. */
unsigned mmu_page(const struct sim_space *space, uint64_t va);

/* ---- mmu_walk.c ---- */
/* The cached pointer to the table of a page, from the root; false: none. */
bool mmu_walk_root(const struct sim_cpu *cpu, struct sim_space *space,
    unsigned page, struct tlb_table *table);
/* The entry of a page, from its table; false: not present. */
bool mmu_walk_table(const struct sim_cpu *cpu, const struct tlb_table *table,
    unsigned page, struct tlb_entry *entry);
/* Do the tables say otherwise by now? */
bool mmu_outdated(const struct tlb_entry *entry);
/* Does anybody wait for this CPU to forget translations of the kernel? */
bool mmu_vouches(const struct sim_cpu *cpu);
/* The walker sets the dirty bit; false: the entry is not what it was. */
bool mmu_set_dirty(const struct sim_cpu *cpu, const struct tlb_table *table,
    const struct tlb_entry *entry);
/* Fails if the translation is older than a shootdown that is over. */
void mmu_check(const struct sim_cpu *cpu, const struct tlb_entry *entry,
    const char *does);
void mmu_write(const struct tlb_entry *entry);

/* ---- tlb.c ---- */
/* What a request concerns: entries of the kernel or not, under a tag. */
struct tlb_key {
	bool kernel;
	unsigned tag;
};
/* At once, on any CPU: what a request says, or everything. */
void tlb_drop(struct sim_cpu *cpu, struct tlb_key key,
    const struct xcpu_flush *request);
void tlb_drop_everything(struct sim_cpu *cpu, bool global);

/* ---- tlb_walk.c ---- */
/* A walk by chance, on any CPU. */
void tlb_walk(struct sim_cpu *cpu, struct sim_stream *stream);

/* ---- tlb_store.c ---- */
enum tlb_land {
	LAND_DUE,		/* those whose time has come */
	LAND_ORDERED,		/* and all that a release keeps behind it */
	LAND_ALL
};
/* Stores in flight happen. */
void tlb_land(struct sim_cpu *cpu, enum tlb_land which);

/* ---- asid.c: the TLBs of --tlb ---- */
void asid_reset(void);
/* Do TLBs have tags that are not simply the spaces' numbers? */
bool asid_on(void);
void asid_space_init(struct xcpu_asid *asid, struct xcpu_space *space);
/* The library's, for a root that is loaded and a request. */
void asid_load(struct xcpu_space *next, struct xcpu_asid_load *load);
bool asid_flush(const struct xcpu_flush *request, struct xcpu_asid_flush *what);
/* The kernel's entries under this tag: global ones are under none. */
unsigned asid_kernel_tag(unsigned tag);
unsigned asid_broadcast(const struct xcpu_space *space);
/* With split tables: off to user code with tag + 1. */
bool asid_split(void);
void asid_user(struct xcpu_asid_load *load);
/* Does somebody hold the lock of the ASIDs? */
bool asid_locked(void);

/* ---- remote.c: back ends that flush on other CPUs ---- */
/* A virtual CPU is off its core from here to there. */
void guest_leave(struct sim_cpu *cpu);
void guest_enter(struct sim_cpu *cpu);
bool guest_away(const struct sim_cpu *cpu);

/* ---- judge.c ---- */
void judge_rekick(const struct sim_cpu *cpu, unsigned missing);
/* Nothing is left to do, and all but `self` are halted. */
bool judge_quiet(const struct sim_cpu *self);
void judge_end(void);

/* ---- log.c ---- */
void log_reset(void);
void sim_emit(enum sim_event_kind kind, uint64_t a, uint64_t b);
void sim_emit_on(unsigned cpu, enum sim_event_kind kind, uint64_t a, uint64_t b);
uint64_t log_digest(void);
extern struct sim_observer *sim_observers;
extern bool sim_observing_accesses;
/* Who asked for steps or opportunities: one at most; NULL: nobody. */
extern const struct sim_observer *sim_steps_observer;

/* ---- names.c ---- */
extern const char *const sim_controller_name[];
extern const char *const sim_tlb_name[];
extern const char *const sim_tlb_what[];
extern const char *const sim_bug_name[];
extern const char *const sim_bug_what[];
bool sim_inject_parse(const char *text, struct sim_inject *list, unsigned *n);

#endif /* XCPU_SIM_MACHINE_H */
