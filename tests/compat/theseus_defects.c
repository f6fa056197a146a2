/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * theseus_defects.c: what went wrong in the original, or could have, T1 to T9;
 * tests/compat/mutations.py puts each of them back.
 */
#include "theseus_test.h"

/* T1: an answer is that of one CPU, not one of so many. */
static void
test_duplicates(void)
{
	struct broadcast broadcast;
	struct deaf_cpu deaf;
	struct drops drops;

	deafen(&deaf, 1);
	watch_drops(&drops, page(0));
	broadcast_on(&broadcast, 2, page(0));
	await_broadcast_at(&drops, 0);
	for (unsigned i = 0; i < 5; i++) {
		foreign_nmi(0);
		foreign_nmi(2);
		if (mach_ncpu() > 3)
			foreign_nmi(3);
	}
	linger();
	CHECK(!seen(&broadcast.over) && !dropped_by(&drops, 1));
	undeafen(&deaf);
	finish(&broadcast);
	CHECK(dropped_by(&drops, 1));
	/* And no number is left over for the next. */
	watch_drops(&drops, page(0));
	broadcast_tlb_shootdown(page(0), 1);
	CHECK(dropped_by_all(&drops));
}

/* ---- T2: an NMI may strike the initiator wherever he is ---- */

static uint32_t hammered;

static void
hammer(void *unused)
{
	struct xcpu_cpuset set;

	(void)unused;
	xcpu_cpuset_one(&set, 0);
	/* ends: the test says so */
	while (!seen(&hammered)) {
		xcpu_port_kick_nmi(&set);
		mach_relax();
	}
}

static void
test_nmis_on_initiator(void)
{
	say(&hammered, 0);
	compat_start(1, hammer, NULL);
	for (struct stint s = { .least = 100 }; stint_on(&s);) {
		struct drops drops;

		watch_drops(&drops, page(s.turn % 8));
		broadcast_tlb_shootdown(page(s.turn % 8), 1);
		CHECK(dropped_by_all(&drops));
	}
	say(&hammered, 1);
	compat_join(1);
}

/* Strikes him while he sends, and what he has asked for stands there. */
static void
strike_and_ring(const struct xcpu_cpuset *set)
{
	foreign_nmi(xcpu_cpu_index());
	xcpu_port_kick_nmi(set);
}

static void
ring_by(xcpu_flush_kick *kick)
{
	rest_others();
	CHECK(xcpu_flush_set_kick(kick) == 0);
	rest_others();
}

static void
ring_as_before(void)
{
	rest_others();
	tlb_shootdown_init();
	rest_others();
}

static void
test_nmi_on_sender(void)
{
	struct drops drops;
	uint32_t others;

	settle_nmis(0);
	others = seen(&nmis.others[0]);
	ring_by(strike_and_ring);
	watch_drops(&drops, page(0));
	broadcast_tlb_shootdown(page(0), 1);
	CHECK(dropped_by_all(&drops));
	CHECK(seen(&nmis.others[0]) == others + 1);
	ring_as_before();
}

/* T3: an answer comes after the flush, and the return after the answers. */
static void
test_order(void)
{
	for (struct stint s = { .least = 200 }; stint_on(&s);) {
		struct drops drops;

		watch_drops(&drops, page(s.turn % 8));
		broadcast_tlb_shootdown(page(s.turn % 8), 1);
		if (!CHECK(dropped_by_all(&drops)))
			break;
	}
}

/* ---- T4: CPUs come and go ---- */

static void
test_absent(void)
{
	struct held_cpu away = { .cpu = 1 };
	struct drops drops;
	uint32_t others;

	compat_start(1, stay_away, &away);
	AWAIT(seen(&away.masked));
	/* As settle_nmis(), of a CPU that is not online. */
	foreign_nmi(1);
	foreign_nmi(1);
	others = seen(&nmis.others[1]);
	foreign_nmi(1);
	CHECK(seen(&nmis.others[1]) == others + 1);
	watch_drops(&drops, page(0));
	broadcast_tlb_shootdown(page(0), 1);
	CHECK(!dropped_by(&drops, 1));
	let_go(&away);
	/* It was not asked: so it forgot everything before its first use. */
	CHECK(dropped_by(&drops, 1));
}

static void
leave(void)
{
	CHECK(xcpu_cpu_offline() == 0);
}

static void
come_back(void)
{
	CHECK(xcpu_cpu_online(mach_cpu_block(1)) == 0);
}

/* Asked before it went, and the NMI comes when it is back. */
static void
test_leaving(void)
{
	struct broadcast broadcast;
	struct deaf_cpu deaf;
	struct drops drops;
	uint32_t ours;

	rest_others();
	ours = seen(&nmis.ours[1]);
	deafen(&deaf, 1);
	watch_drops(&drops, page(0));
	broadcast_on(&broadcast, 2, page(0));
	await_broadcast_at(&drops, 0);
	have_done(&deaf, leave);
	finish(&broadcast);
	CHECK(dropped_by(&drops, 1));
	have_done(&deaf, come_back);
	undeafen(&deaf);
	CHECK(seen(&nmis.ours[1]) == ours + 1);
}

static uint32_t came_and_went;

static void
come_and_go(void *unused)
{
	(void)unused;
	/* ends: the test says so */
	while (!seen(&came_and_went)) {
		unsigned long state;

		CHECK(xcpu_cpu_offline() == 0);
		state = mach_mask();
		CHECK(xcpu_cpu_online(mach_cpu_block(1)) == 0);
		mach_unmask(state);
	}
}

static void
test_coming(void)
{
	say(&came_and_went, 0);
	compat_start(1, come_and_go, NULL);
	for (struct stint s = { .least = 50 }; stint_on(&s);) {
		struct drops drops;

		watch_drops(&drops, page(0));
		broadcast_tlb_shootdown(page(0), 1);
		for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
			CHECK(cpu == 1 || dropped_by(&drops, cpu));
	}
	say(&came_and_went, 1);
	compat_join(1);
}

/* ---- T5: no wait is blind, nor that for one's turn ---- */

static struct {
	uint32_t by[XCPU_NCPU_MAX];
	uint32_t wrong;
} reports;

static enum xcpu_stall_policy
take_report(const struct xcpu_stall *report, void *unused)
{
	(void)unused;
	if (report->kind != XCPU_WAIT_FLUSH || report->first.cpu != 1)
		count(&reports.wrong);
	count(&reports.by[report->waiter]);
	return XCPU_STALL_REKICK;
}

static void
test_reported(void)
{
	struct broadcast first, second;
	struct deaf_cpu deaf;

	reports.wrong = reports.by[2] = reports.by[3] = 0;
	host.judge = take_report;
	deafen(&deaf, 1);
	broadcast_on(&first, 2, page(0));
	broadcast_on(&second, 3, page(1));
	AWAIT(seen(&reports.by[2]) != 0 && seen(&reports.by[3]) != 0);
	undeafen(&deaf);
	finish(&first);
	finish(&second);
	host.judge = NULL;
	CHECK(seen(&reports.wrong) == 0);
}

/* ---- T6: all at once, masked, by interrupts that masks keep off ---- */

static uint32_t standing;

static void
broadcast_masked(void *unused)
{
	unsigned long state = mach_mask();
	unsigned cpu = xcpu_cpu_index();

	(void)unused;
	count(&standing);
	AWAIT(seen(&standing) == mach_ncpu());
	for (unsigned i = 0; i < 20; i++)
		broadcast_tlb_shootdown(page(cpu % 8), 1);
	count(&standing);
	/* Others may still wait for us: ends when all are through. */
	while (seen(&standing) != 2 * mach_ncpu()) {
		xcpu_poll();
		mach_relax();
	}
	mach_unmask(state);
}

static void
test_all_masked(void)
{
	uint64_t nmis_sent = TOTAL(nmi_sent);

	say(&standing, 0);
	ring_by(NULL);
	start_others(broadcast_masked, NULL);
	broadcast_masked(NULL);
	join_others();
	CHECK(TOTAL(nmi_sent) == nmis_sent);
	ring_as_before();
}

/* ---- T7: one NMI of several, and one that comes late ---- */

static void
test_one_of_several(void)
{
	struct broadcast broadcast;
	struct xcpu_cpuset set;
	struct deaf_cpu deaf;
	struct drops drops;
	uint32_t ours, others;

	settle_nmis(1);
	ours = seen(&nmis.ours[1]);
	others = seen(&nmis.others[1]);
	deafen(&deaf, 1);
	watch_drops(&drops, page(0));
	xcpu_cpuset_one(&set, 1);
	xcpu_port_kick_nmi(&set);
	broadcast_on(&broadcast, 2, page(0));
	await_broadcast_at(&drops, 0);
	undeafen(&deaf);
	finish(&broadcast);
	CHECK(dropped_by(&drops, 1));
	CHECK(seen(&nmis.ours[1]) == ours + 1);
	CHECK(seen(&nmis.others[1]) == others);
	foreign_nmi(1);
	CHECK(seen(&nmis.others[1]) == others + 1);
}

static void
test_late(void)
{
	struct deaf_cpu deaf;
	uint32_t ours, others;

	settle_nmis(1);
	ours = seen(&nmis.ours[1]);
	others = seen(&nmis.others[1]);
	deafen(&deaf, 1);
	/* Served as it polls; their NMIs become one, which finds nothing. */
	for (unsigned n = 0; n < 3; n++) {
		struct broadcast broadcast;
		struct drops drops;

		watch_drops(&drops, page(n));
		broadcast_on(&broadcast, 2, page(n));
		await_broadcast_at(&drops, 0);
		have_done(&deaf, xcpu_poll);
		finish(&broadcast);
	}
	CHECK(seen(&nmis.ours[1]) == ours);
	undeafen(&deaf);
	CHECK(seen(&nmis.ours[1]) == ours + 1);
	CHECK(seen(&nmis.others[1]) == others);
	/* One more is taken for ours, and then no other. */
	foreign_nmi(1);
	CHECK(seen(&nmis.ours[1]) == ours + 2);
	foreign_nmi(1);
	CHECK(seen(&nmis.others[1]) == others + 1);
}

/* T8: many pages, however many, are one flush. */
static void
test_many_pages(void)
{
	static const size_t npages[] = {
		XCPU_FLUSH_CEILING + 1, (size_t)1 << 30, (size_t)1 << 52,
		SIZE_MAX
	};
	struct drops drops;

	watch_drops(&drops, page(700));
	broadcast_tlb_shootdown(page(0), XCPU_FLUSH_CEILING);
	for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
		CHECK(!dropped_by(&drops, cpu));
	for (unsigned i = 0; i < sizeof(npages) / sizeof(npages[0]); i++) {
		watch_drops(&drops, page(700));
		broadcast_tlb_shootdown(page(0), npages[i]);
		CHECK(dropped_by_all(&drops));
	}
}

/* T9: side by side, and the caller's own translations, too. */
static void
test_side_by_side(void)
{
	struct broadcast first, second;
	struct deaf_cpu deaf;
	struct drops drops[2];

	deafen(&deaf, 1);
	for (unsigned n = 0; n < 2; n++)
		watch_drops(&drops[n], page(n));
	broadcast_on(&first, 2, page(0));
	await_broadcast_at(&drops[0], 0);
	broadcast_on(&second, 3, page(1));
	await_broadcast_at(&drops[1], 0);
	await_broadcast_at(&drops[1], 2);
	await_broadcast_at(&drops[1], 3);
	CHECK(!seen(&first.over) && !seen(&second.over));
	undeafen(&deaf);
	finish(&first);
	finish(&second);
}

const struct compat_test theseus_defects[] = {
	{ "NMIs that come twice answer for nobody", "F-T3 INV-E5 INV-C4", 3,
	    test_duplicates },
	{ "NMIs on the initiator", "F-T3 F-T7", 2, test_nmis_on_initiator },
	{ "an NMI on the sender", "F-T3 F-T7", 2, test_nmi_on_sender },
	{ "no return before every flush", "F-T1 INV-E2 INV-S2", 2, test_order },
	{ "who is away is not waited for, and flushes", "F-T4 INV-S13", 2,
	    test_absent },
	{ "who leaves answers first", "F-T4 INV-C8", 3, test_leaving },
	{ "a CPU that comes and goes", "F-T4 INV-S13", 2, test_coming },
	{ "both waits are reported", "F-T5 F-T4 INV-C7", 4, test_reported },
	{ "all at once, with interrupts off", "F-T4 BUG-36 INV-C7", 2,
	    test_all_masked },
	{ "one NMI of several", "F-T3 INV-E5", 3, test_one_of_several },
	{ "an NMI that comes late", "F-T3 INV-E5", 3, test_late },
	{ "many pages are one flush", "F-T1 INV-S9", 1, test_many_pages },
	{ "initiators side by side", "F-T4 INV-S10", 4, test_side_by_side },
	{ NULL, NULL, 0, NULL }
};
