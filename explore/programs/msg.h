/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg.h: what the programs about messages have in common.
 *
 * A message is a number from 1 on.  Its sender writes the number into a plain
 * word first, and its function reads it there: so one that the ring does not
 * carry in order is a race.  Each target writes the numbers down in the order in
 * which they began, as the digits of one: 12 is first 1, then 2.
 */
#ifndef XCPU_EXPLORE_MSG_H
#define XCPU_EXPLORE_MSG_H

#include "scene.h"

#define MSG_NUMBERS 8

static struct xcpu_msg_ring EXPLORE_DATA ring[4];
static struct explore_word EXPLORE_DATA written[EXPLORE_CPUS][MSG_NUMBERS];
static struct explore_word EXPLORE_DATA order[EXPLORE_CPUS];

static inline void
msg_log(unsigned number)
{
	struct explore_word *mine = &order[explore_self()];

	explore_write(mine, explore_read(mine) * 10 + number);
}

/* A message: its number, and who wrote it. */
static inline void *
msg_arg(unsigned from, unsigned number)
{
	return (void *)(uintptr_t)(from << 8 | number);
}

static inline unsigned
msg_number(const void *arg)
{
	return (unsigned)(uintptr_t)arg & 0xff;
}

static inline void
msg_run(void *arg, void *frame)
{
	unsigned from = (unsigned)(uintptr_t)arg >> 8;

	(void)frame;
	explore_assert(explore_read(&written[from][msg_number(arg)]) ==
	    msg_number(arg), "run, but before it was sent");
	msg_log(msg_number(arg));
}

/* What the caller says a message, and is about to send. */
static inline struct xcpu_msg
msg_make(xcpu_msg_fn *fn, unsigned number)
{
	unsigned self = explore_self();
	struct xcpu_msg msg = { fn, msg_arg(self, number) };

	explore_write(&written[self][number], number);
	return msg;
}

static inline int
msg_send(unsigned cpu, unsigned number, struct xcpu_ticket *ticket)
{
	struct xcpu_msg msg = msg_make(msg_run, number);

	return xcpu_msg_send(cpu, msg.fn, msg.arg, ticket);
}

static inline void
msg_send_ok(unsigned cpu, unsigned number)
{
	explore_assert(msg_send(cpu, number, NULL) == 0, "not sent");
}

/* In setup(): all online, with a pool of this many rings. */
static inline void
msg_boot(unsigned ncpu, unsigned rings)
{
	explore_domain_init(ncpu);
	if (rings != 0)
		(void)xcpu_msg_pool(&explore_domain, ring, rings);
	for (unsigned cpu = 0; cpu < ncpu; cpu++) {
		explore_become(cpu);
		(void)xcpu_cpu_online(&explore_cpu[cpu]);
	}
	explore_become(0);
	explore_name(ring, sizeof(ring), "ring");
	explore_name(written, sizeof(written), "written");
	explore_name(order, sizeof(order), "order");
}

/* In setup(): this pair has a ring already, which is empty. */
static inline void
msg_attach(unsigned from, unsigned to)
{
	explore_become(from);
	(void)msg_send(to, 0, NULL);
	explore_become(to);
	xcpu_msg_process(NULL);
	explore_become(0);
	order[to].v_ = 0;
}

/*
 * In setup(): the ring of this pair is full, with messages 1 to 4, the first of
 * which is `first`; their post stands in the target's lane, and its kick was
 * taken by the program: the target has to look by itself.
 */
static inline void
msg_fill(unsigned from, unsigned to, xcpu_msg_fn *first)
{
	struct xcpu_msg msgs[XCPU_MSG_SLOTS];

	explore_become(from);
	for (unsigned i = 0; i < XCPU_MSG_SLOTS; i++)
		msgs[i] = msg_make(i == 0 ? first : msg_run, i + 1);
	(void)xcpu_msg_batch(to, msgs, XCPU_MSG_SLOTS, NULL);
	explore_become(0);
}

/* In check(): a CPU ran these, in this order. */
static inline void
msg_expect(unsigned cpu, uint64_t digits)
{
	explore_assert(explore_peek(&order[cpu]) == digits,
	    "not each once, or not in order");
}

/* One more than a drain's budget: the last is left to another drain. */
static inline void
send_over_budget(void)
{
	struct xcpu_msg msgs[XCPU_MSG_BUDGET];

	for (unsigned i = 0; i < XCPU_MSG_BUDGET; i++)
		msgs[i] = msg_make(msg_run, i + 1);
	explore_assert(xcpu_msg_batch(1, msgs, XCPU_MSG_BUDGET, NULL) ==
	    XCPU_MSG_BUDGET, "not sent");
	msg_send_ok(1, XCPU_MSG_BUDGET + 1);
}

/* In check(): CPU 1 ran them. */
static inline void
check_over_budget(void)
{
	msg_expect(1, 123);
}

#endif /* XCPU_EXPLORE_MSG_H */
