/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draw.c: chance, from numbers.
 *
 * Scheduling, each fault and each CPU's scenario draw from streams of their own,
 * so that taking one fault out of a run leaves the other draws as they were.
 */
#include "machine.h"

/* splitmix64: neighbouring numbers give unrelated ones. */
uint64_t
sim_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void
sim_stream_init(struct sim_stream *stream, uint64_t seed, uint64_t which)
{
	stream->state = sim_mix(sim_mix(seed) + which);
}

uint64_t
sim_draw(struct sim_stream *stream)
{
	stream->state += UINT64_C(0x9e3779b97f4a7c15);
	return sim_mix(stream->state);
}

unsigned
sim_draw_below(struct sim_stream *stream, unsigned n)
{
	return n > 1 ? (unsigned)((sim_draw(stream) >> 32) * n >> 32) : 0;
}

uint64_t
sim_draw_log(struct sim_stream *stream, uint64_t max)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(max);
	unsigned width = 1 + sim_draw_below(stream, bits);
	uint64_t v = sim_draw(stream) >> (64 - width);

	return v == 0 ? 1 : v > max ? max : v;
}
