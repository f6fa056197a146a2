/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dragonfly_queue.c: what went wrong, or could, in the original's queues: one
 * test each.
 */
#include <string.h>

#include "dragonfly_test.h"

static struct letter letters[LETTERS];
static struct inbox inbox;

/* ---- D1, D2: a message that sends, finds the queue full, and drains ---- */

static struct {
	struct held_cpu full;	/* CPU 2: its queue from CPU 1 is kept full */
	uint32_t begun;
	uint32_t over;
	uint32_t filler;
	uint32_t order_wrong;
} outer;

static void
fill(void *unused)
{
	(void)unused;
	count(&outer.filler);
}

/* On CPU 1: waits for room towards CPU 2, and drains its own queue meanwhile. */
static void
send_into_full(void *unused)
{
	(void)unused;
	say(&outer.begun, 1);
	for (int i = 0; i < MAXCPUFIFO + 8; i++)
		lwkt_send_ipiq_bycpu(2, fill, NULL);
	say(&outer.over, 1);
}

/* On CPU 2, masked: keeps still until what came after has run, and longer. */
static void
keep_full(void *arg)
{
	uint32_t until = *(const uint32_t *)arg;
	unsigned long state = mach_mask();

	say(&outer.full.masked, 1);
	AWAIT(seen(&inbox.next) == until);
	linger();
	CHECK(!seen(&outer.over));
	mach_unmask(state);
}

static void
nest_once(bool check_wait)
{
	uint32_t later = 20;
	globaldata_t gd = globaldata_find(1);
	int seq = 0;

	memset(&outer, 0, sizeof(outer));
	write_letters(letters, &inbox);
	compat_start(2, keep_full, &later);
	AWAIT(seen(&outer.full.masked));
	lwkt_send_ipiq(gd, send_into_full, NULL);
	for (uint32_t i = 0; i < later; i++)
		seq = lwkt_send_ipiq(gd, take_letter, &letters[i]);
	if (check_wait) {
		lwkt_wait_ipiq(gd, seq);
		CHECK(seen(&outer.over));
	}
	compat_join(2);
	AWAIT(seen(&outer.over));
	AWAIT(seen(&outer.filler) == MAXCPUFIFO + 8);
	AWAIT(seen(&inbox.next) == later);
	CHECK(seen(&inbox.wrong) == 0);
}

static void
test_nested_drain(void)
{
	for (struct stint s = { .least = 2 }; stint_on(&s);)
		nest_once(false);
}

static void
test_nested_wait(void)
{
	for (struct stint s = { .least = 2 }; stint_on(&s);)
		nest_once(true);
}

/* ---- D4: a slot is read before it is written again ---- */

static void
send_letters(void *arg)
{
	uint32_t from = *(const uint32_t *)arg;

	/* In a handler, which waits only when the queue is really full. */
	for (uint32_t i = from; i < from + 4 * MAXCPUFIFO; i++)
		lwkt_send_ipiq_bycpu(1, take_letter, &letters[i % LETTERS]);
}

static void
test_slots_reused(void)
{
	for (struct stint s = { .least = 3 }; stint_on(&s);) {
		uint32_t from = 0;

		write_letters(letters, &inbox);
		xcpu_call_self(send_letters, &from);
		AWAIT(seen(&inbox.next) == 4 * MAXCPUFIFO);
		CHECK(seen(&inbox.wrong) == 0);
	}
}

/* ---- D6, and the bound on nesting ---- */

static struct {
	uint32_t ran;
	uint32_t depth;		/* CPU 1's own */
	uint32_t deepest;
} deep;

/* Each message of CPU 0 makes CPU 1 send four, in a handler. */
static void
note_ran(void *unused)
{
	(void)unused;
	count(&deep.ran);
}

static void
send_four(void *unused)
{
	uint32_t depth = ++deep.depth;

	(void)unused;
	if (depth > seen(&deep.deepest))
		say(&deep.deepest, depth);
	for (int i = 0; i < 4; i++)
		lwkt_send_ipiq_bycpu(0, note_ran, NULL);
	deep.depth--;
}

/* CPU 0 takes nothing until CPU 1 stands as deep as it ever will. */
static void
test_nesting(void)
{
	unsigned long state = mach_mask();

	memset(&deep, 0, sizeof(deep));
	for (int i = 0; i < MAXCPUFIFO / 2; i++)
		lwkt_send_ipiq_bycpu(1, send_four, NULL);
	AWAIT(seen(&deep.deepest) == XCPU_MSG_NEST + 1);
	linger();
	CHECK(seen(&deep.ran) == 0);
	mach_unmask(state);
	AWAIT(seen(&deep.ran) == 2 * MAXCPUFIFO);
	CHECK(seen(&deep.deepest) == XCPU_MSG_NEST + 1);
}

static uint32_t interrupted;

static void
note_interrupt(void *unused)
{
	(void)unused;
	say(&interrupted, 1);
}

static void
test_doorbell_stays_closed(void)
{
	int event = xcpu_event_register(note_interrupt, NULL);
	globaldata_t gd = globaldata_find(1);
	unsigned long state;

	interrupted = 0;
	write_letters(letters, &inbox);
	state = mach_mask();
	CHECK(xcpu_event_post_self(event) == 0);
	for (int i = 0; i < 6 * MAXCPUFIFO; i++) {
		lwkt_send_ipiq(gd, take_letter, &letters[i]);
		CHECK((xcpu_port_context() & XCPU_CTX_MASKED) != 0);
	}
	mach_unmask(state);
	AWAIT(seen(&interrupted));
	AWAIT(seen(&inbox.next) == 6 * MAXCPUFIFO);
	CHECK(seen(&inbox.wrong) == 0);
	CHECK(xcpu_event_unregister(event) == 0);
}

/* ---- D7: a passive message, waited for ---- */

static void
spin_until_released(void *arg)
{
	struct held_cpu *held = arg;

	say(&held->masked, 1);
	AWAIT(seen(&held->release));
}

static uint64_t
kicks(void)
{
	struct mach_counts counts;

	mach_counts(&counts);
	return counts.kicks_sent;
}

static void
test_passive_waited_for(void)
{
	struct held_cpu held = { .cpu = 1 };
	globaldata_t gd = globaldata_find(1);
	uint64_t told = 0;

	compat_start(1, spin_until_released, &held);
	AWAIT(seen(&held.masked));
	write_letters(letters, &inbox);
	for (uint32_t i = 0; i < 50; i++) {
		int last = lwkt_seq_ipiq(gd);
		int seq = lwkt_send_ipiq_passive(gd, take_letter, &letters[i]);
		uint64_t before = kicks();

		CHECK(seq == last + 1);
		lwkt_wait_ipiq(gd, seq);
		CHECK(seen(&inbox.next) == i + 1);
		told += kicks() - before;
	}
	/* Unless a tick was quicker each time, which it was not. */
	CHECK(told > 0);
	let_go(&held);
}

/* ---- D8: the last message of a burst ---- */

static uint64_t
lost_kicks(void)
{
	struct xcpu_totals totals = { 0 };

	for (unsigned cpu = 0; cpu < host.ncpu; cpu++)
		(void)xcpu_stat_sum(mach_domain(), cpu, &totals);
	return totals.lost;
}

static void
test_bursts(void)
{
	uint64_t before = lost_kicks();
	globaldata_t gd = globaldata_find(1);

	for (struct stint s = { .least = 50 }; stint_on(&s);) {
		uint32_t burst = s.turn % 7 + 1;

		write_letters(letters, &inbox);
		for (uint32_t i = 0; i < burst; i++)
			lwkt_send_ipiq(gd, take_letter, &letters[i]);
		AWAIT(seen(&inbox.next) == burst);
	}
	CHECK(seen(&inbox.wrong) == 0);
	CHECK(lost_kicks() == before);
}

/* ---- D12: a producer that never stops ---- */

static struct {
	uint32_t stop;
	uint32_t sent;
	uint32_t taken;
	uint32_t served[2];
} flood;

/* Until there is another, so that the queue is never empty. */
static void
take_time(void *unused)
{
	(void)unused;
	count(&flood.taken);
	AWAIT(seen(&flood.sent) > seen(&flood.taken) || seen(&flood.stop));
}

static void
flood_one(void *unused)
{
	(void)unused;
	/* ends: CPU 0 says so, or fails */
	while (!seen(&flood.stop)) {
		lwkt_send_ipiq_bycpu(1, take_time, NULL);
		count(&flood.sent);
	}
}

static void
note_served(void *served)
{
	count(served);
}

/* CPU 2 floods CPU 1; a lower and a higher one want something there, too. */
static void
be_heard(void *unused)
{
	uint32_t *served = &flood.served[mycpuid != 0];

	(void)unused;
	for (uint32_t i = 1; i <= 10; i++) {
		lwkt_send_ipiq_bycpu(1, note_served, served);
		AWAIT(seen(served) == i);
	}
}

static void
test_flood(void)
{
	memset(&flood, 0, sizeof(flood));
	compat_start(2, flood_one, NULL);
	compat_start(3, be_heard, NULL);
	be_heard(NULL);
	compat_join(3);
	say(&flood.stop, 1);
	compat_join(2);
	lwkt_wait_ipiq(globaldata_find(1), lwkt_seq_ipiq(globaldata_find(1)));
}

/* ---- D13: a wait that lasts is reported, in time ---- */

static uint32_t reports;

static enum xcpu_stall_policy
note_report(const struct xcpu_stall *report, void *arg)
{
	struct held_cpu *held = arg;

	CHECK(xcpu_cpuset_has(&report->missing, 1));
	count(&reports);
	say(&held->release, 1);
	return XCPU_STALL_CONTINUE;
}

static void
test_reported(void)
{
	struct held_cpu held;

	write_letters(letters, &inbox);
	hold(&held, 1);
	reports = 0;
	host.judge_arg = &held;
	host.judge = note_report;
	lwkt_wait_ipiq(globaldata_find(1),
	    lwkt_send_ipiq_bycpu(1, take_letter, &letters[0]));
	host.judge = NULL;
	CHECK(seen(&reports) >= 1 && seen(&inbox.next) == 1);
	let_go(&held);
}

/* ---- D14: to oneself, from a message to oneself ---- */

static struct {
	char text[16];
	unsigned len;
} diary;

static void
write_diary(void *arg)
{
	if ((xcpu_port_context() & XCPU_CTX_MASKED) != 0)
		diary.text[diary.len++] = (char)(uintptr_t)arg;
}

static void
send_to_self_twice(void *arg)
{
	write_diary(arg);
	lwkt_send_ipiq(mycpu, write_diary, (void *)(uintptr_t)'b');
	lwkt_send_ipiq(mycpu, write_diary, (void *)(uintptr_t)'c');
	write_diary(arg);
}

static void
test_self_in_order(void)
{
	memset(&diary, 0, sizeof(diary));
	lwkt_send_ipiq(mycpu, send_to_self_twice, (void *)(uintptr_t)'a');
	CHECK(strcmp(diary.text, "aabc") == 0);
}

static void
send_to_self_often(void *unused)
{
	(void)unused;
	for (int i = 0; i < 3 * MAXCPUFIFO; i++)
		lwkt_send_ipiq(mycpu, note_ran, NULL);
}

static void
test_self_often(void)
{
	deep.ran = 0;
	lwkt_send_ipiq(mycpu, send_to_self_often, NULL);
	CHECK(seen(&deep.ran) == 3 * MAXCPUFIFO);
}

/* ---- D11: sequences are ints, and go on past the largest ---- */

/* As if this CPU had sent so many to that one; nothing is under way. */
static void
age(unsigned target, uint64_t sent)
{
	const struct xcpu_aptr *next =
	    &xcpu_port_self()->msg.out[target % XCPU_MSG_BUCKETS];
	struct xcpu_msg_ring *ring = xcpu_load_acq(next);

	while (ring->target != target)
		ring = xcpu_load_acq(&ring->next);
	ring->tail = ring->seen_head = ring->told = ring->taken = sent;
	xcpu_store_rel(&ring->head, sent);
	xcpu_store_rel(&ring->done, sent);
}

static void
send_past(uint64_t sent)
{
	globaldata_t gd = globaldata_find(1);
	struct held_cpu held;

	lwkt_wait_ipiq(gd, lwkt_send_ipiq(gd, note_ran, NULL));
	hold(&held, 1);
	age(1, sent);
	write_letters(letters, &inbox);
	let_go(&held);
	for (uint32_t i = 0; i < 2 * MAXCPUFIFO; i++) {
		int seq = lwkt_send_ipiq(gd, take_letter, &letters[i]);

		CHECK(seq == (int)(uint32_t)(sent + i + 1));
		CHECK(seq == lwkt_seq_ipiq(gd));
		lwkt_wait_ipiq(gd, seq);
		CHECK(seen(&inbox.next) == i + 1);
	}
	CHECK(seen(&inbox.wrong) == 0);
}

static void
test_sequence_wraps(void)
{
	send_past(((uint64_t)1 << 31) - MAXCPUFIFO);
	send_past(((uint64_t)1 << 32) - MAXCPUFIFO);
	send_past(((uint64_t)5 << 32) + ((uint64_t)1 << 31) - MAXCPUFIFO);
}

const struct compat_test dragonfly_queue[] = {
	{ "a drain inside a drain repeats nothing",
	    "D1 INV-Q6 INV-C1", 3, test_nested_drain },
	{ "a message inside which others run is not over",
	    "D2 F-D9 INV-Q7", 3, test_nested_wait },
	{ "a slot is read before it is written again",
	    "D4 INV-Q4", 2, test_slots_reused },
	{ "sends inside messages nest to a bound", "D6 F-D17", 2, test_nesting },
	{ "a full queue leaves the doorbell as it is",
	    "D6 F-D3 INV-C10", 2, test_doorbell_stays_closed },
	{ "a passive message that is waited for",
	    "D7 F-D5 INV-Q11", 2, test_passive_waited_for },
	{ "the last message of a burst is not forgotten",
	    "D8 INV-Q8", 2, test_bursts },
	{ "a flood does not starve other senders", "D12", 4, test_flood },
	{ "a wait that lasts is reported, not fatal",
	    "D13 F-D9", 2, test_reported },
	{ "to oneself in order", "D14 F-D2 INV-Q12", 1, test_self_in_order },
	{ "to oneself, more than fit", "D14 F-D17", 1, test_self_often },
	{ "sequences go on past the largest int",
	    "D11 F-D9 F-D10 F-P11 INV-Q5", 2, test_sequence_wraps },
	{ NULL, NULL, 0, NULL }
};
