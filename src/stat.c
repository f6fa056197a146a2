/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stat.c: add the counters up.
 *
 * The counters themselves are written in place, by XCPUI_COUNT().
 */
#include "internal.h"

int XCPUI_COLD
xcpu_stat_sum(const struct xcpu_domain *domain, unsigned cpu,
    struct xcpu_totals *totals)
{
	if (cpu >= domain->ncpu)
		return -XCPU_EINVAL;
#if XCPU_STATS
	const struct xcpu_stat *stat = &domain->cpus[cpu].stat;
	/* One list makes all three: they are the same words in the same order. */
	const struct xcpu_au64 *own = (const struct xcpu_au64 *)&stat->own;
	const struct xcpu_au64 *nmi = (const struct xcpu_au64 *)&stat->nmi;
	uint64_t *sum = (uint64_t *)totals;

	for (unsigned i = 0; i < sizeof(struct xcpu_counters) / sizeof(*own);
	    i++)
		/* rlx: exact once the CPU is quiet, all of them */
		sum[i] += xcpu_load_rlx(&own[i]) +
		    xcpu_load_rlx(&nmi[i]);	/* rlx: as above */
	for (unsigned kind = 0; kind < XCPU_WAIT_KINDS; kind++)
		for (unsigned i = 0; i < XCPU_STAT_BUCKETS; i++)
			/* rlx: as above */
			totals->wait_ns[kind][i] +=
			    xcpu_load_rlx(&stat->wait_ns[kind][i]);
	return 0;
#else
	(void)totals;
	return -XCPU_ENOSYS;
#endif
}

uint64_t XCPUI_COLD
xcpu_stat_kicks(const struct xcpu_totals *totals)
{
	return totals->kick_flush + totals->kick_call + totals->kick_event +
	    totals->kick_msg + totals->kick_stop + totals->rekick +
	    totals->selfkick;
}

uint64_t XCPUI_COLD
xcpu_stat_quantile(const struct xcpu_totals *totals, enum xcpu_wait_kind kind,
    unsigned q)
{
	uint64_t sum = 0;
	uint64_t seen = 0;

	if ((unsigned)kind >= XCPU_WAIT_KINDS)
		return 0;
	for (unsigned i = 0; i < XCPU_STAT_BUCKETS; i++)
		sum += totals->wait_ns[kind][i];
	for (unsigned i = 0; i < XCPU_STAT_BUCKETS; i++) {
		seen += totals->wait_ns[kind][i];
		if (seen != 0 && seen * 1000 >= sum * q)
			return (uint64_t)2 << i;
	}
	return 0;
}
