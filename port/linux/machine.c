/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c: threads as CPUs, and the rest of work/machine.h.
 *
 * CPU 0 is the thread that calls host_start(); the others park on a futex of
 * their own until somebody has a function for them to run.  A parked CPU has its
 * doorbell open: it takes kicks like one that halts.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <limits.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

#define HZ_MAX		250
#define HZ_TOTAL	4000	/* on all CPUs: a tick costs some microseconds */
#define MEMORY_BYTES	(UINT64_C(1) << 30)
#define STALL_LIMIT	5	/* reports: half a minute of silence */
#define STALL_LIMIT_DEAF 2

/* Spins between two yields; fewer where the CPU waited for may have no core. */
#define SPINS_ROOMY	0xff
#define SPINS_CROWDED	0xf

struct host_machine host;

/* What mach_run_all() runs. */
static struct {
	mach_main_fn *fn;
	void *arg;
	uint32_t running;
} everywhere;

/* ---- a CPU's life ---- */

static void
park(struct host_cpu *cpu)
{
	uint32_t seen = 0;

	for (;;) {	/* ends: host_stop() gives a job that is none */
		while (__atomic_load_n(&cpu->turn, __ATOMIC_ACQUIRE) == seen)
			host_sleep_on(&cpu->turn, seen);
		seen++;
		if (cpu->job == NULL)
			return;
		cpu->job(cpu->job_arg);
		__atomic_store_n(&cpu->busy, 0, __ATOMIC_RELEASE);
	}
}

static void
give(struct host_cpu *cpu, xcpu_fn *fn, void *arg)
{
	cpu->job = fn;
	cpu->job_arg = arg;
	__atomic_store_n(&cpu->turn, cpu->turn + 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &cpu->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

int
host_thread(unsigned cpu, xcpu_fn *fn, void *arg)
{
	if (cpu == 0 || cpu >= host.ncpu)
		return -XCPU_EINVAL;
	if (__atomic_exchange_n(&host.cpu[cpu].busy, 1, __ATOMIC_ACQUIRE) != 0)
		return -XCPU_EBUSY;
	give(&host.cpu[cpu], fn, arg);
	return 0;
}

/* The calling thread becomes a CPU: online, ticking, doorbell open. */
static void
cpu_begin(struct host_cpu *cpu)
{
	struct xcpu_linux_self *self = &xcpu_linux_self;
	int error;

	self->mask = XCPU_LINUX_MASKED;
	self->cpu = cpu;
	self->block = &host.block[cpu->index];
	cpu->tid = (pid_t)syscall(SYS_gettid);
	error = xcpu_cpu_online(self->block);
	if (error != 0)
		host_panic("xcpu_cpu_online(): %s", xcpu_strerror(error));
	if (!host_faults.deaf && !host_tick_start(cpu))
		host_panic("cannot have a timer for each CPU");
	xcpu_port_irq_restore(XCPU_LINUX_OPEN);
}

static void *
cpu_main(void *arg)
{
	struct host_cpu *cpu = arg;

	cpu_begin(cpu);
	__atomic_store_n(&cpu->busy, 0, __ATOMIC_RELEASE);
	park(cpu);
	host_signals_off(cpu);
	return NULL;
}

/* ---- start and stop ---- */

static unsigned
cores(cpu_set_t *set)
{
	if (sched_getaffinity(0, sizeof(*set), set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(set);
}

/* After the first CPU: kicks must find each thread's number in place. */
static bool
cpus_begin(void)
{
	for (unsigned i = 0; i < host.ncpu; i++)
		host.cpu[i].index = i;
	host.cpu[0].thread = pthread_self();
	cpu_begin(&host.cpu[0]);
	for (unsigned i = 1; i < host.ncpu; i++) {
		host.cpu[i].busy = 1;
		if (pthread_create(&host.cpu[i].thread, NULL, cpu_main,
		    &host.cpu[i]) != 0)
			return false;
	}
	for (unsigned i = 1; i < host.ncpu; i++)
		/* ends: the thread comes up */
		while (__atomic_load_n(&host.cpu[i].busy, __ATOMIC_ACQUIRE))
			mach_relax();
	return true;
}

const char *
host_start(const struct host_config *config)
{
	uint64_t memory = config->memory_bytes;
	const char *why;
	cpu_set_t set;

	host.ncpu = config->ncpu;
	host.hz = config->hz != 0 ? config->hz : HZ_TOTAL / host.ncpu;
	if (host.hz > HZ_MAX && config->hz == 0)
		host.hz = HZ_MAX;
	host.pid = getpid();
	why = faults_parse(config->faults, config->seed, host.ncpu);
	if (why != NULL)
		return why;
	host.stall_policy = XCPU_STALL_REKICK;
	host.stall_limit = host_faults.deaf ? STALL_LIMIT_DEAF : STALL_LIMIT;
	xcpu_linux_yield_mask = host.ncpu <= cores(&set) ? SPINS_ROOMY :
	    SPINS_CROWDED;
	if (xcpu_domain_init(&host.domain, host.block, host.ncpu) != 0)
		return "the number of CPUs is out of range";
	(void)xcpu_sync_init(&host.domain, &host.sync);
	(void)xcpu_stop_init(&host.domain, &host.stop);
	(void)xcpu_entry_init(&host.domain);
	if (!host_frames_init(memory != 0 ? memory : MEMORY_BYTES) ||
	    !host_mmu_init())
		return "there is no memory for the frames";
	host_clock_init();
	why = host_signals_init();
	if (why == NULL && !cpus_begin())
		why = "cannot start a thread for each CPU";
	return why;
}

void
host_stop(void)
{
	for (unsigned i = 1; i < host.ncpu; i++)
		give(&host.cpu[i], NULL, NULL);
	for (unsigned i = 1; i < host.ncpu; i++)
		pthread_join(host.cpu[i].thread, NULL);
	host_signals_off(&host.cpu[0]);
}

/* ---- work/machine.h ---- */

unsigned
mach_ncpu(void)
{
	return host.ncpu;
}

struct xcpu_domain *
mach_domain(void)
{
	return &host.domain;
}

struct xcpu_cpu *
mach_cpu_block(unsigned cpu)
{
	return &host.block[cpu];
}

uint64_t
mach_now_ns(void)
{
	return xcpu_port_now_ns();
}

void
mach_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	host_vprint(fmt, args);
	va_end(args);
}

unsigned long
mach_mask(void)
{
	return xcpu_port_irq_save();
}

void
mach_unmask(unsigned long state)
{
	xcpu_port_irq_restore(state);
}

static uint64_t
look(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

void
mach_entries(unsigned what)
{
	__atomic_store_n(&host.entries, what, __ATOMIC_RELAXED);
}

void
host_entered(void)
{
	if (host_entry_does(MACH_ENTRY_CATCH_UP))
		(void)xcpu_kernel_enter();
	host_pass();
}

void
mach_counts(struct mach_counts *counts)
{
	*counts = (struct mach_counts){ 0 };
	for (unsigned i = 0; i < host.ncpu; i++) {
		const struct host_cpu *cpu = &host.cpu[i];

		counts->kicks_sent += look(&cpu->sent) + look(&cpu->lost) -
		    look(&cpu->doubled);
		counts->taken += look(&cpu->taken);
		counts->coalesced += look(&cpu->coalesced);
		counts->nmi_sent += look(&cpu->nmi_sent);
		counts->nmi_taken += look(&cpu->nmi_taken);
	}
}

static void
run_everywhere(void *unused)
{
	(void)unused;
	everywhere.fn(xcpu_linux_self.cpu->index, everywhere.arg);
	__atomic_sub_fetch(&everywhere.running, 1, __ATOMIC_RELEASE);
}

void
mach_run_all(mach_main_fn *fn, void *arg)
{
	everywhere.fn = fn;
	everywhere.arg = arg;
	everywhere.running = host.ncpu - 1;
	for (unsigned i = 1; i < host.ncpu; i++) {
		/* ends: it is on its way out of its last job */
		while (host_thread(i, run_everywhere, NULL) == -XCPU_EBUSY)
			mach_relax();
	}
	fn(0, arg);
	/* ends: every other CPU returns from fn */
	while (__atomic_load_n(&everywhere.running, __ATOMIC_ACQUIRE) != 0)
		mach_relax();
}

void
mach_relax(void)
{
	xcpu_port_relax(xcpu_linux_self.spins++);
}

/*
 * Doorbell masked: what comes from the look on ends the sleep, or prevents it.
 * The deaf would sleep for ever, all of them, before any has waited for long.
 */
void
mach_idle_once(void)
{
	unsigned long state = xcpu_port_irq_save();

	if (xcpu_on_idle_enter() && !host_faults.deaf)
		host_sleep_on(&xcpu_linux_self.pending, 0);
	xcpu_port_irq_restore(state);
}
