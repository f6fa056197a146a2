/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gic_test.c: whom port/aarch64-gic interrupts, by how many writes, and between
 * which barriers.
 *
 * On the machine of arm_mock.h: GICv3 with up to 4096 CPUs, with sparse
 * affinities and the range selector, which QEMU's machine lacks; and GICv2.
 */
#include "unit.h"

#include <string.h>

#include <xcpu/error.h>
#include <xcpu/port.h>

#define SGI		5u
#define SGI_NMI		9u
#define V2_MAX		8u
#define ID(aff3, aff2, aff1, aff0)					\
	((uint64_t)(aff3) << 32 | (aff2) << 16 | (aff1) << 8 | (aff0))
#define MPIDR_RES1	UINT64_C(0x80000000)

static struct xcpu_gic gic;

/* CPUs with the mock's ids, known to `gic`, all up. */
static void
setup_ids(bool ranges)
{
	xcpu_gic_init(&gic, mock.v2 ? mock_distributor : NULL);
	gic.range_selector = ranges;
	for (unsigned cpu = mock.ncpu; cpu-- > 0;) {	/* any order will do */
		assert_int_equal(xcpu_gic_add(&gic, cpu, mock.id[cpu]), 0);
		xcpu_gic_up(&gic, cpu);
	}
}

/* As in QEMU's machine: sixteen CPUs for each Aff1. */
static void
setup(bool v2, unsigned ncpu)
{
	mock_reset(v2, ncpu);
	for (unsigned cpu = 0; cpu < ncpu && !v2; cpu++)
		mock.id[cpu] = ID(0, cpu >> 12, cpu / 16 % 256, cpu % 16);
	setup_ids(false);
}

static void
send_and_check(const struct xcpu_cpuset *set, uint32_t sgi)
{
	mock_clear();
	assert_int_equal(xcpu_gic_send(&gic, mock.self, set, sgi), 0);
	assert_true(xcpu_cpuset_equal(&mock.got, set));
	assert_int_equal(mock_faults(), 0);
	if (!xcpu_cpuset_empty(set))
		assert_int_equal(mock.sgi, sgi);
}

static struct xcpu_cpuset
others(void)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_fill(&set, mock.ncpu);
	xcpu_cpuset_del(&set, mock.self);
	return set;
}

static struct xcpu_cpuset
random_set(uint64_t *state)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_zero(&set);
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++)
		if (unit_random(state) >> 62 == 0)
			xcpu_cpuset_add(&set, cpu);
	return set;
}

static unsigned
groups_of(const struct xcpu_cpuset *set)
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
send_to_each_and_to_sets(bool v2, unsigned ncpu)
{
	struct xcpu_cpuset set;
	uint64_t state = ncpu;

	setup(v2, ncpu);
	mock.self = ncpu / 2;
	for (unsigned cpu = 0; cpu < ncpu; cpu++) {
		xcpu_cpuset_one(&set, cpu);
		send_and_check(&set, cpu % XCPU_GIC_SGIS);
		assert_int_equal(mock.sends, 1);
	}
	for (unsigned i = 0; i < 8; i++) {
		set = random_set(&state);
		xcpu_cpuset_add(&set, mock.self);	/* not "all others" */
		send_and_check(&set, SGI);
		assert_int_equal(mock.sends, v2 ? 1 : groups_of(&set));
	}
	xcpu_cpuset_zero(&set);
	send_and_check(&set, SGI);
	assert_int_equal(mock.sends, 0);
}

static void
gic_v3_1_to_4096_cpus(void **unused)
{
	(void)unused;
	for (unsigned ncpu = 1; ncpu <= 70; ncpu++)
		send_to_each_and_to_sets(false, ncpu);
	send_to_each_and_to_sets(false, 512);
	send_to_each_and_to_sets(false, XCPU_NCPU_MAX);
}

static void
gic_v2_1_to_8_cpus(void **unused)
{
	(void)unused;
	for (unsigned ncpu = 1; ncpu <= V2_MAX; ncpu++)
		send_to_each_and_to_sets(true, ncpu);
}

static void
gic_sparse_affinities(void **unused)
{
	static const uint64_t ids[] = {
		ID(0xab, 0xcd, 0xef, 3), ID(0, 0, 0, 15), ID(0xab, 0xcd, 0xef, 0),
		ID(0xab, 0xcd, 0xee, 3), ID(0xaa, 0xcd, 0xef, 3),
		ID(0xab, 0xcc, 0xef, 3), ID(0xff, 0xff, 0xff, 15),
	};
	struct xcpu_cpuset set;
	uint64_t state = 1;

	(void)unused;
	mock_reset(false, sizeof(ids) / sizeof(ids[0]));
	/* MPIDR_EL1 has other bits too. */
	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++)
		mock.id[cpu] = ids[cpu] | MPIDR_RES1;
	setup_ids(false);
	for (unsigned i = 0; i < 200; i++) {
		set = random_set(&state);
		send_and_check(&set, SGI);
	}
}

static void
gic_range_selector(void **unused)
{
	struct xcpu_cpuset set;
	uint64_t state = 2;

	(void)unused;
	/* One Aff1 with 256 CPUs, as some machines have them. */
	mock_reset(false, 256);
	setup_ids(true);
	for (unsigned i = 0; i < 50; i++) {
		set = random_set(&state);
		xcpu_cpuset_add(&set, mock.self);
		send_and_check(&set, SGI);
		assert_int_equal(mock.sends, groups_of(&set));
	}
	xcpu_gic_init(&gic, NULL);
	assert_int_equal(xcpu_gic_add(&gic, 0, 15), 0);
	assert_int_equal(xcpu_gic_add(&gic, 1, 16), -XCPU_EINVAL);
}

/* ---- "all others" ---- */

static void
all_others_when_all_are_up(bool v2, unsigned ncpu)
{
	struct xcpu_cpuset set;

	setup(v2, ncpu);
	mock.self = ncpu - 1;
	set = others();
	send_and_check(&set, SGI);
	assert_int_equal(mock.others, 1);
	assert_int_equal(mock.sends, 1);
	xcpu_cpuset_del(&set, 0);
	send_and_check(&set, SGI);
	assert_int_equal(mock.others, 0);
	/* With itself in the set nothing reaches everybody. */
	xcpu_cpuset_fill(&set, ncpu);
	send_and_check(&set, SGI);
	assert_int_equal(mock.others, 0);
	gic.all_others = false;
	set = others();
	send_and_check(&set, SGI);
	assert_int_equal(mock.others, 0);
}

static void
gic_all_others(void **unused)
{
	(void)unused;
	all_others_when_all_are_up(true, V2_MAX);
	all_others_when_all_are_up(false, 8);
	all_others_when_all_are_up(false, 65);
	all_others_when_all_are_up(false, XCPU_NCPU_MAX);
}

/* Parked, or never started: it must not be interrupted by "all others". */
static void
gic_parked_cpus(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(false, 8);
	xcpu_gic_down(&gic, 5);
	set = others();
	xcpu_cpuset_del(&set, 5);
	send_and_check(&set, SGI);
	assert_int_equal(mock.others, 0);
	/* The host may send to it all the same. */
	set = others();
	send_and_check(&set, SGI);
	assert_int_equal(mock.others, 0);
	xcpu_gic_up(&gic, 5);
	send_and_check(&set, SGI);
	assert_int_equal(mock.others, 1);
	/* Who does not know who he is may be any of them. */
	mock_clear();
	assert_int_equal(xcpu_gic_send(&gic, XCPU_NCPU_MAX, &set, SGI), 0);
	assert_int_equal(mock.others, 0);
	assert_true(xcpu_cpuset_equal(&mock.got, &set));
}

/* ---- barriers, counts, refusals, hooks ---- */

static void
gic_barriers(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(false, 40);
	xcpu_cpuset_one(&set, 1);
	xcpu_cpuset_add(&set, 17);
	send_and_check(&set, SGI);
	mock_expect("dsb_ishst sgi1r sgi1r isb");
	set = others();
	send_and_check(&set, SGI);
	mock_expect("dsb_ishst sgi1r isb");
	setup(true, 4);
	xcpu_cpuset_one(&set, 1);
	send_and_check(&set, SGI);
	mock_expect("dsb_ishst write32 isb");
}

static void
gic_refusals(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(false, 4);
	assert_int_equal(xcpu_gic_add(&gic, 3, 9), -XCPU_EINVAL);
	assert_int_equal(xcpu_gic_add(&gic, 4, 2 | MPIDR_RES1), -XCPU_EINVAL);
	assert_int_equal(xcpu_gic_add(&gic, XCPU_NCPU_MAX, 9), -XCPU_EINVAL);
	xcpu_cpuset_fill(&set, 5);
	mock_clear();
	assert_int_equal(xcpu_gic_send(&gic, 0, &set, SGI), -XCPU_EINVAL);
	xcpu_cpuset_fill(&set, 4);
	assert_int_equal(xcpu_gic_send(&gic, 0, &set, 16), -XCPU_EINVAL);
	assert_int_equal(mock.sends, 0);
	xcpu_gic_up(&gic, 4);
	xcpu_gic_down(&gic, XCPU_NCPU_MAX);
	set = others();
	send_and_check(&set, SGI);
	assert_int_equal(mock.others, 1);
	setup(true, V2_MAX);
	assert_int_equal(xcpu_gic_add(&gic, 8, 8), -XCPU_EINVAL);
}

static bool
drop_odd(unsigned cpu, uint32_t sgi)
{
	return cpu % 2 != 0 && sgi == SGI;
}

static void
gic_counts_and_losses(void **unused)
{
	static struct xcpu_gic_count count[8];
	struct xcpu_cpuset set, even;

	(void)unused;
	memset(count, 0, sizeof(count));
	setup(false, 8);
	gic.count = count;
	set = others();
	send_and_check(&set, SGI);
	send_and_check(&set, SGI_NMI);
	gic.drop = drop_odd;
	mock_clear();
	assert_int_equal(xcpu_gic_send(&gic, 0, &set, SGI), 0);
	xcpu_cpuset_zero(&even);
	for (unsigned cpu = 2; cpu < 8; cpu += 2)
		xcpu_cpuset_add(&even, cpu);
	assert_true(xcpu_cpuset_equal(&mock.got, &even));
	/* rlx: counts */
	assert_int_equal(xcpu_load_rlx(&gic.dropped.sgi[SGI]), 4);
	assert_int_equal(xcpu_load_rlx(&gic.dropped.sgi[SGI_NMI]), 0);
	assert_int_equal(xcpu_gic_sent(&gic, 0, SGI), 0);
	assert_int_equal(xcpu_gic_sent(&gic, 1, SGI), 1);
	assert_int_equal(xcpu_gic_sent(&gic, 2, SGI), 2);
	assert_int_equal(xcpu_gic_sent(&gic, 2, SGI_NMI), 1);
	assert_int_equal(xcpu_gic_sent(&gic, 8, SGI), 0);
	gic.count = NULL;
	assert_int_equal(xcpu_gic_sent(&gic, 2, SGI), 0);
}

static void
gic_kick_hooks(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(false, 4);
	xcpu_port_arm.gic = &gic;
	xcpu_port_arm.sgi = SGI;
	xcpu_port_arm.sgi_nmi = SGI_NMI;
	xcpu_cpuset_one(&set, 2);
	mock_clear();
	xcpu_port_kick(&set);
	assert_true(xcpu_cpuset_equal(&mock.got, &set));
	assert_int_equal(mock.sgi, SGI);
	mock_clear();
	xcpu_port_kick_nmi(&set);
	assert_true(xcpu_cpuset_equal(&mock.got, &set));
	assert_int_equal(mock.sgi, SGI_NMI);
	assert_int_equal(mock_faults(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(gic_v3_1_to_4096_cpus, "F-T2 F-B22 F-B23 BUG-19"),
		UNIT(gic_v2_1_to_8_cpus, "F-B23"),
		UNIT(gic_sparse_affinities, "F-B22"),
		UNIT(gic_range_selector, "F-B22 F-B23"),
		UNIT(gic_all_others, "F-B23"),
		UNIT(gic_parked_cpus, "F-B23"),
		UNIT(gic_barriers, "INV-E1 INV-E2 BUG-21"),
		UNIT(gic_refusals, "F-B26"),
		UNIT(gic_counts_and_losses, "F-B27"),
		UNIT(gic_kick_hooks, "F-T2"),
	};

	return cmocka_run_group_tests_name("gic", tests, NULL, NULL);
}
