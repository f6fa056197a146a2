/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bits.h: counting bits without the compiler's builtins, which are calls into
 * a library that a kernel does not have (RISC-V without Zbb).
 */
#ifndef XCPU_BITS_H
#define XCPU_BITS_H

#include <stdint.h>

static inline unsigned
xcpui_popcount(uint64_t w)
{
	w -= w >> 1 & 0x5555555555555555u;
	w = (w & 0x3333333333333333u) + (w >> 2 & 0x3333333333333333u);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)(w * 0x0101010101010101u >> 56);
}

/* Number of the lowest set bit; 64 for 0. */
static inline unsigned
xcpui_lowest(uint64_t w)
{
	return xcpui_popcount(~w & (w - 1));
}

#endif /* XCPU_BITS_H */
