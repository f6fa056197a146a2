/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * harts.h: which hart each CPU is.
 *
 * Hart ids are 64 bits wide, sparse and in no order, and the one that boots is
 * seldom hart 0; xcpu's CPUs are 0 to ncpu-1.  SBI takes a set of harts as 64
 * bits and the id that the first bit stands for: a window.  CPUs whose harts
 * are in one window are linked in a ring, so that a set becomes one call for
 * each window it touches, however its CPUs are numbered.
 *
 *	static struct xcpu_harts harts;
 *
 *	xcpu_harts_init(&harts);
 *	xcpu_harts_add(&harts, cpu, hart);	(each CPU that the machine has)
 *
 * Pairs that need a lock outside: init and add against anything else.
 */
#ifndef XCPU_HARTS_H
#define XCPU_HARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/cpuset.h>
#include <xcpu/ids.h>

#define XCPU_HART_WINDOW 64u

/* Set the last two; the rest is private. */
struct xcpu_harts {
	struct xcpu_ids cpus;		/* in groups: the windows */
	struct xcpu_au64 dropped;	/* targets left out by drop() */
	/*
	 * For tests; NULL in a kernel that ships.  `kicks` has an entry per CPU,
	 * added to before its kick is sent.  drop() says which targets are to be
	 * left out, as if the kick had been lost.
	 */
	struct xcpu_au64 *kicks;
	bool (*drop)(unsigned cpu, uint32_t what);
};

/* Harts of one window, as SBI names them. */
struct xcpu_hart_mask {
	uint64_t mask;			/* bit n: hart base + n */
	uint64_t base;
	struct xcpu_cpuset cpus;	/* the same, as CPUs */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_harts_init: no CPUs yet.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    O(CPUs).
 * Returns: nothing.
 */
void xcpu_harts_init(struct xcpu_harts *harts);

/*
 * xcpu_harts_add: CPU `cpu` exists and is this hart.
 *
 * Context: any; before the first kick.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    O(CPUs).
 * Returns: 0; -XCPU_EINVAL the CPU is out of range, or it or the hart was added
 *          before, or the id is UINT64_MAX, which SBI takes for "all".
 */
int xcpu_harts_add(struct xcpu_harts *harts, unsigned cpu, uint64_t hart);

/*
 * xcpu_harts_take: takes the CPUs of one window out of a set.
 *
 * `todo` is not empty, and has no CPU that was not added.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    O(CPUs of that window), at most 64; of a single CPU: O(words).
 * Returns: those CPUs, in *mask.
 */
void xcpu_harts_take(const struct xcpu_harts *harts, struct xcpu_cpuset *todo,
    struct xcpu_hart_mask *mask);

/*
 * xcpu_harts_account: counts the kicks that are about to be sent to a set, and
 * takes out of it those that a test wants lost.
 *
 * Context: any.
 * Waits:   never.
 * Order:   a kick's handler finds it counted  [H1].
 * Cost:    a read-modify-write for each CPU; nothing without tests.
 * Returns: nothing.
 */
void xcpu_harts_account(struct xcpu_harts *harts, struct xcpu_cpuset *todo);

/*
 * xcpu_harts_kicks: how many kicks were sent to a CPU.
 *
 * Context: any.
 * Waits:   never.
 * Order:   the kick being handled is in it  [H1].
 * Cost:    one load.
 * Returns: the count; 0 without `kicks`.
 */
uint64_t xcpu_harts_kicks(const struct xcpu_harts *harts, unsigned cpu);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_HARTS_H */
