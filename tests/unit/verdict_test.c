/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict_test.c: what the benchmark makes of its ratios, on made-up ones.
 *
 * Each test says above it which mistake in bench/verdict.c it would find.
 */
#include "unit.h"

#include <math.h>

#include "bench.h"

static const struct check check = {
	"The rival, in rings", 0, 1, 5, 20
};
static const struct claim at_most = {
	"Ours, in rings", 0, 1, false, 1.3, 1.0, NULL
};
static const struct claim at_least = {
	"The rival, in ours", 0, 1, true, 5, 10, &check
};

static bool
holds(double a, double b, double c)
{
	const struct outcome outcome[] = {
		{ a, "near" }, { b, "near" }, { c, "far" }
	};

	return verdict_holds(&check, outcome, 3);
}

/* Finds: a bound left out, or taken as outside; not all attempts looked at. */
static void
a_rival_is_believed_between_its_bounds(void **state)
{
	(void)state;
	assert_true(holds(5, 12, 20));
	assert_false(holds(4.99, 12, 12));
	assert_false(holds(12, 12, 20.01));
	assert_false(holds(12, 4.99, 12));
}

/* Finds: a ring that is not there, or no attempt at all, taken as proof. */
static void
what_was_not_measured_is_not_believed(void **state)
{
	(void)state;
	assert_false(holds(12, NAN, 12));
	assert_false(holds(INFINITY, INFINITY, INFINITY));
	assert_false(verdict_holds(&check, NULL, 0));
}

/* Finds: the best attempt chosen, or the first, or the wrong direction. */
static void
the_worst_attempt_counts(void **state)
{
	const struct outcome outcome[] = {
		{ 1.2, "near" }, { 1.4, "far" }, { 0.9, "near" }
	};

	(void)state;
	assert_ptr_equal(verdict_worst(&at_most, outcome, 3), &outcome[1]);
	assert_ptr_equal(verdict_worst(&at_least, outcome, 3), &outcome[2]);
	assert_null(verdict_worst(&at_most, outcome, 0));
}

static void
expect_claim(const struct claim *claim, double ratio, bool is_void,
    const char *expected)
{
	const struct outcome outcome = { ratio, "near" };
	char text[VERDICT_TEXT];

	verdict_claim(text, claim, &outcome, 1, is_void);
	assert_string_equal(text, expected);
}

/* Finds: met and missed exchanged, for either direction; a bound as outside. */
static void
claims_are_met_or_missed(void **state)
{
	(void)state;
	expect_claim(&at_most, 1.3, false, "Ours, in rings: 1.30 (near); "
	    "required at most 1.30: met; goal 1.00: missed");
	expect_claim(&at_most, 1.31, false, "Ours, in rings: 1.31 (near); "
	    "required at most 1.30: missed; goal 1.00: missed");
	expect_claim(&at_most, 1.0, false, "Ours, in rings: 1.00 (near); "
	    "required at most 1.30: met; goal 1.00: met");
	expect_claim(&at_least, 5, false, "The rival, in ours: 5.00 (near); "
	    "required at least 5.00: met; goal 10.00: missed");
	expect_claim(&at_least, 4.9, false, "The rival, in ours: 4.90 (near); "
	    "required at least 5.00: missed; goal 10.00: missed");
}

/* Finds: a bound of nothing that is met, or missed; a goal left out with it. */
static void
a_claim_may_have_a_goal_only(void **state)
{
	const struct claim goal_only = {
		"Ours, in rings", 0, 1, false, 0, 1.3, NULL
	};

	(void)state;
	expect_claim(&goal_only, 1.4, false,
	    "Ours, in rings: 1.40 (near); goal 1.30: missed");
}

/* Finds: a void comparison that still says met, or missed. */
static void
a_void_claim_says_nothing_else(void **state)
{
	(void)state;
	expect_claim(&at_least, 50, true, "The rival, in ours: 50.00 (near); "
	    "required at least 5.00: void");
}

/* Finds: a machine too busy to measure that gets a verdict all the same. */
static void
no_attempt_is_no_verdict(void **state)
{
	char text[VERDICT_TEXT];

	(void)state;
	verdict_claim(text, &at_most, NULL, 0, false);
	assert_string_equal(text, "Ours, in rings: no verdict");
}

/* Finds: a check that hides what it saw. */
static void
checks_print_their_range(void **state)
{
	const struct outcome outcome[] = { { 7, "near" }, { 4, "far" } };
	char text[VERDICT_TEXT];

	(void)state;
	verdict_check(text, &check, outcome, 1);
	assert_string_equal(text, "The rival, in rings: 7.00 to 7.00; "
	    "believed from 5 to 20: honest");
	verdict_check(text, &check, outcome, 2);
	assert_string_equal(text, "The rival, in rings: 4.00 to 7.00; "
	    "believed from 5 to 20: NOT: what is compared with it is void");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_PLAIN(a_rival_is_believed_between_its_bounds),
		UNIT_PLAIN(what_was_not_measured_is_not_believed),
		UNIT_PLAIN(the_worst_attempt_counts),
		UNIT_PLAIN(claims_are_met_or_missed),
		UNIT_PLAIN(a_claim_may_have_a_goal_only),
		UNIT_PLAIN(a_void_claim_says_nothing_else),
		UNIT_PLAIN(no_attempt_is_no_verdict),
		UNIT_PLAIN(checks_print_their_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
