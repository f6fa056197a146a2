/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailbox.h: NetBSD's synchronous messages: a line of eight pointers per CPU.
 *
 *	send	the message says that one answer is missing; compare-and-swap
 *		its address into a slot that is NULL; then, unless bit 0 of the
 *		target's pending word is set already, set it and interrupt
 *	serve	swap the pending word; look at every slot: clear it, run, and
 *		take one off the message's count
 *	wait	until the count is zero
 *
 * Both waits back off: 4 pauses, 8, and so on to 128.
 */
#ifndef XCPU_BENCH_MAILBOX_H
#define XCPU_BENCH_MAILBOX_H

#include <xcpu/port.h>

#include "rivals.h"

#define MAILBOX_SLOTS 8

/* Its sender's; each on its own line, in its favour. */
struct mailbox_msg {
	struct xcpu_msg run __attribute__((aligned(RIVAL_ALIGN)));
	uint32_t missing;
};

struct mailbox {
	uint32_t pending __attribute__((aligned(RIVAL_ALIGN)));
	struct mailbox_msg *slot[MAILBOX_SLOTS]
	    __attribute__((aligned(RIVAL_ALIGN)));
};

static inline unsigned
mailbox_back_off(unsigned pauses)
{
	for (unsigned i = 0; i < pauses; i++)
		xcpu_port_relax(i);
	return pauses < 128 ? 2 * pauses : pauses;
}

static inline bool
mailbox_put(struct mailbox *to, struct mailbox_msg *msg)
{
	for (unsigned i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_msg *none = NULL;

		if (__atomic_load_n(&to->slot[i], __ATOMIC_RELAXED) == NULL &&
		    __atomic_compare_exchange_n(&to->slot[i], &none, msg, false,
		    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* True: interrupt the target. */
static inline bool
mailbox_send(struct mailbox *to, struct mailbox_msg *msg)
{
	__atomic_store_n(&msg->missing, 1, __ATOMIC_RELAXED);
	/* ends: the target empties a slot */
	for (unsigned pauses = 4; !mailbox_put(to, msg);)
		pauses = mailbox_back_off(pauses);
	return (__atomic_load_n(&to->pending, __ATOMIC_ACQUIRE) & 1) == 0 &&
	    (__atomic_fetch_or(&to->pending, 1, __ATOMIC_SEQ_CST) & 1) == 0;
}

static inline void
mailbox_wait(const struct mailbox_msg *msg)
{
	/* ends: the target has run it */
	for (unsigned pauses = 4; __atomic_load_n(&msg->missing,
	    __ATOMIC_ACQUIRE) != 0;)
		pauses = mailbox_back_off(pauses);
}

/* The interrupt; it comes as soon as the pending word is set. */
static inline void
mailbox_drain(struct mailbox *own)
{
	if (__atomic_load_n(&own->pending, __ATOMIC_RELAXED) == 0 ||
	    (__atomic_exchange_n(&own->pending, 0, __ATOMIC_SEQ_CST) & 1) == 0)
		return;
	for (unsigned i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_msg *msg =
		    __atomic_load_n(&own->slot[i], __ATOMIC_ACQUIRE);

		if (msg == NULL)
			continue;
		__atomic_store_n(&own->slot[i], NULL, __ATOMIC_RELAXED);
		msg->run.fn(msg->run.arg, NULL);
		__atomic_fetch_sub(&msg->missing, 1, __ATOMIC_SEQ_CST);
	}
}

#endif /* XCPU_BENCH_MAILBOX_H */
