/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits.c: loops that wait, deadlines, plain data and objects given back.
 */
#include "litmus.h"

#include <xcpu/port.h>

#define TEST(n, text, cpus, regs, outcomes, ...)			\
	{ .program = { .name = n, .what = text, .ncpu = cpus,		\
	    .check = litmus_saw, .cpu = { __VA_ARGS__ } },		\
	    .nregs = regs, .allowed = outcomes }
#define FAILS(n, text, cpus, why, ...)					\
	{ .program = { .name = n, .what = text, .ncpu = cpus,		\
	    .cpu = { __VA_ARGS__ }, .must_fail = why } }

/* rlx, in all of this file: what an order does is what is tested. */

/* ---- waiting ---- */

static void mp_w(void) { xcpu_store_rlx(X, 1); xcpu_store_rlx(Y, 1); }
static void mp_w_rel(void) { xcpu_store_rlx(X, 1); xcpu_store_rel(Y, 1); }

static void
await_acq(void)
{
	while (xcpu_load_acq(Y) == 0)
		explore_relax();
	R[0] = xcpu_load_rlx(X);
}

static void
count_up(void)
{
	for (uint64_t i = 1; i <= 3; i++)
		xcpu_store_rlx(X, i);
}

static void
await_two(void)
{
	while ((R[0] = xcpu_load_rlx(X)) < 2)
		explore_relax();
}

static void set_x(void) { xcpu_store_rlx(X, 1); }
static void set_y(void) { xcpu_store_rlx(Y, 1); }

static void
await_either(void)
{
	do {
		R[0] = xcpu_load_rlx(X);
		R[1] = xcpu_load_rlx(Y);
		if (R[0] + R[1] != 0)
			break;
		explore_relax();
	} while (true);
}

static void
await_both(void)
{
	do {
		R[0] = xcpu_load_rlx(X);
		R[1] = xcpu_load_rlx(Y);
		if (R[0] + R[1] == 2)
			break;
		R[2] = R[2] * 2 + R[0];
		explore_relax();
	} while (true);
}

/* Two CPUs wait for each other, each after its own store. */
static void
meet_0(void)
{
	xcpu_store_rel(X, 1);
	while (xcpu_load_acq(Y) == 0)
		explore_relax();
	R[0] = explore_read(&litmus_data);
}

static void
meet_1(void)
{
	explore_write(&litmus_data, 7);
	xcpu_store_rel(Y, 1);
	while (xcpu_load_acq(X) == 0)
		explore_relax();
}

static void
await_for_ever(void)
{
	xcpu_store_rlx(X, 1);
	while (xcpu_load_rlx(Y) == 0)
		explore_relax();
}

static void
await_gone(void)
{
	while (xcpu_load_rlx(X) != 2)
		explore_relax();
}

static void
pass_by(void)
{
	xcpu_store_rlx(X, 2);
	xcpu_store_rlx(X, 3);
}

/* ---- deadlines ---- */

static void
await_timed(void)
{
	uint64_t start = xcpu_port_now_ns();
	unsigned turns = 1;

	while (xcpu_load_rlx(X) == 0) {
		if (xcpu_port_now_ns() - start >= 1000) {
			R[0] = 2;
			return;
		}
		xcpu_port_relax(turns++);
	}
	R[0] = 1;
}

/* ---- plain data ---- */

static void
write_flag_rel(void)
{
	explore_write(&litmus_data, 1);
	xcpu_store_rel(X, 1);
}

static void
write_flag_rlx(void)
{
	explore_write(&litmus_data, 1);
	xcpu_store_rlx(X, 1);
}

static void
read_flag_acq(void)
{
	if (xcpu_load_acq(X) == 1)
		R[0] = 1 + explore_read(&litmus_data);
}

static void
read_flag_rlx(void)
{
	if (xcpu_load_rlx(X) == 1)
		R[0] = 1 + explore_read(&litmus_data);
}

/* The reader comes first, and says so; then the writer overwrites. */
static void
read_then_say(void)
{
	R[0] = explore_read(&litmus_data);
	xcpu_store_rel(X, 1);
}

static void
read_then_whisper(void)
{
	R[0] = explore_read(&litmus_data);
	xcpu_store_rlx(X, 1);
}

static void
overwrite(void)
{
	if (xcpu_load_acq(X) == 1)
		explore_write(&litmus_data, 5);
}

static void read_plain(void) { R[0] = explore_read(&litmus_data); }
static void write_plain(void) { explore_write(&litmus_data, 1); }

/* After its release it writes again: not covered. */
static void
write_after(void)
{
	xcpu_store_rel(X, 1);
	explore_write(&litmus_data, 1);
}

/* ---- objects ---- */

static struct xcpu_au64 EXPLORE_DATA object[2];

static void
use_object(void)
{
	xcpu_store_rlx(&object[1], 1);
	xcpu_store_rel(&object[0], 1);
}

static void
use_object_late(void)
{
	xcpu_store_rel(&object[0], 1);
	xcpu_store_rlx(&object[1], 1);
}

static void
take_back(void)
{
	while (xcpu_load_acq(&object[0]) == 0)
		explore_relax();
	explore_poison(object, sizeof(object));
}

static void
take_back_rlx(void)
{
	while (xcpu_load_rlx(&object[0]) == 0)
		explore_relax();
	explore_poison(object, sizeof(object));
}

const struct litmus litmus_waits[] = {
	TEST("wait+acq", "wakes up, and knows why", 2, 1, "1", mp_w_rel,
	    await_acq),
	TEST("wait+rlx", "or not", 2, 1, "0 1", mp_w, await_acq),
	TEST("wait+values", "may miss what was between", 2, 1, "2 3", count_up,
	    await_two),
	TEST("wait+either", "one of two words", 3, 2, "10 01 11", set_x, set_y,
	    await_either),
	TEST("wait+both", "in any order", 3, 3, "110 111", set_x, set_y,
	    await_both),
	TEST("wait+meet", "for each other", 2, 1, "7", meet_0, meet_1),
	FAILS("wait+never", "nobody comes", 2, "for ever", await_for_ever,
	    set_x),
	FAILS("wait+missed", "came and went", 2, "for ever", pass_by,
	    await_gone),
	{ .program = { .name = "wait+deadline", .what = "time may pass",
	    .ncpu = 2, .check = litmus_saw, .cpu = { set_x, await_timed },
	    .deadlines = { 0, 1 } }, .nregs = 1, .allowed = "1 2" },
	{ .program = { .name = "wait+still", .what = "or it may not",
	    .ncpu = 2, .check = litmus_saw, .cpu = { set_x, await_timed } },
	    .nregs = 1, .allowed = "1" },
	TEST("race+rel+acq", "ordered plain data", 2, 1, "0 2", write_flag_rel,
	    read_flag_acq),
	FAILS("race+rlx+acq", "not released", 2, "data race", write_flag_rlx,
	    read_flag_acq),
	FAILS("race+rel+rlx", "not acquired", 2, "data race", write_flag_rel,
	    read_flag_rlx),
	TEST("race+read", "a read, ordered before a write", 2, 1, "0",
	    read_then_say, overwrite),
	FAILS("race+read+rlx", "and not ordered", 2, "data race",
	    read_then_whisper, overwrite),
	FAILS("race+plain", "no order at all", 2, "data race", read_plain,
	    write_plain),
	FAILS("race+after", "a write after the release", 2, "data race",
	    write_after, read_flag_acq),
	TEST("object", "used, then given back", 2, 0, "", use_object, take_back),
	FAILS("object+late", "used after its end", 2, "owner", use_object_late,
	    take_back),
	FAILS("object+rlx", "not ordered before it", 2, "owner", use_object,
	    take_back_rlx),
	{ .program = { .name = NULL } }
};
