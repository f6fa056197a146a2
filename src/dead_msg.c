/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_msg.c: the rings of a CPU that died.
 *
 * Shared: the words of ring.c.  Who reports the death is their target in the
 * place of the dead one, and nobody else is; of what the dead one sent, each
 * target takes stock itself, unless it is off.
 *
 * I1  A message is in its ring when its function is (ring.c, I1): whether its
 *     sender had counted it does not matter.  So what a dead sender had not shown
 *     is not sent, and its tail is behind the last message that its target finds.
 * I2  A sender who looked before the lane was OFF may still push, until its
 *     doorbell is open again: so the rings are emptied twice, with a call of
 *     everybody between.
 * I3  What a target writes in its ring is plain: reports that follow each other
 *     are ordered by `burying` alone ([X1] in dead.c).
 *
 * Deadlock: nobody waits here.
 */
#include "dead.h"
#include "ring.h"

#if XCPU_MSG_SLOTS != 0

void XCPUI_COLD
xcpui_dead_inbox(struct xcpu_cpu *self, struct xcpu_cpu *dead)
{
	const struct xcpu_domain *domain = self->domain;

	for (unsigned source = 0; source < domain->ncpu; source++) {
		struct xcpu_msg_ring *ring = xcpui_ring_find(
		    &domain->cpus[source], dead->index);

		if (ring == NULL)
			continue;
		XCPUI_ADD(self, msg_dropped, xcpui_ring_drop(ring));
		if (source == dead->index)
			(void)xcpui_ring_mend(ring);
	}
}

void XCPUI_COLD
xcpui_dead_outbox(struct xcpu_cpu *target, struct xcpu_cpu *dead)
{
	struct xcpu_msg_ring *ring = xcpui_ring_find(dead, target->index);
	unsigned n;

	if (ring == NULL)
		return;
	n = xcpui_ring_mend(ring);
	/* He may not have told us of them. */
	if (n != 0 && target->ready) {
		xcpu_cpuset_add(&target->msg.hand, dead->index);
		xcpui_post_own(target, XCPU_LANE_MSG);
	}
}

void XCPUI_COLD
xcpui_dead_msg_reset(struct xcpu_cpu *dead)
{
	struct xcpu_msg_cpu *msg = &dead->msg;

	for (unsigned i = 0; i < XCPU_CPUSET_WORDS; i++) {
		/* rlx: its next senders find it online, both */
		xcpu_store_rlx(&msg->active.word[i], 0);
		xcpu_store_rlx(&msg->passive.word[i], 0); /* rlx: as above */
	}
	xcpu_store_rlx(&msg->active.words, 0); /* rlx: as above, all */
	xcpu_store_rlx(&msg->passive.words, 0); /* rlx: as above */
	xcpu_store_rlx(&msg->asleep, 0); /* rlx: as above */
	msg->nest = msg->holds = 0;
	msg->looking = false;
	msg->watched = NULL;
	msg->frame = NULL;
	xcpu_cpuset_zero(&msg->hand);
}

#endif /* XCPU_MSG_SLOTS != 0 */
