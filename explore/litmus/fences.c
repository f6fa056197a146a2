/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fences.c: sequentially consistent fences.
 */
#include "litmus.h"

#define TEST(n, text, cpus, regs, outcomes, ...)			\
	{ .program = { .name = n, .what = text, .ncpu = cpus,		\
	    .check = litmus_saw, .cpu = { __VA_ARGS__ } },		\
	    .nregs = regs, .allowed = outcomes }

/* rlx, in all of this file: the fences are what is tested. */

static void
sb_0(void)
{
	xcpu_store_rlx(X, 1);
	xcpu_fence_sc();
	R[0] = xcpu_load_rlx(Y);
}

static void
sb_1(void)
{
	xcpu_store_rlx(Y, 1);
	xcpu_fence_sc();
	R[1] = xcpu_load_rlx(X);
}

static void
sb_1_open(void)
{
	xcpu_store_rlx(Y, 1);
	R[1] = xcpu_load_rlx(X);
}

/* A read-modify-write in the place of the store, and of the fence. */
static void
sb_rmw_0(void)
{
	xcpu_store_rlx(X, 1);
	(void)xcpu_fetch_or_ar(Z, 1);
	R[0] = xcpu_load_rlx(Y);
}

static void
mp_w(void)
{
	xcpu_store_rlx(X, 1);
	xcpu_fence_sc();
	xcpu_store_rlx(Y, 1);
}

static void
mp_r(void)
{
	R[0] = xcpu_load_rlx(Y);
	xcpu_fence_sc();
	R[1] = xcpu_load_rlx(X);
}

static void mp_r_rlx(void) { R[0] = xcpu_load_rlx(Y); R[1] = xcpu_load_rlx(X); }
static void mp_r_acq(void) { R[0] = xcpu_load_acq(Y); R[1] = xcpu_load_rlx(X); }
static void mp_w_rel(void) { xcpu_store_rlx(X, 1); xcpu_store_rel(Y, 1); }

static void iriw_x(void) { xcpu_store_rlx(X, 1); }
static void iriw_y(void) { xcpu_store_rlx(Y, 1); }

static void
iriw_xy(void)
{
	R[0] = xcpu_load_rlx(X);
	xcpu_fence_sc();
	R[1] = xcpu_load_rlx(Y);
}

static void
iriw_yx(void)
{
	R[2] = xcpu_load_rlx(Y);
	xcpu_fence_sc();
	R[3] = xcpu_load_rlx(X);
}

static void
rwc_2(void)
{
	xcpu_store_rlx(Y, 1);
	xcpu_fence_sc();
	R[2] = xcpu_load_rlx(X);
}

/* A fence orders, but makes no happens-before between fences alone. */
static void
race_0(void)
{
	explore_write(&litmus_data, 1);
	xcpu_fence_sc();
	xcpu_store_rlx(X, 1);
}

static void
race_1(void)
{
	if (xcpu_load_rlx(X) == 1) {
		xcpu_fence_sc();
		R[0] = 1 + explore_read(&litmus_data);
	}
}

static void
race_2(void)
{
	xcpu_fence_sc();
	explore_write(&litmus_data, 2);
}

#define ALL_4 "00 01 10 11"

const struct litmus litmus_fences[] = {
	TEST("SB+fences", "one of them sees", 2, 2, "01 10 11", sb_0, sb_1),
	TEST("SB+fence", "one fence is none", 2, 2, ALL_4, sb_0, sb_1_open),
	TEST("SB+rmw", "nor is a read-modify-write of another word", 2, 2,
	    ALL_4, sb_rmw_0, sb_1),
	TEST("MP+fences", "fences for release and acquire", 2, 2, "00 01 11",
	    mp_w, mp_r),
	TEST("MP+fence+acq", "one for release", 2, 2, "00 01 11", mp_w,
	    mp_r_acq),
	TEST("MP+rel+fence", "one for acquire", 2, 2, "00 01 11", mp_w_rel,
	    mp_r),
	TEST("MP+fence", "only the writer's", 2, 2, ALL_4, mp_w, mp_r_rlx),
	TEST("IRIW+fences", "two readers agree", 4, 4,
	    "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 "
	    "1110 1111", iriw_x, iriw_y, iriw_xy, iriw_yx),
	TEST("RWC+fences", "read to write causality", 3, 3,
	    "000 001 010 011 101 110 111",
	    iriw_x, iriw_xy, rwc_2),
	TEST("HB+fences", "plain data behind fences", 2, 1, "0 2", race_0,
	    race_1),
	{ .program = { .name = "race+fences", .what = "fences alone order no "
	    "plain data", .ncpu = 2, .cpu = { race_0, race_2 },
	    .must_fail = "data race" } },
	{ .program = { .name = NULL } }
};
