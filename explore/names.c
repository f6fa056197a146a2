/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c: what words are called in tables.
 *
 * "cpu1.flush.passed" says more than an address.  The fields of the library's
 * structures that are shared are listed here; one that is missing shows as an
 * offset into its structure, and is no error.
 */
#include "engine.h"

#include <stdio.h>

#define NAMES 32

struct field {
	size_t offset;
	size_t size;
	const char *name;
};

#define FIELD(type, member) \
	{ offsetof(type, member), sizeof(((type *)NULL)->member), #member }

static const struct field cpu_fields[] = {
	FIELD(struct xcpu_cpu, claims),
	FIELD(struct xcpu_cpu, posting),
	FIELD(struct xcpu_cpu, running),
	FIELD(struct xcpu_cpu, waiting),
	FIELD(struct xcpu_cpu, flush.loaded),
	FIELD(struct xcpu_cpu, flush.loaded_generation),
	FIELD(struct xcpu_cpu, flush.kernel_generation),
	FIELD(struct xcpu_cpu, flush.passed),
	FIELD(struct xcpu_cpu, event.pending),
	FIELD(struct xcpu_cpu, event.passed),
	FIELD(struct xcpu_cpu, call.source_words),
	FIELD(struct xcpu_cpu, call.sources),
	FIELD(struct xcpu_cpu, call.slot[0].part[0].todo),
	FIELD(struct xcpu_cpu, call.slot[0].part[0].open),
	FIELD(struct xcpu_cpu, call.slot[1].part[0].todo),
	FIELD(struct xcpu_cpu, call.slot[1].part[0].open),
	FIELD(struct xcpu_cpu, msg.active),
	FIELD(struct xcpu_cpu, msg.passive),
	FIELD(struct xcpu_cpu, msg.asleep),
	FIELD(struct xcpu_cpu, msg.out),
	{ 0, 0, NULL }
};

static const struct field domain_fields[] = {
	FIELD(struct xcpu_domain, ceiling),
	FIELD(struct xcpu_domain, online),
	FIELD(struct xcpu_domain, flush_round),
	FIELD(struct xcpu_domain, event_round),
	FIELD(struct xcpu_domain, rings_used),
	FIELD(struct xcpu_domain, msg_always_tell),
	FIELD(struct xcpu_domain, kernel.generation),
	FIELD(struct xcpu_domain, kernel.active),
	{ 0, 0, NULL }
};

static const struct field space_fields[] = {
	FIELD(struct xcpu_space, generation),
	FIELD(struct xcpu_space, active),
	{ 0, 0, NULL }
};

static const struct field line_fields[] = {
	FIELD(struct xcpu_line, bell),
	FIELD(struct xcpu_line, slot),
	FIELD(struct xcpu_line, body),
	{ 0, 0, NULL }
};

static const struct field event_fields[] = {
	FIELD(struct xcpu_event_slot, state),
	FIELD(struct xcpu_event_slot, fn),
	FIELD(struct xcpu_event_slot, arg),
	{ 0, 0, NULL }
};

static const struct field call_fields[] = {
	FIELD(struct xcpu_call, state),
	FIELD(struct xcpu_call, pending),
	{ 0, 0, NULL }
};

/* An array of structures of one kind. */
struct place {
	const char *start;
	size_t size;		/* of one */
	unsigned n;
	const char *name;
	const struct field *fields;
};

static struct place places[NAMES];
static unsigned nplaces;

static void
add(const void *start, size_t size, unsigned n, const char *name,
    const struct field *fields)
{
	if (nplaces < NAMES)
		places[nplaces++] = (struct place){ start, size, n, name, fields };
}

void
names_begin(void)
{
	nplaces = 0;
	add(explore_cpu, sizeof(explore_cpu[0]), CPUS, "cpu", cpu_fields);
	add(explore_domain.line, sizeof(explore_domain.line[0]), XCPU_GROUPS,
	    "line", line_fields);
	add(explore_domain.event, sizeof(explore_domain.event[0]),
	    XCPU_EVENT_MAX, "event", event_fields);
	add(&explore_domain, sizeof(explore_domain), 1, "domain", domain_fields);
	add(explore_frame, sizeof(explore_frame[0]), EXPLORE_FRAMES, "frame",
	    NULL);
}

/* What the object is follows from its size: programs name few kinds. */
void
names_add(const void *object, size_t size, const char *name)
{
	const struct field *fields = size == sizeof(struct xcpu_space) ?
	    space_fields : size == sizeof(struct xcpu_call) ? call_fields : NULL;

	add(object, size, 1, name, fields);
}

static void
append_field(const struct place *place, size_t offset, char *out, size_t room)
{
	const struct field *f = place->fields;

	for (; f != NULL && f->name != NULL; f++) {
		if (offset - f->offset >= f->size)
			continue;
		if (offset == f->offset)
			snprintf(out, room, ".%s", f->name);
		else
			snprintf(out, room, ".%s+%zu", f->name,
			    offset - f->offset);
		return;
	}
	if (offset != 0)
		snprintf(out, room, "+%zu", offset);
}

/* Valid until four more calls. */
const char *
names_of(const void *p)
{
	static char buffers[4][64];
	static unsigned turn;
	char *out = buffers[turn++ % 4];

	for (unsigned i = 0; i < nplaces; i++) {
		const struct place *place = &places[i];
		size_t offset = (size_t)((const char *)p - place->start);
		int n;

		if (offset >= place->size * place->n)
			continue;
		if (place->n > 1)
			n = snprintf(out, 64, "%s%zu", place->name,
			    offset / place->size);
		else
			n = snprintf(out, 64, "%s", place->name);
		append_field(place, offset % place->size, out + n,
		    64 - (size_t)n);
		return out;
	}
	snprintf(out, 64, "data+%zu", shadow_offset(p));
	return out;
}
