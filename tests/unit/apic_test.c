/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apic_test.c: whom port/x86_64-apic interrupts, and by how many writes.
 *
 * On the register file of apic_mock.h, with 1 to 255 CPUs, sparse identifiers,
 * and the x2APIC, which emulators lack.
 */
#include "unit.h"

#include "apic_setup.h"

/* Ids in shuffled order, with gaps: i * step for a random i in place of it. */
static void
shuffle_ids(uint32_t step, uint64_t *state)
{
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++)
		mock.id[cpu] = cpu * step;
	for (unsigned cpu = mock.ncpu - 1; cpu > 0; cpu--) {
		unsigned other = (unsigned)(unit_random(state) % (cpu + 1));
		uint32_t id = mock.id[cpu];

		mock.id[cpu] = mock.id[other];
		mock.id[other] = id;
	}
}

static unsigned
clusters_of(const struct xcpu_cpuset *set)
{
	unsigned count = 0;

	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		bool first = xcpu_cpuset_has(set, cpu);

		for (unsigned before = 0; before < cpu && first; before++)
			first = !xcpu_cpuset_has(set, before) ||
			    mock.id[before] / 16 != mock.id[cpu] / 16;
		count += first;
	}
	return count;
}

/* ---- who is interrupted ---- */

static void
send_to_each_and_to_sets(bool x2apic, unsigned ncpu)
{
	struct xcpu_cpuset set;
	uint64_t state = ncpu;

	apic_setup(x2apic, ncpu);
	mock.self = ncpu / 2;
	for (unsigned cpu = 0; cpu < ncpu; cpu++) {
		xcpu_cpuset_one(&set, cpu);
		apic_send_and_check(&set, VECTOR);
		assert_int_equal(mock.sends, 1);
		apic_send_and_check(&set, XCPU_APIC_NMI);
		assert_int_equal(mock.sends, 1);
	}
	for (unsigned i = 0; i < 8; i++) {
		set = apic_random_set(&state);
		apic_send_and_check(&set, i % 2 ? VECTOR : XCPU_APIC_NMI);
	}
	xcpu_cpuset_zero(&set);
	apic_send_and_check(&set, VECTOR);
	assert_int_equal(mock.sends, 0);
}

static void
apic_xapic_1_to_255_cpus(void **unused)
{
	(void)unused;
	for (unsigned ncpu = 1; ncpu <= XAPIC_MAX; ncpu++)
		send_to_each_and_to_sets(false, ncpu);
}

static void
apic_x2apic_1_to_255_cpus(void **unused)
{
	(void)unused;
	for (unsigned ncpu = 1; ncpu <= XAPIC_MAX; ncpu++)
		send_to_each_and_to_sets(true, ncpu);
}

static void
apic_xapic_sparse_ids(void **unused)
{
	uint64_t state = 7;

	(void)unused;
	mock_reset(false, 36);
	shuffle_ids(7, &state);
	apic_setup_ids();
	for (unsigned i = 0; i < 200; i++) {
		struct xcpu_cpuset set = apic_random_set(&state);

		apic_send_and_check(&set, VECTOR);
		assert_int_equal(mock.sends, xcpu_cpuset_count(&set));
	}
}

static void
send_to_ids(const uint32_t *ids, unsigned ncpu)
{
	struct xcpu_cpuset set;
	uint64_t state = 11;

	mock_reset(true, ncpu);
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++)
		mock.id[cpu] = ids[cpu];
	apic_setup_ids();
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		xcpu_cpuset_one(&set, cpu);
		apic_send_and_check(&set, VECTOR);
	}
	xcpu_apic_down(&apic, 0);
	for (unsigned i = 0; i < 100; i++) {
		set = apic_random_set(&state);
		apic_send_and_check(&set, XCPU_APIC_NMI);
	}
	xcpu_cpuset_fill(&set, ncpu);
	apic_send_and_check(&set, VECTOR);
}

static void
apic_x2apic_ids_above_255(void **unused)
{
	static const uint32_t ids[] = { 3, 255, 256, 270, 4095, 0x12345,
	    0xffff0, 0xfffff };

	(void)unused;
	send_to_ids(ids, 8);
	assert_int_equal(mock.sends, 6);
}

/* 0x100003 has the logical name of 3: from there on, one by one. */
static void
apic_x2apic_ids_without_logical_name(void **unused)
{
	static const uint32_t ids[] = { 3, 4, 255, 0xfffff, 0x100000, 0x100003,
	    0x200003, 0x80000000, 0xfffffffe };

	(void)unused;
	send_to_ids(ids, 9);
	assert_int_equal(mock.sends, 9);
}

static void
apic_x2apic_one_write_per_cluster(void **unused)
{
	static const uint32_t steps[] = { 1, 3, 5, 16, 1000 };
	uint64_t state = 13;

	(void)unused;
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		mock_reset(true, 300);
		shuffle_ids(steps[i], &state);
		apic_setup_ids();
		for (unsigned round = 0; round < 50; round++) {
			struct xcpu_cpuset set = apic_random_set(&state);

			apic_send_and_check(&set, VECTOR);
			assert_int_equal(mock.sends, clusters_of(&set));
		}
	}
}

static void
apic_x2apic_4096_cpus(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	apic_setup(true, XCPU_NCPU_MAX);
	xcpu_cpuset_fill(&set, XCPU_NCPU_MAX);
	xcpu_cpuset_del(&set, XCPU_NCPU_MAX - 1);
	apic_send_and_check(&set, VECTOR);
	assert_int_equal(mock.sends, XCPU_NCPU_MAX / 16);
}

static void
apic_x2apic_fence_before_write(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	apic_setup(true, 40);
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		xcpu_cpuset_one(&set, cpu);
		xcpu_cpuset_add(&set, 20);
		apic_send_and_check(&set, VECTOR);	/* counts unfenced writes */
		assert_int_equal(mock.fences, 1);
	}
	set = apic_others();
	apic_send_and_check(&set, VECTOR);
	assert_int_equal(mock.fences, 1);
}

/* ---- shorthands ---- */

static void
check_shorthands(bool x2apic, unsigned ncpu)
{
	struct xcpu_cpuset set, all;

	apic_setup(x2apic, ncpu);
	mock.self = ncpu - 1;
	xcpu_cpuset_fill(&all, ncpu);
	set = apic_others();

	apic_send_and_check(&set, VECTOR);
	assert_int_equal(mock.shorthands, ncpu > 1);
	assert_int_equal(mock.sends, ncpu > 1);
	apic_send_and_check(&all, VECTOR);
	assert_int_equal(mock.shorthands, ncpu > 1);
	assert_int_equal(mock.sends, 1);
	apic_send_and_check(&set, XCPU_APIC_NMI);
	assert_int_equal(mock.shorthands, ncpu > 1);
	apic_send_and_check(&all, XCPU_APIC_NMI);
	assert_int_equal(mock.shorthands, ncpu > 1);
	assert_int_equal(mock.sends, ncpu > 1 ? 2 : 1);

	for (unsigned out = 0; out < ncpu - 1; out++) {
		xcpu_cpuset_del(&set, out);
		apic_send_and_check(&set, VECTOR);
		assert_int_equal(mock.shorthands, 0);
		xcpu_cpuset_add(&set, out);
	}
}

static void
apic_shorthand_for_all_or_all_others(void **unused)
{
	(void)unused;
	for (unsigned ncpu = 1; ncpu <= XAPIC_MAX; ncpu++) {
		check_shorthands(false, ncpu);
		check_shorthands(true, ncpu);
	}
}

/* Whoever is down, or is not known to the sender, must not be interrupted. */
static void
apic_no_shorthand_while_one_is_down(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
		apic_setup(x2apic != 0, 100);
		for (unsigned down = 1; down < mock.ncpu; down++) {
			xcpu_apic_down(&apic, down);
			set = apic_others();
			xcpu_cpuset_del(&set, down);
			apic_send_and_check(&set, VECTOR);
			assert_int_equal(mock.shorthands, 0);
			apic_send_and_check(&set, XCPU_APIC_NMI);
			assert_int_equal(mock.shorthands, 0);
			xcpu_apic_up(&apic, down);
			xcpu_cpuset_add(&set, down);
			apic_send_and_check(&set, VECTOR);
			assert_int_equal(mock.shorthands, 1);
		}
		mock.ncpu++;		/* one that cannot be added */
		mock.id[100] = 200;
		apic.shorthands = false;
		apic_send_and_check(&set, VECTOR);
		assert_int_equal(mock.shorthands, 0);
	}
}

static void
apic_no_shorthand_from_unknown_cpu(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
		apic_setup(x2apic != 0, 70);
		mock.self = 5;
		xcpu_cpuset_fill(&set, mock.ncpu);
		mock_clear();
		assert_int_equal(xcpu_apic_send(&apic, XCPU_NCPU_MAX, &set,
		    VECTOR), 0);
		apic_check_sent(&set, VECTOR);
		assert_int_equal(mock.shorthands, 0);
		xcpu_apic_down(&apic, mock.self);
		set = apic_others();
		apic_send_and_check(&set, VECTOR);
		assert_int_equal(mock.shorthands, 0);
	}
}

static void
apic_self_ipi(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
		apic_setup(x2apic != 0, 4);
		mock.self = 2;
		xcpu_cpuset_one(&set, mock.self);
		apic_send_and_check(&set, VECTOR);
		assert_int_equal(mock.self_ipis, 1);
		apic_send_and_check(&set, XCPU_APIC_NMI);
		assert_int_equal(mock.self_ipis, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(apic_xapic_1_to_255_cpus, "F-X12 F-B22 F-B23"),
		UNIT(apic_x2apic_1_to_255_cpus, "F-X12 F-B22 F-B23"),
		UNIT(apic_xapic_sparse_ids, "F-B22 BUG-19"),
		UNIT(apic_x2apic_ids_above_255, "F-B22"),
		UNIT(apic_x2apic_ids_without_logical_name, "F-B22"),
		UNIT(apic_x2apic_one_write_per_cluster, "F-B22 F-B23 BUG-65"),
		UNIT(apic_x2apic_4096_cpus, "F-B22 F-B23"),
		UNIT(apic_x2apic_fence_before_write, "F-X12 BUG-23"),
		UNIT(apic_shorthand_for_all_or_all_others, "F-B23 BUG-15"),
		UNIT(apic_no_shorthand_while_one_is_down,
		    "F-X10 F-B23 BUG-84"),
		UNIT(apic_no_shorthand_from_unknown_cpu, "F-B23"),
		UNIT(apic_self_ipi, "F-X12"),
	};

	return cmocka_run_group_tests_name("apic", tests, NULL, NULL);
}
