/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb.c: xcpu's hooks for the TLB, and every drop of a translation, counted, so
 * that the oracle knows which CPU may still hold an old one.
 *
 * The counts are coarse on the safe side: pages share a counter, and a count
 * rises before the TLB drops, so equal stamps are never wrong.
 */
#include <xcpu/asid.h>
#include <xcpu/port.h>

#include "kernel.h"
#include "options.h"

#define FILL_PAGES	512
#define FILL_NS		UINT64_C(30000000)

/*
 * Whether tlb_remote() is asked: never, for pages, or for everything.  Everything
 * only by the word tlb=: a full flush from outside may make QEMU shrink a TLB
 * that tlb_keep_large() has had no chance to fill.
 */
static enum { REMOTE_NEVER, REMOTE_PAGES, REMOTE_ALL } remote;
static uint32_t blind_armed;	/* on so many CPUs; by atomics */

static void
count(uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_ACQ_REL);
}

static unsigned
page_stamp(uint64_t va)
{
	return (va >> MACH_PAGE_SHIFT) % DROP_STAMPS;
}

uint64_t
mach_drop_stamp(unsigned cpu, uint64_t va)
{
	unsigned page = page_stamp(va);

	return __atomic_load_n(&cpus[cpu].drop_full, __ATOMIC_ACQUIRE) +
	    __atomic_load_n(&cpus[cpu].drop_page[page], __ATOMIC_ACQUIRE);
}

bool
mach_drops_all(void)
{
	return TLB_DROPS_ALL;
}

bool
mach_flushes_at_once(void)
{
	return remote != REMOTE_NEVER;
}

void
mach_blind_arm(unsigned cpu)
{
	cpus[cpu].blind_taken = false;
	cpus[cpu].blind_armed = true;
	__atomic_add_fetch(&blind_armed, 1, __ATOMIC_SEQ_CST);
}

bool
mach_blind_taken(unsigned cpu)
{
	return cpus[cpu].blind_taken;
}

/* Whether the flush that was just asked for is the one to leave out. */
static bool
leave_out(void)
{
	struct cpu *cpu = cpu_self();

	if (!cpu->blind_armed)
		return false;
	cpu->blind_armed = false;
	cpu->blind_taken = true;
	__atomic_sub_fetch(&blind_armed, 1, __ATOMIC_SEQ_CST);
	return true;
}

/*
 * QEMU sizes a TLB when it flushes it, by how full it was of late.  A kernel
 * that touches few pages gets a small one, where pages push each other out,
 * and then a stale translation is not there to be seen.  So a TLB about to be
 * dropped is filled first, often enough for QEMU to remember; with the frames
 * that follow the root's, for there is memory.
 */
static void
tlb_keep_large(struct cpu *cpu)
{
	uint64_t now = mach_now_ns();
	uint64_t page;

	if (now < cpu->fill_next_ns)
		return;
	cpu->fill_next_ns = now + FILL_NS;
	for (page = 0; page < FILL_PAGES; page++)
		*(const volatile char *)phys_to_virt(kernel_root +
		    page * MACH_PAGE_SIZE);
}

static bool
drops_all(const struct xcpu_flush *request)
{
	return TLB_DROPS_ALL || (request->flags & XCPU_FLUSH_FULL) != 0;
}

static void
count_request(struct cpu *cpu, const struct xcpu_flush *request)
{
	uint64_t page = UINT64_C(1) << request->stride_shift;
	uint64_t done;

	if (drops_all(request)) {
		count(&cpu->drop_full);
		return;
	}
	for (done = 0; done < request->len; done += page)
		count(&cpu->drop_page[page_stamp(request->start + done)]);
}

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	struct cpu *cpu = cpu_self();
	unsigned asid;

	faults_visit(FAULT_AT_FLUSH);
	if (leave_out() || !asid_flush(request, &asid))
		return;
	count_request(cpu, request);
	if (drops_all(request))
		tlb_keep_large(cpu);
	tlb_flush(request, asid);
}

/* Counted as a full drop, although an ASID may have kept what was there. */
void
xcpu_port_root_load(struct xcpu_space *space)
{
	struct cpu *cpu = cpu_self();
	uint64_t root = space != NULL ? space_root(space->host) : kernel_root;
	struct xcpu_asid_load load;

	asid_load(space, &load);
	count(&cpu->drop_full);
	tlb_keep_large(cpu);
	if (load.flush_all)
		tlb_flush_all();
	root_load(root, load.asid, load.flush);
}

#if XCPU_PORT_REMOTE
/* A CPU that is to leave out a flush must be asked for it. */
void
xcpu_port_tlb_remote(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	bool full = (request->flags & XCPU_FLUSH_FULL) != 0;
	unsigned cpu;

	if (remote < (full ? REMOTE_ALL : REMOTE_PAGES) ||
	    __atomic_load_n(&blind_armed, __ATOMIC_SEQ_CST) != 0)
		return;
	for (cpu = xcpu_cpuset_first(todo); cpu < ncpu;
	    cpu = xcpu_cpuset_next(todo, cpu))
		count_request(&cpus[cpu], request);
	tlb_remote(request, asid_broadcast(request), todo);
}
#endif

/* For as long as somebody wants to see who is asked; false: as before. */
void
tlb_by_kicks(bool on)
{
	static unsigned before;

	if (on)
		before = remote;
	remote = on ? REMOTE_NEVER : before;
}

/* By the word tlb=, before a CPU goes online. */
bool
tlb_set(const struct work_options *options)
{
	bool known = true;

	remote = REMOTE_NEVER;
	if (options->tlb == WORK_TLB_BEST && TLB_REMOTE_PAYS)
		remote = REMOTE_PAGES;
	if (options->tlb >= WORK_TLB_BROADCAST) {
		remote = REMOTE_ALL;
		known = XCPU_PORT_REMOTE;
	}
	if (options->tlb == WORK_TLB_REPEAT)
		known = tlb_flush_twice();
	if (!known)
		mach_printf("tlb=: this machine has no such thing\n");
	return known;
}
