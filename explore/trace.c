/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.c: an execution, as a table and as a diagram.
 *
 * One column per CPU, one line per access; a read says which line its store
 * stands in ("start": it was there at first).
 */
#include "engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINES	4096
#define WIDTH	58

struct line {
	uint8_t cpu;
	bool nested;
	char text[WIDTH * 2];
	unsigned from;		/* line of the store that it read; 0: none */
	uint8_t from_cpu;
};

static struct line lines[LINES];
static unsigned nlines;
static unsigned line_of_event[EVENTS + 1];
static const char *at_file;
static int at_line;

void
trace_begin(void)
{
	nlines = 0;
	memset(line_of_event, 0, sizeof(line_of_event));
}

void
trace_at(const char *file, int line)
{
	at_file = file;
	at_line = line;
}

static const char *
base(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash != NULL ? slash + 1 : file;
}

static struct line *
new_line(void)
{
	struct line *line = &lines[nlines];

	if (nlines + 1 < LINES)
		nlines++;
	memset(line, 0, sizeof(*line));
	line->cpu = (uint8_t)eng.me->index;
	line->nested = eng.me->nested != 0;
	return line;
}

void
trace_text(const char *fmt, ...)
{
	struct line *line = new_line();
	va_list args;

	va_start(args, fmt);
	vsnprintf(line->text, sizeof(line->text), fmt, args);
	va_end(args);
}

static int
put_place(char *out, size_t room, const struct sim_site *site)
{
	const char *file = site != NULL ? site->file : at_file;
	int line = site != NULL ? (int)site->line : at_line;

	if (line == 0)
		return 0;
	return snprintf(out, room, "%s:%d ", base(file), line);
}

static const char *
order_name(unsigned order)
{
	switch (order) {
	case __ATOMIC_ACQUIRE:
		return ".acq";
	case __ATOMIC_RELEASE:
		return ".rel";
	case __ATOMIC_ACQ_REL:
		return ".ar";
	case __ATOMIC_SEQ_CST:
		return ".sc";
	default:
		return ".rlx";
	}
}

static const char *
op_name(const struct op *op)
{
	static const char *const rmw[] = {
		[SIM_XCHG] = "xchg", [SIM_OR] = "or", [SIM_AND] = "and",
		[SIM_ADD] = "add",
	};

	switch (op->kind) {
	case OP_LOAD:
		return "load";
	case OP_STORE:
		return "store";
	case OP_CAS:
		return "cas";
	case OP_RMW:
		return rmw[op->rmw];
	case OP_FENCE:
		return "fence";
	case OP_TRANSLATE:
		return "walker";
	default:
		return "kick";
	}
}

static void
put_cpus(struct line *line, size_t n, unsigned cpus)
{
	for (unsigned i = 0; i < CPUS; i++)
		if ((cpus >> i & 1) != 0)
			n += (size_t)snprintf(line->text + n,
			    sizeof(line->text) - n, " CPU %u", i);
}

static void
put_from(struct line *line, const struct op *op, const struct step *step)
{
	const struct message *m = op->loc->message[step->ts];

	line->from = line_of_event[m->event];
	line->from_cpu = eng.event[m->event].step.cpu;
}

void
trace_access(const struct op *op, const struct step *step, uint64_t before,
    uint64_t after)
{
	struct line *line = new_line();
	size_t n = (size_t)put_place(line->text, sizeof(line->text), op->site);
	char *out = line->text + n;
	size_t room = sizeof(line->text) - n;
	const char *order = op->kind == OP_TRANSLATE ? "" : order_name(op->order);
	const char *name;

	if (op->kind == OP_KICK) {
		n += (size_t)snprintf(out, room, "kick");
		put_cpus(line, n, op->cpus);
		return;
	}
	if (op->kind == OP_FENCE) {
		snprintf(out, room, "fence%s", order);
		return;
	}
	name = names_of(op->loc->address);
	if (op->kind == OP_STORE)
		snprintf(out, room, "%s%s %s = %llx", op_name(op), order, name,
		    (unsigned long long)after);
	else if (before == after)
		snprintf(out, room, "%s%s %s : %llx", op_name(op), order, name,
		    (unsigned long long)before);
	else
		snprintf(out, room, "%s%s %s : %llx -> %llx", op_name(op), order,
		    name, (unsigned long long)before, (unsigned long long)after);
	if (op->kind != OP_STORE)
		put_from(line, op, step);
	if (eng.event[eng.nevents].step.cpu == line->cpu && op->kind != OP_LOAD &&
	    op->kind != OP_TRANSLATE)
		line_of_event[eng.nevents] = (unsigned)(line - lines) + 1;
}

void
trace_plain(const void *p, const char *what, uint64_t v,
    const struct sim_site *site)
{
	struct line *line = new_line();
	size_t n = (size_t)put_place(line->text, sizeof(line->text), site);

	snprintf(line->text + n, sizeof(line->text) - n, "%s %s %c %llx", what,
	    names_of(p), what[0] == 'r' ? ':' : '=', (unsigned long long)v);
}

/* ---- output ---- */

static void
print_text(const struct line *line)
{
	char text[WIDTH * 2 + 32];

	if (line->from != 0)
		snprintf(text, sizeof(text), "%s%s  <%u>",
		    line->nested ? "  " : "", line->text, line->from);
	else
		snprintf(text, sizeof(text), "%s%s", line->nested ? "  " : "",
		    line->text);
	printf("%s\n", text);
}

void
trace_table(void)
{
	unsigned width = eng.ncpu > 2 ? 36 : 48;

	printf("#     ");
	for (unsigned i = 0; i < eng.ncpu; i++)
		printf("CPU %-*u", (int)width - 4, i);
	printf("\n");
	for (unsigned i = 0; i < nlines; i++) {
		printf("# %3u ", i + 1);
		for (unsigned c = 0; c < lines[i].cpu; c++)
			printf("%-*s", (int)width, ".");
		print_text(&lines[i]);
	}
	printf("#     <n>: the value is from line n; none: it was there at the "
	    "start\n");
}

/* Semicolons and hashes mean something to Mermaid. */
static void
print_escaped(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == ';' || *text == '#')
			printf("#%d;", *text);
		else
			putchar(*text);
	putchar('\n');
}

void
trace_mermaid(void)
{
	printf("sequenceDiagram\n");
	for (unsigned i = 0; i < eng.ncpu; i++)
		printf("    participant C%u as CPU %u\n", i, i);
	for (unsigned i = 0; i < nlines; i++) {
		const struct line *line = &lines[i];

		if (line->from != 0 && line->from_cpu != line->cpu)
			printf("    C%u-->>C%u: ", line->from_cpu, line->cpu);
		else
			printf("    Note over C%u: ", line->cpu);
		print_escaped(line->text);
	}
	printf("    Note over C0: ");
	print_escaped(eng.failure);
}
