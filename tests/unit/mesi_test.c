/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mesi_test.c: the directory of sim/mesi.c, against sequences done by hand.
 *
 * Each test says above it which mistake in the directory it would find.
 */
#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>

#include "mesi.h"

#define PLAIN		false
#define MIGRATORY	true

/* Two lines, and nobody else's. */
static _Alignas(MESI_LINE_BYTES) char memory[2 * MESI_LINE_BYTES];

static enum mesi_need
read_by(struct mesi *m, unsigned cpu)
{
	return mesi_access(m, mesi_line(m, memory), cpu, MESI_READ);
}

static enum mesi_need
write_by(struct mesi *m, unsigned cpu)
{
	return mesi_access(m, mesi_line(m, memory), cpu, MESI_WRITE);
}

static enum mesi_need
own_by(struct mesi *m, unsigned cpu)
{
	return mesi_access(m, mesi_line(m, memory), cpu, MESI_OWN);
}

/* Finds: the first reader shares instead of holding exclusively. */
static void
first_reader_writes_for_nothing(void **state)
{
	struct mesi *m = mesi_create(2, PLAIN);

	(void)state;
	assert_int_equal(read_by(m, 0), MESI_GETS);
	assert_int_equal(write_by(m, 0), MESI_HIT);
	assert_int_equal(read_by(m, 0), MESI_HIT);
	assert_int_equal(mesi_transactions(m), 1);
	mesi_destroy(m);
}

/* Finds: a reader takes the line over on plain MESI, or leaves it to the owner. */
static void
plain_reader_shares(void **state)
{
	struct mesi *m = mesi_create(2, PLAIN);

	(void)state;
	assert_int_equal(write_by(m, 0), MESI_GETM);
	assert_int_equal(read_by(m, 1), MESI_GETS);
	assert_int_equal(read_by(m, 0), MESI_HIT);
	assert_int_equal(read_by(m, 1), MESI_HIT);
	assert_int_equal(write_by(m, 1), MESI_UPGRADE);
	assert_int_equal(read_by(m, 0), MESI_GETS);
	assert_int_equal(mesi_transactions(m), 4);
	mesi_destroy(m);
}

/* Finds: the variant is ignored; the owner keeps a copy. */
static void
migratory_reader_takes_over(void **state)
{
	struct mesi *m = mesi_create(2, MIGRATORY);

	(void)state;
	assert_int_equal(write_by(m, 0), MESI_GETM);
	assert_int_equal(read_by(m, 1), MESI_GETS);
	assert_int_equal(write_by(m, 1), MESI_HIT);
	assert_int_equal(read_by(m, 0), MESI_GETS);
	assert_int_equal(write_by(m, 0), MESI_HIT);
	assert_int_equal(mesi_transactions(m), 3);
	mesi_destroy(m);
}

/* Finds: `written` is not forgotten when the line moves. */
static void
migratory_stops_at_a_reader(void **state)
{
	struct mesi *m = mesi_create(3, MIGRATORY);

	(void)state;
	assert_int_equal(write_by(m, 0), MESI_GETM);
	assert_int_equal(read_by(m, 1), MESI_GETS);
	assert_int_equal(read_by(m, 2), MESI_GETS);
	assert_int_equal(read_by(m, 1), MESI_HIT);
	assert_int_equal(write_by(m, 1), MESI_UPGRADE);
	mesi_destroy(m);
}

/* Finds: a write leaves another CPU's copy valid. */
static void
write_invalidates_all(void **state)
{
	struct mesi *m = mesi_create(4, PLAIN);

	(void)state;
	for (unsigned cpu = 0; cpu < 4; cpu++)
		assert_int_equal(read_by(m, cpu), MESI_GETS);
	assert_int_equal(write_by(m, 1), MESI_UPGRADE);
	for (unsigned cpu = 0; cpu < 4; cpu++)
		if (cpu != 1)
			assert_false(mesi_holds(mesi_line(m, memory), cpu));
	assert_int_equal(write_by(m, 3), MESI_GETM);
	assert_int_equal(read_by(m, 1), MESI_GETS);
	mesi_destroy(m);
}

/* Finds: a prefetch counts as a write, or does not make the line exclusive. */
static void
prefetch_is_no_write(void **state)
{
	struct mesi *m = mesi_create(3, MIGRATORY);

	(void)state;
	assert_int_equal(write_by(m, 0), MESI_GETM);
	assert_int_equal(own_by(m, 1), MESI_GETM);
	assert_int_equal(own_by(m, 1), MESI_HIT);
	assert_int_equal(read_by(m, 0), MESI_GETS);
	assert_int_equal(read_by(m, 1), MESI_HIT);
	assert_int_equal(own_by(m, 1), MESI_UPGRADE);
	assert_int_equal(write_by(m, 1), MESI_HIT);
	mesi_destroy(m);
}

/* Finds: mesi_need() changes something, or says another thing than the access. */
static void
need_changes_nothing(void **state)
{
	struct mesi *m = mesi_create(4, MIGRATORY);
	uint64_t random = 1;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		unsigned cpu = unit_random(&random) >> 60 & 3;
		enum mesi_op op = (unit_random(&random) >> 32) % 3;
		struct mesi_line *line = mesi_line(m, memory);
		enum mesi_need need = mesi_need(line, cpu, op);

		assert_int_equal(mesi_need(line, cpu, op), need);
		assert_int_equal(mesi_access(m, line, cpu, op), need);
		assert_int_equal(mesi_need(line, cpu, op), MESI_HIT);
	}
	mesi_destroy(m);
}

/* Finds: a line of another size; a busiest line that is not; a reset that forgets. */
static void
lines_are_counted_apart(void **state)
{
	struct mesi *m = mesi_create(2, PLAIN);
	struct mesi_line *first = mesi_line(m, memory);
	struct mesi_line *second = mesi_line(m, memory + MESI_LINE_BYTES);

	(void)state;
	assert_ptr_equal(mesi_line(m, memory + MESI_LINE_BYTES - 1), first);
	assert_ptr_not_equal(first, second);
	mesi_access(m, first, 0, MESI_WRITE);
	mesi_access(m, second, 0, MESI_WRITE);
	mesi_access(m, second, 1, MESI_WRITE);
	assert_ptr_equal(mesi_busiest(m), second);
	assert_int_equal(second->transactions, 2);
	assert_int_equal(mesi_transactions(m), 3);
	mesi_reset_counts(m);
	assert_int_equal(mesi_transactions(m), 0);
	assert_int_equal(second->transactions, 0);
	assert_int_equal(mesi_access(m, second, 1, MESI_WRITE), MESI_HIT);
	mesi_destroy(m);
}

/* Finds: sharers mixed up between words; lines that move when the table grows. */
static void
many_cpus_many_lines(void **state)
{
	enum { LINES = 5000 };
	static const unsigned cpus[] = { 0, 63, 64, 4095 };
	struct mesi *m = mesi_create(4096, PLAIN);
	struct mesi_line **line = calloc(LINES, sizeof(struct mesi_line *));

	(void)state;
	assert_non_null(line);
	for (uintptr_t i = 0; i < LINES; i++) {
		line[i] = mesi_line(m, (void *)(i * MESI_LINE_BYTES));
		mesi_access(m, line[i], i % 4096, MESI_WRITE);
	}
	for (uintptr_t i = 0; i < LINES; i++) {
		assert_ptr_equal(mesi_line(m, (void *)(i * MESI_LINE_BYTES)),
		    line[i]);
		assert_int_equal(line[i]->owner, i % 4096);
	}
	for (unsigned i = 0; i < 4; i++)
		mesi_access(m, line[1], cpus[i], MESI_READ);
	for (unsigned cpu = 0; cpu < 4096; cpu++)
		assert_int_equal(mesi_holds(line[1], cpu), cpu == 0 ||
		    cpu == 1 || cpu == 63 || cpu == 64 || cpu == 4095);
	free(line);
	mesi_destroy(m);
}

/* ---- protocols whose cost is known --------------------------------------- */

/* Request and answer in one line; how either side touches it first. */
static uint64_t
one_line(bool migratory, enum mesi_op target_first, enum mesi_op caller_first)
{
	struct mesi *m = mesi_create(2, migratory);
	uint64_t count;

	for (unsigned turn = 0; turn < 4; turn++) {
		mesi_reset_counts(m);
		write_by(m, 0);			/* request */
		mesi_access(m, mesi_line(m, memory), 1, target_first);
		write_by(m, 1);			/* answer */
		mesi_access(m, mesi_line(m, memory), 0, caller_first);
		read_by(m, 0);
	}
	count = mesi_transactions(m);
	mesi_destroy(m);
	return count;
}

/* Finds: any miscount of a message in one line and its answer. */
static void
round_trip_in_one_line(void **state)
{
	(void)state;
	assert_int_equal(one_line(PLAIN, MESI_READ, MESI_READ), 4);
	assert_int_equal(one_line(PLAIN, MESI_OWN, MESI_READ), 3);
	assert_int_equal(one_line(PLAIN, MESI_OWN, MESI_OWN), 2);
	assert_int_equal(one_line(MIGRATORY, MESI_READ, MESI_READ), 2);
	assert_int_equal(one_line(MIGRATORY, MESI_OWN, MESI_OWN), 2);
}

/* N targets in groups of g, a line each: N + 2 N / g, and one less if it migrates. */
static uint64_t
token_lines(bool migratory, unsigned n, unsigned g)
{
	struct mesi *m = mesi_create(n + 1, migratory);
	uint64_t count;

	for (unsigned turn = 0; turn < 4; turn++) {
		mesi_reset_counts(m);
		for (uintptr_t i = 0; i < n / g; i++)
			mesi_access(m, mesi_line(m, (void *)(i *
			    MESI_LINE_BYTES)), n, MESI_WRITE);
		for (uintptr_t cpu = 0; cpu < n; cpu++)
			mesi_access(m, mesi_line(m, (void *)(cpu / g *
			    MESI_LINE_BYTES)), (unsigned)cpu, MESI_WRITE);
		for (uintptr_t i = 0; i < n / g; i++)
			mesi_access(m, mesi_line(m, (void *)(i *
			    MESI_LINE_BYTES)), n, MESI_READ);
	}
	count = mesi_transactions(m);
	mesi_destroy(m);
	return count;
}

/* Finds: any miscount of a broadcast with answers. */
static void
broadcast_by_token_lines(void **state)
{
	(void)state;
	assert_int_equal(token_lines(PLAIN, 64, 8), 80);
	assert_int_equal(token_lines(MIGRATORY, 64, 8), 72);
	assert_int_equal(token_lines(PLAIN, 64, 1), 192);
	assert_int_equal(token_lines(MIGRATORY, 64, 1), 128);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(first_reader_writes_for_nothing, "F-P9"),
		UNIT(plain_reader_shares, "F-P9"),
		UNIT(migratory_reader_takes_over, "F-P9"),
		UNIT(migratory_stops_at_a_reader, "F-P9"),
		UNIT(write_invalidates_all, "F-P9"),
		UNIT(prefetch_is_no_write, "F-P9"),
		UNIT(need_changes_nothing, "F-P9"),
		UNIT(lines_are_counted_apart, "F-P9"),
		UNIT(many_cpus_many_lines, "F-P9"),
		UNIT(round_trip_in_one_line, "F-P9"),
		UNIT(broadcast_by_token_lines, "F-P9"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
