/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * string.c: the four functions that a compiler may call in freestanding code.
 * It must not turn their own loops into such calls; clang knows that from
 * -ffreestanding, gcc is told.
 */
#include <stdint.h>

#include "string.h"

#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* A word that may alias anything, and need not be aligned. */
typedef uint64_t word __attribute__((may_alias, aligned(1)));

void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	for (; n >= sizeof(word); n -= sizeof(word)) {
		*(word *)t = *(const word *)f;
		t += sizeof(word);
		f += sizeof(word);
	}
	for (; n > 0; n--)
		*t++ = *f++;
	return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f)
		return memcpy(to, from, n);	/* goes upwards */
	for (; n > 0; n--)
		t[n - 1] = f[n - 1];
	return to;
}

void *
memset(void *to, int c, size_t n)
{
	unsigned char *t = to;
	word all = (unsigned char)c * UINT64_C(0x0101010101010101);

	for (; n >= sizeof(word); n -= sizeof(word)) {
		*(word *)t = all;
		t += sizeof(word);
	}
	for (; n > 0; n--)
		*t++ = (unsigned char)c;
	return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (; n > 0; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}
