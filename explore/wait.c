/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c: loops that wait for another CPU.
 *
 * A turn of a wait that only loaded would do the same again until one of its
 * loads reads something new.  So the CPU sleeps there; it wakes up with a step
 * that says which load of the next turn is the first to read something new, and
 * what.  The loads before that one are settled by this (the script), and are no
 * steps.  What the clock does is settled in the same way: if time passes in a
 * wait, its turns read what they read before, until it looks.
 */
#include "engine.h"

#include <string.h>

/* More turns than src/wait.c makes between two looks at the clock. */
#define TIMED_TURNS	16

void
wait_saw(struct cpu *cpu, struct loc *loc, unsigned ts)
{
	if (cpu->nseen == SEEN) {
		cpu->impure = true;
		return;
	}
	cpu->seen[cpu->nseen].loc = loc;
	cpu->seen[cpu->nseen++].ts = ts;
}

bool
wait_scripted(struct cpu *cpu, struct loc *loc, unsigned *ts)
{
	const struct seen *seen = &cpu->script[cpu->script_at];

	if (cpu->script_at >= cpu->scripted)
		return false;
	if (seen->loc != loc || seen->ts < oldest(cpu, loc)) {
		cpu->scripted = 0;
		return false;
	}
	cpu->script_at++;
	*ts = seen->ts;
	return true;
}

static void
sleep_until_news(struct cpu *me)
{
	unsigned n = me->nseen;
	struct op op = { .kind = OP_AWAIT, .seen = me->script, .nseen = n };
	struct step step;

	memcpy(me->script, me->seen, n * sizeof(me->seen[0]));
	me->scripted = 0;
	if (unlikely(eng.tracing))
		trace_text("... nothing new");
	step = cpu_point(&op);
	me->script_at = 0;
	if (step.what == DO) {
		me->script[step.pos].ts = step.ts;
		me->scripted = step.pos + 1u;
	} else if (step.what == TIME) {
		if (unlikely(eng.tracing))
			trace_text("... time passes");
		me->timing = TIMED_TURNS;
		me->scripted = n;
	}
}

/* One turn of a wait is over; `counts`: `spins` says which one. */
void
wait_turn(unsigned spins, bool counts)
{
	struct cpu *me = eng.me;
	const char *here = __builtin_frame_address(0);

	if (!eng.exploring)
		return;
	if (counts && spins == 0)
		me->watches = false;
	/* A wait inside this turn has ended, and what we saw is forgotten. */
	if (here > me->turn_at && me->turn_at != NULL)
		me->impure = true;
	me->turn_at = here;
	if (me->timing != 0) {
		me->timing--;
		me->script_at = 0;
		if (me->timing == 0)
			me->scripted = 0;
	} else if (!me->impure) {
		sleep_until_news(me);
	}
	me->impure = false;
	me->nseen = 0;
}
