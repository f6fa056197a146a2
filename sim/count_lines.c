/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count_lines.c: which words a transaction was about, and which line of the
 * source made it.
 */
#include "count.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct field {
	const char *name;
	size_t offset;
};

/* In the order of their offsets: a field reaches to the next. */
static const struct field cpu_fields[] = {
	{ "cpu.self", 0 },
	{ "cpu.running", offsetof(struct xcpu_cpu, claims) },
	{ "cpu.flush", offsetof(struct xcpu_cpu, flush) },
	{ "cpu.event", offsetof(struct xcpu_cpu, event) },
	{ "cpu.call.source_words", offsetof(struct xcpu_cpu, call.source_words) },
	{ "cpu.call.sources", offsetof(struct xcpu_cpu, call.sources) },
	{ "cpu.call.held", offsetof(struct xcpu_cpu, call.held) },
	{ "cpu.call.slot", offsetof(struct xcpu_cpu, call.slot) },
#if XCPU_STATS
	{ "cpu.stat", offsetof(struct xcpu_cpu, stat) },
#endif
};

static const struct field domain_fields[] = {
	{ "domain.self", 0 },
	{ "domain.online", offsetof(struct xcpu_domain, online) },
	{ "domain.flush_round", offsetof(struct xcpu_domain, flush_round) },
	{ "domain.event_round", offsetof(struct xcpu_domain, event_round) },
	{ "domain.kernel", offsetof(struct xcpu_domain, kernel) },
	{ "domain.event", offsetof(struct xcpu_domain, event) },
	{ "domain.line", offsetof(struct xcpu_domain, line) },
};

static const struct field slot_fields[] = {
	{ "fn", offsetof(struct xcpu_call_slot, fn) },
	{ "part", offsetof(struct xcpu_call_slot, part) },
};

static const struct field space_fields[] = {
	{ "space.generation", 0 },
	{ "space.active", offsetof(struct xcpu_space, active) },
};

#define FIELD(fields, offset)						\
	find_field(fields, sizeof(fields) / sizeof((fields)[0]), offset)

static const char *
find_field(const struct field *fields, size_t n, size_t offset)
{
	size_t i = 0;

	while (i + 1 < n && fields[i + 1].offset <= offset)
		i++;
	return fields[i].name;
}

static bool
inside(uintptr_t p, const void *object, size_t size, size_t *offset)
{
	*offset = p - (uintptr_t)object;
	return p >= (uintptr_t)object && *offset < size;
}

/* The name of the word at an address; *index: of which CPU, line or the like. */
static void
name_word(const struct xcpu_domain *domain, uintptr_t p, char *name,
    unsigned size, int *index)
{
	size_t offset;

	*index = -1;
	if (inside(p, domain, sizeof(*domain), &offset)) {
		snprintf(name, size, "%s", FIELD(domain_fields, offset));
		if (offset >= offsetof(struct xcpu_domain, line))
			*index = (int)((offset - offsetof(struct xcpu_domain,
			    line)) / sizeof(struct xcpu_line));
	} else if (inside(p, domain->cpus, domain->ncpu *
	    sizeof(struct xcpu_cpu), &offset)) {
		size_t in = offset % sizeof(struct xcpu_cpu);
		const char *field = FIELD(cpu_fields, in);
		size_t slot = (in - offsetof(struct xcpu_cpu, call.slot)) %
		    sizeof(struct xcpu_call_slot);

		*index = (int)(offset / sizeof(struct xcpu_cpu));
		if (strcmp(field, "cpu.call.slot") == 0)
			snprintf(name, size, "%s.%s", field,
			    FIELD(slot_fields, slot));
		else
			snprintf(name, size, "%s", field);
	} else if (inside(p, count_space(), sizeof(struct xcpu_space),
	    &offset)) {
		snprintf(name, size, "%s", FIELD(space_fields, offset));
	} else {
		snprintf(name, size, "caller's");
	}
}

void
count_name_line(const struct xcpu_domain *domain, uintptr_t number,
    char *name, unsigned size)
{
	char field[40];
	int index;

	name_word(domain, number * MESI_LINE_BYTES, field, sizeof(field),
	    &index);
	if (index >= 0)
		snprintf(name, size, "%s[%d]", field, index);
	else
		snprintf(name, size, "%s", field);
}

/* ---- by line of the source ---- */

struct tally {
	uint32_t n[2][MESI_NEEDS];	/* target, initiator */
	char word[32];
};

static struct tally *tally[COUNT_MODELS];

static size_t
nsites(void)
{
	return (size_t)(__stop_sim_sites - __start_sim_sites);
}

void
count_clear_tally(void)
{
	for (unsigned i = 0; i < COUNT_MODELS; i++) {
		if (tally[i] == NULL)
			tally[i] = calloc(nsites(), sizeof(*tally[i]));
		if (tally[i] == NULL) {
			fprintf(stderr, "xcpu-count: no memory\n");
			exit(2);
		}
		memset(tally[i], 0, nsites() * sizeof(*tally[i]));
	}
}

void
count_tally(unsigned model, const struct sim_site *site, bool initiator,
    enum mesi_need need, const struct xcpu_domain *domain, const void *p)
{
	struct tally *t;
	int index;

	if (tally[model] == NULL)
		return;
	t = &tally[model][site - __start_sim_sites];
	if (t->word[0] == '\0')
		name_word(domain, (uintptr_t)p, t->word, sizeof(t->word),
		    &index);
	t->n[initiator][need]++;
}

static int
by_place(const void *a, const void *b)
{
	const struct sim_site *x = &__start_sim_sites[*(const size_t *)a];
	const struct sim_site *y = &__start_sim_sites[*(const size_t *)b];
	int file = strcmp(x->file, y->file);

	if (file != 0)
		return file;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void
print_site(const struct sim_site *site, const struct tally *t)
{
	static const char *const need[] = { "", "GetS", "GetM", "Upgrade" };
	static const char *const op[] = { "load", "store", "xchg", "or", "and",
		"add", "cas", "fence", "own", "load", "store" };
	static const char *const who[] = { "target", "initiator" };

	for (unsigned w = 0; w < 2; w++)
		for (unsigned i = MESI_GETS; i < MESI_NEEDS; i++)
			if (t->n[w][i] != 0)
				printf("#   %6u %-7s %-9s %-5s %s:%u %s\n",
				    t->n[w][i], need[i], who[w], op[site->op],
				    site->file, site->line, t->word);
}

/* The transactions of the last operation, by the place that caused them. */
void
count_print_tally(unsigned model)
{
	size_t *order = calloc(nsites(), sizeof(*order));

	if (order == NULL)
		return;
	for (size_t i = 0; i < nsites(); i++)
		order[i] = i;
	qsort(order, nsites(), sizeof(*order), by_place);
	for (size_t i = 0; i < nsites(); i++)
		print_site(&__start_sim_sites[order[i]],
		    &tally[model][order[i]]);
	free(order);
}
