/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kicks.c: interrupts per message, where the target does not look by itself.
 *
 * Here CPU 1 counts up to a number with its doorbell open, and each kick is a
 * signal.  Ours are counted by the port, those included that a CPU sends itself
 * when the budget of a drain is spent.  An interrupt of the queue of 2005 is an
 * event of ours, whose handler serves that queue; it is counted where that queue
 * decides.  Between two bursts the target is left alone until it is idle.
 */
#include "bench.h"
#include "host.h"
#include "rivals/queue2005.h"

#define QUIET_NS	20000	/* a signal is served in some thousand */
#define FLOOD_FACTOR	32	/* messages at saturation, per burst before */

static const unsigned bursts[KICK_BURSTS] = { 1, 4, 32, 0 };

/* Read by both, written before it begins. */
static unsigned burst __attribute__((aligned(128)));
static int drain_id;

static struct {
	uint64_t came __attribute__((aligned(128)));
	uint64_t seen;
} second;

static struct queue2005 queue[2];
static uint64_t old_kicks __attribute__((aligned(128)));

static void
take(void *arg, void *frame)
{
	(void)frame;
	if ((uintptr_t)arg == second.seen + 1)
		second.seen++;
	__atomic_store_n(&second.came, second.came + 1, __ATOMIC_RELEASE);
}

static void
drain_old(void *arg)
{
	(void)arg;
	queue2005_drain(&queue[0]);
}

static void
await(uint64_t came)
{
	/* ends: the target has run them */
	for (unsigned spins = 0; __atomic_load_n(&second.came,
	    __ATOMIC_ACQUIRE) < came; spins++)
		xcpu_port_relax(spins);
}

/* Nothing is under way any more when this returns. */
static void
settle(uint64_t came)
{
	uint64_t start;

	await(came);
	start = xcpu_port_now_ns();
	/* ends: by the clock */
	for (unsigned spins = 0; xcpu_port_now_ns() - start < QUIET_NS; spins++)
		xcpu_port_relax(spins);
}

static void
send_ours(uint64_t number)
{
	xcpu_msg_send(1, take, (void *)(uintptr_t)number, NULL);
}

static void
send_old(uint64_t number)
{
	struct xcpu_msg msg = { take, (void *)(uintptr_t)number };

	if (queue2005_send(&queue[0], &queue[1], &msg)) {
		old_kicks++;
		xcpu_event_post(drain_id, 1);
	}
}

static uint64_t
send_all(void (*send)(uint64_t number), uint64_t rounds)
{
	for (uint64_t n = 1; n <= rounds; n++) {
		send(n);
		if (burst != 0 && n % burst == 0)
			settle(n);
	}
	settle(rounds);
	return xcpu_port_now_ns();
}

static uint64_t
ours_first(uint64_t rounds)
{
	return send_all(send_ours, rounds);
}

static uint64_t
old_first(uint64_t rounds)
{
	return send_all(send_old, rounds);
}

static uint64_t
old_rings(void)
{
	return old_kicks;
}

static uint64_t
seen(void)
{
	uint64_t all = second.came == second.seen ? second.seen : 0;

	second.came = second.seen = 0;
	return all;
}

static const struct measure ours = {
	"xcpu_msg_send()", "kicks", ours_first, await, seen, NULL
};
static const struct measure old = {
	"queue of 2005", "kicks2005", old_first, await, seen, old_rings
};

const char *
kicks_begin(void)
{
	drain_id = xcpu_event_register(drain_old, NULL);
	return drain_id < 0 ? "no event can be registered" : NULL;
}

void
kicks_count(struct kick_count counts[KICK_BURSTS], unsigned times)
{
	for (unsigned b = 0; b < KICK_BURSTS; b++) {
		struct kick_count *count = &counts[b];
		struct run run;

		burst = bursts[b];
		count->burst = burst;
		count->messages = (uint64_t)times *
		    (burst != 0 ? burst : FLOOD_FACTOR * FLOOD_FACTOR);
		pair_run(&ours, count->messages, &run);
		count->ours = run.kicks;
		count->exact = run.exact;
		pair_run(&old, count->messages, &run);
		count->old = run.rings;
		count->exact &= run.exact;
	}
}
