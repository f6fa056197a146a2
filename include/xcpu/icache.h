/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icache.h: instructions that were changed, and the CPUs that may have fetched
 * the old ones (Linux: membarrier's SYNC_CORE, flush_icache_mm()).
 *
 * A store becomes visible to other CPUs' loads by itself, but not to their
 * instruction fetches: each must do what its architecture calls synchronising
 * the core.  xcpu_icache_sync() makes the CPUs that have a space loaded do it
 * now, and marks it as due on all others, who do it in xcpu_icache_enter() when
 * they come to the space.
 *
 *	struct my_space { struct xcpu_space tlb; struct xcpu_icache code; };
 *
 *	xcpu_icache_init(&s->code, &s->tlb, my_core_sync);
 *	...
 *	write_instructions(page);
 *	error = xcpu_icache_sync(&s->code);
 *	...
 *	xcpu_space_switch(&s->tlb);
 *	xcpu_icache_enter(&s->code);
 *	(back to user mode)
 *
 * Who is passed over: CPUs that do not have the space loaded.  Lazy ones are
 * asked.
 *
 * What it never weakens: for code of user spaces.  The kernel's own text has no
 * such moment as entering it: change it in xcpu_sync_machine(), whose fin1 may
 * synchronise each CPU.
 *
 * Pairs that need a lock outside: none.
 */
#ifndef XCPU_ICACHE_H
#define XCPU_ICACHE_H

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/space.h>

/*
 * The hook: forget fetched instructions, on the calling CPU; a pointer, since
 * only hosts that change code have one.
 *	Caller:  xcpu_icache_sync(), _set() and _enter().
 *	Context: doorbell masked, perhaps inside a handler; not NMI.
 *	Order:   instructions fetched after it are at least as new as what the
 *	         caller's loads would see.
 *	Body:    x86_64: cpuid, or serialize   aarch64: the initiator has done
 *	         dc cvau; dsb ish; ic ivau; dsb ish: isb   riscv64: fence.i
 */
typedef void xcpu_icache_fn(void);

/* Beside a space, and as long as it lives.  Private to the library. */
struct xcpu_icache {
	struct xcpu_space *space;
	xcpu_icache_fn *sync;
	struct xcpu_au64 stale[XCPU_CPUSET_WORDS];	/* CPUs that must sync */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_icache_init: nothing has been changed yet.
 *
 * Context: any; before anybody else knows it.
 * Waits:   never.
 * Order:   none: the host publishes it.
 * Cost:    O(words).
 * Returns: 0; -XCPU_EINVAL a NULL pointer, or the kernel's space.
 */
int xcpu_icache_init(struct xcpu_icache *icache, struct xcpu_space *space,
    xcpu_icache_fn *sync);

/*
 * xcpu_icache_sync: nobody runs old instructions of the space any more.
 *
 * Context: as xcpu_call_one().
 * Waits:   as xcpu_call_one(), for the CPUs that have the space loaded.
 * Order:   instructions written before the call are what every CPU runs after
 *          it; old ones ran before the return  [I1] [C3].
 * Cost:    a read-modify-write and a full fence; a call to those CPUs.
 * Returns: 0; errors of xcpu_call_set(): then nothing is promised, but who comes
 *          to the space runs the new ones.
 */
int xcpu_icache_sync(struct xcpu_icache *icache);

/*
 * xcpu_icache_sync_set: synchronise the cores of a set of CPUs, now.
 *
 * Context: as xcpu_call_one().
 * Waits:   as xcpu_call_one().
 * Order:   as xcpu_call_one().
 * Cost:    as xcpu_call_set().
 * Returns: as xcpu_call_set(); CPUs that are not ready are passed over, and must
 *          synchronise when they come online.
 */
int xcpu_icache_sync_set(const struct xcpu_cpuset *set, xcpu_icache_fn *sync);

/*
 * xcpu_icache_enter: this CPU is about to run code of the space.
 *
 * After each xcpu_space_switch() to it, on the same CPU, before user mode.
 *
 * Context: as xcpu_space_switch().
 * Waits:   never.
 * Order:   instructions written before an xcpu_icache_sync() that no longer
 *          finds this CPU outside are what it runs after it  [G2] [I1].
 * Cost:    one load; when it is due, a read-modify-write and the hook.
 * Returns: nothing.
 */
void xcpu_icache_enter(struct xcpu_icache *icache);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_ICACHE_H */
