/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.h: tags of address spaces, so that a TLB keeps what it knows of a space
 * that is not loaded.
 *
 * An ASID (x86: PCID) is the number under which the hardware files translations.
 * There are fewer of them than spaces, so that each is given to one space after
 * another, and what a CPU still has under it must be forgotten in between.  Two
 * ways to hand them out, for the two kinds of machines:
 *
 *	xcpu_asid_per_cpu	Each CPU has a few of its own, and gives them to
 *				the spaces that it used last: nothing is shared.
 *				Where an invalidation reaches one CPU (x86).
 *	xcpu_asid_global	A space has the same one on every CPU.  When all
 *				are given away they are taken back at once, but
 *				for those in use: a rollover, after which each CPU
 *				forgets everything at its next switch.
 *				Where an invalidation is broadcast (Arm, RISC-V
 *				with SBI, AMD with INVLPGB).
 *
 * The port calls from its hooks, and hosts without ASIDs link none of this:
 *
 *	void
 *	xcpu_port_root_load(struct xcpu_space *space)
 *	{
 *		struct my_space *next = space != NULL ? space->host : NULL;
 *		struct xcpu_asid_load load;
 *
 *		xcpu_asid_load(&asids, next != NULL ? &next->asid : NULL, &load);
 *		if (load.flush_all)
 *			flush_all_asids();
 *		load_root(next, load.asid, load.flush);
 *	}
 *
 *	void
 *	xcpu_port_tlb_flush(const struct xcpu_flush *request)
 *	{
 *		struct xcpu_asid_flush what;
 *
 *		if (xcpu_asid_flush(&asids, request, my_asid_of(request->space),
 *		    &what))
 *			flush_under(what.asid, request);
 *	}
 *
 * Correctness rests on generations, as everywhere (space.h): an ASID that was not
 * loaded for a while is flushed as it is loaded again, if its space has changed
 * meanwhile.  So a shootdown asks only those that have the space loaded.  But none
 * can be left out: an entry that is changed while no CPU has its space loaded may
 * be in a TLB, and only the shootdown says so.  And a space that begins anew, by
 * xcpu_space_init(), needs a new name, by xcpu_asid_init().
 *
 * A full flush of the kernel's space (XCPU_FLUSH_FULL) must forget everything
 * under every ASID, as it does on all machines we know: coming online is one.
 *
 * Split tables.  Where user code runs on tables of its own, a space has two tags:
 * 2n for the kernel's half, 2n + 1 for the user's.  Flushes reach the kernel's
 * half at once and the user's half before it is next used: xcpu_asid_user().
 *
 * Pairs that need a lock outside: init against anything else.
 */
#ifndef XCPU_ASID_H
#define XCPU_ASID_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/flush.h>
#include <xcpu/space.h>

/* Slots of a CPU, at most: `user_behind` has a bit for each. */
#define XCPU_ASID_SLOTS_MAX 64

/* ASIDs of xcpu_asid_global, at most: the hardware has 16 bits. */
#define XCPU_ASIDS_MAX 65536

enum xcpu_asid_flag {
	/* Kernel entries are filed under ASIDs too: none of them is global. */
	XCPU_ASID_KERNEL_TAGGED = 1,
	/* User code has tables of its own: two tags per space. */
	XCPU_ASID_SPLIT = 2,
	/*
	 * A promise, xcpu_asid_global only: xcpu_port_tlb_remote() reaches all
	 * CPUs, those too that do not have the space loaded, for every request
	 * that is not the kernel's, always, before it returns.  Then switches
	 * need not compare generations, and flush less.  Where the back end may
	 * ever fail, do not give it.
	 */
	XCPU_ASID_BROADCAST = 4
};

/* What a space is called.  The host embeds one beside its xcpu_space.  Private. */
struct xcpu_asid {
	struct xcpu_space *space;
	struct xcpu_au64 id;
};

/* What a CPU knows of one ASID.  Written by its own CPU only.  Private. */
struct xcpu_asid_slot {
	uint64_t id;			/* whose; 0: nobody's */
	uint64_t generation;		/* how far it is with it; 0: unknown */
	uint64_t stamp;			/* see asid.c */
	uint64_t used;			/* when it was last loaded */
};

/* A CPU's part.  Private. */
struct xcpu_asid_cpu {
	/* xcpu_asid_global: others write these at a rollover. */
	struct xcpu_au64 active;	/* loaded last; 0: taken by a rollover */
	uint64_t reserved;		/* what the rollover found */
	uint64_t pending;		/* 1: forget everything before the next */
	/* Own words; our NMIs read and write them. */
	struct xcpu_au64 asid __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_au64 kernel_changes;
	struct xcpu_au64 user_behind;	/* a bit for each slot */
	uint64_t clock;
	uint64_t stamp;			/* of tag 0, or of all if broadcast */
	struct xcpu_asid_slot *loaded;	/* NULL: no space */
	struct xcpu_asid_slot *slot;
} __attribute__((aligned(XCPU_LINE_BYTES)));

struct xcpu_asids;
struct xcpu_asid_load;

/* A way to hand out ASIDs.  Private. */
struct xcpu_asid_kind {
	int (*init)(struct xcpu_asids *asids);
	uint64_t (*name)(struct xcpu_asids *asids);
	/* The slot of a space, and its ASID in *load; NULL: no space. */
	struct xcpu_asid_slot *(*choose)(struct xcpu_asids *asids,
	    struct xcpu_asid_cpu *cpu, struct xcpu_asid *next,
	    struct xcpu_asid_load *load);
};

extern const struct xcpu_asid_kind xcpu_asid_per_cpu;
extern const struct xcpu_asid_kind xcpu_asid_global;

/*
 * The ASIDs of a machine.  The host fills in the first part, leaves the rest zero,
 * and calls xcpu_asids_init().
 */
struct xcpu_asids {
	const struct xcpu_asid_kind *kind;
	unsigned flags;			/* enum xcpu_asid_flag */
	unsigned ncpu;			/* as of the domain */
	struct xcpu_asid_cpu *cpus;	/* ncpu, all zero */
	/*
	 * ncpu times nslots, all zero, aligned to a cache line.  Per CPU: as many
	 * ASIDs as each has (per_cpu), or how many it remembers (global; a switch
	 * to another flushes its ASID).  4 to 8 is enough; even, or neighbours
	 * share a line.
	 */
	struct xcpu_asid_slot *slots;
	unsigned nslots;		/* 2 to XCPU_ASID_SLOTS_MAX */
	/* xcpu_asid_global: a bit for each ASID, and how many there are. */
	uint64_t *used;
	unsigned nasids;		/* ncpu + 2 at least: 0 is of no space */

	/* Private. */
	struct xcpu_au64 next;		/* per_cpu: the last id; global: version */
	struct xcpu_au64 lock;		/* a count, and who has it */
	unsigned hint;			/* where the last free one was found */
};

/* What a switch has to do. */
struct xcpu_asid_load {
	unsigned asid;		/* the tag to load; 0: of no space */
	bool flush;		/* forget everything under it, first or at once */
	bool flush_all;		/* forget everything under all tags, first */
};

/* What a flush has to do. */
struct xcpu_asid_flush {
	unsigned asid;		/* the tag to forget under */
	bool both;		/* and under the user half's, asid + 1 */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_asids_init: begin to hand out ASIDs.
 *
 * Context: once, before any space is loaded by them.
 * Waits:   never.
 * Order:   none: the host publishes them.
 * Cost:    O(ncpu).
 * Returns: 0; -XCPU_EINVAL something is missing, or out of range; -XCPU_E2BIG
 *          fewer ASIDs than CPUs + 2 (xcpu_asid_global): do without.
 */
int xcpu_asids_init(struct xcpu_asids *asids);

/*
 * xcpu_asid_init: a name for a space, beside xcpu_space_init().
 *
 * There is nothing to undo: when the space is gone its ASID is given away again
 * like all others.
 *
 * Context: any but NMI; before anybody else knows the space.
 * Waits:   never.
 * Order:   none: the host publishes the space.
 * Cost:    a read-modify-write.
 * Returns: nothing.
 */
void xcpu_asid_init(struct xcpu_asids *asids, struct xcpu_asid *asid,
    struct xcpu_space *space);

/*
 * xcpu_asid_load: which ASID a space is to be loaded with; NULL: no space.
 *
 * Context: xcpu_port_root_load() only, once in each.
 * Waits:   xcpu_asid_global: for the lock of a CPU that hands one out, which
 *          waits for nobody; of one that died, until that is reported
 *          (xcpu_cpu_dead()).  Otherwise never.
 * Order:   an initiator who does not find the new ASID by xcpu_asid_broadcast()
 *          has changed his entries before the caller's walker looks  [G2].
 * Cost:    per_cpu: O(nslots).  global: a read-modify-write and a full fence;
 *          O(ncpu + nasids / 64) when none is left.
 * Returns: what to do, in *load.  flush and flush_all: before the root is used.
 */
void xcpu_asid_load(struct xcpu_asids *asids, struct xcpu_asid *next,
    struct xcpu_asid_load *load);

/*
 * xcpu_asid_flush: under which ASID a request is to be forgotten on this CPU.
 *
 * `asid` is that of request->space; NULL for the kernel's.  What need not be
 * forgotten now is noted, and done as it is loaded next.
 *
 * Context: xcpu_port_tlb_flush() only, once in each; NMI included.
 * Waits:   never.
 * Order:   none: own words.
 * Cost:    O(nslots) if the space is not loaded.
 * Returns: true: forget, under what->asid; false: nothing is to be done now.
 */
bool xcpu_asid_flush(struct xcpu_asids *asids, const struct xcpu_flush *request,
    const struct xcpu_asid *asid, struct xcpu_asid_flush *what);

/*
 * xcpu_asid_user: the tag of the user's half, on the way out to user code.
 *
 * Split tables only.  An NMI that interrupts the caller on that way must come
 * back to the kernel's half, and has flushed both (xcpu_asid_flush() said so).
 *
 * Context: doorbell masked until user code runs; a space is loaded.
 * Waits:   never.
 * Order:   none: own words.
 * Cost:    a read-modify-write of an own word.
 * Returns: what to load, in *load; flush_all is false.
 */
void xcpu_asid_user(struct xcpu_asids *asids, struct xcpu_asid_load *load);

/*
 * xcpu_asid_broadcast: the ASID that a broadcast invalidation must name.
 *
 * xcpu_asid_global only.  With split tables asid + 1 is to be named as well.
 *
 * Context: xcpu_port_tlb_remote() only.
 * Waits:   never.
 * Order:   the space has it on every CPU that has read entries older than the
 *          caller's  [G2].
 * Cost:    one load.
 * Returns: the ASID; 0: no CPU has anything of this space.
 */
unsigned xcpu_asid_broadcast(const struct xcpu_asids *asids,
    const struct xcpu_asid *asid);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_ASID_H */
