/* SPDX-License-Identifier: BSD-2-Clause */
/* dragonfly_main.c: the program, its driver, and what the other files share. */
#include <string.h>

#include "dragonfly_driver.h"
#include "dragonfly_test.h"

#define RINGS (64 * 64)

void
take_letter(void *arg)
{
	struct letter *letter = arg;
	struct inbox *inbox = letter->inbox;

	if (inbox->next != letter->number ||
	    (xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		count(&inbox->wrong);
	say(&inbox->next, letter->number + 1);
}

void
write_letters(struct letter *list, struct inbox *inbox)
{
	memset(inbox, 0, sizeof(*inbox));
	for (uint32_t i = 0; i < LETTERS; i++)
		list[i] = (struct letter){ inbox, i };
}

/* ---- the driver ---- */

static int new_table[1] = { 7 };

static void
read_seven(void *arg)
{
	*(int *)arg = obj_read_table() == *(int *)arg;
}

static void
test_driver(void)
{
	int right[TEST_CPUS];
	int cpu;

	obj_attach();
	for (cpu = 0; cpu < ncpus; cpu++) {
		for (int i = 0; i < OBJ_PERCPU - 1; i++)
			obj_free(cpu, i, i % 3 == 0);
		while (obj_tryfree(cpu, OBJ_PERCPU - 1) != 0)
			mach_relax();	/* ends: it has room again */
		obj_drain(cpu);
		CHECK(obj_nfree(cpu) == OBJ_PERCPU);
	}
	obj_set_table(new_table);
	obj_add_to_table(new_table, 3);
	for (cpu = 0; cpu < ncpus; cpu++) {
		right[cpu] = 10;
		lwkt_wait_ipiq(globaldata_find(cpu),
		    lwkt_send_ipiq_bycpu(cpu, read_seven, &right[cpu]));
		CHECK(right[cpu] == 1);
	}
	CHECK(obj_forward_statclock() == ncpus - 1);
	for (cpu = 0; cpu < ncpus; cpu++) {
		(void)obj_statclock_bycpu(cpu);
		obj_drain(cpu);
		CHECK(obj_ticks(cpu, 0) == (cpu == 0 ? 1 : 2));
		CHECK(obj_ticks(cpu, 1) == 0);
	}
	obj_reset();
	obj_set_table(new_table);	/* which comes after all of the reset */
	for (cpu = 0; cpu < ncpus; cpu++)
		CHECK(obj_nfree(cpu) == 0);
}

static void
begin(void)
{
	static struct xcpu_msg_ring rings[RINGS];

	globaldata_init((int)mach_ncpu());
	lwkt_ipiq_init(mach_domain(), rings, (unsigned)(ncpus * ncpus));
}

static const struct compat_test driver[] = {
	{ "a driver written from the headers",
	    "F-D19 F-D20", 1, test_driver },
	{ NULL, NULL, 0, NULL }
};

int
main(int argc, char **argv)
{
	static const struct compat_suite suite = {
		.begin = begin,
		.tests = { dragonfly_behaviours, driver, dragonfly_queue, dragonfly_sync },
	};

	return compat_main(argc, argv, &suite);
}
