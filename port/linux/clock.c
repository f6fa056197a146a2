/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c: nanoseconds for deadlines and histograms.
 *
 * On x86_64 the time stamp counter, where it runs at one rate for ever and the
 * kernel keeps its own time by it: half the cost of clock_gettime().
 */
#include <string.h>

#include "host.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdio.h>
#endif

#define CALIBRATE_NS	10000000

struct xcpu_linux_clock xcpu_linux_clock;

uint64_t
xcpu_linux_clock_read(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#if defined(__x86_64__)

#define CPUID_POWER	0x80000007	/* edx bit 8: invariant TSC */
#define CLOCK_SOURCE \
	"/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* The kernel has watched the counters of all cores; ask it. */
static bool
kernel_trusts_tsc(void)
{
	char name[16] = "";
	FILE *file = fopen(CLOCK_SOURCE, "r");

	if (file == NULL)
		return false;
	if (fgets(name, sizeof(name), file) == NULL)
		name[0] = '\0';
	fclose(file);
	return strncmp(name, "tsc", 3) == 0;
}

/* Both clocks at one instant: the closest of some attempts. */
static void
read_both(uint64_t *ticks, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t before = __builtin_ia32_rdtsc();
		uint64_t now = xcpu_linux_clock_read();
		uint64_t after = __builtin_ia32_rdtsc();

		if (after - before >= best)
			continue;
		best = after - before;
		*ticks = before + best / 2;
		*ns = now;
	}
}

void
host_clock_init(void)
{
	struct xcpu_linux_clock *clock = &xcpu_linux_clock;
	unsigned a, b, c, d = 0;
	uint64_t ticks = 0, ns = 0;

	if (clock->mult != 0 || !__get_cpuid(CPUID_POWER, &a, &b, &c, &d) ||
	    (d >> 8 & 1) == 0 || !kernel_trusts_tsc())
		return;
	read_both(&clock->base_ticks, &clock->base_ns);
	/* ends: time passes */
	while (xcpu_linux_clock_read() - clock->base_ns < CALIBRATE_NS)
		continue;
	read_both(&ticks, &ns);
	if (ticks == clock->base_ticks)
		return;
	clock->mult = ((ns - clock->base_ns) << 32) /
	    (ticks - clock->base_ticks);
}

#else

void
host_clock_init(void)
{
}

#endif
