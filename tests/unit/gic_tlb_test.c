/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gic_tlb_test.c: which instructions port/aarch64-gic makes of a flush, of a
 * change by break before make, and of new code; and in which order.
 */
#include "unit.h"

#include <string.h>

#include <xcpu/error.h>
#include <xcpu/port.h>

#define ASID	0x1234u
#define VA	UINT64_C(0x0000456789abc000)
#define KERNEL_VA UINT64_C(0xffff80456789a000)
#define PAGE	4096u
#define BLOCK	(512 * PAGE)
/* As the instruction takes them: bits 55 to 12, and the ASID on top. */
#define OPERAND	(UINT64_C(0x1234) << 48 | VA >> 12)
#define KERNEL_OPERAND (KERNEL_VA >> 12 & UINT64_C(0xfffffffffff))

static struct xcpu_space user, kernel = { .kernel = true };

static void
flush(bool remote, struct xcpu_space *space, uint64_t len, unsigned flags)
{
	struct xcpu_flush request = {
		.space = space, .start = space->kernel ? KERNEL_VA : VA,
		.len = len, .flags = flags, .stride_shift = 12
	};
	struct xcpu_cpuset todo;

	mock_clear();
	xcpu_cpuset_fill(&todo, 4);
	if (remote) {
		xcpu_arm_tlb_remote(&request, ASID, &todo);
		assert_true(xcpu_cpuset_empty(&todo));
	} else {
		xcpu_arm_tlb_flush(&request, ASID);
	}
}

static void
start(void)
{
	mock_reset(false, 4);
	memset(&xcpu_arm_tlb, 0, sizeof(xcpu_arm_tlb));
}

static void
tlb_here(void **unused)
{
	(void)unused;
	start();
	flush(false, &user, 2 * PAGE, 0);
	mock_expect("tlbi_vale1 tlbi_vale1 dsb_nsh isb");
	assert_int_equal(mock.log[0].operand, OPERAND);
	assert_int_equal(mock.log[1].operand, OPERAND + 1);
	flush(false, &user, PAGE, XCPU_FLUSH_TABLES);
	mock_expect("tlbi_vae1 dsb_nsh isb");
	flush(false, &user, 0, XCPU_FLUSH_FULL);
	mock_expect("tlbi_aside1 dsb_nsh isb");
	assert_int_equal(mock.log[0].operand, (uint64_t)ASID << 48);
	flush(false, &kernel, PAGE, 0);
	mock_expect("tlbi_vaale1 dsb_nsh isb");
	assert_int_equal(mock.log[0].operand, KERNEL_OPERAND);
	flush(false, &kernel, PAGE, XCPU_FLUSH_TABLES);
	mock_expect("tlbi_vaae1 dsb_nsh isb");
	flush(false, &kernel, 0, XCPU_FLUSH_FULL);
	mock_expect("tlbi_vmalle1 dsb_nsh isb");
}

/* Kills: a step of one page in a range of larger ones. */
static void
tlb_stride(void **unused)
{
	const struct xcpu_flush request = {
		.space = &user, .start = VA, .len = 2 * BLOCK, .stride_shift = 21
	};

	(void)unused;
	start();
	mock_clear();
	xcpu_arm_tlb_flush(&request, ASID);
	mock_expect("tlbi_vale1 tlbi_vale1 dsb_nsh isb");
	assert_int_equal(mock.log[1].operand, OPERAND + BLOCK / PAGE);
}

static void
tlb_everywhere(void **unused)
{
	(void)unused;
	start();
	flush(true, &user, 2 * PAGE, 0);
	mock_expect("tlbi_vale1is tlbi_vale1is dsb_ish isb");
	assert_int_equal(mock.log[0].operand, OPERAND);
	flush(true, &user, PAGE, XCPU_FLUSH_TABLES);
	mock_expect("tlbi_vae1is dsb_ish isb");
	flush(true, &user, 0, XCPU_FLUSH_FULL);
	mock_expect("tlbi_aside1is dsb_ish isb");
	flush(true, &kernel, PAGE, 0);
	mock_expect("tlbi_vaale1is dsb_ish isb");
	flush(true, &kernel, PAGE, XCPU_FLUSH_TABLES);
	mock_expect("tlbi_vaae1is dsb_ish isb");
	flush(true, &kernel, 0, XCPU_FLUSH_FULL);
	mock_expect("tlbi_vmalle1is dsb_ish isb");
}

static void
tlb_whole(void **unused)
{
	(void)unused;
	start();
	mock_clear();
	xcpu_arm_tlb_flush_asid(ASID);
	mock_expect("tlbi_aside1 dsb_nsh isb");
	mock_clear();
	xcpu_arm_tlb_flush_all();
	mock_expect("tlbi_vmalle1 dsb_nsh isb");
}

static void
tlb_errata(void **unused)
{
	struct xcpu_flush request = {
		.space = &user, .start = VA, .len = PAGE, .stride_shift = 12
	};
	struct xcpu_cpuset todo;

	(void)unused;
	start();
	xcpu_arm_tlb.repeat = true;
	flush(true, &user, PAGE, 0);
	mock_expect("tlbi_vale1is dsb_ish tlbi_vale1is dsb_ish isb");
	flush(false, &user, PAGE, 0);
	mock_expect("tlbi_vale1 dsb_nsh tlbi_vale1 dsb_nsh isb");
	/* Who cannot broadcast leaves all to do, and does nothing. */
	xcpu_arm_tlb.no_broadcast = true;
	mock_clear();
	xcpu_cpuset_fill(&todo, 4);
	xcpu_arm_tlb_remote(&request, ASID, &todo);
	assert_int_equal(xcpu_cpuset_count(&todo), 4);
	mock_expect("");
	/* Nobody to reach: nothing is sent over the interconnect. */
	xcpu_arm_tlb.no_broadcast = false;
	xcpu_cpuset_zero(&todo);
	xcpu_arm_tlb_remote(&request, ASID, &todo);
	mock_expect("");
}

/* ---- break before make ---- */

static uint64_t entry, at_shootdown;
static int shootdown_says;

int
xcpu_shootdown(struct xcpu_space *space, uint64_t start_va, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	assert_ptr_equal(space, &user);
	assert_int_equal(start_va, VA);
	assert_int_equal(len, BLOCK);
	assert_int_equal(opt->flags, XCPU_FLUSH_TABLES);
	assert_int_equal(opt->stride_shift, 0);
	at_shootdown = entry;
	return shootdown_says;
}

/* Kills: the new entry too early, or for one page of a block only. */
static void
break_before_make(void **unused)
{
	(void)unused;
	start();
	mock_clear();
	entry = 7;
	at_shootdown = 7;
	shootdown_says = 0;
	assert_int_equal(xcpu_arm_replace(&user, VA, BLOCK, &entry, 9), 0);
	assert_int_equal(at_shootdown, 0);
	assert_int_equal(entry, 9);
	mock_expect("dsb_ishst isb");
	/* Nobody knows who still holds the old one: the new one must wait. */
	shootdown_says = -XCPU_EDEADLK;
	assert_int_equal(xcpu_arm_replace(&user, VA, BLOCK, &entry, 11),
	    -XCPU_EDEADLK);
	assert_int_equal(entry, 0);
}

/* ---- code ---- */

#define CTR_LINES	UINT64_C(0x00040003)	/* 64 bytes of data, 32 of code */
#define CTR_IDC		UINT64_C(0x10000000)
#define CTR_DIC		UINT64_C(0x20000000)

static void
code_written(void **unused)
{
	const char *code = (const char *)0x10020;

	(void)unused;
	start();
	mock.ctr = CTR_LINES;
	mock_clear();
	xcpu_arm_code_written(code, 0x40);	/* from the midst of a line */
	mock_expect("dc_cvau dc_cvau dsb_ish ic_ivau ic_ivau dsb_ish");
	assert_int_equal(mock.log[0].operand, 0x10000);
	assert_int_equal(mock.log[1].operand, 0x10040);
	assert_int_equal(mock.log[3].operand, 0x10020);
	assert_int_equal(mock.log[4].operand, 0x10040);
	mock.ctr = CTR_LINES | CTR_IDC;
	mock_clear();
	xcpu_arm_code_written(code, 0x20);
	mock_expect("dsb_ish ic_ivau dsb_ish");
	mock.ctr = CTR_LINES | CTR_IDC | CTR_DIC;
	mock_clear();
	xcpu_arm_code_written(code, 0x20);
	mock_expect("dsb_ish dsb_ish");
	mock_clear();
	xcpu_arm_core_sync();
	mock_expect("isb");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(tlb_here, "F-B10 F-B11 INV-S2 BUG-29"),
		UNIT(tlb_stride, "F-B11"),
		UNIT(tlb_everywhere, "F-B10 F-B11 INV-S2 BUG-29"),
		UNIT(tlb_whole, "F-B10"),
		UNIT(tlb_errata, "F-B11 INV-S1 BUG-30"),
		UNIT(break_before_make, "F-B13"),
		UNIT(code_written, "F-B14"),
	};

	return cmocka_run_group_tests_name("gic_tlb", tests, NULL, NULL);
}
