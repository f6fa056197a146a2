/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netbsd_test.c: each behaviour of ipi(9), one test.
 */
#include <string.h>

#include "netbsd_test.h"

/* ---- asynchronous ---- */

static void
test_init(void)
{
	CHECK(ncpu == (int)mach_ncpu());
	CHECK(kcpuset_countset(kcpuset_attached) == ncpu);
	CHECK(cpu_index(curcpu()) == 0);
	CHECK(cpu_lookup((u_int)ncpu) == NULL);
	CHECK(IPI_MAXREG == 32 * IPI_BITWORDS && IPI_MAXREG > 1);
	CHECK(ipi_mboxfull() == 0);
}

static void
test_register(void)
{
	static struct runs runs[IPI_MAXREG];
	u_int id[IPI_MAXREG], n = 0;

	warnings = 0;
	/* ends: the table is full */
	while (n < IPI_MAXREG && (id[n] = ipi_register(note_run,
	    &runs[n])) != 0) {
		for (u_int i = 0; i < n; i++)
			CHECK(id[i] != id[n]);
		n++;
	}
	CHECK(n == IPI_MAXREG - 1);
	CHECK(warnings == 1);
	for (u_int i = 0; i < n; i++) {
		ipi_trigger_broadcast(id[i], false);
		AWAIT(ran_once_on_all_but(&runs[i], MAXCPUS));
		ipi_unregister(id[i]);
		ipi_trigger_broadcast(id[i], false);
		CHECK(ran_once_on_all_but(&runs[i], MAXCPUS));
	}
	id[0] = ipi_register(note_run, &runs[0]);
	CHECK(id[0] != 0);
	ipi_unregister(id[0]);
}

static void
test_trigger(void)
{
	static struct runs runs;
	u_int id = ipi_register(note_run, &runs);

	for (unsigned cpu = 1; cpu < (unsigned)ncpu; cpu++) {
		clear_runs(&runs);
		ipi_trigger(id, cpu_lookup(cpu));
		AWAIT(seen(&runs.on[cpu]) == 1);
		CHECK(seen(&runs.bad) == 0);
		runs.on[cpu] = 0;
		for (unsigned i = 0; i < (unsigned)ncpu; i++)
			CHECK(seen(&runs.on[i]) == 0);
	}
	ipi_unregister(id);
}

static void
test_coalesced(void)
{
	static struct runs runs;
	u_int id = ipi_register(note_run, &runs);
	struct held_cpu held;

	clear_runs(&runs);
	hold(&held, 1);
	for (int i = 0; i < 5; i++)
		ipi_trigger(id, cpu_lookup(1));
	CHECK(seen(&runs.on[1]) == 0);
	let_go(&held);
	AWAIT(seen(&runs.on[1]) == 1);
	ipi_trigger(id, cpu_lookup(1));
	AWAIT(seen(&runs.on[1]) == 2);
	ipi_unregister(id);
	CHECK(seen(&runs.on[1]) == 2);
}

/* The own part waits for the others, so they must have been asked before. */
static void
note_run_last(void *arg)
{
	struct runs *runs = arg;

	if (cpu_index(curcpu()) == 0)
		AWAIT(ran_once_on_all_but(runs, 0));
	note_run(runs);
}

static void
test_trigger_multi(void)
{
	static struct runs runs;
	u_int id = ipi_register(note_run_last, &runs);
	kcpuset_t *set;

	kcpuset_create(&set, true);
	kcpuset_copy(set, kcpuset_attached);
	clear_runs(&runs);
	ipi_trigger_multi(id, set);
	CHECK(ran_once_on_all_but(&runs, MAXCPUS));
	CHECK(seen(&runs.bad) == 0);

	kcpuset_clear(set, 0);
	clear_runs(&runs);
	ipi_trigger_multi(id, set);
	AWAIT(ran_once_on_all_but(&runs, 0));

	kcpuset_zero(set);
	ipi_trigger_multi(id, set);
	ipi_unregister(id);
	CHECK(ran_once_on_all_but(&runs, 0));
	kcpuset_destroy(set);
}

static void
test_trigger_broadcast(void)
{
	static struct runs runs;
	u_int id = ipi_register(note_run_last, &runs);

	clear_runs(&runs);
	ipi_trigger_broadcast(id, false);
	CHECK(ran_once_on_all_but(&runs, MAXCPUS));
	clear_runs(&runs);
	ipi_trigger_broadcast(id, true);
	AWAIT(ran_once_on_all_but(&runs, 0));
	ipi_unregister(id);
	CHECK(ran_once_on_all_but(&runs, 0));
}

/* ---- synchronous ---- */

static void
test_unicast(void)
{
	static struct runs runs;
	ipi_msg_t msg = { .func = note_run, .arg = &runs };

	for (unsigned cpu = 1; cpu < (unsigned)ncpu; cpu++) {
		clear_runs(&runs);
		ipi_unicast(&msg, cpu_lookup(cpu));
		ipi_wait(&msg);
		CHECK(seen(&runs.on[cpu]) == 1 && seen(&runs.on[0]) == 0);
		CHECK(seen(&runs.bad) == 0);
	}
}

static void
test_multicast(void)
{
	static struct runs runs;
	ipi_msg_t msg = { .func = note_run_last, .arg = &runs };
	kcpuset_t set = *kcpuset_attached;

	clear_runs(&runs);
	ipi_multicast(&msg, &set);
	CHECK(seen(&runs.on[0]) == 1);
	ipi_wait(&msg);
	CHECK(ran_once_on_all_but(&runs, MAXCPUS));
	CHECK(seen(&runs.bad) == 0);

	kcpuset_clear(&set, (unsigned)ncpu - 1);
	clear_runs(&runs);
	msg.func = note_run;
	ipi_multicast(&msg, &set);
	ipi_wait(&msg);
	CHECK(ran_once_on_all_but(&runs, (unsigned)ncpu - 1));

	kcpuset_zero(&set);
	ipi_multicast(&msg, &set);
	ipi_wait(&msg);
	CHECK(ran_once_on_all_but(&runs, (unsigned)ncpu - 1));
}

static void
test_broadcast(void)
{
	static struct runs runs;
	ipi_msg_t msg = { .func = note_run_last, .arg = &runs };

	clear_runs(&runs);
	ipi_broadcast(&msg, false);
	CHECK(seen(&runs.on[0]) == 1);
	ipi_wait(&msg);
	CHECK(ran_once_on_all_but(&runs, MAXCPUS));

	clear_runs(&runs);
	ipi_broadcast(&msg, true);
	ipi_wait(&msg);
	CHECK(ran_once_on_all_but(&runs, 0));
}

/* Plain memory, in both directions; a sanitizer watches. */
static struct {
	uint64_t question[4];
	uint64_t answer[MAXCPUS];
} plain;

static void
answer(void *arg)
{
	uint64_t sum = 0;

	(void)arg;
	for (unsigned i = 0; i < 4; i++)
		sum += plain.question[i];
	plain.answer[cpu_index(curcpu())] = sum;
}

static void
test_visible(void)
{
	ipi_msg_t msg = { .func = answer, .arg = NULL };

	for (uint64_t round = 1; round <= 300; round++) {
		for (unsigned i = 0; i < 4; i++)
			plain.question[i] = round;
		ipi_broadcast(&msg, true);
		ipi_wait(&msg);
		for (unsigned i = 1; i < (unsigned)ncpu; i++)
			CHECK(plain.answer[i] == 4 * round);
	}
}

/* ---- a full mailbox ---- */

static struct {
	uint32_t ready;
	uint32_t served;
	struct runs runs;
} full;

static void
serve(void *arg)
{
	(void)arg;
	say(&full.served, 1);
}

/* Masked until the mailbox is full; then wants something of CPU 0 first. */
static void
ask_the_sender(void *arg)
{
	uint64_t before = ipi_mboxfull();
	unsigned long state = mach_mask();
	ipi_msg_t msg = { .func = serve, .arg = NULL };

	(void)arg;
	say(&full.ready, 1);
	AWAIT(ipi_mboxfull() != before);
	ipi_unicast(&msg, cpu_lookup(0));
	ipi_wait(&msg);
	CHECK(seen(&full.served));
	mach_unmask(state);
}

static void
test_full(void)
{
	ipi_msg_t msg[2 * XCPU_CALL_SLOTS];
	uint64_t before = ipi_mboxfull();
	unsigned long state;

	memset(&full, 0, sizeof(full));
	compat_start(1, ask_the_sender, NULL);
	AWAIT(seen(&full.ready));
	state = mach_mask();
	for (unsigned i = 0; i < 2 * XCPU_CALL_SLOTS; i++) {
		msg[i].func = note_run;
		msg[i].arg = &full.runs;
		ipi_unicast(&msg[i], cpu_lookup(1));
	}
	for (unsigned i = 0; i < 2 * XCPU_CALL_SLOTS; i++)
		ipi_wait(&msg[i]);
	mach_unmask(state);
	compat_join(1);
	CHECK(seen(&full.runs.on[1]) == 2 * XCPU_CALL_SLOTS);
	CHECK(ipi_mboxfull() > before);
}

/* ---- the interrupt ---- */

static void
enter_by_hand(void *arg)
{
	struct runs *runs = arg;
	unsigned long state = mach_mask();
	u_int id = ipi_register(note_run, runs);

	ipi_cpu_handler();		/* finds nothing: no harm */
	ipi_trigger(id, curcpu());
	CHECK(seen(&runs->on[1]) == 0);
	ipi_cpu_handler();
	CHECK(seen(&runs->on[1]) == 1);
	ipi_cpu_handler();
	CHECK(seen(&runs->on[1]) == 1);
	mach_unmask(state);
	ipi_unregister(id);
	CHECK(seen(&runs->on[1]) == 1);
}

static void
test_handler(void)
{
	static struct runs runs;

	clear_runs(&runs);
	compat_start(1, enter_by_hand, &runs);
	compat_join(1);
}

static struct {
	u_int ran[3];
	u_int n;
} sequence;

static void
note_sequence(void *arg)
{
	if (sequence.n < 3)
		sequence.ran[sequence.n++] = *(u_int *)arg;
}

static void
test_id_order(void)
{
	u_int id[3];
	struct held_cpu held;

	sequence.n = 0;
	for (u_int i = 0; i < 3; i++)
		id[i] = ipi_register(note_sequence, &id[i]);
	hold(&held, 1);
	for (u_int i = 3; i-- > 0;)
		ipi_trigger(id[i], cpu_lookup(1));
	let_go(&held);
	for (u_int i = 0; i < 3; i++)
		ipi_unregister(id[i]);
	CHECK(sequence.n == 3 && id[0] < id[1] && id[1] < id[2]);
	for (u_int i = 0; i < 3; i++)
		CHECK(sequence.ran[i] == id[i]);
}

const struct compat_test netbsd_behaviours[] = {
	{ "ipi_sysinit and ipi_percpu_init", "F-N1", 1, test_init },
	{ "ipi_register until the table is full", "F-N2", 1, test_register },
	{ "ipi_trigger runs it on that CPU", "F-N3 INV-E1", 2, test_trigger },
	{ "ipi_trigger is coalesced", "F-N3", 2, test_coalesced },
	{ "ipi_trigger_multi runs it here last", "F-N4", 1, test_trigger_multi },
	{ "ipi_trigger_broadcast", "F-N5", 1, test_trigger_broadcast },
	{ "ipi_unicast and ipi_wait", "F-N6 INV-C1", 2, test_unicast },
	{ "ipi_multicast runs it here last", "F-N7", 2, test_multicast },
	{ "ipi_broadcast", "F-N8", 1, test_broadcast },
	{ "ipi_wait makes effects visible", "F-N9", 2, test_visible },
	{ "full: counted, and the sender serves", "F-N10", 2, test_full },
	{ "ipi_cpu_handler serves what is pending", "F-N11", 2, test_handler },
	{ "handlers run in the order of their ids",
	    "F-N11", 2, test_id_order },
	{ NULL, NULL, 0, NULL }
};
