/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netbsd_async.c: what went wrong, or could, in the original's triggers: one
 * test each.
 */
#include <string.h>

#include "netbsd_test.h"

/* ---- N1, N11: a trigger that meets a pending one ---- */

static struct {
	u_int id;
	uint32_t news;		/* written before each trigger */
	uint32_t got;		/* by the handler, on CPU 0 */
	uint32_t inside;
	uint32_t over;
} mail;

/* Stays a while after it has looked: a trigger that comes then counts. */
static void
take_news(void *unused)
{
	uint32_t news = __atomic_load_n(&mail.news, __ATOMIC_RELAXED);

	(void)unused;
	for (int i = 0; i < 5; i++)
		mach_relax();
	say(&mail.got, news);
}

static void
write_news(void *unused)
{
	(void)unused;
	for (struct stint s = { .least = 100 }; stint_on(&s);) {
		__atomic_store_n(&mail.news, s.turn, __ATOMIC_RELAXED);
		ipi_trigger(mail.id, cpu_lookup(0));
		/* Often the last for a while: nothing comes after it to help. */
		if (s.turn % 8 == 0)
			AWAIT(seen(&mail.got) == s.turn);
	}
	say(&mail.over, 1);
}

static void
test_trigger_not_lost(void)
{
	memset(&mail, 0, sizeof(mail));
	mail.id = ipi_register(take_news, NULL);
	compat_start(1, write_news, NULL);
	compat_join(1);
	AWAIT(seen(&mail.got) == mail.news);
	ipi_unregister(mail.id);
}

/* Has looked, and stays until there was a second trigger. */
static void
take_first_of_two(void *unused)
{
	uint32_t news = __atomic_load_n(&mail.news, __ATOMIC_RELAXED);

	(void)unused;
	if (news % 2 != 0) {
		say(&mail.inside, news);
		AWAIT(seen(&mail.over) == news + 1);
	}
	say(&mail.got, news);
}

static void
test_trigger_during_handler(void)
{
	memset(&mail, 0, sizeof(mail));
	mail.id = ipi_register(take_first_of_two, NULL);
	for (struct stint s = { .least = 10 }; stint_on(&s);) {
		uint32_t first = 2 * s.turn - 1;

		__atomic_store_n(&mail.news, first, __ATOMIC_RELAXED);
		ipi_trigger(mail.id, cpu_lookup(1));
		AWAIT(seen(&mail.inside) == first);
		__atomic_store_n(&mail.news, first + 1, __ATOMIC_RELAXED);
		ipi_trigger(mail.id, cpu_lookup(1));
		say(&mail.over, first + 1);
		AWAIT(seen(&mail.got) == first + 1);
	}
	ipi_unregister(mail.id);
}

static void
write_news_masked(void *unused)
{
	unsigned long state = mach_mask();

	write_news(unused);
	mach_unmask(state);
}

/* The target enters its interrupt over and over, mostly for nothing. */
static void
test_spurious_entries(void)
{
	memset(&mail, 0, sizeof(mail));
	mail.id = ipi_register(take_news, NULL);
	compat_start(1, write_news_masked, NULL);
	/* ends: CPU 1 does */
	while (!seen(&mail.over)) {
		unsigned long state = mach_mask();

		ipi_cpu_handler();
		mach_unmask(state);
	}
	compat_join(1);
	AWAIT(seen(&mail.got) == mail.news);
	ipi_unregister(mail.id);
}

/* ---- N2: unregister against handlers, pending or running ---- */

static struct {
	u_int id;
	uint32_t phase;
	uint32_t stop;
	uint32_t inside;
	uint32_t after;		/* ran when it must not */
	uint32_t gone;
} race;

static void
slow_handler(void *unused)
{
	(void)unused;
	count(&race.inside);
	for (int i = 0; i < 40; i++)
		mach_relax();
	if (seen(&race.gone))
		count(&race.after);
}

static void
trigger_until_stop(void *unused)
{
	(void)unused;
	/* ends: CPU 0 says so, or fails */
	while (!seen(&race.stop)) {
		ipi_trigger_broadcast(seen(&race.id), false);
		mach_relax();
	}
}

static void
test_unregister_waits(void)
{
	memset(&race, 0, sizeof(race));
	start_others(trigger_until_stop, NULL);
	for (struct stint s = { .least = 5 }; stint_on(&s);) {
		u_int id;

		say(&race.gone, 0);
		id = ipi_register(slow_handler, NULL);
		say(&race.id, id);
		AWAIT(seen(&race.inside) > 0);
		ipi_unregister(id);
		say(&race.gone, 1);
		linger();
		say(&race.inside, 0);
	}
	say(&race.stop, 1);
	join_others();
	CHECK(seen(&race.after) == 0);
}

/* ---- N3: a recycled slot under stale triggers ---- */

static uint32_t mixed;

struct owner {
	ipi_func_t func;
	uint32_t runs;
};

static void red_handler(void *arg);
static void blue_handler(void *arg);
static struct owner red = { red_handler, 0 };
static struct owner blue = { blue_handler, 0 };

static void
red_handler(void *arg)
{
	if (arg != &red)
		count(&mixed);
	count(&red.runs);
}

static void
blue_handler(void *arg)
{
	if (arg != &blue)
		count(&mixed);
	count(&blue.runs);
}

static void
test_owner_and_argument(void)
{
	memset(&race, 0, sizeof(race));
	mixed = 0;
	start_others(trigger_until_stop, NULL);
	for (struct stint s = { .least = 5 }; stint_on(&s);) {
		struct owner *owner = s.turn % 2 != 0 ? &red : &blue;
		u_int id;

		say(&owner->runs, 0);
		id = ipi_register(owner->func, owner);
		say(&race.id, id);
		AWAIT(seen(&owner->runs) > 0);
		ipi_unregister(id);
	}
	say(&race.stop, 1);
	join_others();
	CHECK(seen(&mixed) == 0);
}

/* ---- N10: what runs in the context of a CPU that triggers itself ---- */

static struct {
	ipi_msg_t msg;
	uint32_t sent;
	struct runs foreign;
} other_work;

static void
send_foreign(void *unused)
{
	(void)unused;
	other_work.msg.func = note_run;
	other_work.msg.arg = &other_work.foreign;
	ipi_unicast(&other_work.msg, cpu_lookup(0));
	say(&other_work.sent, 1);
	ipi_wait(&other_work.msg);
}

static void
test_own_handler_only(void)
{
	static struct runs own, second;
	u_int id = ipi_register(note_run, &own);
	u_int id2 = ipi_register(note_run, &second);
	struct host_lock lock = { 0 };
	unsigned long state = mach_mask();

	memset(&other_work, 0, sizeof(other_work));
	clear_runs(&own);
	clear_runs(&second);
	compat_start(1, send_foreign, NULL);
	AWAIT(seen(&other_work.sent));
	ipi_trigger(id2, curcpu());
	host_lock(&lock);
	ipi_trigger_broadcast(id, false);
	CHECK(seen(&own.on[0]) == 1);
	CHECK(seen(&other_work.foreign.on[0]) == 0);
	CHECK(seen(&second.on[0]) == 0);
	host_unlock(&lock);
	mach_unmask(state);
	AWAIT(seen(&other_work.foreign.on[0]) == 1);
	AWAIT(seen(&second.on[0]) == 1);
	AWAIT(ran_once_on_all_but(&own, MAXCPUS));
	compat_join(1);
	ipi_unregister(id);
	ipi_unregister(id2);
}

/* ---- N12: a lock across a wait ---- */

static struct {
	uint32_t inside;
	uint32_t release;
	uint32_t begun;
	uint32_t gone;
} stuck;

static void
stuck_handler(void *unused)
{
	(void)unused;
	say(&stuck.inside, 1);
	AWAIT(seen(&stuck.release));
}

static void
unregister_stuck(void *arg)
{
	say(&stuck.begun, 1);
	ipi_unregister(*(u_int *)arg);
	say(&stuck.gone, 1);
}

/* While one CPU waits in ipi_unregister() others register and trigger. */
static void
test_no_lock_held(void)
{
	static struct runs runs;
	u_int id = ipi_register(stuck_handler, NULL), id2;

	memset(&stuck, 0, sizeof(stuck));
	clear_runs(&runs);
	ipi_trigger(id, cpu_lookup(1));
	AWAIT(seen(&stuck.inside));
	compat_start(2, unregister_stuck, &id);
	AWAIT(seen(&stuck.begun));
	linger();	/* and it has come to its wait */
	id2 = ipi_register(note_run, &runs);
	CHECK(id2 != 0 && id2 != id);
	ipi_trigger(id2, cpu_lookup(2));
	AWAIT(seen(&runs.on[2]) == 1);
	CHECK(!seen(&stuck.gone));
	say(&stuck.release, 1);
	compat_join(2);
	CHECK(seen(&stuck.gone));
	ipi_unregister(id2);
}

const struct compat_test netbsd_async[] = {
	{ "a trigger that meets a pending one is not lost",
	    "N1 INV-Q8 INV-E1", 2, test_trigger_not_lost },
	{ "a trigger during the handler runs it again",
	    "N1 F-N3 INV-E1", 2, test_trigger_during_handler },
	{ "entries for nothing take nothing away",
	    "N11 INV-E5", 2, test_spurious_entries },
	{ "unregister outlasts every handler",
	    "N2 INV-E7", 2, test_unregister_waits },
	{ "a recycled slot never mixes its owners",
	    "N3 INV-E8", 2, test_owner_and_argument },
	{ "a self trigger runs its own handler alone",
	    "N10", 2, test_own_handler_only },
	{ "unregister holds no lock while it waits",
	    "N12", 3, test_no_lock_held },
	{ NULL, NULL, 0, NULL }
};
