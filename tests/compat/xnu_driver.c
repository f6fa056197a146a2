/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xnu_driver.c: parts of a kernel as their author would have written them for
 * XNU on x86_64: a pager, a scheduler's idle loop and nudges, a clock that is
 * set on all CPUs at once, and memory types.
 *
 * It is never changed together with what it is compiled against.
 */
#include <mach/boolean.h>
#include <mach/vm_types.h>
#include <kern/cpu_number.h>
#include <i386/lapic.h>
#include <i386/mp.h>
#include <i386/pmap.h>

#include "xnu_driver.h"

/* ---- the pager ---- */

/* Unmap a range at once, and give its frames back. */
void
swap_out(pmap_t pmap, vm_map_offset_t start, vm_map_offset_t end)
{
	uint64_t frames[SWAP_MAXPAGES];
	vm_map_offset_t va;
	int i, n = 0;

	for (va = start; va < end; va += PAGE_SIZE)
		frames[n++] = pte_clear(pmap, va);
	pmap_flush_tlbs(pmap, start, end, 0, NULL);
	for (i = 0; i < n; i++)
		frame_free(frames[i]);
}

/* Pages here and there: one flush for all of them. */
void
swap_out_scattered(pmap_t pmap, const vm_map_offset_t *pages, int n)
{
	uint64_t frames[SWAP_MAXPAGES];
	pmap_flush_context pfc;
	int i;

	pmap_flush_context_init(&pfc);
	for (i = 0; i < n; i++) {
		frames[i] = pte_clear(pmap, pages[i]);
		pmap_flush_tlbs(pmap, pages[i], pages[i] + PAGE_SIZE,
		    PMAP_DELAY_TLB_FLUSH, &pfc);
	}
	pmap_flush(&pfc);
	for (i = 0; i < n; i++)
		frame_free(frames[i]);
}

/* ---- the scheduler ---- */

static int ast_count[SWAP_MAXCPUS];
static int asked_count[SWAP_MAXCPUS];

void
sched_run(pmap_t pmap)
{
	pmap_switch(pmap);
}

void
sched_idle(void)
{
	MARK_CPU_IDLE(cpu_number());
	cpu_halt();
	MARK_CPU_ACTIVE(cpu_number());
}

void
sched_ast(void)
{
	__sync_fetch_and_add(&ast_count[cpu_number()], 1);
}

void
sched_nudge(int cpu, boolean_t wait)
{
	i386_signal_cpu(cpu, MP_AST, wait ? SYNC : ASYNC);
}

void
sched_nudge_all(void)
{
	i386_signal_cpus(MP_AST, SYNC);
}

int
sched_asts(int cpu)
{
	return __sync_fetch_and_add(&ast_count[cpu], 0);
}

/* By hand: the inter-processor vector if there is no other. */
void
sched_kick(int cpu, int vector)
{
	if (vector != 0)
		lapic_send_ipi(cpu, vector);
	else
		i386_cpu_IPI(cpu);
}

static void
count_me(void *arg)
{
	__sync_fetch_and_add((unsigned int *)arg, 1);
}

unsigned int
sched_count_cpus(boolean_t in_turn)
{
	unsigned int count = 0;
	cpu_t ran;

	ran = mp_cpus_call(CPUMASK_ALL, in_turn ? SYNC : ASYNC, count_me,
	    &count);
	return ran == count ? count : 0;
}

static void
ask_me(void *counts, void *add)
{
	__sync_fetch_and_add(&((int *)counts)[cpu_number()], *(int *)add);
}

static int ask_add;

/* Nobody waits for it. */
unsigned int
sched_ask_others(int add)
{
	cpumask_t called, not_called;
	cpu_t n;

	ask_add = add;
	n = mp_cpus_call1(CPUMASK_OTHERS, NOSYNC, ask_me, asked_count,
	    &ask_add, &called, &not_called);
	return (called & CPUMASK_SELF) == 0 ? n : 0;
}

int
sched_asked(int cpu)
{
	return __sync_fetch_and_add(&asked_count[cpu], 0);
}

/* ---- all at once ---- */

static struct {
	unsigned int prepared, set, done;
	int early;
} sync_clock;

static void
clock_prepare(void *arg)
{
	(void)arg;
	__sync_fetch_and_add(&sync_clock.prepared, 1);
}

static void
clock_set(void *arg)
{
	if (__sync_fetch_and_add(&sync_clock.prepared, 0) !=
	    *(unsigned int *)arg)
		sync_clock.early = 1;
	__sync_fetch_and_add(&sync_clock.set, 1);
}

static void
clock_done(void *arg)
{
	if (__sync_fetch_and_add(&sync_clock.set, 0) != *(unsigned int *)arg)
		sync_clock.early = 1;
	__sync_fetch_and_add(&sync_clock.done, 1);
}

/* How many set it; -1: somebody was early. */
int
clock_sync(void)
{
	unsigned int ncpus = (unsigned int)i386_active_cpus();

	sync_clock.prepared = sync_clock.set = sync_clock.done = 0;
	sync_clock.early = 0;
	mp_rendezvous(clock_prepare, clock_set, clock_done, &ncpus);
	return sync_clock.early ? -1 : (int)sync_clock.done;
}

static volatile uint64_t mtrr[SWAP_MAXCPUS];

static void
mtrr_load(void *arg)
{
	mtrr[cpu_number()] = *(uint64_t *)arg;
}

void
mtrr_update(uint64_t value)
{
	mp_rendezvous_no_intrs(mtrr_load, &value);
	mp_broadcast(mtrr_load, &value);
}

int
mtrr_on(uint64_t value)
{
	int cpu, n = 0;

	for (cpu = 0; cpu < SWAP_MAXCPUS; cpu++)
		n += mtrr[cpu] == value;
	return n;
}
