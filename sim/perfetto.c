/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perfetto.c: see perfetto.h.
 *
 * The format is Chrome's JSON trace events: complete events ("X"), flows ("s"
 * and "f", bound to the slice around them), async spans ("b" and "e"), instants
 * and counters.  `ts` is in microseconds, so a unit of the simulation is 0.001.
 */
#include "perfetto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct perfetto {
	FILE *file;
	uint64_t ids;		/* of flows and spans */
	bool first;
};

static void
put_name(FILE *file, const char *name)
{
	fputc('"', file);
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			fputc('\\', file);
		if ((unsigned char)*name >= ' ')
			fputc(*name, file);
	}
	fputc('"', file);
}

/* Opens an event; the caller adds what it has more, and closes it. */
static void
begin(struct perfetto *p, const char *phase, const char *name)
{
	fprintf(p->file, "%s\n{\"ph\":\"%s\",\"pid\":1,\"name\":",
	    p->first ? "" : ",", phase);
	put_name(p->file, name);
	p->first = false;
}

static void
put_time(struct perfetto *p, const char *key, uint64_t t)
{
	fprintf(p->file, ",\"%s\":%" PRIu64 ".%03u", key, t / 1000,
	    (unsigned)(t % 1000));
}

static void
put_at(struct perfetto *p, unsigned cpu, uint64_t when)
{
	fprintf(p->file, ",\"tid\":%u", cpu);
	put_time(p, "ts", when);
}

static void
name_track(struct perfetto *p, const char *what, unsigned cpu,
    const char *name)
{
	begin(p, "M", what);
	fprintf(p->file, ",\"tid\":%u,\"args\":{\"name\":", cpu);
	put_name(p->file, name);
	fputs("}}", p->file);
}

struct perfetto *
perfetto_open(const char *path, const char *process, unsigned ncpu)
{
	struct perfetto *p = calloc(1, sizeof(*p));
	bool standard = path[0] == '-' && path[1] == '\0';
	char name[32];

	if (p == NULL)
		return NULL;
	p->file = standard ? stdout : fopen(path, "w");
	if (p->file == NULL) {
		perror(path);
		free(p);
		return NULL;
	}
	p->first = true;
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", p->file);
	name_track(p, "process_name", 0, process);
	for (unsigned cpu = 0; cpu < ncpu; cpu++) {
		snprintf(name, sizeof(name), "CPU %u", cpu);
		name_track(p, "thread_name", cpu, name);
		begin(p, "M", "thread_sort_index");
		fprintf(p->file, ",\"tid\":%u,\"args\":{\"sort_index\":%u}}",
		    cpu, cpu);
	}
	return p;
}

bool
perfetto_close(struct perfetto *p)
{
	bool good;

	fputs("\n]}\n", p->file);
	good = fflush(p->file) == 0 && ferror(p->file) == 0;
	if (p->file != stdout && fclose(p->file) != 0)
		good = false;
	free(p);
	return good;
}

void
perfetto_slice(struct perfetto *p, unsigned cpu, const char *name,
    uint64_t start, uint64_t length)
{
	begin(p, "X", name);
	put_at(p, cpu, start);
	put_time(p, "dur", length);
	fputc('}', p->file);
}

void
perfetto_instant(struct perfetto *p, unsigned cpu, const char *name,
    uint64_t when)
{
	begin(p, "i", name);
	put_at(p, cpu, when);
	fputs(",\"s\":\"t\"}", p->file);
}

void
perfetto_flow(struct perfetto *p, unsigned from, uint64_t sent, unsigned to,
    uint64_t arrived)
{
	uint64_t id = ++p->ids;

	begin(p, "s", "kick");
	put_at(p, from, sent);
	fprintf(p->file, ",\"cat\":\"kick\",\"id\":%" PRIu64 "}", id);
	begin(p, "f", "kick");
	put_at(p, to, arrived);
	fprintf(p->file, ",\"cat\":\"kick\",\"bp\":\"e\",\"id\":%" PRIu64 "}",
	    id);
}

void
perfetto_wait(struct perfetto *p, unsigned cpu, const char *name,
    uint64_t start, uint64_t end)
{
	uint64_t id = ++p->ids;

	begin(p, "b", name);
	put_at(p, cpu, start);
	fprintf(p->file, ",\"cat\":\"wait\",\"id\":%" PRIu64 "}", id);
	begin(p, "e", name);
	put_at(p, cpu, end);
	fprintf(p->file, ",\"cat\":\"wait\",\"id\":%" PRIu64 "}", id);
}

void
perfetto_counter(struct perfetto *p, const char *name, uint64_t when,
    uint64_t value)
{
	begin(p, "C", name);
	put_at(p, 0, when);
	fprintf(p->file, ",\"args\":{\"value\":%" PRIu64 "}}", value);
}
