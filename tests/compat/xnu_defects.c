/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xnu_defects.c: what went wrong, or could, in the original: one test each.
 * Those of signals are in xnu_sync.c.
 */
#include <string.h>

#include "xnu_test.h"

static struct memory m;

static struct {
	uint32_t arrived;
	uint32_t stop;
	uint32_t taken;
	uint32_t wrong;
	uint64_t payload;
} shared;

static void
meet(uint32_t n)
{
	count(&shared.arrived);
	AWAIT(seen(&shared.arrived) >= n);
}

/* ---- X1: a CPU that has answered has flushed ---- */

/* Fill this CPU's TLB again and again; what it may read is what is mapped. */
static void
keep_reading(void *arg)
{
	uint64_t page = (uint64_t)(uintptr_t)arg;

	pmap_switch(&m.pmap);
	count(&shared.arrived);
	while (!seen(&shared.stop)) {	/* ends: CPU 0 says so */
		uint64_t value = peek(VA(page));

		if (value != page && value != FAULTED)
			count(&shared.wrong);
	}
}

/* Unmap a page, flush, and see at once whether CPU `cpu` has dropped it. */
static void
flush_and_look(uint64_t page, unsigned cpu)
{
	uint64_t before = mach_drop_stamp(cpu, VA(page));
	mach_frame frame = page_take(m.space, VA(page));

	pmap_flush_tlbs(&m.pmap, VA(page), VA(page + 1), 0, NULL);
	CHECK(mach_drop_stamp(cpu, VA(page)) != before);
	mach_frame_free(frame);
	page_new(m.space, VA(page), page);
}

static void
test_answered_flushed(void)
{
	memset(&shared, 0, sizeof(shared));
	memory_new(&m);
	page_new(m.space, VA(7), 7);
	compat_start(1, keep_reading, (void *)(uintptr_t)7);
	AWAIT(seen(&shared.arrived) == 1);
	for (struct stint s = { .least = 50 }; stint_on(&s);)
		flush_and_look(7, 1);
	say(&shared.stop, 1);
	compat_join(1);
	CHECK(seen(&shared.wrong) == 0);
	memory_free(&m);
}

/* Two who ask the same CPU: the second is not lost in the first. */
static void
flush_own_page(void *arg)
{
	uint64_t page = (uint64_t)(uintptr_t)arg;

	meet(3);
	while (!seen(&shared.stop))	/* ends: CPU 0 says so */
		flush_and_look(page, 1);
}

static void
test_two_initiators(void)
{
	memset(&shared, 0, sizeof(shared));
	memory_new(&m);
	page_new(m.space, VA(1), 1);
	page_new(m.space, VA(2), 2);
	compat_start(1, keep_reading, (void *)(uintptr_t)1);
	AWAIT(seen(&shared.arrived) == 1);
	compat_start(2, flush_own_page, (void *)(uintptr_t)2);
	meet(3);
	for (struct stint s = { .least = 50 }; stint_on(&s);)
		flush_and_look(1, 1);
	say(&shared.stop, 1);
	join_others();
	CHECK(seen(&shared.wrong) == 0);
	memory_free(&m);
}

/* ---- X2, X4: who comes while somebody looks who is there ---- */

static struct memory elsewhere;

/* Flushed was `from` before it was read, and `to` after. */
static bool
in_time(uint64_t value, uint64_t from)
{
	uint64_t to = __atomic_load_n(&shared.payload, __ATOMIC_ACQUIRE);

	return value >= from && value <= to + 1;
}

/* In and out; whenever it is in, page 3 is what is mapped. */
static void
come_and_go(void *arg)
{
	const bool aside = arg != NULL;

	if (aside)
		pmap_switch(&m.pmap);
	count(&shared.arrived);
	while (!seen(&shared.stop)) {	/* ends: CPU 0 says so */
		uint64_t from;

		if (aside)
			MARK_CPU_ACTIVE(cpu_number());
		else
			pmap_switch(&m.pmap);
		stay(A_LITTLE_NS);
		from = __atomic_load_n(&shared.payload, __ATOMIC_ACQUIRE);
		if (!in_time(peek(VA(3)), from))
			count(&shared.wrong);
		count(&shared.taken);
		if (aside)
			MARK_CPU_IDLE(cpu_number());
		else
			pmap_switch(&elsewhere.pmap);
		stay(A_LITTLE_NS);
	}
}

/*
 * The page is mapped to one frame after another, each with a higher number; once
 * a flush has returned, no lower one is ever read.
 */
static void
replace_while(void *aside)
{
	memset(&shared, 0, sizeof(shared));
	memory_new(&m);
	memory_new(&elsewhere);
	shared.payload = 1;
	page_new(m.space, VA(3), 1);
	compat_start(1, come_and_go, aside);
	AWAIT(seen(&shared.taken) > 0);
	for (struct stint s = { .least = 50 }; stint_on(&s);) {
		mach_frame old = mach_lookup(m.space, VA(3), NULL);

		page_new(m.space, VA(3), s.turn + 1);
		pmap_flush_tlbs(&m.pmap, VA(3), VA(4), 0, NULL);
		__atomic_store_n(&shared.payload, s.turn + 1,
		    __ATOMIC_RELEASE);
		mach_frame_free(old);
		/* Now in step with the other CPU, now not. */
		stay(s.turn * 5 % 8 * (A_LITTLE_NS / 3));
	}
	say(&shared.stop, 1);
	compat_join(1);
	CHECK(seen(&shared.wrong) == 0);
	memory_free(&m);
	memory_free(&elsewhere);
}

static void
test_switching_in(void)
{
	replace_while(NULL);
}

static void
test_waking_up(void)
{
	replace_while(&shared);
}

/* ---- X3: away, with a TLB full of what will change ---- */

static void
test_away(void)
{
	struct held_cpu away = { .cpu = 1 };
	struct mach_space *kernel = mach_space_kernel();

	memory_new(&m);
	page_new(m.space, VA(0), 1);
	page_new(kernel, KERNEL_VA(3), 2);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == 1 && peek_on(1, KERNEL_VA(3)) == 2);
	compat_start(1, stay_away, &away);
	AWAIT(seen(&away.masked));
	(void)page_take(m.space, VA(0));
	(void)page_take(kernel, KERNEL_VA(3));
	pmap_flush_tlbs(&m.pmap, VA(0), VA(1), 0, NULL);
	pmap_flush_tlbs(kernel_pmap, KERNEL_VA(3), KERNEL_VA(4), 0, NULL);
	let_go(&away);
	CHECK(peek_on(1, KERNEL_VA(3)) == FAULTED);
	switch_on(1, &m.pmap);
	CHECK(peek_on(1, VA(0)) == FAULTED);
	memory_free(&m);
}

/* ---- X5: two who flush, with interrupts off ---- */

static void
flush_masked(void *arg)
{
	uint64_t page = (uint64_t)(uintptr_t)arg;
	unsigned long state;

	pmap_switch(&m.pmap);
	meet(2);
	state = mach_mask();
	for (unsigned i = 0; i < 20; i++)
		pmap_flush_tlbs(&m.pmap, VA(page), VA(page + 1), 0, NULL);
	mach_unmask(state);
}

static void
test_both_flush(void)
{
	memory_new(&m);
	for (struct stint s = { .least = 5 }; stint_on(&s);) {
		memset(&shared, 0, sizeof(shared));
		compat_start(1, flush_masked, (void *)(uintptr_t)1);
		flush_masked((void *)(uintptr_t)2);
		compat_join(1);
	}
	memory_free(&m);
}

/* ---- X10: more CPUs than a word has bits ---- */

static void
count_run(void *counter)
{
	count(counter);
}

static void
test_above(void)
{
	uint32_t n = 0;
	int last = (int)host.ncpu - 1;

	memory_new(&m);
	page_new(m.space, VA(0), 1);
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++) {
		switch_on(cpu, &m.pmap);
		CHECK(peek_on(cpu, VA(0)) == 1);
	}
	(void)page_take(m.space, VA(0));
	pmap_flush_tlbs(&m.pmap, VA(0), VA(1), 0, NULL);
	for (unsigned cpu = 0; cpu < host.ncpu; cpu++)
		CHECK(peek_on(cpu, VA(0)) == FAULTED);
	memory_free(&m);
	CHECK(mp_cpus_call(cpu_to_cpumask((cpu_t)last) | cpu_to_cpumask(1),
	    ASYNC, count_run, &n) == 2);
	CHECK(mp_cpus_call(~(cpumask_t)0xffffffff, SYNC, count_run, &n) ==
	    host.ncpu - 32);
	CHECK(mp_cpus_call(CPUMASK_ALL, ASYNC, count_run, &n) == host.ncpu);
	CHECK(seen(&n) == 2 + host.ncpu - 32 + host.ncpu);
	clear_signals();
	i386_signal_cpu(last, MP_AST, SYNC);
	CHECK(seen(&seen_signals.runs[MP_AST][last]) == 1);
}

const struct compat_test xnu_defects[] = {
	{ "who has answered has flushed", "X1 INV-S2", 2,
	    test_answered_flushed },
	{ "a second request is not lost in the first", "X1 INV-S10", 3,
	    test_two_initiators },
	{ "a CPU that switches in meanwhile", "X2 INV-S3 INV-S4 BUG-86", 2,
	    test_switching_in },
	{ "a CPU that was away comes back with an empty TLB",
	    "X3 INV-S13", 2, test_away },
	{ "a CPU that wakes up meanwhile", "X4 INV-S4", 2, test_waking_up },
	{ "two who flush with interrupts off", "X5 INV-C7 BUG-32", 2,
	    test_both_flush },
	{ "SYNC ends in a flood of the same", "X6 INV-E3", 2,
	    test_sync_in_flood },
	{ "SYNC waits for its own", "X6 INV-C2", 2, test_sync_is_ours },
	{ "two SYNC with interrupts off, and one to itself", "X7 INV-C7", 2,
	    test_both_signal },
	{ "a wait is measured in time", "X7", 2, test_time_is_time },
	{ "SYNC to nobody is said, and nothing is left", "X8 INV-C8", 2,
	    test_nobody_there },
	{ "SYNC to a CPU that comes and goes", "X8 INV-C8", 2,
	    test_coming_and_going },
	{ "a flush, a call and a signal above CPU 31", "X10 INV-C1", 40,
	    test_above },
	{ "signals to a busy CPU are one interrupt", "X10 INV-E4", 2,
	    test_no_storm },
	{ "what was written before the signal", "X11 INV-E2", 2, test_payload },
	{ NULL, NULL, 0, NULL }
};
