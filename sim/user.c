/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c: CPUs that run user code, and tell the library so (entry.h).
 *
 * A thread goes out to user code and comes back; interrupts that find it there,
 * and all NMIs, come in and go out again.  Whatever comes in uses some of the
 * kernel's pages at once: the oracle of stale translations (mmu_walk.c) judges
 * these as all others.  The judge here is the bound: a way in waits for nobody,
 * and flushes no more often than a space remembers ranges, however many
 * shootdowns it was passed over for.
 */
#include <xcpu/entry.h>

#include "machine.h"

#define USES 2

void
sim_user_init(void)
{
	int error = xcpu_entry_init(&sim_domain_);

	if (error != 0)
		sim_fail(SIM_CONTRACT, "xcpu_entry_init(): %s",
		    xcpu_strerror(error));
	sim.users = true;
}

/* The kernel's code, data and stacks are all over its pages. */
static void
use_pages(void)
{
	for (unsigned i = 0; i < USES; i++)
		(void)sim_touch(sim_space_kernel(), sim_random(SIM_PAGES),
		    false);
}

void
user_check(const struct sim_cpu *cpu, const struct sim_space *space)
{
	if (space == sim_space_kernel() && cpu->user && !cpu->in_irq &&
	    !cpu->in_nmi)
		sim_fail(SIM_CONTRACT, "the scenario touches the kernel's pages "
		    "in user code");
}

static bool
enter(struct sim_cpu *cpu)
{
	unsigned waits = cpu_waits(cpu);
	bool outside;

	if (!cpu->in_nmi)
		cpu->flushes = 0;
	outside = xcpu_kernel_enter();
	if (!cpu->in_nmi && cpu->flushes > XCPU_SPACE_RANGES)
		sim_fail(SIM_ORDER, "CPU %u flushes %u times on its way in from "
		    "user code", cpu->index, cpu->flushes);
	if (cpu_waits(cpu) != waits)
		sim_fail(SIM_ORDER, "CPU %u waits on its way in from user code",
		    cpu->index);
	return outside;
}

static void
must_be_outside(const struct sim_cpu *cpu, bool outside)
{
	if (!outside)
		sim_fail(SIM_ORDER, "CPU %u comes in from user code, and was "
		    "taken to be inside", cpu->index);
}

bool
user_irq_enter(struct sim_cpu *cpu)
{
	bool told = sim.config->bug != SIM_BUG_ENTER_UNTOLD;

	if (!cpu->user)
		return false;
	if (told)
		must_be_outside(cpu, enter(cpu));
	use_pages();
	return told;
}

void
user_irq_leave(bool outside)
{
	if (outside)
		xcpu_kernel_exit();
}

/* It may have hit the way out or in: only the library knows. */
bool
user_nmi_enter(struct sim_cpu *cpu)
{
	bool outside = false;

	if (!sim.users)
		return false;
	if (sim.config->bug != SIM_BUG_ENTER_UNTOLD)
		outside = enter(cpu);
	/* On its way offline and back it has nothing of the kernel to use. */
	if (mmu_vouches(cpu))
		use_pages();
	return outside;
}

void
user_nmi_leave(bool outside)
{
	if (outside)
		xcpu_kernel_exit();
}

void
sim_user_begin(void)
{
	struct sim_cpu *cpu = sim.cpu;

	if (!sim.users || cpu->masked || cpu->locks != 0)
		sim_fail(SIM_CONTRACT, "the scenario goes out to user code "
		    "masked, with a lock or unannounced");
	(void)xcpu_port_irq_save();
	use_pages();
	xcpu_kernel_exit();
	if (sim.config->bug == SIM_BUG_EXIT_EARLY)
		use_pages();
	cpu->user = true;
	xcpu_port_irq_restore(0);
}

/* A system call: it masks, and is inside, in one step. */
void
sim_user_end(void)
{
	struct sim_cpu *cpu = sim.cpu;

	cpu->masked = true;
	cpu->user = false;
	if (sim.config->bug == SIM_BUG_ENTER_LATE)
		use_pages();
	must_be_outside(cpu, enter(cpu));
	use_pages();
	xcpu_port_irq_restore(0);
}
