/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * late_suite.h: what the tests of shootdowns that nobody waits for share: one
 * request, of pages that another CPU has in its TLB.
 */
#ifndef XCPU_SELFTEST_LATE_SUITE_H
#define XCPU_SELFTEST_LATE_SUITE_H

#include "suite.h"

#define SHORT_NS 20000000u
#define NEVER_NS ((uint64_t)3600 * 1000000000u)

extern struct xcpu_async selftest_late_job;
extern struct xcpu_cpuset selftest_late_other;
extern struct selftest_hold selftest_late_hold;
/* How often selftest_late_announce() has run: a callback. */
extern struct xcpu_au32 selftest_late_announced;
void selftest_late_announce(void *arg);

/* A new request; selftest_late_other is the other CPU, which loads the space. */
void selftest_late_set_up(struct selftest *t);
/* The request is over, and the space not loaded. */
void selftest_late_tear_down(struct selftest *t);
/* A page that the other CPU has in its TLB, and its new value, not flushed. */
void selftest_late_change(struct selftest *t, unsigned page, uint64_t value);
/* It reads that value there. */
void selftest_late_reads(struct selftest *t, unsigned page, uint64_t value);
/* Add that page to the request. */
int selftest_late_add(struct selftest *t, unsigned page, unsigned flags);
/* A changed page, and the other CPU kept in a function, where it flushes nothing. */
bool selftest_late_change_held(struct selftest *t, unsigned page, uint64_t value);
/* On another CPU: it comes by. */
void selftest_late_pass(void *arg);

/* Have the other CPU lazy, doorbell masked, until it is woken. */
bool selftest_late_lull(struct selftest *t);
void selftest_late_wake(struct selftest *t);

#endif /* XCPU_SELFTEST_LATE_SUITE_H */
