/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park.c: to stand still for somebody's rendezvous.
 *
 * The target's side; gather.c has the initiator's, and the protocol.
 *
 * Deadlock: a parked CPU waits for the initiator alone, who waits for it no
 * longer, and serves stops and flushes meanwhile; and messages if it is asked to,
 * for which the initiator may wait.
 */
#include "internal.h"
#include "park.h"

struct parked {
	struct xcpu_cpu *self;
	struct xcpu_sync_line *line;
	uint64_t word;			/* as the bit of todo was taken */
	uint64_t await;			/* this decision; 0: any */
	uint64_t seen;
};

static inline uint64_t
own_bit(const struct xcpu_cpu *self, enum xcpui_plane plane)
{
	return (uint64_t)1 << (self->index % XCPU_LANES_PER_LINE +
	    (unsigned)plane);
}

static inline uint64_t
asked_generation(const struct parked *p)
{
	return p->word >> SYNC_GEN_SHIFT & SYNC_GEN_MASK;
}

/* This CPU has taken a step; tell the initiator. */
static inline void
step_taken(struct xcpu_cpu *self, uint64_t bits)
{
	/*
	 * [N2] release: all that this CPU did before, its reads of the
	 * functions included.  Pairs with [N2] in plane_clear().
	 */
	xcpu_fetch_and_rel(&self->line->sync, ~bits);
}

/*
 * The drain in which we stand may have claimed MSG together with CALL; its idle
 * poll may be watching a ring: nobody posts for those again, and the watch ends.
 */
static void XCPUI_COLD
serve_messages(struct xcpu_cpu *self)
{
	void *frame = xcpui_msg_frame(self, NULL);

	(void)xcpui_msg_look_away(self);
	xcpui_serve(self, 0, XCPU_LANE_MSG);
	(void)xcpui_msg_frame(self, frame);
}

static bool
released(struct xcpui_wait *wait)
{
	struct parked *p = (struct parked *)wait->what;

	/* No tick comes by. */
	if (wait->also != 0 && xcpui_msg_passive(p->self))
		serve_messages(p->self);
	/*
	 * [N3] acquire: what the initiator did, and the functions.  Pairs with
	 * [N3] in decide().
	 */
	p->seen = xcpu_load_acq(&p->line->release);
	if (p->seen == 0 || p->seen >> 2 != asked_generation(p))
		return false;
	/* An initiator who died before any GO is called off past it, too. */
	return p->await == 0 || (p->seen & 3) != DECISION_GO;
}

void XCPUI_COLD
xcpui_park_owner(const struct xcpu_cpu *self, struct xcpu_cpuset *set)
{
	/* rlx: a picture for the report */
	uint32_t owner = xcpu_load_rlx(&self->domain->sync->owner);

	xcpu_cpuset_zero(set);
	if (owner != 0)
		xcpu_cpuset_add(set, owner - 1);
}

static void XCPUI_COLD
park_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	xcpui_park_owner(((const struct parked *)wait->what)->self, set);
}

/* Stand still until a decision; false: it is ABORT, or the host gave up. */
static bool
stand(struct parked *p, uint64_t await)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_PARK,
		.timeout_ns = 0,
		.fn = NULL,
		.arg = NULL,
		.over = released,
		.missing = park_missing,
		.what = p,
		.cls = 0,
		.also = (p->word & SYNC_SERVE_MSG) != 0 ? XCPU_LANE_MSG : 0,
	};

	p->await = await;
	if (wait.also != 0)
		serve_messages(p->self);
	return xcpui_wait(p->self, &wait) == 0 &&
	    (p->seen & 3) != DECISION_ABORT;
}

static inline void
call_if(xcpu_fn *fn, void *arg)
{
	if (fn != NULL)
		fn(arg);
}

/* From arrival to teardown; false when it was called off on the way. */
static bool
take_part(struct parked *p)
{
	struct xcpu_sync_line *line = p->line;
	bool entry = (p->word & SYNC_NO_ENTRY) == 0;

	if ((p->word & SYNC_EARLY) != 0)
		call_if(xcpu_plain_load(&line->run), xcpu_plain_load(&line->arg));
	if (entry) {
		step_taken(p->self, own_bit(p->self, PLANE_COMING));
		if (!stand(p, 0))
			return false;
	}
	call_if(xcpu_plain_load(&line->fin1), xcpu_plain_load(&line->arg));
	if ((p->word & SYNC_EXIT) != 0) {
		step_taken(p->self, own_bit(p->self, PLANE_COMING) |
		    own_bit(p->self, PLANE_ACTING));
		if (!stand(p, xcpui_decided(asked_generation(p),
		    DECISION_LAST)))
			return false;
	}
	call_if(xcpu_plain_load(&line->teardown), xcpu_plain_load(&line->arg));
	return true;
}

static void
run_parked(void *arg)
{
	struct parked *p = (struct parked *)arg;
	bool go = take_part(p);
	xcpu_fn *fin2 = go ? xcpu_plain_load(&p->line->fin2) : NULL;
	void *data = go ? xcpu_plain_load(&p->line->data) : NULL;

	step_taken(p->self, own_bit(p->self, PLANE_COMING) |
	    own_bit(p->self, PLANE_ACTING) | own_bit(p->self, PLANE_OPEN));
	call_if(fin2, data);
}

/* Called by the drain of CALL; masked. */
void
xcpui_park(struct xcpu_cpu *self)
{
	struct parked p = { .self = self };

	/* He may have stopped the initiator: he comes when he has let them go. */
	if (xcpui_stop_keeper(self))
		return;
	p.line = &self->domain->sync->line[xcpui_group(self->index)];
	/*
	 * [N1] acquire: the question, and what goes with it.  Pairs with [N1]
	 * in ask_group().
	 */
	p.word = xcpu_fetch_and_acq(&self->line->sync,
	    ~own_bit(self, PLANE_TODO));
	if ((p.word & own_bit(self, PLANE_TODO)) == 0)
		return;
	XCPUI_COUNT(self, served_sync);
	/* Who it is for is a line that nobody else needs: see the wait. */
	xcpui_run(self, XCPU_LANE_CALL, run_parked, &p, XCPU_NCPU_MAX);
}

/* ---- who comes online while the machine stands still ---- */

static bool
open_again(struct xcpui_wait *wait)
{
	const struct parked *p = (const struct parked *)wait->what;

	/* Asked all the same: he saw us ready. */
	if (xcpui_sync_asked(p->self))
		xcpui_park(p->self);
	/*
	 * [N5] acquire: what was done meanwhile.  Pairs with [N5] in
	 * xcpu_sync_machine().
	 */
	return xcpu_load_acq(&p->self->domain->sync->closed) == 0;
}

void XCPUI_COLD
xcpui_park_enter(struct xcpu_cpu *self)
{
	struct parked p = { .self = self };
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_PARK,
		.timeout_ns = 0,
		.fn = NULL,
		.arg = NULL,
		.over = open_again,
		.missing = park_missing,
		.what = &p,
		.cls = 0,
		.also = 0,
	};

	/*
	 * [D1] acquire: whoever found us off has closed before he posted.
	 * Pairs with [D1] in post_bits().
	 */
	(void)xcpu_load_acq(&self->line->bell);
	/* Stops and flushes only: we are not here yet. */
	self->depth++;
	(void)xcpui_wait(self, &wait);
	self->depth--;
}
