/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race.c: plain data, and objects that are done with.
 *
 * Two accesses race if neither happens before the other and one is a write.
 * Per word the last write and each CPU's last read are kept as epochs (Flanagan,
 * Freund: FastTrack, PLDI 2009): a CPU and its clock; the first places of a
 * CPU's view say up to which clock of each CPU everything happened before.
 * Whichever of the two comes second in an execution sees the race, so plain
 * accesses need no scheduling point.
 */
#include "engine.h"

#include <string.h>

#define CELL_BYTES	8
#define CELLS		(256 * 1024 / CELL_BYTES)

struct cell {
	uint8_t writer;
	uint8_t written;	/* clock; 0: never */
	uint8_t read[CPUS];
	bool used;
	bool poisoned;
};

static struct cell cells[CELLS];
static unsigned used[CELLS];
static unsigned nused;

void
race_reset(void)
{
	for (unsigned i = 0; i < nused; i++)
		memset(&cells[used[i]], 0, sizeof(cells[0]));
	nused = 0;
}

static struct cell *
cell_of(const void *p)
{
	unsigned i = (unsigned)(shadow_offset(p) / CELL_BYTES);
	struct cell *cell;

	if (!shadow_has(p))
		cpu_fail("plain shared data outside of EXPLORE_DATA");
	cell = &cells[i];
	if (!cell->used) {
		cell->used = true;
		used[nused++] = i;
	}
	return cell;
}

static void
check_poison(const struct cell *cell, const void *p)
{
	if (cell->poisoned)
		cpu_fail("%s is used, but its object was its owner's again",
		    names_of(p));
}

static void
check_write(const struct cpu *cpu, const struct cell *cell, const void *p,
    const char *what)
{
	if (cell->written > cpu->cur.at[cell->writer])
		cpu_fail("data race: CPU %u %s %s, and no order makes it come "
		    "after the write by CPU %u", cpu->index, what, names_of(p),
		    cell->writer);
}

void
race_read(struct cpu *cpu, const void *p)
{
	struct cell *cell = cell_of(p);

	check_poison(cell, p);
	check_write(cpu, cell, p, "reads");
	cell->read[cpu->index] = cpu->cur.at[cpu->index];
}

static void
check_readers(const struct cpu *cpu, const struct cell *cell, const void *p)
{
	for (unsigned i = 0; i < eng.ncpu; i++)
		if (cell->read[i] > cpu->cur.at[i])
			cpu_fail("data race: CPU %u writes %s, and no order "
			    "makes it come after the read by CPU %u",
			    cpu->index, names_of(p), i);
}

void
race_write(struct cpu *cpu, const void *p)
{
	struct cell *cell = cell_of(p);

	check_poison(cell, p);
	check_write(cpu, cell, p, "writes");
	check_readers(cpu, cell, p);
	cell->writer = (uint8_t)cpu->index;
	cell->written = cpu->cur.at[cpu->index];
}

static void
poison_word(const struct cpu *cpu, const char *p)
{
	const struct word *word = shadow_word(p);
	struct loc *loc;

	if (word->kind != WORD_SHARED)
		return;
	loc = shadow_loc(word);
	for (unsigned i = 0; i < eng.ncpu; i++)
		if (loc->touched[i] > cpu->cur.at[i])
			cpu_fail("%s: its owner has it back, but an access by "
			    "CPU %u is not ordered before that", names_of(p), i);
	loc->poisoned = true;
}

void
race_poison(struct cpu *cpu, char *object, size_t size)
{
	shadow_watch(object, size);
	for (size_t i = 0; i < size; i += sizeof(uint32_t))
		poison_word(cpu, object + i);
	for (size_t i = 0; i < size; i += CELL_BYTES) {
		race_write(cpu, object + i);
		cell_of(object + i)->poisoned = true;
	}
	memset(object, 0xa5, size);
}
