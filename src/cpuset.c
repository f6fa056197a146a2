/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpuset.c: the set operations that are too long to be inline.
 *
 * Bits at XCPU_NCPU_MAX and above are never set, so that the last word needs
 * no mask of its own anywhere else.
 */
#include <xcpu/cpuset.h>

#include "bits.h"

void
xcpu_cpuset_fill(struct xcpu_cpuset *set, unsigned ncpu)
{
	if (ncpu > XCPU_NCPU_MAX)
		ncpu = XCPU_NCPU_MAX;
	xcpu_cpuset_zero(set);
	for (unsigned i = 0; i < ncpu / 64; i++)
		set->w[i] = ~(uint64_t)0;
	if (ncpu % 64 != 0)
		set->w[ncpu / 64] = xcpu_cpu_bit(ncpu) - 1;
}

unsigned
xcpu_cpuset_count(const struct xcpu_cpuset *set)
{
	unsigned count = 0;

	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		count += xcpui_popcount(set->w[i]);
	return count;
}

bool
xcpu_cpuset_equal(const struct xcpu_cpuset *a, const struct xcpu_cpuset *b)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		if (a->w[i] != b->w[i])
			return false;
	return true;
}

unsigned
xcpu_cpuset_from(const struct xcpu_cpuset *set, unsigned cpu)
{
	uint64_t above;

	if (cpu >= XCPU_NCPU_MAX)
		return XCPU_NCPU_MAX;
	above = ~(xcpu_cpu_bit(cpu) - 1);
	for (unsigned i = cpu / 64; i < XCPU_CPUSET_WORDS; i++) {
		uint64_t w = set->w[i] & above;

		if (w != 0)
			return i * 64 + xcpui_lowest(w);
		above = ~(uint64_t)0;
	}
	return XCPU_NCPU_MAX;
}
