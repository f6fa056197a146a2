/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_port.h: the hot hooks where a thread of a process plays a CPU.
 *
 * Kicks are signals, and signals arrive between any two instructions.  A pair
 * of sigprocmask() calls costs half a microsecond, so "interrupts off" is a word
 * of the thread instead: the handler that finds it set leaves a note in
 * `pending`, and whoever clears it looks there afterwards.  No kick falls
 * between the two: a signal before the clearing store leaves the note before
 * the look, a signal after it is served by its handler.  Only the thread itself
 * and its handlers touch these words, so compiler barriers are all the order
 * that it takes.
 */
#ifndef XCPU_LINUX_PORT_H
#define XCPU_LINUX_PORT_H

#include <stdint.h>

#define XCPU_PORT_CONTRACT 1

/* What a thread's `mask` keeps off. */
enum xcpu_linux_mask {
	XCPU_LINUX_OPEN,	/* nothing */
	XCPU_LINUX_MASKED,	/* kicks and ticks */
	XCPU_LINUX_INSTRUCTION	/* NMIs too: inside an access of the MMU */
};

struct host_cpu;

struct xcpu_linux_self {
	struct xcpu_cpu *block;
	struct host_cpu *cpu;
	unsigned long mask;
	uint32_t pending;	/* signals to be served later; a futex word */
	uint32_t locks;		/* host spinlocks held or being waited for */
	uint32_t nmi;
	uint32_t user;		/* in user mode, or in its interrupts */
	uint32_t spins;		/* of mach_relax() */
};

/* Ticks of the processor's counter as nanoseconds; mult 0: not to be trusted. */
struct xcpu_linux_clock {
	uint64_t base_ticks;
	uint64_t base_ns;
	uint64_t mult;		/* nanoseconds per tick, times 2^32 */
};

#ifdef __cplusplus
extern "C" {
#endif

/* initial-exec: a handler must not be the one who allocates thread storage. */
extern __thread struct xcpu_linux_self xcpu_linux_self
    __attribute__((tls_model("initial-exec")));
extern struct xcpu_linux_clock xcpu_linux_clock;

/*
 * A wait gives its core away at every turn whose number has all these bits:
 * 0 always, UINT32_MAX never.  Set it while the CPUs are parked.
 */
extern uint32_t xcpu_linux_yield_mask;

void xcpu_linux_deliver(void);
void xcpu_linux_yield(void);
uint64_t xcpu_linux_clock_read(void);

static inline struct xcpu_cpu *
xcpu_port_self(void)
{
	return xcpu_linux_self.block;
}

static inline unsigned long
xcpu_port_irq_save(void)
{
	unsigned long state;

	/* A signal between the two lines is over before the second. */
	state = __atomic_load_n(&xcpu_linux_self.mask, __ATOMIC_RELAXED);
	__atomic_store_n(&xcpu_linux_self.mask,
	    (unsigned long)XCPU_LINUX_MASKED, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return state;
}

static inline void
xcpu_port_irq_restore(unsigned long state)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&xcpu_linux_self.mask, state, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (state == XCPU_LINUX_OPEN && __builtin_expect(__atomic_load_n(
	    &xcpu_linux_self.pending, __ATOMIC_RELAXED) != 0, 0))
		xcpu_linux_deliver();
}

static inline unsigned
xcpu_port_context(void)
{
	return (__atomic_load_n(&xcpu_linux_self.mask, __ATOMIC_RELAXED) !=
	    XCPU_LINUX_OPEN ? (unsigned)XCPU_CTX_MASKED : 0) |
	    (xcpu_linux_self.locks != 0 ? (unsigned)XCPU_CTX_LOCKED : 0) |
	    (xcpu_linux_self.nmi != 0 ? (unsigned)XCPU_CTX_NMI : 0);
}

static inline void
xcpu_port_relax(unsigned spins)
{
	if ((spins & xcpu_linux_yield_mask) == xcpu_linux_yield_mask)
		xcpu_linux_yield();
	else
#if defined(__x86_64__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("yield");
#else
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
}

static inline uint64_t
xcpu_port_now_ns(void)
{
#if defined(__x86_64__)
	uint64_t ticks;

	if (__builtin_expect(xcpu_linux_clock.mult != 0, 1)) {
		ticks = __builtin_ia32_rdtsc() - xcpu_linux_clock.base_ticks;
		return xcpu_linux_clock.base_ns + (uint64_t)(
		    (__extension__ (unsigned __int128)ticks) *
		    xcpu_linux_clock.mult >> 32);
	}
#endif
	return xcpu_linux_clock_read();
}

/* The page tables are memory like any other, and so are their readers. */
static inline void
xcpu_port_pte_publish(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#ifdef __cplusplus
}
#endif

#endif /* XCPU_LINUX_PORT_H */
