/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.c: stopping CPUs, and panics.
 *
 * Protocol P11.  As in sync.c, a plain word says whether somebody stands: the
 * CPU writes it masked, the stopper while the CPU is stopped.
 */
#include "still.h"

#define TIMEOUT_NS 1000

/* On lines of its own, which EXPLORE_DATA would not leave it. */
static struct xcpu_stop_room room __attribute__((section("explore_data")));
static struct explore_word EXPLORE_DATA answered;
static struct explore_word EXPLORE_DATA alone;
static struct explore_word EXPLORE_DATA before[3];
static struct xcpu_au64 EXPLORE_DATA stopped_it;

static void
boot(unsigned ncpu)
{
	explore_boot(ncpu);
	(void)xcpu_stop_init(&explore_domain, &room);
	explore_name(&room, sizeof(room), "room");
	explore_name(&table, sizeof(table), "table");
	explore_name(&answered, sizeof(answered), "answered");
	explore_name(&alone, sizeof(alone), "alone");
}

static void
boot_two(void)
{
	boot(2);
}

static void
boot_three(void)
{
	boot(3);
}

/* Not before the caller is stopped in his wait. */
static void
work_and_answer(void *arg)
{
	(void)arg;
	/* ends: as CPU 2 has stopped CPU 0 */
	while (xcpu_load_acq(&stopped_it) == 0)
		explore_relax();
	count_up(&answered);
}

static void
stop_and_restart(void)
{
	struct xcpu_cpuset set = scene_set(2u >> explore_self());

	explore_assert(xcpu_stop(&set, NULL) == 0, "refused");
	count_up(&table);
	explore_assert(xcpu_restart(&set) == 1, "not restarted");
}

static void
stop_twice(void)
{
	stop_and_restart();
	stop_and_restart();
}

static const struct explore_program stop_one = {
	.name = "stop-one",
	.what = "one CPU is stopped and restarted",
	.ids = "F-B19 INV-C12",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { stop_and_restart, work },
};

/* The second stop meets a CPU that still leaves the first. */
static const struct explore_program stop_again = {
	.name = "stop-again",
	.what = "one CPU is stopped and restarted twice",
	.ids = "F-B19 INV-C12 BUG-73",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { stop_twice, work },
};

static void
stop_masked(void)
{
	explore_close();
	stop_and_restart();
	explore_open();
}

static const struct explore_program stop_mutual = {
	.name = "stop-mutual",
	.what = "two CPUs stop each other, doorbells masked",
	.ids = "F-B19 INV-C12 BUG-117",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { stop_masked, stop_masked },
	.check = check_both,
};

/* Each its own: only the room orders them. */
static void
stop_second_next(void)
{
	struct xcpu_cpuset set = scene_set(4u << explore_self());

	explore_close();
	explore_assert(xcpu_stop(&set, NULL) == 0, "refused");
	count_up(&table);
	explore_assert(xcpu_restart(&set) == 1, "not restarted");
	explore_open();
}

static void
boot_four(void)
{
	boot(4);
}

static const struct explore_program stop_apart = {
	.name = "stop-apart",
	.what = "two CPUs stop another one each",
	.ids = "F-B19 INV-C12",
	.ncpu = 4,
	.setup = boot_four,
	.cpu = { stop_second_next, stop_second_next, NULL, NULL },
	.check = check_both,
};

/* ---- in a wait ---- */

static void
call_second(void)
{
	explore_close();
	explore_assert(xcpu_call_one(1, work_and_answer, NULL, NULL) == 0,
	    "refused");
	explore_assert(explore_read(&answered) == 1, "back too early");
	count_up(&table);
	explore_open();
}

static void
stop_caller(void)
{
	struct xcpu_cpuset set = scene_set(1);

	explore_assert(xcpu_stop(&set, NULL) == 0, "refused");
	count_up(&table);
	xcpu_store_rel(&stopped_it, 1);
	explore_assert(xcpu_restart(&set) == 1, "not restarted");
}

/* P11: "the wait looks only at its ack" is rejected. */
static const struct explore_program stop_waiter = {
	.name = "stop-waiter",
	.what = "a CPU is stopped while it waits in a call, doorbell masked",
	.ids = "F-B19 INV-C12 BUG-117",
	.ncpu = 3,
	.setup = boot_three,
	.cpu = { call_second, NULL, stop_caller },
	.check = check_both,
	.bound = 3,
};

/* ---- deadlines ---- */

static void
stop_late(void)
{
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_cpuset stopped;
	struct xcpu_stop_opt opt = { .timeout_ns = TIMEOUT_NS,
		.stopped = &stopped };
	int error = xcpu_stop(&set, &opt);

	explore_note(scene_error(error));
	explore_assert(error == (xcpu_cpuset_has(&stopped, 1) ? 0 :
	    -XCPU_ETIMEDOUT), "the result says two things");
	if (error != 0)
		return;
	count_up(&table);
	explore_assert(xcpu_restart(&set) == 1, "not restarted");
}

static void
check_late(void)
{
	explore_assert(!xcpu_stopped(&explore_domain, 1),
	    "it stopped when nobody expected it any more");
}

static const struct explore_program stop_deadline = {
	.name = "stop-deadline",
	.what = "a stop with a deadline: stopped, or never",
	.ids = "F-B19 INV-R9 BUG-114",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { stop_late, work },
	.check = check_late,
	.deadlines = { 1, 0 },
};

/* ---- a CPU that leaves ---- */

static void
leave(void)
{
	explore_close();
	count_up(&table);
	explore_assert(xcpu_cpu_offline() == 0, "refused");
}

static void
stop_leaver(void)
{
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_cpuset stopped;
	struct xcpu_stop_opt opt = { .stopped = &stopped };

	explore_close();
	explore_assert(xcpu_stop(&set, &opt) == 0, "refused");
	explore_note(xcpu_cpuset_has(&stopped, 1));
	if (xcpu_cpuset_has(&stopped, 1))
		count_up(&table);
	explore_assert(xcpu_restart(&set) >= 0, "not restarted");
	explore_open();
}

static const struct explore_program stop_leaving = {
	.name = "stop-leaving",
	.what = "a CPU is stopped while it goes offline",
	.ids = "F-B19 F-B20 INV-C8 BUG-114 BUG-118",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { stop_leaver, leave },
};

/* ---- calls by NMI ---- */

static void
answer(void *arg)
{
	count_up((struct explore_word *)arg);
}

static void
call_by_nmi(void)
{
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_cpuset done;
	int error;

	explore_write(&answered, 5);
	error = xcpu_nmi_call(&set, answer, &answered, TIMEOUT_NS, &done);
	explore_note(scene_error(error));
	explore_assert(error == (xcpu_cpuset_has(&done, 1) ? 0 :
	    -XCPU_ETIMEDOUT), "the result says two things");
	if (error == 0)
		explore_assert(explore_read(&answered) == 6, "not run");
}

/* A second one, whose request takes the place of the first. */
static void
call_twice_by_nmi(void)
{
	call_by_nmi();
	if (explore_self() == 0)
		(void)xcpu_nmi_call(&(struct xcpu_cpuset){ .w = { 2 } },
		    answer, &alone, TIMEOUT_NS, NULL);
}

static const struct explore_program stop_nmi_call = {
	.name = "stop-nmi-call",
	.what = "two calls by NMI, each with a deadline",
	.ids = "F-B19 INV-C3",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { call_twice_by_nmi, work },
	.nmis = { 0, 2 },
	.deadlines = { 2, 0 },
};

/*
 * No deadline ends this wait: whoever was ready when he was asked answers, by his
 * NMI, or on his way out if that came too early.
 */
static void
call_leaver_by_nmi(void)
{
	struct xcpu_cpuset set = scene_set(2);
	struct xcpu_cpuset done;

	explore_write(&answered, 5);
	explore_assert(xcpu_nmi_call(&set, answer, &answered, TIMEOUT_NS,
	    &done) == 0, "late");
	explore_note(xcpu_cpuset_has(&done, 1));
	explore_assert(explore_read(&answered) ==
	    (xcpu_cpuset_has(&done, 1) ? 6 : 5), "the result says two things");
}

static const struct explore_program stop_nmi_leaving = {
	.name = "stop-nmi-leaving",
	.what = "a CPU is called by NMI while it goes offline",
	.ids = "F-B19 F-B20 INV-C8",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { call_leaver_by_nmi, leave },
	.nmis = { 0, 1 },
};

/* ---- panic ---- */

/* One comes back alone; what he writes meanwhile is his. */
static void
panic(void)
{
	int error;

	explore_write(&before[explore_self()], 1);
	error = xcpu_panic_stop(0, NULL);
	explore_note(scene_error(error));
	if (error != 0) {
		/* Race-checked: whoever was alone is so no more. */
		explore_assert(explore_read(&alone) >= 1, "nobody was alone");
		return;
	}
	count_up(&alone);
	/* All that the others did before they stood. */
	explore_note(explore_read(&before[0]) + explore_read(&before[1]));
	(void)xcpu_restart(NULL);
	explore_open();
}

static void
check_panic(void)
{
	explore_assert(explore_peek(&alone) >= 1, "nobody came back");
}

static const struct explore_program panic_one = {
	.name = "panic-one",
	.what = "a CPU panics while another works",
	.ids = "F-B19 BUG-116 BUG-120",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { panic, work },
	.check = check_panic,
};

static void
stop_other(void)
{
	struct xcpu_cpuset set = scene_set(1);

	explore_assert(xcpu_stop(&set, NULL) == 0, "refused");
	explore_assert(xcpu_restart(&set) >= 0, "not restarted");
}

/* P11: "the loser stops the others, too" is rejected. */
static const struct explore_program panic_two = {
	.name = "panic-two",
	.what = "two CPUs panic at once",
	.ids = "F-B19 INV-C12 BUG-117",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { panic, panic },
	.check = check_panic,
};

/* He does not hear it before his panic is over. */
static const struct explore_program panic_stop = {
	.name = "panic-stop",
	.what = "a CPU panics, and another stops it",
	.ids = "F-B19 INV-C12",
	.ncpu = 2,
	.setup = boot_two,
	.cpu = { panic, stop_other },
	.check = check_panic,
};

static const struct explore_program panic_three = {
	.name = "panic-three",
	.what = "two of three CPUs panic at once",
	.ids = "F-B19 INV-C12 BUG-117",
	.ncpu = 3,
	.setup = boot_three,
	.cpu = { panic, panic, NULL },
	.check = check_panic,
};

const struct explore_program *const stop_programs[] = {
	&stop_one, &stop_again, &stop_mutual, &stop_apart, &stop_waiter, &stop_deadline,
	&stop_leaving, &stop_nmi_call, &stop_nmi_leaving,
	&panic_one, &panic_two, &panic_stop, &panic_three,
	NULL
};
