/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netbsd_sync.c: what went wrong, or could, in the original's messages: one
 * test each.
 */
#include <string.h>

#include "netbsd_test.h"

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
	(void)unused;
	/* ends: CPU 0 says so, or fails */
	while (!seen(&shifting.stop)) {
		kcpuset_atomic_set(&shifting.set, 0);
		kcpuset_atomic_set(&shifting.set, 1);
		kcpuset_atomic_clear(&shifting.set, 1);
		kcpuset_atomic_clear(&shifting.set, 0);
	}
}

static void
test_set_changes(void)
{
	static struct runs runs;
	ipi_msg_t msg = { .func = note_run, .arg = &runs };
	struct stint s = { .least = 10 };

	memset(&shifting, 0, sizeof(shifting));
	compat_start(1, shift_set, NULL);
	while (stint_on(&s)) {
		clear_runs(&runs);
		ipi_multicast(&msg, &shifting.set);
		ipi_wait(&msg);
		CHECK(seen(&runs.on[0]) <= 1 && seen(&runs.on[1]) <= 1);
	}
	say(&shifting.stop, 1);
	compat_join(1);
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
		xcpu_store_rlx(&msg._call.state, s.turn % 3); /* rlx: alone */
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

static struct {
	uint32_t inside;
	uint32_t go;
	uint32_t runs;
} twice;

/* Enters again when there is a second message, of which the first knows nothing. */
static void
enter_for_the_next(void *unused)
{
	(void)unused;
	count(&twice.inside);
	AWAIT(seen(&twice.go));
	ipi_cpu_handler();
	count(&twice.runs);
}

static void
test_nested_message(void)
{
	ipi_msg_t msg[2];

	for (struct stint s = { .least = 5 }; stint_on(&s);) {
		memset(&twice, 0, sizeof(twice));
		for (unsigned i = 0; i < 2; i++) {
			msg[i].func = enter_for_the_next;
			msg[i].arg = NULL;
			ipi_unicast(&msg[i], cpu_lookup(1));
			if (i == 0)
				AWAIT(seen(&twice.inside));
		}
		say(&twice.go, 1);
		for (unsigned i = 0; i < 2; i++)
			ipi_wait(&msg[i]);
		CHECK(seen(&twice.runs) == 2 && seen(&twice.inside) == 2);
	}
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

static uint32_t flown[4];

static void
fly(void *arg)
{
	count(arg);
}

/* In flight together they run in any order; each once, and each is waited for. */
static void
test_in_flight(void)
{
	memset(flown, 0, sizeof(flown));
	for (struct stint s = { .least = 10 }; stint_on(&s);) {
		ipi_msg_t msgs[4];

		for (unsigned i = 0; i < 4; i++) {
			msgs[i].func = fly;
			msgs[i].arg = &flown[i];
			ipi_unicast(&msgs[i], cpu_lookup(1));
		}
		for (unsigned i = 4; i-- > 0;) {
			ipi_wait(&msgs[i]);
			CHECK(seen(&flown[i]) == s.turn);
			memset(&msgs[i], 0xee, sizeof(msgs[i]));
		}
	}
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
		CHECK(order.next == s.turn && order.wrong == 0);
	}
}

/* ---- N12: what was only asserted, and a count that was not atomic ---- */

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
	CHECK(seen(&runs.on[0]) == 2);
	AWAIT((unsigned)ncpu == 1 || seen(&runs.on[1]) == 1);
	ipi_unregister(id);
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

const struct compat_test netbsd_sync[] = {
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
	{ "a message runs once, though entered again inside",
	    "N8 INV-C1", 2, test_nested_message },
	{ "messages one after the other keep their order",
	    "N9 INV-Q2", 2, test_order },
	{ "several in flight, each once", "N9 INV-C1", 2, test_in_flight },
	{ "to oneself, to nobody, twice", "N12", 1, test_misuse },
	{ "before ipi_percpu_init", "N12", 1, test_before_percpu_init },
	{ "the count of full mailboxes is exact", "N12", 1, test_full_count },
	{ NULL, NULL, 0, NULL }
};
