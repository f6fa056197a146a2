/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doorbell.h: the words by which one CPU makes another look, and the entry
 * points by which the host lets it look.
 *
 * Every CPU has one lane of eight bits: a bit per class of pending work, one
 * that says it will look again without being kicked, and its state.  The lanes
 * of a group of CPUs share one 64-bit word, and the line around it holds one
 * request, so that a CPU that answers touches a single line.  To ask something
 * of a CPU, use call.h, event.h or flush.h; this page is for whoever wires
 * xcpu into a kernel:
 *
 *	interrupt vector	acknowledge the controller, then xcpu_on_ipi()
 *	NMI			if (xcpu_on_nmi()) it was ours
 *	timer tick		xcpu_on_tick()
 *	idle loop		mask; if (xcpu_on_idle_enter()) unmask and halt
 *				in one step, else unmask
 *	spinlocks		xcpu_poll() in the loop that spins
 */
#ifndef XCPU_DOORBELL_H
#define XCPU_DOORBELL_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/atomic.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>

/* Bits of a lane; a lower class bit is served first. */
enum xcpu_lane {
	XCPU_LANE_STOP = 0x01,
	XCPU_LANE_FLUSH = 0x02,
	XCPU_LANE_CALL = 0x04,
	XCPU_LANE_EVENT = 0x08,
	XCPU_LANE_MSG = 0x10,
	XCPU_LANE_CLASSES = 0x1f,
	XCPU_LANE_POLLING = 0x20,	/* looks again before it sleeps */
	XCPU_LANE_STATE = 0xc0,
	XCPU_LANE_OFF = 0x00,
	XCPU_LANE_READY = 0x40,
	XCPU_LANE_LEAVING = 0x80,	/* in its last drain */
	XCPU_LANE_LAZY = 0xc0		/* ready; compares generations later */
};

/* Number of classes, in the order of their bits. */
#define XCPU_NCLASS 5

#define XCPU_GROUPS							\
	((XCPU_NCPU_MAX + XCPU_LANES_PER_LINE - 1) / XCPU_LANES_PER_LINE)

/* Words of a request that rides in a token line. */
#define XCPU_SLOT_WORDS 5

/*
 * A token line: the lanes of a group, one request beside them, and who of them
 * takes part in a rendezvous, in one coherence unit.  Private to the library.
 */
struct xcpu_line {
	struct xcpu_au64 bell;
	struct xcpu_au64 slot;
	uint64_t body[XCPU_SLOT_WORDS];
	struct xcpu_au64 sync;
} __attribute__((aligned(XCPU_LINE_BYTES)));

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_on_ipi: serve what this CPU was kicked for.
 *
 * The host calls it from the kick's interrupt.  A kick that was late, doubled
 * or spurious finds nothing to do, and that is all.
 *
 * Context: interrupt, doorbell masked.  The controller's latch is already
 *          acknowledged: a kick that arrives from now on interrupts again.
 * Waits:   never itself; functions called from here may shoot down.
 * Order:   sees all that was written before the posts that it serves  [D1].
 * Cost:    one read-modify-write, then the work; at most XCPU_DRAIN_BUDGET
 *          functions, then the CPU kicks itself.
 * Returns: nothing.
 */
void xcpu_on_ipi(void);

/*
 * xcpu_on_ipi_frame: the same; messages that run now get `frame`.
 *
 * Context: as xcpu_on_ipi().
 * Waits:   as xcpu_on_ipi().
 * Order:   as xcpu_on_ipi().
 * Cost:    as xcpu_on_ipi().
 * Returns: nothing.
 */
void xcpu_on_ipi_frame(void *frame);

/*
 * xcpu_on_nmi: serve pending flushes from a non-maskable interrupt.
 *
 * Takes no lock and runs no function of the host but the TLB hooks.  An NMI
 * that came from elsewhere, or twice, is harmless.
 *
 * Context: NMI.
 * Waits:   never.
 * Order:   as xcpu_on_ipi().
 * Cost:    one read-modify-write, and the flush.
 * Returns: true when a flush was pending and is done, false when this NMI was
 *          not for xcpu, or came in the midst of a switch of spaces: then a
 *          kick does it.
 */
bool xcpu_on_nmi(void);

/*
 * xcpu_on_tick: look whether work was left lying.
 *
 * On a port of level 0 this is where all work is served.  From level 1 on, a
 * class bit that stands from one tick to the next although the doorbell was
 * open in between was kicked for in vain: it is counted (lost) and served.
 *
 * Context: timer interrupt, doorbell masked.
 * Waits:   never itself.
 * Order:   as xcpu_on_ipi().
 * Cost:    one load when there is nothing to do.
 * Returns: nothing.
 */
void xcpu_on_tick(void);

/*
 * xcpu_on_idle_enter: may this CPU halt?
 *
 * Serves what is pending.  After true, unmasking and halting must be one step
 * (sti;hlt, wfi with the interrupt masked), or a kick in between sleeps with
 * the CPU.
 *
 * Context: thread, doorbell masked.
 * Waits:   never itself.
 * Order:   as xcpu_on_ipi().
 * Cost:    one load when there is nothing to do.
 * Returns: true when nothing is pending, false when the idle loop should look
 *          for something to run first.
 */
bool xcpu_on_idle_enter(void);

/*
 * xcpu_idle_poll: stay idle by polling, so that nobody needs to kick.
 *
 * Serves whatever is posted for `timeout_ns`, or, on a port without a clock,
 * until the first batch was served.
 *
 * Context: thread, doorbell open or masked, no host lock held.
 * Waits:   timeout_ns, and for the function that runs then; 0 looks once.
 * Order:   as xcpu_on_ipi().
 * Cost:    no kick for what arrives meanwhile.
 * Returns: how often something was served, or -XCPU_EDEADLK inside a handler
 *          or with a host lock held, -XCPU_EAGAIN when this CPU is not ready.
 */
int xcpu_idle_poll(uint64_t timeout_ns);

/*
 * xcpu_poll: let others have what they need of this CPU while it spins.
 *
 * For the host's own spin loops: a CPU that spins with its doorbell masked on
 * a lock whose holder waits in a shootdown would otherwise never answer.
 * Serves STOP and FLUSH, which take no lock; the rest waits for the interrupt.
 *
 * Context: any but NMI; host locks may be held, doorbell open or masked.
 * Waits:   never.
 * Order:   as xcpu_on_ipi().
 * Cost:    one load when there is nothing to do.
 * Returns: nothing.
 */
void xcpu_poll(void);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_DOORBELL_H */
