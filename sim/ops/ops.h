/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ops.h: what CPUs do in a random run: operations, each with its own judge.
 *
 * An operation is a function that does one thing to the library, in one of the
 * forms that the API has for it, drawn from the CPU's own random numbers, and
 * judges what it got.  The workloads (mix.c) draw operations by weight.
 *
 *	call.c		what ran, where, how often, and when it counts as done
 *	event.c		a run after each post, none after the end of the event
 *	msg.c		each message once, in order, and over when it is said so
 *	memory.c	changes of page tables; the machine judges the accesses
 *	late.c		the same, and nobody waits for the shootdown
 *	early.c		the same, and nobody waits for its flush
 *	quiet.c		the same while all stand still; devices that cache it, too
 *	user.c		user code, in which nobody asks for the kernel's pages
 *	life.c		idling, polling, leaving and coming back
 *	sync.c		who stands while somebody says so
 */
#ifndef XCPU_SIM_OPS_H
#define XCPU_SIM_OPS_H

#include "../sim.h"

typedef void ops_fn(void);

/* Each is one operation of the calling CPU; see enum sim_op_kind. */
ops_fn ops_call, ops_deadline, ops_start;
ops_fn ops_event, ops_register, ops_unregister;
ops_fn ops_msg;
ops_fn ops_flush, ops_tables, ops_kernel, ops_switch, ops_lazy, ops_touch,
    ops_spaces;
ops_fn ops_idle, ops_poll, ops_replug;
ops_fn ops_sync, ops_stop;
ops_fn ops_late, ops_batch, ops_pass, ops_early;
ops_fn ops_quiesce, ops_device;
ops_fn ops_user;

/* Before a run; at the end of each CPU's part; when all have finished. */
void ops_call_reset(void);
void ops_call_settle(void);
void ops_call_check(void);
void ops_event_reset(void);
void ops_event_settle(void);
void ops_event_check(void);
void ops_msg_reset(void);
void ops_msg_settle(void);
void ops_msg_check(void);
void ops_memory_reset(void);
void ops_late_reset(void);
void ops_late_settle(void);
void ops_late_check(void);
void ops_device_setup(void);
void ops_sync_reset(void);
void ops_sync_check(void);

/* Something runs here: it is wrong on a CPU that stands for a rendezvous. */
void ops_stands(const char *what);
/* The same for a message, unless the rendezvous lets those run. */
void ops_hears(void);

/* Inside a called function or handler: something that is allowed there. */
void ops_inside(void);
/* The same without any that shoots down, or that waits for others. */
void ops_inside_brief(void);
/* ... and where the CPU may stand. */
void ops_brief(void);
/* What runs here is over; with that defect some open the doorbell. */
void ops_return(enum sim_bug bug);
/* In an NMI: post, to whomever. */
void ops_event_nmi(void);

/* One shootdown of a loaded page, from where no lock is held. */
void ops_shoot_here(void);

/* A wait without a deadline ends only if the machine's stall hook gives it up. */
void ops_allow_timeout(int error, const char *what);
/* Was it cancelled, for its target died? */
bool ops_died(int error, unsigned cpu);
/* A CPU other than the calling one, and a set that is not empty. */
unsigned ops_other(void);
void ops_random_set(struct xcpu_cpuset *set);

#endif /* XCPU_SIM_OPS_H */
