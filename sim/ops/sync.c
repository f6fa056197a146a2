/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c: rendezvous and stops, and who stands while somebody says so.
 *
 * Whoever has got CPUs to stand says so on the board; whatever runs on them
 * meanwhile, but for the functions of the rendezvous, is found by ops_stands().
 * A host that gives up on a CPU takes that judgement upon itself.
 */
#include "ops.h"

#include <string.h>

#include <xcpu/port.h>

static struct {
	unsigned stands[XCPU_NCPU_MAX];	/* for that CPU + 1 */
	bool listens[XCPU_NCPU_MAX];	/* parked, and serves messages */
	unsigned inside;		/* initiators between start and finish */
} board;

struct part {
	struct part *next;
	unsigned number;
	struct xcpu_cpuset asked;
	unsigned run[XCPU_NCPU_MAX], fin1[XCPU_NCPU_MAX], fin2[XCPU_NCPU_MAX];
	bool closed;
};

static struct part *parts;
static unsigned nparts;

void
ops_sync_reset(void)
{
	memset(&board, 0, sizeof(board));
	parts = NULL;
	nparts = 0;
}

/* Something runs here: is that right? */
void
ops_stands(const char *what)
{
	unsigned cpu = sim_cpu();

	/* Who died is reported sooner or later, and keeps nobody then. */
	if (board.stands[cpu] != 0 && !sim_gave_up() &&
	    !sim_dead(board.stands[cpu] - 1))
		sim_fail(SIM_ORDER, "%s runs on cpu %u, which stands for cpu "
		    "%u", what, cpu, board.stands[cpu] - 1);
}

/* A message runs here: is that right? */
void
ops_hears(void)
{
	if (!board.listens[sim_cpu()])
		ops_stands("a message");
}

static struct part *
part_new(const struct xcpu_cpuset *set)
{
	struct part *p = sim_alloc(sizeof(*p));

	p->number = ++nparts;
	p->asked = *set;
	p->next = parts;
	parts = p;
	return p;
}

static void
take_step(struct part *p, unsigned *counts, const char *what)
{
	unsigned cpu = sim_cpu();

	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		sim_fail(SIM_ORDER, "rendezvous %u: %s with the doorbell open",
		    p->number, what);
	if (!xcpu_cpuset_has(&p->asked, cpu))
		sim_fail(SIM_ORDER, "rendezvous %u: %s on cpu %u, which was "
		    "not asked", p->number, what, cpu);
	if (counts[cpu]++ != 0)
		sim_fail(SIM_ORDER, "rendezvous %u: %s twice on cpu %u",
		    p->number, what, cpu);
	if (p->closed && !sim_gave_up() && counts != p->fin2)
		sim_fail(SIM_ORDER, "rendezvous %u: %s on cpu %u after it was "
		    "over", p->number, what, cpu);
	sim_step();
}

static void
run(void *arg)
{
	struct part *p = arg;

	take_step(p, p->run, "run");
}

static void
fin1(void *arg)
{
	struct part *p = arg;

	take_step(p, p->fin1, "fin1");
}

static void
fin2(void *arg)
{
	struct part *p = arg;

	take_step(p, p->fin2, "fin2");
}

/* These stand, it is said: write it down, and do what only then is right. */
static void
while_they_stand(const struct xcpu_cpuset *set, bool listening)
{
	unsigned self = sim_cpu();

	ops_stands("an initiator");
	if (board.inside++ != 0 && !sim_gave_up() && !sim_any_dead())
		sim_fail(SIM_ORDER, "two initiators are in at once");
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (cpu != self && xcpu_cpuset_has(set, cpu)) {
			board.stands[cpu] = self + 1;
			board.listens[cpu] = listening;
		}
	for (unsigned i = sim_random(5); i > 0; i--)
		sim_step();
	if (sim_one_in(4))
		ops_shoot_here();
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (board.stands[cpu] == self + 1) {
			board.stands[cpu] = 0;
			board.listens[cpu] = false;
		}
	board.inside--;
}

static void
judge_all(const struct part *p, const unsigned *counts,
    const struct xcpu_cpuset *set, const char *what)
{
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++) {
		bool there = xcpu_cpuset_has(set, cpu);

		if (counts[cpu] != there && !sim_dead(cpu))
			sim_fail(there ? SIM_EARLY : SIM_ORDER, "rendezvous "
			    "%u: %s ran %u times on cpu %u", p->number, what,
			    counts[cpu], cpu);
	}
}

static void
allow_error(const struct xcpu_sync_opt *opt, int error)
{
	if (error == -XCPU_ETIMEDOUT && opt->timeout_ns == 0)
		ops_allow_timeout(error, "a rendezvous");
	else if (error != 0 && error != -XCPU_ETIMEDOUT &&
	    error != -XCPU_ENXIO && error != -XCPU_EAGAIN)
		sim_fail(SIM_ORDER, "a rendezvous: error %d", error);
}

/* start, add, finish or abort. */
static int
do_steps(const struct xcpu_cpuset *set, struct xcpu_sync_opt *opt)
{
	struct xcpu_cpuset there = *set, more, absent;
	struct part *p;
	struct xcpu_sync sync = { .run = run, .fin1 = fin1, .fin2 = fin2 };
	bool go = !sim_one_in(4);
	bool add = sim_one_in(3);
	int error;

	ops_random_set(&more);
	xcpu_cpuset_or(&there, &more);
	p = part_new(&there);
	there = *set;
	opt->absent = &absent;
	sync.arg = sync.data = p;
	error = xcpu_sync_start(&sync, set, opt);
	allow_error(opt, error);
	if (error == 0) {
		xcpu_cpuset_andnot(&there, &absent);
		if (add) {
			struct xcpu_sync_opt second = { .absent = &absent };

			allow_error(&second,
			    xcpu_sync_add(&sync, &more, &second));
			xcpu_cpuset_andnot(&more, &absent);
			xcpu_cpuset_or(&there, &more);
		}
		while_they_stand(&there, (opt->flags & XCPU_SYNC_MSG) != 0);
		opt->timeout_ns = 0;
		error = go ? xcpu_sync_finish(&sync) : xcpu_sync_abort(&sync);
		ops_allow_timeout(error, "the end of a rendezvous");
	} else {
		go = false;
	}
	p->closed = true;
	if (!go)
		xcpu_cpuset_zero(&there);
	if (!sim_gave_up())
		judge_all(p, p->fin1, &there, "fin1");
	return error;
}

static void
stand_alone(void *arg)
{
	while_they_stand((const struct xcpu_cpuset *)arg, false);
}

static int
do_machine(struct xcpu_sync_opt *opt)
{
	struct xcpu_cpuset others;
	int error;

	/* Who is away comes back meanwhile, up to a point: not judged. */
	xcpu_cpuset_zero(&others);
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (!sim_dead(cpu))
			xcpu_cpuset_add(&others, cpu);
	error = xcpu_sync_machine(stand_alone, &others, opt);
	allow_error(opt, error);
	return error;
}

static int
do_one_shot(const struct xcpu_cpuset *set, struct xcpu_sync_opt *opt)
{
	struct part *p = part_new(set);
	struct xcpu_sync_stages stages = { .setup = run, .action = fin1,
		.teardown = sim_one_in(2) ? fin2 : NULL, .arg = p };
	struct xcpu_cpuset there = *set, absent;
	bool fast = false;
	int error;

	opt->absent = &absent;
	switch (sim_random(3)) {
	case 0:
		error = xcpu_sync_simple(set, fin1, p, opt);
		break;
	case 1:
		fast = true;
		error = xcpu_sync_fastdata(set, fin2, p, opt);
		break;
	default:
		opt->flags = sim_random(4) * XCPU_SYNC_NO_ENTRY;
		if ((opt->flags & XCPU_SYNC_NO_ENTRY) != 0)
			opt->not_ready = XCPU_SKIP_NOT_READY;
		error = xcpu_sync_rendezvous(set, &stages, opt);
		break;
	}
	allow_error(opt, error);
	p->closed = true;
	if (error == 0 || (opt->flags & XCPU_SYNC_NO_ENTRY) != 0)
		xcpu_cpuset_andnot(&there, &absent);
	else
		xcpu_cpuset_zero(&there);
	if (!fast && !sim_gave_up())
		judge_all(p, p->fin1, &there, "fin1");
	return error;
}

void
ops_sync(void)
{
	static const uint64_t limit_ns[] = { 1, 2000, 20000, 200000 };
	struct xcpu_sync_opt opt = { .timeout_ns = 0 };
	unsigned long state = 0;
	bool masked = sim_one_in(3);
	struct xcpu_cpuset set;
	int error;

	ops_stands("an operation");
	ops_random_set(&set);
	if (sim_one_in(3))
		opt.timeout_ns = limit_ns[sim_random(4)];
	if (sim_one_in(4))
		opt.not_ready = XCPU_FAIL_NOT_READY;
	if (masked)
		state = sim_mask();
	sim_op_begin(SIM_OP_SYNC);
	switch (sim_random(4)) {
	case 0:
	case 1:
		if (sim_one_in(3))
			opt.flags = XCPU_SYNC_MSG;
		error = do_steps(&set, &opt);
		break;
	case 2:
		error = do_one_shot(&set, &opt);
		break;
	default:
		error = do_machine(&opt);
		break;
	}
	sim_op_end(error);
	if (masked)
		sim_unmask(state);
}

void
ops_sync_check(void)
{
	for (const struct part *p = parts; p != NULL; p = p->next)
		for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
			if (p->fin2[cpu] > 1 || p->fin1[cpu] > 1)
				sim_fail(SIM_ORDER, "rendezvous %u: twice on "
				    "cpu %u", p->number, cpu);
}

/* ---- stops ---- */

static void
stop_and_look(struct xcpu_cpuset *set, uint64_t limit_ns, uint64_t nmi_ns)
{
	struct xcpu_cpuset stopped;
	struct xcpu_stop_opt opt = { .timeout_ns = limit_ns,
		.nmi_after_ns = nmi_ns, .stopped = &stopped };
	unsigned self = sim_cpu();
	int error = xcpu_stop(set, &opt);

	if (error == -XCPU_ETIMEDOUT && limit_ns == 0)
		ops_allow_timeout(error, "a stop");
	else if (error != 0 && error != -XCPU_ETIMEDOUT)
		sim_fail(SIM_ORDER, "a stop: error %d", error);
	/* No locks: who is stopped may hold them. */
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (xcpu_cpuset_has(&stopped, cpu)) {
			board.stands[cpu] = self + 1;
			board.listens[cpu] = false;
		}
	/* Long enough, now and then, for them to look at their clocks. */
	for (unsigned i = sim_random(sim_one_in(8) ? 600 : 20); i > 0; i--)
		sim_step();
	for (unsigned cpu = 0; cpu < sim_ncpu(); cpu++)
		if (xcpu_cpuset_has(&stopped, cpu))
			board.stands[cpu] = 0;
	if (xcpu_stopped(sim_domain(), self))
		sim_fail(SIM_ORDER, "cpu %u is stopped, and runs", self);
	if (xcpu_restart(&stopped) < 0)
		sim_fail(SIM_ORDER, "a restart fails");
}

void
ops_stop(void)
{
	static const uint64_t limit_ns[] = { 0, 2000, 200000 };
	static const uint64_t nmi_ns[] = { 0, 0, 0, 1, 400, 1000 };
	unsigned long state;
	struct xcpu_cpuset set;

	ops_random_set(&set);
	xcpu_cpuset_del(&set, sim_cpu());
	/* A handler might wait here for a lock that a stopped CPU holds. */
	state = sim_mask();
	sim_op_begin(SIM_OP_STOP);
	stop_and_look(&set, limit_ns[sim_random(3)], nmi_ns[sim_random(6)]);
	sim_op_end(0);
	sim_unmask(state);
}
