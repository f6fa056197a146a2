/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shootdown.c: make every CPU forget translations.
 *
 * The initiator's side; flush.c has the target's, and the protocol.
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
static void XCPUI_COLD
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

	xcpui_post_begin(self, &post, XCPU_LANE_FLUSH);
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
				s->round = xcpu_fetch_add_rel(
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

static void XCPUI_COLD
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
		.timeout_ns = 0,
		.fn = NULL,
		.arg = NULL,
		.over = shootdown_over,
		.missing = shootdown_missing,
		.what = s,
		.cls = XCPU_LANE_FLUSH,
	};
	unsigned long state = xcpu_port_irq_save();
	struct xcpu_cpuset targets;

	XCPUI_COUNT(self, shootdown);
	s->domain = self->domain;
	s->round = 0;
	xcpu_cpuset_zero(&s->slotted);
	xcpu_cpuset_zero(&s->rounded);
	xcpu_port_pte_publish();
	/*
	 * [G1] release: the page tables before the generation.  Pairs with [G1]
	 * in switch_to(), catch_up_space() and flush_everything().
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
	xcpui_flush_apply(self, &s->flush, s->gen);
	xcpu_port_irq_restore(state);
	return shootdown_over(&wait) ? 0 : xcpui_wait(self, &wait);
}

/* ---- the public functions ---- */

static int XCPUI_COLD
check_range(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt, struct xcpu_flush *flush)
{
	unsigned shift = opt != NULL && opt->stride_shift != 0 ?
	    opt->stride_shift : 12;
	uint64_t mask;

	if (space == NULL || shift < 12 || shift > 48)
		return -XCPU_EINVAL;
	if (opt != NULL && (opt->flags & ~(unsigned)XCPU_FLUSH_TABLES) != 0)
		return -XCPU_EINVAL;
	mask = ((uint64_t)1 << shift) - 1;
	if (((start | len) & mask) != 0)
		return -XCPU_EINVAL;
	/* The end may be the top of the address space, but not beyond. */
	if (len != 0 && len - 1 > ~start)
		return -XCPU_EINVAL;
	flush->space = space;
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
	struct shootdown s;
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	error = check_range(space, start, len, opt, &s.flush);
	if (error != 0 || len == 0)
		return error;
	/* rlx: tunable, any value is right */
	if (len >> s.flush.stride_shift > xcpu_load_rlx(&self->domain->ceiling))
		s.flush.flags |= XCPU_FLUSH_FULL;
	return shootdown(self, &s);
}

int
xcpu_shootdown_all(struct xcpu_space *space, const struct xcpu_flush_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct shootdown s;
	int error = xcpui_may_ask(self);

	if (error != 0)
		return error;
	error = check_range(space, 0, 0, opt, &s.flush);
	if (error != 0)
		return error;
	s.flush.flags |= XCPU_FLUSH_FULL;
	return shootdown(self, &s);
}

int
xcpu_flush_self(struct xcpu_space *space, uint64_t start, uint64_t len,
    const struct xcpu_flush_opt *opt)
{
	struct xcpu_cpu *self = xcpu_port_self();
	struct xcpu_flush flush;
	int error = xcpui_may_ask(self);
	unsigned long state;

	if (error != 0)
		return error;
	error = check_range(space, start, len, opt, &flush);
	if (error != 0 || len == 0)
		return error;
	state = xcpu_port_irq_save();
	xcpu_port_pte_publish();
	if (xcpui_flush_progress(self, space) != NULL)
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
