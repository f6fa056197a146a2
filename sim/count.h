/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.h: the small world in which xcpu-count runs the library's operations.
 *
 * One initiator (CPU 0) and its targets, all on fibers, in a steady state: the
 * same operation again and again with the same roles, and the last one is
 * measured.  There are two ways to run it.
 *
 * Counted: the initiator runs until it waits, then the targets one after
 * another, then the initiator again.  Nobody looks before there is something to
 * see, so what is counted is what the protocol needs, on no machine in
 * particular; both variants of MESI watch the same run.
 *
 * Timed: every access takes what a machine of cost.h says, and whoever is
 * earliest goes next.  So CPUs do meet on lines and look too early.
 */
#ifndef XCPU_SIM_COUNT_H
#define XCPU_SIM_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/xcpu.h>

#include "cost.h"
#include "fiber.h"
#include "sim_atomic.h"

struct perfetto;

/* How the targets learn of a request. */
enum count_receivers {
	COUNT_IPI,		/* halted, or busy: a kick interrupts them */
	COUNT_POLL,		/* those that are targets poll */
	COUNT_POLL_ALL,		/* every CPU but the initiator polls */
	COUNT_RECEIVERS
};

enum { COUNT_PLAIN, COUNT_MIGRATORY, COUNT_MODELS };

struct count_op {
	const char *name;
	bool one;		/* CPU 1 is the only target, whatever N is */
	void (*run)(void);	/* on the initiator */
	/* Lower bounds with n targets, and what we would be content with. */
	unsigned (*least_t)(unsigned n);
	unsigned least_d;
	double (*goal_t)(unsigned n, bool migratory);
	void (*others)(void);	/* once, on a CPU that is no target; or NULL */
};

extern const struct count_op count_ops[];
extern const unsigned count_nops;

/* What one operation took, seen by one model. */
struct count_result {
	uint64_t transactions;
	uint64_t busiest;	/* transactions on the line that had most */
	char line[48];		/* which one */
	uint64_t done;		/* clock at the return, or as the last target ran */
	uint64_t stolen;	/* cycles of all targets, interrupts included */
	uint64_t kicks;		/* CPUs that were interrupted */
	uint64_t sends;		/* calls of the kick hook */
	bool steady;		/* the operation before took the same */
};

/* One way to run; the models are told every access. */
struct count_world {
	unsigned n;			/* targets; CPUs are n + 1 */
	enum count_receivers receivers;
	bool timed;			/* models[0] decides who is next */
	unsigned nmodels;
	struct cost model[COUNT_MODELS];
	struct perfetto *trace;		/* of the last operation, or NULL */
};

/* ---- count_world.c ---- */

/* Bring n + 1 CPUs online; w->model[] is set up. */
void count_start(struct count_world *w, const struct count_op *op);
void count_measure(struct count_world *w, const struct count_op *op,
    struct count_result result[COUNT_MODELS]);
void count_stop(struct count_world *w);

/* Told by count_port.c, which is the library's seam and port. */
unsigned count_self(void);
struct xcpu_cpu *count_block(void);
void count_access(struct sim_site *site, enum cost_op op, const void *p);
void count_fence_seen(void);
void count_flush_seen(void);
void count_kick(const struct xcpu_cpuset *set);
void count_relax(void);
unsigned long count_mask(bool on);

/* For operations: the world's objects. */
struct xcpu_space *count_space(void);
const struct xcpu_cpuset *count_targets(void);
/* In every function that runs on a target: it has been reached. */
void count_reached(void);

/* ---- count_lines.c ---- */

/* Which words of the library a line holds; "" when it is none of them. */
void count_name_line(const struct xcpu_domain *domain, uintptr_t number,
    char *name, unsigned size);
void count_tally(unsigned model, const struct sim_site *site, bool initiator,
    enum mesi_need need, const struct xcpu_domain *domain, const void *p);
void count_clear_tally(void);
void count_print_tally(unsigned model);

#endif /* XCPU_SIM_COUNT_H */
