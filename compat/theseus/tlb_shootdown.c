/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb_shootdown.c: Theseus' tlb_shootdown over shootdowns of the kernel's space.
 *
 * Which CPU still owes its answer is xcpu's to know: NMIs have no say in it.
 * What is counted here only tells an NMI of ours from one of others, for a
 * kernel that ends on an NMI nobody knows.  By the time ours comes, the CPU may
 * have flushed as it waited for something: then there is nothing left to tell by.
 *
 * Actors: initiators on any CPU; the NMI handler of each CPU.
 * Shared: `due` of each CPU: NMIs sent to it less those seen.
 *
 * I1  Initiators count up before they send; only the CPU itself counts down.
 * I2  While one NMI is served one more is latched, and no third: so a count that
 *     is above that stands for NMIs that became one, and goes down to 1.
 *
 * Deadlock: nobody waits here.
 */
#include <tlb_shootdown.h>

#include <xcpu/atomic.h>
#include <xcpu/cpuset.h>
#include <xcpu/domain.h>
#include <xcpu/doorbell.h>
#include <xcpu/error.h>
#include <xcpu/flush.h>
#include <xcpu/port.h>

#if XCPU_PORT_LEVEL < 4
#error "tlb_shootdown.c: the port has no xcpu_port_kick_nmi()"
#endif

#define PAGE_SHIFT	12
#define PAGE_MASK	(((uintptr_t)1 << PAGE_SHIFT) - 1)

void (*set_broadcast_tlb_shootdown_cb)(void (*)(uintptr_t, size_t));
void (*setup_tlb_shootdown_ipi_handler)(bool (*)(void));

/* That of the boot CPU; NULL before tlb_shootdown_init(). */
static const struct xcpu_domain *tlb_domain;
static struct xcpu_au32 due[XCPU_NCPU_MAX];

/* ---- NMIs ---- */

static void
ring(const struct xcpu_cpuset *set)
{
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu))
		/* rlx: the hook orders it before the NMI */
		xcpu_fetch_add_rlx(&due[cpu], 1);
	xcpu_port_kick_nmi(set);
}

/* Was one of ours due on this CPU? */
static bool
take_due(unsigned cpu)
{
	/* rlx: only we count down */
	uint32_t n = cpu < XCPU_NCPU_MAX ? xcpu_load_rlx(&due[cpu]) : 0;

	if (n != 0)
		/* rlx: it says nothing about other memory */
		xcpu_fetch_add_rlx(&due[cpu], n > 1 ? 1 - n : -1u);
	return n != 0;
}

bool
handle_tlb_shootdown_ipi(void)
{
	bool ours = take_due(xcpu_cpu_index());

	return xcpu_on_nmi() || ours;
}

/* ---- broadcasts ---- */

void
tlb_shootdown_init(void)
{
	const struct xcpu_cpu *self = xcpu_port_self();

	if (xcpu_flush_set_kick(ring) != 0)
		xcpu_port_panic("tlb_shootdown_init: not online, or built "
		    "without XCPU_FLUSH_KICK", __FILE__, __LINE__);
	tlb_domain = self->domain;
	if (set_broadcast_tlb_shootdown_cb != NULL)
		set_broadcast_tlb_shootdown_cb(broadcast_tlb_shootdown);
	if (setup_tlb_shootdown_ipi_handler != NULL)
		setup_tlb_shootdown_ipi_handler(handle_tlb_shootdown_ipi);
}

/* No CPU is online: this one will flush when it is the first. */
static bool
nobody_online(void)
{
	struct xcpu_cpuset set;

	if (tlb_domain == NULL)
		return true;
	xcpu_cpu_online_set(tlb_domain, &set);
	return xcpu_cpuset_empty(&set);
}

static int
shoot(uintptr_t start, size_t npages)
{
	/* Callers may free tables next. */
	static const struct xcpu_flush_opt opt = { .flags = XCPU_FLUSH_TABLES };
	struct xcpu_space *kernel = xcpu_space_kernel();
	int error = -XCPU_EINVAL;

	if (npages <= UINTPTR_MAX >> PAGE_SHIFT)
		error = xcpu_shootdown(kernel, start & ~PAGE_MASK,
		    (uint64_t)npages << PAGE_SHIFT, &opt);
	if (error == -XCPU_EINVAL)
		error = xcpu_shootdown_all(kernel, &opt);
	return error;
}

void
broadcast_tlb_shootdown(uintptr_t start, size_t npages)
{
	/* The caller may be moved to another CPU until here. */
	unsigned long state = xcpu_port_irq_save();
	int error = shoot(start, npages);

	xcpu_port_irq_restore(state);
	if (error != 0 && !(error == -XCPU_EAGAIN && nobody_online()))
		xcpu_port_panic(error == -XCPU_ETIMEDOUT ?
		    "broadcast_tlb_shootdown: gave up, and a CPU may still use "
		    "the pages" : xcpu_strerror(error), __FILE__, __LINE__);
}
