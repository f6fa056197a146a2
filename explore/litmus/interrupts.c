/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interrupts.c: kicks and NMIs come at any step, and order nothing.
 */
#include "litmus.h"

#include <xcpu/port.h>

/* rlx, in all of this file: the interrupts are what is tested. */

static void
kick(unsigned cpu)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_one(&set, cpu);
	xcpu_port_kick(&set);
}

/* ---- when ---- */

static void kick_1(void) { kick(1); }

static void
kick_1_twice(void)
{
	kick(1);
	kick(1);
}

static void
count_up(void)
{
	for (uint64_t i = 1; i <= 3; i++)
		xcpu_store_rlx(X, i);
}

static void see_x(void) { R[0] = 1 + xcpu_load_rlx(X); }
static void count_kicks(void) { R[0]++; }

static void
count_up_masked(void)
{
	explore_close();
	xcpu_store_rlx(X, 1);
	xcpu_store_rlx(X, 2);
	explore_open();
	xcpu_store_rlx(X, 3);
}

/* Open, and nothing is done there. */
static void
open_briefly(void)
{
	xcpu_store_rlx(X, 1);
	explore_open();
	explore_close();
	xcpu_store_rlx(X, 2);
}

static void start_masked(void) { explore_start_masked(1); }

/* ---- order ---- */

static void
write_and_kick(void)
{
	xcpu_store_rel(X, 1);
	kick(1);
}

static void see_x_acq(void) { R[0] = 1 + xcpu_load_acq(X); }

static void
data_and_kick(void)
{
	explore_write(&litmus_data, 1);
	kick(1);
}

static void see_data(void) { R[0] = explore_read(&litmus_data); }

/* ---- sleep ---- */

static void
halt_if_unset(void)
{
	explore_close();
	while (xcpu_fetch_or_acq(X, 0) == 0)
		explore_halt();
	R[1] = 1;
}

/* A load may go on finding the old value: only a read-modify-write may not. */
static void
halt_if_read_unset(void)
{
	explore_close();
	while (xcpu_load_acq(X) == 0)
		explore_halt();
}

/* Opens, so that the kick comes before the sleep. */
static void
halt_too_late(void)
{
	if (xcpu_load_acq(X) == 0)
		explore_halt();
}

static void nothing(void) { }

static void
set_and_kick(void)
{
	(void)xcpu_fetch_or_rel(X, 1);
	kick(1);
}

static void
kick_then_set(void)
{
	kick(1);
	(void)xcpu_fetch_or_rel(X, 1);
}

/* ---- NMIs ---- */

static void
mask_and_count(void)
{
	explore_close();
	xcpu_store_rlx(X, 1);
	xcpu_store_rlx(X, 2);
}

/* An NMI in the midst of a kick's handler. */
static void
handler(void)
{
	xcpu_store_rlx(X, 1);
	xcpu_store_rlx(X, 2);
}

static void nmi_sees(void) { R[1] = 1 + xcpu_load_rlx(X); }

/* A CPU waits; what it waits for is done by its own handler. */
static void
await_own_handler(void)
{
	while (xcpu_load_rlx(X) == 0)
		explore_relax();
	R[1] = 1;
}

static void set_x(void) { xcpu_store_rlx(X, 1); }

#define TEST(n, text, regs, outcomes, zero, one, handle, ...)		\
	{ .program = { .name = n, .what = text, .ncpu = 2,		\
	    .check = litmus_saw, .cpu = { zero, one },			\
	    .on_kick = handle, .on_nmi = handle, __VA_ARGS__ },		\
	    .nregs = regs, .allowed = outcomes }

const struct litmus litmus_interrupts[] = {
	TEST("kick+any", "before, between and after", 1, "1 2 3 4", kick_1,
	    count_up, see_x, .ids = NULL),
	TEST("kick+masked", "not where it is masked", 1, "1 3 4", kick_1,
	    count_up_masked, see_x, .ids = NULL),
	TEST("kick+window", "in an empty window, or never", 1, "0 2", kick_1,
	    open_briefly, see_x, .setup = start_masked),
	TEST("kick+twice", "two may be one", 1, "1 2", kick_1_twice, NULL,
	    count_kicks, .ids = NULL),
	TEST("kick+none", "nor any that was not sent", 1, "0", nothing,
	    count_up, see_x, .ids = NULL),
	TEST("kick+spurious", "but for these", 1, "0 1 2 3 4", nothing,
	    count_up, see_x, .spurious = { 0, 1 }),
	TEST("kick+order", "a kick carries no order", 1, "1 2",
	    write_and_kick, NULL, see_x_acq, .ids = NULL),
	{ .program = { .name = "kick+race", .what = "nor for plain data",
	    .ncpu = 2, .cpu = { data_and_kick, NULL }, .on_kick = see_data,
	    .must_fail = "data race" } },
	TEST("halt", "masked test, then sleep", 2, "01 11", set_and_kick,
	    halt_if_unset, count_kicks, .ids = NULL),
	{ .program = { .name = "halt+load", .what = "a test by a load",
	    .ncpu = 2, .cpu = { set_and_kick, halt_if_read_unset },
	    .on_kick = count_kicks, .must_fail = "for ever" } },
	{ .program = { .name = "halt+open", .what = "an open test", .ncpu = 2,
	    .cpu = { set_and_kick, halt_too_late }, .on_kick = count_kicks,
	    .must_fail = "for ever" } },
	{ .program = { .name = "halt+early", .what = "kicked before the store",
	    .ncpu = 2, .cpu = { kick_then_set, halt_if_unset },
	    .on_kick = count_kicks, .must_fail = "for ever" } },
	TEST("nmi+masked", "masked or not", 1, "0 1 2 3", nothing,
	    mask_and_count, see_x, .nmis = { 0, 1 }),
	{ .program = { .name = "nmi+kick", .what = "within a handler",
	    .ncpu = 2, .check = litmus_saw, .cpu = { kick_1, NULL },
	    .on_kick = handler, .on_nmi = nmi_sees, .nmis = { 0, 1 } },
	    .nregs = 2, .allowed = "00 01 02 03" },
	TEST("wait+handler", "an interrupt ends a wait", 2, "01", kick_1,
	    await_own_handler, set_x, .ids = NULL),
	{ .program = { .name = NULL } }
};
