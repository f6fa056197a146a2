/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xnu_roots.c: the states of a CPU's root: whom a flush passes over, and what
 * ends its wait.
 */
#include <string.h>

#include <xcpu/space.h>

#include "xnu_test.h"

static struct memory m;

/* On a CPU, by an own step of its thread. */
static void
idle(void *unused)
{
	(void)unused;
	MARK_CPU_IDLE(cpu_number());
}

static void
wake(void *unused)
{
	(void)unused;
	MARK_CPU_ACTIVE(cpu_number());
}

static void
go_inactive(void *unused)
{
	(void)unused;
	CPU_CR3_MARK_INACTIVE();
}

static void
go_active(void *unused)
{
	(void)unused;
	CPU_CR3_MARK_ACTIVE();
}

static void
enter_kernel_root(void *unused)
{
	(void)unused;
	pmap_load_kernel_cr3();
}

static void
leave_kernel_root(void *unused)
{
	(void)unused;
	pmap_switch(&m.pmap);
}

/* ---- who is not asked ---- */

static void
pass_over(void (*aside)(void *), void (*back)(void *))
{
	struct xcpu_cpuset active;
	uint64_t before;

	memory_new(&m);
	page_new(m.space, VA(0), 1);
	page_new(m.space, VA(1), 2);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == 1 && peek_on(1, VA(1)) == 2);
	run_on(1, aside, NULL);
	/* Its tables may be freed: nobody walks them. */
	xcpu_space_active(m.pmap.pm_space, &active);
	CHECK(xcpu_cpuset_empty(&active));
	before = kicks();
	mach_frame_free(page_take(m.space, VA(0)));
	pmap_flush_tlbs(&m.pmap, VA(0), VA(1), 0, NULL);
	CHECK(kicks() == before);
	run_on(1, back, NULL);
	CHECK(peek_on(1, VA(0)) == FAULTED && peek_on(1, VA(1)) == 2);
	memory_free(&m);
}

void
test_idle(void)
{
	pass_over(idle, wake);
}

void
test_inactive(void)
{
	CHECK(CPU_CR3_IS_ACTIVE(1));
	run_on(1, go_inactive, NULL);
	CHECK(!CPU_CR3_IS_ACTIVE(1) && CPU_CR3_IS_ACTIVE(0));
	run_on(1, go_active, NULL);
	CHECK(CPU_CR3_IS_ACTIVE(1) && !CPU_CR3_IS_ACTIVE((int)host.ncpu));
	pass_over(go_inactive, go_active);
}

void
test_kernel_root(void)
{
	pass_over(enter_kernel_root, leave_kernel_root);
}

/* ---- user code, and the kernel's pages ---- */

/* It stands masked, so that nobody could be told there, and nobody need be. */
static void
run_user_code(void *arg)
{
	struct held_cpu *held = arg;
	unsigned long state;

	CHECK(peek(KERNEL_VA(20)) == 1);
	state = mach_mask();
	PMAP_DEACTIVATE_KERNEL(cpu_number());
	say(&held->masked, 1);
	AWAIT(seen(&held->release));
	PMAP_ACTIVATE_KERNEL(cpu_number());
	CHECK(peek(KERNEL_VA(20)) == FAULTED);
	mach_unmask(state);
}

void
test_user_code(void)
{
	struct held_cpu held = { .cpu = 1 };
	struct mach_space *kernel = mach_space_kernel();
	pmap_flush_context pfc;
	uint64_t before;

	page_new(kernel, KERNEL_VA(20), 1);
	page_new(kernel, KERNEL_VA(21), 2);
	compat_start(1, run_user_code, &held);
	AWAIT(seen(&held.masked));
	before = kicks();
	mach_frame_free(page_take(kernel, KERNEL_VA(20)));
	pmap_flush_tlbs(kernel_pmap, KERNEL_VA(20), KERNEL_VA(21), 0, NULL);
	pmap_flush_context_init(&pfc);
	(void)page_take(kernel, KERNEL_VA(21));
	pmap_flush_tlbs(kernel_pmap, KERNEL_VA(21), KERNEL_VA(22), 0, &pfc);
	pmap_flush(&pfc);
	/* Each of the others, twice. */
	CHECK(kicks() == before + 2 * (host.ncpu - 2));
	let_go(&held);
	/* Inside it is asked again. */
	page_new(kernel, KERNEL_VA(20), 3);
	CHECK(peek_on(1, KERNEL_VA(20)) == 3);
	(void)page_take(kernel, KERNEL_VA(20));
	pmap_flush_tlbs(kernel_pmap, KERNEL_VA(20), KERNEL_VA(21), 0, NULL);
	CHECK(peek_on(1, KERNEL_VA(20)) == FAULTED);
}

/* ---- the end of the wait ---- */

static struct {
	uint64_t kicks;		/* before the flush */
	uint32_t masked;	/* CPU 1 stands masked, and has the root */
	uint32_t returned;	/* the flush has */
	uint32_t over;		/* what CPU 1 did about it is done */
	void (*how)(void *);
} awaited;

static void
end_the_wait(void *unused)
{
	unsigned long state;

	(void)unused;
	pmap_switch(&m.pmap);
	CHECK(peek(VA(0)) == 1);
	state = mach_mask();
	say(&awaited.masked, 1);
	AWAIT(kicks() > awaited.kicks);
	linger();
	CHECK(!seen(&awaited.returned));
	awaited.how(NULL);
	/* Still masked: no interrupt did it. */
	AWAIT(seen(&awaited.returned));
	say(&awaited.over, 1);
	mach_unmask(state);
}

static void
wait_for_the_end(void (*how)(void *))
{
	memset(&awaited, 0, sizeof(awaited));
	awaited.how = how;
	memory_new(&m);
	page_new(m.space, VA(0), 1);
	awaited.kicks = kicks();
	compat_start(1, end_the_wait, NULL);
	AWAIT(seen(&awaited.masked));
	(void)page_take(m.space, VA(0));
	pmap_flush_tlbs(&m.pmap, VA(0), VA(1), 0, NULL);
	say(&awaited.returned, 1);
	compat_join(1);
	CHECK(seen(&awaited.over));
}

static void
update(void *unused)
{
	(void)unused;
	pmap_update_interrupt();
}

void
test_ends_flushed(void)
{
	wait_for_the_end(update);
	CHECK(peek_on(1, VA(0)) == FAULTED);
	memory_free(&m);
}

void
test_ends_inactive(void)
{
	wait_for_the_end(idle);
	run_on(1, wake, NULL);
	CHECK(peek_on(1, VA(0)) == FAULTED);
	memory_free(&m);
	wait_for_the_end(enter_kernel_root);
	memory_free(&m);
}

static void
stop_running(void *unused)
{
	(void)unused;
	CHECK(xcpu_cpu_offline() == 0);
}

static void
run_again(void *unused)
{
	unsigned long state = mach_mask();

	(void)unused;
	CHECK(xcpu_cpu_online(mach_cpu_block(1)) == 0);
	mach_unmask(state);
}

void
test_ends_stopped(void)
{
	wait_for_the_end(stop_running);
	run_on(1, run_again, NULL);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == FAULTED);
	memory_free(&m);
}

/* ---- the bound ---- */

static enum xcpu_stall_policy
send_nmi(const struct xcpu_stall *report, void *arg)
{
	CHECK(xcpu_cpuset_has(&report->missing, 1));
	count(arg);
	return XCPU_STALL_NMI;
}

/* A CPU that stays masked is flushed all the same. */
void
test_ends_by_nmi(void)
{
	struct held_cpu held;
	uint32_t asked = 0;

	memory_new(&m);
	page_new(m.space, VA(0), 1);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == 1);
	hold(&held, 1);
	host.judge_arg = &asked;
	host.judge = send_nmi;
	(void)page_take(m.space, VA(0));
	pmap_flush_tlbs(&m.pmap, VA(0), VA(1), 0, NULL);
	host.judge = NULL;
	CHECK(seen(&asked) >= 1);
	let_go(&held);
	CHECK(peek_on(1, VA(0)) == FAULTED);
	memory_free(&m);
}
