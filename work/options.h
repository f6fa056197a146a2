/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h: what the words of a command line ask for.
 *
 * One parser for every world: a machine whose own set-up depends on a word
 * (cpus=, faults=) parses first, sets itself up and hands the same words on to
 * work_main().
 */
#ifndef XCPU_WORK_OPTIONS_H
#define XCPU_WORK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum work_kind {
	WORK_ALL,
	WORK_SELFTEST,
	WORK_STORM,
	WORK_CALLS,
	WORK_EVENTS,
	WORK_MESSAGES,
	WORK_SYNC,
	WORK_CONTROL,
	WORK_REPLAY,
	WORK_DETECTOR
};

enum work_place { WORK_PLACE_RECORDED, WORK_PLACE_SPREAD };
enum work_order { WORK_ORDER_STRICT, WORK_ORDER_FREE };
/*
 * How what may be late is flushed: unmapping, exec, exit (async.h, batch.h).
 * Who loses a right, or may act on a change, shoots down and waits whatever is
 * said here.
 */
enum work_form {
	WORK_FORM_SYNC,		/* a shootdown for each */
	WORK_FORM_GATHER,	/* all in one batch: one flush, then the frames */
	WORK_FORM_ASYNC,	/* kicks, goes on; the last CPU frees */
	WORK_FORM_DEFER,	/* kicks nobody before the bound */
	WORK_FORM_ALL,		/* a replay under each, and a table of them */
	WORK_FORMS = WORK_FORM_ALL
};

enum work_mode { WORK_MODE_UNSAID, WORK_MODE_SINGLE, WORK_MODE_MULTI };

/* What goes wrong on purpose; the first three are the machine's to do. */
enum work_faults {
	WORK_FAULTS_NONE,
	WORK_FAULTS_DROP,	/* some kicks are lost on their way */
	WORK_FAULTS_DEAF,	/* no CPU takes its kick interrupt */
	WORK_FAULTS_STUCK	/* one CPU stays masked for long (calls.c) */
};

/* How the kernel makes other CPUs flush. */
enum work_tlb {
	WORK_TLB_BEST,		/* pages by broadcast, where that pays */
	WORK_TLB_KICK,		/* by kicks, as if broadcasts were broken */
	WORK_TLB_BROADCAST,	/* everything by broadcast */
	WORK_TLB_REPEAT		/* and all of it twice, as if once were broken */
};

#define WORK_PATH_MAX 512

struct work_options {
	enum work_kind work;
	enum work_place place;
	enum work_order order;
	enum work_mode mode;
	enum work_faults faults;
	bool selftest;		/* before everything, if that is the work */
	bool oracle;		/* arm and probe around each shootdown */
	enum work_form form;
	bool kick_nmi;		/* shootdowns ring by NMI */
	bool lazy;		/* who idles keeps the root, or loads none */
	bool entry;		/* user mode is not asked for the kernel's pages,
				   and entries pass what is deferred */
	uint64_t bound_us;	/* of what is deferred */
	enum work_tlb tlb;	/* the kernel's to do, and: */
	uint64_t asids;		/* so many are used at most */
	unsigned off;		/* times that each other CPU is switched off */
	uint64_t ops;		/* of each storm; 0: by the number of CPUs */
	uint64_t seconds;	/* for the whole run; 0: enough for `ops` */
	uint64_t seed;
	unsigned relax;		/* up to so many extra mach_relax() per step */
	unsigned cpus;		/* 0: all */
	char trace[WORK_PATH_MAX];	/* "": none */
};

/*
 * Fills *options from words separated by blanks; what is not named gets its
 * default.  Returns 0, or -1 after printing which word is wrong and what there
 * is.
 */
int work_options_parse(const char *words, struct work_options *options);

/*
 * Whether the port is tested first: where all is run, and nothing goes wrong on
 * purpose, for the self-test is of a port that works.
 */
bool work_selftest_first(const struct work_options *options);

const char *work_kind_name(enum work_kind kind);
const char *work_form_name(enum work_form form);
const char *work_mode_name(enum work_mode mode);
const char *work_faults_name(enum work_faults faults);

#endif /* XCPU_WORK_OPTIONS_H */
