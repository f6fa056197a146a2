/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c: the rest of work/machine.h: work for all CPUs, waiting, accesses.
 */
#include <xcpu/port.h>

#include "kernel.h"

/* What all CPUs are to run; written by CPU 0 while the others are parked. */
static struct {
	mach_main_fn *fn;
	void *arg;
	uint32_t turn;		/* one more: there is work */
	uint32_t running;
} job;

static uint32_t entries;	/* what mach_entries() was told; by atomics */

unsigned
mach_ncpu(void)
{
	return ncpu;
}

uint64_t
mach_now_ns(void)
{
	return xcpu_port_now_ns();
}

unsigned long
mach_mask(void)
{
	return irq_save();
}

void
mach_unmask(unsigned long state)
{
	irq_restore(state);
}

void
mach_entries(unsigned what)
{
	__atomic_store_n(&entries, what, __ATOMIC_RELAXED);
}

static bool
entry_does(unsigned what)
{
	return (__atomic_load_n(&entries, __ATOMIC_RELAXED) & what) != 0;
}

/* Interrupts off, last of all before user mode. */
void
kernel_left(void)
{
	if (entry_does(MACH_ENTRY_CATCH_UP))
		xcpu_kernel_exit();
}

/* Interrupts off, first of all after user mode. */
void
kernel_entered(void)
{
	if (entry_does(MACH_ENTRY_CATCH_UP))
		(void)xcpu_kernel_enter();
	kernel_pass();
}

/* Interrupts off.  The cheapest place to forget what others deferred. */
void
kernel_pass(void)
{
	if (entry_does(MACH_ENTRY_PASS))
		xcpu_async_pass();
}

/*
 * Under single-threaded emulation PAUSE is where another CPU goes on: a loop
 * without it would burn a whole time slice.
 */
void
mach_relax(void)
{
	cpu_pause();
}

/* Interrupts off: a kick that comes from here on ends the halt. */
static void
idle_step(void)
{
	if (cpu_self()->xcpu == NULL || xcpu_on_idle_enter())
		irq_on_and_halt();
	else
		irq_on();
}

void
mach_idle_once(void)
{
	irq_off();
	idle_step();
}

void
mach_run_all(mach_main_fn *fn, void *arg)
{
	job.fn = fn;
	job.arg = arg;
	job.running = ncpu - 1;
	__atomic_store_n(&job.turn, job.turn + 1, __ATOMIC_RELEASE);
	wake_others();
	fn(0, arg);
	/* ends: every other CPU returns from fn */
	while (__atomic_load_n(&job.running, __ATOMIC_ACQUIRE) != 0)
		mach_relax();
}

int
thread_start(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	if (__atomic_load_n(&cpus[cpu].thread_fn, __ATOMIC_ACQUIRE) != NULL)
		return -XCPU_EBUSY;
	cpus[cpu].thread_arg = arg;
	__atomic_store_n(&cpus[cpu].thread_fn, fn, __ATOMIC_RELEASE);
	wake_one(cpu);
	return 0;
}

static bool
park_thread(struct cpu *cpu)
{
	void (*fn)(void *arg) =
	    __atomic_load_n(&cpu->thread_fn, __ATOMIC_ACQUIRE);
	void *arg = cpu->thread_arg;

	if (fn == NULL)
		return false;
	/* Before it runs: whoever learns from fn that it is over may go on. */
	__atomic_store_n(&cpu->thread_fn, NULL, __ATOMIC_RELEASE);
	irq_on();
	fn(arg);
	return true;
}

static bool
park_job(struct cpu *cpu)
{
	if (__atomic_load_n(&job.turn, __ATOMIC_ACQUIRE) == cpu->turn)
		return false;
	irq_on();
	job.fn(cpu->index, job.arg);
	cpu->turn++;
	__atomic_sub_fetch(&job.running, 1, __ATOMIC_RELEASE);
	return true;
}

void
park(void)
{
	struct cpu *cpu = cpu_self();

	for (;;) {	/* ends: with the machine */
		/* Looked at with interrupts off: what comes later wakes us. */
		irq_off();
		if (!park_job(cpu) && !park_thread(cpu))
			idle_step();
	}
}

void
mach_access(enum mach_access_mode mode, struct mach_access *list, unsigned n)
{
	struct cpu *cpu = cpu_self();

	if (mode == MACH_AS_KERNEL) {
		access_as_kernel(list, n);
		return;
	}
	if (cpu->in_user)
		panic("mach_access() as user inside another");
	cpu->in_user = true;
	access_as_user(list, n);
	cpu->in_user = false;
}
