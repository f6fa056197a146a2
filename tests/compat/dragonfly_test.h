/* SPDX-License-Identifier: BSD-2-Clause */
/* dragonfly_test.h: what the files of the DragonFly tests share. */
#ifndef TESTS_DRAGONFLY_TEST_H
#define TESTS_DRAGONFLY_TEST_H

#include <sys/globaldata.h>
#include <sys/thread.h>
#include <sys/thread2.h>

#include "compat_test.h"

#define TEST_CPUS 64		/* that the tests keep records of */

/* Numbers sent to a CPU, which must start in order, each once. */
struct inbox {
	uint32_t next;
	uint32_t wrong;		/* out of order, twice, or unmasked */
};

/* A message: its number, and where it belongs. */
struct letter {
	struct inbox *inbox;
	uint32_t number;
};

#define LETTERS (8 * MAXCPUFIFO)

void take_letter(void *arg);	/* an ipifunc_t; arg is a struct letter */
void write_letters(struct letter *letters, struct inbox *inbox);

extern const struct compat_test dragonfly_behaviours[];
extern const struct compat_test dragonfly_queue[];
extern const struct compat_test dragonfly_sync[];

#endif /* TESTS_DRAGONFLY_TEST_H */
