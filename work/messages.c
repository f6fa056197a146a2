/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * messages.c: floods of messages between all pairs.
 *
 * Each message carries its sender and a number; its target must find the number
 * that follows the last one of that sender.  So one comparison sees a message
 * that is lost, doubled, overtaken, or not yet written.
 *
 * The phases differ in how many messages a sender puts out before it waits for
 * them, and the last one mixes all forms with CPUs that come and go.  Between
 * two phases all is quiet, so that kicks can be counted against messages.
 */
#include "run.h"

#if XCPU_MSG_SLOTS != 0

#define RINGS_MAX	4096
#define SATURATION	0	/* never waits, but for room */
#define MIX		1000	/* more than any burst */

static const struct phase {
	const char *name;
	unsigned burst;
	unsigned percent;	/* of the messages */
} phases[] = {
	{ "bursts of 1", 1, 5 },
	{ "bursts of 4", 4, 10 },
	{ "bursts of 32", 32, 15 },
	{ "saturation", SATURATION, 50 },
	{ "all forms", MIX, 20 },
};

#define PHASES (sizeof(phases) / sizeof(phases[0]))

struct messages_cpu {
	struct work_rng rng;
	unsigned cpu;
	uint64_t count, left;
	uint64_t *sent;			/* [ncpu]: to each */
	uint64_t *got __attribute__((aligned(64)));	/* [ncpu]: of each */
};

static struct {
	struct work_goal goal;
	const struct phase *phase;
	uint64_t limit_ns;		/* of this phase */
	unsigned ncpu;
	bool pool;
	struct messages_cpu *cpu[XCPU_NCPU_MAX];
	struct xcpu_au32 finished;
} messages;

/* ------------------------------------------------------------------ */

static void
receive(void *arg, void *frame)
{
	unsigned source = (unsigned)((uintptr_t)arg >> 48);
	uint64_t number = (uintptr_t)arg & (((uint64_t)1 << 48) - 1);
	unsigned cpu = xcpu_cpu_index();
	uint64_t *got = &messages.cpu[cpu]->got[source];

	(void)frame;
	if (number != *got + 1)
		WORK_REPORT(WORK_ORDER, "order: message %lu of cpu %u came "
		    "after %lu on cpu %u\n", (unsigned long)number, source,
		    (unsigned long)*got, cpu);
	*got = number;
}

static void *
numbered(const struct messages_cpu *me, uint64_t number)
{
	return (void *)(uintptr_t)((uint64_t)me->cpu << 48 | number);
}

/* Sent, or refused for a reason that there is. */
static bool
sent(struct messages_cpu *me, unsigned cpu, int error, unsigned n)
{
	if (error >= 0) {
		me->sent[cpu] += n;
		me->count += n;
		return true;
	}
	if (error != -XCPU_ENXIO && error != -XCPU_ENOSPC &&
	    error != -XCPU_EAGAIN)
		WORK_REPORT(WORK_ANSWER, "answer: a message of cpu %u to %u: "
		    "%s\n", me->cpu, cpu, xcpu_strerror(error));
	return false;
}

static bool
send(struct messages_cpu *me, unsigned cpu)
{
	return sent(me, cpu, xcpu_msg_send(cpu, receive,
	    numbered(me, me->sent[cpu] + 1), NULL), 1);
}

/* All that was sent to a CPU is over, and so it must have come. */
static void
settle(struct messages_cpu *me, unsigned cpu)
{
	struct xcpu_ticket ticket = xcpu_msg_last(cpu);
	int error = xcpu_msg_wait(&ticket, WORK_PATIENCE);

	if (error != 0)
		WORK_REPORT(WORK_STALLED, "stall: cpu %u waits for its "
		    "messages to cpu %u: %s\n", me->cpu, cpu,
		    xcpu_strerror(error));
	else if (messages.cpu[cpu]->got[me->cpu] != me->sent[cpu])
		WORK_REPORT(WORK_LOST, "lost: cpu %u sent %lu messages to cpu "
		    "%u, and %lu came\n", me->cpu,
		    (unsigned long)me->sent[cpu], cpu,
		    (unsigned long)messages.cpu[cpu]->got[me->cpu]);
}

static void
send_burst(struct messages_cpu *me, unsigned cpu, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!send(me, cpu))
			break;
	settle(me, cpu);
}

static void
send_batch(struct messages_cpu *me, unsigned cpu)
{
	struct xcpu_msg msgs[8];
	unsigned n = 1 + work_below(&me->rng, 8);
	int error;

	for (unsigned i = 0; i < n; i++) {
		msgs[i].fn = receive;
		msgs[i].arg = numbered(me, me->sent[cpu] + 1 + i);
	}
	error = xcpu_msg_batch(cpu, msgs, n, NULL);
	sent(me, cpu, error, error > 0 ? (unsigned)error : 0);
}

static void
send_mixed(struct messages_cpu *me, unsigned cpu)
{
	unsigned dice = work_below(&me->rng, 4096);
	void *next = numbered(me, me->sent[cpu] + 1);
	unsigned long state;

	if (dice < 2000) {
		send(me, cpu);
	} else if (dice < 2500) {
		state = mach_mask();
		send(me, cpu);
		mach_unmask(state);
	} else if (dice < 3000) {
		sent(me, cpu, xcpu_msg_try(cpu, receive, next, NULL), 1);
	} else if (dice < 3500) {
		sent(me, cpu, xcpu_msg_passive(cpu, receive, next, NULL), 1);
	} else if (dice < 4000) {
		send_batch(me, cpu);
	} else if (dice < 4080) {
		settle(me, cpu);
	} else if (dice < 4095) {
		mach_idle_once();
	} else if (me->cpu != 0) {
		work_leave_and_return(me->cpu, &me->rng);
		me->left++;
	}
}

static void
send_some(struct messages_cpu *me)
{
	/* With oneself only where that is all there is. */
	unsigned other = messages.ncpu == 1 ? 0 : (me->cpu + 1 +
	    work_below(&me->rng, messages.ncpu - 1)) % messages.ncpu;

	if (messages.phase->burst == MIX)
		send_mixed(me, work_once_in(&me->rng, 16) ? me->cpu : other);
	else if (messages.phase->burst != SATURATION)
		send_burst(me, other, messages.phase->burst);
	else
		for (unsigned i = 0; i < 256; i++)
			send(me, other);
}

static void
messages_cpu_main(unsigned cpu, void *arg)
{
	struct messages_cpu *me = messages.cpu[cpu];
	uint64_t share = messages.goal.ops * messages.phase->percent / 100 /
	    messages.ncpu + 1;
	uint64_t end = me->count + share;
	unsigned tries = 0;

	(void)arg;
	/* ends: also if a CPU has no ring at all, or meets nobody */
	while (me->count < end && !work_passed(messages.limit_ns) &&
	    tries++ < share * 2 + 1000)
		send_some(me);
	for (unsigned to = 0; to < messages.ncpu; to++)
		settle(me, to);
	xcpu_fetch_add_rel(&messages.finished, 1);
	/* ends: every CPU sends its share, or its time is over */
	while (xcpu_load_acq(&messages.finished) < messages.ncpu)
		mach_relax();
}

/* ------------------------------------------------------------------ */

static void
read_totals(struct xcpu_totals *totals)
{
	*totals = (struct xcpu_totals){ 0 };
	for (unsigned cpu = 0; cpu < messages.ncpu; cpu++)
		xcpu_stat_sum(mach_domain(), cpu, totals);
}

static void
cell(uint64_t n)
{
	char number[WORK_NUMBER];

	mach_printf(" %12s", work_number(n, number));
}

/* Each phase has its part of the time that is left; `percent`: of it and later. */
static uint64_t
phase_limit(const struct phase *phase, unsigned percent)
{
	uint64_t now = mach_now_ns();
	uint64_t limit = messages.goal.limit_ns;

	if (limit == 0 || limit <= now)
		return limit;
	return now + (limit - now) / percent * phase->percent;
}

static void
run_phase(const struct phase *phase)
{
	static struct xcpu_totals before, after;
	uint64_t sum, kicks;

	messages.phase = phase;
	xcpu_store_rlx(&messages.finished, 0);
	read_totals(&before);
	mach_run_all(messages_cpu_main, NULL);
	read_totals(&after);
	sum = after.msg_sent - before.msg_sent;
	kicks = after.kick_msg - before.kick_msg +
	    after.selfkick - before.selfkick;
	mach_printf("          %-14s", phase->name);
	cell(sum);
	cell(kicks);
	cell(sum != 0 ? kicks * 1000 / sum : 0);
	cell(after.avoid_draining - before.avoid_draining);
	cell(after.avoid_pending - before.avoid_pending +
	    after.avoid_polling - before.avoid_polling);
	cell(after.msg_full - before.msg_full);
	mach_printf("\n");
}

void
work_give_rings(void)
{
	unsigned n = work_run.ncpu < 64 ? work_run.ncpu * work_run.ncpu :
	    RINGS_MAX;
	struct xcpu_msg_ring *rings;

	if (messages.pool)
		return;
	messages.pool = true;
	rings = mach_alloc(n * sizeof(*rings));
	/* -XCPU_EBUSY: the self-test has given some; those will do. */
	if (rings == NULL || (xcpu_msg_pool(mach_domain(), rings, n) != 0 &&
	    xcpu_msg_pool(mach_domain(), rings, n) != -XCPU_EBUSY))
		WORK_REPORT(WORK_SHORT, "no memory: %u rings of %lu bytes\n",
		    n, (unsigned long)sizeof(*rings));
}

static bool
messages_init(void)
{
	messages.ncpu = work_run.ncpu;
	work_give_rings();
	for (unsigned cpu = 0; cpu < messages.ncpu; cpu++) {
		struct messages_cpu *me = messages.cpu[cpu];

		if (me == NULL)
			me = mach_alloc(sizeof(*me) +
			    2 * messages.ncpu * sizeof(uint64_t));
		if (me == NULL) {
			WORK_REPORT(WORK_SHORT, "no memory: the messages want "
			    "%u words for each CPU\n", 2 * messages.ncpu);
			return false;
		}
		messages.cpu[cpu] = me;
		me->cpu = cpu;
		me->sent = (uint64_t *)(me + 1);
		me->got = me->sent + messages.ncpu;
		work_seed(&me->rng, 6, cpu);
	}
	return true;
}

/*
 * All is quiet: what was sent has come.  The order was judged at each arrival,
 * and each CPU has waited for its own.
 */
static void
print_sums(void)
{
	uint64_t sent = 0, came = 0;
	unsigned pairs = 0;

	for (unsigned from = 0; from < messages.ncpu; from++) {
		for (unsigned to = 0; to < messages.ncpu; to++) {
			pairs += messages.cpu[from]->sent[to] != 0;
			sent += messages.cpu[from]->sent[to];
			came += messages.cpu[to]->got[from];
		}
	}
	if (came != sent)
		WORK_REPORT(WORK_LOST, "lost: of all messages that were sent, "
		    "%lu did not come\n", (unsigned long)(sent - came));
	mach_printf("          %u pairs: %lu sent, %lu came\n", pairs,
	    (unsigned long)sent, (unsigned long)came);
}

void
messages_run(const struct work_goal *goal)
{
	unsigned percent = 100;

	messages.goal = *goal;
	if (!messages_init())
		return;
	mach_printf("          %-14s%13s%13s%13s%13s%13s%13s\n", "", "messages",
	    "kicks", "per 1000", "draining", "pending", "full");
	for (unsigned i = 0; i < PHASES; i++) {
		messages.limit_ns = phase_limit(&phases[i], percent);
		percent -= phases[i].percent;
		run_phase(&phases[i]);
	}
	print_sums();
	for (unsigned cpu = 0; cpu < messages.ncpu; cpu++) {
		work_run.tally.messages += messages.cpu[cpu]->count;
		work_run.tally.left += messages.cpu[cpu]->left;
	}
}

#else

void
work_give_rings(void)
{
}

void
messages_run(const struct work_goal *goal)
{
	(void)goal;
	mach_printf("          built without messages\n");
}

#endif
