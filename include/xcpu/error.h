/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.h: what a function of xcpu can answer.
 *
 * 0 or a positive count is success; an error is the negative of one of these.
 * The numbers are those of Linux, so that a log reads well.
 */
#ifndef XCPU_ERROR_H
#define XCPU_ERROR_H

enum xcpu_error {
	XCPU_OK = 0,
	XCPU_EPERM = 1,		/* not from NMI */
	XCPU_ENOENT = 2,	/* stale event id */
	XCPU_ENXIO = 6,		/* CPU not ready */
	XCPU_E2BIG = 7,		/* more CPUs than the library was built for */
	XCPU_EAGAIN = 11,	/* full, or too early: try again */
	XCPU_EBUSY = 16,	/* object in flight; space loaded somewhere */
	XCPU_EINVAL = 22,	/* argument out of range */
	XCPU_ENOSPC = 28,	/* table full */
	XCPU_EDEADLK = 35,	/* would wait for itself */
	XCPU_ENOSYS = 38,	/* compiled out */
	XCPU_ETIMEDOUT = 110,	/* deadline passed */
	XCPU_ECANCELED = 125	/* a CPU died that was waited for */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xcpu_strerror: the text of an error, for logs.
 *
 * Takes the value as returned (negative) or its enum (positive).
 *
 * Context: any, NMI included.
 * Waits:   never.
 * Order:   none.
 * Cost:    a few compares.
 * Returns: a constant string; "unknown error" for a number of no meaning.
 */
const char *xcpu_strerror(int error);

#ifdef __cplusplus
}
#endif

#endif /* XCPU_ERROR_H */
