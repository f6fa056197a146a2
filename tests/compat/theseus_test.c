/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * theseus_test.c: each behaviour of tlb_shootdown, one test.
 */
#include "theseus_test.h"

/* ---- init() ---- */

static void (*registered)(uintptr_t start, size_t npages);
static bool (*installed)(void);

static void
take_broadcast(void (*broadcast)(uintptr_t start, size_t npages))
{
	registered = broadcast;
}

static void
take_handler(bool (*handler)(void))
{
	installed = handler;
}

/* Once more, with the hooks of a kernel in C. */
static void
test_init(void)
{
	set_broadcast_tlb_shootdown_cb = take_broadcast;
	setup_tlb_shootdown_ipi_handler = take_handler;
	tlb_shootdown_init();
	rest_others();
	CHECK(registered == broadcast_tlb_shootdown);
	CHECK(installed == handle_tlb_shootdown_ipi);
	set_broadcast_tlb_shootdown_cb = NULL;
	setup_tlb_shootdown_ipi_handler = NULL;
	tlb_shootdown_init();
}

/* ---- broadcast_tlb_shootdown() ---- */

static void
test_each_page(void)
{
	struct drops drops[4];

	for (unsigned n = 0; n < 4; n++)
		watch_drops(&drops[n], page(n));
	broadcast_tlb_shootdown(page(1), 2);
	CHECK(dropped_by_all(&drops[1]) && dropped_by_all(&drops[2]));
	for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
		CHECK(!dropped_by(&drops[0], cpu) && !dropped_by(&drops[3], cpu));
	/* From the page that the address is in. */
	watch_drops(&drops[0], page(0));
	watch_drops(&drops[1], page(1));
	broadcast_tlb_shootdown(page(0) + 8, 1);
	CHECK(dropped_by_all(&drops[0]) && !dropped_by(&drops[1], 0));
}

static void
test_no_pages(void)
{
	struct mach_counts before, after;
	struct drops drops;

	mach_counts(&before);
	watch_drops(&drops, page(0));
	broadcast_tlb_shootdown(page(0), 0);
	mach_counts(&after);
	CHECK(after.nmi_sent == before.nmi_sent);
	for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
		CHECK(!dropped_by(&drops, cpu));
}

static void
go_lazy(void *arg)
{
	struct held_cpu *held = arg;

	CHECK(xcpu_space_lazy_enter() == 0);
	say(&held->masked, 1);
	AWAIT(seen(&held->release));
	CHECK(xcpu_space_lazy_leave() == 0);
}

static void
test_lazy(void)
{
	struct held_cpu lazy = { .cpu = 1 };
	struct drops drops;

	compat_start(1, go_lazy, &lazy);
	AWAIT(seen(&lazy.masked));
	watch_drops(&drops, page(0));
	broadcast_tlb_shootdown(page(0), 1);
	CHECK(dropped_by_all(&drops));
	let_go(&lazy);
}

static void
test_by_nmi(void)
{
	struct mach_counts before, after;
	uint32_t ours[XCPU_NCPU_MAX] = { 0 };

	rest_others();
	for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
		ours[cpu] = seen(&nmis.ours[cpu]);
	mach_counts(&before);
	broadcast_tlb_shootdown(page(0), 1);
	for (unsigned cpu = 1; cpu < mach_ncpu(); cpu++)
		AWAIT(seen(&nmis.ours[cpu]) == ours[cpu] + 1);
	CHECK(seen(&nmis.ours[0]) == ours[0]);
	mach_counts(&after);
	CHECK(after.nmi_sent - before.nmi_sent == mach_ncpu() - 1);
	CHECK(after.kicks_sent == before.kicks_sent);
}

/* ---- with interrupts off ---- */

static struct host_lock lock;

/* It looks for nothing, and holds what a handler that locks would want. */
static void
stand_locked(void *arg)
{
	struct held_cpu *held = arg;
	unsigned long state = mach_mask();

	host_lock(&lock);
	say(&held->masked, 1);
	while (!seen(&held->release))	/* ends: the test releases it */
		mach_relax();
	host_unlock(&lock);
	mach_unmask(state);
}

static void
test_masked(void)
{
	struct held_cpu held = { .cpu = 1 };
	uint64_t rekicks = TOTAL(rekick);
	struct drops drops;
	unsigned long state;

	compat_start(1, stand_locked, &held);
	AWAIT(seen(&held.masked));
	watch_drops(&drops, page(0));
	broadcast_tlb_shootdown(page(0), 1);
	CHECK(xcpu_port_context() == 0);
	state = mach_mask();
	broadcast_tlb_shootdown(page(0), 1);
	CHECK(xcpu_port_context() == XCPU_CTX_MASKED);
	mach_unmask(state);
	CHECK(dropped_by(&drops, 1));
	let_go(&held);
	CHECK(TOTAL(rekick) == rekicks);
}

static void
count_run(void *arg)
{
	count(arg);
}

/* Other work, asked for before by a kick, and after while the NMI is due. */
static void
test_other_work(void)
{
	uint64_t rekicks = TOTAL(rekick), lost = TOTAL(lost);
	struct broadcast broadcast;
	struct held_cpu held;
	struct deaf_cpu deaf;
	struct drops drops;
	uint32_t runs = 0;
	int event = xcpu_event_register(count_run, &runs);

	hold(&held, 1);
	CHECK(xcpu_event_post(event, 1) == 0);
	broadcast_tlb_shootdown(page(0), 1);
	CHECK(seen(&runs) == 0);
	let_go(&held);
	AWAIT(seen(&runs) == 1);

	deafen(&deaf, 1);
	watch_drops(&drops, page(0));
	broadcast_on(&broadcast, 2, page(0));
	await_broadcast_at(&drops, 0);
	CHECK(xcpu_event_post(event, 1) == 0);
	undeafen(&deaf);
	finish(&broadcast);
	AWAIT(seen(&runs) == 2);
	CHECK(TOTAL(rekick) == rekicks && TOTAL(lost) == lost);
	CHECK(xcpu_event_unregister(event) == 0);
}

/* ---- handle_tlb_shootdown_ipi() ---- */

static void
test_foreign(void)
{
	unsigned cpu = mach_ncpu() - 1;
	uint32_t ours, others;

	broadcast_tlb_shootdown(page(0), 1);
	settle_nmis(cpu);
	ours = seen(&nmis.ours[cpu]);
	others = seen(&nmis.others[cpu]);
	for (unsigned i = 1; i <= 3; i++) {
		foreign_nmi(cpu);
		CHECK(seen(&nmis.others[cpu]) == others + i);
	}
	CHECK(seen(&nmis.ours[cpu]) == ours);
}

/* ---- one CPU ---- */

static void
test_alone(void)
{
	struct mach_counts before, after;
	struct drops drops;

	send_others_away();
	mach_counts(&before);
	watch_drops(&drops, page(0));
	broadcast_tlb_shootdown(page(0), 1);
	CHECK(dropped_by(&drops, 0));
	mach_counts(&after);
	CHECK(after.nmi_sent == before.nmi_sent);
	CHECK(after.kicks_sent == before.kicks_sent);
	bring_others_back();
	CHECK(dropped_by_all(&drops));
}

/* Not even this one: bring-up, and the way out. */
static void
test_nobody(void)
{
	unsigned long state;

	send_others_away();
	CHECK(xcpu_cpu_offline() == 0);
	broadcast_tlb_shootdown(page(0), 1);
	state = mach_mask();
	CHECK(xcpu_cpu_online(mach_cpu_block(0)) == 0);
	mach_unmask(state);
	bring_others_back();
}

const struct compat_test theseus_behaviours[] = {
	{ "init registers the broadcast and its handler", "F-T8", 1, test_init },
	{ "broadcast: each page, on every CPU", "F-T1 INV-S1", 1,
	    test_each_page },
	{ "broadcast of no pages", "F-T1", 1, test_no_pages },
	{ "broadcast reaches lazy CPUs", "F-T1 INV-S12", 2, test_lazy },
	{ "an NMI each, but for the caller", "F-T1", 1, test_by_nmi },
	{ "a CPU that masks, with its locks held", "F-T1 F-T7 INV-S2", 2,
	    test_masked },
	{ "an NMI leaves other work its kick", "F-T1 INV-E4", 3,
	    test_other_work },
	{ "the handler knows an NMI of others", "F-T3 INV-E5", 2,
	    test_foreign },
	{ "one CPU: nothing is sent", "F-T6", 1, test_alone },
	{ "no CPU: nothing is done", "F-T6", 1, test_nobody },
	{ NULL, NULL, 0, NULL }
};
