/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.h: what the programs about rendezvous have in common.
 *
 * The word of still.h is quiet while all are parked: the initiator writes it
 * then, and fin1 reads it.
 */
#ifndef XCPU_EXPLORE_SYNC_H
#define XCPU_EXPLORE_SYNC_H

#include "still.h"

#define TIMEOUT_NS 1000

/* On lines of its own, which EXPLORE_DATA would not leave it. */
static struct xcpu_sync_room room __attribute__((section("explore_data")));
static struct explore_word EXPLORE_DATA ran[3];
static struct explore_word EXPLORE_DATA acted[3];
static struct xcpu_sync EXPLORE_DATA sync[2];

/* In setup(): all online. */
static inline void
sync_boot(unsigned ncpu)
{
	explore_domain_init(ncpu);
	(void)xcpu_sync_init(&explore_domain, &room);
	for (unsigned i = 0; i < ncpu; i++) {
		explore_become(i);
		(void)xcpu_cpu_online(&explore_cpu[i]);
	}
	explore_become(0);
	explore_name(&room, sizeof(room), "room");
	explore_name(&table, sizeof(table), "table");
	explore_name(ran, sizeof(ran), "ran");
	explore_name(acted, sizeof(acted), "acted");
}

static inline void
boot_two(void)
{
	sync_boot(2);
}

static inline void
boot_three(void)
{
	sync_boot(3);
}

/* Two functions of a rendezvous. */
static inline void
run(void *arg)
{
	(void)arg;
	count_up(&ran[explore_self()]);
}

static inline void
act(void *arg)
{
	(void)arg;
	explore_note(explore_read(&table));
	count_up(&acted[explore_self()]);
}

#endif /* XCPU_EXPLORE_SYNC_H */
