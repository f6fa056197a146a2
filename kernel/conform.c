/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conform.c: what selftest/, the conformance suite of xcpu, needs of this
 * kernel: threads on other CPUs, a lock, NMIs, pages.
 */
#include "kernel.h"
#include "selftest.h"

#define USER_VA		UINT64_C(0x10000000)
/* Its pages stay mapped: out of the way of the workloads. */
#define KERNEL_OFFSET	((uint64_t)512 << 20)

static struct spinlock lock;
static unsigned long lock_state;
static xcpu_selftest_judge *judge_fn;
static void *judge_arg;

/* `to` is not NULL where the suite is one of several works: failures only. */
static void
line(void *to, const char *text)
{
	if (to == NULL || text[0] == 'n' || text[0] == '#')
		mach_printf("%s\n", text);
}

static void
lock_take(void)
{
	lock_state = spin_lock(&lock);
}

static void
lock_release(void)
{
	spin_unlock(&lock, lock_state);
}

static void
nmi(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	cpus[cpu].nmi_arg = arg;
	__atomic_store_n(&cpus[cpu].nmi_fn, fn, __ATOMIC_RELEASE);
	nmi_send(cpu);
}

static void
stall(xcpu_selftest_judge *judge, void *arg)
{
	judge_arg = arg;
	__atomic_store_n(&judge_fn, judge, __ATOMIC_RELEASE);
}

bool
conform_judges(const struct xcpu_stall *report, unsigned *policy)
{
	xcpu_selftest_judge *judge =
	    __atomic_load_n(&judge_fn, __ATOMIC_ACQUIRE);

	if (judge != NULL)
		*policy = judge(report, judge_arg);
	return judge != NULL;
}

static uint64_t
kicks(void)
{
	struct mach_counts counts;

	mach_counts(&counts);
	return counts.kicks_sent;
}

/* The old frame is not freed: the suite looks for its value. */
static bool
map(struct xcpu_space *space, uint64_t va, uint64_t value)
{
	struct mach_space *mach = space->kernel ? mach_space_kernel() :
	    space->host;
	mach_frame frame;

	if (value == 0) {
		mach_unmap(mach, va);
		return true;
	}
	frame = mach_frame_take(value);
	return frame != 0 && mach_map(mach, va, frame, MACH_USER) == 0;
}

static bool
read(uint64_t va, uint64_t *value)
{
	struct mach_access access = { .va = va, .op = MACH_READ };

	mach_access(va < mach_kernel_base() ? MACH_AS_USER : MACH_AS_KERNEL,
	    &access, 1);
	*value = access.value;
	return !access.fault;
}

bool
conform_run(bool brief)
{
	struct mach_space *a = mach_space_new();
	struct mach_space *b = mach_space_new();
	struct xcpu_selftest_tlb tlb = {
		.user_va = USER_VA,
		.kernel_va = mach_kernel_base() + KERNEL_OFFSET,
		.page_shift = MACH_PAGE_SHIFT,
		.map = map,
		.read = read,
	};
	struct xcpu_selftest_host host = {
		.domain = mach_domain(),
		.ncpu = ncpu,
		.line = line,
		.to = brief ? &lock : NULL,
		.thread = thread_start,
		.lock = lock_take,
		.unlock = lock_release,
		.nmi = nmi,
		.stall = stall,
		.kicks = kicks,
		.tlb = &tlb,
	};
	int failed;

	if (a == NULL || b == NULL)
		panic("no memory for two spaces");
	tlb.space[0] = mach_space_xcpu(a);
	tlb.space[1] = mach_space_xcpu(b);
	if (brief)
		mach_printf("selftest  ...\n");
	/* It counts who flushes, and for whom; a broadcast asks nobody. */
	tlb_by_kicks(true);
	failed = xcpu_selftest_run(&host, XCPU_PORT_LEVEL);
	tlb_by_kicks(false);
	if (brief)
		mach_printf("          %d failed\n", failed);
	return failed == 0;
}
