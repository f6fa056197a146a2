/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmu.h: page tables and frames, for the files mmu*.c.
 *
 * A space has a root with SIM_TABLES entries, each for a table with
 * SIM_TABLE_PAGES.  Every change of an entry has a version, counted per space,
 * and a cached translation remembers that of its entry.  When the shootdown for
 * a change is over, the version of that change becomes the page's floor:
 * whoever uses a translation below the floor is stale, whatever has become of
 * the frame behind it.  Tables have floors as well.
 */
#ifndef XCPU_SIM_MMU_H
#define XCPU_SIM_MMU_H

#include "machine.h"

#define FRAMES_MAX	16384
#define PAGE_SHIFT	12

enum frame_kind { FRAME_FREE, FRAME_DATA, FRAME_TABLE };

struct entry {
	uint32_t frame;
	bool present, writable, dirty;
	uint64_t version;
};

struct frame {
	enum frame_kind kind;
	uint32_t life;
	uint32_t next_free;
	uint32_t written;
	struct entry entry[SIM_TABLES];		/* SIM_TABLE_PAGES are as many */
};

_Static_assert(SIM_TABLES == SIM_TABLE_PAGES, "a frame holds either");

struct sim_space {
	struct xcpu_space xcpu;		/* of the kernel: the domain's is used */
	struct xcpu_asid asid;
	bool used, kernel;
	unsigned id;
	uint32_t root;
	uint64_t version;
	uint64_t floor[SIM_PAGES];
	uint64_t table_floor[SIM_TABLES];
};

extern struct mmu {
	uint32_t cut;			/* frames that were ever handed out */
	uint32_t free;			/* last freed; 0: none */
	unsigned ids;
	struct frame frame[FRAMES_MAX];
	struct sim_space space[SIM_SPACES_MAX + 1];	/* [0]: the kernel's */
} mmu;

/* The root's entry for the table of a page. */
static inline struct entry *
mmu_table_entry(const struct sim_space *space, unsigned page)
{
	return &mmu.frame[space->root].entry[page / SIM_TABLE_PAGES];
}

/* ---- mmu.c ---- */
uint32_t mmu_frame_take(enum frame_kind kind);
/* It is the next one taken, in a new life. */
void mmu_frame_free(uint32_t n);

#endif /* XCPU_SIM_MMU_H */
