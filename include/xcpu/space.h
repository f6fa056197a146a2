/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.h: an address space as the TLBs see it, and who has it loaded.
 *
 * A space is a counter of changes (its generation), the last few ranges that
 * changed, and the set of CPUs that may hold translations of it.  The host
 * embeds one in each of its address spaces and switches through
 * xcpu_space_switch(), so that a shootdown (flush.h) knows whom to reach.
 *
 *	struct my_space { struct xcpu_space tlb; uint64_t root; };
 *
 *	xcpu_space_init(&s->tlb, s);
 *	xcpu_space_switch(&s->tlb);
 *	...
 *	xcpu_space_switch(NULL);
 *	xcpu_space_destroy(&s->tlb);
 *
 * Generations have XCPU_SPACE_GEN_BITS bits, and never wrap silently.  The step
 * past the top is a synchronous full flush of every CPU that holds the root, lazy
 * ones too, and restarts at 1; so are all shootdowns that meet the space there.
 * With 64 bits that takes thousands of years: it is there, and out of reach.
 *
 * Pairs that need a lock outside: destroy against anything else on that space.
 */
#ifndef XCPU_SPACE_H
#define XCPU_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>

/* One remembered change: a sequence lock by generation.  Private. */
struct xcpu_space_range {
	struct xcpu_au64 tag;
	struct xcpu_au64 start;
	struct xcpu_au64 len;
};

/*
 * Past the top: what a generation counts up to at most, and what those who find
 * it there count on from; the two bits above are not used.  Private, and for
 * tests: a space on which nothing is under way may be set forward to just below.
 */
#define XCPU_SPACE_TOP							\
	((uint64_t)1 << (XCPU_SPACE_GEN_BITS < 62 ? XCPU_SPACE_GEN_BITS : 62))

struct xcpu_notifiers;

/* Private to the library, but for `host`, which is the caller's. */
struct xcpu_space {
	struct xcpu_au64 generation;
	void *host;
	bool kernel;
#if XCPU_NOTIFIERS != 0
	struct xcpu_notifiers *notifiers;	/* notifier.h; NULL: none */
#endif
	struct xcpu_space_range range[XCPU_SPACE_RANGES];
	struct xcpu_au64 active[XCPU_CPUSET_WORDS]
	    __attribute__((aligned(XCPU_LINE_BYTES)));
} __attribute__((aligned(XCPU_LINE_BYTES)));

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_space_init: an empty space, loaded nowhere.
 *
 * `host` comes back in the TLB hooks: usually the address space around it.
 *
 * Context: any but NMI; before anybody else knows the space.
 * Waits:   never.
 * Order:   none: the host publishes the space.
 * Cost:    O(words).
 * Returns: nothing.
 */
void xcpu_space_init(struct xcpu_space *space, void *host);

/*
 * xcpu_space_destroy: check that nothing of a space is in use.
 *
 * Context: any but NMI.
 * Waits:   never.
 * Order:   a CPU's last use of the space happened before success  [G4].
 * Cost:    O(words).
 * Returns: 0: its memory is the caller's; -XCPU_EBUSY some CPU has it loaded.
 */
int xcpu_space_destroy(struct xcpu_space *space);

/*
 * xcpu_space_forget: a CPU that died does not have this space loaded.
 *
 * For the one that it was leaving when it died: the host knows which, and
 * xcpu_space_destroy() refuses it until then.
 *
 * Context: any but NMI; after xcpu_cpu_dead(), before the CPU is started anew.
 * Waits:   never.
 * Order:   all that the CPU did through it, before  [G4].
 * Cost:    one read-modify-write.
 * Returns: 0; -XCPU_EBUSY the CPU is not offline; -XCPU_EINVAL no such CPU, or
 *          no space; -XCPU_EAGAIN the calling CPU was never online.
 */
int xcpu_space_forget(struct xcpu_space *space, unsigned cpu);

/*
 * xcpu_space_switch: load a space on this CPU; NULL loads none.
 *
 * Calls xcpu_port_root_load() in the one place where that is safe.  A CPU that
 * was lazy is no longer.
 *
 * Context: thread or interrupt, doorbell open or masked; not NMI, not in a
 *          handler of xcpu.
 * Waits:   never.
 * Order:   translations changed before a shootdown that no longer finds this
 *          CPU in the set are not used after the switch  [G1] [G2].
 * Cost:    two read-modify-writes, a full fence and a root load; nothing when
 *          the space is loaded and the CPU not lazy.
 * Returns: 0; -XCPU_EAGAIN this CPU is not ready; -XCPU_EPERM from NMI;
 *          -XCPU_EINVAL the kernel's space.
 */
int xcpu_space_switch(struct xcpu_space *space);

/*
 * xcpu_space_lazy_enter: the loaded space will not be used until further notice.
 *
 * For idle CPUs and kernel threads.  The root stays loaded; shootdowns pass
 * this CPU over, unless tables are freed or the kernel's space is concerned.
 *
 * Context: as xcpu_space_switch().
 * Waits:   never.
 * Order:   accesses before are over when an initiator sees the CPU lazy  [D4].
 * Cost:    one read-modify-write on its own lane.
 * Returns: 0; -XCPU_EAGAIN this CPU is not ready; -XCPU_EPERM from NMI.
 */
int xcpu_space_lazy_enter(void);

/*
 * xcpu_space_lazy_leave: the loaded space is about to be used again.
 *
 * Catches up with what was shot down meanwhile, before it returns.
 *
 * Context: as xcpu_space_switch().
 * Waits:   never.
 * Order:   as xcpu_space_switch()  [D4].
 * Cost:    one read-modify-write; a flush if one was missed.
 * Returns: 0; -XCPU_EAGAIN this CPU is not ready; -XCPU_EPERM from NMI.
 */
int xcpu_space_lazy_leave(void);

/*
 * xcpu_space_current: what this CPU has loaded; NULL for none.
 *
 * Context: thread or interrupt, pinned; not NMI.
 * Waits:   never.
 * Order:   none: its own word.
 * Cost:    one load.
 * Returns: the space, or NULL.
 */
struct xcpu_space *xcpu_space_current(void);

/*
 * xcpu_space_kernel: the space of the kernel, which every CPU has loaded.
 *
 * Context: any, on a CPU that is ready.
 * Waits:   never.
 * Order:   none.
 * Cost:    two loads.
 * Returns: the domain's kernel space, or NULL before online.
 */
struct xcpu_space *xcpu_space_kernel(void);

/*
 * xcpu_space_active: the CPUs that have a space loaded, now.
 *
 * Context: any.
 * Waits:   never.
 * Order:   relaxed: a picture for tests and reports.
 * Cost:    O(words).
 * Returns: the set in *set; for the kernel's space, the CPUs that are online.
 */
void xcpu_space_active(const struct xcpu_space *space, struct xcpu_cpuset *set);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_SPACE_H */
