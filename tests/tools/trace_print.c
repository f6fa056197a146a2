/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_print.c: read a binary trace through work/trace.c and print all of it,
 * for test_traces.py to hold against what the writer meant.
 *
 *	trace_print FILE...	one file: its content; more: one line each
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace.h"

static unsigned char *
read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	unsigned char *bytes;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		return NULL;
	*len = (size_t)ftell(file);
	rewind(file);
	/* Exactly as long as the file, so that a sanitizer sees one byte more. */
	bytes = malloc(*len > 0 ? *len : 1);
	if (bytes != NULL && fread(bytes, 1, *len, file) != *len)
		return NULL;
	fclose(file);
	return bytes;
}

static void
print_table(const char *name, const uint32_t *table, unsigned n)
{
	unsigned i;

	printf("%s", name);
	for (i = 0; i < n; i++)
		printf(" %" PRIu32, table[i]);
	printf("\n");
}

static void
print_header(const struct trace *t)
{
	const struct trace_expected *e = &t->expected;
	const struct trace_recorded *r = &t->recorded;

	printf("name %s\nevents %" PRIu32 "\ncpus %" PRIu32 "\nframes %" PRIu64
	    "\nrange %" PRIu32 "\nlive %" PRIu32 "\n", t->name, t->events,
	    t->cpus, t->frames, t->range_pages, t->spaces_live);
	printf("counts %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
	    t->records, t->spaces, t->threads, t->pages);
	print_table("lines", e->lines, TRACE_CLASS_COUNT);
	print_table("ops", e->ops, TRACE_OP_COUNT);
	printf("notes %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
	    e->hidden, e->raced, e->cow_absent, e->fork_ignored);
	print_table("requests", e->requests, TRACE_CAUSE_COUNT);
	print_table("needs", e->needs, TRACE_CAUSE_COUNT);
	print_table("ignored", e->ignored, TRACE_IGNORED_COUNT);
	print_table("recorded_requests", r->requests, TRACE_CAUSE_COUNT);
	print_table("recorded_kicks", r->kicks, TRACE_CAUSE_COUNT);
	printf("recorded %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32
	    " %" PRIu32 "\n", r->requests_remote, r->requests_local, r->ipis,
	    r->ipis_flush, r->ipis_reschedule);
}

static void
print_all(const struct trace *t)
{
	struct trace_record r;
	struct trace_space s;
	uint32_t i, page;

	print_header(t);
	for (i = 0; i < t->spaces; i++) {
		trace_space(t, i, &s);
		printf("space %" PRIu32 " %" PRIu32 " :", s.tgid, s.execs);
		for (page = 0; page < s.npages; page++)
			printf(" %" PRIx64, trace_page(t, s.first + page));
		printf("\n");
	}
	for (i = 0; i < t->records; i++) {
		trace_record(t, i, &r);
		printf("%" PRIu32 " %u %u %u %u %u %u %u %u %" PRIu64 " %" PRIu32
		    " %" PRIu32 "\n", r.line, r.op, r.rights, r.flags, r.lines,
		    r.cpu, r.thread, r.space, r.other, r.time_ns, r.page,
		    r.npages);
	}
}

/* Touches everything, so that a sanitizer sees what validation let through. */
static uint64_t
walk(const struct trace *t)
{
	struct trace_record r;
	struct trace_space s;
	uint64_t sum = 0;
	uint32_t i, page;

	for (i = 0; i < t->records; i++) {
		trace_record(t, i, &r);
		if (r.space == TRACE_NONE)
			continue;
		trace_space(t, r.space, &s);
		for (page = 0; page < r.npages; page++)
			sum += trace_page(t, s.first + r.page + page);
	}
	return sum;
}

int
main(int argc, char **argv)
{
	int i, error = 0;

	for (i = 1; i < argc; i++) {
		struct trace trace;
		size_t len;
		unsigned char *bytes = read_file(argv[i], &len);

		if (bytes == NULL) {
			perror(argv[i]);
			return 2;
		}
		error = trace_open(&trace, bytes, len);
		if (argc > 2)
			printf("%d %s %" PRIx64 "\n", error,
			    trace_strerror(error), error ? 0 : walk(&trace));
		else if (error != 0)
			printf("%d %s\n", error, trace_strerror(error));
		else
			print_all(&trace);
		free(bytes);
	}
	return error != 0;
}
