/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selftest.h: the conformance suite of xcpu, for any kernel that ported it.
 *
 * It runs on one CPU while the others are idle with their doorbells open, moves
 * work to them through xcpu itself, and prints TAP: one line per test, with the
 * ids of the features, invariants and old bugs that the test exercises.
 *
 * The hooks of the port are tested first, each by itself.  One that is wrong is
 * named, with what it owes, and the run ends: "# xcpu_port_kick is wrong, CPU 2;
 * the contract: ...".  What fails after them is followed by the values, and by the hook that
 * this test leans on most.
 *
 *	struct xcpu_selftest_host host = {
 *		.domain = &domain,
 *		.ncpu = ncpu,
 *		.line = print_line,
 *	};
 *
 *	if (xcpu_selftest_run(&host, XCPU_PORT_LEVEL) != 0)
 *		panic("xcpu does not work here");
 *
 * All the rest of the structure may be zero: a test that needs it is skipped
 * and says so.  Freestanding; one run at a time.
 */
#ifndef XCPU_SELFTEST_H
#define XCPU_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/xcpu.h>

/*
 * Real translations, for the tests of level 3.  Pages are named by address;
 * those from user_va on belong to the spaces, those from kernel_va on to the
 * kernel's; XCPU_SELFTEST_PAGES consecutive ones of each are the suite's.
 */
#define XCPU_SELFTEST_PAGES 16

struct xcpu_selftest_tlb {
	struct xcpu_space *space[2];	/* loaded nowhere; distinct tables */
	uint64_t user_va;
	uint64_t kernel_va;		/* 0: no kernel pages to spare */
	unsigned page_shift;
	/*
	 * Let a page read as `value` by entering a fresh frame; 0 removes the
	 * page.  Flushes nothing, and keeps the old frame out of use.  False:
	 * out of memory.
	 */
	bool (*map)(struct xcpu_space *space, uint64_t va, uint64_t value);
	/*
	 * Read a word through the calling CPU's TLB; thread context, doorbell
	 * open.  False: the access was refused.
	 */
	bool (*read)(uint64_t va, uint64_t *value);
};

typedef enum xcpu_stall_policy xcpu_selftest_judge(
    const struct xcpu_stall *report, void *arg);

struct xcpu_selftest_host {
	const struct xcpu_domain *domain;
	unsigned ncpu;			/* all of them online */
	void (*line)(void *to, const char *text);	/* without newline */
	void *to;

	/*
	 * Start fn(arg) on another CPU in thread context, doorbell open, pinned;
	 * returns at once.  One at a time per CPU.  0, or an error.
	 */
	int (*thread)(unsigned cpu, void (*fn)(void *arg), void *arg);
	/* Any spinlock of the host: xcpu_port_context() says so meanwhile. */
	void (*lock)(void);
	void (*unlock)(void);
	/*
	 * Send an NMI (the calling CPU may be the target), whose handler calls
	 * fn(arg) in the place of xcpu_on_nmi().  Returns at once.
	 */
	void (*nmi)(unsigned cpu, void (*fn)(void *arg), void *arg);
	/* Let xcpu_port_stall() ask this function; NULL: as before. */
	void (*stall)(xcpu_selftest_judge *judge, void *arg);
	/* Kicks that the port sent so far, one per target and send. */
	uint64_t (*kicks)(void);
	const struct xcpu_selftest_tlb *tlb;
};

/*
 * xcpu_selftest_run: run all tests that need at most this level of the port.
 *
 * Ends at the first hook that is wrong, before anything is built on it.
 *
 * Context: thread, doorbell open, no lock held, on a CPU that is ready and does
 *          not change.
 * Waits:   for other CPUs, each time within a bound of its own.
 * Order:   none.
 * Cost:    milliseconds per test, but XCPU_STALL_NS for each test of a stall.
 * Returns: how many tests failed; -XCPU_EINVAL the host has no line(), no
 *          domain or no CPUs; -XCPU_EAGAIN called in the wrong context, or a hook
 *          that masks says so of any: a line tells which.
 */
int xcpu_selftest_run(const struct xcpu_selftest_host *host, unsigned level);

#endif /* XCPU_SELFTEST_H */
