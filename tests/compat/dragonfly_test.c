/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dragonfly_test.c: each behaviour of lwkt_ipiq, one test.
 */
#include <string.h>

#include <xcpu/stop.h>

#include "dragonfly_test.h"

static struct letter letters[LETTERS];

/* ---- sending ---- */

static void
test_send(void)
{
	static struct inbox inbox;

	for (int cpu = 1; cpu < ncpus; cpu++) {
		globaldata_t gd = globaldata_find(cpu);
		int seq = lwkt_seq_ipiq(gd);

		write_letters(letters, &inbox);
		for (int i = 0; i < LETTERS; i++)
			CHECK(lwkt_send_ipiq(gd, take_letter, &letters[i]) ==
			    ++seq);
		AWAIT(seen(&inbox.next) == LETTERS);
		CHECK(seen(&inbox.wrong) == 0);
	}
}

static void
test_self(void)
{
	static struct inbox inbox;
	unsigned long state;

	write_letters(letters, &inbox);
	for (int i = 0; i < 100; i++) {
		CHECK(lwkt_send_ipiq(mycpu, take_letter, &letters[i]) == 0);
		CHECK(seen(&inbox.next) == (uint32_t)i + 1);
	}
	/* At once means with interrupts off, too. */
	state = mach_mask();
	CHECK(lwkt_send_ipiq(mycpu, take_letter, &letters[100]) == 0);
	CHECK(seen(&inbox.next) == 101);
	mach_unmask(state);
	CHECK(seen(&inbox.wrong) == 0);
	lwkt_wait_ipiq(mycpu, 0);
}

static struct {
	uint32_t sent;
	uint32_t asked;		/* by the CPU that is sent to */
	struct held_cpu held;
} flood;

static void
note_asked(void *unused)
{
	(void)unused;
	say(&flood.asked, 1);
}

/* Masked till the sender has to wait; it must serve us before we serve it. */
static void
be_slow(void *unused)
{
	unsigned long state = mach_mask();

	(void)unused;
	say(&flood.held.masked, 1);
	AWAIT(seen(&flood.sent) == MAXCPUFIFO / 2);
	linger();
	/* The one over half is on its way, and its sender waits. */
	CHECK(seen(&flood.sent) == MAXCPUFIFO / 2);
	lwkt_send_ipiq(globaldata_find(0), note_asked, NULL);
	AWAIT(seen(&flood.asked));
	mach_unmask(state);
}

#define PAUSE 5

/* A few messages on, the queue is still over a quarter full. */
static void
pause_and_look(void *arg)
{
	linger();
	CHECK(seen(&flood.sent) == MAXCPUFIFO / 2);
	take_letter(arg);
}

static void
test_hysteresis(void)
{
	static struct inbox inbox;
	globaldata_t gd = globaldata_find(1);
	unsigned long state;

	memset(&flood, 0, sizeof(flood));
	write_letters(letters, &inbox);
	compat_start(1, be_slow, NULL);
	AWAIT(seen(&flood.held.masked));
	state = mach_mask();
	for (int i = 0; i < MAXCPUFIFO; i++) {
		lwkt_send_ipiq(gd, i == PAUSE ? pause_and_look : take_letter,
		    &letters[i]);
		CHECK((xcpu_port_context() & XCPU_CTX_MASKED) != 0);
		count(&flood.sent);
	}
	mach_unmask(state);
	compat_join(1);
	AWAIT(seen(&inbox.next) == MAXCPUFIFO);
	CHECK(seen(&inbox.wrong) == 0 && seen(&flood.asked));
}

static void
wait_for_release(void *arg)
{
	struct held_cpu *held = arg;

	say(&held->masked, 1);
	AWAIT(seen(&held->release));
}

/* Twenty messages to a CPU that is in the midst of its queue. */
static int64_t
avoided_while_draining(void)
{
	static struct inbox inbox;
	struct held_cpu held = { .cpu = 1 };
	globaldata_t gd = globaldata_find(1);
	struct lwkt_ipiq_stats before, after;

	write_letters(letters, &inbox);
	lwkt_send_ipiq(gd, wait_for_release, &held);
	AWAIT(seen(&held.masked));
	lwkt_ipiq_stats(&before);
	for (int i = 0; i < 20; i++)
		lwkt_send_ipiq(gd, take_letter, &letters[i]);
	lwkt_ipiq_stats(&after);
	say(&held.release, 1);
	AWAIT(seen(&inbox.next) == 20);
	CHECK(after.ipiq_count - before.ipiq_count == 20);
	return after.ipiq_avoided - before.ipiq_avoided;
}

static void
test_avoided(void)
{
	CHECK(avoided_while_draining() == 20);
}

static void
test_optimized(void)
{
	lwkt_ipiq_set_optimized(0);
	CHECK(avoided_while_draining() == 0);
	lwkt_ipiq_set_optimized(1);
	CHECK(avoided_while_draining() == 20);
}

static void
drain_by_hand(void *arg)
{
	struct inbox *inbox = arg;
	unsigned long state = mach_mask();

	say(&flood.held.masked, 1);
	AWAIT(seen(&flood.held.release));
	CHECK(seen(&inbox->next) == 0);
	lwkt_process_ipiq();
	CHECK(seen(&inbox->next) == 3);
	mach_unmask(state);
}

static void
spin_open(void *arg)
{
	struct inbox *inbox = arg;

	say(&flood.held.masked, 1);
	AWAIT(seen(&inbox->next) == 3);
}

static void
idle_till_served(void *arg)
{
	struct inbox *inbox = arg;

	say(&flood.held.masked, 1);
	while (seen(&inbox->next) != 3)	/* ends: a message wakes it */
		mach_idle_once();
}

/* Three passive messages to CPU 1, which runs `target` in the meantime. */
static void
send_passive_to(void (*target)(void *arg))
{
	static struct inbox inbox;
	globaldata_t gd = globaldata_find(1);
	struct lwkt_ipiq_stats before, after;

	memset(&flood, 0, sizeof(flood));
	write_letters(letters, &inbox);
	compat_start(1, target, &inbox);
	AWAIT(seen(&flood.held.masked));
	lwkt_ipiq_stats(&before);
	for (int i = 0; i < 3; i++)
		lwkt_send_ipiq_passive(gd, take_letter, &letters[i]);
	lwkt_ipiq_stats(&after);
	CHECK(after.ipiq_passive - before.ipiq_passive == 3);
	say(&flood.held.release, 1);
	AWAIT(seen(&inbox.next) == 3);
	compat_join(1);
	CHECK(seen(&inbox.wrong) == 0);
}

static void
test_passive(void)
{
	send_passive_to(drain_by_hand);
	send_passive_to(spin_open);
	send_passive_to(idle_till_served);
}

static void
test_nowait(void)
{
	static struct inbox inbox;
	struct held_cpu held;
	globaldata_t gd = globaldata_find(1);
	uint32_t sent = 0;

	write_letters(letters, &inbox);
	hold(&held, 1);
	/* ends: the queue is full */
	while (sent < LETTERS && lwkt_send_ipiq_nowait(gd, take_letter,
	    &letters[sent]) == 0)
		sent++;
	CHECK(sent == MAXCPUFIFO * 2 / 3);
	CHECK(lwkt_send_ipiq_nowait(gd, take_letter, NULL) == XCPU_ENOENT);
	let_go(&held);
	AWAIT(seen(&inbox.next) == sent);
	CHECK(lwkt_send_ipiq_nowait(gd, take_letter, &letters[sent]) == 0);
	AWAIT(seen(&inbox.next) == sent + 1);
	CHECK(seen(&inbox.wrong) == 0);
}

/* ---- to several ---- */

static uint32_t ran_on[TEST_CPUS];

static void
note_cpu(void *unused)
{
	(void)unused;
	if ((xcpu_port_context() & XCPU_CTX_MASKED) != 0)
		count(&ran_on[mycpuid]);
}

static void
test_bycpu(void)
{
	memset(ran_on, 0, sizeof(ran_on));
	for (int cpu = 0; cpu < ncpus; cpu++) {
		int seq = lwkt_send_ipiq_bycpu(cpu, note_cpu, NULL);

		lwkt_wait_ipiq(globaldata_find(cpu), seq);
		CHECK(seen(&ran_on[cpu]) == 1);
	}
}

static void
test_mask(void)
{
	struct held_cpu away = { .cpu = (unsigned)ncpus - 1 };
	cpumask_t all = (cpumask_t)-1;

	memset(ran_on, 0, sizeof(ran_on));
	CHECK(lwkt_send_ipiq_mask(all, note_cpu, NULL) == ncpus);
	for (int cpu = 0; cpu < ncpus; cpu++)
		AWAIT(seen(&ran_on[cpu]) == 1);
	compat_start(away.cpu, stay_away, &away);
	AWAIT(seen(&away.masked));
	CHECK(lwkt_send_ipiq_mask(mycpu->gd_other_cpus, note_cpu, NULL) ==
	    ncpus - 2);
	CHECK(lwkt_send_ipiq_mask(0, note_cpu, NULL) == 0);
	for (int cpu = 1; cpu < ncpus - 1; cpu++)
		AWAIT(seen(&ran_on[cpu]) == 2);
	let_go(&away);
	CHECK(seen(&ran_on[0]) == 1 && seen(&ran_on[away.cpu]) == 1);
}

/* As a debugger would; the queues go on when it lets the CPU go. */
static void
test_mask_stopped(void)
{
	struct xcpu_cpuset one;

	memset(ran_on, 0, sizeof(ran_on));
	xcpu_cpuset_one(&one, 1);
	CHECK(xcpu_stop(&one, NULL) == 0);
	CHECK(lwkt_send_ipiq_mask((cpumask_t)-1, note_cpu, NULL) == ncpus - 1);
	for (int cpu = 0; cpu < ncpus; cpu++)
		AWAIT(cpu == 1 || seen(&ran_on[cpu]) == 1);
	CHECK(xcpu_restart(&one) == 1);
	CHECK(lwkt_send_ipiq_mask(2, note_cpu, NULL) == 1);
	AWAIT(seen(&ran_on[1]) == 1);
}

/* ---- waiting, frames ---- */

static uint64_t told[4];

static void
write_plain(void *arg)
{
	told[1] = *(const uint64_t *)arg;
}

static void
test_wait(void)
{
	globaldata_t gd = globaldata_find(1);

	for (struct stint s = { .least = 10 }; stint_on(&s);) {
		int seq;

		told[0] = s.turn;
		seq = lwkt_send_ipiq(gd, write_plain, &told[0]);
		CHECK(seq == lwkt_seq_ipiq(gd));
		lwkt_wait_ipiq(gd, seq);
		CHECK(told[1] == s.turn);
		lwkt_wait_ipiq(gd, seq - 1);
	}
}

static struct inbox mutual[2];
static struct letter mutual_letters[2][LETTERS];

/* Masked, each sends to the other and waits, who can take it in his wait only. */
static void
wait_for_the_other(void *unused)
{
	int self = mycpuid;
	globaldata_t other = globaldata_find(1 - self);
	unsigned long state = mach_mask();

	(void)unused;
	for (int i = 0; i < 50; i++)
		lwkt_wait_ipiq(other, lwkt_send_ipiq(other, take_letter,
		    &mutual_letters[self][i]));
	/* The other one is still at his, perhaps, and needs us. */
	AWAIT((lwkt_process_ipiq(), seen(&mutual[1 - self].next) == 50));
	mach_unmask(state);
}

static void
test_mutual_waits(void)
{
	write_letters(mutual_letters[0], &mutual[0]);
	write_letters(mutual_letters[1], &mutual[1]);
	compat_start(1, wait_for_the_other, NULL);
	wait_for_the_other(NULL);
	compat_join(1);
	CHECK(seen(&mutual[0].wrong) == 0 && seen(&mutual[1].wrong) == 0);
}

struct intrframe {
	uint32_t seen;
};

static void
note_frame(void *arg, struct intrframe *frame)
{
	*(struct intrframe **)arg = frame;
}

static struct intrframe frame, no_frame;
static struct intrframe *got;

static void
drain_with_frame(void *unused)
{
	unsigned long state = mach_mask();

	(void)unused;
	for (int i = 0; i < 2; i++) {
		got = &no_frame;
		say(&flood.held.masked, 1);
		AWAIT(seen(&flood.held.release));
		say(&flood.held.release, 0);
		CHECK(got == &no_frame);
		if (i == 0)
			lwkt_process_ipiq_frame(&frame);
		else
			lwkt_process_ipiq();
		CHECK(got == (i == 0 ? &frame : NULL));
	}
	got = &no_frame;
	lwkt_send_ipiq(mycpu, (ipifunc_t)note_frame, &got);
	CHECK(got == NULL);
	mach_unmask(state);
}

static void
test_frame(void)
{
	memset(&flood, 0, sizeof(flood));
	compat_start(1, drain_with_frame, NULL);
	for (int i = 0; i < 2; i++) {
		AWAIT(seen(&flood.held.masked));
		say(&flood.held.masked, 0);
		lwkt_send_ipiq_bycpu(1, (ipifunc_t)note_frame, &got);
		say(&flood.held.release, 1);
	}
	compat_join(1);
}

const struct compat_test dragonfly_behaviours[] = {
	{ "lwkt_send_ipiq: in order, and a sequence",
	    "F-D1 INV-Q2", 2, test_send },
	{ "lwkt_send_ipiq to oneself", "F-D2", 1, test_self },
	{ "over half full the sender serves, down to a quarter",
	    "F-D3 INV-Q9", 2, test_hysteresis },
	{ "no kick to a CPU that drains", "F-D4", 2, test_avoided },
	{ "passive: next drain, tick, idle", "F-D5", 2, test_passive },
	{ "nowait: two thirds", "F-D6", 2, test_nowait },
	{ "bycpu", "F-D7", 1, test_bycpu },
	{ "mask: who is away is left out", "F-D8", 3, test_mask },
	{ "mask: who is stopped is left out", "F-D8", 2, test_mask_stopped },
	{ "lwkt_wait_ipiq and lwkt_seq_ipiq", "F-D9 F-D10", 2, test_wait },
	{ "two waits for each other with interrupts off",
	    "F-D9 INV-C7", 2, test_mutual_waits },
	{ "process, with a frame and without", "F-D11", 2, test_frame },
	{ "counters, and ipiq_optimized", "F-D12", 2, test_optimized },
	{ NULL, NULL, 0, NULL }
};
