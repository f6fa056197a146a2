/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead.h: what is done for the dead: dead.c decides when, and has the protocol.
 *
 * In all of it `dead` died; it does nothing any more.
 */
#ifndef XCPU_DEAD_H
#define XCPU_DEAD_H

#include "internal.h"

/* ---- dead_room.c: rendezvous and stops.  Masked ---- */

void xcpui_dead_sync(struct xcpu_cpu *self, struct xcpu_cpu *dead);
void xcpui_dead_stop(struct xcpu_cpu *self, const struct xcpu_cpu *dead);

/* ---- dead_msg.c ---- */

#if XCPU_MSG_SLOTS != 0
/* Drop what is in the rings to it. */
void xcpui_dead_inbox(struct xcpu_cpu *self, struct xcpu_cpu *dead);
/*
 * On the target of its ring, masked, or for one that is off: its next message
 * follows those that are found.
 */
void xcpui_dead_outbox(struct xcpu_cpu *target, struct xcpu_cpu *dead);
/* As after a start. */
void xcpui_dead_msg_reset(struct xcpu_cpu *dead);
#else
#define xcpui_dead_inbox(self, dead)	((void)(self), (void)(dead))
#define xcpui_dead_outbox(target, dead)	((void)(target), (void)(dead))
#define xcpui_dead_msg_reset(dead)	((void)(dead))
#endif

#endif /* XCPU_DEAD_H */
