/* SPDX-License-Identifier: BSD-2-Clause */
/* netbsd_test.h: what the files of the NetBSD tests share. */
#ifndef TESTS_NETBSD_TEST_H
#define TESTS_NETBSD_TEST_H

#include <sys/cpu.h>
#include <sys/ipi.h>
#include <sys/kcpuset.h>

#include "compat_test.h"

#define MAXCPUS 256

/* A handler's record: how often it ran on each CPU. */
struct runs {
	uint32_t on[MAXCPUS];
	uint32_t bad;		/* ran unmasked */
};

void note_run(void *arg);	/* an ipi_func_t; arg is a struct runs */
void clear_runs(struct runs *runs);
bool ran_once_on_all_but(const struct runs *runs, unsigned cpu);

extern uint32_t warnings;	/* of ipi_console() */

extern const struct compat_test netbsd_behaviours[];
extern const struct compat_test netbsd_async[];
extern const struct compat_test netbsd_sync[];

#endif /* TESTS_NETBSD_TEST_H */
