/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observer.h: for those who look at runs, or choose them: the log, the cost model,
 * the trace, the matrix.  Scenarios know nothing of it.
 */
#ifndef XCPU_SIM_OBSERVER_H
#define XCPU_SIM_OBSERVER_H

#include "sim.h"

enum sim_event_kind {
	SIM_EV_KICK,		/* a: target, b: number of the kick */
	SIM_EV_LOST,		/* the same: it will not arrive */
	SIM_EV_LATCH,		/* at the target; a: source, b: number */
	SIM_EV_TAKE,		/* interrupt begins; a: 0 kick, 1 tick, 2 NMI */
	SIM_EV_TAKEN,		/* and ends */
	SIM_EV_POST,		/* from here to STATE: as in <xcpu/trace.h> */
	SIM_EV_CLAIM,
	SIM_EV_RUN,		/* a: class bit, b: number of the run */
	SIM_EV_RAN,
	SIM_EV_WAIT,		/* a: enum xcpu_wait_kind */
	SIM_EV_WAITED,		/* a: the same, b: error */
	SIM_EV_REKICK,		/* a: kind, b: lowest CPU missing */
	SIM_EV_STALL,		/* a: kind, b: lowest CPU missing */
	SIM_EV_FLUSH,		/* a: space id, b: pages; 0: all */
	SIM_EV_SWITCH,		/* a: space id; ~0: none */
	SIM_EV_STATE,		/* a: lane state */
	SIM_EV_HALT,
	SIM_EV_WAKE,
	SIM_EV_OP,		/* a: enum sim_op_kind */
	SIM_EV_OP_END,		/* a: the same, b: error */
	SIM_EV_FAULT,		/* a: enum sim_fault, b: its number */
	SIM_EV_CHANGE,		/* a: space id, b: version */
	SIM_EV_NOTE,
	SIM_NEV
};

extern const char *const sim_event_name[SIM_NEV];

struct sim_event {
	uint64_t ns;
	uint64_t step;
	enum sim_event_kind kind;
	unsigned cpu;
	uint64_t a, b;
	const char *text;	/* SIM_EV_NOTE only */
};

/*
 * One access of the library.  `where` is a byte offset from a fixed place of
 * the program's static memory (it may be negative): the same in every run of
 * one program.  All that the library accesses is static: the domain, the CPU
 * blocks, spaces, sim_alloc(), the CPUs' stacks.
 */
struct sim_access {
	uint64_t ns;
	unsigned cpu;
	int64_t where;
	const struct sim_site *site;	/* op, size, order, file, line */
	bool changed;		/* a compare-and-swap that succeeded, or any write */
};

/* Any member may be NULL. */
struct sim_observer {
	void (*begin)(const struct sim_config *config, unsigned ncpu);
	void (*access)(const struct sim_access *access);
	void (*event)(const struct sim_event *event);
	void (*end)(const struct sim_result *result);
	/* Each step, before it is looked whether a fault strikes there. */
	void (*step)(unsigned cpu);
	/* The same for each opportunity that is not a step, and its victim. */
	void (*opportunity)(enum sim_fault fault, unsigned cpu, uint64_t nth);
	struct sim_observer *next;	/* the machine's */
};

/* From now on, for all runs. */
void sim_observe(struct sim_observer *observer);

/* Name of a static object, for those who print `where`; "domain+0x40". */
void sim_where_name(int64_t where, char *text, size_t size);

/*
 * Options of the program that live in files of their own.  `open` gets the
 * argument of --NAME (NULL if there is none to take) before any run, and may
 * call sim_observe(); false: it has printed what is wrong.  `run`, if there,
 * is called in place of the runs, and its answer is the exit status.
 */
struct sim_plugin {
	const char *name;
	const char *arg;	/* "FILE"; NULL: takes none */
	const char *help;
	bool (*open)(const char *arg);
	int (*run)(const struct sim_config *config);
	void (*close)(void);	/* after all runs; may be NULL */
};

#define SIM_PLUGIN(id)							\
	static const struct sim_plugin sim_plugin_##id;			\
	static const struct sim_plugin *const sim_plugin_ptr_##id	\
	    __attribute__((used, section("sim_plugins"))) =		\
	    &sim_plugin_##id;						\
	static const struct sim_plugin sim_plugin_##id

#endif /* XCPU_SIM_OBSERVER_H */
