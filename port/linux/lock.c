/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c: the spinlock of this host, as a port should have it.
 *
 * Who spins with the doorbell masked on a lock whose holder waits in a shootdown
 * would never answer, and the holder never unlock: hence xcpu_poll().  The count
 * rises before the lock is had, so that no interrupt sees the lock without it.
 * The lock names its holder, so that a report of a CPU that waits for him in
 * vain can (xcpu_on_lock_wait()).
 */
#include "host.h"

bool
host_trylock(struct host_lock *lock)
{
	uint32_t nobody = 0;

	xcpu_linux_self.locks++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__atomic_compare_exchange_n(&lock->held, &nobody,
	    xcpu_cpu_index() + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	xcpu_linux_self.locks--;
	return false;
}

void
host_lock(struct host_lock *lock)
{
	struct xcpu_lock_wait wait = { 0 };
	unsigned spins = 0;
	uint32_t held;

	/* ends: the holder unlocks; what it waits for we give it by polling */
	while (!host_trylock(lock)) {
		/* Look before the next try: a failed one costs the holder. */
		while ((held = __atomic_load_n(&lock->held,
		    __ATOMIC_RELAXED)) != 0) {
			xcpu_poll();
			xcpu_on_lock_wait(&wait, held - 1);
			xcpu_port_relax(spins++);
		}
	}
	xcpu_on_lock_wait_over(&wait);
}

void
host_unlock(struct host_lock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	xcpu_linux_self.locks--;
}
