/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selftest.c: what the conformance suite asks of this host.
 */
#include <selftest.h>

#include "host.h"

#define USER_VA		UINT64_C(0x10000000)
/* Its pages stay mapped: out of the way of the workloads. */
#define KERNEL_OFFSET	((uint64_t)512 << 20)

static struct host_lock lock;
static struct mach_space *spaces[2];

/* `to` is not NULL where the suite is one of several works: failures only. */
static void
print_line(void *to, const char *text)
{
	if (to == NULL || text[0] == 'n' || text[0] == '#')
		host_print("%s\n", text);
}

static void
take_lock(void)
{
	host_lock(&lock);
}

static void
drop_lock(void)
{
	host_unlock(&lock);
}

static void
set_judge(xcpu_selftest_judge *judge, void *arg)
{
	host.judge_arg = arg;
	host.judge = judge;
}

static uint64_t
kicks(void)
{
	struct mach_counts counts;

	mach_counts(&counts);
	return counts.kicks_sent;
}

static struct mach_space *
space_of(const struct xcpu_space *space)
{
	for (unsigned i = 0; i < 2; i++)
		if (mach_space_xcpu(spaces[i]) == space)
			return spaces[i];
	return mach_space_kernel();
}

/* The old frame is never given back: it keeps what it holds. */
static bool
map(struct xcpu_space *space, uint64_t va, uint64_t value)
{
	struct mach_space *where = space_of(space);
	mach_frame frame;

	if (value == 0) {
		mach_unmap(where, va);
		return true;
	}
	frame = mach_frame_take(value);
	return frame != 0 &&
	    mach_map(where, va, frame, MACH_WRITE | MACH_USER) == 0;
}

static bool
read_word(uint64_t va, uint64_t *value)
{
	struct mach_access access = { .va = va, .op = MACH_READ };

	mach_access(MACH_AS_KERNEL, &access, 1);
	*value = access.value;
	return !access.fault;
}

int
host_selftest(bool brief)
{
	struct xcpu_selftest_tlb tlb = {
		.user_va = USER_VA,
		.kernel_va = mach_kernel_base() + KERNEL_OFFSET,
		.page_shift = MACH_PAGE_SHIFT,
		.map = map,
		.read = read_word,
	};
	struct xcpu_selftest_host suite = {
		.domain = &host.domain,
		.ncpu = host.ncpu,
		.line = print_line,
		.to = brief ? &lock : NULL,
		.thread = host_thread,
		.lock = take_lock,
		.unlock = drop_lock,
		.nmi = host_nmi,
		.stall = set_judge,
		.kicks = kicks,
		.tlb = &tlb,
	};

	for (unsigned i = 0; i < 2; i++) {
		spaces[i] = mach_space_new();
		if (spaces[i] == NULL)
			host_panic("no memory for the self-test");
		tlb.space[i] = mach_space_xcpu(spaces[i]);
	}
	return xcpu_selftest_run(&suite, XCPU_PORT_LEVEL);
}
