/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unit.h: what the unit tests share: cmocka, test names that end in the ids of
 * what they show, and random numbers that are the same in every run.
 */
#ifndef XCPU_TESTS_UNIT_H
#define XCPU_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* UNIT(function, "F-X12 INV-E9"): cmocka prints `ok N - function # F-X12 INV-E9`. */
#define UNIT(function, ids) { #function " # " ids, function, NULL, NULL, NULL }
#define UNIT_PLAIN(function) { #function, function, NULL, NULL, NULL }

/* xorshift64*: any state but 0. */
static inline uint64_t
unit_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif /* XCPU_TESTS_UNIT_H */
