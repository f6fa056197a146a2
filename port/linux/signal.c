/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal.c: signals as interrupts.
 *
 * A kick is an ordinary, not a real-time, signal: the kernel keeps one bit per
 * thread for it, as an interrupt controller does, so that kicks sent faster
 * than they are taken coalesce, and nothing can overflow.
 *
 *	sender		sent += 1; tgkill
 *	handler		pending |= KICK; if the thread is open: deliver
 *	deliver		mask; take what is pending; account; serve; open; again
 *			if something came meanwhile
 *	irq_restore	open; if something is pending: deliver
 *
 * I1  pending != 0 only while the thread masks, or stands between opening and
 *     looking (in irq_restore, deliver, or host_instruction_end), or in a
 *     handler.  So nothing stays pending in an open thread.
 * I2  Every signal sent is accounted once: sent = taken + coalesced as soon as
 *     the machine is quiet.  An interrupt accounts all that was sent by then;
 *     one whose signal had been accounted by an earlier one (its sender stood
 *     between the count and tgkill) takes its share of `coalesced` back.
 *
 * Kicks and ticks block each other while a handler runs, and an NMI blocks both,
 * so handlers nest at most two deep: an NMI upon a kick or tick.
 *
 * Each handler is short and calls nothing of libc but system calls.  None has
 * SA_RESTART: ThreadSanitizer runs handlers late, at the next atomic access, and
 * a sleep that restarts would never reach it.
 *
 * In gdb: handle SIGUSR1 SIGUSR2 SIGALRM nostop noprint pass
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

#ifndef sigev_notify_thread_id		/* glibc before 2.36 has no name for it */
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define SIGNAL_KICK	SIGUSR1
#define SIGNAL_NMI	SIGUSR2
#define SIGNAL_TICK	SIGALRM

/* Bits of `pending`. */
#define PENDING_KICK	1u
#define PENDING_TICK	2u
#define PENDING_NMI	4u

__thread struct xcpu_linux_self xcpu_linux_self;

static uint32_t
pending_look(void)
{
	return __atomic_load_n(&xcpu_linux_self.pending, __ATOMIC_RELAXED);
}

/* Also a compiler barrier: no work moves out of the section it makes. */
static void
mask_set(unsigned long state)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&xcpu_linux_self.mask, state, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static unsigned long
mask_get(void)
{
	return __atomic_load_n(&xcpu_linux_self.mask, __ATOMIC_RELAXED);
}

/* The word is this thread's own; others only read it. */
static void
count(uint64_t *word, uint64_t n)
{
	__atomic_store_n(word, *word + n, __ATOMIC_RELAXED);
}

/* ---- taking ---- */

static void
take_kick(struct host_cpu *cpu)
{
	uint64_t sent = __atomic_load_n(&cpu->sent, __ATOMIC_RELAXED);

	count(&cpu->taken, 1);
	/* Where nothing is new this takes one back: see I2. */
	count(&cpu->coalesced, sent - cpu->accounted - 1);
	__atomic_store_n(&cpu->accounted, sent, __ATOMIC_RELAXED);
	if (host_faults.on)
		faults_freeze(cpu, FAULT_AT_KICK);
	xcpu_on_ipi();
}

static void
take_tick(struct host_cpu *cpu)
{
	count(&cpu->ticks, 1);
	if (host_faults.on) {
		if (faults_release(cpu))
			take_kick(cpu);
		faults_freeze(cpu, FAULT_AT_TICK);
	}
	host_pass();
	xcpu_on_tick();
}

/* Thread open; serves all that is pending, and leaves it open. */
void
xcpu_linux_deliver(void)
{
	struct xcpu_linux_self *self = &xcpu_linux_self;
	uint32_t what;

	/* ends: as soon as no interrupt came while the last ones were served */
	do {
		mask_set(XCPU_LINUX_MASKED);
		if (self->user)
			host_entered();
		what = __atomic_fetch_and(&self->pending, PENDING_NMI,
		    __ATOMIC_RELAXED);
		if (what & PENDING_KICK)
			take_kick(self->cpu);
		if (what & PENDING_TICK)
			take_tick(self->cpu);
		if (self->user)
			host_left();
		mask_set(XCPU_LINUX_OPEN);
	} while (pending_look() & (PENDING_KICK | PENDING_TICK));
}

/* The self-test's function, once, or the program's, or xcpu's. */
static void
nmi_body(struct host_cpu *cpu)
{
	xcpu_fn *fn = __atomic_exchange_n(&cpu->nmi_fn, NULL, __ATOMIC_ACQUIRE);

	if (fn != NULL)
		fn(cpu->nmi_arg);
	else if (host.nmi != NULL)
		host.nmi();
	else
		xcpu_on_nmi();
}

/*
 * ThreadSanitizer runs a handler late, at an atomic access, with all signals
 * blocked, and may run another one inside it; of the masks that they interrupted
 * it keeps one, the last.  With signals open before a handler's first access that
 * is the open one.  Else a CPU would stay deaf.
 */
static void
signals_open(void)
{
#if defined(__SANITIZE_THREAD__)
	uint64_t none = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
#endif
}

/*
 * As if it were never there: the interrupted code's mask comes back as it was.
 * Masked before it is an NMI and until it is none: no kick is taken in one.
 */
static void
take_nmi(void)
{
	struct xcpu_linux_self *self = &xcpu_linux_self;
	unsigned long state = mask_get();
	bool outside;

	/* ends: as soon as no NMI came during the last one */
	while (__atomic_fetch_and(&self->pending, ~PENDING_NMI,
	    __ATOMIC_RELAXED) & PENDING_NMI) {
		mask_set(XCPU_LINUX_MASKED);
		self->nmi = 1;
		outside = xcpu_kernel_enter();
		count(&self->cpu->nmi_taken, 1);
		nmi_body(self->cpu);
		if (outside)
			xcpu_kernel_exit();
		self->nmi = 0;
		mask_set(state);
	}
}

static void
on_interrupt(int number)
{
	int error = errno;

	signals_open();
	__atomic_fetch_or(&xcpu_linux_self.pending,
	    number == SIGNAL_KICK ? PENDING_KICK : PENDING_TICK,
	    __ATOMIC_RELAXED);
	if (mask_get() == XCPU_LINUX_OPEN)
		xcpu_linux_deliver();
	errno = error;
}

static void
on_nmi(int number)
{
	int error = errno;

	(void)number;
	signals_open();
	__atomic_fetch_or(&xcpu_linux_self.pending, PENDING_NMI,
	    __ATOMIC_RELAXED);
	if (mask_get() != XCPU_LINUX_INSTRUCTION && xcpu_linux_self.nmi == 0)
		take_nmi();
	/* A kick inside it, by ThreadSanitizer: see signals_open(). */
	if (mask_get() == XCPU_LINUX_OPEN && pending_look() != 0)
		xcpu_linux_deliver();
	errno = error;
}

/* ---- an instruction that nothing interrupts, not even an NMI ---- */

unsigned long
host_instruction_begin(void)
{
	unsigned long state = mask_get();

	mask_set(XCPU_LINUX_INSTRUCTION);
	return state;
}

void
host_instruction_end(unsigned long state)
{
	mask_set(state);
	if (__builtin_expect(pending_look() == 0, 1))
		return;
	if (pending_look() & PENDING_NMI)
		take_nmi();
	if (state == XCPU_LINUX_OPEN && pending_look() != 0)
		xcpu_linux_deliver();
}

/* ---- sending ---- */

/* A thread that has ended is a CPU that was switched off: the kick is lost. */
static void
send(const struct host_cpu *cpu, int number)
{
	syscall(SYS_tgkill, host.pid, cpu->tid, number);
}

static void
send_kick(struct host_cpu *cpu)
{
	/* The count first, so that the interrupt finds itself accounted for. */
	__atomic_fetch_add(&cpu->sent, 1, __ATOMIC_RELAXED);
	send(cpu, SIGNAL_KICK);
}

static void
send_kick_by_fate(struct host_cpu *cpu)
{
	switch (faults_fate()) {
	case FAULT_DROP:
		__atomic_fetch_add(&cpu->lost, 1, __ATOMIC_RELAXED);
		break;
	case FAULT_HOLD:
		/* The next interrupt of this CPU accounts it. */
		__atomic_fetch_add(&cpu->sent, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&cpu->held, 2, __ATOMIC_RELAXED);
		break;
	case FAULT_DOUBLE:
		__atomic_fetch_add(&cpu->doubled, 1, __ATOMIC_RELAXED);
		send_kick(cpu);
		/* FALLTHROUGH */
	case FAULT_SEND:
		send_kick(cpu);
		break;
	}
}

/* The kernel orders it: the lock of the signal queue is taken on both sides. */
void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
	int error = errno;

	for (unsigned cpu = xcpu_cpuset_first(set); cpu < host.ncpu;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		if (host_faults.on)
			send_kick_by_fate(&host.cpu[cpu]);
		else
			send_kick(&host.cpu[cpu]);
	}
	errno = error;
}

void
host_nmi(unsigned cpu, xcpu_fn *fn, void *arg)
{
	struct xcpu_cpuset set;

	host.cpu[cpu].nmi_arg = arg;
	__atomic_store_n(&host.cpu[cpu].nmi_fn, fn, __ATOMIC_RELEASE);
	xcpu_cpuset_one(&set, cpu);
	xcpu_port_kick_nmi(&set);
}

void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
	int error = errno;

	for (unsigned cpu = xcpu_cpuset_first(set); cpu < host.ncpu;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		__atomic_fetch_add(&host.cpu[cpu].nmi_sent, 1,
		    __ATOMIC_RELAXED);
		send(&host.cpu[cpu], SIGNAL_NMI);
	}
	errno = error;
}

/* ---- waiting, starting and stopping ---- */

/*
 * Sleeps while *word is `value`, until a signal at the latest.  Where a handler
 * changes the word there is no gap: a signal before the system call has changed
 * it, so the kernel does not sleep; one after it interrupts the sleep.
 */
void
host_sleep_on(const uint32_t *word, uint32_t value)
{
#if defined(__SANITIZE_THREAD__)
	/* It runs handlers late: one may be due that the kernel has no more of. */
	static const struct timespec limit = { .tv_nsec = 1000000 };
	const struct timespec *timeout = &limit;
#else
	const struct timespec *timeout = NULL;
#endif
	int error = errno;

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout, NULL, 0);
	errno = error;
}

static void
signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGNAL_KICK);
	sigaddset(set, SIGNAL_TICK);
	sigaddset(set, SIGNAL_NMI);
}

const char *
host_signals_init(void)
{
	struct sigaction interrupt = { .sa_handler = on_interrupt };
	struct sigaction nmi = { .sa_handler = on_nmi };

	sigemptyset(&interrupt.sa_mask);
	sigaddset(&interrupt.sa_mask, SIGNAL_KICK);
	sigaddset(&interrupt.sa_mask, SIGNAL_TICK);
	signal_set(&nmi.sa_mask);
	if (host_faults.deaf)
		interrupt.sa_handler = nmi.sa_handler = SIG_IGN;
	if (sigaction(SIGNAL_KICK, &interrupt, NULL) != 0 ||
	    sigaction(SIGNAL_TICK, &interrupt, NULL) != 0 ||
	    sigaction(SIGNAL_NMI, &nmi, NULL) != 0)
		return "cannot install the signal handlers";
	return NULL;
}

/* The CPUs tick out of step, as real ones do. */
bool
host_tick_start(struct host_cpu *cpu)
{
	struct sigevent event;
	struct itimerspec when;
	long period_ns = 1000000000 / (long)host.hz;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = SIGNAL_TICK;
	event.sigev_notify_thread_id = cpu->tid;
	if (timer_create(CLOCK_MONOTONIC, &event, &cpu->timer) != 0)
		return false;
	when.it_interval.tv_sec = period_ns / 1000000000;
	when.it_interval.tv_nsec = period_ns % 1000000000;
	when.it_value = when.it_interval;
	when.it_value.tv_nsec -= when.it_value.tv_nsec / 2 / (long)host.ncpu *
	    (long)cpu->index;
	return timer_settime(cpu->timer, 0, &when, NULL) == 0;
}

void
host_signals_off(struct host_cpu *cpu)
{
	sigset_t set;

	signal_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	timer_delete(cpu->timer);
}
