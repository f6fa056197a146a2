/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flush.c: TLB shootdown by generation.
 *
 * Actors: initiators, any number at once; targets, whose drains (and NMIs)
 * flush; switchers (space.c).
 *
 * Shared: a space's `generation` and `range`; the slot of a token line, which
 * carries one request to a group; the domain's `flush_round` and each CPU's
 * `passed`, for requests that found no slot.
 *
 * I1  A target vouches for generation g only after its TLB has dropped all that
 *     changes up to g replaced (space.c, I2).
 * I2  It flushes a request's range alone only if it missed exactly that one
 *     generation; otherwise it reads the newest generation first and flushes
 *     all that it missed, by remembered ranges or fully.  So no request can be
 *     overtaken, and nothing can overflow.
 * I3  passed = r says: this CPU read round r and caught up with everything it
 *     has loaded after that.
 * I4  A bit without a request that is its own makes a target catch up with all.
 *
 * Life of a shootdown: the host changes entries; count the generation up;
 * remember the range; full fence; read the set; per group: request into the
 * slot, or else a round; post; kick all at once; flush here meanwhile; take
 * requests back from CPUs that are off or lazy; wait for the rest.
 *
 * Deadlock: every wait in xcpu serves FLUSH, wherever it stands, and serving
 * it waits for nobody.
 *
 * Protocols P2 and P4 of the proofs in DESIGN.md; the round takes the place of
 * the word {space, generation} there.
 */
#include "internal.h"

/* Words of a request in a slot. */
enum { REQ_SPACE, REQ_GEN, REQ_START, REQ_LEN, REQ_HOW };

#if XCPU_PORT_LEVEL >= 3

/* Raise an own word; our NMIs may have raised it further. */
void
xcpui_flush_raise(struct xcpu_au64 *word, uint64_t to)
{
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t v = xcpu_load_rlx(word);

	/*
	 * [F2] release: the flush before the word that vouches for it.  Pairs
	 * with [F2] in round_passed_by().
	 * retry: fails only if an NMI came in between.
	 */
	while (v < to && !xcpu_cas_ar(word, &v, to))
		continue;
}

/* ---- the target's side ---- */

/* The word that says how far this CPU is with a space; NULL: not loaded. */
static struct xcpu_au64 *
progress_of(struct xcpu_cpu *self, const struct xcpu_space *space)
{
	if (space->kernel)
		return &self->flush.kernel_generation;
	if (space == xcpui_space_loaded(self))
		return &self->flush.loaded_generation;
	return NULL;
}

static void
flush_now(struct xcpu_cpu *self, struct xcpu_flush *flush)
{
	/* rlx: tunable, any value is right */
	uint64_t ceiling = xcpu_load_rlx(&self->domain->ceiling);

	if ((flush->flags & XCPU_FLUSH_FULL) == 0 &&
	    flush->len >> flush->stride_shift > ceiling)
		flush->flags |= XCPU_FLUSH_FULL;
	if ((flush->flags & XCPU_FLUSH_FULL) != 0)
		XCPUI_COUNT(self, flush_full);
	else
		XCPUI_COUNT(self, flush_range);
	XCPU_TRACE(XCPU_TRACE_FLUSH, flush->flags, flush->start);
	xcpu_port_tlb_flush(flush);
}

static void
flush_full(struct xcpu_cpu *self, struct xcpu_space *space)
{
	struct xcpu_flush flush = {
		.space = space,
		.stride_shift = 12,
		/* Tables of a missed generation may be gone: leave nothing. */
		.flags = XCPU_FLUSH_FULL | XCPU_FLUSH_TABLES,
	};

	flush_now(self, &flush);
}

/* Flush generations (have, upto] by their ranges, if all are remembered. */
static bool
flush_remembered(struct xcpu_cpu *self, struct xcpu_space *space,
    uint64_t have, uint64_t upto)
{
	struct xcpu_flush missed[XCPU_SPACE_RANGES];
	/* rlx: tunable, any value is right */
	uint64_t room = xcpu_load_rlx(&self->domain->ceiling);
	unsigned n = (unsigned)(upto - have);

	if (upto - have > XCPU_SPACE_RANGES)
		return false;
	for (unsigned i = 0; i < n; i++) {
		uint64_t pages;

		if (!xcpui_space_recall(space, have + 1 + i, &missed[i]))
			return false;
		pages = missed[i].len >> missed[i].stride_shift;
		if (pages > room)
			return false;
		room -= pages;
	}
	for (unsigned i = 0; i < n; i++) {
		missed[i].space = space;
		flush_now(self, &missed[i]);
	}
	return true;
}

/* Bring one space up to its newest generation. */
static void
catch_up_space(struct xcpu_cpu *self, struct xcpu_space *space)
{
	struct xcpu_au64 *progress = progress_of(self, space);
	uint64_t have = xcpu_load_rlx(progress);	/* rlx: own word */
	/*
	 * [G1] acquire: the generation, read before the flush, and the tables
	 * that it speaks of.  Pairs with [G1] in shootdown().
	 */
	uint64_t upto = xcpu_load_acq(&space->generation);

	if (have >= upto) {
		XCPUI_COUNT(self, flush_none);
		return;
	}
	if (!flush_remembered(self, space, have, upto))
		flush_full(self, space);
	xcpui_flush_raise(progress, upto);
}

void
xcpui_flush_catch_up(struct xcpu_cpu *self)
{
	struct xcpu_space *loaded = xcpui_space_loaded(self);

	if (loaded != NULL)
		catch_up_space(self, loaded);
	catch_up_space(self, &self->domain->kernel);
}

/* Serve one request: a change `gen` of a space that is described in full. */
static void
apply(struct xcpu_cpu *self, struct xcpu_flush *flush, uint64_t gen)
{
	struct xcpu_au64 *progress = progress_of(self, flush->space);
	uint64_t have;

	/* Not loaded: its next switch compares generations. */
	if (progress == NULL) {
		XCPUI_COUNT(self, flush_none);
		return;
	}
	have = xcpu_load_rlx(progress);		/* rlx: own word */
	if (have >= gen) {
		XCPUI_COUNT(self, flush_none);
	} else if (have + 1 == gen) {
		flush_now(self, flush);
		/* Only what was done: a newer one has its own request. */
		xcpui_flush_raise(progress, gen);
	} else {
		catch_up_space(self, flush->space);
	}
}

/* Serve the FLUSH bit.  `lazy`: it may stand for requests taken back. */
void
xcpui_flush_serve(struct xcpu_cpu *self, bool lazy)
{
	unsigned lane = self->index % XCPU_LANES_PER_LINE;
	uint64_t body[XCPU_SLOT_WORDS];
	struct xcpu_flush flush;
	unsigned source;
	uint64_t round;
	bool mine;

	XCPUI_COUNT(self, served_flush);
	/*
	 * [F1] acquire: the round is read before the generations that it will
	 * vouch for.  Pairs with [F1] in post_requests().
	 */
	round = xcpu_load_acq(&self->domain->flush_round);
	mine = xcpui_slot_begin(self->line, lane, XCPUI_SLOT_FLUSH, body,
	    &source);
	if (mine) {
		flush.space = (struct xcpu_space *)(uintptr_t)body[REQ_SPACE];
		flush.start = body[REQ_START];
		flush.len = body[REQ_LEN];
		flush.stride_shift = body[REQ_HOW] & 0xff;
		flush.flags = (unsigned)(body[REQ_HOW] >> 8);
		apply(self, &flush, body[REQ_GEN]);
	}
	/* rlx: own word */
	if (!mine || lazy || round != xcpu_load_rlx(&self->flush.passed))
		xcpui_flush_catch_up(self);
	if (mine)
		xcpui_slot_end(self->line, lane);
	xcpui_flush_raise(&self->flush.passed, round);
}

/* ---- the initiator's side ---- */

struct shootdown {
	struct xcpu_flush flush;
	uint64_t gen;
	uint64_t id;			/* of its requests in slots */
	uint64_t round;			/* 0: none needed */
	const struct xcpu_domain *domain;
	struct xcpu_cpuset slotted;	/* targets that have not answered ... */
	struct xcpu_cpuset rounded;	/* ... by slot and by round */
};

/* The CPUs that may hold translations of the space. */
static void
shootdown_set(const struct shootdown *s, struct xcpu_cpuset *set)
{
	const struct xcpu_au64 *words = s->flush.space->kernel ?
	    s->domain->online : s->flush.space->active;

	xcpu_cpuset_zero(set);
	for (unsigned i = 0; i < s->domain->nwords; i++)
		/*
		 * [G4] acquire: a CPU that is no longer in it has made its last
		 * access through the root.  Pairs with [G4] in switch_to() and
		 * xcpu_cpu_offline().
		 */
		set->w[i] = xcpu_load_acq(&words[i]);
}

static bool
ask_by_slot(struct shootdown *s, struct xcpu_line *line, unsigned lanes)
{
	if (!xcpui_slot_take(line, s->id, XCPUI_SLOT_FLUSH))
		return false;
	xcpu_plain_store(&line->body[REQ_SPACE],
	    (uint64_t)(uintptr_t)s->flush.space);
	xcpu_plain_store(&line->body[REQ_GEN], s->gen);
	xcpu_plain_store(&line->body[REQ_START], s->flush.start);
	xcpu_plain_store(&line->body[REQ_LEN], s->flush.len);
	xcpu_plain_store(&line->body[REQ_HOW],
	    s->flush.stride_shift | (uint64_t)s->flush.flags << 8);
	xcpui_slot_publish(line, s->id, XCPUI_SLOT_FLUSH, lanes);
	return true;
}

/* Take the request back from CPUs that are off, or lazy and passed over. */
static void
take_back(struct xcpu_cpu *self, struct shootdown *s,
    const struct xcpu_cpuset *refused)
{
	xcpu_cpuset_andnot(&s->rounded, refused);
	for (unsigned group = 0; group < s->domain->ngroups; group++) {
		unsigned lanes = xcpui_group_lanes(refused, group) &
		    xcpui_group_lanes(&s->slotted, group);
		struct xcpu_cpuset got;

		if (lanes == 0)
			continue;
		/* Who has taken it already is serving it, and will answer. */
		lanes = xcpui_slot_withdraw(&self->domain->line[group], s->id,
		    lanes);
		xcpu_cpuset_zero(&got);
		xcpui_group_add(&got, group, lanes);
		xcpu_cpuset_andnot(&s->slotted, &got);
	}
}

static void
post_requests(struct xcpu_cpu *self, struct shootdown *s,
    const struct xcpu_cpuset *targets)
{
	struct xcpui_post post;

	xcpui_post_begin(&post, XCPU_LANE_FLUSH);
	post.reach_lazy = s->flush.space->kernel ||
	    (s->flush.flags & XCPU_FLUSH_TABLES) != 0;
	s->id = xcpui_slot_id(self);
	for (unsigned group = 0; group < s->domain->ngroups; group++) {
		unsigned lanes = xcpui_group_lanes(targets, group);

		if (lanes == 0)
			continue;
		if (ask_by_slot(s, &self->domain->line[group], lanes)) {
			xcpui_group_add(&s->slotted, group, lanes);
		} else {
			XCPUI_COUNT(self, slot_full);
			if (s->round == 0)
				/*
				 * [F1] release: our generation before the
				 * round.  Pairs with [F1] in
				 * xcpui_flush_serve().
				 */
				s->round = xcpu_fetch_add_ar(
				    &self->domain->flush_round, 1) + 1;
			xcpui_group_add(&s->rounded, group, lanes);
		}
		xcpui_post_group(self, &post, group, lanes);
	}
	xcpui_post_kick(self, &post);
	if (post.refusals)
		take_back(self, s, &post.refused);
}

static bool
round_passed_by(const struct shootdown *s, unsigned cpu)
{
	/*
	 * [F2] acquire: the target's flush, and its accesses before.  Pairs
	 * with [F2] in xcpui_flush_raise().
	 */
	return xcpu_load_acq(&s->domain->cpus[cpu].flush.passed) >= s->round;
}

static bool
shootdown_over(struct xcpui_wait *wait)
{
	struct shootdown *s = (struct shootdown *)wait->what;

	for (unsigned cpu = xcpu_cpuset_first(&s->slotted);
	    cpu < s->domain->ncpu; cpu = xcpu_cpuset_next(&s->slotted, cpu)) {
		unsigned group = xcpui_group(cpu);
		unsigned lane = cpu % XCPU_LANES_PER_LINE;

		if ((xcpui_slot_open(&s->domain->line[group], s->id) >> lane &
		    1) != 0)
			return false;
		xcpu_cpuset_del(&s->slotted, cpu);
	}
	for (unsigned cpu = xcpu_cpuset_first(&s->rounded);
	    cpu < s->domain->ncpu; cpu = xcpu_cpuset_next(&s->rounded, cpu)) {
		if (!round_passed_by(s, cpu))
			return false;
		xcpu_cpuset_del(&s->rounded, cpu);
	}
	return true;
}

static void
shootdown_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	const struct shootdown *s = (const struct shootdown *)wait->what;

	*set = s->slotted;
	xcpu_cpuset_or(set, &s->rounded);
}

static int
shootdown(struct xcpu_cpu *self, struct shootdown *s)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_FLUSH,
		.cls = XCPU_LANE_FLUSH,
		.over = shootdown_over,
		.missing = shootdown_missing,
		.what = s,
	};
	unsigned long state = xcpu_port_irq_save();
	struct xcpu_cpuset targets;

	XCPUI_COUNT(self, shootdown);
	xcpu_port_pte_publish();
	/*
	 * [G1] release: the page tables before the generation.  Pairs with [G1]
	 * in switch_to() and catch_up_space().
	 */
	s->gen = xcpu_fetch_add_rel(&s->flush.space->generation, 1) + 1;
	xcpui_space_note(s->flush.space, s->gen, &s->flush);
	/*
	 * [G2] fence: our generation before we read the set.  Pairs with [G2]
	 * in switch_to() and xcpu_cpu_online().
	 */
	xcpu_fence_sc();
	shootdown_set(s, &targets);
	xcpu_cpuset_del(&targets, self->index);
#if XCPU_PORT_REMOTE
	xcpu_port_tlb_remote(&s->flush, &targets);
#endif
	if (xcpu_cpuset_empty(&targets))
		XCPUI_COUNT(self, shootdown_alone);
	else
		post_requests(self, s, &targets);
	/* The others flush meanwhile. */
	apply(self, &s->flush, s->gen);
	xcpu_port_irq_restore(state);
	return shootdown_over(&wait) ? 0 : xcpui_wait(self, &wait);
}

/* ---- the public functions ---- */

static int
check_range(uint64_t start, uint64_t len, const struct xcpu_flush_opt *opt,
    struct xcpu_flush *flush)
{
	unsigned shift = opt != NULL && opt->stride_shift != 0 ?
	    opt->stride_shift : 12;
	uint64_t mask;

	if (shift < 12 || shift > 48)
		return -XCPU_EINVAL;
	if (opt != NULL && (opt->flags & ~(unsigned)XCPU_FLUSH_TABLES) != 0)
		return -XCPU_EINVAL;
	mask = ((uint64_t)1 << shift) - 1;
	if (((start | len) & mask) != 0)
		return -XCPU_EINVAL;
	/* The end may be the top of the address space, but not beyond. */
	if (len != 0 && len - 1 > ~start)
		return -XCPU_EINVAL;
	flush->start = start;
	flush->len = len;
	flush->stride_shift = shift;
	flush->flags = opt != NULL ? opt->flags : 0;
	return 0;
}

int
xcpu_shootdown(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct shootdown s = { .flush = { .space = space } };
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	if (space == NULL)
		return -XCPU_EINVAL;
	error = check_range(start, len, opt, &s.flush);
	if (error != 0 || len == 0)
		return error;
	/* rlx: tunable, any value is right */
	if (len >> s.flush.stride_shift > xcpu_load_rlx(&self->domain->ceiling))
		s.flush.flags |= XCPU_FLUSH_FULL;
	s.domain = self->domain;
	return shootdown(self, &s);
}

int
xcpu_shootdown_all(struct xcpu_space *space, const struct xcpu_flush_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct shootdown s = { .flush = { .space = space } };
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	if (space == NULL)
		return -XCPU_EINVAL;
	error = check_range(0, 0, opt, &s.flush);
	if (error != 0)
		return error;
	s.flush.flags |= XCPU_FLUSH_FULL;
	s.domain = self->domain;
	return shootdown(self, &s);
}

int
xcpu_flush_self(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_flush flush = { .space = space };
	int error = xcpui_may_ask(self);
	unsigned long state;

	if (error != 0)
		return error;
	if (space == NULL)
		return -XCPU_EINVAL;
	error = check_range(start, len, opt, &flush);
	if (error != 0 || len == 0)
		return error;
	state = xcpu_port_irq_save();
	xcpu_port_pte_publish();
	if (progress_of(self, space) != NULL)
		flush_now(self, &flush);
	xcpu_port_irq_restore(state);
	return 0;
}

#else /* XCPU_PORT_LEVEL < 3: no TLB hooks, and nothing to forget */

void
xcpui_flush_raise(struct xcpu_au64 *word, uint64_t to)
{
	xcpu_store_rlx(word, to);	/* rlx: nobody looks */
}

int
xcpu_shootdown(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	(void)space; (void)start; (void)len; (void)opt;
	return -XCPU_ENOSYS;
}

int
xcpu_shootdown_all(struct xcpu_space *space, const struct xcpu_flush_opt *opt)
{
	(void)space; (void)opt;
	return -XCPU_ENOSYS;
}

int
xcpu_flush_self(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	(void)space; (void)start; (void)len; (void)opt;
	return -XCPU_ENOSYS;
}

#endif

int
xcpu_flush_set_ceiling(uint64_t pages)
{
	struct xcpu_cpu *self = xcpu_port_self();

	if (self == NULL || self->domain == NULL)
		return -XCPU_EAGAIN;
	/* rlx: any value is right for a shootdown under way */
	xcpu_store_rlx(&self->domain->ceiling, pages);
	return 0;
}
