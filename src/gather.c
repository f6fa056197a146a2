/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather.c: rendezvous, the side of the initiator; park.c has the target's, and
 * room.c the order among initiators.
 *
 * Actors: initiators, of whom one at a time owns the room; targets, whose
 * drains of CALL park them.
 *
 * Shared: in each token line, beside the doorbells, a word
 *
 *	flags:8 | generation:24 | open:8 | acting:8 | coming:8 | todo:8
 *
 * and one line per group that the initiator alone writes:
 * `release` = generation | decision, and the functions.
 *
 * I1  Only the owner sets lanes, under a generation of his own; only the lane's
 *     CPU clears its own: todo as it begins, coming when it has arrived, acting
 *     when it has acted, open when it leaves.  One exception: who has not begun
 *     is taken back by the owner, and the bit of todo leaves once.
 * I2  A group's word is written anew only when all its lanes are clear: the
 *     owner waits until all have left, and after a wait that the host gave up
 *     the next owner does (`strays`).  So no lane, and no generation, is ever
 *     that of an earlier rendezvous, and clearing a lane needs no comparison.
 * I3  A decision once written stands until all have left.
 * I4  The functions are written by the owner while nobody reads them: before
 *     the question (EARLY), or before the decision.
 * I5  When the generation begins again all decisions are wiped, so that none is
 *     found by a group that slept through all of them.
 *
 * Life of a rendezvous: own the room; per group lanes into the token line, post
 * CALL; each target takes its bit of todo, runs `run`, arrives, looks at its
 * release line; all have arrived; the decision into each release line: GO, or
 * ABORT after taking back who had not begun; fin1; with a second barrier LAST
 * after it; each leaves; all have left; the room is free.
 *
 * A parked CPU spins on a line that only the initiator writes.  Arrivals and
 * departures go to the token line, which its CPU has just written anyway: with
 * eight lanes, 3.5 transactions per target altogether, and one more for a `run`
 * that is not the one of the last time.
 *
 * Deadlock: an owner waits only for CPUs to take a call, and they take it
 * wherever they wait with a doorbell that he can reach; who waits for the room
 * is parked meanwhile (room.c).  A CPU that leaves holds the room, too: so none
 * is on its way out while others stand still, and who waits for the room serves
 * the round that it waits for.
 *
 * Protocol P6 of the proofs in DESIGN.md ("rendezvous").
 */
#include "internal.h"
#include "park.h"

static struct xcpu_line *
line_of(const struct xcpui_gathering *r, unsigned group)
{
	return &r->self->domain->line[group];
}

/* Which lanes of a group have not taken the step that is waited for? */
static unsigned XCPUI_COLD
plane_lanes(const struct xcpui_gathering *r, unsigned group)
{
	/* rlx: who is late; not whether all are there */
	uint64_t word = xcpu_load_rlx(&line_of(r, group)->sync);

	return (unsigned)(word >> r->plane) & 0xff;
}

static bool
plane_clear(struct xcpui_wait *wait)
{
	struct xcpui_gathering *r = (struct xcpui_gathering *)wait->what;

	for (; r->group < r->self->domain->ngroups; r->group++) {
		uint64_t word;

		if (!r->all &&
		    xcpui_group_lanes(&r->sync->asked, r->group) == 0)
			continue;
		/*
		 * [N2] acquire: all that those CPUs did.  Pairs with [N2] in
		 * step_taken().
		 */
		word = xcpu_load_acq(&line_of(r, r->group)->sync);
		if ((word >> r->plane & 0xff) != 0)
			return false;
	}
	return true;
}

static void
not_in_plane(const struct xcpui_gathering *r, struct xcpu_cpuset *set)
{
	xcpu_cpuset_zero(set);
	for (unsigned group = r->group; group < r->self->domain->ngroups;
	    group++)
		xcpui_group_add(set, group, plane_lanes(r, group));
}

static void
plane_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set)
{
	not_in_plane((const struct xcpui_gathering *)wait->what, set);
}

static int
await_plane(struct xcpui_gathering *r, enum xcpui_plane plane)
{
	struct xcpui_wait wait = {
		.kind = XCPU_WAIT_SYNC,
		.timeout_ns = xcpui_time_left(r->limit_ns, r->since_ns),
		.fn = r->sync->run,
		.arg = NULL,
		.over = plane_clear,
		.missing = plane_missing,
		.what = r,
		.cls = XCPU_LANE_CALL,
		.also = 0,
	};

	r->plane = plane;
	r->group = 0;
	return xcpui_wait(r->self, &wait);
}

/* Take back who has not begun; *set comes back as those that it got. */
static void XCPUI_COLD
take_back_lanes(struct xcpui_gathering *r, struct xcpu_cpuset *set)
{
	for (unsigned group = 0; group < r->self->domain->ngroups; group++) {
		unsigned lanes = xcpui_group_lanes(set, group);

		if (lanes == 0)
			continue;
		lanes &= ~xcpui_take_back(line_of(r, group), lanes);
		set->w[group * XCPU_LANES_PER_LINE / 64] &=
		    ~((uint64_t)lanes << group * XCPU_LANES_PER_LINE % 64);
	}
	xcpu_cpuset_andnot(&r->sync->asked, set);
	if (r->sync->opt != NULL && r->sync->opt->absent != NULL)
		xcpu_cpuset_or(r->sync->opt->absent, set);
}

/* Leave out whom the host knows to be dead, wherever they were. */
static void XCPUI_COLD
bury_dead(struct xcpui_gathering *r)
{
	const struct xcpu_sync_opt *opt = r->sync->opt;

	if (opt == NULL || opt->dead == NULL)
		return;
	for (unsigned cpu = 0; cpu < r->self->domain->ncpu; cpu++) {
		unsigned group = xcpui_group(cpu);
		unsigned lane = 1u << cpu % XCPU_LANES_PER_LINE;

		if ((plane_lanes(r, group) & lane) == 0 ||
		    !opt->dead(cpu, opt->dead_arg))
			continue;
		/* rlx: nobody is there who could do anything more */
		xcpu_fetch_and_rlx(&line_of(r, group)->sync,
		    ~xcpui_in_all_planes(lane));
		xcpu_cpuset_del(&r->sync->asked, cpu);
		if (opt->absent != NULL)
			xcpu_cpuset_add(opt->absent, cpu);
	}
}

/* Until all have done that step, but for the dead. */
static int
await_living(struct xcpui_gathering *r, enum xcpui_plane plane)
{
	int error = await_plane(r, plane);
	struct xcpui_wait again = { .what = r };

	if (error == 0)
		return 0;
	bury_dead(r);
	r->group = 0;
	return plane_clear(&again) ? 0 : error;
}

static void
write_functions(struct xcpu_sync_line *to, const struct xcpu_sync *sync)
{
	xcpu_plain_store(&to->run, sync->run);
	xcpu_plain_store(&to->fin1, sync->fin1);
	xcpu_plain_store(&to->teardown, sync->teardown);
	xcpu_plain_store(&to->fin2, sync->fin2);
	xcpu_plain_store(&to->arg, sync->arg);
	xcpu_plain_store(&to->data, sync->data);
}

/* What stands there already stays in the caches of those who have read it. */
static bool
same_functions(const struct xcpu_sync_line *line, const struct xcpu_sync *sync)
{
	return xcpu_plain_load(&line->run) == sync->run &&
	    xcpu_plain_load(&line->fin1) == sync->fin1 &&
	    xcpu_plain_load(&line->teardown) == sync->teardown &&
	    xcpu_plain_load(&line->fin2) == sync->fin2 &&
	    xcpu_plain_load(&line->arg) == sync->arg &&
	    xcpu_plain_load(&line->data) == sync->data;
}

static uint64_t
question(const struct xcpu_sync *sync, unsigned lanes)
{
	uint64_t word = xcpui_in_plane(lanes, PLANE_TODO) |
	    xcpui_in_plane(lanes, PLANE_COMING) |
	    xcpui_in_plane(lanes, PLANE_OPEN);

	if (sync->run != NULL)
		word |= SYNC_EARLY;
	if ((sync->flags & XCPU_SYNC_NO_ENTRY) != 0)
		word |= SYNC_NO_ENTRY | SYNC_EARLY;
	if (sync->teardown != NULL && (sync->flags & XCPU_SYNC_NO_EXIT) == 0)
		word |= SYNC_EXIT | xcpui_in_plane(lanes, PLANE_ACTING);
	if ((sync->flags & XCPU_SYNC_MSG) != 0)
		word |= SYNC_SERVE_MSG;
	return word;
}

/* Put the question to some lanes of a group; `more`: others stand there. */
static void
ask_group(struct xcpui_gathering *r, unsigned group, unsigned lanes, bool more)
{
	struct xcpu_sync_room *room = r->self->domain->sync;
	struct xcpu_line *line = line_of(r, group);
	uint64_t word = question(r->sync, lanes);

	/* Those who stand there have read theirs, and read again when released. */
	if ((more || (word & SYNC_EARLY) != 0) &&
	    !same_functions(&room->line[group], r->sync))
		write_functions(&room->line[group], r->sync);
	/*
	 * [N1] release: the functions, and all we did, before the question,
	 * both ways.  Pairs with [N1] in xcpui_park().
	 */
	if (more)
		xcpu_fetch_or_rel(&line->sync, word);
	else
		/*
		 * [N1] release: as above.  Pairs with [N1] in xcpui_park().
		 */
		xcpu_store_rel(&line->sync, word |
		    (uint64_t)room->generation << SYNC_GEN_SHIFT);
}

/* Ask all of a set, none of it asked before; masked. */
static void
ask_set(struct xcpui_gathering *r, const struct xcpu_cpuset *set)
{
	struct xcpu_cpuset *asked = &r->sync->asked;
	struct xcpui_post post;

	xcpui_post_begin(r->self, &post, XCPU_LANE_CALL);
	for (unsigned group = 0; group < r->self->domain->ngroups; group++) {
		unsigned lanes = xcpui_group_lanes(set, group);

		if (lanes == 0)
			continue;
		ask_group(r, group, lanes,
		    xcpui_group_lanes(asked, group) != 0);
		xcpui_group_add(asked, group, lanes);
		xcpui_post_group(r->self, &post, group, lanes);
	}
	xcpui_post_kick(r->self, &post);
	if (post.refusals)
		/* Who has begun all the same is there, and takes part. */
		take_back_lanes(r, &post.refused);
}

static void
decide(struct xcpui_gathering *r, enum xcpui_decision decision)
{
	struct xcpu_sync_room *room = r->self->domain->sync;

	for (unsigned group = 0; group < r->self->domain->ngroups; group++) {
		struct xcpu_sync_line *line = &room->line[group];

		if (xcpui_group_lanes(&r->sync->asked, group) == 0)
			continue;
		if (decision == DECISION_GO)
			write_functions(line, r->sync);
		/*
		 * [N3] release: the functions, and all that we did while they
		 * stood still.  Pairs with [N3] in released().
		 */
		xcpu_store_rel(&line->release,
		    xcpui_decided(room->generation, decision));
	}
}

/* The calling CPU's own part, as in an interrupt. */
void
xcpui_sync_run_own(struct xcpui_gathering *r, xcpu_fn *fn, void *arg)
{
	unsigned long state;

	if (fn == NULL || !r->sync->own)
		return;
	state = xcpu_port_irq_save();
	xcpui_run(r->self, XCPU_LANE_CALL, fn, arg, r->self->index);
	xcpu_port_irq_restore(state);
}

/* ---- the room ---- */

static void
next_generation(struct xcpu_domain *domain)
{
	struct xcpu_sync_room *room = domain->sync;

	room->generation = (room->generation + 1) & (uint32_t)SYNC_GEN_MASK;
	if (room->generation != 0)
		return;
	for (unsigned group = 0; group < domain->ngroups; group++)
		/* rlx: nobody is parked; the question will order it */
		xcpu_store_rlx(&room->line[group].release, DECISION_NONE);
}

/* Whom the host gave up on must have come out, or be dead. */
static int XCPUI_COLD
await_strays(struct xcpui_gathering *r)
{
	int error;

	r->all = true;
	error = await_living(r, PLANE_OPEN);
	r->all = false;
	if (error == 0)
		r->self->domain->sync->strays = false;
	return error;
}

/* The room of a dead owner, with all that he has left in it. */
static bool XCPUI_COLD
inherit_room(struct xcpui_gathering *r)
{
	struct xcpu_sync_room *room = r->self->domain->sync;

	if (!xcpui_room_inherit(r))
		return false;
	for (unsigned group = 0; group < r->self->domain->ngroups; group++)
		xcpui_release_orphans(room, &room->line[group]);
	xcpu_store_rlx(&room->closed, 0);	/* rlx: nothing was done */
	room->strays = true;
	return true;
}

/* Be the only one; parked for others meanwhile. */
int
xcpui_sync_enter_room(struct xcpui_gathering *r)
{
	int error = xcpui_room_await(r);

	if (error != 0 && !inherit_room(r))
		return error;
	if (r->self->domain->sync->strays) {
		error = await_strays(r);
		if (error != 0) {
			xcpui_room_leave(r);
			return error;
		}
	}
	next_generation(r->self->domain);
	XCPUI_COUNT(r->self, sync);
	return 0;
}

/* ---- start, add, finish ---- */

/*
 * Ask the set, and wait until all have come.  After an error whoever had begun
 * is there all the same, or will be, and nobody else.
 */
int
xcpui_sync_gather(struct xcpui_gathering *r, const struct xcpu_cpuset *set)
{
	const struct xcpu_sync_opt *opt = r->sync->opt;
	struct xcpu_cpuset late = *set;
	unsigned long state;
	int error;

	state = xcpu_port_irq_save();
	ask_set(r, set);
	xcpu_port_irq_restore(state);
	xcpu_cpuset_andnot(&late, &r->sync->asked);
	if (opt != NULL && opt->not_ready == XCPU_FAIL_NOT_READY &&
	    !xcpu_cpuset_empty(&late)) {
		error = -XCPU_ENXIO;
	} else {
		xcpui_sync_run_own(r, r->sync->run, r->sync->arg);
		if ((r->sync->flags & XCPU_SYNC_NO_ENTRY) != 0)
			xcpui_sync_run_own(r, r->sync->fin1, r->sync->arg);
		error = await_living(r, PLANE_COMING);
	}
	if (error != 0) {
		late = *set;
		take_back_lanes(r, &late);
	}
	return error;
}

int XCPUI_COLD
xcpui_sync_await_begun(struct xcpui_gathering *r, const struct xcpu_cpuset *set,
    int error)
{
	struct xcpu_cpuset absent = *set;

	r->limit_ns = 0;
	if (await_living(r, PLANE_COMING) != 0)
		return error;
	xcpu_cpuset_andnot(&absent, &r->sync->asked);
	if (r->sync->opt != NULL && r->sync->opt->absent != NULL)
		*r->sync->opt->absent = absent;
	return xcpu_cpuset_empty(&absent) ? 0 : error;
}

/* Write the decision, and wait until all have left. */
int
xcpui_sync_let_go(struct xcpui_gathering *r, enum xcpui_decision decision)
{
	struct xcpu_sync *sync = r->sync;
	bool go = decision != DECISION_ABORT;
	bool entry = (sync->flags & XCPU_SYNC_NO_ENTRY) == 0;
	int error = 0;

	r->limit_ns = 0;
	if (entry) {
		decide(r, decision);
		if (go)
			xcpui_sync_run_own(r, sync->fin1, sync->arg);
	}
	if (go && sync->teardown != NULL) {
		if ((sync->flags & XCPU_SYNC_NO_EXIT) == 0) {
			error = await_living(r, entry ? PLANE_ACTING :
			    PLANE_COMING);
			decide(r, DECISION_LAST);
		}
		xcpui_sync_run_own(r, sync->teardown, sync->arg);
	}
	if (await_living(r, PLANE_OPEN) != 0) {
		r->self->domain->sync->strays = true;
		error = -XCPU_ETIMEDOUT;
	}
	xcpui_room_leave(r);
	if (go)
		xcpui_sync_run_own(r, sync->fin2, sync->data);
	return error;
}

/* Who has begun, and not come: in what is undone he has no part either. */
static void XCPUI_COLD
note_absent(struct xcpui_gathering *r)
{
	struct xcpu_cpuset late;

	if (r->sync->opt == NULL || r->sync->opt->absent == NULL)
		return;
	not_in_plane(r, &late);
	xcpu_cpuset_or(r->sync->opt->absent, &late);
}

/* All of it undone. */
int XCPUI_COLD
xcpui_sync_call_off(struct xcpui_gathering *r, int error)
{
	XCPUI_COUNT(r->self, sync_abort);
	if (error == -XCPU_ETIMEDOUT)
		note_absent(r);
	(void)xcpui_sync_let_go(r, DECISION_ABORT);
	return error;
}
