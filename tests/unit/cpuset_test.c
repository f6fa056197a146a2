/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpuset_test.c: every function of cpuset.h against an array of bool.
 *
 * Built once for each number of CPUs at which a word or a bit could be missed.
 */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include <xcpu/cpuset.h>

#define NCPU	XCPU_NCPU_MAX
#define ROUNDS	40

/* A name says its number of CPUs: `cpuset_fill_63 # F-B22 BUG-64`. */
#define NAME_2(function, ncpu)	#function "_" #ncpu " # F-B22 BUG-64"
#define NAME(function, ncpu)	NAME_2(function, ncpu)
#define TEST(function)							\
	{ NAME(function, XCPU_NCPU_MAX), function, NULL, NULL, NULL }

struct model {
	bool has[NCPU];
};

/* The set holds what the model does, and no bit that is nobody's. */
static void
check_same(const struct xcpu_cpuset *set, const struct model *model)
{
	unsigned bits = 0, members = 0;

	for (unsigned cpu = 0; cpu < NCPU; cpu++) {
		assert_int_equal(xcpu_cpuset_has(set, cpu), model->has[cpu]);
		members += model->has[cpu];
	}
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		for (unsigned bit = 0; bit < 64; bit++)
			bits += (set->w[i] >> bit & 1) != 0;
	assert_int_equal(bits, members);
	assert_int_equal(xcpu_cpuset_count(set), members);
	assert_int_equal(xcpu_cpuset_empty(set), members == 0);
}

/* Members are one CPU in `rarity`; 0: none, 1: all. */
static void
make_random(struct xcpu_cpuset *set, struct model *model, uint64_t *state,
    unsigned rarity)
{
	xcpu_cpuset_zero(set);
	for (unsigned cpu = 0; cpu < NCPU; cpu++) {
		model->has[cpu] = rarity != 0 &&
		    unit_random(state) % rarity == 0;
		if (model->has[cpu])
			xcpu_cpuset_add(set, cpu);
	}
}

static unsigned
model_from(const struct model *model, unsigned cpu)
{
	while (cpu < NCPU && !model->has[cpu])
		cpu++;
	return cpu < NCPU ? cpu : NCPU;
}

static void
cpuset_zero_and_one(void **unused)
{
	struct xcpu_cpuset set;
	struct model model;

	(void)unused;
	for (unsigned cpu = 0; cpu < NCPU; cpu += NCPU > 300 ? 61 : 1) {
		memset(&set, 0xff, sizeof(set));
		memset(&model, 0, sizeof(model));
		xcpu_cpuset_zero(&set);
		check_same(&set, &model);
		memset(&set, 0xff, sizeof(set));
		model.has[cpu] = true;
		xcpu_cpuset_one(&set, cpu);
		check_same(&set, &model);
	}
}

static void
cpuset_add_and_del(void **unused)
{
	struct xcpu_cpuset set;
	struct model model;
	uint64_t state = 1;

	(void)unused;
	make_random(&set, &model, &state, 0);
	for (unsigned i = 0; i < 4 * ROUNDS; i++) {
		unsigned cpu = (unsigned)(unit_random(&state) % NCPU);

		model.has[cpu] = unit_random(&state) >> 62 != 0;
		if (model.has[cpu])
			xcpu_cpuset_add(&set, cpu);
		else
			xcpu_cpuset_del(&set, cpu);
		check_same(&set, &model);
	}
	for (unsigned cpu = 0; cpu < NCPU; cpu++)
		xcpu_cpuset_add(&set, cpu);
	assert_int_equal(xcpu_cpuset_count(&set), NCPU);
	for (unsigned cpu = 0; cpu < NCPU; cpu++)
		xcpu_cpuset_del(&set, cpu);
	assert_true(xcpu_cpuset_empty(&set));
}

static void
cpuset_fill(void **unused)
{
	struct xcpu_cpuset set;
	struct model model;

	(void)unused;
	memset(&model, 0, sizeof(model));
	for (unsigned ncpu = 0; ncpu <= NCPU; ncpu++) {
		if (ncpu > 0)
			model.has[ncpu - 1] = true;
		memset(&set, 0xff, sizeof(set));
		xcpu_cpuset_fill(&set, ncpu);
		if (NCPU <= 300 || ncpu % 61 == 0 || ncpu % 64 == 0)
			check_same(&set, &model);
	}
	for (unsigned over = 1; over < 70; over++) {
		xcpu_cpuset_fill(&set, NCPU + over);
		check_same(&set, &model);
	}
	xcpu_cpuset_fill(&set, UINT32_MAX);
	check_same(&set, &model);
}

static void
cpuset_or_and_andnot(void **unused)
{
	uint64_t state = 2;

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct xcpu_cpuset a, b, both, either, only;
		struct model in_a, in_b, m_both, m_either, m_only;

		make_random(&a, &in_a, &state, round % 4);
		make_random(&b, &in_b, &state, round / 4 % 4);
		both = either = only = a;
		for (unsigned cpu = 0; cpu < NCPU; cpu++) {
			m_both.has[cpu] = in_a.has[cpu] && in_b.has[cpu];
			m_either.has[cpu] = in_a.has[cpu] || in_b.has[cpu];
			m_only.has[cpu] = in_a.has[cpu] && !in_b.has[cpu];
		}
		xcpu_cpuset_and(&both, &b);
		xcpu_cpuset_or(&either, &b);
		xcpu_cpuset_andnot(&only, &b);
		check_same(&both, &m_both);
		check_same(&either, &m_either);
		check_same(&only, &m_only);
		check_same(&b, &in_b);
	}
}

static void
cpuset_equal(void **unused)
{
	struct xcpu_cpuset a, b;
	struct model model;
	uint64_t state = 3;

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned cpu = (unsigned)(unit_random(&state) % NCPU);

		make_random(&a, &model, &state, round % 4);
		b = a;
		assert_true(xcpu_cpuset_equal(&a, &b));
		if (model.has[cpu])
			xcpu_cpuset_del(&b, cpu);
		else
			xcpu_cpuset_add(&b, cpu);
		assert_false(xcpu_cpuset_equal(&a, &b));
		assert_false(xcpu_cpuset_equal(&b, &a));
	}
}

static void
cpuset_from(void **unused)
{
	struct xcpu_cpuset set;
	struct model model;
	uint64_t state = 4;

	(void)unused;
	for (unsigned round = 0; round < 8; round++) {
		make_random(&set, &model, &state, round * round);
		for (unsigned cpu = 0; cpu < NCPU + 130; cpu++)
			assert_int_equal(xcpu_cpuset_from(&set, cpu),
			    model_from(&model, cpu));
		assert_int_equal(xcpu_cpuset_from(&set, UINT32_MAX), NCPU);
	}
}

static void
cpuset_first_and_next(void **unused)
{
	uint64_t state = 5;

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct xcpu_cpuset set;
		struct model model;
		unsigned expected;

		make_random(&set, &model, &state, round % 8 * 10);
		expected = model_from(&model, 0);
		for (unsigned cpu = xcpu_cpuset_first(&set); cpu < NCPU;
		    cpu = xcpu_cpuset_next(&set, cpu)) {
			assert_int_equal(cpu, expected);
			expected = model_from(&model, cpu + 1);
		}
		assert_int_equal(expected, NCPU);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cpuset_zero_and_one),
		TEST(cpuset_add_and_del),
		TEST(cpuset_fill),
		TEST(cpuset_or_and_andnot),
		TEST(cpuset_equal),
		TEST(cpuset_from),
		TEST(cpuset_first_and_next),
	};

	return cmocka_run_group_tests_name("cpuset", tests, NULL, NULL);
}
