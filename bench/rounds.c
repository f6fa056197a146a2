/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rounds.c: round trips.
 *
 * The bare ping-pongs are what the caches can do: no function, no argument, no
 * thought of a target that sleeps or has gone; two loops that look.  The calls
 * and events go through the public API, to a CPU inside xcpu_idle_poll().
 *
 * Every round trip checks itself: what the second CPU is asked in round n must
 * come there once, after n-1 others.
 */
#include "bench.h"
#include "host.h"

/* Silence after which a polling CPU looks whether its rounds are over. */
#define LINGER_NS	500000

#define PART_NS		3000000

#define LOCAL_CALLS	200000
#define LOCAL_TRIES	15

/* ---- bare ping-pong: the answer beside the request, or in its own line ---- */

static struct {
	uint64_t request;
	uint64_t beside;
	uint64_t apart __attribute__((aligned(128)));
} bare __attribute__((aligned(128)));

static uint64_t
ping(uint64_t *answer, uint64_t rounds)
{
	for (uint64_t n = 1; n <= rounds; n++) {
		__atomic_store_n(&bare.request, n, __ATOMIC_RELEASE);
		/* ends: pong() comes to this round */
		for (unsigned spins = 0; __atomic_load_n(answer,
		    __ATOMIC_ACQUIRE) != n; spins++)
			xcpu_port_relax(spins);
	}
	bare.request = *answer = 0;
	return xcpu_port_now_ns();
}

static void
pong(uint64_t *answer, uint64_t rounds)
{
	for (uint64_t n = 1; n <= rounds; n++) {
		/* ends: ping() comes to this round */
		for (unsigned spins = 0; __atomic_load_n(&bare.request,
		    __ATOMIC_ACQUIRE) != n; spins++)
			xcpu_port_relax(spins);
		__atomic_store_n(answer, n, __ATOMIC_RELEASE);
	}
}

uint64_t
bare_one_line_first(uint64_t rounds)
{
	return ping(&bare.beside, rounds);
}

void
bare_one_line_second(uint64_t rounds)
{
	pong(&bare.beside, rounds);
}

uint64_t
bare_two_lines_first(uint64_t rounds)
{
	return ping(&bare.apart, rounds);
}

void
bare_two_lines_second(uint64_t rounds)
{
	pong(&bare.apart, rounds);
}

/* ---- what runs on the CPU that is asked ---- */

/* The second CPU's own line. */
static struct {
	uint64_t seen;		/* requests, each in its turn */
} second __attribute__((aligned(128)));

/* The first CPU's line: how far the second has come. */
static struct {
	uint64_t answer;
	uint64_t end_ns;
	uint64_t rounds;
	int ask_id;
	int flag_id;
	int answer_id;
} first __attribute__((aligned(128)));

static uint64_t
second_seen(void)
{
	uint64_t seen = second.seen;

	second.seen = 0;
	first.answer = 0;
	return seen;
}

/* Polls until all rounds have come; a round that comes twice ends it early. */
static void
second_poll(uint64_t rounds)
{
	/* ends: the first CPU has made its rounds */
	while (__atomic_load_n(&second.seen, __ATOMIC_RELAXED) < rounds)
		xcpu_idle_poll(LINGER_NS);
}

/* ---- synchronous call ---- */

static void
called(void *arg)
{
	if ((uintptr_t)arg == second.seen + 1)
		second.seen++;
}

static uint64_t
call_first(uint64_t rounds)
{
	for (uint64_t n = 1; n <= rounds; n++)
		xcpu_call_one(1, called, (void *)(uintptr_t)n, NULL);
	return xcpu_port_now_ns();
}

/* ---- event, answered by a flag ---- */

static void
flag_handler(void *arg)
{
	(void)arg;
	second.seen++;
	__atomic_store_n(&first.answer, second.seen, __ATOMIC_RELEASE);
}

static uint64_t
event_flag_first(uint64_t rounds)
{
	for (uint64_t n = 1; n <= rounds; n++) {
		xcpu_event_post(first.flag_id, 1);
		/* ends: the handler has run */
		for (unsigned spins = 0; __atomic_load_n(&first.answer,
		    __ATOMIC_ACQUIRE) != n; spins++)
			xcpu_port_relax(spins);
	}
	return xcpu_port_now_ns();
}

/* ---- event, answered by an event ---- */

static void
ask_handler(void *arg)
{
	(void)arg;
	second.seen++;
	xcpu_event_post(first.answer_id, 0);
}

static void
answer_handler(void *arg)
{
	(void)arg;
	if (++first.answer < first.rounds)
		xcpu_event_post(first.ask_id, 1);
	else
		first.end_ns = xcpu_port_now_ns();
}

static uint64_t
event_event_first(uint64_t rounds)
{
	first.rounds = rounds;
	xcpu_event_post(first.ask_id, 1);
	/* ends: the last answer; the handlers keep the ball up */
	while (__atomic_load_n(&first.answer, __ATOMIC_RELAXED) < rounds)
		xcpu_idle_poll(LINGER_NS);
	return first.end_ns;
}

/* ---- the list ---- */

static const struct measure list[TRIPS] = {
	[NEAR_OR_FAR] = { "bare ping-pong, one line", "one-line",
	    bare_one_line_first, bare_one_line_second, NULL, NULL },
	[THERE_AND_BACK] = { "bare ping-pong, two lines", "two-lines",
	    bare_two_lines_first, bare_two_lines_second, NULL, NULL },
	[CALL] = { "xcpu_call_one()", "call",
	    call_first, second_poll, second_seen, NULL },
	[EVENT_FLAG] = { "xcpu_event_post(), a flag back", "event-flag",
	    event_flag_first, second_poll, second_seen, NULL },
	[EVENT_EVENT] = { "xcpu_event_post(), another back", "event-event",
	    event_event_first, second_poll, second_seen, NULL },
};

const struct suite trips = {
	.name = "trips", .measure = list, .n = TRIPS, .part_ns = PART_NS,
};

const char *
rounds_begin(void)
{
	first.ask_id = xcpu_event_register(ask_handler, NULL);
	first.flag_id = xcpu_event_register(flag_handler, NULL);
	first.answer_id = xcpu_event_register(answer_handler, NULL);
	if (first.ask_id < 0 || first.flag_id < 0 || first.answer_id < 0)
		return "no event can be registered";
	return NULL;
}

/* ---- what needs no other CPU ---- */

static uint64_t called_here;

static void __attribute__((noinline))
plain_function(void *arg)
{
	called_here += (uintptr_t)arg;
}

static double
time_function(void)
{
	/* volatile: else the compiler sees through the pointer */
	xcpu_fn *volatile fn = plain_function;
	uint64_t start = xcpu_port_now_ns();

	for (uint64_t n = 0; n < LOCAL_CALLS; n++)
		fn((void *)(uintptr_t)1);
	return (double)(xcpu_port_now_ns() - start) / LOCAL_CALLS;
}

static double
time_empty_set(void)
{
	struct xcpu_cpuset none;
	uint64_t start;

	xcpu_cpuset_zero(&none);
	start = xcpu_port_now_ns();
	for (uint64_t n = 0; n < LOCAL_CALLS; n++)
		xcpu_call_set(&none, plain_function, NULL, NULL);
	return (double)(xcpu_port_now_ns() - start) / LOCAL_CALLS;
}

/* The least of some tries: nothing but other work can add to it. */
void
rounds_local(struct local_cost *cost)
{
	cost->empty_set = cost->function = 1e9;
	for (unsigned try = 0; try < LOCAL_TRIES; try++) {
		double empty = time_empty_set();
		double function = time_function();

		if (empty < cost->empty_set)
			cost->empty_set = empty;
		if (function < cost->function)
			cost->function = function;
	}
}
