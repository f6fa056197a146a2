/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.h: CPUs that run user code are left alone when the kernel's translations
 * change, and catch up as they come back.
 *
 * For kernels whose CPUs should not be disturbed in user mode, or that unmap much
 * of their own.  The host calls
 *
 *	xcpu_kernel_exit()	last of all on the way to user code
 *	xcpu_kernel_enter()	first of all on the way back: system calls, faults,
 *				interrupts, and every NMI
 *
 * and what it runs outside these two uses only kernel pages that never change:
 * the code of the way itself, its stack, and what this library's functions are
 * made of.  A shootdown of other kernel pages then asks nobody who is outside.
 * One that frees tables does (XCPU_FLUSH_TABLES), for a walker may be in them;
 * and so does one of a user's space.
 *
 * Pairs that need a lock outside: none.
 */
#ifndef XCPU_ENTRY_H
#define XCPU_ENTRY_H

#include <stdbool.h>

struct xcpu_domain;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_entry_init: CPUs of this domain will say when they are outside.
 *
 * Without it the functions below have no effect, and a linker leaves them out.
 *
 * Context: any; after xcpu_domain_init(), before any CPU is online.
 * Waits:   never.
 * Order:   none: the host publishes the domain by starting the CPUs.
 * Cost:    a store.
 * Returns: 0; -XCPU_EINVAL domain is NULL.
 */
int xcpu_entry_init(struct xcpu_domain *domain);

/*
 * xcpu_kernel_exit: user code is about to run here.
 *
 * Context: doorbell masked, no host lock held, not inside a handler; NMI.
 * Waits:   never.
 * Order:   all that this CPU did through the kernel's translations happened
 *          before it is passed over  [U1].
 * Cost:    one store to an own line.
 * Returns: nothing.
 */
void xcpu_kernel_exit(void);

/*
 * xcpu_kernel_enter: the kernel runs here again, by what is mapped now.
 *
 * An NMI calls it wherever it came from, and xcpu_kernel_exit() at its end if the
 * answer was true: it may hit the way in or out.
 *
 * Context: doorbell masked; NMI.
 * Waits:   never.
 * Order:   a change whose shootdown passed this CPU over is seen from here on.
 * Cost:    a full fence, one load of a line that is written once per change; a
 *          flush if there was one.
 * Returns: true: it was outside.
 */
bool xcpu_kernel_enter(void);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_ENTRY_H */
