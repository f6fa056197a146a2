/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbi_tlb_test.c: by which instructions port/riscv64-sbi forgets translations
 * here, and what it asks of the firmware for other harts.
 */
#include "unit.h"

#include <xcpu/port.h>

#define START	UINT64_C(0x40000000)
#define PAGE	UINT64_C(4096)

static struct xcpu_harts harts;
static struct xcpu_space user, kernel = { .kernel = true };

static struct xcpu_flush
flush_of(struct xcpu_space *space, uint64_t npages, unsigned flags)
{
	return (struct xcpu_flush){ .space = space, .start = START,
		.len = npages * PAGE, .stride_shift = 12, .flags = flags };
}

static void
setup(unsigned ncpu, bool svinval)
{
	mock_reset(ncpu);
	xcpu_harts_init(&harts);
	for (unsigned cpu = 0; cpu < ncpu; cpu++)
		assert_int_equal(xcpu_harts_add(&harts, cpu, mock.hart[cpu]), 0);
	xcpu_port_riscv = (struct xcpu_port_riscv){ .harts = &harts,
		.svinval = svinval };
	mock_clear();
}

static void
check_here(const struct xcpu_flush *request, uint64_t asid, const char *names)
{
	mock_clear();
	xcpu_riscv_tlb_flush(request, asid);
	mock_expect(names);
	assert_int_equal(mock.calls, 0);
}

/* ---- here ---- */

/* Kills: an ASID for what is global, none for what is not. */
static void
here_pages(void **unused)
{
	struct xcpu_flush request = flush_of(&user, 2, 0);

	(void)unused;
	setup(1, false);
	check_here(&request, 5, "page_asid page_asid");
	assert_int_equal(mock.log[0].va, START);
	assert_int_equal(mock.log[1].va, START + PAGE);
	assert_int_equal(mock.log[1].asid, 5);
	check_here(&request, XCPU_RISCV_NO_ASID, "page page");
	request.space = &kernel;
	check_here(&request, 5, "page page");
}

static void
here_stride(void **unused)
{
	struct xcpu_flush request = flush_of(&user, 1024, 0);

	(void)unused;
	setup(1, false);
	request.stride_shift = 21;
	check_here(&request, 5, "page_asid page_asid");
	assert_int_equal(mock.log[1].va, START + 512 * PAGE);
}

static void
here_full(void **unused)
{
	struct xcpu_flush request = flush_of(&user, 0, XCPU_FLUSH_FULL);

	(void)unused;
	setup(1, false);
	check_here(&request, 5, "asid");
	assert_int_equal(mock.log[0].asid, 5);
	check_here(&request, XCPU_RISCV_NO_ASID, "all");
	request.space = &kernel;
	check_here(&request, 5, "all");
}

/* Kills: freed tables flushed by address, which reaches leaf entries alone. */
static void
here_tables(void **unused)
{
	struct xcpu_flush request = flush_of(&user, 1, XCPU_FLUSH_TABLES);

	(void)unused;
	setup(1, true);
	check_here(&request, 5, "asid");
	request.space = &kernel;
	check_here(&request, 5, "all");
}

/* Kills: an order that comes before, or never. */
static void
here_svinval(void **unused)
{
	struct xcpu_flush request = flush_of(&user, 3, 0);

	(void)unused;
	setup(1, true);
	check_here(&request, 5,
	    "w_inval sinval_asid sinval_asid sinval_asid inval_ir");
	assert_int_equal(mock.log[3].va, START + 2 * PAGE);
	assert_int_equal(mock.log[3].asid, 5);
	request.space = &kernel;
	check_here(&request, 5, "w_inval sinval sinval sinval inval_ir");
	request = flush_of(&user, 1, 0);
	check_here(&request, 5, "page_asid");
}

/* ---- by the firmware ---- */

static void
check_remote(const struct xcpu_flush *request, uint64_t asid, uint64_t len,
    uint64_t asked)
{
	struct xcpu_cpuset todo, all;

	xcpu_cpuset_fill(&all, mock.ncpu);
	todo = all;
	mock_clear();
	xcpu_riscv_tlb_remote(request, asid, &todo);
	assert_true(xcpu_cpuset_empty(&todo));
	assert_true(xcpu_cpuset_equal(&mock.fenced, &all));
	assert_int_equal(mock_faults(), 0);
	assert_int_equal(mock.start, len == UINT64_MAX ? 0 : START);
	assert_true(mock.len == len);
	assert_true(mock.asid == asked);
}

/* Kills: a range or an ASID that is not what here_...() would fence. */
static void
remote_ranges(void **unused)
{
	struct xcpu_flush request = flush_of(&user, 2, 0);

	(void)unused;
	setup(130, false);
	check_remote(&request, 5, 2 * PAGE, 5);
	assert_int_equal(mock.calls, 3);
	check_remote(&request, XCPU_RISCV_NO_ASID, 2 * PAGE, MOCK_NONE);
	request.flags = XCPU_FLUSH_TABLES;
	check_remote(&request, 5, UINT64_MAX, 5);
	request = flush_of(&user, 0, XCPU_FLUSH_FULL);
	check_remote(&request, 5, UINT64_MAX, 5);
	request = flush_of(&kernel, 1, 0);
	check_remote(&request, 5, PAGE, MOCK_NONE);
	request.flags = XCPU_FLUSH_FULL;
	check_remote(&request, 5, UINT64_MAX, MOCK_NONE);
}

/* Kills: CPUs taken for fenced that were not: a stale translation. */
static void
remote_refused(void **unused)
{
	const struct xcpu_flush request = flush_of(&user, 1, 0);
	struct xcpu_cpuset todo;

	(void)unused;
	setup(130, false);
	mock.refused = 64;
	xcpu_cpuset_fill(&todo, 131);		/* 130 was not added */
	xcpu_riscv_tlb_remote(&request, 5, &todo);
	assert_int_equal(xcpu_cpuset_count(&todo), 65);
	for (unsigned cpu = 0; cpu < 131; cpu++)
		assert_int_equal(xcpu_cpuset_has(&todo, cpu),
		    (cpu >= 64 && cpu < 128) || cpu == 130);
	assert_int_equal(mock_faults(), 0);
}

static void
published(void **unused)
{
	(void)unused;
	setup(1, false);
	xcpu_port_pte_publish();
	mock_expect("fence_pte");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT(here_pages, "F-B11"),
		UNIT(here_stride, "F-B11"),
		UNIT(here_full, "F-B11"),
		UNIT(here_tables, "F-B5 INV-S5"),
		UNIT(here_svinval, "F-B11"),
		UNIT(remote_ranges, "F-B11 F-B23"),
		UNIT(remote_refused, "F-B11 INV-S1"),
		UNIT(published, "INV-S1"),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
