/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h: a recorded trace in its binary form, as tools/xcputrace writes it.
 *
 *	struct trace trace;
 *	struct trace_record record;
 *
 *	error = trace_open(&trace, bytes, len);
 *	if (error != 0)
 *		return fail(trace_strerror(error));
 *	for (i = 0; i < trace.records; i++) {
 *		trace_record(&trace, i, &record);
 *		...
 *	}
 *
 * trace_open() checks everything once: checksum, sizes, and that each number in
 * each record is in range.  What follows may index without looking again.
 * Nothing is copied: the bytes stay the caller's, and must stay.
 *
 * The format (version 2): a header of 512 bytes, then records, spaces, threads
 * and pages, all numbers little-endian.  What the operations mean is said in
 * traces/README.md.
 */
#ifndef XCPU_WORK_TRACE_H
#define XCPU_WORK_TRACE_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_VERSION	2
#define TRACE_NONE	0xffff	/* no thread, no space, no other */

enum trace_error {
	TRACE_ESHORT = 1,	/* ends before its header, or before its end */
	TRACE_EMAGIC = 2,	/* not a trace at all */
	TRACE_EVERSION = 3,	/* of another version */
	TRACE_ESIZE = 4,	/* sizes in the header contradict each other */
	TRACE_ECHECKSUM = 5,	/* damaged */
	TRACE_ERECORD = 6	/* a record or a list names what is not there */
};

/* What a record asks for.  The order is that of tools/tracelib/model.py. */
#define TRACE_OPS(X)							\
	X(NONE, "none")			/* never in a file */		\
	X(IMPLICIT, "implicit switch")	/* thread in space; was not recorded */ \
	X(SWITCH_USER, "switch to thread")	/* other: who leaves */	\
	X(SWITCH_LAZY, "switch to idle")	/* other: who leaves */	\
	X(SWITCH_FOREIGN, "switch to foreign")	/* other: who leaves */	\
	X(FAULT, "fault")		/* a fresh frame, with rights */ \
	X(COW, "copy on write")		/* a new frame, with rights */	\
	X(MMAP, "mmap")			/* FIXED: what is there goes */	\
	X(MUNMAP, "munmap")						\
	X(MADVISE, "madvise")		/* pages go, the region stays */ \
	X(MPROTECT, "mprotect")		/* rights of present pages */	\
	X(FORK, "fork")			/* other: the child's space */	\
	X(CLONE, "clone")		/* other: the new thread */	\
	X(EXEC, "exec")			/* other: the new space */	\
	X(EXIT, "exit")			/* of the last thread */	\
	X(ENTER, "kernel entry")	/* that is none of these */

enum trace_op {
#define TRACE_OP_ENUM(name, text) TRACE_OP_##name,
	TRACE_OPS(TRACE_OP_ENUM)
#undef TRACE_OP_ENUM
	TRACE_OP_COUNT
};

/* Why a shootdown is made. */
#define TRACE_CAUSES(X)							\
	X(COW, "copy on write")						\
	X(HIDDEN, "hidden unmap")					\
	X(MMAP, "mmap fixed")						\
	X(MUNMAP, "munmap")						\
	X(MADVISE, "madvise")						\
	X(MPROTECT, "mprotect")						\
	X(FORK, "fork")							\
	X(EXEC, "exec")							\
	X(EXIT, "exit")							\
	X(OTHER, "other")		/* of the recorded kernel only */

enum trace_cause {
#define TRACE_CAUSE_ENUM(name, text) TRACE_CAUSE_##name,
	TRACE_CAUSES(TRACE_CAUSE_ENUM)
#undef TRACE_CAUSE_ENUM
	TRACE_CAUSE_COUNT
};

/* What became of a line of the text. */
enum trace_class {
	TRACE_APPLIED, TRACE_IMPLICIT, TRACE_HIDDEN, TRACE_IGNORED,
	TRACE_CLASS_COUNT
};

enum { TRACE_RIGHT_USER = 1, TRACE_RIGHT_WRITE = 2 };
enum {
	TRACE_FLAG_FIXED = 1,	/* of an mmap */
	TRACE_FLAG_RACED = 2	/* of a fault: another CPU was first, no effect */
};

#define TRACE_IGNORED_KINDS(X)						\
	X("tlb_flush") X("csd") X("ipi") X("call_function") X("sched_process") \
	X("system call") X("fault") X("other")
#define TRACE_IGNORED_COUNT 8

struct trace_record {
	uint32_t line;		/* in the text, for messages */
	uint8_t op, rights, flags;
	uint8_t lines;		/* how many lines of the text it stands for */
	uint16_t cpu, thread, space, other;
	uint32_t page, npages;	/* in the list of its space's pages */
	uint64_t time_ns;	/* since the first record */
};

struct trace_space {
	uint32_t first, npages;	/* its part of the page list */
	uint32_t tgid, execs;
};

/* What the recorded kernel did; and what the replay should find. */
struct trace_recorded {
	uint32_t requests[TRACE_CAUSE_COUNT], kicks[TRACE_CAUSE_COUNT];
	uint32_t requests_remote, requests_local;
	uint32_t ipis, ipis_flush, ipis_reschedule;
};

struct trace_expected {
	uint32_t lines[TRACE_CLASS_COUNT];
	uint32_t ops[TRACE_OP_COUNT];
	uint32_t hidden, raced, cow_absent, fork_ignored;
	uint32_t requests[TRACE_CAUSE_COUNT];	/* the operations make these */
	uint32_t needs[TRACE_CAUSE_COUNT];	/* kicks, placed as recorded */
	uint32_t ignored[TRACE_IGNORED_COUNT];	/* lines by kind */
};

struct trace {
	const uint8_t *bytes;
	char name[32];
	uint32_t events;		/* lines of the text */
	uint32_t records, spaces, threads, cpus, pages;
	uint64_t frames;		/* most that are in use at a time */
	uint32_t range_pages;		/* most that one record covers */
	uint32_t spaces_live;		/* most that exist at a time */
	struct trace_recorded recorded;
	struct trace_expected expected;
};

/* Returns 0, or the negative of an enum trace_error; then *trace is void. */
int trace_open(struct trace *trace, const void *bytes, size_t len);

/* i < trace->records, space < trace->spaces, page < trace->pages. */
void trace_record(const struct trace *trace, uint32_t i,
    struct trace_record *record);
void trace_space(const struct trace *trace, uint32_t space,
    struct trace_space *out);
uint64_t trace_page(const struct trace *trace, uint32_t page);	/* address */

/* Constant strings; "?" for a number of no meaning. */
const char *trace_strerror(int error);
const char *trace_op_name(unsigned op);
const char *trace_cause_name(unsigned cause);
const char *trace_ignored_name(unsigned kind);

#endif /* XCPU_WORK_TRACE_H */
