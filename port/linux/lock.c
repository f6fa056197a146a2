/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c: the spinlock of this host, as a port should have it.
 *
 * Who spins with the doorbell masked on a lock whose holder waits in a shootdown
 * would never answer, and the holder never unlock: hence xcpu_poll().  The count
 * rises before the lock is had, so that no interrupt sees the lock without it.
 */
#include "host.h"

bool
host_trylock(struct host_lock *lock)
{
	xcpu_linux_self.locks++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) == 0)
		return true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	xcpu_linux_self.locks--;
	return false;
}

void
host_lock(struct host_lock *lock)
{
	unsigned spins = 0;

	/* ends: the holder unlocks; what it waits for we give it by polling */
	while (!host_trylock(lock)) {
		/* Look before the next try: a failed one costs the holder. */
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) != 0) {
			xcpu_poll();
			xcpu_port_relax(spins++);
		}
	}
}

void
host_unlock(struct host_lock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	xcpu_linux_self.locks--;
}
