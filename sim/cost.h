/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cost.h: what accesses and kicks take on a machine, in cycles.
 *
 * A clock per CPU, moved by each access according to what the directory says it
 * needs, where the line is held, and whether the line is on its way to another
 * CPU just then.  The parameters of a machine stand in a file
 * (sim/machines/NAME.conf, cost_read_machine()).
 *
 * A core is as simple as can be: it does one access after the other and waits
 * for each, but for prefetches for writing, of which `outstanding` go on behind
 * its back.  Of a line that somebody asks for, the holder has the use until the
 * request has reached him, which takes half the way; requests are met in the
 * order in which they were made.
 *
 * On cost_unit_machine(), where a transaction takes 1 and everything else
 * nothing, the clock is the length of the longest chain of transactions that
 * had to wait for one another.
 */
#ifndef XCPU_SIM_COST_H
#define XCPU_SIM_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "mesi.h"

/* How far apart two CPUs are. */
enum cost_distance {
	COST_NEAR,		/* they share a last-level cache */
	COST_FAR,		/* same socket */
	COST_CROSS,		/* other socket */
	COST_DISTANCES
};

struct cost_machine {
	char name[64];
	uint64_t sockets, clusters, cpus; /* clusters of a socket, CPUs of one */
	uint64_t l1;			/* a hit */
	uint64_t rmw;			/* a read-modify-write, beyond the access */
	uint64_t transfer[COST_DISTANCES];
	uint64_t occupancy[COST_DISTANCES]; /* of a line, by a read that shares */
	uint64_t outstanding;		/* prefetches of one core at once */
	uint64_t pause;			/* one turn of a spin loop */
	uint64_t flush;			/* a local TLB flush */
	uint64_t ipi_send;		/* sender: one kick */
	uint64_t ipi_more;		/* sender: each further CPU of the set */
	uint64_t ipi_deliver;
	uint64_t ipi_entry, ipi_exit;
	uint64_t virtual_send, virtual_more, virtual_deliver;
};

enum cost_op {
	COST_LOAD,
	COST_STORE,
	COST_RMW,
	COST_OWN
};

struct cost_cpu;

struct cost {
	struct cost_machine machine;
	struct mesi *mesi;
	struct cost_cpu *cpu;
	unsigned ncpu;
};

/* True, or false after saying on stderr what is wrong with the file. */
bool cost_read_machine(struct cost_machine *machine, const char *path);
/* Replace the kicks' costs by those of a virtual machine. */
void cost_make_virtual(struct cost_machine *machine);
void cost_unit_machine(struct cost_machine *machine);
unsigned cost_machine_cpus(const struct cost_machine *machine);

void cost_init(struct cost *c, const struct cost_machine *machine,
    unsigned ncpu, bool migratory);
void cost_fini(struct cost *c);

/*
 * An access in two steps, for whoever plays CPUs against each other: ask for
 * the line, and take it when it leaves its holder (at once, if it is here).  In
 * between others may go on.
 */
struct cost_request {
	enum cost_op op;
	struct mesi_line *line;
	uint64_t leaves;
	uint64_t arrives;
};

/* False: the line is here, nothing is asked for; cost_take() may follow. */
bool cost_ask(struct cost *c, unsigned cpu, enum cost_op op,
    const void *address, struct cost_request *request);
enum mesi_need cost_take(struct cost *c, unsigned cpu,
    const struct cost_request *request);
/* When a line arrives that was asked for ahead; 0: it was not, or is here. */
uint64_t cost_ahead(const struct cost *c, unsigned cpu,
    const struct mesi_line *line);

/* Both steps at once. */
enum mesi_need cost_access(struct cost *c, unsigned cpu, enum cost_op op,
    const void *address);
void cost_fence(struct cost *c, unsigned cpu);
void cost_work(struct cost *c, unsigned cpu, uint64_t cycles);

/* The i-th kick of one set, from 0: answers with when it arrives. */
uint64_t cost_kick(struct cost *c, unsigned cpu, unsigned i);
void cost_interrupt(struct cost *c, unsigned cpu, uint64_t arrival);
void cost_interrupt_end(struct cost *c, unsigned cpu);

uint64_t cost_now(const struct cost *c, unsigned cpu);
void cost_wait_until(struct cost *c, unsigned cpu, uint64_t when);
/* A new operation: all clocks 0, all counts 0, the caches as they are. */
void cost_reset(struct cost *c);

#endif /* XCPU_SIM_COST_H */
