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

extern struct xcpu_async late_job;
extern struct xcpu_cpuset late_other;
extern struct selftest_hold late_hold;
/* How often late_announce() has run: a callback. */
extern struct xcpu_au32 late_announced;
void late_announce(void *arg);

/* A new request; late_other is the other CPU, which loads the space. */
void late_set_up(struct selftest *t);
/* The request is over, and the space not loaded. */
void late_tear_down(struct selftest *t);
/* A page that the other CPU has in its TLB, and its new value, not flushed. */
void late_change(struct selftest *t, unsigned page, uint64_t value);
/* It reads that value there. */
void late_reads(struct selftest *t, unsigned page, uint64_t value);
/* Add that page to the request. */
int late_add(struct selftest *t, unsigned page, unsigned flags);
/* A changed page, and the other CPU kept in a function, where it flushes nothing. */
bool late_change_held(struct selftest *t, unsigned page, uint64_t value);
/* On another CPU: it comes by. */
void late_pass(void *arg);

/* Have the other CPU lazy, doorbell masked, until it is woken. */
bool late_lull(struct selftest *t);
void late_wake(struct selftest *t);

#endif /* XCPU_SELFTEST_LATE_SUITE_H */
