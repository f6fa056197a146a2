/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * messages.c: xcpu's messages beside other queues.
 *
 * What runs is in flood.h; here are the two functions of each system, and the
 * list of what is measured.
 */
#include "bench.h"
#include "flood.h"
#include "host.h"
#include "rivals/cached.h"
#include "rivals/mailbox.h"
#include "rivals/queue2005.h"

#if __has_include(<ck_ring.h>)
#include <ck_ring.h>
#define HAVE_CK 1
#else
#define HAVE_CK 0
#endif

#define PART_NS		1500000
/* A target of ours polls for longer than a part takes. */
#define LINGER_NS	(2 * PART_NS)

/* ---- xcpu ---- */

static ALWAYS_INLINE unsigned
ours_send(unsigned from, const struct xcpu_msg *msgs, unsigned n)
{
	int sent;

	if (n == 1)
		return xcpu_msg_send(1 - from, msgs[0].fn, msgs[0].arg, NULL) ==
		    0;
	sent = xcpu_msg_batch(1 - from, msgs, n, NULL);
	return sent < 0 ? 0 : (unsigned)sent;
}

static ALWAYS_INLINE void
ours_serve(unsigned cpu)
{
	(void)cpu;
	xcpu_idle_poll(LINGER_NS);
}

/* Doorbells rung for messages, whether or not the target had to be kicked. */
static uint64_t
our_rings(void)
{
	struct xcpu_totals totals = { 0 };

	for (unsigned cpu = 0; cpu < 2; cpu++)
		xcpu_stat_sum(&host.domain, cpu, &totals);
	return totals.kick_msg + totals.avoid_pending + totals.avoid_polling;
}

FLOOD(ours, single, 1)
BATCHES(ours)
SECOND(ours)
ECHO(ours)

/* ---- the ceiling, and the same with a full fence per push ---- */

static struct cached cached[2];		/* by sender, as all below */

static ALWAYS_INLINE unsigned
cached_send(unsigned from, const struct xcpu_msg *msgs, unsigned n)
{
	return cached_push(&cached[from], msgs, n);
}

static ALWAYS_INLINE unsigned
fenced_send(unsigned from, const struct xcpu_msg *msgs, unsigned n)
{
	n = cached_push(&cached[from], msgs, n);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return n;
}

static ALWAYS_INLINE void
cached_serve(unsigned cpu)
{
	cached_drain(&cached[1 - cpu]);
}

#define fenced_serve cached_serve

FLOOD(cached, single, 1)
BATCHES(cached)
SECOND(cached)
ECHO(cached)
FLOOD(fenced, single, 1)
ECHO(fenced)

/* ---- Concurrency Kit's ring ---- */

#if HAVE_CK
CK_RING_PROTOTYPE(message, xcpu_msg)

static struct {
	struct ck_ring ring;
	struct xcpu_msg slot[RIVAL_SLOTS];
} ck[2] __attribute__((aligned(128)));

static ALWAYS_INLINE unsigned
ck_send(unsigned from, const struct xcpu_msg *msgs, unsigned n)
{
	struct xcpu_msg msg = msgs[0];

	(void)n;
	return ck_ring_enqueue_spsc_message(&ck[from].ring, ck[from].slot, &msg);
}

static ALWAYS_INLINE void
ck_serve(unsigned cpu)
{
	struct xcpu_msg msg;

	while (ck_ring_dequeue_spsc_message(&ck[1 - cpu].ring, ck[1 - cpu].slot,
	    &msg))
		msg.fn(msg.arg, NULL);
}

FLOOD(ck, single, 1)
SECOND(ck)
ECHO(ck)

static void
ck_begin(void)
{
	for (unsigned i = 0; i < 2; i++)
		ck_ring_init(&ck[i].ring, RIVAL_SLOTS);
}
#else
#define ck_single	NULL
#define ck_flooded	NULL
#define ck_asked	NULL
#define ck_echo		NULL
#define ck_begin()	((void)0)
#endif

/* ---- the queue of 2005 ---- */

static struct queue2005 queue[2];

static ALWAYS_INLINE unsigned
old_send(unsigned from, const struct xcpu_msg *msgs, unsigned n)
{
	(void)n;
	rival[from].kicks += queue2005_send(&queue[from], &queue[1 - from],
	    msgs);
	return 1;
}

static ALWAYS_INLINE void
old_serve(unsigned cpu)
{
	if (queue2005_is_due(&queue[1 - cpu]))
		queue2005_drain(&queue[1 - cpu]);
}

FLOOD(old, single, 1)
SECOND(old)
ECHO(old)

/* ---- NetBSD's mailbox, from CPU 0 only ---- */

static struct mailbox mailbox;
static struct mailbox_msg letter[MAILBOX_SLOTS];

/* A message is the caller's until it has run: eight of them take turns. */
static ALWAYS_INLINE unsigned
mailbox_flood_send(unsigned from, const struct xcpu_msg *msgs, unsigned n)
{
	struct mailbox_msg *msg =
	    &letter[(uintptr_t)msgs->arg % MAILBOX_SLOTS];

	(void)n;
	mailbox_wait(msg);
	msg->run = *msgs;
	rival[from].kicks += mailbox_send(&mailbox, msg);
	return 1;
}

static ALWAYS_INLINE unsigned
mailbox_call_send(unsigned from, const struct xcpu_msg *msgs, unsigned n)
{
	(void)n;
	letter[0].run = *msgs;
	rival[from].kicks += mailbox_send(&mailbox, &letter[0]);
	mailbox_wait(&letter[0]);
	return 1;
}

static ALWAYS_INLINE void
mailbox_serve(unsigned cpu)
{
	(void)cpu;
	mailbox_drain(&mailbox);
}

FLOOD(mailbox_flood, single, 1)
FLOOD(mailbox_call, single, 1)
SECOND(mailbox)

/* ---- the list ---- */

static const struct measure list[MESSAGES] = {
	[NEAR_OR_FAR] = { "bare ping-pong, one line", "one-line",
	    bare_one_line_first, bare_one_line_second, NULL, NULL },
	[THERE_AND_BACK] = { "bare ping-pong, two lines", "two-lines",
	    bare_two_lines_first, bare_two_lines_second, NULL, NULL },
	[SINGLE_OURS] = { "xcpu_msg_send()", "send",
	    ours_single, ours_flooded, all_in_turn, our_rings },
	[SINGLE_CACHED] = { "cached-index ring, no signal", "cached",
	    cached_single, cached_flooded, all_in_turn, NULL },
	[SINGLE_FENCED] = { "the same, a full fence each", "fenced",
	    fenced_single, cached_flooded, all_in_turn, NULL },
	[SINGLE_CK] = { "Concurrency Kit's ring", "ck",
	    ck_single, ck_flooded, all_in_turn, NULL },
	[SINGLE_OLD] = { "queue of 2005", "queue2005",
	    old_single, old_flooded, all_in_turn, rival_kicks },
	[SINGLE_MAILBOX] = { "NetBSD's mailbox, 8 under way", "mailbox",
	    mailbox_flood_single, mailbox_flooded, all_once, rival_kicks },
	[BATCH4_OURS] = { "xcpu_msg_batch(), 4", "batch4",
	    ours_batch4, ours_flooded, all_in_turn, our_rings },
	[BATCH4_CACHED] = { "cached-index ring, 4", "cached4",
	    cached_batch4, cached_flooded, all_in_turn, NULL },
	[BATCH32_OURS] = { "xcpu_msg_batch(), 32", "batch32",
	    ours_batch32, ours_flooded, all_in_turn, our_rings },
	[BATCH32_CACHED] = { "cached-index ring, 32", "cached32",
	    cached_batch32, cached_flooded, all_in_turn, NULL },
	[FULL_OURS] = { "xcpu_msg_batch(), what there is room for", "batch-full",
	    ours_batch_full, ours_flooded, all_in_turn, our_rings },
	[FULL_CACHED] = { "cached-index ring, the same", "cached-full",
	    cached_batch_full, cached_flooded, all_in_turn, NULL },
	[ECHO_OURS] = { "xcpu_msg_send(), another back", "echo",
	    ours_echo, ours_asked, all_in_turn, our_rings },
	[ECHO_CACHED] = { "cached-index ring, echo", "cached-echo",
	    cached_echo, cached_asked, all_in_turn, NULL },
	[ECHO_FENCED] = { "the same, a full fence each", "fenced-echo",
	    fenced_echo, cached_asked, all_in_turn, NULL },
	[ECHO_CK] = { "Concurrency Kit's ring, echo", "ck-echo",
	    ck_echo, ck_asked, all_in_turn, NULL },
	[ECHO_OLD] = { "queue of 2005, echo", "queue2005-echo",
	    old_echo, old_asked, all_in_turn, rival_kicks },
	[CALL_MAILBOX] = { "NetBSD's mailbox, sent and waited for",
	    "mailbox-call",
	    mailbox_call_single, mailbox_asked, all_in_turn, rival_kicks },
};

const struct suite messages = {
	.name = "messages", .measure = list, .n = MESSAGES,
	.part_ns = PART_NS,
};

const char *
messages_begin(void)
{
	static struct xcpu_msg_ring rings[4];

	ck_begin();
	if (xcpu_msg_pool(&host.domain, rings, 4) != 0)
		return "there are no rings for messages";
	return NULL;
}
