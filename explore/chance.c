/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chance.c: steps taken by chance, by priorities, or as an id says.
 *
 * PCT: each CPU has a random priority, the highest that can goes on, and at
 * d - 1 random steps the running one falls below all others (Burckhardt,
 * Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic
 * Guarantees of Finding Bugs, ASPLOS 2010); a bug of depth d in n steps of k
 * CPUs is met with a chance of at least 1/(k n^(d-1)) per execution.
 *
 * An id names one execution.  At each step all possible ones are listed, those
 * of the CPU that ran last first; the id tells how many times the first of the
 * list was taken, then which other one: "12c4a" is twelve times the first, the
 * fourth (c: three further), four times the first, the second.  Which words are
 * shared decides where points are; so they are learned before in the same way
 * each time, and what was learned later stands after a "+".
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_STEPS	(CPUS * STEPS)
#define WARM_UP		400

static uint64_t random_state;
static struct asleep nobody[CPUS];

static uint64_t
draw(uint64_t below)
{
	/* xorshift64*: Vigna, 2016 */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1du >> 32) % below;
}

/* All steps, those of the CPU that took the last one first. */
static unsigned
list_all(struct step steps[ALL_STEPS])
{
	unsigned last = eng.nevents == 0 ? 0 :
	    eng.event[eng.nevents].step.cpu;
	unsigned n = state_steps(&eng.cpu[last], steps);

	for (unsigned i = 0; i < eng.ncpu; i++)
		if (i != last)
			n += state_steps(&eng.cpu[i], steps + n);
	return n;
}

static bool
take(const struct step *step)
{
	eng.step = *step;
	depend_take(&eng.step, nobody);
	return true;
}

/* ---- by chance ---- */

static bool
choose_any(void)
{
	struct step steps[ALL_STEPS];
	unsigned n = list_all(steps);

	if (n == 0) {
		eng.ending = cpu_all_still();
		return false;
	}
	return take(&steps[draw(n)]);
}

/* ---- by priority ---- */

static unsigned priority[CPUS];
static unsigned changes[16];
static unsigned nchanges;
static unsigned lowest;
static unsigned length = 100;	/* of the longest execution so far */

static void
pct_begin(unsigned depth)
{
	lowest = 1000;
	for (unsigned i = 0; i < CPUS; i++)
		priority[i] = 1000 + (unsigned)draw(1000) * CPUS + i;
	nchanges = depth - 1 < 16 ? depth - 1 : 16;
	for (unsigned i = 0; i < nchanges; i++)
		changes[i] = (unsigned)draw(length) + 1;
}

static bool
choose_priority(void)
{
	struct step steps[ALL_STEPS];
	unsigned n = list_all(steps);
	unsigned first = 0;
	unsigned count = 0;

	if (n == 0) {
		eng.ending = cpu_all_still();
		return false;
	}
	for (unsigned i = 0; i < nchanges; i++)
		if (changes[i] == eng.nevents && eng.nevents != 0)
			priority[eng.event[eng.nevents].step.cpu] = --lowest;
	for (unsigned i = 1; i < n; i++)
		if (priority[steps[i].cpu] > priority[steps[first].cpu])
			first = i;
	while (first + count < n && steps[first + count].cpu == steps[first].cpu)
		count++;
	return take(&steps[first + draw(count)]);
}

static void
count(const struct limits *limits, struct result *result, double start)
{
	result->executions++;
	result->steps += eng.nevents;
	if (eng.nevents > result->deepest)
		result->deepest = eng.nevents;
	if (eng.nevents > length)
		length = eng.nevents;
	if (eng.ending == COMPLETE)
		states_add(cpu_final_state());
	if ((result->executions & 0xfff) == 0) {
		result->seconds = now_seconds() - start;
		result->states = states_count();
		progress(result);
		if (limits->seconds != 0 && result->seconds > limits->seconds)
			result->exhausted = true;
	}
}

void
chance_run(const struct limits *limits, struct result *result)
{
	double start = now_seconds();

	memset(result, 0, sizeof(*result));
	states_clear();
	random_state = limits->seed * 2 + 1;
	eng.choose = limits->pct != 0 ? choose_priority : choose_any;
	while (result->executions < limits->executions && !result->exhausted) {
		if (limits->pct != 0)
			pct_begin(limits->pct);
		if (cpu_execute() == GREW)
			continue;
		count(limits, result, start);
		if (eng.ending == FAILED) {
			result->failed = true;
			snprintf(result->failure, sizeof(result->failure), "%s",
			    eng.failure);
			break;
		}
	}
	result->exhausted = false;
	result->seconds = now_seconds() - start;
	result->states = states_count();
}

static unsigned known_news;	/* after the warm-up */
static unsigned known_locs;

void
chance_warm_up(void)
{
	unsigned runs = 0;

	random_state = 1;
	eng.choose = choose_any;
	while (runs < WARM_UP)	/* news are bounded by the words */
		if (cpu_execute() != GREW)
			runs++;
	known_news = shadow_count();
	known_locs = eng.nlocs;
}

/* ---- by id ---- */

static const char *wanted;
static unsigned firsts;		/* how often the first one yet */

static bool
next_number(unsigned *number)
{
	char *end;

	if (*wanted >= '0' && *wanted <= '9') {
		firsts = (unsigned)strtoul(wanted, &end, 10);
		wanted = end;
	}
	if (firsts != 0) {
		firsts--;
		*number = 0;
		return true;
	}
	if (*wanted >= 'a' && *wanted <= 'z')
		*number = (unsigned)(*wanted - 'a') + 1;
	else if (*wanted >= 'A' && *wanted <= 'Z')
		*number = (unsigned)(*wanted - 'A') + 27;
	else
		return false;
	wanted++;
	return true;
}

static bool
choose_wanted(void)
{
	struct step steps[ALL_STEPS];
	unsigned n = list_all(steps);
	unsigned number = 0;

	if (n == 0) {
		eng.ending = cpu_all_still();
		return false;
	}
	(void)next_number(&number);
	if (number >= n)
		cpu_fail("the id does not fit: it is of another program, or of "
		    "another build");
	return take(&steps[number]);
}

bool
chance_replay(const char *id, struct result *result)
{
	const char *plus = strchr(id, '+');
	enum ending ending;

	while (plus != NULL) {	/* "+offset.size", each */
		unsigned long offset = strtoul(plus + 1, (char **)&plus, 16);

		shadow_share(offset, *plus == '.' ? 8 : 4);
		plus = strchr(plus, '+');
	}
	memset(result, 0, sizeof(*result));
	wanted = id;
	firsts = 0;
	eng.choose = choose_wanted;
	eng.tracing = true;
	trace_begin();
	ending = cpu_execute();
	eng.tracing = false;
	result->executions = 1;
	result->failed = ending == FAILED;
	snprintf(result->id, sizeof(result->id), "%s", id);
	snprintf(result->failure, sizeof(result->failure), "%s",
	    result->failed ? eng.failure : "");
	return ending == COMPLETE || ending == FAILED;
}

/* ---- once more, and written down ---- */

static struct step taken[EVENTS + 1];
static unsigned ntaken;
static char *id_end;
static size_t id_room;

static void
put_number(unsigned number)
{
	int n = 0;

	if (number == 0) {
		firsts++;
		return;
	}
	if (firsts != 0)
		n = snprintf(id_end, id_room, "%u", firsts);
	if (number > 52 || id_room < 16)
		number = 52;
	n += snprintf(id_end + n, id_room - (size_t)n, "%c",
	    number <= 26 ? 'a' + (int)number - 1 : 'A' + (int)number - 27);
	id_end += n;
	id_room -= (size_t)n;
	firsts = 0;
}

static bool
choose_taken(void)
{
	struct step steps[ALL_STEPS];
	unsigned n = list_all(steps);
	const struct step *step = &taken[eng.nevents + 1];

	if (n == 0 || eng.nevents == ntaken) {
		eng.ending = n == 0 ? cpu_all_still() : REDUNDANT;
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		if (memcmp(&steps[i], step, sizeof(*step)) != 0)
			continue;
		put_number(i);
		return take(step);
	}
	cpu_fail("this execution cannot be repeated: the program keeps something "
	    "from one execution to the next");
}

void
chance_record(struct result *result)
{
	ntaken = eng.nevents;
	for (unsigned i = 1; i <= ntaken; i++)
		taken[i] = eng.event[i].step;
	id_end = result->id;
	id_room = sizeof(result->id);
	firsts = 0;
	eng.choose = choose_taken;
	eng.tracing = true;
	trace_begin();
	(void)cpu_execute();
	eng.tracing = false;
	/* All first: still an id. */
	if (id_end == result->id)
		id_end += snprintf(id_end, id_room, "0");
	for (unsigned i = known_locs; i < eng.nlocs; i++)
		id_end += snprintf(id_end,
		    (size_t)(result->id + sizeof(result->id) - id_end), "+%zx%s",
		    shadow_offset(eng.loc[i].address),
		    eng.loc[i].size == 8 ? "." : "");
}
