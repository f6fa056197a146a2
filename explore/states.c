/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states.c: a set of final states, by their 64-bit hashes.
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t *table;
static uint64_t size;		/* a power of two */
static uint64_t used;

static bool
insert(uint64_t state)
{
	uint64_t i = state & (size - 1);

	while (table[i] != 0 && table[i] != state)	/* a third is empty */
		i = (i + 1) & (size - 1);
	if (table[i] == state)
		return false;
	table[i] = state;
	used++;
	return true;
}

static void
resize(uint64_t to)
{
	uint64_t *old = table;
	uint64_t n = size;

	table = calloc(to, sizeof(*table));
	if (table == NULL) {
		fprintf(stderr, "xcpu-explore: no memory for the states\n");
		exit(2);
	}
	size = to;
	used = 0;
	for (uint64_t i = 0; i < n; i++)
		if (old[i] != 0)
			insert(old[i]);
	free(old);
}

bool
states_add(uint64_t state)
{
	if (used * 3 >= size * 2)
		resize(size == 0 ? 4096 : size * 2);
	return insert(state == 0 ? 1 : state);
}

void
states_clear(void)
{
	if (table != NULL)
		memset(table, 0, size * sizeof(*table));
	used = 0;
}

uint64_t
states_count(void)
{
	return used;
}
