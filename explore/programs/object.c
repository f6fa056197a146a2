/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.c: calls that nobody needs to wait for.
 *
 * The object is counted down by its targets and by its starter; whoever is last
 * announces the end.  When it is done it is poisoned: the library may not touch
 * it again, and all that its targets did must be there.
 */
#include "scene.h"

static struct xcpu_call EXPLORE_DATA object;
/* One word per CPU that runs the function, and what it reads. */
static struct explore_word EXPLORE_DATA in[EXPLORE_CPUS];
static struct explore_word EXPLORE_DATA out[EXPLORE_CPUS];
static struct explore_word EXPLORE_DATA announced;

static void
work(void *arg)
{
	unsigned self = explore_self();

	(void)arg;
	explore_write(&out[self], explore_read(&out[self]) +
	    explore_read(&in[self]));
}

static void
announce(void *arg)
{
	(void)arg;
	explore_write(&announced, explore_read(&announced) + 1);
}

static void
name_all(void)
{
	explore_name(&object, sizeof(object), "object");
	explore_name(in, sizeof(in), "in");
	explore_name(out, sizeof(out), "out");
	explore_name(&announced, sizeof(announced), "announced");
}

static void
setup_two(void)
{
	explore_boot(2);
	name_all();
	object.callback = announce;
}

static void
setup_plain(void)
{
	explore_boot(2);
	name_all();
}

static void
setup_three(void)
{
	explore_boot(3);
	name_all();
	object.callback = announce;
}

static int
start(unsigned cpus)
{
	struct xcpu_cpuset set = scene_set(cpus);

	return xcpu_call_start(&object, &set, work, NULL, NULL);
}

/* Start on these CPUs, wait, and look at what they did. */
static void
start_and_wait(unsigned cpus)
{
	for (unsigned cpu = 0; cpu < EXPLORE_CPUS; cpu++)
		if ((cpus >> cpu & 1) != 0)
			explore_write(&in[cpu], 1);
	explore_assert(start(cpus) == 0, "refused");
	explore_assert(xcpu_call_wait(&object, 0) == 0, "the wait failed");
	explore_assert(explore_read(&announced) == 1, "not announced once");
	for (unsigned cpu = 0; cpu < EXPLORE_CPUS; cpu++)
		if ((cpus >> cpu & 1) != 0)
			explore_assert(explore_read(&out[cpu]) == 1,
			    "done before it ran");
	explore_poison(&object, sizeof(object));
}

static void
check(void)
{
	explore_assert(scene_carrier_free(0),
	    "a slot of the caller stays busy");
}

/* ---- one flight ---- */

static void
start_other(void)
{
	start_and_wait(2);
}

static const struct explore_program object_one = {
	.name = "object-one",
	.what = "a call object to one CPU, waited for, then poisoned",
	.ids = "F-N2 INV-C2 INV-C3 INV-C4 BUG-53 BUG-54",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { start_other, NULL },
	.check = check,
};

static void
start_both(void)
{
	start_and_wait(3);
}

/* The starter is a target too: his part comes by his own doorbell. */
static const struct explore_program object_self = {
	.name = "object-self",
	.what = "a call object to both CPUs, the starter's own included",
	.ids = "INV-C2 INV-C4 INV-C9 BUG-46",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { start_both, NULL },
	.check = check,
};

static void
start_set(void)
{
	start_and_wait(6);
}

static const struct explore_program object_set = {
	.name = "object-set",
	.what = "a call object to two CPUs",
	.ids = "INV-C2 INV-C3 INV-C4 BUG-54 BUG-55",
	.ncpu = 3,
	.setup = setup_three,
	.cpu = { start_set, NULL, NULL },
	.check = check,
};

/* ---- the object again ---- */

static bool EXPLORE_DATA started;

/*
 * A start that succeeds says that the last flight is over: the function's input
 * may be written.  Else nothing happens.
 */
static void
start_again(void)
{
	int error;

	explore_write(&in[0], 1);
	explore_write(&in[1], 1);
	explore_assert(start(2) == 0, "refused");
	error = start(1);
	explore_note(scene_error(error));
	started = error == 0;
	if (error == 0)
		explore_write(&in[1], 5);
	else	/* EAGAIN: done, but its slot has not been answered yet */
		explore_assert(error == -XCPU_EBUSY || error == -XCPU_EAGAIN,
		    "another error");
}

static void
check_again(void)
{
	check();
	explore_assert(explore_peek(&out[1]) == 1, "not run once");
	explore_assert(explore_peek(&out[0]) == (uint64_t)started,
	    "the second flight not run once");
	explore_assert(xcpu_call_done(&object), "never done");
}

static const struct explore_program object_again = {
	.name = "object-again",
	.what = "a call object, started again at once",
	.ids = "INV-C1 INV-C6 BUG-27 BUG-59",
	.ncpu = 2,
	.setup = setup_plain,
	.cpu = { start_again, NULL },
	.check = check_again,
};

/* ---- asked, not waited for ---- */

static void
start_and_ask(void)
{
	explore_write(&in[1], 1);
	explore_assert(start(2) == 0, "refused");
	while (!xcpu_call_done(&object))
		explore_relax();
	explore_assert(explore_read(&out[1]) == 1, "done before it ran");
	explore_poison(&object, sizeof(object));
}

static const struct explore_program object_asked = {
	.name = "object-asked",
	.what = "a call object that its owner asks whether it is done",
	.ids = "INV-C2 INV-C3 BUG-26 BUG-53",
	.ncpu = 2,
	.setup = setup_plain,
	.cpu = { start_and_ask, NULL },
	.check = check,
};

/* ---- handed on ---- */

static struct xcpu_au32 EXPLORE_DATA ran;

static void
tell(void *arg)
{
	(void)arg;
	xcpu_store_rlx(&ran, 1); /* rlx: for its own CPU */
}

static int
start_telling(void)
{
	struct xcpu_cpuset set = scene_set(2);

	return xcpu_call_start(&object, &set, tell, NULL, NULL);
}

static void
start_and_leave(void)
{
	explore_assert(start_telling() == 0, "refused");
}

/* Its first target starts it on itself, if it is done. */
static void
start_own(void)
{
	int error;

	/* rlx: our own handler's */
	while (xcpu_load_rlx(&ran) == 0)
		explore_relax();
	error = start_telling();
	explore_note(scene_error(error));
	started = error == 0;
	if (error == 0)
		explore_write(&announced, explore_read(&announced) + 1);
	else
		explore_assert(error == -XCPU_EBUSY, "another error");
}

static void
check_handed(void)
{
	check();
	explore_assert(explore_peek(&announced) == 1 + 2 * (uint64_t)started,
	    "not announced once per flight");
}

/*
 * C5: who finds it done goes on after the callback, wherever that ran; the slot
 * of the first flight, another CPU's, tells him nothing.
 */
static const struct explore_program object_handed = {
	.name = "object-handed",
	.what = "a call object, started again by the CPU that was its target",
	.ids = "INV-C4 INV-C6 BUG-59",
	.ncpu = 2,
	.setup = setup_two,
	.cpu = { start_and_leave, start_own },
	.check = check_handed,
};

const struct explore_program *const object_programs[] = {
	&object_one, &object_self, &object_set, &object_again, &object_asked,
	&object_handed, NULL
};
