/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll.c: a CPU that looks by itself, and goes to sleep.
 *
 * Protocol P1: leaving POLLING is claiming, in one read-modify-write; a poll of
 * some classes only does not say POLLING at all; who halts looks last with the
 * doorbell masked.  A program fails here by sleeping for ever, or by a handler
 * that never ran.
 */
#include "scene.h"

static int EXPLORE_DATA id;
static struct explore_word EXPLORE_DATA payload;
static struct explore_word EXPLORE_DATA seen;
static struct explore_word EXPLORE_DATA runs;

static void
take(void *arg)
{
	(void)arg;
	explore_write(&seen, explore_read(&payload));
	explore_write(&runs, explore_read(&runs) + 1);
}

static void
setup(void)
{
	explore_boot(2);
	id = xcpu_event_register(take, NULL);
	explore_name(&payload, sizeof(payload), "payload");
	explore_name(&seen, sizeof(seen), "seen");
	explore_name(&runs, sizeof(runs), "runs");
}

static void
setup_masked(void)
{
	setup();
	explore_start_masked(1);
}

static void
check(void)
{
	explore_assert(explore_peek(&runs) == 1, "not run once");
	explore_assert(explore_peek(&seen) == 1, "run, but before the post");
}

static void
post(void)
{
	explore_write(&payload, 1);
	explore_note(scene_error(xcpu_event_post(id, 1)));
}

static void
call(void)
{
	explore_write(&payload, 1);
	explore_note(scene_error(xcpu_call_one(1, take, NULL, NULL)));
}

/* ---- polling in the idle loop ---- */

static void
look_once(void)
{
	explore_note((uint64_t)xcpu_idle_poll(0));
}

/*
 * The post falls before, into or after one look of an idle poll; afterwards the
 * CPU halts.  P1.d P1.e: a leave that does not serve its old value is rejected,
 * and so are two steps in the place of one.
 */
static const struct explore_program poll_look = {
	.name = "poll-look",
	.what = "an event to a CPU that looks once in xcpu_idle_poll()",
	.ids = "F-N1 INV-E1 INV-E4 BUG-06 BUG-10",
	.ncpu = 2,
	.setup = setup,
	.cpu = { post, look_once },
	.check = check,
};

static void
poll_until_timeout(void)
{
	explore_note((uint64_t)xcpu_idle_poll(1000));
}

/* The same with a timeout, which may pass at any look. */
static const struct explore_program poll_timeout = {
	.name = "poll-timeout",
	.what = "an event to a CPU that polls until a timeout",
	.ids = "INV-E1 INV-E4 BUG-06",
	.ncpu = 2,
	.setup = setup,
	.cpu = { post, poll_until_timeout },
	.check = check,
	.deadlines = { 0, 1 },
};

/* A call to a polling CPU, which may see the request before it claims. */
static const struct explore_program poll_call = {
	.name = "poll-call",
	.what = "a call to a CPU that polls until a timeout",
	.ids = "INV-E1 INV-E2 INV-C2 BUG-22",
	.ncpu = 2,
	.setup = setup,
	.cpu = { call, poll_until_timeout },
	.check = check,
	.deadlines = { 0, 1 },
};

/* ---- polling in a spin loop of the host ---- */

static void
spin_once(void)
{
	explore_lock();
	xcpu_poll();
	explore_unlock();
	explore_open();
}

/*
 * xcpu_poll() serves FLUSH alone: what else was posted needs its kick.
 * P1, R3: a restricted poll that says POLLING is rejected.
 */
static const struct explore_program poll_spin = {
	.name = "poll-spin",
	.what = "a call to a CPU that spins on a lock with xcpu_poll()",
	.ids = "INV-E4 INV-C7 INV-C10",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { call, spin_once },
	.check = check,
};

/* ---- halting ---- */

/* The idle loop of doorbell.h; ended by the handler, which runs in it. */
static void
halt_until_run(void)
{
	while (explore_read(&runs) == 0)
		if (xcpu_on_idle_enter())
			explore_halt();
	explore_open();
}

/*
 * The last look before the halt is masked, and unmasking is one step with it.
 * A CPU that looked with the doorbell open would sleep through the kick.
 */
static const struct explore_program idle_halt = {
	.name = "idle-halt",
	.what = "an event to a CPU that halts by xcpu_on_idle_enter()",
	.ids = "INV-E1",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { post, halt_until_run },
	.check = check,
};

/* ---- the tick ---- */

static void
tick_twice(void)
{
	for (unsigned i = 0; i < 2; i++) {
		xcpu_on_tick();
		/* What was kicked for before the tick is taken here. */
		explore_open();
		explore_close();
	}
	explore_open();
}

/*
 * No kick is lost here, so no tick may find a bit that stands for long: a tick
 * that served it would hide the next lost kick.
 */
static const struct explore_program idle_tick = {
	.name = "idle-tick",
	.what = "an event to a CPU that ticks",
	.ids = "INV-E1 INV-E-L1",
	.ncpu = 2,
	.setup = setup_masked,
	.cpu = { post, tick_twice },
	.check = check,
};

const struct explore_program *const poll_programs[] = {
	&poll_look, &poll_timeout, &poll_call, &poll_spin, &idle_halt,
	&idle_tick, NULL
};
