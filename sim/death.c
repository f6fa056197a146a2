/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * death.c: hosts that tell the library who has died.
 *
 * In other runs a wait for a dead CPU ends because the stall hook gives it up.  In
 * these nobody gives up: whoever is about to stall reports all who have died, and
 * so does now and then a CPU that has nothing to wait for.  Everything must then
 * go on by itself.  No CPU comes or leaves meanwhile: the host's promise.
 *
 * A reporter waits for all CPUs that are ready; if one of those dies, its wait
 * cannot end but by giving up, and it reports again, all of them.  Nor can a
 * rendezvous that keeps the reporter parked, and waits for somebody who died since.
 */
#include "machine.h"

#define LATER	4		/* safe points that pass by, on average */

void
sim_report_init(void)
{
	sim.reports = true;
}

bool
sim_reports(void)
{
	return sim.reports;
}

static int
report(void)
{
	unsigned ndead = sim.ndead;
	struct xcpu_cpuset set;
	int error;

	xcpu_cpuset_zero(&set);
	for (unsigned i = 0; i < sim.ncpu; i++)
		if (sim.cpus[i].dead)
			xcpu_cpuset_add(&set, i);
	error = xcpu_cpu_dead(&set);
	if (error == 0 && sim.nreported < ndead)
		sim.nreported = ndead;
	else if (error != 0 && error != -XCPU_EBUSY &&
	    error != -XCPU_EDEADLK && error != -XCPU_EAGAIN &&
	    error != -XCPU_ETIMEDOUT && error != -XCPU_ECANCELED)
		sim_fail(SIM_ORDER, "a report of a death: error %d", error);
	return error;
}

static bool
is_due(void)
{
	return sim.reports && sim.nreported < sim.ndead;
}

void
death_safe_point(struct sim_cpu *cpu)
{
	if (!is_due() || cpu->masked || cpu->locks != 0 ||
	    (!cpu->finished && !sim_one_in(LATER)))
		return;
	/* ends: an error other than that of a CPU that died meanwhile */
	while (is_due() && report() == -XCPU_EBUSY && !cpu->masked)
		sim_work_ns(1000);
}

/* A wait stalls, and a dead CPU is missing. */
enum xcpu_stall_policy
death_stalls(const struct sim_cpu *cpu)
{
	bool reporter = sim_domain_.burying.v_ == cpu->index + 1;
	bool keeps = sim_domain_.sync->owner.v_ == cpu->index + 1;

	/* The report waits for one who died after it had begun. */
	if (reporter)
		return XCPU_STALL_GIVE_UP;
	if (report() != -XCPU_EBUSY || !keeps)
		return XCPU_STALL_REKICK;
	/* The reporter may be parked for us, while we wait for another dead one. */
	sim.gave_up++;
	return XCPU_STALL_GIVE_UP;
}
