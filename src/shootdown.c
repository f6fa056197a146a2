/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shootdown.c: make every CPU forget translations.
 *
 * The initiator's side; flush.c has the target's, and the protocol.
 *
 * The top of the generations.  Numbers begin again only when no CPU holds one of
 * the old: as an initiator, between its count and its last use of it; in a slot;
 * as a target, in hand or as progress.  All of that happens with the doorbell
 * masked, but for the slot.  So who counts a space to the top sends two rounds
 * through every CPU that is online, forgets the ranges, and sets it to 1:
 *
 *	the first round	ends every masked section that began below the top, so
 *			no old number is put into a slot or on record any more;
 *	the second	serves what slots still hold.
 *
 * Both flush the space wherever it is loaded, and leave that CPU's progress at 0
 * (space.c, I2).  Whoever counts a space further past the top sends the same
 * rounds, which are his shootdown; he has no number, and waits for nobody else's.
 * An NMI may interrupt a masked section: it leaves such rounds to the doorbell.
 * Where the host gives up the wait, the space stays past the top for good.
 */
#include "internal.h"
#include "shootdown.h"

#if XCPU_PORT_LEVEL >= 3

struct shootdown {
	struct xcpu_flush flush;
	uint64_t gen;
	uint64_t id;			/* of its requests in slots */
	uint64_t round;			/* 0: none needed */
	const struct xcpu_domain *domain;
	bool polled;			/* nobody had to be kicked */
	struct xcpu_cpuset left;	/* targets that have not answered */
	struct xcpu_cpuset rounded;	/* those asked by the round, not a slot */
};

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
static void XCPUI_COLD
take_back(struct xcpu_cpu *self, struct shootdown *s,
    const struct xcpu_cpuset *refused)
{
	for (unsigned group = 0; group < s->domain->ngroups; group++) {
		unsigned lanes = xcpui_group_lanes(refused, group);
		struct xcpu_cpuset got;

		if (lanes == 0)
			continue;
		/* Who has taken it already is serving it, and will answer. */
		if ((lanes & xcpui_group_lanes(&s->rounded, group)) == 0)
			lanes = xcpui_slot_withdraw(&self->domain->line[group],
			    s->id, lanes);
		xcpu_cpuset_zero(&got);
		xcpui_group_add(&got, group, lanes);
		xcpu_cpuset_andnot(&s->left, &got);
	}
}

static void XCPUI_COLD
start_round(struct xcpu_cpu *self, struct shootdown *s, uint64_t step)
{
	/* rlx: the fence in shootdown() stands before it */
	s->round = xcpu_fetch_add_rlx(&self->domain->flush_round, step) + step;
}

static void
post_requests(struct xcpu_cpu *self, struct shootdown *s,
    const struct xcpu_cpuset *targets)
{
	struct xcpui_post post;

	xcpui_post_begin(self, &post, XCPU_LANE_FLUSH);
	post.reach_lazy = s->flush.space->kernel ||
	    (s->flush.flags & XCPU_FLUSH_TABLES) != 0;
	s->id = xcpui_slot_id(self);
	s->left = *targets;
	for (unsigned group = 0; group < s->domain->ngroups; group++) {
		unsigned lanes = xcpui_group_lanes(targets, group);

		if (lanes == 0)
			continue;
		if (!ask_by_slot(s, &self->domain->line[group], lanes)) {
			XCPUI_COUNT(self, slot_full);
			if (s->round == 0)
				start_round(self, s, 1);
			xcpui_group_add(&s->rounded, group, lanes);
		}
		xcpui_post_group(self, &post, group, lanes);
	}
	xcpui_post_kick(self, &post);
	s->polled = !post.kicks;
	if (post.refusals)
		take_back(self, s, &post.refused);
}

static bool
round_passed_by(const struct shootdown *s, unsigned cpu)
{
	/*
	 * [F2] acquire: the target's flush, and its accesses before.  Pairs
	 * with [F2] in pass_round().
	 */
	return xcpu_load_acq(&s->domain->cpus[cpu].flush.passed) >= s->round;
}

static bool
answered_by(const struct shootdown *s, unsigned cpu)
{
	const struct xcpu_line *line = &s->domain->line[xcpui_group(cpu)];
	unsigned open;

	if (xcpu_cpuset_has(&s->rounded, cpu))
		return round_passed_by(s, cpu);
	/* As in xcpui_flight_over(). */
	if (!s->polled)
		xcpu_own(&line->slot);
	open = xcpui_slot_open(line, s->id);
	return (open >> cpu % XCPU_LANES_PER_LINE & 1) == 0;
}

/* Take out who has answered: of all, or up to the first who has not. */
static bool
take_answers(struct shootdown *s, bool all)
{
	for (unsigned cpu = xcpu_cpuset_first(&s->left);
	    cpu < s->domain->ncpu; cpu = xcpu_cpuset_next(&s->left, cpu)) {
		if (answered_by(s, cpu))
			xcpu_cpuset_del(&s->left, cpu);
		else if (!all)
			return false;
	}
	return true;
}

static bool
shootdown_over(struct xcpui_wait *wait)
{
	return take_answers((struct shootdown *)wait->what, false);
}

static void XCPUI_COLD
shootdown_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	struct shootdown *s = (struct shootdown *)wait->what;

	(void)take_answers(s, true);
	*set = s->left;
}

/* Whoever is online, by his lane: who is not has ended his sections. */
static void XCPUI_COLD
ask_everybody(struct xcpu_cpu *self, struct shootdown *s)
{
	unsigned long state = xcpu_port_irq_save();
	struct xcpui_post post;

	start_round(self, s, XCPUI_ROUND_RESTART);
	xcpu_cpuset_fill(&s->rounded, s->domain->ncpu);
	s->left = s->rounded;
	xcpu_cpuset_del(&s->left, self->index);
	xcpui_post_begin(self, &post, XCPU_LANE_FLUSH);
	xcpui_post_set(self, &post, &s->left);
	xcpu_cpuset_andnot(&s->left, &post.refused);
	xcpui_post_kick(self, &post);
	xcpui_flush_serve(self, true);
	xcpu_port_irq_restore(state);
}

/* No CPU holds an old number any more. */
static void XCPUI_COLD
restart(struct xcpu_space *space)
{
	/* rlx: the compare-and-swap decides on this very value */
	uint64_t gen = xcpu_load_rlx(&space->generation);

	for (unsigned i = 0; i < XCPU_SPACE_RANGES; i++)
		/*
		 * rlx: released below.  Initiators count without acquire: a
		 * mere store might come after their claim of the tag.
		 */
		(void)xcpu_xchg_rlx(&space->range[i].tag, 0);
	/*
	 * [G1] release: no tag that a new number could match.  And in it goes
	 * on the release sequence of all who counted: they have flushed, but
	 * who loads the space from now on reads their tables by this number.
	 * Pairs with [G1] in switch_to(), catch_up_space() and
	 * flush_everything().
	 * retry: each failure is another initiator's count.
	 */
	while (!xcpu_cas_rel(&space->generation, &gen, 1))
		continue;
}

static int XCPUI_COLD
shootdown_past_top(struct xcpu_cpu *self, struct shootdown *s,
    struct xcpui_wait *wait)
{
	int error = 0;

	for (unsigned rounds = 0; rounds < 2 && error == 0; rounds++) {
		ask_everybody(self, s);
		error = xcpui_wait(self, wait);
	}
	if (error == 0 && s->gen == XCPU_SPACE_TOP)
		restart(s->flush.space);
	return error;
}

static int
shootdown(struct xcpu_cpu *self, struct shootdown *s)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_FLUSH,
		.timeout_ns = 0,
		.fn = NULL,
		.arg = NULL,
		.over = shootdown_over,
		.missing = shootdown_missing,
		.what = s,
		.cls = XCPU_LANE_FLUSH,
		.also = 0,
	};
	unsigned long state = xcpu_port_irq_save();
	struct xcpu_cpuset targets;

	XCPUI_COUNT(self, shootdown);
	s->domain = self->domain;
	s->round = 0;
	xcpu_cpuset_zero(&s->left);
	xcpu_cpuset_zero(&s->rounded);
	xcpu_port_pte_publish();
	/*
	 * [G1] release: the page tables before the generation.  Pairs with [G1]
	 * in switch_to(), catch_up_space() and flush_everything().
	 */
	s->gen = xcpu_fetch_add_rel(&s->flush.space->generation, 1) + 1;
	if (s->gen < XCPU_SPACE_TOP)
		xcpui_space_note(s->flush.space, s->gen, &s->flush);
	/*
	 * [G2] fence: our generation before we read the set, or an ASID.  Pairs
	 * with [G2] in switch_to(), xcpu_cpu_online(), xcpu_kernel_enter() and
	 * choose_global(), and with [K1] in xcpu_notifier_register().
	 * [F1] fence: and before the round.  Pairs with [F1] in
	 * xcpui_flush_serve().
	 */
	xcpu_fence_sc();
	if (s->gen >= XCPU_SPACE_TOP) {
		xcpu_port_irq_restore(state);
		return shootdown_past_top(self, s, &wait);
	}
	xcpui_flush_targets(self, &s->flush, &targets);
	xcpu_cpuset_del(&targets, self->index);
#if XCPU_PORT_REMOTE
	xcpu_port_tlb_remote(&s->flush, &targets);
#endif
	if (xcpu_cpuset_empty(&targets))
		XCPUI_COUNT(self, shootdown_alone);
	else
		post_requests(self, s, &targets);
	/* The others flush meanwhile. */
	xcpui_flush_apply(self, &s->flush, s->gen);
	xcpu_port_irq_restore(state);
	return shootdown_over(&wait) ? 0 : xcpui_wait(self, &wait);
}

/* ---- the public functions ---- */

int XCPUI_COLD
xcpui_flush_check(const struct xcpu_cpu *self, struct xcpu_flush *flush,
    const struct xcpu_flush_opt *opt)
{
	struct xcpu_flush_opt how = { 0, 0 };
	int error = xcpui_may_ask(self);
	uint64_t mask;

	if (error != 0)
		return error;
	if (opt != NULL)
		how = *opt;
	if (how.stride_shift == 0)
		how.stride_shift = 12;
	if (flush->space == NULL || how.stride_shift < 12 ||
	    how.stride_shift > 48 ||
	    (how.flags & ~(unsigned)XCPU_FLUSH_TABLES) != 0)
		return -XCPU_EINVAL;
	mask = ((uint64_t)1 << how.stride_shift) - 1;
	if (((flush->start | flush->len) & mask) != 0)
		return -XCPU_EINVAL;
	/* The end may be the top of the address space, but not beyond. */
	if (flush->len != 0 && flush->len - 1 > ~flush->start)
		return -XCPU_EINVAL;
	flush->stride_shift = how.stride_shift;
	flush->flags = how.flags;
	return 0;
}

static int __attribute__((noinline))
ask(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt, unsigned full)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct shootdown s;
	int error;

	s.flush.space = space;
	s.flush.start = start;
	s.flush.len = len;
	error = xcpui_flush_check(self, &s.flush, opt);
	if (error != 0 || (len == 0 && full == 0))
		return error;
	xcpui_flush_widen(self->domain, &s.flush);
	s.flush.flags |= full;
	error = shootdown(self, &s);
	if (error == 0)
		xcpui_notify(&s.flush);
	return error;
}

int
xcpu_shootdown(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	return ask(space, start, len, opt, 0);
}

int
xcpu_shootdown_all(struct xcpu_space *space, const struct xcpu_flush_opt *opt)
{
	return ask(space, 0, 0, opt, XCPU_FLUSH_FULL);
}

int
xcpu_flush_self(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_flush flush = { .space = space, .start = start, .len = len };
	int error = xcpui_flush_check(self, &flush, opt);
	unsigned long state;

	if (error != 0 || len == 0)
		return error;
	state = xcpu_port_irq_save();
	xcpu_port_pte_publish();
	/* Loaded or not: there may be something left under its ASID. */
	xcpui_flush_now(self, &flush);
	xcpu_port_irq_restore(state);
	return 0;
}

#else /* XCPU_PORT_LEVEL < 3: no TLB hooks, and nothing to forget */

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

#if XCPU_FLUSH_KICK
int XCPUI_COLD
xcpu_flush_set_kick(xcpu_flush_kick *kick)
{
	struct xcpu_cpu *self = xcpu_port_self();

	if (self == NULL || self->domain == NULL)
		return -XCPU_EAGAIN;
	self->domain->flush_kick = kick;
	return 0;
}
#else
int
xcpu_flush_set_kick(xcpu_flush_kick *kick)
{
	(void)kick;
	return -XCPU_ENOSYS;
}
#endif
