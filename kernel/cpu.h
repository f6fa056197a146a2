/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.h: a CPU as this kernel knows it, and the kernel's spinlock. */
#ifndef XCPU_KERNEL_CPU_H
#define XCPU_KERNEL_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"

#define DROP_STAMPS	128

struct xcpu_cpu;

struct cpu {
	struct arch_cpu arch;		/* must be first */
	unsigned index;
	uint32_t started;		/* 1 once it runs C; by atomics */
	struct xcpu_cpu *xcpu;		/* NULL before it goes online */
	unsigned locks;			/* spinlocks held */
	bool in_user;			/* or in its interrupts */

	/* machine.c: to run here, in the loop of park(); by atomics. */
	void (*thread_fn)(void *arg);
	void *thread_arg;
	uint32_t turn;			/* of the jobs it has run */

	/* xcpu_port.c; nmi_fn: called once by an NMI, in the place of xcpu. */
	unsigned nmi_depth;
	uint64_t nmi_pc;		/* where the last NMI found it */
	void (*nmi_fn)(void *arg);
	void *nmi_arg;

	/* tlb.c: drops are counted by all, by atomics. */
	bool blind_armed, blind_taken;
	uint64_t drop_full, drop_page[DROP_STAMPS];
	uint64_t fill_next_ns;

	/* Interrupts, written by this CPU only. */
	uint64_t nmis_taken;
	uint64_t kicks_taken, kicks_seen, coalesced;
} __attribute__((aligned(64)));

extern struct cpu cpus[CPUS_MAX];
extern unsigned ncpu;

/* Held for a few lines, with interrupts off, and never across a wait. */
struct spinlock {
	uint32_t held;
};

static inline unsigned long
spin_lock(struct spinlock *lock)
{
	unsigned long state = irq_save();

	/* ends: the holder runs with interrupts off and waits for nobody */
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0)
		cpu_pause();
	cpu_self()->locks++;
	return state;
}

static inline void
spin_unlock(struct spinlock *lock, unsigned long state)
{
	cpu_self()->locks--;
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
	irq_restore(state);
}

#endif /* XCPU_KERNEL_CPU_H */
