/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suspend.c: kicks that were latched before a CPU went offline.
 *
 * A suspend is a trip offline: what the interrupt controller has latched comes
 * when the doorbell is open again, be the CPU off or back.
 */
#include "scene.h"

static struct xcpu_au32 EXPLORE_DATA posted;
static struct explore_word EXPLORE_DATA runs;
static int EXPLORE_DATA id;

static void
run(void *arg)
{
	(void)arg;
	explore_write(&runs, explore_read(&runs) + 1);
}

static void
setup(void)
{
	explore_boot(2);
	id = xcpu_event_register(run, NULL);
	explore_start_masked(1);
	explore_name(&posted, sizeof(posted), "posted");
	explore_name(&runs, sizeof(runs), "runs");
}

static void
post_twice(void)
{
	for (unsigned i = 0; i < 2; i++)
		if (xcpu_event_post(id, 1) == 0)
			/* rlx: read at the end */
			xcpu_fetch_add_rlx(&posted, 1);
}

static void
go_offline(void)
{
	explore_assert(xcpu_cpu_offline() == 0, "not offline");
}

static void
come_back(void)
{
	explore_close();
	explore_assert(xcpu_cpu_online(&explore_cpu[1]) == 0, "not online");
	explore_open();
}

static void
suspend_open(void)
{
	go_offline();
	explore_open();
	come_back();
}

static void
suspend_masked(void)
{
	go_offline();
	come_back();
}

static void
check(void)
{
	/* rlx: everything is over */
	uint32_t n = xcpu_load_rlx(&posted);

	explore_assert(explore_peek(&runs) <= n, "run, and never accepted");
	explore_assert(n == 0 || explore_peek(&runs) != 0,
	    "accepted, and never run");
}

static const struct explore_program suspend_taken = {
	.name = "suspend-taken",
	.what = "latched kicks come while the CPU is off",
	.ids = "F-B20 INV-C8 INV-E5 BUG-83",
	.ncpu = 2,
	.setup = setup,
	.cpu = { post_twice, suspend_open },
	.check = check,
	.spurious = { 0, 1 },
};

static const struct explore_program suspend_kept = {
	.name = "suspend-kept",
	.what = "latched kicks come when the CPU is back",
	.ids = "F-B20 INV-C8 INV-E5 BUG-83",
	.ncpu = 2,
	.setup = setup,
	.cpu = { post_twice, suspend_masked },
	.check = check,
	.spurious = { 0, 1 },
};

const struct explore_program *const suspend_programs[] = {
	&suspend_taken, &suspend_kept, NULL
};
