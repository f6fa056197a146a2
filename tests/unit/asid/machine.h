/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h: a machine with tagged TLBs, for the ASID tests.
 *
 * Its CPUs take turns on one thread: a kick is an interrupt at once.  A TLB has
 * room for everything and drops nothing by itself, so that whatever should have
 * been forgotten is found.
 */
#ifndef XCPU_ASID_MACHINE_H
#define XCPU_ASID_MACHINE_H

#include <stdbool.h>

#include <xcpu/asid.h>
#include <xcpu/xcpu.h>

#define M_CPUS	4
#define M_SPACES 12
#define M_PAGES	6
#define M_SLOTS	8
#define M_ASIDS	128		/* tags are twice as many */

struct machine_space {
	struct xcpu_space xcpu;
	struct xcpu_asid asid;
	unsigned number;	/* never the same twice */
	uint64_t version[M_PAGES];
};

struct machine_config {
	const struct xcpu_asid_kind *kind;
	unsigned flags;
	unsigned nslots, nasids;
	bool broadcast;		/* the back end works */
};

struct machine {
	struct machine_config config;
	unsigned self;
	struct xcpu_asids asids;
	struct machine_space space[M_SPACES];
	uint64_t kernel_version[M_PAGES];
	unsigned numbers;
	/* Counts since machine_begin(). */
	unsigned flushes, flushes_all, kept, kicks;
	struct xcpu_asid_load last;
	struct xcpu_asid_flush last_flush;
};

extern struct machine m;

/* Boot; whatever xcpu_asids_init() says. */
int machine_begin(const struct machine_config *config);
/* A new space in the place of an old one, which nobody has loaded. */
void machine_space_new(unsigned space);
void machine_on(unsigned cpu);
/* Load a space; -1: none. */
void machine_switch(int space);
/* What the walker would use for a page of the loaded space: right or wrong. */
bool machine_use(unsigned page);
/* The same in user mode: with split tables, through the other half. */
bool machine_use_as_user(unsigned page);
bool machine_use_kernel(unsigned page);
/* Change an entry, and shoot down. */
void machine_change(unsigned space, unsigned page);
void machine_change_all(unsigned space);
void machine_change_kernel(unsigned page);
/* The same for a page that only this CPU can have: xcpu_flush_self(). */
void machine_change_own(unsigned space, unsigned page);
void machine_replug(void);

#endif /* XCPU_ASID_MACHINE_H */
