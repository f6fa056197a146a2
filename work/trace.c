/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.c: the reader of a trace's binary form; see trace.h.
 *
 * The file is untrusted: a boot module may be anything.  Lengths are added in
 * 64 bits, from counts of 32, so that no sum can wrap before it is compared;
 * only then is the file read, byte by byte, so that neither alignment nor the
 * host's byte order matters.
 */
#include <stdbool.h>

#include "trace.h"

#define MAGIC		"XCPUTRC1"
#define HEADER_LEN	512
#define RECORD_LEN	32
#define SPACE_LEN	16
#define THREAD_LEN	8
#define PAGE_LEN	8
#define PAGE_MASK	UINT64_C(0xfff)

/* Where things stand in the header; tables of causes and ops have 16 places. */
enum {
	AT_VERSION = 8, AT_HEADER_LEN = 12, AT_FILE_LEN = 16, AT_CRC = 24,
	AT_RECORD_LEN = 28, AT_EVENTS = 32, AT_RECORDS = 36, AT_SPACES = 40,
	AT_THREADS = 44, AT_CPUS = 48, AT_PAGES = 52, AT_FRAMES = 56,
	AT_RANGE = 64, AT_LIVE = 68, AT_NAME = 72, AT_LINES = 104, AT_OPS = 120,
	AT_NOTES = 184, AT_REQUESTS = 200, AT_NEEDS = 264,
	AT_RECORDED_REQUESTS = 328, AT_RECORDED_KICKS = 392,
	AT_RECORDED_TOTALS = 456, AT_IGNORED = 480
};

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t
get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static void
get_table(const uint8_t *p, uint32_t *out, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		out[i] = get32(p + 4 * i);
}

/* CRC-32 (IEEE 802.3), four bits at a time. */
static uint32_t
checksum(const uint8_t *p, uint64_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
	};
	uint32_t crc = UINT32_MAX;
	uint64_t i;

	for (i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static const uint8_t *
spaces_at(const struct trace *trace)
{
	return trace->bytes + HEADER_LEN + (uint64_t)trace->records * RECORD_LEN;
}

static const uint8_t *
pages_at(const struct trace *trace)
{
	return spaces_at(trace) + (uint64_t)trace->spaces * SPACE_LEN +
	    (uint64_t)trace->threads * THREAD_LEN;
}

static void
read_tables(struct trace *trace, const uint8_t *p)
{
	struct trace_expected *expected = &trace->expected;
	struct trace_recorded *recorded = &trace->recorded;
	unsigned i;

	for (i = 0; i < sizeof(trace->name); i++)
		trace->name[i] = (char)p[AT_NAME + i];
	trace->name[i - 1] = '\0';
	get_table(p + AT_LINES, expected->lines, TRACE_CLASS_COUNT);
	get_table(p + AT_OPS, expected->ops, TRACE_OP_COUNT);
	expected->hidden = get32(p + AT_NOTES);
	expected->raced = get32(p + AT_NOTES + 4);
	expected->cow_absent = get32(p + AT_NOTES + 8);
	expected->fork_ignored = get32(p + AT_NOTES + 12);
	get_table(p + AT_REQUESTS, expected->requests, TRACE_CAUSE_COUNT);
	get_table(p + AT_NEEDS, expected->needs, TRACE_CAUSE_COUNT);
	get_table(p + AT_IGNORED, expected->ignored, TRACE_IGNORED_COUNT);
	get_table(p + AT_RECORDED_REQUESTS, recorded->requests,
	    TRACE_CAUSE_COUNT);
	get_table(p + AT_RECORDED_KICKS, recorded->kicks, TRACE_CAUSE_COUNT);
	recorded->requests_remote = get32(p + AT_RECORDED_TOTALS);
	recorded->requests_local = get32(p + AT_RECORDED_TOTALS + 4);
	recorded->ipis = get32(p + AT_RECORDED_TOTALS + 8);
	recorded->ipis_flush = get32(p + AT_RECORDED_TOTALS + 12);
	recorded->ipis_reschedule = get32(p + AT_RECORDED_TOTALS + 16);
}

static int
read_header(struct trace *trace, const uint8_t *p, size_t len)
{
	uint64_t need;
	unsigned i;

	for (i = 0; i < sizeof(MAGIC) - 1; i++) {
		if (i >= len || p[i] != (uint8_t)MAGIC[i])
			return -TRACE_EMAGIC;
	}
	if (len < HEADER_LEN)
		return -TRACE_ESHORT;
	if (get32(p + AT_VERSION) != TRACE_VERSION)
		return -TRACE_EVERSION;
	if (get64(p + AT_FILE_LEN) > len)
		return -TRACE_ESHORT;

	trace->bytes = p;
	trace->events = get32(p + AT_EVENTS);
	trace->records = get32(p + AT_RECORDS);
	trace->spaces = get32(p + AT_SPACES);
	trace->threads = get32(p + AT_THREADS);
	trace->cpus = get32(p + AT_CPUS);
	trace->pages = get32(p + AT_PAGES);
	trace->frames = get64(p + AT_FRAMES);
	trace->range_pages = get32(p + AT_RANGE);
	trace->spaces_live = get32(p + AT_LIVE);
	need = HEADER_LEN + (uint64_t)trace->records * RECORD_LEN +
	    (uint64_t)trace->spaces * SPACE_LEN +
	    (uint64_t)trace->threads * THREAD_LEN +
	    (uint64_t)trace->pages * PAGE_LEN;
	if (get64(p + AT_FILE_LEN) != need ||
	    get32(p + AT_HEADER_LEN) != HEADER_LEN ||
	    get32(p + AT_RECORD_LEN) != RECORD_LEN ||
	    trace->spaces >= TRACE_NONE || trace->threads >= TRACE_NONE)
		return -TRACE_ESIZE;
	if (checksum(p + AT_CRC + 4, need - AT_CRC - 4) != get32(p + AT_CRC))
		return -TRACE_ECHECKSUM;
	read_tables(trace, p);
	return 0;
}

/* The lists lie side by side, and each is in order. */
static bool
spaces_valid(const struct trace *trace)
{
	struct trace_space space;
	uint32_t i, page, next = 0;

	for (i = 0; i < trace->spaces; i++) {
		trace_space(trace, i, &space);
		if (space.first != next || space.npages > trace->pages - next)
			return false;
		next += space.npages;
		for (page = space.first; page < next; page++) {
			uint64_t va = trace_page(trace, page);

			if ((va & PAGE_MASK) != 0 || (page > space.first &&
			    va <= trace_page(trace, page - 1)))
				return false;
		}
	}
	return next == trace->pages;
}

/* What an operation cannot do without. */
static bool
record_complete(const struct trace *trace, const struct trace_record *r)
{
	bool thread = r->thread < trace->threads;
	bool space = r->space < trace->spaces;

	switch (r->op) {
	case TRACE_OP_SWITCH_LAZY:
	case TRACE_OP_SWITCH_FOREIGN:
		return !thread && !space;
	case TRACE_OP_IMPLICIT:
	case TRACE_OP_SWITCH_USER:
	case TRACE_OP_ENTER:
		return thread;		/* no space: it was dropped before */
	case TRACE_OP_FORK:
	case TRACE_OP_EXEC:
		return thread && space && r->other < trace->spaces &&
		    r->other != r->space;
	case TRACE_OP_CLONE:
		return thread && r->other < trace->threads;
	case TRACE_OP_FAULT:
	case TRACE_OP_COW:
		return thread && space && r->npages == 1;
	default:
		return thread && space;
	}
}

static bool
records_valid(const struct trace *trace)
{
	struct trace_space space = { 0 };
	struct trace_record r;
	uint32_t i;

	for (i = 0; i < trace->records; i++) {
		trace_record(trace, i, &r);
		if (r.op == TRACE_OP_NONE || r.op >= TRACE_OP_COUNT ||
		    r.cpu >= trace->cpus ||
		    (r.thread >= trace->threads && r.thread != TRACE_NONE) ||
		    (r.space >= trace->spaces && r.space != TRACE_NONE) ||
		    !record_complete(trace, &r))
			return false;
		space.npages = 0;
		if (r.space != TRACE_NONE)
			trace_space(trace, r.space, &space);
		if (r.page > space.npages || r.npages > space.npages - r.page ||
		    r.npages > trace->range_pages)
			return false;
		if (r.op <= TRACE_OP_SWITCH_FOREIGN && r.other != TRACE_NONE &&
		    r.other >= trace->threads)
			return false;
	}
	return true;
}

int
trace_open(struct trace *trace, const void *bytes, size_t len)
{
	int error = read_header(trace, bytes, len);

	if (error != 0)
		return error;
	if (!spaces_valid(trace) || !records_valid(trace))
		return -TRACE_ERECORD;
	return 0;
}

void
trace_record(const struct trace *trace, uint32_t i, struct trace_record *record)
{
	const uint8_t *p = trace->bytes + HEADER_LEN + (uint64_t)i * RECORD_LEN;

	record->line = get32(p);
	record->op = p[4];
	record->rights = p[5];
	record->flags = p[6];
	record->lines = p[7];
	record->cpu = get16(p + 8);
	record->thread = get16(p + 10);
	record->space = get16(p + 12);
	record->other = get16(p + 14);
	record->page = get32(p + 16);
	record->npages = get32(p + 20);
	record->time_ns = get64(p + 24);
}

void
trace_space(const struct trace *trace, uint32_t space, struct trace_space *out)
{
	const uint8_t *p = spaces_at(trace) + (uint64_t)space * SPACE_LEN;

	out->first = get32(p);
	out->npages = get32(p + 4);
	out->tgid = get32(p + 8);
	out->execs = get32(p + 12);
}

uint64_t
trace_page(const struct trace *trace, uint32_t page)
{
	return get64(pages_at(trace) + (uint64_t)page * PAGE_LEN);
}

static const char *
name_of(const char *const *names, unsigned count, unsigned i)
{
	return i < count ? names[i] : "?";
}

const char *
trace_strerror(int error)
{
	static const char *const names[] = {
		"no error", "truncated", "not a trace made by xcputrace",
		"made by another version of xcputrace",
		"sizes in the header contradict each other",
		"damaged: the checksum differs",
		"a record names what is not there"
	};

	return name_of(names, sizeof(names) / sizeof(names[0]),
	    (unsigned)-error);
}

#define NAME(name, text) text,

const char *
trace_op_name(unsigned op)
{
	static const char *const names[] = { TRACE_OPS(NAME) };

	return name_of(names, TRACE_OP_COUNT, op);
}

const char *
trace_cause_name(unsigned cause)
{
	static const char *const names[] = { TRACE_CAUSES(NAME) };

	return name_of(names, TRACE_CAUSE_COUNT, cause);
}

#undef NAME

const char *
trace_ignored_name(unsigned kind)
{
#define NAME(text) text,
	static const char *const names[] = { TRACE_IGNORED_KINDS(NAME) };
#undef NAME

	return name_of(names, TRACE_IGNORED_COUNT, kind);
}
