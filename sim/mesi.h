/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mesi.h: who holds which cache line, and what an access costs in transactions.
 *
 * A directory of infinite private caches under an invalidation protocol: each
 * line is held by nobody, by one CPU exclusively (E or M), or by several for
 * reading (S).  A transaction is a GetS, GetM or Upgrade that leaves a core.
 * The directory is a pure function of the accesses it was told, in their order;
 * it knows no time (cost.h does) and no values.
 *
 * Two variants.  Plain: whoever reads a line that another CPU wrote shares it
 * with him.  Migratory: he takes it over, for he will probably write it next;
 * if he does not, the line is shared with the reader after him.
 *
 * Not modelled: capacity and conflict misses, hardware prefetching, and lines
 * that a write pushes into another cache.
 */
#ifndef XCPU_SIM_MESI_H
#define XCPU_SIM_MESI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESI_LINE_BYTES	64
#define MESI_NOBODY	UINT32_MAX

enum mesi_op {
	MESI_READ,
	MESI_WRITE,		/* a store, or any read-modify-write */
	MESI_OWN		/* a prefetch for writing */
};

/* What an access needs of the other caches. */
enum mesi_need {
	MESI_HIT,
	MESI_GETS,
	MESI_GETM,
	MESI_UPGRADE,		/* is shared here, becomes exclusive */
	MESI_NEEDS
};

struct mesi_line {
	uintptr_t number;	/* address / MESI_LINE_BYTES */
	uint32_t owner;		/* holds it exclusively, or MESI_NOBODY */
	bool written;		/* by that owner, since he holds it */
	uint32_t nsharers;
	uint64_t *sharers;	/* a bit per CPU */
	uint32_t transactions;	/* since mesi_reset_counts() */
	uint64_t busy;		/* cost.c: nobody can get it before ... */
	uint32_t last;		/* ... who asked for it last has it */
};

struct mesi;

struct mesi *mesi_create(unsigned ncpu, bool migratory);
void mesi_destroy(struct mesi *m);

/* The line of an address; at first nobody holds it. */
struct mesi_line *mesi_line(struct mesi *m, const void *address);

bool mesi_holds(const struct mesi_line *line, unsigned cpu);

/* What the access would need now; changes nothing. */
enum mesi_need mesi_need(const struct mesi_line *line, unsigned cpu,
    enum mesi_op op);

/* Make the access; answers with what it needed. */
enum mesi_need mesi_access(struct mesi *m, struct mesi_line *line,
    unsigned cpu, enum mesi_op op);

/* Transactions since the last reset: of all lines, and on the busiest. */
uint64_t mesi_transactions(const struct mesi *m);
const struct mesi_line *mesi_busiest(const struct mesi *m);

/* Forget counts and times, not who holds what. */
void mesi_reset_counts(struct mesi *m);

#endif /* XCPU_SIM_MESI_H */
