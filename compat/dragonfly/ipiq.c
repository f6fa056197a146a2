/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ipiq.c: DragonFly's lwkt_ipiq over messages.
 *
 * A message is a function and an argument there as here, so each send is one.
 * What is left to do: a sequence of 32 bits for one of 64, and a send that
 * cannot fail.
 *
 * Deadlock: xcpu's waits where the caller may wait; compat_be_patient() where
 * it may not, which is a lock held, or handlers nested XCPU_MSG_NEST deep.
 */
#include <stdbool.h>

#include <sys/globaldata.h>
#include <sys/thread.h>

#include <xcpu/cpuset.h>
#include <xcpu/doorbell.h>
#include <xcpu/error.h>
#include <xcpu/msg.h>
#include <xcpu/port.h>
#include <xcpu/stat.h>
#include <xcpu/stop.h>

#include "../patience.h"

#define IPIQ_ENOENT XCPU_ENOENT		/* the same number everywhere */

static struct xcpu_domain *ipiq_domain;

void
lwkt_ipiq_init(struct xcpu_domain *domain, struct xcpu_msg_ring *rings,
    unsigned nrings)
{
	ipiq_domain = domain;
	if (xcpu_msg_pool(domain, rings, nrings) == -XCPU_EINVAL)
		xcpu_port_panic("lwkt_ipiq_init: no rings", __FILE__, __LINE__);
}

/* The caller may have cast it from ipifunc2_t: see <sys/thread.h>. */
static xcpu_msg_fn *
msg_fn(ipifunc_t func)
{
	return (xcpu_msg_fn *)(uintptr_t)func;
}

static unsigned
cpu_of(globaldata_t target)
{
	if (target == NULL)
		xcpu_port_panic("lwkt_ipiq: no such CPU", __FILE__, __LINE__);
	return (unsigned)target->gd_cpuid;
}

/* ---- sending ---- */

/* A message to oneself that does not fit runs at once: nobody else makes room. */
static int
run_here(ipifunc_t func, void *arg)
{
	unsigned long state = xcpu_port_irq_save();

	msg_fn(func)(arg, NULL);
	xcpu_port_irq_restore(state);
	return 0;
}

/* 0, or -XCPU_ENXIO: all else does not come back. */
static int
send(unsigned cpu, ipifunc_t func, void *arg, struct xcpu_ticket *ticket)
{
	struct compat_patience patience = { 0 };
	int error = xcpu_msg_send(cpu, msg_fn(func), arg, ticket);

	if (error == -XCPU_EAGAIN && cpu == xcpu_cpu_index())
		return run_here(func, arg);
	/* ends: there is room, or patience is over */
	while (error == -XCPU_EAGAIN || error == -XCPU_ETIMEDOUT) {
		compat_be_patient(&patience, "lwkt_send_ipiq: in a handler, or "
		    "with a lock held, and the queue stays full");
		error = xcpu_msg_send(cpu, msg_fn(func), arg, ticket);
	}
	if (error != 0 && error != -XCPU_ENXIO)
		xcpu_port_panic(error == -XCPU_ENOSPC ?
		    "lwkt_send_ipiq: lwkt_ipiq_init() was given too few rings" :
		    xcpu_strerror(error), __FILE__, __LINE__);
	return error;
}

int
lwkt_send_ipiq(globaldata_t target, ipifunc_t func, void *arg)
{
	struct xcpu_ticket ticket;

	/* Interrupts send, too: what was sent last may be theirs. */
	if (send(cpu_of(target), func, arg, &ticket) != 0)
		return lwkt_seq_ipiq(target);
	return target != mycpu ? (int)(uint32_t)ticket.sequence : 0;
}

int
lwkt_send_ipiq_bycpu(int cpu, ipifunc_t func, void *arg)
{
	return lwkt_send_ipiq(globaldata_find(cpu), func, arg);
}

int
lwkt_send_ipiq_passive(globaldata_t target, ipifunc_t func, void *arg)
{
	struct xcpu_ticket ticket = { 0, 0 };

	if (xcpu_msg_passive(cpu_of(target), msg_fn(func), arg, &ticket) != 0 ||
	    target == mycpu)
		return lwkt_send_ipiq(target, func, arg);
	return (int)(uint32_t)ticket.sequence;
}

int
lwkt_send_ipiq_nowait(globaldata_t target, ipifunc_t func, void *arg)
{
	int error = xcpu_msg_try(cpu_of(target), msg_fn(func), arg, NULL);

	return error == 0 ? 0 : IPIQ_ENOENT;
}

int
lwkt_send_ipiq_mask(cpumask_t mask, ipifunc_t func, void *arg)
{
	unsigned self = xcpu_cpu_index();
	int count = 0;

	for (int cpu = 0; cpu < ncpus && cpu < 64; cpu++)
		if ((mask >> cpu & 1) != 0 && (unsigned)cpu != self &&
		    !xcpu_stopped(ipiq_domain, (unsigned)cpu))
			count += send((unsigned)cpu, func, arg, NULL) == 0;
	if (self < 64 && (mask >> self & 1) != 0)
		count += send(self, func, arg, NULL) == 0;
	return count;
}

/* ---- sequences ---- */

int
lwkt_seq_ipiq(globaldata_t target)
{
	return (int)(uint32_t)xcpu_msg_last(cpu_of(target)).sequence;
}

void
lwkt_wait_ipiq(globaldata_t target, int seq)
{
	struct xcpu_ticket ticket = xcpu_msg_last(cpu_of(target));
	uint32_t since = (uint32_t)ticket.sequence - (uint32_t)seq;
	struct compat_patience patience = { 0 };

	/* Of a CPU that is not running, or newer than all there were. */
	if (target == mycpu || since > ticket.sequence)
		return;
	ticket.sequence -= since;
	/* ends: the messages are over, or patience is */
	while (!xcpu_msg_done(&ticket)) {
		int error = xcpu_msg_wait(&ticket, 0);

		if (error != 0 && error != -XCPU_ETIMEDOUT)
			compat_be_patient(&patience, "lwkt_wait_ipiq: in a "
			    "handler, or with a lock held, and no answer");
	}
}

/* ---- the target ---- */

void
lwkt_process_ipiq(void)
{
	xcpu_msg_process(NULL);
}

void
lwkt_process_ipiq_frame(struct intrframe *frame)
{
	xcpu_on_ipi_frame(frame);
}

/* ---- the knobs ---- */

void
lwkt_ipiq_stats(struct lwkt_ipiq_stats *stats)
{
	struct xcpu_totals t = { 0 };

	for (int cpu = 0; cpu < ncpus; cpu++)
		(void)xcpu_stat_sum(ipiq_domain, (unsigned)cpu, &t);
	*stats = (struct lwkt_ipiq_stats){
		.ipiq_count = (int64_t)t.msg_sent,
		.ipiq_fifofull = (int64_t)t.msg_full,
		.ipiq_avoided = (int64_t)t.avoid_draining,
		.ipiq_passive = (int64_t)t.msg_passive,
		.ipiq_cscount = (int64_t)t.sync,
	};
}

void
lwkt_ipiq_set_optimized(int on)
{
	xcpu_msg_elide(ipiq_domain, on != 0);
}
