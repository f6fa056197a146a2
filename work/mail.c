/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail.c: one CPU asks others to read pages, and none waits.
 *
 * A request is the sender's; it fills it, sets its bit in the mail of each
 * target, and leaves it alone until `pending` is 0 again.  Nothing of xcpu is
 * used for this: what is tested does not carry its own test.
 */
#include "storm.h"

void
storm_ask(unsigned cpu, const struct xcpu_cpuset *set)
{
	struct storm_request *request = &storm.cpu[cpu]->request;

	/* One more than targets: the count cannot end before all are asked. */
	xcpu_store_rlx(&request->pending, 1);
	for (unsigned to = xcpu_cpuset_first(set); to < XCPU_NCPU_MAX;
	    to = xcpu_cpuset_next(set, to)) {
		xcpu_fetch_add_ar(&request->pending, 1);
		xcpu_fetch_or_rel(&storm.cpu[to]->mail[cpu / 64],
		    xcpu_cpu_bit(cpu));
		if (work_halts())
			xcpu_resched(to);
	}
	xcpu_fetch_add_rel(&request->pending, (uint32_t)-1);
}

bool
storm_answered(unsigned cpu)
{
	return xcpu_load_acq(&storm.cpu[cpu]->request.pending) == 0;
}

/* Whether to ask that CPU at all; it may be elsewhere when it is its turn. */
bool
storm_may_have(unsigned cpu, const struct storm_space *space)
{
	return space->index == STORM_KERNEL ||
	    xcpu_load_rlx(&storm.cpu[cpu]->space) == space->index;
}

bool
storm_is_away(const struct storm_request *request, unsigned cpu)
{
	return (xcpu_load_rlx(&request->away[cpu / 64]) &
	    xcpu_cpu_bit(cpu)) != 0;
}

void
storm_wake_up(struct storm_cpu *me)
{
	if (me->resume != STORM_KERNEL)
		storm_load(me, me->resume);
	if (xcpu_load_rlx(&me->lazy) == 0)
		return;
	xcpu_space_lazy_leave();
	xcpu_store_rel(&me->lazy, 0);
}

/*
 * From here on it reads only what is the kernel's, until it is woken up.  With
 * lazy=off it does not keep the root for that time: it is away.
 */
void
storm_fall_lazy(struct storm_cpu *me)
{
	if (xcpu_load_rlx(&me->space) == STORM_KERNEL)
		return;
	me->fell_lazy++;
	if (!work_run.options.lazy) {
		unsigned resume = xcpu_load_rlx(&me->space);

		storm_load(me, STORM_KERNEL);
		me->resume = resume;
		return;
	}
	xcpu_store_rel(&me->lazy, 1);
	xcpu_space_lazy_enter();
}

/* Now and then the reader falls lazy: the shootdown will pass it over. */
static void
maybe_lazy(struct storm_cpu *me, const struct storm_request *request)
{
	if (!request->batch.quiet && request->space->index != STORM_KERNEL &&
	    work_once_in(&me->rng, 8))
		storm_fall_lazy(me);
}

/* With many CPUs less often: all take part when one goes offline. */
static void
maybe_leave(struct storm_cpu *me, const struct storm_request *request)
{
	if (me != storm.cpu[0] && !request->batch.quiet &&
	    work_once_in(&me->rng, 32 * storm.ncpu))
		me->leaving = true;
}

static unsigned
arm(unsigned cpu, const struct storm_request *request)
{
	unsigned stale = oracle_arm(cpu, &request->batch);

	if (request->blind == cpu)
		mach_blind_arm(cpu);
	else
		maybe_lazy(storm.cpu[cpu], request);
	maybe_leave(storm.cpu[cpu], request);
	return stale;
}

static unsigned
probe(unsigned cpu, const struct storm_request *request)
{
	unsigned stale = oracle_probe(cpu, &request->batch,
	    request->kept[cpu]);

	if (request->mend)
		xcpu_flush_self(mach_space_xcpu(request->space->mach),
		    request->batch.page[0].va,
		    request->batch.n * MACH_PAGE_SIZE, NULL);
	return stale;
}

static void
serve_one(unsigned cpu, unsigned sender)
{
	struct storm_request *request = &storm.cpu[sender]->request;
	struct storm_cpu *me = storm.cpu[cpu];
	unsigned stale;

	if (!storm_may_have(cpu, request->space)) {
		xcpu_fetch_or_rel(&request->away[cpu / 64], xcpu_cpu_bit(cpu));
	} else {
		/* Freed tables: what a lazy CPU had is gone already. */
		if (request->space->index != STORM_KERNEL &&
		    (request->kind == STORM_ARM || !request->tables))
			storm_wake_up(me);
		stale = request->kind == STORM_ARM ? arm(cpu, request) :
		    probe(cpu, request);
		if (stale != 0)
			xcpu_fetch_or_rel(&request->stale[cpu / 64],
			    xcpu_cpu_bit(cpu));
	}
	if (xcpu_fetch_add_ar(&request->pending, (uint32_t)-1) == 1 &&
	    work_halts())
		xcpu_resched(sender);
}

static bool
has_mail(const struct storm_cpu *me)
{
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++)
		if (xcpu_load_rlx(&me->mail[i]) != 0)
			return true;
	return false;
}

/*
 * `asked`: this CPU waits for answers, too.  Masked before the look: whoever
 * brings mail, or the last answer, from then on posts a kick that ends the halt.
 */
void
storm_halt(unsigned cpu, bool asked)
{
	struct storm_cpu *me = storm.cpu[cpu];
	unsigned long state = mach_mask();

	if (!has_mail(me) && (!asked || !storm_answered(cpu)))
		mach_idle_once();
	mach_unmask(state);
}

bool
storm_serve(unsigned cpu)
{
	struct xcpu_au64 *mail = storm.cpu[cpu]->mail;
	struct xcpu_cpuset from;

	xcpu_cpuset_zero(&from);
	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++) {
		if (xcpu_load_rlx(&mail[i]) != 0)
			from.w[i] = xcpu_xchg_acq(&mail[i], 0);
	}
	for (unsigned sender = xcpu_cpuset_first(&from);
	    sender < XCPU_NCPU_MAX; sender = xcpu_cpuset_next(&from, sender))
		serve_one(cpu, sender);
	return !xcpu_cpuset_empty(&from);
}
