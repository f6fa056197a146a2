/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port.c: the cold half of xcpu's port (stall, panic; the TLB is in tlb.c)
 * and the kernel's entries into xcpu.  Kicks are sent by what port/ has for the
 * architecture.
 */
#include <xcpu/port.h>

#include "kernel.h"

/* Reports, each after twice the time, from which on the machine is dead. */
#define STALL_LIMIT	5	/* 16 s */
#define STALL_LIMIT_MANY 7	/* CPUs: 64 s */
#define STALL_LIMIT_DEAF 2	/* it is, on purpose: 2 s */
#define STALL_NAMED	8	/* CPUs listed in one */

static struct xcpu_domain domain;
static struct xcpu_sync_room sync_room;
static struct xcpu_stop_room stop_room;
static struct xcpu_cpu *blocks;

void
port_init(void)
{
	size_t len = ncpu * sizeof(*blocks);
	int error;

	blocks = mach_alloc(len);
	if (blocks == NULL)
		panic("no memory for xcpu: %zu bytes", len);
	kick_init();
	asids_init();
	error = xcpu_domain_init(&domain, blocks, ncpu);
	if (error != 0)
		panic("xcpu_domain_init: %s", xcpu_strerror(error));
	(void)xcpu_entry_init(&domain);
	(void)xcpu_sync_init(&domain, &sync_room);
	(void)xcpu_stop_init(&domain, &stop_room);
}

void
port_online(struct cpu *cpu)
{
	unsigned long state = irq_save();
	int error;

	kick_open(cpu->index);
	cpu->xcpu = &blocks[cpu->index];
	error = xcpu_cpu_online(cpu->xcpu);
	if (error != 0)
		panic("xcpu_cpu_online: %s", xcpu_strerror(error));
	irq_restore(state);
}

/* A kick that dies on its way is accounted for by the next one, after online. */
void
port_offline(struct cpu *cpu)
{
	int error;

	irq_off();
	error = xcpu_cpu_offline();
	if (error != 0)
		panic("xcpu_cpu_offline: %s", xcpu_strerror(error));
	kick_close(cpu->index);
	cpu->xcpu = NULL;
}

struct xcpu_domain *
mach_domain(void)
{
	return &domain;
}

struct xcpu_cpu *
mach_cpu_block(unsigned cpu)
{
	return &blocks[cpu];
}

/* ------------------------------------------------------------------ */
/* Interrupts.                                                         */

/*
 * A CPU latches one kick; those sent meanwhile are this same interrupt.  The
 * port counts a kick before it sends it: one seen here that still arrives on
 * its own is then accounted as coalesced first, and taken back.
 */
void
on_kick(void)
{
	struct cpu *self = cpu_self();
	uint64_t sent = kicks_sent(self->index, false);

	self->kicks_taken++;
	self->coalesced += sent - self->kicks_seen - 1;
	self->kicks_seen = sent;
	faults_visit(FAULT_AT_KICK);
	xcpu_on_ipi();
}

void
on_nmi(const struct trap_frame *frame)
{
	struct cpu *self = cpu_self();
	/* It may have come upon the way in, or out. */
	bool outside = xcpu_kernel_enter();
	void (*fn)(void *arg);

	if (self->nmi_depth++ != 0)
		panic("an NMI inside another, on the same stack");
	self->nmi_pc = frame_pc(frame);
	fn = __atomic_exchange_n(&self->nmi_fn, NULL, __ATOMIC_ACQUIRE);
	if (fn != NULL) {
		fn(self->nmi_arg);
	} else {
		self->nmis_taken++;
		xcpu_on_nmi();
	}
	self->nmi_depth--;
	if (outside)
		xcpu_kernel_exit();
}

void
on_tick(void)
{
	if (cpu_self()->xcpu == NULL || faults_deaf())
		return;
	faults_visit(FAULT_AT_TICK);
	kernel_pass();
	xcpu_on_tick();
}

void
mach_counts(struct mach_counts *counts)
{
	unsigned i;

	*counts = (struct mach_counts){
		.kicks_sent = kicks_lost(false), .nmi_sent = kicks_lost(true)
	};
	for (i = 0; i < ncpu; i++) {
		counts->kicks_sent += kicks_sent(i, false);
		counts->taken += cpus[i].kicks_taken;
		counts->coalesced += cpus[i].coalesced;
		counts->nmi_sent += kicks_sent(i, true);
		counts->nmi_taken += cpus[i].nmis_taken;
	}
}

/* ------------------------------------------------------------------ */
/* When things go wrong.                                               */

static void
print_missing(const struct xcpu_stall *stall)
{
	unsigned cpu = xcpu_cpuset_first(&stall->missing);
	unsigned n;

	for (n = 0; n < STALL_NAMED && cpu < ncpu; n++) {
		mach_printf(" %u", cpu);
		cpu = xcpu_cpuset_next(&stall->missing, cpu);
	}
	if (n < stall->nmissing)
		mach_printf(" and %u more", stall->nmissing - n);
}

static void
print_stall(const struct xcpu_stall *stall)
{
	const struct xcpu_stall_target *first = &stall->first;

	mach_printf("REPORT stall: CPU %u has waited %lu ms for CPU",
	    stall->waiter, stall->waited_ns / 1000000);
	print_missing(stall);
	mach_printf(" (%s; report %u, %u kicks sent again)\n",
	    xcpu_wait_name(stall->kind), stall->report, stall->rekicks);
	if (stall->nmissing == 0)
		return;
	mach_printf("stall: CPU %u: doorbell %x, looked %lu times, last NMI at "
	    "%lx\n", first->cpu, first->lane, first->claims,
	    cpus[first->cpu].nmi_pc);
	if (first->fn != NULL)
		mach_printf("stall: CPU %u runs %lx for CPU %u since %lu ms\n",
		    first->cpu, (uint64_t)first->fn, first->source,
		    first->running_ns / 1000000);
	if (first->waits != XCPU_WAIT_NONE)
		mach_printf("stall: CPU %u itself waits for CPU %u (%s) since "
		    "%lu ms\n", first->cpu, first->waits_for,
		    xcpu_wait_name(first->waits), first->waiting_ns / 1000000);
}

static void
print_cycle(const struct xcpu_stall *stall)
{
	struct xcpu_cycle cycle;
	unsigned n = xcpu_stall_cycle(stall, &cycle);

	for (unsigned i = 0; i < n && i < XCPU_CYCLE_MAX; i++)
		mach_printf("stall: cycle: CPU %u waits for CPU %u (%s)\n",
		    cycle.wait[i].cpu,
		    cycle.wait[(i + 1) % XCPU_CYCLE_MAX % n].cpu,
		    xcpu_wait_name(cycle.wait[i].kind));
}

static unsigned
stall_limit(void)
{
	if (faults_deaf())
		return STALL_LIMIT_DEAF;
	return ncpu <= MACH_CPUS_FEW ? STALL_LIMIT : STALL_LIMIT_MANY;
}

enum xcpu_stall_policy
xcpu_port_stall(const struct xcpu_stall *stall)
{
	unsigned policy;

	if (conform_judges(stall, &policy))
		return policy;
	print_stall(stall);
	print_cycle(stall);
	if (stall->report == stall_limit())
		return XCPU_STALL_PANIC;
	return stall->report == 1 ? XCPU_STALL_REKICK : XCPU_STALL_NMI;
}

void
xcpu_port_panic(const char *text, const char *file, int line)
{
	panic("%s (%s:%d)", text, file, line);
}

static void
dump_line(void *to, const char *text)
{
	(void)to;
	mach_printf("  %s\n", text);
}

void
port_dump(void)
{
	if (blocks != NULL) {
		xcpu_dump(&domain, dump_line, NULL);
		xcpu_dump_cycle(&domain, dump_line, NULL);
	}
}
