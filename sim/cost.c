/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cost.c: see cost.h.
 *
 * `busy` of a line is when the next request for it is looked at: an exclusive
 * transfer must have arrived, a read that shares only occupies the line.
 */
#include "cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTSTANDING_MAX	32

struct cost_cpu {
	uint64_t now;
	unsigned nahead;	/* prefetches under way, oldest first */
	struct {
		const struct mesi_line *line;
		uint64_t arrives;
	} ahead[OUTSTANDING_MAX];
};

static inline uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void
cost_init(struct cost *c, const struct cost_machine *machine, unsigned ncpu,
    bool migratory)
{
	c->machine = *machine;
	c->mesi = mesi_create(ncpu, migratory);
	c->ncpu = ncpu;
	c->cpu = calloc(ncpu, sizeof(*c->cpu));
	if (c->cpu == NULL) {
		fprintf(stderr, "cost: no memory for %u CPUs\n", ncpu);
		exit(2);
	}
}

void
cost_fini(struct cost *c)
{
	mesi_destroy(c->mesi);
	free(c->cpu);
}

void
cost_reset(struct cost *c)
{
	memset(c->cpu, 0, c->ncpu * sizeof(*c->cpu));
	mesi_reset_counts(c->mesi);
}

/* ---- distance ---- */

static enum cost_distance
distance(const struct cost_machine *machine, unsigned a, unsigned b)
{
	uint64_t socket = machine->clusters * machine->cpus;

	if (a / machine->cpus == b / machine->cpus)
		return COST_NEAR;
	return a / socket == b / socket ? COST_FAR : COST_CROSS;
}

/* The farthest that two CPUs of the machine can be. */
static enum cost_distance
extent(const struct cost_machine *machine)
{
	if (machine->sockets > 1)
		return COST_CROSS;
	return machine->clusters > 1 ? COST_FAR : COST_NEAR;
}

/* Of the other sharers the nearest has the data, the farthest acknowledges last. */
static enum cost_distance
to_sharers(const struct cost *c, const struct mesi_line *line, unsigned cpu,
    bool farthest)
{
	enum cost_distance best = farthest ? COST_NEAR : COST_CROSS;
	enum cost_distance enough = farthest ? extent(&c->machine) : COST_NEAR;

	for (unsigned word = 0; word * 64 < c->ncpu; word++)
		for (uint64_t bits = line->sharers[word]; bits != 0;
		    bits &= bits - 1) {
			unsigned other = word * 64 +
			    (unsigned)__builtin_ctzll(bits);
			enum cost_distance d;

			if (best == enough)
				return best;
			if (other == cpu)
				continue;
			d = distance(&c->machine, cpu, other);
			if (farthest ? d > best : d < best)
				best = d;
		}
	return best;
}

static enum cost_distance
to_line(const struct cost *c, const struct mesi_line *line, unsigned cpu,
    enum mesi_need need)
{
	if (line->busy > c->cpu[cpu].now && line->last != MESI_NOBODY)
		return distance(&c->machine, cpu, line->last);
	if (line->owner != MESI_NOBODY)
		return distance(&c->machine, cpu, line->owner);
	if (line->nsharers == 0)
		return COST_FAR;	/* memory */
	return to_sharers(c, line, cpu, need != MESI_GETS);
}

/* ---- accesses ---- */

static const enum mesi_op mesi_op[] = {
	[COST_LOAD] = MESI_READ, [COST_STORE] = MESI_WRITE,
	[COST_RMW] = MESI_WRITE, [COST_OWN] = MESI_OWN,
};

/* When the next prefetch can be sent: when there is room for it. */
static uint64_t
make_room(const struct cost *c, struct cost_cpu *cpu)
{
	unsigned limit = (unsigned)c->machine.outstanding;
	uint64_t start = cpu->now;

	if (limit == 0 || limit > OUTSTANDING_MAX)
		limit = OUTSTANDING_MAX;
	if (cpu->nahead < limit)
		return start;
	start = later(start, cpu->ahead[0].arrives);
	memmove(&cpu->ahead[0], &cpu->ahead[1],
	    (limit - 1) * sizeof(cpu->ahead[0]));
	cpu->nahead = limit - 1;
	return start;
}

static void
remember_ahead(struct cost_cpu *cpu, const struct cost_request *request)
{
	cpu->ahead[cpu->nahead].line = request->line;
	cpu->ahead[cpu->nahead++].arrives = request->arrives;
}

uint64_t
cost_ahead(const struct cost *c, unsigned cpu, const struct mesi_line *line)
{
	const struct cost_cpu *self = &c->cpu[cpu];
	uint64_t arrives = 0;

	for (unsigned i = 0; i < self->nahead; i++)
		if (self->ahead[i].line == line)
			arrives = self->ahead[i].arrives;
	return arrives > self->now ? arrives : 0;
}

bool
cost_ask(struct cost *c, unsigned cpu, enum cost_op op, const void *address,
    struct cost_request *request)
{
	struct mesi_line *line = mesi_line(c->mesi, address);
	enum mesi_need need = mesi_need(line, cpu, mesi_op[op]);
	struct cost_cpu *self = &c->cpu[cpu];
	enum cost_distance d;
	uint64_t start;

	request->op = op;
	request->line = line;
	request->leaves = request->arrives = self->now;
	if (need == MESI_HIT)
		return false;
	d = to_line(c, line, cpu, need);
	start = op == COST_OWN ? make_room(c, self) : self->now;
	start = later(start, line->busy);
	request->leaves = start + c->machine.transfer[d] / 2;
	request->arrives = start + c->machine.transfer[d];
	if (need == MESI_GETS && line->owner == MESI_NOBODY) {
		line->busy = start + c->machine.occupancy[d];
		line->last = MESI_NOBODY;
	} else {
		line->busy = request->arrives;
		line->last = cpu;
	}
	if (op == COST_OWN)
		remember_ahead(self, request);
	return true;
}

enum mesi_need
cost_take(struct cost *c, unsigned cpu, const struct cost_request *request)
{
	enum mesi_need need = mesi_access(c->mesi, request->line, cpu,
	    mesi_op[request->op]);
	struct cost_cpu *self = &c->cpu[cpu];

	if (request->op == COST_OWN)
		return need;
	self->now = later(self->now, request->arrives) + c->machine.l1;
	if (request->op == COST_RMW)
		self->now += c->machine.rmw;
	/* What was written now cannot be seen earlier. */
	if (request->op != COST_LOAD)
		request->line->busy = later(request->line->busy, self->now);
	return need;
}

enum mesi_need
cost_access(struct cost *c, unsigned cpu, enum cost_op op, const void *address)
{
	struct cost_request request;

	if (op != COST_OWN)
		cost_wait_until(c, cpu,
		    cost_ahead(c, cpu, mesi_line(c->mesi, address)));
	(void)cost_ask(c, cpu, op, address, &request);
	if (op == COST_OWN)
		cost_work(c, cpu, c->machine.l1);
	return cost_take(c, cpu, &request);
}

void
cost_fence(struct cost *c, unsigned cpu)
{
	c->cpu[cpu].now += c->machine.rmw;
}

void
cost_work(struct cost *c, unsigned cpu, uint64_t cycles)
{
	c->cpu[cpu].now += cycles;
}

/* ---- kicks ---- */

uint64_t
cost_kick(struct cost *c, unsigned cpu, unsigned i)
{
	struct cost_cpu *self = &c->cpu[cpu];

	self->now += i == 0 ? c->machine.ipi_send : c->machine.ipi_more;
	return self->now + c->machine.ipi_deliver;
}

void
cost_interrupt(struct cost *c, unsigned cpu, uint64_t arrival)
{
	cost_wait_until(c, cpu, arrival);
	c->cpu[cpu].now += c->machine.ipi_entry;
}

void
cost_interrupt_end(struct cost *c, unsigned cpu)
{
	c->cpu[cpu].now += c->machine.ipi_exit;
}

uint64_t
cost_now(const struct cost *c, unsigned cpu)
{
	return c->cpu[cpu].now;
}

void
cost_wait_until(struct cost *c, unsigned cpu, uint64_t when)
{
	c->cpu[cpu].now = later(c->cpu[cpu].now, when);
}
