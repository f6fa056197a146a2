/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.c: back ends that flush on other CPUs without their help.
 *
 * Broadcast, as INVLPGB and TLBSYNC, or TLBI and DSB: an invalidation goes to one
 * CPU after the other, each at a moment of its own, and is over when no CPU is in
 * the midst of an access, or a walk, that began before.
 *
 * A virtual CPU that is off its core has no TLB to speak of: the hypervisor says
 * so in a word that it shares with the guest, and an initiator who finds it
 * there leaves a flag, which is seen before that CPU goes on.
 */
#include "machine.h"

/* Between two looks at a CPU in the midst of an access: twice as long each time. */
#define LOOK_NS		100

/* Of so many broadcasts, one does nothing, and one is cut short. */
#define FAILS		4

enum guest_flag { GUEST_AWAY = 1, GUEST_FLUSH = 2 };

/* ---- broadcast ---- */

/* ends: an instruction does; who is dead does nothing more */
static void
await_instruction(struct sim_cpu *self, const struct sim_cpu *cpu)
{
	for (uint64_t ns = LOOK_NS; cpu != self && cpu->atomic != 0 &&
	    !cpu->dead; ns *= 2)
		sched_sleep(self, sim.now + ns, SLEEP_DEEP);
}

static bool
reaches(const struct sim_cpu *cpu, const struct xcpu_flush *request)
{
	return sim.config->bug != SIM_BUG_BROADCAST_LOADED ||
	    cpu->tlb.root == mmu_of(request->space);
}

static void
invalidate_one(struct sim_cpu *self, struct sim_cpu *cpu,
    const struct xcpu_flush *request, unsigned tag)
{
	struct tlb_key key = { request->space->kernel, tag };

	sched_step(self);
	if (sim.config->bug != SIM_BUG_BROADCAST_LATE)
		await_instruction(self, cpu);
	if (tag != 0 || key.kernel)
		tlb_drop(cpu, key, request);
	/* TLBSYNC: what was translated before has happened. */
	if (sim.config->bug != SIM_BUG_BROADCAST_LATE)
		tlb_land(cpu, LAND_ALL);
}

/* The first n CPUs, beginning anywhere; what they have done leaves *todo. */
static void
broadcast(const struct xcpu_flush *request, struct xcpu_cpuset *todo,
    unsigned n)
{
	struct sim_cpu *self = sim.cpu;
	unsigned from = sim_random(sim.ncpu);
	unsigned tag = request->space->kernel ? 0 :
	    asid_broadcast(request->space);

	for (unsigned i = 0; i < sim.ncpu; i++) {
		unsigned cpu = (from + i) % sim.ncpu;

		if (i < n && reaches(&sim.cpus[cpu], request))
			invalidate_one(self, &sim.cpus[cpu], request, tag);
		if (i < n || sim.config->bug == SIM_BUG_BROADCAST_LIES)
			xcpu_cpuset_del(todo, cpu);
	}
}

static void
broadcast_or_not(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	switch (sim_random(FAILS)) {
	case 0:
		break;
	case 1:
		broadcast(request, todo, sim_random(sim.ncpu));
		break;
	default:
		broadcast(request, todo, sim.ncpu);
		break;
	}
}

/* ---- virtual CPUs ---- */

void
guest_leave(struct sim_cpu *cpu)
{
	if (sim.config->tlb != SIM_TLB_GUEST || cpu->atomic != 0)
		return;
	/* Whoever leaves the core has done what it began. */
	tlb_land(cpu, LAND_ALL);
	cpu->guest.v_ = GUEST_AWAY;
}

void
guest_enter(struct sim_cpu *cpu)
{
	uint32_t was = cpu->guest.v_;

	cpu->guest.v_ = 0;
	if ((was & GUEST_FLUSH) != 0)
		tlb_drop_everything(cpu, true);
}

/* Nor does its walker walk. */
bool
guest_away(const struct sim_cpu *cpu)
{
	return cpu->guest.v_ != 0;
}

/* Is that CPU away, and will it flush before it is back? */
static bool
flag_guest(struct sim_cpu *self, struct sim_cpu *cpu)
{
	uint32_t was = cpu->guest.v_;

	if ((was & GUEST_AWAY) == 0)
		return false;
	if (sim.config->bug == SIM_BUG_GUEST_TORN) {
		sched_step(self);
		sched_sleep(self, sim.now + LOOK_NS, SLEEP_DEEP);
	}
	/* In one step with the look, but for that bug. */
	cpu->guest.v_ = was | GUEST_FLUSH;
	sched_step(self);
	return true;
}

static void
hypercall(struct xcpu_cpuset *todo)
{
	for (unsigned i = 0; i < sim.ncpu; i++)
		if (xcpu_cpuset_has(todo, i) &&
		    flag_guest(sim.cpu, &sim.cpus[i]))
			xcpu_cpuset_del(todo, i);
}

/* ---- the hook ---- */

/* The ceiling is what the library was built with: nothing here sets another. */
static void
check_request(const struct xcpu_flush *request)
{
	if (!sim.cpu->masked)
		sim_fail(SIM_CONTRACT, "xcpu_port_tlb_remote() with the "
		    "doorbell open");
	if ((request->flags & XCPU_FLUSH_FULL) == 0 &&
	    request->len >> request->stride_shift > XCPU_FLUSH_CEILING)
		sim_fail(SIM_CONTRACT, "xcpu_port_tlb_remote() with more pages "
		    "than the ceiling, and not as a full flush");
}

void
xcpu_port_tlb_remote(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	check_request(request);
	/* A full one of the kernel is of all tags: by kicks. */
	if (request->space->kernel && (request->flags & XCPU_FLUSH_FULL) != 0)
		return;
	switch (sim.config->tlb) {
	case SIM_TLB_BROADCAST:
		broadcast(request, todo, sim.ncpu);
		break;
	case SIM_TLB_FLAKY:
		broadcast_or_not(request, todo);
		break;
	case SIM_TLB_GUEST:
		hypercall(todo);
		break;
	default:
		break;
	}
}
