/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cannot.h: which cells of the matrix fault x operation x state cannot be, and
 * which are windows of so few steps that ten times take minutes.
 */
#ifndef XCPU_SIM_CANNOT_H
#define XCPU_SIM_CANNOT_H

enum cannot_kind {
	CAN,			/* wanted ten times */
	RARELY,			/* wanted by the complete form only */
	SELDOM,			/* can be, once in some ten thousand runs; not wanted */
	CANNOT			/* an error if it was */
};

enum cannot_kind cannot_kind(unsigned fault, unsigned op, unsigned state);
/* The reasons, a line each. */
void cannot_print(void);

#endif /* XCPU_SIM_CANNOT_H */
