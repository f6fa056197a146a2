/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mesi.c: see mesi.h.
 *
 * Lines stand in one list in the order of their first use, so that whoever
 * walks them does so in the same order in every run; a hash table over the
 * list finds them.
 */
#include "mesi.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_BUCKETS	1024

struct mesi {
	unsigned ncpu;
	unsigned nwords;
	bool migratory;
	uint64_t transactions;
	struct mesi_line **list;
	size_t nlines;
	struct mesi_line **bucket;	/* open addressing, never over half full */
	size_t nbuckets;
};

static void *
get_memory(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL) {
		fprintf(stderr, "mesi: no memory for %zu lines: "
		    "try fewer CPUs\n", n);
		exit(2);
	}
	return p;
}

struct mesi *
mesi_create(unsigned ncpu, bool migratory)
{
	struct mesi *m = get_memory(1, sizeof(*m));

	m->ncpu = ncpu;
	m->nwords = (ncpu + 63) / 64;
	m->migratory = migratory;
	m->nbuckets = FIRST_BUCKETS;
	m->bucket = get_memory(m->nbuckets, sizeof(*m->bucket));
	m->list = get_memory(m->nbuckets / 2, sizeof(*m->list));
	return m;
}

void
mesi_destroy(struct mesi *m)
{
	for (size_t i = 0; i < m->nlines; i++) {
		free(m->list[i]->sharers);
		free(m->list[i]);
	}
	free(m->list);
	free(m->bucket);
	free(m);
}

/* Where the line is, or where it would be put. */
static struct mesi_line **
find(const struct mesi *m, uintptr_t number)
{
	size_t i = (size_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 20);

	/* Ends at a free place: half of them are. */
	for (;; i++) {
		struct mesi_line **place = &m->bucket[i & (m->nbuckets - 1)];

		if (*place == NULL || (*place)->number == number)
			return place;
	}
}

static void
grow(struct mesi *m)
{
	struct mesi_line **old = m->list;

	free(m->bucket);
	m->nbuckets *= 2;
	m->bucket = get_memory(m->nbuckets, sizeof(*m->bucket));
	m->list = get_memory(m->nbuckets / 2, sizeof(*m->list));
	for (size_t i = 0; i < m->nlines; i++) {
		m->list[i] = old[i];
		*find(m, old[i]->number) = old[i];
	}
	free(old);
}

struct mesi_line *
mesi_line(struct mesi *m, const void *address)
{
	uintptr_t number = (uintptr_t)address / MESI_LINE_BYTES;
	struct mesi_line *line = *find(m, number);

	if (line != NULL)
		return line;
	if (m->nlines == m->nbuckets / 2)
		grow(m);
	line = get_memory(1, sizeof(*line));
	line->number = number;
	line->owner = line->last = MESI_NOBODY;
	line->sharers = get_memory(m->nwords, sizeof(*line->sharers));
	m->list[m->nlines++] = line;
	*find(m, number) = line;
	return line;
}

static bool
shares(const struct mesi_line *line, unsigned cpu)
{
	return (line->sharers[cpu / 64] >> cpu % 64 & 1) != 0;
}

static void
share(struct mesi_line *line, unsigned cpu)
{
	line->sharers[cpu / 64] |= (uint64_t)1 << cpu % 64;
	line->nsharers++;
}

bool
mesi_holds(const struct mesi_line *line, unsigned cpu)
{
	return line->owner == cpu || shares(line, cpu);
}

enum mesi_need
mesi_need(const struct mesi_line *line, unsigned cpu, enum mesi_op op)
{
	if (op == MESI_READ)
		return mesi_holds(line, cpu) ? MESI_HIT : MESI_GETS;
	if (line->owner == cpu)
		return MESI_HIT;
	return shares(line, cpu) ? MESI_UPGRADE : MESI_GETM;
}

static void
get_shared(const struct mesi *m, struct mesi_line *line, unsigned cpu)
{
	bool nobody = line->owner == MESI_NOBODY && line->nsharers == 0;

	if (nobody || (m->migratory && line->owner != MESI_NOBODY &&
	    line->written)) {
		line->owner = cpu;
		line->written = false;
		return;
	}
	if (line->owner != MESI_NOBODY)
		share(line, line->owner);
	line->owner = MESI_NOBODY;
	line->written = false;
	share(line, cpu);
}

static void
get_exclusive(const struct mesi *m, struct mesi_line *line, unsigned cpu)
{
	for (unsigned i = 0; i < m->nwords; i++)
		line->sharers[i] = 0;
	line->nsharers = 0;
	line->owner = cpu;
	line->written = false;
}

enum mesi_need
mesi_access(struct mesi *m, struct mesi_line *line, unsigned cpu,
    enum mesi_op op)
{
	enum mesi_need need = mesi_need(line, cpu, op);

	if (need == MESI_GETS)
		get_shared(m, line, cpu);
	else if (need != MESI_HIT)
		get_exclusive(m, line, cpu);
	if (op == MESI_WRITE)
		line->written = true;
	if (need != MESI_HIT) {
		line->transactions++;
		m->transactions++;
	}
	return need;
}

uint64_t
mesi_transactions(const struct mesi *m)
{
	return m->transactions;
}

const struct mesi_line *
mesi_busiest(const struct mesi *m)
{
	const struct mesi_line *busiest = NULL;

	for (size_t i = 0; i < m->nlines; i++)
		if (busiest == NULL ||
		    m->list[i]->transactions > busiest->transactions)
			busiest = m->list[i];
	return busiest;
}

void
mesi_reset_counts(struct mesi *m)
{
	m->transactions = 0;
	for (size_t i = 0; i < m->nlines; i++) {
		m->list[i]->transactions = 0;
		m->list[i]->busy = 0;
		m->list[i]->last = MESI_NOBODY;
	}
}
