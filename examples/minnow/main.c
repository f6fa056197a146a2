/* SPDX-License-Identifier: 0BSD */
/*
 * main.c: what minnow does: every place counts to a thousand, one by one.
 */
#include "minnow.h"

#define ROUNDS 1000

void minnow(void);

static struct gate gate;
static unsigned counted;

static void
count(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		gate_enter(&gate);
		counted++;
		gate_leave(&gate);
	}
}

/* The first place. */
void
minnow(void)
{
	places_start();
	say("minnow: places");
	for (unsigned id = 0; id < IDS_MAX; id++) {
		if (place_at[id] == NULL)
			continue;
		say(" ");
		say_number(id);
	}
	say("\n");
	places_do(count, NULL);
	say("minnow: counted ");
	say_number(counted);
	say("\n");
	machine_off(counted == places * ROUNDS ? 0 : 1);
}
