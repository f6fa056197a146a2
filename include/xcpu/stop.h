/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.h: bring CPUs to a halt, and let them go again.
 *
 * For debuggers, crash dumps and the last minutes of a kernel.  A stopped CPU
 * stands masked, wherever it was when its doorbell was served: in an interrupt,
 * in a wait of xcpu (a call, a rendezvous, another stop), in xcpu_poll() with
 * host locks held; after an NMI anywhere at all.  It serves flushes, so that
 * shootdowns of the others end (but not when an NMI stopped it), takes no lock
 * and prints nothing.  A CPU is stopped or it is not: stops do not add up.
 *
 * One CPU at a time keeps others stopped: from a stop to the restart of the last
 * of them other stoppers wait.  Meanwhile its calls are refused with
 * XCPU_EDEADLK, its shootdowns are legal, and it is not parked by a rendezvous.
 * What it runs must not wait for what a stopped CPU may hold, a host lock for
 * one: mask the doorbell if handlers could.
 *
 *	static struct xcpu_stop_room room;
 *
 *	xcpu_domain_init(&domain, cpus, ncpu);
 *	xcpu_stop_init(&domain, &room);		(before CPUs come online)
 *	...
 *	xcpu_stop_others(NULL);
 *	debugger();
 *	xcpu_restart(NULL);
 */
#ifndef XCPU_STOP_H
#define XCPU_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/domain.h>
#include <xcpu/event.h>

/* All zero is the default, and so is a NULL pointer. */
struct xcpu_stop_opt {
	uint64_t timeout_ns;	/* 0: none */
	uint64_t nmi_after_ns;	/* for who masks his doorbell; 0: no NMIs */
	struct xcpu_cpuset *stopped;	/* those that are; NULL: not wanted */
};

/* Memory for the stops of a domain.  Private to the library. */
struct xcpu_stop_room {
	void (*serve)(struct xcpu_cpu *self);
	bool (*serve_nmi)(struct xcpu_cpu *self);
	/* The one who stops others: his CPU + 1; 0: nobody. */
	struct xcpu_au32 owner __attribute__((aligned(XCPU_LINE_BYTES)));
	struct xcpu_au32 panic;		/* the one who panicked first */
	struct xcpu_cpuset held;	/* whom the owner has stopped */
	/* The one whose NMI call is under way, and his request. */
	struct xcpu_au32 caller __attribute__((aligned(XCPU_LINE_BYTES)));
	xcpu_fn *fn;
	void *arg;
	struct xcpu_au64 todo[XCPU_CPUSET_WORDS];
	struct xcpu_au64 open[XCPU_CPUSET_WORDS];
	/* Per CPU: to be stopped, stopped. */
	struct xcpu_au32 state[XCPU_NCPU_MAX];
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_stop_init: give a domain what its stops need.
 *
 * `room` is zeroed, and lives as long as the domain.  Without it the functions
 * below answer -XCPU_ENOSYS, and a linker leaves them out.
 *
 * Context: any; after xcpu_domain_init(), before any CPU is online.
 * Waits:   never.
 * Order:   none: the host publishes the domain by starting the CPUs.
 * Cost:    nothing.
 * Returns: 0; -XCPU_EINVAL a NULL pointer.
 */
int xcpu_stop_init(struct xcpu_domain *domain, struct xcpu_stop_room *room);

/*
 * xcpu_stop: stop a set of CPUs, the calling one not among them.
 *
 * CPUs that are not ready are passed over, those already stopped count, and
 * those that the end of a panic lets go meanwhile do not (see *stopped).  A
 * CPU that has not stopped when the deadline passes is taken back: it goes on,
 * and does not stop later.
 *
 * Context: any but NMI; handlers, host locks and a masked doorbell are allowed.
 * Waits:   until all are stopped, the deadline, or the stall hook gives up; is
 *          stopped itself meanwhile if somebody else came first.
 * Order:   all that a stopped CPU did -> the return  [P1].
 * Cost:    one read-modify-write per target and one per group; one kick hook.
 * Returns: 0; -XCPU_ETIMEDOUT: *stopped are those that are; -XCPU_EINVAL no
 *          such CPU, or the calling one; -XCPU_EPERM from NMI; -XCPU_EAGAIN this
 *          CPU is not ready; -XCPU_ENOSYS no xcpu_stop_init(), or a time
 *          without a clock.
 */
int xcpu_stop(const struct xcpu_cpuset *set, const struct xcpu_stop_opt *opt);

/*
 * xcpu_stop_others: stop every other CPU that is online.
 *
 * Context: as xcpu_stop().
 * Waits:   as xcpu_stop().
 * Order:   as xcpu_stop().
 * Cost:    as xcpu_stop().
 * Returns: as xcpu_stop().
 */
int xcpu_stop_others(const struct xcpu_stop_opt *opt);

/*
 * xcpu_restart: let the CPUs go on that this one has stopped; NULL: all.
 *
 * Others of the set are left alone.  After a panic stop only the CPU that made it
 * lets others go on (a debugger that continues): all of them, and the panic is
 * over.
 *
 * Context: any, NMI included.
 * Waits:   never: they leave when they look.
 * Order:   all before -> all that they do from now on  [P2].
 * Cost:    one read-modify-write per CPU.
 * Returns: how many go on; -XCPU_EAGAIN, -XCPU_EINVAL, -XCPU_ENOSYS as
 *          xcpu_stop().
 */
int xcpu_restart(const struct xcpu_cpuset *set);

/*
 * xcpu_stopped: is a CPU stopped now?
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   all that it did before it stopped -> a true answer  [P1].
 * Cost:    one load.
 * Returns: true or false; false for an index out of range, and without
 *          xcpu_stop_init().
 */
bool xcpu_stopped(const struct xcpu_domain *domain, unsigned cpu);

/*
 * xcpu_panic_stop: stop all others, whatever they hold.
 *
 * The doorbell is masked, and stays so.
 *
 * Kicks each of them, whatever the doorbells say; after half the bound come
 * NMIs, and after the bound it returns, come what may.  Of several CPUs that
 * panic at once one returns, the others stop in here until he restarts them.
 *
 * Context: any, NMI included, every lock of the host held.
 * Waits:   bound_ns at most (0: 100 ms); on a port without a clock, or whose
 *          clock stands still, a number of looks.
 * Order:   as xcpu_stop().
 * Cost:    as xcpu_stop(), and a kick for each.
 * Returns: 0; -XCPU_ETIMEDOUT: *missing (if it is not NULL) did not stop;
 *          -XCPU_EBUSY this CPU has called it before, or was stopped here and
 *          restarted: nothing is done;
 *          -XCPU_EAGAIN xcpu_port_self() is NULL; -XCPU_ENOSYS.
 */
int xcpu_panic_stop(uint64_t bound_ns, struct xcpu_cpuset *missing);

/*
 * xcpu_nmi_call: run fn(arg) on each CPU of a set, in an NMI.
 *
 * For backtraces of CPUs that answer nothing else.  The calling CPU, if it is in
 * the set, runs it where it stands, and so may one that goes offline meanwhile.
 * CPUs that are not ready are passed over, and one that has not begun when the
 * deadline passes is taken back and never runs it.
 *
 * Context: any but NMI; handlers, host locks and a masked doorbell are allowed.
 *          fn takes no lock and uses nothing of xcpu but what NMIs may.
 * Waits:   until all have run it, or timeout_ns (0: 100 ms).  An NMI that got
 *          lost is sent again after XCPU_REKICK_NS, also 100 ms unless configured.
 * Order:   all before -> fn -> the return, for each CPU in *done  [P4] [P5].
 * Cost:    an NMI for each.
 * Returns: 0; -XCPU_ETIMEDOUT: *done (if it is not NULL) are those that have;
 *          -XCPU_EINVAL; -XCPU_EPERM from NMI; -XCPU_EAGAIN this CPU is not
 *          ready; -XCPU_ENOSYS no xcpu_stop_init(), or a port below level 4.
 */
int xcpu_nmi_call(const struct xcpu_cpuset *set, xcpu_fn *fn, void *arg,
    uint64_t timeout_ns, struct xcpu_cpuset *done);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_STOP_H */
