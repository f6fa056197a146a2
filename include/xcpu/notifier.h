/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notifier.h: secondary TLBs: who else caches translations of a space.
 *
 * An IOMMU that walks a process's page tables, a device with a TLB of its own, a
 * hypervisor's shadow tables: none of them is a CPU that xcpu could ask.  Each
 * registers a function with the space; every shootdown of it, in whatever form
 * (flush.h, async.h, batch.h, quiesce.h), calls it after all CPUs have forgotten
 * and before it is over.
 *
 *	static struct xcpu_notifiers room;
 *
 *	xcpu_space_init(&s->tlb, s);
 *	xcpu_notifier_init(&s->tlb, &room);
 *	...
 *	id = xcpu_notifier_register(&s->tlb, iommu_forget, device);
 *	(the device may walk the tables of s)
 *	...
 *	(it does not any more)
 *	xcpu_notifier_unregister(&s->tlb, id);
 *
 * Who is passed over: nobody who is registered.  xcpu_flush_self() calls nobody:
 * it is for entries that were seen by one CPU alone.
 *
 * What it never weakens: a shootdown that fails (-XCPU_ETIMEDOUT) promises
 * nothing, and calls nobody.
 *
 * Pairs that need a lock outside: init against anything else on that space.
 */
#ifndef XCPU_NOTIFIER_H
#define XCPU_NOTIFIER_H

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/flush.h>
#include <xcpu/space.h>

/*
 * Forget what the request says; on return no access of the secondary goes
 * through a translation that was replaced before the call.  Runs where the
 * shootdown is over, doorbell masked: on the CPU of whoever shot down, waited or
 * looked, or on the last CPU of a request with a callback.  It may not wait for
 * other CPUs, shoot down, register or unregister.
 */
typedef void xcpu_notifier_fn(void *arg, const struct xcpu_flush *request);

/* One who is told.  Private to the library. */
struct xcpu_notifier {
	struct xcpu_au32 state;
	xcpu_notifier_fn *fn;
	void *arg;
};

/* Those of one space, as long as it lives.  Private to the library. */
struct xcpu_notifiers {
	void (*notify)(struct xcpu_notifiers *room,
	    const struct xcpu_flush *request);
	struct xcpu_notifier one[XCPU_NOTIFIERS != 0 ? XCPU_NOTIFIERS : 1];
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_notifier_init: give a space room for notifiers; NULL: take it back.
 *
 * `room` lives as long as the space.  Without it xcpu_notifier_register()
 * answers -XCPU_ENOSYS, and a linker leaves all of this out.
 *
 * Context: any; after xcpu_space_init(), before anybody else knows the space
 *          (the kernel's: before any CPU is online).
 * Waits:   never.
 * Order:   none: the host publishes the space.
 * Cost:    a few stores.
 * Returns: 0; -XCPU_EINVAL space is NULL; -XCPU_ENOSYS compiled out.
 */
int xcpu_notifier_init(struct xcpu_space *space, struct xcpu_notifiers *room);

/*
 * xcpu_notifier_register: from now on, fn(arg, request) ends each shootdown.
 *
 * Context: any but NMI.
 * Waits:   never.
 * Order:   who walks the tables after it finds what was changed before a
 *          shootdown that does not call fn any more  [K1].
 * Cost:    a compare-and-swap, a full fence.
 * Returns: an id, 0 or above; -XCPU_EINVAL a NULL pointer; -XCPU_ENOSPC there
 *          are XCPU_NOTIFIERS of this space; -XCPU_ENOSYS no room, or compiled
 *          out.
 */
int xcpu_notifier_register(struct xcpu_space *space, xcpu_notifier_fn *fn,
    void *arg);

/*
 * xcpu_notifier_unregister: fn runs nowhere, and never again.
 *
 * Context: as xcpu_call_one(); not inside a notifier.
 * Waits:   until every other CPU that is ready has taken an interrupt, under the
 *          watchdog.
 * Order:   all of fn -> the return  [E3] [L2].
 * Cost:    a kick of every CPU.
 * Returns: 0; -XCPU_EINVAL space is NULL; -XCPU_ENOENT no such id; -XCPU_ENOSYS
 *          as above; -XCPU_EDEADLK, -XCPU_EPERM and -XCPU_EAGAIN as
 *          xcpu_call_one(); -XCPU_ETIMEDOUT the stall hook gave up: fn may still
 *          run, and the id stays taken.
 */
int xcpu_notifier_unregister(struct xcpu_space *space, int id);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_NOTIFIER_H */
