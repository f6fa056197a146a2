/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg_suite.h: what the tests of messages share.
 *
 * A message carries its sender and a number; numbers of a pair count from 1.
 * Its target judges the order as they come, and the CPU of the suite reads the
 * verdict when all is quiet.
 */
#ifndef XCPU_SELFTEST_MSG_SUITE_H
#define XCPU_SELFTEST_MSG_SUITE_H

#include "suite.h"

#if XCPU_MSG_SLOTS != 0
#define MSG_SLOTS XCPU_MSG_SLOTS
#else
#define MSG_SLOTS 4			/* the tests are skipped */
#endif

#define MSG_HIGH	(MSG_SLOTS / 2)
#define MSG_LOW		(MSG_SLOTS / 4)
#define MSG_TRY		(MSG_SLOTS * 2 / 3)

struct selftest_inbox {
	struct xcpu_au32 runs;		/* of all senders */
	struct xcpu_au32 wrong;		/* out of order, or doorbell open */
	uint32_t last[XCPU_NCPU_MAX];	/* number of each sender */
};

extern struct selftest_inbox selftest_inbox[XCPU_NCPU_MAX];

/* Rings for the domain, if the host gave none; all inboxes empty. */
bool selftest_msg_start(struct selftest *t);
/* All that came was in order. */
void selftest_msg_finish(struct selftest *t);
/* Rings that the suite gave; 0: they are the host's. */
unsigned selftest_msg_rings(void);

/* Message `number` of this CPU, up to MSG_NUMBERS. */
#define MSG_NUMBERS 0xfffffu
void *selftest_msg_arg(unsigned number);
xcpu_msg_fn selftest_msg_fn;

/* The next n messages to a CPU; how many were accepted. */
unsigned selftest_msg_burst(unsigned cpu, unsigned first, unsigned n);
bool selftest_msg_await(unsigned cpu, unsigned n);

#endif /* XCPU_SELFTEST_MSG_SUITE_H */
