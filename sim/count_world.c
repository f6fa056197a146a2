/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count_world.c: CPUs on fibers, and who of them is next; see count.h.
 *
 * A CPU gives the turn back when it halts, when it relaxes in a wait, and, in a
 * timed run, before an access that another CPU would have made earlier.  A
 * waiter whose last look saw nothing that it had not seen is parked: it costs
 * nothing until somebody takes one of the lines away that it looked at.
 */
#include "count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "count_heap.h"
#include "perfetto.h"

#define NCPU		XCPU_NCPU_MAX
#define STACK_BYTES	((size_t)64 << 10)
#define REPETITIONS	8
#define SEEN		16
#define PARK_AFTER	16	/* idle turns: enough to have looked at all */

struct vcpu {
	struct fiber fiber;
	bool masked;
	bool polls;
	bool halted;
	bool parked;
	bool kicked;
	bool serves;			/* stands in its interrupt */
	bool moved;		/* wrote, or fetched a line, since it relaxed */
	unsigned idle;		/* turns since it did so; timed runs */
	uint64_t arrival[COUNT_MODELS];
	uint64_t began[COUNT_MODELS];	/* serving, or 0 */
	uint64_t stolen[COUNT_MODELS];
	unsigned nseen;
	const struct mesi_line *seen[SEEN]; /* in these turns */
};

static struct xcpu_domain domain;
static struct xcpu_sync_room room;
static struct xcpu_cpu blocks[NCPU];
static struct xcpu_space space;
static struct vcpu vcpu[NCPU];
static char *stacks;
static struct fiber driver;
static struct count_heap heap;
static unsigned current;
static struct count_world *world;
static bool live;			/* measuring: setting up is over */
static const struct count_op *job;	/* of the initiator, NULL when done */
static struct xcpu_cpuset targets;
static void (*others)(void);
static uint64_t kicks, sends;
static uint64_t reached[COUNT_MODELS];
static uint64_t wait_from;		/* of the initiator, for the trace */

static uint64_t
now(unsigned cpu)
{
	return cost_now(&world->model[0], cpu);
}

/* ---- turns ---- */

static void
push(unsigned cpu, uint64_t when)
{
	struct count_turn turn = { .when = when, .cpu = cpu };

	count_push(&heap, &turn);
}

static void
yield(void)
{
	fiber_switch(&vcpu[current].fiber, &driver);
}

static void
resume(unsigned cpu)
{
	current = cpu;
	fiber_switch(&driver, &vcpu[cpu].fiber);
}

unsigned
count_self(void)
{
	return current;
}

struct xcpu_cpu *
count_block(void)
{
	return &blocks[current];
}

unsigned long
count_mask(bool on)
{
	bool was = vcpu[current].masked;

	vcpu[current].masked = on;
	return was;
}

/* It looked, and nothing had changed; would it still see the same? */
static bool
may_park(const struct vcpu *v)
{
	if (v->idle < PARK_AFTER)
		return false;
	for (unsigned i = 0; i < v->nseen; i++)
		if (!mesi_holds(v->seen[i], current))
			return false;
	return true;
}

void
count_relax(void)
{
	struct vcpu *v = &vcpu[current];

	if (current == 0 && wait_from == 0)
		wait_from = now(0);
	if (live && world->timed) {
		cost_work(&world->model[0], current,
		    world->model[0].machine.pause);
		v->idle = v->moved ? 0 : v->idle + 1;
		if (v->moved)
			v->nseen = 0;
		v->moved = false;
		v->parked = may_park(v);
		if (!v->parked)
			push(current, now(current));
	}
	yield();
}

/* It notices at its next look. */
static void
wake(unsigned cpu, uint64_t when)
{
	uint64_t pause = world->model[0].machine.pause;
	uint64_t late = when > now(cpu) ? when - now(cpu) : 0;

	vcpu[cpu].parked = false;
	cost_work(&world->model[0], cpu, (late + pause - 1) / pause * pause);
	push(cpu, now(cpu));
}

static void
wake_holders(const struct mesi_line *line, uint64_t when)
{
	if (line->owner != MESI_NOBODY && vcpu[line->owner].parked)
		wake(line->owner, when);
	for (unsigned word = 0; word <= world->n / 64; word++)
		for (uint64_t bits = line->sharers[word]; bits != 0;
		    bits &= bits - 1) {
			unsigned cpu = word * 64 +
			    (unsigned)__builtin_ctzll(bits);

			if (vcpu[cpu].parked)
				wake(cpu, when);
		}
}

static void
see(struct vcpu *v, const struct mesi_line *line)
{
	for (unsigned i = 0; i < v->nseen; i++)
		if (v->seen[i] == line)
			return;
	if (v->nseen == SEEN)
		v->moved = true;	/* too much to watch: do not park */
	else
		v->seen[v->nseen++] = line;
}

/* Let everybody go first whose clock is behind. */
static void
wait_turn(void)
{
	if (heap.n == 0 || heap.turn[0].when >= now(current))
		return;
	push(current, now(current));
	yield();
}

/* Take a line that has come, and wake who must look again. */
static void
take(unsigned cpu, const struct sim_site *site,
    const struct cost_request *request, uint64_t when)
{
	const struct mesi_line *line = request->line;
	enum mesi_need need;

	if (request->op == COST_LOAD ? !mesi_holds(line, cpu) :
	    line->owner != cpu)
		wake_holders(line, when);
	need = cost_take(&world->model[0], cpu, request);
	if (need == MESI_HIT)
		return;
	vcpu[cpu].moved = true;
	count_tally(0, site, cpu == 0, need, &domain, (const void *)(line->number *
	    MESI_LINE_BYTES));
}

static void
access_timed(const struct sim_site *site, enum cost_op op, const void *p)
{
	struct cost *model = &world->model[0];
	struct count_turn turn = { .cpu = current, .site = site };
	uint64_t arrives;

	wait_turn();
	see(&vcpu[current], mesi_line(model->mesi, p));
	arrives = cost_ahead(model, current, mesi_line(model->mesi, p));
	if (arrives != 0) {
		if (op == COST_OWN)
			return;
		cost_wait_until(model, current, arrives);
		wait_turn();
	}
	if (!cost_ask(model, current, op, p, &turn.ahead)) {
		take(current, site, &turn.ahead, now(current));
		return;
	}
	turn.when = turn.ahead.leaves;
	if (op == COST_OWN) {
		count_push(&heap, &turn);
		cost_work(model, current, model->machine.l1);
		return;
	}
	cost_wait_until(model, current, turn.when);
	wait_turn();
	take(current, site, &turn.ahead, turn.when);
}

static void
access_counted(const struct sim_site *site, enum cost_op op, const void *p)
{
	for (unsigned i = 0; i < world->nmodels; i++) {
		enum mesi_need need = cost_access(&world->model[i], current,
		    op, p);

		if (need != MESI_HIT)
			count_tally(i, site, current == 0, need, &domain, p);
	}
}

void
count_access(struct sim_site *site, enum cost_op op, const void *p)
{
	if (live && world->timed)
		access_timed(site, op, p);
	else
		access_counted(site, op, p);
	if (op == COST_STORE || op == COST_RMW)
		vcpu[current].moved = true;
}

void
count_fence_seen(void)
{
	for (unsigned i = 0; i < world->nmodels; i++)
		cost_fence(&world->model[i], current);
}

void
count_flush_seen(void)
{
	for (unsigned i = 0; i < world->nmodels; i++)
		cost_work(&world->model[i], current,
		    world->model[i].machine.flush);
}

void
count_kick(const struct xcpu_cpuset *set)
{
	unsigned n = 0;

	sends++;
	for (unsigned cpu = xcpu_cpuset_first(set); cpu <= world->n;
	    cpu = xcpu_cpuset_next(set, cpu), n++) {
		struct vcpu *v = &vcpu[cpu];

		for (unsigned i = 0; i < world->nmodels; i++)
			v->arrival[i] = cost_kick(&world->model[i], current, n);
		if (world->trace != NULL)
			perfetto_flow(world->trace, current, now(current), cpu,
			    v->arrival[0] + world->model[0].machine.ipi_entry);
		if (world->timed && v->halted && !v->kicked)
			push(cpu, v->arrival[0]);
		v->kicked = true;
	}
	kicks += n;
}

void
count_reached(void)
{
	for (unsigned i = 0; i < world->nmodels; i++)
		if (cost_now(&world->model[i], current) > reached[i])
			reached[i] = cost_now(&world->model[i], current);
}

struct xcpu_space *
count_space(void)
{
	return &space;
}

const struct xcpu_cpuset *
count_targets(void)
{
	return &targets;
}

/* ---- what the CPUs do ---- */

static void
join(unsigned cpu)
{
	vcpu[cpu].masked = true;
	if (xcpu_cpu_online(&blocks[cpu]) != 0 ||
	    xcpu_space_switch(&space) != 0) {
		fprintf(stderr, "xcpu-count: CPU %u did not come online\n", cpu);
		exit(2);
	}
	if (others != NULL && cpu != 0 && !xcpu_cpuset_has(&targets, cpu))
		others();
	vcpu[cpu].masked = false;
}

static void
take_interrupt(struct vcpu *v)
{
	unsigned cpu = current;
	uint64_t from = 0;

	v->kicked = false;
	for (unsigned i = 0; i < world->nmodels; i++) {
		cost_wait_until(&world->model[i], cpu, v->arrival[i]);
		v->began[i] = cost_now(&world->model[i], cpu);
		cost_interrupt(&world->model[i], cpu, v->arrival[i]);
	}
	from = v->began[0];
	v->masked = v->serves = true;
	xcpu_on_ipi();
	v->masked = v->serves = false;
	for (unsigned i = 0; i < world->nmodels; i++) {
		cost_interrupt_end(&world->model[i], cpu);
		v->stolen[i] += cost_now(&world->model[i], cpu) - v->began[i];
	}
	if (world->trace != NULL)
		perfetto_slice(world->trace, cpu, "interrupt", from,
		    now(cpu) - from);
}

static void
run_target(void *arg)
{
	struct vcpu *v = arg;

	join(current);
	/* For ever: a fiber ends with its world. */
	for (;;) {
		v->halted = !v->kicked;
		if (v->halted)
			yield();
		v->halted = false;
		if (v->polls)
			(void)xcpu_idle_poll((uint64_t)1 << 60);
		else if (v->kicked)
			take_interrupt(v);
	}
}

static void
trace_operation(void)
{
	perfetto_slice(world->trace, 0, job->name, 0, now(0));
	if (wait_from != 0)
		perfetto_wait(world->trace, 0, "wait", wait_from, now(0));
}

static void
run_initiator(void *arg)
{
	(void)arg;
	join(0);
	/* For ever: a fiber ends with its world. */
	for (;;) {
		yield();
		if (job == NULL)
			continue;
		job->run();
		count_reached();
		if (world->trace != NULL)
			trace_operation();
		job = NULL;
	}
}

/* ---- driving ---- */

/* One that polls halts never: until it has looked and found nothing. */
static void
run_until_idle(unsigned cpu)
{
	struct vcpu *v = &vcpu[cpu];

	if (!v->polls && !v->kicked && !v->serves)
		return;
	do {
		v->moved = false;
		resume(cpu);
	} while (v->moved && !v->halted);
}

static void
run_targets_in_turn(void)
{
	for (unsigned cpu = 1; cpu <= world->n; cpu++)
		run_until_idle(cpu);
}

static void
run_counted(void)
{
	unsigned looks = 0;

	/* Ends when the operation returns; it does after a look or two. */
	while (job != NULL) {
		resume(0);
		if (job != NULL)
			run_targets_in_turn();
		if (++looks > 1000) {
			fprintf(stderr, "xcpu-count: the operation %s does not "
			    "end\n", job->name);
			exit(2);
		}
	}
	run_targets_in_turn();
}

/* Until all are parked or halted. */
static void
run_timed(void)
{
	while (heap.n != 0) {
		struct count_turn turn = count_pop(&heap);

		if (turn.site == NULL)
			resume(turn.cpu);
		else
			take(turn.cpu, turn.site, &turn.ahead, turn.when);
	}
	if (job != NULL) {
		fprintf(stderr, "xcpu-count: the operation %s does not end\n",
		    job->name);
		exit(2);
	}
}

static void
run_once(const struct count_op *op)
{
	for (unsigned i = 0; i < world->nmodels; i++) {
		cost_reset(&world->model[i]);
		reached[i] = 0;
	}
	for (unsigned cpu = 0; cpu <= world->n; cpu++)
		memset(vcpu[cpu].stolen, 0, sizeof(vcpu[cpu].stolen));
	kicks = sends = wait_from = 0;
	count_clear_tally();
	job = op;
	if (world->timed) {
		push(0, 0);
		run_timed();
	} else {
		run_counted();
	}
}

static void
read_result(unsigned i, struct count_result *r)
{
	const struct cost *model = &world->model[i];
	const struct mesi_line *line = mesi_busiest(model->mesi);
	uint64_t before_it = r->transactions;

	r->transactions = mesi_transactions(model->mesi);
	r->steady = r->transactions == before_it;
	r->busiest = line != NULL ? line->transactions : 0;
	r->line[0] = '\0';
	if (r->busiest != 0)
		count_name_line(&domain, line->number, r->line,
		    sizeof(r->line));
	r->done = reached[i];
	r->kicks = kicks;
	r->sends = sends;
	r->stolen = 0;
	for (unsigned cpu = 1; cpu <= world->n; cpu++)
		r->stolen += vcpu[cpu].stolen[i];
}

void
count_measure(struct count_world *w, const struct count_op *op,
    struct count_result result[COUNT_MODELS])
{
	struct perfetto *trace = w->trace;

	w->trace = NULL;
	memset(result, 0, COUNT_MODELS * sizeof(*result));
	for (unsigned n = 0; n < REPETITIONS; n++) {
		if (n == REPETITIONS - 1)
			w->trace = trace;
		run_once(op);
		for (unsigned i = 0; i < w->nmodels; i++)
			read_result(i, &result[i]);
	}
}

static void
choose_targets(const struct count_op *op)
{
	others = op->others;
	xcpu_cpuset_zero(&targets);
	for (unsigned cpu = 1; cpu <= (op->one ? 1 : world->n); cpu++)
		xcpu_cpuset_add(&targets, cpu);
	for (unsigned cpu = 1; cpu <= world->n; cpu++)
		vcpu[cpu].polls = world->receivers == COUNT_POLL_ALL ||
		    (world->receivers == COUNT_POLL &&
		    xcpu_cpuset_has(&targets, cpu));
}

static void
make_stacks(void)
{
	if (stacks != NULL)
		return;
	stacks = mmap(NULL, NCPU * STACK_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED) {
		perror("xcpu-count: stacks");
		exit(2);
	}
}

void
count_start(struct count_world *w, const struct count_op *op)
{
	world = w;
	current = 0;
	live = false;
	job = NULL;
	heap.n = 0;
	make_stacks();
	memset(&domain, 0, sizeof(domain));
	memset(&room, 0, sizeof(room));
	memset(blocks, 0, (w->n + 1) * sizeof(*blocks));
	memset(vcpu, 0, sizeof(vcpu));
	choose_targets(op);
	if (xcpu_domain_init(&domain, blocks, w->n + 1) != 0) {
		fprintf(stderr, "xcpu-count: no domain of %u CPUs\n", w->n + 1);
		exit(2);
	}
	(void)xcpu_sync_init(&domain, &room);
	xcpu_space_init(&space, NULL);
	for (unsigned cpu = 0; cpu <= w->n; cpu++) {
		fiber_start(&vcpu[cpu].fiber, stacks + cpu * STACK_BYTES,
		    STACK_BYTES, cpu == 0 ? run_initiator : run_target,
		    &vcpu[cpu]);
		resume(cpu);
	}
	run_targets_in_turn();
	live = true;
	/* Every poller has parked before anything is measured. */
	for (unsigned cpu = 1; w->timed && cpu <= w->n; cpu++)
		if (vcpu[cpu].polls)
			push(cpu, 0);
	if (w->timed)
		run_timed();
}

void
count_stop(struct count_world *w)
{
	for (unsigned i = 0; i < w->nmodels; i++)
		cost_fini(&w->model[i]);
	w->nmodels = 0;
}
