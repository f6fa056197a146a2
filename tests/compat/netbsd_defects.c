/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netbsd_defects.c: what went wrong, or could, in the original: one test each.
 */
#include <string.h>

#include "netbsd_test.h"

/* Work for CPUs 1 and up, all at once; CPU 0 goes on. */
static void
start_others(void (*fn)(void *arg), void *arg)
{
	for (unsigned cpu = 1; cpu < (unsigned)ncpu; cpu++)
		compat_start(cpu, fn, arg);
}

static void
join_others(void)
{
	for (unsigned cpu = 1; cpu < (unsigned)ncpu; cpu++)
		compat_join(cpu);
}

/* ---- N1, N11: a trigger that meets a pending one ---- */

static struct {
	u_int id;
	uint32_t news;		/* written before each trigger */
	uint32_t got;		/* by the handler, on CPU 0 */
	uint32_t over;
} mail;

static void
take_news(void *unused)
{
	(void)unused;
	say(&mail.got, __atomic_load_n(&mail.news, __ATOMIC_RELAXED));
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
		u_int id = ipi_register(slow_handler, NULL);

		say(&race.gone, 0);
		say(&race.id, id);
		AWAIT(seen(&race.inside) > 0);
		ipi_unregister(id);
		say(&race.gone, 1);
		for (int i = 0; i < 60; i++)
			mach_relax();
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

/* ---- N4, N5: two CPUs with interrupts off who want something of each other ---- */

static struct {
	unsigned messages;
	uint32_t arrived;
	struct runs runs;
} both;

static void
meet(void)
{
	count(&both.arrived);
	AWAIT(seen(&both.arrived) == 2);
}

static void
send_to_the_other(void *arg)
{
	unsigned self = cpu_index(curcpu());
	ipi_msg_t msg[16];
	unsigned long state;

	(void)arg;
	state = mach_mask();
	meet();
	for (unsigned i = 0; i < both.messages; i++) {
		msg[i].func = note_run;
		msg[i].arg = &both.runs;
		ipi_unicast(&msg[i], cpu_lookup(1 - self));
	}
	for (unsigned i = 0; i < both.messages; i++)
		ipi_wait(&msg[i]);
	mach_unmask(state);
}

static void
send_both_ways(unsigned messages)
{
	for (struct stint s = { .least = 5 }; stint_on(&s);) {
		memset(&both, 0, sizeof(both));
		both.messages = messages;
		compat_start(1, send_to_the_other, NULL);
		send_to_the_other(NULL);
		compat_join(1);
		CHECK(seen(&both.runs.on[0]) == messages);
		CHECK(seen(&both.runs.on[1]) == messages);
	}
}

static void
test_both_full(void)
{
	uint64_t before = ipi_mboxfull();

	send_both_ways(16);
	CHECK(ipi_mboxfull() > before);
}

static void
test_both_wait(void)
{
	send_both_ways(1);
}

/* ---- N6: CPUs that are not running, sets that change ---- */

static void
stay_away(void *arg)
{
	struct held_cpu *held = arg;
	unsigned long state;

	CHECK(xcpu_cpu_offline() == 0);
	say(&held->masked, 1);
	AWAIT(seen(&held->release));
	state = mach_mask();
	CHECK(xcpu_cpu_online(mach_cpu_block(held->cpu)) == 0);
	mach_unmask(state);
}

static void
test_not_running(void)
{
	static struct runs runs;
	struct held_cpu away = { .cpu = (unsigned)ncpu - 1 };
	u_int id = ipi_register(note_run, &runs);
	ipi_msg_t msg = { .func = note_run, .arg = &runs };

	compat_start(away.cpu, stay_away, &away);
	AWAIT(seen(&away.masked));
	clear_runs(&runs);
	ipi_broadcast(&msg, false);
	ipi_wait(&msg);
	CHECK(ran_once_on_all_but(&runs, away.cpu));
	clear_runs(&runs);
	ipi_multicast(&msg, kcpuset_running);
	ipi_wait(&msg);
	CHECK(ran_once_on_all_but(&runs, away.cpu));
	clear_runs(&runs);
	ipi_trigger_broadcast(id, false);
	ipi_unicast(&msg, cpu_lookup(away.cpu));
	ipi_wait(&msg);
	AWAIT(ran_once_on_all_but(&runs, away.cpu));
	ipi_unregister(id);
	let_go(&away);
	CHECK(ran_once_on_all_but(&runs, away.cpu));
}

static struct {
	kcpuset_t set;
	uint32_t stop;
} shifting;

static void
shift_set(void *unused)
{
	uint64_t *word = &shifting.set.kc_set.w[0];

	(void)unused;
	/* ends: CPU 0 says so, or fails */
	while (!seen(&shifting.stop)) {
		__atomic_store_n(word, 3, __ATOMIC_RELAXED);
		__atomic_store_n(word, 0, __ATOMIC_RELAXED);
	}
}

/* The copy is racy by the caller's fault, so the sanitizer is not to look. */
__attribute__((no_sanitize("thread")))
static void
test_set_changes(void)
{
	static struct runs runs;
	ipi_msg_t msg = { .func = note_run, .arg = &runs };
	struct stint s = { .least = 10 };

	memset(&shifting, 0, sizeof(shifting));
	clear_runs(&runs);
	compat_start(1, shift_set, NULL);
	while (stint_on(&s)) {
		ipi_multicast(&msg, &shifting.set);
		ipi_wait(&msg);
	}
	say(&shifting.stop, 1);
	compat_join(1);
	CHECK(seen(&runs.on[0]) < s.turn && seen(&runs.on[1]) < s.turn);
}

/* ---- N7, N8: exactly once, and the end is the end ---- */

static void
test_wait_again(void)
{
	static struct runs runs;
	ipi_msg_t msg;

	clear_runs(&runs);
	for (struct stint s = { .least = 10 }; stint_on(&s);) {
		/* Any old memory, as on a stack. */
		memset(&msg, s.turn % 3 != 0 ? (int)s.turn : 0, sizeof(msg));
		msg._call.state.v_ = s.turn % 3;
		msg.func = note_run;
		msg.arg = &runs;
		ipi_unicast(&msg, cpu_lookup(1));
		ipi_wait(&msg);
		CHECK(seen(&runs.on[1]) == s.turn);
		ipi_wait(&msg);
		ipi_wait(&msg);
	}
}

static struct runs nested;

static void
enter_again(void *arg)
{
	ipi_cpu_handler();
	note_run(arg);
	ipi_cpu_handler();
}

static void
test_nested_entry(void)
{
	ipi_msg_t msg[3];
	struct held_cpu held;
	u_int id = ipi_register(enter_again, &nested);

	for (struct stint s = { .least = 5 }; stint_on(&s);) {
		clear_runs(&nested);
		hold(&held, 1);
		ipi_trigger(id, cpu_lookup(1));
		for (unsigned i = 0; i < 3; i++) {
			msg[i].func = enter_again;
			msg[i].arg = &nested;
			ipi_unicast(&msg[i], cpu_lookup(1));
		}
		let_go(&held);
		for (unsigned i = 0; i < 3; i++)
			ipi_wait(&msg[i]);
		AWAIT(seen(&nested.on[1]) == 4);
	}
	ipi_unregister(id);
	CHECK(seen(&nested.on[1]) == 4);
}

/* ---- N9: order, and a message that is not freed before it has run ---- */

static struct {
	uint32_t next;
	uint32_t wrong;
} order;

static void
take_number(void *arg)
{
	uint32_t number = (uint32_t)(uintptr_t)arg;

	if (++order.next != number)
		count(&order.wrong);
}

static void
test_order(void)
{
	struct stint s = { .least = 10 };

	memset(&order, 0, sizeof(order));
	while (stint_on(&s)) {
		ipi_msg_t msg = {
			.func = take_number,
			.arg = (void *)(uintptr_t)s.turn,
		};

		ipi_unicast(&msg, cpu_lookup(1));
		ipi_wait(&msg);
		memset(&msg, 0xee, sizeof(msg));
	}
	CHECK(order.next == s.turn - 1 && seen(&order.wrong) == 0);
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
	compat_join(1);
	ipi_unregister(id);
	ipi_unregister(id2);
	CHECK(ran_once_on_all_but(&own, MAXCPUS));
}

/* ---- N12: what was only asserted, and a lock across a wait ---- */

static void
test_misuse(void)
{
	static struct runs runs;
	u_int id = ipi_register(note_run, &runs);
	ipi_msg_t msg = { .func = note_run, .arg = &runs };

	clear_runs(&runs);
	ipi_trigger(id, curcpu());
	AWAIT(seen(&runs.on[0]) == 1);
	ipi_unicast(&msg, curcpu());
	ipi_wait(&msg);
	CHECK(seen(&runs.on[0]) == 2);
	ipi_trigger(0, cpu_lookup(0));
	ipi_trigger(IPI_MAXREG, cpu_lookup(0));
	ipi_trigger(id + 1, cpu_lookup(0));
	ipi_unregister(0);
	ipi_unregister(IPI_MAXREG + 7);
	ipi_unregister(id);
	ipi_unregister(id);
	ipi_trigger(id, cpu_lookup(0));
	CHECK(seen(&runs.on[0]) == 2);
}

/* Before the CPUs are counted, as early code does. */
static void
test_before_percpu_init(void)
{
	static struct runs runs;
	ipi_msg_t msg = { .func = note_run, .arg = &runs };
	u_int id;

	ipi_sysinit();
	id = ipi_register(note_run, &runs);
	clear_runs(&runs);
	ipi_broadcast(&msg, false);
	ipi_wait(&msg);
	ipi_trigger_broadcast(id, true);
	CHECK(seen(&runs.on[0]) == 1);
	ipi_percpu_init();
	ipi_trigger_broadcast(id, false);
	ipi_unregister(id);
	CHECK(seen(&runs.on[0]) == 2);
	CHECK((unsigned)ncpu == 1 || seen(&runs.on[1]) == 1);
}

static struct {
	uint32_t inside;
	uint32_t release;
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
	id2 = ipi_register(note_run, &runs);
	CHECK(id2 != 0 && id2 != id);
	ipi_trigger(id2, cpu_lookup(2));
	AWAIT(seen(&runs.on[2]) == 1);
	for (int i = 0; i < 1000; i++)
		mach_relax();
	CHECK(!seen(&stuck.gone));
	say(&stuck.release, 1);
	compat_join(2);
	CHECK(seen(&stuck.gone));
	ipi_unregister(id2);
}

#define OVERFLOWS 50

static void
overflow(void *unused)
{
	ipi_msg_t msg[XCPU_CALL_SLOTS];
	static struct runs runs;

	(void)unused;
	for (int round = 0; round < OVERFLOWS; round++) {
		unsigned long state = mach_mask();

		for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++) {
			msg[i].func = note_run;
			msg[i].arg = &runs;
			ipi_unicast(&msg[i], curcpu());
		}
		mach_unmask(state);
		for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++)
			ipi_wait(&msg[i]);
	}
}

/* Each CPU overflows by messages to itself: the number is known. */
static void
test_full_count(void)
{
	uint64_t before = ipi_mboxfull();
	uint64_t each = OVERFLOWS * (XCPU_CALL_SLOTS / 2);

	start_others(overflow, NULL);
	overflow(NULL);
	join_others();
	CHECK(ipi_mboxfull() - before == each * (unsigned)ncpu);
}

const struct compat_test netbsd_defects[] = {
	{ "a trigger that meets a pending one is not lost",
	    "N1 INV-Q8 INV-E1", 2, test_trigger_not_lost },
	{ "entries for nothing take nothing away",
	    "N11 INV-E5", 2, test_spurious_entries },
	{ "unregister outlasts every handler",
	    "N2 INV-E7", 2, test_unregister_waits },
	{ "a recycled slot never mixes its owners",
	    "N3 INV-E8", 2, test_owner_and_argument },
	{ "two full mailboxes with interrupts off",
	    "N4 INV-Q9 INV-C7", 2, test_both_full },
	{ "two waits for each other with interrupts off",
	    "N5 INV-C7", 2, test_both_wait },
	{ "a CPU that is not running is passed over",
	    "N6 INV-C5 INV-C8", 2, test_not_running },
	{ "a set that changes is read once", "N6", 2, test_set_changes },
	{ "a message may be waited for again, and lies anywhere",
	    "N7 INV-C4", 2, test_wait_again },
	{ "nested entries run each message once",
	    "N8 INV-C1", 2, test_nested_entry },
	{ "messages one after the other keep their order",
	    "N9 INV-Q2", 2, test_order },
	{ "a self trigger runs its own handler alone",
	    "N10", 2, test_own_handler_only },
	{ "to oneself, to nobody, twice", "N12", 1, test_misuse },
	{ "before ipi_percpu_init", "N12", 1, test_before_percpu_init },
	{ "unregister holds no lock while it waits",
	    "N12", 3, test_no_lock_held },
	{ "the count of full mailboxes is exact", "N12", 1, test_full_count },
	{ NULL, NULL, 0, NULL }
};
