/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbi_test.c: whom port/riscv64-sbi interrupts and makes fence, and by how many
 * calls of the firmware, with hart ids of any kind; and the SSWI device.
 */
#include "unit.h"

#include <string.h>

#include <xcpu/error.h>
#include <xcpu/port.h>

static struct xcpu_harts harts;
static struct xcpu_sswi sswi;

static void
setup_ids(void)
{
	xcpu_harts_init(&harts);
	memset(&sswi, 0, sizeof(sswi));
	for (unsigned cpu = mock.ncpu; cpu-- > 0;) {	/* any order will do */
		assert_int_equal(xcpu_harts_add(&harts, cpu, mock.hart[cpu]), 0);
		assert_int_equal(xcpu_sswi_add(&sswi, cpu, mock_setssip(cpu)),
		    0);
	}
	xcpu_port_riscv = (struct xcpu_port_riscv){ .harts = &harts };
	mock_clear();
}

static void
setup(unsigned ncpu)
{
	mock_reset(ncpu);
	setup_ids();
}

/* Hart ids without order, far apart and in clumps; none twice. */
static void
setup_random(unsigned ncpu, uint64_t *state)
{
	mock_reset(ncpu);
	for (unsigned cpu = 0; cpu < ncpu; cpu++) {
		uint64_t clump = unit_random(state) % 8 << 60;

		mock.hart[cpu] = clump + unit_random(state) % 200 * ncpu + cpu;
	}
	setup_ids();
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
windows_of(const struct xcpu_cpuset *set)
{
	unsigned count = 0;

	for (unsigned cpu = 0; cpu < mock.ncpu; cpu++) {
		bool first = xcpu_cpuset_has(set, cpu);

		for (unsigned before = 0; before < cpu && first; before++)
			first = !xcpu_cpuset_has(set, before) ||
			    mock.hart[before] / 64 != mock.hart[cpu] / 64;
		count += first;
	}
	return count;
}

static void
kick_and_check(const struct xcpu_cpuset *set)
{
	mock_clear();
	assert_int_equal(xcpu_sbi_kick(&harts, set), 0);
	assert_true(xcpu_cpuset_equal(&mock.kicked, set));
	assert_int_equal(mock.calls, windows_of(set));
	assert_int_equal(mock_faults(), 0);
}

/* ---- kicks by the firmware ---- */

/* Kills: the wrong bit, the wrong base, a window asked twice. */
static void
kick_one_window(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(64);
	for (unsigned cpu = 0; cpu < 64; cpu++) {
		xcpu_cpuset_one(&set, cpu);
		kick_and_check(&set);
	}
	xcpu_cpuset_fill(&set, 64);
	kick_and_check(&set);
	assert_int_equal(mock.calls, 1);
	xcpu_cpuset_zero(&set);
	kick_and_check(&set);
}

/* Kills: CPU numbers taken for hart ids; rings that lose a CPU. */
static void
kick_any_harts(void **unused)
{
	uint64_t state = 1;

	(void)unused;
	for (unsigned round = 0; round < 200; round++) {
		struct xcpu_cpuset set;

		setup_random(1 + (unsigned)(unit_random(&state) % 300), &state);
		set = random_set(&state);
		kick_and_check(&set);
		xcpu_cpuset_fill(&set, mock.ncpu);
		kick_and_check(&set);
	}
}

static void
kick_unknown(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(4);
	xcpu_cpuset_fill(&set, 5);
	assert_int_equal(xcpu_sbi_kick(&harts, &set), -XCPU_EINVAL);
	assert_int_equal(mock.calls, 0);
}

/* Kills: a refusal that ends the round, or is not told. */
static void
kick_refused(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(192);
	mock.refused = 64;
	xcpu_cpuset_fill(&set, 192);
	assert_int_equal(xcpu_sbi_kick(&harts, &set), -XCPU_ENXIO);
	assert_int_equal(mock.calls, 3);
	assert_int_equal(xcpu_cpuset_count(&mock.kicked), 128);
	assert_false(xcpu_cpuset_has(&mock.kicked, 64));
}

static void
harts_refused(void **unused)
{
	(void)unused;
	setup(2);
	assert_int_equal(xcpu_harts_add(&harts, 1, 7), -XCPU_EINVAL);
	assert_int_equal(xcpu_harts_add(&harts, 2, 1), -XCPU_EINVAL);
	assert_int_equal(xcpu_harts_add(&harts, 2, UINT64_MAX), -XCPU_EINVAL);
	assert_int_equal(xcpu_harts_add(&harts, XCPU_NCPU_MAX, 9),
	    -XCPU_EINVAL);
	assert_int_equal(xcpu_harts_add(&harts, 2, UINT64_MAX - 1), 0);
}

static void
extensions(void **unused)
{
	(void)unused;
	setup(1);
	mock.extension = XCPU_SBI_EXT_IPI;
	assert_true(xcpu_sbi_has(XCPU_SBI_EXT_IPI));
	assert_false(xcpu_sbi_has(XCPU_SBI_EXT_RFENCE));
}

/* ---- kicks by the device ---- */

/* Kills: registers taken to be in the order of CPUs; no fence before. */
static void
sswi_kick(void **unused)
{
	struct xcpu_cpuset set;
	uint64_t state = 7;

	(void)unused;
	setup(100);
	for (unsigned round = 0; round < 50; round++) {
		set = random_set(&state);
		mock_clear();
		assert_int_equal(xcpu_sswi_kick(&sswi, &set), 0);
		assert_true(xcpu_cpuset_equal(&mock.kicked, &set));
		assert_int_equal(mock_faults() + mock.calls, 0);
	}
}

static void
sswi_unknown(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(4);
	xcpu_cpuset_fill(&set, 5);
	assert_int_equal(xcpu_sswi_kick(&sswi, &set), -XCPU_EINVAL);
	assert_true(xcpu_cpuset_empty(&mock.kicked));
	assert_int_equal(xcpu_sswi_add(&sswi, 3, mock_setssip(3)),
	    -XCPU_EINVAL);
	assert_int_equal(xcpu_sswi_add(&sswi, XCPU_NCPU_MAX, mock_setssip(0)),
	    -XCPU_EINVAL);
}

/* ---- the hooks ---- */

static bool
drop_odd(unsigned cpu, uint32_t what)
{
	(void)what;
	return cpu % 2 != 0;
}

/* Kills: a count after the send, a count of what was lost. */
static void
hooks_count(void **unused)
{
	static struct xcpu_au64 kicks[XCPU_NCPU_MAX];
	struct xcpu_cpuset set;

	(void)unused;
	setup(8);
	memset(kicks, 0, sizeof(kicks));
	harts.kicks = kicks;
	harts.drop = drop_odd;
	xcpu_cpuset_fill(&set, 8);
	xcpu_port_kick(&set);
	xcpu_port_kick_nmi(&set);
	for (unsigned cpu = 0; cpu < 8; cpu++) {
		assert_int_equal(xcpu_cpuset_has(&mock.kicked, cpu),
		    cpu % 2 == 0);
		assert_int_equal(xcpu_harts_kicks(&harts, cpu),
		    cpu % 2 == 0 ? 2 : 0);
	}
	assert_int_equal(xcpu_load_rlx(&harts.dropped), 8);
	assert_int_equal(xcpu_harts_kicks(&harts, 8), 0);
}

static void
hooks_choose(void **unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	setup(8);
	xcpu_cpuset_fill(&set, 8);
	xcpu_port_kick(&set);
	assert_int_equal(mock.calls, 1);
	mock_clear();
	xcpu_port_riscv.sswi = &sswi;
	xcpu_port_kick(&set);
	assert_int_equal(mock.calls, 0);
	assert_true(xcpu_cpuset_equal(&mock.kicked, &set));
	xcpu_port_riscv.sswi = NULL;
	mock.refused = 0;
	xcpu_port_kick(&set);
	assert_int_equal(xcpu_load_rlx(&xcpu_port_riscv.refused), 1);
}

/* Kills: a state that is not the one before, or not restored. */
static void
hooks_mask(void **unused)
{
	unsigned long outer, inner;

	(void)unused;
	setup(1);
	mock.status = XCPU_RISCV_SSTATUS_SIE;
	outer = xcpu_port_irq_save();
	assert_false(xcpu_riscv_irq_on());
	inner = xcpu_port_irq_save();
	xcpu_port_irq_restore(inner);
	assert_false(xcpu_riscv_irq_on());
	xcpu_port_irq_restore(outer);
	assert_true(xcpu_riscv_irq_on());
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT(kick_one_window, "F-B23"),
		UNIT(kick_any_harts, "F-B22 F-B23"),
		UNIT(kick_unknown, "F-B26"),
		UNIT(kick_refused, "INV-E1"),
		UNIT(harts_refused, "F-B22 F-B26"),
		UNIT_PLAIN(extensions),
		UNIT(sswi_kick, "F-B23"),
		UNIT(sswi_unknown, "F-B26"),
		UNIT(hooks_count, "F-B27"),
		UNIT(hooks_choose, "F-B23"),
		UNIT_PLAIN(hooks_mask),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
