/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drain.c: serve what was posted, in the order of the classes.
 *
 * All drains run with the doorbell masked, so that none interrupts another;
 * only a wait inside a handler nests, and it serves STOP and FLUSH, which run
 * no function of others.  So the depth is bounded: thread, its wait, a
 * function run there, that function's shootdown, a flush.
 *
 * STOP and FLUSH come first, and between any two functions again: whoever waits
 * for a flush waits for one function at most.  Functions and handlers have a
 * budget; what is left is posted to oneself, so that the host's other interrupts
 * come in between.
 */
#include "run.h"

#if XCPU_PORT_LEVEL >= 3
/* Serve FLUSH alone; true if somebody had asked. */
static bool
flush_if_asked(struct xcpu_cpu *self)
{
	unsigned lane;

	if ((xcpui_lane_own(self) & XCPU_LANE_FLUSH) == 0)
		return false;
	lane = xcpui_claim(self, XCPU_LANE_FLUSH);
	if ((lane & XCPU_LANE_FLUSH) == 0)
		return false;
	xcpui_flush_serve(self, (lane & XCPU_LANE_STATE) == XCPU_LANE_LAZY);
	return true;
}
#endif

/* Serve STOP alone. */
static void
stop_if_asked(struct xcpu_cpu *self)
{
	if (self->domain->stop != NULL &&
	    (xcpui_lane_own(self) & XCPU_LANE_STOP) != 0)
		xcpui_drain(self, XCPU_LANE_STOP);
}

void XCPUI_COLD
xcpui_run_urgent(struct xcpu_cpu *self)
{
#if XCPU_PORT_LEVEL >= 3
	(void)flush_if_asked(self);
#endif
	stop_if_asked(self);
}

void
xcpui_run(struct xcpu_cpu *self, unsigned cls, xcpu_fn *fn, void *arg,
    unsigned source)
{
	xcpui_run_begin(self, cls, fn, arg, source);
	self->depth++;
	fn(arg);
	self->depth--;
	xcpui_run_masked();
	xcpui_run_none(self);
	if (xcpui_run_end(self, cls, fn))
		xcpui_run_urgent(self);
}

/* Serve class bits that were just claimed; `lane` is the lane as it was. */
void
xcpui_serve(struct xcpu_cpu *self, unsigned lane, unsigned bits)
{
	unsigned budget;
	unsigned left = 0;

#if XCPU_PORT_LEVEL >= 3
	if ((bits & XCPU_LANE_FLUSH) != 0)
		xcpui_flush_serve(self,
		    (lane & XCPU_LANE_STATE) == XCPU_LANE_LAZY);
#else
	(void)lane;
#endif
	/* After the flush that is in our hand: it cannot wait for a restart. */
	if ((bits & XCPU_LANE_STOP) != 0)
		xcpui_stop_serve(self);
	budget = XCPU_DRAIN_BUDGET;
	if ((bits & XCPU_LANE_CALL) != 0 && xcpui_call_serve(self, &budget))
		left |= XCPU_LANE_CALL;
	budget = XCPU_DRAIN_BUDGET;
	if ((bits & XCPU_LANE_EVENT) != 0 && xcpui_event_serve(self, &budget))
		left |= XCPU_LANE_EVENT;
	budget = XCPU_MSG_BUDGET;
	if ((bits & XCPU_LANE_MSG) != 0 && xcpui_msg_serve(self, &budget))
		left |= XCPU_LANE_MSG;
	if (left != 0) {
		XCPUI_COUNT(self, budget);
		xcpui_post_own(self, left);
	}
}

/* What a drain that may run everything serves: passive messages come along. */
static unsigned
due(const struct xcpu_cpu *self, unsigned lane)
{
	lane &= XCPU_LANE_CLASSES;
	return xcpui_msg_passive(self) ? lane | XCPU_LANE_MSG : lane;
}

void
xcpui_drain(struct xcpu_cpu *self, unsigned allowed)
{
	unsigned lane = xcpui_claim(self, allowed);

	xcpui_serve(self, lane, lane & allowed);
}

void
xcpu_on_ipi(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state;
	unsigned lane;
	unsigned bits;

	if (self == NULL || self->domain == NULL)
		return;
	state = xcpu_port_irq_save();
	XCPUI_COUNT(self, taken);
	/* The first touch of the line is a read-modify-write: one transfer. */
	lane = xcpui_claim(self, XCPU_LANE_CLASSES);
	xcpui_msg_awake(self);
	bits = xcpui_lane_takes(lane) ? due(self, lane) : 0;
	if (bits != 0)
		xcpui_serve(self, lane, bits);
	else
		XCPUI_COUNT(self, spurious);
	xcpu_port_irq_restore(state);
}

void
xcpu_on_ipi_frame(void *frame)
{
	struct xcpu_cpu *self = xcpu_port_self();
	void *outer;

	if (self == NULL || self->domain == NULL)
		return;
	outer = xcpui_msg_frame(self, frame);
	xcpu_on_ipi();
	(void)xcpui_msg_frame(self, outer);
}

/* Where FLUSH rings by NMI: nothing else may have been rung for what is left. */
static void
kick_for_the_rest(struct xcpu_cpu *self)
{
	if (xcpui_rings_apart(self, XCPU_LANE_FLUSH) && self->ready &&
	    (xcpui_lane_own(self) & XCPU_LANE_CLASSES) != 0)
		xcpui_kick_own(self);
}

bool
xcpu_on_nmi(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	bool ours = false;

	if (self == NULL || self->domain == NULL)
		return false;
	XCPUI_COUNT_NMI(self, true);
#if XCPU_PORT_LEVEL >= 3
	/* Then a kick is served when it is through. */
	if (self->ready && !xcpui_space_switching(self))
		ours = flush_if_asked(self);
#endif
	if (self->domain->stop != NULL && self->domain->stop->serve_nmi(self))
		ours = true;
	kick_for_the_rest(self);
	if (ours)
		XCPUI_COUNT(self, taken_nmi);
	XCPUI_COUNT_NMI(self, false);
	return ours;
}

/* Ticks after which a CPU that is still between its post and its kick is dead. */
#define DEAD_POSTER_TICKS 500

/*
 * Work that stands at two ticks in a row without a claim in between, and with no
 * poster at work at the first: its kick was sent before that first tick, and
 * would have been taken before the second, for both are masked by the same flag.
 * Or it has stood for very long, whoever is at work.
 */
static bool
kick_was_lost(struct xcpu_cpu *self, unsigned bits)
{
	uint64_t claims = xcpu_load_rlx(&self->claims);	/* rlx: own counter */
	bool stood = bits != 0 && claims == self->tick_claims;
	bool lost = stood && ((bits & self->tick_lane) != 0 ||
	    self->tick_stood >= DEAD_POSTER_TICKS);

	self->tick_stood = stood && !lost ? self->tick_stood + 1 : 0;
	self->tick_claims = claims;
	self->tick_lane = !lost && bits != 0 &&
	    !xcpui_poster_at_work(self) ? bits : 0;
	return lost;
}

void
xcpu_on_tick(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state;
	unsigned bits;

	if (self == NULL || self->domain == NULL || !self->ready)
		return;
	state = xcpu_port_irq_save();
	bits = xcpui_lane_own(self);
	/* A lazy CPU holds FLUSH bits that nobody kicked for. */
	if ((bits & XCPU_LANE_STATE) == XCPU_LANE_LAZY)
		bits &= ~(unsigned)XCPU_LANE_FLUSH;
	bits &= XCPU_LANE_CLASSES;
	if (XCPU_PORT_LEVEL == 0) {
		if (bits != 0)
			xcpui_drain(self, XCPU_LANE_CLASSES);
	} else if (kick_was_lost(self, bits)) {
		XCPUI_COUNT(self, lost);
		xcpui_drain(self, XCPU_LANE_CLASSES);
	}
	xcpui_msg_awake(self);
	if (xcpui_msg_passive(self))
		xcpui_serve(self, 0, XCPU_LANE_MSG);
	xcpu_port_irq_restore(state);
}

bool
xcpu_on_idle_enter(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned bits;

	if (self == NULL || self->domain == NULL || !self->ready)
		return true;
	XCPU_ASSERT((xcpu_port_context() & XCPU_CTX_MASKED) != 0,
	    "xcpu_on_idle_enter() with the doorbell open: mask first, then "
	    "unmask and halt in one step");
	bits = xcpui_lane_own(self);
	/* What a lazy CPU was passed over for can wait until it wakes. */
	if ((bits & XCPU_LANE_STATE) == XCPU_LANE_LAZY)
		bits &= ~(unsigned)XCPU_LANE_FLUSH;
	if ((bits & XCPU_LANE_CLASSES) == 0 && xcpui_msg_sleep(self))
		return true;
	bits = xcpui_claim(self, XCPU_LANE_CLASSES);
	xcpui_serve(self, bits, due(self, bits));
	return false;
}

void
xcpu_poll(void)
{
	struct xcpu_cpu *self = xcpu_port_self();
	unsigned long state;
	unsigned lane;

	if (self == NULL || self->domain == NULL)
		return;
	/* In its last drain it is not ready, and waited for all the same. */
	lane = xcpui_lane_own(self);
	if ((lane & XCPU_LANE_STATE) == XCPU_LANE_OFF ||
	    (lane & (XCPU_LANE_STOP | XCPU_LANE_FLUSH)) == 0)
		return;
	state = xcpu_port_irq_save();
	self->polling++;
	xcpui_drain(self, XCPU_LANE_STOP | XCPU_LANE_FLUSH);
	self->polling--;
	xcpu_port_irq_restore(state);
}

struct poll {
	struct xcpu_cpu *self;
	int served;
};

/* Serves a batch if there is one; over after it only where no clock ends it. */
static bool
poll_once(struct xcpui_wait *wait)
{
	struct poll *poll = (struct poll *)wait->what;
	bool ran = xcpui_msg_watched(poll->self);
	unsigned lane = xcpui_lane_own(poll->self);
	unsigned bits = due(poll->self, lane);

	poll->served += ran;
	/* Its messages may never end: others have their turn between. */
	if (bits == 0)
		return ran && XCPU_PORT_LEVEL < 2;
	/*
	 * CALL is left standing, for POLLING keeps kicks away and leaving it
	 * claims: a claim here would take the line from the caller, who is
	 * about to fill it again.  So each look goes to the calls themselves.
	 */
	if (bits == XCPU_LANE_CALL) {
		if (xcpui_call_token(poll->self)) {
			poll->served++;
			return XCPU_PORT_LEVEL < 2;
		}
		if (!xcpui_call_waiting(poll->self))
			return ran && XCPU_PORT_LEVEL < 2;
	}
	lane = xcpui_claim(poll->self, XCPU_LANE_CLASSES);
	xcpui_serve(poll->self, lane, due(poll->self, lane));
	poll->served++;
	return XCPU_PORT_LEVEL < 2;
}

int
xcpu_idle_poll(uint64_t timeout_ns)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct poll poll = { .self = self, .served = 0 };
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_NONE,
		.timeout_ns = timeout_ns,
		.fn = NULL,
		.arg = NULL,
		.over = poll_once,
		.missing = NULL,
		.what = &poll,
		.cls = 0,
		.also = 0,
	};
	unsigned long state;
	int error = xcpui_may_wait(self);
	unsigned lane;

	if (error != 0)
		return error;
	state = xcpu_port_irq_save();
	/*
	 * POLLING stays while functions run: they run masked, as they would in
	 * the interrupt, and the lane is looked at before anything sleeps.
	 */
	xcpui_lane_polling(self, true);
	xcpui_msg_look(self);
	if (timeout_ns != 0)
		(void)xcpui_wait(self, &wait);
	else
		(void)poll_once(&wait);
	/* What the leave itself took must be served: nobody kicks for it. */
	lane = xcpui_lane_polling(self, false);
	if (xcpui_msg_look_away(self))
		lane |= XCPU_LANE_MSG;
	if ((lane & XCPU_LANE_CLASSES) != 0) {
		xcpui_serve(self, lane, lane & XCPU_LANE_CLASSES);
		poll.served++;
	}
	xcpu_port_irq_restore(state);
	return poll.served;
}
