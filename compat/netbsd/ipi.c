/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ipi.c: NetBSD's ipi(9) over events and calls.
 *
 * The table turns an id into an event.  It repeats function and argument,
 * because the handler of a CPU that triggers itself runs at once, and without
 * the rest of what is pending there: the caller may hold locks that other
 * work wants.
 *
 * Actors: registrars and triggers on any CPU.
 * Shared: `event` of each entry: FREE, TAKEN or the id of the event.
 *
 * I1  func and arg are written only in TAKEN, and read only by who saw the
 *     event's id with its doorbell masked and keeps it so until it is done.
 * I2  An entry goes from id to TAKEN to FREE, and is FREE only after
 *     xcpu_event_unregister(), which outlasts every such section.
 *
 * Deadlock: no locks.  The table is never waited for.  Waiting for messages and
 * for room is xcpu's wait where the caller may, and bounded where it may not.
 */
#include <sys/ipi.h>

#include <xcpu/atomic.h>
#include <xcpu/cpuset.h>
#include <xcpu/domain.h>
#include <xcpu/doorbell.h>
#include <xcpu/error.h>
#include <xcpu/port.h>

#include "../patience.h"

#define ENTRY_FREE	0u
#define ENTRY_TAKEN	UINT32_MAX

struct ipi_intr {
	struct xcpu_au32 event;
	ipi_func_t func;
	void *arg;
};

static struct ipi_intr ipi_intrs[IPI_MAXREG];
static struct xcpu_cpuset ipi_cpus;
static struct xcpu_au64 ipi_nfull;

void (*ipi_console)(const char *text);

void
ipi_sysinit(void)
{
	for (u_int id = 0; id < IPI_MAXREG; id++)
		xcpu_store_rlx(&ipi_intrs[id].event, ENTRY_FREE); /* rlx: alone */
	xcpu_cpuset_zero(&ipi_cpus);
	xcpu_store_rlx(&ipi_nfull, 0);	/* rlx: alone */
}

void
ipi_percpu_init(void)
{
	xcpu_cpuset_fill(&ipi_cpus, (unsigned)ncpu);
}

/* ---- asynchronous ---- */

/* Fill an entry that is ours alone; 0 when xcpu has no event left. */
static u_int
ipi_fill(u_int id, ipi_func_t func, void *arg)
{
	struct ipi_intr *intr = &ipi_intrs[id];
	int event = xcpu_event_register(func, arg);

	intr->func = func;
	intr->arg = arg;
	/*
	 * [N1] release: function and argument before the id.  Pairs with [N1]
	 * in ipi_event().
	 */
	xcpu_store_rel(&intr->event, event > 0 ? (uint32_t)event : ENTRY_FREE);
	return event > 0 ? id : 0;
}

u_int
ipi_register(ipi_func_t func, void *arg)
{
	u_int found = 0;

	for (u_int id = 1; id < IPI_MAXREG; id++) {
		uint32_t v = ENTRY_FREE;

		/*
		 * [N2] acquire: the last owner's triggers are over.  Pairs with
		 * [N2] in ipi_unregister().
		 */
		if (xcpu_cas_acq(&ipi_intrs[id].event, &v, ENTRY_TAKEN)) {
			found = ipi_fill(id, func, arg);
			break;
		}
	}
	if (found == 0 && ipi_console != NULL)
		ipi_console("ipi_register: no free slot");
	return found;
}

/* The event of an id, 0 for none.  Masked, and so until the event was used. */
static int
ipi_event(u_int id)
{
	uint32_t v;

	if (id == 0 || id >= IPI_MAXREG)
		return 0;
	/*
	 * [N1] acquire: the id before function and argument.  Pairs with [N1]
	 * in ipi_fill().
	 */
	v = xcpu_load_acq(&ipi_intrs[id].event);
	return v != ENTRY_TAKEN ? (int)v : 0;
}

void
ipi_unregister(u_int id)
{
	unsigned long state = xcpu_port_irq_save();
	int event = ipi_event(id);
	uint32_t v = (uint32_t)event;
	int error;

	xcpu_port_irq_restore(state);
	/* rlx: of two who unregister one wins; the rounds publish it */
	if (event == 0 || !xcpu_cas_rlx(&ipi_intrs[id].event, &v, ENTRY_TAKEN))
		return;
	error = xcpu_event_unregister(event);
	if (error != 0)
		xcpu_port_panic(error == -XCPU_ETIMEDOUT ?
		    "ipi_unregister: gave up, and the handler may still run" :
		    "ipi_unregister: in a handler, or with a lock held",
		    __FILE__, __LINE__);
	/*
	 * [N2] release: triggers through the old id before the next owner.
	 * Pairs with [N2] in ipi_register().
	 */
	xcpu_store_rel(&ipi_intrs[id].event, ENTRY_FREE);
}

void
ipi_trigger(u_int id, struct cpu_info *ci)
{
	unsigned long state = xcpu_port_irq_save();
	int event = ipi_event(id);

	if (event != 0)
		xcpu_event_post(event, cpu_index(ci));
	xcpu_port_irq_restore(state);
}

/* Take the calling CPU out of a set; was it in? */
static bool
take_self(struct xcpu_cpuset *set)
{
	unsigned self = xcpu_cpu_index();
	bool in = self < XCPU_NCPU_MAX && xcpu_cpuset_has(set, self);

	if (in)
		xcpu_cpuset_del(set, self);
	return in;
}

/* To each CPU of the set, and here if `own`, by calling this handler alone. */
static void
trigger_set(u_int id, struct xcpu_cpuset *set, bool own)
{
	unsigned long state = xcpu_port_irq_save();
	int event = ipi_event(id);

	if (event != 0) {
		xcpu_cpuset_and(set, &ipi_cpus);
		xcpu_event_post_set(event, set);
		/* From NMI it has to wait until the doorbell is open. */
		if (own && xcpu_call_self(ipi_intrs[id].func,
		    ipi_intrs[id].arg) != 0)
			xcpu_event_post_self(event);
	}
	xcpu_port_irq_restore(state);
}

void
ipi_trigger_multi(u_int id, const kcpuset_t *target)
{
	struct xcpu_cpuset set;
	bool own;

	kcpuset_read(target, &set);
	own = take_self(&set);
	trigger_set(id, &set, own);
}

void
ipi_trigger_broadcast(u_int id, bool skip_self)
{
	struct xcpu_cpuset set = ipi_cpus;

	take_self(&set);
	trigger_set(id, &set, !skip_self);
}

/* ---- synchronous ---- */

/*
 * No slot: this CPU has as many messages in flight as nobody waits for.  Where
 * it may wait it calls instead, for which there are others, and which serves;
 * else it tries until a message of its own is answered.
 */
static int
send_full(ipi_msg_t *msg, const struct xcpu_cpuset *set)
{
	struct compat_patience patience = { 0 };
	int error;

	/* A count: no order is meant. */
	xcpu_fetch_add_rel(&ipi_nfull, 1);
	error = xcpu_call_set(set, msg->func, msg->arg, NULL);
	/* ends: a message in flight is answered, or patience is over */
	while (error == -XCPU_EDEADLK || error == -XCPU_EAGAIN) {
		compat_be_patient(&patience, "ipi: no room for a message");
		error = xcpu_call_start(&msg->_call, set, msg->func, msg->arg,
		    NULL);
	}
	return error;
}

static void
send_set(ipi_msg_t *msg, const struct xcpu_cpuset *set)
{
	int error;

	/* The message may be any old memory. */
	msg->_call = (struct xcpu_call){ .callback = NULL };
	error = xcpu_call_start(&msg->_call, set, msg->func, msg->arg, NULL);
	if (error == -XCPU_EAGAIN && xcpu_cpu_index() < XCPU_NCPU_MAX)
		error = send_full(msg, set);
	if (error != 0)
		xcpu_port_panic(xcpu_strerror(error), __FILE__, __LINE__);
}

/* To each CPU of the set, then here. */
static void
send_and_run(ipi_msg_t *msg, struct xcpu_cpuset *set, bool own)
{
	xcpu_cpuset_and(set, &ipi_cpus);
	send_set(msg, set);
	if (own)
		xcpu_call_self(msg->func, msg->arg);
}

void
ipi_unicast(ipi_msg_t *msg, struct cpu_info *ci)
{
	struct xcpu_cpuset set;

	xcpu_cpuset_one(&set, cpu_index(ci));
	send_set(msg, &set);
}

void
ipi_multicast(ipi_msg_t *msg, const kcpuset_t *target)
{
	struct xcpu_cpuset set;
	bool own;

	kcpuset_read(target, &set);
	own = take_self(&set);
	send_and_run(msg, &set, own);
}

void
ipi_broadcast(ipi_msg_t *msg, bool skip_self)
{
	struct xcpu_cpuset set = ipi_cpus;

	take_self(&set);
	send_and_run(msg, &set, !skip_self);
}

void
ipi_wait(ipi_msg_t *msg)
{
	struct compat_patience patience = { 0 };

	/* ends: all have run it, or patience is over */
	while (!xcpu_call_done(&msg->_call)) {
		int error = xcpu_call_wait(&msg->_call, 0);

		/* A watchdog that gives up does not give the message back. */
		if (error != 0 && error != -XCPU_ETIMEDOUT)
			compat_be_patient(&patience, "ipi_wait: in a handler, "
			    "or with a lock held, and no answer");
	}
}

void
ipi_cpu_handler(void)
{
	xcpu_on_ipi();
}

uint64_t
ipi_mboxfull(void)
{
	return xcpu_load_rlx(&ipi_nfull);	/* rlx: a count */
}
