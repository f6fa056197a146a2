/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rounds.c: what is measured.
 *
 * The bare ping-pongs are what the cache can do: no request, no argument, no
 * state of the target, and a loop that does nothing but look.  The calls and
 * events go through the public API, to a CPU inside xcpu_idle_poll().
 */
#include "bench.h"
#include "host.h"

/* Silence after which a polling CPU looks whether its rounds are over. */
#define LINGER_NS	50000

#define LOCAL_CALLS	1000000
#define LOCAL_TRIES	9

/* ---- bare ping-pong: request and answer in one line, or in two ---- */

static struct {
	uint64_t request;
	uint64_t answer;
	uint64_t far_answer __attribute__((aligned(128)));
} bare __attribute__((aligned(128)));

static inline uint64_t
serve_rounds(uint64_t *request, uint64_t *answer, uint64_t rounds, bool first)
{
	uint64_t *out = first ? request : answer;
	uint64_t *in = first ? answer : request;

	for (uint64_t i = 1; i <= rounds; i++) {
		if (first)
			__atomic_store_n(out, i, __ATOMIC_RELEASE);
		/* ends: the other side comes to this round */
		while (__atomic_load_n(in, __ATOMIC_ACQUIRE) != i)
			xcpu_port_relax(0);
		if (!first)
			__atomic_store_n(out, i, __ATOMIC_RELEASE);
	}
	return xcpu_port_now_ns();
}

