/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cost_test.c: the clocks of sim/cost.c, against times done by hand, and the
 * reader of machine files.
 *
 * Each test says above it which mistake in the model it would find.
 */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cost.h"

#define PLAIN	false
#define LINE(n)	((const void *)(uintptr_t)((n) * MESI_LINE_BYTES))

/* 2 sockets of 2 clusters of 2; numbers that add up to no other's sum. */
static const struct cost_machine small = {
	.sockets = 2, .clusters = 2, .cpus = 2,
	.l1 = 1, .rmw = 10,
	.transfer = { 100, 1000, 10000 },
	.occupancy = { 20, 200, 2000 },
	.outstanding = 2,
	.pause = 5, .flush = 7,
	.ipi_send = 300, .ipi_more = 40, .ipi_deliver = 5000,
	.ipi_entry = 600, .ipi_exit = 50,
	.virtual_send = 3, .virtual_more = 4, .virtual_deliver = 5,
};

static void
start(struct cost *c, const struct cost_machine *machine)
{
	cost_init(c, machine, 8, PLAIN);
}

/* Finds: distances taken from the wrong pair, or in the wrong order. */
static void
transfer_is_as_far_as_the_holder(void **state)
{
	static const struct { unsigned cpu; uint64_t takes; } from_0[] = {
		{ 1, 100 }, { 2, 1000 }, { 3, 1000 }, { 4, 10000 },
	};
	struct cost c;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		start(&c, &small);
		(void)cost_access(&c, 0, COST_STORE, LINE(1));
		cost_reset(&c);
		(void)cost_access(&c, from_0[i].cpu, COST_LOAD, LINE(1));
		assert_int_equal(cost_now(&c, from_0[i].cpu),
		    from_0[i].takes + small.l1);
		cost_fini(&c);
	}
}

/* Finds: a write that waits for the nearest sharer, a read for the farthest. */
static void
sharers_near_and_far(void **state)
{
	struct cost c;

	(void)state;
	start(&c, &small);
	(void)cost_access(&c, 0, COST_LOAD, LINE(1));
	(void)cost_access(&c, 2, COST_LOAD, LINE(1));
	(void)cost_access(&c, 4, COST_LOAD, LINE(1));
	cost_reset(&c);
	(void)cost_access(&c, 1, COST_LOAD, LINE(1));
	assert_int_equal(cost_now(&c, 1), 100 + 1);
	cost_reset(&c);
	(void)cost_access(&c, 1, COST_RMW, LINE(1));
	assert_int_equal(cost_now(&c, 1), 10000 + 1 + 10);
	cost_fini(&c);
}

/* Finds: exclusive transfers of one line that go on side by side. */
static void
writers_of_one_line_queue(void **state)
{
	struct cost c;

	(void)state;
	start(&c, &small);
	(void)cost_access(&c, 0, COST_RMW, LINE(1));
	cost_reset(&c);
	(void)cost_access(&c, 1, COST_RMW, LINE(1));
	assert_int_equal(cost_now(&c, 1), 100 + 11);
	(void)cost_access(&c, 0, COST_RMW, LINE(1));
	assert_int_equal(cost_now(&c, 0), 100 + 11 + 100 + 11);
	cost_fini(&c);
}

/* Finds: readers that share but queue for whole transfers, or not at all. */
static void
readers_of_one_line_overlap(void **state)
{
	struct cost c;

	(void)state;
	start(&c, &small);
	(void)cost_access(&c, 0, COST_LOAD, LINE(1));
	(void)cost_access(&c, 4, COST_LOAD, LINE(1));
	cost_reset(&c);
	(void)cost_access(&c, 1, COST_LOAD, LINE(1));
	(void)cost_access(&c, 5, COST_LOAD, LINE(1));
	assert_int_equal(cost_now(&c, 1), 100 + 1);
	assert_int_equal(cost_now(&c, 5), 20 + 100 + 1);
	cost_fini(&c);
}

/* Finds: prefetches one after another, or more of them than there are. */
static void
prefetches_overlap(void **state)
{
	struct cost c;

	(void)state;
	start(&c, &small);
	for (unsigned n = 1; n <= 3; n++)
		(void)cost_access(&c, 2, COST_STORE, LINE(n));
	cost_reset(&c);
	for (unsigned n = 1; n <= 3; n++)
		(void)cost_access(&c, 0, COST_OWN, LINE(n));
	/* Asked for already: nothing to do, and nothing to wait for. */
	(void)cost_access(&c, 0, COST_OWN, LINE(3));
	assert_int_equal(cost_now(&c, 0), 4);
	/* Two at once: the first came at 1000, the second at 1001. */
	(void)cost_access(&c, 0, COST_LOAD, LINE(2));
	assert_int_equal(cost_now(&c, 0), 1001 + 1);
	(void)cost_access(&c, 0, COST_LOAD, LINE(3));
	assert_int_equal(cost_now(&c, 0), 2000 + 1);
	cost_fini(&c);
}

/* Finds: the holder loses the line as soon as somebody asks for it. */
static void
holder_keeps_it_for_half_the_way(void **state)
{
	struct cost_request request;
	struct cost c;

	(void)state;
	start(&c, &small);
	(void)cost_access(&c, 0, COST_RMW, LINE(1));
	cost_reset(&c);
	assert_true(cost_ask(&c, 1, COST_RMW, LINE(1), &request));
	assert_int_equal(request.leaves, 50);
	assert_int_equal(request.arrives, 100);
	assert_int_equal(cost_access(&c, 0, COST_RMW, LINE(1)), MESI_HIT);
	assert_int_equal(cost_take(&c, 1, &request), MESI_GETM);
	assert_int_equal(cost_access(&c, 0, COST_RMW, LINE(1)), MESI_GETM);
	cost_fini(&c);
}

/* Finds: one kick that costs as another, or arrives at once. */
static void
kicks_of_a_set(void **state)
{
	struct cost_machine machine = small;
	struct cost c;

	(void)state;
	start(&c, &machine);
	assert_int_equal(cost_kick(&c, 0, 0), 300 + 5000);
	assert_int_equal(cost_kick(&c, 0, 1), 300 + 40 + 5000);
	assert_int_equal(cost_now(&c, 0), 340);
	cost_interrupt(&c, 1, 5340);
	assert_int_equal(cost_now(&c, 1), 5340 + 600);
	cost_interrupt_end(&c, 1);
	assert_int_equal(cost_now(&c, 1), 5340 + 600 + 50);
	cost_fini(&c);
	cost_make_virtual(&machine);
	start(&c, &machine);
	assert_int_equal(cost_kick(&c, 0, 0), 3 + 5);
	assert_int_equal(cost_kick(&c, 0, 1), 3 + 4 + 5);
	cost_fini(&c);
}

/* Finds: a chain that counts what did not wait, or not what did. */
static void
unit_machine_counts_the_chain(void **state)
{
	struct cost_machine unit;
	struct cost c;

	(void)state;
	cost_unit_machine(&unit);
	start(&c, &unit);
	for (unsigned n = 1; n <= 2; n++)
		(void)cost_access(&c, 0, COST_RMW, LINE(n));
	cost_reset(&c);
	/* Two CPUs, a line each: side by side; then back: one more. */
	(void)cost_access(&c, 1, COST_RMW, LINE(1));
	(void)cost_access(&c, 2, COST_RMW, LINE(2));
	assert_int_equal(cost_now(&c, 1), 1);
	assert_int_equal(cost_now(&c, 2), 1);
	(void)cost_access(&c, 0, COST_LOAD, LINE(1));
	assert_int_equal(cost_now(&c, 0), 2);
	(void)cost_access(&c, 0, COST_LOAD, LINE(2));
	assert_int_equal(cost_now(&c, 0), 3);
	cost_fini(&c);
}

/* ---- machine files --------------------------------------------------------- */

static bool
read_text(const char *text, struct cost_machine *machine)
{
	char path[] = P_tmpdir "/machine-XXXXXX";
	int fd = mkstemp(path);
	bool good;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	good = cost_read_machine(machine, path);
	unlink(path);
	return good;
}

#define ALL_BUT_CPUS							\
	"# a comment\n\nsockets 2\nclusters 3\nl1 4\nrmw 5\n"		\
	"transfer_near 6\ntransfer_far 7\ntransfer_cross 8\n"		\
	"occupancy_near 9\noccupancy_far 10\noccupancy_cross 11\n"	\
	"outstanding 12\npause 13\nflush 14\nipi_send 15\nipi_more 16\n" \
	"ipi_deliver 17\nipi_entry 18\nipi_exit 19\nvirtual_send 20\n"	\
	"virtual_more 21\nvirtual_deliver 22\n"

/* Finds: a key that lands in another's field. */
static void
machine_file_is_read(void **state)
{
	struct cost_machine m;

	(void)state;
	assert_true(read_text(ALL_BUT_CPUS "cpus 23\n", &m));
	assert_int_equal(cost_machine_cpus(&m), 2 * 3 * 23);
	assert_int_equal(m.transfer[COST_NEAR], 6);
	assert_int_equal(m.transfer[COST_CROSS], 8);
	assert_int_equal(m.occupancy[COST_FAR], 10);
	assert_int_equal(m.ipi_exit, 19);
	assert_int_equal(m.virtual_deliver, 22);
}

/* Finds: a missing, unknown or garbled parameter that passes. */
static void
machine_file_is_refused(void **state)
{
	struct cost_machine m;

	(void)state;
	assert_false(cost_read_machine(&m, "/no/such/file"));
	assert_false(read_text(ALL_BUT_CPUS, &m));
	assert_false(read_text("sockets 1\nclusters 1\ncpus 1\n", &m));
	assert_false(read_text(ALL_BUT_CPUS "cpus 0\n", &m));
	assert_false(read_text(ALL_BUT_CPUS "cpus many\n", &m));
	assert_false(read_text(ALL_BUT_CPUS "cpus 8 9\n", &m));
	assert_false(read_text(ALL_BUT_CPUS "cpus 8\ncolour 3\n", &m));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(transfer_is_as_far_as_the_holder, "F-P9"),
		UNIT(sharers_near_and_far, "F-P9"),
		UNIT(writers_of_one_line_queue, "F-P9"),
		UNIT(readers_of_one_line_overlap, "F-P9"),
		UNIT(prefetches_overlap, "F-P9"),
		UNIT(holder_keeps_it_for_half_the_way, "F-P9"),
		UNIT(kicks_of_a_set, "F-P9"),
		UNIT(unit_machine_counts_the_chain, "F-P9"),
		UNIT(machine_file_is_read, "F-P9"),
		UNIT(machine_file_is_refused, "F-P9"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
