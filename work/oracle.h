/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle.h: sees stale translations.
 *
 * Every word of a frame holds its tag (space, page, generation); a freed frame
 * holds poison, then its next owner's tag.  So what a CPU reads says through
 * which translation it read.
 *
 * A read that finds nothing wrong proves something only if the CPU could have
 * read wrongly: if it is armed, that is, if it read the page through the old
 * translation, has dropped nothing since, and has read few other pages since
 * (a TLB is small).  So the order around a shootdown is
 *
 *	on each CPU	oracle_arm()	read through what will be old
 *	initiator	oracle_kept()	who still holds all of it?
 *			change entries, shoot down
 *			oracle_kept() with slack: dropped once, by this
 *			free the old frames
 *	on each CPU	oracle_probe()	read again, and judge
 */
#ifndef XCPU_WORK_ORACLE_H
#define XCPU_WORK_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

#define ORACLE_BATCH	8	/* pages of one operation, at most */
#define ORACLE_WINDOW	64	/* page reads that a TLB surely survives */

/* A page, what an access to it must find, and where its readers are noted. */
struct oracle_page {
	uint64_t va;
	uint64_t tag;		/* expected, unless refused */
	uint32_t row;		/* 0 to rows-1, the page's own */
	bool refused;		/* expected: the access faults */
};

struct oracle_batch {
	enum mach_access_mode mode;
	enum mach_access_op op;
	unsigned n;
	bool quiet;		/* a control: judge, but neither count nor print */
	struct oracle_page page[ORACLE_BATCH];
};

/* What one CPU's accesses came to. */
struct oracle_count {
	uint64_t armed, idle;	/* probes */
	uint64_t reads;		/* pages read, for whatever reason */
	unsigned cpus;		/* of a sum: with at least one armed probe */
	bool in_kernel;		/* reads there, now */
	struct xcpu_au32 in_user;	/* 1 from before until after it is */
};

static inline uint64_t
oracle_tag(unsigned space, unsigned page, uint32_t generation)
{
	return (uint64_t)(space & 0x7fff) << 48 |
	    (uint64_t)(page & 0xffff) << 32 | generation;
}

/* Forgets everything; false: no memory for that many rows on every CPU. */
bool oracle_init(unsigned rows);

/*
 * On the reading CPU, which has the space loaded and is not lazy: makes the
 * accesses, judges them, and notes them.  Returns how many were stale.
 */
unsigned oracle_arm(unsigned cpu, const struct oracle_batch *batch);

/*
 * Which pages of a batch, as bits, `cpu` has not dropped, or dropped at most
 * `slack` times, since it was armed.  For any CPU, while `cpu` arms nothing.
 */
unsigned oracle_kept(unsigned cpu, const struct oracle_batch *batch,
    unsigned slack);

/*
 * On the reading CPU: accesses the pages and judges.  `kept` says for which of
 * them it was armed up to the shootdown.  Returns how many were stale.
 */
unsigned oracle_probe(unsigned cpu, const struct oracle_batch *batch,
    unsigned kept);

/*
 * On the reading CPU, at any time: a look at a page that others may change
 * meanwhile; in user mode for a while.  Any generation from *settled, as found
 * before, to *newest, as found after, is right; a fault is.
 */
void oracle_glance(unsigned cpu, const struct oracle_page *page,
    enum mach_access_mode mode, const struct xcpu_au32 *settled,
    const struct xcpu_au32 *newest);

/* mach_access() that no such function falls into, not judged. */
void oracle_access(unsigned cpu, enum mach_access_mode mode,
    struct mach_access *list, unsigned n);

/*
 * Whether a CPU may be in user mode: before it is, it says so, and it has caught
 * up when it says that it is not.  For any CPU.
 */
bool oracle_in_user(unsigned cpu);

/*
 * In a function that another CPU called, doorbell masked: one read of a kernel
 * page that is being remapped.  If `over` was set before the read, the old frame
 * is stale; does nothing if it interrupts another read of the kernel.
 */
void oracle_look(unsigned cpu, const struct oracle_page *page,
    const struct xcpu_au32 *over);

/* Sum over all CPUs, while they are quiet. */
void oracle_sum(struct oracle_count *sum);

#endif /* XCPU_WORK_ORACLE_H */
