/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doorbell.c: the one place where "interrupt or not" is decided.
 *
 * Actors: posters, any CPU in any context; the owner of a lane.
 *
 * Shared: one word per group with a lane of eight bits per CPU (doorbell.h).
 * Posters set class bits.  Only the owner clears bits, and changes POLLING and
 * the state.  Every change is a read-modify-write of the whole word: a plain
 * store would wipe the neighbours' bits and cut the release sequence of all.
 *
 * I1  If a class bit of a ready lane is set, one of these holds: a kick is in
 *     flight or latched for that CPU; a poster stands between its
 *     read-modify-write and its kick; POLLING is set; the CPU stands between
 *     an accepted kick and its claim; or the bit is FLUSH in a LAZY lane, which
 *     leaving LAZY serves.
 * I2  A class bit of a lane that is OFF means nothing: its poster takes the
 *     request back, and coming online claims whatever stands there.
 * I3  A LEAVING lane still takes FLUSH, EVENT and MSG, without a kick: its owner
 *     looks until the step that makes it OFF, and that step is a claim too.
 *
 * So a poster kicks unless its own read-modify-write returned a class bit (I1
 * then promises a claim after ours) or POLLING (leaving POLLING claims in the
 * same read-modify-write).  Testing before setting would lose kicks: the bit
 * seen may be claimed already.
 *
 * Life of a post: data into the class's own queue word (release); fetch_or of
 * the lane; kick; the target acknowledges its controller, claims (fetch_and),
 * serves the queue.
 *
 * FLUSH may ring by NMI (xcpu_flush_set_kick()).  That stands for the kick in I1:
 * others may have been suppressed by a FLUSH bit, which an NMI takes alone, so it
 * ends with a kick to oneself where anything is left.  FLUSH itself is suppressed
 * by FLUSH and POLLING only.
 *
 * A kick that gets lost on its way leaves its bit set, and the bit suppresses
 * later ones: only an unconditional re-kick (wait.c) or the tick repairs that.
 *
 * Deadlock: nobody waits here; the one retry loop fails only when a neighbour
 * changed his lane.
 *
 * Protocol P1 of the proofs in DESIGN.md ("doorbell lanes").
 */
#include "internal.h"

/* 0x01 in each byte whose lane is named: the posted word is this times the class. */
static uint64_t
lane_spread(unsigned lanes)
{
	uint64_t w = (lanes * 0x0101010101010101u) & 0x8040201008040201u;

	/* Any bit of a byte to its lowest: add 127 carries into bit 7. */
	return ((w + 0x7f7f7f7f7f7f7f7fu) | w) >> 7 & 0x0101010101010101u;
}

static inline unsigned
lane_of(uint64_t word, unsigned lane)
{
	return (unsigned)(word >> (8 * lane)) & 0xff;
}

/* From here on a bit of ours may stand without its kick. */
static inline void
poster_begins(struct xcpu_cpu *self)
{
	/* rlx: the posts that follow release it; NMIs nest, and leave it as is */
	xcpu_store_rlx(&self->posting, xcpu_load_rlx(&self->posting) + 1);
}

static inline void
poster_ends(struct xcpu_cpu *self)
{
	/*
	 * rlx: both, own word.  A kick that this overtakes is on its way, and
	 * taken long before the next tick can wonder where it is.
	 */
	xcpu_store_rlx(&self->posting, xcpu_load_rlx(&self->posting) - 1);
}

void
xcpui_post_begin(struct xcpu_cpu *self, struct xcpui_post *post, unsigned cls)
{
	poster_begins(self);
	post->cls = cls;
	post->reach_lazy = true;
	post->kicks = false;
	post->refusals = false;
	xcpu_cpuset_zero(&post->kick);
	xcpu_cpuset_zero(&post->refused);
}

static void
count_avoided(struct xcpu_cpu *self, unsigned old)
{
	if ((old & XCPU_LANE_CLASSES) != 0)
		XCPUI_COUNT(self, avoid_pending);
	else
		XCPUI_COUNT(self, avoid_polling);
}

/* What one target's lane, as it was, asks of the poster. */
static void
post_lane(struct xcpu_cpu *self, struct xcpui_post *post, unsigned cpu,
    unsigned old)
{
	unsigned suppress = old & (XCPU_LANE_CLASSES | XCPU_LANE_POLLING);
	bool lazy = (old & XCPU_LANE_STATE) == XCPU_LANE_LAZY;

	/* In its last drain it still flushes, and sweeps its events. */
	if ((old & XCPU_LANE_STATE) == XCPU_LANE_LEAVING &&
	    (post->cls & (XCPU_LANE_FLUSH | XCPU_LANE_EVENT |
	    XCPU_LANE_MSG)) != 0) {
		XCPUI_COUNT(self, avoid_polling);
		return;
	}
	if (!xcpui_lane_takes(old) || (lazy && !post->reach_lazy)) {
		if (lazy)
			XCPUI_COUNT(self, avoid_lazy);
		else
			XCPUI_COUNT(self, not_ready);
		xcpu_cpuset_add(&post->refused, cpu);
		post->refusals = true;
		return;
	}
	/* What other work rang for, this CPU may not answer for long. */
	if (xcpui_rings_apart(self, post->cls))
		suppress &= XCPU_LANE_FLUSH | XCPU_LANE_POLLING;
	/* A FLUSH bit in a lazy lane was perhaps set without a kick. */
	if (lazy)
		suppress &= ~(unsigned)XCPU_LANE_FLUSH;
	if (suppress != 0) {
		count_avoided(self, suppress);
		return;
	}
	xcpu_cpuset_add(&post->kick, cpu);
	post->kicks = true;
}

/* Set class bits, whatever stands there; answers with the word as it was. */
static inline uint64_t
post_bits(struct xcpu_line *line, uint64_t bits)
{
	/*
	 * [D1] release: data before the bit.  Pairs with [D1] in take_bits(),
	 * and wherever else the owner takes his bits: xcpui_lane_lazy(),
	 * xcpui_lane_leaving() and xcpui_lane_off(); and in
	 * xcpui_poster_at_work() and xcpui_park_enter().
	 * [D4] acquire: a lane seen LAZY has made its last access.  Pairs with
	 * [D4] in xcpui_lane_lazy().
	 * [L2] acquire: a lane seen OFF has done its last work.  Pairs with [L2]
	 * in xcpui_lane_off().
	 */
	return xcpu_fetch_or_ar(&line->bell, bits);
}

/* Post to some lanes of a group.  The data has been published before. */
void
xcpui_post_group(struct xcpu_cpu *self, struct xcpui_post *post, unsigned group,
    unsigned lanes)
{
	struct xcpu_line *line = &self->domain->line[group];
	uint64_t old;

	XCPU_TRACE(XCPU_TRACE_POST, group, lanes << 8 | post->cls);
	old = post_bits(line, lane_spread(lanes) * post->cls);
	for (unsigned lane = 0; lane < XCPU_LANES_PER_LINE &&
	    lanes >> lane != 0; lane++)
		if ((lanes >> lane & 1) != 0)
			post_lane(self, post,
			    group * XCPU_LANES_PER_LINE + lane,
			    lane_of(old, lane));
}

#if XCPU_STATS
static struct xcpu_au64 *
kick_counter(struct xcpu_counters *count, unsigned cls)
{
	switch (cls) {
	case XCPU_LANE_FLUSH:
		return &count->kick_flush;
	case XCPU_LANE_CALL:
		return &count->kick_call;
	case XCPU_LANE_MSG:
		return &count->kick_msg;
	case XCPU_LANE_STOP:
		return &count->kick_stop;
	default:
		return &count->kick_event;
	}
}

static void
count_kicks(struct xcpu_cpu *self, const struct xcpui_post *post)
{
	XCPUI_BUMP(xcpui_rings_apart(self, post->cls) ?
	    &self->count->nmi_sent : kick_counter(self->count, post->cls),
	    xcpu_cpuset_count(&post->kick));
#if XCPU_STATS >= 2
	for (unsigned cpu = xcpu_cpuset_first(&post->kick);
	    cpu < XCPU_NCPU_MAX; cpu = xcpu_cpuset_next(&post->kick, cpu))
		XCPUI_BUMP(&self->stat.kicked[cpu], 1);
#endif
}
#else
#define count_kicks(self, post) ((void)(self), (void)(post))
#endif

/* Send the kicks that the posts so far asked for, as one set. */
void
xcpui_post_kick(struct xcpu_cpu *self, const struct xcpui_post *post)
{
	if (post->kicks) {
		count_kicks(self, post);
		XCPU_TRACE(XCPU_TRACE_KICK, post->cls,
		    xcpu_cpuset_first(&post->kick));
		if (xcpui_rings_apart(self, post->cls))
			self->domain->flush_kick(&post->kick);
#if XCPU_PORT_LEVEL >= 1
		else
			xcpu_port_kick(&post->kick);
#endif
	}
	poster_ends(self);
}

/*
 * Does some CPU stand between a post and its kick, so that a bit without a
 * kick means nothing?  A poster may stand there for long: its virtual CPU may
 * be off the core.
 */
bool
xcpui_poster_at_work(const struct xcpu_cpu *self)
{
	const struct xcpu_domain *domain = self->domain;

	/*
	 * [D1] acquire: whoever's bit was seen has said before that he is at
	 * work.  Pairs with [D1] in post_bits().
	 */
	(void)xcpu_load_acq(&self->line->bell);
	for (unsigned i = 0; i < domain->ncpu; i++)
		/* rlx: no longer posting, so it has kicked; nothing is read */
		if (xcpu_load_rlx(&domain->cpus[i].posting) != 0)
			return true;
	return false;
}

/* What post_lane() has to think about. */
static bool XCPUI_COLD
post_one_rare(struct xcpu_cpu *self, unsigned cpu, unsigned cls, unsigned old)
{
	struct xcpui_post post;

	xcpui_post_begin(self, &post, cls);
	post_lane(self, &post, cpu, old);
	xcpui_post_kick(self, &post);
	return !post.refusals;
}

/*
 * Post to one other CPU, and kick it; false: it is not ready.  *polls: it looks
 * by itself.
 */
bool
xcpui_post_one(struct xcpu_cpu *self, unsigned cpu, unsigned cls, bool *polls)
{
	struct xcpu_line *line = &self->domain->line[xcpui_group(cpu)];
	unsigned lane = cpu % XCPU_LANES_PER_LINE;
	bool taken = true;
	unsigned old;

	poster_begins(self);
	old = lane_of(post_bits(line, (uint64_t)cls << 8 * lane), lane);
	*polls = (old & XCPU_LANE_POLLING) != 0;
	/* The usual answers of a busy or polling CPU first. */
	if ((old & XCPU_LANE_STATE) == XCPU_LANE_READY &&
	    (old & (XCPU_LANE_CLASSES | XCPU_LANE_POLLING)) != 0)
		count_avoided(self, old);
	else
		taken = post_one_rare(self, cpu, cls, old);
	poster_ends(self);
	return taken;
}

void
xcpui_post_set(struct xcpu_cpu *self, struct xcpui_post *post,
    const struct xcpu_cpuset *set)
{
	for (unsigned group = 0; group < self->domain->ngroups; group++) {
		unsigned lanes = xcpui_group_lanes(set, group);

		if (lanes != 0)
			xcpui_post_group(self, post, group, lanes);
	}
}

/* Take bits of the own lane, class bits among them. */
static inline uint64_t
take_bits(struct xcpu_line *line, uint64_t bits)
{
	/*
	 * [D1] acquire: the bit before its data.  Pairs with [D1] in
	 * post_bits().
	 */
	if (!XCPU_PORT_EARLY)
		return xcpu_fetch_and_acq(&line->bell, ~bits);
	/*
	 * [D1] as above.
	 * [D5] release: what this CPU did before anybody sees the bit gone.
	 * Pairs with [D5] in has_claimed().
	 */
	return xcpu_fetch_and_ar(&line->bell, ~bits);
}

/* Take the allowed class bits of the own lane; they must be served now. */
unsigned
xcpui_claim(struct xcpu_cpu *self, unsigned allowed)
{
	uint64_t old = take_bits(self->line,
	    (uint64_t)allowed << self->lane_shift);

	/* rlx: a count for reports, written by this CPU only */
	xcpu_store_rlx(&self->claims, xcpu_load_rlx(&self->claims) + 1);
	XCPU_TRACE(XCPU_TRACE_CLAIM, old >> self->lane_shift & allowed, 0);
	return (unsigned)(old >> self->lane_shift) & 0xff;
}

unsigned
xcpui_lane_look(const struct xcpu_domain *domain, unsigned cpu)
{
	const struct xcpu_line *line = &domain->line[xcpui_group(cpu)];

	/* rlx: a picture; whoever acts on it decides by a read-modify-write */
	return lane_of(xcpu_load_rlx(&line->bell), cpu % XCPU_LANES_PER_LINE);
}

/* Leave work to oneself, where a look at the own lane is sure to follow. */
void
xcpui_leave_own(struct xcpu_cpu *self, unsigned cls)
{
	/* rlx: only this CPU claims it */
	xcpu_fetch_or_rlx(&self->line->bell,
	    (uint64_t)cls << self->lane_shift);
}

/* ... and where it is not: bit first, then a kick that is due when unmasked. */
void
xcpui_post_own(struct xcpu_cpu *self, unsigned cls)
{
	xcpui_leave_own(self, cls);
	xcpui_kick_own(self);
}

void
xcpui_kick_own(struct xcpu_cpu *self)
{
	struct xcpu_cpuset set;

	XCPUI_COUNT(self, selfkick);
	xcpu_cpuset_one(&set, self->index);
#if XCPU_PORT_LEVEL >= 1
	xcpu_port_kick(&set);
#endif
}

/*
 * Leaving is claiming, too: a poster that saw POLLING sent no kick, and only
 * this very read-modify-write knows of him.
 */
unsigned
xcpui_lane_polling(struct xcpu_cpu *self, bool on)
{
	uint64_t classes = (uint64_t)XCPU_LANE_CLASSES << self->lane_shift;
	uint64_t polling = (uint64_t)XCPU_LANE_POLLING << self->lane_shift;
	uint64_t old;

	if (on)
		/* rlx: says nothing about data */
		old = xcpu_fetch_or_rlx(&self->line->bell, polling);
	else
		old = take_bits(self->line, polling | classes);
	return (unsigned)(old >> self->lane_shift) & 0xff;
}

unsigned
xcpui_lane_lazy(struct xcpu_cpu *self, bool on)
{
	uint64_t lazy = (uint64_t)(XCPU_LANE_LAZY & ~XCPU_LANE_READY) <<
	    self->lane_shift;
	uint64_t flush = (uint64_t)XCPU_LANE_FLUSH << self->lane_shift;
	uint64_t old;

	if (on)
		/*
		 * [D4] release: our accesses are over before anybody passes us
		 * over.  Pairs with [D4] in post_bits().
		 */
		old = xcpu_fetch_or_rel(&self->line->bell, lazy);
	else
		/*
		 * [D1] acquire: takes the FLUSH bits that came without a kick.
		 * Pairs with [D1] in post_bits().
		 */
		old = xcpu_fetch_and_acq(&self->line->bell, ~(lazy | flush));
	return (unsigned)(old >> self->lane_shift) & 0xff;
}

void
xcpui_lane_ready(struct xcpu_cpu *self)
{
	/* rlx: the claim that follows acquires whatever bits stand here */
	xcpu_fetch_or_rlx(&self->line->bell,
	    (uint64_t)XCPU_LANE_READY << self->lane_shift);
	XCPU_TRACE(XCPU_TRACE_STATE, XCPU_LANE_READY, 0);
}

/* From READY or LAZY to LEAVING, taking all class bits; answers with the lane. */
unsigned
xcpui_lane_leaving(struct xcpu_cpu *self)
{
	unsigned shift = self->lane_shift;
	uint64_t lane = (uint64_t)0xff << shift;
	uint64_t leaving = (uint64_t)XCPU_LANE_LEAVING << shift;
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t old = xcpu_load_rlx(&self->line->bell);

	/*
	 * [D1] acquire: the last claim.  Pairs with [D1] in post_bits().
	 * [L2] release: the posts we made, for a round that counts us as gone.
	 * Pairs with [L2] in xcpui_lane_gone().
	 * retry: each failure is a post, or a neighbour's claim.
	 */
	while (!xcpu_cas_ar(&self->line->bell, &old, (old & ~lane) | leaving))
		continue;
	XCPU_TRACE(XCPU_TRACE_STATE, XCPU_LANE_LEAVING, 0);
	return (unsigned)(old >> shift) & 0xff;
}

/* Answers with the lane: flushes that came until this very step are served. */
unsigned
xcpui_lane_off(struct xcpu_cpu *self)
{
	uint64_t lane = (uint64_t)(XCPU_LANE_STATE | XCPU_LANE_CLASSES) <<
	    self->lane_shift;
	uint64_t old;

	/*
	 * [L2] release: our last work before anybody sees us gone.  Pairs with
	 * [L2] in xcpui_lane_gone() and post_bits().
	 * [D1] acquire: the very last claim.  Pairs with [D1] in
	 * post_bits().
	 */
	old = xcpu_fetch_and_ar(&self->line->bell, ~lane);
	XCPU_TRACE(XCPU_TRACE_STATE, XCPU_LANE_OFF, 0);
	return (unsigned)(old >> self->lane_shift) & 0xff;
}

/* Has a CPU left, all that it did for others being visible here? */
bool
xcpui_lane_gone(const struct xcpu_domain *domain, unsigned cpu,
    bool leaving_counts)
{
	const struct xcpu_line *line = &domain->line[xcpui_group(cpu)];
	/*
	 * [L2] acquire: all it did before.  Pairs with [L2] in
	 * xcpui_lane_off() and xcpui_lane_leaving().
	 */
	uint64_t word = xcpu_load_acq(&line->bell);
	unsigned state = lane_of(word, cpu % XCPU_LANES_PER_LINE) &
	    XCPU_LANE_STATE;

	return state == XCPU_LANE_OFF ||
	    (leaving_counts && state == XCPU_LANE_LEAVING);
}
