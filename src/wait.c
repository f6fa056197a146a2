/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c: the one wait.
 *
 * No other file of the library spins.  A waiter serves what other CPUs need of
 * it, as far as the place where it stands allows:
 *
 *	doorbell open			the interrupt does it
 *	doorbell masked, in a thread	STOP, FLUSH, CALL, MSG; and EVENT where
 *					the wait may be for a CPU that leaves
 *	host lock held, in a handler	STOP, FLUSH; and MSG for room in a ring,
 *					or if parked so
 *	in an NMI			nothing
 *
 * so that two CPUs may wait for each other in every combination that the API
 * permits: a flush is served everywhere, and whoever waits for a call or a
 * round stands where it serves calls.  What must not be waited for from where
 * the caller stands is refused before anything is sent (xcpui_may_wait()).
 *
 * Silence: after XCPU_REKICK_NS the kicks go out once more (as NMIs, where they
 * were NMIs), past the rule that suppresses them, for a kick that was lost
 * suppresses its followers; after
 * XCPU_STALL_NS, 2, 4, ... times that, the host gets a report.
 *
 * The clock may stand still or run backwards: only its steps forward count.
 */
#include "internal.h"

/* Looks before the clock is read: most waits are over by then. */
#define SHORT_LOOKS 64

/* And then between two looks at the clock, which cost as much as several. */
#define CLOCK_LOOKS 8

struct watch {
	uint64_t last;		/* clock at the last look */
	uint64_t silent;	/* sum of the clock's steps forward */
	uint64_t next_kick;
	uint64_t next_report;
	unsigned reports;
	unsigned rekicks;
	uint64_t since;
	/* What the lowest missing CPU ran when we looked first. */
	unsigned seen_cpu;
	uint32_t seen_turn;
	uint64_t seen_at;	/* in terms of `silent` */
};

const char * XCPUI_COLD
xcpu_wait_name(enum xcpu_wait_kind kind)
{
	static const char names[XCPU_WAIT_KINDS][11] = {
		[XCPU_WAIT_NONE] = "nothing",
		[XCPU_WAIT_CALL] = "call",
		[XCPU_WAIT_FLUSH] = "shootdown",
		[XCPU_WAIT_ROUND] = "round",
		[XCPU_WAIT_READY] = "ready",
		[XCPU_WAIT_MSG] = "message",
		[XCPU_WAIT_SYNC] = "rendezvous",
		[XCPU_WAIT_PARK] = "release",
		[XCPU_WAIT_STOP] = "stop",
		[XCPU_WAIT_LOCK] = "lock",
	};

	return names[(unsigned)kind < XCPU_WAIT_KINDS ? kind : XCPU_WAIT_NONE];
}

/* What a waiter may serve here and now; 0 where the interrupt does it. */
static unsigned
servable(const struct xcpu_cpu *self, const struct xcpui_wait *wait)
{
	unsigned context = xcpu_port_context();

	if (XCPU_PORT_LEVEL >= 1 && (context & XCPU_CTX_MASKED) == 0)
		return 0;
	/* Only the last stop of all waits in an NMI, and serves nobody. */
	if ((context & XCPU_CTX_NMI) != 0)
		return 0;
	if ((context & XCPU_CTX_LOCKED) != 0 || self->depth != 0 ||
	    self->polling != 0)
		return XCPU_LANE_STOP | XCPU_LANE_FLUSH | wait->also |
		    (wait->kind == XCPU_WAIT_MSG ? XCPU_LANE_MSG : 0);
	/* Who is waited for may be leaving, in a round that needs us. */
	if (wait->kind == XCPU_WAIT_ROUND || wait->kind == XCPU_WAIT_READY ||
	    wait->kind == XCPU_WAIT_SYNC || wait->kind == XCPU_WAIT_MSG ||
	    XCPU_PORT_LEVEL == 0)
		return XCPU_LANE_CLASSES;
	return XCPU_LANE_STOP | XCPU_LANE_FLUSH | XCPU_LANE_CALL |
	    XCPU_LANE_MSG;
}

static void
serve(struct xcpu_cpu *self, const struct xcpui_wait *wait, unsigned spins)
{
	unsigned allowed, bits;
	unsigned long state;
	void *frame;

	/* A poll is nothing but serving, and has its own way with calls. */
	if (wait->kind == XCPU_WAIT_NONE)
		return;
	/* The neighbours of a parked CPU write the line of its doorbell. */
	if (wait->kind == XCPU_WAIT_PARK &&
	    (spins + 1) % XCPU_PARK_LOOKS != 0)
		return;
	bits = xcpui_lane_own(self) & XCPU_LANE_CLASSES;
	/* What a drain around this wait has in hand nobody posts again. */
	if (wait->kind == XCPU_WAIT_MSG && xcpui_msg_in_hand(self))
		bits |= XCPU_LANE_MSG;
	if (bits == 0)
		return;
	allowed = servable(self, wait);
	if ((bits & allowed) == 0)
		return;
	state = xcpu_port_irq_save();
	/* What runs here did not interrupt what the frame says. */
	frame = xcpui_msg_frame(self, NULL);
	bits |= xcpui_claim(self, allowed);
	xcpui_serve(self, bits, bits & allowed);
	(void)xcpui_msg_frame(self, frame);
	xcpu_port_irq_restore(state);
}

static void
look_at_clock(struct xcpu_cpu *self, struct watch *watch)
{
	uint64_t now = xcpui_now();
	/* The difference tells which way, for a clock may wrap. */
	int64_t step = (int64_t)(now - watch->last);

	if (step >= 0)
		watch->silent += (uint64_t)step;
	else
		XCPUI_COUNT(self, clock_back);
	watch->last = now;
}

/* How long ago another CPU's clock note was, or 0 if the clocks disagree. */
static uint64_t
ago(uint64_t now, const struct xcpu_au64 *since)
{
	/* rlx: a picture for the report */
	uint64_t then = xcpu_load_rlx(since);

	return then != 0 && now > then ? now - then : 0;
}

/* How long the CPU has been in the same function at least, while we looked. */
static uint64_t XCPUI_COLD
same_turn(const struct xcpu_domain *domain, unsigned cpu, struct watch *watch)
{
	const struct xcpu_running *running = &domain->cpus[cpu].running;
	uint32_t turn = xcpu_load_rlx(&running->turn); /* rlx: picture */

	if (cpu == watch->seen_cpu && turn == watch->seen_turn)
		return watch->silent - watch->seen_at;
	watch->seen_cpu = cpu;
	watch->seen_turn = turn;
	watch->seen_at = watch->silent;
	return 0;
}

static void XCPUI_COLD
describe(const struct xcpu_domain *domain, unsigned cpu, struct watch *watch,
    struct xcpu_stall_target *target)
{
	const struct xcpu_cpu *other = &domain->cpus[cpu];

	target->cpu = cpu;
	target->lane = xcpui_lane_look(domain, cpu);
	/* rlx: a picture for the report, from here to the end */
	target->claims = xcpu_load_rlx(&other->claims);
	target->fn = (xcpu_fn *)(uintptr_t)xcpu_load_rlx(&other->running.fn); /* rlx: picture */
	target->arg = xcpu_load_rlx(&other->running.arg); /* rlx: picture */
	target->source = xcpu_load_rlx(&other->running.source); /* rlx: picture */
	target->running_ns = target->fn != NULL ?
	    same_turn(domain, cpu, watch) : 0;
	target->waits = (enum xcpu_wait_kind)
	    xcpu_load_rlx(&other->waiting.kind); /* rlx: picture */
	target->waits_for = target->waits != XCPU_WAIT_NONE ?
	    xcpu_load_rlx(&other->waiting.target) : /* rlx: picture */
	    XCPU_NCPU_MAX;
	target->waiting_ns = target->waits != XCPU_WAIT_NONE ?
	    ago(watch->last, &other->waiting.since_ns) : 0;
}

static enum xcpu_stall_policy XCPUI_COLD
report(struct xcpu_cpu *self, struct xcpui_wait *wait, struct watch *watch)
{
#if XCPU_PORT_LEVEL >= 2
	struct xcpu_stall stall;

	stall.waiter = self->index;
	stall.kind = wait->kind;
	stall.report = ++watch->reports;
	stall.rekicks = watch->rekicks;
	stall.since_ns = watch->since;
	stall.waited_ns = watch->silent;
	stall.fn = wait->fn;
	stall.arg = wait->arg;
	wait->missing(wait, &stall.missing);
	stall.nmissing = xcpu_cpuset_count(&stall.missing);
	if (stall.nmissing == 0)
		return XCPU_STALL_CONTINUE;
	XCPUI_COUNT(self, stall);
	XCPU_TRACE(XCPU_TRACE_STALL, wait->kind,
	    xcpu_cpuset_first(&stall.missing));
	describe(self->domain, xcpu_cpuset_first(&stall.missing), watch,
	    &stall.first);
	return xcpu_port_stall(&stall);
#else
	(void)self; (void)wait; (void)watch; (void)describe;
	return XCPU_STALL_CONTINUE;
#endif
}

/* Kick whoever is missing, whatever his doorbell says. */
static void XCPUI_COLD
rekick(struct xcpu_cpu *self, struct xcpui_wait *wait, struct watch *watch,
    bool nmi)
{
	struct xcpu_cpuset missing;
	unsigned long state;

	wait->missing(wait, &missing);
	if (wait->cls == 0 || xcpu_cpuset_empty(&missing))
		return;
	(void)same_turn(self->domain, xcpu_cpuset_first(&missing), watch);
	watch->rekicks++;
	state = xcpu_port_irq_save();
	XCPU_TRACE(XCPU_TRACE_REKICK, wait->kind, xcpu_cpuset_first(&missing));
	if ((nmi || (wait->cls & XCPUI_BY_NMI) != 0) && XCPU_PORT_LEVEL >= 4) {
		XCPUI_ADD(self, nmi_sent, xcpu_cpuset_count(&missing));
#if XCPU_PORT_LEVEL >= 4
		xcpu_port_kick_nmi(&missing);
#endif
	} else {
		XCPUI_ADD(self, rekick, xcpu_cpuset_count(&missing));
#if XCPU_PORT_LEVEL >= 1
		xcpu_port_kick(&missing);
#endif
	}
	xcpu_port_irq_restore(state);
}

/* True when the host gives the wait up. */
static bool XCPUI_COLD
speak_up(struct xcpu_cpu *self, struct xcpui_wait *wait, struct watch *watch)
{
	if (watch->silent >= watch->next_kick) {
		watch->next_kick = watch->silent * 2;
		rekick(self, wait, watch, false);
	}
	if (watch->silent < watch->next_report)
		return false;
	watch->next_report = watch->silent * 2;
	switch (report(self, wait, watch)) {
	case XCPU_STALL_GIVE_UP:
		return true;
	case XCPU_STALL_PANIC:
		xcpu_port_panic("a wait stalled, and xcpu_port_stall() chose "
		    "to panic: see its report", __FILE__, __LINE__);
	case XCPU_STALL_REKICK:
		rekick(self, wait, watch, false);
		break;
	case XCPU_STALL_NMI:
		rekick(self, wait, watch, true);
		break;
	default:
		break;
	}
	return false;
}

static void
start_clock(struct xcpu_cpu *self, struct xcpui_wait *wait, struct watch *watch)
{
	struct xcpu_cpuset missing;

	watch->last = watch->since = xcpui_now();
	watch->silent = 0;
	watch->next_kick = XCPU_REKICK_NS;
	watch->next_report = XCPU_STALL_NS;
	watch->reports = watch->rekicks = 0;
	watch->seen_cpu = XCPU_NCPU_MAX;
	if (wait->missing == NULL)
		return;
	wait->missing(wait, &missing);
	/* rlx: notes for the reports of others, from here to the end */
	xcpu_store_rlx(&self->waiting.target, xcpu_cpuset_first(&missing));
	xcpu_store_rlx(&self->waiting.since_ns, watch->since); /* rlx: note */
	xcpu_store_rlx(&self->waiting.kind, wait->kind); /* rlx: note */
}

/* log2 histogram of how long waits took. */
static void
record(struct xcpu_cpu *self, enum xcpu_wait_kind kind, uint64_t ns)
{
#if XCPU_STATS
	unsigned long state = xcpu_port_irq_save();
	unsigned bucket = 0;

	for (bucket = 0; bucket < XCPU_STAT_BUCKETS - 1; bucket++)
		if (ns >> bucket <= 1)
			break;
	XCPUI_BUMP(&self->stat.wait_ns[kind][bucket], 1);
	xcpu_port_irq_restore(state);
#else
	(void)self; (void)kind; (void)ns;
#endif
}

/* Look at the clock, and act on what it says; true: the wait ends unfulfilled. */
static bool
watch_out(struct xcpu_cpu *self, struct xcpui_wait *wait, struct watch *watch)
{
	if (XCPU_PORT_LEVEL < 2)
		return false;
	look_at_clock(self, watch);
	if (wait->timeout_ns != 0 && watch->silent >= wait->timeout_ns)
		return true;
	return wait->missing != NULL && speak_up(self, wait, watch);
}

static int
wait_long(struct xcpu_cpu *self, struct xcpui_wait *wait, struct watch *watch)
{
	int error = 0;

	/* wait: ends when nothing is missing, by the deadline or by the host. */
	for (unsigned spins = SHORT_LOOKS; !wait->over(wait); spins++) {
		serve(self, wait, spins);
		if (spins % CLOCK_LOOKS == 0 && watch_out(self, wait, watch)) {
			error = -XCPU_ETIMEDOUT;
			break;
		}
		xcpu_port_relax(spins);
	}
	if (wait->missing != NULL)
		record(self, wait->kind, watch->silent);
	return error;
}

static int
wait_timed(struct xcpu_cpu *self, struct xcpui_wait *wait)
{
	/* rlx: own notes; a wait inside a handler is nested in another's */
	uint32_t kind = xcpu_load_rlx(&self->waiting.kind);
	uint32_t target = xcpu_load_rlx(&self->waiting.target); /* rlx: own */
	uint64_t since = xcpu_load_rlx(&self->waiting.since_ns); /* rlx: own */
	struct watch watch;
	int error;

	start_clock(self, wait, &watch);
	error = wait_long(self, wait, &watch);
	/* rlx: notes for the reports of others */
	xcpu_store_rlx(&self->waiting.kind, kind);
	xcpu_store_rlx(&self->waiting.target, target); /* rlx: note */
	xcpu_store_rlx(&self->waiting.since_ns, since); /* rlx: note */
	return error;
}

/* 0, or -XCPU_ETIMEDOUT by the deadline or because the host gave up. */
int
xcpui_wait(struct xcpu_cpu *self, struct xcpui_wait *wait)
{
	int error;

	XCPUI_COUNT(self, wait);
	for (unsigned spins = 0; spins < SHORT_LOOKS; spins++) {
		if (wait->over(wait)) {
			XCPUI_COUNT(self, wait_short);
			return 0;
		}
		serve(self, wait, spins);
		/* A deadline starts with the call, not after the first looks. */
		if (wait->timeout_ns != 0)
			break;
		xcpu_port_relax(spins);
	}
	XCPU_TRACE(XCPU_TRACE_WAIT, wait->kind, 0);
	error = wait_timed(self, wait);
	XCPU_TRACE(XCPU_TRACE_WAITED, wait->kind, error);
	return error;
}
