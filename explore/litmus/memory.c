/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c: what loads may read, without fences.
 */
#include "litmus.h"

#define TEST(n, text, cpus, regs, outcomes, ...)			\
	{ .program = { .name = n, .what = text, .ncpu = cpus,		\
	    .check = litmus_saw, .cpu = { __VA_ARGS__ } },		\
	    .nregs = regs, .allowed = outcomes }
#define TEST_FINAL(n, text, cpus, regs, outcomes, ...)			\
	{ .program = { .name = n, .what = text, .ncpu = cpus,		\
	    .check = litmus_saw_final, .cpu = { __VA_ARGS__ } },	\
	    .nregs = regs, .allowed = outcomes }

/* rlx, in all of this file: what an order does is what is tested. */

/* ---- store buffering ---- */

static void sb_0(void) { xcpu_store_rlx(X, 1); R[0] = xcpu_load_rlx(Y); }
static void sb_1(void) { xcpu_store_rlx(Y, 1); R[1] = xcpu_load_rlx(X); }
static void sb_ra_0(void) { xcpu_store_rel(X, 1); R[0] = xcpu_load_acq(Y); }
static void sb_ra_1(void) { xcpu_store_rel(Y, 1); R[1] = xcpu_load_acq(X); }

/* ---- message passing ---- */

static void mp_w(void) { xcpu_store_rlx(X, 1); xcpu_store_rlx(Y, 1); }
static void mp_w_rel(void) { xcpu_store_rlx(X, 1); xcpu_store_rel(Y, 1); }
static void mp_r(void) { R[0] = xcpu_load_rlx(Y); R[1] = xcpu_load_rlx(X); }
static void mp_r_acq(void) { R[0] = xcpu_load_acq(Y); R[1] = xcpu_load_rlx(X); }

static void
mp_w_rmw(void)
{
	xcpu_store_rlx(X, 1);
	(void)xcpu_fetch_or_rel(Y, 1);
}

static void
mp_r_rmw(void)
{
	R[0] = xcpu_fetch_or_acq(Y, 2) & 1;
	R[1] = xcpu_load_rlx(X);
}

static void
mp_r_cas(void)
{
	uint64_t found = 1;

	R[0] = xcpu_cas_acq(Y, &found, 2);
	R[1] = xcpu_load_rlx(X);
}

/* ---- independent reads of independent writes ---- */

static void iriw_x(void) { xcpu_store_rel(X, 1); }
static void iriw_y(void) { xcpu_store_rel(Y, 1); }
static void iriw_xy(void) { R[0] = xcpu_load_acq(X); R[1] = xcpu_load_acq(Y); }
static void iriw_yx(void) { R[2] = xcpu_load_acq(Y); R[3] = xcpu_load_acq(X); }

/* ---- write to read causality ---- */

static void wrc_1(void) { R[0] = xcpu_load_acq(X); xcpu_store_rel(Y, 1); }
static void wrc_1_rlx(void) { R[0] = xcpu_load_acq(X); xcpu_store_rlx(Y, 1); }
static void wrc_2(void) { R[1] = xcpu_load_acq(Y); R[2] = xcpu_load_rlx(X); }

/* ---- release sequences ---- */

static void rs_add(void) { (void)xcpu_fetch_or_rlx(Y, 2); }
static void rs_store(void) { xcpu_store_rlx(Y, 2); }

static void
rs_own_store(void)
{
	xcpu_store_rlx(X, 1);
	xcpu_store_rel(Y, 1);
	xcpu_store_rlx(Y, 2);
}

static void
rs_own_rmw(void)
{
	xcpu_store_rlx(X, 1);
	xcpu_store_rel(Y, 1);
	(void)xcpu_xchg_rlx(Y, 2);
}

/* ---- coherence ---- */

static void w2_0(void) { xcpu_store_rlx(X, 1); xcpu_store_rlx(Y, 2); }
static void w2_1(void) { xcpu_store_rlx(Y, 1); xcpu_store_rlx(X, 2); }
static void co_w12(void) { xcpu_store_rlx(X, 1); xcpu_store_rlx(X, 2); }
static void co_rr(void) { R[0] = xcpu_load_rlx(X); R[1] = xcpu_load_rlx(X); }
static void co_rr_2(void) { R[2] = xcpu_load_rlx(X); R[3] = xcpu_load_rlx(X); }
static void co_w1(void) { xcpu_store_rlx(X, 1); }
static void co_w2(void) { xcpu_store_rlx(X, 2); }
static void co_wr(void) { xcpu_store_rlx(X, 1); R[1] = xcpu_load_rlx(X); }
static void co_rw(void) { R[1] = xcpu_load_rlx(X); xcpu_store_rlx(X, 1); }

/* ---- load buffering: not modelled ---- */

static void lb_0(void) { R[0] = xcpu_load_rlx(X); xcpu_store_rlx(Y, 1); }
static void lb_1(void) { R[1] = xcpu_load_rlx(Y); xcpu_store_rlx(X, 1); }

/* ---- read-modify-writes ---- */

static void add_0(void) { R[0] = xcpu_fetch_add_rel(X, 1); }
static void add_1(void) { R[1] = xcpu_fetch_add_rel(X, 1); }
static void add_2(void) { R[2] = xcpu_fetch_add_rel(X, 1); }

static void
cas_0(void)
{
	uint64_t found = 0;

	R[0] = xcpu_cas_rlx(X, &found, 1);
}

static void
cas_1(void)
{
	uint64_t found = 0;

	R[1] = xcpu_cas_rlx(X, &found, 2);
}

/* A failure is a load: it may find an old value. */
static void
cas_old(void)
{
	uint64_t found = 5;

	R[0] = xcpu_load_rlx(Y);
	(void)xcpu_cas_rlx(X, &found, 6);
	R[1] = found;
}

/* But not the one it expects, if that is old. */
static void
cas_expected(void)
{
	uint64_t found = 0;

	R[0] = xcpu_load_acq(Y);
	R[1] = xcpu_cas_rlx(X, &found, 2);
}

/* A failed acquire is an acquire; a failed release is none. */
static void
cas_fail_acq(void)
{
	uint64_t found = 5;

	(void)xcpu_cas_ar(Y, &found, 6);
	R[0] = found;
	R[1] = xcpu_load_rlx(X);
}

static void
cas_fail_rlx(void)
{
	uint64_t found = 5;

	(void)xcpu_cas_rel(Y, &found, 6);
	R[0] = found;
	R[1] = xcpu_load_rlx(X);
}

#define ALL_4 "00 01 10 11"
#define ALL_16 "0000 0001 0010 0011 0100 0101 0110 0111 " \
	"1000 1001 1010 1011 1100 1101 1110 1111"

const struct litmus litmus_memory[] = {
	TEST("SB", "store buffering", 2, 2, ALL_4, sb_0, sb_1),
	TEST("SB+rel+acq", "release and acquire do not help", 2, 2, ALL_4,
	    sb_ra_0, sb_ra_1),
	TEST("MP", "message passing", 2, 2, ALL_4, mp_w, mp_r),
	TEST("MP+rel", "release alone", 2, 2, ALL_4, mp_w_rel, mp_r),
	TEST("MP+acq", "acquire alone", 2, 2, ALL_4, mp_w, mp_r_acq),
	TEST("MP+rel+acq", "both", 2, 2, "00 01 11", mp_w_rel, mp_r_acq),
	TEST("MP+rmws", "both, by read-modify-writes", 2, 2, "00 01 11",
	    mp_w_rmw, mp_r_rmw),
	TEST("MP+cas", "acquire by compare-and-swap", 2, 2, "00 01 11",
	    mp_w_rel, mp_r_cas),
	TEST("IRIW+acq", "two readers disagree", 4, 4, ALL_16, iriw_x, iriw_y,
	    iriw_xy, iriw_yx),
	TEST("WRC+acq", "causality", 3, 3, "000 001 010 011 100 101 111",
	    iriw_x, wrc_1, wrc_2),
	TEST("WRC+rlx", "broken in the middle", 3, 3,
	    "000 001 010 011 100 101 110 111", iriw_x, wrc_1_rlx, wrc_2),
	TEST("RS+rmw", "a read-modify-write continues it", 3, 2,
	    "00 01 11 20 21 31", mp_w_rel, rs_add, mp_r_acq),
	TEST("RS+store", "a store of another ends it", 3, 2,
	    "00 01 11 20 21", mp_w_rel, rs_store, mp_r_acq),
	TEST("RS+own-store", "and one of its own", 2, 2, "00 01 11 20 21",
	    rs_own_store, mp_r_acq),
	TEST("RS+own-rmw", "its own exchange does not", 2, 2, "00 01 11 21",
	    rs_own_rmw, mp_r_acq),
	TEST_FINAL("2+2W", "stores of one CPU stay in order", 2, 4,
	    "0012 0021 0022", w2_0, w2_1),
	TEST("CoRR", "reads do not go back", 2, 2, "00 01 02 11 12 22", co_w12,
	    co_rr),
	TEST("CoRR2", "readers agree on one word", 4, 4,
	    "0000 0001 0002 0011 0012 0021 0022 0100 0101 0102 0111 0112 0121 "
	    "0122 0200 0201 0202 0211 0212 0221 0222 1100 1101 1102 1111 1112 "
	    "1121 1122 1200 1201 1202 1211 1212 1222 2100 2101 2102 2111 2121 "
	    "2122 2200 2201 2202 2211 2212 2221 2222", co_w1, co_w2, co_rr,
	    co_rr_2),
	TEST_FINAL("CoWR", "a read of one's own store", 2, 4,
	    "0110 0120 0220", co_wr, co_w2),
	TEST_FINAL("CoRW", "a store after a read", 2, 4, "0010 0020 0210",
	    co_rw, co_w2),
	TEST("LB", "load buffering (not modelled: 11)", 2, 2, "00 01 10", lb_0,
	    lb_1),
	TEST("RMW", "each value once", 3, 3, "012 021 102 120 201 210", add_0,
	    add_1, add_2),
	TEST("CAS", "one wins", 2, 2, "01 10", cas_0, cas_1),
	TEST("CAS+old", "a failure may find an old value", 2, 2, ALL_4,
	    mp_w, cas_old),
	TEST("CAS+expected", "no success on an old value", 2, 2, "00 01 10",
	    mp_w_rel, cas_expected),
	TEST("CAS+fail-acq", "a failed acq_rel acquires", 2, 2, "00 01 11",
	    mp_w_rel, cas_fail_acq),
	TEST("CAS+fail-rel", "a failed release does not", 2, 2, ALL_4,
	    mp_w_rel, cas_fail_rlx),
	{ .program = { .name = NULL } }
};
