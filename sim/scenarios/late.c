/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * late.c: bugs of shootdowns that begin in one place and end in another.
 */
#include <xcpu/port.h>

#include "bugs.h"

#define ROUNDS 6

/* ---- brackets ---- */

static void
expect_context(const char *where, unsigned want)
{
	bug_expect(where, (int)(xcpu_port_context() & XCPU_CTX_MASKED),
	    (int)want);
}

static void
add_page(struct xcpu_async *job, struct sim_space *space, unsigned page)
{
	bug_expect("the add", xcpu_async_add(job, sim_space_xcpu(space),
	    sim_page_va(space, page), 4096, NULL), 0);
}

/*
 * One CPU begins masked and ends open, the other the other way round, at the
 * same time; two ranges that are no neighbours, and one that is closed late.
 */
static void
bracket(struct xcpu_async *job, bool masked)
{
	struct sim_space *space = bug.space[sim_cpu()];
	unsigned long state = masked ? sim_mask() : 0;

	add_page(job, space, 1);
	add_page(job, space, 5);
	expect_context("after the adds", masked ? XCPU_CTX_MASKED : 0);
	if (masked)
		sim_unmask(state);
	else
		state = sim_mask();
	bug_expect("the start", xcpu_async_start(job), 0);
	expect_context("after the start", masked ? 0 : XCPU_CTX_MASKED);
	if (!masked)
		sim_unmask(state);
	bug_expect("the wait", xcpu_async_wait(job), 0);
	expect_context("after the wait", 0);
}

static void
brackets(unsigned cpu)
{
	struct xcpu_async *job = sim_alloc(sizeof(*job));

	bug_load(0);
	bug_meet();
	for (unsigned i = 0; i < ROUNDS; i++)
		bracket(job, cpu == 0);
}

BUG_TEST(45) = {
	.scenario = {
		BUG_MEMORY(45, 2, "begun and ended in other contexts",
		    brackets),
	},
	.ids = "BUG-45 INV-C7 F-X5",
};
