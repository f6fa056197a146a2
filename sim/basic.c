/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * basic.c: the scenario of a new machine: a little of everything.
 *
 * Each CPU does operations by chance: calls of all forms, events, shootdowns of
 * a few shared spaces and of the kernel's, switches, lazy and idle phases.  What
 * is right is known from counters that only the functions called touch.
 */
#include "sim.h"

#define SPACES		3
#define PAGES		24	/* in use; few, so that CPUs meet */
#define KERNEL_PAGES	6
#define TIMEOUT_NS	(200 * 1000)

struct board {
	struct sim_lock lock[SPACES + 1];	/* page tables; the kernel's */
	struct sim_space *space[SPACES];
	struct xcpu_call call[XCPU_NCPU_MAX];
	int event;
	int passing;			/* of whoever registered last; may be gone */
	bool woken[XCPU_NCPU_MAX];
	/* Per target: posts so far, the last accepted, the last seen. */
	uint64_t posted[XCPU_NCPU_MAX];
	uint64_t accepted[XCPU_NCPU_MAX];
	uint64_t seen[XCPU_NCPU_MAX];
};

static struct board *board;

static void
handle(void *arg)
{
	unsigned cpu = sim_cpu();

	(void)arg;
	sim_step();
	board->seen[cpu] = board->posted[cpu];
}

static void
setup(void)
{
	board = sim_alloc(sizeof(*board));
	board->event = 0;
	for (unsigned i = 0; i < SPACES; i++) {
		board->space[i] = sim_space_new();
		for (unsigned page = 0; page < PAGES; page++)
			sim_map(board->space[i], page, true);
	}
	for (unsigned page = 0; page < KERNEL_PAGES; page++)
		sim_map(sim_space_kernel(), page, true);
}

/* ---- calls ---- */

/* A call's own record, which outlives it: what ran where. */
struct record {
	unsigned runs[XCPU_NCPU_MAX];
	bool over;
};

static void
called(void *arg)
{
	struct record *r = arg;

	if (r->over)
		sim_fail(SIM_ORDER, "a function runs on CPU %u after its call "
		    "was over", sim_cpu());
	for (unsigned i = sim_random(4); i > 0; i--)
		sim_step();
	r->runs[sim_cpu()]++;
}

static void
some_cpus(struct xcpu_cpuset *set)
{
	xcpu_cpuset_zero(set);
	for (unsigned n = 1 + sim_random(3); n > 0; n--)
		xcpu_cpuset_add(set, sim_random(sim_ncpu()));
}

static void
check_result(const struct record *r, const struct xcpu_call_result *result)
{
	for (unsigned i = 0; i < sim_ncpu(); i++) {
		bool done = xcpu_cpuset_has(&result->done, i);

		if (done && r->runs[i] != 1)
			sim_fail(r->runs[i] == 0 ? SIM_EARLY : SIM_ORDER,
			    "a call is done on CPU %u, where it ran %u times",
			    i, r->runs[i]);
		if (!done && !xcpu_cpuset_has(&result->running, i) &&
		    r->runs[i] != 0)
			sim_fail(SIM_ORDER, "a call ran on CPU %u, which is "
			    "not done and not running", i);
	}
}

static int
do_call(uint64_t timeout_ns)
{
	struct record *r = sim_alloc(sizeof(*r));
	struct xcpu_call_result result;
	struct xcpu_call_opt opt = {
		.timeout_ns = timeout_ns, .result = &result,
		.flags = sim_one_in(4) ? XCPU_CALL_SERIAL : 0,
	};
	struct xcpu_cpuset set;
	bool wait = sim_one_in(4);
	unsigned long state = 0;
	int error;

	some_cpus(&set);
	if (wait)
		state = sim_mask();
	error = xcpu_call_set(&set, called, r, &opt);
	if (wait)
		sim_unmask(state);
	if (error == 0 || error == -XCPU_ETIMEDOUT)
		check_result(r, &result);
	if (error == -XCPU_ETIMEDOUT && timeout_ns == 0 && !sim_gave_up())
		sim_fail(SIM_ORDER, "a call without deadline timed out");
	r->over = error == 0;
	return error;
}

static int
do_start(void)
{
	struct record *r = sim_alloc(sizeof(*r));
	struct xcpu_call *call = &board->call[sim_cpu()];
	struct xcpu_cpuset set;
	int error;

	if (xcpu_call_done(call))
		call->callback = NULL;
	some_cpus(&set);
	error = xcpu_call_start(call, &set, called, r, NULL);
	if (error != 0)
		return error;
	set = call->started;
	error = xcpu_call_wait(call, 0);
	for (unsigned i = 0; error == 0 && i < sim_ncpu(); i++)
		if (r->runs[i] != xcpu_cpuset_has(&set, i))
			sim_fail(SIM_EARLY, "a started call ran %u times on "
			    "CPU %u", r->runs[i], i);
	return error;
}

/* ---- events ---- */

static int
do_event(void)
{
	unsigned cpu = sim_random(sim_ncpu());
	uint64_t mine;
	int error;

	if (board->passing > 0 && sim_one_in(2))
		return xcpu_event_post(board->passing, cpu);
	/* 0 would be the library's own, the empty one. */
	if (board->event <= 0)
		return -XCPU_ENOENT;
	mine = ++board->posted[cpu];
	error = xcpu_event_post(board->event, cpu);
	if (error == 0 && board->accepted[cpu] < mine)
		board->accepted[cpu] = mine;
	return error;
}

static void
dead_handler(void *arg)
{
	bool *over = arg;

	sim_step();
	if (*over)
		sim_fail(SIM_ORDER, "a handler runs on CPU %u after its event "
		    "was unregistered", sim_cpu());
}

static int
do_unregister(void)
{
	bool *over = sim_alloc(sizeof(*over));
	int id = xcpu_event_register(dead_handler, over);
	int error;

	if (id < 0)
		return id;
	board->passing = id;
	(void)xcpu_event_post_all(id);
	sim_work_ns(sim_random(500));
	error = xcpu_event_unregister(id);
	*over = error == 0;
	return error;
}

/* ---- idling until somebody comes ---- */

/* Runs where the call ended: another CPU, which must wake us. */
static void
wake(void *arg)
{
	unsigned cpu = (unsigned)((bool *)arg - board->woken);

	sim_step();
	board->woken[cpu] = true;
	(void)xcpu_resched(cpu);
}

static int
do_idle(void)
{
	bool *woken = &board->woken[sim_cpu()];
	struct xcpu_call *call = &board->call[sim_cpu()];
	struct xcpu_cpuset set;
	unsigned long state;
	unsigned other;
	int error;

	if (!xcpu_call_done(call))
		return -XCPU_EBUSY;
	*woken = false;
	call->callback = wake;
	call->callback_arg = woken;
	other = (sim_cpu() + 1) % sim_ncpu();
	xcpu_cpuset_one(&set, other);
	error = xcpu_call_start(call, &set, called,
	    sim_alloc(sizeof(struct record)), NULL);
	state = sim_mask();
	/* ends: the call does, or its CPU is dead */
	while (error == 0 && !*woken && !sim_dead(other))
		sim_idle();
	sim_unmask(state);
	return error;
}

static void
nmi(unsigned cpu)
{
	(void)cpu;
	if (board->event > 0)
		(void)xcpu_event_post_self(board->event);
}

/* ---- spaces ---- */

static void
touch_some(struct sim_space *space, unsigned pages)
{
	for (unsigned n = 1 + sim_random(6); n > 0; n--)
		(void)sim_touch(space, sim_random(pages), sim_one_in(2));
}

static struct sim_space *
some_space(unsigned *which)
{
	*which = sim_random(SPACES);
	return board->space[*which];
}

static int
do_switch(void)
{
	unsigned which;
	struct sim_space *space = some_space(&which);
	int error = xcpu_space_switch(sim_space_xcpu(space));

	if (error == 0)
		touch_some(space, PAGES);
	return error;
}

static bool
change_one(struct sim_space *space, struct sim_change *change)
{
	unsigned page = sim_random(PAGES);

	switch (sim_random(4)) {
	case 0:
		return sim_protect(space, page, change);
	case 1:
		return sim_unmap(space, page, change);
	default:
		return sim_remap(space, page, change);
	}
}

static int
do_flush(bool tables)
{
	unsigned which;
	struct sim_space *space = some_space(&which);
	struct sim_change change;
	bool changed;
	int error;

	sim_lock(&board->lock[which]);
	changed = tables ? sim_unmap_table(space, sim_random(PAGES),
	    &change) : change_one(space, &change);
	if (!changed)
		sim_map(space, sim_random(PAGES), true);
	/* No new table comes where an old one can still be walked. */
	if (!tables)
		sim_unlock(&board->lock[which]);
	error = changed ? sim_shootdown(&change) : 0;
	if (tables)
		sim_unlock(&board->lock[which]);
	return error;
}

static int
do_kernel(void)
{
	struct sim_change change;

	sim_lock(&board->lock[SPACES]);
	(void)sim_remap(sim_space_kernel(), sim_random(KERNEL_PAGES), &change);
	sim_unlock(&board->lock[SPACES]);
	return sim_shootdown(&change);
}

static int
do_lazy(void)
{
	int error = xcpu_space_lazy_enter();

	if (error != 0)
		return error;
	sim_work_ns(sim_random(3000));
	error = xcpu_space_lazy_leave();
	for (unsigned i = 0; i < SPACES; i++)
		touch_some(board->space[i], PAGES);
	return error;
}

/* ---- all of it ---- */

static int
operate(enum sim_op_kind kind)
{
	unsigned which;

	switch (kind) {
	case SIM_OP_CALL:
		return do_call(0);
	case SIM_OP_DEADLINE:
		return do_call(1 + sim_random(TIMEOUT_NS));
	case SIM_OP_START:
		return do_start();
	case SIM_OP_EVENT:
		return do_event();
	case SIM_OP_UNREGISTER:
		return do_unregister();
	case SIM_OP_FLUSH:
		return do_flush(false);
	case SIM_OP_TABLES:
		return do_flush(true);
	case SIM_OP_KERNEL:
		return do_kernel();
	case SIM_OP_SWITCH:
		return do_switch();
	case SIM_OP_LAZY:
		return do_lazy();
	case SIM_OP_IDLE:
		return do_idle();
	case SIM_OP_TOUCH:
		touch_some(some_space(&which), PAGES);
		touch_some(sim_space_kernel(), KERNEL_PAGES);
		return 0;
	default:
		return xcpu_idle_poll(sim_random(20000));
	}
}

static void
basic_main(unsigned cpu)
{
	static const enum sim_op_kind kinds[] = {
		SIM_OP_CALL, SIM_OP_CALL, SIM_OP_DEADLINE, SIM_OP_START,
		SIM_OP_EVENT, SIM_OP_EVENT, SIM_OP_UNREGISTER, SIM_OP_FLUSH,
		SIM_OP_FLUSH, SIM_OP_FLUSH, SIM_OP_TABLES, SIM_OP_KERNEL,
		SIM_OP_SWITCH, SIM_OP_SWITCH, SIM_OP_LAZY, SIM_OP_TOUCH,
		SIM_OP_TOUCH, SIM_OP_POLL, SIM_OP_IDLE,
	};

	if (cpu == 0)
		board->event = xcpu_event_register(handle, NULL);
	for (unsigned n = sim_ops(); n > 0; n--) {
		unsigned i = sim_random(sizeof(kinds) / sizeof(kinds[0]));

		sim_op_begin(kinds[i]);
		sim_op_end(operate(kinds[i]));
		if (sim_one_in(40))
			sim_replug(1 + sim_random(5000));
	}
}

static void
check(void)
{
	for (unsigned i = 0; i < sim_ncpu(); i++)
		if (!sim_any_dead() && board->seen[i] < board->accepted[i])
			sim_fail(SIM_ORDER, "CPU %u never saw its last event",
			    i);
}

SIM_SCENARIO(basic) = {
	.name = "basic",
	.what = "calls, events, shootdowns, switches, lazy and idle by chance",
	.min_cpus = 2,
	.max_cpus = 8,
	.tickless = true,
	.setup = setup,
	.main = basic_main,
	.nmi = nmi,
	.check = check,
};
