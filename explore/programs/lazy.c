/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lazy.c: CPUs that keep a root loaded and do not use it.
 *
 * Protocol P4, the LAZY state of a lane: an initiator's post tells him that a
 * CPU is passed over, and leaving LAZY takes the FLUSH bit that he left there.
 */
#include "pages.h"

static struct explore_word EXPLORE_DATA called;

/* P4: "FLUSH ignored on leaving" and "leave relaxed" are rejected. */
static const struct explore_program lazy_leave = {
	.name = "lazy-leave",
	.what = "one page of a lazy CPU, which leaves LAZY and uses it",
	.ids = "F-X2 INV-S4 BUG-90",
	.ncpu = 2,
	.setup = pages_setup_lazy,
	.cpu = { pages_replace_first, pages_leave_lazy_and_use },
	.check = pages_check_slot,
};

/* D4: who is seen lazy has made its last access.  "Enter relaxed" is rejected. */
static const struct explore_program lazy_enter = {
	.name = "lazy-enter",
	.what = "one page of a CPU that uses it, and becomes lazy",
	.ids = "F-X2 F-X3 INV-S1 INV-S4",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { pages_replace_first, pages_use_and_enter_lazy },
	.check = pages_check_slot,
};

static void
enter_and_leave(void)
{
	pages_use_and_enter_lazy();
	pages_leave_lazy_and_use();
}

static const struct explore_program lazy_between = {
	.name = "lazy-between",
	.what = "one page of a CPU that is lazy for a moment",
	.ids = "INV-S1 INV-S4 BUG-90",
	.ncpu = 2,
	.setup = pages_setup_loaded,
	.cpu = { pages_replace_first, enter_and_leave },
	.check = pages_check_slot,
};

/* The switch leaves LAZY too. */
static const struct explore_program lazy_switch = {
	.name = "lazy-switch",
	.what = "one page of a lazy CPU, which switches to the space it has",
	.ids = "F-X2 INV-S4 BUG-90",
	.ncpu = 2,
	.setup = pages_setup_lazy,
	.cpu = { pages_replace_first, pages_load_and_use },
	.check = pages_check_slot,
};

/* ---- whom nobody may pass over ---- */

/* P9's rule for freed tables: the walker of a lazy CPU still walks its root. */
static const struct explore_program lazy_tables = {
	.name = "lazy-tables",
	.what = "tables freed under a lazy CPU whose walker goes on",
	.ids = "F-B5 INV-S5 BUG-89 BUG-111",
	.ncpu = 2,
	.setup = pages_setup_lazy,
	.cpu = { pages_free_tables, NULL },
	.check = pages_check_slot,
	.on_walk = pages_walk,
	.walks = { 0, 2 },
};

static void
setup_lazy_kernel(void)
{
	pages_boot_kernel(2);
	pages_make_lazy(1);
}

static const struct explore_program lazy_kernel = {
	.name = "lazy-kernel",
	.what = "a page of the kernel, used by a lazy CPU meanwhile",
	.ids = "INV-S12",
	.ncpu = 2,
	.setup = setup_lazy_kernel,
	.cpu = { pages_replace_first, pages_use_twice },
	.check = pages_check_slot,
};

/* ---- the bit that nobody kicked for ---- */

static void
run(void *arg)
{
	(void)arg;
	explore_write(&called, 1);
}

static void
replace_then_call(void)
{
	pages_replace(0);
	explore_assert(xcpu_call_one(1, run, NULL, NULL) == 0, "refused");
	explore_assert(explore_read(&called) == 1,
	    "returned before the function ran");
}

/* R2: the FLUSH bit of a passed-over CPU does not suppress the next kick. */
static const struct explore_program lazy_call = {
	.name = "lazy-call",
	.what = "a lazy CPU is passed over by a shootdown, then called",
	.ids = "INV-E1 INV-E4",
	.ncpu = 2,
	.setup = pages_setup_lazy,
	.cpu = { replace_then_call, NULL },
	.check = pages_check_slot,
};

/* ---- several generations behind ---- */

static void
replace_then_free_tables(void)
{
	pages_replace(1);
	pages_free_tables();
}

static void
leave_and_use_both(void)
{
	pages_leave_lazy_and_use();
	pages_use(1);
}

/*
 * Passed over once, the CPU is two generations behind at the next request, whose
 * range must not be all that it flushes.
 */
static const struct explore_program lazy_behind = {
	.name = "lazy-behind",
	.what = "a lazy CPU, one generation behind, is asked and leaves LAZY",
	.ids = "INV-S4 INV-S6 INV-S10 BUG-90 BUG-93",
	.ncpu = 2,
	.setup = pages_setup_lazy,
	.cpu = { replace_then_free_tables, leave_and_use_both },
	.check = pages_check_slot,
};

/* Page 1 is the kernel's. */
static void
setup_lazy_both(void)
{
	pages_setup_lazy();
	page[1].space = &explore_domain.kernel;
}

/*
 * The request that reaches it is another space's, and yet takes the bit that
 * stands for what it was passed over for (departure 3 of DESIGN.md).
 */
static const struct explore_program lazy_kernel_behind = {
	.name = "lazy-kernel-behind",
	.what = "a lazy CPU, one generation behind, is asked about the kernel",
	.ids = "INV-S4 INV-S10 INV-S12 BUG-90",
	.ncpu = 2,
	.setup = setup_lazy_both,
	.cpu = { pages_replace_both, pages_leave_lazy_and_use },
	.check = pages_check_slot,
};

static void
setup_lazy_round(void)
{
	pages_setup_lazy();
	scene_keep_slot_busy(1);
}

/*
 * The bit of the first round, for which nobody waits, lets the CPU drain when
 * the second round is counted and not yet posted: the round it reads then must
 * bring the generation with it (F1).
 */
static const struct explore_program lazy_rounds = {
	.name = "lazy-rounds",
	.what = "a lazy CPU is passed over by a round, and leaves LAZY",
	.ids = "INV-S4 INV-S10 BUG-90 BUG-93",
	.ncpu = 2,
	.setup = setup_lazy_round,
	.cpu = { pages_replace_both, leave_and_use_both },
};

const struct explore_program *const lazy_programs[] = {
	&lazy_leave, &lazy_enter, &lazy_between, &lazy_switch, &lazy_tables,
	&lazy_kernel, &lazy_call, &lazy_behind, &lazy_kernel_behind,
	&lazy_rounds, NULL
};
