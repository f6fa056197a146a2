/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg_none.c: what is left of messages in a build without them.
 *
 * Callers compile and link all the same, and are told.
 */
#include "internal.h"

#if XCPU_MSG_SLOTS == 0

int XCPUI_COLD
xcpu_msg_pool(struct xcpu_domain *domain, struct xcpu_msg_ring *rings,
    unsigned nrings)
{
	(void)domain; (void)rings; (void)nrings;
	return -XCPU_ENOSYS;
}

int XCPUI_COLD
xcpu_msg_send(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket)
{
	(void)cpu; (void)fn; (void)arg; (void)ticket;
	return -XCPU_ENOSYS;
}

int XCPUI_COLD
xcpu_msg_try(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket)
{
	return xcpu_msg_send(cpu, fn, arg, ticket);
}

int XCPUI_COLD
xcpu_msg_passive(unsigned cpu, xcpu_msg_fn *fn, void *arg,
    struct xcpu_ticket *ticket)
{
	return xcpu_msg_send(cpu, fn, arg, ticket);
}

int XCPUI_COLD
xcpu_msg_batch(unsigned cpu, const struct xcpu_msg *msgs, unsigned n,
    struct xcpu_ticket *ticket)
{
	(void)cpu; (void)msgs; (void)n; (void)ticket;
	return -XCPU_ENOSYS;
}

int XCPUI_COLD
xcpu_msg_set(const struct xcpu_cpuset *set, xcpu_msg_fn *fn, void *arg,
    struct xcpu_cpuset *sent)
{
	(void)set; (void)fn; (void)arg; (void)sent;
	return -XCPU_ENOSYS;
}

bool XCPUI_COLD
xcpu_msg_done(const struct xcpu_ticket *ticket)
{
	(void)ticket;
	return true;
}

int XCPUI_COLD
xcpu_msg_wait(const struct xcpu_ticket *ticket, uint64_t timeout_ns)
{
	(void)ticket; (void)timeout_ns;
	return -XCPU_ENOSYS;
}

struct xcpu_ticket XCPUI_COLD
xcpu_msg_last(unsigned cpu)
{
	struct xcpu_ticket ticket = { cpu, 0 };

	return ticket;
}

void XCPUI_COLD
xcpu_msg_process(void *frame)
{
	(void)frame;
}

void XCPUI_COLD
xcpu_msg_elide(struct xcpu_domain *domain, bool on)
{
	(void)domain; (void)on;
}

#endif /* XCPU_MSG_SLOTS == 0 */
