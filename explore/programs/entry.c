/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c: CPUs that go out to user code, and come back to the kernel's pages.
 *
 * A Dekker pair: who is outside is not asked, and compares generations first.
 */
#include <xcpu/port.h>

#include "pages.h"

static void
setup_inside(void)
{
	pages_boot_kernel(2);
	(void)xcpu_entry_init(&explore_domain);
}

static void
setup_outside(void)
{
	setup_inside();
	explore_become(1);
	xcpu_kernel_exit();
	explore_become(0);
}

static void
enter(bool outside)
{
	unsigned long state = xcpu_port_irq_save();

	explore_assert(xcpu_kernel_enter() == outside, "it was elsewhere");
	xcpu_port_irq_restore(state);
}

static void
leave(void)
{
	unsigned long state = xcpu_port_irq_save();

	xcpu_kernel_exit();
	xcpu_port_irq_restore(state);
}

/* A kick that finds user code running. */
static void
on_kick(void)
{
	bool outside = xcpu_kernel_enter();

	xcpu_on_ipi();
	if (outside)
		xcpu_kernel_exit();
}

/* An NMI, which uses the page itself. */
static void
on_nmi(void)
{
	bool outside = xcpu_kernel_enter();

	(void)xcpu_on_nmi();
	pages_use(0);
	if (outside)
		xcpu_kernel_exit();
}

static void
come_in_and_use(void)
{
	enter(true);
	pages_use(0);
}

static const struct explore_program entry_enter = {
	.name = "entry-enter",
	.what = "a page of the kernel, used by a CPU that comes from user code",
	.ids = "F-X7 INV-S4",
	.ncpu = 2,
	.setup = setup_outside,
	.cpu = { pages_replace_first, come_in_and_use },
	.on_kick = on_kick,
};

static void
use_and_go_out(void)
{
	pages_use(0);
	leave();
}

/* U1: who is seen outside has made its last access. */
static const struct explore_program entry_exit = {
	.name = "entry-exit",
	.what = "a page of the kernel, used by a CPU that leaves for user code",
	.ids = "F-X7 INV-S1 INV-S4",
	.ncpu = 2,
	.setup = setup_inside,
	.cpu = { pages_replace_first, use_and_go_out },
	.on_kick = on_kick,
};

static void
go_out_and_come_in(void)
{
	use_and_go_out();
	come_in_and_use();
}

static const struct explore_program entry_between = {
	.name = "entry-between",
	.what = "a page of the kernel, used by a CPU before and after user code",
	.ids = "F-X7 INV-S1 INV-S4",
	.ncpu = 2,
	.setup = setup_inside,
	.cpu = { pages_replace_first, go_out_and_come_in },
	.on_kick = on_kick,
};

static const struct explore_program entry_nmi = {
	.name = "entry-nmi",
	.what = "an NMI that uses a page of the kernel, on the way out and in",
	.ids = "F-X7 INV-S4",
	.ncpu = 2,
	.setup = setup_inside,
	.cpu = { pages_replace_first, go_out_and_come_in },
	.on_kick = on_kick,
	.on_nmi = on_nmi,
	.nmis = { 0, 1 },
};

/* Freed tables reach everybody. */
static const struct explore_program entry_tables = {
	.name = "entry-tables",
	.what = "the kernel's tables freed under a CPU in user code, whose walker "
	    "goes on",
	.ids = "F-X7 INV-S5",
	.ncpu = 2,
	.setup = setup_outside,
	.cpu = { pages_free_tables, NULL },
	.on_kick = on_kick,
	.on_walk = pages_walk,
	.walks = { 0, 1 },
};

const struct explore_program *const entry_programs[] = {
	&entry_enter, &entry_exit, &entry_between, &entry_nmi, &entry_tables,
	NULL
};
