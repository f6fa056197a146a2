/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detector.c: proves, without any shootdown code, that this machine shows a
 * missing shootdown.
 *
 * CPU 1 reads a page.  CPU 0 maps another frame there, frees the old one and
 * tells nobody.  CPU 1 must go on reading the old frame, by now poison, through
 * ticks and halts; after one INVLPG of its own it must read the new frame.
 * If it did not, a run without stale reads would say nothing.
 */
#include "kernel.h"

#define TAG_OLD		UINT64_C(0x01d)
#define TAG_NEW		UINT64_C(0x2e3)
#define USER_VA		UINT64_C(0x400000)
#define STALE_READS	200
#define FLUSH_WAIT_NS	UINT64_C(1000000000)

enum step { MAPPED, READ_OLD, REMAPPED, READ_STALE };

struct trial {
	enum mach_access_mode mode;
	struct mach_space *space;
	uint64_t va;
	uint32_t step;			/* enum step; by atomics */
	uint64_t before, after;		/* what CPU 1 read */
	unsigned stale;			/* how often it read poison */
};

static void
step_set(struct trial *trial, enum step step)
{
	__atomic_store_n(&trial->step, step, __ATOMIC_RELEASE);
}

static void
step_wait(struct trial *trial, enum step step)
{
	/* ends: the other CPU takes its next step without waiting for us */
	while (__atomic_load_n(&trial->step, __ATOMIC_ACQUIRE) != step)
		mach_relax();
}

static uint64_t
read_page(const struct trial *trial)
{
	struct mach_access access = { .va = trial->va, .op = MACH_READ };

	mach_access(trial->mode, &access, 1);
	return access.fault ? 0 : access.value;
}

static void
reader(struct trial *trial)
{
	uint64_t end;
	unsigned i;

	mach_switch(trial->space);
	trial->before = read_page(trial);
	step_set(trial, READ_OLD);
	step_wait(trial, REMAPPED);
	for (i = 0; i < STALE_READS; i++) {
		trial->stale += read_page(trial) == MACH_POISON;
		if (i % 32 == 0)
			mach_idle_once();
	}
	step_set(trial, READ_STALE);
	end = mach_now_ns() + FLUSH_WAIT_NS;
	do {
		trial->after = read_page(trial);
	} while (trial->after == MACH_POISON && mach_now_ns() < end);
	mach_switch(NULL);
}

static void
remapper(struct trial *trial)
{
	mach_frame old = mach_lookup(trial->space, trial->va, NULL);

	step_wait(trial, READ_OLD);
	mach_map(trial->space, trial->va, mach_frame_take(TAG_NEW), MACH_USER);
	mach_frame_free(old);
	step_set(trial, REMAPPED);
	step_wait(trial, READ_STALE);
	probe_send(1, trial->va);
}

static void
trial_main(unsigned cpu, void *arg)
{
	if (cpu == 0)
		remapper(arg);
	else if (cpu == 1)
		reader(arg);
}

static bool
trial_run(enum mach_access_mode mode, struct mach_space *space, uint64_t va)
{
	struct trial trial = { .mode = mode, .space = space, .va = va };
	const char *name = mode == MACH_AS_USER ? "user" : "kernel";
	bool seen;

	if (space == NULL ||
	    mach_map(space, va, mach_frame_take(TAG_OLD), MACH_USER) != 0)
		panic("no memory for the detector's page");
	mach_run_all(trial_main, &trial);
	seen = trial.before == TAG_OLD && trial.stale == STALE_READS &&
	    trial.after == TAG_NEW;
	mach_printf("detector: %s page: %lx before, %u of %u reads stale, %lx "
	    "after INVLPG: %s\n", name, trial.before, trial.stale, STALE_READS,
	    trial.after, seen ? "PASS" : "FAIL");
	mach_frame_free(mach_unmap(space, va));
	return seen;
}

bool
detector_check(void)
{
	struct mach_space *space = mach_space_new();
	bool user, kernel;

	if (ncpu < 2) {
		mach_printf("detector: needs two CPUs: FAIL\n");
		return false;
	}
	user = trial_run(MACH_AS_USER, space, USER_VA);
	kernel = trial_run(MACH_AS_KERNEL, mach_space_kernel(),
	    mach_kernel_base());
	mach_space_free(space);
	return user && kernel;
}
