/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood.h: what a system of messages is put through.
 *
 * Flood: CPU 0 sends as fast as it can, one at a time or in batches; CPU 1 runs
 * what it finds.  The time ends when the last has run.
 * Echo: one message there, and from its handler one back; both look all the
 * while.
 *
 * A flood is saturated: whoever looks at an empty queue again at once runs after
 * the sender from line to line, and what is measured then is the time of a
 * transfer, not the queue.  In a kernel he does not: a target that found nothing
 * has returned to its work, and comes back when the next interrupt does.  So in
 * a flood every rival's target stays away for the time of one after each empty
 * look, which is the same for all.  Ours decides for itself, as it does
 * everywhere, in xcpu_idle_poll().
 *
 * Every system runs this same code, with its own two functions compiled in, and
 * every message checks that it comes once, in its turn if order is promised.
 * For messages.c alone.
 */
#ifndef XCPU_BENCH_FLOOD_H
#define XCPU_BENCH_FLOOD_H

#include <stdint.h>

#include <xcpu/msg.h>
#include <xcpu/port.h>

#define BATCH_MAX	XCPU_MSG_SLOTS

/*
 * An interrupt, to send (300 cycles), to deliver (900), to enter (400) and to
 * leave (300), at 3 GHz: the costs of the simulator's bare machine.
 */
#define INTERRUPT_NS	633

/* Time for a target that begins to be at its first look. */
#define SETTLE_NS	2000

#define ALWAYS_INLINE	inline __attribute__((always_inline))

/* Sends from one CPU to the other, as many of n as there is room for. */
typedef unsigned send_fn(unsigned from, const struct xcpu_msg *msgs,
    unsigned n);
/* Runs what has come to a CPU. */
typedef void serve_fn(unsigned cpu);

/* Written by CPU 0 before it sends. */
static struct {
	uint64_t rounds;
} plan __attribute__((aligned(128)));

/* CPU 1's. */
static struct {
	uint64_t came;
	uint64_t seen;		/* those that came in their turn */
	uint64_t sum;		/* of their numbers */
	uint64_t there;		/* it begins to look */
} second __attribute__((aligned(128)));

/* CPU 0's, the first word written by CPU 1 when all have come. */
static struct {
	uint64_t finished;
	uint64_t answers;
	uint64_t end_ns;
} first __attribute__((aligned(128)));

/* Interrupts that a rival would have sent; each its sender's. */
static struct {
	uint64_t kicks __attribute__((aligned(128)));
} rival[2];

static void
forget(void)
{
	second.came = second.seen = second.sum = second.there = 0;
}

static uint64_t
all_in_turn(void)
{
	uint64_t seen = second.came == second.seen ? second.seen : 0;

	forget();
	return seen;
}

/* For a system that promises no order. */
static uint64_t
all_once(void)
{
	uint64_t n = second.came;
	uint64_t seen = second.sum == n * (n + 1) / 2 ? n : 0;

	forget();
	return seen;
}

static uint64_t
rival_kicks(void)
{
	return rival[0].kicks + rival[1].kicks;
}

static void
arrive(uint64_t number)
{
	if (number == second.seen + 1)
		second.seen++;
	second.sum += number;
	__atomic_store_n(&second.came, second.came + 1, __ATOMIC_RELAXED);
}

static void
wait_ns(uint64_t ns)
{
	uint64_t start = xcpu_port_now_ns();

	/* ends: by the clock */
	for (unsigned spins = 0; xcpu_port_now_ns() - start < ns; spins++)
		xcpu_port_relax(spins);
}

/* Else the first message comes by an interrupt, and the flood runs in it. */
static void
await_target(void)
{
	/* ends: the other CPU begins its part */
	for (unsigned spins = 0; __atomic_load_n(&second.there,
	    __ATOMIC_ACQUIRE) == 0; spins++)
		xcpu_port_relax(spins);
	wait_ns(SETTLE_NS);
}

/* ---- flood ---- */

static void
flood_handler(void *arg, void *frame)
{
	(void)frame;
	arrive((uintptr_t)arg);
	if (second.came == plan.rounds)
		__atomic_store_n(&first.finished, 1, __ATOMIC_RELEASE);
}

static ALWAYS_INLINE uint64_t
flood(send_fn *send, uint64_t rounds, unsigned batch)
{
	struct xcpu_msg msgs[BATCH_MAX];
	unsigned want;

	plan.rounds = rounds;
	first.finished = 0;
	for (unsigned i = 0; i < batch; i++)
		msgs[i].fn = flood_handler;
	await_target();
	for (uint64_t n = 0; n < rounds; n += want) {
		unsigned sent = 0;

		want = rounds - n < batch ? (unsigned)(rounds - n) : batch;
		for (unsigned i = 0; i < want; i++)
			msgs[i].arg = (void *)(uintptr_t)(n + i + 1);
		/* ends: the other CPU makes room */
		for (unsigned spins = 0; (sent += send(0, msgs + sent,
		    want - sent)) < want; spins++)
			xcpu_port_relax(spins);
	}
	/* ends: the other CPU has run the last */
	for (unsigned spins = 0; __atomic_load_n(&first.finished, __ATOMIC_ACQUIRE) == 0;
	    spins++)
		xcpu_port_relax(spins);
	return xcpu_port_now_ns();
}

static ALWAYS_INLINE void
serve_all(serve_fn *serve, uint64_t rounds, uint64_t away_ns)
{
	__atomic_store_n(&second.there, 1, __ATOMIC_RELEASE);
	/* ends: the other CPU has sent all */
	for (unsigned spins = 0; __atomic_load_n(&second.came,
	    __ATOMIC_RELAXED) < rounds; spins++) {
		uint64_t before = second.came;

		serve(1);
		if (second.came != before)
			spins = 0;
		else if (away_ns != 0)
			wait_ns(away_ns);
		else
			xcpu_port_relax(spins);
	}
}

/* ---- echo ---- */

static ALWAYS_INLINE void
ask(send_fn *send, xcpu_msg_fn *handler)
{
	struct xcpu_msg msg = {
		handler, (void *)(uintptr_t)(first.answers + 1)
	};

	send(0, &msg, 1);
}

static ALWAYS_INLINE void
take_question(send_fn *send, uint64_t number, xcpu_msg_fn *handler)
{
	struct xcpu_msg msg = { handler, NULL };

	arrive(number);
	send(1, &msg, 1);
}

static ALWAYS_INLINE void
take_answer(send_fn *send, xcpu_msg_fn *handler)
{
	__atomic_store_n(&first.answers, first.answers + 1, __ATOMIC_RELAXED);
	if (first.answers < plan.rounds)
		ask(send, handler);
	else
		first.end_ns = xcpu_port_now_ns();
}

static ALWAYS_INLINE uint64_t
echo(send_fn *send, serve_fn *serve, xcpu_msg_fn *handler, uint64_t rounds)
{
	plan.rounds = rounds;
	first.answers = 0;
	await_target();
	ask(send, handler);
	/* ends: the last answer; the handlers keep the ball up */
	for (unsigned spins = 0; __atomic_load_n(&first.answers,
	    __ATOMIC_RELAXED) < rounds; spins++) {
		uint64_t before = first.answers;

		serve(0);
		if (first.answers == before)
			xcpu_port_relax(spins);
	}
	return first.end_ns;
}

/* ---- the functions of one system ---- */

#define FLOOD(system, shape, batch)					\
static uint64_t								\
system##_##shape(uint64_t rounds)					\
{									\
	return flood(system##_send, rounds, batch);			\
}

#define SECOND(system)							\
static void								\
system##_flooded(uint64_t rounds)					\
{									\
	serve_all(system##_serve, rounds, INTERRUPT_NS);		\
}									\
static void								\
system##_asked(uint64_t rounds)						\
{									\
	serve_all(system##_serve, rounds, 0);				\
}

#define ECHO(system)							\
static void system##_question(void *arg, void *frame);			\
static void								\
system##_answer(void *arg, void *frame)					\
{									\
	(void)arg;							\
	(void)frame;							\
	take_answer(system##_send, system##_question);			\
}									\
static void								\
system##_question(void *arg, void *frame)				\
{									\
	(void)frame;							\
	take_question(system##_send, (uintptr_t)arg, system##_answer);	\
}									\
static uint64_t								\
system##_echo(uint64_t rounds)						\
{									\
	return echo(system##_send, system##_serve, system##_question,	\
	    rounds);							\
}

#define BATCHES(system)							\
	FLOOD(system, batch4, 4)					\
	FLOOD(system, batch32, 32)					\
	FLOOD(system, batch_full, BATCH_MAX)

#endif /* XCPU_BENCH_FLOOD_H */
