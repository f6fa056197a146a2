/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * still.h: a word that says whether somebody stands still.
 *
 * A plain word, `table`: written by its CPU with the doorbell masked, so outside
 * whatever makes it stand, and by who made it stand meanwhile.  So a CPU that
 * does not stand, or leaves too early, is a data race.
 */
#ifndef XCPU_EXPLORE_STILL_H
#define XCPU_EXPLORE_STILL_H

#include "scene.h"

static struct explore_word EXPLORE_DATA table;

static inline void
count_up(struct explore_word *word)
{
	explore_write(word, explore_read(word) + 1);
}

/* A CPU about its own business, which is over when it stands. */
static inline void
work(void)
{
	explore_close();
	count_up(&table);
	explore_open();
}

/* In check(): two have written it. */
static inline void
check_both(void)
{
	explore_assert(explore_peek(&table) == 2, "lost, or both at once");
}

#endif /* XCPU_EXPLORE_STILL_H */
